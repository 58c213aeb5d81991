//! Networks drawn at random: small, so that rules meet, and with all that goes wrong in real ones: ranges that overlap, routes that
//! lead back another way, groups that name themselves or nobody, things that were not seen.

use proptest::prelude::*;
use serde_json::{Value, json};

/// VPCs have one of these; two of them may have the same.
const VPC_RANGES: [&str; 3] = ["10.0.0.0/24", "10.1.0.0/24", "10.0.0.0/23"];
const RANGES: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/24",
    "10.0.0.0/26",
    "10.1.0.0/24",
    "10.0.0.4/30",
    "10.0.0.64/26",
    "203.0.113.0/28",
    "10.1.0.0/26",
];
const RANGES6: [&str; 3] = ["::/0", "2001:db8:0:0::/64", "2001:db8:0:101::/64"];

#[derive(Debug, Clone)]
pub(crate) struct Draw {
    pub(crate) given: Value,
}

fn rule() -> impl Strategy<Value = Value> {
    let service = prop_oneof![
        3 => Just(json!({"IpProtocol": "-1"})),
        3 => Just(json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443})),
        1 => Just(json!({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535})),
        1 => Just(json!({"IpProtocol": "udp", "FromPort": 53, "ToPort": 53})),
        1 => Just(json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1})),
    ];
    let peer = prop_oneof![
        6 => prop::sample::select(RANGES.to_vec()).prop_map(|range| json!({"IpRanges": [{"CidrIp": range}]})),
        2 => prop::sample::select(RANGES6.to_vec()).prop_map(|range| json!({"Ipv6Ranges": [{"CidrIpv6": range}]})),
        3 => (0..5_usize).prop_map(|group| json!({"UserIdGroupPairs": [{"GroupId": format!("sg-{group}")}]})),
        2 => (0..4_usize).prop_map(|list| json!({"PrefixListIds": [{"PrefixListId": format!("pl-{list}")}]})),
    ];
    (service, peer).prop_map(|(mut service, peer)| {
        service.as_object_mut().expect("an object").extend(peer.as_object().expect("an object").clone());
        service
    })
}

fn entry() -> impl Strategy<Value = Value> {
    let range = prop_oneof![
        4 => prop::sample::select(RANGES.to_vec()).prop_map(|range| ("CidrBlock", range)),
        1 => prop::sample::select(RANGES6.to_vec()).prop_map(|range| ("Ipv6CidrBlock", range)),
    ];
    let service = prop_oneof![
        4 => Just(json!({"Protocol": "-1"})),
        2 => Just(json!({"Protocol": "6", "PortRange": {"From": 443, "To": 443}})),
        2 => Just(json!({"Protocol": "6", "PortRange": {"From": 1024, "To": 65535}})),
        1 => Just(json!({"Protocol": "6", "PortRange": {"From": 32768, "To": 61000}})),
    ];
    (range, service, any::<bool>(), prop::bool::weighted(0.8), 1..50_u32).prop_map(
        |((name, range), mut entry, egress, allows, number)| {
            entry[name] = json!(range);
            entry["Egress"] = json!(egress);
            entry["RuleAction"] = json!(if allows { "allow" } else { "deny" });
            entry["RuleNumber"] = json!(number);
            entry
        },
    )
}

fn route() -> impl Strategy<Value = Value> {
    let destination = prop_oneof![
        8 => prop::sample::select(RANGES.to_vec()).prop_map(|range| json!({"DestinationCidrBlock": range})),
        2 => prop::sample::select(RANGES6.to_vec()).prop_map(|range| json!({"DestinationIpv6CidrBlock": range})),
        1 => (0..4_usize).prop_map(|list| json!({"DestinationPrefixListId": format!("pl-{list}")})),
    ];
    let target = prop_oneof![
        4 => (0..3_usize).prop_map(|at| json!({"GatewayId": format!("igw-{at}")})),
        2 => (0..2_usize).prop_map(|at| json!({"NatGatewayId": format!("nat-{at}")})),
        4 => (0..3_usize).prop_map(|at| json!({"VpcPeeringConnectionId": format!("pcx-{at}")})),
        4 => Just(json!({"TransitGatewayId": "tgw-0"})),
        1 => Just(json!({"EgressOnlyInternetGatewayId": "eigw-0"})),
        1 => (0..4_usize).prop_map(|at| json!({"NetworkInterfaceId": format!("eni-0-0-{at}")})),
        1 => Just(json!({"GatewayId": "vgw-0"})),
        1 => Just(json!({"GatewayId": "vpce-0"})),
    ];
    let origin = prop_oneof![4 => Just("CreateRoute"), 1 => Just("EnableVgwRoutePropagation")];
    (destination, target, origin, prop::bool::weighted(0.07)).prop_map(
        |(mut route, target, origin, is_gone)| {
            route.as_object_mut().expect("an object").extend(target.as_object().expect("an object").clone());
            route["Origin"] = json!(origin);
            route["State"] = json!(if is_gone { "blackhole" } else { "active" });
            route
        },
    )
}

fn transit_route() -> impl Strategy<Value = Value> {
    (prop::sample::select(RANGES.to_vec()), 0..4_usize, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |(range, to, is_static, is_gone)| {
            let attachments = json!([{"TransitGatewayAttachmentId": format!("tgw-attach-{to}")}]);
            json!({
                "DestinationCidrBlock": range,
                "Type": if is_static { "static" } else { "propagated" },
                "State": if is_gone { "blackhole" } else { "active" },
                "TransitGatewayAttachments": if is_gone { json!([]) } else { attachments },
            })
        },
    )
}

/// Groups, ACLs, tables and tables of the transit gateway.
type Rules = (Vec<(Vec<Value>, Vec<Value>)>, Vec<Vec<Value>>, Vec<Vec<Value>>, Vec<Vec<Value>>);

fn rules() -> impl Strategy<Value = Rules> {
    (
        prop::collection::vec((prop::collection::vec(rule(), 0..4), prop::collection::vec(rule(), 1..4)), 4),
        prop::collection::vec(prop::collection::vec(entry(), 2..7), 2),
        prop::collection::vec(prop::collection::vec(route(), 1..5), 4),
        prop::collection::vec(prop::collection::vec(transit_route(), 0..4), 2),
    )
}

/// How one interface is drawn: group numbers, a public address, an address of IPv6, attached, its server runs.
type Own = (Vec<usize>, bool, bool, bool, bool);

fn own() -> impl Strategy<Value = Own> {
    let groups = prop::collection::vec(prop_oneof![9 => 0..4_usize, 1 => Just(9_usize)], 0..3);
    (groups, any::<bool>(), any::<bool>(), prop::bool::weighted(0.95), prop::bool::weighted(0.85))
}

/// Networks.
pub(crate) fn networks() -> impl Strategy<Value = Draw> {
    let vpcs = prop::collection::vec(prop::sample::select(VPC_RANGES.to_vec()), 3);
    let modes = prop::sample::select(vec!["off", "off", "off", "block-ingress", "block-bidirectional"]);
    let unlisted = prop::option::weighted(
        0.15,
        prop::sample::select(vec![
            "AWS::EC2::NetworkAcl",
            "AWS::EC2::NetworkInterface",
            "AWS::EC2::RouteTable",
        ]),
    );
    (vpcs, rules(), prop::collection::vec(own(), 12), modes, unlisted, any::<[bool; 6]>()).prop_map(
        |(vpcs, rules, own, mode, unlisted, flags)| Draw {
            given: network(&vpcs, &rules, &own, mode, unlisted, flags),
        },
    )
}

fn network(
    vpcs: &[&str],
    rules: &Rules,
    own: &[Own],
    mode: &str,
    unlisted: Option<&str>,
    flags: [bool; 6],
) -> Value {
    let (groups, acls, tables, transit) = rules;
    let mut given = json!({});
    let mut own = own.iter().cycle();
    for (v, range) in vpcs.iter().enumerate() {
        let base: Vec<&str> = range.split('.').collect();
        push(
            &mut given,
            "Vpcs",
            json!({
                "VpcId": format!("vpc-{v}"), "CidrBlock": range,
                "CidrBlockAssociationSet": [{"CidrBlock": range}],
                "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": format!("2001:db8:0:{v}00::/56")}],
            }),
        );
        for s in 0..2 {
            let subnet = format!("subnet-{v}-{s}");
            push(
                &mut given,
                "Subnets",
                json!({
                    "SubnetId": subnet, "VpcId": format!("vpc-{v}"), "CidrBlock": format!("10.{}.0.{}/26", base[1], s * 64),
                    "AvailabilityZone": if s == 0 || flags[0] { "a" } else { "b" },
                    "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": format!("2001:db8:0:{v}0{s}::/64")}],
                }),
            );
            for e in 0..2 {
                let (group, is_public, has_v6, is_attached, is_running) =
                    own.next().expect("an endless list");
                // In and beside 10.0.0.4/30.
                let host = s * 64 + 5 + e * 4;
                let id = format!("eni-{v}-{s}-{e}");
                let mut interface = json!({
                    "NetworkInterfaceId": id, "VpcId": format!("vpc-{v}"), "SubnetId": subnet,
                    "Status": if *is_attached { "in-use" } else { "available" },
                    "Attachment": {"InstanceId": format!("i-{v}-{s}-{e}")},
                    "SourceDestCheck": e == 0,
                    "Groups": group.iter().map(|group| json!({"GroupId": format!("sg-{group}")})).collect::<Vec<_>>(),
                    "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": format!("10.{}.0.{host}", base[1])}],
                });
                if *is_public {
                    let public = format!("203.0.113.{}", v * 10 + s * 2 + e);
                    interface["PrivateIpAddresses"][0]["Association"] = json!({"PublicIp": public});
                }
                if *has_v6 {
                    interface["Ipv6Addresses"] =
                        json!([{"Ipv6Address": format!("2001:db8:0:{v}0{s}::{host}")}]);
                }
                push(&mut given, "NetworkInterfaces", interface);
                let state = if *is_running { "running" } else { "stopped" };
                push(
                    &mut given,
                    "Instances",
                    json!({"InstanceId": format!("i-{v}-{s}-{e}"), "State": {"Name": state}}),
                );
            }
        }
        if v < 2 || flags[1] {
            push(
                &mut given,
                "InternetGateways",
                json!({"InternetGatewayId": format!("igw-{v}"), "Attachments": [{"VpcId": format!("vpc-{v}")}]}),
            );
        }
        push(
            &mut given,
            "TransitGatewayAttachments",
            json!({
                "TransitGatewayAttachmentId": format!("tgw-attach-{v}"), "TransitGatewayId": "tgw-0", "ResourceType": "vpc",
                "ResourceId": format!("vpc-{v}"), "State": "available",
                "Association": {"TransitGatewayRouteTableId": format!("tgw-rtb-{}", v % 2)},
                "VpcAttachment": {"SubnetIds": [format!("subnet-{v}-0"), format!("subnet-{v}-1")], "Options": {"SecurityGroupReferencingSupport": if flags[2] { "enable" } else { "disable" }}},
            }),
        );
    }
    for (number, (inbound, outbound)) in groups.iter().enumerate() {
        push(
            &mut given,
            "SecurityGroups",
            json!({"GroupId": format!("sg-{number}"), "GroupName": format!("g{number}"), "IpPermissions": inbound, "IpPermissionsEgress": outbound}),
        );
    }
    for (number, entries) in acls.iter().enumerate() {
        push(
            &mut given,
            "NetworkAcls",
            json!({"NetworkAclId": format!("acl-{number}"), "Associations": [{"SubnetId": format!("subnet-{number}-0")}], "Entries": entries}),
        );
    }
    for (number, routes) in tables.iter().enumerate() {
        // The last is for a gateway, or the main one of a VPC.
        let association = match number {
            3 if flags[3] => json!([{"GatewayId": "igw-0"}]),
            3 => json!([{"Main": true}]),
            number => json!([{"SubnetId": format!("subnet-{number}-0")}]),
        };
        let vpc = if number == 3 { 0 } else { number };
        push(
            &mut given,
            "RouteTables",
            json!({"RouteTableId": format!("rtb-{number}"), "VpcId": format!("vpc-{vpc}"), "Associations": association, "Routes": routes}),
        );
    }
    for (number, routes) in transit.iter().enumerate() {
        push(
            &mut given,
            "TransitGatewayRouteTables",
            json!({"TransitGatewayRouteTableId": format!("tgw-rtb-{number}"), "Routes": routes}),
        );
    }
    for (number, (one, other)) in [(0, 1), (1, 2)].into_iter().enumerate() {
        let side = |v: usize| json!({"VpcId": format!("vpc-{v}"), "CidrBlock": vpcs[v], "Region": if v == 2 && flags[4] { "us-east-1" } else { "eu-west-1" }});
        push(
            &mut given,
            "VpcPeeringConnections",
            json!({"VpcPeeringConnectionId": format!("pcx-{number}"), "Status": {"Code": "active"}, "RequesterVpcInfo": side(one), "AccepterVpcInfo": side(other)}),
        );
    }
    push(
        &mut given,
        "NetworkInterfaces",
        json!({
            "NetworkInterfaceId": "eni-nat", "VpcId": "vpc-0", "SubnetId": "subnet-0-1", "InterfaceType": "nat_gateway", "Groups": [],
            "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": "10.0.0.100", "Association": {"PublicIp": "203.0.113.100"}}],
        }),
    );
    given["NatGateways"] = json!([{"NatGatewayId": "nat-0", "VpcId": "vpc-0", "SubnetId": "subnet-0-1", "State": "available", "ConnectivityType": "public", "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-nat"}]}]);
    // Where an option is not told, it is not known.
    let keeps = match (flags[5], flags[3]) {
        (true, true) => json!(null),
        (true, false) => json!("enable"),
        (false, _) => json!("disable"),
    };
    given["TransitGateways"] =
        json!([{"TransitGatewayId": "tgw-0", "Options": {"SecurityGroupReferencingSupport": keeps}}]);
    given["EgressOnlyInternetGateways"] =
        json!([{"EgressOnlyInternetGatewayId": "eigw-0", "Attachments": [{"VpcId": "vpc-0"}]}]);
    given["VpnGateways"] =
        json!([{"VpnGatewayId": "vgw-0", "VpcAttachments": [{"VpcId": "vpc-1", "State": "attached"}]}]);
    given["VpcEndpoints"] = json!([{"VpcEndpointId": "vpce-0", "VpcId": "vpc-0", "VpcEndpointType": "GatewayLoadBalancer", "State": "available", "SubnetIds": ["subnet-0-1"]}]);
    if flags[0] {
        given["Firewalls"] = json!([{"FirewallArn": "fw-0", "FirewallName": "inspect", "VpcId": "vpc-0", "FirewallPolicyArn": "policy-0",
            "SyncStates": {"a": {"Attachment": {"EndpointId": "vpce-0"}}}}]);
        // A group that was not seen, or what the default actions do.
        let group = if flags[4] { "rules-gone" } else { "rules-0" };
        given["FirewallPolicies"] = json!([{"FirewallPolicyResponse": {"FirewallPolicyArn": "policy-0"}, "FirewallPolicy": {
            "StatelessDefaultActions": [if flags[2] { "aws:forward_to_sfe" } else { "aws:pass" }],
            "StatelessRuleGroupReferences": [{"ResourceArn": "rules-1", "Priority": 1}],
            "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
            "StatefulRuleGroupReferences": [{"ResourceArn": group, "Priority": 1}],
            "StatefulDefaultActions": if flags[5] { json!(["aws:drop_strict"]) } else { json!([]) }}}]);
        let web = json!([{"FromPort": 443, "ToPort": 443}]);
        given["RuleGroups"] = json!([
            {"RuleGroupResponse": {"RuleGroupArn": "rules-1", "RuleGroupName": "first"}, "RuleGroup": {"RulesSource": {"StatelessRulesAndCustomActions": {"StatelessRules": [
                {"Priority": 1, "RuleDefinition": {"Actions": ["aws:drop"], "MatchAttributes": {"Sources": [{"AddressDefinition": "10.0.0.9/32"}], "Protocols": [6], "DestinationPorts": web}}},
                {"Priority": 2, "RuleDefinition": {"Actions": ["aws:pass"], "MatchAttributes": {"Sources": [{"AddressDefinition": "10.1.0.4/30"}]}}}]}}}},
            {"RuleGroupResponse": {"RuleGroupArn": "rules-0", "RuleGroupName": "second"}, "RuleGroup": {"RulesSource": {
                "RulesString": "drop tcp 10.1.0.0/26 any -> any 22 (sid:1;)\npass tcp any any -> 10.0.0.0/26 any (sid:2;)\ndrop tls any any -> any any (tls.sni; sid:3;)"}}}]);
    }
    given["PrefixLists"] = json!([
        {"PrefixListId": "pl-0", "PrefixListName": "one", "OwnerId": "1", "Entries": [{"Cidr": "10.0.0.0/26"}, {"Cidr": "10.1.0.4/30"}]},
        {"PrefixListId": "pl-1", "PrefixListName": "unread", "OwnerId": "1", "unread": ["Entries"]},
        {"PrefixListId": "pl-2", "PrefixListName": "com.amazonaws.eu-west-1.s3", "OwnerId": "AWS"},
    ]);
    given["VpcBlockPublicAccessOptions"] = json!([{"InternetGatewayBlockMode": mode}]);
    if let Some(kind) = unlisted {
        given["unlisted"] = json!({kind: "missing"});
    }
    given
}

fn push(given: &mut Value, member: &str, document: Value) {
    if given[member].is_null() {
        given[member] = json!([]);
    }
    given[member].as_array_mut().expect("a list").push(document);
}
