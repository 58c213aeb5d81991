//! `fathom unused` and `fathom least-privilege` on the sample, with a log of what two of its roles did. What they may do
//! follows from the policies that the sample's script writes.

use fathom_iam::{Policy, PolicyKind};
use fathom_model::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Place, sample};

const ACCOUNT: &str = "908249470583";
const TASK: &str = "storefront-task";
const CARTS: &str = "arn:aws:dynamodb:us-east-1:908249470583:table/carts";

/// An event of CloudTrail: a call of a role, days ago.
fn event(id: &str, role: &str, days: i64, source: &str, name: &str, more: &Value) -> Value {
    let at = Timestamp::from_second(Timestamp::now().as_second() - days * 86_400).expect("a time");
    let mut event = json!({
        "eventVersion": "1.09", "eventID": id, "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": source, "eventName": name, "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT,
        "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true, "readOnly": false,
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:session", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}")}},
        },
    });
    for (member, value) in more.as_object().expect("members") {
        event[member] = value.clone();
    }
    event
}

/// The sample, and a log of a month.
fn logged() -> Place {
    let place = Place::new();
    place.run(&["scan", "--sample", "--quiet"]).ok();
    let image = json!({"readOnly": true, "resources": [{"ARN": format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/payments/api")}]});
    let item = json!({"eventCategory": "Data", "managementEvent": false, "resources": [{"ARN": CARTS}]});
    let records = [
        event("1", TASK, 30, "ecr.amazonaws.com", "GetAuthorizationToken", &json!({"readOnly": true})),
        event("2", TASK, 20, "ecr.amazonaws.com", "BatchGetImage", &image),
        event("3", TASK, 2, "dynamodb.amazonaws.com", "PutItem", &item),
        event(
            "4",
            TASK,
            2,
            "ec2.amazonaws.com",
            "RunInstances",
            &json!({"errorCode": "Client.UnauthorizedOperation"}),
        ),
        event("5", TASK, 2, "example.amazonaws.com", "DoThing", &json!({})),
        event("6", "SupportAccess", 2, "s3.amazonaws.com", "ListBuckets", &json!({"readOnly": true})),
    ];
    place.write("logs/a.json", json!({ "Records": records }).to_string());
    place.run(&["import", "cloudtrail", "logs"]).ok();
    place
}

fn actions(groups: &Value) -> Vec<&str> {
    let groups = groups.as_array().expect("groups").iter();
    groups.flat_map(|group| group["actions"].as_array().expect("actions")).filter_map(Value::as_str).collect()
}

#[test]
fn a_role_is_asked_what_it_did_and_gets_a_policy_for_that() {
    let place = logged();
    let found = place.run(&["--json", "least-privilege", TASK]).ok().json();
    let used: Vec<&str> =
        found["used"].as_array().expect("used").iter().filter_map(|one| one["action"].as_str()).collect();
    assert_eq!(
        used,
        ["dynamodb:PutItem", "ecr:BatchGetImage", "ecr:GetAuthorizationToken"],
        "what was refused is no use"
    );
    assert!(actions(&found["never_used"]).contains(&"ecr:GetDownloadUrlForLayer"), "{}", found["never_used"]);
    assert!(actions(&found["unseen"][0]["groups"]).contains(&"sqs:SendMessage"), "{}", found["unseen"]);
    assert_eq!(found["not_mapped"][0]["name"], "DoThing");
    assert_eq!(found["proof"]["wider"], json!({"answer": "not_wider"}));
    assert_eq!(found["proof"]["lost"], json!([]));

    let ran = place.run(&["least-privilege", TASK, "--drop-unseen", "--policy", "task.json"]).ok();
    for part in [
        "28 of 90 days",
        "never used",
        "left out",
        "not mapped to an action: DoThing",
        "nothing that is not granted today",
    ] {
        assert!(ran.out.contains(part), "no {part} in {}", ran.out);
    }
    let policy = place.read("task.json");
    Policy::parse("task.json", PolicyKind::Identity, &String::from_utf8_lossy(&policy)).expect("a policy");
    let policy: Value = serde_json::from_slice(&policy).expect("JSON");
    assert_eq!(
        policy["Statement"],
        json!([
            {"Sid": "workS0", "Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": [CARTS]},
            {"Sid": "AmazonECSTaskExecutionRolePolicyS0", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"],
                "Resource": ["*"]},
            {"Sid": "AmazonECSTaskExecutionRolePolicyS0P2", "Effect": "Allow", "Action": ["ecr:BatchGetImage"],
                "Resource": [format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/payments/api")]},
        ])
    );
}

#[test]
fn an_administrator_of_whom_one_call_is_known_gets_a_policy_for_that() {
    let place = logged();
    let found = place.run(&["--json", "least-privilege", "SupportAccess", "--drop-unseen"]).ok().json();
    assert!(found["granted"].as_u64().expect("a number") > 20_000);
    assert_eq!(
        found["policy"]["Statement"],
        json!([{"Sid": "aS0", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["*"]}])
    );
}

#[test]
fn without_a_log_nothing_is_proposed_and_nothing_called_unused() {
    let place = sample();
    let ran = place.run(&["least-privilege", TASK]).ok();
    for part in ["no log of its account", "nothing is proposed", "0 never used"] {
        assert!(ran.out.contains(part), "no {part} in {}", ran.out);
    }
    place
        .run(&["least-privilege", TASK, "--policy", "p.json"])
        .code(1)
        .says(&["there is no policy to write", "no log"]);
    place.run(&["least-privilege", "nobody-such"]).code(1).says(&["nobody-such", "an ARN or a name"]);
    place.run(&["least-privilege", ACCOUNT]).code(1).says(&["root user"]);
}

#[test]
fn what_is_unused_counts_what_it_looked_at() {
    // The company was made in minutes, so nothing of it is old.
    let found = sample().run(&["--json", "unused"]).ok().json();
    assert_eq!(found["asked"]["access_key"], 2);
    assert_eq!(found["asked"]["user"], 8);
    assert_eq!(found["rows"], json!([]));
    let text = sample().run(&["unused", "--days", "400"]).ok().out;
    assert!(text.contains("2 access keys") && text.contains("0 unused for 400 days"), "{text}");
    sample().run(&["unused", "--days", "0"]).code(2);
}
