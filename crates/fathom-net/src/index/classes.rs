//! Addresses in their order, and classes of those that no path tells apart.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use crate::{
    address::{Cidr, number},
    model::{Destination, InterfaceKind, Network},
    trace::groups,
};

/// A class of addresses, by number.
pub(super) type Class = u32;

/// An address of an interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) address: IpAddr,
    pub(super) interface: u32,
    pub(super) class: Class,
    /// The public address that is exchanged for it, of IPv4.
    pub(super) public: Option<IpAddr>,
}

/// What a class has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    subnet: String,
    cell: usize,
    is_attached: bool,
    /// Whether packets to the address come to this interface: two of one address are a mistake.
    is_holder: bool,
    is_running: bool,
    kind: InterfaceKind,
}

/// All addresses, sorted, with their classes and groups.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub(super) held: Vec<Held>,
    /// The addresses of each interface, by number.
    pub(super) of_interface: Vec<Vec<u32>>,
    /// The addresses of each class.
    pub(super) of_class: Vec<Vec<u32>>,
    /// The addresses of a group's members.
    pub(super) members: HashMap<String, Vec<u32>>,
    /// The addresses of interfaces that need no groups, and have none.
    pub(super) unasked: Vec<u32>,
}

impl Classes {
    pub(super) fn new(network: &Network) -> Self {
        let cuts = cuts(network);
        let mut keys: HashMap<Key, Class> = HashMap::new();
        let mut held: Vec<Held> = Vec::new();
        for (at, (_, interface)) in (0..).zip(network.interfaces.iter()) {
            let state = interface.instance.as_deref().and_then(|id| network.instances.get(id));
            for one in &interface.addresses {
                let is_holder = network.holder(&interface.vpc, one.address).ok().flatten() == Some(at);
                let key = Key {
                    subnet: interface.subnet.clone(),
                    cell: cuts.partition_point(|cut| *cut <= number(one.address)),
                    is_attached: interface.is_attached,
                    is_holder,
                    is_running: state.is_none_or(|one| one.state == "running"),
                    kind: interface.kind,
                };
                let next = keys.len() as Class;
                let class = *keys.entry(key).or_insert(next);
                held.push(Held { address: one.address, interface: at, class, public: one.public });
            }
        }
        held.sort_by_key(|one| (one.address, one.interface));
        let mut of_interface = vec![Vec::new(); network.interfaces.len()];
        let mut of_class: Vec<Vec<u32>> = vec![Vec::new(); keys.len()];
        let mut members: HashMap<String, Vec<u32>> = HashMap::new();
        let mut unasked = Vec::new();
        for (at, one) in (0..).zip(&held) {
            if let Some(own) = of_interface.get_mut(one.interface as usize) {
                own.push(at);
            }
            if let Some(own) = of_class.get_mut(one.class as usize) {
                own.push(at);
            }
            if groups::has_none(network, one.interface) {
                unasked.push(at);
            }
            let groups =
                network.interface(one.interface).map(|(_, one)| one.groups.as_slice()).unwrap_or_default();
            for group in groups {
                members.entry(group.clone()).or_default().push(at);
            }
        }
        Self { held, of_interface, of_class, members, unasked }
    }

    pub(super) fn len(&self) -> usize {
        self.of_class.len()
    }

    /// The numbers of the addresses in a range.
    pub(super) fn within(&self, cidr: &Cidr) -> (usize, usize) {
        let from = self.held.partition_point(|one| one.address < cidr.first());
        let to = self.held.partition_point(|one| one.address <= cidr.last());
        (from, to)
    }
}

/// Where an address may begin to be treated otherwise than the one before it.
fn cuts(network: &Network) -> Vec<(bool, u128)> {
    let mut ranges: Vec<Cidr> = Vec::new();
    for (_, acl) in network.acls.iter() {
        ranges.extend(acl.inbound.iter().chain(&acl.outbound).filter_map(|entry| entry.cidr));
    }
    for (_, table) in network.tables.iter() {
        for route in &table.routes {
            match &route.destination {
                Destination::Range(cidr) => ranges.push(*cidr),
                Destination::List(id) => {
                    ranges.extend(
                        network.prefix_lists.get(id).and_then(|list| list.cidrs.clone()).unwrap_or_default(),
                    );
                }
                Destination::Unreadable(_) => {}
            }
        }
    }
    for (_, table) in network.transit_tables.iter() {
        ranges.extend(table.routes.iter().flatten().filter_map(|route| route.cidr));
    }
    for (_, peering) in network.peerings.iter() {
        ranges.extend(peering.sides.iter().flat_map(|side| side.cidrs.iter().copied()));
    }
    ranges.extend(network.vpcs.iter().flat_map(|(_, vpc)| vpc.cidrs.iter().copied()));
    ranges.extend(network.subnets.iter().flat_map(|(_, subnet)| subnet.cidrs.iter().copied()));
    ranges.extend(crate::address::not_public());
    ranges.push(crate::address::global_v6());
    let mut cuts: Vec<(bool, u128)> = Vec::new();
    for range in ranges {
        cuts.push(number(range.first()));
        let (is_v6, last) = number(range.last());
        cuts.extend(last.checked_add(1).map(|next| (is_v6, next)));
    }
    // The two addresses of the provider in each VPC.
    for (_, vpc) in network.vpcs.iter() {
        for cidr in vpc.cidrs.iter().filter(|cidr| !cidr.is_v6()) {
            let (is_v6, first) = number(cidr.first());
            cuts.extend([(is_v6, first + 2), (is_v6, first + 3)]);
        }
    }
    // Where networks overlap, one address is of several interfaces, and who has it depends on where a packet is.
    let mut seen = HashSet::new();
    for address in network.interfaces.iter().flat_map(|(_, one)| &one.addresses).map(|one| one.address) {
        if !seen.insert(address) {
            let (is_v6, value) = number(address);
            cuts.push((is_v6, value));
            cuts.extend(value.checked_add(1).map(|next| (is_v6, next)));
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
