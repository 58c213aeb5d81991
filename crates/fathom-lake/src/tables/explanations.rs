//! `explanations`: what each source says about each resource.

use std::sync::Arc;

use fathom_model::{Part, SourceKind, Statement, Uid};
use futures::{StreamExt, TryStreamExt};

use super::{Ask, Field, Kind, from_fields};
use crate::{batch::Batches, source::Source};

pub(super) const ABOUT: &str = "What each source says about each resource, one row a statement";

/// A statement with the resource it speaks about.
pub(super) struct StatementRow {
    uid: Uid,
    statement: Statement,
    holds: bool,
}

pub(super) const FIELDS: &[Field<StatementRow>] = &[
    Field::new("uid", Kind::Text, "the resource", |row| row.uid.as_str().into()),
    Field::new(
        "part",
        Kind::Text,
        "owner, purpose, environment, data_class, creator or declared_by",
        |row| Part::as_str(row.statement.part).into(),
    ),
    Field::new("value", Kind::Text, "what is said", |row| row.statement.value.as_str().into()),
    Field::new(
        "source",
        Kind::Text,
        "tag, declaration, terraform, cloudformation, provider or inherited",
        |row| SourceKind::as_str(row.statement.source).into(),
    ),
    Field::new("origin", Kind::Text, "where exactly: the tag's key, the file and rule, the stack", |row| {
        row.statement.origin.as_str().into()
    }),
    Field::new("as_of", Kind::Time, "when the source was read or last changed", |row| {
        row.statement.as_of.into()
    }),
    Field::new("holds", Kind::Boolean, "whether it is the statement that decides the part", |row| {
        row.holds.into()
    }),
];

/// Reads it.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let rows = source.explanations(&ask.asked.which).map_ok(|chunk| {
        let mut rows = Vec::with_capacity(chunk.len());
        for (uid, explanation) in chunk {
            let holds: Vec<bool> = explanation
                .statements
                .iter()
                .map(|statement| {
                    explanation.of(statement.part).is_some_and(|holding| std::ptr::eq(holding, statement))
                })
                .collect();
            rows.extend(
                explanation.statements.into_iter().zip(holds).map(|(statement, holds)| StatementRow {
                    uid: uid.clone(),
                    statement,
                    holds,
                }),
            );
        }
        rows
    });
    from_fields(rows.boxed(), FIELDS, ask)
}
