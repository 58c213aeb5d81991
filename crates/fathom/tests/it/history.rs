//! What was, and what changed: a live cloud that we change ourselves, and a sample that does not change.

use std::process::Command;

use fathom_model::Document;
use fathom_testkit::{
    front::{Front, FrontOptions},
    moto::{Moto, python},
};
use serde_json::{Value, json};

use crate::{
    cloud::{ACCOUNT, TYPES, answer, estate},
    harness::{Place, Ran, copy_dir, sample},
};

/// Makes things, and prints what it made as JSON.
const BEFORE: &str = r#"
import boto3, json
at = dict(region_name="eu-west-1", endpoint_url=URL, aws_access_key_id="AKIATESTING", aws_secret_access_key="testing")
ec2, s3 = boto3.client("ec2", **at), boto3.client("s3", **at)
vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
groups = {}
for name in ["web", "db", "old"]:
    groups[name] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
for cidr in ["10.0.0.0/8", "192.168.0.0/16"]:
    ec2.authorize_security_group_ingress(GroupId=groups["web"], IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]}])
ec2.authorize_security_group_ingress(GroupId=groups["web"], IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
ec2.create_tags(Resources=[groups["db"]], Tags=[{"Key": "environment", "Value": "prod"}, {"Key": "owner", "Value": "core"}])
for name in ["kept", "dropped"]:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
print(json.dumps({"vpc": vpc, **groups}))
"#;

/// Changes them: a port is opened, a tag is changed and another added with hostile text, a bucket gets a policy, a
/// group and a bucket go, a bucket is new.
const AFTER: &str = r#"
import boto3, json
at = dict(region_name="eu-west-1", endpoint_url=URL, aws_access_key_id="AKIATESTING", aws_secret_access_key="testing")
ec2, s3 = boto3.client("ec2", **at), boto3.client("s3", **at)
made = json.loads(MADE)
ec2.authorize_security_group_ingress(GroupId=made["web"], IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
ec2.revoke_security_group_ingress(GroupId=made["web"], IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
ec2.create_tags(Resources=[made["db"]], Tags=[
    {"Key": "environment", "Value": "dev"}, {"Key": "note", "Value": "<b>\x1b[2J" + "x" * 200}])
ec2.delete_security_group(GroupId=made["old"])
s3.delete_bucket(Bucket="dropped")
s3.create_bucket(Bucket="new", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
s3.put_bucket_policy(Bucket="kept", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::kept/*"}]}))
"#;

fn run_python(script: &str, url: &str, made: &str) -> Option<String> {
    let script = format!("URL, MADE = {}, {}\n{script}", json!(url), json!(made));
    let ran = Command::new(python()?).args(["-c", &script]).output().expect("the peers' Python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8(ran.stdout).expect("text"))
}

fn list<'v>(value: &'v Value, name: &str) -> &'v Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("no list `{name}` in {value}"))
}

/// The lines of a JSON answer in short: `what path of`.
fn lines(changes: &Value) -> Vec<String> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let of = |line: &Value| {
        let of: Vec<_> = list(line, "of").iter().filter_map(Value::as_str).collect();
        of.join(", ")
    };
    let one = |line: &Value| {
        format!("{} {} {}", text(line, "kind"), text(line, "path"), of(line)).trim_end().to_owned()
    };
    changes.as_array().unwrap_or_else(|| panic!("no changes: {changes}")).iter().map(one).collect()
}

#[test]
fn what_we_change_in_a_live_cloud_is_what_is_told() {
    let Some(moto) = Moto::start() else { return };
    let Some(made) = run_python(BEFORE, &moto.url, "") else { return };
    let ids: Value = serde_json::from_str(&made).expect("JSON");
    let id = |name: &str| ids[name].as_str().expect("an id").to_owned();
    let group = |name: &str| format!("arn:aws:ec2:eu-west-1:123456789012:security-group/{}", id(name));
    let place = Place::asking(&moto.url);
    let scan = || {
        let types = "AWS::EC2::SecurityGroup,AWS::S3::Bucket,AWS::EC2::VPC";
        place.run(&["scan", "--quiet", "--regions", "eu-west-1", "--types", types]).ok()
    };
    scan();
    run_python(AFTER, &moto.url, made.trim());
    scan();

    let diff = place.run(&["diff", "--json", "--full"]).ok().json();
    let told: Vec<(String, String)> = list(&diff, "resources")
        .iter()
        .map(|one| {
            (one["uid"].as_str().expect("a uid").to_owned(), one["what"].as_str().expect("a word").to_owned())
        })
        .collect();
    let mut expected = [
        (group("web"), "changed"),
        (group("db"), "changed"),
        (group("old"), "gone"),
        ("arn:aws:s3:::dropped".to_owned(), "gone"),
        ("arn:aws:s3:::kept".to_owned(), "changed"),
        ("arn:aws:s3:::new".to_owned(), "added"),
    ]
    .map(|(uid, what)| (uid, what.to_owned()));
    expected.sort();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "{diff:#}");
    assert_eq!(
        ["added", "changed", "gone", "returned", "reordered"].map(|name| diff["counts"][name].as_u64()),
        [1, 3, 2, 0, 0].map(Some)
    );
    let change = |uid: &str| {
        list(&diff, "resources")
            .iter()
            .find(|one| one["uid"] == uid)
            .unwrap_or_else(|| panic!("{uid}"))
            .clone()
    };
    // The group: one range came to the rule that was there, one rule went.
    let web = change(&group("web"));
    let found = lines(&web["changes"]);
    let rule = "FromPort=443 IpProtocol=tcp ToPort=443";
    assert!(found.contains(&format!("added IpPermissions[].IpRanges[] {rule}")), "{found:?}");
    assert!(found.contains(&"removed IpPermissions[]".to_owned()), "{found:?}");
    let of_rules = found.iter().filter(|line| line.contains(" IpPermissions")).count();
    assert_eq!(of_rules, 2, "{found:?}");
    let opened = list(&web, "changes").iter().find(|line| line["kind"] == "added").expect("opened");
    assert_eq!(opened["new"]["CidrIp"], "0.0.0.0/0");
    // The tags: one other value, one new.
    let db = change(&group("db"));
    let found = lines(&db["changes"]);
    assert_eq!(found, ["changed Tags[].Value Key=environment", "added Tags[]"]);
    assert_eq!((&db["changes"][0]["old"], &db["changes"][0]["new"]), (&json!("prod"), &json!("dev")));
    // The policy, as a document.
    let kept = change("arn:aws:s3:::kept");
    assert!(lines(&kept["changes"]).iter().any(|line| line.contains("Policy")), "{kept:#}");

    // People read the same, and nothing hostile.
    let text = place.run(&["diff"]).ok().out;
    assert!(
        text.contains(&format!("+ IpPermissions[].IpRanges[] ({rule}): {{\"CidrIp\":\"0.0.0.0/0\"")),
        "{text}"
    );
    assert!(text.contains("~ Tags[].Value (Key=environment): \"prod\" → \"dev\""), "{text}");
    assert!(text.contains("<b>\\u001b[2J") && !text.contains('\u{1b}'), "{text}");
    assert!(text.contains("1 added, 3 changed, 2 gone"), "{text}");
    place.run(&["diff", "--exit-code"]).code(3);
    place.run(&["diff", "--exit-code", "--type", "AWS::EC2::VPC"]).ok();
    place.run(&["diff", "--exit-code", "--since", "scan:2"]).ok();
    let narrow = place.run(&["diff", "--json", "--type", "AWS::S3::Bucket", "--limit", "1"]).ok().json();
    assert_eq!((list(&narrow, "resources").len(), &narrow["truncated"]), (1, &json!(true)));

    // One resource.
    let history = place.run(&["history", &id("web"), "--json"]).ok().json();
    let whats: Vec<_> = list(&history, "versions").iter().map(|one| one["what"].clone()).collect();
    assert_eq!(whats, ["changed", "first_seen"]);
    assert_eq!(lines(&history["versions"][0]["changes"]), lines(&web["changes"]));
    let gone = place.run(&["history", &group("old"), "--json"]).ok().json();
    let whats: Vec<_> = list(&gone, "versions").iter().map(|one| one["what"].clone()).collect();
    assert_eq!(whats, ["gone", "first_seen"]);
    let text = place.run(&["history", "kept"]).ok().out;
    assert!(text.contains("changed") && text.contains("first seen") && text.contains("Policy"), "{text}");

    // The estate as it was.
    let names = "select name from aws_s3_bucket order by name";
    let asked = |args: &[&str]| -> Vec<Value> {
        let ran = place.run(args).ok().json();
        ran.as_array().expect("rows").iter().map(|row| row["name"].clone()).collect()
    };
    assert_eq!(asked(&["as-of", "scan:1", "sql", "--format", "json", names]), ["dropped", "kept"]);
    assert_eq!(asked(&["sql", "--as-of", "1", "--format", "json", names]), ["dropped", "kept"]);
    assert_eq!(asked(&["sql", "--format", "json", names]), ["kept", "new"]);
    let ended = place.texts("select finished_at from scans where id = 1");
    assert_eq!(asked(&["as-of", &ended[0], "sql", "--format", "json", names]), ["dropped", "kept"]);
    place.run(&["as-of", "2020-01-01", "sql", names]).code(1).says(&["history begins at"]);
    let versions = place.texts("select uid from resource_versions where gone order by uid");
    assert_eq!(versions, [group("old"), "arn:aws:s3:::dropped".to_owned()]);
    let sql = "select new from changes where path = 'IpPermissions[].IpRanges[]' and what = 'added'";
    assert!(place.texts(sql)[0].contains("0.0.0.0/0"));

    // It comes back: another scan in which the dropped bucket is there again.
    let again = "import boto3\nboto3.client('s3', region_name='eu-west-1', endpoint_url=URL, aws_access_key_id='A', \
                 aws_secret_access_key='b').create_bucket(Bucket='dropped', \
                 CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})";
    run_python(again, &moto.url, "");
    scan();
    let back = place.run(&["diff", "--json"]).ok().json();
    assert_eq!(list(&back, "resources").len(), 1, "{back:#}");
    assert_eq!(
        (&back["resources"][0]["uid"], &back["resources"][0]["what"]),
        (&json!("arn:aws:s3:::dropped"), &json!("returned"))
    );
    let whole = place.run(&["diff", "--json", "--since", "scan:1", "--type", "AWS::S3::Bucket"]).ok().json();
    assert_eq!(whole["counts"]["gone"], 0, "{whole:#}");
}

#[test]
fn a_sample_that_is_scanned_again_did_not_change() {
    let place = Place::new();
    copy_dir(&sample().data(), &place.data());
    let alone = place.run(&["diff"]).code(1);
    alone.says(&["one finished scan"]);
    place.run(&["scan", "--sample", "--quiet"]).ok();
    let diff = place.run(&["diff", "--exit-code"]).ok();
    assert!(diff.out.contains("Nothing changed."), "{}", diff.out);
    let json = place.run(&["diff", "--exit-code", "--json"]).ok().json();
    assert_eq!(list(&json, "resources").len(), 0);
    let query = "select uid, type, name, tags, created_at, exposed, provider_made, understood, document from resources order by uid";
    let rows = |ran: Ran| ran.ok().json();
    // What changes by itself is kept of the newest scan only, and is in no version.
    let content = fathom_content::Content::embedded().expect("content");
    let steady = |mut rows: Value| {
        for row in rows.as_array_mut().expect("rows") {
            let kind = row["type"].as_str().expect("a type");
            // Types that are only seen have no definition.
            let Some(definition) = content.resources.get(kind) else { continue };
            let document = Document::without(row["document"].take(), &definition.volatile);
            row["document"] = document.value();
        }
        rows
    };
    let first = rows(place.run(&["as-of", "scan:1", "sql", "--format", "json", query]));
    let second = rows(place.run(&["sql", "--format", "json", query]));
    assert!(first.as_array().is_some_and(|rows| rows.len() > 300));
    assert!(steady(first) == steady(second), "the estate as of the first scan is not that of the second");
    for query in [
        "select uid, part, reason, rank from unknowns order by 1, 2",
        "select uid, part, value, source, origin, holds from explanations order by 1, 2, 3, 4, 5",
        "select * from edges order by 1, 2, 3, 7",
    ] {
        let then = rows(place.run(&["as-of", "scan:1", "sql", "--format", "json", query]));
        assert!(then.as_array().is_some_and(|rows| rows.len() > 50), "{query}");
        assert_eq!(then, rows(place.run(&["sql", "--format", "json", query])), "{query}");
    }
}

#[test]
fn a_list_in_another_order_is_no_change() {
    let place = |rules| {
        let front = Front::start(FrontOptions { rules, ..FrontOptions::default() });
        (Place::asking(&front.url), front)
    };
    let vpcs = |order: &[u8]| {
        let tag = |n: &u8| json!({"Key": format!("k{n}"), "Value": "v"});
        let tags: Vec<Value> = order.iter().map(tag).collect();
        let vpc = json!({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "State": "available", "Tags": tags}]});
        let mut rules = vec![answer("ec2", "DescribeVpcs", vpc).region("eu-west-1")];
        rules.extend(estate());
        rules
    };
    let (first, _front) = place(vpcs(&[1, 2, 3]));
    first.run(&["scan", "--types", TYPES]).ok();
    let (second, _front) = place(vpcs(&[3, 1, 2]));
    copy_dir(&first.data(), &second.data());
    second.run(&["scan", "--types", TYPES]).ok();
    let diff = second.run(&["diff", "--exit-code"]).ok().out;
    assert!(
        diff.contains("Nothing changed.") && diff.contains("In 1 resource only the order of lists differs"),
        "{diff}"
    );
    let uid = format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-1");
    let history = second.run(&["history", &uid]).ok().out;
    assert!(history.contains("only the order of lists differs"), "{history}");
}

#[test]
fn moments_and_resources_that_are_not_there_are_named() {
    let place = sample();
    for (args, code, told) in [
        (&["diff", "--since", "soon"][..], 2, "no moment"),
        (&["diff", "--since", "scan:99"], 1, "99"),
        (&["diff", "--since", "2020-01-01"], 1, "history begins at"),
        (&["as-of", "2020-01-01", "sql", "select 1"], 1, "history begins at"),
        (&["as-of", "1h", "sql", "--as-of", "1", "select 1"], 1, "once"),
        (&["history", "no-such-thing"], 1, "nothing is called"),
    ] {
        place.run(args).code(code).says(&[told]);
    }
}
