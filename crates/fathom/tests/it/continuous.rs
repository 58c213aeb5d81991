//! A server that scans by itself and follows events: a live cloud that we change, its queue, folders, power cuts.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use fathom_testkit::{
    front::Fault,
    moto::{Moto, python},
};
use serde_json::{Value, json};

use crate::{
    cloud::{ACCOUNT, answer, on, seeded, small_estate, whole},
    harness::{Place, copy_dir, until},
    moto::{declarations, scanned},
    serve::Running,
};

/// Changes a cloud and fills its queue, an order a line; each is answered with how many messages wait and are taken.
const PEER: &str = r#"
import boto3, datetime, json, sys
at = dict(region_name="us-east-1", endpoint_url=sys.argv[1], aws_access_key_id="AKIATESTING", aws_secret_access_key="testing")
ec2, sqs = boto3.client("ec2", **at), boto3.client("sqs", **at)
vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
group = ec2.create_security_group(GroupName="live", Description="live", VpcId=vpc)["GroupId"]
queue = sqs.create_queue(QueueName="events", Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
account = boto3.client("sts", **at).get_caller_identity()["Account"]
def record(event):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"eventVersion": "1.08", "eventID": event, "eventTime": now, "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.7",
        "userAgent": "console.amazonaws.com", "readOnly": False, "managementEvent": True, "eventCategory": "Management",
        "recipientAccountId": account, "requestParameters": {"groupId": group}, "responseElements": {"_return": True},
        "userIdentity": {"type": "IAMUser", "userName": "ada", "arn": f"arn:aws:iam::{account}:user/ada",
            "accountId": account, "principalId": "AIDAADA"}}
def do(order):
    if order[0] == "open":
        port = int(order[1])
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    elif order[0] == "enveloped":
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(
            {"detail-type": "AWS API Call via CloudTrail", "detail": record(order[1])}))
    elif order[0] == "raw":
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(record(order[1])))
    elif order[0] == "text":
        sqs.send_message(QueueUrl=queue, MessageBody=order[1])
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return [int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])]
print(json.dumps({"group": group, "queue": queue}), flush=True)
for line in sys.stdin:
    print(json.dumps(do(line.split(None, 1) if line.startswith("text") else line.split())), flush=True)
"#;

/// A program that changes the cloud and fills the queue as we tell it.
struct Peer {
    child: Child,
    orders: ChildStdin,
    answers: std::io::Lines<BufReader<ChildStdout>>,
    group: String,
    queue: String,
}

impl Peer {
    fn start(url: &str) -> Option<Self> {
        let mut child = Command::new(python()?)
            .args(["-c", PEER, url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let made: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Some(Self { child, orders, answers, group: text("group"), queue: text("queue") })
    }

    /// Does it; then how many messages wait in the queue, and how many somebody has taken.
    fn tell(&mut self, order: &str) -> (u64, u64) {
        use std::io::Write as _;
        writeln!(self.orders, "{order}").unwrap();
        let answer = self.answers.next().unwrap().unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An event of the stream: its name, id and data.
type Told = (String, String, Value);

/// Follows the stream of a server until it ends.
fn follow(server: &Running, after: Option<&str>) -> Receiver<Told> {
    let (sender, receiver) = mpsc::channel();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("{}/api/v1/changes/stream", server.url)).bearer_auth(&server.token);
    if let Some(after) = after {
        request = request.header("Last-Event-ID", after);
    }
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let mut answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let mut text = String::new();
            while let Ok(Some(more)) = answer.chunk().await {
                text.push_str(std::str::from_utf8(&more).unwrap());
                while let Some((event, rest)) = text.split_once("\n\n") {
                    let field = |name: &str| {
                        let found =
                            event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                        found.unwrap_or_default().to_owned()
                    };
                    let data = serde_json::from_str(&field("data")).unwrap_or(Value::Null);
                    // What keeps the connection open has no name.
                    if !field("event").is_empty() {
                        let _ = sender.send((field("event"), field("id"), data));
                    }
                    text = rest.to_owned();
                }
            }
        });
    });
    receiver
}

/// The next event of a name; a minute is what is promised.
fn next(stream: &Receiver<Told>, name: &str) -> Told {
    let begun = Instant::now();
    loop {
        let left = Duration::from_mins(1).saturating_sub(begun.elapsed());
        let told = stream.recv_timeout(left).unwrap_or_else(|_| panic!("no `{name}` within a minute"));
        if told.0 == name {
            return told;
        }
    }
}

async fn get(server: &Running, path: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = client.get(format!("{}/api/v1/{path}", server.url)).bearer_auth(&server.token);
    crate::serve::ask(get).await.1
}

#[tokio::test]
async fn a_change_is_known_within_a_minute_and_once_also_after_a_power_cut() {
    let Some(moto) = Moto::start() else { return };
    let Some(mut peer) = Peer::start(&moto.url) else { return };
    let place = Place::asking(&moto.url);
    place
        .run(&[
            "scan",
            "--quiet",
            "--regions",
            "us-east-1",
            "--types",
            "AWS::EC2::VPC,AWS::EC2::SecurityGroup",
        ])
        .ok();
    let events = format!("sqs:{}", peer.queue);
    let args = ["--regions", "us-east-1", "--events", &events];
    let server = Running::start_with(&place, &args);
    let stream = follow(&server, None);
    assert_eq!(next(&stream, "begin").2, json!({"scans": 1}));

    // What nobody can read does not stop what follows it, and a storm becomes one refresh.
    peer.tell("text this is no event");
    peer.tell("open 443");
    peer.tell("enveloped event-1");
    for number in 2..12 {
        peer.tell(&format!("raw event-{number}"));
    }
    let (_, id, change) = next(&stream, "change");
    assert_eq!(
        (&change["id"], &change["what"], &change["scan"]),
        (&json!(peer.group), &json!("changed"), &json!(2))
    );
    assert!(change["difference"].to_string().contains("443"), "{change}");
    let (_, whole_scan, scan) = next(&stream, "scan");
    assert_eq!((&scan["id"], &scan["scope"]), (&json!(2), &json!("refresh of AWS::EC2::SecurityGroup")));
    until("only what cannot be read is left", || {
        let (waiting, taken) = peer.tell("count");
        waiting + taken <= 1
    });
    let summary = get(&server, "summary").await;
    assert!(summary["events"]["events"].as_u64().unwrap() >= 11, "{summary}");
    assert!(summary["events"]["unreadable"].as_u64().unwrap() >= 1, "{summary}");
    assert!(summary["events"]["lag_ms"].as_i64().unwrap() < 60_000, "{summary}");
    assert_eq!(summary["events"]["error"], Value::Null);

    // In the middle of a scan, its changes come again after the one named.
    let again = follow(&server, Some(&id));
    let first = next(&again, "scan");
    assert_eq!((first.1.as_str(), &first.2["id"]), (whole_scan.as_str(), &json!(2)), "no change twice");

    // Taken from the queue, and not committed.
    peer.tell("open 8443");
    let (_, before) = peer.tell("count");
    peer.tell("raw event-99");
    until("the message is taken", || peer.tell("count").1 > before);
    server.kill();
    let server = Running::start_with(&place, &args);
    let stream = follow(&server, Some(&whole_scan));
    let (_, _, change) = next(&stream, "change");
    assert_eq!(change["id"], json!(peer.group));
    assert!(change["difference"].to_string().contains("8443"), "{change}");
    until("the message is let go", || {
        let (waiting, taken) = peer.tell("count");
        waiting + taken <= 1
    });
    let uid = change["uid"].as_str().unwrap().to_owned();
    let history = get(&server, &format!("resource/history?uid={uid}")).await;
    assert_eq!(history["total"], 3, "first seen, 443, 8443: {history}");
    let (code, _) = server.interrupt();
    assert_eq!(code, Some(0));
    assert!(stream.iter().all(|told| told.0 != "change"), "the stream ended, and said nothing twice");
    let activity = place.run(&["activity", &peer.group]).ok().out;
    assert!(activity.contains("ada"), "{activity}");
    place.run(&["ledger", "verify"]).ok();
}

#[tokio::test]
async fn a_server_scans_when_it_is_time_and_reads_files_that_are_put_down() {
    let front = small_estate(Vec::new());
    let place = Place::asking(&front.url);
    std::fs::create_dir(place.path().join("in")).unwrap();
    let args = ["--regions", "eu-west-1", "--types", "AWS::EC2::VPC,AWS::EC2::Instance", "--events", "in"];
    let often = [&args[..], &["--every", "10s"]].concat();
    let server = Running::start_with(&place, &often);
    let stream = follow(&server, None);
    let mut scheduled = Vec::new();
    while scheduled.len() < 2 {
        let (_, _, scan) = next(&stream, "scan");
        scheduled.push(scan["started_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    }
    let apart = scheduled[1].duration_since(scheduled[0]).as_secs();
    assert!((9..30).contains(&apart), "{apart} s");
    let summary = get(&server, "summary").await;
    assert_eq!(summary["schedule"]["every_seconds"], 10, "{summary}");
    server.kill();

    // A restart does not repeat what is not due.
    let server = Running::start_with(&place, &[&args[..], &["--every", "1h"]].concat());
    let stream = follow(&server, None);
    next(&stream, "begin");
    let event = |id: &str, name: &str, account: &str| {
        json!({
            "eventID": id, "eventTime": "2026-05-01T10:00:00Z", "eventSource": "ec2.amazonaws.com",
            "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": account, "readOnly": false,
            "managementEvent": true, "eventCategory": "Management",
            "userIdentity": {"type": "Root", "arn": format!("arn:aws:iam::{account}:root"), "accountId": account},
            "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}},
        })
    };
    place.write("in/broken.json", "{\"Records\":[{\"eventID\":");
    place.write(
        "in/other.json",
        json!({"Records": [event("2", "StopInstances", "999999999999")]}).to_string(),
    );
    place.write("in/good.json", json!({"Records": [event("1", "StopInstances", ACCOUNT)]}).to_string());
    let (_, _, scan) = next(&stream, "scan");
    assert_eq!(scan["scope"], "refresh of AWS::EC2::Instance", "{scan}");
    assert_eq!((&scan["accounts"], &scan["regions"]), (&json!([ACCOUNT]), &json!(["eu-west-1"])));
    // Which file is read first, and whether the refresh comes before the others are, is not promised.
    let mut told = Value::Null;
    for _ in 0..300 {
        told = get(&server, "summary").await["events"].clone();
        if told["outside"] == 1 && told["unreadable"] == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!((&told["unreadable"], &told["outside"]), (&json!(1), &json!(1)), "{told}");
    let (code, err) = server.interrupt();
    assert_eq!(code, Some(0));
    assert!(err.contains("broken.json"), "{err}");
    let refreshes = "select count(*) as n from scans where scope like 'refresh%'";
    assert_eq!(place.number(refreshes), 1);
    assert_eq!(place.number("select count(*) as n from resources where stale"), 0);

    // What was read is not read again.
    let server = Running::start_with(&place, &args);
    std::thread::sleep(Duration::from_secs(10));
    assert_eq!(server.interrupt().0, Some(0));
    assert_eq!(place.number(refreshes), 1);
}

#[test]
fn what_events_take_is_what_the_policy_allows() {
    let events = "sqs:http://127.0.0.1/123456789012/events";
    let record = json!({
        "eventID": "1", "eventTime": "2026-05-01T10:00:00Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "StopInstances", "awsRegion": "eu-west-1", "recipientAccountId": ACCOUNT, "readOnly": false,
        "userIdentity": {"type": "Root", "arn": format!("arn:aws:iam::{ACCOUNT}:root"), "accountId": ACCOUNT},
        "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}},
    });
    let message = json!({"Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": record.to_string()}]});
    let front = small_estate(vec![
        answer("sqs", "ReceiveMessage", message).nth(1),
        // An empty queue answers late, as SQS does.
        on("sqs", "ReceiveMessage", Fault::Slow(Duration::from_secs(1))),
        answer("sqs", "DeleteMessage", json!({})),
    ]);
    let place = Place::asking(&front.url);
    let args = ["--regions", "eu-west-1", "--types", "AWS::EC2::Instance", "--events", events];
    let server = Running::start_with(&place, &args);
    until("the message is let go", || front.count("sqs", "DeleteMessage") > 0);
    assert_eq!(server.interrupt().0, Some(0));
    let called: BTreeSet<String> =
        front.calls().iter().map(|call| format!("{}:{}", call.service, call.operation)).collect();

    let arn = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:events");
    let of = |policy: &Value, at: usize| -> BTreeSet<String> {
        let actions = policy["Statement"][at]["Action"].as_array().unwrap();
        actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
    };
    let url = format!("sqs:https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/events");
    for (given, resource) in [(&["--events", url.as_str()][..], arn.as_str()), (&["--events"], "*")] {
        let policy = place.run(&[&["permissions"], given].concat()).ok().json();
        assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(2), "{policy}");
        assert_eq!(policy["Statement"][1]["Resource"], resource);
        let (reads, takes) = (of(&policy, 0), of(&policy, 1));
        let beyond: BTreeSet<String> = called.difference(&reads).cloned().collect();
        assert_eq!(takes, beyond, "no more and no less than a scan does not need");
    }
    let policy = place.run(&["permissions"]).ok().json();
    assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(1), "without a queue it is not asked for");
}

#[tokio::test]
async fn a_scan_that_could_not_begin_is_a_row_and_is_tried_again_later() {
    let front = small_estate(vec![on("sts", "GetCallerIdentity", crate::cloud::denied())]);
    let place = Place::asking(&front.url);
    let server = Running::start_with(&place, &["--every", "1h"]);
    let begun = Instant::now();
    let summary = loop {
        let summary = get(&server, "summary").await;
        if summary["schedule"]["failures"] == 1 || begun.elapsed() > Duration::from_mins(1) {
            break summary;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(summary["schedule"]["failures"], 1, "{summary}");
    let scans = get(&server, "scans").await;
    let [failed] = scans["scans"].as_array().expect("a list").as_slice() else { panic!("{scans}") };
    assert_eq!((&failed["state"], &failed["scope"]), (&json!("failed"), &json!("by schedule")), "{failed}");
    assert!(failed["error"].as_str().is_some_and(|error| error.contains("sign in")), "{failed}");
    let at = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let pause = at(&summary["schedule"]["next_at"]).duration_since(at(&failed["finished_at"])).as_secs();
    assert_eq!(pause, 60, "not at once, and not only in an hour");
    assert_eq!(server.interrupt().0, Some(0));
}

#[test]
fn a_scan_of_one_type_loses_nothing_of_what_is_known() {
    let (Some(cloud), Some(before)) = (seeded(), scanned()) else { return };
    let place = cloud.place();
    copy_dir(&before.data(), &place.data());
    let edges = "select from_uid, kind, to_uid from edges order by 1, 2, 3";
    let state = "select uid, understood, stale from resources order by uid";
    let said = "select uid, part, value, source, origin from explanations order by 1, 2, 3, 4, 5";
    let queries = [edges, state, said];
    let told = queries.map(|query| before.rows(query));
    assert!(told.iter().all(|rows| rows.len() > 100));
    // What hangs on others, what others hang on, and what is listed for each of something else.
    for kinds in ["AWS::EC2::Volume", "AWS::EC2::SecurityGroup,AWS::Lambda::Function", "AWS::IAM::AccessKey"]
    {
        place.run(&whole(&["--quiet", "--types", kinds, "--declarations", &declarations()])).ok();
        for (query, told) in queries.iter().zip(&told) {
            let now = place.rows(query);
            let lost: Vec<_> = told.iter().filter(|row| !now.contains(row)).collect();
            assert!(lost.is_empty() && now.len() == told.len(), "{kinds}: {query}: {lost:#?}");
        }
    }
}
