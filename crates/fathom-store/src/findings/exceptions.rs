//! What people accepted of findings until a date. No exception is ever deleted; it ends.

use fathom_model::{FindingException, FindingRule, Timestamp};
use serde_json::json;
use sqlx::sqlite::SqliteRow;

use crate::{
    EntryDraft, Store, StoreError, ledger,
    rows::{column, micros, stored_time, time},
    texts::check_texts,
};

/// Nobody may accept a finding for longer than this.
const DAYS_MAX: i64 = 366;
/// Exceptions that hold at the same time.
const HOLDING_MAX: i64 = 10_000;
const TABLE: &str = "finding_exception";

/// An exception to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFindingException {
    /// Which findings; looked through by `fathom_findings::check_rule`.
    pub rule: FindingRule,
    /// Why it is acceptable.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
    /// Who accepts it.
    pub by: String,
    /// When it stops to hold.
    pub until: Timestamp,
}

macro_rules! exception_columns {
    () => {
        "SELECT id, finding, check_like, kind, account, tag, owner, reason, approver, accepted_by, accepted_at, until, ended_at, \
         ended_by, ended_why FROM finding_exception "
    };
}

impl Store {
    /// Accepts findings until a date, sealed. An exception of the same rule that still holds is replaced.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a finding that is not known, for texts that are empty or too long, and for an end that is past or
    /// more than 366 days away.
    pub async fn except_findings(
        &self,
        new: NewFindingException,
        now: Timestamp,
    ) -> Result<FindingException, StoreError> {
        const OPERATION: &str = "accept findings";
        let (now, until) = (stored_time(now), stored_time(new.until));
        check_texts(
            "an exception",
            &[
                ("reason", &new.reason),
                ("name of who approves", &new.approver),
                ("name of who accepts", &new.by),
            ],
        )?;
        let invalid = |what: String| Err(StoreError::Invalid { what });
        if new.rule.given().next().is_none() {
            return invalid("an exception names a finding or a pattern".to_owned());
        }
        if until <= now {
            return invalid("the exception ends before it begins".to_owned());
        }
        if until.as_second() - now.as_second() > DAYS_MAX * 86_400 {
            return invalid(format!(
                "a finding may be accepted for {DAYS_MAX} days at most; look at it again then"
            ));
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        if let Some(finding) = &new.rule.finding {
            let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM finding WHERE id = $1)")
                .bind(finding.as_str())
                .fetch_one(&mut *tx)
                .await
                .map_err(failed)?;
            if !known {
                return invalid(format!("no finding `{finding}` is known"));
            }
        }
        let holding: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM finding_exception WHERE ended_at IS NULL AND until > $1",
        )
        .bind(micros(now))
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        if holding >= HOLDING_MAX {
            return Err(StoreError::Conflict {
                what: format!("{holding} exceptions hold, as many as may; end some, or write one as a rule"),
            });
        }
        let replaced = sqlx::query(
            "UPDATE finding_exception SET ended_at = $1, ended_by = $2, ended_why = 'replaced' \
             WHERE ended_at IS NULL AND until > $1 AND finding IS $3 AND check_like IS $4 AND kind IS $5 AND account IS $6 \
             AND tag IS $7 AND owner IS $8",
        )
        .bind(micros(now))
        .bind(new.by.as_str())
        .bind(new.rule.finding.as_deref())
        .bind(new.rule.check.as_deref())
        .bind(new.rule.kind.as_deref())
        .bind(new.rule.account.as_deref())
        .bind(new.rule.tag.as_deref())
        .bind(new.rule.owner.as_deref())
        .execute(&mut *tx)
        .await
        .map_err(failed)?
        .rows_affected();
        let id = sqlx::query(
            "INSERT INTO finding_exception (finding, check_like, kind, account, tag, owner, reason, approver, accepted_by, \
             accepted_at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(new.rule.finding.as_deref())
        .bind(new.rule.check.as_deref())
        .bind(new.rule.kind.as_deref())
        .bind(new.rule.account.as_deref())
        .bind(new.rule.tag.as_deref())
        .bind(new.rule.owner.as_deref())
        .bind(new.reason.as_str())
        .bind(new.approver.as_str())
        .bind(new.by.as_str())
        .bind(micros(now))
        .bind(micros(until))
        .execute(&mut *tx)
        .await
        .map_err(failed)?
        .last_insert_rowid();
        let draft = EntryDraft {
            kind: "finding.accepted".to_owned(),
            actor: new.by.clone(),
            subject: subject(&new.rule),
            body: json!({
                "exception": id,
                "rule": new.rule,
                "reason": new.reason,
                "approver": new.approver,
                "until": until,
                "replaced": replaced > 0,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(FindingException {
            id,
            rule: new.rule,
            reason: new.reason,
            approver: new.approver,
            by: new.by,
            at: now,
            until,
            ended_at: None,
            ended_by: None,
            ended_why: None,
        })
    }

    /// Ends an exception before its date, sealed.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where none of this number holds.
    pub async fn end_finding_exception(
        &self,
        id: i64,
        by: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<FindingException, StoreError> {
        const OPERATION: &str = "withdraw an exception";
        check_texts("an exception", &[("reason", reason), ("name of who withdraws", by)])?;
        let now = stored_time(now);
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let ended = sqlx::query(
            "UPDATE finding_exception SET ended_at = $1, ended_by = $2, ended_why = $3 \
             WHERE id = $4 AND ended_at IS NULL AND until > $1",
        )
        .bind(micros(now))
        .bind(by)
        .bind(reason)
        .bind(id)
        .execute(&mut *tx)
        .await
        .map_err(failed)?
        .rows_affected();
        if ended == 0 {
            return Err(StoreError::Missing { what: "exception that holds with the number", id });
        }
        let row = sqlx::query(concat!(exception_columns!(), "WHERE id = $1"))
            .bind(id)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        let exception = decode(&row)?;
        let draft = EntryDraft {
            kind: "finding.acceptance_revoked".to_owned(),
            actor: by.to_owned(),
            subject: subject(&exception.rule),
            body: json!({ "exception": id, "reason": reason }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(exception)
    }

    /// All exceptions, also those that ended, the newest first.
    pub async fn finding_exceptions(&self) -> Result<Vec<FindingException>, StoreError> {
        let rows = sqlx::query(concat!(exception_columns!(), "ORDER BY id DESC"))
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the exceptions", source))?;
        rows.iter().map(decode).collect()
    }
}

/// One finding by its id, or the rule in words.
fn subject(rule: &FindingRule) -> String {
    rule.finding.as_ref().map_or_else(|| rule.to_string(), Clone::clone)
}

fn decode(row: &SqliteRow) -> Result<FindingException, StoreError> {
    Ok(FindingException {
        id: column(row, TABLE, 0)?,
        rule: FindingRule {
            finding: column(row, TABLE, 1)?,
            check: column(row, TABLE, 2)?,
            kind: column(row, TABLE, 3)?,
            account: column(row, TABLE, 4)?,
            tag: column(row, TABLE, 5)?,
            owner: column(row, TABLE, 6)?,
        },
        reason: column(row, TABLE, 7)?,
        approver: column(row, TABLE, 8)?,
        by: column(row, TABLE, 9)?,
        at: time(TABLE, column(row, TABLE, 10)?)?,
        until: time(TABLE, column(row, TABLE, 11)?)?,
        ended_at: column::<Option<i64>>(row, TABLE, 12)?.map(|micros| time(TABLE, micros)).transpose()?,
        ended_by: column(row, TABLE, 13)?,
        ended_why: column(row, TABLE, 14)?,
    })
}
