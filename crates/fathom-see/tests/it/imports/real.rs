//! Files of real tools and accounts, from the shared data; skipped where it is absent.

use std::{collections::BTreeMap, fs, path::Path};

use fathom_content::Content;
use serde_json::{Map, Value, json};

use super::{Desk, told};
use crate::recorded::unpacked;
use fathom_see::import::JsonOptions;

const T1: &str = "2026-02-01T00:00:00Z";

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// How many resources of each type there are.
async fn kinds(desk: &Desk) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for row in desk.estate().await {
        *kinds.entry(row.resource.kind.to_string()).or_default() += 1;
    }
    kinds
}

#[tokio::test]
async fn an_account_that_a_collector_saved() {
    let Some(dir) = unpacked("cloud/small-aws-account.tar.zst") else { return };
    let folder = dir.path().join("cloudmapper-demo/account-data");
    let desk = Desk::new().await;
    let report = desk.json_of(&folder, &JsonOptions::default(), T1).await.unwrap();
    assert_eq!(told(&report), Vec::<String>::new());
    let here = folder.join("demo/us-east-1");
    let list = |file: &str, member: &str| parsed(&here.join(file))[member].as_array().unwrap().len();
    let reservations = parsed(&here.join("ec2-describe-instances.json"));
    let running: usize = reservations["Reservations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["Instances"].as_array().unwrap())
        .filter(|one| one["State"]["Name"] != "terminated")
        .count();
    let kinds = kinds(&desk).await;
    for (kind, expected) in [
        ("AWS::EC2::Instance", running),
        ("AWS::EC2::VPC", list("ec2-describe-vpcs.json", "Vpcs")),
        ("AWS::EC2::Subnet", list("ec2-describe-subnets.json", "Subnets")),
        ("AWS::EC2::SecurityGroup", list("ec2-describe-security-groups.json", "SecurityGroups")),
        ("AWS::S3::Bucket", list("s3-list-buckets.json", "Buckets")),
        ("AWS::Lambda::Function", list("lambda-list-functions.json", "Functions")),
        ("AWS::RDS::DBInstance", list("rds-describe-db-instances.json", "DBInstances")),
        ("AWS::IAM::Role", list("iam-get-account-authorization-details.json", "RoleDetailList")),
        ("AWS::SNS::Topic", list("sns-list-topics.json", "Topics")),
        ("AWS::SQS::Queue", list("sqs-list-queues.json", "QueueUrls")),
    ] {
        assert!(expected > 0, "{kind}");
        assert_eq!(kinds.get(kind).copied().unwrap_or_default(), expected, "{kind}");
    }
    let bucket = desk.document("arn:aws:s3:::cloudmapper_demo").await;
    assert_eq!(bucket["Policy"]["Statement"][0]["Principal"]["AWS"], "*");
    println!("{} resources; not used: {:?}", desk.uids().await.len(), report.unused);
}

#[tokio::test]
async fn networks_saved_by_answer_and_not_by_operation() {
    let Some(dir) = unpacked("network/aws-vpc-snapshots.tar.zst") else { return };
    let folders = crate::recorded::directories(dir.path(), &|dir| dir.join("Vpcs.json").is_file());
    assert!(folders.len() >= 5, "{}", folders.len());
    for folder in folders {
        let desk = Desk::new().await;
        let options = JsonOptions { account: Some("111111111111".into()), region: Some("us-west-2".into()) };
        let report = desk.json_of(&folder, &options, T1).await.unwrap();
        let kinds = kinds(&desk).await;
        for (file, member, kind) in [
            ("Vpcs.json", "Vpcs", "AWS::EC2::VPC"),
            ("Subnets.json", "Subnets", "AWS::EC2::Subnet"),
            ("SecurityGroups.json", "SecurityGroups", "AWS::EC2::SecurityGroup"),
            ("NetworkAcls.json", "NetworkAcls", "AWS::EC2::NetworkAcl"),
            ("RouteTables.json", "RouteTables", "AWS::EC2::RouteTable"),
            ("NetworkInterfaces.json", "NetworkInterfaces", "AWS::EC2::NetworkInterface"),
            ("LoadBalancers.json", "LoadBalancers", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
        ] {
            let path = folder.join(file);
            if path.is_file() {
                let ids = parsed(&path)[member].as_array().unwrap().len();
                let found = kinds.get(kind).copied().unwrap_or_default();
                assert_eq!(found, ids, "{} {file}; {:?}", folder.display(), report.problems);
            }
        }
        println!("{}: not used: {:?}", folder.display(), report.unused);
    }
}

#[tokio::test]
async fn authorization_details_of_an_account() {
    let Some(dir) = unpacked("iam/gaad-examples.tar.zst") else { return };
    let file = dir.path().join("cloudsplaining/examples/files/example.json");
    let desk = Desk::new().await;
    desk.put("iam-get-account-authorization-details.json", fs::read(&file).unwrap());
    desk.json_at(T1).await.unwrap();
    let given = parsed(&file);
    let count = |member: &str| given[member].as_array().unwrap().len();
    let policies = given["Policies"].as_array().unwrap();
    let is_of_aws = |policy: &&Value| policy["Arn"].as_str().unwrap().contains(":iam::aws:");
    // AWS gives those of its own policies that the account uses, and no others.
    let of_aws = policies.iter().filter(is_of_aws).count();
    assert!(of_aws > 10 && policies.iter().filter(is_of_aws).all(|one| one["AttachmentCount"] != 0));
    let kinds = kinds(&desk).await;
    assert_eq!(kinds["AWS::IAM::User"], count("UserDetailList"));
    assert_eq!(kinds["AWS::IAM::Role"], count("RoleDetailList"));
    assert_eq!(kinds["AWS::IAM::Group"], count("GroupDetailList"));
    assert_eq!(kinds["AWS::IAM::ManagedPolicy"], count("Policies"));
}

/// A value of a schema's property.
fn example(kind: &str, path: &str, arn: &str) -> Value {
    if path.to_ascii_lowercase().ends_with("arn") {
        return json!(arn);
    }
    match kind {
        "date" => json!("2026-01-01T00:00:00.000Z"),
        "integer" | "long" => json!(1),
        "double" | "float" => json!(1.5),
        "boolean" => json!(true),
        _ => json!(format!("{}-1", path.rsplit('.').next().unwrap_or_default())),
    }
}

/// An item with each property that the schema of its type names.
fn item_of(kind: &str, schema: &Map<String, Value>) -> Value {
    let arn = format!("arn:aws:service:eu-west-1:111111111111:{}/r-1", kind.replace("::", "-"));
    let mut item = json!({"resourceType": kind});
    for (path, form) in schema {
        if path.starts_with("relationships") || path.starts_with("tags") {
            continue;
        }
        let value = example(form.as_str().unwrap_or_default(), path, &arn);
        let mut at = &mut item;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if !at.is_object() {
                break;
            }
            let next = at.as_object_mut().unwrap().entry(name).or_insert_with(|| json!({}));
            if names.peek().is_none() {
                *next = value.clone();
            }
            at = next;
        }
    }
    for (name, value) in [
        ("resourceType", kind),
        ("resourceId", "r-1"),
        ("resourceName", "r-1"),
        ("awsRegion", "eu-west-1"),
        ("accountId", "111111111111"),
        ("arn", &arn),
        ("configurationItemStatus", "OK"),
        ("configurationItemCaptureTime", "2026-01-01T00:00:00Z"),
    ] {
        item[name] = json!(value);
    }
    item
}

#[tokio::test]
async fn each_type_that_config_describes_lands_under_our_definition_of_it() {
    let Some(dir) = unpacked("posture/aws-config-schemas.tar.zst") else { return };
    let folder = dir.path().join("aws-config-resource-schema/config/properties/resource-types");
    let content = Content::embedded().unwrap();
    let mut items = Vec::new();
    let mut defined: BTreeMap<String, bool> = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(kind) = name.strip_suffix(".properties.json") else { continue };
        let schema = parsed(&path);
        items.push(item_of(kind, schema.as_object().unwrap()));
        let named = content.aws_config.of(kind).and_then(|names| names.named.as_ref());
        let ours = named.map_or(kind, |named| named.as_str());
        if content.resources.contains_key(ours) {
            defined.insert(ours.to_owned(), false);
        }
    }
    let desk = Desk::new().await;
    desk.put("all.json", json!({"configurationItems": items}).to_string());
    let report = desk.config_at(T1).await.unwrap();
    assert_eq!(told(&report), Vec::<String>::new());
    let estate = desk.estate().await;
    assert_eq!(estate.len(), items.len(), "each item is a resource");
    for row in &estate {
        if let Some(found) = defined.get_mut(row.resource.kind.as_str()) {
            *found = true;
        }
    }
    let missing: Vec<&String> = defined.iter().filter(|(_, found)| !**found).map(|(kind, _)| kind).collect();
    assert!(missing.is_empty(), "{missing:?}");
    println!("{} types of AWS Config, {} of them defined here", items.len(), defined.len());
    assert!(defined.len() >= 100, "{}", defined.len());
    // Members that matter, in the API's spelling.
    let of = |kind: &str| {
        let row = estate.iter().find(|row| row.resource.kind.as_str() == kind).unwrap();
        serde_json::from_str::<Value>(row.resource.document.as_str()).unwrap()
    };
    assert_eq!(of("AWS::EC2::Instance")["InstanceType"], "instanceType-1");
    assert_eq!(of("AWS::IAM::Role")["RoleName"], "roleName-1");
    assert_eq!(of("AWS::Lambda::Function")["FunctionName"], "functionName-1");
}
