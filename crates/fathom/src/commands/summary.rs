//! `fathom summary`: one figure, and the figures it is made of.

use std::collections::BTreeMap;

use anyhow::Result;
use fathom_store::KindSummary;
use serde_json::json;

use crate::{
    args::Global,
    commands::unknown::kind,
    render::{self, share, styled},
    wiring,
};

pub(crate) async fn run(global: &Global) -> Result<()> {
    let store = wiring::reader(global).await?;
    let rows = store.summary().await?;
    let total: u64 = rows.iter().map(|row| row.total).sum();
    let understood: u64 = rows.iter().map(|row| row.understood).sum();
    if global.json {
        return render::print_json(&json!({
            "resources": total,
            "understood": understood,
            "scan": store.latest_scan().await?,
            "by_type_and_account": rows,
        }));
    }
    match store.latest_scan().await? {
        None => return render::print("No scan has ended yet; run `fathom scan`."),
        Some(scan) => render::print(styled(
            render::QUIET,
            format!("scan {} of {}, {}", scan.id, scan.started_at, render::clean(&scan.scope)),
        ))?,
    }
    render::print(figure(understood, total))?;
    render::print("")?;
    render::print(groups("type", &rows, |row| kind(row.kind.as_str())))?;
    render::print("")?;
    render::print(groups("account", &rows, |row| row.account.to_string()))
}

/// The one figure.
pub(crate) fn figure(understood: u64, total: u64) -> String {
    format!(
        "{} understood: {understood} of {}, {} on the list",
        styled(render::STRONG, share(understood, total)),
        render::count(total, "resource"),
        styled(render::ATTENTION, total - understood),
    )
}

/// Totals by a group, the largest number of gaps first.
fn groups(name: &str, rows: &[KindSummary], of: impl Fn(&KindSummary) -> String) -> String {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(of(row)).or_default();
        sum.0 += row.total;
        sum.1 += row.understood;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(name, (total, understood))| (std::cmp::Reverse(total - understood), name.clone()));
    render::table(
        &[name, "resources", "understood", "share", "on the list"],
        sums.into_iter().map(|(name, (total, understood))| {
            vec![
                name,
                total.to_string(),
                understood.to_string(),
                share(understood, total),
                (total - understood).to_string(),
            ]
        }),
    )
}
