//! Differences of documents: what a person expects to read, and laws that hold for any two documents.

use std::collections::BTreeMap;

use fathom_estate::difference::{Change, ChangeKind, Difference, Step};
use fathom_model::path::Path;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

const ALL: usize = usize::MAX;

fn lines(old: &Value, new: &Value) -> Vec<String> {
    Difference::between(old, new, ALL).lines(200).iter().map(ToString::to_string).collect()
}

/// What AWS gives for `DescribeSecurityGroups`.
fn group(rules: &Value) -> Value {
    json!({"GroupId": "sg-1", "GroupName": "web", "IpPermissions": rules, "Tags": [{"Key": "env", "Value": "prod"}]})
}

fn https(ranges: &[&str]) -> Value {
    let ranges: Vec<Value> = ranges.iter().map(|cidr| json!({"CidrIp": cidr})).collect();
    json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges, "UserIdGroupPairs": []})
}

fn ssh() -> Value {
    json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "UserIdGroupPairs": []})
}

#[test]
fn an_opened_port_is_one_line() {
    let before = group(&json!([https(&["10.0.0.0/8"]), ssh()]));
    // One range more, and everything in another order.
    let wider = group(&json!([ssh(), https(&["0.0.0.0/0", "10.0.0.0/8"])]));
    assert_eq!(
        lines(&before, &wider),
        [r#"+ IpPermissions[].IpRanges[] (FromPort=443 IpProtocol=tcp ToPort=443): {"CidrIp":"0.0.0.0/0"}"#]
    );
    let rule = json!({"IpProtocol": "-1", "IpRanges": [], "UserIdGroupPairs": []});
    let another = group(&json!([rule, https(&["10.0.0.0/8"]), ssh()]));
    assert_eq!(lines(&before, &another), [format!("+ IpPermissions[]: {rule}")]);
    assert_eq!(lines(&another, &before), [format!("- IpPermissions[]: {rule}")]);
}

#[test]
fn tags_and_other_named_elements_change_under_their_name() {
    let tags = |pairs: &[(&str, &str)]| json!({"Tags": pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>()});
    assert_eq!(
        lines(
            &tags(&[("env", "prod"), ("owner", "core"), ("old", "x")]),
            &tags(&[("owner", "core"), ("env", "dev"), ("new", "y")])
        ),
        [
            r#"~ Tags[].Value (Key=env): "prod" → "dev""#,
            r#"- Tags[]: {"Key":"old","Value":"x"}"#,
            r#"+ Tags[]: {"Key":"new","Value":"y"}"#,
        ]
    );
    let disks = |size: u64| json!({"Disks": [{"VolumeId": "vol-1", "Size": size, "Kind": "gp3"}, {"VolumeId": "vol-2", "Size": 8, "Kind": "gp3"}]});
    assert_eq!(lines(&disks(8), &disks(16)), ["~ Disks[].Size (VolumeId=vol-1): 8 → 16"]);
    // A name that two elements share names none.
    let twice = json!([{"Name": "a", "To": 1}, {"Name": "a", "To": 2}]);
    let other = json!([{"Name": "a", "To": 1}, {"Name": "a", "To": 3}]);
    assert_eq!(lines(&twice, &other), ["~ [].To (Name=a): 2 → 3"]);
}

#[test]
fn policies_and_scalars() {
    let policy = |effect: &str, actions: Value| {
        json!({"Policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": actions, "Resource": "*"}
        ]}})
    };
    assert_eq!(
        lines(
            &policy("Allow", json!(["s3:Get*", "s3:List*"])),
            &policy("Allow", json!(["s3:*", "s3:List*"]))
        ),
        [
            "- Policy.Statement[].Action[] (Effect=Allow Resource=*): \"s3:Get*\"",
            "+ Policy.Statement[].Action[] (Effect=Allow Resource=*): \"s3:*\"",
        ]
    );
    assert_eq!(
        lines(&policy("Allow", json!("s3:*")), &policy("Deny", json!("s3:*"))),
        ["~ Policy.Statement[].Effect (Action=s3:* Resource=*): \"Allow\" → \"Deny\""]
    );
    assert_eq!(
        lines(&json!({"a": null, "b": 1}), &json!({"b": "1", "a.b": []})),
        ["- a: null", "+ \"a.b\": []", "~ b: 1 → \"1\"",]
    );
    assert_eq!(lines(&json!(1), &json!({"a": 1})), [r#"~ @: 1 → {"a":1}"#]);
    // A bag: how often counts, the order does not.
    assert_eq!(lines(&json!([1, 1, 2]), &json!([2, 1])), ["- []: 1"]);
    assert_eq!(lines(&json!([[1, 2], [3]]), &json!([[3], [2, 1]])), [""; 0]);
}

#[test]
fn long_values_and_many_changes_are_cut_and_say_so() {
    let long = "x".repeat(100_000);
    let (none, one, list) = (json!({}), json!({"a": long}), json!({"a": vec![long.as_str(); 3]}));
    let change = Difference::between(&none, &one, ALL).lines(20).remove(0);
    assert_eq!(change.to_string(), format!(r#"+ a: "{}… (100000 characters)""#, "x".repeat(20)));
    assert!(change.cut);
    let change = Difference::between(&none, &list, ALL).lines(20).remove(0);
    assert_eq!(change.new, Some(json!(format!("[\"{}… (300010 bytes)", "x".repeat(18)))));
    // Wide characters are never cut in two.
    let wide = json!({"a": ["😀".repeat(30)]});
    let change = Difference::between(&none, &wide, ALL).lines(20).remove(0);
    assert_eq!(change.new, Some(json!(format!("[\"{}… (124 bytes)", "😀".repeat(18)))));
    let exact = json!({"a": "x".repeat(20)});
    assert!(!Difference::between(&none, &exact, ALL).lines(20).remove(0).cut);

    let many: Value = (0..500).map(|n| (format!("m{n:03}"), json!(n))).collect::<Map<_, _>>().into();
    let difference = Difference::between(&none, &many, 7);
    assert_eq!((difference.changes.len(), difference.more, difference.count()), (7, 493, 500));

    let mut deep = (json!(1), json!(2));
    for _ in 0..100 {
        deep = (json!({"a": deep.0}), json!({"a": deep.1}));
    }
    let difference = Difference::between(&deep.0, &deep.1, ALL);
    assert_eq!(difference.changes.len(), 1);
    assert_eq!(difference.changes[0].path().split('.').count(), 64);
}

/// Lists in any order, literally: every list sorted by the text of its sorted elements.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Makes the new document out of the old one and the changes. First what does not move elements, then the elements
/// that went, last first.
fn apply(old: &Value, difference: &Difference<'_>) -> Value {
    fn descend<'v>(value: &'v mut Value, steps: &[Step<'_>]) -> &'v mut Value {
        steps.iter().fold(value, |value, step| match step {
            Step::Member(name) => value.get_mut(*name).expect("a member on the way"),
            Step::Element { old, .. } => {
                value.get_mut(old.expect("an element on the way")).expect("an element")
            }
        })
    }
    let mut made = old.clone();
    let mut removals: Vec<Vec<usize>> = Vec::new();
    for change in &difference.changes {
        let Some((last, way)) = change.steps.split_last() else {
            made = change.new.expect("a document is never removed").clone();
            continue;
        };
        let parent = descend(&mut made, way);
        match (last, change.kind()) {
            (Step::Member(name), ChangeKind::Removed) => {
                let gone = parent.as_object_mut().expect("an object").remove(*name);
                assert_eq!(gone.as_ref(), change.old);
            }
            (Step::Member(name), kind) => {
                let members = parent.as_object_mut().expect("an object");
                let before = members.insert((*name).to_owned(), change.new.expect("a value").clone());
                assert_eq!((before.as_ref(), kind == ChangeKind::Added), (change.old, change.old.is_none()));
            }
            (Step::Element { .. }, ChangeKind::Added) => {
                parent.as_array_mut().expect("a list").push(change.new.expect("a value").clone());
            }
            (Step::Element { old, .. }, ChangeKind::Changed) => {
                parent[old.expect("a place")] = change.new.expect("a value").clone();
            }
            (Step::Element { old, .. }, ChangeKind::Removed) => {
                parent[old.expect("a place")] = json!("to be removed");
                removals.push(vec![]);
            }
        }
    }
    fn drop_marked(value: &mut Value) -> usize {
        match value {
            Value::Array(items) => {
                let before = items.len();
                items.retain(|item| *item != json!("to be removed"));
                before - items.len() + items.iter_mut().map(drop_marked).sum::<usize>()
            }
            Value::Object(members) => members.values_mut().map(drop_marked).sum(),
            _ => 0,
        }
    }
    assert_eq!(drop_marked(&mut made), removals.len());
    made
}

/// What a change says, whatever order changes come in.
fn said(difference: &Difference<'_>, swapped: bool) -> BTreeMap<String, usize> {
    let mut said = BTreeMap::new();
    for change in &difference.changes {
        let Change { old, new, .. } = change;
        let (old, new) = if swapped { (new, old) } else { (old, new) };
        let text =
            |value: Option<&Value>| value.map_or_else(|| "-".to_owned(), |value| sorted(value).to_string());
        let of = change.line(ALL).of;
        *said.entry(format!("{} {of:?} {} {}", change.path(), text(*old), text(*new))).or_default() += 1;
    }
    said
}

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        select(vec!["", "a", "b", "sg-1", "\u{1b}[31m", "<b>"]).prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        let names = select(vec!["Id", "GroupId", "Key", "Value", "Name", "Rules", "a"]);
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((names, inner), 0..5).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Two documents that have much in common: the second is the first with some parts replaced, repeated or left out.
fn two_documents() -> impl Strategy<Value = (Value, Value)> {
    let other = (document(), vec((any::<u8>(), document()), 0..6)).prop_map(|(old, edits)| {
        let mut new = old.clone();
        for (at, value) in edits {
            edit(&mut new, at, value);
        }
        (old, new)
    });
    prop_oneof![4 => other, 1 => (document(), document())]
}

fn edit(value: &mut Value, at: u8, with: Value) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let place = usize::from(at) % items.len();
            match at % 5 {
                0 => items.push(with),
                1 => drop(items.swap_remove(place)),
                2 => items.insert(place, with),
                _ => edit(&mut items[place], at / 3, with),
            }
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(usize::from(at) % members.len()).expect("a member").clone();
            match at % 5 {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert("Value".to_owned(), with)),
                _ => edit(members.get_mut(&name).expect("a member"), at / 3, with),
            }
        }
        other => *other = with,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_old_document_and_the_changes_make_the_new_one((old, new) in two_documents()) {
        let difference = Difference::between(&old, &new, ALL);
        prop_assert_eq!(sorted(&apply(&old, &difference)), sorted(&new));
        prop_assert_eq!(difference.is_empty(), sorted(&old) == sorted(&new));
        prop_assert!(Difference::between(&old, &old, ALL).is_empty());
        prop_assert!(Difference::between(&old, &sorted(&old), ALL).is_empty());
    }

    #[test]
    fn the_way_back_is_the_way_swapped((old, new) in two_documents()) {
        let there = Difference::between(&old, &new, ALL);
        let back = Difference::between(&new, &old, ALL);
        prop_assert_eq!(said(&there, false), said(&back, true));
    }

    #[test]
    fn a_path_leads_to_what_changed((old, new) in two_documents()) {
        for change in Difference::between(&old, &new, ALL).changes {
            let path: Path = change.path().parse().expect("plain names make a path");
            for (value, document) in [(change.old, &old), (change.new, &new)] {
                if let Some(value) = value.filter(|value| !value.is_null()) {
                    prop_assert!(path.all(document).contains(&value), "{} {value}", change.path());
                }
            }
        }
    }
}
