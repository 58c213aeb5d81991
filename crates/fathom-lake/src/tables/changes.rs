//! `changes`: what each scan found different in each resource, one row a line of the difference.

use std::sync::Arc;

use fathom_estate::difference::{ChangeKind, Line, ResourceDifference, Said};
use fathom_model::Document;
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use super::{Ask, Field, Kind, from_fields};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{Source, VersionRow},
};

pub(super) const ABOUT: &str = "What each scan found different: one row for a resource that came or went, else one for each change in its document and in what is said beside it";

/// Lines of one version that become rows; of more, one row says that there are.
const LINES_MAX: usize = 1000;
/// Characters of a value.
const VALUE_CHARS_MAX: usize = 10_000;

/// A line with the version that it belongs to.
pub(super) struct ChangeRow {
    version: Arc<VersionRow>,
    what: &'static str,
    line: Option<Line>,
}

pub(super) const FIELDS: &[Field<ChangeRow>] = &[
    Field::new("uid", Kind::Text, "the resource", |row| row.version.uid.as_str().into()),
    Field::new("type", Kind::Text, "its type", |row| row.version.kind.as_str().into()),
    Field::new("account", Kind::Text, "its account", |row| row.version.account.as_str().into()),
    Field::new("region", Kind::Text, "its region", |row| row.version.region.as_str().into()),
    Field::new("scan", Kind::Integer, "the scan that found it", |row| Cell::Int(row.version.scan)),
    Field::new("seen_at", Kind::Time, "when that scan ended", |row| row.version.seen_at.into()),
    Field::new(
        "what",
        Kind::Text,
        "of the resource: first_seen, returned, gone, `version` where the one before it is not kept, changed where only \
         the order of lists differs; of a member: added, removed, changed; `more` where lines are left out",
        |row| row.what.into(),
    ),
    Field::new("path", Kind::Text, "where in the document", |row| {
        row.line.as_ref().map(|line| line.path.as_str()).into()
    }),
    Field::new("element", Kind::Text, "which elements of the lists on the way: `Key=owner`", |row| {
        let of = row.line.as_ref().map(|line| line.of.join(", "));
        of.filter(|of| !of.is_empty()).map_or(Cell::Null, Cell::from)
    }),
    Field::new("old", Kind::Json, "the value before, as JSON", |row| value(row, |line| line.old.as_ref())),
    Field::new("new", Kind::Json, "the value after, as JSON", |row| value(row, |line| line.new.as_ref())),
];

fn value<'r>(row: &'r ChangeRow, of: impl Fn(&'r Line) -> Option<&'r Value>) -> Cell<'r> {
    row.line.as_ref().and_then(of).map_or(Cell::Null, |value| value.to_string().into())
}

/// Reads it; how many rows there are depends on the documents, so they are always read.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let mut before: Option<VersionRow> = None;
    let rows = source.versions(&ask.asked.which, true).map_ok(move |chunk| {
        let mut rows = Vec::with_capacity(chunk.len());
        for version in chunk {
            let known = before.take().filter(|before| before.uid == version.uid);
            between(known.as_ref(), &version, &mut rows);
            before = Some(version);
        }
        rows
    });
    from_fields(rows.boxed(), FIELDS, ask)
}

/// The rows of a version that follows another one, or none.
fn between(before: Option<&VersionRow>, version: &VersionRow, rows: &mut Vec<ChangeRow>) {
    let shared = Arc::new(VersionRow { document: None, ..version.clone() });
    let mut push = |what, line| rows.push(ChangeRow { version: Arc::clone(&shared), what, line });
    let gone = |version: &VersionRow| version.hash.is_none();
    match before {
        None if gone(version) => push("gone", None),
        None if version.is_first => push("first_seen", None),
        None => push("version", None),
        Some(before) if gone(before) => {
            if !gone(version) {
                push("returned", None);
            }
        }
        Some(_) if gone(version) => push("gone", None),
        Some(before) => {
            let (Some(old), Some(new)) = (&before.document, &version.document) else {
                return push(ChangeKind::Changed.as_str(), None);
            };
            let said = |document: &Document, facts: &Value| Said::new(Some(document), facts.clone());
            let (old, new) = (said(old, &before.facts), said(new, &version.facts));
            let difference = ResourceDifference::between(&old, &new, LINES_MAX, VALUE_CHARS_MAX);
            if difference.is_empty() {
                push(ChangeKind::Changed.as_str(), None);
            }
            for line in difference.lines {
                push(line.kind.as_str(), Some(line));
            }
            if difference.more > 0 {
                push("more", None);
            }
        }
    }
}
