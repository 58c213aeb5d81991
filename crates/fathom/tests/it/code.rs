//! `fathom check FILE`: plans and templates that are not deployed. What must be found follows from what AWS and Terraform document.

use serde_json::{Value, json};

use crate::harness::Place;

const ALL: [&str; 8] =
    ["--status", "fail", "--status", "unknown", "--status", "pass", "--status", "not-applicable"];

const TEMPLATE: &str = "\
Parameters:
  Keep: { Type: String, Default: Enabled }
  Key: { Type: String }
Conditions:
  Kept: !Equals [!Ref Keep, Enabled]
Resources:
  Logs:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration:
        Status: !If [Kept, Enabled, Suspended]
  LogsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Logs
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: 's3:*'
            Resource: !Sub '${Logs.Arn}/*'
            Condition: { Bool: { 'aws:SecureTransport': 'false' } }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: x
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: '22', ToPort: '22', CidrIp: 0.0.0.0/0 }
  Topic:
    Type: AWS::SNS::Topic
    Properties: { KmsMasterKeyId: !Ref Key }
  Odd:
    Type: AWS::Example::Thing
";

fn report(place: &Place, arguments: &[&str]) -> Value {
    place.run(&[&["--json", "check"], arguments, &ALL[..]].concat()).ok().json()
}

fn of<'r>(report: &'r Value, check: &str, address: &str) -> Option<&'r Value> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().find(|one| one["check"] == check && one["address"] == address)
}

#[test]
fn a_template_is_asked_with_its_functions_worked_out() {
    let place = Place::new();
    place.write("t.yaml", TEMPLATE);
    let found = report(&place, &["t.yaml"]);
    for (check, address, status) in [
        ("s3_bucket_versioning", "Logs", "pass"),
        ("s3_bucket_refuses_http", "Logs", "pass"),
        ("s3_bucket_access_logged", "Logs", "fail"),
        ("ec2_group_admin_ports_v4", "Group", "fail"),
        ("ec2_group_admin_ports_v6", "Group", "pass"),
        // A parameter without a default is known when the stack is made.
        ("sns_topic_encrypted", "Topic", "unknown"),
    ] {
        let one = of(&found, check, address).unwrap_or_else(|| panic!("{check} of {address} is not told"));
        assert_eq!(one["status"], status, "{one}");
        assert_eq!(one["file"], "t.yaml");
    }
    let line = |check: &str, address: &str| of(&found, check, address).expect("a finding")["line"].clone();
    // The property that decided, and the resource where none did.
    assert_eq!(line("ec2_group_admin_ports_v4", "Group"), 27);
    assert_eq!(line("s3_bucket_access_logged", "Logs"), 7);
    let gaps = found["gaps"].to_string();
    assert!(gaps.contains("nothing is known of AWS::Example::Thing: Odd"), "{gaps}");
    let assumed = found["assumed"].to_string();
    assert!(assumed.contains("default of parameter `Keep`"), "{assumed}");

    place.write("p.yaml", "Keep: Suspended\nKey: alias/own\n");
    let given = report(&place, &["t.yaml", "--parameters", "p.yaml"]);
    assert_eq!(of(&given, "s3_bucket_versioning", "Logs").expect("a finding")["status"], "fail");
    assert_eq!(of(&given, "sns_topic_encrypted", "Topic").expect("a finding")["status"], "pass");
}

#[test]
fn a_policy_that_names_an_account_is_not_taken_to_be_of_another() {
    let place = Place::new();
    let policy = "Resources:\n  P:\n    Type: AWS::SQS::QueuePolicy\n    Properties:\n      Queues: [!Ref Q]\n      PolicyDocument:\n        Statement:\n          \
                  - { Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:eu-west-1:111122223333:orders' }\n  \
                  Q: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }\n";
    place.write("t.yaml", policy);
    let check = ["t.yaml", "--check", "sqs_queue_not_public"];
    assert_eq!(
        of(&report(&place, &check), "sqs_queue_not_public", "Q").expect("a finding")["status"],
        "unknown"
    );
}

fn plan() -> Value {
    let one = |address: &str, after: &Value, unknown: &Value, actions: &[&str]| {
        json!({ "address": address, "mode": "managed", "type": address.split('.').next(), "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": { "actions": actions, "before": null, "after": after, "after_unknown": unknown } })
    };
    let written =
        |address: &str, expressions: Value| json!({ "address": address, "expressions": expressions });
    let group = json!({ "name": "g", "ingress": [{ "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": [],
        "security_groups": [], "prefix_list_ids": [], "self": false }], "egress": [] });
    json!({ "format_version": "1.2", "planned_values": {},
        "resource_changes": [
            one("aws_security_group.open", &group, &json!({ "id": true }), &["no-op"]),
            one("aws_ebs_volume.later", &json!({ "size": 1 }), &json!({ "encrypted": true, "id": true }), &["create"]),
            one("aws_ebs_volume.plain", &json!({ "size": 1, "encrypted": false }), &json!({ "id": true }), &["create"]),
            one("aws_ebs_volume.gone", &Value::Null, &json!({}), &["delete"]),
            one("aws_example_thing.x", &json!({}), &json!({}), &["create"]),
        ],
        "configuration": { "root_module": { "resources": [
            written("aws_ebs_volume.later", json!({ "encrypted": { "references": ["var.x"] } })),
        ] } } })
}

#[test]
fn all_that_a_plan_declares_is_asked_and_what_the_run_decides_is_unknown() {
    let place = Place::new();
    place.write("plan.json", plan().to_string());
    let found = report(&place, &["plan.json"]);
    for (check, address, status) in [
        // What the plan does not change is declared all the same.
        ("ec2_group_admin_ports_v4", "aws_security_group.open", "fail"),
        ("ec2_volume_encrypted", "aws_ebs_volume.later", "unknown"),
        ("ec2_volume_encrypted", "aws_ebs_volume.plain", "fail"),
    ] {
        let one = of(&found, check, address).unwrap_or_else(|| panic!("{check} of {address} is not told"));
        assert_eq!(one["status"], status, "{one}");
        assert!(one["line"].is_null(), "{one}");
    }
    assert!(of(&found, "ec2_volume_encrypted", "aws_ebs_volume.gone").is_none());
    assert!(
        found["gaps"].to_string().contains("nothing is known of aws_example_thing: aws_example_thing.x"),
        "{}",
        found["gaps"]
    );
}

#[test]
fn what_a_plan_leaves_open_is_asked_about_as_far_as_it_says() {
    let place = Place::new();
    let made = |address: &str, after: Value, unknown: Value| {
        json!({ "address": address, "mode": "managed", "type": address.split('.').next(), "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": { "actions": ["create"], "before": null, "after": after, "after_unknown": unknown } })
    };
    let rule = json!({ "type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"] });
    let mut of_known = rule.clone();
    of_known["security_group_id"] = json!("sg-0a1b2c3d");
    let plan = json!({ "format_version": "1.2", "planned_values": {},
        "resource_changes": [
            // Parts of something that the plan does not have: by its id, and by what a data source says.
            made("aws_security_group_rule.known", of_known, json!({})),
            made("aws_security_group_rule.read", rule, json!({ "security_group_id": true })),
            // Another name of `aws_lb`.
            made("aws_alb.front", json!({ "name": "front", "drop_invalid_header_fields": true }), json!({})),
            // The provider makes up a name.
            made("aws_cloudtrail.all", json!({ "enable_log_file_validation": false }), json!({})),
        ],
        "configuration": { "root_module": { "resources": [
            { "address": "aws_security_group_rule.read",
                "expressions": { "security_group_id": { "references": ["data.aws_security_group.old.id", "data.aws_security_group.old"] } } },
        ] } } });
    place.write("plan.json", plan.to_string());
    let found = report(&place, &["plan.json"]);
    for (check, address, status) in [
        ("ec2_group_admin_ports_v4", "aws_security_group_rule.known", "fail"),
        ("ec2_group_admin_ports_v4", "aws_security_group_rule.read", "fail"),
        ("elbv2_balancer_drops_headers", "aws_alb.front", "pass"),
        ("cloudtrail_trail_validated", "aws_cloudtrail.all", "fail"),
    ] {
        let one =
            of(&found, check, address).unwrap_or_else(|| panic!("{check} of {address} is not told: {found}"));
        assert_eq!(one["status"], status, "{one}");
    }
    // Of the groups nothing else is known, and nothing is said.
    let told = found["findings"].as_array().expect("findings").iter();
    let unknown =
        told.filter(|one| one["resource_type"] == "AWS::EC2::SecurityGroup" && one["status"] == "unknown");
    assert_eq!(unknown.count(), 0, "{found}");
}

#[test]
fn gates_and_reports_are_those_of_the_estate() {
    let place = Place::new();
    place.write("a/t.yaml", TEMPLATE);
    place.write("a/plan.json", plan().to_string());
    place.write("a/package.json", "{\"name\": \"x\"}");
    place.write("a/.hidden/t.yaml", "Resources: [");
    let reports = ["--sarif", "o.sarif", "--junit", "o.xml", "--markdown", "o.md"];
    place.run(&[&["check", "a", "--fail-on", "high"], &reports[..]].concat()).code(3);
    place.run(&["check", "a", "--fail-on", "critical", "--check", "s3_bucket_versioning"]).ok();
    let sarif: Value = serde_json::from_slice(&place.read("o.sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let at = |rule: &str, uri: &str| {
        let found = results.iter().find(|one| {
            one["ruleId"] == rule && one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
        });
        found.expect("a result")["locations"][0]["physicalLocation"]["region"]["startLine"].clone()
    };
    assert_eq!(at("ec2_group_admin_ports_v4", "a/t.yaml"), 27);
    assert_eq!(at("ec2_group_admin_ports_v4", "a/plan.json"), Value::Null);
    let comment = String::from_utf8(place.read("o.md")).expect("text");
    assert!(comment.starts_with("<!-- fathom check -->\n### ❌ Fathom: "), "{comment}");
    assert!(comment.contains("`a/t.yaml:27` `Group`"), "{comment}");
    let text = place.run(&["check", "a"]).ok().out;
    assert!(text.contains("a/t.yaml:27 Group"), "{text}");
    assert!(
        text.contains("a: 1 JSON and YAML files are neither Terraform plans, CloudFormation templates nor Kubernetes manifests"),
        "{text}"
    );
    let csv = place.run(&["check", "a", "--csv"]).ok().out;
    assert!(
        csv.lines().any(|line| line.contains("ec2_group_admin_ports_v4") && line.ends_with(",a/t.yaml,27")),
        "{csv}"
    );
}

#[test]
fn what_cannot_be_read_is_named_and_takes_nothing_from_the_others() {
    let place = Place::new();
    place.write("good.yaml", TEMPLATE);
    place.write("bad.yaml", "Resources:\n  A: [\n");
    place.write("other.json", "{\"name\": \"x\"}");
    let ran = place.run(&["check", "bad.yaml", "other.json", "good.yaml"]).code(1);
    assert!(ran.out.contains("good.yaml:27 Group"), "{}", ran.out);
    ran.says(&["bad.yaml:", "other.json: neither a Terraform plan"]);
    place.run(&["check", "nowhere.yaml"]).code(1).says(&["cannot read nowhere.yaml"]);
    let mut old = plan();
    old["format_version"] = json!("0.1");
    place.write("old.json", old.to_string());
    place.run(&["check", "old.json"]).code(1).says(&["plan format 0.1 is not known here"]);
    place.write("p.yaml", "- 1\n");
    place
        .run(&["check", "good.yaml", "--parameters", "p.yaml"])
        .code(1)
        .says(&["p.yaml: no values of parameters"]);
}

#[test]
fn whom_policies_let_in_is_told_of_code_alone() {
    let place = Place::new();
    place.write(
        "p.yaml",
        "\
Resources:
  Own:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - { Effect: Allow, Principal: { AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root' }, Action: 'kms:*', Resource: '*' }
          - { Effect: Allow, Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:Decrypt', Resource: '*' }
  Open:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - { Effect: Allow, Principal: '*', Action: 'kms:Decrypt', Resource: '*' }
  Guarded:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Statement:
          - { Effect: Allow, Principal: { AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root' }, Action: 'kms:*', Resource: '*' }
          - { Effect: Allow, Principal: '*', Action: 'kms:Decrypt', Resource: '*', Condition: { StringEquals: { 'kms:CallerAccount': '111122223333' } } }
  Called:
    Type: AWS::Lambda::Permission
    Properties: { FunctionName: f, Action: 'lambda:InvokeFunction', Principal: sns.amazonaws.com, SourceAccount: !Ref 'AWS::AccountId' }
  CalledByAll:
    Type: AWS::Lambda::Permission
    Properties: { FunctionName: g, Action: 'lambda:InvokeFunction', Principal: '*' }
  CalledByAnyBucket:
    Type: AWS::Lambda::Permission
    Properties: { FunctionName: h, Action: 'lambda:InvokeFunction', Principal: s3.amazonaws.com }
  Orders:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: ['https://sqs.eu-west-1.amazonaws.com/111122223333/orders']
      PolicyDocument:
        Statement:
          - { Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:eu-west-1:111122223333:orders' }
  Elsewhere:
    Type: AWS::SQS::Queue
    Properties: { QueueName: bills }
  ElsewherePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Elsewhere]
      PolicyDocument:
        Statement:
          - { Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:eu-west-1:111122223333:bills' }
",
    );
    let found = report(&place, &["p.yaml"]);
    for (check, address, status) in [
        ("kms_key_not_public", "Own", "pass"),
        ("kms_key_not_public", "Open", "fail"),
        // One account is not everybody.
        ("kms_key_not_public", "Guarded", "pass"),
        ("lambda_function_not_public", "Called", "pass"),
        ("lambda_function_services_bound", "Called", "pass"),
        ("lambda_function_not_public", "CalledByAll", "fail"),
        ("lambda_function_not_public", "CalledByAnyBucket", "pass"),
        ("lambda_function_services_bound", "CalledByAnyBucket", "fail"),
        // The address of the queue says whose it is.
        ("sqs_queue_not_public", "Orders", "fail"),
        // Whether the template is for that account is not known.
        ("sqs_queue_not_public", "Elsewhere", "unknown"),
    ] {
        let one =
            of(&found, check, address).unwrap_or_else(|| panic!("{check} of {address} is not told: {found}"));
        assert_eq!(one["status"], status, "{one}");
    }
    let known = report(&place, &["p.yaml", "--account", "111122223333", "--region", "eu-west-1"]);
    assert_eq!(of(&known, "sqs_queue_not_public", "Elsewhere").expect("a finding")["status"], "fail");
}
