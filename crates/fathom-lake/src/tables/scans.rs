//! `scans`: every look at the cloud.

use fathom_model::Scan;

use super::{Field, Kind};
use crate::cell::Cell;

pub(super) const ABOUT: &str = "Every scan, one row each";

pub(super) const FIELDS: &[Field<Scan>] = &[
    Field::new("id", Kind::Integer, "counts up from 1", |scan| Cell::Int(scan.id)),
    Field::new("started_at", Kind::Time, "when it began", |scan| scan.started_at.into()),
    Field::new("finished_at", Kind::Time, "when it ended", |scan| scan.finished_at.into()),
    Field::new("state", Kind::Text, "running, finished, failed or interrupted", |scan| {
        scan.state.as_str().into()
    }),
    Field::new("scope", Kind::Text, "what it looked at, in words", |scan| scan.scope.as_str().into()),
    Field::new("accounts", Kind::Json, "the accounts it covered, a list", |scan| list(&scan.accounts)),
    Field::new("regions", Kind::Json, "the regions it covered, a list", |scan| list(&scan.regions)),
    Field::new("resources", Kind::Integer, "resources seen", |scan| scan.resources.into()),
    Field::new("understood", Kind::Integer, "of these, understood", |scan| scan.understood.into()),
    Field::new("calls", Kind::Integer, "HTTP calls made", |scan| scan.calls.into()),
    Field::new("coverage_unknown", Kind::Integer, "rows of its coverage that are unknown", |scan| {
        scan.coverage_unknown.into()
    }),
    Field::new("error", Kind::Text, "why it failed", |scan| scan.error.as_deref().into()),
];

/// Texts as a JSON list.
pub(super) fn list(texts: &[String]) -> Cell<'static> {
    serde_json::to_string(texts).map_or(Cell::Null, Cell::from)
}
