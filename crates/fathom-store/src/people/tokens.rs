//! Tokens for programs. Only a hash of each is here.

use std::fmt;

use fathom_model::Timestamp;
use serde_json::json;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    Holder, SecretHash, draft,
    holder::{holder, holder_columns},
    maybe_time, scope, scope_columns, seal, sessions,
};
use crate::{
    Scope, Store, StoreError,
    rows::{column, micros, stored_time, time},
    texts::check_text,
};

const TABLE: &str = "api_token";
/// The longest name of a token.
const NAME_BYTES_MAX: usize = 200;
/// The most tokens of one maker that can be used at the same time.
const TOKENS_MAX: i64 = 200;

/// The most tokens of a list.
const LISTED_MAX: i64 = 10_000;

/// Whose tokens are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokensOf {
    /// All.
    Everybody,
    /// Those that the owner of the data directory made.
    Owner,
    /// Those that a person made.
    Person(i64),
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Counts up from 1.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// Who made it; none for the owner of the data directory.
    pub person: Option<i64>,
    /// Its role.
    pub role: String,
    /// What it may see.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Since when it does not hold any more.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, within a minute.
    pub used_at: Option<Timestamp>,
}

/// A token to be made.
#[derive(Clone)]
pub struct NewToken {
    /// Hash of it.
    pub hash: SecretHash,
    /// What it is for.
    pub name: String,
    /// Who makes it; none for the owner of the data directory.
    pub person: Option<i64>,
    /// Its role.
    pub role: String,
    /// What it may see.
    pub scope: Scope,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Where the columns of who made it begin, after those of the token.
const HOLDER_AT: usize = 10;

/// Columns of a token in the order that [`decode`] reads them, and of who made it.
macro_rules! token_columns {
    () => {
        concat!(
            "SELECT t.id, t.name, t.person, t.role, t.accounts, t.teams, t.created_at, t.expires_at, t.revoked_at, \
             t.used_at, ",
            holder_columns!(),
            " FROM api_token t LEFT JOIN person p ON p.id = t.person"
        )
    };
}

impl Store {
    /// Makes a token.
    pub async fn add_token(
        &self,
        new: NewToken,
        by: &str,
        now: Timestamp,
    ) -> Result<StoredToken, StoreError> {
        const OPERATION: &str = "make a token";
        let (now, expires_at) = (stored_time(now), stored_time(new.expires_at));
        check_text("the name of a token", &new.name, NAME_BYTES_MAX)?;
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let has: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM api_token WHERE person IS $1 AND revoked_at IS NULL AND expires_at > $2",
        )
        .bind(new.person)
        .bind(micros(now))
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        if has >= TOKENS_MAX {
            return Err(StoreError::Conflict {
                what: format!("there are {TOKENS_MAX} tokens already; revoke one first"),
            });
        }
        let (accounts, teams) = scope_columns(&new.scope);
        let id = sqlx::query(
            "INSERT INTO api_token (hash, name, person, role, accounts, teams, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.hash.as_slice())
        .bind(&new.name)
        .bind(new.person)
        .bind(&new.role)
        .bind(accounts)
        .bind(teams)
        .bind(micros(now))
        .bind(micros(expires_at))
        .execute(&mut *tx)
        .await
        .map_err(failed)?
        .last_insert_rowid();
        let body = json!({
            "name": new.name,
            "person": new.person,
            "role": new.role,
            "scope": new.scope,
            "expires_at": expires_at,
        });
        seal(tx, shared, OPERATION, &[draft("token.made", by, format!("token/{id}"), body)], now).await?;
        Ok(StoredToken {
            id,
            name: new.name,
            person: new.person,
            role: new.role,
            scope: new.scope,
            created_at: now,
            expires_at,
            revoked_at: None,
            used_at: None,
        })
    }

    /// The token with this hash, whether it still holds or not, and who made it; nobody for the owner of the data
    /// directory.
    pub async fn token(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<(StoredToken, Option<Holder>)>, StoreError> {
        let row = sqlx::query(concat!(token_columns!(), " WHERE t.hash = $1"))
            .bind(hash.as_slice())
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a token", source))?;
        row.as_ref().map(|row| Ok((decode(row)?, holder(row, TABLE, HOLDER_AT)?))).transpose()
    }

    /// The token of a number.
    pub async fn token_of(&self, id: i64) -> Result<Option<(StoredToken, Option<Holder>)>, StoreError> {
        let row = sqlx::query(concat!(token_columns!(), " WHERE t.id = $1"))
            .bind(id)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a token", source))?;
        row.as_ref().map(|row| Ok((decode(row)?, holder(row, TABLE, HOLDER_AT)?))).transpose()
    }

    /// Tokens, those that do not hold any more too: first those that hold, each newest first.
    pub async fn tokens(
        &self,
        whose: TokensOf,
        now: Timestamp,
    ) -> Result<Vec<(StoredToken, Option<Holder>)>, StoreError> {
        let (all, person) = match whose {
            TokensOf::Everybody => (true, None),
            TokensOf::Owner => (false, None),
            TokensOf::Person(id) => (false, Some(id)),
        };
        // Those that hold come first, so that however many ended none of them is beyond the limit.
        let rows = sqlx::query(concat!(
            token_columns!(),
            " WHERE $1 OR t.person IS $2 \
             ORDER BY t.revoked_at IS NULL AND t.expires_at > $3 DESC, t.id DESC LIMIT $4"
        ))
        .bind(all)
        .bind(person)
        .bind(micros(now))
        .bind(LISTED_MAX)
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the tokens", source))?;
        rows.iter().map(|row| Ok((decode(row)?, holder(row, TABLE, HOLDER_AT)?))).collect()
    }

    /// Ends a token before its time; false where it was before.
    pub async fn revoke_token(&self, id: i64, by: &str, now: Timestamp) -> Result<bool, StoreError> {
        const OPERATION: &str = "revoke a token";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let name: Option<String> = sqlx::query_scalar("SELECT name FROM api_token WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(failed)?;
        let name = name.ok_or(StoreError::Missing { what: "token", id })?;
        let done = sqlx::query("UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(id)
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let entry = draft("token.revoked", by, format!("token/{id}"), json!({"name": name}));
        seal(tx, shared, OPERATION, &[entry], now).await?;
        Ok(true)
    }

    /// Ends everything that the owner's token opened: sessions, and the tokens that were made with it.
    pub async fn end_of_owner(&self, by: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "end what the owner's token opened";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let mut entries = sessions::end_of_owner(&mut tx, by, why, now).await.map_err(failed)?;
        let revoked: Vec<(i64, String)> = sqlx::query_as(
            "UPDATE api_token SET revoked_at = $1 \
             WHERE person IS NULL AND revoked_at IS NULL AND expires_at > $1 RETURNING id, name",
        )
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        entries.extend(revoked.into_iter().map(|(id, name)| {
            draft("token.revoked", by, format!("token/{id}"), json!({"name": name, "why": why}))
        }));
        seal(tx, shared, OPERATION, &entries, now).await
    }

    /// Forgets tokens that ended before a moment; the ledger still tells of them.
    pub async fn forget_tokens(&self, before: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "forget old tokens";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        sqlx::query("DELETE FROM api_token WHERE revoked_at < $1 OR expires_at < $1")
            .bind(micros(before))
            .execute(&mut *tx)
            .await
            .map_err(|source| shared.failed(OPERATION, source))?;
        tx.commit().await.map_err(|source| shared.failed(OPERATION, source))
    }

    /// Notes when tokens were used last; an observation, without an entry.
    pub async fn tokens_used(&self, used: &[(i64, Timestamp)]) -> Result<(), StoreError> {
        const OPERATION: &str = "note that tokens were used";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        for (id, at) in used {
            sqlx::query("UPDATE api_token SET used_at = MAX(COALESCE(used_at, $2), $2) WHERE id = $1")
                .bind(id)
                .bind(micros(*at))
                .execute(&mut *tx)
                .await
                .map_err(|source| shared.failed(OPERATION, source))?;
        }
        tx.commit().await.map_err(|source| shared.failed(OPERATION, source))
    }
}

/// Revokes the tokens of a person; says how many. The caller's entry tells of it.
pub(super) async fn revoke_of_person(
    tx: &mut SqliteConnection,
    person: i64,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("UPDATE api_token SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL")
        .bind(person)
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(done.rows_affected())
}

fn decode(row: &SqliteRow) -> Result<StoredToken, StoreError> {
    Ok(StoredToken {
        id: column(row, TABLE, 0)?,
        name: column(row, TABLE, 1)?,
        person: column(row, TABLE, 2)?,
        role: column(row, TABLE, 3)?,
        scope: scope(row, TABLE, 4)?,
        created_at: time(TABLE, column(row, TABLE, 6)?)?,
        expires_at: time(TABLE, column(row, TABLE, 7)?)?,
        revoked_at: maybe_time(row, TABLE, 8)?,
        used_at: maybe_time(row, TABLE, 9)?,
    })
}
