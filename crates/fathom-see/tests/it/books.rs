//! The books of the calls: nothing that was planned is ever missing from them.

use std::sync::Arc;

use fathom_model::{Coverage, Outcome, Reason};
use fathom_see::tally::{Ending, Failure, Key, Tally, shorten};
use proptest::prelude::*;

fn key(region: &str, operation: &str) -> Key {
    Key {
        account: "1".into(),
        region: region.into(),
        service: "box".to_owned(),
        operation: operation.to_owned(),
        kind: Some("T::Box::Thing".into()),
    }
}

fn failed(reason: Reason, detail: &str) -> Ending {
    let permission = (reason == Reason::Denied).then(|| "box:List".to_owned());
    let failure = Failure { reason, permission, detail: detail.to_owned() };
    Ending { calls: 1, failure: Some(failure), ..Ending::default() }
}

fn brought(items: u64) -> Ending {
    Ending { items, calls: 1, throttles: 2, millis: 30, failure: None }
}

fn only(tally: &Tally) -> Coverage {
    let mut rows = tally.rows();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.remove(0)
}

#[test]
fn planned_and_not_reached_stays_visible() {
    let tally = Tally::default();
    tally.plan(key("north", "List"));
    tally.plan(key("north", "List"));
    let row = only(&tally);
    assert_eq!((row.outcome, row.reason), (Outcome::Unknown, Some(Reason::NotReached)));
    assert_eq!((row.calls, row.items, row.failures), (0, 0, 0));
    assert_eq!(row.detail.as_deref(), Some("the scan ended before its turn"));
}

#[test]
fn an_answer_takes_the_place_of_the_plan() {
    for (items, outcome) in [(0, Outcome::Empty), (3, Outcome::Read)] {
        let tally = Tally::default();
        tally.plan(key("north", "List"));
        tally.add(key("north", "List"), brought(items));
        tally.plan(key("north", "List"));
        let row = only(&tally);
        assert_eq!((row.outcome, row.reason, row.items), (outcome, None, items));
        assert_eq!((row.calls, row.throttles, row.millis), (1, 2, 30));
    }
}

#[test]
fn a_failure_makes_the_row_unknown_whatever_came_beside_it() {
    for first in [true, false] {
        let tally = Tally::default();
        tally.plan(key("north", "List"));
        if first {
            tally.add(key("north", "List"), failed(Reason::Denied, "no"));
        }
        tally.add(key("north", "List"), brought(5));
        if !first {
            tally.add(key("north", "List"), failed(Reason::Denied, "no"));
        }
        let row = only(&tally);
        assert_eq!((row.outcome, row.reason), (Outcome::Unknown, Some(Reason::Denied)));
        assert_eq!((row.items, row.calls, row.failures), (5, 2, 1), "what was read is counted all the same");
        assert_eq!(row.permission.as_deref(), Some("box:List"));
    }
}

#[test]
fn a_call_that_was_not_reached_is_no_plan_that_an_answer_replaces() {
    let tally = Tally::default();
    tally.add(key("north", "List"), failed(Reason::NotReached, "given up"));
    tally.add(key("north", "List"), brought(1));
    assert_eq!(only(&tally).reason, Some(Reason::NotReached));
}

#[test]
fn the_first_failure_speaks_and_all_are_counted() {
    let tally = Tally::default();
    tally.add(key("north", "List"), failed(Reason::Timeout, "first"));
    tally.add(key("north", "List"), failed(Reason::Denied, "second"));
    tally.add(key("north", "List"), failed(Reason::Denied, "third"));
    let row = only(&tally);
    assert_eq!((row.reason, row.failures), (Some(Reason::Timeout), 3));
    assert_eq!(
        (row.detail.as_deref(), row.permission),
        (Some("first"), None),
        "not one's reason and another's words"
    );
}

#[test]
fn rows_are_sorted_however_they_came() {
    let operations = [("south", "B"), ("north", "B"), ("south", "A"), ("north", "A")];
    let tally = Arc::new(Tally::default());
    let threads: Vec<_> = operations
        .into_iter()
        .map(|(region, operation)| {
            let tally = Arc::clone(&tally);
            std::thread::spawn(move || {
                for _ in 0..100 {
                    tally.add(key(region, operation), brought(1));
                    assert!(!tally.rows().is_empty());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread fails");
    }
    let rows = tally.rows();
    let order: Vec<_> = rows.iter().map(|row| (row.region.as_str(), row.operation.as_str())).collect();
    assert_eq!(order, [("north", "A"), ("north", "B"), ("south", "A"), ("south", "B")]);
    assert!(rows.iter().all(|row| row.items == 100 && row.calls == 100));
}

#[test]
fn the_services_own_words_are_one_short_line() {
    assert_eq!(shorten("no\r\nsuch\u{1b}[31m thing\0"), "no  such [31m thing ");
    assert_eq!(shorten(&"é".repeat(400)), "é".repeat(400));
    assert_eq!(shorten(&"é".repeat(401)), format!("{}…", "é".repeat(400)));
    let tally = Tally::default();
    tally.add(key("north", "List"), failed(Reason::Failed, &"x\n".repeat(50_000)));
    let detail = only(&tally).detail.expect("the service's words");
    assert!(detail.chars().count() <= 401 && !detail.contains('\n'));
}

proptest! {
    #[test]
    fn every_plan_has_a_row_and_every_call_is_counted(
        planned in prop::collection::btree_set(0..6_u8, 0..6),
        endings in prop::collection::vec((0..6_u8, prop::option::of(prop::sample::select(&Reason::ALL[..])), 0..3_u64), 0..20),
    ) {
        let tally = Tally::default();
        let name = |n: u8| key("north", &format!("Op{n}"));
        for &n in &planned {
            tally.plan(name(n));
        }
        for &(n, reason, items) in &endings {
            let failure = reason.and_then(|reason| failed(reason, "why").failure);
            tally.add(name(n), Ending { items, calls: 1, failure, ..Ending::default() });
        }
        let rows = tally.rows();
        for n in 0..6 {
            let mine: Vec<_> = endings.iter().filter(|(at, ..)| *at == n).collect();
            let row = rows.iter().find(|row| row.operation == format!("Op{n}"));
            prop_assert_eq!(row.is_some(), planned.contains(&n) || !mine.is_empty());
            let Some(row) = row else { continue };
            prop_assert_eq!(row.calls, mine.len() as u64);
            prop_assert_eq!(row.items, mine.iter().map(|(.., items)| items).sum::<u64>());
            let failures = mine.iter().filter(|(_, reason, _)| reason.is_some()).count();
            prop_assert_eq!(row.failures, failures as u64);
            let known = !mine.is_empty() && failures == 0;
            prop_assert_eq!(row.outcome != Outcome::Unknown, known);
            prop_assert_eq!(row.reason.is_some(), !known);
        }
    }
}
