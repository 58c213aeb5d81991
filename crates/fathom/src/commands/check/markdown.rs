//! A comment for a pull request: how many fail, a table of what fails, what is not known folded away.

use std::fmt::Write as _;

use fathom_checks::Status;
use fathom_posture::Finding;

use super::{Told, text};
use crate::{
    commands::what_if::markdown::{code, fold, plain, shortened},
    render,
};

/// Rows of the table; the rest is counted.
const ROWS: usize = 60;
/// What a workflow finds its own comment by, to write it anew.
const MARK: &str = "<!-- fathom check -->";

/// The whole comment.
pub(super) fn comment(told: &Told<'_>) -> String {
    let counts = told.posture.counts();
    let sign = match (told.holds(), counts.fail) {
        (false, _) => "❌",
        (true, 0) => "✅",
        (true, _) => "⚠️",
    };
    let mut out = format!(
        "{MARK}\n### {sign} Fathom: {} failed, {} unknown, {} passed\n\n",
        counts.fail, counts.unknown, counts.pass
    );
    let of = |status: Status| told.posture.findings.iter().filter(move |one| one.status == status);
    let failed: Vec<&Finding> = of(Status::Fail).collect();
    if !failed.is_empty() {
        out.push_str("| severity | what should hold | where | why |\n| --- | --- | --- | --- |\n");
    }
    for finding in failed.iter().take(ROWS) {
        let why: Vec<String> = finding.why.iter().map(|one| plain(&text::reason(one))).collect();
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} (`{}`) | {} | {} |",
            finding.severity.word(),
            plain(&finding.title),
            code(&finding.check),
            place(told, finding),
            why.join("<br>")
        );
    }
    if failed.len() > ROWS {
        let _ = writeln!(out, "\nand {} more.", failed.len() - ROWS);
    }
    out.push('\n');
    let fixes: Vec<String> = told
        .checks
        .all
        .iter()
        .filter(|check| failed.iter().any(|finding| finding.check == check.definition.id))
        .map(|check| {
            let (id, fix) = (&check.definition.id, &check.definition.fix);
            let fix = if told.code.is_some() { fix.in_code().to_owned() } else { fix.cli() };
            format!("- `{}`: {}", code(id), plain(fix.trim()))
        })
        .collect();
    fold(&mut out, "How it is put right", &fixes);
    let unknown: Vec<String> = of(Status::Unknown)
        .map(|finding| {
            let missing = plain(&finding.missing.join("; "));
            format!("- {} `{}`: {missing}", place(told, finding), code(&finding.check))
        })
        .collect();
    fold(&mut out, "What is not known", &unknown);
    let gaps: Vec<String> = told.posture.gaps.iter().map(|gap| format!("- {}", plain(gap))).collect();
    fold(&mut out, "What was not looked at", &gaps);
    let assumed = told.code.map(|code| code.assumed.as_slice()).unwrap_or_default();
    let assumed: Vec<String> = assumed.iter().map(|one| format!("- {}", plain(one))).collect();
    fold(&mut out, "What was taken to be so", &assumed);
    let _ = writeln!(
        out,
        "<sub>{} asked of {}; nothing was changed.</sub>",
        render::count(told.checks.all.len() as u64, "check"),
        render::count(told.posture.resources as u64, "resource"),
    );
    shortened(out)
}

/// Where a finding is: its place in code, or the resource.
fn place(told: &Told<'_>, finding: &Finding) -> String {
    let Some(place) = told.place(finding) else { return format!("`{}`", code(&finding.resource)) };
    let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("`{}{line}` `{}`", code(&place.file), code(&place.address))
}
