//! Terraform plans.

use fathom_compare::plan::{Held, changes};
use fathom_iam::PolicyKind;
use serde_json::{Value, json};

fn plan(resources: Value) -> String {
    json!({"format_version": "1.2", "resource_changes": resources}).to_string()
}

fn change(kind: &str, before: Value, after: Value, unknown: Value) -> Value {
    json!({"address": format!("{kind}.this"), "mode": "managed", "type": kind, "name": "this",
        "change": {"actions": ["update"], "before": before, "after": after, "after_unknown": unknown}})
}

#[test]
fn policies_before_and_after() {
    let text = plan(json!([
        change("aws_iam_policy", json!({"policy": "{1}"}), json!({"policy": "{2}"}), json!({})),
        change("aws_iam_policy", json!({"policy": "{1}"}), json!({"policy": "{1}"}), json!({})),
        change("aws_iam_role", Value::Null, json!({"assume_role_policy": "{3}"}), json!({"arn": true})),
        change(
            "aws_s3_bucket_policy",
            json!({"policy": "{4}"}),
            json!({"bucket": "b"}),
            json!({"policy": true})
        ),
        change("aws_sqs_queue_policy", json!({"policy": "{5}"}), Value::Null, json!(false)),
        change("aws_instance", json!({"policy": "{6}"}), Value::Null, json!(false)),
    ]));
    let found = changes(&text).unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.address.as_str(), one.kind, one.before.clone(), one.after.clone()))
        .collect();
    let held = |text: &str| Held::Text(text.to_owned());
    assert_eq!(
        told,
        [
            ("aws_iam_policy.this", PolicyKind::Identity, held("{1}"), held("{2}")),
            ("aws_iam_role.this", PolicyKind::Resource, Held::None, held("{3}")),
            ("aws_s3_bucket_policy.this", PolicyKind::Resource, held("{4}"), Held::NotKnownYet),
            ("aws_sqs_queue_policy.this", PolicyKind::Resource, held("{5}"), Held::None),
        ]
    );
}

#[test]
fn policies_written_into_roles() {
    let of = |name: &str, policy: &str| json!({"name": name, "policy": policy});
    let text = plan(json!([change(
        "aws_iam_role",
        json!({"assume_role_policy": "{0}", "inline_policy": [of("a", "{1}"), of("b", "{2}")]}),
        json!({"assume_role_policy": "{0}", "inline_policy": [of("b", "{3}"), of("c", "{4}")]}),
        json!({"inline_policy": [{}, {}]})
    )]));
    let attributes: Vec<String> = changes(&text).unwrap().into_iter().map(|one| one.attribute).collect();
    assert_eq!(attributes, ["inline_policy a", "inline_policy b", "inline_policy c"]);
    let unknown = plan(json!([change(
        "aws_iam_role",
        json!({}),
        json!({}),
        json!({"inline_policy": [{"policy": true}]})
    )]));
    assert_eq!(changes(&unknown).unwrap().first().map(|one| one.after.clone()), Some(Held::NotKnownYet));
}

#[test]
fn what_is_no_plan() {
    let told = |text: &str| changes(text).unwrap_err().to_string();
    assert!(told("{").contains("line 1"));
    assert!(told("{\"values\": {}}").contains("resource_changes"));
    let number = plan(json!([change("aws_iam_policy", json!({"policy": 1}), json!({}), json!({}))]));
    assert!(told(&number).contains("aws_iam_policy.this"));
}
