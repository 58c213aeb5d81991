//! What opens something: random, told once, kept as a hash.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// What each token for programs starts with, so that scanners for leaked secrets can tell what they found.
pub const TOKEN_PREFIX: &str = "fathom_";
/// Recovery codes that a person has at a time.
pub const RECOVERY_CODES: usize = 8;
/// Letters of recovery codes: no two look alike (Crockford's base 32, small).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandom;

/// Random bytes of the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// A text that opens something. It is shown to nobody by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// 256 random bits, in hexadecimal digits: what a session's cookie or an invitation holds.
    pub fn new() -> Result<Self, NoRandom> {
        Ok(Self(hex::encode(random::<32>()?)))
    }

    /// A token for programs: the same with the prefix.
    pub fn token() -> Result<Self, NoRandom> {
        Ok(Self(format!("{TOKEN_PREFIX}{}", hex::encode(random::<32>()?))))
    }

    /// A recovery code: 80 random bits as four groups of four letters.
    pub fn recovery_code() -> Result<Self, NoRandom> {
        let mut text = String::with_capacity(19);
        for (at, byte) in random::<16>()?.into_iter().enumerate() {
            if at > 0 && at.is_multiple_of(4) {
                text.push('-');
            }
            let letter = LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
            text.push(char::from(letter));
        }
        Ok(Self(text))
    }

    /// The text, for whoever it is given to.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        hash_of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is kept of a text that opens something. Enough for random texts; passwords are kept otherwise.
pub fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// What is kept of a recovery code as a person types it: whatever the case, with or without hyphens, and letters that
/// look like others are taken for those.
pub fn hash_of_code(typed: &str) -> [u8; 32] {
    let plain: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(64)
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    hash_of(&plain)
}

/// What a request that changes something has to say, beside its session's cookie: it follows from what the cookie holds,
/// and tells nothing about it.
pub fn csrf_of(session: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"fathom csrf 1\0");
    hasher.update(session.as_bytes());
    hex::encode(hasher.finalize())
}

/// Whether two texts are equal. The time that it takes does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_show() {
        let (one, other) = (Secret::token().expect("random"), Secret::token().expect("random"));
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(one.reveal().len(), "fathom_".len() + 64);
        assert!(!format!("{one:?}").contains(&one.reveal()[7..20]));
    }

    #[test]
    fn recovery_codes_are_taken_as_people_type_them() {
        let code = Secret::recovery_code().expect("random");
        let text = code.reveal();
        assert_eq!(text.len(), 19, "{text}");
        assert_eq!(text.matches('-').count(), 3, "{text}");
        let kept = hash_of_code(text);
        assert_eq!(hash_of_code(&text.to_uppercase()), kept);
        assert_eq!(hash_of_code(&text.replace('-', " ")), kept);
        assert_eq!(hash_of_code(&text.replace('0', "O").replace('1', "l")), kept);
        assert_ne!(hash_of_code(&text[..18]), kept);
    }

    #[test]
    fn equal_texts_are_the_same() {
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab") && same("", ""));
        assert_ne!(csrf_of("a"), csrf_of("b"));
    }
}
