//! Passkeys. What they are made of is known above this crate; here they are an id and bytes.

use fathom_model::Timestamp;
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use super::{draft, maybe_time, name_of, person_subject, seal};
use crate::{
    Store, StoreError,
    rows::{column, micros, stored_time, time},
    texts::check_text,
};

const TABLE: &str = "passkey";
/// The most passkeys of a person.
const PASSKEYS_MAX: i64 = 20;
/// The longest name of a passkey.
const NAME_BYTES_MAX: usize = 200;
/// The largest id and data of a passkey.
const DATA_BYTES_MAX: usize = 16 * 1024;

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Counts up from 1.
    pub id: i64,
    /// Whose it is.
    pub person: i64,
    /// The id that the authenticator gave it.
    pub credential: Vec<u8>,
    /// Public key, counter and the like.
    pub data: Vec<u8>,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody signed in with it last.
    pub used_at: Option<Timestamp>,
}

impl Store {
    /// The passkeys of a person, oldest first.
    pub async fn passkeys_of(&self, person: i64) -> Result<Vec<Passkey>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, person, credential, data, name, created_at, used_at FROM passkey WHERE person = $1 ORDER BY id",
        )
        .bind(person)
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read passkeys", source))?;
        rows.iter().map(decode).collect()
    }

    /// The passkey that an authenticator gave this id.
    pub async fn passkey(&self, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let row = sqlx::query(
            "SELECT id, person, credential, data, name, created_at, used_at FROM passkey WHERE credential = $1",
        )
        .bind(credential)
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read a passkey", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// Adds a passkey.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where its id is known already, or the person has too many.
    pub async fn add_passkey(
        &self,
        person: i64,
        credential: &[u8],
        data: &[u8],
        name: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Passkey, StoreError> {
        const OPERATION: &str = "add a passkey";
        let now = stored_time(now);
        check_text("the name of a passkey", name, NAME_BYTES_MAX)?;
        if credential.is_empty() || credential.len().max(data.len()) > DATA_BYTES_MAX {
            return Err(StoreError::Invalid {
                what: format!("the id and data of a passkey have 1 to {DATA_BYTES_MAX} bytes"),
            });
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let whose = name_of(&mut tx, shared, OPERATION, person).await?;
        let has: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM passkey WHERE person = $1")
            .bind(person)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        if has >= PASSKEYS_MAX {
            return Err(StoreError::Conflict {
                what: format!("a person has at most {PASSKEYS_MAX} passkeys; remove one first"),
            });
        }
        let added = sqlx::query(
            "INSERT INTO passkey (person, credential, data, name, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(person)
        .bind(credential)
        .bind(data)
        .bind(name)
        .bind(micros(now))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        if added.rows_affected() == 0 {
            return Err(StoreError::Conflict { what: "this passkey is registered already".to_owned() });
        }
        let id = added.last_insert_rowid();
        let body = json!({"person": person, "passkey": id, "name": name});
        seal(tx, shared, OPERATION, &[draft("passkey.added", by, person_subject(&whose), body)], now).await?;
        Ok(Passkey {
            id,
            person,
            credential: credential.to_vec(),
            data: data.to_vec(),
            name: name.to_owned(),
            created_at: now,
            used_at: None,
        })
    }

    /// Removes a passkey of a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it is the last way of the person to sign in.
    pub async fn remove_passkey(
        &self,
        person: i64,
        id: i64,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "remove a passkey";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let whose = name_of(&mut tx, shared, OPERATION, person).await?;
        let removed = sqlx::query("DELETE FROM passkey WHERE id = $1 AND person = $2")
            .bind(id)
            .bind(person)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        if removed.rows_affected() == 0 {
            return Err(StoreError::Missing { what: "passkey", id });
        }
        let can_enter: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM passkey WHERE person = $1) OR EXISTS (SELECT 1 FROM person WHERE id = $1 \
             AND (issuer IS NOT NULL OR (password IS NOT NULL AND totp IS NOT NULL)))",
        )
        .bind(person)
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        if !can_enter {
            return Err(StoreError::Conflict {
                what: "this is the last way to sign in; add another one first".to_owned(),
            });
        }
        let body = json!({"person": person, "passkey": id});
        seal(tx, shared, OPERATION, &[draft("passkey.removed", by, person_subject(&whose), body)], now).await
    }

    /// Notes that a passkey was used: its data changes from what the ceremony was checked against to what came of it.
    /// False where it is not that any more, because it was used at the same time or removed. The sign-in's own entry
    /// tells of it.
    pub async fn passkey_used(
        &self,
        id: i64,
        before: &[u8],
        after: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "note that a passkey was used";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let done = sqlx::query("UPDATE passkey SET data = $3, used_at = $4 WHERE id = $1 AND data = $2")
            .bind(id)
            .bind(before)
            .bind(after)
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(|source| shared.failed(OPERATION, source))?;
        seal(tx, shared, OPERATION, &[], now).await?;
        Ok(done.rows_affected() == 1)
    }
}

fn decode(row: &SqliteRow) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: column(row, TABLE, 0)?,
        person: column(row, TABLE, 1)?,
        credential: column(row, TABLE, 2)?,
        data: column(row, TABLE, 3)?,
        name: column(row, TABLE, 4)?,
        created_at: time(TABLE, column(row, TABLE, 5)?)?,
        used_at: maybe_time(row, TABLE, 6)?,
    })
}
