//! `cargo xtask demo`: what Fathom does, in one command, without a cloud account.

use std::{io::IsTerminal, process::Command};

use anyhow::Result;

use crate::{
    ui,
    workspace::{cargo, must, retry, target},
};

/// Builds, scans the sample organisation, shows what was found, and serves it until interrupted.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let serve = std::io::stdout().is_terminal() && !arguments.iter().any(|argument| argument == "--no-serve");
    retry("downloading crates", || must(&mut cargo(&["fetch", "--locked"])))?;
    // Without Node everything but the console works, and the server says that it is missing.
    if let Err(error) = ui::build() {
        eprintln!("the console is left out: {error:#}");
    }
    println!("building fathom (profile quick; about ten minutes on two cores the first time)");
    must(&mut cargo(&["build", "--locked", "--profile", "quick", "--package", "fathom"]))?;
    let fathom = target().join("quick/fathom");
    let data = target().join("demo");
    let say = |line: &str| println!("\n$ fathom {line}");
    let fathom = |words: &[&str]| {
        let mut command = Command::new(&fathom);
        command.arg("--data").arg(&data).args(words);
        command
    };
    for words in [
        &["scan", "--sample"][..],
        &["unknown", "--limit", "25"],
        &["explain", "northwind-tmp-export-7731"],
        &["who-can", "iam:CreateUser"],
        &[
            "sql",
            "select type, count(*) as resources, sum(cast(understood as int)) as understood from resources group by type order by resources desc limit 10",
        ],
        &["ledger", "verify"],
    ] {
        say(&words.join(" "));
        must(&mut fathom(words))?;
    }
    if serve {
        say("serve");
        must(&mut fathom(&["serve"]))?;
    } else {
        println!(
            "\nto look further: {} --data {} serve",
            target().join("quick/fathom").display(),
            data.display()
        );
    }
    Ok(())
}
