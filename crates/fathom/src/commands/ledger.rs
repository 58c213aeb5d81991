//! `fathom ledger`: verify, prove, list.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fathom_ledger::VerifierKey;
use fathom_store::verify_dir;
use serde_json::json;

use crate::{
    args::{Global, LedgerCommand, LimitArgs},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, command: LedgerCommand) -> Result<()> {
    match command {
        LedgerCommand::Verify { directory, key } => verify(global, directory, key),
        LedgerCommand::Prove { index, output } => prove(global, index, output).await,
        LedgerCommand::List(args) => list(global, args).await,
        LedgerCommand::Status => status(global).await,
    }
}

fn verify(global: &Global, directory: Option<PathBuf>, key: Option<String>) -> Result<()> {
    let own = global.data.join("ledger");
    if directory.is_none() && !own.exists() {
        wiring::there_is_data(global)?;
    }
    let directory = directory.unwrap_or_else(|| own.clone());
    let key = match key {
        Some(key) if Path::new(&key).is_file() => read_key(Path::new(&key))?,
        Some(key) => key,
        None => {
            let beside = directory.parent().unwrap_or(Path::new(".")).join("ledger.pub");
            let file = if beside.exists() { beside } else { global.data.join("ledger.pub") };
            read_key(&file).context("no public key to verify with; name it with --key")?
        }
    };
    let key: VerifierKey = key.trim().parse().context("this is no public key of a ledger")?;
    let report = verify_dir(&directory, &key)
        .with_context(|| format!("the ledger in {} does not verify", directory.display()))?;
    if global.json {
        return render::print_json(&json!({
            "verifies": true, "entries": report.size, "root": report.root.to_string(), "signed_by": report.signed_by,
        }));
    }
    render::print(format!(
        "{}: {}, every hash and signature checked\nroot {}\nsigned by {}",
        styled(render::GOOD, "verifies"),
        if report.size == 1 { "1 entry".to_owned() } else { format!("{} entries", report.size) },
        report.root,
        clean(&report.signed_by.join(", ")),
    ))
}

fn read_key(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

async fn prove(global: &Global, index: u64, output: Option<PathBuf>) -> Result<()> {
    let store = wiring::reader(global).await?;
    let size = store.ledger_status().await?.size;
    if index >= size {
        bail!("entry {index} does not exist; the ledger has {size}, numbered from 0");
    }
    let proof = store.prove(index).await?;
    let Some(file) = output else { return render::print(proof.trim_end()) };
    let entry = store.entries(index, 1).await?.into_iter().next().context("the entry is gone")?;
    let entry_file = file.with_extension("entry");
    std::fs::write(&file, proof).with_context(|| format!("cannot write {}", file.display()))?;
    std::fs::write(&entry_file, &entry.body)
        .with_context(|| format!("cannot write {}", entry_file.display()))?;
    render::print(format!(
        "proof of entry {index}: {}\nthe entry itself: {}\nthe key to check with: {}",
        file.display(),
        entry_file.display(),
        global.data.join("ledger.pub").display()
    ))
}

async fn list(global: &Global, args: LimitArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let size = store.ledger_status().await?.size;
    let mut entries = store.entries(size.saturating_sub(u64::from(args.limit)), args.limit).await?;
    entries.reverse();
    let parsed: Vec<(u64, serde_json::Value)> = entries
        .iter()
        .map(|entry| (entry.index, serde_json::from_str(&entry.body).unwrap_or_default()))
        .collect();
    if global.json {
        let entries: Vec<_> =
            parsed.iter().map(|(index, entry)| json!({"index": index, "entry": entry})).collect();
        return render::print_json(&entries);
    }
    render::print(render::table(
        &["entry", "at", "kind", "by", "about"],
        parsed.iter().map(|(index, entry)| {
            let text =
                |key: &str| clean(entry.get(key).and_then(serde_json::Value::as_str).unwrap_or_default());
            let at = text("at").split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " ");
            vec![index.to_string(), format!("{at}Z"), text("kind"), text("actor"), text("subject")]
        }),
    ))
}

async fn status(global: &Global) -> Result<()> {
    let store = wiring::reader(global).await?;
    let status = store.ledger_status().await?;
    if global.json {
        return render::print_json(&status);
    }
    render::print(format!(
        "{} entries\n{}\nkey {}",
        status.size,
        status.checkpoint.trim_end(),
        status.public_key
    ))
}
