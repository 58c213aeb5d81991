//! The lake over a real store.

use fathom_store::{ScanResults, Store};
use serde_json::json;

use crate::estate::{at, lake_of, memory, rows};

#[tokio::test]
async fn the_store_is_a_source() {
    let dir = tempfile::tempdir().expect("a directory");
    let store =
        Store::open(dir.path(), "fathom.test/log", at("2026-02-01T00:00:00Z")).await.expect("a store");
    let memory = memory();
    let accounts = ["111122223333".to_owned()];
    let regions = ["eu-central-1".to_owned()];
    let scan =
        store.begin_scan("a test", &accounts, &regions, at("2026-02-01T00:00:00Z")).await.expect("a scan");
    let resources: Vec<_> = memory.rows.iter().map(|row| row.resource.clone()).collect();
    store.stage(scan, &resources).await.expect("staged");
    let results = ScanResults {
        coverage: memory.coverage.clone(),
        edges: memory.edges.clone(),
        statements: memory
            .explanations
            .iter()
            .flat_map(|(uid, explanation)| {
                explanation.statements.iter().map(|statement| (uid.clone(), statement.clone()))
            })
            .collect(),
        unknowns: memory.unknowns.clone(),
        calls: 7,
        ..ScanResults::default()
    };
    store.finish_scan(scan, results, at("2026-02-01T00:01:00Z")).await.expect("finished");

    let lake = lake_of(store.clone());
    assert_eq!(
        rows(
            &lake,
            "SELECT name, size, days, owner, document->>'Public' AS public FROM aws_s3_bucket ORDER BY name"
        )
        .await,
        json!([
            {"name": "logs", "size": 7, "days": "[1,30]", "owner": "core", "public": "false"},
            {"name": "media", "size": 700, "days": "[1,30]", "owner": null, "public": "true"},
        ])
    );
    let sql = "SELECT e.to_type, u.part, x.value, s.calls, c.permission
        FROM edges e
        JOIN resources r ON r.uid = e.to_uid
        JOIN unknowns u ON u.uid = r.uid
        JOIN explanations x ON x.uid = r.uid AND x.holds AND x.part = 'owner'
        JOIN coverage c ON c.type = r.type
        CROSS JOIN scans s
        WHERE r.last_seen = '2026-02-01T00:01:00Z' ORDER BY u.part";
    assert_eq!(
        rows(&lake, sql).await,
        json!([
            {"to_type": "AWS::S3::Bucket", "part": "Policy", "value": "core", "calls": 7, "permission": "s3:ListAllMyBuckets"},
            {"to_type": "AWS::S3::Bucket", "part": "purpose", "value": "core", "calls": 7, "permission": "s3:ListAllMyBuckets"},
        ])
    );
    // More tables than the store has connections.
    let many = vec!["(SELECT uid FROM resources ORDER BY uid)"; 40].join(" UNION ALL ");
    assert_eq!(rows(&lake, &format!("SELECT count(*) AS n FROM ({many})")).await, json!([{"n": 160}]));
    let joined: Vec<String> =
        (1..12).map(|i| format!("JOIN resources r{i} ON r{i}.uid = r{}.uid", i - 1)).collect();
    let joined = joined.join(" ");
    let sql = format!("SELECT count(*) AS n FROM resources r0 {joined}");
    assert_eq!(rows(&lake, &sql).await, json!([{"n": 4}]));
    drop(lake);
    store.close().await.expect("closed");
}
