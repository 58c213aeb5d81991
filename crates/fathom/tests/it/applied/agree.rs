//! What was foretold, against what differs between two scans.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Place;

/// What differs between two lists of answers, by what they are about.
fn differs(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Both {
    (after.difference(before).cloned().collect(), before.difference(after).cloned().collect())
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Each port that is reached: what, protocol, port and how surely.
fn reached(place: &Place) -> BTreeSet<String> {
    let found = place.run(&["--json", "exposed"]).ok().json();
    let mut all = BTreeSet::new();
    for row in found["exposed"].as_array().or_else(|| found.as_array()).expect("rows") {
        for one in row["ports"].as_array().expect("ports") {
            let (first, last) =
                (one["first"].as_u64().expect("a port"), one["last"].as_u64().expect("a port"));
            for port in first..=last {
                all.insert(format!("{} {} {port}", text(&row["id"]), text(&row["protocol"])));
            }
        }
    }
    all
}

/// Each action that a resource lets somebody do from outside.
fn let_in(place: &Place) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for list in ["public", "external", "cross-account"] {
        for row in place.run(&["--json", list]).json()["rows"].as_array().expect("rows") {
            for permitted in row["permitted"].as_array().expect("what") {
                for action in permitted["actions"].as_array().expect("actions") {
                    let (who, on) = (text(&row["principal"]), text(&row["resource"]));
                    all.insert(format!("{who} {on} {} {}", text(action), text(&permitted["decision"])));
                }
            }
        }
    }
    all
}

/// What answers without asking.
fn answering(place: &Place) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for more in [&[][..], &["--internal"][..]] {
        let args: Vec<&str> = [&["--json", "unauthenticated"][..], more].concat();
        // A list that one scan could not read and another could is no difference of the estate.
        let found = place.run(&args).json();
        for row in found["rows"].as_array().expect("rows").iter().filter(|row| row["resource"] != "") {
            let what = (text(&row["resource"]), text(&row["rule"]), text(&row["list"]));
            all.insert(format!("{} {} {} {}", what.0, what.1, what.2, text(&row["verdict"])));
        }
    }
    all
}

/// What an intruder comes by.
fn come_by(place: &Place) -> BTreeSet<String> {
    let found = place.run(&["--json", "paths"]).ok().json();
    let mut all = BTreeSet::new();
    for story in found["paths"]["stories"].as_array().expect("stories") {
        let (entry, sure) = (text(&story["entry"]), text(&story["decision"]));
        let mut add = |jewel: &Value, to: &Value| {
            all.insert(format!("{entry} {} {} {} {sure}", text(jewel), text(&to["kind"]), text(&to["id"])));
        };
        add(&story["jewel"], &story["to"]);
        for lost in story["with_it"].as_array().into_iter().flatten() {
            add(&lost["jewel"], lost);
        }
    }
    all
}

/// What one may do to what.
fn may_do(place: &Place, who: &str) -> BTreeSet<String> {
    let found = place.run(&["--json", "what-can", who]).ok().json();
    let mut all = BTreeSet::new();
    for row in found["rows"].as_array().expect("rows") {
        for resource in row["resources"].as_array().expect("resources") {
            for permitted in row["permitted"].as_array().expect("what") {
                for action in permitted["actions"].as_array().expect("actions") {
                    all.insert(format!(
                        "{} {} {}",
                        text(resource),
                        text(action),
                        text(&permitted["decision"])
                    ));
                }
            }
        }
    }
    all
}

/// What was foretold, in the same words: what is new and what is no more.
fn foretold(rows: &Value, of: impl Fn(&Value, &str) -> Vec<String>) -> Both {
    let (mut new, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for row in rows.as_array().expect("rows") {
        if let Some(after) = row["after"].as_str().filter(|after| *after != "denied") {
            new.extend(of(row, after));
        }
        if let Some(before) = row["before"].as_str().filter(|before| *before != "denied") {
            gone.extend(of(row, before));
        }
    }
    (new, gone)
}

fn ports(text: &str) -> Vec<u64> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.trim().parse::<u64>().expect("a port")..=last.trim().parse().expect("a port")
    };
    text.split(',').flat_map(range).collect()
}

/// Of answers about permissions, the word.
fn word(sure: &str) -> &str {
    if sure == "yes" { "allowed" } else { sure }
}
/// What there is to compare.
pub(super) struct Seen<'a> {
    /// Users and roles whose permissions are compared.
    pub(super) who: &'a [&'a str],
    /// What is made or taken away: of it no permissions are foretold.
    pub(super) made: &'a [&'a str],
    /// The kinds of answers that differ, so that none is compared idly.
    pub(super) differing: &'a [&'static str],
}

/// What is new, and what is no more.
type Both = (BTreeSet<String>, BTreeSet<String>);

/// Fails where what was foretold is not what differs.
pub(super) fn agree(told: &Value, before: &Place, after: &Place, seen: &Seen<'_>) {
    let difference = &told["difference"];
    let exposures = foretold(&difference["exposures"], |row, _| {
        let (id, protocol) = (text(&row["id"]), text(&row["protocol"]));
        ports(&text(&row["ports"])).iter().map(|port| format!("{id} {protocol} {port}")).collect()
    });
    // A port that stays open under another condition is in both.
    let both: BTreeSet<String> = exposures.0.intersection(&exposures.1).cloned().collect();
    let exposures = (&exposures.0 - &both, &exposures.1 - &both);
    let mut wrong: Vec<String> = Vec::new();
    let mut differing: BTreeSet<&'static str> = BTreeSet::new();
    let mut agree = |what: &'static str, told: Both, really: Both| {
        if !really.0.is_empty() || !really.1.is_empty() {
            differing.insert(what);
        }
        if told != really {
            wrong.push(format!("{what}: told {told:#?}, really {really:#?}"));
        }
    };
    agree("exposures", exposures, differs(&reached(before), &reached(after)));

    let of = |row: &Value, sure: &str| -> Vec<String> {
        let (who, on) = (text(&row["principal"]), text(&row["resource"]));
        let actions = row["actions"].as_array().expect("actions").iter();
        actions.map(|action| format!("{who} {on} {} {}", text(action), word(sure))).collect()
    };
    let outside: Vec<Value> = difference["openings"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["from"] != "service" && row["from"] != "federated" && row["from"] != "confined")
        .cloned()
        .collect();
    agree("openings", foretold(&json!(outside), of), differs(&let_in(before), &let_in(after)));

    let open = foretold(&difference["unauthenticated"], |row, sure| {
        vec![format!("{} {} {} {sure}", text(&row["resource"]), text(&row["rule"]), text(&row["list"]))]
    });
    agree("unauthenticated", open, differs(&answering(before), &answering(after)));

    let ways = foretold(&difference["paths"], |row, sure| {
        let (entry, to) = (text(&row["story"]["entry"]), &row["to"]);
        vec![format!("{entry} {} {} {} {sure}", text(&row["jewel"]), text(&to["kind"]), text(&to["id"]))]
    });
    agree("paths", ways, differs(&come_by(before), &come_by(after)));

    for who in seen.who {
        let own: Vec<Value> = difference["permissions"]
            .as_array()
            .expect("rows")
            .iter()
            .filter(|row| text(&row["principal"]).ends_with(&format!("/{who}")))
            .cloned()
            .collect();
        let own = foretold(&json!(own), |row, answer| {
            let actions = row["actions"].as_array().expect("actions").iter();
            actions.map(|action| format!("{} {} {answer}", text(&row["resource"]), text(action))).collect()
        });
        let (mut new, mut gone) = differs(&may_do(before, who), &may_do(after, who));
        // A thing that is made is not a permission that somebody gains.
        new.retain(|one| !seen.made.iter().any(|made| one.contains(made)));
        gone.retain(|one| !seen.made.iter().any(|made| one.contains(made)));
        assert!(!new.is_empty() || !gone.is_empty(), "{who}");
        agree("permissions", own, (new, gone));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all: BTreeSet<&str> = seen.differing.iter().copied().collect();
    assert_eq!(differing, all, "what differs at all");
}
