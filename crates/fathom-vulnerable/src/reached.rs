//! Whether the internet comes to a thing: over its network interfaces, through load balancers, or by a setting of its own.

use std::collections::{BTreeMap, HashMap};

use fathom_access::Seen;
use fathom_content::vulnerable::{ThingRule, VulnerabilityRules};
use fathom_model::path::scalar_text;
use fathom_net::{
    Exposed, Network, Place, Ports, Protocol, Question, Verdict, ask, exposure,
    exposure::targets,
    model::{TargetKind, Whereabouts},
    traffic::{TCP, UDP},
};
use fathom_weakness::Reached;

use crate::about::About;

/// The list without which a server may have interfaces that nobody saw.
const INTERFACE: &str = "AWS::EC2::NetworkInterface";

/// Whether and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Come {
    /// Whether.
    pub reached: Reached,
    /// How, or why that is not known.
    pub way: String,
}

impl Come {
    fn new(reached: Reached, way: impl Into<String>) -> Self {
        Self { reached, way: way.into() }
    }
}

/// What the internet comes to, by the ids of servers and network interfaces and the ARNs of functions.
#[derive(Debug, Default)]
pub struct Ways {
    by: HashMap<String, Come>,
    /// Servers with a network interface that was seen.
    servers: HashMap<String, String>,
}

fn of(verdict: Verdict) -> Reached {
    match verdict {
        Verdict::Yes => Reached::Yes,
        Verdict::OnlyIf => Reached::OnlyIf,
        Verdict::Unknown => Reached::Unknown,
        Verdict::No => Reached::No,
    }
}

impl Ways {
    /// Asks the network of everything with a public address, and of what load balancers send to.
    pub fn of(network: &Network) -> Self {
        let mut ways = Self::default();
        for (id, interface) in network.interfaces.iter() {
            if let Some(server) = &interface.instance {
                ways.servers.entry(server.clone()).or_insert_with(|| id.to_owned());
            }
        }
        for row in exposure(network, &[Protocol(TCP), Protocol(UDP)]) {
            let verdict = row.verdict();
            if row.component == "load_balancer" {
                ways.behind(network, &row, verdict);
                continue;
            }
            let way = format!("{} of {}", ports(&row, verdict), row.addresses.join(", "));
            let come = Come::new(of(verdict), told(verdict, &way, &row));
            ways.put(&row.id, come.clone());
            if let Some(server) = &row.name {
                ways.put(server, come);
            }
        }
        ways
    }

    /// What a load balancer sends to: reached where both the balancer and the way behind it are.
    fn behind(&mut self, network: &Network, row: &Exposed, verdict: Verdict) {
        let balancer = row.name.as_deref().unwrap_or(&row.id);
        for (target, traffic) in targets(network, row) {
            let ask_for = |to: Place| {
                ask(network, &Question::new(Place::Balancer(row.id.clone()), to, traffic)).verdict
            };
            let vpc = network.balancers.get(&row.id).map(|one| one.vpc.clone()).unwrap_or_default();
            let (names, behind) = match &target.kind {
                TargetKind::Instance(id) => (vec![id.clone()], ask_for(Place::Instance(id.clone()))),
                TargetKind::Function(arn) => (vec![arn.clone()], Verdict::Yes),
                TargetKind::Address(at) => {
                    let holder = network.holder(&vpc, *at).ok().flatten().and_then(|one| {
                        network
                            .interface(one)
                            .map(|(id, interface)| (one, id.to_owned(), interface.instance.clone()))
                    });
                    let Some((number, id, server)) = holder else { continue };
                    (std::iter::once(id).chain(server).collect(), ask_for(Place::Interface(number)))
                }
                TargetKind::Balancer(_) => continue,
            };
            let verdict = verdict.min(behind);
            let way =
                format!("{} of the load balancer {balancer}, which sends to it", ports(row, row.verdict()));
            for name in names {
                self.put(&name, Come::new(of(verdict), told(verdict, &way, row)));
            }
        }
    }

    /// The best answer of each counts.
    fn put(&mut self, name: &str, come: Come) {
        match self.by.get(name) {
            Some(known) if known.reached <= come.reached => {}
            _ => {
                self.by.insert(name.to_owned(), come);
            }
        }
    }

    /// Whether the internet comes to a thing.
    pub(crate) fn to(
        &self,
        thing: &Seen,
        rule: &ThingRule,
        network: &Network,
        running: &Running<'_>,
    ) -> Come {
        let id = thing.arn.rsplit('/').next().unwrap_or_default();
        let own = if rule.server {
            Some(self.server(id, thing, network))
        } else if rule.run_by.is_empty() {
            self.by.get(&thing.arn).cloned()
        } else {
            Some(self.run(id, running))
        };
        let set = rule.reached_when.iter().find(|when| when.test.holds(&thing.document)).map(|when| {
            if when.only_if.is_empty() {
                Come::new(Reached::Yes, when.says.clone())
            } else {
                Come::new(Reached::OnlyIf, format!("{}; only if {}", when.says, when.only_if))
            }
        });
        let best = own.into_iter().chain(set).min_by_key(|come| come.reached);
        match best {
            Some(come) if come.reached == Reached::No && !rule.else_unknown.is_empty() => {
                Come::new(Reached::Unknown, rule.else_unknown.clone())
            }
            Some(come) => come,
            None if rule.else_unknown.is_empty() => {
                Come::new(Reached::Unknown, "how the internet would come to it is not followed")
            }
            None => Come::new(Reached::Unknown, rule.else_unknown.clone()),
        }
    }

    fn server(&self, id: &str, thing: &Seen, network: &Network) -> Come {
        if let Some(come) = self.by.get(id) {
            return come.clone();
        }
        // What decides about an interface the network knows; that there is no other is known where all were listed.
        let at = Whereabouts { account: thing.account.clone(), region: thing.region.clone() };
        if let Some(unread) = network.unlisted(&at, INTERFACE) {
            return Come::new(Reached::Unknown, format!("not seen: {}", unread.0));
        }
        if self.servers.contains_key(id) {
            Come::new(Reached::No, "no port of it is reached from the internet")
        } else {
            Come::new(Reached::Unknown, "no network interface of it was seen")
        }
    }

    /// An image, by what runs it.
    fn run(&self, id: &str, running: &Running<'_>) -> Come {
        let runners = running.by.get(id).map(Vec::as_slice).unwrap_or_default();
        let best = runners
            .iter()
            .flat_map(|(runner, interfaces)| interfaces.iter().map(move |interface| (runner, interface)))
            .filter_map(|(runner, interface)| Some((self.by.get(interface)?, runner)))
            .min_by_key(|(come, _)| come.reached);
        if let Some((come, runner)) = best {
            return Come::new(come.reached, format!("{}, which runs it: {}", short(runner), come.way));
        }
        match runners.first() {
            Some((runner, interfaces))
                if interfaces.iter().any(|one| running.network.interfaces.get(one).is_some()) =>
            {
                Come::new(
                    Reached::No,
                    format!("{}, which runs it, is not reached from the internet", short(runner)),
                )
            }
            Some((runner, _)) => Come::new(
                Reached::Unknown,
                format!("the network interface of {}, which runs it, is not known", short(runner)),
            ),
            None => {
                Come::new(Reached::Unknown, "nothing that scans saw runs it, and not all that may is read")
            }
        }
    }
}

/// What runs images: for each id of an image who runs it, with the values that may be its network interfaces.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    by: HashMap<String, Vec<(String, Vec<String>)>>,
    network: &'a Network,
}

impl<'a> Running<'a> {
    pub(crate) fn of(rules: &VulnerabilityRules, seen: &[Seen], network: &'a Network) -> Self {
        let mut by: HashMap<String, Vec<(String, Vec<String>)>> = HashMap::new();
        for rule in rules.things.iter().flat_map(|thing| &thing.run_by) {
            for one in seen.iter().filter(|one| rule.kind.as_str() == one.kind) {
                let texts = |path: &fathom_model::path::Path| -> Vec<String> {
                    path.all(&one.document).into_iter().filter_map(scalar_text).collect()
                };
                for image in texts(&rule.image) {
                    by.entry(image).or_default().push((one.arn.clone(), texts(&rule.interface)));
                }
            }
        }
        Self { by, network }
    }

    /// The images that something runs, by the ARN of that.
    pub(crate) fn images(&self, about: &About) -> BTreeMap<String, Vec<usize>> {
        let mut all: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (image, runners) in &self.by {
            for (runner, _) in runners {
                all.entry(runner.clone()).or_default().extend(about.find(image));
            }
        }
        all
    }
}

fn short(arn: &str) -> &str {
    arn.rsplit_once(':').map_or(arn, |(_, rest)| rest)
}

/// The ports with an answer, in words.
fn ports(row: &Exposed, verdict: Verdict) -> String {
    let mut all = Ports::default();
    for one in row.ports.iter().filter(|one| one.answer.verdict == verdict) {
        all.add(&Ports::of(one.first, one.last));
    }
    format!("{} {all}", row.protocol)
}

/// A way with what it depends on.
fn told(verdict: Verdict, way: &str, row: &Exposed) -> String {
    let first = row.ports.iter().find(|one| one.answer.verdict == verdict).map(|one| &one.answer);
    let beside = match verdict {
        Verdict::OnlyIf => {
            first.and_then(|answer| answer.conditions.first()).map(|one| format!("; only if {one}"))
        }
        Verdict::Unknown => {
            first.and_then(|answer| answer.missing.first()).map(|one| format!("; not seen: {one}"))
        }
        Verdict::Yes | Verdict::No => None,
    };
    format!("{way}{}", beside.unwrap_or_default())
}
