//! The certificate of the server, read anew when its files change: programs that renew certificates (ACME) replace the
//! files and cannot restart us.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use axum_server::tls_rustls::RustlsConfig;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A certificate and its key, with the files that they come from.
pub(crate) struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    config: RustlsConfig,
    /// Hash of what was read last, whether it could be used or not, so that each change is tried and told of once.
    seen: Option<[u8; 32]>,
}

/// What a look at the files found.
#[derive(Debug)]
enum Look {
    /// Nothing new.
    Same,
    /// Another certificate, which holds from now on.
    Renewed,
    /// Something that cannot be used; the certificate before it goes on to hold.
    Unusable(io::Error),
}

impl Certificates {
    /// Reads both files.
    pub(crate) async fn load(cert: &Path, key: &Path) -> io::Result<Self> {
        let (chain, private) = (read(cert).await?, read(key).await?);
        let seen = Some(digest(&chain, &private));
        let config = RustlsConfig::from_pem(chain, private).await?;
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), config, seen })
    }

    /// What connections are answered with; renewed in place.
    pub(crate) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Looks at the files for as long as it is let.
    pub(crate) async fn watch(mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let cert = self.cert.display().to_string();
            match self.look().await {
                Look::Same => {}
                Look::Renewed => tracing::info!(cert, "the certificate was renewed"),
                Look::Unusable(error) => tracing::warn!(
                    %cert,
                    key = %self.key.display(),
                    %error,
                    "the new certificate cannot be used; the one before it goes on to hold"
                ),
            }
        }
    }

    async fn look(&mut self) -> Look {
        let (chain, private) = match (read(&self.cert).await, read(&self.key).await) {
            (Ok(chain), Ok(private)) => (chain, private),
            (Err(error), _) | (_, Err(error)) => {
                // Told once: `None` is seen until they can be read again.
                return if self.seen.take().is_some() { Look::Unusable(error) } else { Look::Same };
            }
        };
        let digest = digest(&chain, &private);
        if self.seen.replace(digest) == Some(digest) {
            return Look::Same;
        }
        // A certificate whose key is not replaced yet does not fit its key, and is tried again when that changes.
        match self.config.reload_from_pem(chain, private).await {
            Ok(()) => Look::Renewed,
            Err(error) => Look::Unusable(error),
        }
    }
}

async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    tokio::fs::File::open(path).await?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn digest(chain: &[u8], private: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((chain.len() as u64).to_be_bytes());
    hasher.update(chain);
    hasher.update(private);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::{process::Command, sync::Arc};

    use super::*;

    fn make(dir: &Path, cert: &str, key: &str) {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=fathom test", "-keyout", key, "-out", cert])
            .current_dir(dir)
            .output()
            .expect("this test needs the openssl command");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_told_once_and_changes_nothing() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let dir = tempfile::tempdir().expect("a directory");
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        make(dir.path(), "cert.pem", "key.pem");
        let mut ours = Certificates::load(&cert, &key).await.expect("it loads");
        let first = ours.config.get_inner();
        assert!(matches!(ours.look().await, Look::Same));

        // Half of a renewal: the certificate is there, its key is not yet.
        make(dir.path(), "cert.pem", "next.pem");
        assert!(matches!(ours.look().await, Look::Unusable(_)));
        assert!(matches!(ours.look().await, Look::Same), "told twice");
        assert!(Arc::ptr_eq(&first, &ours.config.get_inner()));
        std::fs::rename(dir.path().join("next.pem"), &key).expect("the other half");
        assert!(matches!(ours.look().await, Look::Renewed));
        let second = ours.config.get_inner();
        assert!(!Arc::ptr_eq(&first, &second));

        std::fs::write(&cert, "nothing").expect("writable");
        assert!(matches!(ours.look().await, Look::Unusable(_)));
        std::fs::remove_file(&cert).expect("removable");
        assert!(matches!(ours.look().await, Look::Unusable(_)));
        assert!(matches!(ours.look().await, Look::Same), "told twice");
        assert!(Arc::ptr_eq(&second, &ours.config.get_inner()));
        make(dir.path(), "cert.pem", "key.pem");
        assert!(matches!(ours.look().await, Look::Renewed));
    }
}
