//! One view for each resource type: what is known about it, then the columns that its definition takes from documents.
//!
//! A column of documents is boolean or integer where all values of the type are, and text otherwise. That is decided
//! over all rows of one version of the estate, so that the same question always has the same schema.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use datafusion::{
    error::{DataFusionError, Result},
    execution::memory_pool::{MemoryConsumer, MemoryReservation},
};
use fathom_content::ResourceDefinition;
use fathom_model::{
    Part, ResourceType, Uid,
    path::{Path, scalar_text},
};
use futures::{FutureExt, StreamExt, TryStreamExt};
use serde_json::Value;

use super::{
    Ask, ColumnInfo, Kind, TableInfo,
    resources::{document as document_cell, tags},
};
use crate::{
    batch::{Batches, batches},
    cell::Cell,
    error::ReadError,
    source::{Row, Source, SourceError, Which},
};

/// The parts of an explanation that have a column.
const PARTS: [Part; 4] = [Part::Owner, Part::Purpose, Part::Environment, Part::DataClass];

/// What an entry of the helper maps costs beside its texts, in bytes.
const ENTRY_BYTES: usize = 160;

/// What is said, in the order of [`PARTS`].
type Said = [Option<Arc<str>>; 4];

type Get = for<'a> fn(&'a Row, &'a Said) -> Cell<'a>;

const FIXED: &[(&str, Kind, &str, Get)] = &[
    ("uid", Kind::Text, "its name for life", |row, _| row.resource.uid.as_str().into()),
    ("account", Kind::Text, "the account that owns it", |row, _| row.resource.account.as_str().into()),
    ("region", Kind::Text, "where it is; `global` where it has no place", |row, _| {
        row.resource.region.as_str().into()
    }),
    ("id", Kind::Text, "the id in the provider's own calls", |row, _| row.resource.id.as_str().into()),
    ("name", Kind::Text, "what people call it", |row, _| row.resource.name.as_deref().into()),
    ("tags", Kind::Json, "its tags, an object", |row, _| tags(&row.resource.tags)),
    ("understood", Kind::Boolean, "whether all that is demanded of it is explained", |row, _| {
        row.understood.into()
    }),
    ("created_at", Kind::Time, "when the provider says that it was created", |row, _| {
        row.resource.created_at.into()
    }),
    ("owner", Kind::Text, "who answers for it", |_, said| said[0].as_deref().into()),
    ("purpose", Kind::Text, "what it is for", |_, said| said[1].as_deref().into()),
    ("environment", Kind::Text, "production, staging, development", |_, said| said[2].as_deref().into()),
    ("data_class", Kind::Text, "which class its data has", |_, said| said[3].as_deref().into()),
];

/// The places of [`PARTS`] in [`FIXED`].
const SAID: std::ops::Range<usize> = 8..12;

/// A resource type as a table.
#[derive(Debug)]
pub(crate) struct View {
    kind: ResourceType,
    paths: Vec<(String, Path)>,
}

impl View {
    /// The view of a definition, and what people read about it.
    pub(super) fn new(definition: &ResourceDefinition) -> (TableInfo, Self) {
        let mut columns: Vec<ColumnInfo> = FIXED
            .iter()
            .map(|(name, kind, about, _)| ColumnInfo {
                name: (*name).to_owned(),
                kind: *kind,
                description: (*about).to_owned(),
            })
            .collect();
        let mut paths = Vec::with_capacity(definition.columns.len());
        for (name, path) in &definition.columns {
            let taken = name == "document" || FIXED.iter().any(|fixed| fixed.0 == name);
            let name = if taken { format!("document_{name}") } else { name.clone() };
            columns.push(ColumnInfo {
                name: name.clone(),
                kind: Kind::Varies,
                description: format!("`{path}` of the document"),
            });
            paths.push((name, path.clone()));
        }
        columns.push(ColumnInfo {
            name: "document".to_owned(),
            kind: Kind::Json,
            description: "everything the provider said".to_owned(),
        });
        let info = TableInfo {
            name: definition.kind.view_name(),
            description: definition.description.clone(),
            columns,
        };
        (info, Self { kind: definition.kind.clone(), paths })
    }

    /// The columns that are read from documents.
    pub(crate) fn document_columns(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|(name, _)| name.as_str())
    }

    /// The kinds of the columns that are read from documents, decided by all rows.
    pub(crate) async fn learn(&self, source: &Arc<dyn Source>) -> Result<Vec<Kind>, SourceError> {
        let mut kinds: Vec<Option<Kind>> = vec![None; self.paths.len()];
        let mut chunks = source.resources(&Which::of(&self.kind), true);
        while let Some(chunk) = chunks.next().await {
            for row in chunk? {
                let document = row.resource.document.whole().value();
                for (kind, (_, path)) in kinds.iter_mut().zip(&self.paths) {
                    let seen = match value_of(path, &document) {
                        Cell::Null => continue,
                        Cell::Bool(_) => Kind::Boolean,
                        Cell::Int(_) => Kind::Integer,
                        Cell::Number(_) => Kind::Number,
                        Cell::Text(_) | Cell::Time(_) => Kind::Text,
                    };
                    *kind = Some(match kind {
                        Some(before) if *before != seen => Kind::Text,
                        _ => seen,
                    });
                }
            }
        }
        Ok(kinds.into_iter().map(|kind| kind.unwrap_or(Kind::Text)).collect())
    }

    /// The columns with what was learned put in place of [`Kind::Varies`].
    pub(crate) fn columns(info: &TableInfo, learned: &[Kind]) -> Vec<ColumnInfo> {
        let mut columns = info.columns.clone();
        for (column, kind) in columns.iter_mut().skip(FIXED.len()).zip(learned) {
            column.kind = *kind;
        }
        columns
    }
}

/// What a path leads to: one scalar as it is, an object, a list or several values as JSON.
fn value_of<'v>(path: &Path, document: &'v Value) -> Cell<'v> {
    let found = path.all(document);
    match found.as_slice() {
        [] => Cell::Null,
        [Value::Bool(yes)] => Cell::Bool(*yes),
        [Value::String(text)] => text.as_str().into(),
        [Value::Number(number)] => match number.as_i64() {
            Some(whole) => Cell::Int(whole),
            None => scalar_text(found[0]).into(),
        },
        [one] => one.to_string().into(),
        several => serde_json::to_string(several).map_or(Cell::Null, Cell::from),
    }
}

/// Reads it: what is said and what documents hold only where it is wanted.
pub(super) fn read(view: &Arc<View>, source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let view = Arc::clone(view);
    let source = Arc::clone(source);
    async move {
        let reservation = MemoryConsumer::new("explanations of a view").register(&ask.pool);
        let which = Which { kinds: vec![view.kind.clone()], ..ask.asked.which };
        let said = if ask.columns.iter().any(|column| SAID.contains(column)) {
            all_said(&which, &source, &reservation).await?
        } else {
            HashMap::new()
        };
        let parses =
            ask.columns.iter().any(|column| (FIXED.len()..FIXED.len() + view.paths.len()).contains(column));
        let with_documents = ask.columns.iter().any(|column| *column >= FIXED.len());
        let rows = source.resources(&which, with_documents);
        Ok::<Batches, DataFusionError>(batches(rows, ask.schema, move |row, batch| {
            // The memory stays reserved as long as the map lives.
            let _ = &reservation;
            let nothing = Said::default();
            let said = said.get(&row.resource.uid).unwrap_or(&nothing);
            let document = if parses { row.resource.document.whole().value() } else { Value::Null };
            for (place, column) in ask.columns.iter().enumerate() {
                let cell = if let Some((.., get)) = FIXED.get(*column) {
                    get(row, said)
                } else if let Some((_, path)) = view.paths.get(*column - FIXED.len()) {
                    value_of(path, &document)
                } else {
                    document_cell(&row.resource.document)
                };
                batch.push(place, cell)?;
            }
            batch.end_row();
            Ok(())
        }))
    }
    .into_stream()
    .try_flatten()
    .boxed()
}

/// What is said about the resources; equal texts are kept once.
async fn all_said(
    which: &Which,
    source: &Arc<dyn Source>,
    reservation: &MemoryReservation,
) -> Result<HashMap<Uid, Said>> {
    let mut texts: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut said = HashMap::new();
    let mut chunks = source.explanations(which);
    while let Some(chunk) = chunks.next().await {
        for (uid, explanation) in chunk.map_err(ReadError::Source)? {
            reservation.try_grow(uid.as_str().len() + ENTRY_BYTES)?;
            let mut values = Said::default();
            for (value, part) in values.iter_mut().zip(PARTS) {
                let Some(text) = explanation.value(part) else { continue };
                if !texts.contains(text) {
                    reservation.try_grow(text.len() + ENTRY_BYTES)?;
                    texts.insert(Arc::from(text));
                }
                *value = texts.get(text).cloned();
            }
            said.insert(uid, values);
        }
    }
    Ok(said)
}
