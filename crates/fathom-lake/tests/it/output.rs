//! Answers in every format, with content from people who mean no good.

use std::collections::BTreeMap;

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::DataType,
    },
    parquet::{arrow::arrow_reader::ParquetRecordBatchReaderBuilder, basic::Compression},
};
use fathom_lake::{
    Lake, Limits,
    output::{Format, Options, bytes, write, write_file},
};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::estate::{BUCKET, Memory, ask, lake, lake_of, memory, row, rows, written};

const HOSTILE: &str = "SELECT name, tags->>'v' AS v, tags FROM resources ORDER BY name";

fn hostile() -> Lake {
    let texts = [
        ("a-escape", "\u{1b}]0;owned\u{7}\u{1b}[2J"),
        ("b-formula", "=HYPERLINK(\"http://x\",\"y\")"),
        ("c-lines", "one\r\ntwo\nthree"),
        ("d-markup", "<script>alert(1)</script>"),
        ("e-bidi", "\u{202e}cod.exe"),
        ("f-tab", "\t=1+1"),
        ("g-long", &"x".repeat(100_000)),
        ("h-at", "@SUM(A1)"),
        ("i-empty", ""),
        ("j-minus", "-2+3"),
    ];
    let rows = texts.iter().map(|(name, text)| row(BUCKET, name, &[("v", text)], &json!({}))).collect();
    lake_of(Memory { rows, ..memory() })
}

#[tokio::test]
async fn a_table_is_aligned_and_harmless() {
    let sql = "SELECT r.name, exposed, 1.5 * rank AS n FROM resources r LEFT JOIN unknowns u USING (uid)
               ORDER BY r.name, part";
    let plain = written(&lake(), sql, Format::Table).await;
    insta::assert_snapshot!(plain);
    let table = written(&hostile(), HOSTILE, Format::Table).await;
    assert!(!table.chars().any(|c| c.is_control() && c != '\n'), "{table}");
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn csv_follows_the_rfc_and_runs_nothing() {
    let lake = hostile();
    let sql = "SELECT name, tags->>'v' AS v, -5 AS number, NULL AS nothing FROM resources WHERE name <> 'g-long' ORDER BY name";
    insta::assert_snapshot!(written(&lake, sql, Format::Csv).await.replace('\r', "␍"));
    for start in ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"] {
        let csv = written(&lake, &format!("SELECT '{start}1' AS a, -1 AS b"), Format::Csv).await;
        assert!(csv.contains(&format!("'{start}1")) && csv.ends_with(",-1\r\n"), "{csv:?}");
    }
    let mut out = Vec::new();
    let options = Options { guard_formulas: false, ..Options::new(Format::Csv) };
    write(&mut ask(&lake, "SELECT '@x' AS a").await, &options, &mut out).await.expect("written");
    assert_eq!(out, b"a\r\n@x\r\n");
    assert_eq!(
        written(&lake, "SELECT uid, name FROM resources WHERE false", Format::Csv).await,
        "uid,name\r\n"
    );
}

#[tokio::test]
async fn json_keeps_every_character_and_opens_json_columns() {
    let lake = hostile();
    let found = rows(&lake, HOSTILE).await;
    let by_name: BTreeMap<&str, &Value> =
        found.as_array().into_iter().flatten().filter_map(|row| Some((row["name"].as_str()?, row))).collect();
    assert_eq!(by_name["a-escape"]["v"], json!("\u{1b}]0;owned\u{7}\u{1b}[2J"));
    assert_eq!(by_name["g-long"]["v"].as_str().map(str::len), Some(100_000));
    assert_eq!(by_name["c-lines"]["tags"], json!({"v": "one\r\ntwo\nthree"}));
    let lines = written(&lake, HOSTILE, Format::Ndjson).await;
    assert_eq!(lines.lines().count(), 10);
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert_eq!(written(&lake, "SELECT uid FROM resources WHERE false", Format::Json).await, "[]\n");
    assert_eq!(written(&lake, "SELECT uid FROM resources WHERE false", Format::Ndjson).await, "");
    // Texts that only claim to be JSON stay texts, and numbers keep every digit.
    let sql = "SELECT '{\"a\"' AS document, '12345678901234567890.5' AS tags, E'[1,\\n2]' AS because";
    assert_eq!(
        written(&lake, sql, Format::Ndjson).await,
        "{\"document\":\"{\\\"a\\\"\",\"tags\":12345678901234567890.5,\"because\":[1,2]}\n"
    );
}

#[tokio::test]
async fn every_kind_of_value_has_a_form() {
    let sql = "SELECT true AS yes, 1 AS whole, 0.5 AS part, CAST('NaN' AS DOUBLE) AS nan, [1, 2] AS list,
               named_struct('a', 1, 'b', 'x') AS object, DATE '2026-01-02' AS day, INTERVAL '1 day' AS span,
               TIMESTAMP '2026-01-02T03:04:05' AS reading, CAST(1.25 AS DECIMAL(5,2)) AS money, NULL AS nothing,
               document->'Rules' AS rules, document->'Nope' AS nope, arrow_cast('x', 'Dictionary(Int32, Utf8)') AS dict
               FROM resources WHERE name = 'logs'";
    assert_eq!(
        rows(&lake(), sql).await,
        json!([{
            "yes": true, "whole": 1, "part": 0.5, "nan": "NaN", "list": [1, 2], "object": {"a": 1, "b": "x"},
            "day": "2026-01-02", "span": "1 days", "reading": "2026-01-02T03:04:05", "money": "1.25", "nothing": null,
            "rules": [{"Days": 1}, {"Days": 30}], "nope": null, "dict": "x"
        }])
    );
}

#[tokio::test]
async fn parquet_reads_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("answer.parquet");
    let lake = hostile();
    let sql = "SELECT r.name, u.name, tags->'v' AS v, r.created_at, exposed, CAST(length(r.name) AS BIGINT) AS n FROM resources r LEFT JOIN unknowns u USING (uid) ORDER BY r.name";
    let summary =
        write_file(&mut ask(&lake, sql).await, &Options::new(Format::Parquet), &path).await.expect("a file");
    assert_eq!(summary.rows, 10);
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).expect("the file"))
        .expect("Parquet");
    let compression = reader.metadata().row_group(0).column(0).compression();
    assert!(matches!(compression, Compression::ZSTD(_)), "{compression:?}");
    let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["name", "name_2", "v", "created_at", "exposed", "n"]);
    assert!(
        matches!(reader.schema().field(3).data_type(), DataType::Timestamp(_, Some(zone)) if &**zone == "UTC")
    );
    let batches: Vec<_> = reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 10);
    assert_eq!(batches[0].column(2).as_string::<i32>().value(0), "\u{1b}]0;owned\u{7}\u{1b}[2J");
    assert_eq!(batches[0].column(2).as_string::<i32>().value(6).len(), 100_000);
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("the directory").collect();
    assert_eq!(left.len(), 1, "nothing is left beside the file");
    // No rows make a file, too.
    let sql = "SELECT uid FROM resources WHERE false";
    write_file(&mut ask(&lake, sql).await, &Options::new(Format::Parquet), &path).await.expect("a file");
    let empty = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).expect("the file"))
        .expect("Parquet");
    assert_eq!(empty.metadata().file_metadata().num_rows(), 0);
}

#[tokio::test]
async fn a_query_that_fails_leaves_the_file_that_was_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("answer.csv");
    std::fs::write(&path, "old").expect("a file");
    let lake = lake();
    let mut answer =
        lake.query("SELECT CAST(name AS INT) FROM resources", Limits::default()).await.expect("a plan");
    write_file(&mut answer, &Options::new(Format::Csv), &path).await.expect_err("it fails");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "old");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the directory").count(), 1);
    let nowhere = dir.path().join("no/such/folder.csv");
    let error = write_file(&mut ask(&lake, "SELECT 1").await, &Options::new(Format::Csv), &nowhere)
        .await
        .expect_err("no folder");
    assert!(error.to_string().contains("folder.csv"), "{error}");
}

#[tokio::test]
async fn bytes_come_batch_by_batch() {
    let many = (0..20_000).map(|i| row(BUCKET, &format!("b{i:05}"), &[], &json!({}))).collect();
    let lake = lake_of(Memory { rows: many, ..memory() });
    for format in [Format::Json, Format::Ndjson, Format::Csv, Format::Parquet, Format::Table] {
        let answer = ask(&lake, "SELECT uid FROM resources ORDER BY uid").await;
        let pieces: Vec<_> =
            bytes(answer, &Options::new(format)).map(|piece| piece.expect("bytes")).collect().await;
        assert!(pieces.len() > 2, "{format:?}");
        let all: Vec<u8> = pieces.concat();
        let mut whole = Vec::new();
        let mut answer = ask(&lake, "SELECT uid FROM resources ORDER BY uid").await;
        write(&mut answer, &Options::new(format), &mut whole).await.expect("written");
        assert_eq!(all, whole, "{format:?}");
    }
}
