//! Baselines: approved states of the estate, and the differences to them that somebody explained.
//!
//! A baseline is the number of a scan. What each resource was then is in its versions, so that approving a million
//! resources writes one row.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use fathom_model::{Timestamp, Uid};
use futures::TryStreamExt as _;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    ChangeQuery, Changes, EntryDraft, EstateChange, Fate, Store, StoreError,
    commit::facts_json,
    ledger,
    overlap::oldest_running,
    rows::{column, count, micros, stored_count, stored_time, time},
    texts::check_texts,
};

/// An approved state of the estate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Baseline {
    /// Its number.
    pub id: i64,
    /// Its name; one baseline of a name holds at a time.
    pub name: String,
    /// The scan that left the estate so.
    pub scan: i64,
    /// Why it was approved.
    pub reason: String,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How many resources there were.
    pub resources: u64,
    /// SHA-256 over the lines `<hash of the document>  <uid>`, sorted by uid, in hexadecimal digits.
    pub digest: String,
    /// When another of its name took its place.
    pub ended_at: Option<Timestamp>,
}

/// A difference to a baseline that somebody explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaselineException {
    /// The resource.
    pub uid: Uid,
    /// The fingerprint of the document and the facts that are accepted, or `gone`.
    pub state: String,
    /// Why it may be so.
    pub reason: String,
    /// Who accepted it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it stops to hold; none for as long as the baseline.
    pub until: Option<Timestamp>,
}

/// What a person says when approving the estate.
#[derive(Debug, Clone)]
pub struct BaselineApproval {
    /// The name of the baseline.
    pub name: String,
    /// Why the estate may be as it is.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// The newest scan that they saw, so that nothing counts as approved that came after; none for whatever is newest.
    pub seen: Option<i64>,
}

/// What a person says when accepting a difference.
#[derive(Debug, Clone)]
pub struct BaselineAcceptance {
    /// The name of the baseline.
    pub name: String,
    /// The resource.
    pub uid: Uid,
    /// Why it may be so.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// When it stops to hold; none for as long as the baseline.
    pub until: Option<Timestamp>,
    /// The newest scan that they saw; none for whatever is newest.
    pub seen: Option<i64>,
}

/// A resource that is not as the baseline has it.
#[derive(Debug, Clone)]
pub struct BaselineDifference {
    /// What became of it.
    pub change: EstateChange,
    /// Who explained it, where the explanation still holds.
    pub explained: Option<BaselineException>,
}

/// Reads differences a part at a time.
#[derive(Debug)]
pub struct BaselineDifferences {
    changes: Changes,
    exceptions: HashMap<Uid, BaselineException>,
}

macro_rules! baselines {
    () => {
        "SELECT id, name, scan, reason, approved_by, approved_at, resources, digest, ended_at FROM baseline "
    };
}

/// Only what is new or changed since the baseline's scan is looked up in its versions. A short row of the stage has the
/// facts of the resource, and so has a version without facts of its own.
const DEPARTED: &str = concat!(
    "SELECT s.uid FROM staged s LEFT JOIN resource r ON r.uid = s.uid \
     LEFT JOIN version v ON v.resource = r.id AND v.scan = \
     (SELECT MAX(w.scan) FROM version w WHERE w.resource = r.id AND w.scan <= $2) \
     WHERE s.scan = $1 AND (r.id IS NULL OR r.deleted_at IS NOT NULL OR r.changed_scan > $2 OR r.facts IS NOT s.facts) \
     AND (v.hash IS NOT s.hash OR COALESCE(v.facts, ",
    facts_json!("r"),
    ") <> CASE WHEN s.kind IS NULL THEN ",
    facts_json!("r"),
    " ELSE ",
    facts_json!("s"),
    " END) AND NOT EXISTS (SELECT 1 FROM baseline_exception e WHERE e.baseline = $3 AND e.uid = s.uid \
     AND e.ended_at IS NULL AND (e.until IS NULL OR e.until > $4) \
     AND e.state IN (lower(hex(s.facts)), lower(hex(s.hash))))"
);

/// The state of a resource `r` as exceptions name it: the fingerprint of its document and facts, or of the document alone
/// where it was seen before facts were kept.
const STATE: &str = "SELECT CASE WHEN r.deleted_at IS NOT NULL THEN 'gone' \
    ELSE lower(hex(COALESCE(r.facts, r.hash))) END FROM resource r WHERE r.uid = $1";

impl Store {
    /// Approves the estate as it is now, sealed in the ledger. A baseline of the same name ends.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a scan ended after what was seen, or one is under way that began before.
    pub async fn approve_baseline(
        &self,
        approval: BaselineApproval,
        now: Timestamp,
    ) -> Result<Baseline, StoreError> {
        const OPERATION: &str = "approve a baseline";
        let BaselineApproval { name, reason, by, seen } = approval;
        check_texts("a baseline", &[("name", &name), ("reason", &reason), ("name of who approves", &by)])?;
        let now = stored_time(now);
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        // Scans count in the order in which they began, so the estate as it is now is that of the highest number.
        let scan: Option<i64> = sqlx::query_scalar("SELECT MAX(id) FROM scan WHERE state = 'finished'")
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        let Some(scan) = scan else {
            return Err(StoreError::Conflict { what: "there is no finished scan to approve".to_owned() });
        };
        if seen.is_some_and(|seen| seen != scan) {
            return Err(StoreError::Conflict {
                what: format!("scan {scan} ended meanwhile; look at what it found before you approve it"),
            });
        }
        if let Some(earlier) =
            oldest_running(&mut tx).await.map_err(failed)?.filter(|earlier| *earlier < scan)
        {
            return Err(StoreError::Conflict {
                what: format!(
                    "scan {earlier} is under way and began before scan {scan}, so what it finds would count as approved; \
                     approve when it has ended"
                ),
            });
        }
        let (resources, digest) = digest(&mut tx).await.map_err(failed)?;
        let replaced = sqlx::query("UPDATE baseline SET ended_at = $1 WHERE name = $2 AND ended_at IS NULL")
            .bind(micros(now))
            .bind(&name)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let done = sqlx::query(
            "INSERT INTO baseline (name, scan, reason, approved_by, approved_at, resources, digest) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&name)
        .bind(scan)
        .bind(&reason)
        .bind(&by)
        .bind(micros(now))
        .bind(stored_count(resources))
        .bind(&digest)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let baseline = Baseline {
            id: done.last_insert_rowid(),
            name,
            scan,
            reason,
            by,
            at: now,
            resources,
            digest,
            ended_at: None,
        };
        let draft = EntryDraft {
            kind: "baseline.approved".to_owned(),
            actor: baseline.by.clone(),
            subject: format!("baseline {}", baseline.name),
            body: json!({
                "scan": scan,
                "reason": baseline.reason,
                "resources": resources,
                "resources_sha256": baseline.digest,
                "replaced": replaced.rows_affected() > 0,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(baseline)
    }

    /// All baselines, those that hold first, then the newest.
    pub async fn baselines(&self) -> Result<Vec<Baseline>, StoreError> {
        let rows =
            sqlx::query(concat!(baselines!(), "ORDER BY ended_at IS NOT NULL, approved_at DESC, id DESC"))
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read the baselines", source))?;
        rows.iter().map(decode).collect()
    }

    /// The baseline of a name that holds.
    pub async fn baseline(&self, name: &str) -> Result<Option<Baseline>, StoreError> {
        let row = sqlx::query(concat!(baselines!(), "WHERE name = $1 AND ended_at IS NULL"))
            .bind(name)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a baseline", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// What differs from a baseline, by type and uid, each with its explanation where one holds.
    pub async fn baseline_differences(
        &self,
        baseline: &Baseline,
        now: Timestamp,
    ) -> Result<BaselineDifferences, StoreError> {
        self.baseline_differences_of(baseline, ChangeQuery::default(), now).await
    }

    /// The same, of some resources. From which scan to which does not matter in the query.
    pub async fn baseline_differences_of(
        &self,
        baseline: &Baseline,
        query: ChangeQuery,
        now: Timestamp,
    ) -> Result<BaselineDifferences, StoreError> {
        const OPERATION: &str = "compare with a baseline";
        let failed = |source| self.failed(OPERATION, source);
        let newest: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM scan WHERE state = 'finished'")
                .fetch_one(self.readers())
                .await
                .map_err(failed)?;
        // Only those that accept the resource as it is now. Earlier versions of Fathom named the document alone.
        let rows = sqlx::query(
            "SELECT e.uid, e.state, e.reason, e.accepted_by, e.accepted_at, e.until FROM baseline_exception e \
             JOIN resource r ON r.uid = e.uid \
             WHERE e.baseline = $1 AND e.ended_at IS NULL AND (e.until IS NULL OR e.until > $2) \
             AND CASE WHEN r.deleted_at IS NOT NULL THEN e.state = 'gone' \
             ELSE e.state IN (lower(hex(r.facts)), lower(hex(r.hash))) END ORDER BY e.id",
        )
        .bind(baseline.id)
        .bind(micros(now))
        .fetch_all(self.readers())
        .await
        .map_err(failed)?;
        let mut exceptions: HashMap<Uid, BaselineException> = HashMap::new();
        for row in &rows {
            let one = exception(row)?;
            exceptions.entry(one.uid.clone()).or_insert(one);
        }
        let query = ChangeQuery { since: baseline.scan, until: newest, ..query };
        Ok(BaselineDifferences { changes: self.changes(query).await?, exceptions })
    }

    /// Which resources of a scan under way are not as a baseline has them and nobody explained it, with the names of
    /// those baselines. What is gone is not in it: [`Store::baseline_differences`] has that.
    pub async fn baseline_departures(
        &self,
        scan: i64,
        now: Timestamp,
    ) -> Result<BTreeMap<Uid, Vec<String>>, StoreError> {
        const OPERATION: &str = "compare a scan with the baselines";
        let failed = |source| self.failed(OPERATION, source);
        let mut departed: BTreeMap<Uid, Vec<String>> = BTreeMap::new();
        for baseline in self.baselines().await?.into_iter().filter(|one| one.ended_at.is_none()) {
            let uids: Vec<String> = sqlx::query_scalar(DEPARTED)
                .bind(scan)
                .bind(baseline.scan)
                .bind(baseline.id)
                .bind(micros(now))
                .fetch_all(self.readers())
                .await
                .map_err(failed)?;
            for uid in uids {
                departed.entry(Uid::from(uid)).or_default().push(baseline.name.clone());
            }
        }
        Ok(departed)
    }

    /// Explains one difference: the resource may be as it is now. When it changes again, it differs again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a scan changed it after what was seen.
    pub async fn accept_difference(
        &self,
        acceptance: BaselineAcceptance,
        now: Timestamp,
    ) -> Result<BaselineException, StoreError> {
        const OPERATION: &str = "accept a difference";
        let BaselineAcceptance { name, uid, reason, by, until, seen } = acceptance;
        check_texts("a baseline", &[("reason", &reason), ("name of who accepts", &by)])?;
        let (now, until) = (stored_time(now), until.map(stored_time));
        if until.is_some_and(|until| until <= now) {
            return Err(StoreError::Invalid { what: "the acceptance ends before it begins".to_owned() });
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let baseline: Option<i64> =
            sqlx::query_scalar("SELECT id FROM baseline WHERE name = $1 AND ended_at IS NULL")
                .bind(&name)
                .fetch_optional(&mut *tx)
                .await
                .map_err(failed)?;
        let Some(baseline) = baseline else {
            return Err(StoreError::Invalid {
                what: format!("there is no baseline `{name}`; approve one first"),
            });
        };
        let state: Option<String> =
            sqlx::query_scalar(STATE).bind(uid.as_str()).fetch_optional(&mut *tx).await.map_err(failed)?;
        let Some(state) = state else { return Err(StoreError::NoSuchResource { uid: uid.to_string() }) };
        let changed: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(v.scan) FROM version v JOIN resource r ON r.id = v.resource WHERE r.uid = $1",
        )
        .bind(uid.as_str())
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        if let (Some(seen), Some(changed)) = (seen, changed)
            && changed > seen
        {
            return Err(StoreError::Conflict {
                what: format!("scan {changed} changed it meanwhile; look at what it is now"),
            });
        }
        let replaced = sqlx::query(
            "UPDATE baseline_exception SET ended_at = $1 WHERE baseline = $2 AND uid = $3 AND ended_at IS NULL",
        )
        .bind(micros(now))
        .bind(baseline)
        .bind(uid.as_str())
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        sqlx::query(
            "INSERT INTO baseline_exception (baseline, uid, state, reason, accepted_by, accepted_at, until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(baseline)
        .bind(uid.as_str())
        .bind(&state)
        .bind(&reason)
        .bind(&by)
        .bind(micros(now))
        .bind(until.map(micros))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let draft = EntryDraft {
            kind: "baseline.difference_accepted".to_owned(),
            actor: by.clone(),
            subject: uid.to_string(),
            body: json!({
                "baseline": name,
                "state": state,
                "reason": reason,
                "until": until,
                "replaced": replaced.rows_affected() > 0,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(BaselineException { uid, state, reason, by, at: now, until })
    }
}

impl BaselineDifferences {
    /// The next ones; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<BaselineDifference>>, StoreError> {
        loop {
            let Some(changes) = self.changes.next().await? else { return Ok(None) };
            let found: Vec<BaselineDifference> = changes
                .into_iter()
                .filter(|change| change.fate != Fate::Same)
                .map(|change| {
                    let explained = self.exceptions.get(&change.uid).cloned();
                    BaselineDifference { change, explained }
                })
                .collect();
            if !found.is_empty() {
                return Ok(Some(found));
            }
        }
    }
}

/// How many resources there are, and the digest that anybody can compute again with `sha256sum`.
async fn digest(conn: &mut SqliteConnection) -> Result<(u64, String), sqlx::Error> {
    let mut sha = Sha256::new();
    let mut line = String::new();
    let mut counted = 0;
    let mut rows =
        sqlx::query("SELECT hash, uid FROM resource WHERE deleted_at IS NULL ORDER BY uid").fetch(conn);
    while let Some(row) = rows.try_next().await? {
        line.clear();
        let (hash, uid): (&[u8], &str) = (row.try_get(0)?, row.try_get(1)?);
        // Writing to a text never fails.
        let _infallible = writeln!(line, "{}  {uid}", hex::encode(hash));
        sha.update(line.as_bytes());
        counted += 1;
    }
    Ok((counted, hex::encode(sha.finalize())))
}

fn decode(row: &SqliteRow) -> Result<Baseline, StoreError> {
    const TABLE: &str = "baseline";
    Ok(Baseline {
        id: column(row, TABLE, 0)?,
        name: column(row, TABLE, 1)?,
        scan: column(row, TABLE, 2)?,
        reason: column(row, TABLE, 3)?,
        by: column(row, TABLE, 4)?,
        at: time(TABLE, column(row, TABLE, 5)?)?,
        resources: count(row, TABLE, 6)?,
        digest: column(row, TABLE, 7)?,
        ended_at: column::<Option<i64>>(row, TABLE, 8)?.map(|at| time(TABLE, at)).transpose()?,
    })
}

fn exception(row: &SqliteRow) -> Result<BaselineException, StoreError> {
    const TABLE: &str = "baseline_exception";
    Ok(BaselineException {
        uid: Uid::new(column::<&str>(row, TABLE, 0)?),
        state: column(row, TABLE, 1)?,
        reason: column(row, TABLE, 2)?,
        by: column(row, TABLE, 3)?,
        at: time(TABLE, column(row, TABLE, 4)?)?,
        until: column::<Option<i64>>(row, TABLE, 5)?.map(|at| time(TABLE, at)).transpose()?,
    })
}
