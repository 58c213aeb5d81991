//! Reports of weaknesses and feeds of exploitation: a newer one replaces, the same one changes nothing, an older one is refused.

use fathom_store::{EntryQuery, ExploitFeed, Put, WeaknessReport};

use crate::support::{at, open};

fn report(subject: &str, sha256: &str, made: Option<i64>) -> WeaknessReport {
    WeaknessReport {
        format: "sarif".to_owned(),
        tool: "scanner".to_owned(),
        subject: subject.to_owned(),
        about: vec!["sha256:ab".to_owned(), "\"'; --".to_owned()],
        called: "shop".to_owned(),
        file: "a.sarif".to_owned(),
        sha256: sha256.to_owned(),
        made_at: made.map(at),
        imported_at: at(100),
        imported_by: "eve".to_owned(),
        is_look: true,
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

#[tokio::test]
async fn a_report_replaces_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let put = async |report: &WeaknessReport, notes: &[&str]| {
        store.put_weakness_report(report, &texts(notes)).await.unwrap()
    };
    assert_eq!(put(&report("x", "1", Some(10)), &["a", "b"]).await, Put::New);
    assert_eq!(put(&report("y", "9", None), &[]).await, Put::New);
    let entries = store.ledger_status().await.unwrap().size;
    assert_eq!(put(&report("x", "1", Some(10)), &["a", "b"]).await, Put::Same);
    assert_eq!(put(&report("x", "0", Some(9)), &["old"]).await, Put::Older);
    assert_eq!(store.ledger_status().await.unwrap().size, entries, "what changes nothing is no entry");
    let newer = report("x", "2", Some(11));
    assert_eq!(put(&newer, &["c"]).await, Put::Replaced);
    assert_eq!(store.ledger_status().await.unwrap().size, entries + 1);
    let found = store.weakness_reports().await.unwrap();
    assert_eq!(found, [(report("y", "9", None), texts(&[])), (newer, texts(&["c"]))]);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_feed_is_looked_up_by_cve() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let feed = |sha256: &str, released: i64| ExploitFeed {
        feed: "kev".to_owned(),
        version: "1".to_owned(),
        released_at: Some(at(released)),
        file: "kev.json".to_owned(),
        sha256: sha256.to_owned(),
        loaded_at: at(100),
        entries: 2,
    };
    let rows = |body: &str| vec![("CVE-1".to_owned(), body.to_owned()), ("CVE-2".to_owned(), "2".to_owned())];
    assert!(store.exploit_feeds().await.unwrap().is_empty());
    assert_eq!(store.put_exploit_feed(&feed("1", 10), &rows("1"), "eve").await.unwrap(), Put::New);
    assert_eq!(store.put_exploit_feed(&feed("1", 10), &rows("1"), "eve").await.unwrap(), Put::Same);
    assert_eq!(store.put_exploit_feed(&feed("0", 9), &rows("0"), "eve").await.unwrap(), Put::Older);
    let epss = ExploitFeed { feed: "epss".to_owned(), ..feed("3", 10) };
    assert_eq!(store.put_exploit_feed(&epss, &rows("epss"), "eve").await.unwrap(), Put::New);
    assert_eq!(store.put_exploit_feed(&feed("2", 11), &rows("new"), "eve").await.unwrap(), Put::Replaced);
    assert_eq!(store.exploit_feeds().await.unwrap(), [epss, feed("2", 11)]);
    let found = store.exploit_rows("kev", &texts(&["CVE-1", "CVE-3"])).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("CVE-1".to_owned(), "new".to_owned())]);
    let many: Vec<String> = (0..1000).map(|number| format!("CVE-{number}")).collect();
    assert_eq!(store.exploit_rows("epss", &many).await.unwrap().len(), 2);
    let query =
        EntryQuery { kind: Some("exploitation.loaded".to_owned()), limit: 100, ..EntryQuery::default() };
    assert_eq!(store.entries_like(&query).await.unwrap().0.len(), 3, "what changes nothing is no entry");
    store.close().await.unwrap();
}
