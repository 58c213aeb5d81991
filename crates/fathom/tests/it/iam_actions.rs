//! `fathom iam actions`, for people and for programs.

use serde_json::json;

use crate::harness::{Place, Ran};

fn shows(ran: &Ran, texts: &[&str]) {
    for text in texts {
        assert!(ran.out.contains(text), "no `{text}` in:\n{}", ran.seen());
    }
}

#[test]
fn a_pattern_lists_actions_with_kind_resources_and_keys() {
    let place = Place::new();
    shows(
        &place.run(&["iam", "actions", "S3:getobjec?"]).ok(),
        &[
            "s3:GetObject",
            "data",
            "accesspointobject?, object?",
            "s3:ExistingObjectTag/<key>",
            "catalogue of 20",
        ],
    );
    shows(&place.run(&["iam", "actions", "s3:ListAllMyBuckets"]).ok(), &["* only", "list"]);
    // A service alone is all of its actions.
    let ran = place.run(&["iam", "actions", "sqs", "--kind", "admin"]).ok();
    shows(&ran, &["sqs:AddPermission", "sqs:SetQueueAttributes"]);
    assert!(!ran.out.contains("sqs:SendMessage"));
    shows(
        &place.run(&["iam", "actions", "--limit", "2"]).ok(),
        &["a2c:GetContainerizationJobDetails", "more; --limit"],
    );
    shows(&place.run(&["iam", "actions", "s3:Nothing*"]).ok(), &["no action matches `s3:Nothing*`"]);
    assert!(!place.data().exists(), "nothing is stored");
}

#[test]
fn json_has_all_of_it() {
    let place = Place::new();
    let found = place.run(&["iam", "actions", "lambda:CreateFunction", "--json"]).ok().json();
    assert_eq!(found["found"], 1);
    let action = &found["actions"][0];
    assert_eq!((&action["action"], &action["level"]), (&json!("lambda:CreateFunction"), &json!("write")));
    assert_eq!(action["resources"][0]["type"], "function");
    assert_eq!(
        action["resources"][0]["arns"],
        json!(["arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"])
    );
    assert!(action["needs"].as_array().unwrap().contains(&json!("iam:PassRole")));
    let all = place.run(&["iam", "actions", "--json"]).ok().json();
    assert_eq!(all["found"], all["actions"].as_array().unwrap().len());
    assert!(all["found"].as_u64().unwrap() > 20_000);
}

#[test]
fn the_actions_on_an_arn_are_told_or_not_known() {
    let place = Place::new();
    let on = ["iam", "actions", "*", "--kind", "data", "--json", "--on", "arn:aws:s3:::reports/a.pdf"];
    let found = place.run(&on).ok().json();
    let names: Vec<&str> =
        found["actions"].as_array().unwrap().iter().filter_map(|action| action["action"].as_str()).collect();
    assert!(names.contains(&"s3:GetObject") && names.contains(&"s3:PutObject"), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("sqs:")), "{names:?}");
    place
        .run(&["iam", "actions", "*", "--on", "arn:aws:brandnew:eu-central-1:111122223333:thing/1"])
        .code(1)
        .says(&["knows no resource type", "any action may be"]);
}

#[test]
fn what_is_no_service_is_said() {
    let place = Place::new();
    place.run(&["iam", "actions", "s33:*"]).code(1).says(&["no service `s33`"]);
    place.run(&["iam", "actions", "GetObject"]).code(1).says(&["`GetObject` is no service", "s3:Get*"]);
    place.run(&["iam", "actions", ""]).code(1).says(&["is no service"]);
    place.run(&["iam", "actions", "*", "--kind", "none"]).code(2);
}
