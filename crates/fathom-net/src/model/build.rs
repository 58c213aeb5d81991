//! From documents of the provider to the typed network.

use std::{collections::HashMap, net::IpAddr};

use serde_json::Value;

use super::{
    Acl, Attachment, Balancer, BlockMode, Endpoint, Firewall, FirewallRules, Gateway, Group, Instance,
    Interface, InterfaceKind, Listener, ListenerRule, Nat, Network, Owned, Peering, Policy, PrefixList,
    Subnet, Table, TargetGroup, Transit, TransitTable, Unlisted, Vpc, Vpn, Whereabouts, balance, filters,
    firewall, gateways, routes, subnets,
};
use crate::{address::Cidr, roll::Roll};

/// A resource as a scan found it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Its type, as AWS Config names it.
    pub kind: &'a str,
    /// Its ARN.
    pub uid: &'a str,
    /// The account that it was read in.
    pub account: &'a str,
    /// Its region.
    pub region: &'a str,
    /// What the provider said.
    pub document: &'a Value,
    /// Members of the document that could not be read.
    pub unread: &'a [String],
}

/// A document while it is read.
pub(super) struct Reading<'a> {
    pub(super) document: &'a Value,
    pub(super) at: &'a Whereabouts,
    uid: &'a str,
    unread: &'a [String],
    faults: &'a mut Vec<String>,
}

/// Faults that are kept; more would only say the same of the same input.
const FAULTS_MAX: usize = 1000;

impl<'a> Reading<'a> {
    pub(super) fn text(&self, member: &str) -> Option<String> {
        self.document[member].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }

    pub(super) fn list(&self, member: &str) -> std::slice::Iter<'a, Value> {
        self.document[member].as_array().map(Vec::as_slice).unwrap_or_default().iter()
    }

    /// A range, or a fault where there should be one and is none.
    pub(super) fn cidr(&mut self, value: &Value) -> Option<Cidr> {
        match value.as_str().unwrap_or_default() {
            "" if value.is_null() => {
                self.fault("a range of addresses is missing");
                None
            }
            text => text.parse().map_err(|error: String| self.fault(&error)).ok(),
        }
    }

    /// An address where there is one; a text that is none is a fault.
    pub(super) fn address(&mut self, value: &Value) -> Option<IpAddr> {
        let text = value.as_str().filter(|text| !text.is_empty())?;
        text.parse().map_err(|_| self.fault(&format!("`{text}` is no address"))).ok()
    }

    pub(super) fn is_unread(&self, member: &str) -> bool {
        self.unread.iter().any(|one| one == member)
    }

    pub(super) fn fault(&mut self, message: &str) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("{}: {message}", self.uid));
        }
    }
}

/// Puts a [`Network`] together.
#[derive(Debug, Default, PartialEq)]
pub struct Builder {
    vpcs: Vec<(String, Vpc)>,
    subnets: Vec<(String, Subnet)>,
    interfaces: Vec<(String, Interface)>,
    pub(super) groups: Vec<(String, Group)>,
    acls: Vec<(String, Acl)>,
    tables: Vec<(String, Table)>,
    internet_gateways: Vec<(String, Gateway)>,
    egress_gateways: Vec<(String, Gateway)>,
    vpn_gateways: Vec<(String, Gateway)>,
    nats: Vec<(String, Nat)>,
    peerings: Vec<(String, Peering)>,
    prefix_lists: Vec<(String, PrefixList)>,
    vpns: Vec<(String, Vpn)>,
    transits: Vec<(String, Transit)>,
    attachments: Vec<(String, Attachment)>,
    transit_tables: Vec<(String, TransitTable)>,
    endpoints: Vec<(String, Endpoint)>,
    firewalls: Vec<(String, Firewall)>,
    firewall_policies: Vec<(String, Policy)>,
    firewall_rules: Vec<(String, FirewallRules)>,
    balancers: Vec<(String, Balancer)>,
    target_groups: Vec<(String, TargetGroup)>,
    listeners: Vec<(String, Listener)>,
    listener_rules: Vec<(String, ListenerRule)>,
    services: Vec<(String, Vec<String>)>,
    instances: Vec<(String, Instance)>,
    block_modes: Vec<(Whereabouts, BlockMode)>,
    owned: Vec<(String, Owned)>,
    unlisted: Vec<Unlisted>,
    faults: Vec<String>,
}

/// The types that have a say, as AWS Config names them.
const KINDS: [&str; 28] = [
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::Instance",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::RouteTable",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::EC2::PrefixList",
    "AWS::EC2::VPNGateway",
    "AWS::EC2::VPNConnection",
    "AWS::EC2::TransitGateway",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayRouteTable",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCEndpointService",
    "AWS::EC2::VPCBlockPublicAccessOptions",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::NetworkFirewall::Firewall",
    "AWS::NetworkFirewall::FirewallPolicy",
    "AWS::NetworkFirewall::RuleGroup",
];

impl Builder {
    /// The types that have a say.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        KINDS.into_iter()
    }

    /// Takes in a resource; other types than [`Builder::kinds`] are left aside.
    pub fn add(&mut self, found: Found<'_>) {
        let at = Whereabouts { account: found.account.to_owned(), region: found.region.to_owned() };
        let (document, uid, unread) = (found.document, found.uid, found.unread);
        let mut faults = std::mem::take(&mut self.faults);
        let mut read = Reading { document, at: &at, uid, unread, faults: &mut faults };
        let read = &mut read;
        match found.kind {
            "AWS::EC2::VPC" => self.vpcs.extend(subnets::vpc(read)),
            "AWS::EC2::Subnet" => self.subnets.extend(subnets::subnet(read)),
            "AWS::EC2::NetworkInterface" => self.interfaces.extend(subnets::interface(read)),
            "AWS::EC2::Instance" => self.instances.extend(subnets::instance(read)),
            "AWS::EC2::SecurityGroup" => self.groups.extend(filters::group(read)),
            "AWS::EC2::NetworkAcl" => self.acls.extend(filters::acl(read)),
            "AWS::EC2::PrefixList" => self.prefix_lists.extend(filters::prefix_list(read)),
            "AWS::EC2::RouteTable" => self.tables.extend(routes::table(read)),
            "AWS::EC2::InternetGateway" => {
                self.internet_gateways.extend(gateways::gateway(read, "InternetGatewayId", "Attachments"));
            }
            "AWS::EC2::EgressOnlyInternetGateway" => {
                self.egress_gateways.extend(gateways::gateway(
                    read,
                    "EgressOnlyInternetGatewayId",
                    "Attachments",
                ));
            }
            "AWS::EC2::VPNGateway" => {
                self.vpn_gateways.extend(gateways::gateway(read, "VpnGatewayId", "VpcAttachments"));
            }
            "AWS::EC2::NatGateway" => self.nats.extend(gateways::nat(read)),
            "AWS::EC2::VPCPeeringConnection" => self.peerings.extend(gateways::peering(read)),
            "AWS::EC2::VPNConnection" => self.vpns.extend(gateways::vpn(read)),
            "AWS::EC2::TransitGateway" => self.transits.extend(gateways::transit(read)),
            "AWS::EC2::TransitGatewayAttachment" => self.attachments.extend(gateways::attachment(read)),
            "AWS::EC2::TransitGatewayRouteTable" => self.transit_tables.extend(gateways::transit_table(read)),
            "AWS::EC2::VPCEndpoint" => self.endpoints.extend(gateways::endpoint(read)),
            "AWS::EC2::VPCEndpointService" => {
                let name = read.text("ServiceName");
                let arns = ["NetworkLoadBalancerArns", "GatewayLoadBalancerArns"]
                    .into_iter()
                    .flat_map(|list| read.list(list));
                let arns = arns.filter_map(|arn| arn.as_str().map(ToOwned::to_owned)).collect();
                self.services.extend(name.map(|name| (name, arns)));
            }
            "AWS::EC2::VPCBlockPublicAccessOptions" => {
                if let Some(told) = read.text("InternetGatewayBlockMode") {
                    self.block_modes.push((at.clone(), BlockMode::of(&told)));
                }
            }
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => self.balancers.extend(balance::balancer(read)),
            "AWS::ElasticLoadBalancingV2::Listener" => self.listeners.extend(balance::listener(read)),
            "AWS::ElasticLoadBalancingV2::ListenerRule" => {
                self.listener_rules.extend(balance::listener_rule(read));
            }
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                self.target_groups.extend(balance::target_group(read));
            }
            "AWS::ElasticLoadBalancing::LoadBalancer" => self.balancers.extend(balance::classic(read)),
            "AWS::NetworkFirewall::Firewall" => self.firewalls.extend(firewall::firewall(read)),
            "AWS::NetworkFirewall::FirewallPolicy" => self.firewall_policies.extend(firewall::policy(read)),
            "AWS::NetworkFirewall::RuleGroup" => self.firewall_rules.extend(firewall::rules(read)),
            _ => {}
        }
        self.faults = faults;
    }

    /// Remembers a list that was not read; an empty account or region stands for any.
    pub fn unlisted(&mut self, account: &str, region: &str, kind: &str, why: &str) {
        let at = Whereabouts { account: account.to_owned(), region: region.to_owned() };
        self.unlisted.push(Unlisted { at, kind: kind.to_owned(), why: why.to_owned() });
    }

    /// Takes in what is no server and has interfaces, by ARN.
    pub fn owned(&mut self, uid: &str, owned: Owned) {
        self.owned.push((uid.to_owned(), owned));
    }

    /// The network, looked up and numbered.
    pub fn build(self) -> Network {
        let mut listeners = self.listeners;
        let mut rules: HashMap<String, Vec<ListenerRule>> = HashMap::new();
        for (listener, rule) in self.listener_rules {
            rules.entry(listener).or_default().push(rule);
        }
        for (_, listener) in &mut listeners {
            let mut own = rules.remove(&listener.arn).unwrap_or_default();
            own.sort_by_key(|rule| rule.priority.parse::<u32>().unwrap_or(u32::MAX));
            own.append(&mut listener.rules);
            listener.rules = own;
        }
        let mut balancers = self.balancers;
        for (arn, listener) in listeners {
            if let Some((_, balancer)) = balancers.iter_mut().find(|(id, _)| *id == arn) {
                balancer.listeners.push(listener);
            }
        }
        // Who shares a subnet reads it too: the owner's own view of a thing is the one that stays.
        let owned = |at: &Whereabouts, owner: &str| at.account != owner;
        let mut attachments = self.attachments;
        attachments.sort_by_key(|(_, one)| (one.table.is_none(), one.subnets.is_none()));
        let mut network = Network {
            vpcs: Roll::sorted_by(self.vpcs, |id, vpc| (id.to_owned(), owned(&vpc.at, &vpc.owner))),
            subnets: self.subnets.into_iter().collect(),
            interfaces: Roll::sorted_by(self.interfaces, |_, one| {
                one.addresses.first().map(|one| one.address)
            }),
            groups: self.groups.into_iter().collect(),
            acls: self.acls.into_iter().collect(),
            tables: self.tables.into_iter().collect(),
            internet_gateways: self.internet_gateways.into_iter().collect(),
            egress_gateways: self.egress_gateways.into_iter().collect(),
            vpn_gateways: self.vpn_gateways.into_iter().collect(),
            nats: self.nats.into_iter().collect(),
            peerings: self.peerings.into_iter().collect(),
            prefix_lists: self.prefix_lists.into_iter().collect(),
            vpns: self.vpns.into_iter().collect(),
            transits: self.transits.into_iter().collect(),
            attachments: attachments.into_iter().collect(),
            transit_tables: Roll::sorted_by(self.transit_tables, |id, table| {
                (id.to_owned(), table.routes.is_none())
            }),
            endpoints: self.endpoints.into_iter().collect(),
            firewalls: self.firewalls.into_iter().collect(),
            firewall_policies: self.firewall_policies.into_iter().collect(),
            firewall_rules: self.firewall_rules.into_iter().collect(),
            balancers: balancers.into_iter().collect(),
            target_groups: self.target_groups.into_iter().collect(),
            services: self.services.into_iter().collect(),
            instances: self.instances.into_iter().collect(),
            unlisted: self.unlisted,
            faults: self.faults,
            block_modes: self.block_modes.into_iter().collect(),
            ..Network::default()
        };
        network.look_up();
        network.find_owned(self.owned);
        network.cut_by_firewalls();
        network
    }
}

impl Network {
    fn look_up(&mut self) {
        for (number, (_, interface)) in (0..).zip(self.interfaces.iter()) {
            for one in &interface.addresses {
                self.at_private.entry((interface.vpc.clone(), one.address)).or_insert(number);
                if let Some(public) = interface.public_of(one.address) {
                    self.at_public.entry(public).or_insert((number, one.address));
                }
            }
            if interface.kind == InterfaceKind::Transit {
                // `Network Interface for Transit Gateway Attachment tgw-attach-…`
                let attachment = interface.description.rsplit(' ').next().unwrap_or_default();
                self.zones.entry(attachment.to_owned()).or_default().push(number);
            }
            for prefix in &interface.prefixes {
                self.delegated.push((interface.vpc.clone(), *prefix, number));
            }
        }
        for (number, (_, acl)) in (0..).zip(self.acls.iter()) {
            for subnet in &acl.subnets {
                self.acl_of.entry(subnet.clone()).or_insert(number);
            }
        }
        for (number, (_, table)) in (0..).zip(self.tables.iter()) {
            for subnet in &table.subnets {
                self.table_of.entry(subnet.clone()).or_insert(number);
            }
            for gateway in &table.gateways {
                self.table_of.entry(format!("{gateway}@{}", table.vpc)).or_insert(number);
            }
            if table.is_main {
                self.main_of.entry(table.vpc.clone()).or_insert(number);
            }
        }
        for (number, (_, gateway)) in (0..).zip(self.internet_gateways.iter()) {
            for vpc in &gateway.vpcs {
                self.gateway_of.entry(vpc.clone()).or_insert(number);
            }
        }
        for (number, (_, attachment)) in (0..).zip(self.attachments.iter()) {
            if let super::AttachmentKind::Vpc(vpc) = &attachment.kind {
                self.attached.entry((attachment.transit.clone(), vpc.clone())).or_insert(number);
            }
        }
    }
}
