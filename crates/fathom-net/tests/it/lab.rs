//! Networks drawn at random that Linux can be built to be: VPCs with subnets, security groups, network ACLs, route tables, peerings,
//! internet gateways and a NAT gateway, all of them read in full, and what is sent through them.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Addresses of the internet that ask and answer.
pub(crate) const OUTSIDE: [&str; 2] = ["198.51.100.7", "203.0.113.200"];
/// The range of each VPC; two subnets of it are used.
const VPCS: [u32; 3] = [0, 1, 2];
/// An address of the first VPC that nobody has.
const NOBODY: &str = "10.0.0.40";
const RANGES: [&str; 10] = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/24",
    "10.1.0.0/24",
    "10.0.0.64/26",
    "10.1.0.0/26",
    "10.2.0.4/30",
    "198.51.100.0/25",
    "203.0.113.0/28",
];
/// What is drawn with: as many numbers as one network takes.
const NUMBERS: usize = 2000;

/// One packet, its client's port told.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// An interface, or an address of [`OUTSIDE`].
    pub(crate) from: String,
    /// An address.
    pub(crate) to: String,
    /// `tcp`, `udp` or `icmp`.
    pub(crate) protocol: &'static str,
    /// The server's port; 0 for an echo request.
    pub(crate) port: u16,
    /// The client's port; no other packet of the network has it.
    pub(crate) client_port: u16,
}

/// A network and what is sent through it.
#[derive(Debug, Clone)]
pub(crate) struct Lab {
    pub(crate) given: Value,
    pub(crate) packets: Vec<Packet>,
}

/// Numbers that were drawn, used one after the other.
struct Choices(std::vec::IntoIter<u32>);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        self.0.next().expect("as many numbers as a network takes") as usize % end
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let place = self.below(of.len());
        &of[place]
    }
}

/// Networks.
pub(crate) fn labs() -> impl Strategy<Value = Lab> {
    prop::collection::vec(any::<u32>(), NUMBERS).prop_map(|numbers| draw(&mut Choices(numbers.into_iter())))
}

fn draw(choices: &mut Choices) -> Lab {
    let (mut given, mut hosts, mut public) = (json!({}), Vec::new(), vec!["203.0.113.100".to_owned()]);
    for v in VPCS {
        let vpc = format!("vpc-{v}");
        push(&mut given, "Vpcs", json!({"VpcId": vpc, "CidrBlock": format!("10.{v}.0.0/24")}));
        let has_gateway = v == 0 || v == 1 && choices.chance(75);
        if has_gateway {
            let gateway = json!({"InternetGatewayId": format!("igw-{v}"), "Attachments": [{"VpcId": vpc}]});
            push(&mut given, "InternetGateways", gateway);
        }
        for s in 0..2 {
            let subnet = format!("subnet-{v}-{s}");
            let range = format!("10.{v}.0.{}/26", s * 64);
            push(&mut given, "Subnets", json!({"SubnetId": subnet, "VpcId": vpc, "CidrBlock": range}));
            for e in 0..(if v == 0 { 2 } else { 1 }) {
                let (id, at) = (format!("eni-{v}-{s}-{e}"), format!("10.{v}.0.{}", s * 64 + 5 + e * 4));
                let mut address = json!({"Primary": true, "PrivateIpAddress": at});
                if has_gateway && choices.chance(50) {
                    let own = format!("203.0.113.{}", v * 10 + s * 2 + e + 1);
                    address["Association"] = json!({"PublicIp": own});
                    public.push(own);
                }
                let mut groups = vec![json!({"GroupId": format!("sg-{v}-{}", choices.below(2))})];
                if choices.chance(30) {
                    groups.push(json!({"GroupId": format!("sg-{v}-2")}));
                }
                push(
                    &mut given,
                    "NetworkInterfaces",
                    json!({"NetworkInterfaceId": id, "VpcId": vpc, "SubnetId": subnet, "Status": "in-use",
                        "Groups": groups, "PrivateIpAddresses": [address]}),
                );
                hosts.push((id, at));
            }
            let routes = routes(choices, v, s, has_gateway);
            push(
                &mut given,
                "RouteTables",
                json!({"RouteTableId": format!("rtb-{v}-{s}"), "VpcId": vpc, "Routes": routes,
                    "Associations": [{"SubnetId": subnet}]}),
            );
            let entries = entries(choices);
            push(
                &mut given,
                "NetworkAcls",
                json!({"NetworkAclId": format!("acl-{v}-{s}"), "Associations": [{"SubnetId": subnet}], "Entries": entries}),
            );
        }
        for g in 0..3 {
            let (inbound, outbound) = (permissions(choices, false), permissions(choices, true));
            let id = format!("sg-{v}-{g}");
            push(
                &mut given,
                "SecurityGroups",
                json!({"GroupId": id, "GroupName": id, "IpPermissions": inbound, "IpPermissionsEgress": outbound}),
            );
        }
    }
    for (number, (one, other)) in [(0, 1), (1, 2), (0, 2)].into_iter().enumerate() {
        let side = |v: u32| json!({"VpcId": format!("vpc-{v}"), "CidrBlock": format!("10.{v}.0.0/24"), "Region": "eu-west-1"});
        let code = if choices.chance(92) { "active" } else { "expired" };
        push(
            &mut given,
            "VpcPeeringConnections",
            json!({"VpcPeeringConnectionId": format!("pcx-{number}"), "Status": {"Code": code},
                "RequesterVpcInfo": side(one), "AccepterVpcInfo": side(other)}),
        );
    }
    push(
        &mut given,
        "NetworkInterfaces",
        json!({"NetworkInterfaceId": "eni-nat", "VpcId": "vpc-0", "SubnetId": "subnet-0-1", "InterfaceType": "nat_gateway", "Groups": [],
            "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": "10.0.0.100", "Association": {"PublicIp": "203.0.113.100"}}]}),
    );
    given["NatGateways"] = json!([{"NatGatewayId": "nat-0", "VpcId": "vpc-0", "SubnetId": "subnet-0-1", "State": "available",
        "ConnectivityType": "public", "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-nat"}]}]);
    given["PrefixLists"] = json!([
        {"PrefixListId": "pl-0", "PrefixListName": "some", "OwnerId": "1", "Entries": [{"Cidr": "10.0.0.0/26"}, {"Cidr": "10.1.0.4/30"}]},
        {"PrefixListId": "pl-1", "PrefixListName": "others", "OwnerId": "1", "Entries": [{"Cidr": "10.2.0.0/24"}, {"Cidr": "198.51.100.0/24"}]},
    ]);
    let packets = packets(choices, &hosts, &public);
    Lab { given, packets }
}

fn service(choices: &mut Choices) -> (&'static str, Option<(u16, u16)>) {
    *choices.one(&[
        ("-1", None),
        ("-1", None),
        ("-1", None),
        ("6", Some((443, 443))),
        ("6", Some((443, 443))),
        ("6", Some((0, 65535))),
        ("6", Some((1024, 65535))),
        ("6", Some((20, 30))),
        ("17", Some((53, 53))),
        ("17", Some((32768, 61000))),
        ("1", None),
    ])
}

/// Rules of a group: often one that lets everything pass, so that something arrives.
fn permissions(choices: &mut Choices, is_out: bool) -> Vec<Value> {
    if choices.chance(if is_out { 70 } else { 45 }) {
        return vec![json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})];
    }
    (0..choices.below(4))
        .map(|_| {
            let (protocol, ports) = service(choices);
            let mut rule = match (protocol, ports) {
                ("1", _) => {
                    json!({"IpProtocol": "icmp", "FromPort": *choices.one(&[-1, 8, 0]), "ToPort": -1})
                }
                ("17", Some((first, last))) => {
                    json!({"IpProtocol": "udp", "FromPort": first, "ToPort": last})
                }
                (_, Some((first, last))) => json!({"IpProtocol": "tcp", "FromPort": first, "ToPort": last}),
                _ => json!({"IpProtocol": "-1"}),
            };
            match choices.below(10) {
                0..=5 => rule["IpRanges"] = json!([{"CidrIp": choices.one(&RANGES)}]),
                6 => rule["PrefixListIds"] = json!([{"PrefixListId": format!("pl-{}", choices.below(2))}]),
                _ => {
                    let group = format!("sg-{}-{}", choices.below(3), choices.below(3));
                    rule["UserIdGroupPairs"] = json!([{"GroupId": group}]);
                }
            }
            rule
        })
        .collect()
}

/// Entries of an ACL: many let everything pass.
fn entries(choices: &mut Choices) -> Vec<Value> {
    let entry = |egress: bool, number: usize, allows: bool, protocol: &str, range: &str| {
        json!({"Egress": egress, "RuleNumber": number, "RuleAction": if allows { "allow" } else { "deny" },
            "Protocol": protocol, "CidrBlock": range})
    };
    let mut all = Vec::new();
    let is_open = choices.chance(60);
    for egress in [false, true] {
        if !is_open {
            for number in 0..choices.below(5) {
                let (protocol, ports) = service(choices);
                let allows = choices.chance(65);
                let mut one = entry(egress, 1 + number * 10, allows, protocol, choices.one::<&str>(&RANGES));
                if let Some((from, to)) = ports {
                    one["PortRange"] = json!({"From": from, "To": to});
                }
                if protocol == "1" {
                    one["IcmpTypeCode"] = json!({"Type": *choices.one(&[-1, 8, 0]), "Code": -1});
                }
                all.push(one);
            }
        }
        if is_open || choices.chance(75) {
            all.push(entry(egress, 100, true, "-1", "0.0.0.0/0"));
        }
        all.push(entry(egress, 32767, false, "-1", "0.0.0.0/0"));
    }
    all
}

/// Routes beside the VPC's own, no two for the same range.
fn routes(choices: &mut Choices, v: u32, s: u32, has_gateway: bool) -> Vec<Value> {
    let mut routes: Vec<(String, Value)> = Vec::new();
    let mut add = |choices: &mut Choices, range: &str, target: (&str, String)| {
        let name = if range.starts_with("pl-") { "DestinationPrefixListId" } else { "DestinationCidrBlock" };
        let state = if choices.chance(4) { "blackhole" } else { "active" };
        let route = json!({name: range, target.0: target.1, "State": state, "Origin": "CreateRoute"});
        if routes.iter().all(|(told, _)| told != range) {
            routes.push((range.to_owned(), route));
        }
    };
    let own: [u32; 2] = [[0, 2], [0, 1], [1, 2]][v as usize];
    let peer = |choices: &mut Choices| ("VpcPeeringConnectionId", format!("pcx-{}", choices.one(&own)));
    let nat = || ("NatGatewayId", "nat-0".to_owned());
    let gateway = || ("GatewayId", format!("igw-{v}"));
    match choices.below(10) {
        0..=4 if has_gateway => add(choices, "0.0.0.0/0", gateway()),
        5..=8 if v == 0 => add(choices, "0.0.0.0/0", nat()),
        9 => {
            let target = peer(choices);
            add(choices, "0.0.0.0/0", target);
        }
        _ => {}
    }
    for (number, other) in [(0, 1), (1, 2), (2, 2), (0, 0), (1, 1), (2, 0)] {
        // Mostly over the peering that leads there.
        if own.contains(&number) && other != v && choices.chance(85) {
            add(choices, &format!("10.{other}.0.0/24"), ("VpcPeeringConnectionId", format!("pcx-{number}")));
        }
    }
    for _ in 0..choices.below(3) {
        let range = *choices.one(&[
            "10.1.0.0/26",
            "10.2.0.4/30",
            "198.51.100.0/24",
            "203.0.113.0/28",
            "10.0.0.0/8",
            "pl-0",
            "pl-1",
        ]);
        let is_inside = range.starts_with(&format!("10.{v}.")) || range == "pl-0";
        match choices.below(4) {
            // Only appliances take what is for the VPC itself.
            _ if is_inside => {}
            0 if has_gateway => add(choices, range, gateway()),
            1 if v == 0 => add(choices, range, nat()),
            _ => {
                let target = peer(choices);
                add(choices, range, target);
            }
        }
    }
    if v == 0 && s == 0 && choices.chance(20) {
        // A NAT gateway may be on the way within the VPC.
        add(choices, "10.0.0.64/26", nat());
    }
    routes.into_iter().map(|(_, route)| route).collect()
}

/// Everybody to everybody, by private and public addresses, to and from the internet.
fn packets(choices: &mut Choices, hosts: &[(String, String)], public: &[String]) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut add = |choices: &mut Choices, from: &str, to: &str, count: usize| {
        for _ in 0..count {
            let (protocol, port) =
                *choices.one(&[("tcp", 443), ("tcp", 443), ("tcp", 22), ("udp", 53), ("icmp", 0)]);
            let number = u16::try_from(packets.len()).expect("few packets");
            let client_port = if choices.chance(50) { 1100 + number } else { 40000 + number };
            packets.push(Packet { from: from.to_owned(), to: to.to_owned(), protocol, port, client_port });
        }
    };
    for (from, own) in hosts {
        for (_, to) in hosts.iter().filter(|(_, to)| to != own) {
            add(choices, from, to, 2);
        }
        for to in public.iter().map(String::as_str).chain(OUTSIDE).chain(["10.0.0.100", NOBODY]) {
            add(choices, from, to, 1);
        }
    }
    for from in OUTSIDE {
        for to in public {
            add(choices, from, to, 3);
        }
    }
    packets
}

fn push(given: &mut Value, member: &str, document: Value) {
    if given[member].is_null() {
        given[member] = json!([]);
    }
    given[member].as_array_mut().expect("a list").push(document);
}
