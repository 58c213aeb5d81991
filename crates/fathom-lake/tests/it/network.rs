//! What reaches what, as a table and as a function. That both equal the commands is tested on the sample, with these.

use fathom_lake::{Limits, SqlError};
use fathom_model::{Document, Resource};
use serde_json::{Value, json};

use crate::{
    access::{resource, scanned},
    estate::{error, lake, lake_of, rows},
};

/// A server with a public address behind a group that lets in HTTPS, with a name that a table must not break on.
fn network() -> Vec<Resource> {
    let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let https =
        json!([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let entry = |egress: bool| json!({"Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100, "CidrBlock": "0.0.0.0/0"});
    let address =
        json!({"Primary": true, "PrivateIpAddress": "10.0.0.10", "Association": {"PublicIp": "54.0.0.10"}});
    let of = |kind: &str, id: &str, document: Value| {
        let arn = format!("arn:aws:ec2:eu-central-1:111122223333:{kind}/{id}");
        let found = resource(&format!("AWS::EC2::{kind}"), &arn, &document);
        Resource { document: Document::new(&document), ..found }
    };
    vec![
        of("VPC", "vpc-1", json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"})),
        of(
            "Subnet",
            "subnet-1",
            json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "a"}),
        ),
        of(
            "InternetGateway",
            "igw-1",
            json!({"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}),
        ),
        of(
            "RouteTable",
            "rtb-1",
            json!({"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true}],
                "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}),
        ),
        of(
            "NetworkAcl",
            "acl-1",
            json!({"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Entries": [entry(true), entry(false)]}),
        ),
        of("VPCBlockPublicAccessOptions", "options", json!({"InternetGatewayBlockMode": "off"})),
        of(
            "SecurityGroup",
            "sg-1",
            json!({"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": https, "IpPermissionsEgress": all}),
        ),
        of(
            "NetworkInterface",
            "eni-1",
            json!({"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Status": "in-use",
                "Description": "a, \"b\"\n\u{1b}[2J'; drop", "Groups": [{"GroupId": "sg-1"}], "PrivateIpAddresses": [address]}),
        ),
    ]
}

#[tokio::test]
async fn what_the_internet_reaches_is_a_table_that_joins() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &network()).await);
    let sql =
        "SELECT id, component, account, protocol, first_port, last_port, verdict, disposition, description
        FROM exposure WHERE protocol = 'tcp'";
    let told = json!([{"id": "eni-1", "component": "network_interface", "account": "111122223333", "protocol": "tcp",
        "first_port": 443, "last_port": 443, "verdict": "yes", "disposition": "accepted",
        "description": "a, \"b\"\n\u{1b}[2J'; drop"}]);
    assert_eq!(rows(&lake, sql).await, told);
    let joined = "SELECT r.type, e.first_port FROM exposure e JOIN resources r ON r.uid LIKE '%/' || e.id";
    assert_eq!(rows(&lake, joined).await, json!([{"type": "AWS::EC2::NetworkInterface", "first_port": 443}]));
}

#[tokio::test]
async fn whether_one_reaches_another_is_a_function() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &network()).await);
    let one = "SELECT verdict, src, dst, protocol, first_port, last_port, code FROM reach('internet', 'eni-1', 443)";
    let told = json!([{"verdict": "yes", "src": "internet", "dst": "eni-1", "protocol": "tcp", "first_port": 443,
        "last_port": 443, "code": null}]);
    assert_eq!(rows(&lake, one).await, told);
    let closed = "SELECT verdict, blocked_by, code FROM reach('internet', 'eni-1', 22)";
    let told =
        json!([{"verdict": "no", "blocked_by": "security_group sg-1", "code": "ENI_SG_RULES_MISMATCH"}]);
    assert_eq!(rows(&lake, closed).await, told);
    let all =
        "SELECT verdict, first_port, last_port FROM reach('internet', 'eni-1', NULL) ORDER BY first_port";
    let told = json!([{"verdict": "no", "first_port": 0, "last_port": 442}, {"verdict": "yes", "first_port": 443, "last_port": 443},
        {"verdict": "no", "first_port": 444, "last_port": 65535}]);
    assert_eq!(rows(&lake, all).await, told);
    // No ports, another protocol; and two questions in one query.
    let echo = "SELECT a.verdict AS icmp, a.first_port, b.verdict AS https
        FROM reach('internet', 'eni-1', NULL, 'icmp') a CROSS JOIN reach('internet', '54.0.0.10', 400 + 43) b";
    assert_eq!(rows(&lake, echo).await, json!([{"icmp": "no", "first_port": null, "https": "yes"}]));
}

#[tokio::test]
async fn questions_that_mean_nothing_are_told_what_to_write() {
    let dir = tempfile::tempdir().expect("a directory");
    let there = lake_of(scanned(dir.path(), &network()).await);
    for (sql, says) in [
        ("SELECT * FROM reach('internet')", "takes two to four arguments"),
        ("SELECT * FROM reach('internet', 'eni-1', 70000)", "is no port"),
        ("SELECT * FROM reach('internet', 'eni-1', 'https')", "is no port"),
        ("SELECT * FROM reach(1, 'eni-1', 443)", "is a text"),
        ("SELECT * FROM reach('internet', 'eni-1', 443, 'carrier pigeon')", "is no protocol"),
        ("SELECT * FROM reach('internet', 'eni-9', 443)", "nothing is called `eni-9`"),
    ] {
        let error = error(&there, sql, Limits::default()).await;
        assert!(matches!(error, SqlError::Meaning { .. }), "{sql}: {error:?}");
        assert!(error.to_string().contains(says), "{sql}: {error}");
    }
    // Where the source does not know it, that is said.
    let error = error(&lake(), "SELECT * FROM exposure", Limits::default()).await;
    assert!(error.to_string().contains("not known of this estate"), "{error}");
}
