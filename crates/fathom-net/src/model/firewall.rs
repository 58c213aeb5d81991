//! Network firewalls, their policies and groups of rules.
//!
//! Network Firewall guide, "Stateless and stateful rules engines", and the Suricata documentation, "Rules format", for the header of a
//! rule: `action protocol source port -> destination port (options)`. What a rule looks for inside a packet no header decides.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Network, Whereabouts, build::Reading, subnets::texts};
use crate::address::Cidr;

/// Lists in lists of a rule.
const DEPTH_MAX: u32 = 8;
/// Rules of one group that are read; of more, the rest is not known.
const RULES_MAX: usize = 50_000;
/// Options that look at nothing.
const SILENT: [&str; 9] =
    ["sid", "rev", "gid", "msg", "metadata", "reference", "classtype", "priority", "noalert"];

/// A firewall.
#[derive(Debug, Clone, PartialEq)]
pub struct Firewall {
    /// Where it was read.
    pub at: Whereabouts,
    /// Its name.
    pub name: String,
    /// The VPC's id.
    pub vpc: String,
    /// The subnets that it has endpoints in.
    pub subnets: Vec<String>,
    /// Its endpoints; none where they were not read.
    pub endpoints: Option<Vec<String>>,
    /// The ARN of its policy.
    pub policy: String,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It lets pass.
    Pass,
    /// It drops; rejecting is dropping with an answer.
    Drop,
    /// It hands on to the stateful engine.
    Forward,
    /// It only tells.
    Tell,
}

/// A group as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOfRules {
    /// Lower ones are asked first.
    pub priority: u64,
    /// Its ARN.
    pub arn: String,
    /// Whether its rules only tell.
    pub only_tells: bool,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Stateless groups, in their order.
    pub stateless: Vec<GroupOfRules>,
    /// What the stateless engine does with the rest; none where it makes no sense.
    pub stateless_default: Option<Fate>,
    /// Stateful groups, in their order.
    pub stateful: Vec<GroupOfRules>,
    /// What the stateful engine does with the rest, in strict order.
    pub stateful_default: Vec<String>,
    /// Whether rules are asked in their order, not by what they do.
    pub is_strict: bool,
    /// What it calls the home network; none where that is the VPC.
    pub home: Option<Vec<Cidr>>,
}

/// Addresses as a stateful rule says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Anybody.
    Any,
    /// A range.
    Range(Cidr),
    /// The home network.
    Home,
    /// All but the home network.
    External,
}

/// Some of a kind, without others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Among<T> {
    /// These; any where there are none.
    pub yes: Vec<T>,
    /// Not these.
    pub no: Vec<T>,
}

impl<T> Default for Among<T> {
    fn default() -> Self {
        Self { yes: Vec::new(), no: Vec::new() }
    }
}

/// A rule of either engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirewallRule {
    /// Lower ones are asked first.
    pub priority: u64,
    /// How it is told: a priority, a `sid`.
    pub name: String,
    /// What it does.
    pub fate: Fate,
    /// Protocols by number; any where there are none.
    pub protocols: Vec<u8>,
    /// From whom.
    pub source: Among<Whom>,
    /// From which ports.
    pub source_ports: Among<(u16, u16)>,
    /// To whom.
    pub destination: Among<Whom>,
    /// To which ports.
    pub destination_ports: Among<(u16, u16)>,
    /// Whether it is about both directions.
    pub is_both_ways: bool,
    /// Whether the header decides alone: otherwise it may match, or not.
    pub is_exact: bool,
}

/// A group of rules.
#[derive(Debug, Clone, PartialEq)]
pub struct FirewallRules {
    /// Its name.
    pub name: String,
    /// Its rules in their order; none where they make no sense.
    pub rules: Option<Vec<FirewallRule>>,
}

pub(super) fn firewall(read: &mut Reading<'_>) -> Option<(String, Firewall)> {
    let states = read.document["SyncStates"].as_object();
    let endpoints = states.map(|zones| {
        let ids = zones.values().filter_map(|zone| zone["Attachment"]["EndpointId"].as_str());
        ids.map(ToOwned::to_owned).collect()
    });
    let firewall = Firewall {
        at: read.at.clone(),
        name: read.text("FirewallName").unwrap_or_default(),
        vpc: read.text("VpcId").unwrap_or_default(),
        subnets: texts(&read.document["SubnetMappings"], "SubnetId"),
        endpoints: endpoints.filter(|ids: &Vec<String>| !ids.is_empty()),
        policy: read.text("FirewallPolicyArn").unwrap_or_default(),
    };
    Some((read.text("FirewallArn")?, firewall))
}

/// Of several actions the one that decides; those of its own only measure.
fn fate(actions: &Value) -> Option<Fate> {
    let words = actions.as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut found = words.filter_map(|word| match word {
        "aws:pass" => Some(Fate::Pass),
        "aws:drop" => Some(Fate::Drop),
        "aws:forward_to_sfe" => Some(Fate::Forward),
        _ => None,
    });
    found.next()
}

pub(super) fn policy(read: &mut Reading<'_>) -> Option<(String, Policy)> {
    let arn = read.document["FirewallPolicyResponse"]["FirewallPolicyArn"].as_str()?.to_owned();
    let own = &read.document["FirewallPolicy"];
    let groups = |member: &str| {
        let list = own[member].as_array().into_iter().flatten();
        let mut all: Vec<GroupOfRules> = list
            .filter_map(|one| {
                Some(GroupOfRules {
                    priority: one["Priority"].as_u64().unwrap_or_default(),
                    arn: one["ResourceArn"].as_str()?.to_owned(),
                    only_tells: one["Override"]["Action"].as_str() == Some("DROP_TO_ALERT"),
                })
            })
            .collect();
        all.sort_by_key(|one| one.priority);
        all
    };
    let words = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(ToOwned::to_owned)).collect()
    };
    let stateless_default = fate(&own["StatelessDefaultActions"]);
    if stateless_default.is_none() {
        read.fault("no default action of the stateless engine makes sense");
    }
    let home = own["PolicyVariables"]["RuleVariables"]["HOME_NET"]["Definition"].as_array();
    let home = home.map(|list| list.iter().filter_map(|one| read.cidr(one)).collect());
    let policy = Policy {
        stateless: groups("StatelessRuleGroupReferences"),
        stateless_default,
        stateful: groups("StatefulRuleGroupReferences"),
        stateful_default: words(&own["StatefulDefaultActions"]),
        is_strict: own["StatefulEngineOptions"]["RuleOrder"].as_str() == Some("STRICT_ORDER"),
        home,
    };
    Some((arn, policy))
}

pub(super) fn rules(read: &mut Reading<'_>) -> Option<(String, FirewallRules)> {
    let response = &read.document["RuleGroupResponse"];
    let arn = response["RuleGroupArn"].as_str()?.to_owned();
    let group = &read.document["RuleGroup"];
    let source = &group["RulesSource"];
    let words = Words::of(&group["RuleVariables"]);
    let found: Result<Vec<FirewallRule>, String> =
        if let Some(list) = source["StatelessRulesAndCustomActions"]["StatelessRules"].as_array() {
            list.iter().take(RULES_MAX).map(stateless).collect()
        } else if let Some(list) = source["StatefulRules"].as_array() {
            list.iter().take(RULES_MAX).map(|one| stateful(one, &words)).collect()
        } else if let Some(text) = source["RulesString"].as_str() {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.take(RULES_MAX).map(|line| suricata(line, &words)).collect()
        } else if source["RulesSourceList"].is_object() {
            Ok(domains(&source["RulesSourceList"]))
        } else {
            Err("it has no rules".to_owned())
        };
    let rules = found.map_err(|error| read.fault(&format!("rules of a firewall: {error}"))).ok();
    let rules = rules.map(|mut rules| {
        rules.sort_by_key(|rule| rule.priority);
        rules
    });
    let name = response["RuleGroupName"].as_str().unwrap_or_default().to_owned();
    Some((arn, FirewallRules { name, rules }))
}

fn stateless(one: &Value) -> Result<FirewallRule, String> {
    let definition = &one["RuleDefinition"];
    let matched = &definition["MatchAttributes"];
    let list = |member: &str| matched[member].as_array().map(Vec::as_slice).unwrap_or_default();
    let whom = |member: &str| -> Result<Among<Whom>, String> {
        let of =
            |one: &Value| address(one["AddressDefinition"].as_str().unwrap_or_default()).map(Whom::Range);
        let yes: Vec<Whom> = list(member).iter().map(of).collect::<Result<_, _>>()?;
        Ok(Among { yes, no: Vec::new() })
    };
    let ports = |member: &str| -> Result<Among<(u16, u16)>, String> {
        let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
        let of = |one: &Value| {
            let ends = port(&one["FromPort"]).zip(port(&one["ToPort"]).or_else(|| port(&one["FromPort"])));
            ends.ok_or_else(|| format!("{one} is no range of ports"))
        };
        Ok(Among { yes: list(member).iter().map(of).collect::<Result<_, _>>()?, no: Vec::new() })
    };
    let number = |one: &Value| one.as_u64().and_then(|number| u8::try_from(number).ok());
    let protocols =
        list("Protocols").iter().map(|one| number(one).ok_or_else(|| format!("{one} is no protocol")));
    let priority = one["Priority"].as_u64().unwrap_or(u64::MAX);
    Ok(FirewallRule {
        priority,
        name: priority.to_string(),
        fate: fate(&definition["Actions"])
            .ok_or_else(|| format!("rule {priority} has no action that decides"))?,
        protocols: protocols.collect::<Result<_, _>>()?,
        source: whom("Sources")?,
        source_ports: ports("SourcePorts")?,
        destination: whom("Destinations")?,
        destination_ports: ports("DestinationPorts")?,
        is_both_ways: false,
        // Flags tell the packets of one connection apart.
        is_exact: list("TCPFlags").is_empty(),
    })
}

/// A range, or one address.
fn address(text: &str) -> Result<Cidr, String> {
    let host = || text.parse().map(Cidr::host).map_err(|_| format!("`{text}` is no range of addresses"));
    text.parse().or_else(|_: String| host())
}

/// What a group calls addresses and ports.
struct Words {
    addresses: BTreeMap<String, Vec<String>>,
    ports: BTreeMap<String, Vec<String>>,
}

impl Words {
    fn of(variables: &Value) -> Self {
        let read = |member: &str| {
            let sets = variables[member].as_object().into_iter().flatten();
            sets.map(|(name, set)| {
                let list = set["Definition"].as_array().into_iter().flatten();
                (name.clone(), list.filter_map(|one| one.as_str().map(ToOwned::to_owned)).collect())
            })
            .collect()
        };
        Self { addresses: read("IPSets"), ports: read("PortSets") }
    }

    fn whom(&self, text: &str) -> Option<Among<Whom>> {
        let leaf = |text: &str| match text {
            "$HOME_NET" if !self.addresses.contains_key("HOME_NET") => Some(Whom::Home),
            "$EXTERNAL_NET" if !self.addresses.contains_key("EXTERNAL_NET") => Some(Whom::External),
            text if text.eq_ignore_ascii_case("any") => Some(Whom::Any),
            text => address(text).ok().map(Whom::Range),
        };
        let mut found = Among::default();
        gather(text, &self.addresses, &leaf, false, 0, &mut found)?;
        Some(found)
    }

    fn port(&self, text: &str) -> Option<Among<(u16, u16)>> {
        let leaf = |text: &str| {
            if text.eq_ignore_ascii_case("any") {
                return Some((0, u16::MAX));
            }
            let Some((first, last)) = text.split_once(':') else {
                return text.parse().ok().map(|port| (port, port));
            };
            let end = |text: &str, other| if text.is_empty() { Some(other) } else { text.parse().ok() };
            end(first, 0).zip(end(last, u16::MAX))
        };
        let mut found = Among::default();
        gather(text, &self.ports, &leaf, false, 0, &mut found)?;
        Some(found)
    }
}

/// Takes apart `[a, !b, $C]`; none where something of it is not known.
fn gather<T: Copy>(
    text: &str,
    words: &BTreeMap<String, Vec<String>>,
    leaf: &dyn Fn(&str) -> Option<T>,
    is_not: bool,
    depth: u32,
    found: &mut Among<T>,
) -> Option<()> {
    let text = text.trim();
    if depth > DEPTH_MAX {
        return None;
    }
    if let Some(rest) = text.strip_prefix('!') {
        return gather(rest, words, leaf, !is_not, depth + 1, found);
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return split(inner)
            .into_iter()
            .try_for_each(|part| gather(part, words, leaf, is_not, depth + 1, found));
    }
    if let Some(list) = text.strip_prefix('$').and_then(|name| words.get(name)) {
        return list.iter().try_for_each(|part| gather(part, words, leaf, is_not, depth + 1, found));
    }
    let one = leaf(text)?;
    if is_not {
        found.no.push(one);
    } else {
        found.yes.push(one);
    }
    Some(())
}

/// The parts of a list, lists in it whole.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_u32, 0);
    for (at, char) in text.char_indices() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// The protocols of the network that a protocol goes over, and whether it is one of them itself.
fn protocols(told: &str) -> (Vec<u8>, bool) {
    match told.to_ascii_lowercase().as_str() {
        "ip" => (Vec::new(), true),
        "tcp" => (vec![6], true),
        "udp" => (vec![17], true),
        "icmp" => (vec![1, 58], true),
        "dns" | "ntp" | "snmp" | "ikev2" | "krb5" | "sip" => (vec![6, 17], false),
        "dhcp" | "tftp" | "quic" => (vec![17], false),
        // What an application speaks is seen after the connection has begun.
        _ => (vec![6], false),
    }
}

struct Header<'a> {
    action: &'a str,
    protocol: &'a str,
    source: &'a str,
    source_port: &'a str,
    destination: &'a str,
    destination_port: &'a str,
    is_both_ways: bool,
}

fn of_header(
    header: &Header<'_>,
    name: String,
    is_exact: bool,
    words: &Words,
) -> Result<FirewallRule, String> {
    let fate = match header.action.to_ascii_lowercase().as_str() {
        "pass" => Fate::Pass,
        "drop" | "reject" | "rejectsrc" | "rejectdst" | "rejectboth" => Fate::Drop,
        "alert" => Fate::Tell,
        other => return Err(format!("`{other}` is no action")),
    };
    let (protocols, is_plain) = protocols(header.protocol);
    let (source, destination) = (words.whom(header.source), words.whom(header.destination));
    let (source_ports, destination_ports) =
        (words.port(header.source_port), words.port(header.destination_port));
    // A set that is kept elsewhere may have anybody.
    let is_known =
        source.is_some() && destination.is_some() && source_ports.is_some() && destination_ports.is_some();
    Ok(FirewallRule {
        priority: 0,
        name,
        fate,
        protocols,
        source: source.unwrap_or_default(),
        source_ports: source_ports.unwrap_or_default(),
        destination: destination.unwrap_or_default(),
        destination_ports: destination_ports.unwrap_or_default(),
        is_both_ways: header.is_both_ways,
        is_exact: is_exact && is_plain && is_known,
    })
}

fn stateful(one: &Value, words: &Words) -> Result<FirewallRule, String> {
    let header = &one["Header"];
    let text = |member: &str| header[member].as_str().unwrap_or("any");
    let options = one["RuleOptions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let keyword = |option: &Value| option["Keyword"].as_str().unwrap_or_default().to_ascii_lowercase();
    let is_exact = options.iter().all(|option| SILENT.contains(&keyword(option).as_str()));
    let sid = options.iter().find(|option| keyword(option).starts_with("sid"));
    let name = sid.map_or_else(String::new, |sid| {
        sid["Settings"][0].as_str().map_or_else(|| keyword(sid), |number| format!("sid:{number}"))
    });
    let header = Header {
        action: one["Action"].as_str().unwrap_or_default(),
        protocol: text("Protocol"),
        source: text("Source"),
        source_port: text("SourcePort"),
        destination: text("Destination"),
        destination_port: text("DestinationPort"),
        is_both_ways: text("Direction").eq_ignore_ascii_case("any"),
    };
    // The settings of `sid` may stand in the keyword itself.
    let is_exact = is_exact
        || options.iter().all(|one| {
            SILENT.iter().any(|word| keyword(one).starts_with(&format!("{word}:")) || keyword(one) == *word)
        });
    of_header(&header, name, is_exact, words)
}

fn suricata(line: &str, words: &Words) -> Result<FirewallRule, String> {
    let wrong = || format!("`{}` is no rule of Suricata", line.chars().take(80).collect::<String>());
    let (head, options) = line.split_once('(').ok_or_else(wrong)?;
    let mut parts: Vec<String> = Vec::new();
    // Lists may have spaces in them.
    for word in head.split_whitespace() {
        match parts.last_mut() {
            Some(last) if last.matches('[').count() > last.matches(']').count() => last.push_str(word),
            _ => parts.push(word.to_owned()),
        }
    }
    let [action, protocol, source, source_port, way, destination, destination_port] = parts.as_slice() else {
        return Err(wrong());
    };
    let keywords = keywords(options.trim_end().trim_end_matches(')'));
    let is_exact = keywords.iter().all(|(word, _)| SILENT.contains(&word.as_str()));
    let sid = keywords.iter().find(|(word, _)| word == "sid").map(|(_, value)| format!("sid:{value}"));
    let header = Header {
        action,
        protocol,
        source,
        source_port,
        destination,
        destination_port,
        is_both_ways: way == "<>",
    };
    of_header(&header, sid.unwrap_or_default(), is_exact, words)
}

/// The options of a rule: words with their values, texts in quotes whole.
fn keywords(options: &str) -> Vec<(String, String)> {
    let (mut found, mut one, mut is_quoted, mut is_escaped) = (Vec::new(), String::new(), false, false);
    for char in options.chars().chain([';']) {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                let (word, value) = one.split_once(':').unwrap_or((&one, ""));
                if !word.trim().is_empty() {
                    found.push((word.trim().to_ascii_lowercase(), value.trim().to_owned()));
                }
                one.clear();
                continue;
            }
            _ => {}
        }
        one.push(char);
    }
    found
}

/// A list of domains: it looks at what is asked for over HTTP and TLS, and leaves all else alone.
fn domains(list: &Value) -> Vec<FirewallRule> {
    let is_allowing = list["GeneratedRulesType"].as_str() == Some("ALLOWLIST");
    let rule = |fate, name: &str| FirewallRule {
        priority: 0,
        name: name.to_owned(),
        fate,
        protocols: vec![6],
        source: Among { yes: vec![Whom::Home], no: Vec::new() },
        source_ports: Among::default(),
        destination: Among::default(),
        destination_ports: Among::default(),
        is_both_ways: false,
        is_exact: false,
    };
    if is_allowing {
        vec![rule(Fate::Pass, "the domains that are let through"), rule(Fate::Drop, "all other domains")]
    } else {
        vec![rule(Fate::Drop, "the domains that are held up")]
    }
}

impl Network {
    /// The firewall behind an endpoint; none where it is of something else. True where that was taken from their subnet alone.
    pub fn firewall_of(&self, endpoint: &str) -> Option<(&str, &Firewall, bool)> {
        let told = self
            .firewalls
            .iter()
            .find(|(_, one)| one.endpoints.as_ref().is_some_and(|own| own.iter().any(|id| id == endpoint)));
        if let Some((arn, firewall)) = told {
            return Some((arn, firewall, false));
        }
        let own = self.endpoints.get(endpoint)?;
        let subnet = own.subnets.first()?;
        let is_alike = |one: &super::Endpoint| one.kind == own.kind && one.subnets.contains(subnet);
        let is_only_one = self.endpoints.iter().filter(|(_, one)| is_alike(one)).count() == 1;
        let mut near = self
            .firewalls
            .iter()
            .filter(|(_, one)| one.endpoints.is_none() && one.vpc == own.vpc && one.subnets.contains(subnet));
        let (arn, firewall) = near.next().filter(|_| is_only_one)?;
        near.next().is_none().then_some((arn, firewall, true))
    }

    /// Remembers the ranges and ports that rules of firewalls name.
    pub(super) fn cut_by_firewalls(&mut self) {
        let rules = || self.firewall_rules.iter().flat_map(|(_, group)| group.rules.iter().flatten());
        let range = |whom: &Whom| match whom {
            Whom::Range(cidr) => Some(*cidr),
            _ => None,
        };
        let sides = rules().flat_map(|rule| [&rule.source, &rule.destination]);
        let mut ranges: Vec<Cidr> =
            sides.flat_map(|side| side.yes.iter().chain(&side.no)).filter_map(range).collect();
        ranges.extend(self.firewall_policies.iter().flat_map(|(_, policy)| policy.home.iter().flatten()));
        ranges.sort_unstable();
        ranges.dedup();
        let ports = rules().flat_map(|rule| [&rule.source_ports, &rule.destination_ports]);
        let mut ports: Vec<(u16, u16)> =
            ports.flat_map(|side| side.yes.iter().chain(&side.no)).copied().collect();
        ports.sort_unstable();
        ports.dedup();
        (self.firewall_ranges, self.firewall_ports) = (ranges, ports);
    }
}
