//! `fathom what-can`, `what-on`, `public`, `external` and `cross-account` on the sample. What must be there follows from
//! the policies that the sample's script writes.

use serde_json::Value;

use crate::harness::sample;

fn asked(args: &[&str]) -> Value {
    sample().run(&[&["--json"], args].concat()).ok().json()
}

fn rows(found: &Value) -> &[Value] {
    found["rows"].as_array().expect("rows")
}

/// Resource and who is let in, by their last parts.
fn let_in(args: &[&str]) -> Vec<(String, String)> {
    let last =
        |text: &Value| text.as_str().expect("a text").rsplit([':', '/']).next().unwrap_or("").to_owned();
    rows(&asked(args)).iter().map(|row| (last(&row["resource"]), last(&row["principal"]))).collect()
}

fn pairs(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[test]
fn what_is_open_to_the_outside_is_told_by_where_it_is_open_to() {
    assert_eq!(let_in(&["public"]), pairs(&[("northwind-tmp-export-7731", "*")]));
    // Topics name everyone, with a condition that means their own account: they let nobody in.
    assert_eq!(
        let_in(&["external"]),
        pairs(&[
            ("northwind-tmp-export-7731", "*"),
            ("SupportAccess", "999988887777"),
            ("ci-deploy", "ci.northwind.example"),
        ])
    );
    assert_eq!(
        let_in(&["cross-account"]),
        pairs(&[
            ("security-audit", "908249470583"),
            ("OrganizationAccountAccessRole", "123456789012"),
            ("break-glass", "break-glass-1"),
            ("break-glass", "break-glass-2"),
        ])
    );
}

#[test]
fn what_one_can_and_what_is_done_on_one_say_the_same() {
    let can = asked(&["what-can", "storefront-task", "--kind", "data"]);
    let queue = "arn:aws:sqs:us-east-1:908249470583:payments-webhooks";
    let holds = |row: &&Value| row["resources"].as_array().expect("resources").iter().any(|one| one == queue);
    let row = rows(&can).iter().find(holds).expect("the queue");
    assert_eq!(row["permitted"].as_array().expect("kinds").len(), 1);
    assert_eq!(row["permitted"][0]["actions"], serde_json::json!(["sqs:SendMessage"]));
    assert_eq!(row["permitted"][0]["decision"], "allowed");

    let on = asked(&["what-on", "payments-webhooks", "--kind", "data"]);
    let task =
        rows(&on).iter().find(|row| row["principal"].as_str().expect("who").ends_with("/storefront-task"));
    assert_eq!(task.expect("the task")["permitted"], row["permitted"]);
    assert!(on["actions"].as_u64().expect("a number") > 10);
}

#[test]
fn who_may_do_everything_may_do_it_to_everything_that_has_actions() {
    let can = asked(&["what-can", "SupportAccess"]);
    assert!(can["open"].as_u64().expect("a number") > 500, "{}", can["open"]);
    let text = sample().run(&["what-can", "SupportAccess", "--kind", "admin"]).ok().out;
    for part in ["actions without a resource", "admin", "not asked about", "asked about: open to it"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn who_or_what_is_not_there_is_told_with_what_to_write() {
    sample().run(&["what-can", "nobody-such"]).code(1).says(&["nobody-such", "an ARN or a name"]);
    sample().run(&["what-on", "nothing-such"]).code(1).says(&["nothing-such"]);
}
