//! What files say of weaknesses in software, and what is known of exploitation.
//!
//! A report replaces the one before of the same tool about the same thing; a feed replaces the one before. What they say is kept as
//! text: the engines read it.

use std::collections::BTreeMap;

use fathom_model::Timestamp;
use serde::Serialize;
use serde_json::json;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, Store, StoreError,
    bulk::{Insert, select_in},
    ledger,
    rows::{column, count, micros, stored_count, stored_time, time},
    texts::check_texts,
};

/// Reports of all tools about all things.
const REPORTS_MAX: i64 = 100_000;

const NOTES: Insert =
    Insert { head: "INSERT INTO weakness_note (report, number, body) VALUES", columns: 3, tail: "" };
const ROWS: Insert =
    Insert { head: "INSERT INTO exploit_row (feed, cve, body) VALUES", columns: 3, tail: "" };

/// A report, without what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeaknessReport {
    /// The form of the file.
    pub format: String,
    /// The tool.
    pub tool: String,
    /// What it is about, and which of several reports about it: one of the same replaces it.
    pub subject: String,
    /// Texts that may name the resource that it is about.
    pub about: Vec<String>,
    /// What the file calls it.
    pub called: String,
    /// The file.
    pub file: String,
    /// Its digest, as hex.
    pub sha256: String,
    /// When it was made, as it says.
    pub made_at: Option<Timestamp>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// By whom.
    pub imported_by: String,
    /// Whether somebody looked for weaknesses: without a finding it then says that there is none.
    pub is_look: bool,
}

/// What became of something that was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Put {
    /// It is there now.
    New,
    /// It replaced the one before.
    Replaced,
    /// It was there already.
    Same,
    /// What is there is newer and stays.
    Older,
}

/// A list of what is known of exploitation, without its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExploitFeed {
    /// `kev` or `epss`.
    pub feed: String,
    /// Its version.
    pub version: String,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// The file that it came from.
    pub file: String,
    /// Its digest, as hex.
    pub sha256: String,
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// How many rows it has.
    pub entries: u64,
}

impl Store {
    /// Keeps a report and what it found, a JSON text each.
    ///
    /// # Errors
    /// Where the store fails, and [`StoreError::Conflict`] where there are as many reports as are kept.
    pub async fn put_weakness_report(
        &self,
        report: &WeaknessReport,
        notes: &[String],
    ) -> Result<Put, StoreError> {
        const OPERATION: &str = "keep a report of weaknesses";
        check_texts("a report", &[("name of who imports", &report.imported_by)])?;
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let before = sqlx::query(
            "SELECT sha256, made_at FROM weakness_report WHERE format = $1 AND tool = $2 AND subject = $3",
        )
        .bind(report.format.as_str())
        .bind(report.tool.as_str())
        .bind(report.subject.as_str())
        .fetch_optional(&mut *tx)
        .await
        .map_err(failed)?;
        let put = match &before {
            None => Put::New,
            Some(row) => {
                const TABLE: &str = "weakness_report";
                let made: Option<i64> = column(row, TABLE, 1)?;
                if column::<&str>(row, TABLE, 0)? == report.sha256 {
                    return Ok(Put::Same);
                }
                if made.zip(report.made_at).is_some_and(|(before, now)| before > micros(now)) {
                    return Ok(Put::Older);
                }
                Put::Replaced
            }
        };
        let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM weakness_report")
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        if put == Put::New && there >= REPORTS_MAX {
            return Err(StoreError::Conflict {
                what: format!("there are {there} reports of weaknesses, as many as are kept"),
            });
        }
        insert(&mut tx, report, notes).await.map_err(failed)?;
        let draft = EntryDraft {
            kind: "weaknesses.imported".to_owned(),
            actor: report.imported_by.clone(),
            subject: report.file.clone(),
            body: json!({
                "format": report.format,
                "tool": report.tool,
                "about": report.about,
                "findings": notes.len(),
                "replaced": put == Put::Replaced,
                "sha256": report.sha256,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], report.imported_at).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(put)
    }

    /// All reports, with what each found.
    pub async fn weakness_reports(&self) -> Result<Vec<(WeaknessReport, Vec<String>)>, StoreError> {
        let failed = |source| self.failed("read the reports of weaknesses", source);
        let mut tx = self.readers().begin().await.map_err(failed)?;
        let rows = sqlx::query(
            "SELECT id, format, tool, subject, about, called, file, sha256, made_at, imported_at, imported_by, is_look \
             FROM weakness_report ORDER BY id",
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        let notes = sqlx::query("SELECT report, body FROM weakness_note ORDER BY report, number")
            .fetch_all(&mut *tx)
            .await
            .map_err(failed)?;
        let mut of: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for row in &notes {
            of.entry(column(row, "weakness_note", 0)?).or_default().push(column(row, "weakness_note", 1)?);
        }
        let with_notes = |row: &SqliteRow| {
            let (id, report) = decode(row)?;
            Ok((report, of.remove(&id).unwrap_or_default()))
        };
        rows.iter().map(with_notes).collect()
    }

    /// Keeps a feed with its rows, by CVE, a JSON text each. One that was released before the one that is there changes nothing.
    pub async fn put_exploit_feed(
        &self,
        feed: &ExploitFeed,
        rows: &[(String, String)],
        by: &str,
    ) -> Result<Put, StoreError> {
        const OPERATION: &str = "keep what is known of exploitation";
        check_texts("a feed", &[("name of who loads", by)])?;
        let before = self.exploit_feeds().await?.into_iter().find(|known| known.feed == feed.feed);
        let put = match &before {
            None => Put::New,
            Some(known) if known.sha256 == feed.sha256 => return Ok(Put::Same),
            Some(known) if known.released_at > feed.released_at.map(stored_time) => return Ok(Put::Older),
            Some(_) => Put::Replaced,
        };
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        for sql in ["DELETE FROM exploit_row WHERE feed = $1", "DELETE FROM exploit_feed WHERE feed = $1"] {
            sqlx::query(sql).bind(feed.feed.as_str()).execute(&mut *tx).await.map_err(failed)?;
        }
        sqlx::query(
            "INSERT INTO exploit_feed (feed, version, released_at, file, sha256, loaded_at, entries) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(feed.feed.as_str())
        .bind(feed.version.as_str())
        .bind(feed.released_at.map(micros))
        .bind(feed.file.as_str())
        .bind(feed.sha256.as_str())
        .bind(micros(feed.loaded_at))
        .bind(stored_count(rows.len() as u64))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        ROWS.run(&mut tx, rows, |query, (cve, body)| {
            query
                .bind(feed.feed.as_str().to_owned())
                .bind(cve.as_str().to_owned())
                .bind(body.as_str().to_owned())
        })
        .await
        .map_err(failed)?;
        let draft = EntryDraft {
            kind: "exploitation.loaded".to_owned(),
            actor: by.to_owned(),
            subject: feed.feed.clone(),
            body: json!({
                "version": feed.version,
                "released": feed.released_at,
                "entries": rows.len(),
                "file": feed.file,
                "sha256": feed.sha256,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], feed.loaded_at).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(put)
    }

    /// A text that changes with every report and feed that is kept.
    pub async fn weaknesses_version(&self) -> Result<String, StoreError> {
        sqlx::query_scalar(
            "SELECT COALESCE((SELECT MAX(imported_at) FROM weakness_report), 0) || ' ' || \
             (SELECT COUNT(*) FROM weakness_report) || ' ' || COALESCE((SELECT MAX(loaded_at) FROM exploit_feed), 0)",
        )
        .fetch_one(self.readers())
        .await
        .map_err(|source| self.failed("read which reports of weaknesses there are", source))
    }

    /// The feeds that were loaded, by name.
    pub async fn exploit_feeds(&self) -> Result<Vec<ExploitFeed>, StoreError> {
        const TABLE: &str = "exploit_feed";
        let rows = sqlx::query(
            "SELECT feed, version, released_at, file, sha256, loaded_at, entries FROM exploit_feed ORDER BY feed",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read what is known of exploitation", source))?;
        let decode = |row: &SqliteRow| {
            Ok(ExploitFeed {
                feed: column(row, TABLE, 0)?,
                version: column(row, TABLE, 1)?,
                released_at: optional_time(row, TABLE, 2)?,
                file: column(row, TABLE, 3)?,
                sha256: column(row, TABLE, 4)?,
                loaded_at: time(TABLE, column(row, TABLE, 5)?)?,
                entries: count(row, TABLE, 6)?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// The rows of a feed about some CVEs.
    pub async fn exploit_rows(
        &self,
        feed: &str,
        cves: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let failed = |source| self.failed("read what is known of exploitation", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let rows =
            select_in(&mut conn, "SELECT cve, feed, body FROM exploit_row WHERE cve", cves, |query, cve| {
                query.bind(cve.as_str().to_owned())
            })
            .await
            .map_err(failed)?;
        let mut found = BTreeMap::new();
        for row in &rows {
            const TABLE: &str = "exploit_row";
            if column::<&str>(row, TABLE, 1)? == feed {
                found.insert(column(row, TABLE, 0)?, column(row, TABLE, 2)?);
            }
        }
        Ok(found)
    }
}

async fn insert(
    conn: &mut SqliteConnection,
    report: &WeaknessReport,
    notes: &[String],
) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM weakness_note WHERE report IN \
         (SELECT id FROM weakness_report WHERE format = $1 AND tool = $2 AND subject = $3)",
        "DELETE FROM weakness_report WHERE format = $1 AND tool = $2 AND subject = $3",
    ] {
        sqlx::query(sql)
            .bind(report.format.as_str())
            .bind(report.tool.as_str())
            .bind(report.subject.as_str())
            .execute(&mut *conn)
            .await?;
    }
    let id = sqlx::query(
        "INSERT INTO weakness_report (format, tool, subject, about, called, file, sha256, made_at, imported_at, \
         imported_by, is_look) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(report.format.as_str())
    .bind(report.tool.as_str())
    .bind(report.subject.as_str())
    .bind(json!(report.about).to_string())
    .bind(report.called.as_str())
    .bind(report.file.as_str())
    .bind(report.sha256.as_str())
    .bind(report.made_at.map(micros))
    .bind(micros(report.imported_at))
    .bind(report.imported_by.as_str())
    .bind(report.is_look)
    .execute(&mut *conn)
    .await?
    .last_insert_rowid();
    let numbered: Vec<(i64, &String)> = (0..).zip(notes).collect();
    NOTES
        .run(conn, &numbered, |query, (number, body)| {
            query.bind(id).bind(*number).bind(body.as_str().to_owned())
        })
        .await
}

fn optional_time(row: &SqliteRow, table: &'static str, at: usize) -> Result<Option<Timestamp>, StoreError> {
    column::<Option<i64>>(row, table, at)?.map(|micros| time(table, micros)).transpose()
}

fn decode(row: &SqliteRow) -> Result<(i64, WeaknessReport), StoreError> {
    const TABLE: &str = "weakness_report";
    let about = serde_json::from_str(column(row, TABLE, 4)?)
        .map_err(|_| StoreError::BadRow { table: TABLE, what: "`about` is no list of texts".to_owned() })?;
    let report = WeaknessReport {
        format: column(row, TABLE, 1)?,
        tool: column(row, TABLE, 2)?,
        subject: column(row, TABLE, 3)?,
        about,
        called: column(row, TABLE, 5)?,
        file: column(row, TABLE, 6)?,
        sha256: column(row, TABLE, 7)?,
        made_at: optional_time(row, TABLE, 8)?,
        imported_at: time(TABLE, column(row, TABLE, 9)?)?,
        imported_by: column(row, TABLE, 10)?,
        is_look: column(row, TABLE, 11)?,
    };
    Ok((column(row, TABLE, 0)?, report))
}
