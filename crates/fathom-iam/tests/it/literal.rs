//! The matcher against one that is written as the sentence says: try everything, one character after another.

use fathom_iam::batch;
use proptest::prelude::*;
use serde_json::json;

/// Whether a pattern matches: `*` is nothing, or one character and the rest again. A colon is taken only by a `*` that
/// stands before a colon or at the end.
fn literal(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => {
            let ends_segment = matches!(rest.first(), None | Some(':'));
            literal(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(first, after)| (*first != ':' || ends_segment) && literal(pattern, after))
        }
        Some(('?', rest)) => {
            text.split_first().is_some_and(|(first, after)| *first != ':' && literal(rest, after))
        }
        Some((char, rest)) => {
            text.split_first().is_some_and(|(first, after)| first == char && literal(rest, after))
        }
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

/// What the evaluator decides with one statement.
fn allowed(action: &str, resource: &str, statement: &serde_json::Value) -> bool {
    let line = json!({
        "request": {"principal": "arn:aws:iam::111122223333:user/ann", "action": action,
            "resource": {"arn": resource, "account": "111122223333"}, "context_is_complete": true,
            "context": {"ex:key": [resource]}},
        "identity_policies": [{"Version": "2012-10-17", "Statement": statement}],
    });
    let answer = batch::answer(&line.to_string()).unwrap();
    assert!(answer.verdict.faults.is_empty(), "{:?}", answer.verdict.faults);
    answer.verdict.decision == fathom_iam::Decision::Allowed
}

proptest! {
    #[test]
    fn like_is_the_literal_matcher(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let arn = format!("arn:aws:s3:::{text}");
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringLike": {"ex:key": format!("arn:aws:s3:::{pattern}")}}});
        let expected = literal(&chars(&pattern), &chars(&text));
        prop_assert_eq!(allowed("s3:GetObject", &arn, &statement), expected);
    }

    #[test]
    fn resources_match_segment_by_segment_or_across_colons(
        pattern in proptest::collection::vec("[ab*?]{0,4}", 3),
        parts in proptest::collection::vec("[ab]{0,4}", 3),
    ) {
        let arn = format!("arn:aws:{}", join(&parts, "s"));
        let resource = format!("arn:aws:{}", join(&pattern, "s"));
        let expected = literal(&chars(&resource), &chars(&arn));
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": resource});
        prop_assert_eq!(allowed("s3:GetObject", &arn, &statement), expected);
        let not = json!({"Effect": "Allow", "Action": "*", "NotResource": resource});
        prop_assert_eq!(allowed("s3:GetObject", &arn, &not), !expected);
    }

    #[test]
    fn actions_match_in_any_case(pattern in "[aB*?]{1,6}", name in "[abAB]{1,8}") {
        let statement = json!({"Effect": "Allow", "Action": format!("s3:{pattern}"), "Resource": "*"});
        let expected = literal(&chars(&pattern.to_lowercase()), &chars(&name.to_lowercase()));
        prop_assert_eq!(allowed(&format!("s3:{name}"), "*", &statement), expected);
    }
}

fn join(parts: &[String], service: &str) -> String {
    format!("{service}:{}:{}:{}", parts[0], parts[1], parts[2])
}

#[test]
fn a_hostile_pattern_is_answered_at_once() {
    let pattern = format!("arn:aws:s3:::{}b", "a*".repeat(1_500));
    let text = format!("arn:aws:s3:::{}", "a".repeat(4_000));
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": pattern});
    assert!(!allowed("s3:GetObject", &text, &statement));
}
