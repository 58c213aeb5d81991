//! Policies that AWS writes, over a server that answers with all 1,500 of them, used or not.

use std::process::Command;

use fathom_testkit::moto::{Moto, python};
use serde_json::{Value, json};

use crate::harness::{Place, sample};

const READER: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const TYPES: &str = "AWS::IAM::User,AWS::IAM::Role,AWS::IAM::Group,AWS::IAM::ManagedPolicy,AWS::S3::Bucket,\
                     AWS::Organizations::Organization";

const ACCOUNT: &str = r#"
import boto3, json
iam, s3 = boto3.client("iam"), boto3.client("s3")
trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
for name, policy in (("reader", "AmazonS3ReadOnlyAccess"), ("functions", "service-role/AWSLambdaBasicExecutionRole")):
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
# The server counts no boundaries, so that it shows none of this one: nobody can tell what it leaves.
iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=trust, PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")
iam.attach_role_policy(RoleName="bounded", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
s3.create_bucket(Bucket="drop")
"#;

fn boto(moto: &Moto, script: &str) {
    let ran = Command::new(python().expect("it is there, moto runs"))
        .args(["-c", script])
        .env("AWS_ENDPOINT_URL", &moto.url)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the peers' Python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Decision and name of the roles and users that are told.
fn told(found: &Value) -> Vec<(String, String)> {
    let rows = found["rows"].as_array().expect("rows").iter().filter(|row| row["kind"] != "root");
    let text = |row: &'_ Value, member: &str| row[member].as_str().unwrap_or_default().to_owned();
    rows.map(|row| {
        let principal = text(row, "principal");
        (text(row, "decision"), principal.rsplit('/').next().unwrap_or_default().to_owned())
    })
    .collect()
}

#[test]
fn a_role_with_a_policy_of_aws_gets_a_definite_answer() {
    let Some(moto) = Moto::start_with(&["--every-policy"]) else { return };
    boto(&moto, ACCOUNT);
    let place = Place::asking(&moto.url);
    let scan = || place.run(&["scan", "--regions", "us-east-1", "--types", TYPES, "--quiet"]).ok();
    scan();
    let who = |action: &str| place.run(&["who-can", action, "arn:aws:s3:::drop/a", "--json"]).ok().json();
    let found = who("s3:GetObject");
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(told(&found), [pair("allowed", "reader"), pair("unknown", "bounded")], "{found:#}");
    assert!(found.to_string().contains("policy/ReadOnlyAccess` could not be read"), "{found:#}");
    assert_eq!(told(&who("s3:PutObject")), []);
    let can = place.run(&["what-can", "reader", "--json"]).ok().json().to_string();
    assert!(can.contains("GetObject") && !can.contains("PutObject"), "{can}");

    let kept = || {
        place.rows(
            "select r.id, r.account, r.provider_made, count(v.uid) as versions from resources r \
             join resource_versions v on v.uid = r.uid where r.type = 'AWS::IAM::ManagedPolicy' \
             group by r.id, r.account, r.provider_made order by r.id",
        )
    };
    let one = |id: &str| json!({"id": id, "account": "aws", "provider_made": true, "versions": 1});
    let used = [one(READER), one("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")];
    assert_eq!(kept(), used);
    assert_eq!(place.number("select count(*) as n from unknowns where account = 'aws'"), 0);
    // What the account does with it is no news of the policy.
    boto(
        &moto,
        "import boto3\nboto3.client('iam').attach_role_policy(RoleName='functions', PolicyArn='arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess')",
    );
    scan();
    assert_eq!(kept(), used);
    assert_eq!(told(&who("s3:GetObject")).len(), 3);
}

#[test]
fn the_sample_company_attaches_them() {
    let found = sample()
        .run(&[
            "iam",
            "simulate",
            "--principal",
            "svc-backup",
            "--action",
            "s3:ListAllMyBuckets",
            "--context",
            "aws:SecureTransport=true",
        ])
        .ok()
        .out;
    assert!(found.contains("YES") && found.contains("AmazonS3ReadOnlyAccess"), "{found}");
    let attached = sample().number(&format!(
        "select count(*) as n from edges where to_uid = '{READER}' and kind = 'has_policy' and resolved"
    ));
    assert_eq!(attached, 1);
    let twice = "select count(*) as n from edges where to_uid like 'arn:aws:iam::aws:policy/%ConfigRole'";
    assert_eq!(sample().number(twice), 2, "both accounts attach it, and it is one resource");
}
