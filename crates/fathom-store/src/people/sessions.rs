//! Sessions. Only a hash of what opens one is here. When one was used last is kept within half a minute and without an
//! entry: it is an observation, and would be more entries than all else together.

use std::fmt;

use fathom_model::Timestamp;
use serde_json::json;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    Holder, SecretHash,
    attempts::attempts_of,
    draft,
    holder::{holder, holder_columns},
    name_of, person_subject, seal, ways,
};
use crate::{
    EntryDraft, Store, StoreError,
    rows::{column, micros, stored_time, time},
};

const TABLE: &str = "session";
/// Who the ledger names for the owner of the data directory.
const OWNER: &str = "owner";
/// The most open sessions of a person; the one that was used longest ago ends when there would be more.
const SESSIONS_MAX: i64 = 20;

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Counts up from 1.
    pub id: i64,
    /// Whose it is; none for the owner of the data directory.
    pub person: Option<i64>,
    /// How the person signed in: a word of the crate above.
    pub method: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it was used last, within half a minute.
    pub used_at: Timestamp,
    /// When it ends, however much it is used.
    pub ends_at: Timestamp,
    /// Where the request came from that began it.
    pub address: Option<String>,
    /// What that request said that it was made with.
    pub agent: Option<String>,
}

/// What a sign-in uses up, in the same transaction that begins the session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Spends {
    /// Nothing.
    Nothing,
    /// The one-time codes of this step and those before it.
    TotpStep(i64),
    /// The recovery code of this hash.
    RecoveryCode(SecretHash),
    /// The invitation that is open.
    Invitation,
}

impl Spends {
    /// Whether somebody who does not have it can guess it: then a lock keeps it from being tried.
    fn can_be_guessed(self) -> bool {
        matches!(self, Self::TotpStep(_) | Self::RecoveryCode(_))
    }
}

impl fmt::Debug for Spends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::TotpStep(_) => "TotpStep(…)",
            Self::RecoveryCode(_) => "RecoveryCode(…)",
            Self::Invitation => "Invitation",
        })
    }
}

/// A session to begin.
#[derive(Clone)]
pub struct NewSession {
    /// Hash of what opens it.
    pub hash: SecretHash,
    /// Whose it will be; none for the owner of the data directory.
    pub person: Option<i64>,
    /// How the person signed in.
    pub method: String,
    /// More about how, for the entry: an issuer, a passkey's number.
    pub detail: Option<String>,
    /// When it ends, however much it is used.
    pub ends_at: Timestamp,
    /// Where the request came from.
    pub address: Option<String>,
    /// What it said that it was made with.
    pub agent: Option<String>,
    /// What the sign-in uses up.
    pub spends: Spends,
    /// A session that this one takes the place of.
    pub instead_of: Option<i64>,
    /// Whether it only serves to set up how the person will sign in: the person has not signed in with it.
    pub enrolling: bool,
    /// The method of sessions that only serve to set that up: those of the person end with this one.
    pub ends: String,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession")
            .field("person", &self.person)
            .field("method", &self.method)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

/// A session that is over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnd {
    /// The session.
    pub session: i64,
    /// Why: `signed out`, `not used`, …
    pub why: String,
}

/// Where the columns of whose it is begin, after those of the session.
const HOLDER_AT: usize = 8;

/// Columns of a session in the order that [`decode`] reads them.
macro_rules! session_columns {
    () => {
        "s.id, s.person, s.method, s.begun_at, s.used_at, s.ends_at, s.address, s.agent"
    };
}

impl Store {
    /// Begins a session and notes that the person signed in; the failures before are forgotten, and an invitation that was
    /// open is spent. `name` is what the ledger says.
    ///
    /// # Errors
    /// [`StoreError::Spent`] where what it uses up was used before, [`StoreError::Conflict`] where the person is disabled,
    /// or locked meanwhile.
    pub async fn begin_session(
        &self,
        new: NewSession,
        name: &str,
        now: Timestamp,
    ) -> Result<StoredSession, StoreError> {
        const OPERATION: &str = "begin a session";
        let now = stored_time(now);
        let ends_at = stored_time(new.ends_at);
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let mut entries = Vec::new();
        if let Some(person) = new.person {
            let enabled: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM person WHERE id = $1 AND disabled_at IS NULL)",
            )
            .bind(person)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
            if !enabled {
                return Err(StoreError::Conflict { what: "the person is disabled".to_owned() });
            }
            let attempts = attempts_of(&mut tx, shared, OPERATION, person).await?;
            if new.spends.can_be_guessed() && attempts.locked_until.is_some_and(|until| until > now) {
                return Err(StoreError::Conflict { what: "the person is locked".to_owned() });
            }
            if !spend(&mut tx, person, new.spends, now).await.map_err(failed)? {
                return Err(StoreError::Spent);
            }
            let ended = end_enrolling(&mut tx, person, &new, now).await.map_err(failed)?;
            entries.extend(ended.into_iter().map(|id| ended_entry(id, name, name, &new.ends, "replaced")));
            if !new.enrolling {
                // Whoever signs in needs no invitation: left open, it would be one more way in for whoever has the link.
                sqlx::query(
                    "UPDATE person SET last_signin_at = $2, attempts = NULL, invitation = NULL, \
                     invited_until = NULL WHERE id = $1",
                )
                .bind(person)
                .bind(micros(now))
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            }
        }
        if let Some(before) = new.instead_of {
            sqlx::query(
                "UPDATE session SET ended_at = $2, ended_why = 'replaced' WHERE id = $1 AND ended_at IS NULL",
            )
            .bind(before)
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        }
        let surplus: Vec<(i64, String)> = sqlx::query_as(
            "SELECT id, method FROM session WHERE person IS $1 AND ended_at IS NULL \
             ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET $2",
        )
        .bind(new.person)
        .bind(SESSIONS_MAX - 1)
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        for (id, method) in surplus {
            sqlx::query("UPDATE session SET ended_at = $2, ended_why = 'too many' WHERE id = $1")
                .bind(id)
                .bind(micros(now))
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            entries.push(ended_entry(id, name, name, &method, "too many"));
        }
        let id = sqlx::query(
            "INSERT INTO session (hash, person, method, begun_at, used_at, ends_at, address, agent) \
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        )
        .bind(new.hash.as_slice())
        .bind(new.person)
        .bind(&new.method)
        .bind(micros(now))
        .bind(micros(ends_at))
        .bind(&new.address)
        .bind(&new.agent)
        .execute(&mut *tx)
        .await
        .map_err(failed)?
        .last_insert_rowid();
        let body = json!({
            "session": id,
            "method": new.method,
            "detail": new.detail,
            "address": new.address,
            "instead_of": new.instead_of,
        });
        entries.push(draft("signin.passed", name, person_subject(name), body));
        seal(tx, shared, OPERATION, &entries, now).await?;
        Ok(StoredSession {
            id,
            person: new.person,
            method: new.method,
            begun_at: now,
            used_at: now,
            ends_at,
            address: new.address,
            agent: new.agent,
        })
    }

    /// The open session that something with this hash opens, and whose it is; nobody for the owner of the data directory.
    pub async fn session(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<(StoredSession, Option<Holder>)>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            session_columns!(),
            ", ",
            holder_columns!(),
            " FROM session s LEFT JOIN person p ON p.id = s.person WHERE s.hash = $1 AND s.ended_at IS NULL"
        ))
        .bind(hash.as_slice())
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read a session", source))?;
        row.as_ref().map(|row| Ok((decode(row)?, holder(row, TABLE, HOLDER_AT)?))).transpose()
    }

    /// The open session of a number, and whose it is.
    pub async fn session_of(&self, id: i64) -> Result<Option<(StoredSession, Option<Holder>)>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            session_columns!(),
            ", ",
            holder_columns!(),
            " FROM session s LEFT JOIN person p ON p.id = s.person WHERE s.id = $1 AND s.ended_at IS NULL"
        ))
        .bind(id)
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read a session", source))?;
        row.as_ref().map(|row| Ok((decode(row)?, holder(row, TABLE, HOLDER_AT)?))).transpose()
    }

    /// All open sessions, newest first, and whose they are.
    pub async fn sessions(&self) -> Result<Vec<(StoredSession, Option<Holder>)>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            session_columns!(),
            ", ",
            holder_columns!(),
            " FROM session s LEFT JOIN person p ON p.id = s.person WHERE s.ended_at IS NULL ORDER BY s.id DESC"
        ))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the sessions", source))?;
        rows.iter().map(|row| Ok((decode(row)?, holder(row, TABLE, HOLDER_AT)?))).collect()
    }

    /// Notes when sessions were used last.
    pub async fn sessions_used(&self, used: &[(i64, Timestamp)]) -> Result<(), StoreError> {
        const OPERATION: &str = "note that sessions were used";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        for (id, at) in used {
            sqlx::query("UPDATE session SET used_at = MAX(used_at, $2) WHERE id = $1")
                .bind(id)
                .bind(micros(*at))
                .execute(&mut *tx)
                .await
                .map_err(|source| shared.failed(OPERATION, source))?;
        }
        tx.commit().await.map_err(|source| shared.failed(OPERATION, source))
    }

    /// Ends sessions that are open; says how many those were.
    pub async fn end_sessions(
        &self,
        ends: &[SessionEnd],
        by: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        const OPERATION: &str = "end sessions";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let mut entries = Vec::new();
        for SessionEnd { session, why } in ends {
            let done = sqlx::query(
                "UPDATE session SET ended_at = $2, ended_why = $3 WHERE id = $1 AND ended_at IS NULL",
            )
            .bind(session)
            .bind(micros(now))
            .bind(why)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
            if done.rows_affected() == 0 {
                continue;
            }
            let (person, method): (Option<i64>, String) =
                sqlx::query_as("SELECT person, method FROM session WHERE id = $1")
                    .bind(session)
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(failed)?;
            let whose = match person {
                Some(person) => name_of(&mut tx, shared, OPERATION, person).await?,
                None => OWNER.to_owned(),
            };
            entries.push(ended_entry(*session, by, &whose, &method, why));
        }
        let ended = entries.len() as u64;
        seal(tx, shared, OPERATION, &entries, now).await?;
        Ok(ended)
    }

    /// Forgets sessions that ended before a moment; the ledger still tells of them.
    pub async fn forget_sessions(&self, before: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "forget old sessions";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        sqlx::query("DELETE FROM session WHERE ended_at < $1")
            .bind(micros(before))
            .execute(&mut *tx)
            .await
            .map_err(|source| shared.failed(OPERATION, source))?;
        tx.commit().await.map_err(|source| shared.failed(OPERATION, source))
    }
}

/// Uses something up; false where it was before.
async fn spend(
    tx: &mut SqliteConnection,
    person: i64,
    what: Spends,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = match what {
        Spends::Nothing => return Ok(true),
        Spends::RecoveryCode(hash) => return ways::spend_recovery_code(tx, person, &hash, now).await,
        Spends::TotpStep(step) => {
            sqlx::query(
                "UPDATE person SET totp_step = $2 WHERE id = $1 AND totp IS NOT NULL \
                 AND (totp_step IS NULL OR totp_step < $2)",
            )
            .bind(person)
            .bind(step)
            .execute(tx)
            .await?
        }
        Spends::Invitation => {
            sqlx::query(
                "UPDATE person SET invitation = NULL, invited_until = NULL \
                 WHERE id = $1 AND invitation IS NOT NULL AND invited_until > $2",
            )
            .bind(person)
            .bind(micros(now))
            .execute(tx)
            .await?
        }
    };
    Ok(done.rows_affected() == 1)
}

/// Ends the sessions of the owner of the data directory, each with its entry.
pub(super) async fn end_of_owner(
    tx: &mut SqliteConnection,
    by: &str,
    why: &str,
    now: Timestamp,
) -> Result<Vec<EntryDraft>, sqlx::Error> {
    let ended: Vec<(i64, String)> = sqlx::query_as(
        "UPDATE session SET ended_at = $1, ended_why = $2 WHERE person IS NULL AND ended_at IS NULL \
         RETURNING id, method",
    )
    .bind(micros(now))
    .bind(why)
    .fetch_all(tx)
    .await?;
    Ok(ended.into_iter().map(|(id, method)| ended_entry(id, by, OWNER, &method, why)).collect())
}

/// Ends the sessions of a person, but one; says how many. The caller's entry tells of it.
pub(super) async fn end_of_person(
    tx: &mut SqliteConnection,
    person: i64,
    but: Option<i64>,
    why: &str,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE session SET ended_at = $3, ended_why = $4 WHERE person = $1 AND id IS NOT $2 AND ended_at IS NULL",
    )
    .bind(person)
    .bind(but)
    .bind(micros(now))
    .bind(why)
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// Ends the sessions of a person that only serve to set up how to sign in. The entry of the one that the new session takes
/// the place of is the new one's.
async fn end_enrolling(
    tx: &mut SqliteConnection,
    person: i64,
    new: &NewSession,
    now: Timestamp,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE session SET ended_at = $3, ended_why = 'replaced' \
         WHERE person = $1 AND method = $2 AND id IS NOT $4 AND ended_at IS NULL RETURNING id",
    )
    .bind(person)
    .bind(&new.ends)
    .bind(micros(now))
    .bind(new.instead_of)
    .fetch_all(tx)
    .await
}

fn ended_entry(id: i64, by: &str, whose: &str, method: &str, why: &str) -> EntryDraft {
    draft("session.ended", by, person_subject(whose), json!({"session": id, "method": method, "why": why}))
}

fn decode(row: &SqliteRow) -> Result<StoredSession, StoreError> {
    Ok(StoredSession {
        id: column(row, TABLE, 0)?,
        person: column(row, TABLE, 1)?,
        method: column(row, TABLE, 2)?,
        begun_at: time(TABLE, column(row, TABLE, 3)?)?,
        used_at: time(TABLE, column(row, TABLE, 4)?)?,
        ends_at: time(TABLE, column(row, TABLE, 5)?)?,
        address: column(row, TABLE, 6)?,
        agent: column(row, TABLE, 7)?,
    })
}
