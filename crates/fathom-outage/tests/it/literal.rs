//! The walk against the rules read literally, over and over the whole until nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use fathom_outage::{Answer, Needs, fails};
use proptest::prelude::*;

/// All that fails, asked of everything again until nothing more does.
fn fallen(needs: &Needs, things: u32, gone: &BTreeSet<u32>, unseen_too: bool) -> BTreeSet<u32> {
    let mut fallen = gone.clone();
    loop {
        let before = fallen.len();
        for who in 0..things {
            let misses_one = needs.each.iter().any(|(one, what, _)| *one == who && fallen.contains(what));
            let misses_all = needs.any.iter().any(|(one, of, _, unseen)| {
                *one == who && !of.is_empty() && of.is_subset(&fallen) && (unseen_too || !unseen)
            });
            if misses_one || misses_all {
                fallen.insert(who);
            }
        }
        if fallen.len() == before {
            return fallen;
        }
    }
}

/// What becomes of each, as the rules say it.
fn literally(needs: &Needs, things: u32, gone: &BTreeSet<u32>) -> BTreeMap<u32, (Answer, Option<u32>)> {
    let certain = fallen(needs, things, gone, false);
    let possible = fallen(needs, things, gone, true);
    let mut all = BTreeMap::new();
    for who in 0..things {
        if certain.contains(&who) {
            all.insert(who, (Answer::Fails, None));
            continue;
        }
        if possible.contains(&who) {
            all.insert(who, (Answer::Unknown, None));
            continue;
        }
        let does_less = needs.less.iter().any(|(one, what, _)| *one == who && possible.contains(what));
        let left = needs
            .any
            .iter()
            .filter(|(one, of, ..)| *one == who && of.iter().any(|what| possible.contains(what)))
            .map(|(_, of, ..)| u32::try_from(of.difference(&possible).count()).expect("few"))
            .min();
        if does_less || left.is_some() {
            all.insert(who, (Answer::Weaker, left));
        }
    }
    all
}

const THINGS: u32 = 9;

fn needs() -> impl Strategy<Value = Needs> {
    let one = || 0..THINGS;
    let each = prop::collection::vec((one(), one(), 0..3u16), 0..8);
    let any = prop::collection::vec(
        (one(), prop::collection::btree_set(one(), 0..4), 3..5u16, prop::bool::weighted(0.2)),
        0..8,
    );
    let less = prop::collection::vec((one(), one(), 5..7u16), 0..5);
    (each, any, less).prop_map(|(each, any, less)| Needs { each, any, less })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_walk_finds_what_the_rules_say(needs in needs(), gone in prop::collection::btree_set(0..THINGS, 0..4)) {
        let told = fails(&needs, &gone);
        let found: BTreeMap<u32, (Answer, Option<u32>)> =
            told.iter().map(|(who, fallen)| (*who, (fallen.answer, fallen.left))).collect();
        prop_assert_eq!(found, literally(&needs, THINGS, &gone));
        for (who, fallen) in &told {
            // Each but what is gone lost something that it needs, one need before.
            let Some((edge, what)) = fallen.because else {
                prop_assert!(gone.contains(who));
                continue;
            };
            let lost = &told[&what];
            prop_assert!(lost.answer != Answer::Weaker, "nothing falls of what goes on");
            let needed = needs.each.contains(&(*who, what, edge))
                || needs.less.contains(&(*who, what, edge))
                || needs.any.iter().any(|(one, of, by, _)| one == who && of.contains(&what) && *by == edge);
            prop_assert!(needed);
        }
    }
}
