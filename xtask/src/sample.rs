//! `cargo xtask sample`: makes the sample organisation anew and records how Fathom reads it.
//!
//! A real moto server is seeded over its API by `tools/estate/seed.py`; a real scan then asks it, with the recorder
//! between. The recording is what `fathom scan --sample` plays back.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    python,
    workspace::{cargo, must, root, target},
};

/// Seeds, scans and records.
pub(crate) fn run() -> Result<()> {
    let bin = python::ensure()?;
    must(&mut cargo(&["build", "--locked", "--package", "fathom"]))?;
    let moto = Moto::start(&bin)?;
    let estate = root().join("tools/estate");
    let sample = root().join("content/sample");
    std::fs::create_dir_all(&sample)?;
    must(
        Command::new(bin.join("python"))
            .arg(estate.join("seed.py"))
            .args(["--endpoint", &moto.url, "--terraform-out"])
            .arg(sample.join("terraform.tfstate")),
    )?;
    let recording = sample.join("northwind.recording.zst");
    if recording.exists() {
        std::fs::remove_file(&recording)?;
    }
    let data = target().join("sample-data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::copy(estate.join("fathom.yaml"), sample.join("fathom.yaml"))?;
    must(
        Command::new(target().join("debug/fathom"))
            .arg("--data")
            .arg(&data)
            .args(["scan", "--organization-role", "OrganizationAccountAccessRole"])
            .args(["--regions", "us-east-1,eu-west-1,ap-southeast-2", "--record"])
            .arg(&recording)
            .arg("--declarations")
            .arg(sample.join("fathom.yaml"))
            .envs(moto.environment()),
    )?;
    println!("{}: {} bytes", recording.display(), std::fs::metadata(&recording)?.len());
    Ok(())
}

/// A moto server of our own, ended by its id when dropped.
pub(crate) struct Moto {
    child: Child,
    /// Its address.
    pub(crate) url: String,
}

impl Moto {
    /// Starts one on a free port and waits until it answers.
    pub(crate) fn start(bin: &std::path::Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(bin.join("python"))
            .arg(root().join("tools/estate/server.py"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start tools/estate/server.py")?;
        let moto = Self { child, url: format!("http://127.0.0.1:{port}") };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begun.elapsed() > Duration::from_mins(1) {
                bail!("moto did not answer within a minute");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(moto)
    }
}

impl Moto {
    /// The AWS environment of what asks this server.
    pub(crate) fn environment(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
