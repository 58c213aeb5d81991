//! Chains of several steps, limits, and what was not read.

use fathom_escalate::{Level, What};
use serde_json::json;

use crate::estate::{ACCOUNT, Estate, OTHER, allow, role, taken, to, user};

fn everything() -> serde_json::Value {
    json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
}

#[test]
fn one_gives_permissions_to_a_role_that_one_can_assume() {
    let mut estate = Estate::new();
    // A function's role may write policies of a role that only the user can assume.
    estate.user(
        &user("mallory"),
        json!([allow(&["lambda:UpdateFunctionCode"], "*"), allow(&["sts:AssumeRole"], &role("build"))]),
        &[],
        &[],
    );
    estate.role(
        &role("function"),
        json!([allow(&["iam:PutRolePolicy"], &role("build"))]),
        json!({"Service": "lambda.amazonaws.com"}),
        None,
    );
    estate.role(&role("build"), json!([]), json!({"AWS": user("mallory")}), None);
    let function = format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:mail");
    estate.workload("AWS::Lambda::Function", &function, &[&role("function")]);
    let found = estate.escalate(&user("mallory"));
    let way = to(&found, What::Account, ACCOUNT).unwrap();
    assert_eq!(way.decision, Level::Sure);
    let mut steps = taken(way);
    steps.sort_unstable();
    assert_eq!(steps, ["administers", "assume-role", "lambda-code", "put-role-policy"]);
    assert_eq!(way.steps.last().unwrap().rule, "administers");
}

#[test]
fn who_cannot_assume_the_role_gains_nothing_by_writing_its_policies() {
    let mut estate = Estate::new();
    estate.user(&user("mallory"), json!([allow(&["iam:PutRolePolicy"], "*")]), &[], &[]);
    estate.role(&role("build"), json!([]), json!({"Service": "lambda.amazonaws.com"}), None);
    assert_eq!(estate.escalate(&user("mallory")).reached, []);
}

#[test]
fn a_boundary_holds_what_one_gives_oneself() {
    let with_boundary = |boundary: serde_json::Value| {
        let mut estate = Estate::new();
        let bound = format!("arn:aws:iam::{ACCOUNT}:policy/bound");
        estate.managed(&bound, boundary, 1);
        let own = json!([allow(&["iam:PutRolePolicy"], &role("mallory"))]);
        estate.role(&role("mallory"), own, json!({"Service": "lambda.amazonaws.com"}), Some(&bound));
        estate.role(&role("store"), json!([]), json!({"AWS": ACCOUNT}), None);
        estate.escalate(&role("mallory"))
    };
    // Within the boundary it may take what it wants, and no more.
    let found = with_boundary(json!([
        allow(&["iam:PutRolePolicy"], &role("mallory")),
        allow(&["sts:AssumeRole"], "*"),
    ]));
    assert!(to(&found, What::Account, ACCOUNT).is_none(), "{found:?}");
    assert_eq!(taken(to(&found, What::Role, &role("store")).unwrap()), ["put-role-policy", "assume-role"]);
    // A boundary that lets it take the boundary away holds nothing.
    let found = with_boundary(json!([allow(
        &["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"],
        &role("mallory"),
    )]));
    let way = to(&found, What::Account, ACCOUNT).unwrap();
    assert_eq!(taken(way), ["put-role-policy", "remove-role-boundary", "administers"]);
}

#[test]
fn who_takes_over_one_account_goes_on_into_those_that_trust_it() {
    let mut estate = Estate::new();
    estate.user(&user("mallory"), json!([allow(&["iam:AttachUserPolicy"], &user("mallory"))]), &[], &[]);
    estate.role(&role("admin"), everything(), json!({"Service": "lambda.amazonaws.com"}), None);
    let there = format!("arn:aws:iam::{OTHER}:role/from-home");
    estate.role(&there, everything(), json!({"AWS": role("admin")}), None);
    let found = estate.escalate(&user("mallory"));
    assert_eq!(taken(to(&found, What::Account, ACCOUNT).unwrap()), ["attach-user-policy", "administers"]);
    let way = to(&found, What::Account, OTHER).unwrap();
    assert_eq!(taken(way), ["attach-user-policy", "administers", "assume-role", "administers"]);
    assert_eq!(way.steps[2].actor, role("admin"), "by somebody of the account that it took over");
}

#[test]
fn an_administrator_is_one_and_gains_nothing_in_its_own_account() {
    let mut estate = Estate::new();
    estate.user(&user("admin"), everything(), &[], &[]);
    estate.role(&role("build"), json!([]), json!({"AWS": ACCOUNT}), None);
    let found = estate.escalate(&user("admin"));
    assert_eq!(found.administers, Some(Level::Sure));
    assert_eq!(found.reached, []);
}

#[test]
fn a_role_passed_to_another_service_is_none() {
    let at = |service: &str| {
        let mut estate = Estate::new();
        let pass = json!({
            "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": service}},
        });
        let create =
            allow(&["lambda:CreateFunction", "lambda:InvokeFunction"], "arn:aws:lambda:*:*:function:team-*");
        estate.user(&user("mallory"), json!([pass, create]), &[], &[]);
        estate.role(&role("function"), json!([]), json!({"Service": "lambda.amazonaws.com"}), None);
        estate.escalate(&user("mallory"))
    };
    assert_eq!(at("ec2.amazonaws.com").reached, []);
    let found = at("lambda.amazonaws.com");
    let way = to(&found, What::Role, &role("function")).unwrap();
    assert_eq!((taken(way), way.decision), (vec!["lambda-new"], Level::Sure));
    let made = way.steps[0].asked.iter().find(|one| one.action == "lambda:CreateFunction").unwrap();
    assert!(made.resource.contains(":function:team-"), "on a name that the policy allows: {}", made.resource);
}

#[test]
fn a_condition_and_what_was_not_read_are_told() {
    let mut estate = Estate::new();
    let with_mfa = json!({
        "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    });
    estate.user(&user("mallory"), json!([with_mfa]), &[], &["arn:aws:iam::aws:policy/NotRead"]);
    estate.role(&role("store"), json!([]), json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}), None);
    let found = estate.escalate(&user("mallory"));
    let way = to(&found, What::Role, &role("store")).unwrap();
    assert_eq!(way.decision, Level::Unknown, "what the policy that was not read denies is not known");

    let mut estate = Estate::new();
    estate.user(&user("mallory"), json!([with_mfa]), &[], &[]);
    estate.role(&role("store"), json!([]), json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}), None);
    let found = estate.escalate(&user("mallory"));
    let way = to(&found, What::Role, &role("store")).unwrap();
    assert_eq!(way.decision, Level::OnlyIf);
    assert_eq!(way.steps[0].asked[0].conditions[0].key, "aws:MultiFactorAuthPresent");
}

#[test]
fn keys_and_passwords_of_users_count() {
    let reached = |action: &str, keys: usize, password: bool| {
        let mut estate = Estate::new();
        estate.user(&user("mallory"), json!([allow(&[action], &user("ann"))]), &[], &[]);
        estate.user(&user("ann"), json!([]), &[], &[]);
        let ann = estate.facts.users.get_mut(&user("ann")).unwrap();
        (ann.access_keys, ann.has_password) = (Some(keys), Some(password));
        to(&estate.escalate(&user("mallory")), What::User, &user("ann")).is_some()
    };
    assert!(reached("iam:CreateAccessKey", 1, false));
    assert!(!reached("iam:CreateAccessKey", 2, false), "two keys are all that there may be");
    assert!(reached("iam:CreateLoginProfile", 0, false) && !reached("iam:CreateLoginProfile", 0, true));
    assert!(reached("iam:UpdateLoginProfile", 0, true) && !reached("iam:UpdateLoginProfile", 0, false));
}
