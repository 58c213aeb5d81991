//! How long it takes to know who reaches an interface, in an organisation whose VPCs a transit gateway joins. It prints its own table.
//!
//! Arguments: interfaces (100,000).

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use fathom_net::{Builder, Found, Index, Network, Place, Question, Traffic, ask};
use serde_json::{Value, json};

const QUESTIONS: usize = 300;
const PACKETS: usize = 5_000;
const PORTS: [u16; 8] = [22, 80, 443, 3306, 5432, 6379, 8080, 9200];
const SUBNETS: usize = 10;
const GROUPS: usize = 100;
const PER_VPC: usize = 500;

/// Numbers that are the same every time (a linear congruential generator; Knuth's constants for 64 bits).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

fn add(builder: &mut Builder, kind: &str, document: &Value) {
    builder.add(Found {
        kind,
        uid: kind,
        account: "111122223333",
        region: "eu-west-1",
        document,
        unread: &[],
    });
}

/// VPCs with public and private subnets, a NAT gateway each, all behind one transit gateway.
fn network(interfaces: usize) -> (Network, usize) {
    let mut builder = Builder::default();
    let mut draw = Draw(42);
    let mut rules = 0;
    let vpcs = interfaces.div_ceil(PER_VPC);
    let mut routes = Vec::new();
    for v in 0..vpcs {
        let range = |s: usize| format!("10.{v}.{}.0/20", s * 16);
        add(
            &mut builder,
            "AWS::EC2::VPC",
            &json!({"VpcId": format!("vpc-{v}"), "CidrBlock": format!("10.{v}.0.0/16")}),
        );
        let table = |name: &str, subnets: Vec<Value>, way: Value| {
            let local = json!({"DestinationCidrBlock": format!("10.{v}.0.0/16"), "GatewayId": "local"});
            let others = json!({"DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw"});
            json!({"RouteTableId": format!("rtb-{v}-{name}"), "VpcId": format!("vpc-{v}"), "Associations": subnets, "Routes": [local, others, way]})
        };
        let of = |range: std::ops::Range<usize>| {
            range.map(|s| json!({"SubnetId": format!("subnet-{v}-{s}")})).collect()
        };
        let out = json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": format!("igw-{v}")});
        add(&mut builder, "AWS::EC2::RouteTable", &table("public", of(0..2), out));
        let nat = json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": format!("nat-{v}")});
        add(&mut builder, "AWS::EC2::RouteTable", &table("private", of(2..SUBNETS), nat));
        for s in 0..SUBNETS {
            let zone = format!("z{}", s % 2);
            add(
                &mut builder,
                "AWS::EC2::Subnet",
                &json!({"SubnetId": format!("subnet-{v}-{s}"), "VpcId": format!("vpc-{v}"), "CidrBlock": range(s), "AvailabilityZone": zone}),
            );
        }
        let entry = |egress: bool, number: u32, allow: bool, range: &str| json!({"Egress": egress, "RuleNumber": number, "RuleAction": if allow { "allow" } else { "deny" }, "Protocol": "-1", "CidrBlock": range});
        let all: Vec<Value> = of(0..SUBNETS);
        let entries = json!([
            entry(true, 100, true, "0.0.0.0/0"),
            entry(false, 90, false, "10.99.0.0/16"),
            entry(false, 100, true, "0.0.0.0/0")
        ]);
        add(
            &mut builder,
            "AWS::EC2::NetworkAcl",
            &json!({"NetworkAclId": format!("acl-{v}"), "Associations": all, "Entries": entries}),
        );
        add(
            &mut builder,
            "AWS::EC2::InternetGateway",
            &json!({"InternetGatewayId": format!("igw-{v}"), "Attachments": [{"VpcId": format!("vpc-{v}")}]}),
        );
        add(
            &mut builder,
            "AWS::EC2::NatGateway",
            &json!({"NatGatewayId": format!("nat-{v}"), "VpcId": format!("vpc-{v}"), "SubnetId": format!("subnet-{v}-0"), "NatGatewayAddresses": [{"NetworkInterfaceId": format!("eni-{v}-nat")}]}),
        );
        add(
            &mut builder,
            "AWS::EC2::NetworkInterface",
            &json!({"NetworkInterfaceId": format!("eni-{v}-nat"), "InterfaceType": "nat_gateway", "VpcId": format!("vpc-{v}"), "SubnetId": format!("subnet-{v}-0"), "PrivateIpAddresses": [{"PrivateIpAddress": format!("10.{v}.0.5"), "Association": {"PublicIp": format!("52.{v}.0.5")}}]}),
        );
        add(
            &mut builder,
            "AWS::EC2::TransitGatewayAttachment",
            &json!({"TransitGatewayAttachmentId": format!("attach-{v}"), "TransitGatewayId": "tgw", "ResourceType": "vpc", "ResourceId": format!("vpc-{v}"), "Association": {"TransitGatewayRouteTableId": "tgw-rtb"}, "VpcAttachment": {"SubnetIds": [format!("subnet-{v}-2"), format!("subnet-{v}-3")]}}),
        );
        routes.push(json!({"DestinationCidrBlock": format!("10.{v}.0.0/16"), "Type": "propagated", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": format!("attach-{v}")}]}));
        for g in 0..GROUPS {
            let mut inbound = Vec::new();
            for _ in 0..3 + draw.below(3) {
                let port = PORTS[draw.below(PORTS.len())];
                let mut rule = json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port});
                match draw.below(10) {
                    0 => rule["IpRanges"] = json!([{"CidrIp": "0.0.0.0/0"}]),
                    1 | 2 => rule["IpRanges"] = json!([{"CidrIp": "10.0.0.0/8"}]),
                    3..=5 => rule["IpRanges"] = json!([{"CidrIp": range(draw.below(SUBNETS))}]),
                    _ => {
                        rule["UserIdGroupPairs"] =
                            json!([{"GroupId": format!("sg-{v}-{}", draw.below(GROUPS))}]);
                    }
                }
                inbound.push(rule);
            }
            rules += inbound.len() + 1;
            let out = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
            add(
                &mut builder,
                "AWS::EC2::SecurityGroup",
                &json!({"GroupId": format!("sg-{v}-{g}"), "GroupName": "g", "IpPermissions": inbound, "IpPermissionsEgress": out}),
            );
        }
        for e in 0..PER_VPC {
            let s = e % SUBNETS;
            let groups: Vec<Value> = (0..=draw.below(2))
                .map(|_| json!({"GroupId": format!("sg-{v}-{}", draw.below(GROUPS))}))
                .collect();
            let at = e / SUBNETS + 10;
            let mut address = json!({"PrivateIpAddress": format!("10.{v}.{}.{at}", s * 16)});
            if s == 0 {
                address["Association"] = json!({"PublicIp": format!("52.{v}.1.{at}")});
            }
            add(
                &mut builder,
                "AWS::EC2::NetworkInterface",
                &json!({"NetworkInterfaceId": format!("eni-{v}-{e}"), "VpcId": format!("vpc-{v}"), "SubnetId": format!("subnet-{v}-{s}"), "Groups": groups, "PrivateIpAddresses": [address]}),
            );
        }
    }
    add(
        &mut builder,
        "AWS::EC2::TransitGatewayRouteTable",
        &json!({"TransitGatewayRouteTableId": "tgw-rtb", "Routes": routes}),
    );
    add(&mut builder, "AWS::EC2::VPCBlockPublicAccessOptions", &json!({"InternetGatewayBlockMode": "off"}));
    (builder.build(), rules)
}

fn shown(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    let mean = times.iter().sum::<Duration>() / times.len().max(1) as u32;
    println!("| {name} | {mean:.1?} | {:.1?} | {:.1?} |", at(50), at(99));
}

fn main() -> Result<(), Box<dyn Error>> {
    let interfaces = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let (network, rules) = network(interfaces);
    let start = Instant::now();
    let index = Index::new(Arc::new(network));
    let built = start.elapsed();
    let network = Arc::clone(index.network());
    let count = network.interfaces.len();
    println!(
        "{count} interfaces, {} VPCs, {} groups, {rules} rules, {} classes; index built in {built:.1?}",
        network.vpcs.len(),
        network.groups.len(),
        index.classes()
    );
    println!("| question | mean | p50 | p99 |\n| --- | --- | --- | --- |");
    let mut draw = Draw(7);
    let (mut first, mut again, mut reached) = (Vec::new(), Vec::new(), 0);
    for _ in 0..QUESTIONS {
        // Private servers: public ones are also asked by their public address.
        let to = loop {
            let to = draw.below(count) as u32;
            if network
                .interface(to)
                .is_some_and(|(_, one)| one.addresses.iter().all(|one| one.public.is_none()))
            {
                break to;
            }
        };
        let traffic = Traffic::tcp(PORTS[draw.below(PORTS.len())]);
        let start = Instant::now();
        reached += index.who_reaches(to, traffic).yes.count();
        first.push(start.elapsed());
        let start = Instant::now();
        index.who_reaches(to, traffic);
        again.push(start.elapsed());
    }
    shown("who reaches a private interface on a port", first);
    shown("the same again", again);
    println!("{} reach one on average", reached / QUESTIONS);
    let mut packets = Vec::new();
    for _ in 0..PACKETS {
        let (from, to) = (draw.below(count) as u32, draw.below(count) as u32);
        let question = Question::new(Place::Interface(from), Place::Interface(to), Traffic::tcp(443));
        let start = Instant::now();
        ask(&network, &question);
        packets.push(start.elapsed());
    }
    shown("one packet, there and back, each hop told", packets);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("not known");
    println!("memory at most: {}", peak.trim());
    Ok(())
}
