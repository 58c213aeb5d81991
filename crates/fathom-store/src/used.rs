//! What identities called: which permissions were used, when and on what.

use fathom_model::{Timestamp, Use, UseSpan};
use futures::TryStreamExt as _;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    Store, StoreError,
    bulk::{Insert, select_in},
    rows::{column, micros, time},
};

/// Rows beyond this many, those used longest ago first, are let go; the log then counts as read from there on only.
const USED_MAX: i64 = 2_000_000;
/// The most sets of resources of one operation of one identity that are told apart.
const RESOURCES_MAX: i64 = 200;

const USED: Insert = Insert {
    head: "INSERT INTO trail_used (principal, source, name, resources, account, region, first_at, last_at, event) VALUES",
    columns: 9,
    // Of two events at the same time the larger id holds, so that the order of imports does not matter.
    tail: "ON CONFLICT (principal, source, name, resources, account, region) DO UPDATE SET \
           first_at = min(first_at, excluded.first_at), \
           event = CASE WHEN (excluded.last_at, excluded.event) > (last_at, event) THEN excluded.event ELSE event END, \
           last_at = max(last_at, excluded.last_at)",
};
const SPAN: Insert = Insert {
    head: "INSERT INTO trail_used_span (account, region, first_at, last_at, reads_first, reads_last) VALUES",
    columns: 6,
    // `min` of nothing and something is nothing in SQLite.
    tail: "ON CONFLICT (account, region) DO UPDATE SET first_at = min(first_at, excluded.first_at), \
           last_at = max(last_at, excluded.last_at), \
           reads_first = min(coalesce(reads_first, excluded.reads_first), coalesce(excluded.reads_first, reads_first)), \
           reads_last = max(coalesce(reads_last, excluded.reads_last), coalesce(excluded.reads_last, reads_last))",
};

/// The rows of one operation of one identity.
macro_rules! of_call {
    () => {
        "FROM trail_used WHERE principal = $1 AND source = $2 AND name = $3"
    };
}

impl Store {
    /// What some identities called, by service, operation and resource.
    pub async fn uses_of(&self, principals: &[String]) -> Result<Vec<Use>, StoreError> {
        let failed = |source| self.failed("read what was used", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let rows = select_in(
            &mut conn,
            "SELECT principal, source, name, resources, account, region, first_at, last_at, event FROM trail_used \
             WHERE principal",
            principals,
            |query, principal| query.bind(principal.as_str()),
        );
        let mut found = rows.await.map_err(failed)?.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        found.sort();
        Ok(found)
    }

    /// Hands on of each identity in the log when it called anything last.
    pub async fn each_last_use(&self, mut each: impl FnMut(String, Timestamp)) -> Result<(), StoreError> {
        let failed = |source| self.failed("read what was used", source);
        let mut rows = sqlx::query(
            "SELECT principal, max(last_at) FROM trail_used GROUP BY principal ORDER BY principal",
        )
        .fetch(self.readers());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            each(column(&row, "trail_used", 0)?, time("trail_used", column(&row, "trail_used", 1)?)?);
        }
        Ok(())
    }

    /// From when to when the log of each place was read for what identities called.
    pub async fn use_spans(&self) -> Result<Vec<UseSpan>, StoreError> {
        const TABLE: &str = "trail_used_span";
        let rows = sqlx::query(
            "SELECT account, region, first_at, last_at, reads_first, reads_last FROM trail_used_span \
             ORDER BY account, region",
        );
        let rows = rows.fetch_all(self.readers()).await;
        let rows = rows.map_err(|source| self.failed("read the spans of what was used", source))?;
        rows.iter()
            .map(|row| {
                let maybe = |at: usize| -> Result<Option<Timestamp>, StoreError> {
                    column::<Option<i64>>(row, TABLE, at)?.map(|moment| time(TABLE, moment)).transpose()
                };
                Ok(UseSpan {
                    account: column::<&str>(row, TABLE, 0)?.into(),
                    region: column::<&str>(row, TABLE, 1)?.into(),
                    first: time(TABLE, column(row, TABLE, 2)?)?,
                    last: time(TABLE, column(row, TABLE, 3)?)?,
                    reads: maybe(4)?.zip(maybe(5)?),
                })
            })
            .collect()
    }
}

/// Adds what a part of a log tells.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    uses: &[Use],
    spans: &[UseSpan],
) -> Result<(), sqlx::Error> {
    USED.run(conn, uses, |query, one| {
        query
            .bind(one.principal.as_str())
            .bind(one.source.as_str())
            .bind(one.name.as_str())
            .bind(one.resources.join(" "))
            .bind(one.account.as_str())
            .bind(one.region.as_str())
            .bind(micros(one.first))
            .bind(micros(one.last))
            .bind(one.event.as_str())
    })
    .await?;
    SPAN.run(conn, spans, |query, one| {
        query
            .bind(one.account.as_str())
            .bind(one.region.as_str())
            .bind(micros(one.first))
            .bind(micros(one.last))
            .bind(one.reads.map(|(first, _)| micros(first)))
            .bind(one.reads.map(|(_, last)| micros(last)))
    })
    .await?;
    fold(conn, uses).await?;
    bound(conn, USED_MAX).await
}

/// Where an operation of an identity has more resources than are told apart, they become one row without a name.
async fn fold(conn: &mut SqliteConnection, uses: &[Use]) -> Result<(), sqlx::Error> {
    let mut called: Vec<(&str, &str, &str)> =
        uses.iter().map(|one| (one.principal.as_str(), one.source.as_str(), one.name.as_str())).collect();
    called.sort_unstable();
    called.dedup();
    for (principal, source, name) in called {
        let many: i64 = sqlx::query_scalar(concat!("SELECT COUNT(*) ", of_call!()))
            .bind(principal)
            .bind(source)
            .bind(name)
            .fetch_one(&mut *conn)
            .await?;
        if many <= RESOURCES_MAX {
            continue;
        }
        for sql in [
            concat!(
                "INSERT INTO trail_used SELECT principal, source, name, '', account, region, min(first_at), max(last_at), ",
                "max(event) ",
                of_call!(),
                " GROUP BY principal, source, name, account, region ON CONFLICT DO UPDATE SET ",
                "first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at), ",
                "event = excluded.event",
            ),
            concat!("DELETE ", of_call!(), " AND resources <> ''"),
        ] {
            sqlx::query(sql).bind(principal).bind(source).bind(name).execute(&mut *conn).await?;
        }
    }
    Ok(())
}

/// Lets go of what does not fit. What is then not known any more is not said to have been read.
async fn bound(conn: &mut SqliteConnection, most: i64) -> Result<(), sqlx::Error> {
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM trail_used").fetch_one(&mut *conn).await?;
    if there <= most {
        return Ok(());
    }
    // A little more than needed goes at once, so that not every part has to look for it.
    let excess = there - most + most / 100;
    let newest: i64 = sqlx::query_scalar(
        "SELECT last_at FROM trail_used INDEXED BY trail_used_last ORDER BY last_at LIMIT 1 OFFSET $1",
    )
    .bind(excess - 1)
    .fetch_one(&mut *conn)
    .await?;
    for sql in [
        "DELETE FROM trail_used WHERE last_at <= $1",
        "DELETE FROM trail_used_span WHERE last_at <= $1",
        "UPDATE trail_used_span SET first_at = max(first_at, $1), reads_first = max(reads_first, $1), \
         reads_last = max(reads_last, $1)",
    ] {
        sqlx::query(sql).bind(newest).execute(&mut *conn).await?;
    }
    Ok(())
}

fn decode(row: &SqliteRow) -> Result<Use, StoreError> {
    const TABLE: &str = "trail_used";
    Ok(Use {
        principal: column(row, TABLE, 0)?,
        source: column(row, TABLE, 1)?,
        name: column(row, TABLE, 2)?,
        resources: column::<&str>(row, TABLE, 3)?.split_ascii_whitespace().map(str::to_owned).collect(),
        account: column::<&str>(row, TABLE, 4)?.into(),
        region: column::<&str>(row, TABLE, 5)?.into(),
        first: time(TABLE, column(row, TABLE, 6)?)?,
        last: time(TABLE, column(row, TABLE, 7)?)?,
        event: column(row, TABLE, 8)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn what_does_not_fit_goes_and_then_counts_as_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "test.example/log", at(0)).await.unwrap();
        let uses: Vec<Use> = (0..10)
            .map(|second| Use {
                principal: "arn:aws:iam::1:role/app".to_owned(),
                account: "1".into(),
                region: "r".into(),
                source: "s3.amazonaws.com".to_owned(),
                name: format!("Get{second}"),
                resources: Vec::new(),
                first: at(0),
                last: at(second),
                event: "e".to_owned(),
            })
            .collect();
        let span = UseSpan {
            account: "1".into(),
            region: "r".into(),
            first: at(0),
            last: at(9),
            reads: Some((at(0), at(9))),
        };
        let mut guard = store.shared().write("test").await.unwrap();
        insert(guard.connection().unwrap(), &uses, &[span]).await.unwrap();
        bound(guard.connection().unwrap(), 6).await.unwrap();
        drop(guard);
        let left = store.uses_of(&["arn:aws:iam::1:role/app".to_owned()]).await.unwrap();
        assert_eq!(left.len(), 6);
        let spans = store.use_spans().await.unwrap();
        assert_eq!((spans[0].first, spans[0].reads), (at(3), Some((at(3), at(9)))));
        store.close().await.unwrap();
    }
}
