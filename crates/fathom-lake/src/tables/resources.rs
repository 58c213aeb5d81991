//! `resources`: everything that was seen.

use std::{collections::BTreeMap, sync::Arc};

use fathom_model::Document;

use super::{Ask, Field, Kind, from_fields};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{Row, Source},
};

pub(super) const ABOUT: &str =
    "Every resource in the estate, one row each; those that are gone are in `resource_versions`";

pub(super) const FIELDS: &[Field<Row>] = &[
    Field::new("uid", Kind::Text, "its name for life: the ARN, or a text like one", |row| {
        row.resource.uid.as_str().into()
    }),
    Field::new("type", Kind::Text, "its type, like AWS::S3::Bucket", |row| row.resource.kind.as_str().into()),
    Field::new("account", Kind::Text, "the account that owns it", |row| row.resource.account.as_str().into()),
    Field::new("region", Kind::Text, "where it is; `global` where it has no place", |row| {
        row.resource.region.as_str().into()
    }),
    Field::new("id", Kind::Text, "the id in the provider's own calls", |row| row.resource.id.as_str().into()),
    Field::new("name", Kind::Text, "what people call it", |row| row.resource.name.as_deref().into()),
    Field::new("tags", Kind::Json, "its tags, an object", |row| tags(&row.resource.tags)),
    Field::new("created_at", Kind::Time, "when the provider says that it was created", |row| {
        row.resource.created_at.into()
    }),
    Field::new("first_seen", Kind::Time, "when a scan first saw it", |row| row.first_seen.into()),
    Field::new("last_seen", Kind::Time, "when a scan last saw it", |row| row.last_seen.into()),
    Field::new(
        "exposed",
        Kind::Boolean,
        "whether its own settings say that it may be reached from outside",
        |row| row.resource.exposed.into(),
    ),
    Field::new("provider_made", Kind::Boolean, "whether the provider itself made it", |row| {
        row.resource.provider_made.into()
    }),
    Field::new("understood", Kind::Boolean, "whether all that is demanded of it is explained", |row| {
        row.understood.into()
    }),
    Field::new("stale", Kind::Boolean, "whether the last scan could not say that it still exists", |row| {
        row.stale.into()
    }),
    Field::new("document", Kind::Json, "everything the provider said", |row| {
        document(&row.resource.document)
    }),
];

/// Reads it; documents only where they are wanted.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let with_documents = wants(FIELDS, &ask, "document");
    from_fields(source.resources(&ask.asked.which, with_documents), FIELDS, ask)
}

/// Whether a column is wanted.
pub(super) fn wants<T>(fields: &[Field<T>], ask: &Ask, name: &str) -> bool {
    ask.columns.iter().any(|column| fields.get(*column).is_some_and(|field| field.name == name))
}

/// A document as the provider gave it, with what changes by itself.
pub(super) fn document(document: &Document) -> Cell<'_> {
    match document.observed() {
        None => document.as_str().into(),
        Some(_) => document.whole().as_str().to_owned().into(),
    }
}

/// Tags as a JSON object.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Cell<'static> {
    serde_json::to_string(tags).map_or(Cell::Null, Cell::from)
}
