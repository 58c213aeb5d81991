//! Findings for people: grouped by check, the worst first, with why and how it is put right.

use std::fmt::Write as _;

use fathom_checks::{Check, Checks, Reason, Status};
use fathom_content::checks::Severity;
use fathom_posture::Finding;

use super::Told;
use crate::render::{self, clean, clean_lines, styled};

/// Lines of why and of a proof that are shown of one finding.
const LINES: usize = 4;

pub(super) fn report(told: &Told<'_>, limit: usize) -> String {
    let mut out = String::new();
    let findings = &told.posture.findings;
    let mut at = 0;
    while let Some(first) = findings.get(at) {
        let of_one = |one: &&Finding| one.check == first.check && one.status == first.status;
        let group: Vec<&Finding> = findings[at..].iter().take_while(of_one).collect();
        at += group.len();
        let word = match first.status {
            Status::Fail => styled(colour(first.severity), first.severity.word().to_uppercase()),
            Status::Unknown => styled(render::ATTENTION, "UNKNOWN"),
            Status::Pass => styled(render::GOOD, "PASS"),
            Status::NotApplicable => styled(render::QUIET, "NOT APPLICABLE"),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "{word} {} {}: {}",
            styled(render::STRONG, &first.check),
            styled(render::QUIET, format!("({})", render::count(group.len() as u64, "resource"))),
            first.title,
        );
        for finding in group.iter().take(limit) {
            one(&mut out, told, finding);
        }
        if group.len() > limit {
            let _ = writeln!(out, "  and {} more; --limit shows them", group.len() - limit);
        }
        if first.status == Status::Fail
            && let Some(check) = told.check(&first.check)
        {
            let fix = &check.definition.fix;
            let _ = writeln!(out, "  fix: {}", fix.manifest.clone().unwrap_or_else(|| fix.cli()).trim());
        }
        out.push('\n');
    }
    if findings.is_empty() {
        out.push_str("nothing of what was asked is found.\n\n");
    }
    let counts = told.posture.counts();
    let _ = write!(
        out,
        "{} asked of {}: {} failed, {} unknown, {} passed, {} not applicable.",
        render::count(told.checks.all.len() as u64, "check"),
        render::count(told.posture.resources as u64, "resource"),
        counts.fail,
        counts.unknown,
        counts.pass,
        counts.not_applicable,
    );
    for gap in &told.posture.gaps {
        let _ = write!(out, "\n{}", styled(render::ATTENTION, clean(gap)));
    }
    for assumed in told.code.map(|code| code.assumed.as_slice()).unwrap_or_default() {
        let _ = write!(out, "\ntaken to be so: {}", clean(assumed));
    }
    out
}

fn colour(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical | Severity::High => render::BAD,
        Severity::Medium => render::ATTENTION,
        Severity::Low => render::QUIET,
    }
}

fn one(out: &mut String, told: &Told<'_>, finding: &Finding) {
    if let Some(place) = told.place(finding) {
        let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
        let address = styled(render::STRONG, clean(&place.address));
        let _ = writeln!(out, "  {}{line} {address}", clean(&place.file));
        return because(out, finding);
    }
    let name = finding.name.as_deref().filter(|name| !finding.resource.ends_with(name));
    let name = name.map(|name| format!("{} ", styled(render::STRONG, clean(name)))).unwrap_or_default();
    let owner = finding.owner.as_ref().map(|owner| format!(", of {}", clean(owner))).unwrap_or_default();
    let _ = writeln!(
        out,
        "  {name}{} ({} {}{owner})",
        clean(&finding.resource),
        clean(&finding.account),
        clean(&finding.region)
    );
    because(out, finding);
}

/// Why it is so, and what is not known.
fn because(out: &mut String, finding: &Finding) {
    let why: Vec<String> = finding.why.iter().map(reason).collect();
    if !why.is_empty() {
        let shown: Vec<String> = why.iter().take(LINES).map(|line| clean(line)).collect();
        let more = if why.len() > LINES { ", …" } else { "" };
        let _ = writeln!(out, "    since {}{more}", shown.join(", "));
    }
    for line in finding.proof.iter().take(LINES) {
        let _ = writeln!(out, "    {}", clean(line));
    }
    for line in finding.missing.iter().take(LINES) {
        let _ = writeln!(out, "    not seen: {}", clean(line));
    }
}

/// A value that decided, in words.
pub(super) fn reason(reason: &Reason) -> String {
    match &reason.value {
        Some(value) => format!("{} is {value}", reason.path),
        None => format!("{} is not there", reason.path),
    }
}

pub(super) fn list(checks: &Checks) -> String {
    let mut sorted: Vec<&Check> = checks.all.iter().collect();
    sorted.sort_by_key(|check| (check.service(), check.definition.severity, &check.definition.id));
    let rows = sorted.iter().map(|check| {
        let definition = &check.definition;
        let controls: Vec<String> = definition
            .controls
            .iter()
            .map(|(framework, ids)| format!("{framework} {}", ids.join(", ")))
            .collect();
        vec![
            check.service().to_owned(),
            styled(colour(definition.severity), definition.severity.word()),
            definition.id.clone(),
            definition.title.clone(),
            controls.join("; "),
        ]
    });
    let table = render::table(&["service", "severity", "check", "what holds", "controls"], rows);
    format!("{table}\n\n{}", render::count(checks.all.len() as u64, "check"))
}

pub(super) fn explained(check: &Check) -> String {
    let definition = &check.definition;
    let mut out = format!(
        "{} {}\n{}\n\n",
        styled(render::STRONG, &definition.id),
        styled(colour(definition.severity), definition.severity.word()),
        definition.title,
    );
    let mut part = |name: &str, text: &str| {
        let text = clean_lines(text.trim()).replace('\n', "\n    ");
        let _ = writeln!(out, "{}\n    {text}", styled(render::QUIET, name));
    };
    part("why it is as bad as that", &definition.because);
    part("asked of", definition.kind.as_str());
    if let Some(applies) = &definition.applies {
        part("about those for which", &applies.value);
    }
    part("passes where", &definition.passes.value);
    part("reads", &check.reads.iter().cloned().collect::<Vec<_>>().join(", "));
    let asked: Vec<String> = check.asked().map(fathom_checks::Asked::text).collect();
    if !asked.is_empty() {
        part("asks engines for", &asked.join(", "));
    }
    let fix = &definition.fix;
    let of_manifests = fix.manifest.as_deref().map(|fix| ("fix in the manifest", fix));
    let cli = fix.cli();
    let fixes = [("fix in the console", fix.console.as_str())].into_iter().chain(of_manifests);
    for (name, fix) in
        fixes.chain([("fix on the command line", &*cli), ("fix in Terraform", &*fix.terraform.value)])
    {
        if !fix.is_empty() {
            part(name, fix);
        }
    }
    let costs = &definition.costs;
    part(
        "what the fix costs",
        &format!("money: {}\nspeed: {}\neffort: {}", costs.money, costs.performance, costs.effort),
    );
    part("references", &definition.references.join("\n"));
    let controls: Vec<String> = definition
        .controls
        .iter()
        .map(|(framework, ids)| format!("{framework}: {}", ids.join(", ")))
        .collect();
    if !controls.is_empty() {
        part("controls", &controls.join("\n"));
    }
    out.trim_end().to_owned()
}
