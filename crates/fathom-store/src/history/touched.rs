//! What scans touched: every resource of which anything is otherwise than before, and the edges that are or were around some.

use fathom_model::{AccountId, EdgeKind, Region, ResourceType, Uid};
use sqlx::{AssertSqlSafe, sqlite::SqliteRow};

use crate::{Store, StoreError, bulk::select_in, rows::column};

/// A resource of which something is otherwise than it was: its document or another fact, what is said about it, what of it could not be
/// read, or what it refers to. It may be gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    pub kind: ResourceType,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Whether it is still there.
    pub is_there: bool,
}

/// An edge between two resources that were seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Where it begins.
    pub from: Uid,
    /// What kind it is.
    pub kind: EdgeKind,
    /// Where it ends.
    pub to: Uid,
}

/// Where something is noted that a scan changed: the column with the resource, the table, and the scan.
const NOTED: [(&str, &str, &str); 7] = [
    ("resource", "version", "scan"),
    ("resource", "explanation", "from_scan"),
    ("resource", "explanation_history", "to_scan"),
    ("resource", "unknown", "from_scan"),
    ("resource", "unknown_history", "to_scan"),
    ("from_id", "edge", "from_scan"),
    ("from_id", "edge_history", "to_scan"),
];

impl Store {
    /// What the scans after `since` touched, up to `until`, sorted by uid; none where it is more than `most`.
    ///
    /// # Errors
    /// Where the store fails, and [`StoreError::Compacted`] where the state at one of the ends is not kept.
    pub async fn touched_between(
        &self,
        (since, until): (i64, i64),
        most: usize,
    ) -> Result<Option<Vec<Touched>>, StoreError> {
        self.check_kept(since).await?;
        self.check_kept(until).await?;
        let rows = sqlx::query(AssertSqlSafe(touched_sql()))
            .bind(since)
            .bind(until)
            .bind(most as i64 + 1)
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read what scans touched", source))?;
        if rows.len() > most {
            return Ok(None);
        }
        let mut touched: Vec<Touched> = rows.iter().map(decode).collect::<Result<_, _>>()?;
        touched.sort();
        Ok(Some(touched))
    }

    /// The edges from or to some resources: those that there are, and those that ended after the scan `since`. Sorted, each once.
    pub async fn links_around(&self, uids: &[Uid], since: i64) -> Result<Vec<Link>, StoreError> {
        let failed = |source| self.failed("read edges", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let mut links = Vec::new();
        for head in [FROM_NOW, TO_NOW, FROM_BEFORE, TO_BEFORE] {
            let rows = select_in(&mut conn, head, uids, |query, uid| query.bind(uid.as_str().to_owned()))
                .await
                .map_err(failed)?;
            for row in &rows {
                let ended: i64 = column(row, "edge", 3)?;
                if ended > since {
                    links.push(Link {
                        from: Uid::new(column::<&str>(row, "edge", 0)?),
                        kind: EdgeKind::from(column::<&str>(row, "edge", 1)?),
                        to: Uid::new(column::<&str>(row, "edge", 2)?),
                    });
                }
            }
        }
        links.sort();
        links.dedup();
        Ok(links)
    }
}

/// The columns of an edge, with the scan in which it ended: one that holds has not.
const FROM_NOW: &str = "SELECT f.uid, e.kind, t.uid, 9223372036854775807 FROM resource f CROSS JOIN edge e ON e.from_id = f.id \
    CROSS JOIN resource t ON t.id = e.to_id WHERE f.uid";
const TO_NOW: &str = "SELECT f.uid, e.kind, t.uid, 9223372036854775807 FROM resource t CROSS JOIN edge e ON e.to_id = t.id \
    CROSS JOIN resource f ON f.id = e.from_id WHERE t.uid";
const FROM_BEFORE: &str = "SELECT f.uid, e.kind, t.uid, e.to_scan FROM resource f CROSS JOIN edge_history e ON e.from_id = f.id \
    CROSS JOIN resource t ON t.id = e.to_id WHERE f.uid";
const TO_BEFORE: &str = "SELECT f.uid, e.kind, t.uid, e.to_scan FROM resource t CROSS JOIN edge_history e ON e.to_id = t.id \
    CROSS JOIN resource f ON f.id = e.from_id WHERE t.uid";

fn touched_sql() -> String {
    let arms: Vec<String> = NOTED
        .iter()
        .map(|(resource, table, scan)| {
            format!("SELECT {resource} FROM {table} WHERE {scan} > $1 AND {scan} <= $2")
        })
        .collect();
    format!(
        "SELECT r.uid, r.kind, r.account, r.region, r.deleted_at IS NULL FROM resource r WHERE r.id IN ({}) LIMIT $3",
        arms.join(" UNION ")
    )
}

fn decode(row: &SqliteRow) -> Result<Touched, StoreError> {
    const TABLE: &str = "resource";
    Ok(Touched {
        uid: Uid::new(column::<&str>(row, TABLE, 0)?),
        kind: ResourceType::new(column::<&str>(row, TABLE, 1)?),
        account: AccountId::new(column::<&str>(row, TABLE, 2)?),
        region: Region::new(column::<&str>(row, TABLE, 3)?),
        is_there: column(row, TABLE, 4)?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests {
    use super::*;
    use fathom_model::Timestamp;
    use sqlx::Row as _;

    #[tokio::test]
    async fn what_scans_touched_is_found_without_reading_a_whole_table() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "test.example/log", Timestamp::UNIX_EPOCH).await.unwrap();
        let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", touched_sql()));
        let plan = sqlx::query(sql).bind(1).bind(2).bind(3).fetch_all(store.readers()).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.try_get("detail").unwrap()).collect();
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
        store.close().await.unwrap();
    }
}
