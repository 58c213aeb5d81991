//! What stands for a secret, and finding those that hide in addresses.

use std::ops::Range;

use serde_json::Value;

/// What stands in a document for a value that may be a secret.
pub const MARK: &str = "(secret)";

/// Endings of the names of parameters that carry secrets.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "signature",
];

/// Puts the mark in place of passwords in every address of a document: `postgres://shop:(secret)@db/shop`,
/// `jdbc:mysql://db/shop?password=(secret)`.
pub fn hide_credentials(document: &mut Value) {
    match document {
        Value::String(text) => {
            if let Some(hidden) = without_credentials(text) {
                *text = hidden;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_credentials),
        Value::Object(members) => members.values_mut().for_each(hide_credentials),
        _ => {}
    }
}

/// A text that holds addresses, without the passwords in them; none where there are none.
pub fn without_credentials(text: &str) -> Option<String> {
    if !text.contains("://") && !text.contains("jdbc:") {
        return None;
    }
    let mut secrets = in_authorities(text);
    secrets.extend(in_oracle_addresses(text));
    secrets.extend(in_parameters(text));
    secrets.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        let value = text.get(secret.clone()).unwrap_or_default();
        if secret.start < done || value.is_empty() || value == MARK {
            continue;
        }
        out.push_str(text.get(done..secret.start).unwrap_or_default());
        out.push_str(MARK);
        done = secret.end;
    }
    (done > 0).then(|| out + text.get(done..).unwrap_or_default())
}

/// Whether an address ends before this character, wherever it stands.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`')
}

/// `scheme://user:SECRET@host`, and for HTTP also `https://SECRET@host`.
fn in_authorities(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + "://".len();
        let rest = text.get(start..).unwrap_or_default();
        let rest = rest.find(ends_address).and_then(|end| rest.get(..end)).unwrap_or(rest);
        let authority = rest.find(['/', '?', '#', '\\']).and_then(|end| rest.get(..end)).unwrap_or(rest);
        let user_end = authority.rfind('@').or_else(|| {
            // A password may hold a slash that nobody escaped; a port is a number.
            let (_, port) = authority.rsplit_once(':')?;
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            if is_port { None } else { rest.rfind('@') }
        });
        let Some(user_end) = user_end else { continue };
        let user = rest.get(..user_end).unwrap_or_default();
        let scheme = text.get(..at).unwrap_or_default();
        if let Some(colon) = user.find(':') {
            found.push(start + colon + 1..start + user_end);
        } else if scheme.ends_with("http") || scheme.ends_with("https") {
            found.push(start..start + user_end);
        }
    }
    found
}

/// `jdbc:oracle:thin:user/SECRET@host`.
fn in_oracle_addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, scheme) in text.match_indices("jdbc:oracle:") {
        let start = start + scheme.len();
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(|c| c == '@' || ends_address(c)).unwrap_or(rest.len());
        let user = rest.get(..end).unwrap_or_default();
        if rest.get(end..).is_some_and(|rest| rest.starts_with('@'))
            && let Some(slash) = user.find('/')
        {
            found.push(start + slash + 1..start + end);
        }
    }
    found
}

/// `?password=SECRET`, `;pwd=SECRET`.
fn in_parameters(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('=') {
        let before = text.get(..at).unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name = before.rsplit(|c| !is_name(c)).next().unwrap_or_default().to_ascii_lowercase();
        if name != "sig" && !NAMES.iter().any(|ending| name.ends_with(ending)) {
            continue;
        }
        let start = at + 1;
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(|c| matches!(c, '&' | ';' | '#') || ends_address(c)).unwrap_or(rest.len());
        found.push(start..start + end);
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn passwords_in_addresses_are_hidden_and_the_rest_stays() {
        for (text, hidden) in [
            ("postgres://shop:hunter2@db.example:5432/shop", "postgres://shop:(secret)@db.example:5432/shop"),
            ("postgres://shop:hun/ter2@db/shop", "postgres://shop:(secret)@db/shop"),
            ("mongodb://a:b@h1:27017,h2:27017/x?w=1", "mongodb://a:(secret)@h1:27017,h2:27017/x?w=1"),
            ("https://ghp_abc@github.example/a.git", "https://(secret)@github.example/a.git"),
            (
                "jdbc:mysql://db:3306/shop?user=a&password=b;c",
                "jdbc:mysql://db:3306/shop?user=a&password=(secret);c",
            ),
            ("jdbc:sqlserver://db;user=sa;Password=x y", "jdbc:sqlserver://db;user=sa;Password=(secret) y"),
            ("jdbc:oracle:thin:scott/tiger@//db:1521/x", "jdbc:oracle:thin:scott/(secret)@//db:1521/x"),
            ("https://hooks.example/a?b=1&token=xyz#top", "https://hooks.example/a?b=1&token=(secret)#top"),
            ("from https://u:p@a to https://u:q@b", "from https://u:(secret)@a to https://u:(secret)@b"),
        ] {
            assert_eq!(without_credentials(text).as_deref(), Some(hidden), "{text}");
            assert_eq!(without_credentials(hidden), None, "hidden once: {hidden}");
        }
    }

    #[test]
    fn what_is_no_password_stays() {
        for text in [
            "https://example.com:8443/a@b?response_type=token",
            "ssh://git@github.example/a.git",
            "arn:aws:iam::123456789012:role/a",
            "user:password@host",
            "password=1, but no address",
            "jdbc:oracle:thin:@//db:1521/x",
            "https://a.example/?token=",
            "://",
        ] {
            assert_eq!(without_credentials(text), None, "{text}");
        }
    }

    #[test]
    fn documents_are_searched_to_their_leaves() {
        let mut document = json!({"a": [{"b": "amqp://u:p@h"}], "n": 1, "plain": "x"});
        hide_credentials(&mut document);
        assert_eq!(document, json!({"a": [{"b": "amqp://u:(secret)@h"}], "n": 1, "plain": "x"}));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_searched_once_and_for_all(text in r"(jdbc:oracle:|https?://|[a-z:/@?=&;é ]|pwd=|token=){0,12}") {
            let once = without_credentials(&text).unwrap_or(text);
            proptest::prop_assert_eq!(without_credentials(&once), None);
        }
    }
}
