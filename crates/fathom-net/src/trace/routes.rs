//! Which route of a table a packet takes.
//!
//! VPC guide, "Route priority": the longest prefix wins; the VPC's own routes win over propagated ones even where those are
//! longer; of equal length, static ones win over those of prefix lists, and these over propagated ones.

use std::{cmp::Reverse, net::IpAddr};

use super::walk::Walk;
use crate::{
    address::{Cidr, is_public, number},
    model::{Destination, Network, Origin, Route, Table, Unread, Via},
};

/// What a table says.
pub(super) enum Choice<'t> {
    /// This route.
    Route(&'t Route),
    /// None.
    None,
    /// It depends on what was not read.
    Unread(Unread),
}

/// The route of a table for the packet's target.
pub(super) fn choose<'t>(walk: &mut Walk<'_>, table: &'t Table) -> Choice<'t> {
    let (network, target) = (walk.network, walk.target);
    let mut matching: Vec<(u8, &Route)> = Vec::new();
    for route in &table.routes {
        match &route.destination {
            Destination::Range(cidr) if cidr.contains(target) => matching.push((cidr.length(), route)),
            Destination::Range(_) => {}
            Destination::Unreadable(told) => {
                return Choice::Unread(Unread(format!("the destination of a route makes no sense: {told}")));
            }
            Destination::List(id) => {
                if let Some(cidrs) = ranges(network, id) {
                    let lengths = cidrs.iter().filter(|cidr| cidr.contains(target)).map(Cidr::length);
                    matching.extend(lengths.max().map(|length| (length, route)));
                } else {
                    let list = network.prefix_lists.get(id);
                    // The lists of endpoints hold public addresses of their services, and nobody else's.
                    if list.is_some_and(|list| list.is_aws) || matches!(route.via, Via::Endpoint(_)) {
                        if is_public(target) {
                            let name = list.map_or(id.as_str(), |list| &list.name);
                            walk.assumptions.push(format!("{target} is no address of {name}"));
                        }
                    } else {
                        let why = format!(
                            "the ranges of prefix list {id} were not read (ec2:GetManagedPrefixListEntries)"
                        );
                        return Choice::Unread(Unread(why));
                    }
                }
            }
        }
    }
    if matching.iter().any(|(_, route)| route.origin == Origin::Local) {
        matching.retain(|(_, route)| route.origin != Origin::Propagated);
    }
    let best = matching.into_iter().min_by_key(|(length, route)| (Reverse(*length), route.origin));
    best.map_or(Choice::None, |(_, route)| Choice::Route(route))
}

/// The ranges of a prefix list; none where it was not read.
fn ranges<'n>(network: &'n Network, list: &str) -> Option<&'n [Cidr]> {
    network.prefix_lists.get(list)?.cidrs.as_deref()
}

/// A route in words.
pub(super) fn told(route: &Route) -> String {
    let destination = match &route.destination {
        Destination::Range(cidr) => cidr.to_string(),
        Destination::List(list) | Destination::Unreadable(list) => list.clone(),
    };
    let via = match &route.via {
        Via::Local => "the VPC itself",
        Via::Internet(id)
        | Via::Egress(id)
        | Via::Nat(id)
        | Via::Peering(id)
        | Via::Transit(id)
        | Via::Vpn(id)
        | Via::Endpoint(id)
        | Via::Interface(id)
        | Via::Other(id) => id,
    };
    let gone = if route.is_blackhole { ", whose target is gone" } else { "" };
    format!("{destination} to {via}{gone}")
}

/// Addresses of what AWS runs in each VPC: names at the base of the VPC's range plus two and at 169.254.169.253, metadata,
/// time, and the same of IPv6 (VPC guide, "DNS attributes"; EC2 guide on metadata and time). Network ACLs and security groups
/// do not hold such traffic up (VPC guide, "Network ACL basics").
pub(super) fn is_of_provider(network: &Network, vpc: &str, at: IpAddr) -> bool {
    let is_known = match at {
        IpAddr::V4(at) => matches!(at.octets(), [169, 254, 169, 253 | 254 | 123]),
        // fd00:ec2::253, ::254 and ::123
        IpAddr::V6(at) => matches!(at.segments(), [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x253 | 0x254 | 0x123]),
    };
    if is_known {
        return true;
    }
    let Some(vpc) = network.vpcs.get(vpc) else { return false };
    let is_base = |cidr: &Cidr| !cidr.is_v6() && at.is_ipv4() && number(cidr.first()).1 + 2 == number(at).1;
    vpc.cidrs.iter().any(is_base)
}
