//! Names of people and tokens.

/// The most characters.
const CHARS_MAX: usize = 100;
/// What the ledger says where nobody of a name acted, alone or before a blank or a parenthesis: `owner (root)` on the
/// command line, `oidc corp` for an issuer.
const TAKEN: [&str; 5] = ["owner", "api", "fathom", "nobody", "oidc"];

/// Why a name cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty or too long.
    #[error("a name has 1 to {CHARS_MAX} characters, and no space at its ends")]
    Length,
    /// Characters that do not show, or turn the text around them.
    #[error("a name has no control characters, and none that are not shown")]
    Hidden,
    /// Blanks that look like another one, or like one where there are two.
    #[error("a name has no other blanks than single spaces")]
    Blank,
    /// It looks like a part of what the ledger writes.
    #[error("a name has no comma and no slash")]
    Mark,
    /// Fathom itself uses it.
    #[error("names that are one of the words {}, or begin with one, are taken", TAKEN.join(", "))]
    Taken,
}

/// Whether a name can be taken.
pub fn check(name: &str) -> Result<(), NameError> {
    let chars = name.chars().count();
    if chars == 0 || chars > CHARS_MAX || name.trim() != name {
        return Err(NameError::Length);
    }
    if name.chars().any(is_hidden) {
        return Err(NameError::Hidden);
    }
    if name.contains("  ") || name.chars().any(|c| c.is_whitespace() && c != ' ') {
        return Err(NameError::Blank);
    }
    if name.contains([',', '/']) {
        return Err(NameError::Mark);
    }
    let plain = name.to_lowercase();
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '(']);
    if TAKEN.iter().any(|word| plain.strip_prefix(word).is_some_and(ends)) {
        return Err(NameError::Taken);
    }
    Ok(())
}

/// Control characters, those without width, and those that set the direction of text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_deceive() {
        for good in [
            "ada",
            "Ada Lovelace",
            "ada@example.com",
            "Zoë",
            "李明",
            "ada (corp)",
            "Owner-Smith",
            "apiary",
            "Ada Owner",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", NameError::Length),
            (" ada", NameError::Length),
            ("ada\n", NameError::Length),
            ("a\u{0}b", NameError::Hidden),
            ("ad\u{200b}a", NameError::Hidden),
            ("\u{202e}ada", NameError::Hidden),
            ("Owner", NameError::Taken),
            ("fathom", NameError::Taken),
            ("owner (root)", NameError::Taken),
            ("owner(root)", NameError::Taken),
            ("owner  (root)", NameError::Blank),
            ("Oidc corp", NameError::Taken),
            ("OIDC", NameError::Taken),
            ("nobody (at all)", NameError::Taken),
            ("api client", NameError::Taken),
            ("ada\u{a0}lovelace", NameError::Blank),
            ("oidc\u{2003}corp", NameError::Blank),
            ("oidc\u{3000}corp", NameError::Blank),
            ("ada, by token x", NameError::Mark),
            ("person/ada", NameError::Mark),
        ] {
            assert_eq!(check(bad), Err(why), "{bad:?}");
        }
        assert_eq!(check(&"a".repeat(101)), Err(NameError::Length));
    }
}
