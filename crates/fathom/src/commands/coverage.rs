//! `fathom coverage`: what was seen, before anything is said about it.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Result;
use fathom_model::{Coverage, Outcome, Reason};
use fathom_store::CoverageQuery;

use crate::{
    args::{CoverageArgs, Global},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: CoverageArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    if args.references {
        return super::references::run(global, &store).await;
    }
    let rows = store.coverage(&CoverageQuery::default()).await?;
    if global.json {
        return render::print_json(&rows);
    }
    if rows.is_empty() {
        return render::print("No scan has ended yet; run `fathom scan`.");
    }
    render::print(totals(&rows))?;
    if args.all {
        render::print(every_row(&rows))?;
    } else {
        render::print(unknown_by_reason(&rows))?;
        render::print(styled(
            render::QUIET,
            "Every row: fathom coverage --all, or the table `coverage` in SQL.",
        ))?;
    }
    Ok(())
}

/// One line: how many operations were read, empty, unknown.
pub(crate) fn totals(rows: &[Coverage]) -> String {
    let of = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let why = |reason| rows.iter().filter(|row| row.reason == Some(reason)).count();
    let calls: u64 = rows.iter().map(|row| row.calls).sum();
    // What was asked and not answered is news; what nobody asked is a standing fact and would drown it.
    let (not_defined, not_reached) = (why(Reason::NotDefined), why(Reason::NotReached));
    format!(
        "asked: {} read, {} empty, {} unknown  ({})\nnot asked: {not_reached} left out, {not_defined} not defined yet",
        styled(render::GOOD, of(Outcome::Read)),
        of(Outcome::Empty),
        styled(render::ATTENTION, of(Outcome::Unknown) - not_defined - not_reached),
        render::count(calls, "call"),
    )
}

/// What could not be seen, gathered by reason, with what would help.
pub(crate) fn unknown_by_reason(rows: &[Coverage]) -> String {
    const NAMED: usize = 6;
    let mut by_reason: BTreeMap<(usize, Reason), BTreeMap<String, u64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.outcome == Outcome::Unknown) {
        let Some(reason) = row.reason else { continue };
        let order = Reason::ALL.iter().position(|one| *one == reason).unwrap_or_default();
        let what = match (&row.permission, row.service.as_str(), row.operation.as_str()) {
            (Some(permission), ..) if reason == Reason::Denied => permission.clone(),
            (_, "*", "*") => row.region.to_string(),
            (_, service, "*") => service.to_owned(),
            // There are hundreds of these; which services they belong to is what a person wants first.
            (_, service, _) if reason == Reason::NotDefined => format!("parts of {service}"),
            (_, service, operation) => format!("{service}:{operation}"),
        };
        *by_reason.entry((order, reason)).or_default().entry(what).or_default() += 1;
    }
    let mut text = String::new();
    for ((_, reason), what) in by_reason {
        let count: u64 = what.values().sum();
        let mut names: Vec<(&String, &u64)> = what.iter().collect();
        names.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        let more = names.len().saturating_sub(NAMED);
        let mut named: Vec<String> = names.iter().take(NAMED).map(|(name, _)| clean(name)).collect();
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "  {} {}: {}\n      {}\n",
            styled(render::ATTENTION, count),
            styled(render::STRONG, reason.as_str().replace('_', " ")),
            named.join(", "),
            styled(render::QUIET, reason.advice()),
        );
    }
    text.trim_end().to_owned()
}

fn every_row(rows: &[Coverage]) -> String {
    render::table(
        &["outcome", "account", "region", "operation", "for", "items", "calls", "throttled", "why"],
        rows.iter().map(|row| {
            let style = match row.outcome {
                Outcome::Read => render::GOOD,
                Outcome::Empty => render::QUIET,
                Outcome::Unknown => render::ATTENTION,
            };
            let why = match (&row.reason, &row.permission, &row.detail) {
                (Some(reason), Some(permission), _) => format!("{reason}: needs {}", clean(permission)),
                (Some(reason), None, Some(detail)) => format!("{reason}: {}", clean(detail)),
                (Some(reason), None, None) => reason.to_string(),
                (None, ..) => String::new(),
            };
            vec![
                styled(style, row.outcome),
                clean(row.account.as_str()),
                clean(row.region.as_str()),
                format!("{}:{}", row.service, row.operation),
                row.resource_type.as_ref().map(ToString::to_string).unwrap_or_default(),
                row.items.to_string(),
                row.calls.to_string(),
                row.throttles.to_string(),
                why,
            ]
        }),
    )
}
