//! Whether the network leads to what a document opens: over a load balancer, over its interfaces, by its security groups.

use fathom_access::Seen;
use fathom_content::{
    OpenRule,
    open::{Lies, Other, Reach},
};
use fathom_model::path::{Path, scalar_text};
use fathom_net::{
    Answer, Network, Place, Question, Traffic, Verdict, ask,
    inside::{lets_in, may_let_in_internet},
    model::Interface,
};

use super::{ByKind, Facts, Named, OpenRow, Way};

/// Interfaces that are asked for one row.
const INTERFACES_MAX: usize = 32;
/// Ports that are asked for one row.
const PORTS_MAX: usize = 32;
/// Rules that are shown for one row.
const RULES_SHOWN: usize = 8;
/// What tells of interfaces.
const INTERFACES: &str = "ec2:DescribeNetworkInterfaces";

/// The other documents of a rule, by what names them.
pub(super) struct Others<'a>(Named<'a>);

impl<'a> Others<'a> {
    /// Those that a rule reads.
    pub(super) fn of(rule: &OpenRule, by_kind: &ByKind<'a>) -> Self {
        let mut named = Named::new();
        if let Some(other) = rule.network.as_ref().and_then(|lies| lies.other.as_ref()) {
            for one in by_kind.get(other.kind.as_str()).into_iter().flatten().copied() {
                if let Some(text) = other.that.text(&one.document) {
                    named.entry((&one.account, &one.region, text)).or_default().push(one);
                }
            }
        }
        Self(named)
    }
}

/// What documents say of where something lies.
#[derive(Default)]
struct Placed {
    groups: Vec<String>,
    subnets: Vec<String>,
    interfaces: Vec<String>,
    balancers: Vec<String>,
    ports: Vec<u16>,
    missing: Vec<String>,
    /// Whether nothing is before it where it has no groups.
    may_lack_groups: bool,
}

/// Writes into a row whether the network leads there; the verdict is [`Verdict::No`] where it surely does not.
pub(super) fn tell(facts: &Facts<'_>, rule: &OpenRule, one: &Seen, others: &Others<'_>, row: &mut OpenRow) {
    let Some(lies) = &rule.network else { return };
    let Some(placed) = placed(lies, one, others) else {
        row.verdict = Verdict::No;
        return;
    };
    row.way.ports.clone_from(&placed.ports);
    let own = row.verdict;
    let reached = match rule.list {
        Reach::Internet => internet(facts.network, lies, one, placed, row),
        Reach::Internal => internal(facts.network, lies, placed, row),
    };
    // The worse of both; what the network surely holds up is closed, whatever was not read of the document.
    row.verdict = reached.min(own);
}

/// Where documents say that it lies; none where another document says that it is nothing of the kind.
fn placed(lies: &Lies, one: &Seen, others: &Others<'_>) -> Option<Placed> {
    let of = |path: &Option<Path>, seen: &Seen| -> Vec<String> {
        let values = path.iter().flat_map(|path| path.all(&seen.document));
        values.filter_map(scalar_text).filter(|text| !text.is_empty()).collect()
    };
    let ports = |path: &Option<Path>, seen: &Seen| -> Vec<u16> {
        of(path, seen).iter().filter_map(|port| port.parse().ok()).filter(|port| *port > 0).collect()
    };
    let mut placed = Placed {
        groups: of(&lies.groups, one),
        subnets: of(&lies.subnets, one),
        interfaces: of(&lies.interfaces, one),
        balancers: of(&lies.balancer, one),
        ports: ports(&lies.port, one),
        ..Placed::default()
    };
    if let Some(other) = &lies.other {
        let found = others_of(other, one, others);
        if found.is_empty() {
            let named = other.named(&one.document).unwrap_or_default();
            placed.missing.push(format!("{} {named} was not seen", other.kind));
        }
        for seen in found {
            if !other.opens.iter().all(|condition| condition.holds(&seen.document)) {
                return None;
            }
            placed.groups.extend(of(&other.groups, seen));
            placed.subnets.extend(of(&other.subnets, seen));
            placed.balancers.extend(of(&other.balancer, seen));
            placed.ports.extend(ports(&other.port, seen));
        }
        placed.may_lack_groups = other.may_lack_groups && placed.missing.is_empty();
    }
    if placed.ports.is_empty() {
        placed.ports.clone_from(&lies.ports);
    }
    for list in [&mut placed.groups, &mut placed.subnets] {
        list.sort_unstable();
        list.dedup();
    }
    placed.ports.sort_unstable();
    placed.ports.dedup();
    placed.ports.truncate(PORTS_MAX);
    Some(placed)
}

fn others_of<'a>(other: &Other, one: &'a Seen, others: &Others<'a>) -> Vec<&'a Seen> {
    let Some(named) = other.named(&one.document) else { return Vec::new() };
    others.0.get(&(one.account.as_str(), one.region.as_str(), named)).cloned().unwrap_or_default()
}

/// From the internet.
fn internet(network: &Network, lies: &Lies, one: &Seen, placed: Placed, row: &mut OpenRow) -> Verdict {
    let is_balanced =
        lies.balancer.is_some() || lies.other.as_ref().is_some_and(|other| other.balancer.is_some());
    if placed.ports.is_empty() {
        row.missing.extend(placed.missing);
        row.missing.push("on which port it listens is not in its document".to_owned());
        return Verdict::Unknown;
    }
    if is_balanced {
        return balanced(network, one, placed, row);
    }
    let found = candidates(network, lies, &placed);
    let places: Vec<Place> = found.iter().map(|(number, ..)| Place::Interface(*number)).collect();
    let has_public = found.iter().any(|(_, _, interface)| {
        interface.addresses.iter().any(|address| interface.public_of(address.address).is_some())
    });
    if has_public {
        if placed.interfaces.is_empty() {
            let ids: Vec<&str> = found.iter().map(|(_, id, _)| *id).collect();
            let told = ids.join(", ");
            row.assumptions
                .push(format!("{told} is its network interface: groups, subnet and maker are the same"));
        }
        let asked: Vec<(Place, Traffic)> = places
            .iter()
            .flat_map(|place| placed.ports.iter().map(|port| (place.clone(), Traffic::tcp(*port))))
            .collect();
        return walked(network, &asked, row);
    }
    let may =
        placed.ports.iter().any(|port| may_let_in_internet(network, &placed.groups, Traffic::tcp(*port)));
    if !may {
        return Verdict::No;
    }
    row.missing.extend(placed.missing);
    row.missing.push(format!("its network interface with a public address was not seen ({INTERFACES})"));
    "its security groups may let in the internet; the rest of the way was not seen"
        .clone_into(&mut row.way.says);
    Verdict::Unknown
}

/// Over a load balancer.
fn balanced(network: &Network, one: &Seen, placed: Placed, row: &mut OpenRow) -> Verdict {
    row.missing.extend(placed.missing);
    let is_named = |name: &str| {
        network.balancers.iter().find(|(arn, balancer)| {
            *arn == name
                || balancer.name == name
                    && balancer.at.account == one.account
                    && balancer.at.region == one.region
        })
    };
    let mut asked = Vec::new();
    for name in &placed.balancers {
        match is_named(name) {
            // What lies inside is asked about in the other list.
            Some((_, balancer)) if !balancer.is_public => {}
            Some((arn, balancer)) => {
                let own = balancer.listeners.iter().filter(|one| placed.ports.contains(&one.port));
                let traffic = own.flat_map(|one| one.protocols.iter().map(|of| Traffic::of(*of, one.port)));
                asked.extend(traffic.map(|traffic| (Place::Balancer(arn.to_owned()), traffic)));
            }
            None => row.missing.push(format!(
                "load balancer {name} was not seen (elasticloadbalancing:DescribeLoadBalancers)"
            )),
        }
    }
    let unseen = if row.missing.is_empty() { Verdict::No } else { Verdict::Unknown };
    if asked.is_empty() {
        return unseen;
    }
    walked(network, &asked, row).max(unseen)
}

/// The best answer of a packet from anybody to any of the places, told in the row.
fn walked(network: &Network, asked: &[(Place, Traffic)], row: &mut OpenRow) -> Verdict {
    let mut best: Option<Answer> = None;
    let mut through = Vec::new();
    for (place, traffic) in asked {
        let answer = ask(network, &Question::new(Place::Internet, place.clone(), *traffic));
        if answer.verdict > Verdict::No {
            through.push(traffic.port);
        }
        if best.as_ref().is_none_or(|before| answer.verdict > before.verdict) {
            best = Some(answer);
        }
    }
    let Some(answer) = best else { return Verdict::No };
    through.sort_unstable();
    through.dedup();
    let told: Vec<String> = through.iter().map(ToString::to_string).collect();
    row.way = Way {
        says: format!("from the internet to port {}: {}", told.join(", "), answer.packet),
        ports: through,
        hops: answer.hops,
    };
    row.conditions.extend(answer.conditions);
    row.missing.extend(answer.missing);
    row.assumptions.extend(answer.assumptions);
    answer.verdict
}

/// The network interfaces that are its own, as far as documents say: named ones, or those with its groups in its subnets.
fn candidates<'n>(network: &'n Network, lies: &Lies, placed: &Placed) -> Vec<(u32, &'n str, &'n Interface)> {
    let is_own = |id: &str, interface: &Interface| {
        if !placed.interfaces.is_empty() {
            return placed.interfaces.iter().any(|own| own == id);
        }
        let mut groups = interface.groups.clone();
        groups.sort_unstable();
        !placed.groups.is_empty()
            && groups == placed.groups
            && placed.subnets.contains(&interface.subnet)
            && interface.instance.is_none()
            && lies.made_by.as_ref().is_none_or(|by| interface.description.starts_with(by.as_str()))
    };
    let all = (0..).zip(network.interfaces.iter());
    let own = all.filter(|(_, (id, interface))| is_own(id, interface));
    own.map(|(number, (id, interface))| (number, id, interface)).take(INTERFACES_MAX).collect()
}

/// From inside: what its security groups let in.
fn internal(network: &Network, lies: &Lies, mut placed: Placed, row: &mut OpenRow) -> Verdict {
    let mut missing = std::mem::take(&mut placed.missing);
    for id in &placed.interfaces {
        match network.interfaces.get(id) {
            Some(interface) => placed.groups.extend(interface.groups.iter().cloned()),
            None => missing.push(format!("network interface {id} was not seen ({INTERFACES})")),
        }
    }
    placed.groups.sort_unstable();
    placed.groups.dedup();
    if placed.groups.is_empty() && placed.may_lack_groups {
        "no security group is before it".clone_into(&mut row.way.says);
        return Verdict::Yes;
    }
    if placed.groups.is_empty() {
        missing.push("its security groups are not in what was read of it".to_owned());
    }
    let ports = if placed.ports.is_empty() { lies.ports.clone() } else { placed.ports };
    if ports.is_empty() {
        missing.push("on which port it listens is not in its document".to_owned());
    }
    let mut rules = Vec::new();
    for port in ports {
        let found = lets_in(network, &placed.groups, Traffic::tcp(port));
        rules.extend(found.rules);
        missing.extend(found.unseen);
    }
    rules.sort_unstable();
    rules.dedup();
    missing.dedup();
    if rules.is_empty() {
        let verdict = if missing.is_empty() { Verdict::No } else { Verdict::Unknown };
        row.missing.extend(missing);
        return verdict;
    }
    let more = rules.len().saturating_sub(RULES_SHOWN);
    rules.truncate(RULES_SHOWN);
    row.way.says = format!("inside: {}", rules.join("; "));
    if more > 0 {
        row.way.says = format!("{}; {more} more", row.way.says);
    }
    Verdict::Yes
}
