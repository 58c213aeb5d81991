//! Security groups, network ACLs and prefix lists.

use serde_json::Value;

use super::{Whereabouts, build::Reading};
use crate::{
    address::Cidr,
    traffic::{Protocol, Service},
};

/// Whom a rule of a security group is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Peer {
    /// A range of addresses.
    Range(Cidr),
    /// The members of a security group.
    Group(String),
    /// The ranges of a prefix list.
    List(String),
    /// Something that makes no sense; it may be anybody.
    Unreadable(String),
}

/// A rule of a security group: it allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Which traffic.
    pub service: Service,
    /// From whom, or to whom.
    pub peer: Peer,
}

/// A security group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Where it was read.
    pub at: Whereabouts,
    /// Its name.
    pub name: String,
    /// The VPC's id.
    pub vpc: String,
    /// What may come in.
    pub inbound: Vec<Rule>,
    /// What may go out.
    pub outbound: Vec<Rule>,
}

/// A rule of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclEntry {
    /// Lower numbers decide first; 32767 is what AWS writes at the end.
    pub number: u64,
    /// Which traffic.
    pub service: Service,
    /// Which addresses; none where the document makes no sense: it may be any.
    pub cidr: Option<Cidr>,
    /// Whether it allows.
    pub allows: bool,
}

/// A network ACL.
#[derive(Debug, Clone, PartialEq)]
pub struct Acl {
    /// Where it was read.
    pub at: Whereabouts,
    /// The subnets that it is around.
    pub subnets: Vec<String>,
    /// For what enters, in order.
    pub inbound: Vec<AclEntry>,
    /// For what leaves, in order.
    pub outbound: Vec<AclEntry>,
}

/// A prefix list.
#[derive(Debug, Clone, PartialEq)]
pub struct PrefixList {
    /// Its name; AWS's own lists are called after a service.
    pub name: String,
    /// Whether AWS keeps it.
    pub is_aws: bool,
    /// Its ranges; none where they were not read.
    pub cidrs: Option<Vec<Cidr>>,
}

/// Protocol and ports of a permission of a security group (EC2 API, IpPermission): `FromPort` and `ToPort` are type and
/// code for ICMP; -1 stands for all; for other protocols than TCP, UDP and ICMP ports mean nothing.
fn service(read: &mut Reading<'_>, permission: &Value) -> Option<Service> {
    let told = permission["IpProtocol"].as_str().unwrap_or("-1");
    if told == "-1" {
        return Some(Service::ANY);
    }
    let protocol: Protocol = if let Ok(protocol) = told.parse() {
        protocol
    } else {
        read.fault(&format!("`{told}` is no protocol"));
        return None;
    };
    let (from, to) = (permission["FromPort"].as_i64(), permission["ToPort"].as_i64());
    let mut service = Service { protocol: Some(protocol), ports: None, icmp: (None, None) };
    if protocol.has_ports()
        && let (Some(from), Some(to)) = (from, to)
        && (from, to) != (-1, -1)
    {
        let (Ok(from), Ok(to)) = (u16::try_from(from), u16::try_from(to)) else {
            read.fault(&format!("{from} to {to} are no ports"));
            return None;
        };
        service.ports = Some((from, to));
    }
    if protocol.is_icmp() {
        service.icmp =
            (from.and_then(|kind| u8::try_from(kind).ok()), to.and_then(|code| u8::try_from(code).ok()));
        if service.icmp.0.is_none() {
            service.icmp.1 = None;
        }
    }
    Some(service)
}

fn rules(read: &mut Reading<'_>, member: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for permission in read.list(member) {
        let Some(service) = service(read, permission) else {
            rules.push(Rule { service: Service::ANY, peer: Peer::Unreadable(permission.to_string()) });
            continue;
        };
        let mut add = |peer| rules.push(Rule { service, peer });
        for (list, member) in [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")] {
            for range in permission[list].as_array().into_iter().flatten() {
                add(match read.cidr(&range[member]) {
                    Some(cidr) => Peer::Range(cidr),
                    None => Peer::Unreadable(range.to_string()),
                });
            }
        }
        for list in super::subnets::texts(&permission["PrefixListIds"], "PrefixListId") {
            add(Peer::List(list));
        }
        for group in super::subnets::texts(&permission["UserIdGroupPairs"], "GroupId") {
            add(Peer::Group(group));
        }
    }
    rules
}

pub(super) fn group(read: &mut Reading<'_>) -> Option<(String, Group)> {
    let id = read.text("GroupId")?;
    let group = Group {
        at: read.at.clone(),
        name: read.text("GroupName").unwrap_or_default(),
        vpc: read.text("VpcId").unwrap_or_default(),
        inbound: rules(read, "IpPermissions"),
        outbound: rules(read, "IpPermissionsEgress"),
    };
    Some((id, group))
}

pub(super) fn acl(read: &mut Reading<'_>) -> Option<(String, Acl)> {
    let id = read.text("NetworkAclId")?;
    let (mut inbound, mut outbound) = (Vec::new(), Vec::new());
    for entry in read.list("Entries") {
        let told = entry["Protocol"].as_str().unwrap_or("-1");
        let mut service = Service::ANY;
        let mut is_readable = true;
        if told != "-1" {
            if let Ok(protocol) = told.parse::<Protocol>() {
                service.protocol = Some(protocol);
                let ports = &entry["PortRange"];
                let port = |name: &str| ports[name].as_u64().and_then(|port| u16::try_from(port).ok());
                service.ports = port("From").zip(port("To")).filter(|_| protocol.has_ports());
                let icmp = &entry["IcmpTypeCode"];
                let number = |name: &str| icmp[name].as_i64().and_then(|number| u8::try_from(number).ok());
                if protocol.is_icmp() {
                    service.icmp = (number("Type"), number("Type").and(number("Code")));
                }
            } else {
                read.fault(&format!("`{told}` is no protocol"));
                is_readable = false;
            }
        }
        let range =
            if entry["Ipv6CidrBlock"].is_string() { &entry["Ipv6CidrBlock"] } else { &entry["CidrBlock"] };
        let cidr = read.cidr(range).filter(|_| is_readable);
        let is_outbound = entry["Egress"].as_bool() == Some(true);
        let entry = AclEntry {
            number: entry["RuleNumber"].as_u64().unwrap_or(u64::MAX),
            service,
            cidr,
            allows: entry["RuleAction"].as_str() == Some("allow"),
        };
        if is_outbound { outbound.push(entry) } else { inbound.push(entry) }
    }
    inbound.sort_by_key(|entry: &AclEntry| entry.number);
    outbound.sort_by_key(|entry: &AclEntry| entry.number);
    let subnets = super::subnets::texts(&read.document["Associations"], "SubnetId");
    Some((id, Acl { at: read.at.clone(), subnets, inbound, outbound }))
}

pub(super) fn prefix_list(read: &mut Reading<'_>) -> Option<(String, PrefixList)> {
    let id = read.text("PrefixListId")?;
    let is_aws = read.text("OwnerId").as_deref() == Some("AWS");
    let told: Option<Vec<&Value>> = if read.is_unread("Entries") {
        None
    } else if read.document["Entries"].is_array() {
        Some(read.list("Entries").map(|entry| &entry["Cidr"]).collect())
    } else {
        read.document["Cidrs"].is_array().then(|| read.list("Cidrs").collect())
    };
    // A range that makes no sense is a fault, and then the list is not known.
    let cidrs = told.and_then(|told| told.into_iter().map(|cidr| read.cidr(cidr)).collect());
    let name = read.text("PrefixListName").unwrap_or_default();
    Some((id, PrefixList { is_aws: is_aws || name.starts_with("com.amazonaws."), name, cidrs }))
}
