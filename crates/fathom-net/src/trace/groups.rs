//! Security groups: they allow, they remember connections, and all of an interface's count together.
//!
//! VPC guide, "Security group rules": a rule that names a group is about the private addresses of the interfaces that have
//! it, in the VPC and in peered ones of the region; public addresses do not count, and a transit gateway keeps groups for inbound
//! rules only, where it is told to.

use std::net::IpAddr;

use super::walk::{End, Sender, Walk};
use crate::{
    answer::{Code, Disposition, Says},
    model::{Group, InterfaceKind, Network, Peer, Rule, Unread, Via},
};

/// Whether a rule lets a packet pass.
enum Match {
    Yes,
    No,
    If(String),
    Unread(String),
    /// It would, but that groups do not count on this way.
    Lost(Code),
}

/// Out of an interface.
pub(super) fn outbound(walk: &mut Walk<'_>, number: u32) -> Result<(), End> {
    let other = walk.target;
    let receiver = if walk.asks_groups { receiver(walk, number) } else { Sender::Nobody };
    check(walk, number, other, &receiver, true)
}

/// Into an interface.
pub(super) fn inbound(walk: &mut Walk<'_>, number: u32) -> Result<(), End> {
    let (other, sender) = (walk.source, walk.sender.clone());
    check(walk, number, other, &sender, false)
}

fn check(walk: &mut Walk<'_>, number: u32, other: IpAddr, member: &Sender, is_out: bool) -> Result<(), End> {
    let network = walk.network;
    if !walk.asks_groups {
        return Ok(());
    }
    let Some((id, interface)) = network.interface(number) else { return Ok(()) };
    if interface.groups.is_empty() {
        if interface.kind == InterfaceKind::Host {
            let why = format!("the security groups of {id} were not seen (ec2:DescribeNetworkInterfaces)");
            walk.unsure("security_group", id, Unread(why));
        }
        return Ok(());
    }
    let way = if is_out { "outbound" } else { "inbound" };
    let (mut conditions, mut unread, mut lost) = (Vec::new(), Vec::new(), None);
    let (mut rules, mut at) = (0, Vec::new());
    for group_id in &interface.groups {
        let group = match network.group(group_id) {
            Ok(group) => group,
            Err(why) => {
                unread.push((group_id, why.0));
                continue;
            }
        };
        let own = if is_out { &group.outbound } else { &group.inbound };
        rules += own.len();
        for rule in own.iter().filter(|rule| rule.service.takes(&walk.traffic)) {
            match matches(network, rule, other, member) {
                Match::Yes => {
                    walk.hop("security_group", group_id, Says::Allowed, told(way, group, rule));
                    return Ok(());
                }
                Match::No => {}
                Match::If(condition) => {
                    conditions.push(condition);
                    at.push((group_id, told(way, group, rule)));
                }
                Match::Unread(why) => unread.push((group_id, why)),
                Match::Lost(code) => lost = Some((code, group_id, told(way, group, rule))),
            }
        }
    }
    if let Some((group_id, why)) = unread.into_iter().next() {
        walk.unsure("security_group", group_id, Unread(why));
        return Ok(());
    }
    if let Some((group_id, rule)) = at.into_iter().next() {
        walk.hop("security_group", group_id, Says::Allowed, rule);
        conditions.dedup();
        walk.conditions.push(conditions.join(" or "));
        return Ok(());
    }
    let disposition = if is_out { Disposition::DeniedOut } else { Disposition::DeniedIn };
    let groups = interface.groups.join(", ");
    Err(match lost {
        Some((code, group_id, rule)) => walk.block("security_group", group_id, code, disposition, rule),
        None if rules == 0 => {
            walk.block("security_group", &groups, Code::SgHasNoRules, disposition, format!("no {way} rules"))
        }
        None => {
            let rule = format!("no {way} rule for {} with {other}", walk.traffic);
            walk.block("security_group", &groups, Code::EniSgRulesMismatch, disposition, rule)
        }
    })
}

fn matches(network: &Network, rule: &Rule, other: IpAddr, member: &Sender) -> Match {
    match &rule.peer {
        Peer::Range(cidr) => {
            if cidr.contains(other) {
                Match::Yes
            } else {
                Match::No
            }
        }
        Peer::Unreadable(told) => Match::Unread(format!("a rule makes no sense: {told}")),
        Peer::List(id) => match network.prefix_lists.get(id) {
            Some(list) => match &list.cidrs {
                Some(cidrs) if cidrs.iter().any(|cidr| cidr.contains(other)) => Match::Yes,
                Some(_) => Match::No,
                None if list.is_aws => Match::If(format!("{other} is of {}, prefix list {id}", list.name)),
                None => Match::Unread(format!(
                    "the ranges of prefix list {id} were not read (ec2:GetManagedPrefixListEntries)"
                )),
            },
            None => Match::Unread(format!("prefix list {id} was not seen (ec2:DescribeManagedPrefixLists)")),
        },
        Peer::Group(group) => {
            let has = |number: &u32| {
                network
                    .interface(*number)
                    .is_some_and(|(_, one)| one.groups.contains(group) && one.has(other))
            };
            match member {
                Sender::Known(number) if has(number) => Match::Yes,
                Sender::Unsure(number, why) if has(number) => Match::Unread(why.clone()),
                Sender::Unseen(why) => Match::Unread(why.clone()),
                Sender::Known(_) | Sender::Unsure(..) | Sender::Nobody => Match::No,
                Sender::Lost(code) => {
                    let holds = network.groups.get(group).is_some()
                        && network.holders(other).iter().any(|number| has(number));
                    if holds { Match::Lost(*code) } else { Match::No }
                }
            }
        }
    }
}

/// Who has the address that a packet goes to, where outbound rules may name its groups: in the VPC, and over a peering of the
/// region.
fn receiver(walk: &Walk<'_>, number: u32) -> Sender {
    let network = walk.network;
    let Some((_, interface)) = network.interface(number) else { return Sender::Nobody };
    let mut probe = walk.clone();
    let found = |vpc: &str| match network.holder(vpc, walk.target) {
        Ok(Some(number)) => Sender::Known(number),
        Ok(None) => Sender::Nobody,
        Err(unread) => Sender::Unseen(unread.0),
    };
    if network.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.contains(walk.target)) {
        return found(&interface.vpc);
    }
    let Ok((_, table)) = network.table_of(&interface.subnet) else { return Sender::Nobody };
    let super::routes::Choice::Route(route) = super::routes::choose(&mut probe, table) else {
        return Sender::Nobody;
    };
    match &route.via {
        Via::Peering(id) => {
            let Some(peering) = network.peerings.get(id) else { return Sender::Nobody };
            let [one, other] = &peering.sides;
            let far = if one.vpc == interface.vpc { other } else { one };
            if one.region == other.region {
                found(&far.vpc)
            } else {
                Sender::Lost(Code::SgReferencesNotPreserved)
            }
        }
        Via::Transit(_) => Sender::Lost(Code::SgReferencingSupport),
        _ => Sender::Nobody,
    }
}

fn told(way: &str, group: &Group, rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::Range(cidr) => cidr.to_string(),
        Peer::Group(id) | Peer::List(id) | Peer::Unreadable(id) => id.clone(),
    };
    format!("{way} rule of {} allows {} with {peer}", group.name, rule.service)
}
