//! Input that is too long, empty or nonsense is answered, soon.

use std::time::{Duration, Instant};

use fathom_catalogue::Fit;

use crate::catalogue;

fn soon<T>(what: &str, ask: impl FnOnce() -> T) -> T {
    let _ = catalogue();
    let start = Instant::now();
    let answer = ask();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{what} took {took:?}");
    answer
}

#[test]
fn texts_of_a_megabyte_are_answered() {
    const LONG: usize = 1 << 20;
    let letters = "a".repeat(LONG);
    let questions = "?".repeat(LONG);
    let stars = "*".repeat(LONG);
    let mixed = "*a".repeat(LONG / 2);
    let catalogue = catalogue();
    for long in [&letters, &questions, &mixed] {
        for pattern in [long.clone(), format!("s3:{long}"), format!("{long}:*")] {
            assert!(soon("a pattern", || catalogue.actions_matching(&pattern)).is_empty());
        }
    }
    assert_eq!(soon("stars", || catalogue.actions_matching(&stars)).len(), catalogue.len());
    assert_eq!(
        soon("stars", || catalogue.actions_matching(&format!("s3:{stars}"))),
        catalogue.actions_matching("s3:*")
    );
    assert!(soon("a name", || catalogue.action(&letters)).is_none());
    assert!(soon("a service", || catalogue.service(&letters)).is_none());
    assert!(soon("a key", || catalogue.condition_keys(&letters)).is_empty());
    assert!(soon("an ARN", || catalogue.actions_on(&format!("arn:aws:s3:::{letters}"))).is_none());
    assert!(soon("colons", || catalogue.actions_on(&":".repeat(LONG))).is_none());
}

/// Patterns that make a glob go back over and over.
#[test]
fn patterns_that_go_back_end_soon() {
    let pattern = format!("*:{}z", "*e".repeat(100));
    assert!(soon("going back", || catalogue().actions_matching(&pattern)).is_empty());
    let slashes = format!("arn:aws:s3:::{}", "a/".repeat(2_000));
    assert!(soon("slashes", || catalogue().actions_on(&slashes)).is_some());
}

#[test]
fn nothing_and_nonsense_are_unknown() {
    let catalogue = catalogue();
    let get = catalogue.action("s3:GetObject").unwrap();
    for arn in [
        "",
        "*",
        "arn",
        "arn:aws:s3",
        "arn:::::",
        "no-arn:aws:s3:::b",
        "arn:aws:nonesuch:::x",
        "ärn:aws:s3:::b",
    ] {
        assert_eq!(catalogue.fits(get, arn), Fit::Unknown, "{arn}");
        assert!(catalogue.actions_on(arn).is_none(), "{arn}");
    }
    for name in ["", ":", "s3:", ":GetObject", "s3:GetObject ", "s3:Ge\u{301}tObject", "s3:GetObject\0"] {
        assert!(catalogue.action(name).is_none(), "{name:?}");
    }
    assert!(catalogue.service("").is_none());
    assert!(catalogue.condition_keys("").is_empty());
}
