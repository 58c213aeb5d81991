//! Findings that live: what runs of checks left, and how each came there.
//!
//! Which state follows is not decided here (`fathom-findings` does); a run hands in what it changed. `exceptions.rs` has what people
//! accepted, `turns.rs` reads how many findings came and went.

mod exceptions;
mod known;
mod turns;

use std::collections::BTreeMap;

use fathom_model::{
    AccountId, DataClass, FindingChange, FindingEvent, FindingLife, FindingProof, FindingState, FixedBy,
    KeptFinding, Region, ResourceType, Severity, Timestamp, Uid,
};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

pub use exceptions::NewFindingException;
pub use known::KnownFinding;
pub use turns::{FindingFixes, FindingTurns};

use crate::{
    EntryDraft, Store, StoreError,
    bulk::{Insert, select_in},
    ledger,
    rows::{column, count, micros, stored_count, time},
    texts::check_texts,
};

/// Findings that are kept, the fixed ones too.
const FINDINGS_MAX: i64 = 2_000_000;
/// Ids that one statement names.
const IDS_MAX: usize = 10_000;
/// So many are written without the index over resources, which is made anew after them: in the order of ids each would go to
/// another place of it.
const BULK_MIN: usize = if cfg!(test) { 10_000 } else { 200_000 };
const TABLE: &str = "finding";

const ROWS: Insert = Insert {
    head: "INSERT INTO finding (id, check_id, title, severity, uid, kind, name, account, region, owner, class, keeps_data, \
           state, confirmed, first_seen, last_seen, since, fixed_by, reopened) VALUES",
    columns: 19,
    tail: "ON CONFLICT (id) DO UPDATE SET title = excluded.title, severity = excluded.severity, kind = excluded.kind, \
           name = excluded.name, account = excluded.account, region = excluded.region, owner = excluded.owner, \
           class = excluded.class, keeps_data = excluded.keeps_data, state = excluded.state, confirmed = excluded.confirmed, \
           last_seen = excluded.last_seen, since = excluded.since, fixed_by = excluded.fixed_by, reopened = excluded.reopened",
};
const PROOFS: Insert = Insert {
    head: "INSERT INTO finding_proof (finding, body) VALUES",
    columns: 2,
    tail: "ON CONFLICT (finding) DO UPDATE SET body = excluded.body",
};
const EVENTS: Insert =
    Insert { head: "INSERT INTO finding_event (finding, at, what, why, scan) VALUES", columns: 5, tail: "" };

/// The columns that [`decode_own`] reads. What is open and confirmed was seen in each run over everything, which writes only what
/// changed.
macro_rules! own_columns {
    () => {
        "SELECT f.id, f.check_id, f.title, f.severity, f.uid, f.kind, f.name, f.account, f.region, f.owner, f.class, \
         f.keeps_data, f.state, f.confirmed, f.first_seen, CASE WHEN f.state = 'fixed' OR NOT f.confirmed THEN f.last_seen \
         ELSE MAX(f.last_seen, COALESCE((SELECT MAX(at) FROM finding_run WHERE whole = 1), 0)) END, \
         f.since, f.fixed_by, f.reopened"
    };
}
use own_columns;

/// The columns that [`decode`] reads; tags are those that the resource has, or had last.
macro_rules! finding_columns {
    () => {
        concat!(own_columns!(), ", r.tags FROM finding f LEFT JOIN resource r ON r.uid = f.uid ")
    };
}

/// A run of checks whose answers are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingRun {
    /// When.
    pub at: Timestamp,
    /// The scan that had ended last.
    pub scan: i64,
    /// Who asked.
    pub by: String,
    /// How many checks were asked.
    pub checks: u64,
    /// Of how many resources.
    pub resources: u64,
    /// Whether all checks were asked of all resources.
    pub whole: bool,
}

/// What a run makes of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingUpdate {
    /// The finding as it is now.
    pub finding: KeptFinding,
    /// What its check said; none where that is as before.
    pub proof: Option<FindingProof>,
    /// What changed for people; none where only what is known beside it did.
    pub change: Option<FindingChange>,
}

/// How many findings a run changed, by what changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FindingChanges {
    /// Those that are new.
    pub opened: u64,
    /// Those that came back.
    pub reopened: u64,
    /// Those that are fixed.
    pub fixed: u64,
    /// Those of which it is not known any more.
    pub unconfirmed: u64,
    /// Those of which it is known again.
    pub confirmed: u64,
}

impl FindingChanges {
    /// Counts them.
    pub fn of(changes: impl IntoIterator<Item = FindingChange>) -> Self {
        let mut counts = Self::default();
        for change in changes {
            *match change {
                FindingChange::Opened => &mut counts.opened,
                FindingChange::Reopened => &mut counts.reopened,
                FindingChange::Fixed => &mut counts.fixed,
                FindingChange::Unconfirmed => &mut counts.unconfirmed,
                FindingChange::Confirmed => &mut counts.confirmed,
            } += 1;
        }
        counts
    }
}

impl Store {
    /// Keeps what a run of checks found: all of it or nothing, sealed in one entry. `seen` are findings of which the run found the
    /// same as the one before. The caller read what was known while it was the only one that runs checks.
    ///
    /// # Errors
    /// Where the store fails, and [`StoreError::Conflict`] where there are as many findings as are kept.
    pub async fn keep_findings(
        &self,
        run: &FindingRun,
        updates: &[FindingUpdate],
        seen: &[String],
    ) -> Result<FindingChanges, StoreError> {
        const OPERATION: &str = "keep findings";
        check_texts("a run of checks", &[("name of who asks", &run.by)])?;
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        write(&mut tx, run, updates, seen).await.map_err(failed)?;
        let there: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM finding").fetch_one(&mut *tx).await.map_err(failed)?;
        if there > FINDINGS_MAX {
            return Err(StoreError::Conflict {
                what: format!("there would be {there} findings, and {FINDINGS_MAX} are kept at most"),
            });
        }
        let changes = FindingChanges::of(updates.iter().filter_map(|update| update.change));
        let draft = EntryDraft {
            kind: "findings.checked".to_owned(),
            actor: run.by.clone(),
            subject: format!("scan:{}", run.scan),
            body: json!({
                "checks": run.checks,
                "resources": run.resources,
                "whole": run.whole,
                "findings": there,
                "changes": changes,
                "sha256": digest(updates),
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], run.at).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(changes)
    }

    /// All findings, by id.
    pub async fn findings(&self) -> Result<Vec<KeptFinding>, StoreError> {
        let rows = sqlx::query(concat!(finding_columns!(), "ORDER BY f.id"))
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the findings", source))?;
        rows.iter().map(decode).collect()
    }

    /// Those whose id is or begins with a text, at most so many.
    pub async fn find_findings(&self, text: &str, most: u32) -> Result<Vec<KeptFinding>, StoreError> {
        let rows = sqlx::query(concat!(
            finding_columns!(),
            "WHERE f.id >= $1 AND substr(f.id, 1, length($1)) = $1 ORDER BY f.id LIMIT $2"
        ))
        .bind(text)
        .bind(i64::from(most))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the findings", source))?;
        rows.iter().map(decode).collect()
    }

    /// What checks said of some findings, by id.
    pub async fn finding_proofs(&self, ids: &[String]) -> Result<BTreeMap<String, FindingProof>, StoreError> {
        let failed = |source| self.failed("read the proofs of findings", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let sql = "SELECT finding, body FROM finding_proof WHERE finding";
        let rows =
            select_in(&mut conn, sql, ids, |query, id| query.bind(id.clone())).await.map_err(failed)?;
        let decode = |row: &SqliteRow| {
            let body = serde_json::from_str(column(row, "finding_proof", 1)?).map_err(|_| {
                StoreError::BadRow { table: "finding_proof", what: "`body` is no proof".to_owned() }
            })?;
            Ok((column(row, "finding_proof", 0)?, body))
        };
        rows.iter().map(decode).collect()
    }

    /// How a finding came to where it is, the oldest first.
    pub async fn finding_events(&self, id: &str) -> Result<Vec<FindingEvent>, StoreError> {
        const TABLE: &str = "finding_event";
        let rows =
            sqlx::query("SELECT at, what, why, scan FROM finding_event WHERE finding = $1 ORDER BY id")
                .bind(id)
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read the history of a finding", source))?;
        let decode = |row: &SqliteRow| {
            Ok(FindingEvent {
                at: time(TABLE, column(row, TABLE, 0)?)?,
                what: word(TABLE, column(row, TABLE, 1)?, FindingChange::parse)?,
                by: optional_word(TABLE, column(row, TABLE, 2)?, FixedBy::parse)?,
                scan: column(row, TABLE, 3)?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// The last run of checks that was kept; the last whole one where `whole`.
    pub async fn last_finding_run(&self, whole: bool) -> Result<Option<FindingRun>, StoreError> {
        let row = sqlx::query(
            "SELECT at, scan, run_by, checks, resources, whole FROM finding_run WHERE whole >= $1 ORDER BY id DESC LIMIT 1",
        )
        .bind(whole)
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read the last run of checks", source))?;
        row.as_ref().map(decode_run).transpose()
    }

    /// A text that changes with every run that is kept, and with every exception.
    pub async fn findings_version(&self) -> Result<String, StoreError> {
        sqlx::query_scalar(
            "SELECT COALESCE((SELECT MAX(id) FROM finding_run), 0) || ' ' || (SELECT COUNT(*) FROM finding_exception) || ' ' || \
             (SELECT COUNT(*) FROM finding_exception WHERE ended_at IS NOT NULL)",
        )
        .fetch_one(self.readers())
        .await
        .map_err(|source| self.failed("read which findings there are", source))
    }
}

async fn write(
    conn: &mut SqliteConnection,
    run: &FindingRun,
    updates: &[FindingUpdate],
    seen: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO finding_run (at, scan, run_by, checks, resources, whole) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(micros(run.at))
    .bind(run.scan)
    .bind(run.by.as_str())
    .bind(stored_count(run.checks))
    .bind(stored_count(run.resources))
    .bind(run.whole)
    .execute(&mut *conn)
    .await?;
    // Tables are in the order of ids: rows in that order go where the last ones went, and not all over the file.
    let mut sorted: Vec<&FindingUpdate> = updates.iter().collect();
    sorted.sort_unstable_by(|one, other| one.finding.id.cmp(&other.finding.id));
    let is_bulk = sorted.len() >= BULK_MIN;
    if is_bulk {
        sqlx::query("DROP INDEX finding_uid").execute(&mut *conn).await?;
    }
    ROWS.run(conn, &sorted, |query, update| {
        let (one, life) = (&update.finding, &update.finding.life);
        query
            .bind(one.id.clone())
            .bind(one.check.clone())
            .bind(one.title.clone())
            .bind(one.severity.word())
            .bind(one.resource.as_str().to_owned())
            .bind(one.resource_type.as_str().to_owned())
            .bind(one.name.clone())
            .bind(one.account.as_str().to_owned())
            .bind(one.region.as_str().to_owned())
            .bind(one.owner.clone())
            .bind(one.class.map(DataClass::word))
            .bind(one.keeps_data)
            .bind(life.state.word())
            .bind(life.confirmed)
            .bind(micros(life.first_seen))
            .bind(micros(life.last_seen))
            .bind(micros(life.since))
            .bind(life.fixed_by.map(FixedBy::word))
            .bind(i64::from(life.reopened))
    })
    .await?;
    if is_bulk {
        sqlx::query("CREATE INDEX finding_uid ON finding (uid)").execute(&mut *conn).await?;
    }
    let proofs: Vec<(&str, &FindingProof)> = sorted
        .iter()
        .filter_map(|update| Some((update.finding.id.as_str(), update.proof.as_ref()?)))
        .collect();
    PROOFS
        .run(conn, &proofs, |query, (id, proof)| query.bind((*id).to_owned()).bind(json!(proof).to_string()))
        .await?;
    let events: Vec<(&KeptFinding, FindingChange)> =
        sorted.iter().filter_map(|update| Some((&update.finding, update.change?))).collect();
    EVENTS
        .run(conn, &events, |query, (finding, change)| {
            let why = finding.life.fixed_by.filter(|_| *change == FindingChange::Fixed);
            query
                .bind(finding.id.clone())
                .bind(micros(run.at))
                .bind(change.word())
                .bind(why.map(FixedBy::word))
                .bind(run.scan)
        })
        .await?;
    // After a run over everything the run itself says it.
    for some in seen.chunks(IDS_MAX).filter(|_| !run.whole) {
        sqlx::query("UPDATE finding SET last_seen = $1 WHERE id IN (SELECT value FROM json_each($2))")
            .bind(micros(run.at))
            .bind(json!(some).to_string())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// SHA-256 over a line for each change: the word, two blanks, the id; sorted.
fn digest(updates: &[FindingUpdate]) -> String {
    let mut lines: Vec<String> = updates
        .iter()
        .filter_map(|update| Some(format!("{}  {}\n", update.change?.word(), update.finding.id)))
        .collect();
    lines.sort_unstable();
    hex::encode(Sha256::digest(lines.concat()))
}

fn word<T>(table: &'static str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(text).ok_or_else(|| StoreError::BadRow { table, what: format!("the word `{text}`") })
}

fn optional_word<T>(
    table: &'static str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| word(table, text, parse)).transpose()
}

fn decode_run(row: &SqliteRow) -> Result<FindingRun, StoreError> {
    const TABLE: &str = "finding_run";
    Ok(FindingRun {
        at: time(TABLE, column(row, TABLE, 0)?)?,
        scan: column(row, TABLE, 1)?,
        by: column(row, TABLE, 2)?,
        checks: count(row, TABLE, 3)?,
        resources: count(row, TABLE, 4)?,
        whole: column(row, TABLE, 5)?,
    })
}

fn decode(row: &SqliteRow) -> Result<KeptFinding, StoreError> {
    let tags: Option<&str> = column(row, TABLE, 19)?;
    let tags = match tags {
        None | Some("{}") => BTreeMap::new(),
        Some(tags) => serde_json::from_str(tags).map_err(|_| StoreError::BadRow {
            table: "resource",
            what: "tags are not a JSON object of text".to_owned(),
        })?,
    };
    Ok(KeptFinding { tags, ..decode_own(row)? })
}

/// The same without tags.
fn decode_own(row: &SqliteRow) -> Result<KeptFinding, StoreError> {
    Ok(KeptFinding {
        id: column(row, TABLE, 0)?,
        check: column(row, TABLE, 1)?,
        title: column(row, TABLE, 2)?,
        severity: word(TABLE, column(row, TABLE, 3)?, Severity::parse)?,
        resource: Uid::new(column::<&str>(row, TABLE, 4)?),
        resource_type: ResourceType::from(column::<&str>(row, TABLE, 5)?),
        name: column(row, TABLE, 6)?,
        account: AccountId::from(column::<&str>(row, TABLE, 7)?),
        region: Region::from(column::<&str>(row, TABLE, 8)?),
        owner: column(row, TABLE, 9)?,
        class: optional_word(TABLE, column(row, TABLE, 10)?, DataClass::parse)?,
        keeps_data: column(row, TABLE, 11)?,
        tags: BTreeMap::new(),
        life: FindingLife {
            state: word(TABLE, column(row, TABLE, 12)?, FindingState::parse)?,
            confirmed: column(row, TABLE, 13)?,
            first_seen: time(TABLE, column(row, TABLE, 14)?)?,
            last_seen: time(TABLE, column(row, TABLE, 15)?)?,
            since: time(TABLE, column(row, TABLE, 16)?)?,
            fixed_by: optional_word(TABLE, column(row, TABLE, 17)?, FixedBy::parse)?,
            reopened: u32::try_from(count(row, TABLE, 18)?).unwrap_or(u32::MAX),
        },
    })
}
