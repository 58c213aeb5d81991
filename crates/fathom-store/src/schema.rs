//! The schema: numbered migrations, applied in order, each in a transaction of its own.

use std::path::Path;

use fathom_model::Timestamp;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};

use crate::{StoreError, error::classify, rows::micros};

/// Marks our files: "Fthm" in ASCII, in the header of the database.
const APPLICATION_ID: i64 = 0x4674_686d;

/// All migrations, in the order of their numbers. Those that were released never change.
const MIGRATIONS: [(i64, &str, &str); 14] = [
    (1, "estate", include_str!("../migrations/0001_estate.sql")),
    (2, "history", include_str!("../migrations/0002_history.sql")),
    (3, "baseline", include_str!("../migrations/0003_baseline.sql")),
    (4, "activity", include_str!("../migrations/0004_activity.sql")),
    (5, "continuous", include_str!("../migrations/0005_continuous.sql")),
    (6, "whole", include_str!("../migrations/0006_whole.sql")),
    (7, "people", include_str!("../migrations/0007_people.sql")),
    (8, "console", include_str!("../migrations/0008_console.sql")),
    (9, "said", include_str!("../migrations/0009_said.sql")),
    (10, "used", include_str!("../migrations/0010_used.sql")),
    (11, "weaknesses", include_str!("../migrations/0011_weaknesses.sql")),
    (12, "findings", include_str!("../migrations/0012_findings.sql")),
    (13, "flows", include_str!("../migrations/0013_flows.sql")),
    (14, "touched", include_str!("../migrations/0014_touched.sql")),
];

/// The schema that this program makes and reads.
pub(crate) const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Refuses files that are not ours, before anything is written to them.
pub(crate) async fn check_ours(dir: &Path, database: &Path) -> Result<(), StoreError> {
    let operation = "open the database";
    let failed = |source| classify(operation, dir, source);
    let size = match std::fs::metadata(database) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(crate::error::file_error(operation, database, error)),
    };
    // An empty file is what a crash right after creation leaves.
    if size == 0 {
        return Ok(());
    }
    let options = SqliteConnectOptions::new()
        .filename(database)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let mut conn = options.connect().await.map_err(failed)?;
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut conn).await.map_err(failed)?;
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master")
        .fetch_one(&mut conn)
        .await
        .map_err(failed)?;
    conn.close().await.map_err(failed)?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        return Ok(());
    }
    Err(StoreError::Foreign { path: database.to_owned() })
}

/// Brings the database to the newest schema.
pub(crate) async fn migrate(
    conn: &mut SqliteConnection,
    dir: &Path,
    database: &Path,
    now: Timestamp,
) -> Result<(), StoreError> {
    let failed = |source| classify("update the database schema", dir, source);
    sqlx::raw_sql("PRAGMA application_id = 1182034029").execute(&mut *conn).await.map_err(failed)?;
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS migration (\
         number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)",
    )
    .execute(&mut *conn)
    .await
    .map_err(failed)?;
    let applied = check_version(conn, dir, database).await?;
    for (number, name, sql) in MIGRATIONS.into_iter().filter(|(number, ..)| *number > applied) {
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        sqlx::raw_sql(sql).execute(&mut *tx).await.map_err(failed)?;
        sqlx::query("INSERT INTO migration (number, name, applied_at) VALUES ($1, $2, $3)")
            .bind(number)
            .bind(name)
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        tracing::debug!(number, name, "schema updated");
    }
    Ok(())
}

/// The schema of the database; refuses one that a newer program made.
pub(crate) async fn check_version(
    conn: &mut SqliteConnection,
    dir: &Path,
    database: &Path,
) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COALESCE(MAX(number), 0) FROM migration")
        .fetch_one(conn)
        .await
        .map_err(|source| classify("read the database schema", dir, source))?;
    let found: i64 = row.try_get(0).map_err(|source| classify("read the database schema", dir, source))?;
    if found > NEWEST {
        return Err(StoreError::TooNew { path: database.to_owned(), found, known: NEWEST });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_number_in_the_statement_and_migrations_count_up() {
        assert_eq!(APPLICATION_ID, 1_182_034_029);
        let numbers: Vec<i64> = MIGRATIONS.into_iter().map(|(number, ..)| number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }
}
