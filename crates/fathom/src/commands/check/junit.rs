//! Findings as JUnit XML: one suite a check, one case a resource that fails or is unknown.

use std::fmt::Write as _;

use fathom_checks::Status;

use super::Told;
use crate::commands::gate::junit::escaped;

pub(in crate::commands) fn report(told: &Told<'_>) -> String {
    let counts = told.posture.counts();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tests = counts.fail + counts.unknown + counts.pass;
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"fathom check\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\" time=\"0\">",
        counts.fail, counts.unknown
    );
    for check in &told.checks.all {
        let id = &check.definition.id;
        let counts = told.posture.by_check.get(id).copied().unwrap_or_default();
        let tests = counts.fail + counts.unknown + counts.pass;
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"0\">",
            escaped(id),
            counts.fail,
            counts.unknown
        );
        for finding in told.posture.findings.iter().filter(|finding| finding.check == *id) {
            let (word, said) = match finding.status {
                Status::Fail => ("failure", finding.why.iter().map(super::text::reason).collect::<Vec<_>>()),
                Status::Unknown => ("error", finding.missing.clone()),
                Status::Pass | Status::NotApplicable => continue,
            };
            let _ = writeln!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">\n      <{word} type=\"{}\" message=\"{}\">{}</{word}>\n    \
                 </testcase>",
                escaped(id),
                escaped(&finding.resource),
                finding.severity,
                escaped(&finding.title),
                escaped(&said.join("; ")),
            );
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
