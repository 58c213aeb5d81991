//! For everybody at once: who reaches an interface, and what an interface reaches.
//!
//! Addresses of interfaces are numbered in their order, so that a range of addresses is a range of numbers. Addresses of one subnet that no
//! range in ACLs, routes or VPCs tells apart are a class: the packet of one of them, without security groups, stands for
//! all. Which of a class the groups let through is a set. Where addresses are exchanged on the way, or something unusual lies on
//! it, the class is asked one by one, with [`crate::ask`]'s own walk.
//!
//! **Invariant:** the verdicts are those of [`crate::ask`]; `tests/it/index.rs` holds the two against each other.

mod bits;
mod classes;
mod paths;
mod reach;

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

pub use bits::Bits;
use classes::{Class, Classes};
use paths::Ways;
pub use reach::Reached;

use crate::{model::Network, traffic::Traffic};

/// Ways, and sets of clients, that are remembered; beyond that many all are forgotten.
const PATHS_MAX: usize = 4_000;

/// A network, ready for questions about everybody.
#[derive(Debug)]
pub struct Index {
    network: Arc<Network>,
    classes: Classes,
    /// Ports at which a network ACL may begin to say something else.
    ports: Vec<u16>,
    ways: RwLock<HashMap<(Class, Traffic), Arc<Ways>>>,
    /// Addresses whose groups let out some traffic to everybody, of a family.
    open: RwLock<HashMap<(Traffic, bool), Arc<Bits>>>,
}

impl Index {
    /// Numbers and sorts a network.
    pub fn new(network: Arc<Network>) -> Self {
        let classes = Classes::new(&network);
        let mut ports = vec![0];
        for (_, acl) in network.acls.iter() {
            for (first, last) in
                acl.inbound.iter().chain(&acl.outbound).filter_map(|entry| entry.service.ports)
            {
                ports.push(first);
                ports.extend(last.checked_add(1));
            }
        }
        ports.sort_unstable();
        ports.dedup();
        Self { network, classes, ports, ways: RwLock::default(), open: RwLock::default() }
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// How many classes of addresses there are.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }
}
