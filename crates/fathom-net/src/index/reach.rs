//! Who reaches an interface, and what it reaches.

use std::{net::IpAddr, sync::Arc};

use super::{
    Bits, Index, PATHS_MAX,
    classes::Held,
    paths::{Kept, Path, client_ports},
};
use crate::{
    address::{Cidr, is_public},
    answer::Verdict,
    model::{Peer, Rule},
    trace::{
        Goal, Origin,
        groups::{self, Lets},
        walk::{self, Sender},
    },
    traffic::Traffic,
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
    fn none(count: usize) -> Self {
        Self { yes: Bits::none(count), only_if: Bits::none(count), unknown: Bits::none(count) }
    }

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

    /// Each is told once, by the best that is answered of it.
    fn settle(&mut self) {
        self.only_if.drop(&self.yes);
        self.unknown.drop(&self.yes);
        self.unknown.drop(&self.only_if);
    }
}

/// What the groups of a server say to each address.
struct Inbound {
    /// Those of ranges.
    yes: Bits,
    /// Members of groups that rules name.
    named: Bits,
    /// What is said to all others.
    rest: Verdict,
}

impl Inbound {
    fn says(&self, at: u32, kept: Kept) -> Verdict {
        match kept {
            _ if self.yes.contains(at) => Verdict::Yes,
            Kept::Yes if self.named.contains(at) => Verdict::Yes,
            Kept::Unsure if self.named.contains(at) => Verdict::Unknown,
            _ => self.rest,
        }
    }
}

impl Index {
    /// Who reaches an interface with some traffic, of all interfaces.
    pub fn who_reaches(&self, to: u32, traffic: Traffic) -> Reached {
        let mut reached = Reached::none(self.network().interfaces.len());
        for target in self.held_by(to) {
            reached.yes.insert(to);
            if is_public(target.address) && !target.address.is_ipv6() {
                // A VPC with a range of the internet: who has a public address may come from there too.
                self.one_by_one(Goal { address: target.address, interface: Some(to) }, traffic, &mut reached);
            } else {
                self.who_reaches_address(target, traffic, &mut reached);
            }
            if let Some(address) = target.public {
                self.one_by_one(Goal { address, interface: Some(to) }, traffic, &mut reached);
            }
        }
        reached.settle();
        reached
    }

    /// What an interface reaches with some traffic, of all interfaces.
    pub fn reaches(&self, from: u32, traffic: Traffic) -> Reached {
        let count = self.network().interfaces.len();
        let mut reached = Reached::none(count);
        for to in 0..count as u32 {
            for target in self.held_by(to) {
                for source in self.numbers_of(from) {
                    reached.take(to, self.one_pair(*source, target, traffic));
                }
                if let Some(address) = target.public {
                    let goal = Goal { address, interface: Some(to) };
                    let own = self.held_by(from).filter(|one| !one.address.is_ipv6());
                    own.for_each(|one| reached.take(to, self.walked(one, goal, traffic)));
                }
            }
        }
        reached.settle();
        reached
    }

    fn numbers_of(&self, interface: u32) -> &[u32] {
        self.classes.of_interface.get(interface as usize).map(Vec::as_slice).unwrap_or_default()
    }

    fn held_by(&self, interface: u32) -> impl Iterator<Item = &Held> {
        self.numbers_of(interface).iter().filter_map(|at| self.classes.held.get(*at as usize))
    }

    /// One address to another.
    fn one_pair(&self, source: u32, target: &Held, traffic: Traffic) -> Verdict {
        let Some(from) = self.classes.held.get(source as usize) else { return Verdict::No };
        if from.address.is_ipv6() != target.address.is_ipv6() {
            return Verdict::No;
        }
        if from.interface == target.interface {
            return Verdict::Yes;
        }
        let goal = Goal { address: target.address, interface: Some(target.interface) };
        if is_public(target.address) && !target.address.is_ipv6() {
            return self.walked(from, goal, traffic);
        }
        let ways = self.ways_to(target.class, target.address.is_ipv6(), traffic);
        let (path, kept);
        if ways.kept.contains(source) || ways.plain.contains(source) {
            kept = if ways.kept.contains(source) { Kept::Yes } else { Kept::No };
            path = None;
        } else {
            let Some((_, other)) = ways.others.iter().find(|(class, _)| *class == from.class) else {
                return Verdict::No;
            };
            kept = other.seen.as_ref().map_or(Kept::No, |seen| seen.sender);
            path = Some(other);
        }
        if path.is_some_and(|path| path.is_literal) {
            return self.walked(from, goal, traffic);
        }
        let out = self.out(from, target, traffic);
        let verdict = path.map_or(Verdict::Yes, |path| path.verdict);
        let exchanged = match path.map(|path| &path.seen) {
            Some(None) => return before(out, verdict),
            Some(Some(seen)) => seen.exchanged,
            None => None,
        };
        let member = match kept {
            _ if exchanged.is_some() => Sender::Nobody,
            Kept::Yes => Sender::Known(from.interface),
            Kept::Unsure => Sender::Unsure(from.interface, String::new()),
            Kept::No => Sender::Nobody,
        };
        let other = exchanged.unwrap_or(from.address);
        combine(verdict, out, self.says(target.interface, other, &member, traffic))
    }

    fn who_reaches_address(&self, target: &Held, traffic: Traffic, reached: &mut Reached) {
        let is_v6 = target.address.is_ipv6();
        let inbound = self.inbound(target.interface, traffic);
        let ways = self.ways_to(target.class, is_v6, traffic);
        let open = self.open_outwards(traffic, is_v6);
        for (set, kept) in [(&ways.kept, Kept::Yes), (&ways.plain, Kept::No)] {
            // Most are none: whom no range and no group is about is blocked.
            let mut let_in = set.clone();
            if inbound.rest == Verdict::No {
                let mut some = inbound.yes.clone();
                if kept == Kept::Yes {
                    some.add(&inbound.named);
                }
                let_in.keep(&some);
            }
            for at in let_in.iter() {
                let Some(one) = self.classes.held.get(at as usize) else { continue };
                let out = if open.contains(at) { Verdict::Yes } else { self.out(one, target, traffic) };
                let verdict = combine(Verdict::Yes, out, inbound.says(at, kept));
                reached.take(one.interface, verdict);
            }
        }
        for (class, path) in &ways.others {
            let members = self.classes.of_class.get(*class as usize).map(Vec::as_slice).unwrap_or_default();
            self.take_class(members, path, target, traffic, (&inbound, &open), reached);
        }
    }

    /// Takes in those of a class that the groups let through.
    fn take_class(
        &self,
        members: &[u32],
        path: &Path,
        target: &Held,
        traffic: Traffic,
        (inbound, open): (&Inbound, &Bits),
        reached: &mut Reached,
    ) {
        let members = members.iter().filter_map(|at| Some((*at, self.classes.held.get(*at as usize)?)));
        let others = members.filter(|(_, one)| one.interface != target.interface);
        if path.is_literal {
            let goal = Goal { address: target.address, interface: Some(target.interface) };
            others.for_each(|(_, one)| reached.take(one.interface, self.walked(one, goal, traffic)));
            return;
        }
        // Where the address was exchanged, all of the class come from the same one.
        let exchanged = path.seen.as_ref().and_then(|seen| seen.exchanged);
        let same = exchanged.map(|other| self.says(target.interface, other, &Sender::Nobody, traffic));
        for (at, one) in others {
            let out = if open.contains(at) { Verdict::Yes } else { self.out(one, target, traffic) };
            let verdict = match &path.seen {
                None => before(out, path.verdict),
                Some(seen) => {
                    combine(path.verdict, out, same.unwrap_or_else(|| inbound.says(at, seen.sender)))
                }
            };
            reached.take(one.interface, verdict);
        }
    }

    /// What the groups of a server say to everybody.
    fn inbound(&self, to: u32, traffic: Traffic) -> Inbound {
        let count = self.classes.held.len();
        let rest = groups::decide_unnamed(self.network(), to, traffic);
        let mut inbound = Inbound { yes: Bits::none(count), named: Bits::none(count), rest };
        for rule in groups::rules(self.network(), to, traffic, false) {
            self.add_peers(rule, &mut inbound);
        }
        if groups::has_none(self.network(), to) {
            inbound.yes.insert_range(0, count);
        }
        inbound
    }

    fn add_peers(&self, rule: &Rule, inbound: &mut Inbound) {
        let add = |cidr: &Cidr, bits: &mut Bits| {
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
                let members = self.classes.members.get(id).into_iter().flatten();
                members.for_each(|at| inbound.named.insert(*at));
            }
            Peer::Unreadable(_) => {}
        }
    }

    /// Addresses whose groups let out some traffic to every address of a family.
    fn open_outwards(&self, traffic: Traffic, is_v6: bool) -> Arc<Bits> {
        let key = (traffic, is_v6);
        if let Some(open) = self.open.read().ok().and_then(|open| open.get(&key).cloned()) {
            return open;
        }
        let mut open = Bits::none(self.classes.held.len());
        let is_all = |rule: &Rule| {
            let to_all =
                matches!(&rule.peer, Peer::Range(cidr) if cidr.length() == 0 && cidr.is_v6() == is_v6);
            to_all && rule.service.takes(&traffic)
        };
        for (id, group) in self.network().groups.iter() {
            if group.outbound.iter().any(is_all) {
                let members = self.classes.members.get(id).into_iter().flatten();
                members.for_each(|at| open.insert(*at));
            }
        }
        self.classes.unasked.iter().for_each(|at| open.insert(*at));
        let open = Arc::new(open);
        if let Ok(mut all) = self.open.write() {
            if all.len() >= PATHS_MAX {
                all.clear();
            }
            all.insert(key, Arc::clone(&open));
        }
        open
    }

    /// What the groups of a client say.
    fn out(&self, from: &Held, target: &Held, traffic: Traffic) -> Verdict {
        let lets =
            groups::decide_outbound(self.network(), from.interface, from.address, target.address, traffic);
        verdict_of(&lets)
    }

    /// What the groups of a server say to one.
    fn says(&self, to: u32, other: IpAddr, member: &Sender, traffic: Traffic) -> Verdict {
        verdict_of(&groups::decide(self.network(), to, other, member, traffic, false))
    }

    /// All interfaces to one address, one by one.
    fn one_by_one(&self, goal: Goal, traffic: Traffic, reached: &mut Reached) {
        for one in self.classes.held.iter().filter(|one| one.address.is_ipv6() == goal.address.is_ipv6()) {
            if Some(one.interface) != goal.interface {
                reached.take(one.interface, self.walked(one, goal, traffic));
            }
        }
    }

    fn walked(&self, from: &Held, goal: Goal, traffic: Traffic) -> Verdict {
        let origin = Origin::Host(from.interface, from.address);
        walk::there_and_back(self.network(), &origin, goal, traffic, &client_ports()).verdict
    }
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
    let worst = [Verdict::No, Verdict::Unknown, Verdict::OnlyIf];
    worst.into_iter().find(|one| all.contains(one)).unwrap_or(Verdict::Yes)
}
