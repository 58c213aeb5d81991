//! What is kept of a log, whatever the order and however often it is imported.

use fathom_model::{Action, Activity, Actor, ActorKind, SessionOrigin, Timestamp, TrailSpan};
use fathom_store::{Store, TrailBatch, TrailImport};

use crate::support::{at, open};

fn activity(action: Action, second: i64, event: &str) -> Activity {
    Activity {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        kind: Some("AWS::S3::Bucket".into()),
        reference: "logs".to_owned(),
        action,
        at: at(second),
        event: event.to_owned(),
        operation: "s3:Some".to_owned(),
        actor: Actor { kind: ActorKind::User, principal: "alice".to_owned(), ..Actor::default() },
        source: "b.json#1".to_owned(),
    }
}

async fn add(store: &Store, activities: Vec<Activity>) {
    let batch = TrailBatch { activities, ..TrailBatch::default() };
    store.add_trail(&batch, at(0)).await.unwrap();
}

async fn kept(store: &Store, action: Action) -> Vec<Timestamp> {
    let found = store.activity_of(&["logs".to_owned()]).await.unwrap();
    found.iter().filter(|one| one.action == action).map(|one| one.at).collect()
}

#[tokio::test]
async fn the_newest_are_kept_and_of_creations_the_first_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let all: Vec<Activity> = (0..30)
        .flat_map(|second| {
            [Action::Created, Action::Changed, Action::Deleted, Action::Touched]
                .map(|action| activity(action, second, &format!("{action}-{second}")))
        })
        .collect();
    // Newest first, then the rest in two imports, one of them twice.
    let (old, new) = all.split_at(60);
    add(&store, new.iter().rev().cloned().collect()).await;
    add(&store, old.to_vec()).await;
    add(&store, old.to_vec()).await;
    let seconds = |from: i64| (from..30).rev().map(at).collect::<Vec<_>>();
    assert_eq!(kept(&store, Action::Changed).await, seconds(10));
    assert_eq!(kept(&store, Action::Deleted).await, seconds(28));
    assert_eq!(kept(&store, Action::Touched).await, seconds(25));
    assert_eq!(kept(&store, Action::Created).await, [seconds(26), vec![at(0)]].concat());
    // Another resource, account, region or type is not crowded out.
    let mut others = activity(Action::Changed, 1, "other");
    others.region = "us-east-1".into();
    add(&store, vec![others]).await;
    assert_eq!(kept(&store, Action::Changed).await.len(), 21);
}

#[tokio::test]
async fn the_same_event_of_two_places_counts_once_with_the_same_proof() {
    for reversed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).await;
        let one = activity(Action::Created, 1, "e1");
        let other = Activity { source: "a.json#7".to_owned(), ..one.clone() };
        let mut both = [one, other];
        if reversed {
            both.reverse();
        }
        for one in both {
            add(&store, vec![one]).await;
        }
        let found = store.activity_of(&["logs".to_owned()]).await.unwrap();
        assert_eq!(found.iter().map(|one| one.source.as_str()).collect::<Vec<_>>(), ["a.json#7"]);
        assert_eq!(found[0].actor.principal, "alice");
    }
}

#[tokio::test]
async fn sessions_spans_and_objects_are_remembered_and_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let session = |key: &str, event: &str| SessionOrigin {
        access_key: key.to_owned(),
        session_id: Some(format!("AROA:{key}")),
        at: at(1),
        event: event.to_owned(),
        caller: Actor { kind: ActorKind::User, principal: "bob".to_owned(), ..Actor::default() },
    };
    let span = |first, last| TrailSpan {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        first: at(first),
        last: at(last),
    };
    for spans in [vec![span(10, 20)], vec![span(5, 7), span(15, 30)]] {
        let batch = TrailBatch {
            sessions: vec![session("ASIA1", "e1"), session("ASIA2", "e2")],
            spans,
            objects: vec![("bucket".to_owned(), "key".to_owned())],
            ..TrailBatch::default()
        };
        store.add_trail(&batch, at(40)).await.unwrap();
    }
    assert_eq!(store.trail_spans().await.unwrap(), [span(5, 30)]);
    assert_eq!(store.sessions_of(&["ASIA2".to_owned()], &[]).await.unwrap(), [session("ASIA2", "e2")]);
    assert_eq!(store.sessions_of(&[], &["AROA:ASIA1".to_owned()]).await.unwrap(), [session("ASIA1", "e1")]);
    let keys = ["key".to_owned(), "other".to_owned()];
    assert_eq!(
        store.trail_objects_read("bucket", &keys).await.unwrap().into_iter().collect::<Vec<_>>(),
        ["key"]
    );
    assert!(store.trail_objects_read("another", &keys).await.unwrap().is_empty());
    let before = store.ledger_status().await.unwrap().size;
    let import = TrailImport { source: "logs".to_owned(), files: 2, events: 9, ..TrailImport::default() };
    store.seal_trail(&import, at(41)).await.unwrap();
    assert_eq!(store.ledger_status().await.unwrap().size, before + 1);
}
