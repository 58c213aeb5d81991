//! The report as JUnit XML: one test case a condition, and one for each resource that makes a condition fail.
//!
//! The form is the one that CI systems read (Ant's, as Jenkins and GitLab document it). Names come from the cloud, so
//! everything is escaped twice over: control characters, which XML 1.0 has no form for, and then markup.

use std::fmt::Write as _;

use super::judge::{Condition, Finding, Judged};
use crate::render::clean_to;

/// The most characters of a name, and of a sentence.
const CHARS_MAX: usize = 2_100;

pub(super) fn report(judged: &Judged) -> String {
    let failing: Vec<&Finding> = judged.failing().collect();
    let failed = judged.conditions.iter().filter(|condition| !condition.holds).count();
    let time = judged.scan.finished_at.unwrap_or(judged.scan.started_at).strftime("%Y-%m-%dT%H:%M:%S");
    let conditions: String = judged.conditions.iter().map(of_condition).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures) = (judged.conditions.len() + failing.len(), failed + failing.len());
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"fathom gate\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"0\">"
    );
    suite(&mut out, "conditions", judged.conditions.len(), failed, &time.to_string(), &conditions, "");
    if !failing.is_empty() {
        let cases: String = failing.iter().map(|finding| of_resource(finding)).collect();
        let rest = judged.failing_total().saturating_sub(failing.len() as u64);
        let said = match rest {
            0 => String::new(),
            rest => format!("{rest} more resources are not understood; `fathom unknown` lists them"),
        };
        suite(&mut out, "resources", failing.len(), failing.len(), &time.to_string(), &cases, &said);
    }
    out.push_str("</testsuites>\n");
    out
}

fn suite(out: &mut String, name: &str, tests: usize, failures: usize, time: &str, cases: &str, said: &str) {
    let _ = write!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" \
         time=\"0\" timestamp=\"{time}\">\n{cases}"
    );
    if !said.is_empty() {
        let _ = writeln!(out, "    <system-out>{}</system-out>", escaped(said));
    }
    out.push_str("  </testsuite>\n");
}

fn of_condition(condition: &Condition) -> String {
    let name = escaped(&condition.asked);
    if condition.holds {
        return format!("    <testcase classname=\"fathom.gate\" name=\"{name}\" time=\"0\"/>\n");
    }
    format!(
        "    <testcase classname=\"fathom.gate\" name=\"{name}\" time=\"0\">\n      \
         <failure type=\"{}\" message=\"found: {}\"/>\n    </testcase>\n",
        condition.name,
        escaped(&condition.found)
    )
}

fn of_resource(finding: &Finding) -> String {
    let unknown = &finding.unknown;
    let open = || unknown.gaps.iter().filter(|gap| gap.accepted.is_none());
    let parts: Vec<&str> = open().map(|gap| gap.part.as_str()).collect();
    let mut lines: String = open().fold(String::new(), |mut lines, gap| {
        let why = gap.reason.map(|reason| format!(" (could not be read: {reason})")).unwrap_or_default();
        let _ = writeln!(lines, "{}{why}: {}", escaped(&gap.part), escaped(&gap.detail));
        lines
    });
    if let Some(declared) = &finding.declared {
        let _ = writeln!(lines, "declared in {} as {}", escaped(&declared.file), escaped(&declared.address));
    }
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">\n      \
         <failure type=\"not_understood\" message=\"missing: {}\">{lines}</failure>\n    </testcase>\n",
        escaped(unknown.kind.as_str()),
        escaped(unknown.uid.as_str()),
        escaped(&parts.join(", ")),
    )
}

/// A text as XML 1.0 can hold it, in an attribute or between tags.
pub(in crate::commands) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean_to(text, CHARS_MAX).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_written_out() {
        assert_eq!(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
        assert_eq!(escaped("\u{0}\u{1b}[31m\u{ffff}\u{202e}"), "\\u{0}\\u{1b}[31m\\u{ffff}\\u{202e}");
        assert_eq!(escaped("]]>"), "]]&gt;");
        assert_eq!(escaped("größe 東京 🦀"), "größe 東京 🦀");
        assert_eq!(escaped(&"x".repeat(100_000)).chars().count(), CHARS_MAX + 1);
    }
}
