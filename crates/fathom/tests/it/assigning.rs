//! Who takes care of what: assigned, shown, ended, sealed.

use crate::harness::Place;

#[test]
fn resources_are_assigned_shown_and_ended() {
    let place = Place::with_sample();
    let uids = place.texts("select uid from resources where not understood order by uid limit 2");
    let [one, other] = uids.as_slice() else { panic!("{uids:?}") };
    let by = ["--note", "find out who owns it", "--by", "j.doe"];
    let said = place.run(&[&["assign", "to", "ana", one, other], by.as_slice()].concat()).ok().out;
    assert!(said.contains(&format!("{one}  to ana")) && said.contains("2 resources assigned"), "{said}");
    let shown = place.run(&["explain", one]).ok().out;
    assert!(shown.contains("assigned to ana by j.doe: find out who owns it"), "{shown}");
    let listed = place.run(&["assign", "list", "--json"]).ok().json();
    assert_eq!(listed["total"], 2);
    let first =
        listed["assignments"].as_array().unwrap().iter().find(|found| found["uid"] == one.as_str()).unwrap();
    // Assigned anew, the one before ends.
    place.run(&[&["assign", "to", "core", one, "--team"], by.as_slice()].concat()).ok();
    let teams = place.run(&["assign", "list", "--to", "core"]).ok().out;
    assert!(teams.contains("team core"), "{teams}");
    let number = first["id"].to_string();
    place.run(&["assign", "end", &number, "--reason", "x", "--by", "j.doe"]).code(1).says(&["that holds"]);
    let entries = place.run(&["ledger", "list", "--limit", "1", "--json"]).ok().json();
    let entry = &entries[0]["entry"];
    assert_eq!(
        (entry["kind"].as_str(), entry["subject"].as_str()),
        (Some("resource.assigned"), Some(one.as_str()))
    );
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let place = Place::with_sample();
    let before = place.run(&["ledger", "status", "--json"]).ok().json();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["to", "ana", "no-such", "--note", "n", "--by", "b"], 1, "nothing is called"),
        (&["to", "ana", "k1", "--by", "b"], 2, "--note"),
        (&["to", "ana", "--note", "n", "--by", "b"], 2, "RESOURCES"),
        (&["to", "ana", "k1", "--note", " ", "--by", "b"], 1, "the note of an assignment"),
        (
            &["to", "ana", "k1", "--note", "n", "--until", "2020-01-31", "--by", "b"],
            1,
            "ends before it begins",
        ),
        (&["end", "99", "--reason", "r", "--by", "b"], 1, "99"),
    ];
    for (args, code, says) in cases {
        place.run(&[&["assign"], *args].concat()).code(*code).says(&[says]);
    }
    assert_eq!(place.run(&["ledger", "status", "--json"]).ok().json(), before);
}
