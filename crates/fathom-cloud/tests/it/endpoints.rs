//! Our endpoints against botocore's rules, for every service in regions of every partition.

use fathom_cloud::{
    client::{Client, ClientOptions},
    model::Models,
};
use fathom_model::{Partition, Region};
use serde_json::Value;

use crate::moto_differential::run_python;

const REGIONS: &[(&str, &str)] = &[
    ("us-east-1", "aws"),
    ("us-west-2", "aws"),
    ("eu-west-1", "aws"),
    ("ap-east-1", "aws"),
    ("cn-north-1", "aws-cn"),
    ("us-gov-west-1", "aws-us-gov"),
    ("eusc-de-east-1", "aws-eusc"),
];

/// Where we go elsewhere on purpose: service, region or `*`, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    // The rules would form a name in any region; the service answers in one only, whichever was asked about.
    ("globalaccelerator", "us-east-1", "it answers in us-west-2 only"),
    ("globalaccelerator", "eu-west-1", "it answers in us-west-2 only"),
    ("globalaccelerator", "ap-east-1", "it answers in us-west-2 only"),
];

#[test]
fn endpoints_equal_botocores_rules() {
    let services: Vec<String> = Models::embedded().services().collect();
    let input: String = services
        .iter()
        .flat_map(|service| REGIONS.iter().map(move |(region, _)| format!("{service} {region}\n")))
        .collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer/endpoints.py");
    let Some(output) = run_python(&[script], &input) else { return };
    let client = Client::new(ClientOptions::default()).expect("a client");
    let mut differences = Vec::new();
    let mut compared = 0;
    for line in output.lines() {
        let theirs: Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| theirs[name].as_str().expect("text");
        let (service, region) = (text("service"), text("region"));
        if EXCEPTIONS.iter().any(|(of, place, _)| *of == service && (*place == "*" || *place == region)) {
            continue;
        }
        let partition = REGIONS.iter().find(|(name, _)| *name == region).expect("a partition").1;
        let ours =
            client.endpoint(&Partition::new(partition), &Region::new(region), service).expect("an endpoint");
        compared += 1;
        let ours =
            (ours.url.as_str().trim_end_matches('/').to_owned(), ours.signing_region, ours.signing_name);
        let theirs = (
            text("url").trim_end_matches('/').to_owned(),
            text("signing_region").to_owned(),
            text("signing_name").to_owned(),
        );
        if ours != theirs {
            differences.push(format!("{service} {region}: ours {ours:?}, botocore {theirs:?}"));
        }
    }
    println!("{compared} endpoints compared, {} differ", differences.len());
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 700, "only {compared} endpoints were compared");
}

#[test]
fn services_without_regions_answer_for_all_and_sign_at_home() {
    let client = Client::new(ClientOptions::default()).expect("a client");
    let of = |partition: &str, region: &str, service: &str| {
        let target = client.endpoint(&partition.into(), &region.into(), service).expect("an endpoint");
        (target.url.to_string(), target.signing_region)
    };
    for region in ["global", "eu-west-1", "us-east-1"] {
        assert_eq!(
            of("aws", region, "iam"),
            ("https://iam.amazonaws.com/".to_owned(), "us-east-1".to_owned())
        );
        assert_eq!(of("aws", region, "route53").1, "us-east-1");
    }
    assert_eq!(of("aws-cn", "global", "iam").1, "cn-north-1");
    assert_eq!(
        of("aws", "global", "ec2"),
        ("https://ec2.us-east-1.amazonaws.com/".to_owned(), "us-east-1".to_owned())
    );
    assert_eq!(of("aws", "global", "globalaccelerator").1, "us-west-2");
    assert_eq!(of("aws", "eu-central-9", "ec2").0, "https://ec2.eu-central-9.amazonaws.com/");
}
