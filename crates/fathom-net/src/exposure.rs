//! What the internet reaches: each interface with a public address and each public load balancer, with ports and witness.

use serde::Serialize;

use crate::{
    answer::{Answer, Verdict},
    inside::may_let_in_internet,
    model::{Interface, Network, Owned, Target},
    trace::{Place, PortAnswer, Question, ask, interfaces_of_balancer, ranges_of},
    traffic::{ICMP, Protocol, TCP, Traffic, UDP},
};

/// What is asked of everything that has a public address, where nobody says.
pub const USUAL: [Protocol; 3] = [Protocol(TCP), Protocol(UDP), Protocol(ICMP)];

/// Something that the internet reaches, or of which that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exposed {
    /// The interface's id, or the load balancer's ARN.
    pub id: String,
    /// What it is: `network_interface`, `load_balancer`.
    pub component: &'static str,
    /// The server behind, or the name of the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is no server and has the interface, or may have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// The type as AWS says it, for interfaces of services.
    pub kind: String,
    /// What made the interface, in words.
    pub description: String,
    /// The account that it was read in.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The VPC's id.
    pub vpc: String,
    /// Its public addresses.
    pub addresses: Vec<String>,
    /// The protocol.
    pub protocol: String,
    /// Ports, and what is answered of them: those that are reached, and those of which it is not known.
    pub ports: Vec<PortAnswer>,
}

impl Exposed {
    /// The best that is answered of any port.
    pub fn verdict(&self) -> Verdict {
        self.ports.iter().map(|one| one.answer.verdict).max().unwrap_or(Verdict::No)
    }
}

/// What is no server and has an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owner {
    /// Its ARN.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the interface may be of something else as well.
    pub is_one_of_several: bool,
}

/// What the internet reaches, all of it, in the order of accounts and ids. Only what is not surely closed is told.
pub fn exposure(network: &Network, protocols: &[Protocol]) -> Vec<Exposed> {
    let mut found = Vec::new();
    let mut fronts = std::collections::BTreeSet::new();
    for (arn, balancer) in network.balancers.iter() {
        let nodes = interfaces_of_balancer(network, arn);
        fronts.extend(nodes.iter().copied());
        if !balancer.is_public {
            continue;
        }
        let place = Place::Balancer(arn.to_owned());
        for protocol in protocols {
            let ports = ranges_of(network, &place, *protocol).into_iter().map(|(first, last)| PortAnswer {
                first,
                last,
                answer: question(network, &place, *protocol, first),
            });
            let ports: Vec<PortAnswer> = ports.filter(|one| one.answer.verdict > Verdict::No).collect();
            if ports.is_empty() {
                continue;
            }
            let addresses =
                nodes.iter().filter_map(|node| network.interface(*node)).flat_map(|(_, one)| public(one));
            found.push(Exposed {
                id: arn.to_owned(),
                component: "load_balancer",
                name: Some(balancer.name.clone()),
                owners: Vec::new(),
                kind: format!("{:?}", balancer.kind).to_lowercase(),
                description: String::new(),
                account: balancer.at.account.clone(),
                region: balancer.at.region.clone(),
                vpc: balancer.vpc.clone(),
                addresses: addresses.collect(),
                protocol: protocol.to_string(),
                ports,
            });
        }
    }
    for (number, (id, interface)) in (0..).zip(network.interfaces.iter()) {
        let addresses: Vec<String> = public(interface).collect();
        // The interfaces of a load balancer listen where it does.
        if addresses.is_empty() || fronts.contains(&number) {
            continue;
        }
        let place = Place::Interface(number);
        for protocol in protocols {
            let mut ports: Vec<PortAnswer> = Vec::new();
            for (first, last) in ranges_of(network, &place, *protocol) {
                if !may_let_in_internet(network, &interface.groups, Traffic::of(*protocol, first)) {
                    continue;
                }
                let answer = question(network, &place, *protocol, first);
                if answer.verdict == Verdict::No {
                    continue;
                }
                match ports.last_mut() {
                    Some(before) if is_next(before, first, &answer) => before.last = last,
                    _ => ports.push(PortAnswer { first, last, answer }),
                }
            }
            if ports.is_empty() {
                continue;
            }
            found.push(Exposed {
                id: id.to_owned(),
                component: "network_interface",
                name: interface.instance.clone(),
                owners: owners(network, number),
                kind: interface.told_kind.clone(),
                description: interface.description.clone(),
                account: interface.at.account.clone(),
                region: interface.at.region.clone(),
                vpc: interface.vpc.clone(),
                addresses: addresses.clone(),
                protocol: protocol.to_string(),
                ports,
            });
        }
    }
    found.sort_by(|a, b| {
        (&a.account, &a.region, &a.id, &a.protocol).cmp(&(&b.account, &b.region, &b.id, &b.protocol))
    });
    found
}

/// What a load balancer's listeners send to that the internet reaches, each with the traffic that arrives there.
pub fn targets(network: &Network, row: &Exposed) -> Vec<(Target, Traffic)> {
    let Some(balancer) = network.balancers.get(&row.id) else { return Vec::new() };
    let Ok(protocol) = row.protocol.parse::<Protocol>() else { return Vec::new() };
    let is_open = |port: u16| row.ports.iter().any(|one| (one.first..=one.last).contains(&port));
    let mut found: Vec<(Target, Traffic)> = Vec::new();
    for listener in
        balancer.listeners.iter().filter(|one| one.protocols.contains(&protocol) && is_open(one.port))
    {
        let groups = listener
            .rules
            .iter()
            .flat_map(|rule| &rule.groups)
            .filter_map(|arn| network.target_groups.get(arn));
        let of_groups = groups.flat_map(|group| group.targets.iter().flatten());
        for target in of_groups.chain(&listener.targets) {
            if !found.iter().any(|(known, _)| known == target) {
                found.push((target.clone(), Traffic::of(protocol, target.port)));
            }
        }
    }
    found
}

fn owners(network: &Network, interface: u32) -> Vec<Owner> {
    let owner = |(uid, owned): (&str, &Owned)| Owner {
        resource: uid.to_owned(),
        resource_type: owned.kind.clone(),
        name: owned.name.clone(),
        is_one_of_several: !owned.rivals.is_empty(),
    };
    network.owners(interface).map(owner).collect()
}

fn question(network: &Network, to: &Place, protocol: Protocol, port: u16) -> Answer {
    ask(network, &Question::new(Place::Internet, to.clone(), Traffic::of(protocol, port)))
}

/// Whether a range goes on as the one before it: same answer, same conditions.
fn is_next(before: &PortAnswer, first: u16, answer: &Answer) -> bool {
    before.last.checked_add(1) == Some(first)
        && before.answer.verdict == answer.verdict
        && before.answer.conditions == answer.conditions
        && before.answer.missing == answer.missing
}

fn public(interface: &Interface) -> impl Iterator<Item = String> + '_ {
    let addresses = interface.addresses.iter();
    addresses.filter_map(|one| interface.public_of(one.address)).map(|at| at.to_string())
}
