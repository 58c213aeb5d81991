//! Statements as JSON.

use std::collections::BTreeSet;

use fathom_iam::{
    condition::Test,
    policy::{Effect, Element, Statement, Version},
};
use serde_json::{Map, Value, json};

/// What stands in the place of a statement's actions or resources.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// What the statement has.
    AsGranted,
    /// These.
    These(&'a BTreeSet<String>),
}

/// A statement of a policy of version 2012-10-17 that says what one of another version said.
pub(crate) fn statement(
    granted: &Statement,
    version: Version,
    sid: &str,
    actions: Part<'_>,
    resources: Part<'_>,
) -> Value {
    let mut members = Map::new();
    members.insert("Sid".to_owned(), sid.into());
    let effect = match granted.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    members.insert("Effect".to_owned(), effect.into());
    match actions {
        Part::These(actions) => members.insert("Action".to_owned(), json!(actions)),
        Part::AsGranted => {
            let mut patterns = granted.action.patterns.clone();
            patterns.sort();
            patterns.dedup();
            members.insert(name("Action", &granted.action), json!(patterns))
        }
    };
    match (resources, &granted.resource) {
        (Part::These(resources), _) => {
            members.insert("Resource".to_owned(), json!(resources));
        }
        (Part::AsGranted, Some(element)) => {
            let patterns: BTreeSet<String> =
                element.patterns.iter().map(|pattern| text(pattern.written(), version)).collect();
            members.insert(name("Resource", element), json!(patterns));
        }
        (Part::AsGranted, None) => {}
    }
    if !granted.conditions.is_empty() {
        members.insert("Condition".to_owned(), conditions(&granted.conditions, version));
    }
    Value::Object(members)
}

fn name<T>(plain: &str, element: &Element<T>) -> String {
    if element.negated { format!("Not{plain}") } else { plain.to_owned() }
}

/// In policies of the older version `${` means itself.
fn text(written: &str, version: Version) -> String {
    match version {
        Version::V2008 => written.replace("${", "${$}{"),
        Version::V2012 => written.to_owned(),
    }
}

fn conditions(tests: &[Test], version: Version) -> Value {
    let mut operators: Map<String, Value> = Map::new();
    for test in tests {
        let values: Vec<String> = test.values.iter().map(|value| text(value.written(), version)).collect();
        let keys = operators.entry(test.operator.written.clone()).or_insert_with(|| json!({}));
        if let Value::Object(keys) = keys {
            keys.insert(test.key.clone(), json!(values));
        }
    }
    Value::Object(operators)
}
