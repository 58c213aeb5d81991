//! The list: resources that are not understood, with the acceptances that hold at the moment of asking.

use std::collections::{HashMap, HashSet};

use fathom_model::{Acceptance, AccountId, ResourceType, Timestamp, Uid, Unknown};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    MAX_LIMIT, Store, StoreError,
    bulk::Insert,
    filter::push_in,
    rows::{column, count, stored_count},
};

/// Which part of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnknownQuery {
    /// The most rows, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Only ranks above this one: the last of the page before.
    pub after_rank: u64,
    /// Only these types; all where empty.
    pub kinds: Vec<ResourceType>,
    /// Only these accounts; all where empty.
    pub accounts: Vec<AccountId>,
    /// Also resources all of whose gaps are accepted.
    pub include_accepted: bool,
}

impl Default for UnknownQuery {
    fn default() -> Self {
        Self { limit: 100, after_rank: 0, kinds: Vec::new(), accounts: Vec::new(), include_accepted: false }
    }
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownPage {
    /// The rows, worst first; each gap carries the acceptance that covers it.
    pub rows: Vec<Unknown>,
    /// How many resources there are on the whole list, those all of whose gaps are accepted included.
    pub total: u64,
    /// Of these, those all of whose gaps are accepted.
    pub accepted: u64,
    /// What to ask for next as `after_rank`; none at the end.
    pub next: Option<u64>,
}

const INSERT: Insert = Insert {
    head: "INSERT INTO unknown (uid, kind, account, region, rank, body) VALUES",
    columns: 6,
    tail: "ON CONFLICT (uid) DO UPDATE SET kind = excluded.kind, account = excluded.account, \
           region = excluded.region, rank = excluded.rank, body = excluded.body",
};

pub(crate) async fn insert(conn: &mut SqliteConnection, unknowns: &[Unknown]) -> Result<(), sqlx::Error> {
    INSERT
        .run(conn, unknowns, |query, unknown| {
            query
                .bind(unknown.uid.as_str())
                .bind(unknown.kind.as_str())
                .bind(unknown.account.as_str())
                .bind(unknown.region.as_str())
                .bind(stored_count(unknown.rank))
                .bind(json!(unknown).to_string())
        })
        .await
}

/// Gives every row a rank of its own again, after rows of two scans came together.
pub(crate) async fn renumber(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE unknown SET rank = n.place FROM \
         (SELECT uid, ROW_NUMBER() OVER (ORDER BY rank, uid) AS place FROM unknown) n WHERE n.uid = unknown.uid",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Columns: body, rank.
pub(crate) fn decode(row: &SqliteRow) -> Result<Unknown, StoreError> {
    const TABLE: &str = "unknown";
    let mut unknown: Unknown = serde_json::from_str(column(row, TABLE, 0)?)
        .map_err(|_| StoreError::BadRow { table: TABLE, what: "body is not an unknown".to_owned() })?;
    unknown.rank = count(row, TABLE, 1)?;
    Ok(unknown)
}

/// Puts the acceptances that hold into the gaps, and says whether they cover all of them.
fn apply(unknown: &mut Unknown, holding: &HashMap<Uid, Vec<Acceptance>>, now: Timestamp) -> bool {
    let own = holding.get(&unknown.uid).map(Vec::as_slice).unwrap_or_default();
    for gap in &mut unknown.gaps {
        gap.accepted = own.iter().find(|acceptance| acceptance.covers(&gap.part, now)).cloned();
    }
    !unknown.gaps.is_empty() && unknown.gaps.iter().all(|gap| gap.accepted.is_some())
}

impl Store {
    /// A part of the list, worst first.
    pub async fn unknowns(&self, query: &UnknownQuery, now: Timestamp) -> Result<UnknownPage, StoreError> {
        let failed = |source| self.failed("read the list of unknowns", source);
        let mut holding: HashMap<Uid, Vec<Acceptance>> = HashMap::new();
        for acceptance in self.acceptances(now).await? {
            holding.entry(acceptance.uid.clone()).or_default().push(acceptance);
        }
        let total = self.count_unknowns(query).await?;
        let covered = self.covered(query, &holding, now).await?;
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT body, rank FROM unknown WHERE 1 = 1");
        push_filter(&mut sql, query);
        sql.push(" AND rank > ").push_bind(stored_count(query.after_rank)).push(" ORDER BY rank, uid");
        let limit = query.limit.clamp(1, MAX_LIMIT) as usize;
        let mut page = UnknownPage { rows: Vec::new(), total, accepted: covered.len() as u64, next: None };
        let mut statement = sql.build();
        statement = statement.persistent(false);
        let mut found = statement.fetch(self.readers());
        while let Some(row) = found.try_next().await.map_err(failed)? {
            let mut unknown = decode(&row)?;
            if covered.contains(&unknown.uid) && !query.include_accepted {
                continue;
            }
            if page.rows.len() == limit {
                page.next = page.rows.last().map(|last| last.rank);
                break;
            }
            apply(&mut unknown, &holding, now);
            page.rows.push(unknown);
        }
        Ok(page)
    }

    /// What is unknown about one resource; none where it is understood.
    pub async fn unknown_of(&self, uid: &Uid, now: Timestamp) -> Result<Option<Unknown>, StoreError> {
        let row = sqlx::query("SELECT body, rank FROM unknown WHERE uid = $1")
            .bind(uid.as_str())
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read an unknown", source))?;
        let Some(row) = row else { return Ok(None) };
        let mut unknown = decode(&row)?;
        let own = self.acceptances_of(uid, now).await?;
        apply(&mut unknown, &HashMap::from([(uid.clone(), own)]), now);
        Ok(Some(unknown))
    }

    async fn count_unknowns(&self, query: &UnknownQuery) -> Result<u64, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM unknown WHERE 1 = 1");
        push_filter(&mut sql, query);
        let row = sql
            .build()
            .fetch_one(self.readers())
            .await
            .map_err(|source| self.failed("count the list of unknowns", source))?;
        count(&row, "unknown", 0)
    }

    /// Resources of the query all of whose gaps are accepted.
    async fn covered(
        &self,
        query: &UnknownQuery,
        holding: &HashMap<Uid, Vec<Acceptance>>,
        now: Timestamp,
    ) -> Result<HashSet<Uid>, StoreError> {
        if holding.is_empty() {
            return Ok(HashSet::new());
        }
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT body, rank FROM unknown WHERE uid IN (SELECT uid FROM acceptance WHERE ended_at IS NULL)",
        );
        push_filter(&mut sql, query);
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the list of unknowns", source))?;
        let mut covered = HashSet::new();
        for row in &rows {
            let mut unknown = decode(row)?;
            if apply(&mut unknown, holding, now) {
                covered.insert(unknown.uid);
            }
        }
        Ok(covered)
    }
}

fn push_filter(sql: &mut QueryBuilder<Sqlite>, query: &UnknownQuery) {
    push_in(sql, "kind", &query.kinds);
    push_in(sql, "account", &query.accounts);
}
