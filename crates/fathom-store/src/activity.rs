//! Who made and changed what: a bounded share of the provider's log of calls.
//!
//! The rows hold exactly what [`Action::kept`] says, however the events were spread over imports, as long as there are no
//! more of them than fit.

use fathom_model::{Action, Activity, SessionOrigin, Timestamp, TrailSpan, Use, UseSpan};
use futures::TryStreamExt as _;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, SYSTEM_ACTOR, Store, StoreError,
    bulk::{Insert, select_in},
    filter::push_in,
    ledger,
    rows::{column, micros, time},
    used,
};

/// Sessions beyond this many, the oldest first, are let go.
const SESSIONS_MAX: i64 = 500_000;
/// Activities beyond this many are let go: first the oldest that made nothing, then the oldest.
const ACTIVITIES_MAX: i64 = 2_000_000;
/// Names of objects beyond this many are let go, those read longest ago first. One that is asked for again is read again,
/// which changes nothing.
const OBJECTS_MAX: i64 = 2_000_000;
/// Objects that are looked up at once.
const OBJECTS_ASKED_MAX: usize = 1000;
/// The most activities that one question about a resource is answered with.
const ANSWER_ROWS_MAX: i64 = 1000;

const ACTIVITY: Insert = Insert {
    head: "INSERT INTO activity (account, region, kind, reference, action, at, event, operation, actor, source) VALUES",
    columns: 10,
    // The same event from two places: the smaller name holds, so that the order of imports does not matter.
    tail: "ON CONFLICT (reference, account, region, kind, action, at, event) DO UPDATE SET \
           source = min(activity.source, excluded.source)",
};
const SESSION: Insert = Insert {
    head: "INSERT INTO trail_session (access_key, event, session_id, at, caller) VALUES",
    columns: 5,
    tail: "ON CONFLICT DO NOTHING",
};
const SPAN: Insert = Insert {
    head: "INSERT INTO trail_span (account, region, first_at, last_at) VALUES",
    columns: 4,
    tail: "ON CONFLICT (account, region) DO UPDATE SET first_at = min(first_at, excluded.first_at), \
           last_at = max(last_at, excluded.last_at)",
};
const OBJECT: Insert = Insert {
    head: "INSERT INTO trail_object (bucket, object, read_at) VALUES",
    columns: 3,
    tail: "ON CONFLICT DO NOTHING",
};
const NAMED: Insert =
    Insert { head: "INSERT INTO trail_named (reference) VALUES", columns: 1, tail: "ON CONFLICT DO NOTHING" };

macro_rules! activity_columns {
    () => {
        "SELECT account, region, kind, reference, action, at, event, operation, actor, source FROM activity"
    };
}

macro_rules! session_columns {
    () => {
        "SELECT access_key, event, session_id, at, caller FROM trail_session"
    };
}

/// What was read of a log, to be kept together.
#[derive(Debug, Clone, Default)]
pub struct TrailBatch {
    /// Who did what.
    pub activities: Vec<Activity>,
    /// Where sessions came from.
    pub sessions: Vec<SessionOrigin>,
    /// What was read from when to when.
    pub spans: Vec<TrailSpan>,
    /// The objects of a bucket that it came from.
    pub objects: Vec<(String, String)>,
    /// What identities called.
    pub uses: Vec<Use>,
    /// From when to when that was read.
    pub use_spans: Vec<UseSpan>,
}

/// What an import says about itself, for the ledger.
#[derive(Debug, Clone, Default)]
pub struct TrailImport {
    /// Where it was read from, in words.
    pub source: String,
    /// Files, objects or pages read.
    pub files: u64,
    /// Events read.
    pub events: u64,
    /// Events that came more than once.
    pub duplicates: u64,
    /// Records and files that could not be read.
    pub broken: u64,
    /// SHA-256 over the SHA-256 of each file, in the order of their names; as hex.
    pub digest: String,
}

impl Store {
    /// Adds a part of a log. An import of many parts is sealed by [`Store::seal_trail`] at its end; where it breaks off
    /// before, what was added stays good.
    pub async fn add_trail(&self, batch: &TrailBatch, now: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "add to the activity";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        insert(&mut tx, batch, now).await.map_err(failed)?;
        used::insert(&mut tx, &batch.uses, &batch.use_spans).await.map_err(failed)?;
        prune(&mut tx, batch).await.map_err(failed)?;
        let body = json!({
            "activities": batch.activities.len(),
            "sessions": batch.sessions.len(),
            "objects": batch.objects.len(),
            "uses": batch.uses.len(),
        });
        ledger::append_in(&mut tx, shared, &[entry("trail.added", body)], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(())
    }

    /// Seals what an import came to.
    pub async fn seal_trail(&self, import: &TrailImport, now: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "seal an import of activity";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let body = json!({
            "source": import.source,
            "files": import.files,
            "events": import.events,
            "duplicates": import.duplicates,
            "broken": import.broken,
            "files_sha256": import.digest,
        });
        ledger::append_in(&mut tx, shared, &[entry("trail.imported", body)], now).await?;
        tx.commit().await.map_err(|source| shared.failed(OPERATION, source))?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(())
    }

    /// Hands on every activity that made, put or removed something.
    pub async fn each_creation(&self, mut each: impl FnMut(Activity)) -> Result<(), StoreError> {
        let failed = |source| self.failed("read the activity", source);
        let mut rows = sqlx::query(concat!(
            activity_columns!(),
            " WHERE action IN ('created', 'put', 'deleted') ORDER BY id"
        ))
        .fetch(self.readers());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            each(decode(&row)?);
        }
        Ok(())
    }

    /// The activities that name a resource by any of these texts, newest first.
    pub async fn activity_of(&self, references: &[String]) -> Result<Vec<Activity>, StoreError> {
        let failed = |source| self.failed("read the activity", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let rows = select_in(
            &mut conn,
            concat!(activity_columns!(), " WHERE reference"),
            references,
            |query, reference| query.bind(reference.as_str()),
        )
        .await
        .map_err(failed)?;
        let mut found = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|a, b| (b.at, &b.event).cmp(&(a.at, &a.event)));
        found.truncate(ANSWER_ROWS_MAX as usize);
        Ok(found)
    }

    /// Where sessions came from, by their access keys or their ids.
    pub async fn sessions_of(
        &self,
        access_keys: &[String],
        session_ids: &[String],
    ) -> Result<Vec<SessionOrigin>, StoreError> {
        let failed = |source| self.failed("read the sessions", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let mut rows = select_in(
            &mut conn,
            concat!(session_columns!(), " WHERE access_key"),
            access_keys,
            |query, key| query.bind(key.as_str()),
        )
        .await
        .map_err(failed)?;
        let by_id = select_in(
            &mut conn,
            concat!(session_columns!(), " WHERE session_id"),
            session_ids,
            |query, id| query.bind(id.as_str()),
        );
        rows.append(&mut by_id.await.map_err(failed)?);
        rows.iter().map(decode_session).collect()
    }

    /// Hands on where each session came from.
    pub async fn each_session(&self, mut each: impl FnMut(SessionOrigin)) -> Result<(), StoreError> {
        let failed = |source| self.failed("read the sessions", source);
        let mut rows =
            sqlx::query(concat!(session_columns!(), " ORDER BY access_key, event")).fetch(self.readers());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            each(decode_session(&row)?);
        }
        Ok(())
    }

    /// From when to when the log of each place was read.
    pub async fn trail_spans(&self) -> Result<Vec<TrailSpan>, StoreError> {
        const TABLE: &str = "trail_span";
        let rows =
            sqlx::query("SELECT account, region, first_at, last_at FROM trail_span ORDER BY account, region")
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read the spans of the activity", source))?;
        rows.iter()
            .map(|row| {
                Ok(TrailSpan {
                    account: column::<&str>(row, TABLE, 0)?.into(),
                    region: column::<&str>(row, TABLE, 1)?.into(),
                    first: time(TABLE, column(row, TABLE, 2)?)?,
                    last: time(TABLE, column(row, TABLE, 3)?)?,
                })
            })
            .collect()
    }

    /// Of some objects of a bucket, those that were read before.
    pub async fn trail_objects_read(
        &self,
        bucket: &str,
        objects: &[String],
    ) -> Result<std::collections::HashSet<String>, StoreError> {
        let failed = |source| self.failed("read which objects were read", source);
        let mut read = std::collections::HashSet::new();
        for asked in objects.chunks(OBJECTS_ASKED_MAX) {
            let mut sql = objects_read(bucket, asked);
            let rows = sql.build().fetch_all(self.readers()).await.map_err(failed)?;
            for row in rows {
                read.insert(column(&row, "trail_object", 0)?);
            }
        }
        Ok(read)
    }
}

/// Which of some objects of a bucket were read: look-ups by the key of the table.
fn objects_read(bucket: &str, objects: &[String]) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("SELECT object FROM trail_object WHERE bucket = ");
    sql.push_bind(bucket.to_owned());
    push_in(&mut sql, "object", objects);
    sql
}

async fn insert(conn: &mut SqliteConnection, batch: &TrailBatch, now: Timestamp) -> Result<(), sqlx::Error> {
    ACTIVITY
        .run(conn, &batch.activities, |query, one| {
            query
                .bind(one.account.as_str())
                .bind(one.region.as_str())
                .bind(one.kind.as_ref().map(ToString::to_string).unwrap_or_default())
                .bind(one.reference.as_str())
                .bind(one.action.as_str())
                .bind(micros(one.at))
                .bind(one.event.as_str())
                .bind(one.operation.as_str())
                .bind(json!(one.actor).to_string())
                .bind(one.source.as_str())
        })
        .await?;
    SESSION
        .run(conn, &batch.sessions, |query, one| {
            query
                .bind(one.access_key.as_str())
                .bind(one.event.as_str())
                .bind(one.session_id.clone())
                .bind(micros(one.at))
                .bind(json!(one.caller).to_string())
        })
        .await?;
    SPAN.run(conn, &batch.spans, |query, one| {
        query
            .bind(one.account.as_str())
            .bind(one.region.as_str())
            .bind(micros(one.first))
            .bind(micros(one.last))
    })
    .await?;
    OBJECT
        .run(conn, &batch.objects, |query, (bucket, object)| {
            query.bind(bucket.as_str()).bind(object.as_str()).bind(micros(now))
        })
        .await
}

/// Lets go of what is not among the events to keep, of the resources that the batch names.
async fn prune(conn: &mut SqliteConnection, batch: &TrailBatch) -> Result<(), sqlx::Error> {
    for sql in [
        "CREATE TEMP TABLE IF NOT EXISTS trail_named (reference TEXT PRIMARY KEY)",
        "DELETE FROM trail_named",
    ] {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    let mut named: Vec<&str> = batch.activities.iter().map(|one| one.reference.as_str()).collect();
    named.sort_unstable();
    named.dedup();
    NAMED.run(conn, &named, |query, reference| query.bind(*reference)).await?;
    for action in Action::ALL {
        let kept = action.kept();
        sqlx::query(
            "DELETE FROM activity WHERE id IN (SELECT id FROM (\
             SELECT id, row_number() OVER (PARTITION BY reference, account, region, kind ORDER BY at DESC, event DESC) \
             AS newest, row_number() OVER (PARTITION BY reference, account, region, kind ORDER BY at, event) AS oldest \
             FROM activity WHERE action = $1 AND reference IN (SELECT reference FROM trail_named)) \
             WHERE newest > $2 AND NOT ($3 AND oldest = 1))",
        )
        .bind(action.as_str())
        .bind(kept.newest as i64)
        .bind(kept.first)
        .execute(&mut *conn)
        .await?;
    }
    sqlx::query("DELETE FROM trail_named").execute(&mut *conn).await?;
    bound(conn, batch, ACTIVITIES_MAX, OBJECTS_MAX).await?;
    if !batch.sessions.is_empty() {
        sqlx::query(
            "DELETE FROM trail_session WHERE (at, event) < (SELECT at, event FROM trail_session \
             ORDER BY at DESC, event DESC LIMIT 1 OFFSET $1)",
        )
        .bind(SESSIONS_MAX)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Lets go of what does not fit. A little more than needed goes at once, so that not every batch has to look for it.
async fn bound(
    conn: &mut SqliteConnection,
    batch: &TrailBatch,
    activities_max: i64,
    objects_max: i64,
) -> Result<(), sqlx::Error> {
    // The order in which rows go, best kept first, is the order of an index.
    const ACTIVITIES: [&str; 2] = [
        "DELETE FROM activity WHERE id IN (SELECT id FROM activity INDEXED BY activity_at \
         WHERE action NOT IN ('created', 'put') ORDER BY at, id LIMIT $1)",
        "DELETE FROM activity WHERE id IN (SELECT id FROM activity INDEXED BY activity_at ORDER BY at, id LIMIT $1)",
    ];
    const OBJECTS: &str = "DELETE FROM trail_object WHERE rowid IN \
        (SELECT rowid FROM trail_object INDEXED BY trail_object_read ORDER BY read_at, rowid LIMIT $1)";
    if !batch.activities.is_empty() {
        for sql in ACTIVITIES {
            let there: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM activity").fetch_one(&mut *conn).await?;
            if there > activities_max {
                let excess = there - activities_max + activities_max / 100;
                sqlx::query(sql).bind(excess).execute(&mut *conn).await?;
            }
        }
    }
    if !batch.objects.is_empty() {
        let there: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM trail_object").fetch_one(&mut *conn).await?;
        if there > objects_max {
            let excess = there - objects_max + objects_max / 100;
            sqlx::query(OBJECTS).bind(excess).execute(conn).await?;
        }
    }
    Ok(())
}

fn entry(kind: &str, body: serde_json::Value) -> EntryDraft {
    EntryDraft { kind: kind.to_owned(), actor: SYSTEM_ACTOR.to_owned(), subject: "trail".to_owned(), body }
}

fn decode(row: &SqliteRow) -> Result<Activity, StoreError> {
    const TABLE: &str = "activity";
    let (kind, action): (&str, &str) = (column(row, TABLE, 2)?, column(row, TABLE, 4)?);
    Ok(Activity {
        account: column::<&str>(row, TABLE, 0)?.into(),
        region: column::<&str>(row, TABLE, 1)?.into(),
        kind: (!kind.is_empty()).then(|| kind.into()),
        reference: column(row, TABLE, 3)?,
        action: Action::parse(action)
            .ok_or_else(|| StoreError::BadRow { table: TABLE, what: format!("action `{action}`") })?,
        at: time(TABLE, column(row, TABLE, 5)?)?,
        event: column(row, TABLE, 6)?,
        operation: column(row, TABLE, 7)?,
        actor: json_column(row, TABLE, 8)?,
        source: column(row, TABLE, 9)?,
    })
}

fn decode_session(row: &SqliteRow) -> Result<SessionOrigin, StoreError> {
    const TABLE: &str = "trail_session";
    Ok(SessionOrigin {
        access_key: column(row, TABLE, 0)?,
        event: column(row, TABLE, 1)?,
        session_id: column(row, TABLE, 2)?,
        at: time(TABLE, column(row, TABLE, 3)?)?,
        caller: json_column(row, TABLE, 4)?,
    })
}

fn json_column<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    table: &'static str,
    at: usize,
) -> Result<T, StoreError> {
    serde_json::from_str(column(row, table, at)?)
        .map_err(|_| StoreError::BadRow { table, what: "an actor is not a JSON object of one".to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use fathom_model::{Actor, ActorKind};
    use sqlx::Row as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn activity(action: Action, second: i64) -> Activity {
        Activity {
            account: "1".into(),
            region: "r".into(),
            kind: None,
            reference: format!("thing {second}"),
            action,
            at: at(second),
            event: format!("{action} {second}"),
            operation: "s3:Some".to_owned(),
            actor: Actor { kind: ActorKind::User, principal: "alice".to_owned(), ..Actor::default() },
            source: "a file".to_owned(),
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_goes_the_oldest_first_and_who_made_things_last() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "test.example/log", at(0)).await.unwrap();
        let both = |second| [activity(Action::Created, second), activity(Action::Changed, second)];
        let batch = TrailBatch {
            activities: (0..10).flat_map(both).collect(),
            objects: (0..10).map(|n| ("bucket".to_owned(), format!("object {n}"))).collect(),
            ..TrailBatch::default()
        };
        for (n, object) in (0..).zip(batch.objects.chunks(1)) {
            let part = TrailBatch { objects: object.to_vec(), ..TrailBatch::default() };
            store.add_trail(&part, at(n)).await.unwrap();
        }
        store.add_trail(&batch, at(20)).await.unwrap();
        let references: Vec<String> = (0..10).map(|second| format!("thing {second}")).collect();
        let left = async |max: i64| {
            let mut guard = store.shared().write("bound").await.unwrap();
            bound(guard.connection().unwrap(), &batch, max, 4).await.unwrap();
            drop(guard);
            let mut left: Vec<(Action, i64)> = Vec::new();
            for one in store.activity_of(&references).await.unwrap() {
                left.push((one.action, one.at.as_second()));
            }
            left.sort_unstable_by_key(|(action, second)| (action.as_str(), *second));
            left
        };
        let of = |action, from: i64| (from..10).map(move |second| (action, second));
        let expected: Vec<_> = of(Action::Changed, 7).chain(of(Action::Created, 0)).collect();
        assert_eq!(left(13).await, expected);
        assert_eq!(left(3).await, of(Action::Created, 7).collect::<Vec<_>>());
        let objects: Vec<String> = batch.objects.iter().map(|(_, object)| object.clone()).collect();
        let mut read: Vec<String> =
            store.trail_objects_read("bucket", &objects).await.unwrap().into_iter().collect();
        read.sort();
        assert_eq!(read, objects[6..], "those read longest ago went");
        assert!(store.trail_objects_read("other", &objects).await.unwrap().is_empty());
        store.close().await.unwrap();
    }

    #[tokio::test]
    async fn objects_are_looked_up_by_their_key() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "test.example/log", at(0)).await.unwrap();
        let mut sql = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN ");
        let asked = objects_read("bucket", &["a".to_owned(), "b".to_owned()]);
        sql.push(asked.sql().as_str().replace("?1", "'bucket'").replace("?2", "'a'").replace("?3", "'b'"));
        let plan = sql.build().fetch_all(store.readers()).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{plan:?}");
        assert!(plan.iter().any(|step| step.contains("bucket=? AND object=?")), "{plan:?}");
        store.close().await.unwrap();
    }
}
