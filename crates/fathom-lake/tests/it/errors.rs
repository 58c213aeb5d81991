//! What people get wrong, and what they are told.

use std::fmt::Write;

use fathom_lake::{Limits, SqlError};

use crate::estate::{Memory, error, lake, lake_of, memory};

#[tokio::test]
async fn mistakes_are_told_with_place_and_hint() {
    let lake = lake();
    let mut told = String::new();
    for sql in [
        "SELEC uid FROM resources",
        "SELECT uid,\n  FROM resources",
        "SELECT uid FROM resources WHERE name = 'open",
        "SELECT uid FROM\n  resorces",
        "SELECT * FROM buckets",
        "SELECT * FROM zzz",
        "SELECT uid,\n       accont FROM resources",
        "SELECT r.nmae FROM resources r JOIN edges e ON e.from_uid = r.uid",
        "SELECT siz FROM aws_s3_bucket",
        "SELECT uid FROM resources r JOIN unknowns u ON r.uid = u.uid",
        "SELECT cout(uid) FROM resources",
        "SELECT type, region FROM resources GROUP BY type",
        "SELECT sum(name) FROM resources",
        "SELECT name, name FROM resources",
        "SELECT 1 / 0",
        "SELECT CAST(name AS INT) FROM resources WHERE name = 'logs'",
        "SELECT uid FROM resources; SELECT 1",
        "",
        " -- nothing\n",
    ] {
        let error = error(&lake, sql, Limits::default()).await;
        let _ = writeln!(told, "{sql}\n  error: {error}");
        if let Some(hint) = error.hint() {
            let _ = writeln!(told, "  hint: {hint}");
        }
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn what_does_not_only_read_is_refused() {
    let lake = lake();
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE FUNCTION f() RETURNS INT RETURN 1",
        "DROP TABLE resources",
        "INSERT INTO resources VALUES ('x')",
        "UPDATE resources SET name = 'x'",
        "DELETE FROM resources",
        "TRUNCATE TABLE resources",
        "COPY (SELECT 1) TO 'x.csv'",
        "COPY resources TO 'x.parquet'",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "USE other",
        "ATTACH 'x'",
        "SHOW datafusion.execution.batch_size",
        "EXPLAIN INSERT INTO resources VALUES ('x')",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'x.csv'",
        "  drop table resources",
    ] {
        let error = error(&lake, sql, Limits::default()).await;
        assert!(matches!(error, SqlError::Refused { .. }), "{sql}: {error:?}");
        assert!(error.place().is_some() && error.hint().is_some(), "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn there_is_no_way_to_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("secret.csv");
    std::fs::write(&path, "a\n1\n").expect("a file");
    let lake = lake();
    let path = path.display();
    for sql in [
        format!("SELECT * FROM '{path}'"),
        format!("SELECT * FROM \"{path}\""),
        format!("SELECT * FROM read_csv('{path}')"),
        format!("SELECT * FROM \"file://{path}\""),
        "SELECT * INTO other FROM resources".to_owned(),
        "WITH x AS (DELETE FROM resources) SELECT * FROM x".to_owned(),
    ] {
        let error = error(&lake, &sql, Limits::default()).await;
        assert!(!matches!(error, SqlError::Failed { .. }), "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn a_source_that_fails_is_told_with_its_cause() {
    let lake = lake_of(Memory { broken: true, ..memory() });
    for sql in ["SELECT uid FROM resources", "SELECT * FROM edges", "SELECT size FROM aws_s3_bucket"] {
        let error = error(&lake, sql, Limits::default()).await;
        let SqlError::Source(cause) = &error else { panic!("{sql}: {error:?}") };
        assert_eq!(cause.to_string(), "the disk is gone");
    }
}
