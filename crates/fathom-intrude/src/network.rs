//! What the internet and servers reach over the network, and the roles that servers run as.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fathom_net::{
    Exposed, Index, Place, Ports, Protocol, Traffic, Verdict, ask, exposure,
    exposure::targets,
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
        let mut others = 0;
        for row in &found {
            match (row.component, row.name.as_ref().and_then(|name| servers.get(name))) {
                ("load_balancer", _) => self.balancer(row, &servers),
                (_, Some(server)) => self.exposed(row, server),
                (_, None) => others += 1,
            }
        }
        if others > 0 {
            self.gaps.push(format!(
                "what runs behind {others} network interfaces that the internet reaches is not known: they are of no server"
            ));
        }
        self.lateral(&servers);
    }

    /// What listens on a server, with the step from there into it.
    pub(crate) fn server(&mut self, arn: &str) -> u32 {
        let (listener, server) = (self.node(Kind::Listener, arn), self.node(Kind::Server, arn));
        if self.broken.insert(listener) {
            self.step("breaks-in", &[listener], server, Level::Yes, Question::Said(String::new()));
        }
        listener
    }

    /// A server that the internet reaches.
    fn exposed(&mut self, row: &Exposed, server: &str) {
        let Some((level, packet)) = best(row) else { return };
        let internet = self.node(Kind::Internet, "internet");
        let to = self.server(server);
        let place = row.name.clone().map_or(Place::Internet, Place::Instance);
        let packet = Packet { from: Place::Internet, to: place, ..packet };
        self.step("reached-from-internet", &[internet], to, level, Question::Packet(packet));
    }

    /// A load balancer that the internet reaches, and what it sends to.
    fn balancer(&mut self, row: &Exposed, servers: &HashMap<String, String>) {
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
                    if let Some(level) = of_network(packet.ask(&network).verdict) {
                        let to = self.server(server);
                        self.step("reached-through-balancer", &[node], to, level, Question::Packet(packet));
                    }
                }
                TargetKind::Function(arn) => {
                    let to = self.server(arn);
                    let said = Question::Said("the load balancer calls the function".to_owned());
                    self.step("reached-through-balancer", &[node], to, Level::Yes, said);
                }
                TargetKind::Address(_) | TargetKind::Balancer(_) => {
                    self.gaps.push(format!(
                        "what runs behind a target of {} that is an address is not known",
                        row.id
                    ));
                }
            }
        }
    }

    /// From server to server.
    fn lateral(&mut self, servers: &HashMap<String, String>) {
        let network = Arc::clone(&self.ground.network);
        let mut own: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (number, (_, interface)) in (0..).zip(network.interfaces.iter()) {
            if let Some(arn) = interface.instance.as_ref().and_then(|id| servers.get(id)) {
                own.entry(arn).or_default().push(number);
            }
        }
        if own.len() > SERVERS_MAX {
            self.cut = true;
            self.gaps.push(format!("what servers reach is asked of the first {SERVERS_MAX} only"));
        }
        let index = Index::new(Arc::clone(&network));
        for (to, interfaces) in own.iter().take(SERVERS_MAX) {
            let mut best: BTreeMap<&str, (Verdict, Traffic)> = BTreeMap::new();
            for (interface, port) in interfaces
                .iter()
                .flat_map(|one| self.ground.rules.ports.iter().map(move |port| (*one, *port)))
            {
                let traffic = Traffic::tcp(port);
                let reached = index.who_reaches(interface, traffic);
                for set in [&reached.yes, &reached.only_if, &reached.unknown] {
                    for number in set.iter() {
                        let from = network
                            .interface(number)
                            .and_then(|(_, one)| servers.get(one.instance.as_ref()?));
                        let Some(from) = from.filter(|from| from.as_str() != *to) else { continue };
                        let verdict = reached.verdict(number);
                        let known = best.entry(from).or_insert((verdict, traffic));
                        if verdict > known.0 {
                            *known = (verdict, traffic);
                        }
                    }
                }
            }
            let listener = self.server(to);
            for (from, (verdict, traffic)) in best {
                let Some(level) = of_network(verdict) else { continue };
                let node = self.node(Kind::Server, from);
                let id = |arn: &str| Place::Instance(arn.rsplit('/').next().unwrap_or_default().to_owned());
                let ports = Ports::of(traffic.port, traffic.port);
                let packet = Packet { from: id(from), to: id(to), traffic, ports };
                self.step("reached-from-server", &[node], listener, level, Question::Packet(packet));
            }
        }
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
