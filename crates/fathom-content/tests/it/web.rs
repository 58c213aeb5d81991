//! The rules of what answers the web: at one with the service models, each with one way to a web firewall or none.

use fathom_content::{Content, resource::Condition, web};
use fathom_model::path::Path;

use crate::definitions::{check, python};

fn is_there(path: &Path) -> Condition {
    let path = path.clone();
    Condition { path, equals: None, starts_with: None, absent: false, not: false, all: Vec::new() }
}

#[test]
fn each_rule_names_its_firewall_or_why_there_is_none() {
    let rules = web::rules().expect("the rules that ship");
    let content = Content::embedded().expect("the content that ships");
    let mut asked = content.resources.clone();
    for rule in rules {
        assert!(rule.acl.is_some() != rule.cannot.is_some(), "{} has a firewall or cannot", rule.kind);
        assert_eq!(rule.only_when.is_empty(), rule.only_if.is_none(), "{} says what must hold", rule.kind);
        assert!(rule.source.starts_with("https://docs.aws.amazon.com/"), "{}", rule.source);
        let definition = asked.get_mut(rule.kind.as_str()).unwrap_or_else(|| panic!("no {}", rule.kind));
        definition.exposed_when.extend(rule.paths().map(is_there));
        if let Some(part) = &rule.part_of {
            let whole = asked.get_mut(part.kind.as_str()).unwrap_or_else(|| panic!("no {}", part.kind));
            whole.exposed_when.extend(rule.paths_of_whole().map(is_there));
        }
    }
    let Some(python) = python() else { return };
    let (ok, output) = check(&python, &asked.values().collect::<Vec<_>>());
    assert!(ok, "{output}");
}
