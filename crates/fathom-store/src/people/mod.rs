//! People: who may enter, how they sign in, their sessions, and tokens for programs.
//!
//! What is kept and how it changes, each change with its ledger entry in the same transaction. Who may do what, and what
//! makes a sign-in good, is decided above this crate: roles and methods are words here. Nothing that opens anything is in
//! an entry or an error.

mod attempts;
mod holder;
mod passkeys;
mod person;
mod sessions;
mod tokens;
mod ways;

use std::collections::BTreeSet;

use fathom_model::{AccountId, Timestamp};
use serde::de::DeserializeOwned;
use sqlx::{Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

pub use attempts::Attempts;
pub use holder::Holder;
pub use passkeys::Passkey;
pub use person::{Invitation, NewPerson, Person, PersonChange};
pub use sessions::{NewSession, SessionEnd, Spends, StoredSession};
pub use tokens::{NewToken, StoredToken, TokensOf};
pub use ways::Secrets;

use crate::{
    EntryDraft, Scope, StoreError, ledger,
    open::Shared,
    rows::{column, time},
};

/// SHA-256 of something that opens.
pub type SecretHash = [u8; 32];

/// Appends the entries of a change, and makes both last.
async fn seal(
    mut tx: Transaction<'_, Sqlite>,
    shared: &Shared,
    operation: &'static str,
    drafts: &[EntryDraft],
    now: Timestamp,
) -> Result<(), StoreError> {
    if !drafts.is_empty() {
        ledger::append_in(&mut tx, shared, drafts, now).await?;
    }
    tx.commit().await.map_err(|source| shared.failed(operation, source))?;
    if !drafts.is_empty() {
        shared.writer(operation)?.grown.notify_one();
    }
    Ok(())
}

fn draft(kind: &str, by: &str, subject: String, body: serde_json::Value) -> EntryDraft {
    EntryDraft { kind: kind.to_owned(), actor: by.to_owned(), subject, body }
}

/// How entries name a person.
fn person_subject(name: &str) -> String {
    format!("person/{name}")
}

/// The name of a person.
async fn name_of(
    tx: &mut SqliteConnection,
    shared: &Shared,
    operation: &'static str,
    id: i64,
) -> Result<String, StoreError> {
    sqlx::query_scalar("SELECT name FROM person WHERE id = $1")
        .bind(id)
        .fetch_optional(tx)
        .await
        .map_err(|source| shared.failed(operation, source))?
        .ok_or(StoreError::Missing { what: "person", id })
}

/// A scope as its two columns hold it.
fn scope_columns(scope: &Scope) -> (Option<String>, Option<String>) {
    let accounts = scope.accounts.as_ref().map(|list| serde_json::json!(list).to_string());
    let teams = scope.teams.as_ref().map(|list| serde_json::json!(list).to_string());
    (accounts, teams)
}

/// The scope in the two columns that begin at one.
fn scope(row: &SqliteRow, table: &'static str, at: usize) -> Result<Scope, StoreError> {
    fn list<T: DeserializeOwned>(text: Option<&str>, table: &'static str) -> Result<Option<T>, StoreError> {
        text.map(serde_json::from_str).transpose().map_err(|_| StoreError::BadRow {
            table,
            // A scope that cannot be read must never become everything.
            what: "a scope is not a JSON array of text".to_owned(),
        })
    }
    Ok(Scope {
        accounts: list::<BTreeSet<AccountId>>(column(row, table, at)?, table)?,
        teams: list::<BTreeSet<String>>(column(row, table, at + 1)?, table)?,
    })
}

/// A time of a column that may be null.
fn maybe_time(row: &SqliteRow, table: &'static str, at: usize) -> Result<Option<Timestamp>, StoreError> {
    column::<Option<i64>>(row, table, at)?.map(|micros| time(table, micros)).transpose()
}
