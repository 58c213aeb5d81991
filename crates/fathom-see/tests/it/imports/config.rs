//! What AWS Config delivers.

use std::io::{Cursor, Write};

use fathom_see::import::Limits;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Desk, told};

const T1: &str = "2026-02-01T00:00:00Z";
const T2: &str = "2026-03-01T00:00:00Z";
pub(super) const BUCKET: &str = "arn:aws:s3:::logs";
pub(super) const GROUP: &str = "arn:aws:ec2:eu-west-1:111111111111:security-group/sg-1";

/// As in the documentation of AWS Config: example items, shortened.
pub(super) fn bucket(captured: &str) -> Value {
    json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": captured,
        "configurationItemStatus": "OK", "configurationStateId": 1, "awsAccountId": "111111111111",
        "resourceType": "AWS::S3::Bucket", "resourceId": "logs", "resourceName": "logs", "ARN": BUCKET,
        "awsRegion": "eu-west-1", "resourceCreationTime": "2025-05-05T05:05:05.000Z", "tags": {"owner": "web"},
        "relationships": [],
        "configuration": {"name": "logs", "owner": {"displayName": null, "id": "abc"}, "creationDate": "2025-05-05T05:05:05.000Z"},
        "supplementaryConfiguration": {
            "BucketPolicy": {"policyText": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"},
            "BucketVersioningConfiguration": "{\"status\":\"Enabled\",\"isMfaDeleteEnabled\":null}",
            "PublicAccessBlockConfiguration": "{\"blockPublicAcls\":true,\"ignorePublicAcls\":true,\"blockPublicPolicy\":true,\"restrictPublicBuckets\":false}",
            "ServerSideEncryptionConfiguration": "{\"rules\":[{\"applyServerSideEncryptionByDefault\":{\"sseAlgorithm\":\"AES256\",\"kmsMasterKeyID\":null}}]}",
            "BucketAccelerateConfiguration": "{\"status\":null}",
        },
    })
}

pub(super) fn group(status: &str, captured: &str) -> Value {
    json!({
        "configurationItemCaptureTime": captured, "configurationItemStatus": status, "awsAccountId": "111111111111",
        "resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-1", "ARN": GROUP, "awsRegion": "eu-west-1",
        "configuration": {
            "groupId": "sg-1", "groupName": "web", "vpcId": "vpc-1", "ownerId": "111111111111",
            "ipPermissions": [{
                "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipRanges": ["0.0.0.0/0"],
                "ipv4Ranges": [{"cidrIp": "0.0.0.0/0", "description": "all"}], "ipv6Ranges": [],
            }],
            "tags": [{"key": "Name", "value": "web"}],
        },
    })
}

pub(super) fn snapshot(items: &[Value]) -> String {
    json!({"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": items}).to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn items_become_the_documents_that_a_scan_makes() {
    let desk = Desk::new().await;
    let items = [bucket("2026-01-01T00:00:00.000Z"), group("ResourceDiscovered", "2026-01-01T00:00:00.000Z")];
    desk.put(
        "111111111111_Config_eu-west-1_ConfigSnapshot_20260101T000000Z_s.json.gz",
        gzip(snapshot(&items).as_bytes()),
    );
    let report = desk.config_at(T1).await.unwrap();
    assert_eq!(told(&report), Vec::<String>::new());
    let stored = desk.one(BUCKET).await.resource;
    assert_eq!(
        (stored.id.as_str(), stored.region.as_str(), stored.account.as_str()),
        ("logs", "eu-west-1", "111111111111")
    );
    assert_eq!(stored.created_at.map(|time| time.to_string()).as_deref(), Some("2025-05-05T05:05:05Z"));
    assert_eq!(stored.tags["owner"], "web");
    let document = desk.document(BUCKET).await;
    assert_eq!(document["Name"], "logs");
    assert_eq!(document["Policy"], json!({"Version": "2012-10-17", "Statement": []}));
    assert_eq!(document["Versioning"]["Status"], "Enabled");
    assert_eq!(document["PublicAccessBlock"]["BlockPublicAcls"], true);
    assert_eq!(document["PublicAccessBlock"]["RestrictPublicBuckets"], false);
    assert_eq!(
        document["Encryption"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "AES256"
    );
    assert_eq!(document["Tags"], json!([{"Key": "owner", "Value": "web"}]));
    assert!(document["supplementaryConfiguration"].get("BucketAccelerateConfiguration").is_some());

    let document = desk.document(GROUP).await;
    assert_eq!(document["GroupName"], "web");
    assert_eq!(
        document["IpPermissions"][0]["IpRanges"],
        json!([{"CidrIp": "0.0.0.0/0", "Description": "all"}])
    );
    assert_eq!(document["IpPermissions"][0]["FromPort"], 443);
    assert_eq!(desk.one(GROUP).await.resource.name.as_deref(), Some("web"));
}

#[tokio::test]
async fn the_newest_state_counts_and_the_gone_are_gone() {
    let desk = Desk::new().await;
    desk.put("1.json", snapshot(&[group("OK", "2026-01-01T00:00:00Z"), bucket("2026-01-01T00:00:00Z")]));
    desk.config_at(T1).await.unwrap();
    // The same again is no version, and nothing that the file does not name is touched.
    desk.config_at(T1).await.unwrap();
    assert_eq!(desk.store.versions(&GROUP.into()).await.unwrap().len(), 1);
    std::fs::remove_file(desk.folder().join("1.json")).unwrap();
    let mut renamed = group("OK", "2026-02-10T00:00:00Z");
    renamed["configuration"]["groupName"] = json!("edge");
    let history = [group("ResourceDeleted", "2026-02-20T00:00:00Z"), renamed.clone()];
    desk.put("2.json", snapshot(&[renamed]));
    desk.config_at("2026-02-15T00:00:00Z").await.unwrap();
    assert_eq!(desk.document(GROUP).await["GroupName"], "edge");
    assert_eq!(desk.store.versions(&GROUP.into()).await.unwrap().len(), 2);
    desk.put("3.json", snapshot(&history));
    let report = desk.config_at(T2).await.unwrap();
    assert_eq!(report.gone, 1);
    // What was imported before, and came again with its deletion.
    assert!(
        report.notes.iter().any(|note| note.starts_with("1 older states are not newer")),
        "{:?}",
        report.notes
    );
    assert_eq!(desk.uids().await, [BUCKET]);
    assert!(!desk.one(BUCKET).await.stale, "what a file does not name is not touched");
    assert!(desk.one(GROUP).await.deleted_at.is_some());
    // Older than what is known: the group stays gone.
    std::fs::remove_file(desk.folder().join("2.json")).unwrap();
    std::fs::remove_file(desk.folder().join("3.json")).unwrap();
    desk.put("1.json", snapshot(&[group("OK", "2026-01-01T00:00:00Z"), bucket("2026-01-01T00:00:00Z")]));
    desk.config_at(T2).await.unwrap();
    assert_eq!(desk.uids().await, [BUCKET]);
}

#[tokio::test]
async fn a_type_that_nobody_defined_is_seen_and_not_understood() {
    let desk = Desk::new().await;
    let item = json!({"resourceType": "AWS::Unicorn::Stable", "resourceId": "u-1", "accountId": "111111111111",
        "awsRegion": "eu-west-1", "arn": "arn:aws:unicorn:eu-west-1:111111111111:stable/u-1",
        "configuration": "{\"Horns\": 1}"});
    // As `aws configservice select-resource-config` answers.
    desk.put("select.json", json!({"Results": [item.to_string()]}).to_string());
    desk.config_at(T1).await.unwrap();
    let uid = "arn:aws:unicorn:eu-west-1:111111111111:stable/u-1";
    assert_eq!(desk.document(uid).await["configuration"], json!({"Horns": 1}));
    // As a scan calls what a finder names, so that its type stays whichever door it came through last.
    assert_eq!(desk.one(uid).await.resource.kind.as_str(), "seen::unicorn::stable");
    let unknown = desk.store.unknown_of(&uid.into(), T2.parse().unwrap()).await.unwrap().unwrap();
    assert!(format!("{:?}", unknown.gaps).contains("NotDefined"), "{:?}", unknown.gaps);
}

#[tokio::test]
async fn archives_are_read_in_memory_and_bombs_are_left_out() {
    let limits = Limits { file_bytes_max: 40 << 20, members_max: 5, ..Limits::default() };
    let desk = Desk::with(limits).await;
    let good = snapshot(&[bucket("2026-01-01T00:00:00Z")]);
    let zeros = vec![b' '; 30 << 20];
    let bomb = gzip(&zeros);
    let inner = zipped(&[("x", b"y")]);
    let members: Vec<(&str, &[u8])> = vec![
        ("../../../../tmp/fathom-escaped.json", good.as_bytes()),
        ("bomb.json", &zeros),
        ("bomb.json.gz", &bomb),
        ("inner.zip", &inner),
        ("\u{1b}[2Jbroken.json", b"{\"configurationItems\": [{]}"),
        ("sixth.json", b"{}"),
    ];
    desk.put("all.zip", zipped(&members))
        .put("bomb.json.gz", &bomb)
        .put("cut.json.gz", gzip(good.as_bytes()).split_at(60).0);
    let report = desk.config_at(T1).await.unwrap();
    assert_eq!(desk.uids().await, [BUCKET]);
    assert!(!std::path::Path::new("/tmp/fathom-escaped.json").exists());
    let told = told(&report);
    for (file, message) in [
        ("all.zip!bomb.json:", "expands to more than 200 times"),
        ("all.zip!bomb.json.gz:", "expands to more than 200 times"),
        ("all.zip!inner.zip:", "archive in an archive"),
        ("all.zip!\u{fffd}[2Jbroken.json:", "is no JSON"),
        ("all.zip:", "has 6 members"),
        ("bomb.json.gz:", "expands to more than 200 times"),
        ("cut.json.gz:", "cannot be expanded"),
    ] {
        assert!(told.iter().any(|one| one.starts_with(file) && one.contains(message)), "{file} {told:#?}");
    }
}

#[tokio::test]
async fn broken_items_are_named_and_the_others_land() {
    let desk = Desk::new().await;
    let mut nameless = bucket(T1);
    nameless.as_object_mut().unwrap().remove("resourceId");
    desk.put("1.json", snapshot(&[nameless, json!(5), bucket("2026-01-01T00:00:00Z")]))
        .put("2.json", "{\"a\": 1}");
    let report = desk.config_at(T1).await.unwrap();
    assert_eq!(desk.uids().await, [BUCKET]);
    let told = told(&report);
    assert!(told.contains(&"1.json: item 0: has no `resourceId`".to_owned()), "{told:?}");
    assert!(told.contains(&"1.json: item 1: is no object".to_owned()), "{told:?}");
    assert_eq!(report.unused, ["2.json"]);
    let desk = Desk::new().await;
    desk.put("2.json", "{\"a\": 1}");
    assert!(desk.config_at(T1).await.unwrap_err().to_string().contains("configurationItems"));
}
