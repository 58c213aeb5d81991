//! The token that opens the API: made once, kept in a file that only its owner can read.
//!
//! In memory only its SHA-256 stays; the text is shown to nobody, whoever needs it reads the file.

use std::{
    fmt, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;
/// What each token starts with, so that scanners for leaked secrets can tell what they found.
const PREFIX: &str = "fathom_";
/// The most that is read of a token file.
const FILE_BYTES_MAX: u64 = 4096;

/// What a token is compared with.
#[derive(Clone)]
pub struct TokenHash([u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Why there is no token to compare with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The file cannot be written.
    #[error("cannot write the token file `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read the token file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "`{}` does not hold a token (`{PREFIX}` and 64 hexadecimal digits); remove it, \
         and the next start makes a new one",
        path.display()
    )]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// Others may read the file.
    #[error(
        "the token file `{}` may be read by others (mode {mode:o}); \
         run `chmod 600` on it, or remove it for a new token",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether a text is the token. The time it takes does not depend on where they differ.
    pub fn matches(&self, token: &str) -> bool {
        let other = Self::of(token).0;
        let difference = self.0.iter().zip(other).fold(0, |sum, (ours, theirs)| sum | (ours ^ theirs));
        std::hint::black_box(difference) == 0
    }

    /// Reads the token of a file; makes both where there is no file. Says whether it was made now: then what another token
    /// opened before is to end.
    pub fn load_or_create(path: &Path) -> Result<(Self, bool), TokenError> {
        match read(path) {
            Err(TokenError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                tracing::info!(file = %path.display(), "made a token for the API");
                Ok((read(path)?, true))
            }
            other => Ok((other?, false)),
        }
    }
}

fn read(path: &Path) -> Result<TokenHash, TokenError> {
    let fail = |source| TokenError::Read { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(fail)?;
    refuse_open_modes(path, &file.metadata().map_err(fail)?)?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(fail)?;
    let token = text.trim();
    let digits = token.strip_prefix(PREFIX).unwrap_or_default();
    if digits.len() == 2 * TOKEN_BYTES && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(TokenHash::of(token))
    } else {
        Err(TokenError::Form { path: path.to_owned() })
    }
}

#[cfg(unix)]
fn refuse_open_modes(path: &Path, metadata: &fs::Metadata) -> Result<(), TokenError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(TokenError::Open { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_open_modes(_: &Path, _: &fs::Metadata) -> Result<(), TokenError> {
    Ok(())
}

/// Writes a new token beside its place and moves it there, so that no other start reads half of it.
fn create(path: &Path) -> Result<(), TokenError> {
    let mut random = [0_u8; TOKEN_BYTES + 8];
    getrandom::fill(&mut random).map_err(TokenError::Random)?;
    let (token, suffix) = random.split_at(TOKEN_BYTES);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", hex::encode(suffix)));
    let beside = path.with_file_name(name);
    let fail = |source| TokenError::Write { path: path.to_owned(), source };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = (|| {
        let mut file = options.open(&beside)?;
        file.write_all(format!("{PREFIX}{}\n", hex::encode(token)).as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        // What is left beside is of no use; that it cannot be removed changes nothing about the first error.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("token");
        let (first, made) = TokenHash::load_or_create(&path).expect("made");
        assert!(made);
        let text = fs::read_to_string(&path).expect("readable");
        let (second, made) = TokenHash::load_or_create(&path).expect("read");
        assert!(!made);
        assert!(first.matches(text.trim()) && second.matches(text.trim()));
        assert!(!first.matches(&text) && !first.matches("") && !first.matches("fathom_"));
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 1);
        assert!(!format!("{first:?}").contains(&hex::encode(first.0)));
    }

    #[test]
    fn foreign_and_open_files_are_refused_without_their_content() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("token");
        TokenHash::load_or_create(&path).expect("made");
        fs::write(&path, "canary-9f3a").expect("writable");
        let error = TokenHash::load_or_create(&path).expect_err("not a token");
        assert!(matches!(error, TokenError::Form { .. }));
        assert!(!format!("{error} {error:?}").contains("canary"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("settable");
            let error = TokenHash::load_or_create(&path).expect_err("open to others");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }
}
