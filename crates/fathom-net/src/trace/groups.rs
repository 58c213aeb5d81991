//! Security groups: they allow, they remember connections, and all of an interface's count together.
//!
//! VPC guide, "Security group rules": a rule that names a group is about the private addresses of the interfaces that have
//! it, in the VPC and in peered ones of the region; public addresses do not count, and a transit gateway keeps groups for inbound
//! rules only, where it is told to.

use std::net::IpAddr;

use super::walk::{End, Sender, Walk};
use crate::{
    answer::{Code, Disposition, Says, Verdict},
    model::{Group, InterfaceKind, Network, Peer, Rule, Unread, Via},
    traffic::Traffic,
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

/// What all groups of an interface say together.
pub(crate) enum Lets {
    /// There is nothing to ask: load balancers, NAT gateways and attachments may have no groups.
    Unasked,
    /// A rule lets it pass.
    Through {
        /// The group.
        group: String,
        /// The rule in words.
        rule: String,
    },
    /// A rule lets it pass if something holds.
    If {
        /// The group.
        group: String,
        /// The rule in words.
        rule: String,
        /// What must hold.
        condition: String,
    },
    /// It depends on what was not read.
    Unread {
        /// The group, or the interface.
        at: String,
        /// What was not read.
        why: String,
    },
    /// Nothing lets it pass.
    Blocked {
        /// The groups.
        at: String,
        /// Why.
        code: Code,
        /// The same in words.
        rule: String,
    },
}

/// Out of an interface.
pub(super) fn outbound(walk: &mut Walk<'_>, number: u32) -> Result<(), End> {
    if !walk.asks_groups {
        return Ok(());
    }
    let lets = decide_outbound(walk.network, number, walk.source, walk.target, walk.traffic);
    told_to(walk, lets, Disposition::DeniedOut)
}

/// Into an interface.
pub(super) fn inbound(walk: &mut Walk<'_>, number: u32) -> Result<(), End> {
    if !walk.asks_groups {
        walk.seen = Some((walk.source, walk.sender.clone()));
        return Ok(());
    }
    let lets = decide(walk.network, number, walk.source, &walk.sender, walk.traffic, false);
    told_to(walk, lets, Disposition::DeniedIn)
}

fn told_to(walk: &mut Walk<'_>, lets: Lets, disposition: Disposition) -> Result<(), End> {
    match lets {
        Lets::Unasked => Ok(()),
        Lets::Through { group, rule } => {
            walk.hop("security_group", &group, Says::Allowed, rule);
            Ok(())
        }
        Lets::If { group, rule, condition } => {
            walk.hop("security_group", &group, Says::Allowed, rule);
            walk.conditions.push(condition);
            Ok(())
        }
        Lets::Unread { at, why } => {
            walk.unsure("security_group", &at, Unread(why));
            Ok(())
        }
        Lets::Blocked { at, code, rule } => Err(walk.block("security_group", &at, code, disposition, rule)),
    }
}

/// What the groups of a client say to a packet that it sends.
pub(crate) fn decide_outbound(
    network: &Network,
    number: u32,
    source: IpAddr,
    target: IpAddr,
    traffic: Traffic,
) -> Lets {
    let receiver = receiver(network, number, source, target);
    decide(network, number, target, &receiver, traffic, true)
}

/// The rules of an interface's groups that are about some traffic.
pub(crate) fn rules(
    network: &Network,
    number: u32,
    traffic: Traffic,
    is_out: bool,
) -> impl Iterator<Item = &Rule> {
    let groups = network.interface(number).map(|(_, one)| one.groups.as_slice()).unwrap_or_default();
    let groups = groups.iter().filter_map(|id| network.groups.get(id));
    let rules = groups.flat_map(move |group| if is_out { &group.outbound } else { &group.inbound });
    rules.filter(move |rule| rule.service.takes(&traffic))
}

/// Whether an interface needs no groups, and has none.
pub(crate) fn has_none(network: &Network, number: u32) -> bool {
    network.interface(number).is_some_and(|(_, one)| one.groups.is_empty() && one.kind != InterfaceKind::Host)
}

/// What the groups of a server say to one whom no range and no group of theirs is about.
pub(crate) fn decide_unnamed(network: &Network, number: u32, traffic: Traffic) -> Verdict {
    let Some((_, interface)) = network.interface(number) else { return Verdict::Yes };
    let is_unseen = interface.groups.iter().any(|id| network.groups.get(id).is_none());
    if is_unseen || interface.groups.is_empty() && interface.kind == InterfaceKind::Host {
        return Verdict::Unknown;
    }
    let list = |id: &String| network.prefix_lists.get(id);
    let mut verdict = Verdict::No;
    for rule in rules(network, number, traffic, false) {
        verdict = match &rule.peer {
            Peer::Unreadable(_) => return Verdict::Unknown,
            Peer::List(id) => match list(id) {
                Some(list) if list.cidrs.is_some() => verdict,
                Some(list) if list.is_aws => Verdict::OnlyIf,
                _ => return Verdict::Unknown,
            },
            Peer::Range(_) | Peer::Group(_) => verdict,
        };
    }
    verdict
}

/// What all groups of an interface say to a packet from, or to, an address.
pub(crate) fn decide(
    network: &Network,
    number: u32,
    other: IpAddr,
    member: &Sender,
    traffic: Traffic,
    is_out: bool,
) -> Lets {
    let Some((id, interface)) = network.interface(number) else { return Lets::Unasked };
    if interface.groups.is_empty() {
        if interface.kind != InterfaceKind::Host {
            return Lets::Unasked;
        }
        let why = format!("the security groups of {id} were not seen (ec2:DescribeNetworkInterfaces)");
        return Lets::Unread { at: id.to_owned(), why };
    }
    let way = if is_out { "outbound" } else { "inbound" };
    let (mut conditional, mut unread, mut lost) = (Vec::new(), None, None);
    let mut count = 0;
    for group_id in &interface.groups {
        let group = match network.group(group_id) {
            Ok(group) => group,
            Err(why) => {
                unread.get_or_insert(Lets::Unread { at: group_id.clone(), why: why.0 });
                continue;
            }
        };
        let own = if is_out { &group.outbound } else { &group.inbound };
        count += own.len();
        for rule in own.iter().filter(|rule| rule.service.takes(&traffic)) {
            let words = || (group_id.clone(), told(way, group, rule));
            match matches(network, rule, other, member) {
                Match::Yes => {
                    let (group, rule) = words();
                    return Lets::Through { group, rule };
                }
                Match::No => {}
                Match::If(condition) => conditional.push((words(), condition)),
                Match::Unread(why) => {
                    unread.get_or_insert(Lets::Unread { at: group_id.clone(), why });
                }
                Match::Lost(code) => lost = Some((code, words())),
            }
        }
    }
    if let Some(unread) = unread {
        return unread;
    }
    if let Some(((group, rule), _)) = conditional.first().cloned() {
        let mut all: Vec<String> = conditional.into_iter().map(|(_, condition)| condition).collect();
        all.dedup();
        return Lets::If { group, rule, condition: all.join(" or ") };
    }
    let at = interface.groups.join(", ");
    match lost {
        Some((code, (at, rule))) => Lets::Blocked { at, code, rule },
        None if count == 0 => Lets::Blocked { at, code: Code::SgHasNoRules, rule: format!("no {way} rules") },
        None => {
            let rule = format!("no {way} rule for {traffic} with {other}");
            Lets::Blocked { at, code: Code::EniSgRulesMismatch, rule }
        }
    }
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
                    let holds = network.groups.get(group).is_some() && network.holders(other).iter().any(has);
                    if holds { Match::Lost(*code) } else { Match::No }
                }
            }
        }
    }
}

/// Who has the address that a packet goes to, where outbound rules may name its groups: in the VPC, and over a peering of the
/// region.
fn receiver(network: &Network, number: u32, source: IpAddr, target: IpAddr) -> Sender {
    let Some((_, interface)) = network.interface(number) else { return Sender::Nobody };
    let found = |vpc: &str| match network.holder(vpc, target) {
        Ok(Some(number)) => Sender::Known(number),
        Ok(None) => Sender::Nobody,
        Err(unread) => Sender::Unseen(unread.0),
    };
    if network.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.contains(target)) {
        return found(&interface.vpc);
    }
    let Ok((_, table)) = network.table_of(&interface.subnet) else { return Sender::Nobody };
    let mut probe = Walk::new(network, source, target);
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

pub(crate) fn told(way: &str, group: &Group, rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::Range(cidr) => cidr.to_string(),
        Peer::Group(id) | Peer::List(id) | Peer::Unreadable(id) => id.clone(),
    };
    format!("{way} rule of {} allows {} with {peer}", group.name, rule.service)
}
