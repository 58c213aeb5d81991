//! `fathom fix`: commands that a shell and the provider's own command line take, on a real moto; what is proven before; hostile names.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use fathom_testkit::moto::{Moto, python};
use serde_json::{Value, json};

use crate::harness::{Place, Ran, wait};

/// Checks of as many services, whose fix and undo run against moto as they are printed.
const ROUND: [&str; 12] = [
    "cloudtrail_trail_validated",
    "dynamodb_table_deletion_protected",
    "dynamodb_table_recoverable",
    "ec2_group_databases",
    "ecr_repository_scans",
    "iam_user_inline_not_admin",
    "kms_key_rotates",
    "logs_log_group_retention_set",
    "rds_instance_deletion_protected",
    "s3_bucket_own_block",
    "s3_bucket_refuses_http",
    "sns_topic_not_public",
];

/// What is made in moto for them: each thing is as its check does not want it.
const MADE: &str = r#"
import json, sys, boto3
url = sys.argv[1]
def c(name): return boto3.client(name, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
s3 = c("s3")
s3.create_bucket(Bucket="one-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_bucket_policy(Bucket="one-bucket", Policy=json.dumps({"Version": "2012-10-17", "Id": "kept", "Statement": [
    {"Sid": "kept", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one-bucket/*"}]}))
c("cloudtrail").create_trail(Name="one-trail", S3BucketName="one-bucket")
c("dynamodb").create_table(TableName="one-table", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
ec2 = c("ec2")
vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
group = ec2.create_security_group(GroupName="one-group", Description="d", VpcId=vpc)["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.7.0.0/16", "Description": "kept"}]}])
c("ecr").create_repository(repositoryName="one/repository")
iam = c("iam")
iam.create_user(UserName="one-user")
iam.put_user_policy(UserName="one-user", PolicyName="everything", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
iam.put_user_policy(UserName="one-user", PolicyName="kept", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}))
c("kms").create_key(Description="one-key")
c("logs").create_log_group(logGroupName="/one/group")
c("rds").create_db_instance(DBInstanceIdentifier="one-database", DBInstanceClass="db.t3.micro", Engine="postgres",
    AllocatedStorage=20, MasterUsername="one", MasterUserPassword="one-password")
sns = c("sns")
topic = sns.create_topic(Name="one-topic")["TopicArn"]
sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Sid": "open", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic},
    {"Sid": "kept", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sns:Publish", "Resource": topic}]}))
"#;

/// Looks at the cloud anew, and asks the checks.
fn looks(place: &Place) {
    place.run(&["scan", "--regions", "eu-west-1", "--quiet"]).ok();
    let mut args = vec!["check"];
    args.extend(ROUND.iter().flat_map(|check| ["--check", check]));
    place.run(&args).ok();
}

/// The findings of a check of the things that were made.
fn findings(place: &Place, check: &str) -> Vec<Value> {
    let all = ["--state", "open", "--state", "reopened", "--state", "fixed", "--order", "severity"];
    let told = place.run(&[&["--json", "findings", "--check", check], &all[..]].concat()).ok().json();
    told["findings"].as_array().expect("findings").clone()
}

/// Runs a script as a person would, with the provider's command line before all else.
fn shell(place: &Place, script: &str, tools: &str) -> Ran {
    let mut command = Command::new("sh");
    place.prepare(&mut command);
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(["-eu", "-c", script]).env("PATH", format!("{tools}:{path}")).stdin(Stdio::null());
    wait(command.spawn().expect("a shell"))
}

#[test]
fn printed_commands_fix_a_finding_in_a_cloud_and_the_undo_brings_it_back() {
    let (Some(moto), Some(python)) = (Moto::start(), python()) else { return };
    let tools = python.parent().expect("a directory").to_str().expect("a path").to_owned();
    let place = Place::asking(&moto.url).env("AWS_DEFAULT_REGION", "eu-west-1");
    if shell(&place, "aws --version", &tools).code != Some(0) {
        println!("left out: the provider's command line does not run in {tools}");
        return;
    }
    let made = Command::new(&python).args(["-c", MADE, &moto.url]).output().expect("Python");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    looks(&place);
    let mut rounds = Vec::new();
    for check in ROUND {
        for finding in findings(&place, check) {
            let id = finding["id"].as_str().expect("an id").to_owned();
            let resource = finding["resource"].as_str().expect("an ARN").to_owned();
            assert_eq!(finding["state"], "open", "{finding}");
            let told = place.run(&["--json", "fix", &id]).ok().json();
            assert_eq!(told["proven"]["status"], "pass", "{check} {resource}: {}", told["proven"]);
            assert_eq!(told["missing"], json!([]), "{check}");
            let fix = place.run(&["fix", &id, "--cli"]).ok().out;
            let undo = place.run(&["fix", &id, "--undo"]).ok().out;
            rounds.push((check, id, resource, fix, undo));
        }
    }
    let met: std::collections::BTreeSet<&str> = rounds.iter().map(|(check, ..)| *check).collect();
    assert_eq!(met.len(), ROUND.len(), "only {met:?} found something");
    for (check, _, resource, fix, _) in &rounds {
        let ran = shell(&place, fix, &tools);
        assert_eq!(ran.code, Some(0), "{check} of {resource}:\n{fix}\n{}", ran.seen());
    }
    looks(&place);
    for (check, id, resource, fix, _) in &rounds {
        let now = findings(&place, check).into_iter().find(|one| one["id"] == **id).expect("it is kept");
        assert_eq!(now["state"], "fixed", "{check} of {resource} after\n{fix}");
    }
    // What the fix had no reason to touch is as it was.
    let left = place.texts(
        "select document from resources where type = 'AWS::EC2::SecurityGroup' and name = 'one-group'",
    );
    assert!(left[0].contains("10.7.0.0/16") && left[0].contains("kept"), "{left:?}");
    let user =
        place.texts("select document from resources where type = 'AWS::IAM::User' and name = 'one-user'");
    assert!(user[0].contains("\"kept\"") && !user[0].contains("everything"), "{user:?}");
    for (check, _, resource, _, undo) in rounds.iter().rev() {
        let ran = shell(&place, undo, &tools);
        assert_eq!(ran.code, Some(0), "{check} of {resource}:\n{undo}\n{}", ran.seen());
    }
    looks(&place);
    for (check, id, resource, _, undo) in &rounds {
        let now = findings(&place, check).into_iter().find(|one| one["id"] == **id).expect("it is kept");
        assert_eq!(now["state"], "reopened", "{check} of {resource} after\n{undo}");
    }
}

/// Names as somebody would write them who wants more than one word of a shell.
const HOSTILE: [&str; 6] = [
    "subnet-1'; touch broken; echo '",
    "subnet-$(touch broken)`touch broken`",
    "subnet-\"; touch broken #",
    "subnet-a b\\",
    "subnet-<your.key>",
    "--endpoint-url=http://127.0.0.1:9",
];

#[test]
fn a_name_is_one_word_of_a_command_whatever_is_in_it() {
    let place = Place::new();
    let subnets: Vec<Value> = HOSTILE
        .iter()
        .map(|id| json!({"SubnetId": id, "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "MapPublicIpOnLaunch": true}))
        .collect();
    let file = "saved/111111111111/eu-west-1/ec2-describe-subnets.json";
    place.write(file, json!({ "Subnets": subnets }).to_string());
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    place.run(&["check", "--check", "ec2_subnet_no_public_addresses"]).ok();
    // In place of the provider's command line: says its words, one on each line.
    let said = place.write("bin/aws", "#!/bin/sh\nfor one in \"$@\"; do printf '%s\\n' \"$one\"; done\n");
    fs::set_permissions(&said, fs::Permissions::from_mode(0o755)).expect("a program");
    let tools = place.path().join("bin").to_str().expect("a path").to_owned();
    let found = findings(&place, "ec2_subnet_no_public_addresses");
    assert_eq!(found.len(), HOSTILE.len());
    let mut seen: Vec<String> = Vec::new();
    for finding in &found {
        let id = finding["id"].as_str().expect("an id");
        let script = place.run(&["fix", id, "--cli"]).ok().out;
        let ran = shell(&place, &script, &tools).ok();
        let words: Vec<&str> = ran.out.lines().collect();
        assert_eq!(&words[..2], ["ec2", "modify-subnet-attribute"], "{script}");
        assert_eq!(&words[words.len() - 2..], ["--region", "eu-west-1"], "{script}");
        // A name that looks like an option is part of the option before it.
        let name = match words[2].strip_prefix("--subnet-id=") {
            Some(name) => name,
            None => words[3],
        };
        seen.push(name.to_owned());
        assert!(!place.path().join("broken").exists(), "{script}");
    }
    seen.sort();
    let mut wanted: Vec<&str> = HOSTILE.to_vec();
    wanted.sort_unstable();
    assert_eq!(seen, wanted);
}

/// An account with one thing, of which one check says that it fails; gives the finding's id.
fn one(place: &Place, file: &str, value: &Value, check: &str) -> String {
    place.write(&format!("saved/111111111111/eu-west-1/{file}.json"), value.to_string());
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    place.run(&["check", "--check", check]).ok();
    let found = findings(place, check);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn what_only_people_can_choose_is_a_variable_that_the_script_asks_for() {
    let place = Place::new();
    let group = json!({"logGroups": [{"logGroupName": "/one", "arn": "arn:aws:logs:eu-west-1:111111111111:log-group:/one:*"}]});
    let id = one(&place, "logs-describe-log-groups", &group, "logs_log_group_own_key");
    let said = place.write("bin/aws", "#!/bin/sh\nprintf '%s\\n' \"$*\"\n");
    fs::set_permissions(&said, fs::Permissions::from_mode(0o755)).expect("a program");
    let tools = place.path().join("bin").to_str().expect("a path").to_owned();
    let script = place.run(&["fix", &id, "--cli"]).ok().out;
    let ran = shell(&place, &script, &tools);
    assert_ne!(ran.code, Some(0));
    assert!(ran.out.is_empty() && ran.err.contains("KEY"), "{}", ran.seen());
    let ran = shell(&place.env("KEY", "the key"), &script, &tools).ok();
    assert_eq!(
        ran.out.trim(),
        "logs associate-kms-key --log-group-name /one --kms-key-id the key --region eu-west-1"
    );
}

#[test]
fn what_cannot_be_undone_or_is_not_there_says_so() {
    let place = Place::new();
    let addresses =
        json!({"Addresses": [{"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.7", "Domain": "vpc"}]});
    let id = one(&place, "ec2-describe-addresses", &addresses, "ec2_eip_used");
    place.run(&["fix", &id, "--undo"]).code(1).says(&["it cannot be undone: The address goes back to AWS"]);
    let told = place.run(&["--json", "fix", &id]).ok().json();
    assert_eq!((&told["undo"]["kind"], &told["proven"]), (&json!("one_way"), &Value::Null));
    place
        .run(&["fix", "ffffffffffff"])
        .code(1)
        .says(&["no finding has an id that begins with `ffffffffffff`"]);
    place.run(&["fix", "ff"]).code(1).says(&["at least 4 characters"]);
    place.run(&["fix", &id, "--cli", "--undo"]).code(2);
    // It is gone with the next scan that does not see it.
    place.write(
        "saved/111111111111/eu-west-1/ec2-describe-addresses.json",
        json!({"Addresses": []}).to_string(),
    );
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    place.run(&["fix", &id]).code(1).says(&["is gone, so there is nothing to put right"]);
}

#[test]
fn every_command_is_one_that_the_command_line_of_the_provider_knows() {
    let Some(python) = python() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let known = Command::new(&python).args(["-c", "import awscli.clidriver"]).output().expect("Python");
    if !known.status.success() {
        println!("left out: the provider's command line does not run in {}", python.display());
        return;
    }
    let ran = Command::new(&python)
        .arg(root.join("tools/fix/options.py"))
        .arg(root.join("content"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python");
    let (wrong, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}");
    assert!(wrong.is_empty(), "{wrong}");
    let count: usize = said
        .lines()
        .find_map(|line| line.strip_prefix("looked at ")?.split(' ').next()?.parse().ok())
        .expect("how many");
    assert!(count > 700, "only {count} commands");
}
