//! The reference: packets walked one at a time.
//!
//! [`ask`] turns places into addresses and walks a packet for each that rules tell apart; `walk` has one packet, and there is a file
//! for each layer that it passes.

mod acls;
mod balancers;
mod endpoints;
mod firewall;
mod gateways;
pub(crate) mod groups;
mod internet;
mod owned;
mod place;
mod ports;
mod routes;
mod transit;
pub(crate) mod walk;

use std::net::IpAddr;

pub use balancers::nodes as interfaces_of_balancer;
pub use place::{Place, find};
pub(crate) use ports::ranges_of;
pub use ports::{PortAnswer, ports};
pub(crate) use walk::{Goal, Origin};

use crate::{
    answer::{Answer, Best},
    model::Network,
    traffic::{CLIENT_PORTS, Ports, Traffic},
};

/// Addresses of one side that are tried; the rest of an interface's are like them.
const ADDRESSES_MAX: usize = 32;

/// Who reaches whom, with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The client.
    pub from: Place,
    /// The server.
    pub to: Place,
    /// What is sent.
    pub traffic: Traffic,
    /// The ports that the client may have.
    pub client_ports: Ports,
}

impl Question {
    /// With the ports that any client may have.
    pub fn new(from: Place, to: Place, traffic: Traffic) -> Self {
        Self { from, to, traffic, client_ports: Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1) }
    }
}

/// Whether the server is reached, by the best of the addresses that both sides have.
pub fn ask(network: &Network, question: &Question) -> Answer {
    if let Place::Balancer(arn) = &question.to {
        return balancers::ask(network, question, arn, 0);
    }
    if let Place::Endpoint(id) = &question.to
        && let Some(answer) = balancers::by_link(network, question, id)
    {
        return answer;
    }
    if let Some(answer) = owned::ask_each(network, question) {
        return answer;
    }
    let mut best = Best::default();
    for client in clients(network, &question.from) {
        if question.to == Place::Internet {
            for is_v6 in client.is_v6().map_or_else(|| vec![false, true], |is_v6| vec![is_v6]) {
                best.take(internet::to(network, &client, is_v6, question));
            }
        }
        for target in servers(network, &client, &question.to).into_iter().take(ADDRESSES_MAX) {
            best.take(one(network, &client, target, question));
            if best.is_sure() {
                break;
            }
        }
        if best.is_sure() {
            break;
        }
    }
    best.or_nothing("the two have no addresses of one family")
}

/// One packet from a client.
fn one(network: &Network, client: &Client, target: Goal, question: &Question) -> Answer {
    let origin = match client {
        Client::Host(number, at) => Origin::Host(*number, *at),
        Client::Beyond(gateway, at) => Origin::Beyond(gateway.clone(), *at),
        Client::Outside(at) => Origin::Internet(*at),
        Client::Internet => return internet::from(network, target, question),
    };
    walk::there_and_back(network, &origin, target, question.traffic, &question.client_ports)
}

/// A client with one address, or anybody of the internet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Client {
    Host(u32, IpAddr),
    Beyond(String, IpAddr),
    Outside(IpAddr),
    Internet,
}

impl Client {
    fn is_v6(&self) -> Option<bool> {
        match self {
            Self::Host(_, at) | Self::Beyond(_, at) | Self::Outside(at) => Some(at.is_ipv6()),
            Self::Internet => None,
        }
    }
}

fn clients(network: &Network, from: &Place) -> Vec<Client> {
    let of = |number: u32| {
        let addresses =
            network.interface(number).map(|(_, one)| one.addresses.as_slice()).unwrap_or_default();
        addresses.iter().take(ADDRESSES_MAX).map(move |one| Client::Host(number, one.address))
    };
    match from {
        Place::Internet => vec![Client::Internet],
        Place::Interface(number) => of(*number).collect(),
        Place::Instance(id) => network.interfaces_of(id).into_iter().flat_map(of).collect(),
        Place::Balancer(arn) => balancers::nodes(network, arn).into_iter().flat_map(of).collect(),
        Place::Endpoint(id) => {
            let own = network.endpoints.get(id).map(|one| one.interfaces.as_slice()).unwrap_or_default();
            own.iter().filter_map(|id| network.interfaces.number(id)).flat_map(of).collect()
        }
        Place::Beyond(gateway, at) => vec![Client::Beyond(gateway.clone(), *at)],
        Place::Address(at) => vec![Client::Outside(*at)],
        Place::Holder(number, at) => vec![Client::Host(*number, *at)],
    }
}

/// The addresses at which a client may find a server: from the internet its public ones, otherwise all.
fn servers(network: &Network, client: &Client, to: &Place) -> Vec<Goal> {
    let is_outside = matches!(client, Client::Internet | Client::Outside(_));
    let of = |number: u32| {
        let addresses =
            network.interface(number).map(|(_, one)| one.addresses.as_slice()).unwrap_or_default();
        let own = addresses.iter().map(|one| one.address).filter(move |at| !is_outside || at.is_ipv6());
        let public = addresses.iter().filter_map(|one| one.public);
        let mut all: Vec<IpAddr> = own.chain(public).collect();
        if is_outside && all.is_empty() {
            // So that it is said why nothing comes in.
            all.extend(addresses.first().map(|one| one.address));
        }
        all.into_iter().map(|address| Goal { address, interface: Some(number) }).collect::<Vec<_>>()
    };
    let all: Vec<Goal> = match to {
        Place::Internet => Vec::new(),
        Place::Address(address) | Place::Beyond(_, address) => {
            vec![Goal { address: *address, interface: None }]
        }
        Place::Holder(number, address) => vec![Goal { address: *address, interface: Some(*number) }],
        Place::Interface(number) => of(*number),
        Place::Instance(id) => network.interfaces_of(id).into_iter().flat_map(of).collect(),
        Place::Balancer(arn) => balancers::nodes(network, arn).into_iter().flat_map(of).collect(),
        Place::Endpoint(id) => {
            let own = network.endpoints.get(id).map(|one| one.interfaces.as_slice()).unwrap_or_default();
            own.iter().filter_map(|id| network.interfaces.number(id)).flat_map(of).collect()
        }
    };
    all.into_iter()
        .filter(|goal| client.is_v6().is_none_or(|is_v6| is_v6 == goal.address.is_ipv6()))
        .collect()
}
