//! Generated pairs: no request may contradict an answer.

use fathom_compare::{Answer, wider};
use fathom_iam::{PolicyKind, Request};

use crate::{
    choices::Choices,
    generate::{changed, policy, request},
    judge::{self, allows},
};

/// Pairs of each kind; `FATHOM_COMPARE_PAIRS` asks for more, `PROPTEST_RNG_SEED` for others.
const PAIRS: u64 = 200;
/// Requests that are made, and how many of them are tried against each answer.
const REQUESTS: usize = 4_000;
const TRIED: usize = 400;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn pairs(kind: PolicyKind) {
    let mut choices = Choices::new(number("PROPTEST_RNG_SEED").unwrap_or(1));
    let requests: Vec<Request> = (0..REQUESTS).map(|_| request(&mut choices, kind)).collect();
    let pairs = number("FATHOM_COMPARE_PAIRS").unwrap_or(PAIRS);
    let (mut wider_many, mut not_wider, mut unknown) = (0_u64, 0_u64, 0_u64);
    for _ in 0..pairs {
        let old = policy(&mut choices, kind);
        let new =
            if choices.chance(60) { changed(&mut choices, kind, &old) } else { policy(&mut choices, kind) };
        let told = format!("old {old}\nnew {new}");
        let (old, new) = (vec![judge::policy(kind, &old)], vec![judge::policy(kind, &new)]);
        let answer = wider(kind, &old, &new);
        match answer {
            Answer::Wider(_) => {
                judge::wider(kind, answer, &old, &new);
                wider_many += 1;
            }
            Answer::NotWider => {
                let from = choices.below(REQUESTS);
                let mut tried = requests.iter().cycle().skip(from).take(TRIED);
                let shows = tried.find(|request| allows(kind, &new, request) && !allows(kind, &old, request));
                assert!(shows.is_none(), "told not to be wider, and {shows:?} shows that it is\n{told}");
                not_wider += 1;
            }
            Answer::Unknown { because } => {
                assert!(
                    !because.is_empty()
                        && because.iter().all(|why| !why.contains("an error of this program")),
                    "{because:?}\n{told}"
                );
                unknown += 1;
            }
        }
    }
    println!("{pairs} pairs: {wider_many} wider, {not_wider} not wider, {unknown} unknown");
    assert!(
        wider_many * 5 > pairs && not_wider * 5 > pairs,
        "{wider_many} wider, {not_wider} not, {unknown} unknown"
    );
    assert!(unknown * 20 < pairs, "{unknown} of {pairs} are unknown");
}

#[test]
fn policies_of_identities() {
    pairs(PolicyKind::Identity);
}

#[test]
fn policies_of_resources() {
    pairs(PolicyKind::Resource);
}
