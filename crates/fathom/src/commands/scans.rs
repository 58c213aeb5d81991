//! `fathom scans`: what was looked at, and when.

use anyhow::Result;

use crate::{
    args::{Global, LimitArgs},
    render::{self, clean, share},
    wiring,
};

pub(crate) async fn run(global: &Global, args: LimitArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let scans = store.scans(args.limit).await?;
    if global.json {
        return render::print_json(&scans);
    }
    render::print(render::table(
        &["scan", "started", "state", "scope", "resources", "understood", "calls", "unknown rows"],
        scans.iter().map(|scan| {
            vec![
                scan.id.to_string(),
                scan.started_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                match &scan.error {
                    Some(error) => format!("{}: {}", scan.state.as_str(), clean(error)),
                    None => scan.state.as_str().to_owned(),
                },
                clean(&scan.scope),
                scan.resources.to_string(),
                share(scan.understood, scan.resources),
                scan.calls.to_string(),
                scan.coverage_unknown.to_string(),
            ]
        }),
    ))
}
