//! The rules of whose a network interface is: at one with the service models, each with one way of knowing.

use fathom_content::{Content, owners, resource::Condition};
use fathom_model::path::Path;

use crate::definitions::{check, python};

fn is_there(path: &Path) -> Condition {
    let path = path.clone();
    Condition { path, equals: None, starts_with: None, absent: false, not: false, all: Vec::new() }
}

#[test]
fn each_rule_has_one_way_and_names_members_of_the_service_models() {
    let rules = owners::rules().expect("the rules that ship");
    let content = Content::embedded().expect("the content that ships");
    let mut asked = content.resources.clone();
    for rule in rules {
        let ways = [
            rule.interfaces.is_some(),
            rule.addresses.is_some(),
            rule.described.is_some(),
            rule.alike.is_some(),
        ];
        assert_eq!(ways.iter().filter(|is_set| **is_set).count(), 1, "{} has one way", rule.kind);
        assert!(rule.source.starts_with("https://docs.aws.amazon.com/"), "{}", rule.source);
        let definition = asked.get_mut(rule.kind.as_str()).unwrap_or_else(|| panic!("no {}", rule.kind));
        definition.exposed_when.extend(rule.paths().map(is_there));
        // Members in the text are checked as those of an id are.
        if let Some(described) = &rule.described {
            let text = described.as_str();
            let open = text.find('{').expect("it names the thing");
            let close = text.find('}').expect("a hole ends");
            definition.exposed_when.push(is_there(&text[open + 1..close].parse().expect("a path")));
        }
    }
    let Some(python) = python() else { return };
    let (ok, output) = check(&python, &asked.values().collect::<Vec<_>>());
    assert!(ok, "{output}");
}
