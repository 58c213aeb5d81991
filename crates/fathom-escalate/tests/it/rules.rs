//! Every rule of the file: alone in an estate it opens what it says, and without any one of its actions it does not.

use fathom_catalogue::Catalogue;
use fathom_escalate::{Keys, Kind, Level, Rule, Rules, RulesError, What};
use serde_json::{Value, json};

use crate::estate::{ACCOUNT, Estate, role, rules_of, to, user};

const MALLORY: &str = "mallory";
/// Rules about things that are there and may keep a policy of their own which no scan reads, and about older versions of
/// policies, which are not looked at: these are never certain.
const GUARDED: [&str; 9] = [
    "codebuild-start",
    "codebuild-start-batch",
    "codebuild-update",
    "glue-endpoint-update",
    "glue-job-update",
    "glue-job-update-trigger",
    "sagemaker-notebook-config",
    "sagemaker-notebook-url",
    "set-policy-version",
];

/// All that must be allowed for a rule.
fn needed(rule: &Rule) -> Vec<&str> {
    let mut needed: Vec<&str> = rule.actions.iter().chain(&rule.anywhere).map(String::as_str).collect();
    if rule.kind == Kind::Pass {
        needed.push("iam:PassRole");
    }
    needed
}

/// Something of a type, by an ARN of a form that the catalogue knows for the rule's first action.
fn arn_for(rule: &Rule) -> String {
    let action = Catalogue::embedded().unwrap().action(&rule.actions[0]).unwrap();
    // What sessions are opened on is a server, whatever else could be.
    let form = action
        .resources()
        .flat_map(|one| one.resource_type.arns())
        .filter(|form| form.contains("${Account}"))
        .find(|form| rule.on.as_deref() != Some("AWS::EC2::Instance") || form.contains(":instance/"))
        .unwrap_or("arn:${Partition}:some:${Region}:${Account}:thing/${Name}");
    let mut arn = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap();
        arn.push_str(before);
        arn.push_str(match name {
            "Partition" => "aws",
            "Region" => "eu-west-1",
            "Account" => ACCOUNT,
            _ => "one",
        });
        rest = after;
    }
    arn + rest
}

/// An estate in which the rule is all that could help, to a user with these permissions; what it gains; and who gains it.
fn alone(rule: &Rule, allowed: &[&str]) -> (Estate, String, What, String) {
    let mut estate = Estate::new();
    let statements = json!([{"Effect": "Allow", "Action": allowed, "Resource": "*"}]);
    let mallory = user(MALLORY);
    let policy_arn = format!("arn:aws:iam::{ACCOUNT}:policy/mine");
    let group_arn = format!("arn:aws:iam::{ACCOUNT}:group/all");
    let account = || (What::Account, ACCOUNT.to_owned());
    let lambda = json!({"Service": "another.amazonaws.com"});
    let bound = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    let (mut start, mut groups, mut attached) = (mallory.clone(), Vec::new(), Vec::new());
    let (mut own, mut is_role): (Value, bool) = (statements, false);
    let (what, name) = match rule.kind {
        Kind::Role => {
            // A trust policy lets in the account; where it is to be changed, a service alone.
            let trusts = if rule.trust { lambda } else { json!({"AWS": ACCOUNT}) };
            estate.role(&role("target"), json!([]), trusts, None);
            (What::Role, role("target"))
        }
        Kind::User => {
            estate.user(&user("target"), json!([]), &[], &[]);
            let target = estate.facts.users.get_mut(&user("target")).unwrap();
            target.access_keys = Some(if rule.keys == Some(Keys::Full) { 2 } else { 1 });
            target.has_password = rule.password;
            (What::User, user("target"))
        }
        Kind::Provider => {
            let provider = format!("arn:aws:iam::{ACCOUNT}:saml-provider/office");
            estate.role(&role("target"), json!([]), lambda, None);
            estate.workload(rule.on.as_deref().unwrap(), &provider, &[]);
            estate.facts.providers.insert(provider, vec![role("target")]);
            (What::Role, role("target"))
        }
        Kind::OwnUser | Kind::NewIdentity => account(),
        Kind::OwnRole => {
            is_role = true;
            account()
        }
        Kind::OwnGroup => {
            groups.push("all");
            estate.group(&group_arn, json!([]), &[]);
            account()
        }
        Kind::OwnPolicy => {
            estate.managed(
                &policy_arn,
                json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]),
                2,
            );
            attached.push(policy_arn.as_str());
            account()
        }
        Kind::Join => {
            estate.group(&group_arn, bound.clone(), &[]);
            account()
        }
        // What it has beside its boundary is everything.
        Kind::UnbindUser | Kind::UnbindRole => {
            estate.managed(&policy_arn, own, 1);
            own = bound;
            is_role = true;
            account()
        }
        Kind::Pass => {
            let trusts = json!({"Service": rule.service});
            estate.role(&role("target"), json!([]), trusts, None);
            if let Some(kind) = rule.on.as_ref().or(rule.needs.as_ref()) {
                estate.workload(kind, &arn_for(rule), &[]);
            }
            (What::Role, role("target"))
        }
        Kind::Workload => {
            estate.role(&role("target"), json!([]), lambda, None);
            estate.workload(rule.on.as_deref().unwrap(), &arn_for(rule), &[&role("target")]);
            (What::Role, role("target"))
        }
    };
    let boundary = matches!(rule.kind, Kind::UnbindRole).then_some(policy_arn.as_str());
    if is_role {
        start = role(MALLORY);
        estate.role(&start, own, json!({"Service": "another.amazonaws.com"}), boundary);
    } else {
        estate.user(&start, own, &groups, &attached);
    }
    (estate, start, what, name)
}

#[test]
fn every_rule_opens_what_it_says_and_needs_each_of_its_actions() {
    let (rules, mut unknown) = (Rules::embedded().unwrap(), Vec::new());
    for rule in rules.asked().filter(|rule| rule.kind != Kind::UnbindUser) {
        let (needed, alone_here) = (needed(rule), rules_of(&[&rule.id]));
        let reached = |allowed: &[&str]| {
            let (estate, start, what, name) = alone(rule, allowed);
            let found = estate.escalate_by(&alone_here, &start);
            to(&found, what, &name).cloned()
        };
        let way = reached(&needed).unwrap_or_else(|| panic!("{} opens nothing", rule.id));
        if way.decision == Level::Unknown {
            unknown.push(rule.id.clone());
            continue;
        }
        for action in way.steps.iter().flat_map(|step| &step.asked) {
            assert!(!action.because.is_empty(), "{}: {} is not proved", rule.id, action.action);
        }
        for left_out in &needed {
            let rest: Vec<&str> = needed.iter().filter(|action| *action != left_out).copied().collect();
            let rest = if rest.is_empty() { vec!["s3:ListAllMyBuckets"] } else { rest };
            assert_eq!(reached(&rest), None, "{} is open without {left_out}", rule.id);
        }
    }
    unknown.sort_unstable();
    assert_eq!(unknown, GUARDED);
}

#[test]
fn every_action_is_one_that_aws_has() {
    let (rules, catalogue) = (Rules::embedded().unwrap(), Catalogue::embedded().unwrap());
    for rule in rules.asked() {
        for action in rule.actions.iter().chain(&rule.anywhere) {
            let known = catalogue.action(action).map(|known| known.name());
            assert_eq!(known, Some(action.as_str()), "of {}", rule.id);
        }
    }
}

#[test]
fn what_is_wrong_with_rules_is_told_with_its_place() {
    let told = |text: &str| Rules::parse("rules.yaml", text).unwrap_err();
    let twice = "rules:\n- { id: a, kind: role, actions: [sts:AssumeRole], title: t }\n- { id: a, kind: role, actions: [sts:AssumeRole], title: t }";
    assert!(matches!(told(twice), RulesError::Rule { rule, .. } if rule == "a"));
    let pattern = "rules:\n- { id: a, kind: role, actions: ['sts:*'], title: t }";
    assert!(told(pattern).to_string().contains("without wildcards"));
    let none = "rules:\n- { id: a, kind: pass, actions: [s3:GetObject], title: t }";
    assert!(told(none).to_string().contains("`service`"));
    let unknown = told("rules:\n- { id: a, kind: role, actions: [sts:AssumeRole], title: t, colour: red }");
    assert!(unknown.to_string().contains("rules.yaml") && unknown.to_string().contains("colour"));
}
