//! What must hold whatever the policies say.

use fathom_iam::{Decision, batch};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

const ACTIONS: [&str; 6] = ["*", "s3:*", "s3:Get*", "s3:PutObject", "sqs:*", "sqs:Send*"];
const RESOURCES: [&str; 4] =
    ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*", "arn:aws:sqs:eu-west-1:111122223333:q"];
const PRINCIPALS: [&str; 5] = [
    "*",
    "111122223333",
    "444455556666",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:iam::111122223333:role/worker",
];

fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let condition = prop_oneof![
        3 => Just(None),
        1 => Just(Some(json!({"Bool": {"aws:SecureTransport": "true"}}))),
        1 => Just(Some(json!({"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}))),
    ];
    (
        select(&["Allow", "Allow", "Deny"][..]),
        any::<bool>(),
        select(&ACTIONS[..]),
        select(&RESOURCES[..]),
        select(&PRINCIPALS[..]),
        condition,
    )
        .prop_map(move |(effect, not, action, resource, principal, condition)| {
            let mut statement = json!({"Effect": effect, "Resource": resource});
            statement[if not { "NotAction" } else { "Action" }] = json!(action);
            if with_principal {
                statement["Principal"] = json!({"AWS": principal});
            }
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        })
}

fn policy(with_principal: bool) -> impl Strategy<Value = Value> {
    proptest::collection::vec(statement(with_principal), 1..4)
        .prop_map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
}

fn levels() -> impl Strategy<Value = Value> {
    proptest::collection::vec(policy(false), 0..3).prop_map(|policies| {
        policies.into_iter().map(|policy| json!({"id": "level", "policies": [policy]})).collect()
    })
}

fn case() -> impl Strategy<Value = Value> {
    let principal = select(
        &[
            "arn:aws:iam::111122223333:user/ann",
            "arn:aws:sts::111122223333:assumed-role/worker/i",
            "arn:aws:iam::111122223333:role/worker",
            "arn:aws:iam::111122223333:root",
            "*",
            "s3.amazonaws.com",
        ][..],
    );
    let target = select(
        &[
            ("s3:GetObject", "arn:aws:s3:::b/k", "111122223333"),
            ("s3:PutObject", "arn:aws:s3:::c/k", "444455556666"),
            ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q", "111122223333"),
        ][..],
    );
    let context = select(
        &[r"{}", r#"{"aws:SecureTransport": ["true"]}"#, r#"{"aws:RequestedRegion": ["eu-west-1"]}"#][..],
    );
    (
        (principal, target, context),
        proptest::collection::vec(policy(false), 0..3),
        proptest::option::of(policy(false)),
        proptest::option::of(policy(false)),
        proptest::option::of(policy(true)),
        levels(),
        (proptest::option::of(policy(true)), select(&[None, Some("Gateway"), Some("Interface")][..])),
    )
        .prop_map(|((principal, (action, arn, account), context), identity, boundary, session, resource, scps, (endpoint, endpoint_type))| {
            let context: Value = serde_json::from_str(context).unwrap();
            json!({
                "request": {"principal": principal, "action": action, "context": context,
                    "resource": {"arn": arn, "account": account}},
                "identity_policies": identity, "permission_boundaries": boundary, "session_policy": session,
                "resource_policy": resource, "scps": scps, "vpc_endpoint_policies": endpoint,
                "vpc_endpoint_type": endpoint_type,
            })
        })
}

fn decide(case: &Value) -> Decision {
    let answer = batch::answer(&case.to_string()).unwrap();
    assert!(answer.verdict.faults.is_empty(), "{:?}", answer.verdict.faults);
    answer.verdict.decision
}

/// The layers in which a statement may be put, with the policies there.
fn places(case: &mut Value) -> Vec<&mut Value> {
    let object = case.as_object_mut().unwrap();
    let mut places = Vec::new();
    for (name, value) in object.iter_mut() {
        match (name.as_str(), value) {
            ("identity_policies", Value::Array(policies)) => places.extend(policies.iter_mut()),
            ("scps", Value::Array(levels)) => {
                places.extend(levels.iter_mut().map(|level| &mut level["policies"][0]));
            }
            (
                "permission_boundaries" | "session_policy" | "resource_policy" | "vpc_endpoint_policies",
                value,
            ) if value.is_object() => {
                places.push(value);
            }
            _ => {}
        }
    }
    places
}

/// How much an answer allows.
fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => 0,
        Decision::OnlyIf | Decision::Unknown => 1,
        Decision::Allowed => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_deny_for_everything_wins(mut case in case(), at in any::<prop::sample::Index>()) {
        // Of the layers that bind every caller.
        let resource = at.index(2) == 0;
        let everyone = json!({"Version": "2012-10-17",
            "Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}});
        case[if resource { "resource_policy" } else { "vpc_endpoint_policies" }] = everyone;
        prop_assert_eq!(decide(&case), Decision::ExplicitlyDenied);
    }

    #[test]
    fn one_more_deny_never_allows(mut case in case(), denied in statement(true), at in any::<prop::sample::Index>()) {
        let before = decide(&case);
        {
            let mut places = places(&mut case);
            prop_assume!(!places.is_empty());
            let at = at.index(places.len());
            let policy = &mut *places[at];
            let mut denied = denied;
            denied["Effect"] = json!("Deny");
            // Whether policies of this layer name principals, their statements show.
            let names = policy["Statement"][0].get("Principal").is_some();
            if !names {
                denied.as_object_mut().unwrap().remove("Principal");
            }
            policy["Statement"].as_array_mut().unwrap().push(denied);
        }
        let after = decide(&case);
        prop_assert!(rank(after) <= rank(before), "{before:?} became {after:?}");
    }

    #[test]
    fn the_order_of_statements_does_not_matter(mut case in case()) {
        let before = decide(&case);
        for policy in places(&mut case) {
            policy["Statement"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(decide(&case), before);
    }

    #[test]
    fn a_limit_never_grants(case in case(), limit in policy(false)) {
        for layer in ["permission_boundaries", "session_policy"] {
            let mut without = case.clone();
            without[layer] = Value::Null;
            let mut with = without.clone();
            with[layer] = limit.clone();
            prop_assert!(rank(decide(&with)) <= rank(decide(&without)), "{layer}");
        }
        let mut with = case.clone();
        with["scps"].as_array_mut().unwrap().push(json!({"id": "more", "policies": [limit]}));
        prop_assert!(rank(decide(&with)) <= rank(decide(&case)));
    }

    #[test]
    fn what_is_given_decides_what_was_open(mut case in case()) {
        // Whatever the open keys turn out to be, an answer without conditions stays.
        let open = decide(&case);
        prop_assume!(!matches!(open, Decision::OnlyIf | Decision::Unknown));
        for secure in [json!(["true"]), json!(["false"]), Value::Null] {
            for region in [json!(["eu-west-1"]), json!(["us-east-1"]), Value::Null] {
                let context = case["request"]["context"].as_object_mut().unwrap();
                let given = context.clone();
                context.entry("aws:SecureTransport").or_insert(secure.clone());
                context.entry("aws:RequestedRegion").or_insert(region.clone());
                let closed = decide(&case);
                case["request"]["context"] = json!(given);
                prop_assert_eq!(rank(closed), rank(open));
            }
        }
    }
}
