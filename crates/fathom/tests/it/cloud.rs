//! Clouds to ask: one seeded moto that all tests share, and small written estates behind a front.

use std::{fs, path::PathBuf, process::Command, sync::OnceLock};

use fathom_testkit::{
    front::{Fault, Front, FrontOptions, Rule},
    moto::{Moto, python},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Place, Ran};

/// The regions that the sample company uses (tools/estate/company.py).
pub(crate) const REGIONS: [&str; 3] = ["ap-southeast-2", "eu-west-1", "us-east-1"];

/// What tools/estate/company.py plants as a secret value.
pub(crate) const CANARY: &str = "CANARY-7f3a9c";

/// A moto that tools/estate/seed.py seeded, and what boto3 reads back from it. Nobody may change it.
pub(crate) struct Seeded {
    moto: Moto,
    scratch: TempDir,
    /// What boto3 reads back.
    pub(crate) oracle: Value,
    /// Who made what, found without looking at any event.
    pub(crate) creators: Value,
}

impl Seeded {
    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.moto.url
    }

    /// The directory with what CloudTrail would have logged.
    pub(crate) fn logs(&self) -> PathBuf {
        self.scratch.path().join("trail")
    }

    /// A place from which both its accounts may be asked.
    pub(crate) fn place(&self) -> Place {
        Place::asking(self.url())
    }
}

/// The estate's tools in this repository.
pub(crate) fn tools() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/estate")
}

/// The seeded moto. None, with a printed reason, where the peers' Python is missing.
pub(crate) fn seeded() -> Option<&'static Seeded> {
    static SEEDED: OnceLock<Option<Seeded>> = OnceLock::new();
    let seed = || {
        let moto = Moto::start()?;
        let scratch = tempfile::tempdir().expect("a temporary directory");
        let summary = scratch.path().join("summary.json");
        let seeded = Command::new(python()?)
            .arg(tools().join("seed.py"))
            .args(["--small", "--endpoint", &moto.url, "--summary"])
            .arg(&summary)
            .arg("--trail")
            .arg(scratch.path().join("trail"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .expect("the peers' Python starts");
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        let read = |path: PathBuf| {
            serde_json::from_slice(&fs::read(path).expect("what the estate's tools write")).expect("JSON")
        };
        let creators = read(scratch.path().join("trail/creators.txt"));
        Some(Seeded { oracle: read(summary), creators, moto, scratch })
    };
    SEEDED.get_or_init(seed).as_ref()
}

/// The arguments of a scan of both accounts in the company's regions.
pub(crate) fn whole<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let scope = ["scan", "--organization-role", "OrganizationAccountAccessRole", "--regions"];
    [&scope[..], &["ap-southeast-2,eu-west-1,us-east-1"], more].concat()
}

/// The account of a front's estate.
pub(crate) const ACCOUNT: &str = fathom_testkit::front::ACCOUNT;

/// A rule for one operation.
pub(crate) fn on(service: &str, operation: &str, fault: Fault) -> Rule {
    Rule::new(fault).service(service).operation(operation)
}

/// A written answer for one operation.
pub(crate) fn answer(service: &str, operation: &str, value: Value) -> Rule {
    on(service, operation, Fault::Answer(value))
}

/// A refusal for want of a permission.
pub(crate) fn denied() -> Fault {
    Fault::Denied { message: "User: arn:aws:iam::123456789012:user/scanner is not authorized".to_owned() }
}

/// An estate of two regions without any Python: in each a network, a queue and an instance, and three buckets. The
/// rules given come before it.
pub(crate) fn small_estate(mut rules: Vec<Rule>) -> Front {
    rules.extend(estate());
    Front::start(FrontOptions { rules, ..FrontOptions::default() })
}

/// The rules of the small estate.
pub(crate) fn estate() -> Vec<Rule> {
    let region =
        |name: &str| json!({"RegionName": name, "Endpoint": "e", "OptInStatus": "opt-in-not-required"});
    let bucket = |name: &str| json!({"Name": name, "CreationDate": "2026-01-02T03:04:05Z"});
    let buckets = ["alpha", "beta", "gamma"].map(bucket);
    let mut rules = vec![
        answer("ec2", "DescribeRegions", json!({"Regions": [region("eu-west-1"), region("us-east-1")]})),
        answer("s3", "ListBuckets", json!({"Buckets": buckets})),
        answer("s3", "GetBucketLocation", json!({"LocationConstraint": "eu-west-1"})),
    ];
    for (region, number) in [("eu-west-1", "1"), ("us-east-1", "2")] {
        let vpc = json!({"Vpcs": [{"VpcId": format!("vpc-{number}"), "CidrBlock": "10.0.0.0/16", "State": "available"}]});
        let instance = json!({"Reservations": [{"Instances": [{
            "InstanceId": format!("i-{number}"), "InstanceType": "t3.small", "VpcId": format!("vpc-{number}"),
            "LaunchTime": "2026-01-02T03:04:05Z", "State": {"Name": "running"},
        }]}]});
        rules.push(answer("ec2", "DescribeVpcs", vpc).region(region));
        rules.push(answer("ec2", "DescribeInstances", instance).region(region));
        let queue = format!("https://sqs.{region}.amazonaws.com/{ACCOUNT}/jobs");
        rules.push(answer("sqs", "ListQueues", json!({"QueueUrls": [queue]})).region(region));
        let arn = format!("arn:aws:sqs:{region}:{ACCOUNT}:jobs");
        rules.push(
            answer("sqs", "GetQueueAttributes", json!({"Attributes": {"QueueArn": arn}})).region(region),
        );
    }
    rules
}

/// The types of the small estate: enough to see what happens, and quick.
pub(crate) const TYPES: &str = "AWS::EC2::VPC,AWS::EC2::Instance,AWS::S3::Bucket,AWS::SQS::Queue";

/// What a scan of the small estate finds, sorted by uid.
pub(crate) fn estate_uids() -> Vec<String> {
    let mut uids = Vec::new();
    for (region, number) in [("eu-west-1", 1), ("us-east-1", 2)] {
        uids.push(format!("arn:aws:ec2:{region}:{ACCOUNT}:instance/i-{number}"));
        uids.push(format!("arn:aws:ec2:{region}:{ACCOUNT}:vpc/vpc-{number}"));
        uids.push(format!("arn:aws:sqs:{region}:{ACCOUNT}:jobs"));
    }
    uids.extend(["alpha", "beta", "gamma"].map(|name| format!("arn:aws:s3:::{name}")));
    uids.sort();
    uids
}

/// What is in the estate of a place, sorted by uid.
pub(crate) fn uids(place: &Place) -> Vec<String> {
    place.texts("select uid from resources order by uid")
}

/// Scans the small estate's types.
pub(crate) fn scan(place: &Place) -> Ran {
    place.run(&["scan", "--types", TYPES])
}

/// The coverage rows of a place that are unknown, without what the definitions lack.
pub(crate) fn unknown_rows(place: &Place) -> Vec<Value> {
    let coverage = place.run(&["coverage", "--json"]).ok().json();
    let is_ours = |row: &&Value| row["outcome"] == "unknown" && row["reason"] != "not_defined";
    coverage.as_array().expect("rows").iter().filter(is_ours).cloned().collect()
}
