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
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::{Ask, Field, Kind, from_fields, resources::wants};
use crate::{
    batch::Batches,
    error::ReadError,
    source::{Chunks, Row, Source, Which, WhichEdges},
};

pub(super) const ABOUT: &str = "What a resource's document says about other resources, one row a reference";

/// What an entry of the helper map costs beside its text, in bytes.
const ENTRY_BYTES: usize = 96;
/// Resources that are looked up in one question.
const LOOKED_UP_AT_ONCE: usize = 1000;

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
    let edges = source.edges(&ask.asked.edges);
    if !wants(FIELDS, &ask, "to_type") {
        let rows =
            edges.map_ok(|chunk| chunk.into_iter().map(|edge| EdgeRow { edge, to_type: None }).collect());
        return from_fields(rows.boxed(), FIELDS, ask);
    }
    let source = Arc::clone(source);
    async move {
        let mut types = Types {
            known: HashMap::new(),
            names: BTreeSet::new(),
            reservation: MemoryConsumer::new("types of edges").register(&ask.pool),
        };
        // A stream may hold a connection as long as it lives: never two at a time.
        let edges = if ask.asked.edges == WhichEdges::default() {
            types.add(source.resources(&Which::all(), false)).await?;
            edges
        } else {
            let few = types.keep(edges).await?;
            types.look_up(&source, &few).await?;
            stream::iter(few.into_iter().map(Ok)).boxed()
        };
        let rows = edges.map_ok(move |chunk| types.rows(chunk));
        Ok::<Batches, DataFusionError>(from_fields(rows.boxed(), FIELDS, ask))
    }
    .into_stream()
    .try_flatten()
    .boxed()
}

/// The types of resources that edges lead to.
struct Types {
    known: HashMap<Uid, ResourceType>,
    /// Equal types are kept once.
    names: BTreeSet<ResourceType>,
    /// The memory stays reserved as long as they are here.
    reservation: MemoryReservation,
}

impl Types {
    /// All edges of a stream.
    async fn keep(&mut self, mut edges: Chunks<Edge>) -> Result<Vec<Vec<Edge>>> {
        let mut kept = Vec::new();
        while let Some(chunk) = edges.next().await {
            let chunk = chunk.map_err(ReadError::Source)?;
            let text = |edge: &Edge| edge.from.as_str().len() + edge.to.as_str().len();
            self.reservation.try_grow(chunk.iter().map(|edge| text(edge) + ENTRY_BYTES).sum())?;
            kept.push(chunk);
        }
        Ok(kept)
    }

    /// Adds the types of what these edges lead to.
    async fn look_up(&mut self, source: &Arc<dyn Source>, edges: &[Vec<Edge>]) -> Result<()> {
        let uids: BTreeSet<&Uid> = edges
            .iter()
            .flatten()
            .filter_map(|edge| match &edge.to {
                Target::Known { uid } => Some(uid),
                Target::Unresolved { .. } => None,
            })
            .collect();
        let uids: Vec<Uid> = uids.into_iter().cloned().collect();
        for some in uids.chunks(LOOKED_UP_AT_ONCE) {
            let which = Which { uids: some.to_vec(), ..Which::default() };
            self.add(source.resources(&which, false)).await?;
        }
        Ok(())
    }

    async fn add(&mut self, mut resources: Chunks<Row>) -> Result<()> {
        while let Some(chunk) = resources.next().await {
            let chunk = chunk.map_err(ReadError::Source)?;
            self.reservation
                .try_grow(chunk.iter().map(|row| row.resource.uid.as_str().len() + ENTRY_BYTES).sum())?;
            for row in chunk {
                let kind = if let Some(name) = self.names.get(&row.resource.kind) {
                    name.clone()
                } else {
                    self.names.insert(row.resource.kind.clone());
                    row.resource.kind
                };
                self.known.insert(row.resource.uid, kind);
            }
        }
        Ok(())
    }

    fn rows(&self, edges: Vec<Edge>) -> Vec<EdgeRow> {
        let row = |edge: Edge| {
            let to_type = match &edge.to {
                Target::Known { uid } => self.known.get(uid).cloned(),
                Target::Unresolved { kind, .. } => Some(kind.clone()),
            };
            EdgeRow { edge, to_type }
        };
        edges.into_iter().map(row).collect()
    }
}
