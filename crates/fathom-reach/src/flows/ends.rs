//! Whose an address of a flow is: by the interface that saw it and its network, as the last scans know them.

use std::{cell::RefCell, collections::HashMap, net::IpAddr};

use fathom_net::{Network, address::is_public};
use serde::Serialize;

use crate::{Directory, Named};

/// What has an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Whose {
    /// Something of the estate: the ARN of the server, database, load balancer and the like, or of the interface where nobody knows
    /// what has it.
    Resource {
        /// Its ARN.
        uid: String,
    },
    /// An interface that a scan saw and that no resource of the estate stands for.
    Interface {
        /// Its id.
        id: String,
    },
    /// Somebody of the internet.
    Internet,
    /// Nobody knows.
    Unknown {
        /// The address.
        address: IpAddr,
        /// Why.
        why: String,
    },
}

/// Finds whose addresses are.
#[derive(Debug)]
pub struct Ends<'a> {
    network: &'a Network,
    directory: &'a Directory,
    /// Load balancers by their networks and by what is written on their interfaces.
    balancers: HashMap<(&'a str, &'a str), &'a str>,
    known: RefCell<HashMap<(String, IpAddr), Held>>,
}

/// The interface that has an address, or why there is none.
pub(super) type Held = Result<u32, Whose>;

impl<'a> Ends<'a> {
    /// Of a network and the names of its resources.
    pub fn new(network: &'a Network, directory: &'a Directory) -> Self {
        let marked = network.balancers.iter().map(|(arn, one)| ((one.vpc.as_str(), one.mark.as_str()), arn));
        Self { network, directory, balancers: marked.collect(), known: RefCell::default() }
    }

    /// The interface that has an address which another one, by its id, saw.
    pub(super) fn holder(&self, seen_by: &str, at: IpAddr) -> Held {
        let key = (seen_by.to_owned(), at);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let held = self.find(seen_by, at);
        self.known.borrow_mut().insert(key, held.clone());
        held
    }

    fn find(&self, seen_by: &str, at: IpAddr) -> Held {
        let seen = self.network.interfaces.number(seen_by);
        let interface = seen.and_then(|number| self.network.interfaces.at(number));
        if let (Some(number), Some(own)) = (seen, interface)
            && (own.has(at) || own.addresses.iter().any(|one| one.public == Some(at)))
        {
            return Ok(number);
        }
        if let Some((number, _)) = self.network.behind_public(at) {
            return Ok(number);
        }
        let unknown = |why: String| Err(Whose::Unknown { address: at, why });
        let home = interface.map(|one| one.vpc.as_str());
        let in_home = home.map(|vpc| self.network.holder(vpc, at));
        if let Some(Ok(Some(number))) = in_home {
            return Ok(number);
        }
        match self.network.holders(at).as_slice() {
            [one] => return Ok(*one),
            [] => {}
            _ => return unknown("several networks have this address".to_owned()),
        }
        let vpc = self.network.vpcs.iter().find(|(_, vpc)| vpc.contains(at));
        match (in_home, vpc) {
            (Some(Err(unread)), _) => unknown(unread.0),
            _ if is_public(at) => Err(Whose::Internet),
            (_, Some((vpc, _))) => unknown(format!("an address of {vpc} that no interface has now")),
            (_, None) => unknown("an address of no network that was seen".to_owned()),
        }
    }

    /// Whose an address is that an interface, by its id, saw.
    pub fn whose(&self, seen_by: &str, at: IpAddr) -> Whose {
        match self.holder(seen_by, at) {
            Ok(number) => self.of_interface(number),
            Err(whose) => whose,
        }
    }

    /// What has an interface.
    pub fn of_interface(&self, number: u32) -> Whose {
        let Some((id, interface)) = self.network.interface(number) else { return Whose::Internet };
        let owners: Vec<&str> = self.network.owners(number).map(|(uid, _)| uid).collect();
        let server = interface.instance.as_deref().and_then(|server| self.named(server));
        let mark = (interface.vpc.as_str(), interface.description.as_str());
        let balancer = self.balancers.get(&mark).and_then(|arn| self.named(arn));
        let owner = match owners.as_slice() {
            // Of several that it may be of nobody knows which it is.
            [one] => self.named(one),
            _ => None,
        };
        match server.or(balancer).or(owner).or_else(|| self.named(id)) {
            Some(named) => Whose::Resource { uid: named.uid.as_str().to_owned() },
            None => Whose::Interface { id: id.to_owned() },
        }
    }

    /// A resource by its id or ARN.
    pub fn named(&self, text: &str) -> Option<&'a Named> {
        self.directory.of(text).next()
    }

    /// The network.
    pub(super) fn network(&self) -> &'a Network {
        self.network
    }
}
