//! `fathom paths` and `fathom blast-radius` on the sample. What must be there follows from what the sample's script makes.

use serde_json::Value;

use crate::harness::sample;

const PRODUCTION: &str = "908249470583";
const SUPPORT: &str = "arn:aws:iam::908249470583:role/SupportAccess";

fn asked(args: &[&str]) -> Value {
    sample().run(&[&["--json", "paths"], args].concat()).ok().json()
}

fn steps(story: &Value) -> Vec<&str> {
    story["steps"].as_array().expect("steps").iter().filter_map(|step| step["rule"].as_str()).collect()
}

#[test]
fn the_role_that_somebody_left_behind_is_told_with_the_edit_that_closes_it() {
    // It trusts an account outside, and may do everything.
    let found = asked(&["--entry", "vendor", "--to", PRODUCTION]);
    let story = &found["paths"]["stories"][0];
    assert_eq!((&story["decision"], &story["jewel"]), (&"yes".into(), &"administrators".into()));
    assert_eq!(steps(story), ["comes-by-trust", "administers"]);
    let first = &story["steps"][0];
    assert_eq!((&first["technique"], &first["gains"]["id"]), (&"T1199".into(), &SUPPORT.into()));
    let proof = &first["asked"][0];
    assert_eq!((&proof["action"], &proof["decision"]), (&"sts:AssumeRole".into(), &"allowed".into()));
    let because = proof["because"].as_array().expect("statements");
    assert!(because.iter().any(|one| one["layer"] == "resource_policy" && one["policy"] == "trust policy"));
    let edit = &story["edit"];
    assert_eq!(
        (&edit["kind"], &edit["holder"], &edit["breaks"]),
        (&"statement".into(), &SUPPORT.into(), &"every".into())
    );
    // The step is on every way, and alone is the smallest cut.
    let fix = &found["fix_first"];
    let cut = fix["cut"].as_array().expect("a cut");
    assert_eq!((cut.len(), &fix["cost"], &fix["at_least"]), (1, &1.into(), &1.into()));
    assert_eq!(cut[0]["step"]["gains"]["id"], SUPPORT);
    assert_eq!(cut[0]["jewels"][0]["id"], PRODUCTION);
}

#[test]
fn a_leaked_key_reads_what_its_user_may() {
    // The contractor who left is of a group that may read everything but what a key keeps: the lake's streams and not its buckets.
    let found = asked(&["--entry", "leaked-key", "--jewel", "data"]);
    let stories = found["paths"]["stories"].as_array().expect("stories");
    let to = |name: &str| {
        stories.iter().find(|story| story["to"]["id"].as_str().is_some_and(|id| id.ends_with(name)))
    };
    let orders = to(":stream/orders").expect("the orders");
    assert_eq!(orders["data_class"], "confidential");
    assert_eq!(steps(orders), ["finds-key", "read-stream"]);
    assert_eq!(orders["steps"][0]["gains"]["id"], "arn:aws:iam::908249470583:user/m.kowalski");
    assert_eq!(to(":::northwind-lake-raw"), None);
    assert!(stories.iter().all(|story| story["entry"] == "leaked_key" && story["jewel"] == "data"));
    assert!(found["paths"]["unclassified"].as_u64().expect("a number") > 0);
}

#[test]
fn people_read_stories_and_what_to_fix_first() {
    let told = sample().run(&["paths", "--to", PRODUCTION]).ok().out;
    for wanted in [
        "everything in account 908249470583",
        "T1199",
        "To close it:",
        "nothing leads there",
        "Smallest cut:",
    ] {
        assert!(told.contains(wanted), "no `{wanted}` in:\n{told}");
    }
}

#[test]
fn what_falls_with_the_role_is_its_account() {
    let found = sample().run(&["--json", "blast-radius", "SupportAccess"]).ok().json();
    assert_eq!((&found["taken"]["kind"], &found["taken"]["id"]), (&"principal".into(), &SUPPORT.into()));
    let fallen = found["fallen"].as_array().expect("a list");
    let first = &fallen[0];
    assert_eq!(
        (&first["kind"], &first["id"], &first["decision"]),
        (&"account".into(), &PRODUCTION.into(), &"yes".into())
    );
    assert!(fallen.iter().any(|one| one["jewel"] == "data" && one["data_class"] == "restricted"));
    let told = sample().run(&["blast-radius", "SupportAccess"]).ok().out;
    assert!(told.contains("everything in account 908249470583") && told.contains("jewels:"), "{told}");
    // Who may only read and write its own things takes nothing else along.
    let few = sample().run(&["--json", "blast-radius", "payments-server"]).ok().json();
    assert!(few["fallen"].as_array().expect("a list").iter().all(|one| one["kind"] != "account"));
}

#[test]
fn what_is_called_so_by_nothing_or_by_several_is_an_error() {
    sample()
        .run(&["paths", "--from", "nobody-at-all"])
        .code(1)
        .says(&["begin with is called `nobody-at-all`", "write `internet`"]);
    sample().run(&["paths", "--to", "nothing-at-all"]).code(1).says(&["want is called `nothing-at-all`"]);
    sample().run(&["blast-radius", "nobody-at-all"]).code(1).says(&["is called `nobody-at-all`"]);
    sample().run(&["paths", "--from", "internet", "--entry", "vendor"]).code(2);
}
