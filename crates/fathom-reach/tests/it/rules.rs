//! Each rule of `content/open/` opens what its example says, alone, and does not without the value that opens.

use fathom_content::{
    Content, OpenRule,
    open::{ANY_TYPE, How},
};
use fathom_net::Verdict;
use serde_json::Value;

use crate::estate::{Thing, network, of, open, thing};

fn content() -> Content {
    Content::embedded().unwrap()
}

/// The ARN that an example has, or one that nothing else has.
fn arn_of(rule: &OpenRule, document: &Value) -> String {
    let own = ["ListenerArn", "RuleArn"].iter().find_map(|member| document[*member].as_str());
    let named = rule.examples.arn.clone().or_else(|| own.map(str::to_owned));
    named.unwrap_or_else(|| format!("arn:aws:test:eu-central-1:111122223333:thing/{}", rule.id))
}

/// The network, what else the example has, and the document itself.
fn estate(rule: &OpenRule, document: &Value) -> (Vec<Thing>, String) {
    let mut things = network();
    for (number, other) in rule.examples.others.iter().enumerate() {
        let own =
            ["ListenerArn", "LoadBalancerArn"].iter().find_map(|member| other.document[*member].as_str());
        let arn = other.arn.clone().or_else(|| own.map(str::to_owned));
        let arn = arn.unwrap_or_else(|| format!("arn:aws:test:eu-central-1:111122223333:other/{number}"));
        things.retain(|one| one.arn != arn);
        things.push(thing(other.kind.as_str(), &arn, other.document.clone()));
    }
    let arn = arn_of(rule, document);
    things.push(thing(rule.kind.as_str(), &arn, document.clone()));
    (things, arn)
}

fn rules(content: &Content) -> impl Iterator<Item = &OpenRule> {
    content.open.iter().filter(|rule| rule.kind.as_str() != ANY_TYPE)
}

#[test]
fn each_rule_opens_its_example_and_nothing_else_does() {
    let content = content();
    let mut wrong = Vec::new();
    for rule in rules(&content) {
        let (things, arn) = estate(rule, &rule.examples.open);
        let found = open(&content, &things, &[]);
        let rows: Vec<_> = of(&found, &arn).into_iter().filter(|row| row.list == rule.list).collect();
        let told: Vec<(&str, Verdict)> = rows.iter().map(|row| (row.rule.as_str(), row.verdict)).collect();
        let expected = match (&rule.unread, rule.only_if.as_slice()) {
            (Some(_), _) => Verdict::Unknown,
            // A rule of a listener takes only the requests that fit it.
            (None, []) if rule.examples.open["Conditions"].is_array() => Verdict::OnlyIf,
            (None, []) => Verdict::Yes,
            (None, _) => Verdict::OnlyIf,
        };
        if told != [(rule.id.as_str(), expected)] {
            wrong.push(format!(
                "{}: {told:?} {:?}",
                rule.id,
                rows.iter().map(|row| &row.missing).collect::<Vec<_>>()
            ));
            continue;
        }
        assert!(!rows[0].proof.is_empty(), "{} proves nothing", rule.id);
        assert!(!rows[0].way.says.is_empty(), "{} tells no way", rule.id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_opens_what_its_examples_call_closed() {
    let content = content();
    let mut count = 0;
    let mut wrong = Vec::new();
    for rule in rules(&content) {
        for document in &rule.examples.closed {
            let (things, arn) = estate(rule, document);
            let found = open(&content, &things, &[]);
            count += 1;
            if of(&found, &arn).iter().any(|row| row.rule == rule.id) {
                wrong.push(format!("{} opens {document}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count} closed examples");
}

/// The member of the document that the first test of a rule is about; of policies, that with the policy.
fn opening_member(rule: &OpenRule) -> Option<String> {
    if rule.how == How::Policy {
        let policies = ["Policy", "AccessPolicies"];
        return policies
            .iter()
            .find(|name| rule.examples.open[**name].is_object())
            .map(|name| (*name).to_owned());
    }
    let first = rule.opens.first()?;
    let member = first.path.as_str().split(['.', '[', ' ']).next()?;
    (!first.absent && !first.not).then(|| member.to_owned())
}

#[test]
fn no_rule_opens_without_the_member_that_opens() {
    let content = content();
    let mut count = 0;
    for rule in rules(&content) {
        let Some(member) = opening_member(rule) else { continue };
        let mut document = rule.examples.open.clone();
        let taken = document.as_object_mut().and_then(|members| members.remove(&member));
        assert!(taken.is_some(), "{}: the example has no {member}", rule.id);
        let (things, arn) = estate(rule, &document);
        let found = open(&content, &things, &[]);
        assert!(
            !of(&found, &arn).iter().any(|row| row.rule == rule.id),
            "{} opens without {member}",
            rule.id
        );
        count += 1;
    }
    assert!(count > 45, "{count} rules were tried");
}

#[test]
fn a_member_that_was_not_read_is_unknown_with_its_call() {
    let content = content();
    let mut count = 0;
    for rule in rules(&content).filter(|rule| rule.how != How::Policy) {
        let Some(member) = opening_member(rule) else { continue };
        let definition = &content.resources[rule.kind.as_str()];
        let Some(enrich) = definition.enrich.iter().find(|enrich| enrich.into == member) else { continue };
        let mut document = rule.examples.open.clone();
        document.as_object_mut().unwrap().remove(&member);
        let (mut things, arn) = estate(rule, &document);
        for one in things.iter_mut().filter(|one| one.arn == arn) {
            one.unread = vec![member.clone()];
        }
        let found = open(&content, &things, &[]);
        let row = of(&found, &arn).into_iter().find(|row| row.rule == rule.id);
        let row = row.unwrap_or_else(|| panic!("{} says nothing where {member} was not read", rule.id));
        assert_eq!(row.verdict, Verdict::Unknown, "{}", rule.id);
        assert!(
            row.missing.iter().any(|why| why.contains(&enrich.operation)
                || enrich.permission.as_ref().is_some_and(|one| why.contains(one))),
            "{}: {:?}",
            rule.id,
            row.missing
        );
        count += 1;
    }
    assert!(count >= 5, "{count} rules read what another call gives");
}
