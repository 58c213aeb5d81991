//! `fathom gate`: fails a pipeline when too little is understood.

use anyhow::{Result, bail};
use serde_json::json;

use crate::{
    Ending,
    args::{GateArgs, Global},
    render::{self, share, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: GateArgs) -> Result<Ending> {
    let store = wiring::reader(global).await?;
    let Some(scan) = store.latest_scan().await? else {
        bail!("no scan has ended yet, so there is nothing to judge; run `fathom scan`");
    };
    let rows = store.summary().await?;
    let rows = rows.iter().filter(|row| {
        args.account.as_deref().is_none_or(|account| row.account.as_str() == account)
            && args.kind.as_deref().is_none_or(|kind| row.kind.as_str() == kind)
    });
    let (total, understood) = rows.fold((0, 0), |sum, row| (sum.0 + row.total, sum.1 + row.understood));
    if total == 0 {
        bail!("no resource matches, so there is nothing to judge; check --account and --type");
    }
    // Compared as whole numbers times 100: no rounding may open a gate.
    let holds = understood as f64 * 100.0 >= args.min_understood * total as f64;
    if global.json {
        render::print_json(&json!({
            "holds": holds,
            "scan": scan.id,
            "resources": total,
            "understood": understood,
            "min_understood_percent": args.min_understood,
        }))?;
    } else {
        let (style, word) = if holds { (render::GOOD, "holds") } else { (render::BAD, "does not hold") };
        render::print(format!(
            "gate {}: {} understood ({understood} of {total}), at least {} % asked; scan {}",
            styled(style, word),
            share(understood, total),
            args.min_understood,
            scan.id
        ))?;
        if !holds {
            render::print("`fathom unknown` lists what to explain first.")?;
        }
    }
    Ok(if holds { Ending::Done } else { Ending::GateClosed })
}
