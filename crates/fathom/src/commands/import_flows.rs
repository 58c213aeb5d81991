//! `fathom import flow-logs`: who talks to whom over the network.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use fathom_see::import::{FlowImport, FlowImporter, Limits};

use super::import_weaknesses::{problems, readable};
use crate::{
    args::{Global, ImportFlowsArgs},
    commands::unknown::day,
    render::{self, count, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: ImportFlowsArgs) -> Result<()> {
    for path in &args.from {
        readable(path)?;
    }
    let importer = FlowImporter {
        store: wiring::store(global).await?,
        limits: Limits::default(),
        actor: wiring::user().unwrap_or_else(|| "import".to_owned()),
        columns: None,
    };
    let done = importer.import(&args.from, args.format.as_deref(), wiring::now).await;
    importer.store.close().await?;
    let import = done?;
    if global.json {
        render::print_json(&import)?;
    } else {
        render::print(words(&import))?;
    }
    if import.files + import.known_files == 0 {
        bail!("nothing was imported");
    }
    Ok(())
}

fn words(import: &FlowImport) -> String {
    let mut text = format!(
        "{} read: {} of {}, added up to {}",
        count(import.files, "file"),
        count(import.records, "record"),
        count(import.interfaces, "network interface"),
        count(import.flows, "flow"),
    );
    if let Some((first, last)) = import.first.zip(import.last) {
        let _ = write!(text, ", from {} to {}", day(first), day(last));
    }
    let mut beside = Vec::new();
    for (number, what) in [
        (import.known_files, "file|imported before, of which nothing counts again"),
        (import.nothing_sent, "record|saying that nobody sent anything"),
        (import.skipped as u64, "file|with other names left out"),
    ] {
        if number > 0 {
            let (thing, says) = what.split_once('|').unwrap_or((what, ""));
            beside.push(format!("{} {says}", count(number, thing)));
        }
    }
    if !beside.is_empty() {
        let _ = write!(text, "\n{}", styled(render::QUIET, beside.join("; ")));
    }
    if import.not_written > 0 {
        let told = format!("times of which AWS wrote nothing down: {}", import.not_written);
        let _ = write!(text, "\n{}", styled(render::ATTENTION, told));
    }
    if import.let_go > 0 {
        let told = format!(
            "{} let go, the oldest that were rejected first: there are more than are kept",
            count(import.let_go, "flow")
        );
        let _ = write!(text, "\n{}", styled(render::ATTENTION, told));
    }
    if import.broken_lines > 0 {
        let told = format!("{} could not be read", count(import.broken_lines, "line"));
        let _ = write!(text, "\n{}", styled(render::ATTENTION, told));
    }
    problems(&mut text, &import.problems, import.more_problems);
    text
}
