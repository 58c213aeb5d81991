//! What was not compared never reads as "in line": each declared attribute is compared, or counted with its reason.

use std::collections::BTreeMap;

use fathom_content::DeclaredMap;
use fathom_estate::{
    declared::template::Template,
    drift::{Report, Verdict},
};
use serde_json::{Value, json};

use crate::drift::{compare, content, differences, resource, state};

const ROLE: &str = "arn:aws:iam::123456789012:role/app";

/// The attributes of the only row that were not compared.
fn skipped(report: &Report) -> Vec<&str> {
    report.rows[0].not_compared.iter().map(|one| one.attribute.as_str()).collect()
}

fn policy(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn role(policies: &[(&str, &str)]) -> Value {
    let list: Vec<Value> = policies
        .iter()
        .map(|(name, action)| json!({"PolicyName": name, "PolicyDocument": policy(action)}))
        .collect();
    json!({"RoleName": "app", "Arn": ROLE, "Path": "/", "RolePolicyList": list})
}

#[test]
fn inline_policies_are_compared_by_what_they_say() {
    let index = state(&[(
        "aws_iam_role",
        "app",
        json!({"arn": ROLE, "name": "app", "inline_policy": [
            {"name": "read", "policy": policy("s3:GetObject").to_string()},
            {"name": "gone", "policy": policy("s3:GetObject").to_string()}]}),
    )]);
    let differences_with = |policies: &[(&str, &str)]| {
        differences(&compare(&index, &[], &[resource("AWS::IAM::Role", ROLE, "app", &role(policies))], &[]))
    };
    assert_eq!(differences_with(&[("gone", "s3:getobject"), ("read", "S3:GetObject")]), [""; 0]);
    let overwritten = differences_with(&[("read", "*"), ("by-hand", "*")]);
    assert_eq!(overwritten.len(), 3, "{overwritten:?}");
    assert!(overwritten[0].contains("\"gone\" → null"), "{overwritten:?}");
    assert!(overwritten[1].contains("null → \"by-hand\""), "{overwritten:?}");
    let document = &overwritten[2];
    assert!(document.starts_with("inline_policy.read: ") && document.contains("s3:getobject"), "{document}");
    assert!(
        document.ends_with("→ [{\"Action\":[\"*\"],\"Effect\":\"Allow\",\"Resource\":[\"*\"]}]"),
        "{document}"
    );
}

/// The same of a template, for each kind of identity.
#[test]
fn inline_policies_of_templates_are_compared_by_what_they_say() {
    for (kind, name, member, id) in [
        ("AWS::IAM::Role", "RoleName", "RolePolicyList", "role/app"),
        ("AWS::IAM::User", "UserName", "UserPolicyList", "user/app"),
        ("AWS::IAM::Group", "GroupName", "GroupPolicyList", "group/app"),
    ] {
        let text = json!({"Resources": {"App": {"Type": kind, "Properties": {name: "app", "Policies": [
            {"PolicyName": "read", "PolicyDocument": policy("s3:GetObject")}]}}}});
        let template =
            Template::parse("app.json", &text.to_string(), &BTreeMap::new()).expect("a good template");
        let stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/app/1";
        let mut stack = resource(
            "AWS::CloudFormation::Stack",
            stack,
            stack,
            &json!({"Resources": [{"LogicalResourceId": "App", "PhysicalResourceId": "app", "ResourceType": kind,
                "ResourceStatus": "CREATE_COMPLETE"}]}),
        );
        stack.name = Some("app".to_owned());
        let uid = format!("arn:aws:iam::123456789012:{id}");
        let of = |action: &str| {
            let document = json!({name: "app", "Arn": uid, member:
                [{"PolicyName": "read", "PolicyDocument": policy(action)}]});
            let mut one = resource(kind, &uid, "app", &document);
            one.region = "global".into();
            compare(
                &fathom_estate::TerraformIndex::default(),
                std::slice::from_ref(&template),
                &[stack.clone(), one],
                &[],
            )
        };
        assert_eq!(differences(&of("s3:GetObject")), [""; 0], "{kind}");
        let overwritten = differences(&of("*"));
        assert!(
            matches!(overwritten.as_slice(), [one] if one.starts_with("Policies.read: ")),
            "{overwritten:?}"
        );
    }
}

/// A policy that another declaration states is declared; one that none states is not.
#[test]
fn policies_that_are_declared_by_themselves_are_no_drift_of_the_role() {
    let own = "arn:aws:iam::123456789012:policy/own";
    let declared = |arns: Value| {
        state(&[
            (
                "aws_iam_role",
                "app",
                json!({"arn": ROLE, "name": "app", "inline_policy": [], "managed_policy_arns": arns}),
            ),
            (
                "aws_iam_role_policy",
                "read",
                json!({"role": "app", "name": "read", "policy": policy("s3:GetObject").to_string()}),
            ),
            ("aws_iam_role_policy_attachment", "own", json!({"role": "app", "policy_arn": own})),
        ])
    };
    let there = |policies: &[(&str, &str)], arns: &[&str]| {
        let mut document = role(policies);
        document["AttachedManagedPolicies"] = arns.iter().map(|arn| json!({"PolicyArn": arn})).collect();
        [resource("AWS::IAM::Role", ROLE, "app", &document)]
    };
    let index = declared(json!([]));
    assert_eq!(differences(&compare(&index, &[], &there(&[("read", "s3:GetObject")], &[own]), &[])), [""; 0]);
    let other = "arn:aws:iam::aws:policy/own";
    assert_eq!(
        differences(&compare(
            &index,
            &[],
            &there(&[("read", "s3:GetObject"), ("by-hand", "*")], &[other]),
            &[]
        )),
        [
            "inline_policy: null → \"by-hand\"".to_owned(),
            format!("managed_policy_arns: null → \"{other}\""),
            format!("policy_arn: \"{own}\" → null"),
        ]
    );
    // Where the role says nothing of what is attached, neither do those that attach one.
    let index = declared(Value::Null);
    assert_eq!(
        differences(&compare(&index, &[], &there(&[("read", "s3:GetObject")], &[own, other]), &[])),
        [""; 0]
    );
}

#[test]
fn a_list_that_is_declared_empty_is_compared() {
    let uid = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a1b2c3d";
    let open = json!({"GroupId": "sg-0a1b2c3d",
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]});
    let of = |ingress: Value, egress: Value| {
        let declared = json!({"id": "sg-0a1b2c3d", "arn": uid, "ingress": ingress, "egress": egress});
        let there = resource("AWS::EC2::SecurityGroup", uid, "sg-0a1b2c3d", &open);
        differences(&compare(&state(&[("aws_security_group", "web", declared)]), &[], &[there], &[]))
    };
    assert_eq!(
        of(json!([]), json!([])),
        ["egress: null → \"-1   0.0.0.0/0\"", "ingress: null → \"tcp 22 22 0.0.0.0/0\""]
    );
    // Null is not declared.
    assert_eq!(of(Value::Null, Value::Null), [""; 0]);
}

#[test]
fn attributes_that_state_nothing_are_compared_or_counted() {
    let uid = "arn:aws:dms:eu-west-1:123456789012:rep:B1";
    let index = state(&[(
        "aws_dms_replication_instance",
        "b",
        json!({"arn": uid, "engine_version": "3.5", "publicly_accessible": false, "auto_minor_version_upgrade": false,
            "authentication_strategy": "", "logs": [], "storage_gb": 0, "host_instance_type": null}),
    )]);
    let there = resource(
        "AWS::DMS::ReplicationInstance",
        uid,
        "b",
        &json!({"EngineVersion": "3.5", "PubliclyAccessible": true, "AutoMinorVersionUpgrade": false}),
    );
    let report = compare(&index, &[], &[there], &[]);
    assert_eq!(differences(&report), ["publicly_accessible: false → true"]);
    assert_eq!(skipped(&report), ["arn", "authentication_strategy", "logs", "storage_gb"]);
    assert_eq!(report.rows[0].compared, 3);
}

/// Facts are made from some members of an element; the others are counted.
#[test]
fn what_facts_leave_out_is_counted() {
    let uid = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/w/1";
    let rule =
        json!({"name": "block", "priority": 1, "action": [{"allow": [{}]}], "statement": [{"ip": "x"}]});
    let index = state(&[("aws_wafv2_web_acl", "w", json!({"arn": uid, "name": "w", "rule": [rule, rule]}))]);
    let there = resource(
        "AWS::WAFv2::WebACL",
        uid,
        "1",
        &json!({"Name": "w", "ARN": uid, "Rules": [{"Name": "block", "Priority": 1, "Action": {"Block": {}}}]}),
    );
    let report = compare(&index, &[], &[there], &[]);
    assert_eq!(skipped(&report), ["rule.action", "rule.statement"]);
    assert_eq!(report.not_compared["aws_wafv2_web_acl"]["rule.action"], 1);

    let function = "arn:aws:lambda:eu-west-1:123456789012:function:f";
    let index = state(&[
        ("aws_lambda_function", "f", json!({"arn": function, "function_name": "f"})),
        (
            "aws_lambda_permission",
            "p",
            json!({"function_name": "f", "principal": "s3.amazonaws.com",
            "action": "lambda:InvokeFunction", "event_source_token": "amzn1.skill", "id": "p"}),
        ),
    ]);
    let there = resource(
        "AWS::Lambda::Function",
        function,
        "f",
        &json!({"FunctionName": "f", "Policy": {"Statement": [
        {"Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction"}]}}),
    );
    let report = compare(&index, &[], &[there], &[]);
    assert_eq!(differences(&report), [""; 0]);
    assert_eq!(skipped(&report), ["event_source_token"]);
}

#[test]
fn two_arns_are_the_same_only_where_they_are() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:q";
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1-2";
    let of = |declared: &str, actual: &str| {
        let index = state(&[(
            "aws_sqs_queue",
            "q",
            json!({"arn": queue, "name": "q", "kms_master_key_id": declared}),
        )]);
        let there = resource(
            "AWS::SQS::Queue",
            queue,
            "https://q",
            &json!({"QueueArn": queue, "KmsMasterKeyId": actual}),
        );
        let report = compare(&index, &[], &[there], &[]);
        (differences(&report).len(), skipped(&report).contains(&"kms_master_key_id"))
    };
    assert_eq!(of(key, "1-2"), (0, false));
    assert_eq!(of("1-2", key), (0, false));
    assert_eq!(of(key, "arn:aws:kms:eu-west-1:999999999999:key/1-2"), (1, false));
    // An alias may stand for the key: it is not compared.
    assert_eq!(of("alias/mine", key), (0, true));
}

#[test]
fn an_alias_is_not_compared_with_a_key_by_name_either() {
    let uid = "arn:aws:never:eu-west-1:123456789012:x";
    let index =
        state(&[("aws_never_heard_of", "x", json!({"arn": uid, "kms_key_id": "alias/mine", "size": 3}))]);
    let there = resource("AWS::Never::Heard", uid, "x", &json!({"Arn": uid, "KmsKeyId": "1-2-3", "Size": 3}));
    let report = compare(&index, &[], &[there], &[]);
    assert_eq!(report.count(Verdict::InLine), 1);
    assert_eq!(skipped(&report), ["kms_key_id"]);
    assert_eq!(report.rows[0].compared, 2);
}

#[test]
fn what_is_contained_and_not_known_is_counted() {
    let text = r#"{"Resources": {
        "Gate": {"Type": "AWS::EC2::InternetGateway"},
        "Join": {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": {
            "InternetGatewayId": {"Ref": "Gate"}, "VpcId": {"Fn::ImportValue": "of-another-stack"}}}}}"#;
    let template = Template::parse("net.json", text, &BTreeMap::new()).expect("a good template");
    let stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/net/1";
    let member = |logical: &str, id: &str, kind: &str| json!({"LogicalResourceId": logical, "PhysicalResourceId": id, "ResourceType": kind});
    let mut stack = resource(
        "AWS::CloudFormation::Stack",
        stack,
        stack,
        &json!({"Resources": [
        member("Gate", "igw-0a1b2c3d", "AWS::EC2::InternetGateway"),
        member("Join", "igw-0a1b2c3d|vpc-0a1b2c3d", "AWS::EC2::VPCGatewayAttachment")]}),
    );
    stack.name = Some("net".to_owned());
    let uid = "arn:aws:ec2:eu-west-1:123456789012:internet-gateway/igw-0a1b2c3d";
    let gate = resource(
        "AWS::EC2::InternetGateway",
        uid,
        "igw-0a1b2c3d",
        &json!({"Attachments": [{"VpcId": "vpc-0a1b2c3d"}]}),
    );
    let report = compare(&fathom_estate::TerraformIndex::default(), &[template], &[stack, gate], &[]);
    assert_eq!(differences(&report), [""; 0]);
    assert_eq!(
        report.not_compared["AWS::EC2::VPCGatewayAttachment"],
        BTreeMap::from([("VpcId".to_owned(), 1)])
    );
}

/// Settings that were once left out of the comparison, by declared type.
#[test]
fn settings_are_not_ignored() {
    let ignored: BTreeMap<&str, &DeclaredMap> =
        content().declared.iter().map(|(_, map)| (map.kind.as_str(), map)).collect();
    for (kind, attribute) in [
        ("AWS::IAM::Role", "MaxSessionDuration"),
        ("AWS::IAM::Role", "Description"),
        ("AWS::EC2::VPC", "EnableDnsSupport"),
        ("AWS::Lambda::Function", "Code"),
        ("aws_iam_role", "max_session_duration"),
        ("aws_iam_role", "description"),
        ("aws_kms_key", "rotation_period_in_days"),
        ("aws_sns_topic_subscription", "raw_message_delivery"),
        ("aws_sns_topic_subscription", "filter_policy_scope"),
        ("aws_route53_zone", "vpc"),
        ("aws_dynamodb_table", "ttl"),
        ("aws_cloudwatch_event_rule", "is_enabled"),
    ] {
        assert!(!ignored[kind].ignore.iter().any(|path| path == attribute), "{kind} {attribute}");
    }
    // And one through: it is counted.
    let index =
        state(&[("aws_iam_role", "app", json!({"arn": ROLE, "name": "app", "max_session_duration": 43200}))]);
    let report = compare(&index, &[], &[resource("AWS::IAM::Role", ROLE, "app", &role(&[]))], &[]);
    assert_eq!(skipped(&report), ["max_session_duration"]);
}
