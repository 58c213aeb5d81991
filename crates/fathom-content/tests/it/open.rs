//! The rules of what is open: at one with the service models, and refused where they cannot be.

use std::collections::BTreeSet;

use fathom_content::{
    Content,
    open::{ANY_TYPE, How},
    resource::Condition,
};
use fathom_model::{ResourceType, path::Path};
use serde_json::Value;

use crate::definitions::{check, python};

fn is_there(path: &Path) -> Condition {
    let path = path.clone();
    Condition { path, equals: None, starts_with: None, absent: false, not: false, all: Vec::new() }
}

/// The paths to everything that an example says.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                // What is below a policy is no member of the model.
                let is_policy =
                    name.ends_with("Policy") || matches!(name.as_str(), "AccessPolicies" | "policy");
                if is_policy && member.is_object() {
                    found.insert(path);
                } else {
                    paths(member, &path, found);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                paths(item, &format!("{at}[]"), found);
            }
        }
        _ => {
            found.insert(at.to_owned());
        }
    }
}

/// Every member that a rule or one of its examples names must be one of the answer that lists the type.
#[test]
fn rules_and_examples_agree_with_the_service_models() {
    let Some(python) = python() else { return };
    let content = Content::embedded().expect("the content that ships");
    let mut asked = content.resources.clone();
    let mut add = |kind: &ResourceType, conditions: Vec<Condition>| {
        asked.get_mut(kind).expect("a definition").exposed_when.extend(conditions);
    };
    for rule in content.open.iter().filter(|rule| rule.kind.as_str() != ANY_TYPE) {
        add(&rule.kind, rule.opens.clone());
        add(&rule.kind, rule.paths().map(is_there).collect());
        let mut named = BTreeSet::new();
        for document in std::iter::once(&rule.examples.open).chain(&rule.examples.closed) {
            paths(document, "", &mut named);
        }
        add(&rule.kind, named.iter().map(|path| is_there(&path.parse().expect("a path"))).collect());
        for example in &rule.examples.others {
            let mut named = BTreeSet::new();
            paths(&example.document, "", &mut named);
            add(&example.kind, named.iter().map(|path| is_there(&path.parse().expect("a path"))).collect());
        }
        for beside in &rule.beside {
            add(&beside.kind, beside.opens.clone());
        }
        if let Some(unless) = &rule.unless {
            add(&unless.kind, vec![is_there(&unless.path)]);
        }
        if let Some(other) = rule.network.as_ref().and_then(|lies| lies.other.as_ref()) {
            let members = [&other.groups, &other.subnets, &other.balancer, &other.port];
            add(&other.kind, members.into_iter().flatten().chain([&other.that]).map(is_there).collect());
            add(&other.kind, other.opens.clone());
        }
    }
    let (ok, output) = check(&python, &asked.values().collect::<Vec<_>>());
    assert!(ok, "{output}");
    // The check itself finds what is wrong.
    let wrong = asked.get_mut("AWS::RDS::DBInstance").expect("databases are defined");
    wrong.exposed_when.push(is_there(&"PublicAccess".parse().expect("a path")));
    assert!(!check(&python, &asked.values().collect::<Vec<_>>()).0, "a member that is in no model passes");
}

#[test]
fn every_rule_says_what_it_means_and_where_that_is_written() {
    let content = Content::embedded().expect("the content that ships");
    for rule in &content.open {
        assert!(rule.source.starts_with("https://docs.aws.amazon.com/"), "{}: {}", rule.id, rule.source);
        assert!(!rule.says.is_empty() && !rule.says.ends_with('.'), "{}: `{}`", rule.id, rule.says);
        let has_example = !rule.examples.open.is_null() || rule.kind.as_str() == ANY_TYPE;
        assert!(has_example, "{} has no example", rule.id);
    }
    let policies = content.open.iter().filter(|rule| rule.how == How::Policy);
    assert!(policies.clone().any(|rule| rule.kind.as_str() == ANY_TYPE), "no rule is about other policies");
}

#[test]
fn rules_that_cannot_be_are_refused() {
    let refused = |text: &str| {
        let files = [
            ("demands.yaml".to_owned(), "always: [owner]".to_owned()),
            ("open/rules.yaml".to_owned(), text.to_owned()),
            (
                "resources/t.yaml".to_owned(),
                "type: T\ndescription: A thing.\nservice: box\nlist: { operation: List, items: 'L[]' }\nidentity: { id: '{Id}', arn: '{Arn}' }\n".to_owned(),
            ),
        ];
        Content::from_files(&files.into()).expect_err("it is refused").to_string()
    };
    let rule = |kind: &str, how: &str, rest: &str| {
        format!(
            "- {{ id: r, type: \"{kind}\", list: internet, how: {how}, asks: nothing, says: s, source: u{rest} }}\n"
        )
    };
    for (text, says) in [
        (rule("U", "setting", ", opens: [{ path: A }]"), "`r`: no resource definition is called `U`"),
        (rule("T", "setting", ""), "`r` has no `opens`"),
        (rule("*", "setting", ", opens: [{ path: A }]"), "only `how: policy`"),
        (rule("T", "rule", ", opens: [{ path: A }]"), "read from the network"),
        (rule("T", "policy", "").repeat(2), "`r` is there twice"),
        (rule("T", "policy", ", opened: true"), "open/rules.yaml:1:"),
    ] {
        let message = refused(&text);
        assert!(message.contains(says), "{message}");
    }
}
