//! What changed between two scans: what each resource was at both ends, whatever happened in between.

use std::collections::HashMap;

use fathom_model::{AccountId, Region, ResourceType, Uid};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{FACTS_COLUMNS, facts_columns, versions};
use crate::{
    KeptVersion, Scope, Store, StoreError, documents, filter::push_in, rows::column, scans::blocking,
};

/// Resources that are read at a time, each with two documents.
const READ_MAX: usize = 64;
/// Keys of resources that are read at a time.
const KEYS_MAX: usize = 10_000;

/// Between which scans, and of which resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeQuery {
    /// The scan that left the estate as it was before; 0 for one that knew nothing.
    pub since: i64,
    /// The scan that left it as it was after.
    pub until: i64,
    /// Only these types; all where empty.
    pub kinds: Vec<ResourceType>,
    /// Only these accounts; all where empty.
    pub accounts: Vec<AccountId>,
    /// Only these regions; all where empty.
    pub regions: Vec<Region>,
    /// Only resources after this one in the order of type and uid.
    pub after: Option<(ResourceType, Uid)>,
    /// Only resources that whoever asks may see. Whose a resource is, is as of now; of what is gone, whose it was last.
    pub scope: Scope,
    /// Whether documents are left out, for whom it is enough to know what differs.
    pub without_documents: bool,
}

/// What became of a resource between two scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It was not known before.
    Added,
    /// It was gone before, and is there again.
    Returned,
    /// It is there, and differs.
    Changed,
    /// It is gone.
    Gone,
    /// It is as it was; only whether it is understood differs.
    Same,
}

impl Fate {
    /// The word used in tables and by programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Returned => "returned",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Same => "same",
        }
    }
}

/// A resource that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct EstateChange {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    pub kind: ResourceType,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The id in the provider's own calls.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
    /// Its version before; none where it was not known.
    pub before: Option<KeptVersion>,
    /// Its version after.
    pub after: Option<KeptVersion>,
    /// Whether it was understood before and after; none where it was not there, or nobody said.
    pub understood: (Option<bool>, Option<bool>),
}

impl EstateChange {
    /// What people call it: the name it has, or had last.
    pub fn name(&self) -> Option<&str> {
        [&self.after, &self.before].into_iter().flatten().find_map(|version| version.facts.name.as_deref())
    }

    /// Whether it became understood (true) or ceased to be (false); none where neither, or where it came or went.
    pub fn understood_now(&self) -> Option<bool> {
        match self.understood {
            (Some(before), Some(after)) if before != after => Some(after),
            _ => None,
        }
    }
}

/// Reads changes a part at a time.
#[derive(Debug)]
pub struct Changes {
    store: Store,
    query: ChangeQuery,
    keys: std::vec::IntoIter<Key>,
    /// Whether there may be more keys after these.
    more: bool,
}

/// A resource that may differ: its number, and its place in the order.
type Key = (i64, ResourceType, Uid);

impl Store {
    /// The resources that differ between two scans, by type and uid, as [`Changes::next`] reads them.
    ///
    /// # Errors
    /// [`StoreError::Compacted`] where the state at one of the ends is not kept.
    pub async fn changes(&self, query: ChangeQuery) -> Result<Changes, StoreError> {
        self.check_kept(query.since).await?;
        self.check_kept(query.until).await?;
        Ok(Changes { store: self.clone(), query, keys: Vec::new().into_iter(), more: true })
    }

    /// The first resources of which a version, or what is said, changed in between.
    async fn touched(&self, query: &ChangeQuery) -> Result<Vec<Key>, StoreError> {
        let failed = |source| self.failed("read the changes", source);
        let mut sql = touched_sql("", query);
        let rows = sql.build().fetch_all(self.readers()).await.map_err(failed)?;
        let key = |row: &SqliteRow| {
            let (kind, uid) = (column::<&str>(row, "resource", 1)?, column::<&str>(row, "resource", 2)?);
            Ok((column(row, "resource", 0)?, ResourceType::new(kind), Uid::new(uid)))
        };
        rows.iter().map(key).collect()
    }
}

fn touched_sql(prefix: &'static str, query: &ChangeQuery) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::<Sqlite>::new(prefix);
    sql.push("SELECT r.id, r.kind, r.uid FROM resource r WHERE r.id IN (");
    let within = |sql: &mut QueryBuilder<Sqlite>, scan: &'static str| {
        sql.push(" (").push(scan).push(" > ").push_bind(query.since);
        sql.push(" AND ").push(scan).push(" <= ").push_bind(query.until).push(")");
    };
    sql.push("SELECT resource FROM version WHERE");
    within(&mut sql, "scan");
    sql.push(" UNION SELECT resource FROM explanation WHERE");
    within(&mut sql, "from_scan");
    // An arm for each index: with OR in one of them the whole table would be read.
    for scan in ["from_scan", "to_scan"] {
        sql.push(" UNION SELECT resource FROM explanation_history WHERE");
        within(&mut sql, scan);
    }
    sql.push(")");
    push_in(&mut sql, "r.kind", &query.kinds);
    push_in(&mut sql, "r.account", &query.accounts);
    push_in(&mut sql, "r.region", &query.regions);
    if let Some((kind, uid)) = &query.after {
        sql.push(" AND (r.kind, r.uid) > (").push_bind(kind.as_str().to_owned());
        sql.push(", ").push_bind(uid.as_str().to_owned()).push(")");
    }
    sql.push(" ORDER BY r.kind, r.uid LIMIT ").push_bind(KEYS_MAX as i64);
    sql
}

impl Changes {
    /// The next ones; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<EstateChange>>, StoreError> {
        loop {
            let ids: Vec<i64> = self.keys.by_ref().take(READ_MAX).map(|(id, ..)| id).collect();
            if ids.is_empty() {
                if !self.more {
                    return Ok(None);
                }
                self.read_keys().await?;
                continue;
            }
            let failed = |source| self.store.failed("read the changes", source);
            let mut conn = self.store.readers().acquire().await.map_err(failed)?;
            let rows = read(&mut conn, &ids, &self.query).await.map_err(failed)?;
            drop(conn);
            let found = blocking(move || {
                let mut decoder = documents::Decoder::default();
                let mut by_id = HashMap::with_capacity(rows.len());
                for row in &rows {
                    if let Some((id, change)) = decode(row, &mut decoder)? {
                        by_id.insert(id, change);
                    }
                }
                Ok::<_, StoreError>(ids.into_iter().filter_map(|id| by_id.remove(&id)).collect::<Vec<_>>())
            })
            .await??;
            if !found.is_empty() {
                return Ok(Some(found));
            }
        }
    }
}

impl Changes {
    /// The keys after those that were read, without those that whoever asks may not see.
    async fn read_keys(&mut self) -> Result<(), StoreError> {
        let mut keys = self.store.touched(&self.query).await?;
        self.more = keys.len() == KEYS_MAX;
        if let Some((_, kind, uid)) = keys.last() {
            self.query.after = Some((kind.clone(), uid.clone()));
        }
        if !self.query.scope.is_all() {
            let uids: Vec<Uid> = keys.iter().map(|(.., uid)| uid.clone()).collect();
            let seen = self.store.seen_of(&self.query.scope, &uids).await?;
            keys.retain(|(.., uid)| seen.get(uid) == Some(&true));
        }
        self.keys = keys.into_iter();
        Ok(())
    }
}

async fn read(
    conn: &mut SqliteConnection,
    ids: &[i64],
    query: &ChangeQuery,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let mut sql = QueryBuilder::<Sqlite>::new(concat!(
        "SELECT r.id, r.uid, r.kind, r.account, r.region, r.native_id, b.scan, b.seen_at, b.hash, ",
        facts_columns!("b"),
        ", bd.codec, bd.size, bd.body, a.scan, a.seen_at, a.hash, ",
        facts_columns!("a"),
        ", ad.codec, ad.size, ad.body"
    ));
    for scan in [query.since, query.until] {
        sql.push(
            ", COALESCE((SELECT x.understood FROM explanation x WHERE x.resource = r.id AND x.from_scan <= ",
        );
        sql.push_bind(scan);
        sql.push(
            "), (SELECT h.understood FROM explanation_history h WHERE h.resource = r.id AND h.from_scan <= ",
        );
        sql.push_bind(scan).push(" AND h.to_scan > ").push_bind(scan).push("))");
    }
    sql.push(" FROM resource r");
    for (version, document, scan) in [("b", "bd", query.since), ("a", "ad", query.until)] {
        sql.push(" LEFT JOIN version ")
            .push(version)
            .push(" ON ")
            .push(version)
            .push(".resource = r.id AND ");
        sql.push(version)
            .push(".scan = (SELECT MAX(w.scan) FROM version w WHERE w.resource = r.id AND w.scan <= ");
        sql.push_bind(scan).push(") LEFT JOIN document ").push(document).push(" ON ").push(document);
        sql.push(".hash = ").push(version).push(".hash");
        if query.without_documents {
            sql.push(" AND 0");
        }
    }
    sql.push(" WHERE r.id IN (");
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    sql.push(")");
    sql.build().fetch_all(conn).await
}

/// A change, with the resource's key; none where the resource is again what it was.
fn decode(
    row: &SqliteRow,
    decoder: &mut documents::Decoder,
) -> Result<Option<(i64, EstateChange)>, StoreError> {
    const TABLE: &str = "resource";
    const VERSION: usize = 3 + FACTS_COLUMNS + 3;
    let mut version = |first| -> Result<Option<KeptVersion>, StoreError> {
        if column::<Option<i64>>(row, "version", first)?.is_none() {
            return Ok(None);
        }
        versions::decode(row, first, true, decoder).map(Some)
    };
    let (before, after) = (version(6)?, version(6 + VERSION)?);
    let understood =
        (column(row, "explanation", 6 + 2 * VERSION)?, column(row, "explanation", 7 + 2 * VERSION)?);
    fn there(version: Option<&KeptVersion>) -> Option<&KeptVersion> {
        version.filter(|version| version.hash.is_some())
    }
    let fate = match (there(before.as_ref()), there(after.as_ref())) {
        (None, None) => return Ok(None),
        (None, Some(_)) if before.is_some() => Fate::Returned,
        (None, Some(_)) => Fate::Added,
        (Some(_), None) => Fate::Gone,
        (Some(old), Some(new)) if old.hash != new.hash || old.facts != new.facts => Fate::Changed,
        (Some(_), Some(_)) => Fate::Same,
    };
    let change = EstateChange {
        uid: Uid::new(column::<&str>(row, TABLE, 1)?),
        kind: ResourceType::new(column::<&str>(row, TABLE, 2)?),
        account: AccountId::new(column::<&str>(row, TABLE, 3)?),
        region: Region::new(column::<&str>(row, TABLE, 4)?),
        id: column(row, TABLE, 5)?,
        fate,
        before,
        after,
        understood,
    };
    if fate == Fate::Same && change.understood_now().is_none() {
        return Ok(None);
    }
    Ok(Some((column(row, TABLE, 0)?, change)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests {
    use super::*;
    use fathom_model::Timestamp;
    use sqlx::Row as _;

    /// Every finished scan is asked so, by every open stream.
    #[tokio::test]
    async fn what_a_scan_changed_is_found_without_reading_a_whole_table() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "test.example/log", Timestamp::UNIX_EPOCH).await.unwrap();
        let query = ChangeQuery { since: 6, until: 7, ..ChangeQuery::default() };
        let mut sql = touched_sql("EXPLAIN QUERY PLAN ", &query);
        let plan = sql.build().fetch_all(store.readers()).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.try_get("detail").unwrap()).collect();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH explanation_history")), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
        store.close().await.unwrap();
    }
}
