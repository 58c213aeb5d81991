//! Living with a gap: who may, until when, and what it changes.

use jiff::{ToSpan, Zoned};

use crate::harness::{Place, sample};

/// A day some days from today, as people write it.
fn in_days(days: i64) -> String {
    Zoned::now().date().saturating_add(days.days()).to_string()
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let place = Place::with_sample();
    let before = place.run(&["ledger", "status", "--json"]).ok().json();
    let soon = in_days(30);
    let cases: &[(&[&str], i32, &str)] = &[
        (&["k1", "--reason", "x", "--until", "soon"], 2, "--until"),
        (&["k1", "--reason", "x", "--until", "2026-02-30"], 2, "--until"),
        (&["k1", "--reason", "x", "--until", "2020-01-31"], 1, "is not in the future"),
        (&["k1", "--reason", "x", "--until", "2999-01-31"], 1, "days at most"),
        (&["k1", "--reason", " ", "--until", &soon], 1, "--reason is empty"),
        (&["k1", "--until", &soon], 2, "--reason"),
        (&["k1", "--reason", "x", "--until", &soon, "--part", "colour"], 1, "its gaps are: owner, purpose"),
        (&["no-such", "--reason", "x", "--until", &soon], 1, "nothing is called"),
        (&["telemetry-sync", "--reason", "x", "--until", &soon], 1, "may mean several"),
    ];
    for (args, code, says) in cases {
        let ran = place.run(&[&["accept"], *args].concat()).code(*code).says(&[says]);
        assert_eq!(ran.out, "");
    }
    let nobody = place.command(&["accept", "k1", "--reason", "x", "--until", &soon]);
    let mut nobody = nobody;
    nobody.env_remove("USER");
    crate::harness::wait(nobody.spawn().unwrap()).code(1).says(&["--by"]);
    assert_eq!(place.run(&["ledger", "status", "--json"]).ok().json(), before);
}

#[test]
fn an_accepted_gap_is_sealed_shown_and_counted_from_the_next_scan_on() {
    let place = Place::with_sample();
    let until = in_days(90);
    let uid = &place.texts("select uid from resources where name = 'northwind-marketing-drop'")[0];
    let gaps = place.texts(&format!("select part from unknowns where uid = '{uid}' order by part"));
    assert_eq!(gaps, ["creator_or_code", "data_class"], "what tools/estate/workloads.py leaves out");
    let accept = |part: &str, reason: &str| {
        place
            .run(&["accept", uid, "--part", part, "--reason", reason, "--until", &until, "--by", "j.doe"])
            .ok()
    };
    let said = accept("data_class", "agencies send pictures only").out;
    assert!(said.contains(&format!("accepted until {until}: data_class of {uid}")), "{said}");

    let shown = place.run(&["explain", uid]).ok().out;
    let line = format!("accepted by j.doe until {until}: agencies send pictures only");
    assert!(shown.contains(&line), "{shown}");
    let entries = place.run(&["ledger", "list", "--limit", "1", "--json"]).ok().json();
    let entry = &entries[0]["entry"];
    assert_eq!((entry["kind"].as_str(), entry["actor"].as_str()), (Some("gap.accepted"), Some("j.doe")));
    assert_eq!(entry["subject"], uid.as_str());
    place.run(&["ledger", "verify"]).ok();

    // One gap is left, so it stays on the list; with the second accepted, a scan takes it off.
    let understood = |place: &Place| place.number("select count(*) from resources where understood");
    let before = understood(&place);
    place.run(&["scan", "--sample"]).ok();
    assert_eq!(understood(&place), before);
    accept("creator_or_code", "made by hand in 2019; nobody knows more");
    place.run(&["scan", "--sample"]).ok();
    assert_eq!(understood(&place), before + 1);
    let listed = place.run(&["unknown", "--limit", "1000"]).ok().out;
    assert!(!listed.contains("northwind-marketing-drop"), "{listed}");
    let with = place.run(&["unknown", "--limit", "1000", "--accepted"]).ok().out;
    assert!(with.contains("northwind-marketing-drop"), "{with}");
}

#[test]
fn all_gaps_of_a_resource_may_be_accepted_at_once() {
    let place = Place::with_sample();
    let args = ["accept", "k1", "--reason", "being removed", "--until", &in_days(7), "--json"];
    let json = place.run(&args).ok().json();
    assert_eq!((json["part"].as_str(), json["by"].as_str()), (Some("*"), Some("tester")));
    place.run(&["scan", "--sample"]).ok();
    let understood = place.texts("select understood from resources where name = 'k1'");
    assert_eq!(understood, ["true"]);
    let others = sample().number("select count(*) from resources where understood");
    assert_eq!(place.number("select count(*) from resources where understood"), others + 1);
}
