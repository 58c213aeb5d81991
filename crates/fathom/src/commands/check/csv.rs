//! Findings as CSV (RFC 4180), a line each.

use std::fmt::Write as _;

use super::Told;
use crate::render::clean_to;

/// Characters of a field.
const CHARS_MAX: usize = 4_000;
/// What a spreadsheet would take for a formula.
const FORMULAS: [char; 4] = ['=', '+', '-', '@'];

pub(super) fn report(told: &Told<'_>) -> String {
    let mut out =
        String::from("id,status,severity,check,title,resource,type,name,account,region,owner,why,missing");
    out.push_str(if told.code.is_some() { ",file,line\r\n" } else { "\r\n" });
    for finding in &told.posture.findings {
        let why: Vec<String> = finding.why.iter().map(super::text::reason).collect();
        let fields = [
            finding.id.as_str(),
            finding.status.word(),
            finding.severity.word(),
            &finding.check,
            &finding.title,
            &finding.resource,
            &finding.resource_type,
            finding.name.as_deref().unwrap_or_default(),
            &finding.account,
            &finding.region,
            finding.owner.as_deref().unwrap_or_default(),
            &why.join("; "),
            &finding.missing.join("; "),
        ]
        .map(field);
        out.push_str(&fields.join(","));
        if told.code.is_some() {
            let place = told.place(finding);
            let line = place.and_then(|place| place.line).map(|line| line.to_string()).unwrap_or_default();
            let file = place.map(|place| place.file.as_str()).unwrap_or_default();
            // Writing to a text cannot fail.
            let _ = write!(out, ",{},{line}", field(file));
        }
        out.push_str("\r\n");
    }
    out
}

pub(in crate::commands) fn field(text: &str) -> String {
    let mut text = clean_to(text, CHARS_MAX);
    if text.starts_with(FORMULAS) {
        text.insert(0, '\'');
    }
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
