//! Which ports of a server are reached: one question for each range that rules do not divide.

use super::{Place, Question, ask};
use crate::{
    answer::Answer,
    model::{Network, Rule},
    traffic::{Protocol, Service, Traffic},
};

/// What is answered of a range of ports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PortAnswer {
    /// The first port.
    pub first: u16,
    /// The last port.
    pub last: u16,
    /// The answer, which is the same for all of them.
    pub answer: Answer,
}

/// The answers for all ports of a protocol; neighbours of one verdict and the same conditions are one.
pub fn ports(network: &Network, from: &Place, to: &Place, protocol: Protocol) -> Vec<PortAnswer> {
    let mut told: Vec<PortAnswer> = Vec::new();
    for (first, last) in ranges(network, from, to, protocol) {
        let traffic = Traffic::of(protocol, first);
        let answer = ask(network, &Question::new(from.clone(), to.clone(), traffic));
        match told.last_mut() {
            Some(before)
                if before.answer.verdict == answer.verdict
                    && before.answer.conditions == answer.conditions
                    && before.answer.blocked_by() == answer.blocked_by() =>
            {
                before.last = last;
            }
            _ => told.push(PortAnswer { first, last, answer }),
        }
    }
    told
}

/// Ranges of ports of a server that no rule divides.
pub(crate) fn ranges_of(network: &Network, to: &Place, protocol: Protocol) -> Vec<(u16, u16)> {
    ranges(network, &Place::Internet, to, protocol)
}

/// Ranges of ports that no rule on the way divides.
fn ranges(network: &Network, from: &Place, to: &Place, protocol: Protocol) -> Vec<(u16, u16)> {
    if !protocol.has_ports() {
        return vec![(0, u16::MAX)];
    }
    if let Place::Balancer(arn) = to {
        // Only the ports of its listeners are anything.
        let listeners = network.balancers.get(arn).map(|one| one.listeners.as_slice()).unwrap_or_default();
        let mut ports: Vec<u16> = listeners.iter().map(|one| one.port).collect();
        ports.sort_unstable();
        ports.dedup();
        return ports.into_iter().map(|port| (port, port)).collect();
    }
    let mut cuts = vec![0_u32];
    let mut cut = |service: &Service| {
        if service.protocol.is_none_or(|one| one == protocol)
            && let Some((first, last)) = service.ports
        {
            cuts.extend([u32::from(first), u32::from(last) + 1]);
        }
    };
    let sides: Vec<u32> = [from, to].into_iter().flat_map(|place| interfaces(network, place)).collect();
    for number in sides {
        let Some((_, interface)) = network.interface(number) else { continue };
        let groups = interface.groups.iter().filter_map(|id| network.groups.get(id));
        groups
            .flat_map(|group| group.inbound.iter().chain(&group.outbound))
            .for_each(|rule: &Rule| cut(&rule.service));
    }
    // What lies between two VPCs may be any subnet.
    for (_, acl) in network.acls.iter() {
        acl.inbound.iter().chain(&acl.outbound).for_each(|entry| cut(&entry.service));
    }
    let firewalls = network.firewall_ports.iter();
    cuts.extend(firewalls.flat_map(|(first, last)| [u32::from(*first), u32::from(*last) + 1]));
    cuts.retain(|cut| u16::try_from(*cut).is_ok());
    cuts.sort_unstable();
    cuts.dedup();
    let ends = cuts.iter().skip(1).map(|next| next - 1).chain([u32::from(u16::MAX)]);
    cuts.iter().zip(ends).map(|(first, last)| (*first as u16, last as u16)).collect()
}

/// The interfaces of a place.
pub(crate) fn interfaces(network: &Network, place: &Place) -> Vec<u32> {
    match place {
        Place::Holder(number, _) | Place::Interface(number) => vec![*number],
        Place::Instance(id) => network.interfaces_of(id),
        Place::Address(at) => network.behind_public(*at).map(|(number, _)| number).into_iter().collect(),
        Place::Endpoint(id) => {
            let own = network.endpoints.get(id).map(|one| one.interfaces.as_slice()).unwrap_or_default();
            own.iter().filter_map(|id| network.interfaces.number(id)).collect()
        }
        Place::Balancer(arn) => super::balancers::nodes(network, arn),
        Place::Internet | Place::Beyond(..) => Vec::new(),
    }
}
