//! From whom a packet arrives at the addresses of a class, security groups left out: one walk for each class of senders.

use std::{net::IpAddr, sync::Arc};

use super::{Bits, Index, PATHS_MAX, classes::Class};
use crate::{
    answer::Verdict,
    trace::{
        Goal, Origin,
        walk::{self, Sender},
    },
    traffic::{CLIENT_PORTS, Ports, Traffic},
};

/// What a packet of a class meets on its way to another class, security groups left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// There and back.
    pub(super) verdict: Verdict,
    /// What the server's groups see; none where it does not arrive.
    pub(super) seen: Option<Seen>,
    /// Whether each of the class must be asked by itself.
    pub(super) is_literal: bool,
}

/// A packet as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The address that it comes from, where that is not the sender's own.
    pub(super) exchanged: Option<IpAddr>,
    /// Whether rules that name groups know the sender.
    pub(super) sender: Kept,
}

/// Whether groups count on a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
    Unsure,
}

impl From<&Sender> for Kept {
    fn from(sender: &Sender) -> Self {
        match sender {
            Sender::Known(_) => Self::Yes,
            Sender::Unsure(..) | Sender::Unseen(_) => Self::Unsure,
            Sender::Lost(_) | Sender::Nobody => Self::No,
        }
    }
}

/// All ways to the addresses of a class.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// Addresses from which it arrives and is answered, with their own address and groups.
    pub(super) kept: Bits,
    /// The same, but that groups do not count.
    pub(super) plain: Bits,
    /// Classes of which something else is to be said than that it does not arrive.
    pub(super) others: Vec<(Class, Path)>,
}

/// The ports of any client.
pub(super) fn client_ports() -> Ports {
    Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1)
}

impl Index {
    /// Traffic that stands for all that no network ACL tells apart from it: nothing else on the way looks at ports.
    fn canonical(&self, traffic: Traffic) -> Traffic {
        let port = self.ports.iter().rev().find(|cut| **cut <= traffic.port).copied().unwrap_or_default();
        Traffic { port, ..traffic }
    }

    /// The ways to the class of an address.
    pub(super) fn ways_to(&self, target: Class, is_v6: bool, traffic: Traffic) -> Arc<Ways> {
        let traffic = self.canonical(traffic);
        let key = (target, traffic);
        if let Some(ways) = self.ways.read().ok().and_then(|ways| ways.get(&key).cloned()) {
            return ways;
        }
        let count = self.classes.held.len();
        let mut ways = Ways { kept: Bits::none(count), plain: Bits::none(count), others: Vec::new() };
        for (source, members) in (0..).zip(&self.classes.of_class) {
            let first = members.first().and_then(|at| self.classes.held.get(*at as usize));
            if first.is_none_or(|one| one.address.is_ipv6() != is_v6) {
                continue;
            }
            // What stays on one interface is no way: two of different ones stand for the classes.
            let Some((from, to)) = self.two(source, target) else { continue };
            let path = self.walk_for(from, to, traffic);
            if path.verdict == Verdict::No && !path.is_literal {
                continue;
            }
            match &path.seen {
                Some(Seen { exchanged: None, sender })
                    if path.verdict == Verdict::Yes && !path.is_literal =>
                {
                    match sender {
                        Kept::Yes => members.iter().for_each(|at| ways.kept.insert(*at)),
                        Kept::No => members.iter().for_each(|at| ways.plain.insert(*at)),
                        Kept::Unsure => ways.others.push((source, path)),
                    }
                }
                _ => ways.others.push((source, path)),
            }
        }
        let ways = Arc::new(ways);
        if let Ok(mut all) = self.ways.write() {
            if all.len() >= PATHS_MAX {
                all.clear();
            }
            all.insert(key, Arc::clone(&ways));
        }
        ways
    }

    /// An address of each class, of two interfaces.
    fn two(&self, source: Class, target: Class) -> Option<(u32, u32)> {
        let members =
            |class: Class| self.classes.of_class.get(class as usize).map(Vec::as_slice).unwrap_or_default();
        let interface = |at: u32| self.classes.held.get(at as usize).map(|one| one.interface);
        let to = *members(target).first()?;
        if let Some(from) = members(source).iter().find(|from| interface(**from) != interface(to)) {
            return Some((*from, to));
        }
        let from = *members(source).first()?;
        let to = members(target).iter().find(|to| interface(**to) != interface(from))?;
        Some((from, *to))
    }

    /// The way of one address to another, as their classes have it.
    pub(super) fn walk_for(&self, source: u32, target: u32, traffic: Traffic) -> Path {
        let (Some(from), Some(to)) =
            (self.classes.held.get(source as usize), self.classes.held.get(target as usize))
        else {
            return Path { verdict: Verdict::No, seen: None, is_literal: true };
        };
        let origin = Origin::Host(from.interface, from.address);
        let goal = Goal { address: to.address, interface: Some(to.interface) };
        let walked = walk::path(self.network(), &origin, goal, self.canonical(traffic), &client_ports());
        let seen = walked.seen.as_ref().map(|(address, sender)| Seen {
            exchanged: (*address != from.address).then_some(*address),
            sender: Kept::from(sender),
        });
        let is_exchanged = seen.as_ref().is_some_and(|seen| seen.exchanged.is_some());
        // An internet gateway gives each its own address.
        let is_literal = walked.is_unusual || is_exchanged && !walked.has_sessions;
        Path { verdict: walked.verdict, seen, is_literal }
    }
}
