//! Folders of answers as the command line prints them.

use std::fs::File;

use fathom_model::Outcome;
use serde_json::json;

use super::{Desk, ended, told};
use fathom_see::import::{JsonOptions, Limits};

const HERE: &str = "111111111111/eu-west-1";
const T1: &str = "2026-02-01T00:00:00Z";
const T2: &str = "2026-02-02T00:00:00Z";
const VPC: &str = "arn:aws:ec2:eu-west-1:111111111111:vpc/vpc-1";

fn vpcs(ids: &[&str]) -> String {
    json!({"Vpcs": ids.iter().map(|id| json!({"VpcId": id, "State": "available"})).collect::<Vec<_>>()})
        .to_string()
}

#[tokio::test]
async fn the_same_twice_is_no_change() {
    let desk = Desk::new().await;
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-1", "vpc-2"]));
    let first = desk.json_at(T1).await.unwrap();
    let second = desk.json_at(T2).await.unwrap();
    assert_eq!(first.files_sha256, second.files_sha256);
    assert_eq!(desk.uids().await, [VPC, "arn:aws:ec2:eu-west-1:111111111111:vpc/vpc-2"]);
    assert_eq!(desk.store.versions(&VPC.into()).await.unwrap().len(), 1);
    let entries = desk.store.entries(0, 100).await.unwrap();
    let told: Vec<String> = entries.iter().map(|entry| format!("{entry:?}")).collect();
    // The digest that anybody can compute again.
    let digest = sha256(vpcs(&["vpc-1", "vpc-2"]).as_bytes());
    let named = told.iter().filter(|entry| entry.contains("import.files") && entry.contains(&digest));
    assert_eq!(named.count(), 2, "{told:#?}");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn the_ledger_has_the_digest_of_each_of_many_files() {
    let desk = Desk::new().await;
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-1"]));
    for number in 0..1_000 {
        desk.put(&format!("{HERE}/s3api-get-bucket-policy/bucket-{number}.json"), number.to_string());
    }
    desk.json_at(T1).await.unwrap();
    let entries = desk.store.entries(0, 100).await.unwrap();
    let all = format!("{entries:?}");
    for number in [0, 500, 999] {
        assert!(all.contains(&sha256(number.to_string().as_bytes())), "{number}");
    }
}

#[tokio::test]
async fn what_a_list_does_not_show_is_gone_and_only_there() {
    let desk = Desk::new().await;
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-1", "vpc-2"]));
    desk.put("111111111111/us-east-1/ec2-describe-vpcs.json", vpcs(&["vpc-3"]));
    desk.put("222222222222/eu-west-1/ec2-describe-vpcs.json", vpcs(&["vpc-4"]));
    desk.json_at(T1).await.unwrap();
    assert_eq!(desk.uids().await.len(), 4);
    std::fs::remove_dir_all(desk.folder()).unwrap();
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-2"]));
    desk.json_at(T2).await.unwrap();
    let left = desk.uids().await;
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.contains(&VPC.to_owned()));
}

#[tokio::test]
async fn what_is_not_in_the_folder_is_unknown_and_stays() {
    let desk = Desk::new().await;
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-1"]));
    desk.json_at(T1).await.unwrap();
    std::fs::remove_dir_all(desk.folder()).unwrap();
    desk.put(&format!("{HERE}/ec2-describe-subnets.json"), json!({"Subnets": []}).to_string());
    let report = desk.json_at(T2).await.unwrap();
    assert_eq!(
        ended(&report, "eu-west-1", "DescribeVpcs"),
        (Outcome::Unknown, Some("not_imported".to_owned()))
    );
    assert_eq!(ended(&report, "eu-west-1", "DescribeSubnets"), (Outcome::Empty, None));
    let vpc = desk.one(VPC).await;
    assert!(vpc.stale && vpc.deleted_at.is_none());
}

#[tokio::test]
async fn an_empty_file_of_a_list_and_a_cut_list_delete_nothing() {
    let desk = Desk::new().await;
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-1", "vpc-2"]));
    desk.json_at(T1).await.unwrap();
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), "");
    let report = desk.json_at(T2).await.unwrap();
    assert_eq!(ended(&report, "eu-west-1", "DescribeVpcs").1.as_deref(), Some("not_imported"));
    let cut = json!({"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "eyJ"}).to_string();
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), cut);
    let report = desk.json_at(T2).await.unwrap();
    assert_eq!(ended(&report, "eu-west-1", "DescribeVpcs").1.as_deref(), Some("not_imported"));
    assert_eq!(desk.uids().await.len(), 2);
}

#[tokio::test]
async fn things_are_answered_by_their_own_files_and_errors_keep_their_meaning() {
    let desk = Desk::new().await;
    let bucket = |name: &str| json!({"Name": name, "CreationDate": "2026-01-02T03:04:05+00:00"});
    let buckets = ["a", "b", "c", "d"].map(bucket);
    let buckets = json!({ "Buckets": buckets }).to_string();
    let policy = json!({"Policy": "{\"Statement\":[]}"}).to_string();
    desk.put(&format!("{HERE}/s3api-list-buckets.json"), buckets)
        .put(&format!("{HERE}/s3api-get-bucket-policy/a.json"), policy)
        .put(&format!("{HERE}/s3api-get-bucket-policy/b.json"), "")
        .put(
            &format!("{HERE}/s3api-get-bucket-policy/c.json"),
            "\nAn error occurred (AccessDenied) when calling the GetBucketPolicy operation: Access Denied\n",
        )
        .put(
            &format!("{HERE}/s3api-get-bucket-location/a.json"),
            json!({"LocationConstraint": "eu-west-1"}).to_string(),
        );
    let report = desk.json_at(T1).await.unwrap();
    assert_eq!(report.problems, []);
    assert_eq!(report.unused, Vec::<String>::new());
    let a = desk.document("arn:aws:s3:::a").await;
    assert_eq!(a["Policy"], json!({"Statement": []}));
    assert_eq!(a["CreationDate"], "2026-01-02T03:04:05Z");
    assert_eq!(desk.one("arn:aws:s3:::a").await.resource.region.as_str(), "eu-west-1");
    assert_eq!(desk.document("arn:aws:s3:::b").await["Policy"], json!(null));
    let gaps = |uid: &'static str| {
        let store = desk.store.clone();
        async move {
            let unknown = store.unknown_of(&uid.into(), T2.parse().unwrap()).await.unwrap().unwrap();
            format!("{:?}", unknown.gaps)
        }
    };
    assert!(gaps("arn:aws:s3:::c").await.contains("s3:GetBucketPolicy"), "the permission that was missing");
    assert!(desk.document("arn:aws:s3:::d").await.get("Policy").is_none(), "not known is not `not set`");
    assert!(gaps("arn:aws:s3:::d").await.contains("no file has the answer of s3 GetBucketPolicy"));
}

#[tokio::test]
async fn one_file_of_all_answers_about_what_it_mentions_and_nothing_else() {
    let desk = Desk::new().await;
    let lb = |n: u8| format!("arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/l{n}/{n}");
    let balancers: Vec<_> = [1, 2]
        .iter()
        .map(|n| json!({"LoadBalancerArn": lb(*n), "LoadBalancerName": format!("l{n}")}))
        .collect();
    let listener = json!({"Listeners": [
        {"ListenerArn": format!("{}/x", lb(1).replace("loadbalancer", "listener")), "LoadBalancerArn": lb(1), "Port": 443},
    ]});
    desk.put(
        &format!("{HERE}/elbv2/describe-load-balancers.json"),
        json!({"LoadBalancers": balancers}).to_string(),
    )
    .put(&format!("{HERE}/elbv2/describe-listeners.json"), listener.to_string());
    let report = desk.json_at(T1).await.unwrap();
    let uids = desk.uids().await;
    assert_eq!(uids.iter().filter(|uid| uid.contains(":listener/")).count(), 1, "{uids:?}");
    // Of the second balancer the file says nothing, so the list of listeners is not known to be whole.
    assert_eq!(ended(&report, "eu-west-1", "DescribeListeners").1.as_deref(), Some("not_imported"));
}

#[tokio::test]
async fn broken_files_are_named_and_the_rest_lands() {
    let desk = Desk::with(Limits { file_bytes_max: 1 << 20, ..Limits::default() }).await;
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpcs(&["vpc-1"]))
        .put(&format!("{HERE}/ec2-describe-subnets.json"), "{\"Subnets\": [\n  {\"SubnetId\": }]}")
        .put(&format!("{HERE}/ec2-describe-volumes.json"), json!({"Volumes": {"VolumeId": "v"}}).to_string())
        .put(&format!("{HERE}/ec2-describe-addresses.json"), json!({"Mine": [1]}).to_string())
        .put(&format!("{HERE}/ec2-describe-unicorns.json"), "{}")
        .put(&format!("{HERE}/notes.txt"), "hello")
        .put(&format!("{HERE}/ec2-describe-key-pairs.json"), "");
    // Larger than the limit, and sparse: nobody writes gigabytes for a test.
    File::create(desk.folder().join(HERE).join("ec2-describe-network-acls.json"))
        .unwrap()
        .set_len(2 << 30)
        .unwrap();
    std::os::unix::fs::symlink("..", desk.folder().join(HERE).join("loop")).unwrap();
    let report = desk.json_at(T1).await.unwrap();
    assert_eq!(desk.uids().await, [VPC]);
    let told = told(&report);
    for (file, message) in [
        ("ec2-describe-subnets.json", "line 2 column 16"),
        ("ec2-describe-volumes.json", "Volumes"),
        ("ec2-describe-addresses.json", "nothing of an answer of ec2 DescribeAddresses"),
        ("ec2-describe-unicorns.json", "no operation `describe-unicorns`"),
        ("ec2-describe-network-acls.json", "2147483648 bytes"),
        ("loop", "symbolic link"),
    ] {
        assert!(told.iter().any(|one| one.contains(file) && one.contains(message)), "{file}: {told:#?}");
    }
    assert_eq!(told.len(), 6, "{told:#?}");
    let unused = format!("{HERE}/notes.txt");
    assert!(report.unused.contains(&unused), "{:?}", report.unused);
    for (operation, reason) in [
        ("DescribeSubnets", "malformed"),
        ("DescribeVolumes", "malformed"),
        ("DescribeNetworkAcls", "too_large"),
    ] {
        assert_eq!(ended(&report, "eu-west-1", operation).1.as_deref(), Some(reason), "{operation}");
    }
}

#[tokio::test]
async fn places_come_from_flags_from_the_caller_or_from_what_files_name() {
    let flags = JsonOptions { account: Some("333333333333".into()), region: Some("eu-north-1".into()) };
    let desk = Desk::new().await;
    desk.put("ec2-describe-vpcs.json", vpcs(&["vpc-1"]));
    let error = desk.json_at(T1).await.unwrap_err().to_string();
    assert!(error.contains("--account"), "{error}");
    desk.json_of(&desk.folder(), &flags, T1).await.unwrap();
    assert_eq!(desk.uids().await, ["arn:aws:ec2:eu-north-1:333333333333:vpc/vpc-1"]);

    let desk = Desk::new().await;
    let subnets =
        json!({"Subnets": [{"SubnetId": "s", "OwnerId": "444444444444", "AvailabilityZone": "sa-east-1a"}]});
    desk.put("ec2-describe-subnets.json", subnets.to_string());
    let report = desk.json_at(T1).await.unwrap();
    assert_eq!(desk.uids().await, ["arn:aws:ec2:sa-east-1:444444444444:subnet/s"]);
    assert_eq!(report.notes.len(), 2, "{:?}", report.notes);
    desk.put("sts-get-caller-identity.json", json!({"Account": "555555555555", "Arn": "a"}).to_string());
    let report = desk.json_at(T1).await.unwrap();
    assert_eq!(report.unused, Vec::<String>::new());
    assert!(desk.uids().await.contains(&"arn:aws:ec2:sa-east-1:555555555555:subnet/s".to_owned()));
}

#[tokio::test]
async fn hostile_names_and_values_are_kept_as_data() {
    let desk = Desk::new().await;
    let long = "x".repeat(100_000);
    let evil = "<script>alert(1)</script>\u{1b}[31m\u{0}=cmd|'/c calc'!A1";
    let vpc = json!({"Vpcs": [{"VpcId": "vpc-1", "Tags": [{"Key": "Name", "Value": evil}, {"Key": "long", "Value": long}]}]});
    desk.put(&format!("{HERE}/ec2-describe-vpcs.json"), vpc.to_string());
    desk.put(&format!("{HERE}/s3api-get-bucket-acl/%2e%2e%2f..%2fetc%2fpasswd.json"), "{}");
    let report = desk.json_at(T1).await.unwrap();
    let stored = desk.one(VPC).await;
    assert_eq!(stored.resource.name.as_deref(), Some(evil));
    assert_eq!(stored.resource.tags["long"].len(), 100_000);
    assert_eq!(report.unused.len(), 1);
}
