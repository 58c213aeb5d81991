//! Runs the specifications in `spec/`: stories that must be told, stated from AWS's documentation. Every edit that is told is made in a
//! copy of the documents, and all of it is asked again.

use std::{collections::BTreeMap, path::Path};

use fathom_intrude::{Breaks, Closing, Edit, IntrudeError, Kind, Query, Story, Walk};
use fathom_paths::{Entry, Level};
use fathom_spec::{Example, examples, files};
use serde_json::Value;

use crate::estate::{edited, ground};

const COLUMNS: [&str; 9] =
    ["begins", "wants", "loss", "answer", "steps", "closed by", "taken", "falls", "note"];

/// Things of an ARN that is there take its place; others are added.
fn merge(given: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("a block is an object") };
    for (name, value) in more {
        match (given[&name].as_array_mut(), value) {
            (Some(list), Value::Array(items)) => {
                for item in items {
                    list.retain(|one| item["arn"].is_null() || one["arn"] != item["arn"]);
                    list.push(item);
                }
            }
            (_, value) => given[&name] = value,
        }
    }
}

fn query(cells: &BTreeMap<String, String>) -> Query {
    let begins = cells["begins"].as_str();
    let entry = match begins {
        "internet" => Some(Entry::Internet),
        "vendor" => Some(Entry::Vendor),
        "leaked key" => Some(Entry::LeakedKey),
        _ => None,
    };
    Query {
        entries: entry.into_iter().collect(),
        from: entry.is_none().then(|| begins.to_owned()),
        to: Some(cells["wants"].clone()),
        edits: usize::MAX,
        ..Query::default()
    }
}

/// The story of a kind of loss; none where there is none.
fn story(given: &Value, cells: &BTreeMap<String, String>) -> Option<Story> {
    let ground = ground(given);
    let walk = Walk::of(&ground).expect("a walk");
    let found = match walk.paths(&query(cells)) {
        // Whom nothing trusts any more there is no way from.
        Err(IntrudeError::Nothing { what: "begin with", .. }) => return None,
        found => found.unwrap_or_else(|error| panic!("{error}")),
    };
    found.stories.into_iter().find(|story| story.jewel.word() == cells["loss"])
}

fn closed_by(closing: Option<&Closing>) -> String {
    let Some(closing) = closing else { return "nothing".to_owned() };
    let edit = match &closing.edit {
        Edit::Statement { policy, action: Some(action), .. } => format!("{action} of {policy}"),
        Edit::Statement { policy, statement, .. } => format!("statement {statement} of {policy}"),
        Edit::GroupRule { group, rule } => format!("{rule} of {group}"),
        Edit::Role { .. } => "the role".to_owned(),
        Edit::AccessKey { .. } => "the key".to_owned(),
    };
    match closing.breaks {
        Breaks::Every => edit,
        Breaks::This { other_steps } => format!("{edit}, {other_steps} left"),
    }
}

fn check_story(example: &Example) {
    let (place, cells) = (&example.place, &example.cells);
    let found = story(&example.given, cells);
    if cells["answer"] == "none" {
        assert!(found.is_none(), "{place}: {found:#?}");
        return;
    }
    let found = found.unwrap_or_else(|| panic!("{place}: no story"));
    let answer = match found.decision {
        Level::Yes => "yes",
        Level::OnlyIf => "only if",
        Level::Unknown => "unknown",
    };
    let steps: Vec<&str> = found.steps.iter().map(|step| step.rule.as_str()).collect();
    assert_eq!(
        (answer, steps.join(" > ")),
        (cells["answer"].as_str(), cells["steps"].clone()),
        "{place}: {found:#?}"
    );
    if let Some(wanted) = cells.get("closed by") {
        assert_eq!(closed_by(found.edit.as_ref()), *wanted, "{place}");
    }
    for step in &found.steps {
        let is_proved = !step.asked.is_empty()
            || step.packet.is_some()
            || !step.only_if.is_empty()
            || !step.not_known.is_empty();
        let needs_none = ["administers", "owns-identity", "owns-thing", "takes-role", "finds-key"]
            .contains(&step.rule.as_str());
        assert!(is_proved || needs_none, "{place}: {} has no proof", step.rule);
    }
    let Some(closing) = &found.edit else { return };
    let after = story(&edited(&example.given, &closing.edit), cells);
    match (closing.breaks, after) {
        (Breaks::Every, after) => assert!(after.is_none(), "{place}: after the edit {after:#?}"),
        (Breaks::This { .. }, after) => {
            let after = after.unwrap_or_else(|| panic!("{place}: after the edit nothing is left"));
            assert_ne!(after.steps, found.steps, "{place}");
        }
    }
}

fn check_blast(example: &Example) {
    let ground = ground(&example.given);
    let walk = Walk::of(&ground).expect("a walk");
    let found =
        walk.blast(&example.cells["taken"]).unwrap_or_else(|error| panic!("{}: {error}", example.place));
    let mut told: Vec<String> = found
        .fallen
        .iter()
        .filter(|one| !matches!(one.what.kind, Kind::AccessKey | Kind::Vendor))
        .map(|one| one.what.id.rsplit(['/', ':']).next().unwrap_or_default().to_owned())
        .collect();
    told.sort();
    told.dedup();
    assert_eq!(told.join(", "), example.cells["falls"], "{}", example.place);
}

#[test]
fn stories_are_those_that_the_documentation_tells() {
    let files = files(Path::new(env!("CARGO_MANIFEST_DIR")).join("spec"));
    let is_column = |name: &str| COLUMNS.contains(&name);
    let mut count = 0;
    for example in files.iter().flat_map(|file| examples(file, is_column, merge)) {
        if example.cells.contains_key("taken") {
            check_blast(&example);
        } else {
            check_story(&example);
        }
        count += 1;
    }
    assert!(count >= 20, "only {count} rows were run");
}
