//! The rules name what there is: actions of AWS, rules of escalation, steps that are derived.

use fathom_catalogue::Catalogue;
use fathom_paths::Rules;

#[test]
fn every_action_is_one_that_the_catalogue_has() {
    let (rules, catalogue) =
        (Rules::embedded().expect("rules"), Catalogue::embedded().expect("the catalogue"));
    for act in rules.acts() {
        for action in &act.actions {
            assert!(catalogue.action(action).is_some(), "{}: {action}", act.id);
        }
    }
}

#[test]
fn techniques_name_rules_of_escalation() {
    let (rules, escalation) =
        (Rules::embedded().expect("rules"), fathom_escalate::Rules::embedded().expect("rules"));
    for id in rules.identities() {
        assert!(escalation.all().iter().any(|rule| rule.id == id), "{id}");
    }
}

#[test]
fn every_step_that_is_derived_has_a_rule() {
    let rules = Rules::embedded().expect("rules");
    let asked = [
        "reached-from-internet",
        "reached-through-balancer",
        "reached-from-server",
        "called-by-anybody",
        "breaks-in",
        "takes-role",
        "finds-key",
        "comes-by-trust",
        "administers",
        "owns-identity",
        "owns-thing",
        "becomes",
        "lets-anybody",
        "signs-in",
    ];
    for id in asked {
        assert!(rules.step(id).is_some(), "{id}");
    }
}
