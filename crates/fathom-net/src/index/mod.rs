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
mod reach;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, RwLock},
};

pub use bits::Bits;
use classes::{Class, Classes};
pub use reach::Reached;

use crate::{answer::Verdict, model::Network, trace::walk::Sender, traffic::Traffic};

/// Paths that are remembered; beyond that many all are forgotten.
const PATHS_MAX: usize = 4_000_000;

/// What a packet of a class meets on its way to another class, security groups left out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Path {
    /// There and back.
    verdict: Verdict,
    /// What the server's groups see; none where it does not arrive.
    seen: Option<Seen>,
    /// Whether each of the class must be asked by itself.
    is_literal: bool,
}

/// A packet as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// The address that it comes from, where that is not the sender's own.
    exchanged: Option<IpAddr>,
    /// Whether rules that name groups know the sender.
    sender: Kept,
}

/// Whether groups count on a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
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

/// A network, ready for questions about everybody.
#[derive(Debug)]
pub struct Index {
    network: Arc<Network>,
    classes: Classes,
    paths: RwLock<HashMap<(Class, Class, Traffic), Arc<Path>>>,
}

impl Index {
    /// Numbers and sorts a network.
    pub fn new(network: Arc<Network>) -> Self {
        let classes = Classes::new(&network);
        Self { network, classes, paths: RwLock::default() }
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
