//! `unknowns`: what is not understood, one row a gap.

use std::sync::Arc;

use fathom_model::{Gap, Reason, Unknown};
use futures::{StreamExt, TryStreamExt};

use super::{Ask, Field, Kind, from_fields, scans::list};
use crate::{batch::Batches, source::Source};

pub(super) const ABOUT: &str =
    "What is not understood: one row for each gap of each resource, worst rank first";

/// A gap with the resource it belongs to.
pub(super) struct GapRow {
    of: Arc<Unknown>,
    gap: Gap,
}

pub(super) const FIELDS: &[Field<GapRow>] = &[
    Field::new("uid", Kind::Text, "the resource", |row| row.of.uid.as_str().into()),
    Field::new("type", Kind::Text, "its type", |row| row.of.kind.as_str().into()),
    Field::new("account", Kind::Text, "its account", |row| row.of.account.as_str().into()),
    Field::new("region", Kind::Text, "its region", |row| row.of.region.as_str().into()),
    Field::new("name", Kind::Text, "its name", |row| row.of.name.as_deref().into()),
    Field::new("rank", Kind::Integer, "place of the resource in the list, 1 is worst", |row| {
        row.of.rank.into()
    }),
    Field::new("because", Kind::Json, "why it stands there, a list of words", |row| list(&row.of.because)),
    Field::new("part", Kind::Text, "what is missing: owner, purpose, an attribute", |row| {
        row.gap.part.as_str().into()
    }),
    Field::new("reason", Kind::Text, "why it could not be read; null where nobody stated it", |row| {
        row.gap.reason.map(Reason::as_str).into()
    }),
    Field::new("detail", Kind::Text, "what would close it", |row| row.gap.detail.as_str().into()),
    Field::new("accepted_until", Kind::Time, "until when somebody accepted it", |row| {
        row.gap.accepted.as_ref().map(|acceptance| acceptance.until).into()
    }),
];

/// Reads it.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let rows = source.unknowns().map_ok(|chunk| {
        chunk
            .into_iter()
            .flat_map(|mut unknown| {
                let gaps = std::mem::take(&mut unknown.gaps);
                let of = Arc::new(unknown);
                gaps.into_iter().map(move |gap| GapRow { of: Arc::clone(&of), gap })
            })
            .collect()
    });
    from_fields(rows.boxed(), FIELDS, ask)
}
