//! Load balancers, their listeners, rules and targets.

use std::net::IpAddr;

use serde_json::Value;

use super::{Whereabouts, build::Reading, subnets::texts};
use crate::traffic::{Protocol, TCP, UDP};

/// The kinds of load balancers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BalancerKind {
    /// Of requests.
    Application,
    /// Of connections.
    Network,
    /// Of appliances.
    Gateway,
    /// Of the first generation.
    Classic,
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    /// Where it was read.
    pub at: Whereabouts,
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: BalancerKind,
    /// The VPC's id.
    pub vpc: String,
    /// Whether it has public addresses.
    pub is_public: bool,
    /// Whether it works.
    pub is_active: bool,
    /// What the descriptions of its interfaces say.
    pub mark: String,
    /// The zones that it is in.
    pub zones: Vec<String>,
    /// Whether it sends to targets of other zones; none where the attribute was not read.
    pub crosses_zones: Option<bool>,
    /// Whether its groups are asked about what comes by endpoints of its service.
    pub checks_links: bool,
    /// Its listeners; of a classic one they are in its own document.
    pub listeners: Vec<Listener>,
}

/// A port on which a load balancer listens.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Its ARN; empty for a classic one.
    pub arn: String,
    /// TCP, UDP, or both.
    pub protocols: Vec<Protocol>,
    /// The port.
    pub port: u16,
    /// The rules with their target groups, the default one among them.
    pub rules: Vec<Rule>,
    /// Targets of a classic one: servers, at a port.
    pub targets: Vec<Target>,
}

/// A rule of a listener that forwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its priority, `default` for the last one.
    pub priority: String,
    /// Whether it holds only for some requests.
    pub is_conditional: bool,
    /// The ARNs of the target groups.
    pub groups: Vec<String>,
}

/// What a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetKind {
    /// A server, by id: its primary address.
    Instance(String),
    /// An address.
    Address(IpAddr),
    /// A function: not reached over the network.
    Function(String),
    /// Another load balancer, by ARN.
    Balancer(String),
}

/// Where a load balancer sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// To whom.
    pub kind: TargetKind,
    /// To which port.
    pub port: u16,
}

/// A target group.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// TCP, UDP, or both.
    pub protocols: Vec<Protocol>,
    /// What its targets are.
    pub target_type: String,
    /// Its targets; none where they were not read.
    pub targets: Option<Vec<Target>>,
    /// Whether targets see the address of the client; none where the attribute was not read and has no known default.
    pub keeps_client: Option<bool>,
}

/// What a listener or group of a load balancer speaks over the network.
fn protocols(told: &str) -> Vec<Protocol> {
    match told {
        "UDP" | "QUIC" | "GENEVE" => vec![Protocol(UDP)],
        "TCP_UDP" | "TCP_QUIC" => vec![Protocol(TCP), Protocol(UDP)],
        _ => vec![Protocol(TCP)],
    }
}

fn attribute<'a>(list: &'a Value, key: &str) -> Option<&'a str> {
    let items = list.as_array().into_iter().flatten();
    items.filter(|item| item["Key"].as_str() == Some(key)).find_map(|item| item["Value"].as_str())
}

fn port(value: &Value) -> u16 {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.and_then(|port| u16::try_from(port).ok()).unwrap_or_default()
}

pub(super) fn balancer(read: &mut Reading<'_>) -> Option<(String, Balancer)> {
    let (arn, name) = (read.text("LoadBalancerArn")?, read.text("LoadBalancerName")?);
    let kind = match read.text("Type").as_deref() {
        Some("network") => BalancerKind::Network,
        Some("gateway") => BalancerKind::Gateway,
        _ => BalancerKind::Application,
    };
    let crosses = attribute(&read.document["Attributes"], "load_balancing.cross_zone.enabled")
        .map(|told| told == "true");
    let balancer = Balancer {
        at: read.at.clone(),
        name,
        kind,
        vpc: read.text("VpcId").unwrap_or_default(),
        is_public: read.text("Scheme").as_deref() == Some("internet-facing"),
        is_active: read.document["State"]["Code"].as_str().is_none_or(|code| code.starts_with("active")),
        // Interfaces are described as `ELB app/name/id`.
        mark: format!("ELB {}", arn.split_once("loadbalancer/").map_or("", |(_, rest)| rest)),
        zones: texts(&read.document["AvailabilityZones"], "ZoneName"),
        checks_links: read.text("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic").as_deref()
            != Some("off"),
        crosses_zones: if kind == BalancerKind::Application { Some(true) } else { crosses },
        listeners: Vec::new(),
    };
    Some((arn, balancer))
}

pub(super) fn classic(read: &mut Reading<'_>) -> Option<(String, Balancer)> {
    let name = read.text("LoadBalancerName")?;
    let instances = texts(&read.document["Instances"], "InstanceId");
    let mut listeners = Vec::new();
    for one in read.list("ListenerDescriptions") {
        let (listener, target) = (&one["Listener"], port(&one["Listener"]["InstancePort"]));
        let targets =
            instances.iter().map(|id| Target { kind: TargetKind::Instance(id.clone()), port: target });
        listeners.push(Listener {
            arn: String::new(),
            protocols: vec![Protocol(TCP)],
            port: port(&listener["LoadBalancerPort"]),
            rules: Vec::new(),
            targets: targets.collect(),
        });
    }
    let zones =
        read.list("AvailabilityZones").filter_map(|zone| zone.as_str().map(ToOwned::to_owned)).collect();
    let balancer = Balancer {
        at: read.at.clone(),
        mark: format!("ELB {name}"),
        kind: BalancerKind::Classic,
        vpc: read.text("VPCId").unwrap_or_default(),
        is_public: read.text("Scheme").is_none_or(|scheme| scheme == "internet-facing"),
        is_active: true,
        zones,
        checks_links: false,
        crosses_zones: read.document["Attributes"]["CrossZoneLoadBalancing"]["Enabled"].as_bool(),
        listeners,
        name: name.clone(),
    };
    Some((format!("elb/{}/{}/{name}", read.at.account, read.at.region), balancer))
}

/// The ARN of the load balancer, and the listener.
pub(super) fn listener(read: &mut Reading<'_>) -> Option<(String, Listener)> {
    let groups = forwards(&read.document["DefaultActions"]);
    let default = Rule { priority: "default".to_owned(), is_conditional: false, groups };
    let listener = Listener {
        arn: read.text("ListenerArn")?,
        protocols: protocols(read.text("Protocol").as_deref().unwrap_or_default()),
        port: port(&read.document["Port"]),
        rules: if default.groups.is_empty() { Vec::new() } else { vec![default] },
        targets: Vec::new(),
    };
    Some((read.text("LoadBalancerArn")?, listener))
}

/// The ARN of the listener, and the rule; rules that do not forward are none.
pub(super) fn listener_rule(read: &mut Reading<'_>) -> Option<(String, Rule)> {
    let arn = read.text("RuleArn")?;
    // …:listener-rule/app/name/lb/listener/rule
    let (listener, _) = arn.rsplit_once('/')?;
    let listener = listener.replacen(":listener-rule/", ":listener/", 1);
    let groups = forwards(&read.document["Actions"]);
    let is_default = read.document["IsDefault"].as_bool().unwrap_or_default();
    let is_conditional = read.list("Conditions").next().is_some();
    let priority = read.text("Priority").unwrap_or_default();
    (!groups.is_empty() && !is_default).then_some((listener, Rule { priority, is_conditional, groups }))
}

fn forwards(actions: &Value) -> Vec<String> {
    let mut groups = texts(actions, "TargetGroupArn");
    for action in actions.as_array().into_iter().flatten() {
        for group in texts(&action["ForwardConfig"]["TargetGroups"], "TargetGroupArn") {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
    }
    groups
}

pub(super) fn target_group(read: &mut Reading<'_>) -> Option<(String, TargetGroup)> {
    let target_type = read.text("TargetType").unwrap_or_else(|| "instance".to_owned());
    let told = read.text("Protocol").unwrap_or_default();
    // The definition keeps targets of each kind in a member of its own.
    let member = match target_type.as_str() {
        "instance" => "Instances",
        "lambda" => "Functions",
        "alb" => "Balancers",
        _ => "Addresses",
    };
    let mut targets = None;
    if !read.is_unread(member) && read.document[member].is_array() {
        let mut found = Vec::new();
        for one in read.list(member) {
            let Some(id) = one["Target"]["Id"].as_str() else { continue };
            let kind = match target_type.as_str() {
                "instance" => TargetKind::Instance(id.to_owned()),
                "lambda" => TargetKind::Function(id.to_owned()),
                "alb" => TargetKind::Balancer(id.to_owned()),
                _ => match read.address(&one["Target"]["Id"]) {
                    Some(address) => TargetKind::Address(address),
                    None => continue,
                },
            };
            found.push(Target { kind, port: port(&one["Target"]["Port"]) });
        }
        targets = Some(found);
    }
    // Elastic Load Balancing guide, "Client IP preservation": on by default for servers, and for addresses with UDP.
    let default =
        matches!((target_type.as_str(), told.as_str()), ("instance" | "alb", _) | (_, "UDP" | "TCP_UDP"));
    let kept =
        attribute(&read.document["Attributes"], "preserve_client_ip.enabled").map(|told| told == "true");
    let keeps_client = match told.as_str() {
        "TCP" | "TLS" | "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC" if read.document["Attributes"].is_array() => {
            Some(kept.unwrap_or(default))
        }
        "TCP" | "TLS" => None,
        "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC" => Some(true),
        _ => Some(false),
    };
    let name = read.text("TargetGroupName").unwrap_or_default();
    Some((
        read.text("TargetGroupArn")?,
        TargetGroup { name, protocols: protocols(&told), target_type, targets, keeps_client },
    ))
}
