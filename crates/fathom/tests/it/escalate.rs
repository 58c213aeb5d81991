//! `fathom escalate` on the sample. What must be there follows from the policies that the sample's script writes.

use serde_json::Value;

use crate::harness::sample;

const SUPPORT: &str = "arn:aws:iam::908249470583:role/SupportAccess";
const AUDIT: &str = "arn:aws:iam::123456789012:role/security-audit";
const BREAK_GLASS: &str = "arn:aws:iam::908249470583:role/break-glass";

fn asked(args: &[&str]) -> Value {
    sample().run(&[&["--json", "escalate"], args].concat()).ok().json()
}

#[test]
fn who_can_become_more_is_told_the_worst_first() {
    let found = asked(&[]);
    let of = |who: &str| {
        let all = found["escalations"]["principals"].as_array().expect("principals");
        all.iter().find(|one| one["principal"] == who).cloned()
    };
    // The intruder's role may do everything in its account, whose users the audit role of the other one trusts.
    let support = of(SUPPORT).expect("the intruder's role");
    assert_eq!(support["nearest"]["name"], AUDIT);
    assert_eq!(support["nearest"]["steps"][0]["rule"], "assume-role");
    // Those who hold the two users of the other account may, with a second factor, take over this one.
    let root = of("123456789012").expect("the root user of the organisation's own account");
    assert_eq!(root["accounts"][0], "908249470583");
    assert_eq!(root["nearest"]["decision"], "only_if");
    // Who may only read and write its own things can become nothing.
    assert_eq!(of("arn:aws:iam::908249470583:role/payments-server"), None);
    let counted = found["escalations"]["principals"].as_array().expect("principals").len();
    assert!(found["escalations"]["asked"].as_u64().expect("a number") > counted as u64);
    // What a policy that no scan reads may allow is told once.
    let gaps = found["gaps"].as_array().expect("gaps");
    assert!(gaps.iter().any(|gap| gap.as_str().is_some_and(|gap| gap.contains("project/build-payments"))));
}

#[test]
fn the_steps_are_proved_and_the_edit_is_told() {
    let found = asked(&["123456789012", "--to", "908249470583"]);
    let one = &found["escalation"]["reached"][0];
    let steps: Vec<&str> =
        one["steps"].as_array().expect("steps").iter().filter_map(|step| step["rule"].as_str()).collect();
    assert_eq!(steps, ["administers", "assume-role", "administers"]);
    let proof = &one["steps"][1]["asked"][0];
    assert_eq!((&proof["action"], &proof["resource"]), (&"sts:AssumeRole".into(), &BREAK_GLASS.into()));
    assert_eq!(proof["conditions"][0]["key"], "aws:MultiFactorAuthPresent");
    assert!(
        proof["because"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["layer"] == "resource_policy"))
    );
    let edit = &found["edit"];
    assert_eq!(edit["breaks"], "every", "{edit}");
    let told = sample().run(&["escalate", "123456789012"]).ok().out;
    for wanted in ["take over account 908249470583", "To prevent it:", "no way is left"] {
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn a_user_whom_a_role_of_another_account_trusts_needs_its_own_permission_too() {
    let found = asked(&["break-glass-1"]);
    assert_eq!(found["escalation"]["reached"], Value::Array(Vec::new()));
}

#[test]
fn nobody_of_that_name_is_an_error_that_says_what_to_write() {
    sample().run(&["escalate", "nobody-at-all"]).code(1).says(&["no user or role is called"]);
}
