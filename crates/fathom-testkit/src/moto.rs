//! A real moto: a server that answers like AWS, in a process of its own on a free port of this machine.

use std::{
    env,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Runs the server, and ends it when our end of its standard input closes, even if we are killed.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/estate/server.py");

/// How long a start may take; importing moto alone takes seconds on a busy machine.
const START_MAX: Duration = Duration::from_mins(2);

/// A running moto. The process ends when this is dropped.
#[derive(Debug)]
pub struct Moto {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    address: String,
    child: Child,
}

/// The directory with the peers' environments: `$FATHOM_CACHE_DIR`, else `~/.cache/fathom`.
pub(crate) fn cache_dir() -> PathBuf {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache").join("fathom"));
    env::var_os("FATHOM_CACHE_DIR").map(PathBuf::from).or_else(home).unwrap_or_default()
}

/// The Python that has moto and boto3. Where it is missing: none, with a printed reason.
///
/// # Panics
/// Where it is missing and `FATHOM_REQUIRE_PEERS=1`.
pub fn python() -> Option<PathBuf> {
    let python = cache_dir().join("python").join("bin").join("python");
    if python.is_file() {
        return Some(python);
    }
    let required = env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "the peers' Python is missing: no {}", python.display());
    eprintln!("skipped: no Python with moto at {}", python.display());
    None
}

impl Moto {
    /// Starts a server with an empty account and waits until it answers. None where the Python environment is missing.
    ///
    /// # Panics
    /// When the server does not start, or is missing although `FATHOM_REQUIRE_PEERS=1`.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts one with further arguments of `tools/estate/server.py`.
    ///
    /// # Panics
    /// As [`Moto::start`].
    pub fn start_with(more: &[&str]) -> Option<Self> {
        let python = python()?;
        for _ in 0..3 {
            // Another process may take the port between our asking for it and the server's; then we ask again.
            let port = TcpListener::bind("127.0.0.1:0")
                .and_then(|listener| listener.local_addr())
                .expect("a free port on the loopback interface")
                .port();
            let child = Command::new(&python)
                .args([PROGRAM, "-H", "127.0.0.1", "-p", &port.to_string()])
                .args(more)
                .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
                // No certificate is validated in the middle of a test.
                .env("MOTO_ACM_VALIDATION_WAIT", "86400")
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the peers' Python starts");
            let address = format!("127.0.0.1:{port}");
            let mut moto = Self { url: format!("http://{address}"), address, child };
            if moto.answers() {
                return Some(moto);
            }
        }
        panic!("moto does not answer");
    }

    fn answers(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START_MAX {
            if self.post("/moto-api/reset", "").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                return true;
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            sleep(Duration::from_millis(100));
        }
        false
    }

    /// Turns the checking of signatures and permissions on or off.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn check_access(&self, on: bool) {
        let answer = self.post("/moto-api/reset-auth", if on { "0" } else { "inf" }).unwrap_or_default();
        assert!(answer.starts_with("HTTP/1.1 200"), "moto did not take the setting: {answer}");
    }

    /// A plain request without any client library: whole answer, headers included.
    fn post(&self, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
