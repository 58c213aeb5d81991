//! `fathom summary`: one figure, and the figures it is made of.

use std::collections::BTreeMap;

use anyhow::Result;
use fathom_store::{KindSummary, Store, TrendPoint, TrendQuery};
use serde_json::json;

use crate::{
    args::{Global, SummaryArgs},
    commands::unknown::{day, kind},
    render::{self, share, styled},
    wiring,
};

/// Columns of a bar that stands for all.
const BAR: u64 = 40;

pub(crate) async fn run(global: &Global, args: SummaryArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    if args.trend {
        return trend(global, &store, args).await;
    }
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
    render::print(groups("account", &rows, |row| render::clean(row.account.as_str())))
}

/// How much was understood when each scan ended, oldest first.
async fn trend(global: &Global, store: &Store, args: SummaryArgs) -> Result<()> {
    let query = TrendQuery {
        kinds: args.kind.into_iter().map(Into::into).collect(),
        accounts: args.account.into_iter().map(Into::into).collect(),
        scans: args.scans.max(1),
    };
    let points = store.trend(&query).await?;
    if global.json {
        let points: Vec<_> = points
            .iter()
            .map(|point| {
                json!({
                    "scan": point.scan,
                    "at": point.at,
                    "resources": point.total,
                    "understood": point.understood,
                    "stale": point.stale,
                    "share": (point.total > 0).then(|| point.understood as f64 / point.total as f64),
                })
            })
            .collect();
        return render::print_json(&points);
    }
    if points.is_empty() {
        return render::print("No scan has ended yet; run `fathom scan`.");
    }
    let before = std::iter::once(None).chain(points.iter().map(Some));
    render::print(render::table(
        &["scan", "ended", "resources", "understood", "share", "", "on the list"],
        points.iter().zip(before).map(|(point, before)| {
            vec![
                point.scan.to_string(),
                day(point.at),
                point.total.to_string(),
                point.understood.to_string(),
                share(point.understood, point.total),
                bar(point),
                listed(point, before),
            ]
        }),
    ))
}

/// The share understood as a bar. It is full only where everything is understood, and empty only where nothing is.
fn bar(point: &TrendPoint) -> String {
    let TrendPoint { total, understood, .. } = *point;
    if total == 0 {
        return String::new();
    }
    let long = (understood * BAR / total).max(u64::from(understood > 0)) as usize;
    format!("{}{}", "#".repeat(long), ".".repeat(BAR as usize - long))
}

/// How many are on the list, and how many more or fewer that is than before.
fn listed(point: &TrendPoint, before: Option<&TrendPoint>) -> String {
    let of = |point: &TrendPoint| point.total.saturating_sub(point.understood);
    let now = of(point);
    match before.map(of) {
        Some(then) if then != now => format!("{now} ({:+})", now as i64 - then as i64),
        _ => now.to_string(),
    }
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
