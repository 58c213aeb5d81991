//! Damaged, hostile and random answers: an error or a value, never a panic.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fathom_cloud::codec::{self, ParseError, Secrets, SerializeError};
use fathom_cloud::model::{Models, Service};
use fathom_cloud::wire;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

const EC2: &str = r#"<?xml version="1.0"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>r</requestId><reservationSet><item><ownerId>1</ownerId><instancesSet><item>
  <instanceId>i-1</instanceId><launchTime>2026-01-02T03:04:05.000Z</launchTime><tagSet><item><key>a&amp;b</key>
  <value><![CDATA[<x>]]></value></item></tagSet><groupSet/></item></instancesSet></item></reservationSet>
  </DescribeInstancesResponse>"#;
const IAM: &str = r"<ListRolesResponse><ListRolesResult><IsTruncated>false</IsTruncated><Roles><member>
  <RoleName>r</RoleName><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument>
  </member></Roles></ListRolesResult></ListRolesResponse>";
const S3: &str = r"<ListAllMyBucketsResult><Buckets><Bucket><Name>b</Name><CreationDate>2026-01-02T03:04:05Z</CreationDate>
  </Bucket></Buckets><Owner><ID>o</ID></Owner></ListAllMyBucketsResult>";
const LAMBDA: &str = r#"{"Functions":[{"FunctionName":"f","Environment":{"Variables":{"KEY":"value"}},
  "CodeSize":12,"LastModified":"2026-01-02T03:04:05Z"}],"NextMarker":null}"#;
const KMS: &str =
    r#"{"KeyMetadata":{"KeyId":"k","CreationDate":1767323045.5,"Enabled":true,"MultiRegion":false}}"#;

/// One operation of each protocol with an answer to damage.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("ec2", "DescribeInstances", EC2),
    ("iam", "ListRoles", IAM),
    ("s3", "ListBuckets", S3),
    ("lambda", "ListFunctions", LAMBDA),
    ("kms", "DescribeKey", KMS),
];

fn response(status: u16, body: &[u8]) -> wire::Response {
    wire::Response { status, headers: HeaderMap::new(), body: body.to_vec().into() }
}

fn parse(service: &str, operation: &str, body: &[u8], secrets: Secrets) -> Result<Value, ParseError> {
    let service = Models::embedded().service(service).unwrap();
    let operation = service.operation(operation).unwrap();
    codec::parse(&service, operation, &response(200, body), secrets)
}

#[test]
fn answers_read_as_they_should() {
    let value = parse("ec2", "DescribeInstances", EC2.as_bytes(), Secrets::Keep).unwrap();
    assert_eq!(
        value,
        json!({"Reservations": [{"OwnerId": "1", "Instances": [{
            "InstanceId": "i-1",
            "LaunchTime": "2026-01-02T03:04:05Z",
            "Tags": [{"Key": "a&b", "Value": "<x>"}],
            "SecurityGroups": [],
        }]}]})
    );
    let value = parse("iam", "ListRoles", IAM.as_bytes(), Secrets::Keep).unwrap();
    assert_eq!(value["Roles"][0]["AssumeRolePolicyDocument"], json!({"Version": "2012-10-17"}));
    let value = parse("kms", "DescribeKey", KMS.as_bytes(), Secrets::Keep).unwrap();
    assert_eq!(value["KeyMetadata"]["CreationDate"], "2026-01-02T03:04:05.5Z");
    let value =
        parse("s3", "GetBucketLocation", b"<LocationConstraint>EU</LocationConstraint>", Secrets::Keep);
    assert_eq!(value.unwrap(), json!({"LocationConstraint": "EU"}));
}

#[test]
fn secrets_are_masked_and_map_keys_kept() {
    let value = parse("lambda", "ListFunctions", LAMBDA.as_bytes(), Secrets::Mask).unwrap();
    assert_eq!(value["Functions"][0]["Environment"], json!({"Variables": {"KEY": codec::MASK}}));
    let value = parse("lambda", "ListFunctions", LAMBDA.as_bytes(), Secrets::Keep).unwrap();
    assert_eq!(value["Functions"][0]["Environment"], json!({"Variables": {"KEY": "value"}}));
}

#[test]
fn names_of_environment_variables_stay_and_their_values_go() {
    let body = br#"{"taskDefinition": {"family": "web", "containerDefinitions": [
        {"name": "app", "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "PORT"}, {"value": 7}]}]}}"#;
    let of = |secrets| {
        let mut value = parse("ecs", "DescribeTaskDefinition", body, secrets).unwrap();
        value["taskDefinition"]["containerDefinitions"][0]["environment"].take()
    };
    let mask = codec::MASK;
    assert_eq!(
        of(Secrets::Mask),
        json!([{"name": "DB_PASSWORD", "value": mask}, {"name": "PORT"}, {"value": mask}])
    );
    assert_eq!(of(Secrets::Keep)[0], json!({"name": "DB_PASSWORD", "value": "hunter2"}));
}

#[test]
fn a_moment_that_nobody_can_read_loses_nothing_beside_it() {
    let body = br#"{"KeyMetadata": {"KeyId": "k", "Description": "d", "CreationDate": "the day before"}}"#;
    let value = parse("kms", "DescribeKey", body, Secrets::Mask).unwrap();
    assert_eq!(
        value["KeyMetadata"],
        json!({"KeyId": "k", "Description": "d", "CreationDate": "the day before"})
    );
    let xml = S3.replace("2026-01-02T03:04:05Z", "0000-99-99T99:99:99Z");
    let value = parse("s3", "ListBuckets", xml.as_bytes(), Secrets::Mask).unwrap();
    assert_eq!(value["Buckets"], json!([{"Name": "b", "CreationDate": "0000-99-99T99:99:99Z"}]));
}

#[test]
fn an_error_with_a_success_status_is_an_error() {
    let body = b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>m</Message><RequestId>r</RequestId></Error>";
    match parse("s3", "ListBuckets", body, Secrets::Mask) {
        Err(ParseError::Embedded(answer)) => {
            assert_eq!((answer.code.as_str(), answer.message.as_str()), ("SlowDown", "m"));
            assert_eq!(answer.request_id.as_deref(), Some("r"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn pages_for_people_are_told_apart() {
    let service = Models::embedded().service("guardduty").unwrap();
    for body in ["<!DOCTYPE html><title>404</title>", "<html><body>no</body></html>"] {
        let answer = codec::parse_error(&service, None, &response(404, body.as_bytes()));
        assert!(answer.html);
        assert_eq!(answer.code, "404");
    }
}

#[test]
fn nesting_is_bounded() {
    let service = Models::embedded().service("dynamodb").unwrap();
    assert!(service.operation("GetItem").is_none(), "customers' data is not read");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse("kms", "DescribeKey", deep.as_bytes(), Secrets::Keep).is_err());
    let deep = format!("<ListBuckets>{}", "<Buckets>".repeat(100_000));
    assert!(matches!(parse("s3", "ListBuckets", deep.as_bytes(), Secrets::Keep), Err(ParseError::Truncated)));

    // `Nested` refers to itself, so only the limit ends the descent.
    let model = json!({
        "metadata": {"protocol": "rest-xml", "endpointPrefix": "x"},
        "operations": {"Get": {"http": {"method": "GET", "requestUri": "/"}, "output": {"shape": "Nested"},
                               "input": {"shape": "Nested"}}},
        "shapes": {"Nested": {"type": "structure", "members": {"a": {"shape": "Nested"}}}},
    });
    let service = Service::from_json("x", model.to_string().as_bytes(), None).unwrap();
    let operation = service.operation("Get").unwrap();
    let body = format!("<r>{}{}</r>", "<a>".repeat(70), "</a>".repeat(70));
    let error = codec::parse(&service, operation, &response(200, body.as_bytes()), Secrets::Keep);
    assert!(matches!(error, Err(ParseError::TooDeep)));
    let mut params = json!({});
    for _ in 0..70 {
        params = json!({"a": params});
    }
    let error = codec::serialize(&service, operation, &params);
    assert!(matches!(error, Err(SerializeError::TooDeep { .. })));
}

#[test]
fn parameters_are_checked_with_their_path() {
    let service = Models::embedded().service("ec2").unwrap();
    let operation = service.operation("DescribeInstances").unwrap();
    let error = |params: Value| codec::serialize(&service, operation, &params).unwrap_err().to_string();
    assert_eq!(error(json!({"Filters": [{"Nmae": "x"}]})), "unknown parameter `Filters[0].Nmae`");
    assert_eq!(error(json!({"MaxResults": "5"})), "parameter `MaxResults` must be a whole number, not text");
    let service = Models::embedded().service("iam").unwrap();
    let operation = service.operation("GetRole").unwrap();
    let error = codec::serialize(&service, operation, &json!({})).unwrap_err();
    assert_eq!(error.to_string(), "missing parameter `RoleName`");
}

#[test]
fn every_embedded_model_reads() {
    let models = Models::embedded();
    let mut count = 0;
    for name in models.services() {
        let service = models.service(&name).unwrap();
        assert!(service.operations().next().is_some(), "{name} has no operations");
        count += 1;
    }
    assert!(count >= 98, "only {count} services");
    let endpoints = models.endpoints().unwrap();
    let id = |region: &str| endpoints.partition_of_region(region).map(|partition| partition.id.clone());
    assert_eq!(id("eu-west-1").as_deref(), Some("aws"));
    assert_eq!(id("eu-middle-9").as_deref(), Some("aws"));
    assert_eq!(id("us-gov-west-1").as_deref(), Some("aws-us-gov"));
    assert_eq!(id("us-gov-middle-9").as_deref(), Some("aws-us-gov"));
    assert_eq!(id("cn-middle-9").as_deref(), Some("aws-cn"));
    assert_eq!(id("eusc-de-middle-9").as_deref(), Some("aws-eusc"));
    assert_eq!(id("moon").as_deref(), None);
    let iam = &endpoints.partition("aws").unwrap().services["iam"];
    assert!(!iam.is_regionalized);
    assert_eq!(iam.endpoints["aws-global"].signing_region.as_deref(), Some("us-east-1"));
}

/// Run with `--ignored --nocapture` in an optimised build to see the time.
#[test]
#[ignore = "a measurement, not a check"]
fn time_to_read_a_large_answer() {
    let tags = "<item><key>Name</key><value>web-server-production</value></item>".repeat(12);
    let groups =
        "<item><groupId>sg-0123456789abcdef0</groupId><groupName>default</groupName></item>".repeat(4);
    let interface = format!(
        "<item><networkInterfaceId>eni-0123456789abcdef0</networkInterfaceId><subnetId>subnet-1</subnetId>\
         <vpcId>vpc-1</vpcId><privateIpAddress>10.0.0.1</privateIpAddress><groupSet>{groups}</groupSet></item>"
    );
    let instance = format!(
        "<item><reservationId>r-1</reservationId><ownerId>111122223333</ownerId><instancesSet><item>\
         <instanceId>i-0123456789abcdef0</instanceId><imageId>ami-1</imageId><instanceState><code>16</code>\
         <name>running</name></instanceState><launchTime>2026-01-02T03:04:05.000Z</launchTime>\
         <tagSet>{tags}</tagSet><networkInterfaceSet>{}</networkInterfaceSet></item></instancesSet></item>",
        interface.repeat(3)
    );
    let body = format!(
        "<DescribeInstancesResponse><reservationSet>{}</reservationSet></DescribeInstancesResponse>",
        instance.repeat(12_000_000 / instance.len())
    );
    let begin = std::time::Instant::now();
    let value = parse("ec2", "DescribeInstances", body.as_bytes(), Secrets::Mask).unwrap();
    println!(
        "{} instances, {} MB in {:?}",
        value["Reservations"].as_array().unwrap().len(),
        body.len() / 1_000_000,
        begin.elapsed()
    );
}

fn all_ways(body: &[u8], status: u16) {
    for (service, operation, _) in OPERATIONS {
        let service = Models::embedded().service(service).unwrap();
        let operation = service.operation(operation).unwrap();
        let response = response(status, body);
        for secrets in [Secrets::Keep, Secrets::Mask] {
            let _ = codec::parse(&service, operation, &response, secrets);
        }
        let _ = codec::parse_error(&service, Some(operation), &response);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400), status in 100_u16..600) {
        all_ways(&body, status);
    }

    #[test]
    fn markup_never_panics(body in "[<>/a-cA-Z&;#x0-9\"'\\[\\]{}:,! ?=-]{0,300}", status in 200_u16..500) {
        all_ways(body.as_bytes(), status);
    }

    #[test]
    fn damaged_answers_never_panic(which in 0..5_usize, cut in 0..600_usize, at in 0..600_usize, byte in any::<u8>()) {
        let mut body = OPERATIONS[which].2.as_bytes().to_vec();
        if let Some(place) = body.get_mut(at) {
            *place = byte;
        }
        body.truncate(cut);
        all_ways(&body, 200);
    }

    #[test]
    fn cut_off_answers_are_errors(which in 0..5_usize, cut in 1..600_usize) {
        let (service, operation, body) = OPERATIONS[which];
        let cut = cut.min(body.len() - 1);
        prop_assert!(parse(service, operation, &body.as_bytes()[..cut], Secrets::Keep).is_err());
    }
}
