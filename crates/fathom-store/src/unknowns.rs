//! The list: resources that are not understood, with the acceptances that hold at the moment of asking.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use fathom_model::{Acceptance, AccountId, Gap, Region, ResourceType, Timestamp, Uid, Unknown};
use futures::{
    TryStreamExt as _,
    stream::{self, Stream},
};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite, Transaction, sqlite::SqliteRow};

use crate::{
    CHUNK_ROWS, MAX_LIMIT, Store, StoreError, Which,
    bulk::select_in,
    filter::push_in,
    rows::{column, count, stored_count},
    scans::blocking,
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

/// Columns: uid, kind, account, region, name, body.
macro_rules! unknown_columns {
    () => {
        "u.uid, u.kind, u.account, r.region, r.name, u.body"
    };
}

/// What a row holds beside its columns.
#[derive(Deserialize)]
struct Body {
    because: Vec<String>,
    gaps: Vec<Gap>,
}

/// The row of the list with this rank.
fn decode(row: &SqliteRow, rank: u64) -> Result<Unknown, StoreError> {
    const TABLE: &str = "unknown";
    let text = |at| column::<&str>(row, TABLE, at);
    let body: Body = serde_json::from_str(text(5)?)
        .map_err(|_| StoreError::BadRow { table: TABLE, what: "body is not an unknown".to_owned() })?;
    Ok(Unknown {
        uid: Uid::new(text(0)?),
        kind: ResourceType::new(text(1)?),
        account: AccountId::new(text(2)?),
        region: Region::new(text(3)?),
        name: column(row, TABLE, 4)?,
        rank,
        because: body.because,
        gaps: body.gaps,
    })
}

/// Puts the acceptances that hold into the gaps, and says whether they cover all of them.
pub(crate) fn apply(unknown: &mut Unknown, holding: &HashMap<Uid, Vec<Acceptance>>, now: Timestamp) -> bool {
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
        let holding = self.holding(now).await?;
        let total = self.count_unknowns(query).await?;
        let covered = self.covered(query, &holding, now).await?;
        let filtered = !query.kinds.is_empty() || !query.accounts.is_empty();
        let mut sql = if filtered {
            // Ranks are those of the whole list, so it is counted through to the rows that are wanted.
            let mut sql = QueryBuilder::<Sqlite>::new(concat!(
                "SELECT ",
                unknown_columns!(),
                ", u.rank FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY severity, uid) AS rank FROM unknown) u \
                 JOIN resource r ON r.id = u.resource WHERE u.rank > "
            ));
            sql.push_bind(stored_count(query.after_rank));
            push_filter(&mut sql, query);
            sql.push(" ORDER BY u.rank");
            sql
        } else {
            let mut sql = QueryBuilder::<Sqlite>::new(concat!(
                "SELECT ",
                unknown_columns!(),
                ", NULL FROM (SELECT * FROM unknown ORDER BY severity, uid LIMIT -1 OFFSET "
            ));
            sql.push_bind(stored_count(query.after_rank));
            sql.push(") u CROSS JOIN resource r ON r.id = u.resource ORDER BY u.severity, u.uid");
            sql
        };
        let limit = query.limit.clamp(1, MAX_LIMIT) as usize;
        let mut page = UnknownPage { rows: Vec::new(), total, accepted: covered.len() as u64, next: None };
        let mut statement = sql.build();
        statement = statement.persistent(false);
        let mut found = statement.fetch(self.readers());
        let mut place = query.after_rank;
        while let Some(row) = found.try_next().await.map_err(failed)? {
            place += 1;
            let rank = column::<Option<i64>>(&row, "unknown", 6)?.map_or(place, i64::unsigned_abs);
            let mut unknown = decode(&row, rank)?;
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
        drop(found);
        if let Some(overlay) = &self.overlay {
            overlay.keep_unknowns(&mut page.rows);
            if page.next.is_none() {
                for uid in overlay.asked(query) {
                    page.rows.extend(self.unknown_of(uid, now).await?);
                }
            }
        }
        Ok(page)
    }

    /// What is not known of each resource of a part of the estate that has gaps, in no order and without ranks, which cost a walk
    /// over the whole list.
    pub async fn gaps(&self, which: &Which, now: Timestamp) -> Result<Vec<(Uid, Vec<Gap>)>, StoreError> {
        let failed = |source| self.failed("read what is not known", source);
        let mut sql = QueryBuilder::<Sqlite>::new(concat!(
            "SELECT ",
            unknown_columns!(),
            " FROM unknown u JOIN resource r ON r.id = u.resource WHERE 1"
        ));
        which.push_now(&mut sql);
        let mut statement = sql.build();
        statement = statement.persistent(false);
        let mut found = statement.fetch(self.readers());
        let mut rows = Vec::new();
        while let Some(row) = found.try_next().await.map_err(failed)? {
            rows.push(decode(&row, 0)?);
        }
        drop(found);
        if let Some(overlay) = &self.overlay {
            overlay.keep_unknowns(&mut rows);
            let query = UnknownQuery { kinds: which.kinds.clone(), ..UnknownQuery::default() };
            for uid in overlay.asked(&query).filter(|uid| which.uids.is_empty() || which.uids.contains(uid)) {
                rows.extend(self.unknown_of(uid, now).await?);
            }
        }
        Ok(rows.into_iter().map(|row| (row.uid, row.gaps)).collect())
    }

    /// The whole list as of now, worst first, in chunks of [`crate::CHUNK_ROWS`]: one snapshot, however long it is.
    pub fn stream_unknowns(
        &self,
        now: Timestamp,
    ) -> impl Stream<Item = Result<Vec<Unknown>, StoreError>> + Send + use<> {
        const OPERATION: &str = "read the list of unknowns";
        const SQL: &str = concat!(
            "SELECT ",
            unknown_columns!(),
            ", u.severity FROM (SELECT * FROM unknown WHERE (severity, uid) > ($1, $2) ORDER BY severity, uid LIMIT $3) u \
             CROSS JOIN resource r ON r.id = u.resource ORDER BY u.severity, u.uid"
        );
        struct Walk {
            snapshot: Transaction<'static, Sqlite>,
            holding: Arc<HashMap<Uid, Vec<Acceptance>>>,
            after: (i64, String),
            rank: u64,
        }
        let store = self.clone();
        stream::try_unfold(Some(None), move |walk: Option<Option<Walk>>| {
            let store = store.clone();
            async move {
                let mut walk = match walk {
                    None => return Ok(None),
                    Some(Some(walk)) => walk,
                    Some(None) => {
                        let holding = Arc::new(store.holding(now).await?);
                        let snapshot = store.walkers().begin().await;
                        let snapshot = snapshot.map_err(|source| store.failed(OPERATION, source))?;
                        Walk { snapshot, holding, after: (i64::MIN, String::new()), rank: 0 }
                    }
                };
                let rows = sqlx::query(SQL)
                    .bind(walk.after.0)
                    .bind(&walk.after.1)
                    .bind(CHUNK_ROWS as i64)
                    .fetch_all(&mut *walk.snapshot)
                    .await
                    .map_err(|source| store.failed(OPERATION, source))?;
                let Some(last) = rows.last() else { return Ok(None) };
                walk.after = (column(last, "unknown", 6)?, column(last, "unknown", 0)?);
                let first = walk.rank + 1;
                walk.rank += rows.len() as u64;
                let complete = rows.len() == CHUNK_ROWS;
                let holding = Arc::clone(&walk.holding);
                let decoded = blocking(move || {
                    rows.iter()
                        .zip(first..)
                        .map(|(row, rank)| {
                            let mut unknown = decode(row, rank)?;
                            apply(&mut unknown, &holding, now);
                            Ok(unknown)
                        })
                        .collect::<Result<Vec<_>, StoreError>>()
                })
                .await??;
                Ok(Some((decoded, complete.then_some(Some(walk)))))
            }
        })
    }

    /// The acceptances that hold, by resource.
    pub(crate) async fn holding(&self, now: Timestamp) -> Result<HashMap<Uid, Vec<Acceptance>>, StoreError> {
        let mut holding: HashMap<Uid, Vec<Acceptance>> = HashMap::new();
        for acceptance in self.acceptances(now).await? {
            holding.entry(acceptance.uid.clone()).or_default().push(acceptance);
        }
        Ok(holding)
    }

    /// What is unknown about one resource; none where it is understood.
    pub async fn unknown_of(&self, uid: &Uid, now: Timestamp) -> Result<Option<Unknown>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            unknown_columns!(),
            ", (SELECT COUNT(*) FROM unknown o WHERE (o.severity, o.uid) <= (u.severity, u.uid)) \
             FROM resource r JOIN unknown u ON u.resource = r.id WHERE r.uid = $1"
        ))
        .bind(uid.as_str())
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read an unknown", source))?;
        let mut found = None;
        if let Some(row) = row {
            let mut unknown = decode(&row, count(&row, "unknown", 6)?)?;
            let own = self.acceptances_of(uid, now).await?;
            apply(&mut unknown, &HashMap::from([(uid.clone(), own)]), now);
            found = Some(unknown);
        }
        Ok(match &self.overlay {
            Some(overlay) => overlay.unknown_of(uid, found),
            None => found,
        })
    }

    /// What is unknown about some resources, by their numbers; ranks are left out.
    pub(crate) async fn unknowns_by_id(&self, ids: &[i64]) -> Result<HashMap<i64, Unknown>, StoreError> {
        let failed = |source| self.failed("read the list of unknowns", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let rows = select_in(
            &mut conn,
            concat!(
                "SELECT ",
                unknown_columns!(),
                ", r.id FROM unknown u JOIN resource r ON r.id = u.resource WHERE u.resource"
            ),
            ids,
            |query, id| query.bind(*id),
        )
        .await
        .map_err(failed)?;
        rows.iter().map(|row| Ok((column(row, "unknown", 6)?, decode(row, 0)?))).collect()
    }

    async fn count_unknowns(&self, query: &UnknownQuery) -> Result<u64, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM unknown u WHERE 1 = 1");
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
        let mut sql = QueryBuilder::<Sqlite>::new(concat!(
            "SELECT ",
            unknown_columns!(),
            " FROM resource r JOIN unknown u ON u.resource = r.id \
             WHERE r.uid IN (SELECT uid FROM acceptance WHERE ended_at IS NULL)"
        ));
        push_filter(&mut sql, query);
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the list of unknowns", source))?;
        let mut covered = HashSet::new();
        for row in &rows {
            let mut unknown = decode(row, 0)?;
            if apply(&mut unknown, holding, now) {
                covered.insert(unknown.uid);
            }
        }
        Ok(covered)
    }
}

fn push_filter(sql: &mut QueryBuilder<Sqlite>, query: &UnknownQuery) {
    push_in(sql, "u.kind", &query.kinds);
    push_in(sql, "u.account", &query.accounts);
}
