//! `fathom iam compare`, as people and pipelines call it.

use serde_json::{Value, json};

use crate::harness::Place;

const OLD: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-a/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
  ]
}"#;

fn place(new: &str) -> Place {
    let place = Place::new();
    place.write("old.json", OLD);
    place.write("new.json", new);
    place
}

#[test]
fn a_wider_policy_ends_with_its_request() {
    let place = place(&OLD.replace("s3:GetObject", "s3:*Object").replace("/24", "/23"));
    let ran = place.run(&["iam", "compare", "old.json", "new.json"]).code(3);
    for part in [
        "WIDER: new.json allows all that old.json does, and more",
        "s3:PutObject",
        "arn:aws:s3:::prod-a/example",
        "aws:SourceIp",
        "203.0.113.7",
        "allowed by new.json, statement 0 (Read)",
        "nothing in old.json allows it",
    ] {
        assert!(ran.out.contains(part), "no `{part}` in {}", ran.out);
    }
    let machine = place.run(&["iam", "compare", "old.json", "new.json", "--json"]).code(3).json();
    assert_eq!(machine["relation"], "wider");
    assert_eq!(machine["more"]["answer"], "wider");
    assert_eq!(machine["more"]["request"]["action"], "s3:PutObject");
    assert_eq!(machine["less"]["answer"], "not_wider");
    let other_way = place.run(&["iam", "compare", "new.json", "old.json"]).code(0);
    assert!(
        other_way.out.contains("NARROWER") && other_way.out.contains("no longer allowed"),
        "{}",
        other_way.out
    );
    let same = place.run(&["iam", "compare", "old.json", "old.json"]).code(0);
    assert!(same.out.contains("EQUAL"), "{}", same.out);
}

#[test]
fn bad_files_are_told_with_line_and_column() {
    let place = place(
        "{\n  \"Statement\": [\n    {\"Effect\": \"allow\",\n     \"Action\": \"s3:*\", \"Resource\": \"*\"}]}",
    );
    place
        .run(&["iam", "compare", "old.json", "new.json"])
        .code(1)
        .says(&["new.json:3:16: statement 0, Effect"]);
    place.write("new.json", "{\n  \"Statement\": [,]}");
    place.run(&["iam", "compare", "old.json", "new.json"]).code(1).says(&["new.json:2:17: is no JSON"]);
    place.run(&["iam", "compare", "old.json", "none.json"]).code(1).says(&["none.json"]);
    place.run(&["iam", "compare", "old.json"]).code(1).says(&["name two files"]);
    place.run(&["iam", "compare", "old.json", "--on", "x"]).code(2);
    place.run(&["iam", "compare", "old.json", "--outside", "me"]).code(1).says(&["`me`"]);
    place
        .run(&["iam", "compare", "old.json", "--outside", "111122223333"])
        .code(1)
        .says(&["names no principals"]);
}

#[test]
fn what_is_not_known_has_a_code_of_its_own() {
    let pattern = |letter: char| {
        json!({"Statement": {"Effect": "Allow", "Action": "s3:*",
            "Resource": format!("arn:aws:s3:::*{letter}{}", "?".repeat(18))}})
    };
    let place = Place::new();
    place.write("old.json", pattern('a').to_string());
    place.write("new.json", pattern('b').to_string());
    let ran = place.run(&["iam", "compare", "old.json", "new.json"]).code(4);
    assert!(ran.out.contains("UNKNOWN") && ran.out.contains("states"), "{}", ran.out);
}

#[test]
fn rules_and_outsiders() {
    let place = place(OLD);
    let never = |action: &str| ["iam", "compare", "old.json", "--never", action].map(str::to_owned).to_vec();
    let run = |args: &[String]| place.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(run(&never("s3:Delete*")).code(0).out.contains("KEPT"));
    let broken = run(&never("s3:Get*")).code(3);
    assert!(broken.out.contains("BROKEN") && broken.out.contains("s3:GetObject"), "{}", broken.out);
    let only_if: Vec<String> = never("s3:Get*")
        .into_iter()
        .chain(["--only-if".to_owned(), "aws:SourceVpc=vpc-1".to_owned()])
        .collect();
    run(&only_if).code(3);
    let bucket = |principal: Value| {
        json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}})
            .to_string()
    };
    place.write("bucket.json", bucket(json!("*")));
    let ask = ["iam", "compare", "bucket.json", "--outside", "111122223333", "--outside", "o-a1b2c3d4e5"];
    assert!(place.run(&ask).code(3).out.contains("arn:aws:s3:::b/"));
    place.write("bucket.json", bucket(json!({"AWS": "111122223333"})));
    place.run(&ask).code(0);
}

#[test]
fn a_plan_is_compared_policy_by_policy() {
    let policy = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
            .to_string()
    };
    let change = |name: &str, before: Value, after: Value, unknown: Value| {
        json!({"address": format!("aws_iam_policy.{name}"), "mode": "managed", "type": "aws_iam_policy", "name": name,
            "change": {"actions": ["update"], "before": before, "after": after, "after_unknown": unknown}})
    };
    let place = Place::new();
    let plan = |changes: Value| {
        place.write("plan.json", json!({"format_version": "1.2", "resource_changes": changes}).to_string())
    };
    let narrower =
        change("a", json!({"policy": policy("s3:*")}), json!({"policy": policy("s3:Get*")}), json!({}));
    let unknown = change("b", json!({"policy": policy("s3:*")}), json!({}), json!({"policy": true}));
    let wider = change("c", json!({"policy": policy("s3:*")}), json!({"policy": policy("*")}), json!({}));
    plan(json!([narrower]));
    let run = || place.run(&["iam", "compare", "--plan", "plan.json"]);
    assert!(run().code(0).out.contains("aws_iam_policy.a (policy)\nNARROWER"));
    plan(json!([narrower, unknown]));
    assert!(run().code(4).out.contains("known only when the plan is applied"));
    plan(json!([narrower, unknown, wider]));
    run().code(3);
    let machine = place.run(&["iam", "compare", "--plan", "plan.json", "--json"]).code(3).json();
    let relations: Vec<&Value> =
        machine["policies"].as_array().unwrap().iter().map(|one| &one["relation"]).collect();
    assert_eq!(relations, ["narrower", "unknown", "wider"]);
    plan(json!([]));
    assert!(run().code(0).out.contains("changes no policy"));
    place.write("plan.json", "{\"values\": {}}");
    run().code(1).says(&["plan.json", "terraform show -json"]);
}
