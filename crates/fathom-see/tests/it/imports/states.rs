//! Histories of AWS Config: earlier states become versions, once, and say when they were captured.

use fathom_model::CAPTURED;
use fathom_see::import::Limits;
use serde_json::{Value, json};

use super::{
    Desk,
    config::{BUCKET, GROUP, bucket, group, snapshot},
};

const NOW: &str = "2026-03-01T00:00:00Z";
const LATER: &str = "2026-04-01T00:00:00Z";

/// The security group as it was on a day of January, with a port open.
fn open(day: u32, port: u16) -> Value {
    let mut item = group("OK", &on(day));
    item["configuration"]["ipPermissions"][0]["fromPort"] = json!(port);
    item
}

fn gone(day: u32) -> Value {
    group("ResourceDeleted", &on(day))
}

fn on(day: u32) -> String {
    format!("2026-01-{day:02}T00:00:00Z")
}

/// The versions of the group, oldest first: the day it was captured on and the open port; none where it was gone. Of the
/// newest the day stands beside the document.
async fn versions(desk: &Desk) -> Vec<Option<(Option<String>, i64)>> {
    let found = desk.store.history(&GROUP.into(), 200).await.unwrap();
    assert_eq!(found.total, found.versions.len() as u64);
    let read = |document: Value| {
        let day = document[CAPTURED].as_str().map(|text| text[8..10].to_owned());
        (day, document["IpPermissions"][0]["FromPort"].as_i64().unwrap())
    };
    let versions = found.versions.iter().rev();
    versions.map(|version| version.document.as_ref().map(|document| read(document.value()))).collect()
}

fn state(day: &str, port: i64) -> (Option<String>, i64) {
    ((!day.is_empty()).then(|| day.to_owned()), port)
}

#[tokio::test]
async fn earlier_states_become_versions_and_come_only_once() {
    let desk = Desk::new().await;
    // In no order, over two files, one of them twice and one captured again without a change.
    desk.put("1.json", snapshot(&[open(9, 22), open(2, 443), open(4, 80), bucket(&on(3))]));
    desk.put("2.json", snapshot(&[gone(6), open(4, 80), open(5, 80)]));
    let report = desk.config_at(NOW).await.unwrap();
    let expected = [Some(state("02", 443)), Some(state("05", 80)), None, Some(state("", 22))];
    assert_eq!(versions(&desk).await, expected);
    assert!(
        report.notes.contains(&"3 older states of resources became versions".to_owned()),
        "{:?}",
        report.notes
    );
    // What is now is as a scan would have it; when AWS Config saw it stands beside it.
    let now = desk.one(GROUP).await;
    assert_eq!(now.deleted_at, None);
    assert!(!now.resource.document.as_str().contains(CAPTURED));
    assert_eq!(now.resource.document.whole().value()[CAPTURED], on(9));
    assert_eq!(desk.store.history(&BUCKET.into(), 9).await.unwrap().total, 1, "one state is one version");
    let scans = desk.store.scans(9).await.unwrap();
    let scopes: Vec<&str> = scans.iter().map(|scan| scan.scope.rsplit('/').next().unwrap()).collect();
    assert_eq!(
        scopes,
        [
            "saved",
            "saved: older states, 3 of 3, captured 2026-01-06T00:00:00Z",
            "saved: older states, 2 of 3, captured 2026-01-05T00:00:00Z",
            "saved: older states, 1 of 3, captured 2026-01-02T00:00:00Z",
        ]
    );

    let report = desk.config_at(LATER).await.unwrap();
    assert_eq!(versions(&desk).await, expected, "the same again is nothing new");
    assert_eq!(desk.store.scans(9).await.unwrap().len(), 5, "and takes one scan");
    assert!(
        report.notes.iter().any(|note| note.starts_with("4 older states are not newer")),
        "{:?}",
        report.notes
    );

    // A later file goes on where the first ended, also before the day on which that was imported.
    desk.put("3.json", snapshot(&[open(7, 1), open(11, 25), open(10, 23)]));
    desk.config_at(LATER).await.unwrap();
    let more = [&expected[..3], &[Some(state("", 22)), Some(state("10", 23)), Some(state("", 25))]].concat();
    assert_eq!(versions(&desk).await, more, "what lies before what is known is left out");
}

#[tokio::test]
async fn the_newest_so_many_states_count() {
    let desk = Desk::with(Limits { states_max: 3, ..Limits::default() }).await;
    let states: Vec<Value> = (1..=9).map(|day| open(day, u16::try_from(day).unwrap())).collect();
    desk.put("1.json", snapshot(&states));
    let report = desk.config_at(NOW).await.unwrap();
    assert_eq!(versions(&desk).await, [Some(state("07", 7)), Some(state("08", 8)), Some(state("", 9))]);
    assert!(
        report.notes.iter().any(|note| note.starts_with("6 states are beyond the newest 3")),
        "{:?}",
        report.notes
    );
}

#[tokio::test]
async fn what_is_too_large_is_named_and_the_rest_lands() {
    let limits = Limits { item_bytes_max: 4000, kept_bytes_max: 3000, ..Limits::default() };
    let desk = Desk::with(limits).await;
    let mut large = bucket(&on(1));
    large["supplementaryConfiguration"]["a"] = json!("x".repeat(4000));
    let mut items = vec![large, group("OK", &on(1))];
    for number in 0..50 {
        let mut other = bucket(&on(1));
        (other["resourceId"], other["ARN"]) =
            (json!(format!("b{number}")), json!(format!("arn:aws:s3:::b{number}")));
        other["configuration"]["name"] = json!(format!("b{number}"));
        items.push(other);
    }
    // The same again and again takes the room of one.
    items.splice(2..2, std::iter::repeat_n(group("OK", &on(1)), 100));
    desk.put("1.json", snapshot(&items));
    let report = desk.config_at(NOW).await.unwrap();
    let uids = desk.uids().await;
    assert!(uids.contains(&GROUP.to_owned()) && uids.contains(&"arn:aws:s3:::b0".to_owned()), "{uids:?}");
    assert!(uids.len() < 10, "{uids:?}");
    let told = super::told(&report);
    assert!(
        told.iter().any(|one| one.contains("item 0: has") && one.contains("limit of 4000 of one item")),
        "{told:?}"
    );
    assert!(told.iter().any(|one| one.contains("beyond the 3000 bytes of items")), "{told:?}");
}
