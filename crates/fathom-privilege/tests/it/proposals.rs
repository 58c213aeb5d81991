//! Generated policies and generated use: what was used stays allowed, and nothing becomes allowed.

use std::collections::{BTreeMap, BTreeSet};

use fathom_catalogue::{ActionId, Catalogue};
use fathom_compare::Answer;
use fathom_iam::{
    Context, Policy, PolicyKind, Request, Resource, evaluate,
    layers::{Held, Layer, Layers},
    verdict::{LayerName, LayerSays},
};
use fathom_privilege::{Keep, UsedOn, propose, prove};
use proptest::prelude::*;
use serde_json::{Value, json};

const WHO: &str = "arn:aws:iam::111122223333:role/app";
const PATTERNS: [&str; 12] = [
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "dynamodb:*Item",
    "dynamodb:GetItem",
    "sqs:SendMessage",
    "ec2:Describe*",
    "ec2:RunInstances",
    "s3:?etObject",
];
const RESOURCES: [&str; 11] = [
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/in/*",
    "arn:aws:s3:::*/in/*",
    "arn:aws:s3:::?/*",
    "arn:aws:dynamodb:*:111122223333:table/*",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/t1",
    "arn:aws:s3:::${aws:username}/*",
    "arn:aws:sqs:eu-west-1:111122223333:q*",
];
const CONDITIONS: [&str; 4] = [
    "{}",
    r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
    r#"{"StringEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}"#,
    r#"{"StringLike":{"aws:PrincipalTag/team":"core*"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
];
/// What may be used, with the ARNs that an event of it may name.
const USED: [(&str, &[&str]); 8] = [
    ("s3:GetObject", &["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]),
    ("s3:PutObject", &["arn:aws:s3:::a/*"]),
    ("s3:ListBucket", &["arn:aws:s3:::a", "arn:aws:s3:::b"]),
    (
        "dynamodb:GetItem",
        &[
            "arn:aws:dynamodb:eu-west-1:111122223333:table/t1",
            "arn:aws:dynamodb:us-east-1:111122223333:table/t2",
        ],
    ),
    ("dynamodb:PutItem", &["arn:aws:dynamodb:eu-west-1:111122223333:table/t1"]),
    (
        "sqs:SendMessage",
        &["arn:aws:sqs:eu-west-1:111122223333:q1", "arn:aws:sqs:eu-west-1:111122223333:other"],
    ),
    ("ec2:DescribeInstances", &[]),
    ("ec2:RunInstances", &[]),
];

fn statement() -> impl Strategy<Value = Value> {
    let some = |pool: &'static [&'static str], most: usize| {
        prop::collection::btree_set(prop::sample::select(pool), 1..=most)
    };
    (some(&PATTERNS, 3), some(&RESOURCES, 3), 0..CONDITIONS.len(), 0..10_u8, 0..10_u8, 0..10_u8).prop_map(
        |(actions, resources, condition, effect, not_action, not_resource)| {
            let action = if not_action == 0 { "NotAction" } else { "Action" };
            let resource = if not_resource == 0 { "NotResource" } else { "Resource" };
            let mut statement = json!({
                "Effect": if effect == 0 { "Deny" } else { "Allow" },
                action: actions,
                resource: resources,
            });
            let condition: Value = serde_json::from_str(CONDITIONS[condition]).unwrap();
            if condition.as_object().is_some_and(|operators| !operators.is_empty()) {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let policy = (prop::collection::vec(statement(), 1..4), prop::bool::ANY);
    prop::collection::vec(policy, 1..3).prop_map(|all| {
        let read = |(at, (statements, new)): (usize, (Vec<Value>, bool))| {
            let version = if new { "2012-10-17" } else { "2008-10-17" };
            let text = json!({ "Version": version, "Statement": statements }).to_string();
            Policy::parse(&format!("policy {at}"), PolicyKind::Identity, &text).unwrap()
        };
        all.into_iter().enumerate().map(read).collect()
    })
}

fn keep() -> impl Strategy<Value = Keep> {
    let one = (0..USED.len(), prop::collection::vec(prop::bool::ANY, 2), prop::bool::weighted(0.2));
    let used = prop::collection::vec(one, 0..6);
    let unseen = prop::collection::vec(0..USED.len(), 0..3);
    (used, unseen).prop_map(|(used, unseen)| {
        let mut keep = Keep { not_known: true, ..Keep::default() };
        for (at, which, elsewhere) in used {
            let (name, arns) = USED[at];
            let named = arns.iter().zip(which).filter(|(_, used)| *used).map(|(arn, _)| (*arn).to_owned());
            let on: &mut UsedOn = keep.used.entry(id(name)).or_default();
            on.resources.extend(named);
            on.elsewhere |= elsewhere || on.resources.is_empty();
        }
        keep.as_granted = unseen.into_iter().map(|at| id(USED[at].0)).collect();
        keep
    })
}

fn id(action: &str) -> ActionId {
    Catalogue::embedded().unwrap().action(action).unwrap().id()
}

/// What identity policies say, with a context in which every key is given or absent.
fn says(action: &str, arn: &str, context: &Context, policies: &[Policy]) -> LayerSays {
    let resource = Resource { arn: arn.to_owned(), account: None };
    let request = Request::new(WHO, action, resource, context.clone()).unwrap();
    let held = policies.iter().map(|policy| Held::Read(policy.clone().into())).collect();
    let verdict = evaluate(&request, &Layers { identity: Layer::Policies(held), ..Layers::default() });
    verdict.layers.iter().find(|layer| layer.layer == LayerName::IdentityPolicies).unwrap().verdict
}

fn contexts() -> Vec<Context> {
    let mut all = Vec::new();
    for (secure, region, team, address) in [
        ("true", "eu-west-1", "core-1", "10.1.1.1"),
        ("false", "us-east-1", "web", "192.0.2.1"),
        ("true", "us-east-1", "core", "10.9.9.9"),
    ] {
        let mut context = Context::new();
        for (key, value) in [
            ("aws:SecureTransport", secure),
            ("aws:RequestedRegion", region),
            ("aws:PrincipalTag/team", team),
            ("aws:SourceIp", address),
        ] {
            context.set(key, vec![value.to_owned()]);
        }
        context.set_complete(true);
        all.push(context);
    }
    all
}

/// Requests that the patterns above tell apart.
fn requests() -> Vec<(&'static str, &'static str)> {
    let arns = [
        "arn:aws:s3:::a/x",
        "arn:aws:s3:::a/in/x",
        "arn:aws:s3:::b/x",
        "arn:aws:s3:::bb/in/x",
        "arn:aws:s3:::a",
        "arn:aws:s3:::bb",
        "arn:aws:dynamodb:eu-west-1:111122223333:table/t1",
        "arn:aws:dynamodb:us-east-1:111122223333:table/t2",
        "arn:aws:sqs:eu-west-1:111122223333:q1",
        "*",
    ];
    let actions = [
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "dynamodb:GetItem",
        "sqs:SendMessage",
        "ec2:RunInstances",
    ];
    actions.into_iter().flat_map(|action| arns.into_iter().map(move |arn| (action, arn))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_was_used_stays_allowed_and_nothing_becomes_allowed(granted in policies(), keep in keep()) {
        let catalogue = Catalogue::embedded().unwrap();
        let Some(proposal) = propose(WHO, &granted, &keep, catalogue).unwrap() else {
            // Nothing is left only where nothing that is kept was granted.
            for (action, used) in &keep.used {
                let name = catalogue.get(*action).unwrap().name();
                for arn in used.resources.iter().filter(|arn| !arn.ends_with('*')) {
                    for context in contexts() {
                        prop_assert_ne!(says(name, arn, &context, &granted), LayerSays::Allowed);
                    }
                }
            }
            return Ok(());
        };
        let proof = prove(WHO, &granted, &proposal.policy, &keep, catalogue);
        prop_assert!(proof.lost.is_empty(), "{:?} lost\n{}", proof.lost, proposal.document);
        if let Answer::Wider(found) = &proof.wider {
            prop_assert!(false, "{:?}\n{}", found.request, proposal.document);
        }
        let proposed = [proposal.policy.clone()];
        for context in contexts() {
            for (action, arn) in requests() {
                if says(action, arn, &context, &proposed) == LayerSays::Allowed {
                    prop_assert_eq!(says(action, arn, &context, &granted), LayerSays::Allowed, "{} on {}", action, arn);
                }
            }
            for (action, used) in &keep.used {
                let name = catalogue.get(*action).unwrap().name();
                let objects = |stem: &str| [format!("{stem}x"), format!("{stem}in/x")];
                let arns = used.resources.iter().flat_map(|arn| match arn.strip_suffix('*') {
                    Some(stem) => objects(stem).to_vec(),
                    None => vec![arn.clone()],
                });
                for arn in arns {
                    if says(name, &arn, &context, &granted) == LayerSays::Allowed {
                        prop_assert_eq!(
                            says(name, &arn, &context, &proposed), LayerSays::Allowed,
                            "{} on {}\n{}", name, arn, proposal.document
                        );
                    }
                }
            }
        }
    }
}

fn policy(name: &str, document: &Value) -> Policy {
    Policy::parse(name, PolicyKind::Identity, &document.to_string()).unwrap()
}

fn used(actions: &[(&str, &[&str])]) -> Keep {
    let on = |arns: &[&str]| UsedOn {
        resources: arns.iter().map(|arn| (*arn).to_owned()).collect(),
        elsewhere: arns.is_empty(),
    };
    let used: BTreeMap<ActionId, UsedOn> = actions.iter().map(|(name, arns)| (id(name), on(arns))).collect();
    Keep { used, as_granted: BTreeSet::new(), not_known: false }
}

fn proposed(granted: &[Policy], keep: &Keep) -> Value {
    let catalogue = Catalogue::embedded().unwrap();
    let proposal = propose(WHO, granted, keep, catalogue).unwrap().unwrap();
    let proof = prove(WHO, granted, &proposal.policy, keep, catalogue);
    assert_eq!((&proof.wider, proof.lost.len()), (&Answer::NotWider, 0), "{}", proposal.document);
    proposal.document
}

#[test]
fn resources_are_narrowed_and_conditions_and_denials_stay() {
    let granted = policy(
        "app",
        &json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
            {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
        ]}),
    );
    let keep = used(&[
        ("s3:GetObject", &["arn:aws:s3:::a/*"]),
        ("s3:PutObject", &["arn:aws:s3:::a/*"]),
        ("s3:ListAllMyBuckets", &[]),
    ]);
    let region = json!({"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}});
    assert_eq!(
        proposed(&[granted], &keep),
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "appS0", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["*"], "Condition": region},
            {"Sid": "appS0P2", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::a/*"],
                "Condition": region},
            {"Sid": "appS1", "Effect": "Deny", "Action": ["s3:DeleteBucket"], "Resource": ["*"]},
        ]})
    );
}

#[test]
fn any_object_of_a_bucket_is_no_more_than_what_is_granted_of_it() {
    let granted = policy(
        "app",
        &json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::a/in/*", "arn:aws:s3:::b/*"]},
        ]}),
    );
    let keep = used(&[("s3:GetObject", &["arn:aws:s3:::a/*"])]);
    assert_eq!(
        proposed(&[granted], &keep)["Statement"][0]["Resource"],
        json!(["arn:aws:s3:::a/in/*"]),
        "the names of objects are not kept, so all that is granted of the bucket stays"
    );
}

#[test]
fn a_statement_all_of_which_is_used_stays_as_it_is_written() {
    let document = json!({"Version": "2008-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ec2:RunInstance?", "Resource": "arn:aws:ec2:*:*:${literal}/*"}]});
    let granted = policy("old", &document);
    let made = proposed(&[granted], &used(&[("ec2:RunInstances", &[])]));
    assert_eq!(made["Statement"][0]["Action"], json!(["ec2:RunInstance?"]));
    // What the older version means literally is written so that the newer one does.
    assert_eq!(made["Statement"][0]["Resource"], json!(["arn:aws:ec2:*:*:${$}{literal}/*"]));
}

#[test]
fn nothing_used_is_no_policy() {
    let granted = policy(
        "app",
        &json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    );
    let catalogue = Catalogue::embedded().unwrap();
    assert_eq!(propose(WHO, &[granted], &Keep::default(), catalogue).unwrap(), None);
}
