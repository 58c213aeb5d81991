//! Network firewalls: a stateless engine that looks at each packet, then a stateful one that looks at connections.
//!
//! Network Firewall guide, "Stateless rules": the lowest priority that matches decides, of a packet and of its answer alike; "Stateful
//! rules": in strict order the first rule that matches decides, otherwise all that pass come before all that drop; what is answered
//! to a connection that passed passes. "Stateful default actions" hold in strict order only.

use std::{collections::BTreeSet, net::IpAddr};

use super::walk::{End, Walk};
use crate::{
    address::Cidr,
    answer::{Code, Disposition, Says},
    model::{Among, Fate, FirewallRule, GroupOfRules, Policy, Unread, Whom},
    traffic::TCP,
};

/// Whether a rule is about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    Maybe,
    No,
}

/// What may become of a packet, and what of it decides.
#[derive(Debug, Default)]
struct Outcome {
    fates: BTreeSet<Fate>,
    /// The rule that surely decides, where there is one.
    rule: Option<String>,
    /// What may decide before.
    maybe: Option<String>,
    /// What was not read.
    unread: Option<String>,
}

impl Outcome {
    /// Takes in what a rule does; true where nothing behind it is asked.
    fn take(&mut self, matched: Match, fate: Fate, told: impl FnOnce() -> String) -> bool {
        match matched {
            Match::No => return false,
            Match::Maybe => self.maybe = self.maybe.take().or_else(|| Some(told())),
            Match::Yes => self.rule = Some(told()),
        }
        self.fates.insert(fate);
        matched == Match::Yes
    }
}

/// Through the firewall of an endpoint.
pub(super) fn pass(walk: &mut Walk<'_>, endpoint: &str) -> Option<Result<(), End>> {
    let network = walk.network;
    let (arn, firewall, is_taken) = network.firewall_of(endpoint)?;
    // Which ports and addresses its rules tell apart, the index does not know.
    walk.is_unusual = true;
    if is_taken {
        walk.assumptions
            .push(format!("{endpoint} is of the firewall {}, which has the subnet", firewall.name));
    }
    let Some(policy) = network.firewall_policies.get(&firewall.policy) else {
        let call = "network-firewall:DescribeFirewallPolicy";
        let unread = Unread(format!(
            "the policy {} of the firewall {} was not seen ({call})",
            firewall.policy, firewall.name
        ));
        walk.unsure("network_firewall", arn, unread);
        return Some(Ok(()));
    };
    let vpc = network.vpcs.get(&firewall.vpc).map(|vpc| vpc.cidrs.as_slice()).unwrap_or_default();
    let home = policy.home.as_deref().unwrap_or(vpc);
    let mut found = stateless(walk, policy, home);
    if found.fates.remove(&Fate::Forward) {
        if !walk.is_answer() {
            walk.firewalls.push(arn.to_owned());
            let next = stateful(walk, policy, home);
            found.fates.extend(next.fates);
            found.rule = next.rule.or(found.rule);
            found.maybe = found.maybe.or(next.maybe);
            found.unread = found.unread.or(next.unread);
        } else if walk.firewalls.iter().any(|passed| passed == arn) {
            found.fates.insert(Fate::Pass);
            found.rule = Some("it belongs to a connection that passed".to_owned());
        } else {
            let why = format!("the firewall {} sees the answer, and not what was asked", firewall.name);
            walk.unsure("network_firewall", arn, Unread(why));
            return Some(Ok(()));
        }
    }
    Some(told(walk, arn, &firewall.name, found))
}

fn told(walk: &mut Walk<'_>, arn: &str, name: &str, found: Outcome) -> Result<(), End> {
    let rule = found.rule.unwrap_or_default();
    let may = |fate| found.fates.contains(&fate);
    match (may(Fate::Pass), may(Fate::Drop)) {
        (true, false) => {
            walk.hop("network_firewall", arn, Says::Allowed, rule);
            Ok(())
        }
        (false, _) => {
            let disposition = if walk.is_answer() { Disposition::DeniedOut } else { Disposition::DeniedIn };
            Err(walk.block("network_firewall", arn, Code::FirewallRulesRestriction, disposition, rule))
        }
        (true, true) => {
            if let Some(unread) = found.unread {
                walk.unsure("network_firewall", arn, Unread(unread));
                return Ok(());
            }
            let what = found.maybe.unwrap_or(rule);
            walk.hop("network_firewall", arn, Says::Forwarded, what.clone());
            let condition = format!("the firewall {name} lets it pass, where {what} decides");
            if !walk.conditions.contains(&condition) {
                walk.conditions.push(condition);
            }
            Ok(())
        }
    }
}

/// The rules of a group; where they are not known, what may be in it is taken in.
fn rules_of<'n>(walk: &Walk<'n>, group: &GroupOfRules, found: &mut Outcome) -> &'n [FirewallRule] {
    let network = walk.network;
    let known = network.firewall_rules.get(&group.arn);
    if let Some(rules) = known.and_then(|one| one.rules.as_deref()) {
        return rules;
    }
    if group.only_tells {
        return &[];
    }
    // Groups that AWS keeps hold up what is known to be bad, and let nothing pass that others hold up.
    if group.arn.contains(":aws-managed:") {
        found.take(Match::Maybe, Fate::Drop, || format!("the group {}, which AWS keeps,", last(&group.arn)));
        return &[];
    }
    let why = match known {
        Some(one) => format!("the rules of {} make no sense to us", one.name),
        None => format!("the group of rules {} was not seen (network-firewall:DescribeRuleGroup)", group.arn),
    };
    found.unread.get_or_insert(why);
    found.fates.extend([Fate::Pass, Fate::Drop]);
    &[]
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn named(group: &GroupOfRules, rule: &FirewallRule) -> String {
    let word = match rule.fate {
        Fate::Pass => "passes",
        Fate::Drop => "drops",
        Fate::Forward => "hands on",
        Fate::Tell => "tells",
    };
    format!("rule {} of {} ({word})", rule.name, last(&group.arn))
}

fn stateless(walk: &Walk<'_>, policy: &Policy, home: &[Cidr]) -> Outcome {
    let mut found = Outcome::default();
    for group in &policy.stateless {
        for rule in rules_of(walk, group, &mut found) {
            if found.take(matches(walk, rule, home), rule.fate, || named(group, rule)) {
                return found;
            }
        }
    }
    if let Some(fate) = policy.stateless_default {
        found.take(Match::Yes, fate, || "the default action of the stateless engine".to_owned());
    } else {
        found
            .unread
            .get_or_insert_with(|| "the default action of the stateless engine makes no sense".to_owned());
        found.fates.extend([Fate::Pass, Fate::Drop]);
    }
    found
}

fn stateful(walk: &Walk<'_>, policy: &Policy, home: &[Cidr]) -> Outcome {
    let mut found = Outcome::default();
    // What passes comes before what drops, or all in their order.
    let rounds: &[&[Fate]] =
        if policy.is_strict { &[&[Fate::Pass, Fate::Drop]] } else { &[&[Fate::Pass], &[Fate::Drop]] };
    for (number, round) in rounds.iter().enumerate() {
        for group in &policy.stateful {
            // What is not known of a group is told once.
            let known = walk.network.firewall_rules.get(&group.arn).is_some_and(|one| one.rules.is_some());
            let rules = if known || number == 0 { rules_of(walk, group, &mut found) } else { &[] };
            for rule in rules.iter().filter(|rule| round.contains(&rule.fate)) {
                if group.only_tells && rule.fate == Fate::Drop {
                    continue;
                }
                if found.take(matches(walk, rule, home), rule.fate, || named(group, rule)) {
                    return found;
                }
            }
        }
    }
    let says = |word: &str| policy.stateful_default.iter().any(|one| one == word);
    let drops = policy.stateful_default.iter().find(|one| one.contains(":drop"));
    if policy.is_strict && says("aws:drop_strict") {
        found.take(Match::Yes, Fate::Drop, || "the default action aws:drop_strict".to_owned());
    } else if let Some(word) = drops.filter(|_| policy.is_strict) {
        // It lets connections begin, and then drops what is not passed by then.
        let is_begun = walk.traffic.protocol.0 == TCP;
        if is_begun {
            found.take(Match::Maybe, Fate::Drop, || {
                format!("the default action {word}, which drops what follows the beginning,")
            });
            found.take(Match::Yes, Fate::Pass, || format!("the default action {word}"));
        } else {
            found.take(Match::Maybe, Fate::Drop, || format!("the default action {word}"));
            found.take(Match::Maybe, Fate::Pass, || format!("the default action {word}"));
        }
    } else {
        found.take(Match::Yes, Fate::Pass, || "no rule of the stateful engine drops it".to_owned());
    }
    found
}

/// Whether a rule is about the packet, by its header.
fn matches(walk: &Walk<'_>, rule: &FirewallRule, home: &[Cidr]) -> Match {
    if !rule.protocols.is_empty() && !rule.protocols.contains(&walk.traffic.protocol.0) {
        return Match::No;
    }
    let has_ports = walk.traffic.protocol.has_ports();
    let port = walk.traffic.port;
    let (client, server) = (walk.ports.ranges(), [(port, port)]);
    // Of an answer, the server is the one that sends.
    let (from, to) = if walk.is_answer() { (server.as_slice(), client) } else { (client, server.as_slice()) };
    let one_way = |source: IpAddr, target: IpAddr, from: &[(u16, u16)], to: &[(u16, u16)]| {
        let is_whom = whom(&rule.source, source, home) && whom(&rule.destination, target, home);
        if !is_whom {
            return Match::No;
        }
        if !has_ports {
            let any = |side: &Among<(u16, u16)>| {
                side.no.is_empty() && side.yes.iter().all(|one| *one == (0, u16::MAX))
            };
            return if any(&rule.source_ports) && any(&rule.destination_ports) {
                Match::Yes
            } else {
                Match::No
            };
        }
        match (of_ports(&rule.source_ports, from), of_ports(&rule.destination_ports, to)) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (Match::Yes, Match::Yes) => Match::Yes,
            _ => Match::Maybe,
        }
    };
    let mut found = one_way(walk.source, walk.target, from, to);
    if found != Match::Yes && rule.is_both_ways {
        let back = one_way(walk.target, walk.source, to, from);
        found = if back == Match::No { found } else { back };
    }
    if found == Match::Yes && !rule.is_exact { Match::Maybe } else { found }
}

fn whom(side: &Among<Whom>, at: IpAddr, home: &[Cidr]) -> bool {
    let is_home = home.iter().any(|cidr| cidr.contains(at));
    let is_it = |one: &Whom| match one {
        Whom::Any => true,
        Whom::Range(cidr) => cidr.contains(at),
        Whom::Home => is_home,
        Whom::External => !is_home,
    };
    (side.yes.is_empty() || side.yes.iter().any(is_it)) && !side.no.iter().any(is_it)
}

/// Whether all of some ports are meant, or some.
fn of_ports(side: &Among<(u16, u16)>, ports: &[(u16, u16)]) -> Match {
    let mut meant = crate::traffic::Ports::default();
    for &(first, last) in ports {
        let own = crate::traffic::Ports::of(first, last);
        if side.yes.is_empty() {
            meant.add(&own);
        }
        for range in &side.yes {
            meant.add(&own.within(*range));
        }
    }
    for range in &side.no {
        meant = meant.without(*range);
    }
    let size = |ranges: &[(u16, u16)]| {
        ranges.iter().map(|(first, last)| u32::from(*last) - u32::from(*first) + 1).sum::<u32>()
    };
    match size(meant.ranges()) {
        0 => Match::No,
        found if found == size(ports) => Match::Yes,
        _ => Match::Maybe,
    }
}
