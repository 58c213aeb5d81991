//! What the internet and servers reach over the network, and the roles that servers run as.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fathom_net::{
    Exposed, Index, Place, Ports, Protocol, Traffic, Verdict, ask, exposure,
    exposure::targets,
    index::Bits,
    model::TargetKind,
    traffic::{TCP, UDP},
};
use fathom_paths::Level;

use crate::{
    proof::{Packet, Question},
    walk::{Kind, Walk, of_network},
};

/// Servers that others are asked about; of more, whom they reach is not followed, and that is told.
const SERVERS_MAX: usize = 5_000;
/// The type of servers that interfaces are attached to.
const INSTANCE: &str = "AWS::EC2::Instance";

impl Walk<'_> {
    /// Who reaches which server, and which role is found there.
    pub(crate) fn network(&mut self) {
        let ground = self.ground;
        let servers: HashMap<String, String> = ground
            .things
            .iter()
            .filter(|(_, thing)| thing.kind == INSTANCE)
            .filter_map(|(arn, _)| Some((arn.rsplit('/').next()?.to_owned(), arn.clone())))
            .collect();
        for workload in
            ground.escalating.facts.workloads.iter().filter(|one| ground.rules.hosts.contains(&one.kind))
        {
            self.server(&workload.arn);
            let Some(server) = self.known(Kind::Server, &workload.arn) else { continue };
            for role in &workload.roles {
                if let Some(to) = self.known(Kind::Principal, role) {
                    self.step("takes-role", &[server], to, Level::Yes, Question::RunsAs);
                }
            }
        }
        let protocols = [Protocol(TCP), Protocol(UDP)];
        let found = exposure(&ground.network, &protocols);
        let behind = self.behind(&servers);
        let mut others = 0;
        for row in &found {
            if row.component == "load_balancer" {
                self.balancer(row, &servers, &behind);
                continue;
            }
            let all = ground.network.interfaces.number(&row.id).and_then(|number| behind.get(&number));
            if all.is_none() {
                others += 1;
            }
            for arn in all.into_iter().flatten() {
                self.exposed(row, arn);
            }
        }
        if others > 0 {
            self.gaps.push(format!(
                "what runs behind {others} network interfaces that the internet reaches is not known: they are of no server, \
                 container or database that was seen"
            ));
        }
        self.lateral(&behind);
    }

    /// What runs behind each interface: its server, or the containers and databases that it is of, or may be of.
    fn behind(&self, servers: &HashMap<String, String>) -> BTreeMap<u32, Vec<String>> {
        let network = &self.ground.network;
        let mut behind: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (number, (_, interface)) in (0..).zip(network.interfaces.iter()) {
            let server = interface.instance.as_ref().and_then(|id| servers.get(id)).cloned();
            let owners = network.owners(number).filter(|(_, one)| self.is_followed(&one.kind));
            let all: Vec<String> = server.into_iter().chain(owners.map(|(uid, _)| uid.to_owned())).collect();
            if !all.is_empty() {
                behind.insert(number, all);
            }
        }
        behind
    }

    fn is_followed(&self, kind: &str) -> bool {
        let rules = &self.ground.rules;
        rules.hosts.iter().chain(&rules.databases).any(|one| one == kind)
    }

    /// What listens on a server, container or database.
    fn listener(&mut self, arn: &str) -> u32 {
        if self.is_database_kind(arn) { self.node(Kind::Listener, arn) } else { self.server(arn) }
    }

    /// How the network calls what has an ARN: servers go by their ids.
    fn place(&self, arn: &str) -> Place {
        let is_owned = self.ground.network.owned.get(arn).is_some();
        let id = if is_owned { arn } else { arn.rsplit('/').next().unwrap_or_default() };
        Place::Instance(id.to_owned())
    }

    /// What listens on a server, with the step from there into it.
    pub(crate) fn server(&mut self, arn: &str) -> u32 {
        let (listener, server) = (self.node(Kind::Listener, arn), self.node(Kind::Server, arn));
        if self.broken.insert(listener) {
            self.step("breaks-in", &[listener], server, Level::Yes, Question::Said(String::new()));
        }
        listener
    }

    /// Something behind an interface that the internet reaches.
    fn exposed(&mut self, row: &Exposed, arn: &str) {
        let Some((level, packet)) = best(row) else { return };
        let network = Arc::clone(&self.ground.network);
        let packet = Packet { from: Place::Internet, to: self.place(arn), ..packet };
        // Where it is not known whose the interface is, neither is this.
        let level = match network.owned.get(arn) {
            Some(owned) if owned.is_taken() => of_network(packet.ask(&network).verdict),
            _ => Some(level),
        };
        let Some(level) = level else { return };
        let (internet, to) = (self.node(Kind::Internet, "internet"), self.listener(arn));
        self.step("reached-from-internet", &[internet], to, level, Question::Packet(packet));
    }

    /// A load balancer that the internet reaches, and what it sends to.
    fn balancer(
        &mut self,
        row: &Exposed,
        servers: &HashMap<String, String>,
        behind: &BTreeMap<u32, Vec<String>>,
    ) {
        let Some((level, packet)) = best(row) else { return };
        let internet = self.node(Kind::Internet, "internet");
        let node = self.node(Kind::Balancer, &row.id);
        let place = Place::Balancer(row.id.clone());
        let packet = Packet { from: Place::Internet, to: place.clone(), ..packet };
        self.step("reached-from-internet", &[internet], node, level, Question::Packet(packet));
        let network = Arc::clone(&self.ground.network);
        for (target, traffic) in targets(&network, row) {
            match &target.kind {
                TargetKind::Instance(id) => {
                    let Some(server) = servers.get(id) else { continue };
                    let packet = Packet {
                        from: place.clone(),
                        to: Place::Instance(id.clone()),
                        traffic,
                        ports: Ports::of(target.port, target.port),
                    };
                    self.through(node, server, packet);
                }
                TargetKind::Function(arn) => {
                    let to = self.server(arn);
                    let said = Question::Said("the load balancer calls the function".to_owned());
                    self.step("reached-through-balancer", &[node], to, Level::Yes, said);
                }
                TargetKind::Address(at) => {
                    let vpc = network.balancers.get(&row.id).map_or("", |one| one.vpc.as_str());
                    let holder = network.holder(vpc, *at).ok().flatten();
                    let Some(all) = holder.and_then(|number| behind.get(&number)) else {
                        self.gaps.push(format!(
                            "what runs behind target {at} of {} is not known: it is of no server, container or database that was seen",
                            row.id
                        ));
                        continue;
                    };
                    for arn in all {
                        let packet = Packet {
                            from: place.clone(),
                            to: self.place(arn),
                            traffic,
                            ports: Ports::of(target.port, target.port),
                        };
                        self.through(node, arn, packet);
                    }
                }
                TargetKind::Balancer(arn) => {
                    self.gaps.push(format!("what {} sends to {arn} is not followed", row.id));
                }
            }
        }
    }

    /// From a load balancer to what it sends to.
    fn through(&mut self, balancer: u32, arn: &str, packet: Packet) {
        if let Some(level) = of_network(packet.ask(&self.ground.network).verdict) {
            let to = self.listener(arn);
            self.step("reached-through-balancer", &[balancer], to, level, Question::Packet(packet));
        }
    }

    /// From servers and containers to others and to databases.
    fn lateral(&mut self, behind: &BTreeMap<u32, Vec<String>>) {
        let network = Arc::clone(&self.ground.network);
        let mut own: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (number, arn) in behind.iter().flat_map(|(number, all)| all.iter().map(move |arn| (*number, arn)))
        {
            own.entry(arn).or_default().push(number);
        }
        if own.len() > SERVERS_MAX {
            self.cut = true;
            self.gaps.push(format!("what servers reach is asked of the first {SERVERS_MAX} only"));
        }
        let index = Index::new(Arc::clone(&network));
        for (to, interfaces) in own.iter().take(SERVERS_MAX) {
            let owned = network.owned.get(to);
            let mut ports = self.ground.rules.ports.clone();
            ports.extend(owned.into_iter().flat_map(|one| &one.ports));
            ports.sort_unstable();
            ports.dedup();
            let is_unsure = |arn: &str| network.owned.get(arn).is_some_and(|one| !one.rivals.is_empty());
            let mut best: BTreeMap<&str, (Verdict, Traffic)> = BTreeMap::new();
            for (interface, port) in
                interfaces.iter().flat_map(|one| ports.iter().map(move |port| (*one, *port)))
            {
                let traffic = Traffic::tcp(port);
                let reached = index.who_reaches(interface, traffic);
                for number in
                    [&reached.yes, &reached.only_if, &reached.unknown].into_iter().flat_map(Bits::iter)
                {
                    for from in behind.get(&number).into_iter().flatten().filter(|from| from.as_str() != *to)
                    {
                        // A database begins nothing.
                        if self.is_database_kind(from) {
                            continue;
                        }
                        let is_known = !is_unsure(from) && !is_unsure(to);
                        let verdict = if is_known { reached.verdict(number) } else { Verdict::Unknown };
                        let known = best.entry(from).or_insert((verdict, traffic));
                        if verdict > known.0 {
                            *known = (verdict, traffic);
                        }
                    }
                }
            }
            let listener = self.listener(to);
            for (from, (verdict, traffic)) in best {
                let Some(level) = of_network(verdict) else { continue };
                let node = self.node(Kind::Server, from);
                let ports = Ports::of(traffic.port, traffic.port);
                let packet = Packet { from: self.place(from), to: self.place(to), traffic, ports };
                self.step("reached-from-server", &[node], listener, level, Question::Packet(packet));
            }
        }
    }

    fn is_database_kind(&self, arn: &str) -> bool {
        let owned = self.ground.network.owned.get(arn);
        owned.is_some_and(|one| self.ground.rules.databases.contains(&one.kind))
    }
}

/// The best answer of an exposure, with a port that stands for it and all of its ports.
fn best(row: &Exposed) -> Option<(Level, Packet)> {
    let verdict = row.verdict();
    let protocol: Protocol = row.protocol.parse().ok()?;
    let mut ports = Ports::default();
    let mut first = None;
    for one in row.ports.iter().filter(|one| one.answer.verdict == verdict) {
        ports.add(&Ports::of(one.first, one.last));
        first.get_or_insert(one.first);
    }
    let traffic = Traffic::of(protocol, first?);
    Some((of_network(verdict)?, Packet { from: Place::Internet, to: Place::Internet, traffic, ports }))
}

impl Packet {
    /// Asks the network.
    pub(crate) fn ask(&self, network: &fathom_net::Network) -> fathom_net::Answer {
        ask(network, &fathom_net::Question::new(self.from.clone(), self.to.clone(), self.traffic))
    }
}
