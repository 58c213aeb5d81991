//! The columns of the estate as a scan left it. The last two that were asked for are kept.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use fathom_model::{
    AccountId, Document, Gap, Moment, Region, Resource, ResourceType, Statement, Timestamp, Uid, Unknown,
};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, sqlite::SqliteRow};

use super::{
    Catalog, EstateFilter, PlacedResource, View,
    load::{self, Extent},
    part::flag,
};
use crate::{
    Edges, Past, Scope, Store, StoreError, StoredResource, documents, edges, explanations,
    history::{Facts, document, facts_columns},
    rows::{column, micros, time},
    unknowns,
};

/// Pasts that are kept.
const KEPT_MAX: usize = 2;
/// Edges of one resource in each direction.
const EDGES_MAX: i64 = 10_000;

/// A moment of the past for the questions over the columns.
#[derive(Debug, Clone)]
pub struct AsOf {
    pub(crate) past: Past,
}

impl AsOf {
    /// The estate as it was.
    pub fn past(&self) -> &Past {
        &self.past
    }
}

/// One resource with what was known about it.
#[derive(Debug, Clone)]
pub struct PastDetail {
    /// The resource.
    pub placed: PlacedResource,
    /// What the provider had said; none where it is not kept any more.
    pub document: Option<Document>,
    /// What was said about it, by part and trust.
    pub statements: Vec<Statement>,
    /// What was missing.
    pub unknown: Option<Unknown>,
    /// What led from it and to it.
    pub edges: Edges,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    because: Vec<String>,
    #[serde(default)]
    gaps: Vec<Gap>,
}

impl Store {
    /// A moment of the past, where all that the columns hold was kept.
    ///
    /// # Errors
    /// As [`Store::past`], and [`StoreError::NotKept`] where what was said about resources was not kept yet.
    pub async fn as_of(&self, moment: &Moment, now: Timestamp) -> Result<AsOf, StoreError> {
        let past = self.past(moment, now).await?;
        match past.not_kept("what was said about resources") {
            Some(error) => Err(error),
            None => Ok(AsOf { past }),
        }
    }

    /// One resource as it was; none where it was not there, or is not to be seen.
    pub async fn resource_as_of(
        &self,
        as_of: &AsOf,
        scope: &Scope,
        uid: &Uid,
    ) -> Result<Option<PastDetail>, StoreError> {
        let failed = |source| self.failed("read a resource as it was", source);
        if !self.may_see(scope, uid).await? {
            return Ok(None);
        }
        let catalog = self.past_seen(as_of, scope).await?;
        let scope = Scope { teams: None, ..scope.clone() };
        let Some((part, row)) = catalog.find(uid.as_str()) else { return Ok(None) };
        let id = part.id(row);
        let Some(placed) = self.placed(&catalog, &[id], &scope, Some(as_of)).await?.remove(&id) else {
            return Ok(None);
        };
        let scan = as_of.past.scan().id;
        let version = sqlx::query(
            "SELECT d.codec, d.size, d.body FROM version v LEFT JOIN document d ON d.hash = v.hash \
             WHERE v.resource = $1 AND v.scan <= $2 ORDER BY v.scan DESC LIMIT 1",
        )
        .bind(id)
        .bind(scan)
        .fetch_one(self.readers())
        .await
        .map_err(failed)?;
        let document = document(&version, 0, &mut documents::Decoder::default())?;
        let said: Option<String> = sqlx::query_scalar(
            "SELECT statements FROM explanation_ever WHERE resource = $1 AND from_scan <= $2 \
             AND (to_scan IS NULL OR to_scan > $2) LIMIT 1",
        )
        .bind(id)
        .bind(scan)
        .fetch_optional(self.readers())
        .await
        .map_err(failed)?;
        let read_at = as_of.past.scan().finished_at.unwrap_or_else(|| as_of.past.moment());
        let statements = match said {
            Some(said) => explanations::decode(&said, read_at)?,
            None => Vec::new(),
        };
        let holding = as_of.past.acceptances().await?;
        let mut unknown = self.past_listed(as_of, &[id]).await?.remove(&id);
        if let Some(unknown) = &mut unknown {
            unknowns::apply(unknown, &holding, as_of.past.moment());
            unknown.name.clone_from(&placed.stored.resource.name);
            unknown.rank = catalog.rank_of(&EstateFilter { scope, ..EstateFilter::default() }, uid.as_str());
        }
        let edges = self.past_edges(scan, id).await?;
        Ok(Some(PastDetail { placed, document, statements, unknown, edges }))
    }

    async fn past_edges(&self, scan: i64, id: i64) -> Result<Edges, StoreError> {
        macro_rules! edges {
            ($side:literal) => {
                concat!(
                    "SELECT f.uid, e.kind, COALESCE(e.target, t.uid), COALESCE(e.expected, CASE WHEN t.id IS NOT NULL \
                     AND (SELECT v.hash FROM version v WHERE v.resource = t.id AND v.scan <= $2 \
                     ORDER BY v.scan DESC LIMIT 1) IS NULL THEN t.kind END), e.outside, e.path \
                     FROM edge_ever e JOIN resource f ON f.id = e.from_id LEFT JOIN resource t ON t.id = e.to_id \
                     WHERE e.",
                    $side,
                    " = $1 AND e.from_scan <= $2 AND (e.to_scan IS NULL OR e.to_scan > $2) \
                     ORDER BY e.kind, f.uid, 3 LIMIT $3"
                )
            };
        }
        let read = |sql: &'static str| async move {
            let rows = sqlx::query(sql)
                .bind(id)
                .bind(scan)
                .bind(EDGES_MAX + 1)
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read edges as they were", source))?;
            rows.iter().map(|row| edges::decode(row, 0)).collect::<Result<Vec<_>, _>>()
        };
        let (mut outgoing, mut incoming) = (read(edges!("from_id")).await?, read(edges!("to_id")).await?);
        let limit = EDGES_MAX as usize;
        let truncated = outgoing.len() > limit || incoming.len() > limit;
        outgoing.truncate(limit);
        incoming.truncate(limit);
        Ok(Edges { outgoing, incoming, truncated })
    }

    pub(super) async fn past_catalog(&self, as_of: &AsOf) -> Result<Arc<Catalog>, StoreError> {
        let scan = as_of.past.scan().id;
        let failed = |source| self.failed("read the estate as it was", source);
        // A scan that began before it and ends after it changes what was; one that began after it does not.
        let finished: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM scan WHERE turn IS NOT NULL AND id <= $1")
                .bind(scan)
                .fetch_one(self.readers())
                .await
                .map_err(failed)?;
        let key = (scan, finished);
        let cell = {
            let mut kept = self.shared().pasts.lock().await;
            let at = kept.iter().position(|(known, _)| *known == key);
            let found = at.map_or_else(|| (key, Arc::default()), |at| kept.remove(at));
            if kept.len() >= KEPT_MAX {
                kept.remove(0);
            }
            let cell = Arc::clone(&found.1);
            kept.push(found);
            cell
        };
        if let Some(known) = cell.get() {
            return Ok(Arc::clone(known));
        }
        let (store, as_of) = (self.clone(), as_of.clone());
        // Not ended with the request: the next one takes what it read.
        let reading =
            tokio::spawn(
                async move { cell.get_or_try_init(|| store.read_past(&as_of)).await.map(Arc::clone) },
            );
        reading.await.map_err(|_| StoreError::Closed)?
    }

    async fn read_past(&self, as_of: &AsOf) -> Result<Arc<Catalog>, StoreError> {
        let failed = |source| self.failed("read the estate as it was", source);
        let mut snapshot = self.readers().begin().await.map_err(failed)?;
        let (scan, ended) = (as_of.past.scan().id, as_of.past.scan().finished_at.map_or(0, micros));
        let mut part = load::load(self, &mut snapshot, &Extent::Past(scan, ended)).await?;
        let rules = self.shared().network_rules.get().cloned().unwrap_or_default();
        load::networks(self, &mut snapshot, &rules, &mut part, None, Some(scan)).await?;
        Ok(Arc::new(Catalog { turn: 0, parts: vec![View::whole(part)], over: BTreeSet::new() }))
    }

    /// Resources as they were. When each was seen last is not kept: it is said to be when the scan ended.
    pub(super) async fn past_rows(
        &self,
        as_of: &AsOf,
        catalog: &Catalog,
        ids: &[i64],
    ) -> Result<Vec<(i64, StoredResource)>, StoreError> {
        const TABLE: &str = "resource";
        const SQL: &str = concat!(
            "SELECT r.id, r.uid, r.kind, r.account, r.region, r.native_id, r.first_seen, v.hash, ",
            facts_columns!("v"),
            " FROM resource r JOIN version v ON v.resource = r.id AND v.scan = \
             (SELECT MAX(w.scan) FROM version w WHERE w.resource = r.id AND w.scan <= $1) \
             WHERE r.id IN (SELECT value FROM json_each($2)) AND v.hash IS NOT NULL"
        );
        let rows = sqlx::query(SQL)
            .bind(as_of.past.scan().id)
            .bind(serde_json::json!(ids).to_string())
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read resources as they were", source))?;
        let ended = as_of.past.scan().finished_at.unwrap_or_else(|| as_of.past.moment());
        let decode = |row: &SqliteRow| -> Result<(i64, StoredResource), StoreError> {
            let id: i64 = column(row, TABLE, 0)?;
            let facts = Facts::decode(row, 8)?;
            let understood = catalog.find_id(id).is_some_and(|(part, row)| part.is(row, flag::UNDERSTOOD));
            let resource = Resource {
                uid: Uid::new(column::<&str>(row, TABLE, 1)?),
                kind: ResourceType::new(column::<&str>(row, TABLE, 2)?),
                account: AccountId::new(column::<&str>(row, TABLE, 3)?),
                region: Region::new(column::<&str>(row, TABLE, 4)?),
                id: column(row, TABLE, 5)?,
                name: facts.name,
                tags: facts.tags,
                created_at: facts.created_at,
                provider_made: facts.provider_made,
                exposed: facts.exposed,
                document: Document::from_canonical("null"),
            };
            let stored = StoredResource {
                resource,
                first_seen: time(TABLE, column(row, TABLE, 6)?)?,
                last_seen: ended,
                version_hash: hex::encode(column::<&[u8]>(row, TABLE, 7)?),
                stale: false,
                understood,
                deleted_at: None,
            };
            Ok((id, stored))
        };
        rows.iter().map(decode).collect()
    }

    /// What was not understood of some resources.
    pub(super) async fn past_listed(
        &self,
        as_of: &AsOf,
        ids: &[i64],
    ) -> Result<HashMap<i64, Unknown>, StoreError> {
        const TABLE: &str = "unknown";
        let scan = as_of.past.scan().id;
        let mut listed = HashMap::new();
        for table in ["unknown", "unknown_history"] {
            let until = if table == "unknown" { "" } else { " AND u.to_scan > $1" };
            let sql = format!(
                "SELECT r.id, r.uid, r.kind, r.account, r.region, u.body FROM {table} u \
                 JOIN resource r ON r.id = u.resource \
                 WHERE u.resource IN (SELECT value FROM json_each($2)) AND u.from_scan <= $1{until}"
            );
            let rows = sqlx::query(AssertSqlSafe(sql))
                .bind(scan)
                .bind(serde_json::json!(ids).to_string())
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read the list as it was", source))?;
            for row in &rows {
                let body: Body = serde_json::from_str(column(row, TABLE, 5)?).map_err(|_| {
                    StoreError::BadRow { table: TABLE, what: "body is not an unknown".to_owned() }
                })?;
                let unknown = Unknown {
                    uid: Uid::new(column::<&str>(row, TABLE, 1)?),
                    kind: ResourceType::new(column::<&str>(row, TABLE, 2)?),
                    account: AccountId::new(column::<&str>(row, TABLE, 3)?),
                    region: Region::new(column::<&str>(row, TABLE, 4)?),
                    name: None,
                    rank: 0,
                    because: body.because,
                    gaps: body.gaps,
                };
                listed.insert(column(row, TABLE, 0)?, unknown);
            }
        }
        Ok(listed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests {
    use super::*;
    use crate::ScanResults;

    #[tokio::test]
    async fn what_was_is_read_once_however_many_scans_follow() {
        let dir = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let store = Store::open(dir.path(), "test.example/log", at(0)).await.unwrap();
        let begin = async |second| store.begin_scan("test", &[], &[], at(second)).await.unwrap();
        let finish = async |scan, second| {
            store.finish_scan(scan, ScanResults::default(), at(second)).await.unwrap();
        };
        let overlapping = begin(1).await;
        let asked = begin(2).await;
        finish(asked, 3).await;
        let as_of = store.as_of(&Moment::Scan(asked), at(50)).await.unwrap();
        let (one, two) = tokio::join!(store.past_catalog(&as_of), store.past_catalog(&as_of));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(Arc::ptr_eq(&one, &two), "who waits takes the same");
        let later = begin(4).await;
        finish(later, 5).await;
        assert!(Arc::ptr_eq(&one, &store.past_catalog(&as_of).await.unwrap()), "a later one changes nothing");
        finish(overlapping, 6).await;
        assert!(!Arc::ptr_eq(&one, &store.past_catalog(&as_of).await.unwrap()), "one that began before does");
        store.close().await.unwrap();
    }
}
