//! `resource_versions`: what every resource was, since when.

use std::sync::Arc;

use super::{Ask, Field, Kind, from_fields, resources, resources::wants};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{Source, VersionRow},
};

pub(super) const ABOUT: &str =
    "Every version of every resource, also of those that are gone; each holds until the next";

pub(super) const FIELDS: &[Field<VersionRow>] = &[
    Field::new("uid", Kind::Text, "the resource", |row| row.uid.as_str().into()),
    Field::new("type", Kind::Text, "its type", |row| row.kind.as_str().into()),
    Field::new("account", Kind::Text, "its account", |row| row.account.as_str().into()),
    Field::new("region", Kind::Text, "its region", |row| row.region.as_str().into()),
    Field::new("scan", Kind::Integer, "the scan that brought this version", |row| Cell::Int(row.scan)),
    Field::new("seen_at", Kind::Time, "when that scan ended", |row| row.seen_at.into()),
    Field::new("gone", Kind::Boolean, "whether the resource was gone then", |row| row.hash.is_none().into()),
    Field::new("hash", Kind::Text, "SHA-256 of the document; null where the resource was gone", |row| {
        row.hash.as_deref().into()
    }),
    Field::new(
        "document",
        Kind::Json,
        "everything the provider said; null where the resource was gone",
        |row| row.document.as_ref().map_or(Cell::Null, resources::document),
    ),
];

/// Reads it; documents only where they are wanted.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let with_documents = wants(FIELDS, &ask, "document");
    from_fields(source.versions(&ask.asked.which, with_documents), FIELDS, ask)
}
