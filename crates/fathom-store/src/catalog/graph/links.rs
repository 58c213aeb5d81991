//! Which nodes may be seen, and the edges between them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fathom_model::{EdgeKind, Uid};
use sqlx::sqlite::SqliteRow;

use super::{
    super::{
        Catalog, EstateFilter,
        filter::{Assigned, Sight, Test},
        part::{Part, flag},
    },
    GraphEdge, GraphNode, LooseEdge,
};
use crate::{Scope, Store, StoreError, rows::column};

/// Edges of one resource in one direction that are read; of more it is said that there are at least so many.
pub const LINKS_OF_ONE_MAX: usize = 50_000;
/// Edges that are read at once for many resources.
pub(super) const LINKS_MAX: usize = 1_000_000;
/// Resources whose edges are asked for in one statement.
pub(super) const ASKED_MAX: usize = 2_000;
/// References that lead to nothing seen, of one answer.
const LOOSE_MAX: usize = 1_000;

/// An edge by the numbers of its ends.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) kind: Arc<str>,
}

/// The nodes that somebody may see.
pub(super) struct Seen<'c> {
    pub(super) catalog: &'c Catalog,
    tests: Vec<Test<'c>>,
    sights: Vec<Sight<'c>>,
}

impl<'c> Seen<'c> {
    pub(super) fn new(catalog: &'c Catalog, filter: &'c EstateFilter, nobody: &'c Assigned) -> Self {
        let tests = catalog.tests(filter, nobody).map(|(_, test)| test).collect();
        Self { catalog, tests, sights: catalog.sights(&filter.scope) }
    }

    /// Whether a resource may be known of, also where it is gone.
    fn knows(&self, uid: &str) -> bool {
        self.catalog.sees(&self.sights, uid) == Some(true)
    }

    /// The part and row of a resource that exists and may be seen.
    pub(super) fn find(&self, id: i64) -> Option<(&'c Part, usize)> {
        self.catalog.parts.iter().zip(&self.tests).rev().find_map(|(view, test)| {
            let row = view.part.row_of_id(id).filter(|row| !view.hides(*row))?;
            (!view.part.is(row, flag::GONE) && test.is_visible(row)).then_some((&*view.part, row))
        })
    }

    /// The number of a resource that exists and may be seen.
    pub(super) fn number(&self, uid: &Uid) -> Option<i64> {
        let (part, row) = self.catalog.find(uid.as_str())?;
        let id = part.id(row);
        self.find(id).map(|_| id)
    }

    pub(super) fn node(&self, id: i64, depth: u32) -> Option<GraphNode> {
        let (part, row) = self.find(id)?;
        let network = Some(part.network.text(row)).filter(|uid| !uid.is_empty() && self.knows(uid));
        Some(node(part, row, network, depth))
    }

    pub(super) fn edge(&self, link: &Link) -> Option<GraphEdge> {
        let uid = |id| self.find(id).map(|(part, row)| Uid::new(part.uids.get(row)));
        Some(GraphEdge { from: uid(link.from)?, kind: link.kind.to_string(), to: uid(link.to)? })
    }
}

fn node(part: &Part, row: usize, network: Option<&str>, depth: u32) -> GraphNode {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    GraphNode {
        uid: Uid::new(part.uids.get(row)),
        kind: part.kind.text(row).to_owned(),
        label: part.labels.get(row).to_owned(),
        account: part.account.text(row).to_owned(),
        region: part.region.text(row).to_owned(),
        network: network.map(str::to_owned),
        owner: text(part.owner.text(row)),
        understood: part.is(row, flag::UNDERSTOOD),
        exposed: part.is(row, flag::EXPOSED),
        stale: part.is(row, flag::STALE),
        depth,
    }
}

pub(super) fn everything(scope: &Scope) -> EstateFilter {
    EstateFilter { scope: scope.clone(), ..EstateFilter::default() }
}

impl Store {
    /// Edges of some resources in a direction, and whether there are more.
    pub(super) async fn links(
        &self,
        ids: &[i64],
        outgoing: bool,
        kinds: &[EdgeKind],
        limit: usize,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        const TABLE: &str = "edge";
        let sql = if outgoing {
            "SELECT e.from_id, e.to_id, e.kind FROM json_each($1) j CROSS JOIN edge e ON e.from_id = j.value \
             WHERE e.to_id IS NOT NULL AND ($2 = '[]' OR e.kind IN (SELECT value FROM json_each($2))) LIMIT $3"
        } else {
            "SELECT e.from_id, e.to_id, e.kind FROM json_each($1) j CROSS JOIN edge e ON e.to_id = j.value \
             WHERE e.to_id IS NOT NULL AND ($2 = '[]' OR e.kind IN (SELECT value FROM json_each($2))) LIMIT $3"
        };
        let rows = sqlx::query(sql)
            .bind(serde_json::json!(ids).to_string())
            .bind(serde_json::json!(kinds).to_string())
            .bind(limit as i64 + 1)
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("follow edges", source))?;
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        let links: Result<Vec<Link>, StoreError> = rows
            .iter()
            .take(limit)
            .map(|row: &SqliteRow| {
                let kind: &str = column(row, TABLE, 2)?;
                let kind = if let Some(known) = names.get(kind) {
                    Arc::clone(known)
                } else {
                    let name: Arc<str> = Arc::from(kind);
                    names.insert(kind.to_owned(), Arc::clone(&name));
                    name
                };
                Ok(Link { from: column(row, TABLE, 0)?, to: column(row, TABLE, 1)?, kind })
            })
            .collect();
        Ok((links?, rows.len() > limit))
    }

    /// All edges between some resources, sorted, and whether there are more.
    pub(super) async fn edges_between(
        &self,
        seen: &Seen<'_>,
        known: &HashSet<i64>,
        kinds: &[EdgeKind],
    ) -> Result<(Vec<GraphEdge>, bool), StoreError> {
        let mut ids: Vec<i64> = known.iter().copied().collect();
        ids.sort_unstable();
        let (mut edges, mut more) = (BTreeSet::new(), false);
        for chunk in ids.chunks(ASKED_MAX) {
            let (links, cut) = self.links(chunk, true, kinds, LINKS_MAX).await?;
            more |= cut;
            edges.extend(
                links.iter().filter(|link| known.contains(&link.to)).filter_map(|link| seen.edge(link)),
            );
        }
        Ok((edges.into_iter().collect(), more))
    }

    /// References that lead to nothing seen, and whether there are more. One to what is gone tells of that only whom it
    /// was to be seen by.
    pub(super) async fn loose_of(
        &self,
        seen: &Seen<'_>,
        known: &HashSet<i64>,
        kinds: &[EdgeKind],
    ) -> Result<(Vec<LooseEdge>, bool), StoreError> {
        const TABLE: &str = "edge";
        let mut ids: Vec<i64> = known.iter().copied().collect();
        ids.sort_unstable();
        let rows = sqlx::query(
            "SELECT e.from_id, e.kind, COALESCE(e.target, t.uid), COALESCE(e.expected, t.kind, ''), e.outside, t.uid \
             FROM json_each($1) j CROSS JOIN edge e ON e.from_id = j.value LEFT JOIN resource t ON t.id = e.to_id \
             WHERE (e.to_id IS NULL OR t.deleted_at IS NOT NULL) \
             AND ($2 = '[]' OR e.kind IN (SELECT value FROM json_each($2))) LIMIT $3",
        )
        .bind(serde_json::json!(ids).to_string())
        .bind(serde_json::json!(kinds).to_string())
        .bind(LOOSE_MAX as i64 + 1)
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read loose references", source))?;
        let mut loose = Vec::with_capacity(rows.len());
        for row in rows.iter().take(LOOSE_MAX) {
            let Some((part, at)) = seen.find(column(row, TABLE, 0)?) else { continue };
            if column::<Option<&str>>(row, TABLE, 5)?.is_some_and(|gone| !seen.knows(gone)) {
                continue;
            }
            loose.push(LooseEdge {
                from: Uid::new(part.uids.get(at)),
                kind: column(row, TABLE, 1)?,
                reference: column::<Option<String>>(row, TABLE, 2)?.unwrap_or_default(),
                expected: column(row, TABLE, 3)?,
                outside: column(row, TABLE, 4)?,
            });
        }
        Ok((loose, rows.len() > LOOSE_MAX))
    }
}
