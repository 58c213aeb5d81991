//! `edges`: what documents say about other resources.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use datafusion::{
    error::{DataFusionError, Result},
    execution::memory_pool::{MemoryConsumer, MemoryReservation},
};
use fathom_model::{Edge, ResourceType, Target, Uid};
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::{Ask, Field, Kind, from_fields, resources::wants};
use crate::{
    batch::{Batches, batches},
    error::ReadError,
    source::Source,
};

pub(super) const ABOUT: &str = "What a resource's document says about other resources, one row a reference";

/// What an entry of the helper map costs beside its text, in bytes.
const ENTRY_BYTES: usize = 96;

pub(super) struct EdgeRow {
    edge: Edge,
    to_type: Option<ResourceType>,
}

pub(super) const FIELDS: &[Field<EdgeRow>] = &[
    Field::new("from_uid", Kind::Text, "the resource whose document states it", |row| {
        row.edge.from.as_str().into()
    }),
    Field::new("kind", Kind::Text, "what it means: in_subnet, assumes, encrypted_by", |row| {
        row.edge.kind.as_str().into()
    }),
    Field::new("to_uid", Kind::Text, "the resource it leads to, or the reference as written", |row| {
        row.edge.to.as_str().into()
    }),
    Field::new("to_type", Kind::Text, "the type of that resource", |row| {
        row.to_type.as_ref().map(ResourceType::as_str).into()
    }),
    Field::new("resolved", Kind::Boolean, "whether that resource is in the estate", |row| {
        row.edge.to.is_known().into()
    }),
    Field::new(
        "outside",
        Kind::Boolean,
        "whether it is not resolved because it names an account that was not looked into",
        |row| matches!(row.edge.to, Target::Unresolved { outside: true, .. }).into(),
    ),
    Field::new("path", Kind::Text, "where the document states it", |row| row.edge.path.as_str().into()),
];

/// Reads it; the types of resources are looked up only where `to_type` is wanted.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    if !wants(FIELDS, &ask, "to_type") {
        let rows = source
            .edges()
            .map_ok(|chunk| chunk.into_iter().map(|edge| EdgeRow { edge, to_type: None }).collect());
        return from_fields(rows.boxed(), FIELDS, ask);
    }
    let wanted: Vec<&Field<EdgeRow>> = ask.columns.iter().filter_map(|column| FIELDS.get(*column)).collect();
    let source = Arc::clone(source);
    async move {
        let reservation = MemoryConsumer::new("types of edges").register(&ask.pool);
        let (types, reservation) = types_by_uid(&source, reservation).await?;
        Ok::<Batches, DataFusionError>(batches(source.edges(), ask.schema, move |edge, batch| {
            // The memory stays reserved as long as the map lives.
            let _ = &reservation;
            let to_type = match &edge.to {
                Target::Known { uid } => types.get(uid).cloned(),
                Target::Unresolved { kind, .. } => Some(kind.clone()),
            };
            let row = EdgeRow { edge: edge.clone(), to_type };
            for (place, field) in wanted.iter().enumerate() {
                batch.push(place, (field.get)(&row))?;
            }
            batch.end_row();
            Ok(())
        }))
    }
    .into_stream()
    .try_flatten()
    .boxed()
}

async fn types_by_uid(
    source: &Arc<dyn Source>,
    reservation: MemoryReservation,
) -> Result<(HashMap<Uid, ResourceType>, MemoryReservation)> {
    let mut names: BTreeSet<ResourceType> = BTreeSet::new();
    let mut types = HashMap::new();
    let mut chunks = source.resources(None, false);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(ReadError::Source)?;
        reservation.try_grow(chunk.iter().map(|row| row.resource.uid.as_str().len() + ENTRY_BYTES).sum())?;
        for row in chunk {
            let kind = if let Some(known) = names.get(&row.resource.kind) {
                known.clone()
            } else {
                names.insert(row.resource.kind.clone());
                row.resource.kind
            };
            types.insert(row.resource.uid, kind);
        }
    }
    Ok((types, reservation))
}
