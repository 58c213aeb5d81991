//! `fathom accept`: somebody decides to live with a gap, until a date.

use anyhow::{Context, Result, bail};
use fathom_model::Acceptance;
use jiff::tz::TimeZone;

use crate::{
    args::{AcceptArgs, Global},
    commands::unknown::day,
    render::{self, clean},
    wiring,
};

/// Nobody may accept a gap for longer than this.
const DAYS_MAX: i64 = 366;

pub(crate) async fn run(global: &Global, args: AcceptArgs) -> Result<()> {
    // Opened to read first: a mistyped --data must not become a new, empty directory.
    wiring::reader(global).await?.close().await?;
    let store = wiring::store(global).await?;
    let stored = wiring::one_resource(&store, &args.resource).await?;
    let uid = stored.resource.uid;
    let now = wiring::now();
    let until = args.until.to_zoned(TimeZone::UTC).context("the date does not exist")?.timestamp();
    if until <= now {
        bail!("{} is not in the future", args.until);
    }
    if until.as_second() - now.as_second() > DAYS_MAX * 86_400 {
        bail!("a gap may be accepted for {DAYS_MAX} days at most; look at it again then");
    }
    if args.reason.trim().is_empty() {
        bail!("--reason is empty; say why this is acceptable, for whoever reads it next year");
    }
    let open: Vec<String> = store
        .unknown_of(&uid, now)
        .await?
        .into_iter()
        .flat_map(|unknown| unknown.gaps)
        .map(|gap| gap.part)
        .collect();
    if args.part != "*" && !open.contains(&args.part) {
        bail!(
            "`{}` is no gap of {}; its gaps are: {}",
            args.part,
            clean(uid.as_str()),
            if open.is_empty() { "none".to_owned() } else { open.join(", ") }
        );
    }
    let by = wiring::decided_by(args.by)?;
    let acceptance = Acceptance { uid, part: args.part, reason: args.reason, by, at: now, until };
    let acceptance = store.accept(acceptance).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&acceptance);
    }
    render::print(format!(
        "accepted until {}: {} of {}; sealed in the ledger, counted from the next scan on",
        day(acceptance.until),
        if acceptance.part == "*" { "all gaps" } else { &acceptance.part },
        clean(acceptance.uid.as_str())
    ))
}
