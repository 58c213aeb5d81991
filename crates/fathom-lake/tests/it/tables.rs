//! Every table, joins, JSON, and what is read for them.

use std::sync::atomic::Ordering;

use fathom_lake::{Kind, SqlError};
use serde_json::json;

use crate::estate::{BUCKET, INSTANCE, lake, lake_of, memory, row, rows};

#[tokio::test]
async fn resources_have_every_column() {
    let found = rows(&lake(), "SELECT * FROM resources WHERE name = 'logs'").await;
    assert_eq!(
        found,
        json!([{
            "uid": "arn:logs", "type": "AWS::S3::Bucket", "account": "111122223333", "region": "eu-central-1",
            "id": "logs", "name": "logs", "tags": {"note": "a, \"b\"", "team": "core"},
            "created_at": "2025-03-01T12:00:00Z", "first_seen": "2026-01-01T00:00:00Z",
            "last_seen": "2026-02-01T00:00:00.5Z", "exposed": false, "provider_made": false, "understood": false,
            "stale": false,
            "document": {
                "Mixed": 1, "Name": "logs", "Policy": {"Statement": [{"Effect": "Allow"}]}, "Public": false,
                "Rules": [{"Days": 1}, {"Days": 30}], "Size": 7
            }
        }])
    );
}

#[tokio::test]
async fn the_other_tables_have_every_column() {
    let lake = lake();
    assert_eq!(
        rows(&lake, "SELECT * FROM edges ORDER BY from_uid, to_uid").await,
        json!([
            {"from_uid": "arn:web-1", "kind": "writes_to", "to_uid": "arn:logs", "to_type": BUCKET, "resolved": true, "outside": false, "path": "Logs"},
            {"from_uid": "arn:web-1", "kind": "writes_to", "to_uid": "arn:media", "to_type": BUCKET, "resolved": true, "outside": false, "path": "Media"},
            {"from_uid": "arn:web-2", "kind": "in_vpc", "to_uid": "vpc-1", "to_type": "AWS::EC2::VPC", "resolved": false, "outside": false, "path": "VpcId"},
        ])
    );
    assert_eq!(
        rows(&lake, "SELECT * FROM scans").await,
        json!([{
            "id": 1, "started_at": "2026-02-01T00:00:00Z", "finished_at": "2026-02-01T00:01:00Z", "state": "finished",
            "scope": "one account", "accounts": ["111122223333"], "regions": ["eu-central-1"], "resources": 5,
            "understood": 4, "calls": 12, "coverage_unknown": 1, "error": null
        }])
    );
    assert_eq!(
        rows(&lake, "SELECT * FROM coverage").await,
        json!([{
            "account": "111122223333", "region": "eu-central-1", "service": "s3", "operation": "ListBuckets",
            "type": BUCKET, "outcome": "unknown", "reason": "denied", "permission": "s3:ListAllMyBuckets",
            "detail": null, "calls": 3, "items": 2, "throttles": 1, "failures": 1, "millis": 250
        }])
    );
    assert_eq!(
        rows(&lake, "SELECT * FROM unknowns ORDER BY part DESC").await,
        json!([
            {
                "uid": "arn:logs", "type": BUCKET, "account": "111122223333", "region": "eu-central-1",
                "name": "logs", "rank": 1, "because": ["stores data"], "part": "purpose", "reason": null,
                "detail": "state purpose", "accepted_until": "2026-06-30T00:00:00Z"
            },
            {
                "uid": "arn:logs", "type": BUCKET, "account": "111122223333", "region": "eu-central-1",
                "name": "logs", "rank": 1, "because": ["stores data"], "part": "Policy", "reason": "denied",
                "detail": "state Policy", "accepted_until": null
            },
        ])
    );
    assert_eq!(
        rows(&lake, "SELECT uid, part, value, source, holds FROM explanations ORDER BY uid, value").await,
        json!([
            {"uid": "arn:logs", "part": "owner", "value": "core", "source": "tag", "holds": true},
            {"uid": "arn:logs", "part": "owner", "value": "ops", "source": "terraform", "holds": false},
            {"uid": "arn:logs", "part": "environment", "value": "prod", "source": "declaration", "holds": true},
            {"uid": "arn:web-1", "part": "owner", "value": "web", "source": "tag", "holds": true},
        ])
    );
    let when = rows(&lake, "SELECT DISTINCT origin, as_of FROM explanations").await;
    assert_eq!(when, json!([{"origin": "here", "as_of": "2026-02-01T00:00:00Z"}]));
}

#[tokio::test]
async fn a_view_shows_what_is_known_and_what_the_document_says() {
    let found = rows(&lake(), "SELECT * FROM aws_s3_bucket ORDER BY name").await;
    let first = &found[0];
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&first["owner"], &first["environment"], &first["purpose"], &first["data_class"]),
        (&json!("core"), &json!("prod"), &json!(null), &json!(null))
    );
    assert_eq!((&first["size"], &first["public"]), (&json!(7), &json!(false)));
    assert_eq!((&first["mixed"], &found[1]["mixed"]), (&json!("1"), &json!("x")));
    assert_eq!(first["days"], json!("[1,30]"));
    assert_eq!(first["policy"], json!("{\"Statement\":[{\"Effect\":\"Allow\"}]}"));
    assert_eq!(first["absent"], json!(null));
    assert_eq!((&first["name"], &first["document_name"]), (&json!("logs"), &json!("logs")));
    assert_eq!(first["document"]["Size"], json!(7));
    assert_eq!(first["understood"], json!(false));
}

#[tokio::test]
async fn kinds_of_document_columns_are_decided_by_all_rows_of_a_version() {
    let mut memory = memory();
    memory.rows.push(row(INSTANCE, "web-3", &[], &json!({"Cores": 8})));
    let version = memory.version.clone();
    let reads = memory.document_reads.clone();
    let lake = lake_of(memory);
    assert_eq!(
        rows(&lake, "SELECT sum(cores) AS cores FROM aws_ec2_instance").await,
        json!([{"cores": 12}]),
        "an integer can be summed"
    );
    assert_eq!(reads.load(Ordering::SeqCst), 2, "once to learn, once to read");
    rows(&lake, "SELECT cores FROM aws_ec2_instance").await;
    assert_eq!(reads.load(Ordering::SeqCst), 3, "the same version is learned once");
    version.fetch_add(1, Ordering::SeqCst);
    rows(&lake, "SELECT cores FROM aws_ec2_instance").await;
    assert_eq!(reads.load(Ordering::SeqCst), 5);

    let table = lake.table("aws_s3_bucket").await.expect("a view");
    let kind = |name: &str| table.columns.iter().find(|column| column.name == name).map(|column| column.kind);
    assert_eq!((kind("size"), kind("public")), (Some(Kind::Integer), Some(Kind::Boolean)));
    assert_eq!(
        (kind("mixed"), kind("absent"), kind("created_at")),
        (Some(Kind::Text), Some(Kind::Text), Some(Kind::Time))
    );
}

#[tokio::test]
async fn documents_and_other_types_are_read_only_where_they_are_needed() {
    let memory = memory();
    let (documents, types) = (memory.document_reads.clone(), memory.type_reads.clone());
    let lake = lake_of(memory);
    for sql in [
        "SELECT count(*) FROM resources",
        "SELECT uid, tags FROM resources WHERE exposed",
        "SELECT count(*), min(owner) FROM aws_s3_bucket WHERE understood",
        "SELECT * FROM edges",
        "SHOW TABLES",
        "SELECT i.owner, b.uid FROM aws_ec2_instance i, aws_s3_bucket b",
    ] {
        rows(&lake, sql).await;
        assert_eq!(documents.load(Ordering::SeqCst), 0, "{sql}");
    }
    let before = types.load(Ordering::SeqCst);
    assert_eq!(
        rows(&lake, "SELECT uid FROM resources WHERE type = 'AWS::EC2::Instance' AND exposed").await,
        json!([{"uid": "arn:web-1"}])
    );
    assert_eq!(types.load(Ordering::SeqCst), before + 1, "only this type was read");
    rows(&lake, "SELECT uid FROM resources WHERE type <> 'AWS::EC2::Instance'").await;
    assert_eq!(types.load(Ordering::SeqCst), before + 1, "another comparison reads all");
    assert_eq!(documents.load(Ordering::SeqCst), 0);
    rows(&lake, "SELECT document FROM resources").await;
    assert_eq!(documents.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn tables_join() {
    let sql = "
        SELECT r.name, e.kind, u.part, b.size
        FROM resources r
        JOIN edges e ON e.from_uid = r.uid
        JOIN unknowns u ON u.uid = e.to_uid
        JOIN aws_s3_bucket b ON b.uid = u.uid
        WHERE r.exposed AND u.accepted_until IS NULL";
    assert_eq!(
        rows(&lake(), sql).await,
        json!([{"name": "web-1", "kind": "writes_to", "part": "Policy", "size": 7}])
    );
    let both = rows(&lake(), "SELECT a.uid, b.uid FROM scans s, resources a, resources b WHERE a.name = 'logs' AND b.name = 'web-1'").await;
    assert_eq!(both, json!([{"uid": "arn:logs", "uid_2": "arn:web-1"}]), "columns keep distinct names");
}

#[tokio::test]
async fn documents_open_with_json_functions() {
    let lake = lake();
    assert_eq!(
        rows(
            &lake,
            "SELECT document->'Policy'->'Statement' AS statement, document->>'Name' AS called,
                    json_get_int(document, 'Size') AS size, json_length(tags) AS tags_count, document->'Public' AS open
             FROM resources WHERE document->>'Name' = 'logs' AND tags->>'team' = 'core'"
        )
        .await,
        json!([{"statement": [{"Effect": "Allow"}], "called": "logs", "size": 7, "tags_count": 2, "open": false}])
    );
}

#[tokio::test]
async fn times_compare_with_texts_and_intervals() {
    let sql = "SELECT count(*) AS n FROM resources WHERE first_seen >= '2026-01-01' AND last_seen < '2026-02-02T00:00:00Z'
               AND last_seen - INTERVAL '20 days' > first_seen AND date_part('year', created_at) = 2025";
    assert_eq!(rows(&lake(), sql).await, json!([{"n": 4}]));
    let sql = "SELECT date_trunc('month', created_at) AS month FROM resources LIMIT 1";
    assert_eq!(rows(&lake(), sql).await, json!([{"month": "2025-03-01T00:00:00Z"}]));
}

#[tokio::test]
async fn tables_are_listed_and_described() {
    let lake = lake();
    let names: Vec<String> = lake.tables().into_iter().map(|table| table.name).collect();
    assert_eq!(
        names,
        [
            "access",
            "access_who",
            "aws_ec2_instance",
            "aws_s3_bucket",
            "changes",
            "coverage",
            "edges",
            "explanations",
            "exposure",
            "flows",
            "resource_versions",
            "resources",
            "scans",
            "unauthenticated",
            "unknowns",
            "vulnerabilities"
        ]
    );
    for table in lake.tables() {
        assert!(
            !table.description.is_empty()
                && table.columns.iter().all(|column| !column.description.is_empty())
        );
    }
    let shown = rows(
        &lake,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'estate' ORDER BY 1",
    )
    .await;
    assert_eq!(shown.as_array().map(Vec::len), Some(names.len()));
    let described = rows(&lake, "DESCRIBE aws_s3_bucket").await;
    let size = described.as_array().into_iter().flatten().find(|column| column["column_name"] == "size");
    assert_eq!(size.map(|column| &column["data_type"]), Some(&json!("Int64")));
    assert!(
        matches!(lake.table("aws_s3_buckets").await, Err(SqlError::UnknownTable { near, .. }) if near == ["aws_s3_bucket"])
    );
    let plan = rows(&lake, "EXPLAIN SELECT uid FROM resources").await;
    assert_eq!(plan[0]["plan_type"], json!("logical_plan"));
}
