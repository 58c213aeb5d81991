//! VPCs, subnets, network interfaces and the servers behind them.

use std::net::IpAddr;

use serde_json::Value;

use super::{BlockMode, Whereabouts, build::Reading};
use crate::address::Cidr;

/// A virtual private cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct Vpc {
    /// Where it was read.
    pub at: Whereabouts,
    /// The account that owns it.
    pub owner: String,
    /// Its ranges of both families, those that are associated.
    pub cidrs: Vec<Cidr>,
}

impl Vpc {
    /// Whether an address is one of its own ranges.
    pub fn contains(&self, at: IpAddr) -> bool {
        self.cidrs.iter().any(|cidr| cidr.contains(at))
    }
}

/// A part of a VPC in one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Subnet {
    /// Where it was read.
    pub at: Whereabouts,
    /// The VPC's id.
    pub vpc: String,
    /// Its ranges.
    pub cidrs: Vec<Cidr>,
    /// Its zone, as the account names it.
    pub zone: String,
    /// What VPC Block Public Access does here, exclusions counted, where the subnet says it.
    pub block: Option<BlockMode>,
}

/// What an interface belongs to, as far as it matters to packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InterfaceKind {
    /// A server, function, database, Application Load Balancer, interface endpoint: it has security groups.
    Host,
    /// A NAT gateway.
    Nat,
    /// An attachment of a transit gateway.
    Transit,
    /// A Network Load Balancer.
    NetworkBalancer,
    /// A Gateway Load Balancer, or an endpoint of one.
    Appliance,
}

/// A private address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateAddress {
    /// The address.
    pub address: IpAddr,
    /// The public IPv4 address that internet gateways exchange for it.
    pub public: Option<IpAddr>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    /// Where it was read.
    pub at: Whereabouts,
    /// The VPC's id.
    pub vpc: String,
    /// The subnet's id.
    pub subnet: String,
    /// What it belongs to.
    pub kind: InterfaceKind,
    /// The type as AWS says it.
    pub told_kind: String,
    /// Its addresses of both families, the primary one first. An IPv6 address is its own public one.
    pub addresses: Vec<PrivateAddress>,
    /// Delegated prefixes: addresses in them are its own too.
    pub prefixes: Vec<Cidr>,
    /// The ids of its security groups.
    pub groups: Vec<String>,
    /// Whether it takes only what is for its own addresses.
    pub checks_destination: bool,
    /// Whether it is attached to something.
    pub is_attached: bool,
    /// The server that it is attached to.
    pub instance: Option<String>,
    /// Its place among the interfaces of the server.
    pub device: u64,
    /// What made it, in words.
    pub description: String,
}

impl Interface {
    /// Whether an address is its own.
    pub fn has(&self, at: IpAddr) -> bool {
        self.addresses.iter().any(|one| one.address == at)
            || self.prefixes.iter().any(|prefix| prefix.contains(at))
    }

    /// The public address that an internet gateway gives packets from one of its own.
    pub fn public_of(&self, at: IpAddr) -> Option<IpAddr> {
        if at.is_ipv6() {
            return self.has(at).then_some(at);
        }
        self.addresses.iter().find(|one| one.address == at).and_then(|one| one.public)
    }
}

/// A server.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its state, `running` when it answers.
    pub state: String,
}

pub(super) fn vpc(read: &mut Reading<'_>) -> Option<(String, Vpc)> {
    let id = read.text("VpcId")?;
    let mut cidrs = Vec::new();
    for (list, state, member) in [
        ("CidrBlockAssociationSet", "CidrBlockState", "CidrBlock"),
        ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlockState", "Ipv6CidrBlock"),
    ] {
        for one in read.list(list) {
            if one[state]["State"].as_str().is_none_or(|state| state == "associated") {
                cidrs.extend(read.cidr(&one[member]));
            }
        }
    }
    if cidrs.is_empty() {
        cidrs.extend(read.cidr(&read.document["CidrBlock"]));
    }
    let owner = read.text("OwnerId").unwrap_or_else(|| read.at.account.clone());
    Some((id, Vpc { at: read.at.clone(), owner, cidrs }))
}

pub(super) fn subnet(read: &mut Reading<'_>) -> Option<(String, Subnet)> {
    let (id, vpc) = (read.text("SubnetId")?, read.text("VpcId")?);
    let mut cidrs: Vec<Cidr> = read.cidr(&read.document["CidrBlock"]).into_iter().collect();
    for one in read.list("Ipv6CidrBlockAssociationSet") {
        if one["Ipv6CidrBlockState"]["State"].as_str().is_none_or(|state| state == "associated") {
            cidrs.extend(read.cidr(&one["Ipv6CidrBlock"]));
        }
    }
    let block =
        read.document["BlockPublicAccessStates"]["InternetGatewayBlockMode"].as_str().map(BlockMode::of);
    let zone = read.text("AvailabilityZone").unwrap_or_default();
    Some((id, Subnet { at: read.at.clone(), vpc, cidrs, zone, block }))
}

pub(super) fn interface(read: &mut Reading<'_>) -> Option<(String, Interface)> {
    let id = read.text("NetworkInterfaceId")?;
    let (vpc, subnet) = (read.text("VpcId")?, read.text("SubnetId").unwrap_or_default());
    let told_kind = read.text("InterfaceType").unwrap_or_else(|| "interface".to_owned());
    let kind = match told_kind.as_str() {
        "nat_gateway" | "natGateway" => InterfaceKind::Nat,
        "transit_gateway" => InterfaceKind::Transit,
        "network_load_balancer" => InterfaceKind::NetworkBalancer,
        "gateway_load_balancer" | "gateway_load_balancer_endpoint" => InterfaceKind::Appliance,
        _ => InterfaceKind::Host,
    };
    // That of the primary address stands once more on the interface itself; some tell it there alone.
    let own = read.address(&read.document["Association"]["PublicIp"]);
    let mut addresses = Vec::new();
    for one in read.list("PrivateIpAddresses") {
        if let Some(address) = read.address(&one["PrivateIpAddress"]) {
            let association = &one["Association"];
            let public =
                read.address(&association["PublicIp"]).or_else(|| read.address(&association["CarrierIp"]));
            let is_primary = one["Primary"].as_bool().unwrap_or_default();
            if is_primary {
                addresses.insert(0, PrivateAddress { address, public: public.or(own) });
            } else {
                addresses.push(PrivateAddress { address, public });
            }
        }
    }
    if addresses.is_empty()
        && let Some(address) = read.address(&read.document["PrivateIpAddress"])
    {
        addresses.push(PrivateAddress { address, public: own });
    }
    for one in read.list("Ipv6Addresses") {
        addresses.extend(
            read.address(&one["Ipv6Address"]).map(|address| PrivateAddress { address, public: None }),
        );
    }
    let mut prefixes = Vec::new();
    for (list, member) in [("Ipv4Prefixes", "Ipv4Prefix"), ("Ipv6Prefixes", "Ipv6Prefix")] {
        for one in read.list(list) {
            prefixes.extend(read.cidr(&one[member]));
        }
    }
    let attachment = &read.document["Attachment"];
    let interface = Interface {
        at: read.at.clone(),
        vpc,
        subnet,
        kind,
        told_kind,
        addresses,
        prefixes,
        groups: texts(&read.document["Groups"], "GroupId"),
        checks_destination: read.document["SourceDestCheck"].as_bool().unwrap_or(true),
        is_attached: read.document["Status"].as_str() != Some("available"),
        instance: attachment["InstanceId"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned),
        device: attachment["DeviceIndex"].as_u64().unwrap_or_default(),
        description: read.text("Description").unwrap_or_default(),
    };
    Some((id, interface))
}

pub(super) fn instance(read: &mut Reading<'_>) -> Option<(String, Instance)> {
    let state = read.document["State"]["Name"].as_str().unwrap_or("running").to_owned();
    Some((read.text("InstanceId")?, Instance { state }))
}

/// A text member of each element of a list.
pub(super) fn texts(list: &Value, member: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[member].as_str().map(ToOwned::to_owned)).collect()
}
