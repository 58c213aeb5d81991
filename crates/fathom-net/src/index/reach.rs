//! Who reaches an interface.

use std::{net::IpAddr, sync::Arc};

use super::{Bits, Index, Kept, PATHS_MAX, Path, Seen, classes::Part};
use crate::{
    address::is_public,
    answer::Verdict,
    model::{Peer, Rule},
    trace::{
        Goal, Origin,
        groups::{self, Lets},
        walk,
    },
    traffic::{CLIENT_PORTS, Ports, Traffic},
};

/// Interfaces by what is answered of them; the rest is surely not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// Those for whom it is so.
    pub yes: Bits,
    /// Those for whom it is so if something holds.
    pub only_if: Bits,
    /// Those of whom it is not known.
    pub unknown: Bits,
}

impl Reached {
    /// What is answered of one.
    pub fn verdict(&self, interface: u32) -> Verdict {
        if self.yes.contains(interface) {
            Verdict::Yes
        } else if self.only_if.contains(interface) {
            Verdict::OnlyIf
        } else if self.unknown.contains(interface) {
            Verdict::Unknown
        } else {
            Verdict::No
        }
    }

    fn take(&mut self, interface: u32, verdict: Verdict) {
        match verdict {
            Verdict::Yes => self.yes.insert(interface),
            Verdict::OnlyIf => self.only_if.insert(interface),
            Verdict::Unknown => self.unknown.insert(interface),
            Verdict::No => {}
        }
    }
}

/// What the groups of a server say to each address: allowed, if, not known. The rest is blocked.
struct Inbound {
    yes: Bits,
    /// Members of groups that rules name.
    named: Bits,
    rest: Verdict,
}

impl Index {
    /// Who reaches an interface with some traffic, of all interfaces.
    pub fn who_reaches(&self, to: u32, traffic: Traffic) -> Reached {
        let count = self.network().interfaces.len();
        let mut reached =
            Reached { yes: Bits::none(count), only_if: Bits::none(count), unknown: Bits::none(count) };
        let own = self.classes.of_interface.get(to as usize).map(Vec::as_slice).unwrap_or_default();
        for at in own {
            let Some(held) = self.classes.held.get(*at as usize).copied() else { continue };
            if is_public(held.address) && !held.address.is_ipv6() {
                // A VPC with a range of the internet: who has a public address may come from there too.
                self.one_by_one(to, held.address, traffic, &mut reached);
            } else {
                self.who_reaches_address(to, *at, traffic, &mut reached);
            }
            if let Some(public) = held.public {
                self.one_by_one(to, public, traffic, &mut reached);
            }
        }
        // Each is told once, by the best of its addresses.
        reached.only_if.drop(&reached.yes);
        reached.unknown.drop(&reached.yes);
        reached.unknown.drop(&reached.only_if);
        reached
    }

    /// What an interface reaches with some traffic, of all interfaces.
    pub fn reaches(&self, from: u32, traffic: Traffic) -> Reached {
        let count = self.network().interfaces.len();
        let mut reached =
            Reached { yes: Bits::none(count), only_if: Bits::none(count), unknown: Bits::none(count) };
        let own = self.classes.of_interface.get(from as usize).map(Vec::as_slice).unwrap_or_default();
        for to in 0..count as u32 {
            let targets = self.classes.of_interface.get(to as usize).map(Vec::as_slice).unwrap_or_default();
            let mut best = Verdict::No;
            for (source, target) in
                own.iter().flat_map(|source| targets.iter().map(move |target| (*source, *target)))
            {
                best = best.max(self.one_pair(source, target, traffic));
            }
            let publics = targets.iter().filter_map(|at| self.classes.held.get(*at as usize)?.public);
            if best < Verdict::Yes {
                for public in publics {
                    let goal = Goal { address: public, interface: Some(to) };
                    best = best.max(self.from_all(from, goal, traffic));
                }
            }
            reached.take(to, best);
        }
        reached
    }

    /// One address to another.
    fn one_pair(&self, source: u32, target: u32, traffic: Traffic) -> Verdict {
        let (Some(from), Some(to)) =
            (self.classes.held.get(source as usize), self.classes.held.get(target as usize))
        else {
            return Verdict::No;
        };
        if from.address.is_ipv6() != to.address.is_ipv6() {
            return Verdict::No;
        }
        if from.interface == to.interface {
            return Verdict::Yes;
        }
        let goal = Goal { address: to.address, interface: Some(to.interface) };
        if is_public(to.address) && !to.address.is_ipv6() {
            return self.walked(from.interface, from.address, goal, traffic);
        }
        let path = self.path(source, target, traffic);
        if path.is_literal {
            return self.walked(from.interface, from.address, goal, traffic);
        }
        let set = self.classes.set_of.get(from.interface as usize).copied().unwrap_or_default();
        let part = Part { groups: set, members: vec![source] };
        let out = self.out(&part, to.interface, to.address, traffic);
        let Some(seen) = &path.seen else { return before(out, path.verdict) };
        let other = seen.exchanged.unwrap_or(from.address);
        let member = self.member(seen, from.interface);
        let lets = groups::decide(self.network(), to.interface, other, &member, &traffic, false);
        combine(path.verdict, out, verdict_of(&lets))
    }

    fn who_reaches_address(&self, to: u32, target: u32, traffic: Traffic, reached: &mut Reached) {
        let Some(held) = self.classes.held.get(target as usize).copied() else { return };
        let inbound = self.inbound(to, &traffic);
        for parts in &self.classes.parts {
            let Some(first) = parts.iter().flat_map(|part| &part.members).next().copied() else { continue };
            let is_family = |at: u32| {
                self.classes
                    .held
                    .get(at as usize)
                    .is_some_and(|one| one.address.is_ipv6() == held.address.is_ipv6())
            };
            if !is_family(first) {
                continue;
            }
            // Its own packets do not leave it: somebody else stands for its class.
            let others = parts.iter().flat_map(|part| &part.members).copied();
            let stands = others
                .clone()
                .find(|at| self.classes.held.get(*at as usize).is_some_and(|one| one.interface != to));
            if others
                .clone()
                .any(|at| self.classes.held.get(at as usize).is_some_and(|one| one.interface == to))
            {
                reached.yes.insert(to);
            }
            let Some(stands) = stands else { continue };
            let path = self.path(stands, target, traffic);
            if path.verdict == Verdict::No && !path.is_literal {
                continue;
            }
            for part in parts {
                self.take_part(part, &path, (to, held.address), traffic, &inbound, reached);
            }
        }
    }

    /// Takes in those of a part of a class that the groups let through.
    fn take_part(
        &self,
        part: &Part,
        path: &Path,
        (to, target): (u32, IpAddr),
        traffic: Traffic,
        inbound: &Inbound,
        reached: &mut Reached,
    ) {
        let members = part.members.iter().filter_map(|at| Some((*at, self.classes.held.get(*at as usize)?)));
        let others = members.filter(|(_, one)| one.interface != to);
        if path.is_literal {
            let goal = Goal { address: target, interface: Some(to) };
            for (_, one) in others {
                reached.take(one.interface, self.walked(one.interface, one.address, goal, traffic));
            }
            return;
        }
        let out = self.out(part, to, target, traffic);
        let Some(seen) = &path.seen else {
            let verdict = before(out, path.verdict);
            others.for_each(|(_, one)| reached.take(one.interface, verdict));
            return;
        };
        // Where the address was exchanged, all of the class come from the same one.
        let same = seen.exchanged.map(|other| {
            verdict_of(&groups::decide(self.network(), to, other, &walk::Sender::Nobody, &traffic, false))
        });
        for (at, one) in others {
            let lets = match same {
                Some(same) => same,
                None if inbound.yes.contains(at) => Verdict::Yes,
                None if inbound.named.contains(at) => match seen.sender {
                    Kept::Yes => Verdict::Yes,
                    Kept::Unsure => Verdict::Unknown,
                    Kept::No => inbound.rest,
                },
                None => inbound.rest,
            };
            reached.take(one.interface, combine(path.verdict, out, lets));
        }
    }

    /// What the groups of a server say to everybody.
    fn inbound(&self, to: u32, traffic: &Traffic) -> Inbound {
        let count = self.classes.held.len();
        let mut inbound = Inbound { yes: Bits::none(count), named: Bits::none(count), rest: Verdict::No };
        let network = self.network();
        for rule in groups::rules(network, to, traffic, false) {
            self.add_peers(rule, &mut inbound);
        }
        if groups::has_none(network, to) {
            inbound.yes.insert_range(0, count);
        }
        // What is said to one whom no range and no group is about, is said to all such.
        inbound.rest = groups::decide_unnamed(network, to, traffic);
        inbound
    }

    fn add_peers(&self, rule: &Rule, inbound: &mut Inbound) {
        let add = |cidr: &crate::address::Cidr, bits: &mut Bits| {
            let (from, to) = self.classes.within(cidr);
            bits.insert_range(from, to);
        };
        match &rule.peer {
            Peer::Range(cidr) => add(cidr, &mut inbound.yes),
            Peer::List(id) => {
                let cidrs = self.network().prefix_lists.get(id).and_then(|list| list.cidrs.as_ref());
                cidrs.into_iter().flatten().for_each(|cidr| add(cidr, &mut inbound.yes));
            }
            Peer::Group(id) => {
                if let Some(members) = self.classes.members.get(id) {
                    inbound.named.add(members);
                }
            }
            Peer::Unreadable(_) => {}
        }
    }

    /// What the groups of clients say; all of a part have the same.
    fn out(&self, part: &Part, to: u32, target: IpAddr, traffic: Traffic) -> Verdict {
        let stands = part.members.iter().filter_map(|at| self.classes.held.get(*at as usize));
        let Some(from) = stands.into_iter().find(|one| one.interface != to) else { return Verdict::Yes };
        verdict_of(&groups::decide_outbound(self.network(), from.interface, from.address, target, &traffic))
    }

    fn member(&self, seen: &Seen, interface: u32) -> walk::Sender {
        match seen.sender {
            _ if seen.exchanged.is_some() => walk::Sender::Nobody,
            Kept::Yes => walk::Sender::Known(interface),
            Kept::Unsure => walk::Sender::Unsure(interface, String::new()),
            Kept::No => walk::Sender::Nobody,
        }
    }

    /// The path of a class to another, walked for one of each.
    fn path(&self, source: u32, target: u32, traffic: Traffic) -> Arc<Path> {
        let (Some(from), Some(to)) =
            (self.classes.held.get(source as usize), self.classes.held.get(target as usize))
        else {
            return Arc::new(Path { verdict: Verdict::No, seen: None, is_literal: true });
        };
        let key = (from.class, to.class, traffic);
        if let Some(path) = self.paths.read().ok().and_then(|paths| paths.get(&key).cloned()) {
            return path;
        }
        let origin = Origin::Host(from.interface, from.address);
        let goal = Goal { address: to.address, interface: Some(to.interface) };
        let walked = walk::path(self.network(), &origin, goal, traffic, &client_ports());
        let seen = walked.seen.as_ref().map(|(address, sender)| Seen {
            exchanged: (*address != from.address).then_some(*address),
            sender: Kept::from(sender),
        });
        let is_exchanged = seen.as_ref().is_some_and(|seen| seen.exchanged.is_some());
        let path = Arc::new(Path {
            verdict: walked.verdict,
            // An internet gateway gives each its own address.
            is_literal: walked.is_unusual || is_exchanged && !walked.has_sessions,
            seen,
        });
        if let Ok(mut paths) = self.paths.write() {
            if paths.len() >= PATHS_MAX {
                paths.clear();
            }
            paths.insert(key, Arc::clone(&path));
        }
        path
    }

    /// All interfaces to one address, one by one.
    fn one_by_one(&self, to: u32, target: IpAddr, traffic: Traffic, reached: &mut Reached) {
        let goal = Goal { address: target, interface: Some(to) };
        for one in self.classes.held.iter().filter(|one| one.address.is_ipv6() == target.is_ipv6()) {
            let is_own = one.interface == to;
            let verdict =
                if is_own { Verdict::Yes } else { self.walked(one.interface, one.address, goal, traffic) };
            reached.take(one.interface, verdict);
        }
    }

    /// From the best of an interface's addresses.
    fn from_all(&self, from: u32, goal: Goal, traffic: Traffic) -> Verdict {
        let own = self.classes.of_interface.get(from as usize).map(Vec::as_slice).unwrap_or_default();
        let own = own.iter().filter_map(|at| self.classes.held.get(*at as usize));
        let own = own.filter(|one| one.address.is_ipv6() == goal.address.is_ipv6());
        own.map(|one| self.walked(from, one.address, goal, traffic)).max().unwrap_or(Verdict::No)
    }

    fn walked(&self, from: u32, source: IpAddr, goal: Goal, traffic: Traffic) -> Verdict {
        walk::there_and_back(self.network(), &Origin::Host(from, source), goal, traffic, &client_ports())
            .verdict
    }
}

fn client_ports() -> Ports {
    Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1)
}

fn verdict_of(lets: &Lets) -> Verdict {
    match lets {
        Lets::Through { .. } | Lets::Unasked => Verdict::Yes,
        Lets::If { .. } => Verdict::OnlyIf,
        Lets::Unread { .. } => Verdict::Unknown,
        Lets::Blocked { .. } => Verdict::No,
    }
}

/// A packet that does not arrive: the client's groups hold it up, or the way does.
fn before(out: Verdict, path: Verdict) -> Verdict {
    if out == Verdict::No { Verdict::No } else { path }
}

/// A packet that arrives: one part that blocks decides, then one that is not known, then one with a condition.
fn combine(path: Verdict, out: Verdict, lets: Verdict) -> Verdict {
    let all = [path, out, lets];
    [Verdict::No, Verdict::Unknown, Verdict::OnlyIf]
        .into_iter()
        .find(|one| all.contains(one))
        .unwrap_or(Verdict::Yes)
}
