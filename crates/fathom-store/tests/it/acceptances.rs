//! Gaps that somebody accepted, until a date.

use fathom_model::{Acceptance, Uid};
use fathom_store::{ScanResults, Store, StoreError, UnknownQuery};

use crate::support::{at, instance, instances_read, open, scan, unknown};

fn acceptance(uid: &Uid, part: &str, from: i64, until: i64) -> Acceptance {
    Acceptance {
        uid: uid.clone(),
        part: part.to_owned(),
        reason: "moves next week".to_owned(),
        by: "user:ana".to_owned(),
        at: at(from),
        until: at(until),
    }
}

async fn listed(store: &Store, second: i64, include_accepted: bool) -> Vec<String> {
    let query = UnknownQuery { include_accepted, ..UnknownQuery::default() };
    let page = store.unknowns(&query, at(second)).await.unwrap();
    assert_eq!(page.total, 2);
    page.rows.into_iter().map(|row| row.name.unwrap()).collect()
}

#[tokio::test]
async fn an_acceptance_holds_until_its_date_or_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, b) = (instance("a", "x"), instance("b", "x"));
    let results = ScanResults {
        coverage: instances_read(),
        unknowns: vec![unknown(&a, 1, &["owner", "Policy"]), unknown(&b, 2, &["owner"])],
        ..ScanResults::default()
    };
    scan(&store, 10, &[a.clone(), b.clone()], results).await;

    store.accept(acceptance(&a.uid, "owner", 20, 100)).await.unwrap();
    assert_eq!(listed(&store, 30, false).await, ["name-a", "name-b"], "one gap of two");
    let row = store.unknown_of(&a.uid, at(30)).await.unwrap().unwrap();
    assert_eq!(row.gaps[0].accepted, Some(acceptance(&a.uid, "owner", 20, 100)));
    assert_eq!(row.gaps[1].accepted, None);

    store.accept(acceptance(&a.uid, "*", 20, 50)).await.unwrap();
    assert_eq!(listed(&store, 30, false).await, ["name-b"]);
    assert_eq!(listed(&store, 30, true).await, ["name-a", "name-b"]);
    assert_eq!(
        listed(&store, 50, false).await,
        ["name-a", "name-b"],
        "the end is the first moment without it"
    );
    assert_eq!(store.acceptances(at(49)).await.unwrap().len(), 2);
    assert_eq!(store.acceptances(at(50)).await.unwrap().len(), 1);

    // One that replaces another, and one that is revoked.
    store.accept(acceptance(&a.uid, "*", 30, 200)).await.unwrap();
    assert_eq!(store.acceptances(at(40)).await.unwrap().len(), 2);
    assert_eq!(listed(&store, 150, false).await, ["name-b"]);
    store.revoke(&a.uid, "*", "user:bo", "not agreed", at(60)).await.unwrap();
    assert_eq!(listed(&store, 61, false).await, ["name-a", "name-b"]);
    let again = store.revoke(&a.uid, "*", "user:bo", "not agreed", at(61)).await;
    assert!(matches!(again, Err(StoreError::NoSuchAcceptance { .. })));

    let kinds: Vec<String> = store.entries(0, 100).await.unwrap().into_iter().map(|e| e.body).collect();
    assert_eq!(kinds.iter().filter(|body| body.contains(r#""kind":"gap.accepted""#)).count(), 3);
    assert_eq!(kinds.iter().filter(|body| body.contains(r#""kind":"gap.acceptance_revoked""#)).count(), 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn an_acceptance_needs_a_reason_an_end_and_a_resource() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("a", "x");
    let size = store.ledger_status().await.unwrap().size;
    let unknown = store.accept(acceptance(&a.uid, "owner", 1, 2)).await;
    assert!(matches!(unknown, Err(StoreError::NoSuchResource { .. })));
    let backwards = store.accept(acceptance(&a.uid, "owner", 2, 2)).await;
    assert!(matches!(backwards, Err(StoreError::Invalid { .. })));
    let silent = Acceptance { reason: " ".to_owned(), ..acceptance(&a.uid, "owner", 1, 2) };
    assert!(matches!(store.accept(silent).await, Err(StoreError::Invalid { .. })));
    assert_eq!(store.ledger_status().await.unwrap().size, size, "nothing was sealed");
    store.close().await.unwrap();
}
