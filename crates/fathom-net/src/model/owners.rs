//! Whose an interface is, for what is no server: databases, containers, file systems.
//!
//! Some documents name their interfaces or addresses; of others only groups, subnets and what the service wrote on the interface are
//! known, which several things may have in common. Then each of them may be the owner, and none surely is.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use super::{Network, Whereabouts};

/// How a document says which interfaces are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marks {
    /// Their ids.
    Ids(Vec<String>),
    /// Their private addresses.
    Addresses {
        /// The addresses.
        addresses: Vec<IpAddr>,
        /// The VPC that they are of, where the document says it.
        vpc: Option<String>,
        /// The subnets that they are of, where it says these.
        subnets: Vec<String>,
    },
    /// What the service wrote on them.
    Described(String),
    /// What they have in common with those of others.
    Alike {
        /// Their security groups, all of them, in order.
        groups: Vec<String>,
        /// The subnets that they may lie in; any where there are none.
        subnets: Vec<String>,
        /// What the service wrote on them.
        described: String,
        /// What parts of it call it.
        id: String,
        /// What it is a part of.
        part_of: Option<String>,
    },
}

/// Something that is no server and has interfaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Owned {
    /// Where it was read.
    pub at: Whereabouts,
    /// Its type, as AWS Config names it.
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
    /// The ports that it listens on, where that is known.
    pub ports: Vec<u16>,
    /// How its interfaces are known.
    pub marks: Marks,
    /// Its interfaces, by number: all that may be its own.
    pub interfaces: Vec<u32>,
    /// What else some of these may be of, by ARN, or a type that was not read; none where they surely are its own.
    pub rivals: Vec<String>,
}

impl Owned {
    /// Whether that the interfaces are its own was taken from what they look like.
    pub fn is_taken(&self) -> bool {
        matches!(self.marks, Marks::Alike { .. })
    }
}

/// Whether one is a part of the other.
fn is_part_of(one: &Owned, other: &Owned) -> bool {
    match (&one.marks, &other.marks) {
        (Marks::Alike { part_of: Some(whole), .. }, Marks::Alike { id, .. }) => {
            one.at == other.at && whole == id
        }
        _ => false,
    }
}

/// Whether they are one thing, as a whole and its part are.
fn are_one(one: &Owned, other: &Owned) -> bool {
    is_part_of(one, other) || is_part_of(other, one)
}

impl Network {
    /// The things that an interface may be of; it surely is where there is one without rivals.
    pub fn owners(&self, interface: u32) -> impl Iterator<Item = (&str, &Owned)> {
        let all = self.owners_of.get(&interface).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(|number| Some((self.owned.id(*number), self.owned.at(*number)?)))
    }

    /// Finds the interfaces of what says how they are known.
    pub(super) fn find_owned(&mut self, found: Vec<(String, Owned)>) {
        if found.is_empty() {
            return;
        }
        let mut by_description: HashMap<&str, Vec<u32>> = HashMap::new();
        for (number, (_, interface)) in (0..).zip(self.interfaces.iter()) {
            by_description.entry(&interface.description).or_default().push(number);
        }
        let mut all: BTreeMap<String, Owned> = found.into_iter().collect();
        for owned in all.values_mut() {
            owned.interfaces = self.marked(owned, &by_description);
        }
        let mut claims: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (uid, owned) in &all {
            for number in &owned.interfaces {
                claims.entry(*number).or_default().push(uid.clone());
            }
        }
        // What a document names surely is its own, whatever it looks like.
        let is_told = |uid: &String| all.get(uid).is_some_and(|one| !one.is_taken());
        let mut lost: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut rivals: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, uids) in &claims {
            let has_told = uids.iter().any(is_told);
            for uid in uids.iter().filter(|uid| !is_told(uid)) {
                if has_told {
                    lost.entry(uid.clone()).or_default().push(*number);
                    continue;
                }
                let Some(one) = all.get(uid) else { continue };
                let others = uids.iter().filter(|other| {
                    *other != uid && all.get(*other).is_some_and(|other| !are_one(one, other))
                });
                rivals.entry(uid.clone()).or_default().extend(others.cloned());
            }
        }
        // A part of a rival is no further one.
        for others in rivals.values_mut() {
            others.sort_unstable();
            others.dedup();
            let wholes = others.clone();
            let is_part = |uid: &String| {
                let part = all.get(uid);
                part.is_some_and(|part| {
                    wholes.iter().filter_map(|uid| all.get(uid)).any(|whole| is_part_of(part, whole))
                })
            };
            others.retain(|uid| !is_part(uid));
        }
        for (uid, owned) in &mut all {
            if let Some(lost) = lost.get(uid) {
                owned.interfaces.retain(|number| !lost.contains(number));
            }
            owned.rivals.extend(rivals.remove(uid).unwrap_or_default());
        }
        self.owned = all.into_iter().collect();
        for (number, (_, owned)) in (0..).zip(self.owned.iter()) {
            for interface in &owned.interfaces {
                self.owners_of.entry(*interface).or_default().push(number);
            }
        }
    }

    /// The interfaces that have the marks.
    fn marked(&self, owned: &Owned, by_description: &HashMap<&str, Vec<u32>>) -> Vec<u32> {
        let of_place = |number: &u32| {
            let interface = self.interfaces.at(*number);
            interface
                .is_some_and(|one| one.at.account == owned.at.account && one.at.region == owned.at.region)
        };
        let described = |text: &str| by_description.get(text).map(Vec::as_slice).unwrap_or_default().iter();
        match &owned.marks {
            Marks::Ids(ids) => ids.iter().filter_map(|id| self.interfaces.number(id)).collect(),
            Marks::Addresses { addresses, vpc: Some(vpc), .. } => {
                addresses.iter().filter_map(|at| self.holder(vpc, *at).ok().flatten()).collect()
            }
            Marks::Addresses { addresses, vpc: None, subnets } => {
                let is_there = |number: &u32| {
                    self.interfaces.at(*number).is_some_and(|one| subnets.contains(&one.subnet))
                };
                addresses.iter().flat_map(|at| self.holders(*at)).filter(is_there).collect()
            }
            Marks::Described(text) => described(text).copied().filter(of_place).collect(),
            Marks::Alike { groups, subnets, described: text, .. } => {
                let fits = |number: &u32| {
                    self.interfaces.at(*number).is_some_and(|one| {
                        let mut own: Vec<&String> = one.groups.iter().collect();
                        own.sort_unstable();
                        one.instance.is_none()
                            && !groups.is_empty()
                            && own.into_iter().eq(groups)
                            && (subnets.is_empty() || subnets.contains(&one.subnet))
                    })
                };
                described(text).copied().filter(of_place).filter(fits).collect()
            }
        }
    }
}
