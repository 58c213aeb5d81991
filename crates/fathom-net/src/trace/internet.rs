//! Anybody of the internet: as many packets as there are parts of it that rules tell apart.

use std::net::IpAddr;

use super::{Client, Goal, Question, one, walk, walk::Origin};
use crate::{
    address::{Cidr, Span, address, number, public_parts, told},
    answer::{Answer, Disposition, Verdict},
    model::{Destination, Interface, Network, Peer},
};

/// Parts of the internet that are walked for one question.
const PARTS_MAX: usize = 20_000;
/// Ranges that a condition names.
const NAMED: usize = 12;

/// From anybody to one address.
pub(super) fn from(network: &Network, target: Goal, question: &Question) -> Answer {
    let server = network.behind_public(target.address).map(|(number, _)| number);
    let parts = parts(network, server, target.address.is_ipv6());
    join(&parts, "the client is", |at| {
        walk::there_and_back(network, &Origin::Internet(at), target, question.traffic, &question.client_ports)
    })
}

/// Anybody, where the rules around an interface decide.
pub(super) fn spread(network: &Network, goal: Goal, walk: &dyn Fn(IpAddr) -> Answer) -> Answer {
    join(&parts(network, goal.interface, goal.address.is_ipv6()), "the client is", walk)
}

/// From one client to anybody.
pub(super) fn to(network: &Network, client: &Client, is_v6: bool, question: &Question) -> Answer {
    let own = match client {
        Client::Host(own, _) => Some(*own),
        _ => None,
    };
    let parts = parts(network, own, is_v6);
    // Somebody of the part who is nobody known.
    let parts: Vec<Span> = parts
        .into_iter()
        .filter_map(|(first, last)| {
            let (is_v6, mut at) = number(first);
            while network.behind_public(address(is_v6, at)).is_some() {
                at += 1;
            }
            (at <= number(last).1).then(|| (address(is_v6, at), last))
        })
        .collect();
    join(&parts, "the server is", |address| one(network, client, Goal { address, interface: None }, question))
}

/// The parts of the internet that the rules around an interface tell apart: those of its groups, and the ACLs and routes of the
/// VPCs that it can leave by.
pub(crate) fn parts(network: &Network, interface: Option<u32>, is_v6: bool) -> Vec<Span> {
    let own = interface.and_then(|number| network.interface(number)).map(|(_, own)| own);
    // Ranges of VPCs are nobody's of the internet: those of IPv6 are AWS's, and in a VPC its own ones are its own.
    let mut inside: Vec<Cidr> = Vec::new();
    for (id, vpc) in network.vpcs.iter() {
        let is_own = own.is_some_and(|own| own.vpc == id);
        inside.extend(vpc.cidrs.iter().filter(|cidr| is_own || cidr.is_v6()));
    }
    let mut cuts = own.map_or_else(Vec::new, |own| ranges_around(network, own));
    cuts.extend(&inside);
    cuts.sort_unstable();
    cuts.dedup();
    let mut parts = public_parts(is_v6, cuts);
    parts.retain(|(first, _)| !inside.iter().any(|cidr| cidr.contains(*first)));
    parts
}

/// All ranges that rules around an interface name.
fn ranges_around(network: &Network, own: &Interface) -> Vec<Cidr> {
    let mut cuts: Vec<Cidr> = Vec::new();
    let of_list =
        |id: &String| network.prefix_lists.get(id).and_then(|list| list.cidrs.clone()).unwrap_or_default();
    for group in own.groups.iter().filter_map(|id| network.groups.get(id)) {
        for rule in group.inbound.iter().chain(&group.outbound) {
            match &rule.peer {
                Peer::Range(cidr) => cuts.push(*cidr),
                Peer::List(id) => cuts.extend(of_list(id)),
                Peer::Group(_) | Peer::Unreadable(_) => {}
            }
        }
    }
    // A packet may leave by any VPC that transit gateways join: where there are any, all tables count.
    let is_alone = network.attachments.is_empty();
    let counts = |vpc: &str| !is_alone || vpc == own.vpc;
    for (_, acl) in network.acls.iter() {
        if acl.subnets.iter().any(|id| network.subnets.get(id).is_some_and(|subnet| counts(&subnet.vpc))) {
            cuts.extend(acl.inbound.iter().chain(&acl.outbound).filter_map(|entry| entry.cidr));
        }
    }
    for (_, table) in network.tables.iter().filter(|(_, table)| counts(&table.vpc)) {
        for route in &table.routes {
            match &route.destination {
                Destination::Range(cidr) => cuts.push(*cidr),
                Destination::List(id) => cuts.extend(of_list(id)),
                Destination::Unreadable(_) => {}
            }
        }
    }
    cuts.extend(&network.firewall_ranges);
    let routes = network.transit_tables.iter().filter_map(|(_, table)| table.routes.as_ref()).flatten();
    cuts.extend(routes.filter_map(|route| route.cidr));
    cuts
}

/// One answer of those for each part.
fn join(parts: &[Span], who: &str, walk: impl Fn(IpAddr) -> Answer) -> Answer {
    let mut answers: Vec<Answer> = parts.iter().take(PARTS_MAX).map(|(first, _)| walk(*first)).collect();
    let through: Vec<Span> = answers
        .iter()
        .zip(parts)
        .filter(|(answer, _)| answer.verdict >= Verdict::OnlyIf)
        .map(|(_, part)| *part)
        .collect();
    let is_all = through.len() == answers.len();
    // The best one is shown; of equals the largest part's.
    let size = |at: usize| parts.get(at).map_or(0, |(first, last)| number(*last).1 - number(*first).1);
    let best = (0..answers.len()).max_by_key(|at| (answers.get(*at).map(|one| one.verdict), size(*at)));
    let Some(best) = best else { return Answer::nothing("no address of the internet is left to ask about") };
    let mut answer = answers.swap_remove(best);
    if parts.len() > PARTS_MAX {
        answer.verdict = Verdict::Unknown;
        answer.disposition = Disposition::Unknown;
        answer
            .missing
            .push(format!("rules tell {} parts of the internet apart, more than {PARTS_MAX}", parts.len()));
        return answer;
    }
    if answer.verdict >= Verdict::OnlyIf && !is_all {
        let ranges = told(&through);
        let more = if ranges.len() > NAMED {
            format!(" and {} more ranges", ranges.len() - NAMED)
        } else {
            String::new()
        };
        let named: Vec<String> = ranges.into_iter().take(NAMED).collect();
        answer.conditions.insert(0, format!("{who} in {}{more}", named.join(", ")));
        answer.verdict = Verdict::OnlyIf;
    }
    answer
}
