//! Internet, egress-only and NAT gateways, peerings, virtual private gateways, and interfaces that packets pass through.

use std::net::IpAddr;

use super::{
    acls, groups,
    routes::{self, Choice},
    walk::{Came, End, Outside, Sender, Walk},
};
use crate::{
    address::is_public,
    answer::{Code, Disposition, Says},
    model::{BlockMode, InterfaceKind, Unread, Via},
};

impl Walk<'_> {
    /// Out of a VPC by its internet gateway. An IPv4 address is exchanged for the public one of the interface.
    pub(super) fn by_internet_gateway(&mut self, gateway: &str, vpc: &str) -> End {
        let network = self.network;
        match network.internet_gateways.get(gateway) {
            Some(own) if own.vpcs.iter().any(|one| one == vpc) => {}
            Some(_) => {
                let rule = format!("it is not attached to {vpc}");
                return self.block(
                    "internet_gateway",
                    gateway,
                    Code::BadStateAttachment,
                    Disposition::NoRoute,
                    rule,
                );
            }
            None => {
                let unread =
                    Unread(format!("internet gateway {gateway} was not seen (ec2:DescribeInternetGateways)"));
                return self.lost("internet_gateway", gateway, Code::UnknownResource, unread);
            }
        }
        let holder = network.holder(vpc, self.source).ok().flatten();
        let Some((number, (_, interface))) =
            holder.and_then(|number| Some((number, network.interface(number)?)))
        else {
            let rule = format!("{} is no address of an interface of {vpc}", self.source);
            return self.block(
                "internet_gateway",
                gateway,
                Code::GatewayRejectsSpoofedTraffic,
                Disposition::NoRoute,
                rule,
            );
        };
        if !is_public(self.target) {
            let rule = format!("{} is no address of the internet", self.target);
            let code = Code::IgwDestinationAddressNotInRfc1918Egress;
            return self.block("internet_gateway", gateway, code, Disposition::NoRoute, rule);
        }
        if let Err(end) = self.block_public(
            &interface.subnet,
            interface.kind == InterfaceKind::Nat && !self.came_in(),
            true,
        ) {
            return end;
        }
        // What comes in by a detour goes out by it too.
        let is_direct = self.came == Came::Own;
        match network.table_of_gateway(gateway, vpc) {
            Ok(Some((id, table))) => {
                let mut probe = self.clone();
                probe.target = self.source;
                if let Choice::Route(route) = routes::choose(&mut probe, table)
                    && route.via != Via::Local
                    && is_direct
                {
                    let rule = format!("what comes in goes another way: {}", routes::told(route));
                    return self.block(
                        "route_table",
                        id,
                        Code::IngressRtbTrafficRedirection,
                        Disposition::NoRoute,
                        rule,
                    );
                }
            }
            Ok(None) => {}
            Err(unread) => self.unsure("internet_gateway", gateway, unread),
        }
        let Some(public) = interface.public_of(self.source) else {
            let rule = format!("{} of {} has no public address", self.source, network.interfaces.id(number));
            return self.block(
                "internet_gateway",
                gateway,
                Code::IgwPublicIpAssociationForEgress,
                Disposition::NoRoute,
                rule,
            );
        };
        if public == self.source {
            self.hop("internet_gateway", gateway, Says::Forwarded, "");
        } else {
            self.hop(
                "internet_gateway",
                gateway,
                Says::Translated,
                format!("{} becomes {public}", self.source),
            );
        }
        self.source = public;
        self.sender = Sender::Nobody;
        self.internet()
    }

    /// Whether this is the answer to what the internet sent.
    fn came_in(&self) -> bool {
        self.is_answer()
            && self.hops.iter().any(|hop| hop.component == "internet_gateway" && hop.leg != self.leg)
    }

    /// VPC Block Public Access (VPC guide): `block-bidirectional` lets nothing pass internet gateways; `block-ingress` lets pass
    /// only what NAT gateways and egress-only gateways began.
    fn block_public(&mut self, subnet: &str, is_begun_inside: bool, is_out: bool) -> Result<(), End> {
        let disposition = if is_out { Disposition::DeniedOut } else { Disposition::DeniedIn };
        let rule = match self.network.block_mode(subnet) {
            Ok(BlockMode::Both) => "block-bidirectional",
            Ok(BlockMode::Ingress) if !is_begun_inside => "block-ingress",
            Ok(_) => return Ok(()),
            // It is off unless somebody turned it on, and only ever blocks: what would pass is told, with the condition.
            Err(unread) => {
                self.hop("vpc_block_public_access", subnet, Says::Unknown, unread.0.clone());
                let condition = format!("VPC Block Public Access lets it pass ({})", unread.0);
                if !self.conditions.contains(&condition) {
                    self.conditions.push(condition);
                }
                return Ok(());
            }
        };
        Err(self.block(
            "vpc_block_public_access",
            subnet,
            Code::VpcBlockPublicAccessEnabled,
            disposition,
            rule,
        ))
    }

    /// In the internet: to whom the public address belongs, or out of sight.
    pub(super) fn internet(&mut self) -> End {
        if let Err(end) = self.step() {
            return end;
        }
        let Some((number, private)) = self.network.behind_public(self.target) else {
            if !is_public(self.target) {
                let rule = format!("{} is no address of the internet", self.target);
                let code = Code::IgwPrivateIpAssociationForIngress;
                return self.block("internet", "", code, Disposition::NoRoute, rule);
            }
            self.hop("internet", "", Says::Delivered, self.target.to_string());
            return End::Out(Outside::Internet);
        };
        self.enter_from_internet(number, private)
    }

    /// Into a VPC, to an interface with a public address.
    fn enter_from_internet(&mut self, number: u32, private: IpAddr) -> End {
        let network = self.network;
        let Some((id, interface)) = network.interface(number) else { return End::Unknown };
        let vpc = interface.vpc.as_str();
        self.came = Came::Edge;
        self.sender = Sender::Nobody;
        let by_egress_only = self.is_answer() && self.egress_only.as_deref() == Some(vpc);
        if !by_egress_only {
            let gateway = match network.internet_gateway_of(vpc) {
                Ok(Some(gateway)) => Some(gateway.to_owned()),
                Ok(None) => {
                    let rule = format!("{vpc} has no internet gateway that would let in what is for {id}");
                    let code = Code::IgwPrivateIpAssociationForIngress;
                    return self.block("internet_gateway", "", code, Disposition::NoRoute, rule);
                }
                // Where a filter holds it up anyway, the gateway does not matter.
                Err(unread) => {
                    self.unsure("internet_gateway", "", unread);
                    None
                }
            };
            let is_begun_inside = self.is_answer() && interface.kind == InterfaceKind::Nat;
            if let Err(end) = self.block_public(&interface.subnet, is_begun_inside, false) {
                return end;
            }
            let id = gateway.as_deref().unwrap_or_default();
            if private == self.target {
                self.hop("internet_gateway", id, Says::Forwarded, "");
            } else {
                self.hop(
                    "internet_gateway",
                    id,
                    Says::Translated,
                    format!("{} becomes {private}", self.target),
                );
            }
            self.target = private;
            if let Some(end) = gateway.and_then(|gateway| self.by_gateway_table(&gateway, vpc)) {
                return end;
            }
        }
        self.deliver(vpc, None)
    }

    /// What a gateway lets in goes where the route table of the gateway says, where it has one; none where that is the VPC itself.
    fn by_gateway_table(&mut self, gateway: &str, vpc: &str) -> Option<End> {
        let (id, table) = match self.network.table_of_gateway(gateway, vpc) {
            Ok(found) => found?,
            Err(unread) => {
                self.unsure("route_table", gateway, unread);
                return None;
            }
        };
        let route = match routes::choose(self, table) {
            Choice::Route(route) if route.via == Via::Local => return None,
            Choice::Route(route) => route,
            Choice::None => return None,
            Choice::Unread(unread) => {
                return Some(self.lost("route_table", id, Code::UnknownResource, unread));
            }
        };
        let told = routes::told(route);
        if route.is_blackhole {
            return Some(self.block("route_table", id, Code::BadStateRoute, Disposition::NullRouted, told));
        }
        self.hop("route_table", id, Says::Forwarded, told);
        Some(match &route.via {
            Via::Endpoint(endpoint) => self.by_endpoint(endpoint, None, vpc),
            Via::Interface(interface) => self.by_interface(interface, None, vpc),
            _ => {
                let unread = Unread(format!("a route of gateway {gateway} leads where gateways do not lead"));
                self.lost("route_table", id, Code::UnsupportedComponent, unread)
            }
        })
    }

    /// Out by an egress-only gateway: IPv6, and only what begins inside.
    pub(super) fn by_egress_only_gateway(&mut self, gateway: &str, vpc: &str) -> End {
        let network = self.network;
        match network.egress_gateways.get(gateway) {
            Some(own) if own.vpcs.iter().any(|one| one == vpc) => {}
            Some(_) => {
                let rule = format!("it is not attached to {vpc}");
                return self.block(
                    "egress_only_gateway",
                    gateway,
                    Code::BadStateAttachment,
                    Disposition::NoRoute,
                    rule,
                );
            }
            None => {
                let call = "ec2:DescribeEgressOnlyInternetGateways";
                let unread = Unread(format!("egress-only gateway {gateway} was not seen ({call})"));
                return self.lost("egress_only_gateway", gateway, Code::UnknownResource, unread);
            }
        }
        let rule = "it lets out only what begins inside";
        if self.is_answer() {
            return self.block("egress_only_gateway", gateway, Code::EgressOnly, Disposition::NoRoute, rule);
        }
        let holder = network.holder(vpc, self.source).ok().flatten();
        let Some((_, interface)) =
            holder.and_then(|number| network.interface(number)).filter(|_| self.source.is_ipv6())
        else {
            let rule = format!("{} is no IPv6 address of an interface of {vpc}", self.source);
            return self.block(
                "egress_only_gateway",
                gateway,
                Code::GatewayRejectsSpoofedTraffic,
                Disposition::NoRoute,
                rule,
            );
        };
        if let Err(end) = self.block_public(&interface.subnet, true, true) {
            return end;
        }
        self.hop("egress_only_gateway", gateway, Says::Forwarded, rule);
        self.egress_only = Some(vpc.to_owned());
        self.sender = Sender::Nobody;
        self.internet()
    }

    /// Through a NAT gateway: the packet goes on with the gateway's own address.
    pub(super) fn by_nat_gateway(&mut self, id: &str, subnet: &str, vpc: &str) -> End {
        let network = self.network;
        let Some(nat) = network.nats.get(id) else {
            let unread = Unread(format!("NAT gateway {id} was not seen (ec2:DescribeNatGateways)"));
            return self.lost("nat_gateway", id, Code::UnknownResource, unread);
        };
        if !nat.is_available {
            return self.block(
                "nat_gateway",
                id,
                Code::BadState,
                Disposition::NullRouted,
                "it does not work",
            );
        }
        if nat.vpc != vpc || self.came == Came::Edge {
            let rule = format!("it takes only what comes from {}", nat.vpc);
            return self.block("nat_gateway", id, Code::NgwRequiresSourceInVpc, Disposition::NoRoute, rule);
        }
        if !self.traffic.protocol.has_ports() && !self.traffic.protocol.is_icmp() {
            let rule = "it takes TCP, UDP and ICMP";
            return self.block("nat_gateway", id, Code::ProtocolRestriction, Disposition::NoRoute, rule);
        }
        let Some(home) = nat.subnet.as_deref() else {
            let unread = Unread(format!("{id} is a regional NAT gateway, whose routes are not told"));
            return self.lost("nat_gateway", id, Code::UnsupportedComponent, unread);
        };
        if self.source.is_ipv6() {
            let unread = Unread(format!("{id} would exchange IPv6 for IPv4, which is not followed"));
            return self.lost("nat_gateway", id, Code::UnsupportedComponent, unread);
        }
        let numbered = nat.interfaces.iter().find_map(|id| network.interfaces.number(id));
        let Some((number, (_, interface))) =
            numbered.and_then(|number| Some((number, network.interface(number)?)))
        else {
            let unread =
                Unread(format!("the interface of {id} was not seen (ec2:DescribeNetworkInterfaces)"));
            return self.lost("nat_gateway", id, Code::UnknownResource, unread);
        };
        let Some(own) = interface.addresses.first().map(|one| one.address) else { return End::Unknown };
        if home != subnet
            && let Err(end) = acls::entering(self, home)
        {
            return end;
        }
        self.hop("nat_gateway", id, Says::Translated, format!("{} becomes {own}", self.source));
        self.remember(number);
        self.source = own;
        self.sender = Sender::Nobody;
        self.came = Came::Own;
        if !nat.is_public && is_public(self.target) && network.behind_public(self.target).is_none() {
            // A private one has no public address: the internet gateway will say so.
            self.assumptions.push(format!("{id} is for private networks only"));
        }
        self.leave(home)
    }

    /// Over a peering, which leads to the other VPC and no further.
    pub(super) fn by_peering(&mut self, id: &str, vpc: &str) -> End {
        let network = self.network;
        let Some(peering) = network.peerings.get(id) else {
            let unread = Unread(format!("peering {id} was not seen (ec2:DescribeVpcPeeringConnections)"));
            return self.lost("vpc_peering", id, Code::UnknownResource, unread);
        };
        if !peering.is_active {
            return self.block(
                "vpc_peering",
                id,
                Code::BadState,
                Disposition::NullRouted,
                "it is not active",
            );
        }
        let [one, other] = &peering.sides;
        let (near, far) = if one.vpc == vpc { (one, other) } else { (other, one) };
        let holds = |side: &crate::model::PeeringSide, at| match network.vpcs.get(&side.vpc) {
            Some(vpc) => vpc.contains(at),
            None => side.cidrs.iter().any(|cidr| cidr.contains(at)),
        };
        if near.vpc != vpc {
            let rule = format!("it does not join {vpc}");
            return self.block("vpc_peering", id, Code::BadStateAttachment, Disposition::NoRoute, rule);
        }
        let is_unknown = network.vpcs.get(&far.vpc).is_none() && far.cidrs.is_empty();
        if !is_unknown && !holds(far, self.target) {
            let rule = format!("{} is not of {}: a peering leads no further", self.target, far.vpc);
            return self.block(
                "vpc_peering",
                id,
                Code::PcxRequiresAddressInVpcCidr,
                Disposition::NoRoute,
                rule,
            );
        }
        if !holds(near, self.source) {
            let rule =
                format!("{} is not of {}: a peering takes only what comes from there", self.source, near.vpc);
            return self.block(
                "vpc_peering",
                id,
                Code::PcxRequiresAddressInVpcCidr,
                Disposition::NoRoute,
                rule,
            );
        }
        if network.vpcs.get(&far.vpc).is_none() {
            let unread =
                Unread(format!("{} of account {} in {} was not seen", far.vpc, far.account, far.region));
            return self.lost("vpc_peering", id, Code::UnknownDestination, unread);
        }
        self.hop("vpc_peering", id, Says::Forwarded, format!("to {}", far.vpc));
        if near.region != far.region
            && let Sender::Known(_) = self.sender
        {
            self.sender = Sender::Lost(Code::SgReferencesNotPreserved);
        }
        self.came = Came::Edge;
        let far = far.vpc.clone();
        self.deliver(&far, None)
    }

    /// Out by a virtual private gateway.
    pub(super) fn by_vpn_gateway(&mut self, gateway: &str, vpc: &str) -> End {
        let network = self.network;
        match network.vpn_gateways.get(gateway) {
            Some(own) if own.vpcs.iter().any(|one| one == vpc) => {}
            Some(_) => {
                let rule = format!("it is not attached to {vpc}");
                return self.block(
                    "vpn_gateway",
                    gateway,
                    Code::BadStateAttachment,
                    Disposition::NoRoute,
                    rule,
                );
            }
            None => {
                let unread = Unread(format!(
                    "virtual private gateway {gateway} was not seen (ec2:DescribeVpnGateways)"
                ));
                return self.lost("vpn_gateway", gateway, Code::UnknownResource, unread);
            }
        }
        if !network.vpcs.get(vpc).is_some_and(|vpc| vpc.contains(self.source)) {
            let rule = format!("{} is not of {vpc}", self.source);
            return self.block(
                "vpn_gateway",
                gateway,
                Code::GatewayRejectsSpoofedTraffic,
                Disposition::NoRoute,
                rule,
            );
        }
        self.hop("vpn_gateway", gateway, Says::Forwarded, "to the network behind it");
        self.assumptions
            .push(format!("the network behind {gateway} knows the way to and from {}", self.target));
        End::Out(Outside::Beyond(gateway.to_owned()))
    }

    /// From a network elsewhere.
    pub(super) fn enter_from_beyond(&mut self, gateway: &str) -> End {
        let network = self.network;
        self.sender = Sender::Nobody;
        let Some(own) = network.vpn_gateways.get(gateway) else { return self.enter_from_attachment(gateway) };
        let home =
            own.vpcs.iter().find(|vpc| network.vpcs.get(vpc).is_some_and(|vpc| vpc.contains(self.target)));
        let Some(vpc) = home else {
            let rule = format!("{} is of no VPC that it is attached to", self.target);
            let code = Code::VgwPrivateIpAssociationForIngress;
            return self.block("vpn_gateway", gateway, code, Disposition::NoRoute, rule);
        };
        self.hop("vpn_gateway", gateway, Says::Forwarded, format!("to {vpc}"));
        self.came = Came::Edge;
        let vpc = vpc.clone();
        if let Some(end) = self.by_gateway_table(gateway, &vpc) {
            return end;
        }
        self.deliver(&vpc, None)
    }

    /// To an interface that is to pass it on: what a server does with it is not in any document.
    pub(super) fn by_interface(&mut self, id: &str, subnet: Option<&str>, vpc: &str) -> End {
        let network = self.network;
        self.is_unusual = true;
        let Some(number) = network.interfaces.number(id) else {
            let unread =
                Unread(format!("network interface {id} was not seen (ec2:DescribeNetworkInterfaces)"));
            return self.lost("network_interface", id, Code::UnknownResource, unread);
        };
        let Some((_, interface)) = network.interface(number) else { return End::Unknown };
        if interface.vpc != vpc {
            let rule = format!("it is not of {vpc}");
            return self.block("network_interface", id, Code::BadStateRoute, Disposition::NoRoute, rule);
        }
        if interface.checks_destination && !interface.has(self.target) {
            let rule = format!("it takes only what is for its own addresses, and {} is not", self.target);
            let code = Code::EniSourceDestCheckRestriction;
            return self.block("network_interface", id, code, Disposition::DeniedIn, rule);
        }
        if subnet != Some(interface.subnet.as_str())
            && let Err(end) = acls::entering(self, &interface.subnet)
        {
            return end;
        }
        if self.is_answer() {
            let unread = Unread(format!("what {id} does with packets that are not its own is not known"));
            return self.lost("network_interface", id, Code::UnsupportedComponent, unread);
        }
        if let Err(end) = groups::inbound(self, number) {
            return end;
        }
        let unread = Unread(format!("what {id} does with packets that are not its own is not known"));
        self.lost("network_interface", id, Code::UnsupportedComponent, unread)
    }
}
