//! `actions_matching` beside a literal glob over all names, which is written another way: by its definition.

use fathom_catalogue::ActionId;
use proptest::prelude::*;

use crate::catalogue;

/// By the definition, from behind: row after row, whether the rest of the pattern is the rest of the text.
fn literal(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut below: Vec<bool> = (0..=text.len()).map(|at| at == text.len()).collect();
    for wanted in pattern.iter().rev() {
        let mut row = vec![false; text.len() + 1];
        for at in (0..=text.len()).rev() {
            row[at] = match wanted {
                '*' => below[at] || (at < text.len() && row[at + 1]),
                '?' => at < text.len() && below[at + 1],
                other => text.get(at).is_some_and(|c| c.eq_ignore_ascii_case(other)) && below[at + 1],
            };
        }
        below = row;
    }
    below[0]
}

fn expected(pattern: &str) -> Vec<ActionId> {
    let is_all = !pattern.is_empty() && pattern.chars().all(|c| c == '*');
    let Some((service, name)) = pattern.split_once(':') else {
        return catalogue().actions().map(|action| action.id()).filter(|_| is_all).collect();
    };
    // The service and the name each for itself, as policies are evaluated.
    let mut of_service = (String::new(), false);
    let mut found = Vec::new();
    for action in catalogue().actions() {
        let (prefix, rest) = action.name().split_once(':').unwrap();
        if of_service.0 != prefix {
            of_service = (prefix.to_owned(), literal(service, prefix));
        }
        if of_service.1 && literal(name, rest) {
            found.push(action.id());
        }
    }
    found
}

#[test]
fn the_patterns_of_every_day() {
    let count = |pattern: &str| catalogue().actions_matching(pattern).len();
    let all = catalogue().len();
    assert_eq!((count("*"), count("**"), count("*:*")), (all, all, all));
    assert_eq!(count("s3:*"), catalogue().service("s3").unwrap().actions().len());
    assert_eq!(count("S3:GETOBJECT"), 1);
    assert_eq!(count("s3:GetObjec?"), 1);
    // One that begins with the letters of another: `sso:` and `sso-directory:`.
    assert_eq!(count("sso:*"), catalogue().service("sso").unwrap().actions().len());
    assert_eq!((count(""), count("s3"), count("s3*"), count("?"), count("s3:")), (0, 0, 0, 0, 0));
    assert_eq!(count("s3:Get:Object"), 0);
    assert_eq!(count(" s3:*"), 0);
}

/// Names with some characters taken away, so that many patterns match something.
fn patterns() -> impl Strategy<Value = String> {
    let written = proptest::collection::vec(
        prop_oneof![Just('*'), Just('?'), Just(':'), "[a-zA-Z0-9-]".prop_map(|s| s.chars().next().unwrap())],
        0..12,
    )
    .prop_map(|chars| chars.into_iter().collect::<String>());
    let holes = (0..22_000_u32, proptest::collection::vec((0..40_usize, 0..4_u8), 0..5)).prop_map(
        |(number, holes)| {
            let mut name: Vec<char> = catalogue().get(ActionId(number)).unwrap().name().chars().collect();
            for (at, what) in holes {
                let at = at % name.len();
                match what {
                    0 => name[at] = '?',
                    1 => name[at] = '*',
                    2 => {
                        name.truncate(at + 1);
                        name.push('*');
                    }
                    _ => {
                        name.drain(..at);
                        name.insert(0, '*');
                    }
                }
            }
            name.into_iter().collect()
        },
    );
    prop_oneof![1 => written, 3 => holes]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_matches_what_a_literal_glob_does(pattern in patterns()) {
        prop_assert_eq!(catalogue().actions_matching(&pattern), expected(&pattern), "{}", pattern);
    }

    #[test]
    fn any_text_is_answered(text in ".{0,60}") {
        prop_assert_eq!(catalogue().actions_matching(&text), expected(&text), "{}", text);
        let _ = catalogue().action(&text);
        let _ = catalogue().service(&text);
        let _ = catalogue().condition_keys(&text);
        let _ = catalogue().actions_on(&text);
        let _ = catalogue().actions_on(&format!("arn:aws:s3:::{text}"));
    }
}
