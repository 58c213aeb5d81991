//! `fathom coverage --references`: which references of documents lead to nothing that was seen.

use anyhow::Result;
use fathom_store::{ReferenceCount, Store};
use serde::Serialize;

use crate::{
    args::Global,
    render::{self, clean, styled},
};

/// Rows that people are shown; programs get all.
const SHOWN: usize = 50;

/// All references together.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Totals {
    references: u64,
    resolved: u64,
    outside: u64,
    missing: u64,
}

#[derive(Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    totals: Totals,
    /// Missing of all references, in percent.
    missing_percent: f64,
    places: &'r [ReferenceCount],
}

pub(crate) async fn run(global: &Global, store: &Store) -> Result<()> {
    let places = store.references().await?;
    let totals = totals(&places);
    if global.json {
        let missing_percent = percent(totals.missing, totals.references);
        return render::print_json(&Report { missing_percent, totals, places: &places });
    }
    if totals.references == 0 {
        return render::print("No references are known; run `fathom scan`.");
    }
    render::print(line(&totals))?;
    let open: Vec<&ReferenceCount> = places.iter().filter(|row| row.missing + row.outside > 0).collect();
    if open.is_empty() {
        return Ok(());
    }
    render::print("")?;
    render::print(render::table(
        &["missing", "outside", "type", "path", "expects", "for example"],
        open.iter().take(SHOWN).map(|row| {
            vec![
                styled(if row.missing > 0 { render::ATTENTION } else { render::QUIET }, row.missing),
                row.outside.to_string(),
                clean(row.kind.as_str()),
                clean(row.path.as_str()),
                row.expected.as_ref().map(|kind| clean(kind.as_str())).unwrap_or_default(),
                row.example.as_deref().map(clean).unwrap_or_default(),
            ]
        }),
    ))?;
    let more = open.len().saturating_sub(SHOWN);
    if more > 0 {
        render::print(styled(render::QUIET, format!("and {more} more places: --json shows all")))?;
    }
    render::print(styled(
        render::QUIET,
        "Each reference: fathom sql \"select * from edges where not resolved and not outside\".",
    ))
}

fn totals(places: &[ReferenceCount]) -> Totals {
    places.iter().fold(Totals::default(), |sum, row| Totals {
        references: sum.references + row.resolved + row.outside + row.missing,
        resolved: sum.resolved + row.resolved,
        outside: sum.outside + row.outside,
        missing: sum.missing + row.missing,
    })
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 * 10_000.0 / whole as f64).round() / 100.0 }
}

/// One line: how many references there are, and where they lead.
fn line(totals: &Totals) -> String {
    format!(
        "{}: {} lead to a resource, {} outside of the accounts looked into, {} to nothing seen ({:.2} %)",
        render::count(totals.references, "reference"),
        styled(render::GOOD, totals.resolved),
        totals.outside,
        styled(render::ATTENTION, totals.missing),
        percent(totals.missing, totals.references),
    )
}
