//! Load balancers: a client reaches a node's listener, and the node reaches a target.
//!
//! Elastic Load Balancing guides: a listener forwards to the target groups of its rules; a target sees the address of the node,
//! or of the client where a Network Load Balancer keeps it; targets of other zones only get something where zones are crossed.

use std::net::IpAddr;

use super::{
    Goal, Question,
    groups::{self, Lets},
    internet, walk,
    walk::Origin,
};
use crate::{
    answer::{Answer, Best, Code, Disposition, Hop, Leg, Says, Verdict},
    model::{Balancer, BalancerKind, EndpointKind, Listener, Network, Target, TargetGroup, TargetKind},
    traffic::{CLIENT_PORTS, Ports, Traffic},
};

/// Targets of one listener that are asked about.
const TARGETS_MAX: usize = 200;
/// Load balancers behind each other: AWS allows an application one behind a network one.
const DEPTH_MAX: u32 = 1;

/// The interfaces of a load balancer, by number.
pub fn nodes(network: &Network, arn: &str) -> Vec<u32> {
    let Some(balancer) = network.balancers.get(arn) else { return Vec::new() };
    let all = (0..).zip(network.interfaces.iter());
    all.filter(|(_, (_, one))| one.vpc == balancer.vpc && one.description == balancer.mark)
        .map(|(number, _)| number)
        .collect()
}

/// Whether a client reaches a target of a load balancer.
pub(super) fn ask(network: &Network, question: &Question, arn: &str, depth: u32) -> Answer {
    let Some(balancer) = network.balancers.get(arn) else {
        return Answer::nothing("the load balancer was not seen");
    };
    if !balancer.is_active {
        return stopped(arn, Code::BadState, "it is not active");
    }
    for kind in ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"] {
        if balancer.kind != BalancerKind::Classic
            && let Some(unread) = network.unlisted(&balancer.at, kind)
        {
            return unknown(arn, unread.0);
        }
    }
    let traffic = question.traffic;
    let takes = |one: &&Listener| one.port == traffic.port && one.protocols.contains(&traffic.protocol);
    let Some(listener) = balancer.listeners.iter().find(takes) else {
        return stopped(arn, Code::Elbv2ListenersMismatch, format!("no listener takes {traffic}"));
    };
    let nodes = nodes(network, arn);
    if nodes.is_empty() {
        return unknown(
            arn,
            format!("the interfaces of {} were not seen (ec2:DescribeNetworkInterfaces)", balancer.name),
        );
    }
    // To a node, by its public address or its private one.
    let mut best = Best::default();
    for node in &nodes {
        let front = super::ask(network, &Question { to: super::Place::Interface(*node), ..question.clone() });
        best.take(if front.verdict > Verdict::No {
            behind(network, (arn, balancer, listener), *node, question, front, (depth, false))
        } else {
            front
        });
    }
    best.or_nothing("it has no nodes")
}

/// Whether a client reaches a target of the service behind an interface endpoint; none where that is a service of nobody who was
/// seen.
///
/// `PrivateLink` guide, "Share your services": the endpoint hands on to the load balancer of the service, whose groups are asked about
/// the client's own address unless they are told not to; targets see the address of a node.
pub(super) fn by_link(network: &Network, question: &Question, id: &str) -> Option<Answer> {
    let endpoint = network.endpoints.get(id).filter(|one| one.kind == EndpointKind::Interface)?;
    let arns = network.services.get(&endpoint.service)?;
    if !endpoint.is_available {
        return Some(stopped(id, Code::BadState, "it does not work, or the service has not accepted it"));
    }
    let mut fronts = Best::default();
    for number in endpoint.interfaces.iter().filter_map(|id| network.interfaces.number(id)) {
        fronts
            .take(super::ask(network, &Question { to: super::Place::Interface(number), ..question.clone() }));
    }
    let front = fronts.or_nothing("no network interface of the endpoint was seen");
    if front.verdict == Verdict::No {
        return Some(front);
    }
    let mut best = Best::default();
    for arn in arns {
        let Some(balancer) = network.balancers.get(arn) else {
            let why = format!(
                "load balancer {arn} of {} was not seen (elasticloadbalancing:DescribeLoadBalancers)",
                endpoint.service
            );
            best.take(with_front(front.clone(), unknown(arn, why)));
            continue;
        };
        let traffic = question.traffic;
        let takes = |one: &&Listener| one.port == traffic.port && one.protocols.contains(&traffic.protocol);
        let Some(listener) = balancer.listeners.iter().find(takes) else {
            let why = format!("no listener of {} takes {traffic}", balancer.name);
            best.take(with_front(front.clone(), stopped(arn, Code::Elbv2ListenersMismatch, why)));
            continue;
        };
        for node in nodes(network, arn) {
            let told = match lets_link(network, balancer, node, question) {
                Ok(()) => {
                    behind(network, (arn, balancer, listener), node, question, front.clone(), (0, true))
                }
                Err(answer) => with_front(front.clone(), *answer),
            };
            best.take(told);
        }
    }
    Some(best.or_nothing("the load balancer of the service has no nodes that were seen"))
}

/// Whether the groups of a node let in a client that comes by an endpoint.
fn lets_link(
    network: &Network,
    balancer: &Balancer,
    node: u32,
    question: &Question,
) -> Result<(), Box<Answer>> {
    if !balancer.checks_links || groups::has_none(network, node) {
        return Ok(());
    }
    let from = match &question.from {
        super::Place::Holder(_, at) => Some(*at),
        super::Place::Interface(number) => {
            network.interface(*number).and_then(|(_, one)| one.addresses.first().map(|one| one.address))
        }
        super::Place::Instance(id) => network
            .interfaces_of(id)
            .first()
            .and_then(|number| network.interface(*number))
            .and_then(|(_, one)| one.addresses.first().map(|one| one.address)),
        _ => None,
    };
    let id = network.interfaces.id(node);
    let Some(from) = from else {
        return Err(Box::new(unknown(id, format!("whom the groups of {} see is not known", balancer.name))));
    };
    match groups::decide(network, node, from, &walk::Sender::Nobody, question.traffic, false) {
        Lets::Unasked | Lets::Through { .. } => Ok(()),
        Lets::Blocked { at, code, rule } => Err(Box::new(stopped(&at, code, rule))),
        Lets::If { group: at, .. } | Lets::Unread { at, .. } => {
            Err(Box::new(unknown(&at, format!("what the groups of {} let in is not known", balancer.name))))
        }
    }
}

/// From a node to the best of the targets.
fn behind(
    network: &Network,
    (arn, balancer, listener): (&str, &Balancer, &Listener),
    node: u32,
    question: &Question,
    front: Answer,
    (depth, by_link): (u32, bool),
) -> Answer {
    let mut best = Best::default();
    let mut sends: Vec<(String, Option<&TargetGroup>, Vec<Target>, bool)> = Vec::new();
    for rule in &listener.rules {
        for id in &rule.groups {
            let told = format!("{} {}, rule {}", question.traffic, balancer.name, rule.priority);
            match network.target_groups.get(id) {
                None => best.take(unknown(
                    id,
                    format!("target group {id} was not seen (elasticloadbalancing:DescribeTargetGroups)"),
                )),
                Some(group) => match &group.targets {
                    None => best.take(unknown(
                        id,
                        format!(
                            "the targets of {} were not read (elasticloadbalancing:DescribeTargetHealth)",
                            group.name
                        ),
                    )),
                    Some(targets) => sends.push((
                        format!("{told}, to {}", group.name),
                        Some(group),
                        targets.clone(),
                        rule.is_conditional,
                    )),
                },
            }
        }
    }
    if !listener.targets.is_empty() {
        sends.push((
            format!("{} {}", question.traffic, balancer.name),
            None,
            listener.targets.clone(),
            false,
        ));
    }
    if sends.is_empty() && best.is_none() {
        return with_front(
            front,
            stopped(arn, Code::Elbv2ListenerRequiresTgAccept, "the listener forwards to no target group"),
        );
    }
    let mut asked = 0;
    for (told, group, targets, is_conditional) in sends {
        if targets.is_empty() {
            best.take(stopped(arn, Code::Elbv2ListenerHasNoTg, format!("{told}: it has no targets")));
        }
        for target in targets {
            asked += 1;
            if asked > TARGETS_MAX {
                break;
            }
            let mut answer = to_target(network, balancer, node, group, &target, question, (depth, by_link));
            if is_conditional && answer.verdict == Verdict::Yes {
                answer.verdict = Verdict::OnlyIf;
                answer.conditions.push("the request meets the conditions of the rule".to_owned());
            }
            let hop = Hop {
                leg: Leg::There,
                component: "load_balancer",
                id: arn.to_owned(),
                says: Says::Forwarded,
                code: None,
                rule: told.clone(),
            };
            answer.hops.insert(0, hop);
            best.take(answer);
        }
    }
    with_front(front, best.or_nothing("it has no targets"))
}

/// From a node to one target.
fn to_target(
    network: &Network,
    balancer: &Balancer,
    node: u32,
    group: Option<&TargetGroup>,
    target: &Target,
    question: &Question,
    (depth, by_link): (u32, bool),
) -> Answer {
    let Some((_, interface)) = network.interface(node) else {
        return Answer::nothing("the node was not seen");
    };
    let (at, number) = match &target.kind {
        TargetKind::Address(at) => (Some(*at), network.holder(&interface.vpc, *at).ok().flatten()),
        TargetKind::Instance(id) => {
            let number = network.interfaces_of(id).first().copied();
            let first = number.and_then(|number| network.interface(number));
            (first.and_then(|(_, one)| one.addresses.first().map(|one| one.address)), number)
        }
        TargetKind::Function(id) => {
            let mut answer = Answer::nothing("");
            (answer.verdict, answer.disposition) = (Verdict::Yes, Disposition::Accepted);
            answer.hops = vec![Hop {
                leg: Leg::There,
                component: "function",
                id: id.clone(),
                says: Says::Delivered,
                code: None,
                rule: "called, not reached over the network".to_owned(),
            }];
            return answer;
        }
        TargetKind::Balancer(arn) => {
            if depth >= DEPTH_MAX {
                return unknown(arn, format!("{arn} is behind more load balancers than AWS allows"));
            }
            let traffic = Traffic { port: target.port, ..question.traffic };
            let from = super::Place::Interface(node);
            let to = super::Place::Balancer(arn.clone());
            return ask(network, &Question { from, to, traffic, ..question.clone() }, arn, depth + 1);
        }
    };
    let Some(at) = at else {
        return unknown("", format!("the address of target {:?} was not seen", target.kind));
    };
    let zone = |subnet: &str| network.subnets.get(subnet).map(|subnet| subnet.zone.clone());
    let (here, there) =
        (zone(&interface.subnet), number.and_then(|number| zone(&network.interface(number)?.1.subnet)));
    if here != there && there.is_some() {
        match balancer.crosses_zones {
            Some(true) => {}
            Some(false) => {
                return stopped(&balancer.name, Code::ElbNotCrosszone, format!("{at} is in another zone"));
            }
            None => {
                return unknown(
                    &balancer.name,
                    format!(
                        "whether {} sends to other zones was not read (elasticloadbalancing:DescribeLoadBalancerAttributes)",
                        balancer.name
                    ),
                );
            }
        }
    }
    let traffic = Traffic { port: target.port, ..question.traffic };
    let ports = Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1);
    let own = interface.addresses.iter().map(|one| one.address).find(|own| own.is_ipv6() == at.is_ipv6());
    let goal = Goal { address: at, interface: number };
    let plain = || match own {
        Some(own) => walk::there_and_back(network, &Origin::Host(node, own), goal, traffic, &ports),
        None => Answer::nothing("the node has no address of the target's family"),
    };
    let keeps = if balancer.kind == BalancerKind::Network && !by_link {
        group.map_or(Some(false), |group| group.keeps_client)
    } else {
        Some(false)
    };
    let kept = || kept(network, node, goal, traffic, question);
    match keeps {
        Some(false) => plain(),
        Some(true) => kept(),
        None => {
            let (one, other) = (plain(), kept());
            if one.verdict == other.verdict {
                return one;
            }
            let mut answer = if one.verdict > other.verdict { one } else { other };
            (answer.verdict, answer.disposition) = (Verdict::Unknown, Disposition::Unknown);
            answer.missing.push("whether targets see the client's address was not read (elasticloadbalancing:DescribeTargetGroupAttributes)".to_owned());
            answer
        }
    }
}

/// A target that sees the client's own address.
fn kept(network: &Network, node: u32, goal: Goal, traffic: Traffic, question: &Question) -> Answer {
    let walked = |client: IpAddr| {
        walk::there_and_back(network, &Origin::Kept(node, client), goal, traffic, &question.client_ports)
    };
    let mut best = Best::default();
    for client in super::clients(network, &question.from) {
        best.take(match client {
            super::Client::Internet => internet::spread(network, goal, &walked),
            super::Client::Host(_, client)
            | super::Client::Outside(client)
            | super::Client::Beyond(_, client) => walked(client),
        });
    }
    best.or_nothing("there is no client")
}

/// Both ways together: to the node, and from it.
fn with_front(front: Answer, mut back: Answer) -> Answer {
    let mut hops = front.hops;
    hops.append(&mut back.hops);
    let verdict = front.verdict.min(back.verdict);
    let mut missing = front.missing;
    missing.append(&mut back.missing);
    let mut conditions = front.conditions;
    conditions.append(&mut back.conditions);
    let mut assumptions = front.assumptions;
    assumptions.append(&mut back.assumptions);
    let disposition = if back.verdict == verdict { back.disposition } else { front.disposition };
    Answer {
        verdict,
        disposition,
        packet: front.packet,
        hops,
        conditions,
        missing,
        assumptions,
        client_ports: front.client_ports,
    }
}

fn stopped(id: &str, code: Code, rule: impl Into<String>) -> Answer {
    let mut answer = Answer::nothing("");
    answer.disposition = Disposition::DeniedIn;
    answer.hops = vec![Hop {
        leg: Leg::There,
        component: "load_balancer",
        id: id.to_owned(),
        says: Says::Blocked,
        code: Some(code),
        rule: rule.into(),
    }];
    answer
}

fn unknown(id: &str, why: String) -> Answer {
    let mut answer = Answer::nothing("");
    (answer.verdict, answer.disposition) = (Verdict::Unknown, Disposition::Unknown);
    answer.hops = vec![Hop {
        leg: Leg::There,
        component: "load_balancer",
        id: id.to_owned(),
        says: Says::Unknown,
        code: Some(Code::UnknownResource),
        rule: why.clone(),
    }];
    answer.missing = vec![why];
    answer
}
