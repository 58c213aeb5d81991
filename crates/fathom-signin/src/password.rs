//! Passwords: what one must be like, how it is kept (argon2id), how it is checked.

use std::sync::OnceLock;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use crate::secret::{NoRandom, random};

/// The least characters of a password (NIST SP 800-63B asks for 8, with a second factor).
pub const CHARS_MIN: usize = 12;
/// The most; longer ones are refused, not cut.
pub const CHARS_MAX: usize = 256;
/// Memory of a check in KiB, passes and lanes: the first choice of the OWASP cheat sheet with the least memory above
/// 12 MiB, so that a few checks at a time fit any machine.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Why a password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {CHARS_MIN} characters")]
    Short,
    /// Too long.
    #[error("a password has at most {CHARS_MAX} characters")]
    Long,
    /// It holds the name.
    #[error("the password must not hold the name it is for")]
    Name,
    /// The same few characters again and again.
    #[error("the password has fewer than 5 different characters")]
    Plain,
    /// It cannot be hashed.
    #[error("the password cannot be hashed")]
    Hash,
    /// No salt.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether a password can be taken for somebody of a name.
pub fn check(password: &str, name: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        return Err(PasswordError::Short);
    }
    if chars > CHARS_MAX {
        return Err(PasswordError::Long);
    }
    let name = name.trim().to_lowercase();
    if name.chars().count() >= 3 && password.to_lowercase().contains(&name) {
        return Err(PasswordError::Name);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < 5 {
        return Err(PasswordError::Plain);
    }
    Ok(())
}

/// What is kept of a password, in the PHC form. Takes about 20 ms of a core and 19 MiB.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let salt = random::<16>()?;
    let hash: PasswordHash =
        hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether a password is the one of which something was kept. Where nothing was, it takes as long and is not.
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    // Longer ones are never kept; hashing them would only take somebody's time.
    let is_long = password.chars().count() > CHARS_MAX;
    let password = if is_long { "" } else { password };
    let (kept, is_known) = match kept {
        Some(kept) => (kept, !is_long),
        None => (stand_in(), false),
    };
    let Ok(hasher) = hasher() else { return false };
    let fits =
        PasswordHash::new(kept).is_ok_and(|kept| hasher.verify_password(password.as_bytes(), &kept).is_ok());
    fits & is_known
}

/// What the passwords of people who are not there are compared with.
fn stand_in() -> &'static str {
    static STAND_IN: OnceLock<String> = OnceLock::new();
    STAND_IN.get_or_init(|| hash("nobody has this password").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_checked_before_it_is_taken() {
        assert_eq!(check("short", "ada"), Err(PasswordError::Short));
        assert_eq!(check(&"a1b2c".repeat(52), "ada"), Err(PasswordError::Long));
        assert_eq!(check("my name is ADA, ok?", "Ada"), Err(PasswordError::Name));
        assert_eq!(check("abababababababab", "ada"), Err(PasswordError::Plain));
        assert_eq!(check("zwölf Zeichen", "ada"), Ok(()));
        assert_eq!(check("al is in the password", "al"), Ok(()), "two letters are in too many words");
    }

    #[test]
    fn only_the_password_fits_what_is_kept() {
        let kept = hash("correct horse battery").expect("hashed");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("correct horse battery").expect("hashed"), "salted");
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterz", Some(&kept)));
        assert!(!verify("", Some(&kept)) && !verify("correct horse battery", Some("nonsense")));
        assert!(!verify("nobody has this password", None));
    }

    /// Made with the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1` of its test
    /// vectors, version 1.3.
    #[test]
    fn hashes_of_others_are_understood() {
        let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify("password", Some(kept)) && !verify("passwore", Some(kept)));
    }
}
