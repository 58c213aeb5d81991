//! What runs make of a finding, held against the same said of the whole list of runs at once.

use fathom_findings::{Heard, follow};
use fathom_model::{FindingChange, FindingLife, FindingState, FixedBy};
use proptest::prelude::*;

use crate::support::at;

/// Runs one after the other, a second apart; none where the check was not asked.
fn lived(runs: &[Option<Heard>]) -> (Option<FindingLife>, Vec<FindingChange>) {
    let (mut life, mut changes) = (None, Vec::new());
    for (second, heard) in (0..).zip(runs) {
        let Some(heard) = heard else { continue };
        if let Some((next, change)) = follow(life.as_ref(), *heard, at(second)) {
            life = Some(next);
            changes.extend(change);
        }
    }
    (life, changes)
}

/// The rules as docs/findings.md has them, each asked of the whole list.
fn literal(runs: &[Option<Heard>]) -> Option<FindingLife> {
    let heard: Vec<(i64, Heard)> =
        (0..).zip(runs).filter_map(|(second, one)| Some((second, (*one)?))).collect();
    // A finding begins when its check fails for the first time.
    let first = heard.iter().position(|(_, one)| *one == Heard::Fails)?;
    let own = &heard[first..];
    // What is not known says nothing about the state.
    let known: Vec<(i64, Heard)> = own.iter().copied().filter(|(_, one)| *one != Heard::Unknown).collect();
    let (_, last) = *known.last().expect("the first is known");
    // It came back as often as a failure follows something that is none.
    let came_back =
        known.windows(2).filter(|two| two[0].1 != Heard::Fails && two[1].1 == Heard::Fails).count();
    let state = match (last, came_back) {
        (Heard::Fails, 0) => FindingState::Open,
        (Heard::Fails, _) => FindingState::Reopened,
        _ => FindingState::Fixed,
    };
    let is_fixed = |one: Heard| one != Heard::Fails;
    // It is in this state since the first of the last answers that are alike.
    let since =
        known.iter().rev().take_while(|(_, one)| is_fixed(*one) == is_fixed(last)).last().expect("one").0;
    let failed = |one: &&(i64, Heard)| one.1 == Heard::Fails;
    Some(FindingLife {
        state,
        confirmed: own.last().is_some_and(|(_, one)| *one != Heard::Unknown),
        first_seen: at(known[0].0),
        last_seen: at(known.iter().rev().find(failed).expect("it failed once").0),
        since: at(since),
        fixed_by: match last {
            Heard::Fixed(by) => Some(by),
            _ => None,
        },
        reopened: u32::try_from(came_back).expect("few"),
    })
}

fn heard() -> impl Strategy<Value = Option<Heard>> {
    prop_oneof![
        1 => Just(None),
        4 => Just(Some(Heard::Fails)),
        2 => Just(Some(Heard::Unknown)),
        2 => Just(Some(Heard::Fixed(FixedBy::Passes))),
        1 => Just(Some(Heard::Fixed(FixedBy::NotApplicable))),
        1 => Just(Some(Heard::Fixed(FixedBy::Gone))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_run_after_the_other_gives_what_the_whole_list_says(runs in prop::collection::vec(heard(), 0..14)) {
        prop_assert_eq!(lived(&runs).0, literal(&runs));
    }

    /// Each change is told once: opened once, and fixed and reopened by turns.
    #[test]
    fn changes_follow_each_other(runs in prop::collection::vec(heard(), 0..14)) {
        let (life, changes) = lived(&runs);
        let states: Vec<FindingChange> = changes
            .iter()
            .copied()
            .filter(|one| !matches!(one, FindingChange::Confirmed | FindingChange::Unconfirmed))
            .collect();
        for (place, change) in states.iter().enumerate() {
            let wanted = match place {
                0 => FindingChange::Opened,
                odd if odd % 2 == 1 => FindingChange::Fixed,
                _ => FindingChange::Reopened,
            };
            prop_assert_eq!(*change, wanted);
        }
        let of = |wanted: FindingChange| changes.iter().filter(|one| **one == wanted).count();
        prop_assert_eq!(life.map_or(0, |life| life.reopened as usize), of(FindingChange::Reopened));
        let doubts = of(FindingChange::Unconfirmed);
        // A doubt ends by being confirmed, or by another state; it is never told twice.
        prop_assert!(of(FindingChange::Confirmed) <= doubts);
        prop_assert!(doubts <= 1 + of(FindingChange::Confirmed) + of(FindingChange::Fixed) + of(FindingChange::Reopened));
    }
}

#[test]
fn what_is_not_known_fixes_nothing() {
    let (life, changes) = lived(&[Some(Heard::Fails), Some(Heard::Unknown), Some(Heard::Unknown)]);
    let life = life.expect("a finding");
    assert_eq!((life.state, life.confirmed), (FindingState::Open, false));
    assert_eq!(changes, [FindingChange::Opened, FindingChange::Unconfirmed]);
    // Neither does it open what was fixed.
    let fixed = [Some(Heard::Fails), Some(Heard::Fixed(FixedBy::Gone)), Some(Heard::Unknown)];
    let life = lived(&fixed).0.expect("a finding");
    assert_eq!(
        (life.state, life.confirmed, life.fixed_by),
        (FindingState::Fixed, false, Some(FixedBy::Gone))
    );
}

#[test]
fn a_check_that_never_failed_makes_no_finding() {
    let never = [Some(Heard::Unknown), Some(Heard::Fixed(FixedBy::Passes)), None, Some(Heard::Unknown)];
    assert_eq!(lived(&never), (None, Vec::new()));
}
