//! People: added, changed, disabled, invited anew. None is ever deleted: the ledger names them.

use fathom_model::Timestamp;
use serde_json::json;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    Attempts, SecretHash, attempts, draft, maybe_time, person_subject, scope, scope_columns, seal, sessions,
    tokens,
};
use crate::{
    Scope, Store, StoreError,
    open::Shared,
    rows::{column, count, micros, stored_time, time},
    texts::check_text,
};

const TABLE: &str = "person";
/// The most people of one Fathom.
const PEOPLE_MAX: i64 = 10_000;
/// The longest name, role, issuer or subject.
const TEXT_BYTES_MAX: usize = 1000;

/// Somebody who may enter, without anything that opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Counts up from 1.
    pub id: i64,
    /// What the person signs in with, and what the ledger says.
    pub name: String,
    /// A word of the crate above.
    pub role: String,
    /// What the person may see.
    pub scope: Scope,
    /// The issuer of OpenID Connect and its name for the person; none where Fathom itself knows the person.
    pub issuer: Option<(String, String)>,
    /// What passkeys know the person by: random, says nothing.
    pub handle: Vec<u8>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Whether there is a key of one-time codes.
    pub has_totp: bool,
    /// How many passkeys there are.
    pub passkeys: u64,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
    /// Until when an invitation can be used; none where there is none. It may be in the past.
    pub invited_until: Option<Timestamp>,
    /// What failed lately.
    pub attempts: Attempts,
    /// When the person was added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Since when the person may not enter any more.
    pub disabled_at: Option<Timestamp>,
    /// When the person signed in last.
    pub last_signin_at: Option<Timestamp>,
    /// Sessions that are open.
    pub sessions: u64,
}

/// Somebody to be added.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The name; no other person has it, whatever the case of its letters.
    pub name: String,
    /// The role.
    pub role: String,
    /// What the person may see.
    pub scope: Scope,
    /// The issuer of OpenID Connect and its name for the person.
    pub issuer: Option<(String, String)>,
    /// Random bytes that passkeys will know the person by.
    pub handle: Vec<u8>,
    /// How the person may enter the first time.
    pub invitation: Option<Invitation>,
}

/// An invitation as it is kept.
#[derive(Clone)]
pub struct Invitation {
    /// Hash of what the person is given.
    pub hash: SecretHash,
    /// Until when it can be used.
    pub until: Timestamp,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("until", &self.until).finish_non_exhaustive()
    }
}

/// What is to be changed of a person; all else stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonChange {
    /// Another role.
    pub role: Option<String>,
    /// Another scope.
    pub scope: Option<Scope>,
    /// Whether the person may not enter any more.
    pub disabled: Option<bool>,
}

/// Columns of a person in the order that [`decode`] reads them.
macro_rules! person_columns {
    () => {
        "p.id, p.name, p.role, p.accounts, p.teams, p.issuer, p.subject, p.handle, p.password IS NOT NULL, \
         p.totp IS NOT NULL, (SELECT COUNT(*) FROM passkey k WHERE k.person = p.id), \
         (SELECT COUNT(*) FROM recovery_code c WHERE c.person = p.id AND c.used_at IS NULL), p.invited_until, \
         p.attempts, p.created_at, p.created_by, p.disabled_at, p.last_signin_at, \
         (SELECT COUNT(*) FROM session s WHERE s.person = p.id AND s.ended_at IS NULL)"
    };
}

impl Store {
    /// Everybody, by name.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let rows = sqlx::query(concat!("SELECT ", person_columns!(), " FROM person p ORDER BY p.name_key"))
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the people", source))?;
        rows.iter().map(decode).collect()
    }

    /// Whether there is anybody.
    pub async fn has_people(&self) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM person)")
            .fetch_one(self.readers())
            .await
            .map_err(|source| self.failed("look for people", source))
    }

    /// One person.
    pub async fn person(&self, id: i64) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", person_columns!(), " FROM person p WHERE p.id = $1"))
            .bind(id)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a person", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// The person of a name, whatever the case of its letters.
    pub async fn person_named(&self, name: &str) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", person_columns!(), " FROM person p WHERE p.name_key = $1"))
            .bind(key(name))
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a person", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// The person whom an issuer of OpenID Connect calls so.
    pub async fn person_of_issuer(&self, issuer: &str, subject: &str) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            person_columns!(),
            " FROM person p WHERE p.issuer = $1 AND p.subject = $2"
        ))
        .bind(issuer)
        .bind(subject)
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read a person", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// The person whom passkeys know by this handle.
    pub async fn person_of_handle(&self, handle: &[u8]) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", person_columns!(), " FROM person p WHERE p.handle = $1"))
            .bind(handle)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a person", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// The person who was given an invitation that can still be used.
    pub async fn person_invited(
        &self,
        invitation: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            person_columns!(),
            " FROM person p WHERE p.invitation = $1 AND p.invited_until > $2 AND p.disabled_at IS NULL"
        ))
        .bind(invitation.as_slice())
        .bind(micros(now))
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read a person", source))?;
        row.as_ref().map(decode).transpose()
    }

    /// Adds a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the name, or the issuer's name for the person, is taken.
    pub async fn add_person(&self, new: NewPerson, by: &str, now: Timestamp) -> Result<Person, StoreError> {
        const OPERATION: &str = "add a person";
        let now = stored_time(now);
        check_text("a name", &new.name, TEXT_BYTES_MAX)?;
        check_text("a role", &new.role, TEXT_BYTES_MAX)?;
        if let Some((issuer, subject)) = &new.issuer {
            check_text("an issuer", issuer, TEXT_BYTES_MAX)?;
            check_text("a subject", subject, TEXT_BYTES_MAX)?;
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let people: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM person").fetch_one(&mut *tx).await.map_err(failed)?;
        if people >= PEOPLE_MAX {
            return Err(StoreError::Conflict { what: format!("there are {PEOPLE_MAX} people already") });
        }
        let (accounts, teams) = scope_columns(&new.scope);
        let (issuer, subject) = new.issuer.clone().unzip();
        let (invitation, until) =
            new.invitation.as_ref().map(|one| (one.hash.to_vec(), micros(one.until))).unzip();
        let added = sqlx::query(
            "INSERT INTO person (name, name_key, role, accounts, teams, issuer, subject, handle, invitation, \
             invited_until, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&new.name)
        .bind(key(&new.name))
        .bind(&new.role)
        .bind(accounts)
        .bind(teams)
        .bind(&issuer)
        .bind(&subject)
        .bind(&new.handle)
        .bind(invitation)
        .bind(until)
        .bind(micros(now))
        .bind(by)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        if added.rows_affected() == 0 {
            return Err(StoreError::Conflict {
                what: format!("there is a person `{}` already, or one whom the issuer calls so", new.name),
            });
        }
        let person = read(&mut tx, shared, OPERATION, added.last_insert_rowid()).await?;
        let entry = draft(
            "person.added",
            by,
            person_subject(&new.name),
            json!({
                "person": person.id,
                "role": new.role,
                "scope": new.scope,
                "issuer": issuer,
                "subject": subject,
                "invited_until": new.invitation.map(|one| stored_time(one.until)),
            }),
        );
        seal(tx, shared, OPERATION, &[entry], now).await?;
        Ok(person)
    }

    /// Changes a person. Who is disabled loses all sessions, tokens and an open invitation at once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where nobody of the role `keep` would be left who may enter.
    pub async fn change_person(
        &self,
        id: i64,
        change: PersonChange,
        keep: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Person, StoreError> {
        const OPERATION: &str = "change a person";
        let now = stored_time(now);
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let before = read(&mut tx, shared, OPERATION, id).await?;
        let role = change.role.unwrap_or_else(|| before.role.clone());
        check_text("a role", &role, TEXT_BYTES_MAX)?;
        let scope = change.scope.unwrap_or_else(|| before.scope.clone());
        let disabled_at = match (change.disabled, before.disabled_at) {
            (Some(false), _) => None,
            (Some(true), None) => Some(now),
            (_, kept) => kept,
        };
        let keeps = |role: &str, disabled_at: Option<Timestamp>| role == keep && disabled_at.is_none();
        if keeps(&before.role, before.disabled_at) && !keeps(&role, disabled_at) {
            let others: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM person WHERE role = $1 AND disabled_at IS NULL AND id <> $2)",
            )
            .bind(keep)
            .bind(id)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
            if !others {
                return Err(StoreError::Conflict {
                    what: format!("`{}` is the last {keep} who may enter", before.name),
                });
            }
        }
        let (accounts, teams) = scope_columns(&scope);
        sqlx::query("UPDATE person SET role = $2, accounts = $3, teams = $4, disabled_at = $5 WHERE id = $1")
            .bind(id)
            .bind(&role)
            .bind(accounts)
            .bind(teams)
            .bind(disabled_at.map(micros))
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let mut entries = Vec::new();
        if role != before.role
            || scope != before.scope
            || (disabled_at.is_none() && before.disabled_at.is_some())
        {
            let body = json!({
                "person": id,
                "role": role,
                "scope": scope,
                "disabled": disabled_at.is_some(),
                "before": {"role": before.role, "scope": before.scope, "disabled": before.disabled_at.is_some()},
            });
            entries.push(draft("person.changed", by, person_subject(&before.name), body));
        }
        if disabled_at.is_some() && before.disabled_at.is_none() {
            sqlx::query("UPDATE person SET invitation = NULL, invited_until = NULL WHERE id = $1")
                .bind(id)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            let tokens = tokens::revoke_of_person(&mut tx, id, now).await.map_err(failed)?;
            let ended = sessions::end_of_person(&mut tx, id, None, "disabled", now).await.map_err(failed)?;
            let body = json!({"person": id, "sessions": ended, "tokens": tokens});
            entries.push(draft("person.disabled", by, person_subject(&before.name), body));
        }
        let after = read(&mut tx, shared, OPERATION, id).await?;
        seal(tx, shared, OPERATION, &entries, now).await?;
        Ok(after)
    }

    /// Lets a person enter once more with an invitation. Every way to sign in that there was is gone, and so are sessions,
    /// tokens for programs and locks: whoever had got hold of one of them is out.
    pub async fn invite_anew(
        &self,
        id: i64,
        invitation: Invitation,
        by: &str,
        now: Timestamp,
    ) -> Result<Person, StoreError> {
        const OPERATION: &str = "invite a person";
        let now = stored_time(now);
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let before = read(&mut tx, shared, OPERATION, id).await?;
        if before.disabled_at.is_some() {
            return Err(StoreError::Conflict { what: format!("`{}` is disabled", before.name) });
        }
        if before.issuer.is_some() {
            return Err(StoreError::Conflict {
                what: format!("`{}` signs in with OpenID Connect", before.name),
            });
        }
        sqlx::query(
            "UPDATE person SET password = NULL, totp = NULL, totp_step = NULL, attempts = NULL, invitation = $2, \
             invited_until = $3 WHERE id = $1",
        )
        .bind(id)
        .bind(invitation.hash.as_slice())
        .bind(micros(invitation.until))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        for table in ["DELETE FROM passkey WHERE person = $1", "DELETE FROM recovery_code WHERE person = $1"]
        {
            sqlx::query(table).bind(id).execute(&mut *tx).await.map_err(failed)?;
        }
        let ended = sessions::end_of_person(&mut tx, id, None, "invited anew", now).await.map_err(failed)?;
        let tokens = tokens::revoke_of_person(&mut tx, id, now).await.map_err(failed)?;
        let body = json!({
            "person": id,
            "until": stored_time(invitation.until),
            "removed": {
                "password": before.has_password,
                "totp": before.has_totp,
                "passkeys": before.passkeys,
                "recovery_codes": before.recovery_codes,
            },
            "sessions": ended,
            "tokens": tokens,
        });
        let entry = draft("person.invited", by, person_subject(&before.name), body);
        let after = read(&mut tx, shared, OPERATION, id).await?;
        seal(tx, shared, OPERATION, &[entry], now).await?;
        Ok(after)
    }
}

/// A name as it is compared.
fn key(name: &str) -> String {
    name.to_lowercase()
}

async fn read(
    tx: &mut SqliteConnection,
    shared: &Shared,
    operation: &'static str,
    id: i64,
) -> Result<Person, StoreError> {
    let row = sqlx::query(concat!("SELECT ", person_columns!(), " FROM person p WHERE p.id = $1"))
        .bind(id)
        .fetch_optional(tx)
        .await
        .map_err(|source| shared.failed(operation, source))?
        .ok_or(StoreError::Missing { what: "person", id })?;
    decode(&row)
}

fn decode(row: &SqliteRow) -> Result<Person, StoreError> {
    let issuer: Option<String> = column(row, TABLE, 5)?;
    let subject: Option<String> = column(row, TABLE, 6)?;
    Ok(Person {
        id: column(row, TABLE, 0)?,
        name: column(row, TABLE, 1)?,
        role: column(row, TABLE, 2)?,
        scope: scope(row, TABLE, 3)?,
        issuer: issuer.zip(subject),
        handle: column(row, TABLE, 7)?,
        has_password: column(row, TABLE, 8)?,
        has_totp: column(row, TABLE, 9)?,
        passkeys: count(row, TABLE, 10)?,
        recovery_codes: count(row, TABLE, 11)?,
        invited_until: maybe_time(row, TABLE, 12)?,
        attempts: attempts::read(column(row, TABLE, 13)?)?,
        created_at: time(TABLE, column(row, TABLE, 14)?)?,
        created_by: column(row, TABLE, 15)?,
        disabled_at: maybe_time(row, TABLE, 16)?,
        last_signin_at: maybe_time(row, TABLE, 17)?,
        sessions: count(row, TABLE, 18)?,
    })
}
