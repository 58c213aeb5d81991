//! `flows`: who was seen talking to whom, as imported logs say, with the resources that the ends are now.

use std::sync::Arc;

use fathom_net::{Network, Protocol};
use fathom_reach::{
    Directory,
    flows::{Ends, Whose},
};
use fathom_store::Flow;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::{Ask, Field, Kind, exposure::load, from_fields};
use crate::{
    batch::Batches,
    cell::Cell,
    source::{Chunks, Source, SourceError},
};

pub(super) const ABOUT: &str = "Who was seen talking to whom over the network, as imported flow logs say: one row for a day, a network interface, \
    who asked whom on which port, and whether it was let through";

/// A flow, and what its ends are.
pub(super) struct Row {
    flow: Flow,
    client: Whose,
    server: Whose,
}

/// Of a resource its ARN.
fn resource(whose: &Whose) -> Cell<'_> {
    match whose {
        Whose::Resource { uid } => uid.as_str().into(),
        Whose::Interface { .. } | Whose::Internet | Whose::Unknown { .. } => Cell::Null,
    }
}

fn is(whose: &Whose) -> Cell<'_> {
    match whose {
        Whose::Resource { .. } => "resource".into(),
        Whose::Interface { .. } => "interface".into(),
        Whose::Internet => "internet".into(),
        Whose::Unknown { .. } => "unknown".into(),
    }
}

fn text<'a>(text: &impl ToString) -> Cell<'a> {
    Some(text.to_string()).into()
}

pub(super) const FIELDS: &[Field<Row>] = &[
    Field::new("day", Kind::Time, "the begin of the day, in UTC", |row| row.flow.day.begins().into()),
    Field::new("interface", Kind::Text, "the network interface that saw it", |row| {
        row.flow.interface.as_str().into()
    }),
    Field::new("account", Kind::Text, "its account; null where the log does not say", |row| {
        Some(row.flow.account.as_str()).filter(|account| !account.is_empty()).into()
    }),
    Field::new("client", Kind::Text, "the address that asks", |row| text(&row.flow.client)),
    Field::new("client_is", Kind::Text, "resource, interface, internet, unknown", |row| is(&row.client)),
    Field::new("client_resource", Kind::Text, "the ARN of what has that address now", |row| {
        resource(&row.client)
    }),
    Field::new("server", Kind::Text, "the address that is asked", |row| text(&row.flow.server)),
    Field::new("server_is", Kind::Text, "resource, interface, internet, unknown", |row| is(&row.server)),
    Field::new("server_resource", Kind::Text, "the ARN of what has that address now", |row| {
        resource(&row.server)
    }),
    Field::new("protocol", Kind::Text, "tcp, udp, icmp, icmpv6, or the number of another", |row| {
        text(&Protocol(row.flow.protocol))
    }),
    Field::new("port", Kind::Integer, "the port that is asked; null where there is none", |row| {
        Some(u64::from(row.flow.port)).filter(|port| *port > 0).into()
    }),
    Field::new("accepted", Kind::Boolean, "whether it was let through", |row| row.flow.accepted.into()),
    Field::new("told_by", Kind::Text, "how it is known who asked: flags (of TCP), ports, nothing", |row| {
        row.flow.told_by.word().into()
    }),
    Field::new("first_seen", Kind::Time, "the begin of the first record", |row| row.flow.first.into()),
    Field::new("last_seen", Kind::Time, "the end of the last record", |row| row.flow.last.into()),
    Field::new("packets_to_server", Kind::Integer, "packets that the client sent", |row| {
        row.flow.to_server.packets.into()
    }),
    Field::new("bytes_to_server", Kind::Integer, "bytes that the client sent", |row| {
        row.flow.to_server.bytes.into()
    }),
    Field::new("packets_to_client", Kind::Integer, "packets that the server sent", |row| {
        row.flow.to_client.packets.into()
    }),
    Field::new("bytes_to_client", Kind::Integer, "bytes that the server sent", |row| {
        row.flow.to_client.bytes.into()
    }),
    Field::new("records", Kind::Integer, "how many records say so", |row| row.flow.records.into()),
];

/// Reads it: pages of flows, with the network as it is now.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let (source, shared) = (Arc::clone(source), Arc::clone(&ask.permissions));
    let rows = async move {
        let network = load(&source, &shared).await?;
        let directory = source.directory().await?;
        Ok::<_, SourceError>(source.flows().map_ok(move |flows| named(&network, &directory, flows)))
    };
    let chunks: Chunks<Row> = rows.into_stream().try_flatten().boxed();
    from_fields(chunks, FIELDS, ask)
}

fn named(network: &Network, directory: &Directory, flows: Vec<Flow>) -> Vec<Row> {
    let ends = Ends::new(network, directory);
    let whose = |flow: Flow| Row {
        client: ends.whose(&flow.interface, flow.client),
        server: ends.whose(&flow.interface, flow.server),
        flow,
    };
    flows.into_iter().map(whose).collect()
}
