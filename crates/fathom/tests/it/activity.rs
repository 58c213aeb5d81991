//! Who made it: from logs in files, in a bucket, and from what CloudTrail remembers by itself.

use std::{fs, path::Path, process::Command, sync::OnceLock};

use fathom_testkit::moto::{Moto, python};
use serde_json::{Value, json};

use crate::{
    cloud::{ACCOUNT, CANARY, Seeded, TYPES, answer, denied, on, seeded, small_estate, unknown_rows, whole},
    harness::Place,
    moto::{RECORDING, scanned},
};

/// A place where the company was scanned with its logs.
fn logged() -> Option<&'static (Place, &'static Seeded)> {
    static PLACE: OnceLock<Option<(Place, &'static Seeded)>> = OnceLock::new();
    let scan = || {
        let (cloud, live) = (seeded()?, scanned()?);
        let place = Place::new();
        place.write(RECORDING, live.read(RECORDING));
        let logs = cloud.logs().display().to_string();
        place.run(&whole(&["--replay", RECORDING, "--cloudtrail", &logs])).ok();
        Some((place, cloud))
    };
    PLACE.get_or_init(scan).as_ref()
}

#[test]
fn every_creator_that_is_told_is_the_right_one() {
    let Some((place, cloud)) = logged() else { return };
    let rows = place.rows(
        "select r.account, r.region, r.type, r.id, r.uid, e.value from resources r \
         join explanations e on e.uid = r.uid where e.part = 'creator' and e.source = 'cloudtrail'",
    );
    let (mut right, mut kinds) = (0, std::collections::BTreeSet::new());
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let made = &cloud.creators[text("account")][text("region")][text("type")];
        // The oracle names some by id and some by ARN; what it does not know it cannot judge.
        let wanted = made.as_object().into_iter().flatten().find(|(id, _)| {
            *id == text("id") || *id == text("uid") || text("uid").ends_with(&format!("/{id}"))
        });
        if let Some((id, wanted)) = wanted {
            assert_eq!(text("value"), wanted.as_str().unwrap_or_default(), "{} {id}", text("type"));
            right += 1;
            kinds.insert(text("type").to_owned());
        }
    }
    println!("{right} creators of {} types are right, of {} told", kinds.len(), rows.len());
    assert!(right >= 200 && kinds.len() >= 60, "{right} of {} types", kinds.len());
    // Each way to be somebody led to somebody.
    let people =
        place.texts("select distinct value from explanations where source = 'cloudtrail' order by value");
    assert_eq!(
        people,
        [
            "ada.okafor@northwind.example",
            "arn:aws:iam::123456789012:user/bo.lindqvist",
            "arn:aws:iam::123456789012:user/build-bot",
            "repo:northwind/security-infra:ref:refs/heads/main",
        ]
    );
}

#[test]
fn what_the_calls_made_is_told_but_for_reasons_that_are_known() {
    let Some((place, cloud)) = logged() else { return };
    let mut present = 0;
    // Types whose every creation is a call of its own with an answer that names the thing.
    for kind in [
        "AWS::EC2::Instance",
        "AWS::EC2::VPC",
        "AWS::EC2::Volume",
        "AWS::EC2::NatGateway",
        "AWS::EC2::EIP",
        "AWS::EC2::KeyPair",
        "AWS::EC2::LaunchTemplate",
        "AWS::EC2::FlowLog",
        "AWS::EC2::VPCEndpoint",
        "AWS::IAM::User",
        "AWS::IAM::Group",
        "AWS::IAM::AccessKey",
        "AWS::IAM::ManagedPolicy",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBCluster",
        "AWS::KMS::Alias",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ECR::Repository",
        "AWS::EKS::Cluster",
        "AWS::EFS::FileSystem",
        "AWS::SSM::Parameter",
        "AWS::Route53::HostedZone",
        "AWS::CloudFront::Distribution",
        "AWS::GuardDuty::Detector",
        "AWS::Organizations::Policy",
    ] {
        let untold = place.texts(&format!(
            "select uid from resources where type = '{kind}' and not provider_made and uid not in \
             (select uid from explanations where part = 'creator' and source = 'cloudtrail')"
        ));
        let made: usize = cloud
            .creators
            .as_object()
            .expect("accounts")
            .values()
            .flat_map(|places| places.as_object().expect("regions").values())
            .filter_map(|kinds| kinds.get(kind)?.as_object())
            .map(serde_json::Map::len)
            .sum();
        present += usize::from(made > 0);
        assert_eq!(untold, Vec::<String>::new(), "{kind}");
    }
    assert!(present >= 20, "the company has only {present} of these types");
}

#[test]
fn explain_and_activity_show_who_and_the_proof() {
    let Some((place, _)) = logged() else { return };
    let bucket = place
        .texts("select uid from resources where type = 'AWS::S3::Bucket' and name like 'northwind-tmp%'")
        .remove(0);
    let explained = place.run(&["explain", &bucket]).ok().out;
    assert!(explained.contains("made by arn:aws:iam::123456789012:user/build-bot"), "{explained}");
    assert!(explained.contains("from 203.0.113.4") && explained.contains("s3:CreateBucket"), "{explained}");
    let told = place.run(&["activity", &bucket, "--json"]).ok().json();
    assert_eq!(told["creation"]["who"]["name"], "arn:aws:iam::123456789012:user/build-bot");
    let event = told["creation"]["event"].as_str().expect("an event").to_owned();
    let source = told["creation"]["source"].as_str().expect("a source");
    let (file, record) = source.rsplit_once('#').expect("a file and a record");
    // The proof leads to the very record.
    let unpacked = Command::new("gzip").args(["-dc", file]).output().expect("gzip runs").stdout;
    let log: Value = serde_json::from_slice(&unpacked).expect("JSON");
    let record = &log["Records"][record.parse::<usize>().expect("a number") - 1];
    assert_eq!(
        (record["eventID"].as_str(), record["eventName"].as_str()),
        (Some(event.as_str()), Some("CreateBucket"))
    );
    let chain = place.texts("select origin from explanations where source = 'cloudtrail' and value like '%bo.lindqvist' limit 1").remove(0);
    assert!(chain.contains("through roles deployer, then workload-admin (AWS CLI)"), "{chain}");
    let person = place
        .texts("select origin from explanations where source = 'cloudtrail' and value like 'ada%' limit 1")
        .remove(0);
    assert!(
        person.contains("through role AWSReservedSSO_Administrator_0123456789abcdef (console)"),
        "{person}"
    );
}

#[test]
fn nothing_secret_of_a_log_is_kept() {
    let Some((place, _)) = logged() else { return };
    let held = |path: &Path, text: &str| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    for file in ["fathom.db", "fathom.db-wal"] {
        for text in [CANARY, "PLANTED-SESSION-TOKEN"] {
            assert!(!held(&place.data().join(file), text), "{text} in {file}");
        }
    }
}

#[test]
fn an_import_twice_and_one_from_a_bucket_are_the_same() {
    let (Some(cloud), Some(bucket)) = (seeded(), Moto::start()) else { return };
    let logs = cloud.logs().display().to_string();
    let place = Place::new();
    let first = place.run(&["import", "cloudtrail", &logs, "--json"]).ok().json();
    assert!(first["events"].as_u64() > Some(400) && first["broken"] == 0, "{first}");
    assert_eq!(first["duplicates"], 0);
    let rows = |place: &Place| -> Vec<Value> {
        let listed = place.run(&["ledger", "list", "--json"]).ok().json();
        listed
            .as_array()
            .expect("entries")
            .iter()
            .filter(|entry| entry["entry"]["kind"] == "trail.imported")
            .cloned()
            .collect()
    };
    let again = place.run(&["import", "cloudtrail", &logs, &logs, "--json"]).ok().json();
    assert_eq!(again["duplicates"], first["events"]);
    assert_eq!(rows(&place).len(), 2);

    let upload = "import boto3, pathlib, sys\n\
        s3 = boto3.client('s3', region_name='us-east-1', endpoint_url=sys.argv[1], aws_access_key_id='a', aws_secret_access_key='b')\n\
        s3.create_bucket(Bucket='the-logs')\n\
        root = pathlib.Path(sys.argv[2])\n\
        [s3.put_object(Bucket='the-logs', Key='audit/' + str(f.relative_to(root)), Body=f.read_bytes()) for f in root.rglob('*') if f.is_file()]\n\
        s3.put_object(Bucket='the-logs', Key='audit/AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/01/01/x.json.gz', Body=b'x')\n";
    let done = Command::new(python().expect("it was there"))
        .args(["-c", upload, &bucket.url, &logs])
        .output()
        .expect("python starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let place = Place::asking(&bucket.url);
    let from = "s3://the-logs/audit";
    let read = place.run(&["import", "cloudtrail", from, "--json"]).ok().json();
    for count in ["events", "changes", "described", "inferred", "sessions", "files", "broken"] {
        assert_eq!(read[count], first[count], "{count} of {read}");
    }
    let later = place.run(&["import", "cloudtrail", from, "--json"]).ok().json();
    assert_eq!((&later["files"], &later["known_files"]), (&json!(0), &first["files"]));
}

#[test]
fn broken_files_and_records_are_named_and_the_rest_lands() {
    let place = Place::new();
    let logs = place.path().join("logs");
    fs::create_dir_all(logs.join("deep")).expect("a folder");
    let event = |id: &str, name: &str| {
        json!({
            "eventID": id, "eventTime": "2026-01-02T03:04:05Z", "eventSource": "s3.amazonaws.com", "eventName": name,
            "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT, "readOnly": false,
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/a"), "accountId": ACCOUNT},
            "requestParameters": {"bucketName": "alpha"},
        })
    };
    let write = |name: &str, text: &str| fs::write(logs.join(name), text).expect("a file");
    write(
        "good.json",
        &json!({"Records": [event("1", "CreateBucket"), {"eventName": "Bare"}, event("2", "PutBucketAcl")]})
            .to_string(),
    );
    write(
        "deep/cut.json",
        &json!({"Records": [event("3", "PutBucketCors")]}).to_string().replace("]}", ",{\"eventI"),
    );
    write("page.json", "<html>");
    write("lines.jsonl", &format!("{}\nnonsense\n", event("4", "PutBucketTagging")));
    write(
        "envelope.json",
        &json!({"detail-type": "AWS API Call via CloudTrail", "detail": event("5", "PutBucketPolicy")})
            .to_string(),
    );
    fs::write(logs.join("cut.json.gz"), [0x1f, 0x8b, 8, 0, 0, 0]).expect("a file");
    write("notes.txt", "not a log");
    let report = place.run(&["import", "cloudtrail", "logs", "--json"]).ok().json();
    assert_eq!(
        (&report["events"], &report["described"], &report["skipped_files"]),
        (&json!(5), &json!(5), &json!(1))
    );
    let named: Vec<String> = report["broken_named"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            format!(
                "{}: {}",
                one["place"].as_str().unwrap_or_default(),
                one["why"].as_str().unwrap_or_default()
            )
        })
        .collect();
    for (place, why) in [
        ("logs/good.json#2", "it has no `eventTime`"),
        ("logs/deep/cut.json#2", "breaks off"),
        ("logs/page.json", "is no CloudTrail log"),
        ("logs/lines.jsonl#2", "no JSON"),
        ("logs/cut.json.gz", "does not unpack"),
    ] {
        assert!(named.iter().any(|one| one.starts_with(place) && one.contains(why)), "{place}: {named:#?}");
    }
    assert_eq!(report["broken"], 5);
    place.run(&["import", "cloudtrail", "nowhere"]).code(1).says(&["cannot read nowhere"]);
    fs::create_dir(place.path().join("empty")).expect("a folder");
    place.run(&["import", "cloudtrail", "empty"]).code(1).says(&["no log was read"]);
}

#[test]
fn what_cloudtrail_remembers_is_asked_with_limits_that_are_seen() {
    let event = |id: &str, name: &str, region: &str, request: Value, response: Value, who: Value| {
        let record = json!({
            "eventID": id, "eventTime": "2026-01-02T03:04:05Z", "eventSource": "ec2.amazonaws.com", "eventName": name,
            "awsRegion": region, "recipientAccountId": ACCOUNT, "readOnly": false, "userIdentity": who,
            "requestParameters": request, "responseElements": response, "sourceIPAddress": "198.51.100.7",
        });
        json!({"EventId": id, "EventName": name, "CloudTrailEvent": record.to_string()})
    };
    let alice =
        json!({"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/alice"), "accountId": ACCOUNT});
    let run = event(
        "e1",
        "RunInstances",
        "eu-west-1",
        json!({}),
        json!({"instancesSet": {"items": [{"instanceId": "i-1"}]}}),
        alice.clone(),
    );
    let stop = event(
        "e2",
        "StopInstances",
        "eu-west-1",
        json!({"instancesSet": {"items": [{"instanceId": "i-1"}]}}),
        Value::Null,
        alice,
    );
    let front = small_estate(vec![
        answer("cloudtrail", "LookupEvents", json!({"Events": [stop, run], "NextToken": "more"}))
            .region("eu-west-1"),
        on("cloudtrail", "LookupEvents", denied()).region("us-east-1"),
    ]);
    let place = Place::asking(&front.url);
    // Another address than AWS's own is not asked unless somebody says so.
    let quiet = place.run(&["scan", "--types", TYPES, "--json"]).ok().json();
    assert_eq!(quiet["cloudtrail"], Value::Null);
    let out = place.run(&["scan", "--types", TYPES, "--cloudtrail", "lookup", "--trail-pages", "1"]).ok().out;
    assert!(out.contains("cut short: LookupEvents"), "{out}");
    let rows = unknown_rows(&place);
    let lookups: Vec<_> = rows
        .iter()
        .filter(|row| row["operation"] == "LookupEvents")
        .map(|row| {
            (
                row["region"].as_str().unwrap_or_default(),
                row["reason"].as_str().unwrap_or_default(),
                row["permission"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        lookups,
        [("eu-west-1", "not_reached", None), ("us-east-1", "denied", Some("cloudtrail:LookupEvents"))]
    );
    let told = place.run(&["activity", "i-1", "--json"]).ok().json();
    assert_eq!(told["creation"]["who"]["name"], format!("arn:aws:iam::{ACCOUNT}:user/alice"));
    assert_eq!(told["events"].as_array().map(Vec::len), Some(2));
    let creator =
        place.texts("select value from explanations where part = 'creator' and uid like '%instance/i-1'");
    assert_eq!(creator, [format!("arn:aws:iam::{ACCOUNT}:user/alice")]);
    // The other instance: nobody could look.
    let other = place.run(&["activity", "i-2", "--json"]).ok().json();
    assert_eq!(other["creation"]["unknown"], "no CloudTrail log of its account and region was read");
}
