//! A small estate: a server that the internet reaches and one that it does not, an image that a container runs, functions.

use std::{collections::BTreeMap, sync::Arc};

use fathom_access::Seen;
use fathom_content::VulnerabilityRules;
use fathom_net::{Builder, Found};
use fathom_vulnerable::{Ground, Report, Vulnerabilities};
use fathom_weakness::{EpssRow, KevRow, Noted, join::Feeds};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const NETWORK: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

pub(crate) fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

pub(crate) fn digest(letter: char) -> String {
    format!("sha256:{}", letter.to_string().repeat(64))
}

/// Things by type, ARN and document.
pub(crate) type Things = Vec<(String, String, Value)>;

fn thing(kind: &str, arn: String, document: Value) -> (String, String, Value) {
    (kind.to_owned(), arn, document)
}

fn interface(
    id: &str,
    group: &str,
    at: u8,
    public: Option<&str>,
    server: Option<&str>,
) -> (String, String, Value) {
    let mut address = json!({"Primary": true, "PrivateIpAddress": format!("10.0.0.{at}")});
    if let Some(public) = public {
        address["Association"] = json!({"PublicIp": public});
    }
    let mut document = json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "SubnetId": "subnet-1", "Status": "in-use",
        "Groups": [{"GroupId": group}], "PrivateIpAddresses": [address]});
    if let Some(server) = server {
        document["Attachment"] = json!({"InstanceId": server, "DeviceIndex": 0});
    }
    thing("AWS::EC2::NetworkInterface", id.to_owned(), document)
}

fn server(id: &str) -> (String, String, Value) {
    let document = json!({"InstanceId": id, "State": {"Name": "running"}});
    thing("AWS::EC2::Instance", arn("ec2", &format!("instance/{id}")), document)
}

/// All of it.
pub(crate) fn estate() -> Things {
    let entry = |egress: bool| json!({"Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100, "CidrBlock": "0.0.0.0/0"});
    let any = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let group = |id: &str, inbound: Value| {
        let document = json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "IpPermissions": inbound, "IpPermissionsEgress": any});
        thing("AWS::EC2::SecurityGroup", id.to_owned(), document)
    };
    let web = json!([{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    let image = |repository: &str, letter: char| {
        let document =
            json!({"repositoryName": repository, "imageDigest": digest(letter), "imageTags": ["1.0"]});
        thing(
            "AWS::ECR::Image",
            format!("{}/{}", arn("ecr", &format!("repository/{repository}")), digest(letter)),
            document,
        )
    };
    let task = json!({"taskArn": "t", "containers": [{"imageDigest": digest('a')}],
        "attachments": [{"details": [{"name": "subnetId", "value": "subnet-1"}, {"name": "networkInterfaceId", "value": "eni-task"}]}]});
    vec![
        thing("AWS::EC2::VPC", "vpc-1".to_owned(), json!({"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"})),
        thing(
            "AWS::EC2::Subnet",
            "subnet-1".to_owned(),
            json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-central-1a"}),
        ),
        thing(
            "AWS::EC2::InternetGateway",
            "igw-1".to_owned(),
            json!({"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}),
        ),
        thing(
            "AWS::EC2::RouteTable",
            "rtb-1".to_owned(),
            json!({"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true}], "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}),
        ),
        thing(
            "AWS::EC2::NetworkAcl",
            "acl-1".to_owned(),
            json!({"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Entries": [entry(true), entry(false)]}),
        ),
        thing(
            "AWS::EC2::VPCBlockPublicAccessOptions",
            "options".to_owned(),
            json!({"InternetGatewayBlockMode": "off"}),
        ),
        group("sg-web", web),
        group("sg-shut", json!([])),
        server("i-open"),
        server("i-shut"),
        server("i-lost"),
        interface("eni-open", "sg-web", 10, Some("54.0.0.10"), Some("i-open")),
        interface("eni-shut", "sg-shut", 11, None, Some("i-shut")),
        interface("eni-task", "sg-web", 12, Some("54.0.0.12"), None),
        image("shop/web", 'a'),
        image("shop/old", 'b'),
        thing("AWS::ECS::Task", arn("ecs", "task/shop/1"), task),
        thing(
            "AWS::Lambda::Function",
            arn("lambda", "function:mail"),
            json!({"UrlConfig": {"AuthType": "NONE"}}),
        ),
        thing("AWS::Lambda::Function", arn("lambda", "function:quiet"), json!({})),
    ]
}

/// A finding of Amazon Inspector.
pub(crate) fn finding(about: &str, cve: &str, status: &str) -> (String, String, Value) {
    let document = json!({"findingArn": format!("f/{about}/{cve}"), "type": "PACKAGE_VULNERABILITY", "status": status, "severity": "CRITICAL",
        "title": cve, "firstObservedAt": "2026-01-02T03:04:05Z", "fixAvailable": "YES", "exploitAvailable": "NO",
        "resources": [{"id": about, "type": "AWS_EC2_INSTANCE"}],
        "packageVulnerabilityDetails": {"vulnerabilityId": cve, "cvss": [{"baseScore": 9.8, "scoringVector": NETWORK, "version": "3.1", "source": "NVD"}],
            "vulnerablePackages": [{"name": "jenkins", "version": "1", "fixedInVersion": "2", "packageManager": "JAR"}]}});
    thing("AWS::InspectorV2::Finding", arn("inspector2", &format!("finding/{about}-{cve}")), document)
}

pub(crate) fn report(about: &[&str], notes: Vec<Noted>) -> Report {
    Report {
        file: "report.json".to_owned(),
        tool: "scanner".to_owned(),
        about: about.iter().map(|one| (*one).to_owned()).collect(),
        called: "shop".to_owned(),
        made_at: None,
        imported_at: "2026-02-01T00:00:00Z".parse().expect("a time"),
        is_look: true,
        notes,
    }
}

/// Feeds that know these.
pub(crate) fn feeds(kev: &[&str], epss: &[(&str, f64)]) -> Feeds {
    let row = |cve: &&str| {
        let row = KevRow {
            cve: (*cve).to_owned(),
            name: String::new(),
            added: "2024-08-19".to_owned(),
            due: None,
            ransomware: true,
        };
        ((*cve).to_owned(), row)
    };
    let chance = |(cve, score): &(&str, f64)| {
        ((*cve).to_owned(), EpssRow { cve: (*cve).to_owned(), score: *score, percentile: 0.5 })
    };
    Feeds { kev: Some(kev.iter().map(row).collect()), epss: Some(epss.iter().map(chance).collect()) }
}

/// What is known of an estate.
pub(crate) fn ask(things: &Things, reports: Vec<Report>, feeds: Feeds) -> Vulnerabilities {
    let mut builder = Builder::default();
    let mut seen = Vec::new();
    for (kind, arn, document) in things {
        builder.add(Found { kind, uid: arn, account: ACCOUNT, region: REGION, document, unread: &[] });
        seen.push(Seen {
            kind: kind.clone(),
            arn: arn.clone(),
            name: None,
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            document: document.clone(),
            unread: Vec::new(),
        });
    }
    let rules = VulnerabilityRules::embedded().expect("rules");
    let ground = Ground {
        seen,
        reports,
        feeds,
        feed_states: Vec::new(),
        network: Arc::new(builder.build()),
        owners: BTreeMap::new(),
        gaps: Vec::new(),
    };
    Vulnerabilities::of(&rules, &ground)
}
