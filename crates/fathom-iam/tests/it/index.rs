//! An index says of everyone what the reference evaluator says of one.

use std::sync::Arc;

use fathom_iam::{Context, Decision, Index};

use crate::{choices::Choices, estates};

/// Decisions that are compared in each run; `INDEX_CASES` takes another number, as the nightly run does.
const CASES: usize = 6_000;

fn context(choices: &mut Choices) -> Context {
    let mut context = Context::new();
    if choices.chance(30) {
        context.set("aws:SecureTransport", vec![choices.pick(&["true", "false"]).to_owned()]);
    }
    if choices.chance(30) {
        context.set("s3:prefix", vec![choices.pick(&["ann/", "ann/x", "blue/x"]).to_owned()]);
    }
    if choices.chance(20) {
        context.set_absent("aws:SourceIp");
    }
    if choices.chance(5) {
        context.set("aws:PrincipalTag/team", vec!["blue".to_owned()]);
    }
    context.set_complete(choices.chance(5));
    context
}

#[test]
fn an_index_says_what_the_reference_says() {
    let cases = std::env::var("INDEX_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let seed: u64 = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let (mut compared, mut estate) = (0, seed.wrapping_mul(1 << 32));
    let mut seen = [0_usize; 5];
    while compared < cases {
        estate += 1;
        let mut choices = Choices::new(estate);
        let index = Index::new(Arc::new(estates::organisation(&mut choices)));
        for _ in 0..6 {
            let (action, target) = estates::question(&mut choices);
            let given = context(&mut choices);
            let fast = index.decide(action, &target, &given).unwrap();
            let slow = index.decide_one_by_one(action, &target, &given).unwrap();
            for number in 0..index.principals() as u32 {
                let (fast, slow) = (fast.of(number), slow.of(number));
                seen[place(slow)] += 1;
                compared += 1;
                assert!(
                    fast == slow,
                    "estate {estate}: {action} on {target:?} by {:?}: the index says {fast:?}, the reference {slow:?}; {given:?}; {:#?}",
                    index.principal(number),
                    index.organisation().ask(
                        index.principal(number).unwrap().0,
                        action,
                        &target,
                        given.clone()
                    ),
                );
            }
            let possible = index.possible(action, &target, &given).unwrap();
            let all: Vec<_> = slow.possible().iter().map(|number| (number, slow.of(number))).collect();
            assert_eq!(possible, all, "estate {estate}: {action} on {target:?} with {given:?}");
            assert_eq!(fast, slow, "estate {estate}: the sets of an answer are apart from each other");
            let who = index.who_can(action, &target, &given).unwrap();
            assert_eq!(who, index.organisation().who_can(action, &target, &given).unwrap());
        }
    }
    println!("{compared} decisions compared: {seen:?} allowed, only if, unknown, denied, not allowed");
    assert!(seen.iter().all(|count| *count > cases / 500), "some decision is hardly met: {seen:?}");
}

fn place(decision: Decision) -> usize {
    match decision {
        Decision::Allowed => 0,
        Decision::OnlyIf => 1,
        Decision::Unknown => 2,
        Decision::ExplicitlyDenied => 3,
        Decision::ImplicitlyDenied => 4,
    }
}
