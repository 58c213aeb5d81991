//! Failures to sign in as a person, and the locks that come of them. When a lock begins is decided above this crate.

use fathom_model::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use super::{name_of, person_subject, seal};
use crate::{EntryDraft, Store, StoreError, open::Shared};

/// What failed lately for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempts {
    /// When sign-ins failed that still count, oldest first.
    pub failures: Vec<Timestamp>,
    /// How many locks followed each other since a sign-in passed.
    pub locks: u32,
    /// Until when nobody may try; none, or in the past, where the person is not locked.
    pub locked_until: Option<Timestamp>,
}

impl Store {
    /// Counts a failure of a person: `count` is given what failed before, and gives what there is after it, with the
    /// entries that tell of it; each gets the person as its subject. What it is given is as of this transaction, so that
    /// of failures at the same time none is lost.
    pub async fn set_attempts(
        &self,
        person: i64,
        count: impl FnOnce(&Attempts) -> (Attempts, Vec<EntryDraft>) + Send,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "note a failed sign-in";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let name = name_of(&mut tx, shared, OPERATION, person).await?;
        let (attempts, mut entries) = count(&attempts_of(&mut tx, shared, OPERATION, person).await?);
        sqlx::query("UPDATE person SET attempts = $2 WHERE id = $1")
            .bind(person)
            .bind(serde_json::json!(attempts).to_string())
            .execute(&mut *tx)
            .await
            .map_err(|source| shared.failed(OPERATION, source))?;
        for entry in &mut entries {
            entry.subject = person_subject(&name);
        }
        seal(tx, shared, OPERATION, &entries, now).await
    }
}

/// What failed lately for a person, as of a transaction; nothing where there is no such person.
pub(super) async fn attempts_of(
    tx: &mut SqliteConnection,
    shared: &Shared,
    operation: &'static str,
    person: i64,
) -> Result<Attempts, StoreError> {
    let text: Option<Option<String>> = sqlx::query_scalar("SELECT attempts FROM person WHERE id = $1")
        .bind(person)
        .fetch_optional(tx)
        .await
        .map_err(|source| shared.failed(operation, source))?;
    read(text.flatten().as_deref())
}

/// What failed, as the column holds it.
pub(super) fn read(text: Option<&str>) -> Result<Attempts, StoreError> {
    text.map_or_else(
        || Ok(Attempts::default()),
        |text| {
            serde_json::from_str(text).map_err(|_| StoreError::BadRow {
                table: "person",
                what: "attempts are not what we write".to_owned(),
            })
        },
    )
}
