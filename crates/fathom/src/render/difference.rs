//! Differences in a terminal: one line a change, with the values that the provider wrote made harmless.

use fathom_estate::{ChangeKind, Line, ResourceDifference, Said};
use fathom_store::KeptVersion;
use serde_json::json;

use super::{ATTENTION, BAD, GOOD, QUIET, clean, count, styled};

/// How much of a difference is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Changes of one resource.
    pub(crate) lines_max: usize,
    /// Characters of one value.
    pub(crate) value_chars_max: usize,
}

impl Extent {
    /// What a person reads at a glance.
    pub(crate) const GLANCE: Self = Self { lines_max: 20, value_chars_max: 120 };
    /// What a person asks for with `--full`: still bounded, since a document may be as large as an answer.
    pub(crate) const FULL: Self = Self { lines_max: 100_000, value_chars_max: 1_000_000 };

    /// As much as the flag asks for.
    pub(crate) fn of(full: bool) -> Self {
        if full { Self::FULL } else { Self::GLANCE }
    }
}

/// What a version says of its resource.
pub(crate) fn said(version: &KeptVersion) -> Said {
    Said::new(version.document.as_ref(), json!(version.facts))
}

/// What changed from one version to another.
pub(crate) fn between(before: &KeptVersion, after: &KeptVersion, extent: Extent) -> ResourceDifference {
    ResourceDifference::between(&said(before), &said(after), extent.lines_max, extent.value_chars_max)
}

/// The lines for people, each with this before it.
pub(crate) fn lines(difference: &ResourceDifference, indent: &str, extent: Extent) -> String {
    let mut out: Vec<String> =
        difference.lines.iter().map(|one| format!("{indent}{}", line(one, extent))).collect();
    if difference.more > 0 {
        out.push(format!(
            "{indent}{}",
            styled(QUIET, format!("and {} more; --full shows all", count(difference.more, "change")))
        ));
    }
    if difference.is_empty() {
        out.push(format!("{indent}{}", styled(QUIET, "only the order of lists differs")));
    }
    out.join("\n")
}

/// One line: `~ Tags[].Value (Key=environment): "prod" → "dev"`.
fn line(line: &Line, extent: Extent) -> String {
    let style = match line.kind {
        ChangeKind::Added => GOOD,
        ChangeKind::Removed => BAD,
        ChangeKind::Changed => ATTENTION,
    };
    let of = match line.of.as_slice() {
        [] => String::new(),
        of => format!(" ({})", clean(&of.join(", "))),
    };
    // `clean` cuts what it escapes; a person who asked for all gets all.
    let is_whole = extent.value_chars_max > Extent::GLANCE.value_chars_max;
    let value = |text: String| if is_whole { escaped(&text) } else { clean(&text) };
    let values = match (line.old_text(), line.new_text()) {
        (Some(old), Some(new)) => format!(": {} → {}", value(old), value(new)),
        (Some(only), None) | (None, Some(only)) => format!(": {}", value(only)),
        (None, None) => String::new(),
    };
    format!("{} {}{of}{values}", styled(style, line.kind.sign()), clean(&line.path))
}

/// A text of any length with what could do harm escaped.
fn escaped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(100).map(|part| clean(&part.iter().collect::<String>())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_values_do_no_harm() {
        let hostile = "\u{1b}[2J<script>\u{202e}\u{9b}31m\n=cmd|' /C calc'!A0";
        let old = Said { document: json!({"Tags": [{"Key": hostile, "Value": "a"}]}), facts: json!({}) };
        let new = Said {
            document: json!({"Tags": [{"Key": hostile, "Value": hostile}], (hostile): "x".repeat(100_000)}),
            facts: json!({}),
        };
        for extent in [Extent::GLANCE, Extent::FULL] {
            let difference =
                ResourceDifference::between(&old, &new, extent.lines_max, extent.value_chars_max);
            let text = anstream::adapter::strip_str(&lines(&difference, "  ", extent)).to_string();
            assert_eq!(text.lines().count(), 2, "{text}");
            assert!(text.contains("<script>"), "{text}");
            assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
            let is_whole = text.contains(&"x".repeat(100_000));
            assert_eq!(is_whole, extent.lines_max == Extent::FULL.lines_max);
            assert_eq!(text.contains("100000 characters"), !is_whole);
        }
    }
}
