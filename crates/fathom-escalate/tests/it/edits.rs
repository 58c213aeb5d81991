//! The edit that prevents something: made for real, it does.

use fathom_escalate::{Breaks, Rules, Ways, What};
use serde_json::{Value, json};

use crate::estate::{ACCOUNT, Estate, allow, number, role, to, user};

fn edit(estate: Estate, arn: &str, what: What, name: &str) -> Option<fathom_escalate::Edit> {
    let (index, facts) = estate.index();
    let rules = Rules::embedded().unwrap();
    let ways = Ways::of(&index, &facts, &rules).unwrap();
    let found = ways.escalate(number(&index, arn), usize::MAX, |_| true).unwrap();
    ways.edits(number(&index, arn), to(&found, what, name).unwrap()).unwrap()
}

fn build(statements: Value) -> Estate {
    let mut estate = Estate::new();
    estate.user(&user("mallory"), statements, &[], &[]);
    estate.role(&role("build"), json!([]), json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}), None);
    estate
}

#[test]
fn one_action_is_taken_out_where_the_statement_names_it() {
    let estate = build(json!([allow(&["s3:GetObject", "sts:AssumeRole"], "*")]));
    let edit = edit(estate, &user("mallory"), What::Role, &role("build")).unwrap();
    assert_eq!((edit.action.as_deref(), edit.statement), (Some("sts:AssumeRole"), 0));
    assert_eq!((edit.breaks, edit.holder), (Breaks::Every, user("mallory")));
    let left = build(json!([allow(&["s3:GetObject"], "*")])).escalate(&user("mallory"));
    assert_eq!(left.reached, []);
}

#[test]
fn the_statement_goes_where_a_pattern_names_the_action() {
    let estate = build(json!([allow(&["s3:GetObject"], "*"), allow(&["sts:*"], "*")]));
    let edit = edit(estate, &user("mallory"), What::Role, &role("build")).unwrap();
    assert_eq!((edit.action, edit.statement, edit.breaks), (None, 1, Breaks::Every));
}

#[test]
fn where_two_statements_open_two_ways_one_edit_leaves_the_other() {
    let estate = build(json!([
        allow(&["sts:AssumeRole", "s3:GetObject"], "*"),
        allow(&["iam:UpdateAssumeRolePolicy", "s3:GetObject"], "*"),
    ]));
    let edit = edit(estate, &user("mallory"), What::Role, &role("build")).unwrap();
    assert_eq!(edit.breaks, Breaks::This { other_steps: 1 });
}

#[test]
fn a_trust_policy_that_names_somebody_is_what_to_edit() {
    let mut estate = Estate::new();
    estate.user(&user("mallory"), json!([]), &[], &[]);
    estate.role(&role("build"), json!([]), json!({"AWS": user("mallory")}), None);
    let edit = edit(estate, &user("mallory"), What::Role, &role("build")).unwrap();
    assert_eq!((edit.holder, edit.policy.as_str()), (role("build"), "trust policy"));
    assert_eq!(edit.breaks, Breaks::Every);
}
