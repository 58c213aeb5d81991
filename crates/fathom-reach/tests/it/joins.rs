//! The join of a setting with the network in both directions, and what happens where one side was not read.

use fathom_content::Content;
use fathom_net::Verdict;
use fathom_reach::open::OpenRow;
use serde_json::{Value, json};

use crate::estate::{Thing, interface, network, of, open, thing};

const DATABASE: &str = "arn:aws:rds:eu-central-1:111122223333:db:shop";

fn database(is_public: bool, group: &str) -> Thing {
    let document = json!({"DBInstanceIdentifier": "shop", "PubliclyAccessible": is_public,
        "Endpoint": {"Port": 5432}, "VpcSecurityGroups": [{"VpcSecurityGroupId": group}],
        "DBSubnetGroup": {"VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-1"}]}});
    thing("AWS::RDS::DBInstance", DATABASE, document)
}

/// The rows about one thing in the network, which may be changed first.
fn rows(one: Thing, change: impl FnOnce(&mut Vec<Thing>), unlisted: &[(&str, &str)]) -> Vec<OpenRow> {
    let content = Content::embedded().unwrap();
    let (arn, mut things) = (one.arn.clone(), network());
    things.push(one);
    change(&mut things);
    of(&open(&content, &things, unlisted), &arn).into_iter().cloned().collect()
}

fn verdict(one: Thing, change: impl FnOnce(&mut Vec<Thing>), unlisted: &[(&str, &str)]) -> Option<Verdict> {
    rows(one, change, unlisted).first().map(|row| row.verdict)
}

fn set(things: &mut [Thing], arn: &str, member: &str, value: Value) {
    let one = things.iter_mut().find(|one| one.arn == arn).unwrap();
    one.document[member] = value;
}

#[test]
fn a_public_database_answers_where_its_group_lets_in_the_internet() {
    let found = rows(database(true, "sg-db"), |_| {}, &[]);
    assert_eq!(found.len(), 1);
    let row = &found[0];
    assert_eq!((row.verdict, row.way.ports.as_slice()), (Verdict::Yes, [5432].as_slice()));
    assert_eq!(row.proof, ["PubliclyAccessible is true"]);
    assert!(
        row.way.hops.iter().any(|hop| hop.component == "security_group" && hop.id == "sg-db"),
        "{:?}",
        row.way
    );
    assert!(row.assumptions.iter().any(|line| line.contains("eni-db")), "{:?}", row.assumptions);
}

#[test]
fn neither_the_flag_nor_the_group_is_enough() {
    assert_eq!(verdict(database(false, "sg-db"), |_| {}, &[]), None, "the flag is off");
    assert_eq!(verdict(database(true, "sg-shut"), |_| {}, &[]), None, "the group lets nobody in");
    let no_route = |things: &mut Vec<Thing>| set(things, "rtb-1", "Routes", json!([]));
    assert_eq!(verdict(database(true, "sg-db"), no_route, &[]), None, "no route leads to the internet");
    let other_port = |things: &mut Vec<Thing>| {
        let rule = json!([{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
        set(things, "sg-db", "IpPermissions", rule);
    };
    assert_eq!(verdict(database(true, "sg-db"), other_port, &[]), None, "the group is for another port");
}

#[test]
fn some_of_the_internet_is_a_condition() {
    let office = |things: &mut Vec<Thing>| {
        let rule = json!([{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}]);
        set(things, "sg-db", "IpPermissions", rule);
    };
    let found = rows(database(true, "sg-db"), office, &[]);
    assert_eq!(found[0].verdict, Verdict::OnlyIf);
    assert!(found[0].conditions[0].contains("198.51.100.0/24"), "{:?}", found[0].conditions);
}

#[test]
fn what_was_not_read_of_the_network_is_unknown_with_its_call() {
    let gone = |things: &mut Vec<Thing>| things.retain(|one| one.arn != "eni-db");
    let found = rows(
        database(true, "sg-db"),
        gone,
        &[("AWS::EC2::NetworkInterface", "ec2:DescribeNetworkInterfaces is missing")],
    );
    assert_eq!(found[0].verdict, Verdict::Unknown);
    assert!(
        found[0].missing.iter().any(|why| why.contains("DescribeNetworkInterfaces")),
        "{:?}",
        found[0].missing
    );
    // The group was not seen either: it may let in anybody.
    let no_group = |things: &mut Vec<Thing>| things.retain(|one| one.arn != "sg-db");
    let found = rows(database(true, "sg-db"), no_group, &[("AWS::EC2::SecurityGroup", "denied")]);
    assert_eq!(found[0].verdict, Verdict::Unknown);
    assert!(
        found[0].missing.iter().any(|why| why.contains("DescribeSecurityGroups")),
        "{:?}",
        found[0].missing
    );
    // What its group surely shuts stays shut, whatever else was not read.
    let gone = |things: &mut Vec<Thing>| things.retain(|one| one.arn != "eni-db");
    assert_eq!(verdict(database(true, "sg-shut"), gone, &[]), None);
}

#[test]
fn an_interface_of_another_maker_is_not_the_databases() {
    let other = |things: &mut Vec<Thing>| {
        things.retain(|one| one.arn != "eni-db");
        things.push(interface("eni-else", "sg-db", "Interface of something else", 11, Some("54.0.0.11")));
    };
    assert_eq!(verdict(database(true, "sg-db"), other, &[]), Some(Verdict::Unknown));
}

#[test]
fn a_kubernetes_endpoint_answers_the_ranges_that_it_names() {
    let cluster = |ranges: Value| {
        let document = json!({"name": "tools", "resourcesVpcConfig": {"endpointPublicAccess": true, "publicAccessCidrs": ranges}});
        thing("AWS::EKS::Cluster", "arn:aws:eks:eu-central-1:111122223333:cluster/tools", document)
    };
    assert_eq!(verdict(cluster(json!(["0.0.0.0/0"])), |_| {}, &[]), Some(Verdict::Yes));
    let found = rows(cluster(json!(["198.51.100.0/24"])), |_| {}, &[]);
    assert_eq!(found[0].verdict, Verdict::OnlyIf);
    assert_eq!(found[0].conditions, ["the client is in 198.51.100.0/24"]);
}

#[test]
fn a_sheet_of_settings_closes_what_is_shared() {
    let snapshot = || {
        let document = json!({"SnapshotId": "snap-1", "CreateVolumePermissions": [{"Group": "all"}]});
        thing("AWS::EC2::Snapshot", "arn:aws:ec2:eu-central-1::snapshot/snap-1", document)
    };
    let sheet = |state: &'static str| {
        move |things: &mut Vec<Thing>| {
            let document = json!({"SnapshotBlockPublicAccess": {"State": state}});
            things.push(thing("AWS::EC2::RegionSettings", "sheet", document));
        }
    };
    assert_eq!(verdict(snapshot(), sheet("unblocked"), &[]), Some(Verdict::Yes));
    assert_eq!(verdict(snapshot(), sheet("block-all-sharing"), &[]), None);
    let found = rows(snapshot(), |_| {}, &[]);
    assert_eq!(found[0].verdict, Verdict::OnlyIf);
    assert!(
        found[0].conditions[0].contains("GetSnapshotBlockPublicAccessState"),
        "{:?}",
        found[0].conditions
    );
}

#[test]
fn a_route_answers_where_a_stage_is_deployed() {
    let route = || {
        let document = json!({"RouteId": "r", "AuthorizationType": "NONE"});
        thing("AWS::ApiGatewayV2::Route", "arn:aws:apigateway:eu-central-1::/apis/a/routes/r", document)
    };
    let stage = |api: &'static str| {
        move |things: &mut Vec<Thing>| {
            let arn = format!("arn:aws:apigateway:eu-central-1::/apis/{api}/stages/live");
            things.push(thing("AWS::ApiGatewayV2::Stage", &arn, json!({"StageName": "live"})));
        }
    };
    assert_eq!(verdict(route(), stage("a"), &[]), Some(Verdict::Yes));
    // Nobody asked for stages: whether there is one is not known.
    assert_eq!(verdict(route(), stage("b"), &[]), Some(Verdict::Unknown));
}

#[test]
fn a_policy_for_everyone_tells_its_statement_and_its_conditions() {
    let queue = |statement: Value| {
        let arn = "arn:aws:sqs:eu-central-1:111122223333:jobs";
        let closed = json!({"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sqs:*", "Resource": arn});
        let document = json!({"Policy": {"Version": "2012-10-17", "Statement": [closed, statement]}});
        thing("AWS::SQS::Queue", arn, document)
    };
    let arn = "arn:aws:sqs:eu-central-1:111122223333:jobs";
    let found = rows(
        queue(json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn})),
        |_| {},
        &[],
    );
    assert_eq!(found[0].verdict, Verdict::Yes);
    assert!(found[0].proof.iter().any(|line| line.contains("statement 1")), "{:?}", found[0].proof);
    assert!(found[0].proof[0].contains("sqs:SendMessage"), "{:?}", found[0].proof);
    let found = rows(
        queue(json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}})),
        |_| {},
        &[],
    );
    assert_eq!(found[0].verdict, Verdict::OnlyIf);
    assert!(
        found[0].conditions.iter().any(|line| line.contains("198.51.100.0/24")),
        "{:?}",
        found[0].conditions
    );
}

#[test]
fn a_policy_of_a_service_that_wants_signatures_asks_for_an_account() {
    let arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:door";
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"});
    let document = json!({"ResourcePolicy": {"Version": "2012-10-17", "Statement": [statement]}});
    let found = rows(thing("AWS::SecretsManager::Secret", arn, document), |_| {}, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].rule.as_str(), found[0].asks),
        ("other-policy", fathom_content::open::Asks::AnyAccount)
    );
}

#[test]
fn rules_for_everything_are_told_with_whom_they_let_in() {
    let content = Content::embedded().unwrap();
    let everything = |id: &str, range: &str| {
        let inbound = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": range}]}]);
        let document = json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "IpPermissions": inbound});
        thing("AWS::EC2::SecurityGroup", id, document)
    };
    let mut things = network();
    things.push(everything("sg-vpc", "10.0.0.0/8"));
    things.push(everything("sg-part", "10.0.0.0/24"));
    things.push(everything("sg-idle", "0.0.0.0/0"));
    let itself = json!([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-own"}]}]);
    let document =
        json!({"GroupId": "sg-own", "GroupName": "own", "VpcId": "vpc-1", "IpPermissions": itself});
    things.push(thing("AWS::EC2::SecurityGroup", "sg-own", document));
    things.push(interface("eni-vpc", "sg-vpc", "", 40, None));
    things.push(interface("eni-own-1", "sg-own", "", 41, None));
    things.push(interface("eni-own-2", "sg-own", "", 42, None));
    let found = open(&content, &things, &[]);
    let told = |id: &str| of(&found, id).first().map(|row| (row.rule.clone(), row.verdict));
    assert_eq!(told("sg-any"), Some(("group-anybody".to_owned(), Verdict::Yes)));
    assert_eq!(told("sg-vpc"), Some(("group-whole-network".to_owned(), Verdict::Yes)));
    assert_eq!(told("sg-part"), None, "a part of the VPC is not all of it");
    assert_eq!(told("sg-db"), None, "one port is not everything");
    assert_eq!(told("sg-idle"), Some(("group-anybody".to_owned(), Verdict::OnlyIf)));
    assert_eq!(told("sg-own"), Some(("group-members".to_owned(), Verdict::Yes)));
}
