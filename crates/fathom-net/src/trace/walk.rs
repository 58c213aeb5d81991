//! One packet on its way there, and its answer on its way back.
//!
//! What is not known does not stop a packet where the way on is known: a later hop that surely blocks it decides. At the end,
//! whatever was not known makes the answer unknown.

use std::net::IpAddr;

use super::{
    acls, groups,
    routes::{self, Choice},
};
use crate::{
    answer::{Answer, Code, Disposition, Hop, Leg, Says, Verdict},
    model::{InterfaceKind, Network, Unread, Via},
    traffic::{CLIENT_PORTS, Ports, Traffic},
};

/// Hops of one packet. Beyond it goes in circles.
const STEPS_MAX: u32 = 64;

/// Where a packet begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// At an interface, with one of its addresses.
    Host(u32, IpAddr),
    /// Somewhere in the internet.
    Internet(IpAddr),
    /// Behind a virtual private gateway or an attachment of a transit gateway.
    Beyond(String, IpAddr),
    /// At a load balancer's interface, for a client whose address is kept.
    Kept(u32, IpAddr),
}

impl Origin {
    pub(crate) fn address(&self) -> IpAddr {
        match self {
            Self::Host(_, at) | Self::Internet(at) | Self::Beyond(_, at) | Self::Kept(_, at) => *at,
        }
    }
}

/// Where a packet ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// At an interface.
    At(u32),
    /// Outside of everything that was seen.
    Out(Outside),
    /// Held up.
    Blocked(Disposition),
    /// The way on is not known.
    Unknown,
}

/// What is outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outside {
    /// The internet.
    Internet,
    /// A network behind a gateway or attachment, by id.
    Beyond(String),
    /// A service of the provider, behind an endpoint.
    Service(String),
    /// What the provider runs in each VPC: names, time, metadata.
    Provider,
}

/// Whether rules that name a group know the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// An interface whose groups count.
    Known(u32),
    /// An interface whose groups do not count on this way, and why.
    Lost(Code),
    /// It is not known whether its groups count.
    Unsure(u32, String),
    /// Somebody who was not seen, and why.
    Unseen(String),
    /// Nobody with groups.
    Nobody,
}

/// How a packet came into the VPC where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// It began here.
    Own,
    /// Through a peering or a gateway, behind which only the VPC itself is reached.
    Edge,
    /// Through a transit gateway or an appliance.
    Transit,
}

/// A connection that a NAT gateway remembers.
#[derive(Debug, Clone)]
struct Session {
    interface: u32,
    source: IpAddr,
    ports: Ports,
}

/// A packet under way.
#[derive(Debug, Clone)]
pub(super) struct Walk<'n> {
    pub(super) network: &'n Network,
    pub(super) leg: Leg,
    pub(super) source: IpAddr,
    pub(super) target: IpAddr,
    pub(super) traffic: Traffic,
    /// The client's ports: of an answer, those that it goes to.
    pub(super) ports: Ports,
    pub(super) sender: Sender,
    pub(super) came: Came,
    pub(super) hops: Vec<Hop>,
    pub(super) missing: Vec<String>,
    pub(super) conditions: Vec<String>,
    pub(super) assumptions: Vec<String>,
    /// Whether security groups are asked; the index asks them for itself.
    pub(super) asks_groups: bool,
    /// Tables of transit gateways that it passed on this leg.
    pub(super) passed: Vec<String>,
    /// Firewalls that saw the connection begin.
    pub(super) firewalls: Vec<String>,
    /// The VPC whose egress-only gateway it left by.
    pub(super) egress_only: Option<String>,
    /// The VPC whose gateway endpoint it left by.
    pub(super) service_vpc: Option<String>,
    /// From whom the server has the packet, where groups are not asked.
    pub(super) seen: Option<(IpAddr, Sender)>,
    /// Whether it met something that asks groups of its own.
    pub(super) is_unusual: bool,
    sessions: Vec<Session>,
    steps: u32,
}

/// Where a packet is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Goal {
    /// The address that it goes to.
    pub(crate) address: IpAddr,
    /// The interface that is meant: others have the same address elsewhere. None where any will do.
    pub(crate) interface: Option<u32>,
}

/// Walks a packet there and its answer back.
pub(crate) fn there_and_back(
    network: &Network,
    origin: &Origin,
    goal: Goal,
    traffic: Traffic,
    client_ports: &Ports,
) -> Answer {
    let walk =
        Walk { traffic, ports: client_ports.clone(), ..Walk::new(network, origin.address(), goal.address) };
    walk.both_ways(origin, goal, client_ports).0
}

/// What a packet meets, security groups left out.
pub(crate) struct Walked {
    /// There and back.
    pub(crate) verdict: Verdict,
    /// From whom the server has it; none where it does not arrive.
    pub(crate) seen: Option<(IpAddr, Sender)>,
    /// Whether it met something that asks groups of its own.
    pub(crate) is_unusual: bool,
    /// Whether a NAT gateway exchanged its address.
    pub(crate) has_sessions: bool,
}

/// Walks a packet there and its answer back, without security groups.
pub(crate) fn path(
    network: &Network,
    origin: &Origin,
    goal: Goal,
    traffic: Traffic,
    client_ports: &Ports,
) -> Walked {
    let walk = Walk {
        traffic,
        ports: client_ports.clone(),
        asks_groups: false,
        ..Walk::new(network, origin.address(), goal.address)
    };
    let (answer, seen, is_unusual, has_sessions) = walk.both_ways(origin, goal, client_ports);
    Walked { verdict: answer.verdict, seen, is_unusual, has_sessions }
}

/// The answer, from whom the server has the packet, whether something unusual was met, whether a NAT gateway was.
type BothWays = (Answer, Option<(IpAddr, Sender)>, bool, bool);

impl<'n> Walk<'n> {
    /// A packet that has not begun.
    pub(super) fn new(network: &'n Network, source: IpAddr, target: IpAddr) -> Self {
        Self {
            network,
            leg: Leg::There,
            source,
            target,
            traffic: Traffic::tcp(0),
            ports: Ports::default(),
            sender: Sender::Nobody,
            came: Came::Own,
            hops: Vec::new(),
            missing: Vec::new(),
            conditions: Vec::new(),
            assumptions: Vec::new(),
            asks_groups: true,
            passed: Vec::new(),
            firewalls: Vec::new(),
            egress_only: None,
            service_vpc: None,
            seen: None,
            is_unusual: false,
            sessions: Vec::new(),
            steps: 0,
        }
    }

    fn both_ways(mut self, origin: &Origin, goal: Goal, client_ports: &Ports) -> BothWays {
        let target = self.target;
        let packet = format!("{} to {target}, {}", self.source, self.traffic);
        let end = self.begin(origin);
        let end = self.where_meant(end, goal.interface);
        let has_sessions = !self.sessions.is_empty();
        let (verdict, disposition) = match &end {
            End::Blocked(disposition) => (Verdict::No, *disposition),
            End::Unknown => (Verdict::Unknown, Disposition::Unknown),
            End::At(_) | End::Out(_) => {
                let is_here = matches!(end, End::At(_) | End::Out(Outside::Provider));
                let disposition = if is_here { Disposition::Accepted } else { Disposition::ExitsNetwork };
                match self.come_back(origin, &end, target) {
                    Ok(()) => (Verdict::Yes, disposition),
                    Err(End::Blocked(disposition)) => (Verdict::No, disposition),
                    Err(_) => (Verdict::Unknown, Disposition::Unknown),
                }
            }
        };
        let (seen, is_unusual) = (self.seen.take(), self.is_unusual);
        (self.answer(packet, verdict, disposition, client_ports), seen, is_unusual, has_sessions)
    }

    fn answer(
        mut self,
        packet: String,
        verdict: Verdict,
        disposition: Disposition,
        client_ports: &Ports,
    ) -> Answer {
        self.missing.sort();
        self.missing.dedup();
        self.conditions.dedup();
        self.assumptions.sort();
        self.assumptions.dedup();
        let mut answer = Answer {
            verdict,
            disposition,
            packet,
            hops: self.hops,
            conditions: Vec::new(),
            missing: Vec::new(),
            assumptions: self.assumptions,
            client_ports: None,
        };
        if verdict == Verdict::No {
            return answer;
        }
        if verdict == Verdict::Unknown || !self.missing.is_empty() {
            (answer.verdict, answer.disposition) = (Verdict::Unknown, Disposition::Unknown);
            answer.missing = self.missing;
            return answer;
        }
        if self.ports != *client_ports {
            self.conditions.push(format!("the client's port is one of {}", self.ports));
            answer.client_ports = Some(self.ports);
        }
        if !self.conditions.is_empty() {
            answer.verdict = Verdict::OnlyIf;
            answer.conditions = self.conditions;
        }
        answer
    }

    pub(super) fn hop(&mut self, component: &'static str, id: &str, says: Says, rule: impl Into<String>) {
        self.hops.push(Hop {
            leg: self.leg,
            component,
            id: id.to_owned(),
            says,
            code: None,
            rule: rule.into(),
        });
    }

    /// It ends here.
    pub(super) fn block(
        &mut self,
        component: &'static str,
        id: &str,
        code: Code,
        disposition: Disposition,
        rule: impl Into<String>,
    ) -> End {
        self.hop(component, id, Says::Blocked, rule);
        if let Some(hop) = self.hops.last_mut() {
            hop.code = Some(code);
        }
        End::Blocked(disposition)
    }

    /// The way on is not known.
    pub(super) fn lost(&mut self, component: &'static str, id: &str, code: Code, unread: Unread) -> End {
        self.hop(component, id, Says::Unknown, unread.0.clone());
        if let Some(hop) = self.hops.last_mut() {
            hop.code = Some(code);
        }
        self.missing.push(unread.0);
        End::Unknown
    }

    /// Something is not known; the way on is.
    pub(super) fn unsure(&mut self, component: &'static str, id: &str, unread: Unread) {
        let _ = self.lost(component, id, Code::UnknownResource, unread);
    }

    /// The answer of a server.
    pub(super) fn is_answer(&self) -> bool {
        self.leg == Leg::Back
    }

    fn begin(&mut self, origin: &Origin) -> End {
        match origin {
            Origin::Host(number, at) | Origin::Kept(number, at) => {
                let Some((id, interface)) = self.network.interface(*number) else { return End::Unknown };
                if interface.has(self.target) {
                    self.hop("network_interface", id, Says::Delivered, "the interface itself");
                    return End::At(*number);
                }
                let is_kept = matches!(origin, Origin::Kept(..));
                self.sender = if is_kept { Sender::Nobody } else { Sender::Known(*number) };
                if !is_kept {
                    self.hop("network_interface", id, Says::Forwarded, format!("begins at {at}"));
                }
                if let Err(end) = groups::outbound(self, *number) {
                    return end;
                }
                self.leave(&interface.subnet)
            }
            Origin::Internet(at) => {
                self.hop("internet", "", Says::Forwarded, format!("begins at {at}"));
                self.internet()
            }
            Origin::Beyond(gateway, at) => {
                self.hop("outside", gateway, Says::Forwarded, format!("begins at {at}"));
                self.enter_from_beyond(gateway)
            }
        }
    }

    /// Whether the packet is where it should be: addresses of private networks are of many.
    fn where_meant(&mut self, end: End, meant: Option<u32>) -> End {
        let Some(meant) = meant else { return end };
        let rule = match &end {
            End::At(number) if *number == meant => return end,
            End::Blocked(_) | End::Unknown => return end,
            End::At(_) => "its own address is that of the server too, elsewhere",
            End::Out(_) => "outside, and the server is not there",
        };
        let id = match &end {
            End::At(number) => self.network.interfaces.id(*number),
            _ => "",
        };
        self.block("destination", id, Code::OtherDestination, Disposition::NoRoute, rule)
    }

    /// The answer of where the packet ended, to where it began.
    fn come_back(&mut self, origin: &Origin, end: &End, target: IpAddr) -> Result<(), End> {
        // What an interface sends to its public address goes out and comes in again, and so does the answer.
        let own = match (origin, end) {
            (Origin::Host(number, _), End::At(at)) => {
                number == at && self.network.interface(*at).is_some_and(|(_, one)| one.has(target))
            }
            _ => false,
        };
        let Some(reply) = self.traffic.reply().filter(|_| !own) else { return Ok(()) };
        self.leg = Leg::Back;
        self.traffic = reply;
        std::mem::swap(&mut self.source, &mut self.target);
        self.came = Came::Own;
        self.sender = Sender::Nobody;
        self.passed.clear();
        self.steps = 0;
        if !self.sessions.is_empty() {
            // What a NAT gateway or load balancer takes for itself.
            self.ports = Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1);
        }
        let back = match end {
            End::At(number) => match self.network.interface(*number) {
                Some((_, interface)) if matches!(origin, Origin::Kept(..)) => {
                    self.back_to_balancer(&interface.subnet, origin)
                }
                Some((_, interface)) => self.leave(&interface.subnet),
                None => End::Unknown,
            },
            End::Out(Outside::Internet) => self.internet(),
            End::Out(Outside::Beyond(gateway)) => self.enter_from_beyond(gateway),
            End::Out(Outside::Service(_)) => match self.service_vpc.clone() {
                Some(vpc) => self.deliver(&vpc, None),
                None => End::Unknown,
            },
            End::Out(Outside::Provider) => return Ok(()),
            End::Blocked(_) | End::Unknown => End::Unknown,
        };
        let is_home = match (&back, origin) {
            (End::At(at), Origin::Host(number, _) | Origin::Kept(number, _)) => at == number,
            (End::Out(Outside::Internet), Origin::Internet(_)) => true,
            (End::Out(Outside::Beyond(left)), Origin::Beyond(came, _)) => left == came,
            _ => false,
        };
        match back {
            End::Blocked(_) | End::Unknown => Err(back),
            _ if is_home && self.source == target && self.target == origin.address() => Ok(()),
            _ => {
                let rule = format!(
                    "the answer comes from {} to {}, where the client waits for {target} at {}",
                    self.source,
                    self.target,
                    origin.address()
                );
                Err(self.block("client", "", Code::ReturnPathMismatch, Disposition::NoRoute, rule))
            }
        }
    }

    /// Answers to clients whose address a Network Load Balancer keeps go back through it, whatever route tables say (Elastic
    /// Load Balancing guide, "Client IP preservation").
    fn back_to_balancer(&mut self, subnet: &str, origin: &Origin) -> End {
        let Origin::Kept(number, _) = origin else { return End::Unknown };
        let Some((id, balancer)) = self.network.interface(*number) else { return End::Unknown };
        if balancer.subnet != subnet
            && let Err(end) = acls::leaving(self, subnet)
        {
            return end;
        }
        self.hop("load_balancer", id, Says::Delivered, "takes the answer for the client");
        End::At(*number)
    }

    /// Whether it goes in circles.
    pub(super) fn step(&mut self) -> Result<(), End> {
        self.steps += 1;
        if self.steps <= STEPS_MAX {
            return Ok(());
        }
        let unread = Unread(format!("the packet to {} passes more than {STEPS_MAX} places", self.target));
        Err(self.lost("network", "", Code::RoutingLoop, unread))
    }

    /// From a subnet on, as its route table says.
    pub(super) fn leave(&mut self, subnet: &str) -> End {
        if let Err(end) = self.step() {
            return end;
        }
        let network = self.network;
        let own = match network.subnet(subnet) {
            Ok(own) => own,
            Err(unread) => return self.lost("subnet", subnet, Code::UnknownResource, unread),
        };
        if routes::is_of_provider(network, &own.vpc, self.target) {
            self.hop(
                "provider",
                &own.vpc,
                Says::Delivered,
                "names, time and metadata, which no filter of the VPC holds up",
            );
            return End::Out(Outside::Provider);
        }
        // What stays in the subnet meets no router.
        if own.cidrs.iter().any(|cidr| cidr.contains(self.target)) {
            let holder = network.holder(&own.vpc, self.target);
            let here = holder.ok().flatten().and_then(|number| network.interface(number));
            if here.is_some_and(|(_, interface)| interface.subnet == subnet) {
                return self.deliver(&own.vpc, Some(subnet));
            }
        }
        let (id, table) = match network.table_of(subnet) {
            Ok(found) => found,
            Err(unread) => return self.lost("route_table", "", Code::UnknownResource, unread),
        };
        let route = match routes::choose(self, table) {
            Choice::Route(route) => route,
            Choice::None => {
                let rule = format!("no route to {}", self.target);
                return self.block("route_table", id, Code::NoRouteToDestination, Disposition::NoRoute, rule);
            }
            Choice::Unread(unread) => return self.lost("route_table", id, Code::UnknownResource, unread),
        };
        let told = routes::told(route);
        if route.is_blackhole {
            return self.block("route_table", id, Code::BadStateRoute, Disposition::NullRouted, told);
        }
        if let Err(end) = acls::leaving(self, subnet) {
            return end;
        }
        self.hop("route_table", id, Says::Forwarded, told);
        self.follow(subnet, &own.vpc, &route.via)
    }

    /// Along a route.
    fn follow(&mut self, subnet: &str, vpc: &str, via: &Via) -> End {
        match via {
            Via::Local => self.deliver(vpc, Some(subnet)),
            Via::Internet(gateway) => self.by_internet_gateway(gateway, vpc),
            Via::Egress(gateway) => self.by_egress_only_gateway(gateway, vpc),
            Via::Nat(nat) => self.by_nat_gateway(nat, subnet, vpc),
            Via::Peering(peering) => self.by_peering(peering, vpc),
            Via::Transit(transit) => self.by_transit_gateway(transit, subnet, vpc),
            Via::Vpn(gateway) => self.by_vpn_gateway(gateway, vpc),
            Via::Endpoint(endpoint) => self.by_endpoint(endpoint, Some(subnet), vpc),
            Via::Interface(interface) => self.by_interface(interface, Some(subnet), vpc),
            Via::Other(what) => {
                let unread = Unread(format!("a route leads to {what}, whose behaviour is not known"));
                self.lost("gateway", what, Code::UnsupportedComponent, unread)
            }
        }
    }

    /// To the interface of a VPC that has the address; from a subnet of it, or from one of its gateways.
    pub(super) fn deliver(&mut self, vpc: &str, from: Option<&str>) -> End {
        let network = self.network;
        let number = match network.holder(vpc, self.target) {
            Ok(Some(number)) => number,
            Ok(None) => {
                let rule = format!("nothing in it has the address {}", self.target);
                return self.block("vpc", vpc, Code::NoPossibleDestination, Disposition::NoRoute, rule);
            }
            Err(unread) => return self.lost("vpc", vpc, Code::UnknownDestination, unread),
        };
        let Some((id, interface)) = network.interface(number) else { return End::Unknown };
        if from != Some(interface.subnet.as_str())
            && let Err(end) = acls::entering(self, &interface.subnet)
        {
            return end;
        }
        if interface.kind == InterfaceKind::Nat {
            return self.at_nat(number, &interface.subnet);
        }
        if !self.is_answer()
            && let Err(end) = groups::inbound(self, number)
        {
            return end;
        }
        if !interface.is_attached {
            let rule = "it is attached to nothing";
            return self.block("network_interface", id, Code::BadStateAttachment, Disposition::NoRoute, rule);
        }
        if let Some(instance) = interface.instance.as_deref().filter(|_| !self.is_answer()) {
            let state = network.instances.get(instance).map(|one| one.state.as_str());
            if let Some(state) = state.filter(|state| *state != "running") {
                self.conditions.push(format!("{instance} runs; it is {state}"));
            }
        }
        self.hop("network_interface", id, Says::Delivered, self.target.to_string());
        End::At(number)
    }

    /// A NAT gateway remembers who sent, and takes answers only.
    pub(super) fn remember(&mut self, interface: u32) {
        self.sessions.push(Session { interface, source: self.source, ports: self.ports.clone() });
        self.ports = Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1);
    }

    fn at_nat(&mut self, number: u32, subnet: &str) -> End {
        let Some((id, _)) = self.network.interface(number) else { return End::Unknown };
        let is_its = self.is_answer() && self.sessions.last().is_some_and(|last| last.interface == number);
        let Some(session) = is_its.then(|| self.sessions.pop()).flatten() else {
            let rule = "a NAT gateway takes answers only";
            return self.block("nat_gateway", id, Code::NatTakesNoConnections, Disposition::DeniedIn, rule);
        };
        if self.ports != Ports::of(CLIENT_PORTS.0, CLIENT_PORTS.1) {
            self.conditions.push(format!("the NAT gateway takes one of its ports {}", self.ports));
        }
        self.ports = session.ports;
        let rule = format!("{} becomes {}", self.target, session.source);
        self.hop("nat_gateway", id, Says::Translated, rule);
        self.target = session.source;
        self.leave(subnet)
    }
}
