//! A request as a log tells it, and what the log says was made of it.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;

/// What stands in a log where its owner had a field hidden.
const REDACTED: &str = "REDACTED";

/// A field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told<T> {
    /// What the log says of it.
    Is(T),
    /// The request surely has none.
    None,
    /// The log does not say, and why.
    Unknown(String),
}

/// Where a request was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// A log, which has every request that its filter kept.
    #[default]
    Log,
    /// A sample: some of the requests that a rule matched, without their query.
    Sample,
}

/// A request that passed a web ACL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// When it came, in milliseconds since 1970.
    pub at: i64,
    /// Where it was told of.
    pub source: Source,
    /// How many requests it stands for: 1, but in samples.
    pub weight: u64,
    /// Who sent it: an address.
    pub client: String,
    /// The country of that address, where AWS knew one.
    pub country: Option<String>,
    /// The number of the client's network, where the log has it.
    pub asn: Option<u32>,
    /// The method.
    pub method: Option<String>,
    /// The path.
    pub uri: Option<String>,
    /// The query without `?`.
    pub args: Option<String>,
    /// What follows `#`, where the log has it.
    pub fragment: Option<String>,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// What AWS worked out of the client's TLS.
    pub ja3: Option<String>,
    /// The same in its newer form.
    pub ja4: Option<String>,
    /// How long the body was, where the log has it.
    pub body_bytes: Option<u64>,
    /// How much of it was looked at.
    pub body_bytes_inspected: Option<u64>,
    /// What was larger than WAF looks at: `REQUEST_BODY`, `REQUEST_HEADERS`, `REQUEST_COOKIES`.
    pub oversize: Vec<String>,
    /// The labels that rules had added.
    pub labels: Vec<String>,
    /// What was made of it.
    pub logged: Logged,
}

/// What the log says was made of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// The ARN of the web ACL.
    pub acl: Option<String>,
    /// `ALLOW`, `BLOCK`, `CAPTCHA` or `CHALLENGE`; of samples also `COUNT`.
    pub action: String,
    /// The rule that ended it; none where the default action did.
    pub ended_by: Option<String>,
    /// The rules that matched and did not end it.
    pub counted: Vec<LoggedMatch>,
    /// What groups of rules made of it.
    pub groups: Vec<LoggedGroup>,
    /// A captcha or a challenge had been solved: its token was valid.
    pub solved: bool,
    /// What was answered in place of the application, where a rule says it.
    pub response: Option<u16>,
}

/// A rule that a log says matched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedMatch {
    /// Its name.
    pub rule: String,
    /// What it did.
    pub action: String,
    /// What it would do by itself, where the web ACL overrides it.
    pub own: Option<String>,
}

/// What a log says of a group of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedGroup {
    /// `AWS#AWSManagedRulesCommonRuleSet`, or an ARN.
    pub id: String,
    /// The rule that ended the group.
    pub ended_by: Option<LoggedMatch>,
    /// Rules that matched and did not end it.
    pub counted: Vec<LoggedMatch>,
    /// Rules that were excluded and matched; the log does not say what they would do.
    pub excluded: Vec<String>,
    /// Whether rules that are not named here surely did not match: not in samples.
    pub is_whole: bool,
}

impl Request {
    /// The values of a header, in the order in which they came.
    pub(crate) fn header(&self, name: &str) -> Told<Vec<&str>> {
        let own = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let values: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
        if values.contains(&REDACTED) {
            return Told::Unknown(format!("the log hides the header {name}"));
        }
        if values.is_empty() { Told::None } else { Told::Is(values) }
    }

    /// Whether it came with a header, whether or not the log shows what is in it.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// The first value of a header, where the log shows it.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        match self.header(name) {
            Told::Is(values) => values.first().copied(),
            Told::None | Told::Unknown(_) => None,
        }
    }

    /// The cookies, names and values as they came.
    pub(crate) fn cookies(&self) -> Told<Vec<(&str, &str)>> {
        match self.header("cookie") {
            Told::Is(values) => {
                let all = values.into_iter().flat_map(|value| value.split(';')).map(str::trim);
                Told::Is(all.filter(|one| !one.is_empty()).map(pair).collect())
            }
            Told::None => Told::None,
            Told::Unknown(why) => Told::Unknown(why),
        }
    }

    /// The query.
    pub(crate) fn query(&self) -> Told<&str> {
        shown(self.args.as_deref(), "the query")
    }

    /// The path.
    pub(crate) fn path(&self) -> Told<&str> {
        shown(self.uri.as_deref(), "the path")
    }

    /// The method.
    pub(crate) fn verb(&self) -> Told<&str> {
        shown(self.method.as_deref(), "the method")
    }

    /// The addresses in a header of a proxy, in its order; an error is what is no address.
    pub(crate) fn forwarded(&self, header: &str) -> Told<Vec<Result<IpAddr, String>>> {
        match self.header(header) {
            Told::Is(values) => {
                let all = values.into_iter().flat_map(|value| value.split(',')).map(str::trim);
                Told::Is(all.map(|one| one.parse().map_err(|_| one.to_owned())).collect())
            }
            Told::None => Told::None,
            Told::Unknown(why) => Told::Unknown(why),
        }
    }
}

fn shown<'a>(value: Option<&'a str>, what: &str) -> Told<&'a str> {
    match value {
        Some(REDACTED) => Told::Unknown(format!("the log hides {what}")),
        Some(value) => Told::Is(value),
        None => Told::Unknown(format!("the log does not hold {what}")),
    }
}

/// A name and its value.
fn pair(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or((text, ""))
}

/// The arguments of a query, names decoded, values as they came.
pub(crate) fn arguments(query: &str) -> Vec<(String, &str)> {
    let all = query.split('&').filter(|one| !one.is_empty()).map(pair);
    all.map(|(name, value)| (percent_decode_str(name).decode_utf8_lossy().into_owned(), value)).collect()
}
