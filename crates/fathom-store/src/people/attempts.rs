//! Failures to sign in as a person, and the locks that come of them. When a lock begins is decided above this crate.

use fathom_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{name_of, person_subject, seal};
use crate::{EntryDraft, Store, StoreError};

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
    /// Keeps what failed for a person, with the entries that tell of it: each gets the person as its subject.
    pub async fn set_attempts(
        &self,
        person: i64,
        attempts: &Attempts,
        mut entries: Vec<EntryDraft>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "note a failed sign-in";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let name = name_of(&mut tx, shared, OPERATION, person).await?;
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
