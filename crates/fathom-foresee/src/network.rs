//! What the internet reaches over the network, before and after.

use std::collections::{BTreeMap, BTreeSet};

use fathom_net::{Answer, Exposed, Network, Ports, Verdict, exposure};
use serde::Serialize;

use crate::{Causes, Differs, Sure, of_verdict};

/// Something that the internet reaches on some ports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reached {
    /// The interface's id, or the load balancer's ARN.
    pub id: String,
    /// What it is: `network_interface`, `load_balancer`.
    pub component: &'static str,
    /// The server behind, or the name of the load balancer.
    pub name: Option<String>,
    /// The account that it was read in.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its public addresses.
    pub addresses: Vec<String>,
    /// The protocol.
    pub protocol: String,
    /// The ports.
    pub ports: String,
    /// A packet to one of them, with each hop.
    pub proof: Answer,
}

type Rows<'a> = BTreeMap<(&'a str, &'a str), &'a Exposed>;

/// What is reached in one of them only, or in another way.
pub(crate) fn compare(before: &Network, after: &Network, causes: &Causes) -> Vec<Differs<Reached>> {
    let (old, new) = (exposure(before, &fathom_net::USUAL), exposure(after, &fathom_net::USUAL));
    let rows = |all: &'_ [Exposed]| -> Vec<(String, String)> {
        all.iter().map(|row| (row.id.clone(), row.protocol.clone())).collect()
    };
    let keys: BTreeSet<(String, String)> = rows(&old).into_iter().chain(rows(&new)).collect();
    let (old, new) = (by_key(&old), by_key(&new));
    let mut found = Vec::new();
    for (id, protocol) in &keys {
        let key = (id.as_str(), protocol.as_str());
        found.extend(ports(old.get(&key).copied(), new.get(&key).copied(), causes));
    }
    found.sort_by(|one, other| {
        let key = |of: &Differs<Reached>| {
            (of.turn, std::cmp::Reverse(of.after), of.what.id.clone(), of.what.ports.clone())
        };
        key(one).cmp(&key(other))
    });
    found
}

fn by_key(all: &[Exposed]) -> Rows<'_> {
    all.iter().map(|row| ((row.id.as_str(), row.protocol.as_str()), row)).collect()
}

/// The ports that are answered otherwise: those of which the same becomes are told together.
fn ports(before: Option<&Exposed>, after: Option<&Exposed>, causes: &Causes) -> Vec<Differs<Reached>> {
    let mut cuts: BTreeSet<u32> = BTreeSet::new();
    for port in [before, after].into_iter().flatten().flat_map(|row| &row.ports) {
        cuts.extend([u32::from(port.first), u32::from(port.last) + 1]);
    }
    let cuts: Vec<u32> = cuts.into_iter().collect();
    let mut groups: BTreeMap<(Option<Sure>, Option<Sure>), (Ports, Answer)> = BTreeMap::new();
    for pair in cuts.windows(2) {
        let (Some(Ok(first)), Some(Ok(end))) =
            (pair.first().map(|port| u16::try_from(*port)), pair.get(1).map(|port| u16::try_from(port - 1)))
        else {
            continue;
        };
        let (old, new) = (at(before, first), at(after, first));
        let sure = |answer: Option<&Answer>| of_verdict(answer.map_or(Verdict::No, |answer| answer.verdict));
        let Some(answer) = new.or(old) else { continue };
        let group = (sure(old), sure(new));
        if group.0 != group.1 {
            let told = groups.entry(group).or_insert_with(|| (Ports::default(), answer.clone()));
            told.0.add(&Ports::of(first, end));
        }
    }
    let Some(row) = after.or(before) else { return Vec::new() };
    let told = groups.into_iter().filter_map(|((old, new), (ports, proof))| {
        let what = Reached {
            id: row.id.clone(),
            component: row.component,
            name: row.name.clone(),
            account: row.account.clone(),
            region: row.region.clone(),
            addresses: row.addresses.clone(),
            protocol: row.protocol.clone(),
            ports: ports.to_string(),
            proof,
        };
        Differs::of(old, new, what, causes)
    });
    told.collect()
}

/// What is answered of a port.
fn at(row: Option<&Exposed>, port: u16) -> Option<&Answer> {
    let ports = row?.ports.iter();
    ports.into_iter().find(|one| (one.first..=one.last).contains(&port)).map(|one| &one.answer)
}
