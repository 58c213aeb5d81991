//! The index and the walk of single packets answer the same, for everybody in generated networks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use fathom_net::{Index, Place, Question, Traffic, Verdict, ask};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};

use crate::{estate, generate, specifications::traffic};

/// What is sent.
const TRAFFIC: [&str; 4] = ["tcp 443", "tcp 22", "udp 53", "icmp"];

/// How many networks are drawn; more with `PROPTEST_CASES`.
const CASES: u32 = 60;

fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES);
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() }
}

#[test]
fn the_index_answers_as_single_packets_do() {
    let seen: Mutex<BTreeMap<Verdict, u64>> = Mutex::default();
    TestRunner::new(config())
        .run(&generate::networks(), |draw| {
            let network = Arc::new(estate::network(&draw.given));
            let index = Index::new(Arc::clone(&network));
            let count = network.interfaces.len() as u32;
            for text in TRAFFIC {
                let traffic: Traffic = traffic(text);
                for to in 0..count {
                    let reached = index.who_reaches(to, traffic);
                    for from in 0..count {
                        let question = Question::new(Place::Interface(from), Place::Interface(to), traffic);
                        let wanted = ask(&network, &question);
                        *seen.lock().expect("a lock").entry(wanted.verdict).or_default() += 1;
                        let names = format!(
                            "{text} from {} to {}",
                            network.interfaces.id(from),
                            network.interfaces.id(to)
                        );
                        prop_assert_eq!(
                            reached.verdict(from),
                            wanted.verdict,
                            "{}\n{:#?}\n{}",
                            names,
                            wanted,
                            draw.given
                        );
                    }
                }
                for from in (0..count).step_by(5) {
                    let reached = index.reaches(from, traffic);
                    for to in 0..count {
                        let question = Question::new(Place::Interface(from), Place::Interface(to), traffic);
                        let wanted = ask(&network, &question).verdict;
                        prop_assert_eq!(
                            reached.verdict(to),
                            wanted,
                            "reaches: {} from {} to {}",
                            text,
                            from,
                            to
                        );
                    }
                }
            }
            Ok(())
        })
        .expect("the same answers");
    // The draw must not be one-sided.
    let seen = seen.into_inner().expect("a lock");
    println!("{seen:?}");
    for verdict in [Verdict::Yes, Verdict::No, Verdict::OnlyIf, Verdict::Unknown] {
        assert!(seen.get(&verdict).copied().unwrap_or_default() > 20, "too few of {verdict:?}: {seen:?}");
    }
}
