//! Saved views, the search of the ledger, and the counts of the coverage.

use fathom_model::Outcome;
use fathom_store::{
    CoverageQuery, EntryDraft, EntryQuery, SAVED_VIEWS_MAX, SavedView, ScanResults, StoreError,
};
use serde_json::json;

use crate::support::{BUCKET, INSTANCE, at, covered, open, scan};

fn view(name: &str, query: &str) -> SavedView {
    SavedView {
        id: 0,
        page: "resources".to_owned(),
        kind: "view".to_owned(),
        name: name.to_owned(),
        query: query.to_owned(),
        updated_at: at(0),
    }
}

#[tokio::test]
async fn views_are_each_persons_own_and_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let size = store.ledger_status().await.unwrap().size;
    let first = store.save_view("ana", &view("mine", "type=a"), at(1)).await.unwrap();
    let again = store.save_view("ana", &view("mine", "type=b"), at(2)).await.unwrap();
    assert_eq!((again.id, again.query.as_str(), again.updated_at), (first.id, "type=b", at(2)));
    assert_eq!(store.saved_views("bo", None).await.unwrap(), []);
    assert!(!store.forget_view("bo", first.id).await.unwrap(), "not theirs");
    for n in 1..SAVED_VIEWS_MAX {
        store.save_view("ana", &view(&format!("v{n}"), ""), at(3)).await.unwrap();
    }
    let beyond = store.save_view("ana", &view("one more", ""), at(4)).await;
    assert!(matches!(beyond, Err(StoreError::Conflict { .. })));
    store.save_view("ana", &view("mine", "type=c"), at(5)).await.unwrap();
    for bad in
        [view(" ", "x"), view("n", &"q".repeat(20_000)), SavedView { kind: "x".to_owned(), ..view("n", "q") }]
    {
        assert!(matches!(store.save_view("ana", &bad, at(6)).await, Err(StoreError::Invalid { .. })));
    }
    assert!(store.forget_view("ana", first.id).await.unwrap());
    assert_eq!(store.saved_views("ana", Some("resources")).await.unwrap().len() as i64, SAVED_VIEWS_MAX - 1);
    assert_eq!(store.saved_views("ana", Some("other")).await.unwrap().len(), 0);
    assert_eq!(store.ledger_status().await.unwrap().size, size, "preferences are not sealed");
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_ledger_is_searched_in_both_orders() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let begin = store.ledger_status().await.unwrap().size;
    for n in 0..30_u64 {
        let draft = EntryDraft {
            kind: ["signin.passed", "signin.refused", "signing.key", "scan.finished"][n as usize % 4]
                .to_owned(),
            actor: ["ana", "bo \"the\" builder"][n as usize % 2].to_owned(),
            subject: format!("thing:{}", n % 3),
            body: json!({ "kind": "scan.finished", "number": n }),
        };
        store.append(vec![draft], at(1)).await.unwrap();
    }
    let numbers = async |query: EntryQuery| {
        let (mut found, mut query) = (Vec::new(), query);
        loop {
            let (page, more) = store.entries_like(&query).await.unwrap();
            found.extend(page.iter().map(|one| one.index));
            match page.last().filter(|_| more) {
                Some(last) if query.descending => query.from = last.index.checked_sub(1),
                Some(last) => query.from = Some(last.index + 1),
                None => return found,
            }
        }
    };
    for limit in [1, 7, 1000] {
        for descending in [false, true] {
            let wanted = |fits: &dyn Fn(u64) -> bool| {
                let mut all: Vec<u64> = (0..30).filter(|n| fits(*n)).map(|n| n + begin).collect();
                if descending {
                    all.reverse();
                }
                all
            };
            let query = EntryQuery { limit, descending, ..EntryQuery::default() };
            let kind = |kind: &str| EntryQuery { kind: Some(kind.to_owned()), ..query.clone() };
            assert_eq!(numbers(kind("signin.passed")).await, wanted(&|n| n % 4 == 0));
            assert_eq!(numbers(kind("signin.*")).await, wanted(&|n| n % 4 < 2));
            assert_eq!(numbers(kind("sign*")).await, wanted(&|n| n % 4 < 3));
            let actor = EntryQuery { actor: Some("bo \"the\" builder".to_owned()), ..query.clone() };
            assert_eq!(numbers(actor).await, wanted(&|n| n % 2 == 1));
            let both = EntryQuery { subject: Some("thing:1".to_owned()), ..kind("scan.finished") };
            assert_eq!(numbers(both).await, wanted(&|n| n % 3 == 1 && n % 4 == 3));
        }
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn counts_of_the_coverage_leave_out_the_filter_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let coverage = vec![
        covered(INSTANCE, "1", "eu-west-1", Outcome::Read),
        covered(INSTANCE, "1", "us-east-1", Outcome::Unknown),
        covered(BUCKET, "1", "eu-west-1", Outcome::Empty),
        covered(BUCKET, "2", "eu-west-1", Outcome::Unknown),
    ];
    scan(&store, 10, &[], ScanResults { coverage, ..ScanResults::default() }).await;
    let query = CoverageQuery { accounts: vec!["1".into()], ..CoverageQuery::default() };
    let facets = store.coverage_facets(&query).await.unwrap();
    let list = |pairs: &[(&str, u64)]| pairs.iter().map(|(v, n)| ((*v).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(facets.total, 3);
    assert_eq!(facets.accounts, list(&[("1", 3), ("2", 1)]));
    assert_eq!(facets.regions, list(&[("eu-west-1", 2), ("us-east-1", 1)]));
    assert_eq!(facets.outcomes, list(&[("empty", 1), ("read", 1), ("unknown", 1)]));
    assert_eq!(facets.reasons, list(&[("denied", 1)]));
    store.close().await.unwrap();
}
