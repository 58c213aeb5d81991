//! Declarations against descriptions, as providers write both.

use std::{collections::BTreeMap, sync::OnceLock};

use fathom_content::Content;
use fathom_estate::{
    TerraformIndex,
    declared::template::Template,
    drift::{Drift, Report, Seen, Verdict},
};
use fathom_model::{Coverage, Document, Outcome, Region, Resource, Uid};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) fn content() -> &'static Content {
    static CONTENT: OnceLock<Content> = OnceLock::new();
    CONTENT.get_or_init(|| Content::embedded().expect("the content loads"))
}

pub(crate) fn resource(kind: &str, uid: &str, id: &str, document: &Value) -> Resource {
    Resource {
        uid: Uid::new(uid),
        kind: kind.into(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        id: id.to_owned(),
        name: None,
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

pub(crate) fn state(resources: &[(&str, &str, Value)]) -> TerraformIndex {
    let resources: Vec<Value> = resources
        .iter()
        .map(|(kind, name, attributes)| {
            json!({"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": attributes}]})
        })
        .collect();
    let mut index = TerraformIndex::default();
    let text = json!({"version": 4, "resources": resources}).to_string();
    index.add("prod.tfstate", &text).expect("a good state");
    index
}

pub(crate) fn compare(
    terraform: &TerraformIndex,
    templates: &[Template],
    resources: &[Resource],
    unread: &[(String, String)],
) -> Report {
    let content = content();
    let mut drift = Drift::new(content, terraform, templates);
    for one in resources.iter().filter(|one| one.kind.as_str() == "AWS::CloudFormation::Stack") {
        drift.add_stack(one);
    }
    for one in resources {
        drift.add_name(one);
    }
    drift.begin();
    for one in resources {
        drift.add(one, unread);
    }
    let listed = |kind: &str, service: &str, operation: &str, outcome| Coverage {
        account: "123456789012".into(),
        region: Region::from("eu-west-1"),
        service: service.to_owned(),
        operation: operation.to_owned(),
        resource_type: Some(kind.into()),
        outcome,
        reason: (outcome == Outcome::Unknown).then_some(fathom_model::Reason::Denied),
        permission: None,
        detail: None,
        calls: 1,
        items: 1,
        throttles: 0,
        failures: 0,
        millis: 1,
    };
    let coverage = [
        listed("AWS::SQS::Queue", "sqs", "ListQueues", Outcome::Read),
        listed("AWS::SNS::Topic", "sns", "ListTopics", Outcome::Unknown),
    ];
    drift.finish(&Seen::new(content, &coverage))
}

pub(crate) fn differences(report: &Report) -> Vec<String> {
    report
        .rows
        .iter()
        .flat_map(|row| &row.differences)
        .map(|one| format!("{}: {} → {}", one.attribute, one.declared, one.actual))
        .collect()
}

const BUCKET: &str = "arn:aws:s3:::logs";

#[test]
fn split_resources_declare_attributes_of_one() {
    let index = state(&[
        ("aws_s3_bucket", "a", json!({"arn": BUCKET, "bucket": "logs", "id": "logs"})),
        (
            "aws_s3_bucket_versioning",
            "a",
            json!({"bucket": "logs", "id": "logs", "versioning_configuration": [{"status": "Enabled"}]}),
        ),
        (
            "aws_s3_bucket_public_access_block",
            "a",
            json!({"bucket": "logs", "block_public_acls": true, "block_public_policy": false}),
        ),
        (
            "aws_s3_bucket_policy",
            "a",
            json!({"bucket": "logs",
            "policy": "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"s3:GetObject\",\"Resource\":[\"arn:aws:s3:::logs/*\"]}}"}),
        ),
    ]);
    let mut document = json!({"Name": "logs", "Versioning": {"Status": "Enabled"},
        "PublicAccessBlock": {"BlockPublicAcls": true, "BlockPublicPolicy": false},
        "Policy": {"Version": "2012-10-17", "Statement": [{"Sid": "x", "Effect": "Allow", "Principal": {"AWS": ["111122223333"]},
            "Action": ["S3:getobject"], "Resource": "arn:aws:s3:::logs/*"}]}});
    let same = compare(&index, &[], &[resource("AWS::S3::Bucket", BUCKET, "logs", &document)], &[]);
    assert_eq!(differences(&same), [""; 0]);
    assert_eq!((same.count(Verdict::InLine), same.rows.len()), (1, 1));
    assert_eq!(same.rows[0].declared_by.len(), 4);

    document["PublicAccessBlock"]["BlockPublicAcls"] = json!(false);
    document["Policy"]["Statement"][0]["Principal"] = json!("*");
    document["Versioning"] = json!({});
    let bucket = resource("AWS::S3::Bucket", BUCKET, "logs", &document);
    let changed = compare(&index, &[], std::slice::from_ref(&bucket), &[]);
    let attributes: Vec<&str> =
        changed.rows[0].differences.iter().map(|one| one.attribute.as_str()).collect();
    assert_eq!(attributes, ["block_public_acls", "policy", "versioning_configuration.status"]);
    // What could not be read is no difference, and is counted.
    let denied = [("Policy".to_owned(), "denied".to_owned())];
    let report = compare(&index, &[], &[bucket], &denied);
    assert!(differences(&report).iter().all(|line| !line.starts_with("policy")));
    assert!(
        report.rows[0].not_compared.iter().any(|one| one.attribute == "policy" && one.why.contains("denied"))
    );
}

#[test]
fn firewall_rules_are_the_same_however_they_are_grouped() {
    let uid = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a1b2c3d";
    let rule = |protocol: &str, port: i64, more: Value| {
        let mut rule = json!({"protocol": protocol, "from_port": port, "to_port": port, "cidr_blocks": [],
            "ipv6_cidr_blocks": [], "security_groups": [], "prefix_list_ids": [], "self": false, "description": ""});
        rule.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        rule
    };
    let group = |ingress: Value, egress: Value| {
        state(&[(
            "aws_security_group",
            "web",
            json!({"id": "sg-0a1b2c3d", "arn": uid, "ingress": ingress, "egress": egress}),
        )])
    };
    let index = group(
        json!([
            rule("tcp", 443, json!({"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]})),
            rule("tcp", 443, json!({"self": true}))
        ]),
        json!([rule("-1", 0, json!({"cidr_blocks": ["0.0.0.0/0"]}))]),
    );
    let mut document = json!({"GroupId": "sg-0a1b2c3d", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
             "UserIdGroupPairs": [{"GroupId": "sg-0a1b2c3d"}]},
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]});
    let there = |document: &Value| [resource("AWS::EC2::SecurityGroup", uid, "sg-0a1b2c3d", document)];
    assert_eq!(differences(&compare(&index, &[], &there(&document), &[])), [""; 0]);
    document["IpPermissions"][1]["IpRanges"][0]["CidrIp"] = json!("192.168.0.0/16");
    assert_eq!(
        differences(&compare(&index, &[], &there(&document), &[])),
        ["ingress: \"tcp 443 443 10.0.0.0/8\" → null", "ingress: null → \"tcp 443 443 192.168.0.0/16\""]
    );
}

#[test]
fn verdicts_say_what_can_be_said() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:q";
    let index = state(&[
        ("aws_sqs_queue", "gone", json!({"arn": "arn:aws:sqs:eu-west-1:123456789012:gone", "name": "gone"})),
        ("aws_sqs_queue", "elsewhere", json!({"arn": "arn:aws:sqs:eu-west-1:999999999999:q", "name": "q"})),
        ("aws_sns_topic", "unseen", json!({"arn": "arn:aws:sns:eu-west-1:123456789012:t", "name": "t"})),
        ("aws_never_heard_of", "x", json!({"arn": "arn:aws:never:eu-west-1:123456789012:x"})),
    ]);
    let report = compare(
        &index,
        &[],
        &[resource("AWS::SQS::Queue", queue, "https://q", &json!({"QueueArn": queue}))],
        &[],
    );
    let said: BTreeMap<String, Verdict> = report
        .rows
        .iter()
        .map(|row| {
            (row.declared_by.first().map_or("by hand".to_owned(), |by| by.address.clone()), row.verdict)
        })
        .collect();
    assert_eq!(
        said,
        BTreeMap::from([
            ("aws_never_heard_of.x".to_owned(), Verdict::NotComparable),
            ("aws_sns_topic.unseen".to_owned(), Verdict::NotComparable),
            ("aws_sqs_queue.elsewhere".to_owned(), Verdict::NotComparable),
            ("aws_sqs_queue.gone".to_owned(), Verdict::Missing),
            ("by hand".to_owned(), Verdict::Undeclared),
        ])
    );
    assert!(report.rows.iter().any(|row| row.notes.iter().any(|note| note.contains("denied"))));
}

#[test]
fn attributes_nobody_knows_are_counted() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:q";
    let index =
        state(&[("aws_sqs_queue", "q", json!({"arn": queue, "name": "q", "brand_new_setting": "x"}))]);
    let there = resource("AWS::SQS::Queue", queue, "https://q", &json!({"QueueArn": queue}));
    let report = compare(&index, &[], &[there], &[]);
    assert_eq!(report.not_compared["aws_sqs_queue"], BTreeMap::from([("brand_new_setting".to_owned(), 1)]));
    assert_eq!(report.count(Verdict::InLine), 1);
}

#[test]
fn every_map_names_a_type_that_is_defined() {
    let content = content();
    let maps: Vec<_> = content.declared.iter().collect();
    assert!(maps.len() >= 100, "{}", maps.len());
    for (language, map) in maps {
        assert!(content.resources.contains_key(&map.is), "{language} {} is {}", map.kind, map.is);
    }
}

/// JSON as documents and attributes hold it.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z{}$:/.-]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[A-Za-z_:]{1,10}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A declaration whose members are those of the document, spelled alike, never differs from it.
    #[test]
    fn a_copy_of_the_description_is_in_line(members in proptest::collection::btree_map("[a-z]{1,8}", value(), 0..6)) {
        let uid = "arn:aws:never:eu-west-1:123456789012:x";
        let mut attributes: Value = Value::Object(members.into_iter().collect());
        let document = attributes.clone();
        attributes["arn"] = json!(uid);
        let index = state(&[("aws_never_heard_of", "x", attributes)]);
        let report = compare(&index, &[], &[resource("AWS::Never::Heard", uid, "x", &document)], &[]);
        prop_assert_eq!(differences(&report), [""; 0]);
    }

    /// Whatever stands in a state and a description, there is an answer with one row.
    #[test]
    fn any_two_documents_compare(declared in value(), actual in value()) {
        let index = state(&[("aws_s3_bucket", "x", json!({"arn": BUCKET, "policy": declared, "versioning": declared,
            "tags_all": declared, "server_side_encryption_configuration": declared}))]);
        let document = json!({"Name": actual, "Policy": actual, "Versioning": actual, "Encryption": actual});
        let report = compare(&index, &[], &[resource("AWS::S3::Bucket", BUCKET, "logs", &document)], &[]);
        prop_assert_eq!(report.rows.len(), 1);
    }
}
