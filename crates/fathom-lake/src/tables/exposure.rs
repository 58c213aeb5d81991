//! `exposure`: what the internet reaches over the network, worked out when it is asked for.

use std::sync::Arc;

use fathom_net::{Answer, Exposed, Network, USUAL, exposure};
use futures::FutureExt;

use super::{Ask, Field, Kind, Shared, from_fields};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{Chunks, Source, SourceError},
};

pub(super) const ABOUT: &str = "What the internet reaches over the network, or may, one row for each range of ports of one answer; what it surely does not has no row";

/// A range of ports of something, and its answer.
pub(super) struct ExposedRow {
    of: Arc<Exposed>,
    first: u16,
    last: u16,
    answer: Answer,
}

impl ExposedRow {
    /// A port, where the protocol has any.
    fn port(&self, port: u16) -> Cell<'static> {
        Some(u64::from(port)).filter(|_| matches!(self.of.protocol.as_str(), "tcp" | "udp")).into()
    }
}

pub(super) const FIELDS: &[Field<ExposedRow>] = &[
    Field::new("verdict", Kind::Text, "yes, only_if, unknown", |row| row.answer.verdict.word().into()),
    Field::new("id", Kind::Text, "the id of a network interface, or the ARN of a load balancer", |row| {
        row.of.id.as_str().into()
    }),
    Field::new("component", Kind::Text, "network_interface, load_balancer", |row| row.of.component.into()),
    Field::new("name", Kind::Text, "the server behind, or the name of the load balancer", |row| {
        row.of.name.as_deref().into()
    }),
    Field::new("kind", Kind::Text, "what it is, as AWS says it", |row| row.of.kind.as_str().into()),
    Field::new("description", Kind::Text, "what made the interface, in words", |row| {
        row.of.description.as_str().into()
    }),
    Field::new("account", Kind::Text, "the account that it was read in", |row| {
        row.of.account.as_str().into()
    }),
    Field::new("region", Kind::Text, "its region", |row| row.of.region.as_str().into()),
    Field::new("vpc", Kind::Text, "the VPC's id", |row| row.of.vpc.as_str().into()),
    Field::new("addresses", Kind::Json, "its public addresses, a list", |row| json(&row.of.addresses)),
    Field::new("protocol", Kind::Text, "tcp, udp or icmp", |row| row.of.protocol.as_str().into()),
    Field::new(
        "first_port",
        Kind::Integer,
        "the first port of the range; null where there are none",
        |row| row.port(row.first),
    ),
    Field::new("last_port", Kind::Integer, "the last port of the range", |row| row.port(row.last)),
    Field::new("disposition", Kind::Text, "where the packet ended", |row| word(&row.answer.disposition)),
    Field::new("conditions", Kind::Json, "what must hold, where the verdict is only_if, a list", |row| {
        json(&row.answer.conditions)
    }),
    Field::new("missing", Kind::Json, "what was not read, with the call, a list", |row| {
        json(&row.answer.missing)
    }),
    Field::new("assumptions", Kind::Json, "what was taken to be so, a list", |row| {
        json(&row.answer.assumptions)
    }),
    Field::new("packet", Kind::Text, "the packet in words", |row| row.answer.packet.as_str().into()),
    Field::new("hops", Kind::Json, "each hop, there and back, a list", |row| json(&row.answer.hops)),
];

/// Works it out.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    worked_out(source, ask, FIELDS, |network| {
        let mut rows = Vec::new();
        for mut one in exposure(network, &USUAL) {
            let ports = std::mem::take(&mut one.ports);
            let of = Arc::new(one);
            rows.extend(ports.into_iter().map(|port| ExposedRow {
                of: Arc::clone(&of),
                first: port.first,
                last: port.last,
                answer: port.answer,
            }));
        }
        Ok(rows)
    })
}

/// Reads a table that is worked out of the network, on a thread that may be busy.
pub(super) fn worked_out<T, F>(
    source: &Arc<dyn Source>,
    ask: Ask,
    fields: &'static [Field<T>],
    work: F,
) -> Batches
where
    T: Send + 'static,
    F: FnOnce(&Network) -> Result<Vec<T>, SourceError> + Send + 'static,
{
    let (source, shared) = (Arc::clone(source), Arc::clone(&ask.permissions));
    let rows = async move {
        let network = load(&source, &shared).await?;
        tokio::task::spawn_blocking(move || work(&network)).await.map_err(SourceError::from)?
    };
    let chunks: Chunks<T> = Box::pin(rows.into_stream());
    from_fields(chunks, fields, ask)
}

/// The network, read once for a query.
pub(super) async fn load(source: &Arc<dyn Source>, shared: &Shared) -> Result<Arc<Network>, SourceError> {
    shared.network.get_or_try_init(|| source.network()).await.map(Arc::clone)
}

/// A list or an object as JSON.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Cell<'static> {
    serde_json::to_string(value).ok().into()
}

/// The word for a value that is one in JSON.
pub(super) fn word<T: serde::Serialize>(value: &T) -> Cell<'static> {
    let value = serde_json::to_value(value).ok();
    value.and_then(|value| value.as_str().map(str::to_owned)).into()
}
