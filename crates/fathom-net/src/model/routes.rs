//! Route tables.

use serde_json::Value;

use super::{Whereabouts, build::Reading};
use crate::address::Cidr;

/// What a route is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A range.
    Range(Cidr),
    /// The ranges of a prefix list.
    List(String),
    /// Something that makes no sense; it may be anything.
    Unreadable(String),
}

/// Where a route sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// The VPC itself.
    Local,
    /// An internet gateway.
    Internet(String),
    /// An egress-only internet gateway.
    Egress(String),
    /// A NAT gateway.
    Nat(String),
    /// A peering.
    Peering(String),
    /// A transit gateway.
    Transit(String),
    /// A virtual private gateway.
    Vpn(String),
    /// An endpoint: of a service by its addresses, or of a Gateway Load Balancer.
    Endpoint(String),
    /// A network interface.
    Interface(String),
    /// What is not modelled, with what it is: a local gateway, a carrier gateway, a core network.
    Other(String),
}

/// How a route came to be; earlier ones are preferred among equals (VPC guide, "Route priority").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Of the VPC itself.
    Local,
    /// Somebody wrote it, for a range.
    Static,
    /// Somebody wrote it, for a prefix list.
    List,
    /// A virtual private gateway told it.
    Propagated,
}

/// A route.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// For what.
    pub destination: Destination,
    /// To where.
    pub via: Via,
    /// How it came to be.
    pub origin: Origin,
    /// Whether its target is gone, so that it drops everything.
    pub is_blackhole: bool,
}

/// A route table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Where it was read.
    pub at: Whereabouts,
    /// The VPC's id.
    pub vpc: String,
    /// The subnets that use it.
    pub subnets: Vec<String>,
    /// The gateways that use it for what they let in.
    pub gateways: Vec<String>,
    /// Whether it is for all subnets that have no other.
    pub is_main: bool,
    /// The routes.
    pub routes: Vec<Route>,
}

/// The target of a route document. Each kind has a member of its own; `GatewayId` has several kinds.
fn via(route: &Value) -> Via {
    let text = |member: &str| route[member].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    if let Some(id) = text("NatGatewayId") {
        return Via::Nat(id);
    }
    if let Some(id) = text("TransitGatewayId") {
        return Via::Transit(id);
    }
    if let Some(id) = text("VpcPeeringConnectionId") {
        return Via::Peering(id);
    }
    if let Some(id) = text("EgressOnlyInternetGatewayId") {
        return Via::Egress(id);
    }
    if let Some(id) = text("GatewayId") {
        let kind = id.split('-').next().unwrap_or_default().to_owned();
        return match kind.as_str() {
            "local" => Via::Local,
            "igw" => Via::Internet(id),
            "eigw" => Via::Egress(id),
            "vgw" => Via::Vpn(id),
            "vpce" => Via::Endpoint(id),
            "nat" => Via::Nat(id),
            "tgw" => Via::Transit(id),
            "pcx" => Via::Peering(id),
            _ => Via::Other(id),
        };
    }
    if let Some(id) = text("NetworkInterfaceId") {
        return Via::Interface(id);
    }
    let others = ["CarrierGatewayId", "LocalGatewayId", "CoreNetworkArn", "OdbNetworkArn", "InstanceId"];
    Via::Other(others.iter().find_map(|member| text(member)).unwrap_or_else(|| "no target".to_owned()))
}

pub(super) fn table(read: &mut Reading<'_>) -> Option<(String, Table)> {
    let (id, vpc) = (read.text("RouteTableId")?, read.text("VpcId")?);
    let (mut subnets, mut gateways, mut is_main) = (Vec::new(), Vec::new(), false);
    for one in read.list("Associations") {
        // What is only being made, or is gone, is none.
        if one["AssociationState"]["State"].as_str().is_some_and(|state| state != "associated") {
            continue;
        }
        is_main |= one["Main"].as_bool().unwrap_or_default();
        subnets.extend(one["SubnetId"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned));
        gateways.extend(one["GatewayId"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned));
    }
    let mut routes = Vec::new();
    for route in read.list("Routes") {
        let list = route["DestinationPrefixListId"].as_str().filter(|id| !id.is_empty());
        let range = if route["DestinationIpv6CidrBlock"].is_string() {
            &route["DestinationIpv6CidrBlock"]
        } else {
            &route["DestinationCidrBlock"]
        };
        let destination = match list {
            Some(list) => Destination::List(list.to_owned()),
            None => read
                .cidr(range)
                .map_or_else(|| Destination::Unreadable(route.to_string()), Destination::Range),
        };
        let via = via(route);
        let origin = match route["Origin"].as_str() {
            _ if via == Via::Local => Origin::Local,
            Some("EnableVgwRoutePropagation") => Origin::Propagated,
            _ if list.is_some() => Origin::List,
            _ => Origin::Static,
        };
        let is_blackhole = route["State"].as_str() == Some("blackhole");
        routes.push(Route { destination, via, origin, is_blackhole });
    }
    Some((id, Table { at: read.at.clone(), vpc, subnets, gateways, is_main, routes }))
}
