//! `fathom gate`: ends with code 3 when the estate is not understood as well as a pipeline asks.
//!
//! `judge` finds out, and this file, `sarif` and `junit` say it: to people, to programs, to code scanning, to test
//! reports. All of them say the same from one [`judge::Judged`].

mod judge;
pub(super) mod junit;
pub(super) mod sarif;

use std::{fmt::Write as _, path::Path};

use anyhow::{Context, Result};
use fathom_model::Unknown;
use serde_json::{Value, json};

use crate::{
    Ending,
    args::{GateArgs, GateFormat, Global},
    commands::unknown,
    render::{self, share, styled},
    wiring,
};
use judge::Judged;

/// Rows of the list that are shown to people.
const ROWS_SHOWN: usize = 10;

pub(crate) async fn run(global: &Global, args: GateArgs) -> Result<Ending> {
    let store = wiring::reader(global).await?;
    let judged = judge::judge(&store, &args).await?;
    let format = args.format.or_else(|| args.output.as_deref().map(by_ending)).unwrap_or(if global.json {
        GateFormat::Json
    } else {
        GateFormat::Text
    });
    let report = match format {
        GateFormat::Text => text(&judged),
        GateFormat::Json => serde_json::to_string_pretty(&machine(&judged))?,
        GateFormat::Sarif => serde_json::to_string_pretty(&sarif::log(&judged, explained_in()))?,
        GateFormat::Junit => junit::report(&judged),
    };
    match &args.output {
        None => render::print(report.trim_end())?,
        Some(file) => {
            // A file is for programs and archives: no colours in it.
            let plain = anstream::adapter::strip_str(&report).to_string();
            std::fs::write(file, plain).with_context(|| format!("cannot write {}", file.display()))?;
            if global.json {
                render::print_json(&machine(&judged))?;
            } else {
                render::print(text(&judged).trim_end())?;
                render::print(styled(render::QUIET, format!("report: {}", file.display())))?;
            }
        }
    }
    Ok(if judged.holds() { Ending::Done } else { Ending::GateClosed })
}

fn by_ending(file: &Path) -> GateFormat {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("sarif") => GateFormat::Sarif,
        Some("xml") => GateFormat::Junit,
        Some("json") => GateFormat::Json,
        _ => GateFormat::Text,
    }
}

/// The file where people explain what nothing else does, where there is one here.
fn explained_in() -> Option<&'static str> {
    Path::new("fathom.yaml").is_file().then_some("fathom.yaml")
}

/// For people: the verdict, each condition, and what to begin with.
fn text(judged: &Judged) -> String {
    let (style, word) = if judged.holds() { (render::GOOD, "holds") } else { (render::BAD, "does not hold") };
    let mut out = format!(
        "gate {}: {} understood ({} of {}); scan {}\n",
        styled(style, word),
        share(judged.understood, judged.resources),
        judged.understood,
        judged.resources,
        judged.scan.id,
    );
    let rows = judged.conditions.iter().map(|condition| {
        let (style, word) = if condition.holds { (render::GOOD, "holds") } else { (render::BAD, "fails") };
        vec![styled(style, word), condition.asked.clone(), condition.found.clone()]
    });
    // Writing to a text cannot fail.
    let _ = writeln!(out, "{}", render::table(&["", "asked", "found"], rows));
    let failing: Vec<Unknown> =
        judged.failing().take(ROWS_SHOWN).map(|finding| finding.unknown.clone()).collect();
    if !failing.is_empty() {
        let _ = writeln!(out, "\n{}", unknown::rows(&failing));
    }
    let rest = judged.failing_total().saturating_sub(failing.len() as u64);
    if rest > 0 {
        let _ = writeln!(out, "and {rest} more: `fathom unknown` lists what to explain first.");
    }
    out
}

/// For programs.
fn machine(judged: &Judged) -> Value {
    let listed: Vec<Value> = judged
        .findings
        .iter()
        .map(|finding| {
            json!({
                "uid": finding.unknown.uid,
                "type": finding.unknown.kind,
                "account": finding.unknown.account,
                "region": finding.unknown.region,
                "name": finding.unknown.name,
                "because": finding.unknown.because,
                "gaps": finding.unknown.gaps,
                "new": finding.new,
                "declared_in": finding.declared.as_ref().map(|declared| &declared.file),
                "declared_as": finding.declared.as_ref().map(|declared| &declared.address),
            })
        })
        .collect();
    let conditions: Vec<Value> = judged
        .conditions
        .iter()
        .map(|condition| {
            json!({
                "condition": condition.name,
                "asked": condition.asked_value,
                "found": condition.found_value,
                "holds": condition.holds,
            })
        })
        .collect();
    let uncovered: serde_json::Map<String, Value> = judged
        .uncovered
        .iter()
        .map(|(reason, rows)| (reason.as_str().to_owned(), Value::from(*rows)))
        .collect();
    json!({
        "holds": judged.holds(),
        "scan": judged.scan.id,
        "resources": judged.resources,
        "understood": judged.understood,
        "conditions": conditions,
        "unexplained": {
            "open": judged.open,
            "accepted": judged.accepted,
            "new_since_scan": judged.compared_with,
            "new": judged.new,
            "listed": listed,
            "left_out": judged.left_out(),
        },
        "uncovered": { "rows": judged.uncovered.values().sum::<u64>(), "by_reason": uncovered },
    })
}
