//! Assignments: who takes care of a resource, until when. None is ever deleted; it ends.

use fathom_model::{Timestamp, Uid};
use serde::Serialize;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, Scope, Store, StoreError, ledger,
    rows::{column, count, micros, stored_time, time},
    texts::check_texts,
};

/// Resources that are assigned at once.
pub const ASSIGNED_AT_ONCE_MAX: usize = 1000;
/// Nobody takes care of something for longer than this without being asked again.
const DAYS_MAX: i64 = 366;
/// Assignments of one page.
const ROWS_MAX: u32 = 1000;

/// Whom a resource is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// Somebody.
    Person,
    /// A team.
    Team,
}

impl Assignee {
    /// The word of the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Team => "team",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Person, Self::Team]
            .into_iter()
            .find(|one| one.as_str() == word)
            .ok_or_else(|| StoreError::BadRow { table: "assignment", what: format!("kind `{word}`") })
    }
}

/// Somebody who takes care of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// Its number.
    pub id: i64,
    /// The resource.
    pub uid: Uid,
    /// Who takes care of it.
    pub to: String,
    /// Whether that is a person or a team.
    pub kind: Assignee,
    /// What is to be done.
    pub note: String,
    /// Who assigned it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it stops to hold; none until somebody ends it.
    pub until: Option<Timestamp>,
    /// When it was ended or replaced.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// Why.
    pub ended_why: Option<String>,
}

/// What is to be assigned.
#[derive(Debug, Clone)]
pub struct NewAssignment {
    /// The resources.
    pub uids: Vec<Uid>,
    /// To whom.
    pub to: String,
    /// Whether that is a person or a team.
    pub kind: Assignee,
    /// What is to be done.
    pub note: String,
    /// Who assigns it.
    pub by: String,
    /// When it stops to hold.
    pub until: Option<Timestamp>,
}

/// Which assignments. The default asks for the first 100 that hold.
#[derive(Debug, Clone, Default)]
pub struct AssignmentQuery {
    /// Only those of resources that whoever asks may see.
    pub scope: Scope,
    /// Only those to somebody.
    pub to: Option<String>,
    /// Only those to persons, or to teams.
    pub kind: Option<Assignee>,
    /// Only those of a resource.
    pub uid: Option<Uid>,
    /// Those to leave out at the beginning.
    pub offset: u64,
    /// The most rows, 1 to 1000; 100 where 0.
    pub limit: u32,
}

macro_rules! assignment_columns {
    () => {
        "SELECT a.id, a.uid, a.assignee, a.kind, a.note, a.assigned_by, a.assigned_at, a.until, a.ended_at, \
         a.ended_by, a.ended_why FROM assignment a "
    };
}

impl Store {
    /// Assigns resources: all of them or none. An assignment of the same resource that still holds ends. Each is sealed.
    ///
    /// # Errors
    /// [`StoreError::NoSuchResource`] names the first that is not known.
    pub async fn assign(&self, new: NewAssignment, now: Timestamp) -> Result<Vec<Assignment>, StoreError> {
        const OPERATION: &str = "assign resources";
        let now = stored_time(now);
        let until = new.until.map(stored_time);
        check_texts(
            "an assignment",
            &[("name of who takes care", &new.to), ("note", &new.note), ("name of who assigns", &new.by)],
        )?;
        let invalid = |what: &str| Err(StoreError::Invalid { what: what.to_owned() });
        if let Some(until) = until {
            if until <= now {
                return invalid("the assignment ends before it begins");
            }
            if until.as_second() - now.as_second() > DAYS_MAX * 86_400 {
                return invalid("an assignment holds for 366 days at most; look at it again then");
            }
        }
        let mut uids = new.uids.clone();
        uids.sort();
        uids.dedup();
        if uids.is_empty() || uids.len() > ASSIGNED_AT_ONCE_MAX {
            return Err(StoreError::Invalid {
                what: format!(
                    "1 to {ASSIGNED_AT_ONCE_MAX} resources are assigned at once, not {}",
                    uids.len()
                ),
            });
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let mut made = Vec::with_capacity(uids.len());
        let mut drafts = Vec::with_capacity(uids.len());
        for uid in uids {
            let known: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM resource WHERE uid = $1 AND deleted_at IS NULL)",
            )
            .bind(uid.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
            if !known {
                return Err(StoreError::NoSuchResource { uid: uid.to_string() });
            }
            let replaced =
                end(&mut tx, "uid = $4", uid.as_str(), (&new.by, "replaced"), now).await.map_err(failed)?;
            let done = sqlx::query(
                "INSERT INTO assignment (uid, assignee, kind, note, assigned_by, assigned_at, until) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(uid.as_str())
            .bind(new.to.trim())
            .bind(new.kind.as_str())
            .bind(&new.note)
            .bind(&new.by)
            .bind(micros(now))
            .bind(until.map(micros))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
            drafts.push(EntryDraft {
                kind: "resource.assigned".to_owned(),
                actor: new.by.clone(),
                subject: uid.to_string(),
                body: json!({
                    "to": new.to.trim(),
                    "kind": new.kind.as_str(),
                    "note": new.note,
                    "until": until,
                    "replaced": replaced > 0,
                }),
            });
            made.push(Assignment {
                id: done.last_insert_rowid(),
                uid,
                to: new.to.trim().to_owned(),
                kind: new.kind,
                note: new.note.clone(),
                by: new.by.clone(),
                at: now,
                until,
                ended_at: None,
                ended_by: None,
                ended_why: None,
            });
        }
        ledger::append_in(&mut tx, shared, &drafts, now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(made)
    }

    /// Ends an assignment, sealed.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where none of this number holds.
    pub async fn end_assignment(
        &self,
        id: i64,
        by: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Assignment, StoreError> {
        const OPERATION: &str = "end an assignment";
        check_texts("an assignment", &[("reason", reason), ("name of who ends it", by)])?;
        let now = stored_time(now);
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let ended = end(&mut tx, "id = $4", id, (by, reason), now).await.map_err(failed)?;
        if ended == 0 {
            return Err(StoreError::Missing { what: "assignment that holds with the number", id });
        }
        let row = sqlx::query(concat!(assignment_columns!(), "WHERE a.id = $1"))
            .bind(id)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        let assignment = decode(&row)?;
        let draft = EntryDraft {
            kind: "resource.assignment_ended".to_owned(),
            actor: by.to_owned(),
            subject: assignment.uid.to_string(),
            body: json!({ "to": assignment.to, "reason": reason }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(assignment)
    }

    /// Assignments that hold, those that end first coming first, then the oldest; and how many there are.
    pub async fn assignments(
        &self,
        query: &AssignmentQuery,
        now: Timestamp,
    ) -> Result<(Vec<Assignment>, u64), StoreError> {
        let failed = |source| self.failed("read the assignments", source);
        let limit = if query.limit == 0 { 100 } else { query.limit.min(ROWS_MAX) };
        let mut sql = QueryBuilder::<Sqlite>::new(assignment_columns!());
        push_wanted(&mut sql, query, now);
        sql.push(" ORDER BY a.until IS NULL, a.until, a.assigned_at, a.id");
        if query.scope.is_all() {
            let mut counted = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM assignment a ");
            push_wanted(&mut counted, query, now);
            let row = counted.build().fetch_one(self.readers()).await.map_err(failed)?;
            sql.push(" LIMIT ").push_bind(i64::from(limit));
            sql.push(" OFFSET ").push_bind(i64::try_from(query.offset).unwrap_or(i64::MAX));
            let rows = sql.build().fetch_all(self.readers()).await.map_err(failed)?;
            let page = rows.iter().map(decode).collect::<Result<_, _>>()?;
            return Ok((page, count(&row, "assignment", 0)?));
        }
        let rows = sql.build().fetch_all(self.readers()).await.map_err(failed)?;
        let mut all = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let uids: Vec<Uid> = all.iter().map(|one| one.uid.clone()).collect();
        let seen = self.seen_of(&query.scope, &uids).await?;
        all.retain(|one| seen.get(&one.uid) == Some(&true));
        let total = all.len() as u64;
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        Ok((all.into_iter().skip(offset).take(limit as usize).collect(), total))
    }

    /// One that holds, by its number.
    pub async fn assignment(&self, id: i64, now: Timestamp) -> Result<Option<Assignment>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new(assignment_columns!());
        push_holding(&mut sql, now);
        sql.push(" AND a.id = ").push_bind(id);
        let row = sql
            .build()
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read an assignment", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// Those of some resources that hold, by uid.
    pub async fn assignments_of(&self, uids: &[Uid], now: Timestamp) -> Result<Vec<Assignment>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new(assignment_columns!());
        push_holding(&mut sql, now);
        sql.push(" AND a.uid IN (SELECT value FROM json_each(").push_bind(json!(uids).to_string());
        sql.push(")) ORDER BY a.uid, a.id");
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the assignments", source))?;
        rows.iter().map(decode).collect()
    }

    /// Numbers of resources that are assigned, with to whom.
    pub(crate) async fn assigned(&self, now: Timestamp) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.id, a.assignee FROM assignment a CROSS JOIN resource r ON r.uid = a.uid \
             WHERE a.ended_at IS NULL AND (a.until IS NULL OR a.until > $1)",
        )
        .bind(micros(now))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the assignments", source))?;
        rows.iter().map(|row| Ok((column(row, "resource", 0)?, column(row, "assignment", 1)?))).collect()
    }
}

fn push_holding(sql: &mut QueryBuilder<Sqlite>, now: Timestamp) {
    sql.push("WHERE a.ended_at IS NULL AND (a.until IS NULL OR a.until > ").push_bind(micros(now)).push(")");
}

fn push_wanted(sql: &mut QueryBuilder<Sqlite>, query: &AssignmentQuery, now: Timestamp) {
    push_holding(sql, now);
    if let Some(to) = &query.to {
        sql.push(" AND a.assignee = ").push_bind(to.clone());
    }
    if let Some(kind) = query.kind {
        sql.push(" AND a.kind = ").push_bind(kind.as_str());
    }
    if let Some(uid) = &query.uid {
        sql.push(" AND a.uid = ").push_bind(uid.as_str().to_owned());
    }
}

/// Ends what holds and fits the condition over `$4`, and says how many that were.
async fn end<'q, T>(
    conn: &mut SqliteConnection,
    condition: &'static str,
    value: T,
    (by, why): (&'q str, &'q str),
    now: Timestamp,
) -> Result<u64, sqlx::Error>
where
    T: sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite> + Send + 'q,
{
    let sql = format!(
        "UPDATE assignment SET ended_at = $1, ended_by = $2, ended_why = $3 \
         WHERE {condition} AND ended_at IS NULL AND (until IS NULL OR until > $1)"
    );
    let done = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(micros(now))
        .bind(by)
        .bind(why)
        .bind(value)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

fn decode(row: &SqliteRow) -> Result<Assignment, StoreError> {
    const TABLE: &str = "assignment";
    let optional_time =
        |at| column::<Option<i64>>(row, TABLE, at)?.map(|micros| time(TABLE, micros)).transpose();
    Ok(Assignment {
        id: column(row, TABLE, 0)?,
        uid: Uid::new(column::<&str>(row, TABLE, 1)?),
        to: column(row, TABLE, 2)?,
        kind: Assignee::parse(column(row, TABLE, 3)?)?,
        note: column(row, TABLE, 4)?,
        by: column(row, TABLE, 5)?,
        at: time(TABLE, column(row, TABLE, 6)?)?,
        until: optional_time(7)?,
        ended_at: optional_time(8)?,
        ended_by: column(row, TABLE, 9)?,
        ended_why: column(row, TABLE, 10)?,
    })
}
