//! Which nodes may be seen, and the edges between them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fathom_model::{EdgeKind, Uid};
use sqlx::sqlite::SqliteRow;

use super::{
    super::{
        AsOf, Catalog, EstateFilter,
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

/// What a question about the graph is answered from: the columns, as they are or as they were, and what whoever asks may
/// see.
pub(super) struct Ground {
    catalog: Arc<Catalog>,
    filter: EstateFilter,
    nobody: Assigned,
    /// For the past: the scan, and the columns of now with the whole of what may be seen. What was gone already is in no
    /// columns of the past, and whose it is is known as of now.
    past: Option<(i64, Arc<Catalog>, Scope)>,
}

impl Ground {
    pub(super) fn seen(&self) -> Seen<'_> {
        let tests = self.catalog.tests(&self.filter, &self.nobody).map(|(_, test)| test).collect();
        let known = match &self.past {
            None => (&*self.catalog, self.catalog.sights(&self.filter.scope)),
            Some((_, now, scope)) => (&**now, now.sights(scope)),
        };
        Seen { catalog: &self.catalog, tests, known, scan: self.past.as_ref().map(|(scan, ..)| *scan) }
    }
}

/// The nodes that somebody may see.
pub(super) struct Seen<'c> {
    catalog: &'c Catalog,
    tests: Vec<Test<'c>>,
    /// The columns that say who may know of what.
    known: (&'c Catalog, Vec<Sight<'c>>),
    /// As of which scan; none for now.
    pub(super) scan: Option<i64>,
}

impl<'c> Seen<'c> {
    /// Whether a resource may be known of, also where it is gone.
    fn knows(&self, uid: &str) -> bool {
        let (catalog, sights) = &self.known;
        catalog.sees(sights, uid) == Some(true)
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

/// Statements over the edges of now, and over those that held as of the scan `$4`. The two tables are named each for
/// itself: over their view, SQLite would read all edges.
macro_rules! over_edges {
    ($columns:literal, $joined:literal, $end:literal, $holds:literal) => {
        (
            concat!(over_edges!(@ $columns, "edge", $joined, $end, $holds), " LIMIT $3"),
            concat!(
                over_edges!(@ $columns, "edge", $joined, $end, $holds), " AND e.from_scan <= $4 UNION ALL ",
                over_edges!(@ $columns, "edge_history", $joined, $end, $holds),
                " AND e.from_scan <= $4 AND e.to_scan > $4 LIMIT $3"
            ),
        )
    };
    (@ $columns:literal, $table:literal, $joined:literal, $end:literal, $holds:literal) => {
        concat!(
            "SELECT ", $columns, " FROM json_each($1) j CROSS JOIN ", $table, " e ON e.", $end, " = j.value ", $joined,
            " WHERE ", $holds, " AND ($2 = '[]' OR e.kind IN (SELECT value FROM json_each($2)))"
        )
    };
}

impl Store {
    /// What a question about the graph is answered from.
    pub(super) async fn ground(&self, scope: &Scope, as_of: Option<&AsOf>) -> Result<Ground, StoreError> {
        let catalog = match as_of {
            None => self.catalog().await?,
            Some(as_of) => self.past_seen(as_of, scope).await?,
        };
        self.ground_over(catalog, scope, as_of).await
    }

    /// The same over columns that are at hand: those of now, or what was to be seen of those of the past.
    pub(super) async fn ground_over(
        &self,
        catalog: Arc<Catalog>,
        scope: &Scope,
        as_of: Option<&AsOf>,
    ) -> Result<Ground, StoreError> {
        let mut filter = EstateFilter { scope: scope.clone(), ..EstateFilter::default() };
        let nobody = Assigned::new();
        let Some(as_of) = as_of else { return Ok(Ground { catalog, filter, nobody, past: None }) };
        filter.scope.teams = None;
        let past = Some((as_of.past.scan().id, self.catalog().await?, scope.clone()));
        Ok(Ground { catalog, filter, nobody, past })
    }

    /// Edges of some resources in a direction, and whether there are more.
    pub(super) async fn links(
        &self,
        scan: Option<i64>,
        ids: &[i64],
        outgoing: bool,
        kinds: &[EdgeKind],
        limit: usize,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        const TABLE: &str = "edge";
        let (now, was) = if outgoing {
            over_edges!("e.from_id, e.to_id, e.kind", "", "from_id", "e.to_id IS NOT NULL")
        } else {
            over_edges!("e.from_id, e.to_id, e.kind", "", "to_id", "e.to_id IS NOT NULL")
        };
        let mut query = sqlx::query(if scan.is_some() { was } else { now })
            .bind(serde_json::json!(ids).to_string())
            .bind(serde_json::json!(kinds).to_string())
            .bind(limit as i64 + 1);
        if let Some(scan) = scan {
            query = query.bind(scan);
        }
        let rows =
            query.fetch_all(self.readers()).await.map_err(|source| self.failed("follow edges", source))?;
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
            let (links, cut) = self.links(seen.scan, chunk, true, kinds, LINKS_MAX).await?;
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
        let (now, _) = over_edges!(
            "e.from_id, e.kind, COALESCE(e.target, t.uid), COALESCE(e.expected, t.kind, ''), e.outside, t.uid",
            "LEFT JOIN resource t ON t.id = e.to_id",
            "from_id",
            "(e.to_id IS NULL OR t.deleted_at IS NOT NULL)"
        );
        // What a later scan found gone was there; its version then says so.
        let (_, was) = over_edges!(
            "e.from_id, e.kind, COALESCE(e.target, t.uid), COALESCE(e.expected, t.kind, ''), e.outside, t.uid",
            "LEFT JOIN resource t ON t.id = e.to_id",
            "from_id",
            "(e.to_id IS NULL OR (SELECT v.hash FROM version v WHERE v.resource = t.id AND v.scan <= $4 \
             ORDER BY v.scan DESC LIMIT 1) IS NULL)"
        );
        let mut query = sqlx::query(if seen.scan.is_some() { was } else { now })
            .bind(serde_json::json!(ids).to_string())
            .bind(serde_json::json!(kinds).to_string())
            .bind(LOOSE_MAX as i64 + 1);
        if let Some(scan) = seen.scan {
            query = query.bind(scan);
        }
        let rows = query
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
