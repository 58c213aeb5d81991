//! Declared or not, against a live cloud: the template goes in, the cloud makes what it says, and somebody changes it.

use std::{collections::BTreeSet, fs, process::Command};

use fathom_testkit::moto::{Moto, python};
use serde_json::{Value, json};

use crate::harness::{Place, wait};

const TEMPLATE: &str = include_str!("data/shop.yaml");
const REGION: &str = "eu-west-1";

/// Runs Python against the cloud; what it prints is JSON.
fn boto(moto: &Moto, body: &str) -> Value {
    let head = format!(
        "import boto3, json, sys\n\
         def c(name): return boto3.client(name, endpoint_url={:?}, region_name={REGION:?}, \
         aws_access_key_id='AKIATESTING', aws_secret_access_key='testing')\n",
        moto.url
    );
    let place = Place::new();
    let mut command = Command::new(python().expect("it is there, moto runs"));
    place.prepare(&mut command);
    command.args(["-c", &format!("{head}{body}")]);
    let ran = wait(command.spawn().expect("Python starts")).ok();
    serde_json::from_str(&ran.out).unwrap_or(Value::Null)
}

/// moto makes a stack's resources, but leaves some of their properties out; these calls make what is declared so.
const COMPLETE: &str = r#"
bucket = "shop-receipts-123456789012"
c("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
c("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={k: True for k in
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]})
c("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "Tls",
    "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:*"],
    "Resource": [f"arn:aws:s3:::{bucket}/*", f"arn:aws:s3:::{bucket}"],
    "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}]}))
c("iam").attach_role_policy(RoleName="shop-worker", PolicyArn="arn:aws:iam::123456789012:policy/reader")
"#;

fn stack(moto: &Moto) {
    boto(
        moto,
        &format!(
            "for name in ['reader', 'root']: c('iam').create_policy(PolicyName=name, PolicyDocument=json.dumps({{\
             'Version': '2012-10-17', 'Statement': {{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}}}}))\n\
             c('cloudformation').create_stack(StackName='shop', TemplateBody={TEMPLATE:?}, \
             Capabilities=['CAPABILITY_NAMED_IAM'])\n{COMPLETE}"
        ),
    );
}

fn scan(place: &Place) {
    place.run(&["scan", "--regions", REGION, "--quiet"]).ok();
}

fn drift(place: &Place, more: &[&str]) -> Value {
    let args: Vec<&str> = [&["drift", "--json"], more].concat();
    place.run(&args).ok().json()
}

/// `address: verdict` of all that code declares.
fn verdicts(report: &Value) -> BTreeSet<String> {
    let rows = report["resources"].as_array().expect("rows");
    rows.iter()
        .filter_map(|row| {
            let address = row["declared_by"].get(0)?["address"].as_str()?;
            Some(format!("{address}: {}", row["verdict"].as_str().expect("a verdict")))
        })
        .collect()
}

/// `attribute: declared → actual` of all that drifted.
fn differences(report: &Value) -> BTreeSet<String> {
    let rows = report["resources"].as_array().expect("rows");
    rows.iter()
        .flat_map(|row| row["differences"].as_array().expect("a list"))
        .map(|one| {
            format!(
                "{}.{}: {} → {}",
                one["address"].as_str().expect("an address"),
                one["attribute"].as_str().expect("an attribute"),
                one["declared"],
                one["actual"]
            )
        })
        .collect()
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

#[test]
fn a_stack_is_in_line_until_somebody_changes_what_it_made() {
    let Some(moto) = Moto::start() else { return };
    stack(&moto);
    let place = Place::asking(&moto.url);
    place.write("infra/shop.yaml", TEMPLATE);
    place.write("fathom.yaml", "version: 1\ncloudformation_templates: [infra/shop.yaml]\n");
    scan(&place);

    let before = drift(&place, &[]);
    assert_eq!(differences(&before), set(&[]));
    let made = ["Front", "Images", "Items", "Log", "Network", "News", "Orders", "Receipts", "Web", "Worker"];
    let in_line: BTreeSet<String> = made.iter().map(|name| format!("{name}: in_line")).collect();
    assert_eq!(verdicts(&before), in_line, "{:#}", before["resources"]);
    assert!(before["attributes_compared"].as_u64() >= Some(30), "{}", before["attributes_compared"]);

    boto(
        &moto,
        r#"
c("s3").put_bucket_versioning(Bucket="shop-receipts-123456789012", VersioningConfiguration={"Status": "Suspended"})
queue = c("sqs").get_queue_url(QueueName="shop-orders")["QueueUrl"]
c("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "77"})
group = [g for g in c("ec2").describe_security_groups()["SecurityGroups"] if g["GroupName"] == "shop-web"][0]
c("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
c("iam").attach_role_policy(RoleName="shop-worker", PolicyArn="arn:aws:iam::123456789012:policy/root")
c("logs").put_retention_policy(logGroupName="/shop/web", retentionInDays=1)
c("sns").delete_topic(TopicArn="arn:aws:sns:eu-west-1:123456789012:shop-news")
c("dynamodb").create_table(TableName="by-hand", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}])
"#,
    );
    scan(&place);
    let after = drift(&place, &[]);
    let admin = "arn:aws:iam::123456789012:policy/root";
    let read = "arn:aws:iam::123456789012:policy/reader";
    assert_eq!(
        differences(&after),
        set(&[
            "Orders.VisibilityTimeout: \"45\" → \"77\"",
            "Receipts.VersioningConfiguration.Status: \"Enabled\" → \"Suspended\"",
            "Web.SecurityGroupIngress: null → \"tcp 22 22 0.0.0.0/0\"",
            &format!("Worker.ManagedPolicyArns: [\"{read}\"] → [\"{read}\",\"{admin}\"]"),
        ])
    );
    let gone = set(&["News: missing"]);
    assert!(verdicts(&after).is_superset(&gone), "{:?}", verdicts(&after));
    // The declared retention is a parameter's default, and nobody said what the stack was given.
    let doubted = &after["not_compared"]["AWS::Logs::LogGroup"];
    assert_eq!(doubted, &json!({"RetentionInDays": 1}));
    let by_hand = drift(&place, &["--undeclared", "--type", "AWS::DynamoDB::Table"]);
    let names: Vec<&str> = by_hand["resources"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["name"].as_str())
        .collect();
    assert_eq!(names, ["by-hand"]);

    place.write(
        "fathom.yaml",
        "version: 1\ncloudformation_templates:\n  - { file: infra/shop.yaml, stack: shop, parameters: { Retention: 14 } }\n",
    );
    let told = differences(&drift(&place, &["--type", "AWS::Logs::LogGroup"]));
    assert_eq!(told, set(&["Log.RetentionInDays: 14 → 1"]));
    place.run(&["drift", "--exit-code"]).code(3);
    place.run(&["drift", "--exit-code", "--type", "AWS::EC2::VPC"]).code(0);
    // A broken file is named with its line, the others are used, and a gate does not pass over it.
    place.write("broken.yaml", "Resources:\n  A: { Type: [\n");
    let ran = place.run(&["drift", "--cloudformation", "broken.yaml"]).ok().says(&["broken.yaml:"]);
    assert!(ran.out.contains("VersioningConfiguration.Status"), "{}", ran.out);
    place
        .run(&["drift", "--exit-code", "--type", "AWS::EC2::VPC", "--cloudformation", "broken.yaml"])
        .code(1);

    terraform(&moto, &place);
}

/// Rows of what nothing declares are no comparison with code that could not be read.
#[test]
fn code_that_cannot_be_read_at_all_is_nothing_to_compare_with() {
    let place = crate::harness::sample();
    for flag in ["--terraform-state", "--terraform-plan", "--cloudformation"] {
        let ran = place.run(&["drift", flag, "/nonexist"]).code(1);
        let ran = ran.says(&["/nonexist", "nothing to compare with"]);
        assert_eq!(ran.out, "");
    }
}

/// The same cloud, as Terraform would have it in a state and in a plan.
fn terraform(moto: &Moto, place: &Place) {
    let seen = boto(
        moto,
        r#"
group = [g for g in c("ec2").describe_security_groups()["SecurityGroups"] if g["GroupName"] == "shop-web"][0]
print(json.dumps({"group": group["GroupId"], "vpc": group["VpcId"]}))
"#,
    );
    let (group, vpc) = (seen["group"].as_str().expect("an id"), seen["vpc"].as_str().expect("an id"));
    let instance = |attributes: Value| json!([{"schema_version": 0, "attributes": attributes}]);
    let resource = |kind: &str, name: &str, module: &str, attributes: Value| json!({"mode": "managed", "type": kind, "name": name, "module": module, "instances": instance(attributes)});
    let bucket = "shop-receipts-123456789012";
    let rule = |port: u16, cidr: &str| {
        json!({"type": "ingress", "security_group_id": group, "protocol": "tcp", "from_port": port, "to_port": port,
            "cidr_blocks": [cidr], "ipv6_cidr_blocks": null, "self": false, "id": format!("sgrule-{port}")})
    };
    let state = json!({"version": 4, "terraform_version": "1.9.8", "resources": [
        resource("aws_s3_bucket", "receipts", "module.store", json!({"arn": format!("arn:aws:s3:::{bucket}"),
            "id": bucket, "bucket": bucket, "tags_all": {}})),
        resource("aws_s3_bucket_versioning", "receipts", "module.store", json!({"id": bucket, "bucket": bucket,
            "versioning_configuration": [{"status": "Enabled", "mfa_delete": ""}]})),
        resource("aws_security_group", "web", "module.net", json!({"id": group, "vpc_id": vpc, "name": "shop-web",
            "arn": format!("arn:aws:ec2:{REGION}:123456789012:security-group/{group}"), "description": "to the shop",
            "tags_all": {}})),
        resource("aws_security_group_rule", "https", "module.net", rule(443, "0.0.0.0/0")),
        resource("aws_security_group_rule", "http", "module.net", rule(80, "10.20.0.0/16")),
        resource("aws_iam_role_policy_attachment", "worker", "module.iam", json!({"role": "shop-worker",
            "policy_arn": "arn:aws:iam::aws:policy/SecurityAudit", "id": "shop-worker-1"})),
        resource("aws_sqs_queue", "gone", "module.queues", json!({"arn": format!("arn:aws:sqs:{REGION}:123456789012:gone"),
            "id": "https://sqs/123456789012/gone", "name": "gone"})),
    ]});
    place.write("fathom.yaml", "version: 1\nterraform_states: [prod.tfstate]\n");
    place.write("prod.tfstate", state.to_string());
    let report = drift(place, &["--declared-only"]);
    assert_eq!(
        differences(&report),
        set(&[
            "module.net.aws_security_group_rule.https.rule: null → \"tcp 22 22 0.0.0.0/0\"",
            "module.store.aws_s3_bucket_versioning.receipts.versioning_configuration.status: \"Enabled\" → \"Suspended\"",
            "module.iam.aws_iam_role_policy_attachment.worker.policy_arn: \"arn:aws:iam::aws:policy/SecurityAudit\" → null",
        ])
    );
    assert!(
        verdicts(&report).contains("module.queues.aws_sqs_queue.gone: missing"),
        "{:?}",
        verdicts(&report)
    );
}

#[test]
fn a_baseline_lists_every_difference_until_it_is_explained() {
    let Some(moto) = Moto::start() else { return };
    let queue = |name: &str, seconds: u32| {
        format!(
            "c('sqs').create_queue(QueueName={name:?}, Attributes={{'VisibilityTimeout': '{seconds}'}})\n"
        )
    };
    boto(&moto, &(queue("stays", 30) + &queue("changes", 30) + &queue("goes", 30)));
    let place = Place::asking(&moto.url);
    let scan = || place.run(&["scan", "--regions", REGION, "--types", "AWS::SQS::Queue", "--quiet"]).ok();
    let open = || {
        let ran = place.run(&["baseline", "diff", "--json"]).ok().json();
        let list = ran["differences"].as_array().expect("a list").clone();
        list.iter()
            .map(|one| {
                format!(
                    "{} {}",
                    one["change"].as_str().unwrap_or_default(),
                    one["name"].as_str().unwrap_or_default()
                )
            })
            .collect::<BTreeSet<String>>()
    };
    place.run(&["scan", "--regions", REGION, "--types", "AWS::SQS::Queue", "--quiet"]).ok();
    place.run(&["baseline", "status"]).code(1).says(&["no baseline `default`"]);
    let approved =
        place.run(&["baseline", "approve", "--reason", "release 1", "--by", "ada", "--json"]).ok().json();
    assert_eq!(approved["resources"], 3);
    assert_eq!(open(), set(&[]));
    place.run(&["baseline", "status", "--exit-code"]).code(0);

    let url = |name: &str| format!("c('sqs').get_queue_url(QueueName={name:?})['QueueUrl']");
    boto(
        &moto,
        &format!(
            "c('sqs').set_queue_attributes(QueueUrl={}, Attributes={{'VisibilityTimeout': '99'}})\n\
             c('sqs').delete_queue(QueueUrl={})\n{}",
            url("changes"),
            url("goes"),
            queue("new", 30)
        ),
    );
    scan();
    assert_eq!(open(), set(&["added new", "changed changes", "gone goes"]));
    let listed = || {
        let rows = place.run(&["unknown", "--json"]).ok().json();
        let departed = |row: &&serde_json::Value| {
            row["gaps"].as_array().is_some_and(|gaps| gaps.iter().any(|gap| gap["part"] == "baseline"))
        };
        let rows = rows["rows"].as_array().or(rows.as_array()).expect("rows").clone();
        rows.iter()
            .filter(departed)
            .map(|row| row["name"].as_str().unwrap_or_default().to_owned())
            .collect::<BTreeSet<String>>()
    };
    assert_eq!(listed(), set(&["changes", "new"]));
    let shown = place.run(&["baseline", "diff"]).ok();
    assert!(shown.out.contains("VisibilityTimeout: \"30\" → \"99\""), "{}", shown.out);
    place.run(&["baseline", "status", "--exit-code"]).code(3);
    place.run(&["gate", "--baseline", "default"]).code(3);
    place.run(&["gate", "--baseline", "other"]).code(1).says(&["no baseline is called `other`"]);

    place
        .run(&["baseline", "accept", "stays", "--reason", "x"])
        .code(1)
        .says(&["nothing called `stays` differs"]);
    for name in ["changes", "goes", "new"] {
        place.run(&["baseline", "accept", name, "--reason", "planned", "--by", "ada"]).ok();
    }
    assert_eq!(open(), set(&[]));
    place.run(&["baseline", "status", "--exit-code"]).code(0);
    place.run(&["gate", "--baseline", "default"]).ok();
    // What was explained is one state; another change is another difference.
    boto(
        &moto,
        &format!(
            "c('sqs').set_queue_attributes(QueueUrl={}, Attributes={{'VisibilityTimeout': '7'}})\n",
            url("changes")
        ),
    );
    scan();
    assert_eq!(open(), set(&["changed changes"]));
    assert_eq!(listed(), set(&["changes"]));

    let kinds: BTreeSet<String> = place
        .run(&["ledger", "list", "--limit", "50", "--json"])
        .ok()
        .json()
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["entry"]["kind"].as_str().unwrap_or_default().to_owned())
        .filter(|kind| kind.starts_with("baseline"))
        .collect();
    assert_eq!(kinds, set(&["baseline.approved", "baseline.difference_accepted"]));
    place.run(&["ledger", "verify"]).ok();
    assert!(fs::metadata(place.data().join("fathom.db")).is_ok());
}
