//! An empty store: nothing is known, and that is said.

use fathom_content::Content;
use fathom_model::Timestamp;
use fathom_store::Store;
use fathom_vulnerable::{Ground, Vulnerabilities};

#[tokio::test]
async fn an_empty_store_knows_of_no_feed() {
    let dir = tempfile::tempdir().expect("it is there");
    let store =
        Store::open(dir.path(), "test.example/log", Timestamp::UNIX_EPOCH).await.expect("it is there");
    let content = Content::embedded().expect("it is there");
    let rules = &content.vulnerabilities;
    let ground =
        Ground::load(&store, rules, Some(&content), None, Timestamp::UNIX_EPOCH).await.expect("it is there");
    let all = Vulnerabilities::of(rules, &ground);
    assert_eq!((all.rows.len(), all.things), (0, 0));
    let feeds: Vec<_> = all.feeds.iter().map(|feed| (feed.feed, feed.loaded)).collect();
    assert_eq!(feeds, [("kev", false), ("epss", false)]);
    store.close().await.expect("it is there");
}
