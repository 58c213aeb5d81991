//! The network as it was seen: typed, with dense numbers, and with what could not be read.
//!
//! [`Builder`] takes the documents of the provider. Members of documents that make no sense are [`Network::faults`], and what
//! depends on them is unknown; a list that was not read is in [`Network::unlisted`].

mod balance;
mod build;
mod filters;
mod firewall;
mod follow;
mod gateways;
mod lookup;
mod owners;
mod routes;
mod subnets;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

pub use balance::{Balancer, BalancerKind, Listener, Rule as ListenerRule, Target, TargetGroup, TargetKind};
pub use build::{Builder, Found};
pub use filters::{Acl, AclEntry, Group, Peer, PrefixList, Rule};
pub use firewall::{Among, Fate, Firewall, FirewallRule, FirewallRules, GroupOfRules, Policy, Whom};
pub use gateways::{
    Attachment, AttachmentKind, BlockMode, Endpoint, EndpointKind, Gateway, Nat, Peering, PeeringSide,
    Transit, TransitRoute, TransitTable, TransitTarget, Vpn,
};
pub use lookup::{Unread, Whole};
pub use owners::{Marks, Owned};
pub use routes::{Destination, Origin, Route, Table, Via};
pub use subnets::{Instance, Interface, InterfaceKind, PrivateAddress, Subnet, Vpc};

use crate::roll::Roll;

/// Where something is, for what was not read there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Whereabouts {
    /// The account that it was read in.
    pub account: String,
    /// The region.
    pub region: String,
}

/// A list that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlisted {
    /// Where; an empty account or region stands for any.
    pub at: Whereabouts,
    /// The type, as AWS Config names it.
    pub kind: String,
    /// The call, and why it was not answered.
    pub why: String,
}

/// Everything that has a say in what reaches what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Network {
    /// Virtual private clouds.
    pub vpcs: Roll<Vpc>,
    /// Subnets.
    pub subnets: Roll<Subnet>,
    /// Network interfaces, in the order of their first private address.
    pub interfaces: Roll<Interface>,
    /// Security groups.
    pub groups: Roll<Group>,
    /// Network ACLs.
    pub acls: Roll<Acl>,
    /// Route tables.
    pub tables: Roll<Table>,
    /// Internet gateways, with the VPCs that they are attached to.
    pub internet_gateways: Roll<Gateway>,
    /// Egress-only internet gateways.
    pub egress_gateways: Roll<Gateway>,
    /// Virtual private gateways.
    pub vpn_gateways: Roll<Gateway>,
    /// NAT gateways.
    pub nats: Roll<Nat>,
    /// Peerings.
    pub peerings: Roll<Peering>,
    /// Prefix lists.
    pub prefix_lists: Roll<PrefixList>,
    /// VPN connections.
    pub vpns: Roll<Vpn>,
    /// Transit gateways.
    pub transits: Roll<Transit>,
    /// Attachments, by `<transit gateway>/<attachment>`: a peering of two gateways has one id on both.
    pub attachments: Roll<Attachment>,
    /// Route tables of transit gateways.
    pub transit_tables: Roll<TransitTable>,
    /// Endpoints.
    pub endpoints: Roll<Endpoint>,
    /// Network firewalls, by ARN.
    pub firewalls: Roll<Firewall>,
    /// Their policies, by ARN.
    pub firewall_policies: Roll<Policy>,
    /// Their groups of rules, by ARN.
    pub firewall_rules: Roll<FirewallRules>,
    /// Load balancers, by ARN; classic ones by name.
    pub balancers: Roll<Balancer>,
    /// Target groups, by ARN.
    pub target_groups: Roll<TargetGroup>,
    /// Services that other networks reach by an endpoint, by name, with the ARNs of the balancers behind.
    pub services: BTreeMap<String, Vec<String>>,
    /// Instances.
    pub instances: Roll<Instance>,
    /// What is no server and has interfaces, by ARN.
    pub owned: Roll<Owned>,
    /// Lists that were not read.
    pub unlisted: Vec<Unlisted>,
    /// What made no sense in documents, with the resource.
    pub faults: Vec<String>,
    /// What VPC Block Public Access does in an account and region.
    block_modes: BTreeMap<Whereabouts, BlockMode>,
    at_private: HashMap<(String, IpAddr), u32>,
    at_public: HashMap<IpAddr, (u32, IpAddr)>,
    /// Prefixes that are delegated to interfaces, by VPC.
    delegated: Vec<(String, crate::address::Cidr, u32)>,
    acl_of: HashMap<String, u32>,
    table_of: HashMap<String, u32>,
    main_of: HashMap<String, u32>,
    gateway_of: HashMap<String, u32>,
    attached: BTreeMap<(String, String), u32>,
    zones: HashMap<String, Vec<u32>>,
    owners_of: HashMap<u32, Vec<u32>>,
    /// What rules of firewalls tell apart.
    pub(crate) firewall_ranges: Vec<crate::address::Cidr>,
    pub(crate) firewall_ports: Vec<(u16, u16)>,
}
