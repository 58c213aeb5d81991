//! Network ACLs: stateless, in the order of their numbers, around subnets.
//!
//! VPC guide, "Network ACL rules": the first rule that matches decides; where none does, nothing passes. Answers are matched like
//! any other packet, by the port of the client.

use std::net::IpAddr;

use super::walk::{End, Walk};
use crate::{
    answer::{Code, Disposition, Says},
    model::{AclEntry, Unread},
    traffic::Ports,
};

/// Out of a subnet.
pub(super) fn leaving(walk: &mut Walk<'_>, subnet: &str) -> Result<(), End> {
    check(walk, subnet, true)
}

/// Into a subnet.
pub(super) fn entering(walk: &mut Walk<'_>, subnet: &str) -> Result<(), End> {
    check(walk, subnet, false)
}

fn check(walk: &mut Walk<'_>, subnet: &str, is_out: bool) -> Result<(), End> {
    let network = walk.network;
    let (id, acl) = match network.acl_of(subnet) {
        Ok(found) => found,
        Err(unread) => {
            walk.unsure("network_acl", subnet, unread);
            return Ok(());
        }
    };
    let (entries, other) = if is_out { (&acl.outbound, walk.target) } else { (&acl.inbound, walk.source) };
    let decided = if walk.is_answer() { answer(walk, entries, other) } else { request(walk, entries, other) };
    let way = if is_out { "out of" } else { "into" };
    match decided {
        Decided::Allowed(rule) => {
            walk.hop("network_acl", id, Says::Allowed, format!("{way} {subnet}: {rule}"));
            Ok(())
        }
        Decided::Blocked(rule) => {
            let disposition = if is_out { Disposition::DeniedOut } else { Disposition::DeniedIn };
            let rule = format!("{way} {subnet}: {rule}");
            Err(walk.block("network_acl", id, Code::SubnetAclRestriction, disposition, rule))
        }
        Decided::Unread => {
            walk.unsure(
                "network_acl",
                id,
                Unread(format!("a rule of {id} makes no sense, and it may decide")),
            );
            Ok(())
        }
    }
}

enum Decided {
    Allowed(String),
    Blocked(String),
    Unread,
}

/// A packet of the client: its port is one.
fn request(walk: &Walk<'_>, entries: &[AclEntry], other: IpAddr) -> Decided {
    for entry in entries.iter().filter(|entry| entry.service.takes(&walk.traffic)) {
        match entry.cidr {
            None => return Decided::Unread,
            Some(cidr) if !cidr.contains(other) => {}
            Some(_) if entry.allows => return Decided::Allowed(told(entry)),
            Some(_) => return Decided::Blocked(told(entry)),
        }
    }
    Decided::Blocked("no rule matches".to_owned())
}

/// An answer: it goes to any of the client's ports, and some of them may be let through.
fn answer(walk: &mut Walk<'_>, entries: &[AclEntry], other: IpAddr) -> Decided {
    let mut open = walk.ports.clone();
    let mut through = Ports::default();
    let (mut allowing, mut denying) = (Vec::new(), None);
    for entry in entries.iter().filter(|entry| entry.service.is_about(&walk.traffic)) {
        let range = entry.service.ports_of(&walk.traffic);
        let part = open.within(range);
        if part.is_empty() {
            continue;
        }
        match entry.cidr {
            None => return Decided::Unread,
            Some(cidr) if !cidr.contains(other) => continue,
            Some(_) if entry.allows => {
                through.add(&part);
                allowing.push(told(entry));
            }
            Some(_) => {
                denying.get_or_insert_with(|| told(entry));
            }
        }
        open = open.without(range);
    }
    if through.is_empty() {
        return Decided::Blocked(denying.unwrap_or_else(|| "no rule matches".to_owned()));
    }
    walk.ports = through;
    Decided::Allowed(allowing.join("; "))
}

fn told(entry: &AclEntry) -> String {
    let word = if entry.allows { "allows" } else { "denies" };
    let number = if entry.number == 32767 { "*".to_owned() } else { entry.number.to_string() };
    let range = entry.cidr.map_or_else(|| "?".to_owned(), |cidr| cidr.to_string());
    format!("rule {number} {word} {} with {range}", entry.service)
}
