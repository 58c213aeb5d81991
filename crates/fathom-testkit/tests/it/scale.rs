//! Generated listings are complete, without repetition, and refer to what exists.

use std::collections::{BTreeMap, BTreeSet};

use fathom_testkit::front::{FrontOptions, Scale, model::Model, scale};
use serde_json::{Map, Value, json};

use crate::support::{Plain, front};

/// All items of a listing over its pages, by the member that holds them, and the number of pages.
async fn listed(plain: &Plain, service: &str, operation: &str) -> (BTreeMap<String, Vec<Value>>, usize) {
    let model = Model::of(service).expect("a model");
    let paginator = model.paginators.get(operation).expect("pages");
    let (input, output) = (paginator.input_token.all(), paginator.output_token.all());
    let mut params = Map::new();
    let mut items: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for pages in 1..10_000 {
        let value = plain.value(service, operation, &Value::Object(params.clone())).await;
        for (name, list) in value.as_object().expect("an object") {
            if let Value::Array(list) = list {
                assert!(list.len() as u64 <= scale::PAGE);
                items.entry(name.clone()).or_default().extend(list.iter().cloned());
            }
        }
        match value.get(output[0]).and_then(Value::as_str) {
            Some(token) => params.insert(input[0].to_owned(), token.into()),
            None => return (items, pages),
        };
        if let Some(more) = &paginator.more_results {
            assert_eq!(value[more], json!(true), "{service} {operation}");
        }
    }
    panic!("{service} {operation} does not end");
}

#[tokio::test]
async fn ten_thousand_resources_come_once_each() {
    let scale = Scale::of_total(10_000).in_regions(&["us-east-1", "eu-west-1", "ap-south-1"]);
    assert_eq!(scale.total(), 10_000);
    let (front, mut plain) = front(FrontOptions { scale: Some(scale.clone()), ..FrontOptions::default() });
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut count = 0;
    for region in &scale.regions {
        region.clone_into(&mut plain.region);
        for (service, operation) in scale::operations() {
            let global = matches!(service, "iam" | "s3");
            if global && region != "us-east-1" {
                continue;
            }
            let (lists, _) = listed(&plain, service, operation).await;
            for (name, items) in lists {
                count += items.len();
                let key = format!("{service} {operation} {name}");
                let known = seen.entry(key.clone()).or_default();
                for item in items {
                    assert!(known.insert(item.to_string()), "{key} repeats {item}");
                }
            }
        }
    }
    // Roles and users are listed twice: by name and with their details.
    assert_eq!(count as u64, scale.total() + scale.roles + scale.users);
    assert_eq!(seen["ec2 DescribeInstances Reservations"].len() as u64, scale.instances);
    assert_eq!(seen["iam GetAccountAuthorizationDetails RoleDetailList"].len() as u64, scale.roles);

    plain.region = "us-west-2".to_owned();
    assert_eq!(plain.value("ec2", "DescribeVolumes", &json!({})).await, json!({}));
    let regions = plain.value("ec2", "DescribeRegions", &json!({})).await;
    assert_eq!(regions["Regions"].as_array().expect("regions").len(), 3);
    assert!(front.calls_total() > 30);
}

#[tokio::test]
async fn references_lead_to_what_is_listed() {
    let scale = Scale::of_total(5_000);
    let (_front, plain) = front(FrontOptions { scale: Some(scale), ..FrontOptions::default() });
    let (instances, pages) = listed(&plain, "ec2", "DescribeInstances").await;
    assert_eq!(pages, 1);
    let ids = |items: &[Value], key: &str| -> BTreeSet<String> {
        items.iter().map(|item| item[key].as_str().expect("an id").to_owned()).collect()
    };
    let all = async |operation: &str, name: &str| {
        let (lists, _) = listed(&plain, "ec2", operation).await;
        lists[name].clone()
    };
    let subnets = all("DescribeSubnets", "Subnets").await;
    let subnet_of: BTreeMap<&str, &str> = subnets
        .iter()
        .map(|subnet| (subnet["SubnetId"].as_str().expect("an id"), subnet["VpcId"].as_str().expect("an id")))
        .collect();
    let vpcs = ids(&all("DescribeVpcs", "Vpcs").await, "VpcId");
    let volumes = ids(&all("DescribeVolumes", "Volumes").await, "VolumeId");
    let interfaces = ids(&all("DescribeNetworkInterfaces", "NetworkInterfaces").await, "NetworkInterfaceId");
    let groups = all("DescribeSecurityGroups", "SecurityGroups").await;
    let group_of: BTreeMap<&str, &str> = groups
        .iter()
        .map(|group| (group["GroupId"].as_str().expect("an id"), group["VpcId"].as_str().expect("an id")))
        .collect();
    let mut tagged = 0;
    let instances = &instances["Reservations"];
    for reservation in instances {
        let instance = &reservation["Instances"][0];
        let text = |pointer: &str| instance.pointer(pointer).and_then(Value::as_str).expect("text");
        let vpc = text("/VpcId");
        assert!(vpcs.contains(vpc));
        assert_eq!(subnet_of[text("/SubnetId")], vpc);
        assert_eq!(group_of[text("/SecurityGroups/0/GroupId")], vpc);
        assert!(volumes.contains(text("/BlockDeviceMappings/0/Ebs/VolumeId")));
        assert!(interfaces.contains(text("/NetworkInterfaces/0/NetworkInterfaceId")));
        tagged += usize::from(instance.get("Tags").is_some());
    }
    assert_eq!(tagged, instances.len() / 8 * 7 + (instances.len() % 8));
    let some = plain.value("ec2", "DescribeVolumes", &json!({"MaxResults": 10})).await;
    assert_eq!(some["Volumes"].as_array().expect("volumes").len(), 10);
    assert!(some["NextToken"].is_string());
}
