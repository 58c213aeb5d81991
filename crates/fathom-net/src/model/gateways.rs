//! What leads out of a VPC: gateways, peerings, transit gateways, endpoints.

use serde_json::Value;

use super::{Whereabouts, build::Reading, subnets::texts};
use crate::address::Cidr;

/// What VPC Block Public Access does with traffic of internet gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockMode {
    /// Nothing.
    Off,
    /// It lets nothing in; out goes what NAT gateways and egress-only gateways begin.
    Ingress,
    /// It lets nothing in or out.
    Both,
    /// A word that is not known.
    Unknown,
}

impl BlockMode {
    pub(crate) fn of(told: &str) -> Self {
        match told {
            "off" => Self::Off,
            "block-ingress" => Self::Ingress,
            "block-bidirectional" => Self::Both,
            _ => Self::Unknown,
        }
    }
}

/// A gateway that is attached to VPCs.
#[derive(Debug, Clone, PartialEq)]
pub struct Gateway {
    /// Where it was read.
    pub at: Whereabouts,
    /// The VPCs that it is attached to.
    pub vpcs: Vec<String>,
}

/// A NAT gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Nat {
    /// Where it was read.
    pub at: Whereabouts,
    /// The VPC's id.
    pub vpc: String,
    /// The subnet's id; none for a regional one.
    pub subnet: Option<String>,
    /// Whether it works.
    pub is_available: bool,
    /// Whether it is for the internet, and not only for private networks.
    pub is_public: bool,
    /// Its interfaces, the primary one first.
    pub interfaces: Vec<String>,
}

/// One side of a peering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeeringSide {
    /// The VPC's id.
    pub vpc: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its ranges.
    pub cidrs: Vec<Cidr>,
}

/// A peering.
#[derive(Debug, Clone, PartialEq)]
pub struct Peering {
    /// Whether it works.
    pub is_active: bool,
    /// The two sides.
    pub sides: [PeeringSide; 2],
}

/// A VPN connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Vpn {
    /// The virtual private gateway or transit gateway that it ends at.
    pub gateway: Option<String>,
    /// The ranges of its static routes.
    pub cidrs: Vec<Cidr>,
}

/// A transit gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Transit {
    /// Whether groups of other VPCs may be named behind it; none where it does not say.
    pub keeps_groups: Option<bool>,
}

/// What is behind an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A VPC, by id.
    Vpc(String),
    /// Another transit gateway, by id.
    Peering(String),
    /// A network elsewhere: a VPN or Direct Connect.
    Outside(String),
    /// What is not modelled.
    Other(String),
}

/// An attachment of a transit gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// Where it was read.
    pub at: Whereabouts,
    /// Its own id.
    pub id: String,
    /// The transit gateway's id.
    pub transit: String,
    /// What is behind.
    pub kind: AttachmentKind,
    /// Whether it works.
    pub is_available: bool,
    /// The route table that it is associated with.
    pub table: Option<String>,
    /// Whether the document says with which: whom the gateway does not belong to is not told.
    pub tells_table: bool,
    /// The subnets that it has interfaces in, where that is known.
    pub subnets: Option<Vec<String>>,
    /// Whether groups of other VPCs may be named behind it; none where it does not say.
    pub keeps_groups: Option<bool>,
}

/// Where a route of a transit gateway leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransitTarget {
    /// Attachments, one of them.
    Attachments(Vec<String>),
    /// Nowhere.
    Blackhole,
}

/// A route of a transit gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitRoute {
    /// For what; none where the document makes no sense, or says a prefix list.
    pub cidr: Option<Cidr>,
    /// Whether somebody wrote it: preferred over a propagated one.
    pub is_static: bool,
    /// To where.
    pub target: TransitTarget,
}

/// A route table of a transit gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitTable {
    /// The routes; none where they were not read.
    pub routes: Option<Vec<TransitRoute>>,
}

/// The kinds of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// By routes, for S3 and DynamoDB.
    Gateway,
    /// By interfaces.
    Interface,
    /// Of a Gateway Load Balancer: appliances look at what passes.
    Appliance,
    /// What is not modelled.
    Other,
}

/// An endpoint of a service in a VPC.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// The VPC's id.
    pub vpc: String,
    /// What kind.
    pub kind: EndpointKind,
    /// The service's name.
    pub service: String,
    /// Whether it works.
    pub is_available: bool,
    /// The subnets of its interfaces.
    pub subnets: Vec<String>,
    /// Its interfaces.
    pub interfaces: Vec<String>,
}

pub(super) fn gateway(read: &mut Reading<'_>, id: &str, attachments: &str) -> Option<(String, Gateway)> {
    let id = read.text(id)?;
    // Internet gateways say `available`, virtual private gateways `attached`.
    let works =
        |one: &&Value| one["State"].as_str().is_none_or(|state| matches!(state, "available" | "attached"));
    let vpcs = read.list(attachments).filter(works).filter_map(|one| one["VpcId"].as_str());
    let vpcs = vpcs.map(ToOwned::to_owned).collect();
    Some((id, Gateway { at: read.at.clone(), vpcs }))
}

pub(super) fn nat(read: &mut Reading<'_>) -> Option<(String, Nat)> {
    let mut interfaces = Vec::new();
    for one in read.list("NatGatewayAddresses") {
        if let Some(id) = one["NetworkInterfaceId"].as_str() {
            let is_primary = one["IsPrimary"].as_bool().unwrap_or_default();
            interfaces.insert(if is_primary { 0 } else { interfaces.len() }, id.to_owned());
        }
    }
    let is_regional = read.text("AvailabilityMode").as_deref() == Some("regional");
    let nat = Nat {
        at: read.at.clone(),
        vpc: read.text("VpcId").unwrap_or_default(),
        subnet: read.text("SubnetId").filter(|_| !is_regional),
        is_available: read.text("State").is_none_or(|state| state == "available"),
        is_public: read.text("ConnectivityType").is_none_or(|kind| kind == "public"),
        interfaces,
    };
    Some((read.text("NatGatewayId")?, nat))
}

pub(super) fn peering(read: &mut Reading<'_>) -> Option<(String, Peering)> {
    let mut side = |member: &str| {
        let info = &read.document[member];
        let text = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
        let mut cidrs = Vec::new();
        for (list, name) in [("CidrBlockSet", "CidrBlock"), ("Ipv6CidrBlockSet", "Ipv6CidrBlock")] {
            for one in info[list].as_array().into_iter().flatten() {
                cidrs.extend(read.cidr(&one[name]));
            }
        }
        if cidrs.is_empty() && info["CidrBlock"].is_string() {
            cidrs.extend(read.cidr(&info["CidrBlock"]));
        }
        PeeringSide { vpc: text("VpcId"), account: text("OwnerId"), region: text("Region"), cidrs }
    };
    let sides = [side("RequesterVpcInfo"), side("AccepterVpcInfo")];
    let is_active = read.document["Status"]["Code"].as_str().is_none_or(|code| code == "active");
    Some((read.text("VpcPeeringConnectionId")?, Peering { is_active, sides }))
}

pub(super) fn vpn(read: &mut Reading<'_>) -> Option<(String, Vpn)> {
    let gateway = read.text("VpnGatewayId").or_else(|| read.text("TransitGatewayId"));
    let mut cidrs = Vec::new();
    for route in read.list("Routes") {
        cidrs.extend(read.cidr(&route["DestinationCidrBlock"]));
    }
    Some((read.text("VpnConnectionId")?, Vpn { gateway, cidrs }))
}

fn enabled(value: &Value) -> Option<bool> {
    value.as_str().map(|told| told == "enable")
}

pub(super) fn transit(read: &mut Reading<'_>) -> Option<(String, Transit)> {
    let keeps_groups = enabled(&read.document["Options"]["SecurityGroupReferencingSupport"]);
    Some((read.text("TransitGatewayId")?, Transit { keeps_groups }))
}

pub(super) fn attachment(read: &mut Reading<'_>) -> Option<(String, Attachment)> {
    let (id, transit) = (read.text("TransitGatewayAttachmentId")?, read.text("TransitGatewayId")?);
    let resource = read.text("ResourceId").unwrap_or_default();
    let kind = match read.text("ResourceType").unwrap_or_default().as_str() {
        "vpc" => AttachmentKind::Vpc(resource),
        "peering" | "tgw-peering" => AttachmentKind::Peering(resource),
        "vpn" | "direct-connect-gateway" | "vpn-concentrator" => AttachmentKind::Outside(resource),
        other => AttachmentKind::Other(other.to_owned()),
    };
    let association = &read.document["Association"];
    let is_associated = association["State"].as_str().is_none_or(|state| state == "associated");
    let owner = read.text("TransitGatewayOwnerId");
    let vpc = &read.document["VpcAttachment"];
    let subnets = vpc["SubnetIds"].as_array();
    let attachment = Attachment {
        at: read.at.clone(),
        id: id.clone(),
        transit: transit.clone(),
        kind,
        is_available: read.text("State").is_none_or(|state| state == "available"),
        table: association["TransitGatewayRouteTableId"]
            .as_str()
            .filter(|_| is_associated)
            .map(ToOwned::to_owned),
        tells_table: association.is_object() || owner.is_none_or(|owner| owner == read.at.account),
        subnets: subnets.map(|ids| ids.iter().filter_map(|id| id.as_str().map(ToOwned::to_owned)).collect()),
        keeps_groups: enabled(&vpc["Options"]["SecurityGroupReferencingSupport"]),
    };
    Some((format!("{transit}/{id}"), attachment))
}

pub(super) fn transit_table(read: &mut Reading<'_>) -> Option<(String, TransitTable)> {
    let id = read.text("TransitGatewayRouteTableId")?;
    if read.is_unread("Routes") || !read.document["Routes"].is_array() {
        return Some((id, TransitTable { routes: None }));
    }
    let mut routes = Vec::new();
    for route in read.list("Routes") {
        let attachments = texts(&route["TransitGatewayAttachments"], "TransitGatewayAttachmentId");
        let is_blackhole = route["State"].as_str() == Some("blackhole") || attachments.is_empty();
        let target =
            if is_blackhole { TransitTarget::Blackhole } else { TransitTarget::Attachments(attachments) };
        let cidr = if route["DestinationCidrBlock"].is_string() {
            read.cidr(&route["DestinationCidrBlock"])
        } else {
            None
        };
        routes.push(TransitRoute { cidr, is_static: route["Type"].as_str() != Some("propagated"), target });
    }
    Some((id, TransitTable { routes: Some(routes) }))
}

pub(super) fn endpoint(read: &mut Reading<'_>) -> Option<(String, Endpoint)> {
    let kind = match read.text("VpcEndpointType").as_deref() {
        Some("Gateway") | None => EndpointKind::Gateway,
        Some("Interface") => EndpointKind::Interface,
        Some("GatewayLoadBalancer") => EndpointKind::Appliance,
        Some(_) => EndpointKind::Other,
    };
    let ids = |member: &str| {
        let items = read.document[member].as_array().into_iter().flatten();
        items.filter_map(|id| id.as_str().map(ToOwned::to_owned)).collect()
    };
    let endpoint = Endpoint {
        vpc: read.text("VpcId").unwrap_or_default(),
        kind,
        service: read.text("ServiceName").unwrap_or_default(),
        is_available: read.text("State").is_none_or(|state| state.eq_ignore_ascii_case("available")),
        subnets: ids("SubnetIds"),
        interfaces: ids("NetworkInterfaceIds"),
    };
    Some((read.text("VpcEndpointId")?, endpoint))
}
