//! What was, and what changed in it.

use fathom_estate::{Line, ResourceDifference, Said};
use fathom_model::Timestamp;
use fathom_store::{KeptVersion, ResourceVersions};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The most changes of one resource that an answer has; more are counted.
const CHANGES_MAX: usize = 200;
/// The most characters of a value in an answer.
const VALUE_CHARS_MAX: usize = 2000;

/// One change within a resource. Values are as the provider wrote them: escape what you show.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// `added`, `removed` or `changed`.
    what: &'static str,
    /// Where in the document: members with dots, `[]` for an element of a list.
    path: String,
    /// Which elements of the lists on the way, outermost first: `Key=owner`.
    of: Vec<String>,
    /// The value before; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    old: Option<Value>,
    /// The value after; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    new: Option<Value>,
    /// Whether a value was too long, and the beginning of its text stands in its place.
    cut: bool,
}

/// What changed within a resource. None at all means that only the order of lists differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    /// The changes, in the order of the document.
    changes: Vec<ChangeView>,
    /// How many more there are.
    more: u64,
    /// Whether values, and what elements are known by, are left out, as the caller may not read documents.
    withheld: bool,
}

/// A version of a resource.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HistoryVersion {
    /// The scan that brought it.
    scan: i64,
    /// When that scan ended.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
    /// `first_seen`, `returned`, `gone` or `changed`; `version` where the one before it is not read, or not kept any more.
    what: &'static str,
    /// SHA-256 of its document; null where the resource was gone.
    hash: Option<String>,
    /// What changed since the version before; null where the resource came or went, and where one of the two documents is
    /// not read: because it is not kept any more, or because newer ones filled the 64 MiB that are compared in an answer.
    difference: Option<DifferenceView>,
}

impl From<Line> for ChangeView {
    fn from(line: Line) -> Self {
        Self {
            what: line.kind.as_str(),
            path: line.path,
            of: line.of,
            old: line.old,
            new: line.new,
            cut: line.cut,
        }
    }
}

impl DifferenceView {
    /// What changed from one version to another; without the values where `documents` may not be read.
    pub(crate) fn between(before: &KeptVersion, after: &KeptVersion, documents: bool) -> Self {
        let said = |version: &KeptVersion| Said::new(version.document.as_ref(), json!(version.facts));
        let found = ResourceDifference::between(&said(before), &said(after), CHANGES_MAX, VALUE_CHARS_MAX);
        let mut changes: Vec<ChangeView> = found.lines.into_iter().map(ChangeView::from).collect();
        if !documents {
            for change in &mut changes {
                (change.old, change.new, change.cut) = (None, None, false);
                change.of.clear();
            }
        }
        Self { changes, more: found.more, withheld: !documents }
    }
}

impl HistoryVersion {
    /// The versions of a resource, newest first as they were given, each with what it is to the one before it. Of one
    /// more than `limit` the last only serves to compare.
    pub(crate) fn all(kept: &ResourceVersions, limit: usize, documents: bool) -> Vec<Self> {
        let versions = &kept.versions;
        let is_whole = versions.last().is_some_and(|oldest| oldest.scan <= kept.first_scan);
        let before = versions.iter().skip(1).map(Some).chain([None]);
        let views = versions.iter().zip(before).map(|(version, before)| {
            let (what, difference) = match before {
                _ if version.hash.is_none() => ("gone", None),
                None if is_whole => ("first_seen", None),
                None => ("version", None),
                Some(before) if before.hash.is_none() => ("returned", None),
                Some(before) if before.document.is_none() || version.document.is_none() => ("changed", None),
                Some(before) => ("changed", Some(DifferenceView::between(before, version, documents))),
            };
            Self {
                scan: version.scan,
                seen_at: version.seen_at,
                what,
                hash: version.hash.clone(),
                difference,
            }
        });
        views.take(limit).collect()
    }
}
