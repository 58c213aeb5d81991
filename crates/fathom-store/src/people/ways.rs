//! How people sign in: passwords, keys of one-time codes, recovery codes.

use std::fmt;

use fathom_model::Timestamp;
use serde_json::json;

use super::{SecretHash, draft, name_of, person_subject, seal, sessions};
use crate::{
    Store, StoreError,
    rows::{column, micros},
};

/// What a person's sign-in is checked against.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The password's hash in the PHC form.
    pub password: Option<String>,
    /// The key of one-time codes.
    pub totp: Option<Vec<u8>>,
    /// The newest step of which a code was used.
    pub totp_step: Option<i64>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("password", &self.password.is_some())
            .field("totp", &self.totp.is_some())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// What a person's sign-in is checked against; nothing where there is no such person.
    pub async fn secrets(&self, person: i64) -> Result<Secrets, StoreError> {
        const TABLE: &str = "person";
        let row = sqlx::query("SELECT password, totp, totp_step FROM person WHERE id = $1")
            .bind(person)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read how a person signs in", source))?;
        let Some(row) = row else { return Ok(Secrets::default()) };
        Ok(Secrets {
            password: column(&row, TABLE, 0)?,
            totp: column(&row, TABLE, 1)?,
            totp_step: column(&row, TABLE, 2)?,
        })
    }

    /// Gives a person another password, as its hash. All sessions but the one end.
    pub async fn set_password(
        &self,
        person: i64,
        hash: &str,
        but: Option<i64>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "set a password";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let name = name_of(&mut tx, shared, OPERATION, person).await?;
        sqlx::query("UPDATE person SET password = $2 WHERE id = $1")
            .bind(person)
            .bind(hash)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let ended =
            sessions::end_of_person(&mut tx, person, but, "password changed", now).await.map_err(failed)?;
        let body = json!({"person": person, "sessions": ended});
        seal(tx, shared, OPERATION, &[draft("password.changed", by, person_subject(&name), body)], now).await
    }

    /// Gives a person another key of one-time codes, of which a code of a step has confirmed that the person has it.
    pub async fn set_totp(
        &self,
        person: i64,
        key: &[u8],
        step: i64,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "set a key of one-time codes";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let name = name_of(&mut tx, shared, OPERATION, person).await?;
        sqlx::query("UPDATE person SET totp = $2, totp_step = $3 WHERE id = $1")
            .bind(person)
            .bind(key)
            .bind(step)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let entry = draft("totp.changed", by, person_subject(&name), json!({"person": person}));
        seal(tx, shared, OPERATION, &[entry], now).await
    }

    /// Gives a person other recovery codes, as their hashes.
    pub async fn set_recovery_codes(
        &self,
        person: i64,
        hashes: &[SecretHash],
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "set recovery codes";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let name = name_of(&mut tx, shared, OPERATION, person).await?;
        sqlx::query("DELETE FROM recovery_code WHERE person = $1")
            .bind(person)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        for hash in hashes {
            sqlx::query("INSERT INTO recovery_code (person, hash) VALUES ($1, $2)")
                .bind(person)
                .bind(hash.as_slice())
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
        }
        let body = json!({"person": person, "codes": hashes.len()});
        seal(tx, shared, OPERATION, &[draft("recovery.renewed", by, person_subject(&name), body)], now).await
    }

    /// Whether a person has a recovery code with this hash that was not used.
    pub async fn has_recovery_code(&self, person: i64, hash: &SecretHash) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM recovery_code WHERE person = $1 AND hash = $2 AND used_at IS NULL)",
        )
        .bind(person)
        .bind(hash.as_slice())
        .fetch_one(self.readers())
        .await
        .map_err(|source| self.failed("look for a recovery code", source))
    }
}

/// Notes that a recovery code was used; false where there is none that was not.
pub(super) async fn spend_recovery_code(
    tx: &mut sqlx::SqliteConnection,
    person: i64,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE recovery_code SET used_at = $3 WHERE person = $1 AND hash = $2 AND used_at IS NULL",
    )
    .bind(person)
    .bind(hash.as_slice())
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
