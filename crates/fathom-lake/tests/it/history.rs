//! What was: versions, what changed in them, and every table as it was.

use std::sync::atomic::Ordering;

use fathom_lake::{Lake, Limits, SqlError, VersionRow};
use fathom_model::{Document, Edge, Part, Resource, Statement, Target, Timestamp};
use fathom_store::{Listing, ScanResults, Store};
use serde_json::{Value, json};

use crate::estate::{BUCKET, INSTANCE, at, content, error, lake_of, memory, row, rows, uid};

fn version(name: &str, kind: &str, scan: i64, document: Option<&Value>) -> VersionRow {
    let document = document.map(Document::new);
    VersionRow {
        uid: uid(name),
        kind: kind.into(),
        account: "1".into(),
        region: "r".into(),
        scan,
        seen_at: at(&format!("2026-02-0{scan}T00:00:00Z")),
        is_first: false,
        facts: json!({"exposed": false}),
        hash: document.as_ref().map(|_| format!("{scan:064x}")),
        document,
    }
}

/// The same; nothing was seen of it before.
fn first(name: &str, kind: &str, scan: i64, document: Option<&Value>) -> VersionRow {
    VersionRow { is_first: true, ..version(name, kind, scan, document) }
}

#[tokio::test]
async fn each_change_is_a_row_and_documents_stay_unless_asked_for() {
    let hostile = "\u{1b}[2J<script>'; drop table resources; --";
    let mut memory = memory();
    memory.versions = vec![
        first("a", BUCKET, 1, Some(&json!({"Tags": [{"Key": "env", "Value": "prod"}], "Size": 1}))),
        version("a", BUCKET, 2, Some(&json!({"Tags": [{"Key": "env", "Value": hostile}], "Size": 1}))),
        version("a", BUCKET, 3, None),
        version("a", BUCKET, 4, Some(&json!({"Size": 2}))),
        version("b", INSTANCE, 2, Some(&json!({"Cores": 2}))),
    ];
    let (reads, narrow) = (memory.document_reads.clone(), memory.type_reads.clone());
    let lake = lake_of(memory);
    assert_eq!(
        rows(&lake, "SELECT uid, scan, gone FROM resource_versions ORDER BY uid, scan").await,
        json!([
            {"uid": "arn:a", "scan": 1, "gone": false}, {"uid": "arn:a", "scan": 2, "gone": false},
            {"uid": "arn:a", "scan": 3, "gone": true}, {"uid": "arn:a", "scan": 4, "gone": false},
            {"uid": "arn:b", "scan": 2, "gone": false},
        ])
    );
    assert_eq!(reads.load(Ordering::SeqCst), 0, "nobody asked for documents");
    let sql = "SELECT scan, hash IS NULL AS none, document FROM resource_versions WHERE uid = 'arn:a' AND scan > 2 \
               ORDER BY scan";
    assert_eq!(
        rows(&lake, sql).await,
        json!([{"scan": 3, "none": true, "document": null}, {"scan": 4, "none": false, "document": {"Size": 2}}])
    );
    let sql = "SELECT scan, what, path, element, old, new FROM changes WHERE type = 'AWS::S3::Bucket' ORDER BY scan";
    assert_eq!(
        rows(&lake, sql).await,
        json!([
            {"scan": 1, "what": "first_seen", "path": null, "element": null, "old": null, "new": null},
            {"scan": 2, "what": "changed", "path": "Tags[].Value", "element": "Key=env", "old": "\"prod\"", "new": json!(hostile).to_string()},
            {"scan": 3, "what": "gone", "path": null, "element": null, "old": null, "new": null},
            {"scan": 4, "what": "returned", "path": null, "element": null, "old": null, "new": null},
        ])
    );
    assert_eq!(narrow.load(Ordering::SeqCst), 1, "the type is handed down");
    // Joined with another table.
    let sql = "SELECT c.what, r.name FROM changes c LEFT JOIN resources r ON r.uid = c.uid WHERE c.scan = 3";
    assert_eq!(rows(&lake, sql).await, json!([{"what": "gone", "name": null}]));
}

#[tokio::test]
async fn every_version_has_a_row_also_where_the_document_says_the_same() {
    let mut memory = memory();
    let (ports, turned) = (json!({"Ports": [1, 2]}), json!({"Ports": [2, 1]}));
    memory.versions = vec![
        // Its first versions are not kept.
        version("a", BUCKET, 2, Some(&ports)),
        VersionRow { facts: json!({"exposed": true}), ..version("a", BUCKET, 3, Some(&ports)) },
        VersionRow { facts: json!({"exposed": true}), ..version("a", BUCKET, 4, Some(&turned)) },
    ];
    let sql = "SELECT scan, what, path, old, new FROM changes ORDER BY scan";
    assert_eq!(
        rows(&lake_of(memory), sql).await,
        json!([
            {"scan": 2, "what": "version", "path": null, "old": null, "new": null},
            {"scan": 3, "what": "changed", "path": "exposed", "old": "false", "new": "true"},
            {"scan": 4, "what": "changed", "path": null, "old": null, "new": null},
        ])
    );
}

struct Estate {
    store: Store,
    clock: i64,
}

impl Estate {
    async fn scan(&mut self, resources: &[Resource], mut results: ScanResults) -> i64 {
        self.clock += 1;
        let now: Timestamp = at(&format!("2026-03-0{}T10:00:00Z", self.clock));
        let place = |region: &str| [region.to_owned()];
        let scan = self
            .store
            .begin_scan("a test", &place("111122223333"), &place("eu-central-1"), now)
            .await
            .expect("begins");
        self.store.stage(scan, resources).await.expect("staged");
        results.listings = Some(
            [BUCKET, INSTANCE]
                .map(|kind| Listing {
                    account: "111122223333".into(),
                    region: "eu-central-1".into(),
                    kind: kind.into(),
                    read: true,
                })
                .to_vec(),
        );
        let end = at(&format!("2026-03-0{}T10:05:00Z", self.clock));
        for (_, statement) in &mut results.statements {
            statement.as_of = end;
        }
        self.store.finish_scan(scan, results, end).await.expect("finished");
        scan
    }
}

fn owner(name: &str, value: &str) -> (fathom_model::Uid, Statement) {
    let statement = Statement {
        part: Part::Owner,
        value: value.to_owned(),
        source: fathom_model::SourceKind::Tag,
        origin: "owner".to_owned(),
        as_of: at("2026-03-01T10:00:00Z"),
    };
    (uid(name), statement)
}

fn writes(from: &str, to: &str) -> Edge {
    Edge {
        from: uid(from),
        kind: "writes_to".into(),
        to: Target::Known { uid: uid(to) },
        path: "Logs".into(),
    }
}

/// Three scans: a bucket is retagged and loses its owner, an instance goes and comes back elsewhere, a bucket is new.
pub(crate) async fn three_scans(dir: &std::path::Path) -> (Store, Lake) {
    let store = Store::open(dir, "fathom.test/log", at("2026-03-01T00:00:00Z")).await.expect("a store");
    let mut estate = Estate { store: store.clone(), clock: 0 };
    let bucket = |name: &str, env: &str| {
        row(BUCKET, name, &[("env", env)], &json!({"Name": name, "Size": env.len(), "Public": env == "dev"}))
            .resource
    };
    let web = row(INSTANCE, "web-1", &[], &json!({"State": {"Name": "running"}, "Cores": 4})).resource;
    let understood = |names: &[&str]| names.iter().map(|name| uid(name)).collect();
    estate
        .scan(
            &[bucket("logs", "prod"), web.clone()],
            ScanResults {
                edges: vec![writes("web-1", "logs")],
                statements: vec![owner("logs", "core"), owner("web-1", "web")],
                understood: understood(&["logs", "web-1"]),
                ..ScanResults::default()
            },
        )
        .await;
    let mut lost = memory().unknowns.remove(0);
    lost.gaps.truncate(1);
    lost.gaps[0].accepted = None;
    estate
        .scan(
            &[bucket("logs", "dev"), bucket("new", "prod")],
            ScanResults {
                statements: vec![owner("new", "core")],
                unknowns: vec![lost],
                understood: understood(&["new"]),
                ..ScanResults::default()
            },
        )
        .await;
    estate
        .scan(
            &[bucket("logs", "dev"), bucket("new", "prod"), web],
            ScanResults {
                edges: vec![writes("web-1", "new")],
                statements: vec![owner("new", "core"), owner("web-1", "web"), owner("logs", "ops")],
                understood: understood(&["new", "web-1", "logs"]),
                ..ScanResults::default()
            },
        )
        .await;
    let lake = Lake::new(store.clone(), &content()).expect("a lake");
    (store, lake)
}

#[tokio::test]
async fn every_table_is_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let (store, now) = three_scans(dir.path()).await;
    let then = |moment: &'static str| {
        let (store, lake) = (store.clone(), now.clone());
        async move {
            let moment = moment.parse().expect("a moment");
            lake.over(store.past(&moment, at("2026-03-09T00:00:00Z")).await.expect("a past"))
        }
    };
    let (first, second) = (then("2026-03-01").await, then("2026-03-03T10:04:59Z").await);
    // The same moment in other words.
    let third = then("scan:3").await;
    assert_eq!(
        rows(&second, "SELECT max(id) AS id FROM scans").await,
        json!([{"id": 2}]),
        "the third had not ended yet"
    );

    let sql = "SELECT name, tags->>'env' AS env, understood, document->>'Size' AS size FROM resources ORDER BY name";
    let logs = |env: &str, understood: bool| json!({"name": "logs", "env": env, "understood": understood, "size": env.len().to_string()});
    let new = json!({"name": "new", "env": "prod", "understood": true, "size": "4"});
    let web = json!({"name": "web-1", "env": null, "understood": true, "size": null});
    assert_eq!(rows(&first, sql).await, json!([logs("prod", true), web]));
    assert_eq!(rows(&second, sql).await, json!([logs("dev", false), new]));
    assert_eq!(rows(&third, sql).await, rows(&now, sql).await);
    assert_eq!(rows(&now, sql).await, json!([logs("dev", true), new, web]));

    let sql = "SELECT name, size, public, owner FROM aws_s3_bucket ORDER BY name";
    assert_eq!(
        rows(&first, sql).await,
        json!([{"name": "logs", "size": 4, "public": false, "owner": "core"}])
    );
    assert_eq!(
        rows(&second, sql).await,
        json!([
            {"name": "logs", "size": 3, "public": true, "owner": null},
            {"name": "new", "size": 4, "public": false, "owner": "core"}
        ])
    );
    let sql = "SELECT from_uid, to_uid, to_type, path FROM edges";
    let edge = |to: &str| json!([{"from_uid": "arn:web-1", "to_uid": to, "to_type": BUCKET, "path": "Logs"}]);
    assert_eq!(rows(&first, sql).await, edge("arn:logs"));
    assert_eq!(rows(&second, sql).await, json!([]));
    assert_eq!(rows(&third, sql).await, edge("arn:new"));
    let sql = "SELECT uid, value, as_of FROM explanations ORDER BY uid";
    let said = |uid: &str, value: &str, day: u8| json!({"uid": uid, "value": value, "as_of": format!("2026-03-0{day}T10:05:00Z")});
    assert_eq!(rows(&first, sql).await, json!([said("arn:logs", "core", 1), said("arn:web-1", "web", 1)]));
    assert_eq!(rows(&second, sql).await, json!([said("arn:new", "core", 2)]));
    let sql = "SELECT uid, part, rank FROM unknowns";
    assert_eq!(rows(&first, sql).await, json!([]));
    assert_eq!(rows(&second, sql).await, json!([{"uid": "arn:logs", "part": "purpose", "rank": 1}]));
    assert_eq!(rows(&now, sql).await, json!([]));
    let sql = "SELECT uid, scan, gone FROM resource_versions WHERE uid = 'arn:web-1' ORDER BY scan";
    let seen = |scan: i64, gone: bool| json!({"uid": "arn:web-1", "scan": scan, "gone": gone});
    assert_eq!(rows(&first, sql).await, json!([seen(1, false)]));
    assert_eq!(rows(&second, sql).await, json!([seen(1, false), seen(2, true)]));
    assert_eq!(rows(&now, sql).await, json!([seen(1, false), seen(2, true), seen(3, false)]));
    let sql = "SELECT what, path, old, new FROM changes WHERE uid = 'arn:logs' AND scan = 2 ORDER BY path";
    assert_eq!(
        rows(&now, sql).await,
        json!([
            {"what": "changed", "path": "Public", "old": "false", "new": "true"},
            {"what": "changed", "path": "Size", "old": "4", "new": "3"},
        ])
    );
    drop((first, second, third, now));
    store.close().await.expect("closed");
}

#[tokio::test]
async fn a_gap_was_accepted_when_somebody_had_accepted_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let (store, lake) = three_scans(dir.path()).await;
    let acceptance = fathom_model::Acceptance {
        uid: uid("logs"),
        part: "purpose".to_owned(),
        reason: "known".to_owned(),
        by: "ada".to_owned(),
        at: at("2026-03-02T20:00:00Z"),
        until: at("2026-06-01T00:00:00Z"),
    };
    store.accept(acceptance).await.expect("accepted");
    let sql = "SELECT accepted_until FROM unknowns";
    for (moment, expected) in
        [("2026-03-02T19:00:00Z", json!(null)), ("2026-03-02T21:00:00Z", json!("2026-06-01T00:00:00Z"))]
    {
        let past = store.past(&moment.parse().expect("a moment"), at("2026-03-09T00:00:00Z")).await;
        let found = rows(&lake.over(past.expect("a past")), sql).await;
        assert_eq!(found, json!([{"accepted_until": expected}]), "{moment}");
    }
    drop(lake);
    store.close().await.expect("closed");
}

#[tokio::test]
async fn what_is_not_kept_says_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let (store, lake) = three_scans(dir.path()).await;
    let past = |moment: &str| {
        let (store, moment) = (store.clone(), moment.parse().expect("a moment"));
        async move { store.past(&moment, at("2026-03-09T00:00:00Z")).await }
    };
    let told = past("2026-03-01T10:00:00Z").await.expect_err("nothing yet").to_string();
    assert!(told.contains("history begins at 2026-03-01T10:05:00Z"), "{told}");
    assert!(past("scan:9").await.is_err());
    let second = lake.over(past("scan:2").await.expect("a past"));
    let SqlError::Source(cause) = error(&second, "SELECT * FROM coverage", Limits::default()).await else {
        panic!("the coverage of an earlier scan is gone");
    };
    assert!(cause.to_string().contains("the coverage of scan 2 is not kept"), "{cause}");
    rows(&lake.over(past("scan:3").await.expect("a past")), "SELECT * FROM coverage").await;
    drop((second, lake));
    store.close().await.expect("closed");
}
