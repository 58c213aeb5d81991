//! The key that signs checkpoints: made once, kept in a file that only its owner may read.

use std::{fmt, path::Path};

use fathom_ledger::{SignerKey, VerifierKey};
use sqlx::SqliteConnection;

use crate::{
    KEY_FILE, LEDGER_DIR, PUBLIC_KEY_FILE, StoreError,
    error::{classify, file_error},
    files,
};

use super::tiles::CHECKPOINT_FILE;

/// The signing key of the log. Shows its public part only.
pub(crate) struct Keys {
    pub(crate) signer: SignerKey,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("verifier", self.signer.verifier()).finish_non_exhaustive()
    }
}

/// Reads the key, or makes one where there is no log yet.
pub(crate) async fn open_keys(
    conn: &mut SqliteConnection,
    dir: &Path,
    origin: &str,
) -> Result<Keys, StoreError> {
    let path = dir.join(KEY_FILE);
    let bad_key = |source| StoreError::Key { path: path.clone(), source };
    let file = |source| file_error("read the signing key", &path, source);
    let signer = if let Some(bytes) = files::read_optional(&path).map_err(file)? {
        files::keep_secret(&path).map_err(file)?;
        // What is not text is not a key either.
        let text = String::from_utf8(bytes).unwrap_or_default();
        text.trim().parse::<SignerKey>().map_err(bad_key)?
    } else {
        let has_log: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM ledger_state)")
            .fetch_one(conn)
            .await
            .map_err(|source| classify("read the ledger", dir, source))?;
        let has_files = dir.join(LEDGER_DIR).join(CHECKPOINT_FILE).is_file();
        if has_log || has_files {
            return Err(StoreError::KeyMissing { path });
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| StoreError::Invalid {
            what: "the operating system gives no random bytes, so no signing key can be made".to_owned(),
        })?;
        let signer = SignerKey::from_seed(origin, &seed).map_err(bad_key)?;
        files::create_secret(&path, &format!("{}\n", signer.to_secret_text()))
            .map_err(|source| file_error("write the signing key", &path, source))?;
        signer
    };
    if signer.name() != origin {
        return Err(StoreError::Invalid {
            what: format!(
                "the log in `{}` is named `{}`, not `{origin}`; a log keeps its name",
                dir.display(),
                signer.name()
            ),
        });
    }
    let public = dir.join(PUBLIC_KEY_FILE);
    let text = format!("{}\n", signer.verifier());
    let written =
        files::read_optional(&public).map_err(|source| file_error("read the public key", &public, source))?;
    if written.as_deref() != Some(text.as_bytes()) {
        files::replace(&public, text.as_bytes())
            .map_err(|source| file_error("write the public key", &public, source))?;
    }
    Ok(Keys { signer })
}

/// The public key of a data directory.
pub fn read_public_key(dir: &Path) -> Result<VerifierKey, StoreError> {
    let path = dir.join(PUBLIC_KEY_FILE);
    let text =
        std::fs::read_to_string(&path).map_err(|source| file_error("read the public key", &path, source))?;
    text.trim().parse().map_err(|source| StoreError::Key { path, source })
}
