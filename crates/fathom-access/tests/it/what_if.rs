//! What would change with another policy: what follows from the policies by hand, and what a comparison of all permissions
//! before and after says.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use fathom_access::{Answer, Effect, Permissions, Resource, Wanted, WhatIf};
use fathom_iam::{
    Context,
    organisation::{Builder, Change, Control, Found, Organisation, Target},
};
use serde_json::{Value, json};

use crate::{choices::Choices, estates};

const HOME: &str = "111122223333";
const BUCKET: &str = "arn:aws:s3:::data";
const ROLE: &str = "arn:aws:iam::111122223333:role/worker";
const SHARED: &str = "arn:aws:iam::111122223333:policy/shared";

fn policy(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn allow(actions: &Value, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
}

/// A statement that gives nothing; a policy has to have one.
fn nothing() -> Value {
    json!([allow(&json!("none:Nothing"), "*")])
}

/// A role and a user of one account that hold a managed policy, and a bucket and a queue.
fn permissions(inline: &Value, shared: &Value) -> Permissions {
    let mut builder = Builder::default();
    builder.account(HOME);
    let attached = json!([{"PolicyArn": SHARED, "PolicyName": "shared"}]);
    let versions = json!([{"VersionId": "v1", "IsDefaultVersion": true, "Document": policy(shared)}]);
    let documents = [
        (
            "AWS::IAM::ManagedPolicy",
            SHARED.to_owned(),
            json!({"PolicyName": "shared", "DefaultVersionId": "v1", "PolicyVersionList": versions}),
        ),
        (
            "AWS::IAM::Role",
            ROLE.to_owned(),
            json!({"RoleName": "worker", "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy(inline)}], "AttachedManagedPolicies": attached}),
        ),
        (
            "AWS::IAM::User",
            format!("arn:aws:iam::{HOME}:user/ann"),
            json!({"UserName": "ann", "AttachedManagedPolicies": attached}),
        ),
        ("AWS::S3::Bucket", BUCKET.to_owned(), json!({})),
        ("AWS::SQS::Queue", format!("arn:aws:sqs:eu-west-1:{HOME}:jobs"), json!({})),
    ];
    let mut resources = BTreeMap::new();
    for (kind, uid, document) in documents {
        builder.add(Found { kind, uid: &uid, account: HOME, document: &document, unread: &[] });
        let target = Target { arn: uid.clone(), account: Some(HOME.to_owned()), seen: true };
        resources.insert(uid, Resource { kind: kind.to_owned(), target });
    }
    Permissions::of(builder.build(), resources).expect("a catalogue")
}

fn inline(statements: &Value) -> Change {
    Change::Inline { holder: ROLE.to_owned(), name: "own".to_owned(), document: Some(policy(statements)) }
}

fn asked(permissions: &Permissions, change: &Change) -> WhatIf {
    let found = permissions.what_if(change, &Context::new()).expect("an answer");
    assert_eq!((found.not_asked, found.not_shown), (0, 0));
    found
}

/// Effect, who, on what, and which actions.
fn told(found: &WhatIf) -> Vec<(Effect, &str, &str, Vec<&str>)> {
    found
        .rows
        .iter()
        .map(|row| {
            let who = row.asker.principal.rsplit('/').next().unwrap_or_default();
            (row.effect, who, row.resource.as_str(), row.actions.iter().map(String::as_str).collect())
        })
        .collect()
}

#[test]
fn what_a_role_gains_and_loses_is_what_its_statements_differ_in() {
    let objects = format!("{BUCKET}/*");
    let none = nothing();
    let permissions = permissions(&json!([allow(&json!("s3:GetObject"), &objects)]), &none);
    let same = asked(&permissions, &inline(&json!([allow(&json!("s3:GetObject"), &objects)])));
    assert_eq!((told(&same), same.questions), (vec![], 0));
    let other = inline(&json!([allow(&json!(["s3:PutObject", "sqs:SendMessage"]), "*")]));
    let found = asked(&permissions, &other);
    let queue = format!("arn:aws:sqs:eu-west-1:{HOME}:jobs");
    assert_eq!(
        told(&found),
        [
            (Effect::Gained, "worker", objects.as_str(), vec!["s3:PutObject"]),
            (Effect::Gained, "worker", queue.as_str(), vec!["sqs:SendMessage"]),
            (Effect::Lost, "worker", objects.as_str(), vec!["s3:GetObject"]),
        ]
    );
    assert_eq!((found.gained, found.lost, found.altered, found.principals), (2, 1, 0, 1));
    // The estate itself is as it was.
    assert_eq!(told(&asked(&permissions, &other)), told(&found));
}

#[test]
fn a_condition_makes_it_conditional_and_its_going_makes_it_sure() {
    let sure = allow(&json!("sqs:SendMessage"), "*");
    let mut open = sure.clone();
    open["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}});
    for (old, new, effect) in [
        (&sure, &open, Effect::NowConditional),
        (&open, &sure, Effect::NowSure),
        (&nothing(), &open, Effect::Gained),
    ] {
        let found = asked(&permissions(old, &nothing()), &inline(new));
        assert_eq!(found.rows.iter().map(|row| row.effect).collect::<Vec<_>>(), [effect], "{old} to {new}");
    }
    let found = asked(&permissions(&nothing(), &nothing()), &inline(&open));
    assert_eq!((found.rows[0].before, found.rows[0].after), (None, Some(Answer::OnlyIf)));
}

#[test]
fn a_managed_policy_changes_for_all_who_have_it() {
    let permissions = permissions(&nothing(), &json!([allow(&json!("sqs:*"), "*")]));
    let change = Change::Managed { policy: SHARED.to_owned(), document: Some(policy(&nothing())) };
    let found = asked(&permissions, &change);
    let who: BTreeSet<&str> = found.rows.iter().map(|row| row.asker.principal.as_str()).collect();
    assert_eq!(who.len(), 2);
    assert!(found.rows.iter().all(|row| row.effect == Effect::Lost));
}

#[test]
fn objects_that_a_pattern_names_are_asked_about_and_what_matches_nothing_is_told() {
    let named = json!([
        allow(&json!("s3:GetObject"), "arn:aws:s3:::da*/finance/*"),
        allow(&json!("s3:GetObject"), "arn:aws:s3:::elsewhere/*"),
        allow(&json!("sqs:SendMessage"), "arn:aws:sqs:eu-west-1:111122223333:gone"),
    ]);
    let found = asked(&permissions(&nothing(), &nothing()), &inline(&named));
    let object = format!("{BUCKET}/finance/*");
    assert_eq!(told(&found), [(Effect::Gained, "worker", object.as_str(), vec!["s3:GetObject"])]);
    assert_eq!(found.unmatched, ["arn:aws:s3:::elsewhere/*", "arn:aws:sqs:eu-west-1:111122223333:gone"]);
}

#[test]
fn a_bucket_policy_lets_in_strangers_and_its_own() {
    let permissions = permissions(&nothing(), &nothing());
    let mut statement = allow(&json!("s3:GetObject"), &format!("{BUCKET}/*"));
    statement["Principal"] = json!({"AWS": [ROLE, "999988887777"]});
    let change = Change::Resource { resource: BUCKET.to_owned(), document: Some(policy(&statement)) };
    let found = asked(&permissions, &change);
    let who: Vec<&str> = found.rows.iter().map(|row| row.asker.principal.as_str()).collect();
    assert_eq!(who, ["999988887777", ROLE]);
    assert!(found.rows.iter().all(|row| row.effect == Effect::Gained && row.actions == ["s3:GetObject"]));
}

#[test]
fn what_is_no_policy_or_of_nobody_is_refused() {
    let permissions = permissions(&nothing(), &nothing());
    let refused = |change: &Change| permissions.what_if(change, &Context::new()).unwrap_err().to_string();
    let bad = Change::Inline {
        holder: ROLE.to_owned(),
        name: "own".to_owned(),
        document: Some(r#"{"Version":"2012-10-17","Statement":{"Effect":"Perhaps"}}"#.to_owned()),
    };
    assert!(refused(&bad).contains("Effect"), "{}", refused(&bad));
    let nobody = Change::Inline { holder: "nobody".to_owned(), name: "own".to_owned(), document: None };
    assert!(refused(&nobody).contains("`nobody`"));
}

/// Decisions by who, resource and action; those of objects count as those of their bucket.
type All = BTreeMap<(String, String, String), BTreeSet<&'static str>>;

/// Of the resources; where it says so, also of the thousands of actions that have none.
fn all(organisation: Organisation, resources: &BTreeMap<String, Resource>, with_everything: bool) -> All {
    let permissions = Permissions::of(organisation, resources.clone()).expect("a catalogue");
    let mut all = All::new();
    let mut tell = |rows: Vec<fathom_access::AccessRow>| {
        for row in rows {
            let (Some(asker), Some(resource), Some((_, action))) = (row.asker, row.resource, row.action)
            else {
                continue;
            };
            let key = (format!("{asker:?}"), resource.target.arn.clone(), action.to_owned());
            all.entry(key).or_default().insert(row.decision.word());
        }
        ControlFlow::Continue(())
    };
    let named: Vec<String> = if with_everything { Vec::new() } else { resources.keys().cloned().collect() };
    let wanted = Wanted { resources: named, ..Wanted::default() };
    permissions.visit(&wanted, &Context::new(), &mut tell).expect("all rows");
    all
}

/// One change of each kind, at random.
fn changes(choices: &mut Choices) -> Vec<Change> {
    let account = choices.pick(&["111111111111", "222222222222"]);
    let identity = estates::identity_policy(choices).to_string();
    let resource = |choices: &mut Choices, has| Some(estates::resource_policy(choices, has).to_string());
    let holder = choices.pick(&["user/ann", "role/worker", "group/ops"]);
    vec![
        Change::Inline {
            holder: format!("arn:aws:iam::{account}:{holder}"),
            name: choices.pick(&["p0", "new"]).to_owned(),
            document: choices.chance(80).then(|| identity.clone()),
        },
        Change::Managed {
            policy: format!("arn:aws:iam::{account}:policy/shared"),
            document: Some(identity.clone()),
        },
        Change::Boundary {
            identity: format!("arn:aws:iam::{account}:role/worker"),
            policy: choices.chance(70).then(|| format!("arn:aws:iam::{account}:policy/limit")),
        },
        Change::Resource { resource: BUCKET.to_owned(), document: resource(choices, true) },
        Change::Resource {
            resource: "arn:aws:iam::111111111111:role/worker".to_owned(),
            document: resource(choices, false),
        },
        Change::Control {
            control: Control::Service,
            policy: "p-new".to_owned(),
            target: Some(choices.pick(&["r-1", "ou-1", "111111111111"]).to_owned()),
            document: Some(identity),
        },
    ]
}

#[test]
fn it_says_what_a_comparison_of_all_permissions_says() {
    let mut seen = 0;
    for seed in 1..=6 {
        let mut choices = Choices::new(seed);
        let estate = estates::estate(&mut choices);
        let mut resources = BTreeMap::new();
        for one in &estate.documents {
            let kinds = ["AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::KMS::Key"];
            if kinds.contains(&one.kind) || one.uid.ends_with(":role/worker") {
                let target = Target { arn: one.uid.clone(), account: None, seen: true };
                resources.insert(one.uid.clone(), Resource { kind: one.kind.to_owned(), target });
            }
        }
        let permissions = Permissions::of(estate.build(), resources.clone()).expect("a catalogue");
        let changes = changes(&mut choices);
        let with_everything = seed == 1;
        let before = all(estate.build(), &resources, with_everything);
        for change in changes.into_iter().take(if with_everything { 1 } else { 6 }) {
            let Ok(organisation) = estate.build().with(std::slice::from_ref(&change)) else { continue };
            let Ok(found) = permissions.what_if(&change, &Context::new()) else { continue };
            assert_eq!((found.not_asked, found.not_shown), (0, 0));
            let after = all(organisation, &resources, with_everything);
            let differ: BTreeSet<&(String, String, String)> =
                before.keys().chain(after.keys()).filter(|key| before.get(key) != after.get(key)).collect();
            let mut told = BTreeSet::new();
            for row in &found.rows {
                let whole = row.resource.strip_suffix("/*").unwrap_or(&row.resource);
                // A few objects are asked about one by one, which the others are not.
                if whole.contains(":s3:::") && whole.contains('/') {
                    continue;
                }
                if whole == "*" && !with_everything {
                    continue;
                }
                for action in &row.actions {
                    told.insert((format!("{:?}", row.asker), whole.to_owned(), action.clone()));
                }
            }
            seen += told.len();
            let told: BTreeSet<&(String, String, String)> = told.iter().collect();
            let missing: Vec<_> = differ.difference(&told).take(5).collect();
            assert!(missing.is_empty(), "seed {seed}: {change:?}: not told: {missing:#?}");
            let invented: Vec<_> = told.difference(&differ).take(5).collect();
            assert!(invented.is_empty(), "seed {seed}: {change:?}: not so: {invented:#?}");
        }
    }
    assert!(seen > 300, "only {seen} permissions changed");
}
