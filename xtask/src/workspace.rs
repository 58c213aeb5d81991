//! Where things are, and how other programs are run.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// The root of the checkout: that from which cargo runs this, which need not be the one that it was built in where several
/// share a target directory.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where what outlives a checkout is kept: Python environments, and the build where CI says so.
/// `FATHOM_CACHE_DIR`, or `~/.cache/fathom`.
pub(crate) fn cache() -> Result<PathBuf> {
    if let Some(directory) = std::env::var_os("FATHOM_CACHE_DIR") {
        return Ok(PathBuf::from(directory));
    }
    let home = std::env::var_os("HOME").context("neither FATHOM_CACHE_DIR nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache/fathom"))
}

/// The build directory, as cargo itself decides it.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a program to its end, with its output on ours.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.status().with_context(|| format!("cannot run {name}; is it installed?"))
}

/// Runs a program that must succeed.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    let status = run(command)?;
    if !status.success() {
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        bail!("`{} {}` ended with {status}", command.get_program().to_string_lossy(), arguments.join(" "));
    }
    Ok(())
}

/// Cargo, at the root of the checkout.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Tries something that downloads up to three times, so that one hiccup does not end a long run.
pub(crate) fn retry(what: &str, mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    const ATTEMPTS: u32 = 3;
    for number in 1.. {
        match attempt() {
            Ok(()) => break,
            Err(error) if number < ATTEMPTS => {
                eprintln!("{what} failed ({error:#}); trying again ({number}/{ATTEMPTS})");
                std::thread::sleep(std::time::Duration::from_secs(u64::from(number) * 5));
            }
            Err(error) => return Err(error.context(format!("{what} failed {ATTEMPTS} times"))),
        }
    }
    Ok(())
}

/// A program of a package of Debian, installed where that is allowed; none where it is not there after that.
pub(crate) fn debian(package: &str, program: &str) -> Option<PathBuf> {
    let program = Path::new(program);
    if !program.exists() && Path::new("/usr/bin/apt-get").exists() {
        println!("installing {package}");
        let apt = |words: &[&str]| -> Result<()> {
            let mut command = Command::new("apt-get");
            command.args(words).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
            ensure!(run(&mut command)?.success(), "apt-get {} failed", words.join(" "));
            Ok(())
        };
        let installed = retry("installing a package", || {
            apt(&["update", "-qq"])?;
            apt(&["install", "-y", "-qq", "--no-install-recommends", package])
        });
        if let Err(error) = installed {
            eprintln!("{error:#}");
        }
    }
    program.exists().then(|| program.to_owned())
}
