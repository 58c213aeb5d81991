//! The person behind a session or a token, read together with it: what holds now, not when it was made.

use fathom_model::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::{maybe_time, scope};
use crate::{Scope, StoreError, rows::column};

/// Whose a session or a token is, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name.
    pub name: String,
    /// The role.
    pub role: String,
    /// What the person may see.
    pub scope: Scope,
    /// Since when the person may not enter any more.
    pub disabled_at: Option<Timestamp>,
    /// Whether the person has a way to sign in again: a passkey, a password with one-time codes, or an issuer.
    pub enrolled: bool,
}

/// Columns of a person `p` in the order that [`holder`] reads them.
macro_rules! holder_columns {
    () => {
        "p.name, p.role, p.accounts, p.teams, p.disabled_at, p.issuer IS NOT NULL OR (p.password IS NOT NULL AND \
         p.totp IS NOT NULL) OR EXISTS (SELECT 1 FROM passkey k WHERE k.person = p.id)"
    };
}
pub(super) use holder_columns;

/// The person in the columns that begin at one; nobody for the owner of the data directory.
pub(super) fn holder(row: &SqliteRow, table: &'static str, at: usize) -> Result<Option<Holder>, StoreError> {
    let Some(name) = column::<Option<String>>(row, table, at)? else { return Ok(None) };
    Ok(Some(Holder {
        name,
        role: column(row, table, at + 1)?,
        scope: scope(row, table, at + 2)?,
        disabled_at: maybe_time(row, table, at + 4)?,
        enrolled: column(row, table, at + 5)?,
    }))
}
