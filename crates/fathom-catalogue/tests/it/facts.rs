//! What AWS's Service Authorization Reference says, looked up by hand.

use std::time::Instant;

use fathom_catalogue::{ActionId, Catalogue, Level, ValueType};

use crate::catalogue;

#[test]
fn an_action_is_found_in_any_case_and_has_what_the_reference_says() {
    let action = catalogue().action("S3:getobject").unwrap();
    assert_eq!(action.name(), "s3:GetObject");
    assert_eq!(action.level(), Level::Read);
    assert_eq!(action.service().name(), "Amazon S3");
    let object = action.resources().find(|resource| resource.resource_type.name() == "object").unwrap();
    assert!(!object.required);
    assert_eq!(
        object.resource_type.arns().collect::<Vec<_>>(),
        ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]
    );
    assert!(action.condition_keys().any(|key| key.name == "s3:ExistingObjectTag/<key>"));
    assert!(catalogue().action("s3:GetObjectt").is_none());
    assert!(catalogue().action("GetObject").is_none());
}

#[test]
fn resource_types_have_keys_of_their_own_for_an_action() {
    let run = catalogue().action("ec2:RunInstances").unwrap();
    let of = |name: &str| run.resources().find(|resource| resource.resource_type.name() == name).unwrap();
    assert!(of("image").required && of("subnet").required && !of("key-pair").required);
    assert!(of("instance").condition_keys().any(|key| key.name == "ec2:MetadataHttpTokens"));
    assert!(!of("image").condition_keys().any(|key| key.name == "ec2:MetadataHttpTokens"));
    assert!(run.condition_keys().any(|key| key.name == "ec2:Region"));
}

#[test]
fn actions_without_resource_types_say_so() {
    let without = |name: &str| catalogue().action(name).unwrap().is_without_resource();
    assert!(without("s3:ListAllMyBuckets") && without("ec2:DescribeInstances"));
    assert!(!without("s3:ListBucket") && !without("sqs:SendMessage"));
    let all = catalogue().actions().filter(fathom_catalogue::Action::is_without_resource).count();
    assert!((6_000..8_000).contains(&all), "{all}");
}

#[test]
fn what_is_needed_beside_an_action_is_told_or_unknown() {
    let needs = |name: &str| -> Option<Vec<&str>> {
        let needs = catalogue().action(name).unwrap().needs()?;
        Some(needs.map(|action| action.name()).collect())
    };
    assert!(needs("lambda:CreateFunction").unwrap().contains(&"iam:PassRole"));
    assert_eq!(needs("sqs:ReceiveMessage").unwrap(), Vec::<&str>::new());
    let unknown = catalogue().actions().filter(|action| action.needs().is_none()).count();
    assert!((1_000..3_000).contains(&unknown), "{unknown}");
}

#[test]
fn condition_keys_have_types() {
    let one = |name: &str| {
        let found = catalogue().condition_keys(name);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        (found[0].name, found[0].value_type, found[0].is_list)
    };
    assert_eq!(one("S3:Prefix"), ("s3:prefix", ValueType::String, false));
    assert_eq!(one("aws:TagKeys"), ("aws:TagKeys", ValueType::String, true));
    assert_eq!(one("aws:RequestTag/team"), ("aws:RequestTag/${TagKey}", ValueType::String, false));
    assert_eq!(one("s3:ExistingObjectTag/a/b").0, "s3:ExistingObjectTag/<key>");
    assert_eq!(one("ec2:Vpc").1, ValueType::Arn);
    assert!(catalogue().condition_keys("aws:RequestTag/").is_empty());
    assert!(catalogue().condition_keys("s3:nothing").is_empty());
}

#[test]
fn numbers_are_dense_and_in_the_order_of_names() {
    let catalogue = catalogue();
    assert!(catalogue.len() > 22_000 && !catalogue.is_empty());
    let mut before = String::new();
    for (place, action) in catalogue.actions().enumerate() {
        assert_eq!(action.id().index(), place);
        let name = action.name().to_lowercase();
        assert!(before < name, "{before} stands before {name}");
        assert_eq!(catalogue.action(&name).unwrap().id(), action.id());
        assert!(name.starts_with(&format!("{}:", action.service().prefix())));
        before = name;
    }
    assert!(catalogue.get(ActionId(catalogue.len() as u32)).is_none());
    assert_eq!(catalogue.get(ActionId(0)).unwrap().name(), "a2c:GetContainerizationJobDetails");
    let of_services: usize = catalogue.services().map(|service| service.actions().len()).sum();
    assert_eq!(of_services, catalogue.len());
    assert_eq!(catalogue.service("SQS").unwrap().resource_types().len(), 1);
}

/// The counts and versions beside the file, written when it was made.
#[test]
fn the_index_beside_the_file_says_what_is_in_it() {
    let index: serde_json::Value =
        serde_json::from_str(include_str!("../../../../content/iam/aws-actions.index.json")).unwrap();
    let catalogue = catalogue();
    let version = catalogue.version();
    assert_eq!(index["sources"][0]["version"], version.actions.as_str());
    assert_eq!(index["sources"][0]["date"], version.date.as_str());
    assert_eq!(index["sources"][1]["version"], version.needs.as_str());
    assert_eq!(index["counts"]["actions"], catalogue.len());
    assert_eq!(index["counts"]["services"], catalogue.services().len());
    let types: usize = catalogue.services().map(|service| service.resource_types().len()).sum();
    assert_eq!(index["counts"]["types"], types);
    assert!(index["bytesPacked"].as_u64().unwrap() < 1_000_000);
}

#[test]
fn it_is_read_quickly() {
    let start = Instant::now();
    let loaded = Catalogue::load().unwrap();
    let took = start.elapsed();
    println!("read {} actions in {took:?}", loaded.len());
    // Measured in a build that is hardly optimised, on a machine that does other things: only a guard.
    assert!(took.as_millis() < 2_000, "{took:?}");
}
