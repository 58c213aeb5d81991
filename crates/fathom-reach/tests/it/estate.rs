//! A small network, and what is asked of it: documents in the shape of AWS's answers.

use std::collections::BTreeMap;

use fathom_access::{Listings, Permissions, Resource, Seen};
use fathom_content::Content;
use fathom_iam::organisation::{self, Target};
use fathom_net::{Builder, Found};
use fathom_reach::open::{Facts, Open, OpenRow};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-central-1";

/// A resource of a test.
#[derive(Clone)]
pub(crate) struct Thing {
    pub(crate) kind: String,
    pub(crate) arn: String,
    pub(crate) document: Value,
    pub(crate) unread: Vec<String>,
}

pub(crate) fn thing(kind: &str, arn: &str, document: Value) -> Thing {
    Thing { kind: kind.to_owned(), arn: arn.to_owned(), document, unread: Vec::new() }
}

fn anywhere(from: u16, to: u16) -> Value {
    json!([{"IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
}

fn group(id: &str, inbound: &Value) -> Thing {
    let out = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let document = json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "IpPermissions": inbound, "IpPermissionsEgress": out});
    thing("AWS::EC2::SecurityGroup", id, document)
}

/// A network interface with a group; a public address where one is given.
pub(crate) fn interface(id: &str, group: &str, made_by: &str, at: u8, public: Option<&str>) -> Thing {
    let mut address = json!({"Primary": true, "PrivateIpAddress": format!("10.0.0.{at}")});
    if let Some(public) = public {
        address["Association"] = json!({"PublicIp": public});
    }
    let document = json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "SubnetId": "subnet-1", "Description": made_by,
        "Status": "in-use", "Groups": [{"GroupId": group}], "PrivateIpAddresses": [address]});
    thing("AWS::EC2::NetworkInterface", id, document)
}

/// A network with a way to the internet, groups, interfaces, a public load balancer and one inside.
pub(crate) fn network() -> Vec<Thing> {
    let entry = |egress: bool| json!({"Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100, "CidrBlock": "0.0.0.0/0"});
    let balancer = |name: &str, scheme: &str| {
        let arn = format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/{name}");
        let document = json!({"LoadBalancerArn": arn, "LoadBalancerName": name.split('/').next(), "Type": "application",
            "Scheme": scheme, "State": {"Code": "active"}, "VpcId": "vpc-1", "SecurityGroups": ["sg-any"],
            "AvailabilityZones": [{"ZoneName": "eu-central-1a", "SubnetId": "subnet-1"}]});
        thing("AWS::ElasticLoadBalancingV2::LoadBalancer", &arn, document)
    };
    let web = format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/web/1");
    let mut server = interface("eni-server", "sg-any", "", 20, None);
    server.document["Attachment"] = json!({"InstanceId": "i-1", "DeviceIndex": 0});
    vec![
        thing("AWS::EC2::VPC", "vpc-1", json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"})),
        thing(
            "AWS::EC2::Subnet",
            "subnet-1",
            json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-central-1a"}),
        ),
        thing(
            "AWS::EC2::InternetGateway",
            "igw-1",
            json!({"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}),
        ),
        thing(
            "AWS::EC2::RouteTable",
            "rtb-1",
            json!({"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true}], "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}),
        ),
        thing(
            "AWS::EC2::NetworkAcl",
            "acl-1",
            json!({"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}],
                "Entries": [entry(true), entry(false)]}),
        ),
        thing("AWS::EC2::VPCBlockPublicAccessOptions", "options", json!({"InternetGatewayBlockMode": "off"})),
        thing("AWS::EC2::Instance", "i-1", json!({"InstanceId": "i-1", "State": {"Name": "running"}})),
        group("sg-any", &anywhere(0, 65535)),
        group("sg-db", &anywhere(5432, 5432)),
        group("sg-dw", &anywhere(5439, 5439)),
        group("sg-shut", &json!([])),
        interface("eni-any", "sg-any", "", 10, Some("54.0.0.10")),
        interface("eni-db", "sg-db", "RDSNetworkInterface", 11, Some("54.0.0.11")),
        interface("eni-dw", "sg-dw", "RedshiftNetworkInterface", 12, Some("54.0.0.12")),
        interface("eni-front", "sg-any", "ELB app/front/1", 13, Some("54.0.0.13")),
        interface("eni-old", "sg-any", "ELB old", 14, Some("54.0.0.14")),
        server,
        balancer("front/1", "internet-facing"),
        balancer("inside/2", "internal"),
        thing(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            &web,
            json!({"TargetGroupArn": web, "TargetGroupName": "web", "TargetType": "instance", "Protocol": "HTTPS",
                "VpcId": "vpc-1", "Instances": [{"Target": {"Id": "i-1", "Port": 8443}}], "LoadBalancerArns": []}),
        ),
    ]
}

/// What answers of such things, by the rules that ship.
pub(crate) fn open(content: &Content, things: &[Thing], unlisted: &[(&str, &str)]) -> Open {
    let mut builder = Builder::default();
    for (kind, why) in unlisted {
        builder.unlisted("", "", kind, why);
    }
    let mut people = organisation::Builder::default();
    people.account(ACCOUNT);
    let blocks = json!({"IgnorePublicAcls": false, "RestrictPublicBuckets": false});
    let mut resources = BTreeMap::new();
    people.add(organisation::Found {
        kind: "AWS::S3::AccountPublicAccessBlock",
        uid: "block",
        account: ACCOUNT,
        document: &blocks,
        unread: &[],
    });
    let mut seen = Vec::new();
    for one in things {
        builder.add(Found {
            kind: &one.kind,
            uid: &one.arn,
            account: ACCOUNT,
            region: REGION,
            document: &one.document,
            unread: &one.unread,
        });
        people.add(organisation::Found {
            kind: &one.kind,
            uid: &one.arn,
            account: ACCOUNT,
            document: &one.document,
            unread: &one.unread,
        });
        let target = Target { arn: one.arn.clone(), account: Some(ACCOUNT.to_owned()), seen: true };
        resources.insert(one.arn.clone(), Resource { kind: one.kind.clone(), target });
        seen.push(Seen {
            kind: one.kind.clone(),
            arn: one.arn.clone(),
            name: None,
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            document: one.document.clone(),
            unread: one.unread.clone(),
        });
    }
    let permissions = Permissions::of(people.build(), resources).unwrap();
    let facts = Facts {
        content,
        seen: &seen,
        network: &builder.build(),
        permissions: &permissions,
        listings: &Listings::default(),
    };
    Open::of(&facts).unwrap()
}

/// The rows about a resource.
pub(crate) fn of<'a>(found: &'a Open, arn: &str) -> Vec<&'a OpenRow> {
    found.rows.iter().filter(|row| row.resource == arn).collect()
}
