//! What is told, in which forms, and what is refused.

use serde_json::{Value, json};

use super::{
    agree,
    cloud::allow,
    plans::{change, plan},
};
use crate::harness::Place;

#[test]
fn a_plan_is_told_as_text_comment_and_sarif_and_the_gate_says_what_it_is_asked() {
    let place = Place::with_sample();
    let queue = "payments-webhooks";
    let policy =
        allow(&json!("*"), "sqs:SendMessage", &format!("arn:aws:sqs:us-east-1:908249470583:{queue}"));
    let url = format!("https://sqs.us-east-1.amazonaws.com/908249470583/{queue}");
    let opens = change(
        "aws_sqs_queue_policy.open",
        "create",
        Value::Null,
        json!({"queue_url": url, "policy": policy}),
    );
    let blind = change("aws_made_up.x", "create", Value::Null, json!({"name": "x"}));
    place.write("plan.json", plan(vec![opens, blind]).to_string());
    let args = ["what-if", "--plan", "plan.json"];
    let more = ["--markdown", "comment.md", "--sarif", "out.sarif"];
    let text = place.run(&[&args[..], &more].concat()).code(3).out;
    for word in
        ["opens 1 thing that answers anybody", "aws_sqs_queue_policy.open", "not looked at: aws_made_up.x"]
    {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
    let comment = String::from_utf8(place.read("comment.md")).expect("text");
    for word in [
        "<!-- fathom what-if -->",
        "| What answers without asking who comes | 1 | 0 | 0 |",
        "`aws_sqs_queue_policy.open`",
    ] {
        assert!(comment.contains(word), "no `{word}` in:\n{comment}");
    }
    let sarif: Value = serde_json::from_slice(&place.read("out.sarif")).expect("JSON");
    let run = &sarif["runs"][0];
    let rules: Vec<String> =
        run["results"].as_array().expect("results").iter().map(|one| agree::text(&one["ruleId"])).collect();
    assert!(
        ["what-if/unauthenticated", "what-if/opening", "what-if/unknown"]
            .iter()
            .all(|id| rules.iter().any(|rule| rule == id))
    );
    assert_eq!(run["invocations"][0]["exitCode"], 3);
    let asked = |fail_on: &str, code: i32| {
        place.run(&[&args[..], &["--fail-on", fail_on]].concat()).code(code);
    };
    asked("none", 0);
    asked("new-path", 0);
    asked("new-path,unknown", 4);
    asked("new-exposure", 3);
    asked("new-permission,unknown", 3);
    // The store is as it was.
    let now = place.run(&["--json", "public"]).json();
    assert!(
        !now["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .any(|row| agree::text(&row["resource"]).ends_with(queue))
    );
}

#[test]
fn what_is_no_plan_or_no_change_set_is_refused_with_its_file() {
    let place = Place::with_sample();
    let ask = |flag: &str, text: &str| {
        place.write("file.json", text);
        place.run(&["what-if", flag, "file.json"])
    };
    ask("--plan", "{").code(1).says(&["file.json:1:", "not a Terraform plan"]);
    ask("--plan", "{}").code(1).says(&["file.json", "terraform show -json"]);
    ask("--change-set", "{}").code(1).says(&["file.json", "include-property-values"]);
    place.run(&["what-if", "--plan", "nowhere.json"]).code(1).says(&["nowhere.json"]);
    place.run(&["what-if", "--plan", "a", "--change-set", "b"]).code(2);
    place.run(&["what-if", "--plan", "file.json", "--remove"]).code(2);
    ask("--plan", &plan(Vec::new()).to_string()).ok();
    place.run(&["what-if", "--plan", "file.json", "--account", "12"]).code(1).says(&["12 digits"]);
}
