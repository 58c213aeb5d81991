//! An organisation with changes says what one says that is made of the changed documents, and so does its index.

use std::sync::Arc;

use fathom_iam::{
    Context, Index,
    organisation::{BadChange, Change, Control, Target, changes_between},
};
use serde_json::{Value, json};

use crate::{
    choices::Choices,
    estates::{self, Estate},
};

/// Changes that are made in each run; `INDEX_CHANGES` takes another number.
const CHANGES: usize = 600;
/// Changes of one estate, one after the other.
const OF_ONE: usize = 12;

/// What a policy is kept as: text, or the JSON itself.
fn written(choices: &mut Choices, policy: &Value) -> Value {
    if choices.chance(50) { json!(policy.to_string()) } else { policy.clone() }
}

/// A resource of one of these types, by its place in the estate.
fn one_of(choices: &mut Choices, estate: &Estate, kinds: &[&str]) -> Option<usize> {
    let those: Vec<usize> =
        (0..).zip(&estate.documents).filter(|(_, one)| kinds.contains(&one.kind)).map(|(at, _)| at).collect();
    (!those.is_empty()).then(|| choices.pick(&those))
}

/// Changes the documents at random, and says what was changed. Now and then it is what was there before.
fn change(choices: &mut Choices, estate: &mut Estate) -> Option<Change> {
    const HOLDERS: [&str; 3] = ["AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group"];
    let put = |document: &mut Value, member: &str, name: (&str, &str), one: Option<Value>| {
        let mut list = document[member].as_array().cloned().unwrap_or_default();
        let at = list.iter().position(|known| known[name.0] == name.1);
        match (at, one) {
            (Some(at), Some(one)) => list[at] = one,
            (Some(at), None) => drop(list.remove(at)),
            (None, Some(one)) => list.push(one),
            (None, None) => {}
        }
        document[member] = json!(list);
    };
    match choices.below(6) {
        0 => {
            let at = one_of(choices, estate, &HOLDERS)?;
            let policy = choices.chance(75).then(|| estates::identity_policy(choices));
            let name = choices.pick(&["p0", "p1", "p2", "new"]);
            let entry = policy
                .as_ref()
                .map(|policy| json!({"PolicyName": name, "PolicyDocument": written(choices, policy)}));
            let one = &mut estate.documents[at];
            let member = match one.kind {
                "AWS::IAM::User" => "UserPolicyList",
                "AWS::IAM::Role" => "RolePolicyList",
                _ => "GroupPolicyList",
            };
            put(&mut one.document, member, ("PolicyName", name), entry);
            let document = policy.map(|policy| policy.to_string());
            Some(Change::Inline { holder: one.uid.clone(), name: name.to_owned(), document })
        }
        1 => {
            let at = one_of(choices, estate, &HOLDERS)?;
            let policy = managed(choices);
            let is_attached = choices.chance(60);
            let one = &mut estate.documents[at];
            let entry = is_attached.then(|| json!({"PolicyArn": policy, "PolicyName": "x"}));
            put(&mut one.document, "AttachedManagedPolicies", ("PolicyArn", &policy), entry);
            Some(Change::Attached { holder: one.uid.clone(), policy, is_attached })
        }
        2 => {
            let at = one_of(choices, estate, &HOLDERS[..2])?;
            let policy = choices.chance(60).then(|| managed(choices));
            let one = &mut estate.documents[at];
            one.document["PermissionsBoundary"] = match &policy {
                Some(policy) => json!({"PermissionsBoundaryArn": policy}),
                None => Value::Null,
            };
            Some(Change::Boundary { identity: one.uid.clone(), policy })
        }
        3 => {
            let at = one_of(choices, estate, &["AWS::IAM::ManagedPolicy"])?;
            let policy = estates::identity_policy(choices);
            let kept = written(choices, &policy);
            let one = &mut estate.documents[at];
            one.document["PolicyVersionList"] =
                json!([{"VersionId": "v1", "IsDefaultVersion": true, "Document": kept}]);
            Some(Change::Managed { policy: one.uid.clone(), document: Some(policy.to_string()) })
        }
        4 => {
            let kinds = ["AWS::IAM::Role", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SQS::Queue"];
            let at = one_of(choices, estate, &kinds)?;
            let is_role = estate.documents[at].kind == "AWS::IAM::Role";
            let policy = choices.chance(80).then(|| estates::resource_policy(choices, !is_role));
            let one = &mut estate.documents[at];
            let member = if is_role { "AssumeRolePolicyDocument" } else { "Policy" };
            one.document[member] = policy.clone().unwrap_or_default();
            Some(Change::Resource {
                resource: one.uid.clone(),
                document: policy.map(|policy| policy.to_string()),
            })
        }
        _ => {
            let (kind, control) = choices.pick(&[
                ("AWS::Organizations::Policy", Control::Service),
                ("AWS::Organizations::Policy", Control::Service),
                ("AWS::Organizations::ResourceControlPolicy", Control::Resource),
            ]);
            let at = one_of(choices, estate, &[kind])?;
            let mut policy = estates::identity_policy(choices);
            if control == Control::Resource {
                policy = estates::resource_policy(choices, true);
            }
            let document = choices.chance(80).then(|| policy.to_string());
            let target = choices.chance(50).then(|| choices.pick(&["r-1", "ou-1", "111111111111"]));
            let id = estate.documents[at].uid.clone();
            control_document(estate, at, target, document.as_ref());
            let target = target.map(str::to_owned);
            Some(Change::Control { control, policy: id, target, document })
        }
    }
}

fn managed(choices: &mut Choices) -> String {
    let account = choices.pick(&["111111111111", "222222222222"]);
    format!("arn:aws:iam::{account}:policy/{}", choices.pick(&["shared", "read", "limit", "limit", "gone"]))
}

/// The same change of a policy of the organisation, in the documents: one policy may say one thing here and another there.
fn control_document(estate: &mut Estate, at: usize, target: Option<&str>, content: Option<&String>) {
    let content = content.map_or(Value::Null, |text| json!(text));
    let (id, kind) = (estate.documents[at].uid.clone(), estate.documents[at].kind);
    let same = |one: &estates::Saw| one.kind == kind && one.uid == id;
    let Some(target) = target else {
        for one in estate.documents.iter_mut().filter(|one| same(one)) {
            one.document["Content"] = content.clone();
            if content.is_null() {
                one.document["Targets"] = json!([]);
            }
        }
        return;
    };
    let at_target = |one: &estates::Saw| one.document["Targets"] == json!([{"TargetId": target}]);
    let here = estate.documents.iter().position(|one| same(one) && at_target(one));
    if content.is_null() {
        for one in estate.documents.iter_mut().filter(|one| same(one) && at_target(one)) {
            one.document["Targets"] = json!([]);
        }
    } else if let Some(here) = here {
        estate.documents[here].document["Content"] = content;
    } else {
        let mut one = estate.documents[at].clone();
        one.document["Content"] = content;
        one.document["Targets"] = json!([{"TargetId": target}]);
        estate.documents.push(one);
    }
}

#[test]
fn a_changed_index_says_what_a_new_one_says_and_the_old_one_what_it_said() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let changes = number("INDEX_CHANGES").unwrap_or(CHANGES as u64) as usize;
    let mut seed = number("PROPTEST_RNG_SEED").unwrap_or(1).wrapping_mul(1 << 32);
    let (mut made, mut told) = (0, 0);
    while made < changes {
        seed += 1;
        let mut choices = Choices::new(seed);
        let mut estate = estates::estate(&mut choices);
        let mut index = Index::new(Arc::new(estate.build()));
        let questions: Vec<(&str, Target)> = (0..8).map(|_| estates::question(&mut choices)).collect();
        let nothing = Context::new();
        let answers = |index: &Index| -> Vec<_> {
            questions.iter().map(|(action, target)| index.decide(action, target, &nothing).unwrap()).collect()
        };
        let mut done = Vec::new();
        for _ in 0..OF_ONE {
            // One to three at once.
            let several: Vec<Change> =
                (0..=choices.below(3)).filter_map(|_| change(&mut choices, &mut estate)).collect();
            made += several.len();
            let before = answers(&index);
            let next = match index.with(&several) {
                Ok(next) => next,
                // A policy that is attached nowhere any more.
                Err(BadChange::Control { .. } | BadChange::Target(_)) => break,
                Err(other) => panic!("estate {seed}: {several:?}: {other}"),
            };
            done.extend(several);
            let anew = Index::new(Arc::new(estate.build()));
            assert_eq!(next.statements(), anew.statements(), "estate {seed}: {done:#?}");
            let after = answers(&next);
            for ((action, target), (after, anew)) in questions.iter().zip(after.iter().zip(answers(&anew))) {
                assert_eq!(*after, anew, "estate {seed}: {action} on {target:?} after {done:#?}");
            }
            told += usize::from(after != before);
            let (action, target) = &questions[0];
            assert_eq!(
                next.organisation().who_can(action, target, &nothing).unwrap(),
                anew.organisation().who_can(action, target, &nothing).unwrap(),
                "estate {seed}: {action} on {target:?} after {done:#?}"
            );
            // The old one was asked before and is asked again: nothing in it moved.
            assert_eq!(answers(&index), before, "estate {seed}: the old index changed: {done:#?}");
            assert_eq!(answers(&Index::new(Arc::new(index.organisation().clone()))), before);
            index = next;
        }
    }
    println!("{made} changes made, {told} steps changed an answer");
    assert!(told * 8 > made, "changes hardly change anything: {told} of {made}");
}

#[test]
fn what_documents_differ_in_are_the_changes_that_make_one_of_the_other() {
    let (mut followed, mut anew) = (0, 0);
    for seed in 0..60 {
        let mut choices = Choices::new(0xd1ff_0000 + seed);
        let mut estate = estates::estate(&mut choices);
        let mut index = Index::new(Arc::new(estate.build()));
        let questions: Vec<(&str, Target)> = (0..8).map(|_| estates::question(&mut choices)).collect();
        for _ in 0..OF_ONE {
            let before = estate.documents.clone();
            for _ in 0..=choices.below(3) {
                change(&mut choices, &mut estate);
            }
            if choices.chance(10)
                && let Some(at) = one_of(&mut choices, &estate, &["AWS::IAM::User", "AWS::IAM::Role"])
            {
                // What is no change of a policy, and has a say or none.
                let what = choices.pick(&["Tags", "Description"]);
                estate.documents[at].document[what] = json!([{"Key": "team", "Value": "blue"}]);
            }
            if choices.chance(25)
                && let Some(at) = one_of(&mut choices, &estate, &["AWS::S3::Bucket"])
            {
                // What has a say beside the bucket's policy.
                let (member, value) = choices.pick(&[
                    ("PublicAccessBlock", r#"{"IgnorePublicAcls": true, "RestrictPublicBuckets": false}"#),
                    ("PublicAccessBlock", r#"{"IgnorePublicAcls": false, "RestrictPublicBuckets": true}"#),
                    ("PublicAccessBlock", "null"),
                    ("OwnershipControls", r#"{"Rules": [{"ObjectOwnership": "ObjectWriter"}]}"#),
                    ("Acl", r#"{"Owner": {"ID": "owner"}, "Grants": []}"#),
                    ("Acl", r#"{"Grants": [{"Grantee": {"ID": "somebody"}, "Permission": "READ"}]}"#),
                ]);
                estate.documents[at].document[member] = serde_json::from_str(value).unwrap();
            }
            let pairs = before.iter().zip(&estate.documents);
            let all: Option<Vec<_>> = pairs
                .map(|(old, new)| changes_between(new.kind, &new.uid, &old.document, &new.document))
                .collect();
            let made = Index::new(Arc::new(estate.build()));
            // A document that came, such as of a policy that says another thing at another place, is none that changed.
            let Some(all) = all.filter(|_| before.len() == estate.documents.len()) else {
                anew += 1;
                index = made;
                continue;
            };
            let changes = all.concat();
            followed += usize::from(!changes.is_empty());
            index = index.with(&changes).unwrap();
            assert_eq!(index.statements(), made.statements(), "estate {seed}: {changes:#?}");
            for (action, target) in &questions {
                let (now, fresh) = (
                    index.decide(action, target, &Context::new()).unwrap(),
                    made.decide(action, target, &Context::new()).unwrap(),
                );
                assert_eq!(now, fresh, "estate {seed}: {action} on {target:?} after {changes:#?}");
                let let_in =
                    |index: &Index| index.organisation().let_in(action, target, &Context::new()).unwrap();
                assert_eq!(let_in(&index), let_in(&made), "estate {seed}: {action} on {target:?}");
            }
        }
    }
    println!("{followed} times followed, {anew} times made anew");
    assert!(followed > 200 && anew > 20, "{followed} followed, {anew} anew: too few");
}

#[test]
fn a_change_of_what_nobody_knows_is_refused_and_makes_none() {
    let mut choices = Choices::new(7);
    let estate = estates::estate(&mut choices);
    let index = Index::new(Arc::new(estate.build()));
    let good = Change::Inline {
        holder: "arn:aws:iam::111111111111:user/ann".to_owned(),
        name: "p".to_owned(),
        document: None,
    };
    let told = |change: Change| index.with(&[good.clone(), change]).unwrap_err().to_string();
    let attached = |holder: &str| Change::Attached {
        holder: holder.to_owned(),
        policy: "arn:aws:iam::aws:policy/x".to_owned(),
        is_attached: true,
    };
    for holder in ["arn:aws:iam::111111111111:user/nobody", "arn:aws:iam::111111111111:group/none", "ann"] {
        assert_eq!(
            told(attached(holder)),
            format!("no scan saw a user, role or group `{holder}`; write its whole ARN")
        );
    }
    let resource = Change::Resource { resource: "arn:aws:s3:::nothing".to_owned(), document: None };
    assert!(told(resource).contains("no scan saw a resource `arn:aws:s3:::nothing`"));
    let control = |target: Option<&str>| Change::Control {
        control: Control::Service,
        policy: "p-none".to_owned(),
        target: target.map(str::to_owned),
        document: None,
    };
    assert!(told(control(None)).contains("no service control policy `p-none` is attached"));
    assert!(told(control(Some("ou-9"))).contains("`ou-9`"));
}
