//! The whole estate as a graph, up to a limit.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use fathom_model::Timestamp;

use super::{
    super::{
        AsOf, Catalog, EstateFilter,
        ask::Asked,
        filter::Assigned,
        part::{Column, Part, flag},
    },
    GraphEdge, GraphNode,
};
use crate::{Store, StoreError, scans::blocking};

/// How many resources there are by account, region and type.
type Rest = BTreeMap<(String, String, String), u64>;

/// A picture of the estate.
#[derive(Debug, Clone, Default)]
pub struct EstateGraph {
    /// The resources.
    pub nodes: Vec<GraphNode>,
    /// All edges between them.
    pub edges: Vec<GraphEdge>,
    /// How many resources fit.
    pub total: u64,
    /// Whether nothing was left out.
    pub complete: bool,
    /// What was left out, by account, region and type.
    pub rest: BTreeMap<(String, String, String), u64>,
}

impl Store {
    /// The resources that fit, up to a limit: exposed ones first, then those that are not understood, then by uid; with
    /// all edges between them.
    pub async fn graph_estate(
        &self,
        filter: &EstateFilter,
        limit: usize,
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<EstateGraph, StoreError> {
        let scope = &filter.scope;
        let Asked { catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
        let ground = self.ground_over(Arc::clone(&catalog), scope, as_of).await?;
        let (ids, total, rest) = blocking(move || chosen(&catalog, &filter, &assigned, limit)).await?;
        let seen = ground.seen();
        let known: HashSet<i64> = ids.iter().copied().collect();
        let (edges, more) = self.edges_between(&seen, &known, &[]).await?;
        Ok(EstateGraph {
            nodes: ids.iter().filter_map(|id| seen.node(*id, 0)).collect(),
            edges,
            total,
            complete: rest.is_empty() && !more,
            rest,
        })
    }
}

/// What a picture of the estate shows, how much fits, and counts of what it leaves out.
fn chosen(
    catalog: &Catalog,
    filter: &EstateFilter,
    assigned: &Assigned,
    limit: usize,
) -> (Vec<i64>, u64, Rest) {
    let mut all: Vec<(u8, &str, &Part, usize)> = Vec::new();
    for (view, test) in catalog.tests(filter, assigned) {
        for row in view.rows().filter(|row| test.fits(*row)) {
            let part = &*view.part;
            let rank = match (part.is(row, flag::EXPOSED), part.is(row, flag::UNDERSTOOD)) {
                (true, _) => 0,
                (false, false) => 1,
                (false, true) => 2,
            };
            all.push((rank, part.uids.get(row), part, row));
        }
    }
    let total = all.len() as u64;
    let by = |a: &(u8, &str, &Part, usize), b: &(u8, &str, &Part, usize)| (a.0, a.1).cmp(&(b.0, b.1));
    let mut rest = Rest::new();
    if all.len() > limit {
        all.select_nth_unstable_by(limit, by);
        for (_, _, part, row) in all.drain(limit..) {
            let text = |column: &Column| column.text(row).to_owned();
            *rest.entry((text(&part.account), text(&part.region), text(&part.kind))).or_default() += 1;
        }
    }
    all.sort_unstable_by(by);
    (all.iter().map(|(.., part, row)| part.id(*row)).collect(), total, rest)
}
