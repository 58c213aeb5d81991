//! `vulnerabilities`: the weaknesses of hosts, images and functions, worked out when it is asked for.

use std::sync::Arc;

use fathom_vulnerable::{Row as Known, Thing, Vulnerabilities};
use futures::FutureExt;

use super::{Ask, Field, Kind, exposure::json, from_fields};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{Chunks, Source},
};

pub(super) const ABOUT: &str = "The weaknesses of hosts, images and functions, one row for each weakness of each thing, with what is known of \
    exploitation and whether the internet comes to it; a thing at which nobody looked has one row without a weakness";

/// A weakness of a thing, a thing at which nobody looked, or what was not read.
pub(super) enum Row {
    /// By its place.
    Weak(Arc<Vulnerabilities>, usize),
    NotLooked(Arc<Thing>),
    Gap(String),
}

fn weak(row: &Row) -> Option<&Known> {
    match row {
        Row::Weak(all, at) => all.rows.get(*at),
        Row::NotLooked(_) | Row::Gap(_) => None,
    }
}

fn thing(row: &Row) -> Option<&Thing> {
    match row {
        Row::Weak(..) => weak(row).map(|one| one.thing.as_ref()),
        Row::NotLooked(thing) => Some(thing),
        Row::Gap(_) => None,
    }
}

pub(super) const FIELDS: &[Field<Row>] = &[
    Field::new(
        "class",
        Kind::Integer,
        "how urgent it is, from 1 to 6; null where it does not count, and where nobody looked",
        |row| weak(row).and_then(|one| one.urgency.as_ref()).map(|one| u64::from(one.class.number())).into(),
    ),
    Field::new("id", Kind::Text, "the weakness: a CVE where it has one; null where nobody looked", |row| {
        weak(row).map(|one| one.weakness.id.as_str()).into()
    }),
    Field::new("also", Kind::Json, "other names of it, a list", |row| {
        weak(row).map_or(Cell::Null, |one| json(&one.weakness.also))
    }),
    Field::new(
        "state",
        Kind::Text,
        "open, exploitable, in_triage; not_affected, false_positive, resolved, suppressed, which do not count; not_looked",
        |row| match row {
            Row::Weak(..) => weak(row).map(|one| one.weakness.state.word()).into(),
            Row::NotLooked(_) => "not_looked".into(),
            Row::Gap(_) => Cell::Null,
        },
    ),
    Field::new("judged", Kind::Text, "who says that it does not count, and why", |row| {
        weak(row).and_then(|one| one.weakness.judged.as_deref()).into()
    }),
    Field::new("resource", Kind::Text, "the ARN of the thing", |row| {
        thing(row).map(|one| one.resource.as_str()).into()
    }),
    Field::new("software", Kind::Text, "host, image, function", |row| {
        thing(row).map(|one| one.software.word()).into()
    }),
    Field::new("name", Kind::Text, "what people call it", |row| {
        thing(row).and_then(|one| one.name.as_deref()).into()
    }),
    Field::new("account", Kind::Text, "its account", |row| thing(row).map(|one| one.account.as_str()).into()),
    Field::new("region", Kind::Text, "its region", |row| thing(row).map(|one| one.region.as_str()).into()),
    Field::new("owner", Kind::Text, "who answers for it", |row| {
        thing(row).and_then(|one| one.owner.as_deref()).into()
    }),
    Field::new("reached", Kind::Text, "whether the internet comes to it: yes, only_if, unknown, no", |row| {
        thing(row).map(|one| one.reached.word()).into()
    }),
    Field::new("way", Kind::Text, "how, or why that is not known", |row| {
        thing(row).map(|one| one.way.as_str()).into()
    }),
    Field::new(
        "exploitation",
        Kind::Text,
        "known (in KEV), likely, unlikely; unknown where no feed and no source says enough",
        |row| weak(row).map(|one| one.weakness.exploitation.word()).into(),
    ),
    Field::new("kev_since", Kind::Text, "since which day KEV has it", |row| {
        weak(row).and_then(|one| one.weakness.kev.as_ref()).map(|kev| kev.added.as_str()).into()
    }),
    Field::new("epss", Kind::Number, "its chance to be exploited within 30 days, 0 to 1", |row| {
        weak(row).and_then(|one| one.weakness.epss.as_ref()).map(|chance| chance.score).into()
    }),
    Field::new("severity", Kind::Text, "critical, high, medium, low, none; null where nobody says", |row| {
        weak(row).and_then(|one| one.weakness.severity).map(fathom_weakness::cvss::Severity::word).into()
    }),
    Field::new("score", Kind::Number, "its CVSS score, 0 to 10", |row| {
        weak(row).and_then(|one| one.weakness.score.as_ref()).map(|score| score.score).into()
    }),
    Field::new("vector", Kind::Text, "the CVSS vector of that score", |row| {
        weak(row).and_then(|one| one.weakness.score.as_ref()).and_then(|score| score.vector.as_deref()).into()
    }),
    Field::new("scored_by", Kind::Text, "who gave it", |row| {
        weak(row).and_then(|one| one.weakness.score.as_ref()).map(|score| score.by.as_str()).into()
    }),
    Field::new("packages", Kind::Json, "the software that has it: name, version, fixed; a list", |row| {
        weak(row).map_or(Cell::Null, |one| json(&one.weakness.packages))
    }),
    Field::new("fix", Kind::Text, "available, none, unknown", |row| {
        weak(row).map(|one| one.weakness.fix.word()).into()
    }),
    Field::new("first_seen", Kind::Time, "when a source saw it first", |row| {
        weak(row).and_then(|one| one.weakness.first_seen).into()
    }),
    Field::new("sources", Kind::Json, "who says that it is there, a list", |row| {
        weak(row).map_or(Cell::Null, |one| json(&one.weakness.sources))
    }),
    Field::new("because", Kind::Json, "why it has its class, a list", |row| {
        weak(row).and_then(|one| one.urgency.as_ref()).map_or(Cell::Null, |one| json(&one.because))
    }),
    Field::new("gap", Kind::Text, "what was not read and may hide more", |row| match row {
        Row::Gap(gap) => gap.as_str().into(),
        Row::Weak(..) | Row::NotLooked(_) => Cell::Null,
    }),
];

/// Works it out.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let (source, shared) = (Arc::clone(source), Arc::clone(&ask.permissions));
    let rows = async move {
        let found = source.vulnerabilities(Arc::clone(&shared.content)).await?;
        let weak = (0..found.rows.len()).map(|at| Row::Weak(Arc::clone(&found), at));
        let not_looked = found.not_looked.iter().map(|thing| Row::NotLooked(Arc::clone(thing)));
        let gaps = found.gaps.iter().map(|gap| Row::Gap(gap.clone()));
        Ok(weak.chain(not_looked).chain(gaps).collect())
    };
    let chunks: Chunks<Row> = Box::pin(rows.into_stream());
    from_fields(chunks, FIELDS, ask)
}
