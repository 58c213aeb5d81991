//! Networks written as the answers of AWS, with what AWS makes by itself added.

use fathom_net::{Builder, Found, Network};
use serde_json::{Value, json};

/// The account and region of what does not say otherwise.
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// The member of an answer that lists a type, and the type.
const LISTS: [(&str, &str); 28] = [
    ("Vpcs", "AWS::EC2::VPC"),
    ("Subnets", "AWS::EC2::Subnet"),
    ("NetworkInterfaces", "AWS::EC2::NetworkInterface"),
    ("Instances", "AWS::EC2::Instance"),
    ("SecurityGroups", "AWS::EC2::SecurityGroup"),
    ("NetworkAcls", "AWS::EC2::NetworkAcl"),
    ("RouteTables", "AWS::EC2::RouteTable"),
    ("InternetGateways", "AWS::EC2::InternetGateway"),
    ("EgressOnlyInternetGateways", "AWS::EC2::EgressOnlyInternetGateway"),
    ("NatGateways", "AWS::EC2::NatGateway"),
    ("VpcPeeringConnections", "AWS::EC2::VPCPeeringConnection"),
    ("PrefixLists", "AWS::EC2::PrefixList"),
    ("VpnGateways", "AWS::EC2::VPNGateway"),
    ("VpnConnections", "AWS::EC2::VPNConnection"),
    ("TransitGateways", "AWS::EC2::TransitGateway"),
    ("TransitGatewayAttachments", "AWS::EC2::TransitGatewayAttachment"),
    ("TransitGatewayRouteTables", "AWS::EC2::TransitGatewayRouteTable"),
    ("VpcEndpoints", "AWS::EC2::VPCEndpoint"),
    ("ServiceConfigurations", "AWS::EC2::VPCEndpointService"),
    ("VpcBlockPublicAccessOptions", "AWS::EC2::VPCBlockPublicAccessOptions"),
    ("LoadBalancers", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    ("Listeners", "AWS::ElasticLoadBalancingV2::Listener"),
    ("Rules", "AWS::ElasticLoadBalancingV2::ListenerRule"),
    ("TargetGroups", "AWS::ElasticLoadBalancingV2::TargetGroup"),
    ("LoadBalancerDescriptions", "AWS::ElasticLoadBalancing::LoadBalancer"),
    ("Firewalls", "AWS::NetworkFirewall::Firewall"),
    ("FirewallPolicies", "AWS::NetworkFirewall::FirewallPolicy"),
    ("RuleGroups", "AWS::NetworkFirewall::RuleGroup"),
];

/// Rules of a network ACL that let everything pass, as AWS's default one has them.
fn open_entries() -> Value {
    let entry = |egress: bool, range: &str| {
        let name = if range.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" };
        json!({"Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100, name: range})
    };
    json!([entry(true, "0.0.0.0/0"), entry(false, "0.0.0.0/0"), entry(true, "::/0"), entry(false, "::/0")])
}

/// The network of such answers. `unlisted` has lists that were not read: type and reason. Where a list is there, what
/// AWS makes of itself is added: the default network ACL of a VPC, its main route table, and that Block Public Access is off.
pub(crate) fn network(given: &Value) -> Network {
    let mut given = given.clone();
    complete(&mut given);
    let mut builder = Builder::default();
    let unlisted = given["unlisted"].as_object().cloned().unwrap_or_default();
    for (kind, why) in &unlisted {
        builder.unlisted("", "", kind, why.as_str().expect("a reason"));
    }
    for (member, kind) in LISTS {
        for document in given[member].as_array().into_iter().flatten() {
            let id = document
                .as_object()
                .and_then(|members| members.values().find_map(Value::as_str))
                .unwrap_or_default();
            let text = |member: &str, other: &str| document[member].as_str().unwrap_or(other).to_owned();
            let (account, region) = (text("account", ACCOUNT), text("region", REGION));
            let uid = format!("{kind} {id}");
            let unread: Vec<String> = document["unread"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|member| member.as_str().map(ToOwned::to_owned))
                .collect();
            builder.add(Found {
                kind,
                uid: &uid,
                account: &account,
                region: &region,
                document,
                unread: &unread,
            });
        }
    }
    builder.build()
}

fn complete(given: &mut Value) {
    let members = given.as_object_mut().expect("an object");
    let has = |list: &Value, member: &str, inner: &str, id: &Value| {
        let items = list.as_array().into_iter().flatten();
        items.flat_map(|item| item[member].as_array().into_iter().flatten()).any(|one| one[inner] == *id)
    };
    let unlisted = members.get("unlisted").cloned().unwrap_or_default();
    let is_read = |kind: &str| unlisted[kind].is_null();
    let acls = members.get("NetworkAcls").cloned().unwrap_or_default();
    let open: Vec<Value> = list(members.get("Subnets"))
        .iter()
        .map(|subnet| subnet["SubnetId"].clone())
        .filter(|id| !has(&acls, "Associations", "SubnetId", id))
        .map(|id| json!({"SubnetId": id}))
        .collect();
    if is_read("AWS::EC2::NetworkAcl") && !open.is_empty() {
        let default = json!({"NetworkAclId": "acl-default", "Associations": open, "Entries": open_entries()});
        push(members, "NetworkAcls", default);
    }
    for vpc in list(members.get("Vpcs")) {
        let id = vpc["VpcId"].as_str().expect("an id").to_owned();
        let tables = list(members.get("RouteTables"));
        let is_main = |table: &Value| {
            table["VpcId"] == vpc["VpcId"]
                && list(table.get("Associations")).iter().any(|one| one["Main"] == true)
        };
        if is_read("AWS::EC2::RouteTable") && !tables.iter().any(is_main) {
            let main = json!({"RouteTableId": format!("rtb-main-{id}"), "VpcId": id, "Associations": [{"Main": true}], "Routes": []});
            push(members, "RouteTables", main);
        }
    }
    // Each table has a route for each range of its VPC, which nobody can delete.
    let vpcs = list(members.get("Vpcs"));
    for table in members.get_mut("RouteTables").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(vpc) = vpcs.iter().find(|vpc| vpc["VpcId"] == table["VpcId"]) else { continue };
        let mut local =
            vec![json!({"DestinationCidrBlock": vpc["CidrBlock"], "GatewayId": "local", "State": "active"})];
        for (set, member, name) in [
            ("CidrBlockAssociationSet", "CidrBlock", "DestinationCidrBlock"),
            ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "DestinationIpv6CidrBlock"),
        ] {
            for one in list(vpc.get(set)) {
                local.push(json!({name: one[member], "GatewayId": "local", "State": "active"}));
            }
        }
        local.retain(|route| {
            route.as_object().is_some_and(|route| route.values().all(|value| !value.is_null()))
        });
        table["Routes"].as_array_mut().expect("routes").splice(0..0, local);
    }
    if is_read("AWS::EC2::VPCBlockPublicAccessOptions")
        && !members.contains_key("VpcBlockPublicAccessOptions")
    {
        let places: std::collections::BTreeSet<(String, String)> = list(members.get("Subnets"))
            .iter()
            .map(|one| {
                let text = |member: &str, other: &str| one[member].as_str().unwrap_or(other).to_owned();
                (text("account", ACCOUNT), text("region", REGION))
            })
            .collect();
        for (account, region) in places {
            let off = json!({"InternetGatewayBlockMode": "off", "account": account, "region": region});
            push(members, "VpcBlockPublicAccessOptions", off);
        }
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn push(members: &mut serde_json::Map<String, Value>, member: &str, document: Value) {
    members.entry(member).or_insert(json!([])).as_array_mut().expect("a list").push(document);
}
