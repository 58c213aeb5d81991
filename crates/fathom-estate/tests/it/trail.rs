//! The log's share that is kept does not depend on the order of events, nor on how they are spread over imports; and it
//! is what a literal reading of the rule says.

use fathom_content::Content;
use fathom_estate::activity::{Trail, TrailEvent, read};
use fathom_model::{Action, Activity};
use proptest::prelude::*;
use serde_json::{Value, json};

fn content() -> Content {
    Content::embedded().expect("the content that ships")
}

/// Events on few resources, so that the limits are reached, with equal times and doubles.
fn events() -> impl Strategy<Value = Vec<Value>> {
    let one = (0..9_usize, 0..3_u32, 0..40_i64, 0..400_u32, any::<bool>()).prop_map(
        |(what, resource, minute, number, other_region)| {
            let name = format!("r{resource}");
            let (source, operation, request) = match what {
                0 => ("s3", "CreateBucket", json!({ "bucketName": name })),
                1 | 2 => ("s3", "PutBucketPolicy", json!({ "bucketName": name })),
                3 => ("s3", "DeleteBucket", json!({ "bucketName": name })),
                4 => ("events", "PutRule", json!({ "name": name })),
                5 => ("sqs", "DeleteQueue", json!({ "queueUrl": name })),
                6 => ("madeup", "CreateThing", json!({ "for": ["i-0123456789abcdef0", "arn:aws:s3:::r1"] })),
                7 => ("sts", "AssumeRole", json!({ "roleArn": "arn:aws:iam::1:role/r" })),
                _ => ("s3", "GetBucketPolicy", json!({ "bucketName": name })),
            };
            let response = match what {
                7 => json!({"credentials": {"accessKeyId": format!("ASIA{number}")},
                            "assumedRoleUser": {"assumedRoleId": format!("AROA:{resource}")}}),
                _ => Value::Null,
            };
            json!({
                "eventID": format!("e{number:04}-{what}-{resource}-{minute}"),
                "eventTime": format!("2026-01-02T03:{minute:02}:00Z"),
                "eventSource": format!("{source}.amazonaws.com"),
                "eventName": operation,
                "awsRegion": if other_region { "eu-west-1" } else { "us-east-1" },
                "recipientAccountId": "111122223333",
                "readOnly": what >= 7,
                "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/a", "accountId": "111122223333"},
                "requestParameters": request,
                "responseElements": response,
            })
        },
    );
    prop::collection::vec(one, 0..160)
}

fn trail<'v>(content: &Content, events: impl IntoIterator<Item = &'v (usize, Value)>) -> Trail {
    let mut trail = Trail::default();
    for (at, record) in events {
        let event = TrailEvent::of(record).expect("an event");
        let reading = read(&event, &content.activity, &format!("file#{at}"));
        trail.add(&event, reading);
    }
    trail
}

/// Puts one share into another, as a store does with what an earlier import has left.
fn merge(mut into: Trail, from: &Trail) -> Trail {
    from.activities().cloned().for_each(|one| into.keep(one));
    from.sessions().cloned().for_each(|one| into.session(one));
    from.spans().cloned().for_each(|one| into.span(one));
    into
}

/// What the rule says, word by word: all activities of one kind on one resource by time, the first, and the newest.
fn literal(content: &Content, events: &[(usize, Value)]) -> Vec<Activity> {
    let mut all: Vec<Activity> = Vec::new();
    for (at, record) in events {
        let event = TrailEvent::of(record).expect("an event");
        all.extend(read(&event, &content.activity, &format!("file#{at}")).activities);
    }
    let key = |one: &Activity| {
        (one.account.clone(), one.region.clone(), one.kind.clone(), one.reference.clone(), one.action)
    };
    all.sort_by_key(|one| (key(one), one.at, one.event.clone(), one.source.clone()));
    all.dedup_by(|b, a| key(a) == key(b) && a.event == b.event && a.at == b.at);
    let mut kept = Vec::new();
    while !all.is_empty() {
        let first = key(&all[0]);
        let end = all.iter().position(|one| key(one) != first).unwrap_or(all.len());
        let group: Vec<Activity> = all.drain(..end).collect();
        let (keeps_first, newest) = match first.4 {
            Action::Created | Action::Put => (true, 4),
            Action::Deleted => (false, 2),
            Action::Changed => (false, 20),
            Action::Touched => (false, 5),
        };
        let from = group.len().saturating_sub(newest);
        for (at, one) in group.into_iter().enumerate() {
            if at >= from || (keeps_first && at == 0) {
                kept.push(one);
            }
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn order_and_imports_change_nothing(
        events in events(),
        seed in any::<u64>(),
        cuts in prop::collection::vec(0..160_usize, 0..4),
    ) {
        let content = content();
        let events: Vec<(usize, Value)> = events.into_iter().enumerate().collect();
        let at_once = trail(&content, &events);

        let mut shuffled = events.clone();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(&trail(&content, &shuffled), &at_once);

        // In parts of any size, each reduced by itself, and the first of them twice.
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(shuffled.len())).collect();
        cuts.extend([0, shuffled.len()]);
        cuts.sort_unstable();
        let mut parts: Vec<Trail> =
            cuts.windows(2).map(|ends| trail(&content, &shuffled[ends[0]..ends[1]])).collect();
        parts.extend(parts.first().cloned());
        let in_parts = parts.iter().fold(Trail::default(), merge);
        prop_assert_eq!(&in_parts, &at_once);

        let kept: Vec<Activity> = at_once.activities().cloned().collect();
        prop_assert_eq!(kept, literal(&content, &events));
    }
}
