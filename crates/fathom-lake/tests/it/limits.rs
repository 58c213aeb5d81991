//! Limits on rows, memory, time and size of the query.

use std::time::{Duration, Instant};

use datafusion::arrow::array::RecordBatch;
use fathom_lake::{Limits, SqlError, output};
use serde_json::json;

use crate::estate::{BUCKET, Memory, ask, error, lake, lake_of, memory, row};

fn many(count: usize) -> Memory {
    let rows = (0..count).map(|i| row(BUCKET, &format!("bucket-{i:06}"), &[], &json!({"Size": i}))).collect();
    Memory { rows, ..memory() }
}

#[tokio::test]
async fn rows_beyond_the_limit_are_cut_and_told() {
    let lake = lake_of(many(10_000));
    for (rows_max, rows, truncated) in
        [(0, 0, true), (9_999, 9_999, true), (10_000, 10_000, false), (u64::MAX, 10_000, false)]
    {
        let limits = Limits { rows_max, ..Limits::default() };
        let mut answer =
            lake.query("SELECT uid FROM resources ORDER BY uid", limits).await.expect("an answer");
        let batches = answer.collect().await.expect("rows");
        let found: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!((found as u64, answer.truncated()), (rows, truncated), "{rows_max}");
        let summary = output::summary(&answer);
        assert_eq!((summary.rows, summary.truncated), (rows, truncated));
        assert!(summary.elapsed > Duration::ZERO);
        assert_eq!(answer.next().await.expect("the end").map(|batch| batch.num_rows()), None);
    }
}

#[tokio::test]
async fn the_limit_keeps_order_and_inner_limits() {
    let lake = lake_of(many(100));
    let limits = Limits { rows_max: 2, ..Limits::default() };
    let mut answer = lake
        .query("SELECT size FROM aws_s3_bucket ORDER BY size DESC LIMIT 50", limits)
        .await
        .expect("an answer");
    let mut out = Vec::new();
    let options = output::Options::new(output::Format::Ndjson);
    let summary = output::write(&mut answer, &options, &mut out).await.expect("rows");
    assert_eq!(String::from_utf8_lossy(&out), "{\"size\":99}\n{\"size\":98}\n");
    assert!(summary.truncated);
}

#[tokio::test]
async fn time_ends_a_query_that_does_not() {
    let lake = lake_of(many(3_000));
    let limits = Limits { seconds_max: 1, ..Limits::default() };
    let started = Instant::now();
    for sql in [
        "SELECT count(*) FROM resources a, resources b, resources c WHERE a.uid < b.uid AND b.name > c.name",
        "SELECT sum(a.value) FROM generate_series(1, 100000000000) a",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
    ] {
        let error = error(&lake, sql, limits).await;
        assert!(matches!(error, SqlError::Timeout { seconds_max: 1 }), "{sql}: {error:?}");
    }
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn memory_ends_a_query_that_needs_too_much() {
    let lake = lake_of(many(20_000));
    let limits = Limits { bytes_max: 4 << 20, ..Limits::default() };
    for sql in [
        "SELECT a.uid, b.uid FROM resources a CROSS JOIN resources b ORDER BY b.uid, a.uid DESC",
        "SELECT a.uid || b.uid AS both, count(*) FROM resources a, resources b GROUP BY 1",
        "SELECT count(DISTINCT owner) FROM aws_s3_bucket",
        "SELECT max(to_type) FROM edges",
    ] {
        let small =
            if sql.contains("owner") || sql.contains("to_type") { 64 << 10 } else { limits.bytes_max };
        let error = error(&lake, sql, Limits { bytes_max: small, ..limits }).await;
        assert!(matches!(error, SqlError::Memory { bytes_max } if bytes_max == small), "{sql}: {error:?}");
        assert!(error.hint().is_some());
    }
    ask(&lake, "SELECT uid FROM resources ORDER BY uid").await.collect().await.expect("others are not hurt");
}

#[tokio::test]
async fn queries_that_would_exhaust_the_stack_are_refused() {
    let lake = lake();
    let chain = |count: usize| vec!["name = 'x'"; count].join(" OR ");
    let sql = format!("SELECT uid FROM resources WHERE {}", chain(1_000));
    let refused = error(&lake, &sql, Limits::default()).await;
    assert!(matches!(refused, SqlError::TooLarge { what: "operators", .. }), "{refused:?}");
    let long = format!("SELECT '{}'", "x".repeat(300 << 10));
    assert!(matches!(error(&lake, &long, Limits::default()).await, SqlError::TooLarge { what: "bytes", .. }));
    let list = vec!["'x'"; 5_000].join(", ");
    ask(&lake, &format!("SELECT uid FROM resources WHERE name IN ({list})"))
        .await
        .collect()
        .await
        .expect("a long list");
}

#[tokio::test]
async fn the_longest_and_deepest_query_fits_the_stack() {
    let lake = lake();
    let nested = |open: &str, inner: &str, close: &str, count: usize| {
        format!("{}{inner}{}", open.repeat(count), close.repeat(count))
    };
    let mut queries = vec![
        format!("SELECT uid FROM resources WHERE {}", vec!["name <> 'x'"; 150].join(" OR ")),
        format!("SELECT uid FROM resources WHERE {}", vec!["name <> 'x'"; 150].join(" AND ")),
        format!("SELECT {} AS n FROM resources", vec!["length(name)"; 300].join(" + ")),
        vec!["SELECT uid FROM scans, resources"; 150].join(" UNION ALL "),
        format!("SELECT document{} AS deep FROM resources", "->'a'".repeat(16)),
        format!("SELECT {} FROM resources", vec!["name"; 300].join(" || ")),
    ];
    for depth in [8, 16] {
        queries.push(format!("SELECT {} FROM resources", nested("lower(", "uid", ")", depth)));
        queries.push(format!("SELECT {}exposed FROM resources", "NOT ".repeat(2 * depth)));
        queries.push(format!(
            "SELECT {} FROM resources",
            nested("CASE WHEN exposed THEN 2 ELSE ", "1", " END", depth)
        ));
        queries.push(nested("SELECT uid FROM (", "SELECT uid FROM resources", ")", depth));
    }
    for sql in &queries {
        ask(&lake, sql).await.collect().await.expect("rows");
    }
    for deeper in [
        format!("SELECT {} FROM resources", nested("lower(", "uid", ")", 17)),
        format!("SELECT {} FROM resources", nested("CASE WHEN exposed THEN 2 ELSE ", "1", " END", 17)),
        nested("SELECT uid FROM (", "SELECT uid FROM resources", ")", 17),
        format!("SELECT {}", nested("[", "1", "]", 17)),
        format!("SELECT document{} FROM resources", "->'a'".repeat(17)),
    ] {
        let refused = error(&lake, &deeper, Limits::default()).await;
        assert!(matches!(refused, SqlError::TooLarge { what: "levels of nesting", .. }), "{refused:?}");
    }
}
