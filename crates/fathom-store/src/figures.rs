//! How much there is and how much of it is understood: now, counted when somebody asks; and when each scan ended, counted
//! once, when the scan ends. Small scans keep no figures.

use fathom_model::{AccountId, ResourceType, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::{
    KindSummary, Store, StoreError,
    filter::push_in,
    rows::{column, count, time},
};

/// The most scans of one answer.
const TREND_SCANS_MAX: u32 = 10_000;

/// Which part of the trend. The default asks for everything over the last 400 scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrendQuery {
    /// Only these types; all where empty.
    pub kinds: Vec<ResourceType>,
    /// Only these accounts; all where empty.
    pub accounts: Vec<AccountId>,
    /// The most scans, 1 to 10,000; the newest are given.
    pub scans: u32,
}

impl Default for TrendQuery {
    fn default() -> Self {
        Self { kinds: Vec::new(), accounts: Vec::new(), scans: 400 }
    }
}

/// What the estate came to when a scan ended: everything known then, not only what that scan looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// The scan.
    pub scan: i64,
    /// When it ended.
    pub at: Timestamp,
    /// Resources that existed.
    pub total: u64,
    /// Of these, understood.
    pub understood: u64,
    /// Of these, stale.
    pub stale: u64,
}

/// Counts what exists now and keeps it for a scan.
pub(crate) async fn keep(conn: &mut SqliteConnection, scan: i64) -> Result<(), sqlx::Error> {
    // Both are answered from indexes alone: reading all resources would take much longer.
    sqlx::query(
        "INSERT INTO scan_figure (scan, kind, account, total, understood, stale) \
         SELECT $1, kind, account, COUNT(*), SUM(understood), 0 FROM resource WHERE deleted_at IS NULL \
         GROUP BY kind, account",
    )
    .bind(scan)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE scan_figure SET stale = s.stale FROM (SELECT kind, account, COUNT(*) AS stale FROM resource \
         WHERE stale = 1 GROUP BY kind, account) s \
         WHERE scan_figure.scan = $1 AND scan_figure.kind = s.kind AND scan_figure.account = s.account",
    )
    .bind(scan)
    .execute(conn)
    .await?;
    Ok(())
}

impl Store {
    /// How much is understood, by type and account, of what exists now.
    pub async fn summary(&self) -> Result<Vec<KindSummary>, StoreError> {
        const TABLE: &str = "resource";
        // Both parts are answered from indexes alone: reading all resources would take much longer.
        let rows = sqlx::query(
            "SELECT n.kind, n.account, n.total, n.understood, COALESCE(s.stale, 0) FROM \
             (SELECT kind, account, COUNT(*) AS total, SUM(understood) AS understood FROM resource \
              WHERE deleted_at IS NULL GROUP BY kind, account) n LEFT JOIN \
             (SELECT kind, account, COUNT(*) AS stale FROM resource WHERE stale = 1 GROUP BY kind, account) s \
             ON s.kind = n.kind AND s.account = n.account ORDER BY n.kind, n.account",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("summarise resources", source))?;
        rows.iter()
            .map(|row| {
                Ok(KindSummary {
                    kind: ResourceType::new(column::<&str>(row, TABLE, 0)?),
                    account: AccountId::new(column::<&str>(row, TABLE, 1)?),
                    total: count(row, TABLE, 2)?,
                    understood: count(row, TABLE, 3)?,
                    stale: count(row, TABLE, 4)?,
                })
            })
            .collect()
    }

    /// How much there was and how much was understood when each scan ended, in the order in which they ended. A scan
    /// after which there was nothing of what is asked for has a point with zeros.
    pub async fn trend(&self, query: &TrendQuery) -> Result<Vec<TrendPoint>, StoreError> {
        const TABLE: &str = "scan_figure";
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT s.id, s.finished_at, COALESCE(SUM(f.total), 0), COALESCE(SUM(f.understood), 0), \
             COALESCE(SUM(f.stale), 0) FROM (SELECT id, finished_at, turn FROM scan WHERE turn IS NOT NULL \
             AND EXISTS (SELECT 1 FROM scan_figure g WHERE g.scan = scan.id) \
             ORDER BY turn DESC LIMIT ",
        );
        sql.push_bind(query.scans.clamp(1, TREND_SCANS_MAX));
        sql.push(") s LEFT JOIN scan_figure f ON f.scan = s.id");
        push_in(&mut sql, "f.kind", &query.kinds);
        push_in(&mut sql, "f.account", &query.accounts);
        sql.push(" GROUP BY s.id, s.finished_at, s.turn ORDER BY s.turn");
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the trend", source))?;
        rows.iter()
            .map(|row| {
                Ok(TrendPoint {
                    scan: column(row, TABLE, 0)?,
                    at: time(TABLE, column(row, TABLE, 1)?)?,
                    total: count(row, TABLE, 2)?,
                    understood: count(row, TABLE, 3)?,
                    stale: count(row, TABLE, 4)?,
                })
            })
            .collect()
    }
}
