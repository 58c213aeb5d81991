//! Journeys through the console: a real browser against the binary that was just built, on the sample organisation.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    provider, python,
    sample::Moto,
    ui,
    workspace::{cargo, debian, must, root, target},
};

/// What a server says before its address.
const SAYS: &str = "answers on ";

/// Set where a missing browser is a failure.
const REQUIRED: &str = "FATHOM_REQUIRE_BROWSER";

/// A server that ends with the journeys.
struct Server {
    process: Child,
    address: String,
    /// With which its owner enters.
    token: String,
}

impl Server {
    /// Serves what is in a directory, and waits for the address.
    fn start(fathom: &mut Command, data: &Path) -> Result<Self> {
        let serving = fathom.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let process = serving.spawn().context("cannot run what was built")?;
        let mut server = Self { process, address: String::new(), token: String::new() };
        let said = server.process.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(said).lines();
        while server.address.is_empty() {
            let line = lines.next().context("the server ended before it said its address")??;
            if let Some((_, address)) = line.split_once(SAYS) {
                address.trim().clone_into(&mut server.address);
            }
        }
        // What it says later goes nowhere, and must not hold it up.
        std::thread::spawn(move || lines.for_each(drop));
        let token = std::fs::read_to_string(data.join("api.token")).context("the server left no token")?;
        token.trim().clone_into(&mut server.token);
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds what is walked through, where it is not there yet, then walks.
pub(crate) fn alone(is_built: bool, all_states: bool) -> Result<()> {
    if !is_built {
        ui::build()?;
        must(&mut cargo(&["build", "--locked", "--package", "fathom"]))?;
    }
    run(all_states)
}

/// A program that walks through what is built.
pub(crate) fn built() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
    command.args(["journeys", "--built"]);
    Ok(command)
}

/// Scans the sample into an empty directory, serves it, and walks.
fn run(all_states: bool) -> Result<()> {
    let Some(browser) = browser() else {
        anyhow::ensure!(std::env::var_os(REQUIRED).is_none(), "no Chromium is there and {REQUIRED} is set");
        println!(
            "skipped: no Chromium is there and it could not be installed; name one in FATHOM_CHROMIUM to walk \
             through the console"
        );
        return Ok(());
    };
    let fathom = target().join("debug/fathom");
    let work = target().join("journeys");
    if work.exists() {
        std::fs::remove_dir_all(&work).with_context(|| format!("cannot empty {}", work.display()))?;
    }
    let (sample, data) = (work.join("sample"), work.join("served"));
    let fathom = |data: &Path| {
        let mut command = Command::new(&fathom);
        command.arg("--data").arg(data);
        command
    };
    must(fathom(&sample).args(["scan", "--sample", "--quiet"]).stdout(Stdio::null()))?;
    copy(&sample, &data)?;
    provider::ensure()?;
    let cloud = Moto::start(&python::ensure()?)?;
    let first = Server::start(fathom(&data).envs(cloud.environment()), &data)?;
    // Journeys that only ask are not disturbed by those that change what they ask about.
    let asked = work.join("asked");
    copy(&sample, &asked)?;
    let second = Server::start(&mut fathom(&asked), &asked)?;
    let mut walk = Command::new("npm");
    if all_states {
        walk.env("FATHOM_STATES", "1");
    }
    must(
        walk.args(["run", "--silent", "e2e"])
            .current_dir(root().join("ui"))
            .env("FATHOM_ADDRESS", &first.address)
            .env("FATHOM_TOKEN", &first.token)
            .env("FATHOM_SECOND_ADDRESS", &second.address)
            .env("FATHOM_SECOND_TOKEN", &second.token)
            // Journeys of sign-in start servers of their own, each on a copy of what was scanned.
            .env("FATHOM_BINARY", target().join("debug/fathom"))
            .env("FATHOM_SAMPLE_DATA", &sample)
            .env("FATHOM_CHROMIUM", browser)
            .env("FATHOM_REQUIRE_PEERS", "1")
            .env("FATHOM_E2E_SCAN", "1"),
    )
}

/// Copies a directory that nobody writes to.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    std::fs::create_dir_all(to).with_context(failed)?;
    for entry in std::fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).with_context(failed)?;
        }
    }
    Ok(())
}

/// Debian's Chromium, installed where that is allowed.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("FATHOM_CHROMIUM").map(PathBuf::from);
    // Without it, the journeys are skipped and the reason is printed.
    named.or_else(|| debian("chromium", "/usr/bin/chromium"))
}
