//! Findings as CSV (RFC 4180), a line each.

use super::Told;
use crate::render::clean_to;

/// Characters of a field.
const CHARS_MAX: usize = 4_000;
/// What a spreadsheet would take for a formula.
const FORMULAS: [char; 4] = ['=', '+', '-', '@'];

pub(super) fn report(told: &Told<'_>) -> String {
    let mut out = String::from(
        "id,status,severity,check,title,resource,type,name,account,region,owner,why,missing\r\n",
    );
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
        out.push_str("\r\n");
    }
    out
}

fn field(text: &str) -> String {
    let mut text = clean_to(text, CHARS_MAX);
    if text.starts_with(FORMULAS) {
        text.insert(0, '\'');
    }
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
