//! `fathom compact`: old history goes, and its space is free again.

use anyhow::Result;
use fathom_store::{CompactPolicy, Compaction, Older};

use crate::{
    args::{CompactArgs, Global, OlderArg},
    render::{self, count},
    wiring,
};

pub(crate) async fn run(global: &Global, args: CompactArgs) -> Result<()> {
    // Opened to read first: a mistyped --data must not become a new, empty directory.
    wiring::reader(global).await?.close().await?;
    let by = wiring::decided_by(args.by)?;
    let older = match args.older {
        OlderArg::Daily => Older::Daily,
        OlderArg::Monthly => Older::Monthly,
        OlderArg::Nothing => Older::Nothing,
    };
    let policy = CompactPolicy { keep_days: args.keep_days, older };
    let store = wiring::store(global).await?;
    let done = store.compact(policy, args.dry_run, &by, wiring::now()).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&done);
    }
    render::print(told(&done, args.keep_days, args.dry_run))
}

fn told(done: &Compaction, keep_days: u32, dry_run: bool) -> String {
    let verb = if dry_run { "would remove" } else { "removed" };
    let Some(since) = done.whole_since_scan else {
        return match done.flows {
            0 => format!("no scan is older than {keep_days} days; nothing to remove"),
            flows => format!("no scan is older than {keep_days} days; {verb} {}", count(flows, "older flow")),
        };
    };
    let removed = format!(
        "{} of resources, {}, {}, {}",
        count(done.versions, "version"),
        count(done.ended, "ended row") + " (edges, statements, the list)",
        count(done.documents, "document"),
        count(done.flows, "flow"),
    );
    let space = match (done.reusable, dry_run) {
        (true, _) => "later scans use the space again; the file keeps its size",
        (false, true) => "would be given back to the disk",
        (false, false) => "given back to the disk; sealed in the ledger",
    };
    format!(
        "{verb} {removed}\neverything since scan {since} is kept, and of the time before the state as of {}\n{:.1} MiB: {space}",
        count(done.kept_scans.len() as u64, "scan"),
        done.bytes as f64 / f64::from(1 << 20),
    )
}
