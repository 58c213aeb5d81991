//! Coverage: what was read and what was not, as of the last scan that asked.

use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, ResourceType};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    Store, StoreError, ValueCounts,
    bulk::Insert,
    filter::push_in,
    overlap::is_overtaken,
    rows::{column, count, stored_count},
};

/// How many rows of the coverage ledger ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageTotal {
    /// What came of it.
    pub outcome: Outcome,
    /// Why it is unknown.
    pub reason: Option<Reason>,
    /// How many rows.
    pub rows: u64,
}

/// Which rows of the coverage ledger. The default asks for all, up to `limit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverageQuery {
    /// Only these accounts; all where empty.
    pub accounts: Vec<AccountId>,
    /// Only these regions; all where empty.
    pub regions: Vec<Region>,
    /// Only these services; all where empty.
    pub services: Vec<String>,
    /// Only rows that were read for these types; all where empty.
    pub kinds: Vec<ResourceType>,
    /// Only this outcome.
    pub outcome: Option<Outcome>,
    /// Only this reason.
    pub reason: Option<Reason>,
    /// The most rows, 1 to 1,000,000.
    pub limit: u32,
    /// Rows to leave out at the beginning.
    pub offset: u64,
}

impl Default for CoverageQuery {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            regions: Vec::new(),
            services: Vec::new(),
            kinds: Vec::new(),
            outcome: None,
            reason: None,
            limit: 100_000,
            offset: 0,
        }
    }
}

const LIMIT_MAX: u32 = 1_000_000;

const INSERT: Insert = Insert {
    head: "INSERT INTO coverage (scan, account, region, service, operation, kind, outcome, reason, permission, detail, \
           calls, items, throttles, failures, millis) VALUES",
    columns: 15,
    tail: "",
};

/// Replaces the rows of every account, region and service that the new ones name; where `narrowed`, only those of the
/// same operation and type. What a scan that began later has said stays.
pub(crate) async fn replace(
    conn: &mut SqliteConnection,
    scan: i64,
    rows: &[Coverage],
    narrowed: bool,
) -> Result<(), sqlx::Error> {
    if narrowed {
        for row in rows {
            sqlx::query(
                "DELETE FROM coverage WHERE account = $1 AND region = $2 AND service = $3 AND operation = $4 \
                 AND kind IS $5 AND scan <= $6",
            )
            .bind(row.account.as_str())
            .bind(row.region.as_str())
            .bind(row.service.as_str())
            .bind(row.operation.as_str())
            .bind(row.resource_type.as_ref().map(|kind| kind.as_str().to_owned()))
            .bind(scan)
            .execute(&mut *conn)
            .await?;
        }
        return insert(conn, scan, rows).await;
    }
    let mut places: Vec<(&str, &str, &str)> =
        rows.iter().map(|row| (row.account.as_str(), row.region.as_str(), row.service.as_str())).collect();
    places.sort_unstable();
    places.dedup();
    for (account, region, service) in places {
        sqlx::query(
            "DELETE FROM coverage WHERE account = $1 AND region = $2 AND service = $3 AND scan <= $4",
        )
        .bind(account)
        .bind(region)
        .bind(service)
        .bind(scan)
        .execute(&mut *conn)
        .await?;
    }
    insert(conn, scan, rows).await
}

async fn insert(conn: &mut SqliteConnection, scan: i64, rows: &[Coverage]) -> Result<(), sqlx::Error> {
    INSERT
        .run(conn, rows, |query, row| {
            query
                .bind(scan)
                .bind(row.account.as_str())
                .bind(row.region.as_str())
                .bind(row.service.as_str())
                .bind(row.operation.as_str())
                .bind(row.resource_type.as_ref().map(|kind| kind.as_str().to_owned()))
                .bind(row.outcome.as_str())
                .bind(row.reason.map(Reason::as_str))
                .bind(row.permission.clone())
                .bind(row.detail.clone())
                .bind(stored_count(row.calls))
                .bind(stored_count(row.items))
                .bind(stored_count(row.throttles))
                .bind(stored_count(row.failures))
                .bind(stored_count(row.millis))
        })
        .await?;
    if is_overtaken(conn, scan).await? {
        sqlx::query(
            "DELETE FROM coverage WHERE scan = $1 AND EXISTS (SELECT 1 FROM coverage l WHERE l.scan > $1 \
             AND l.account = coverage.account AND l.region = coverage.region AND l.service = coverage.service \
             AND l.operation = coverage.operation AND l.kind IS coverage.kind)",
        )
        .bind(scan)
        .execute(conn)
        .await?;
    }
    Ok(())
}

impl Store {
    /// Rows of the coverage ledger, sorted by account, region, service and operation.
    pub async fn coverage(&self, query: &CoverageQuery) -> Result<Vec<Coverage>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT account, region, service, operation, kind, outcome, reason, permission, detail, calls, items, \
             throttles, failures, millis FROM coverage WHERE 1 = 1",
        );
        push_conditions(&mut sql, query);
        sql.push(" ORDER BY account, region, service, operation, kind, id LIMIT ");
        sql.push_bind(query.limit.clamp(1, LIMIT_MAX));
        sql.push(" OFFSET ").push_bind(stored_count(query.offset));
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the coverage", source))?;
        rows.iter().map(decode).collect()
    }

    /// How many rows there are of each outcome and reason, on all pages: `limit` and `offset` do not matter. Sorted by
    /// outcome, then by reason.
    pub async fn coverage_totals(&self, query: &CoverageQuery) -> Result<Vec<CoverageTotal>, StoreError> {
        const TABLE: &str = "coverage";
        let mut sql =
            QueryBuilder::<Sqlite>::new("SELECT outcome, reason, COUNT(*) FROM coverage WHERE 1 = 1");
        push_conditions(&mut sql, query);
        sql.push(" GROUP BY outcome, reason");
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("count the coverage", source))?;
        let mut totals = rows
            .iter()
            .map(|row| {
                let (outcome, reason) = words(column(row, TABLE, 0)?, column(row, TABLE, 1)?)?;
                Ok(CoverageTotal { outcome, reason, rows: count(row, TABLE, 2)? })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        totals.sort_by_key(|total| (total.outcome, total.reason));
        Ok(totals)
    }
}

/// How many rows of the coverage ledger have each value. Each list leaves out the filter of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoverageFacets {
    /// By account.
    pub accounts: ValueCounts,
    /// By region.
    pub regions: ValueCounts,
    /// By service.
    pub services: ValueCounts,
    /// By the type that was read; empty for what is read for none.
    pub kinds: ValueCounts,
    /// By outcome.
    pub outcomes: ValueCounts,
    /// By the reason for which it is unknown; those that are not are left out.
    pub reasons: ValueCounts,
    /// How many fit the whole filter.
    pub total: u64,
}

impl Store {
    /// The counts beside the filters. `limit` and `offset` of the query do not matter.
    pub async fn coverage_facets(&self, query: &CoverageQuery) -> Result<CoverageFacets, StoreError> {
        let mut facets = CoverageFacets::default();
        let open = |change: &dyn Fn(&mut CoverageQuery)| {
            let mut open = query.clone();
            change(&mut open);
            open
        };
        facets.accounts = self.counted("account", &open(&|query| query.accounts.clear())).await?;
        facets.regions = self.counted("region", &open(&|query| query.regions.clear())).await?;
        facets.services = self.counted("service", &open(&|query| query.services.clear())).await?;
        facets.kinds = self.counted("COALESCE(kind, '')", &open(&|query| query.kinds.clear())).await?;
        facets.outcomes = self.counted("outcome", &open(&|query| query.outcome = None)).await?;
        facets.reasons = self.counted("COALESCE(reason, '')", &open(&|query| query.reason = None)).await?;
        facets.reasons.retain(|(reason, _)| !reason.is_empty());
        facets.total = self.counted("''", query).await?.iter().map(|(_, count)| count).sum();
        Ok(facets)
    }

    /// The counts by account with all filters, that on the account too.
    pub async fn coverage_accounts(&self, query: &CoverageQuery) -> Result<ValueCounts, StoreError> {
        self.counted("account", query).await
    }

    async fn counted(&self, what: &'static str, query: &CoverageQuery) -> Result<ValueCounts, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
        sql.push(what).push(", COUNT(*) FROM coverage WHERE 1 = 1");
        push_conditions(&mut sql, query);
        sql.push(" GROUP BY 1 ORDER BY 2 DESC, 1");
        let rows = sql.build().fetch_all(self.readers()).await;
        let rows = rows.map_err(|source| self.failed("count the coverage", source))?;
        rows.iter().map(|row| Ok((column(row, "coverage", 0)?, count(row, "coverage", 1)?))).collect()
    }
}

fn push_conditions(sql: &mut QueryBuilder<Sqlite>, query: &CoverageQuery) {
    push_in(sql, "account", &query.accounts);
    push_in(sql, "region", &query.regions);
    push_in(sql, "service", &query.services);
    push_in(sql, "kind", &query.kinds);
    if let Some(outcome) = query.outcome {
        sql.push(" AND outcome = ").push_bind(outcome.as_str());
    }
    if let Some(reason) = query.reason {
        sql.push(" AND reason = ").push_bind(reason.as_str());
    }
}

/// An outcome and its reason as their columns have them.
fn words(outcome: &str, reason: Option<&str>) -> Result<(Outcome, Option<Reason>), StoreError> {
    let bad = |what: String| StoreError::BadRow { table: "coverage", what };
    let outcome = [Outcome::Read, Outcome::Empty, Outcome::Unknown]
        .into_iter()
        .find(|known| known.as_str() == outcome)
        .ok_or_else(|| bad(format!("outcome `{outcome}`")))?;
    let reason =
        reason.map(|word| Reason::parse(word).ok_or_else(|| bad(format!("reason `{word}`")))).transpose()?;
    Ok((outcome, reason))
}

fn decode(row: &SqliteRow) -> Result<Coverage, StoreError> {
    const TABLE: &str = "coverage";
    let (outcome, reason) = words(column(row, TABLE, 5)?, column(row, TABLE, 6)?)?;
    Ok(Coverage {
        account: AccountId::new(column::<&str>(row, TABLE, 0)?),
        region: Region::new(column::<&str>(row, TABLE, 1)?),
        service: column(row, TABLE, 2)?,
        operation: column(row, TABLE, 3)?,
        resource_type: column::<Option<&str>>(row, TABLE, 4)?.map(ResourceType::new),
        outcome,
        reason,
        permission: column(row, TABLE, 7)?,
        detail: column(row, TABLE, 8)?,
        calls: count(row, TABLE, 9)?,
        items: count(row, TABLE, 10)?,
        throttles: count(row, TABLE, 11)?,
        failures: count(row, TABLE, 12)?,
        millis: count(row, TABLE, 13)?,
    })
}
