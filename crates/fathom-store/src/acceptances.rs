//! Acceptances: gaps that a person decided to live with until a date. None is ever deleted; it ends.

use fathom_model::{Acceptance, Timestamp, Uid};
use serde_json::json;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, Store, StoreError, ledger,
    rows::{column, micros, stored_time, time},
    texts::check_texts,
};

impl Store {
    /// Accepts a gap of a resource, or all its gaps with the part `*`, until a date. An acceptance of the same part
    /// that still holds is replaced.
    pub async fn accept(&self, acceptance: Acceptance) -> Result<Acceptance, StoreError> {
        const OPERATION: &str = "accept a gap";
        let acceptance =
            Acceptance { at: stored_time(acceptance.at), until: stored_time(acceptance.until), ..acceptance };
        check_texts(
            "an acceptance",
            &[
                ("part", &acceptance.part),
                ("reason", &acceptance.reason),
                ("name of who accepts", &acceptance.by),
            ],
        )?;
        if acceptance.until <= acceptance.at {
            return Err(StoreError::Invalid { what: "the acceptance ends before it begins".to_owned() });
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM resource WHERE uid = $1)")
            .bind(acceptance.uid.as_str())
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        if !known {
            return Err(StoreError::NoSuchResource { uid: acceptance.uid.to_string() });
        }
        let replaced =
            end(&mut tx, &acceptance.uid, &acceptance.part, &acceptance.by, "replaced", acceptance.at)
                .await
                .map_err(failed)?;
        sqlx::query(
            "INSERT INTO acceptance (uid, part, reason, accepted_by, accepted_at, until) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(acceptance.uid.as_str())
        .bind(acceptance.part.as_str())
        .bind(acceptance.reason.as_str())
        .bind(acceptance.by.as_str())
        .bind(micros(acceptance.at))
        .bind(micros(acceptance.until))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let draft = EntryDraft {
            kind: "gap.accepted".to_owned(),
            actor: acceptance.by.clone(),
            subject: acceptance.uid.to_string(),
            body: json!({
                "part": acceptance.part,
                "reason": acceptance.reason,
                "until": acceptance.until,
                "replaced": replaced > 0,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], acceptance.at).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(acceptance)
    }

    /// Ends an acceptance before its date.
    pub async fn revoke(
        &self,
        uid: &Uid,
        part: &str,
        by: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "revoke an acceptance";
        check_texts("an acceptance", &[("part", part), ("reason", reason), ("name of who revokes", by)])?;
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let ended = end(&mut tx, uid, part, by, reason, now).await.map_err(failed)?;
        if ended == 0 {
            return Err(StoreError::NoSuchAcceptance { uid: uid.to_string(), part: part.to_owned() });
        }
        let draft = EntryDraft {
            kind: "gap.acceptance_revoked".to_owned(),
            actor: by.to_owned(),
            subject: uid.to_string(),
            body: json!({ "part": part, "reason": reason }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(())
    }

    /// The acceptances that hold at a moment, those that end first coming first.
    pub async fn acceptances(&self, now: Timestamp) -> Result<Vec<Acceptance>, StoreError> {
        let rows = sqlx::query(
            "SELECT uid, part, reason, accepted_by, accepted_at, until FROM acceptance \
             WHERE ended_at IS NULL AND until > $1 ORDER BY until, id",
        )
        .bind(micros(now))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the acceptances", source))?;
        rows.iter().map(decode).collect()
    }

    /// The acceptances that hold for one resource.
    pub async fn acceptances_of(&self, uid: &Uid, now: Timestamp) -> Result<Vec<Acceptance>, StoreError> {
        let rows = sqlx::query(
            "SELECT uid, part, reason, accepted_by, accepted_at, until FROM acceptance \
             WHERE uid = $1 AND ended_at IS NULL AND until > $2 ORDER BY until, id",
        )
        .bind(uid.as_str())
        .bind(micros(now))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the acceptances", source))?;
        rows.iter().map(decode).collect()
    }
}

/// Ends what holds for a part, and says how many that were.
async fn end(
    conn: &mut SqliteConnection,
    uid: &Uid,
    part: &str,
    by: &str,
    why: &str,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE acceptance SET ended_at = $1, ended_by = $2, ended_why = $3 \
         WHERE uid = $4 AND part = $5 AND ended_at IS NULL AND until > $1",
    )
    .bind(micros(now))
    .bind(by)
    .bind(why)
    .bind(uid.as_str())
    .bind(part)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

fn decode(row: &SqliteRow) -> Result<Acceptance, StoreError> {
    const TABLE: &str = "acceptance";
    Ok(Acceptance {
        uid: Uid::new(column::<&str>(row, TABLE, 0)?),
        part: column(row, TABLE, 1)?,
        reason: column(row, TABLE, 2)?,
        by: column(row, TABLE, 3)?,
        at: time(TABLE, column(row, TABLE, 4)?)?,
        until: time(TABLE, column(row, TABLE, 5)?)?,
    })
}
