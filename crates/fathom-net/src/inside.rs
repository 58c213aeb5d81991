//! What security groups let in by their rules alone: for things whose interfaces no scan saw, and rules that let in anything.

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    address::Cidr,
    model::{Group, Network, Peer, Rule, Vpc, Whereabouts},
    trace::groups::told,
    traffic::{Protocol, TCP, Traffic},
};

/// What some security groups let in of some traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetsIn {
    /// The rules, in words, with their groups.
    pub rules: Vec<String>,
    /// Groups that no scan saw.
    pub unseen: Vec<String>,
}

/// What these security groups let in together.
pub fn lets_in(network: &Network, groups: &[String], traffic: Traffic) -> LetsIn {
    let mut found = LetsIn::default();
    for id in groups {
        let group = match network.group(id) {
            Ok(group) => group,
            Err(why) => {
                found.unseen.push(why.0);
                continue;
            }
        };
        for rule in group.inbound.iter().filter(|rule| rule.service.takes(&traffic)) {
            found.rules.push(format!("{id}: {}", told("inbound", group, rule)));
        }
    }
    found
}

/// Whether these security groups may let in somebody of the internet: surely not where no rule of theirs is for the traffic, or
/// all of them name groups, which stand for private addresses. A group that no scan saw may let in anybody; so does none.
pub fn may_let_in_internet(network: &Network, groups: &[String], traffic: Traffic) -> bool {
    let lets = |group: &Group| {
        let rules = group.inbound.iter().filter(|rule| rule.service.takes(&traffic));
        rules.into_iter().any(|rule| !matches!(rule.peer, Peer::Group(_)))
    };
    groups.is_empty() || groups.iter().any(|id| network.groups.get(id).is_none_or(lets))
}

/// Whom a rule for everything lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Every address.
    Anybody,
    /// Every address of the VPC.
    WholeNetwork,
    /// Every member of the group itself.
    Members,
}

/// A rule of a security group that lets in everything from very many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wide {
    /// The group's id.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Where it was read.
    pub at: Whereabouts,
    /// The VPC's id.
    pub vpc: String,
    /// The rule in words.
    pub rule: String,
    /// Whom it lets in.
    pub whom: Whom,
    /// The network interfaces that have the group.
    pub members: Vec<String>,
}

/// All rules that let in everything, or every port of TCP, from anybody, from the whole VPC, or from every other member.
pub fn wide(network: &Network) -> Vec<Wide> {
    let mut members: HashMap<&str, Vec<String>> = HashMap::new();
    for (id, interface) in network.interfaces.iter() {
        for group in &interface.groups {
            members.entry(group).or_default().push(id.to_owned());
        }
    }
    let mut found = Vec::new();
    for (id, group) in network.groups.iter() {
        let rules: Vec<(Whom, &Rule)> = group
            .inbound
            .iter()
            .filter(|rule| is_everything(rule))
            .filter_map(|rule| Some((whom(network, id, group, rule)?, rule)))
            .collect();
        for (whom, rule) in rules {
            found.push(Wide {
                group: id.to_owned(),
                name: group.name.clone(),
                at: group.at.clone(),
                vpc: group.vpc.clone(),
                rule: told("inbound", group, rule),
                whom,
                members: members.get(id).cloned().unwrap_or_default(),
            });
        }
    }
    found
}

/// Whether a rule is about all traffic, or about all ports of TCP.
fn is_everything(rule: &Rule) -> bool {
    let service = rule.service;
    match service.protocol {
        None => true,
        Some(protocol) => {
            protocol == Protocol(TCP) && matches!(service.ports, None | Some((0 | 1, u16::MAX)))
        }
    }
}

fn whom(network: &Network, id: &str, group: &Group, rule: &Rule) -> Option<Whom> {
    match &rule.peer {
        Peer::Range(range) if range.length() == 0 => Some(Whom::Anybody),
        Peer::Range(range) => {
            let vpc: &Vpc = network.vpcs.get(&group.vpc)?;
            let own: Vec<&Cidr> = vpc.cidrs.iter().filter(|cidr| cidr.is_v6() == range.is_v6()).collect();
            let is_whole = !own.is_empty() && own.iter().all(|cidr| range.covers(cidr));
            is_whole.then_some(Whom::WholeNetwork)
        }
        Peer::Group(peer) if peer == id => Some(Whom::Members),
        Peer::Group(_) | Peer::List(_) | Peer::Unreadable(_) => None,
    }
}
