//! `unauthenticated`: what answers without asking who comes, worked out when it is asked for.

use std::sync::Arc;

use fathom_content::open::Reach;
use fathom_reach::open::{Open, OpenRow};
use futures::FutureExt;

use super::{Ask, Field, Kind, Shared, exposure::json, from_fields};
use crate::{
    batch::Batches,
    source::{Chunks, Source, SourceError},
};

pub(super) const ABOUT: &str = "What answers without asking who comes, from the internet and inside, with the setting or statement and the way over the network; what surely does not has no row";

/// One row, or what was not read at all.
pub(super) struct Row {
    row: Option<OpenRow>,
    gap: Option<String>,
}

pub(super) const FIELDS: &[Field<Row>] = &[
    Field::new("verdict", Kind::Text, "yes, only_if, unknown", |row| {
        row.row.as_ref().map_or("unknown", |row| row.verdict.word()).into()
    }),
    Field::new(
        "list",
        Kind::Text,
        "who may come: internet, internal; null where `gap` says what is not known",
        |row| {
            row.row
                .as_ref()
                .map(|row| if row.list == Reach::Internet { "internet" } else { "internal" })
                .into()
        },
    ),
    Field::new(
        "resource",
        Kind::Text,
        "its ARN, or the id of a security group; null where those of a type were not listed",
        |row| of(row).map(|row| row.resource.as_str()).filter(|id| !id.is_empty()).into(),
    ),
    Field::new("resource_type", Kind::Text, "its type, like AWS::S3::Bucket", |row| {
        of(row).map(|row| row.resource_type.as_str()).into()
    }),
    Field::new("name", Kind::Text, "what people call it", |row| {
        of(row).and_then(|row| row.name.as_deref()).into()
    }),
    Field::new("account", Kind::Text, "the account that it was read in", |row| {
        of(row).map(|row| row.account.as_str()).into()
    }),
    Field::new("region", Kind::Text, "its region", |row| {
        of(row).map(|row| row.region.as_str()).filter(|region| !region.is_empty()).into()
    }),
    Field::new("how", Kind::Text, "what opens: setting, share, listener, policy, rule", |row| {
        of(row).map(|row| row.how.word()).into()
    }),
    Field::new(
        "asks",
        Kind::Text,
        "what is still asked for: nothing, application (nothing that AWS checks), any_account, credentials",
        |row| of(row).map(|row| row.asks.word()).into(),
    ),
    Field::new("in_the_clear", Kind::Boolean, "whether it is about what travels without encryption", |row| {
        of(row).map(|row| row.in_the_clear).into()
    }),
    Field::new("says", Kind::Text, "what is open, in words", |row| {
        of(row).map(|row| row.says.as_str()).into()
    }),
    Field::new(
        "proof",
        Kind::Json,
        "settings with their places in the document, statements, rules, a list",
        |row| of(row).map(|row| json(&row.proof)).into(),
    ),
    Field::new("way", Kind::Text, "how one gets there, in words", |row| {
        of(row).map(|row| row.way.says.as_str()).into()
    }),
    Field::new("hops", Kind::Json, "each hop of the way, there and back, a list", |row| {
        of(row).map(|row| json(&row.way.hops)).into()
    }),
    Field::new("conditions", Kind::Json, "what must hold, where the verdict is only_if, a list", |row| {
        of(row).map(|row| json(&row.conditions)).into()
    }),
    Field::new("missing", Kind::Json, "what was not read, with the call, a list", |row| {
        of(row).map(|row| json(&row.missing)).into()
    }),
    Field::new("rule", Kind::Text, "the rule that says so", |row| {
        of(row).map(|row| row.rule.as_str()).into()
    }),
    Field::new("source", Kind::Text, "the provider's page about it", |row| {
        of(row).map(|row| row.source.as_str()).into()
    }),
    Field::new("gap", Kind::Text, "what was not read and may hide more", |row| row.gap.as_deref().into()),
];

fn of(row: &Row) -> Option<&OpenRow> {
    row.row.as_ref()
}

/// Works it out.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let (source, shared) = (Arc::clone(source), Arc::clone(&ask.permissions));
    let rows = async move {
        let found = load(&source, &shared).await?;
        let gaps = found.gaps.iter().map(|gap| Row { row: None, gap: Some(gap.clone()) });
        Ok(found.rows.iter().map(|row| Row { row: Some(row.clone()), gap: None }).chain(gaps).collect())
    };
    let chunks: Chunks<Row> = Box::pin(rows.into_stream());
    from_fields(chunks, FIELDS, ask)
}

async fn load(source: &Arc<dyn Source>, shared: &Shared) -> Result<Arc<Open>, SourceError> {
    let loaded = shared.open.get_or_try_init(|| source.open(Arc::clone(&shared.content))).await;
    loaded.map(Arc::clone)
}
