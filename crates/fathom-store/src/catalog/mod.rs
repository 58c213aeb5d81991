//! The estate by its columns, in memory: what counts, searches and sorts a million resources within a frame or two.
//!
//! The database stays the truth. The columns are read from it when somebody asks for the first time, and follow it: what
//! a scan touched is read anew and laid over what was read before, or all is read anew where that was much. They hold no
//! documents, some 250 bytes a resource. Answers are as of one finished scan.
//!
//! Start in [`EstateFilter`] (what can be asked), then `select.rs` (how it is answered), `part.rs` (the columns).

mod ask;
mod filter;
mod graph;
mod groups;
mod load;
mod part;
mod past;
mod select;
mod touched;

use std::{collections::BTreeSet, sync::Arc};

use fathom_model::{EdgeKind, ResourceType};
use sqlx::SqliteConnection;
use tokio::sync::OnceCell;

pub use ask::{EstateFacets, EstatePage, ListPage, Owners, PlacedResource, ValueCounts};
pub use filter::EstateFilter;
pub use graph::{
    AroundQuery, Direction, EstateGraph, Graph, GraphEdge, GraphGroup, GraphNode, GroupMembers, GroupQuery,
    LINKS_OF_ONE_MAX, LooseEdge, Way, WayQuery,
};
pub use groups::{Counts, Group, Grouped};
pub use past::{AsOf, PastDetail};
pub(crate) use touched::{Touched, stale, touched};

use crate::{Scope, Store, StoreError};
use load::Extent;
use part::Part;

/// Resources that are laid over what was read before; beyond, and beyond a twentieth of it, all is read anew.
const OVERLAY_MAX: usize = 20_000;

/// Which resources are networks, and which relations lead into them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkRules {
    /// Types that are networks.
    pub kinds: Vec<ResourceType>,
    /// Relations that say that a resource lies where the other one does.
    pub through: Vec<EdgeKind>,
}

/// The estate as scans left it, by the scan and by how many up to it had finished; each is read once, by one of those who
/// wait for it.
pub(crate) type Pasts = Vec<((i64, i64), Arc<OnceCell<Arc<Catalog>>>)>;

/// The estate as of a scan.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// How many scans had finished.
    turn: i64,
    /// Everything as it was read last, then what changed since.
    parts: Vec<View>,
    /// The rows of the last part, by their ids.
    over: BTreeSet<i64>,
}

/// A part, and which of its rows hold.
#[derive(Debug)]
pub(crate) struct View {
    part: Arc<Part>,
    /// A bit for each row that another part has instead; empty where there is none.
    hidden: Vec<u64>,
}

impl View {
    fn whole(part: Part) -> Self {
        Self { part: Arc::new(part), hidden: Vec::new() }
    }

    fn hides(&self, row: usize) -> bool {
        self.hidden.get(row / 64).is_some_and(|bits| bits >> (row % 64) & 1 == 1)
    }

    /// The rows that hold, in the order of uids.
    fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.part.len()).filter(|row| !self.hides(*row))
    }
}

impl Catalog {
    /// The part and row of a resource.
    fn find(&self, uid: &str) -> Option<(&Part, usize)> {
        self.parts.iter().rev().find_map(|view| {
            let row = view.part.row_of_uid(uid).filter(|row| !view.hides(*row))?;
            Some((&*view.part, row))
        })
    }

    /// The same with nothing but what somebody may see by another state of the columns.
    fn only(&self, by: &Self, scope: &Scope) -> Self {
        let blank = |view: &View| vec![u64::MAX; view.part.len().div_ceil(64)];
        let mut hidden: Vec<Vec<u64>> = self.parts.iter().map(blank).collect();
        for (view, sight) in by.parts.iter().zip(by.sights(scope)) {
            for row in view.rows().filter(|row| sight.sees(*row)) {
                let id = view.part.id(row);
                for (own, hidden) in self.parts.iter().zip(&mut hidden) {
                    if let Some(row) = own.part.row_of_id(id).filter(|row| !own.hides(*row))
                        && let Some(bits) = hidden.get_mut(row / 64)
                    {
                        *bits &= !(1 << (row % 64));
                    }
                }
            }
        }
        let parts = self.parts.iter().zip(hidden);
        let parts = parts.map(|(view, hidden)| View { part: Arc::clone(&view.part), hidden }).collect();
        Self { turn: self.turn, parts, over: self.over.clone() }
    }

    fn find_id(&self, id: i64) -> Option<(&Part, usize)> {
        self.parts.iter().rev().find_map(|view| {
            let row = view.part.row_of_id(id).filter(|row| !view.hides(*row))?;
            Some((&*view.part, row))
        })
    }
}

/// Whether resources are few enough to be laid over so many.
fn is_little(over: &BTreeSet<i64>, base: usize) -> bool {
    over.len() <= OVERLAY_MAX && over.len() <= (base / 20).max(64)
}

impl Store {
    /// Says which resources are networks; once, before anybody asks.
    pub fn set_network_rules(&self, rules: NetworkRules) {
        // A second call comes from a second server over the same store, which has the same content.
        let _known = self.shared().network_rules.set(rules);
    }

    /// Reads the columns now, so that who asks first does not wait.
    pub async fn warm(&self) -> Result<(), StoreError> {
        self.catalog().await.map(|_| ())
    }

    /// The columns as of the last finished scan. One at a time reads; the others wait for it.
    pub(crate) async fn catalog(&self) -> Result<Arc<Catalog>, StoreError> {
        let shared = self.shared();
        if let Some(known) = shared.catalog.read().await.as_ref()
            && known.turn == self.turns().await?
        {
            return Ok(Arc::clone(known));
        }
        let mut place = shared.catalog.write().await;
        let failed = |source| self.failed("read the columns of the estate", source);
        let mut snapshot = self.readers().begin().await.map_err(failed)?;
        let turn: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(turn), 0) FROM scan WHERE turn IS NOT NULL")
            .fetch_one(&mut *snapshot)
            .await
            .map_err(failed)?;
        if let Some(known) = place.as_ref().filter(|known| known.turn == turn) {
            return Ok(Arc::clone(known));
        }
        let begun = std::time::Instant::now();
        let rules = shared.network_rules.get().cloned().unwrap_or_default();
        let over = place.as_ref().and_then(|known| self.since(known, turn));
        let base = place.as_ref().and_then(|known| known.parts.first());
        let laid = match (base, over) {
            (Some(base), Some(over)) => {
                let laid = self.laid_over(&mut snapshot, &rules, &base.part, over).await?;
                laid.map(|(part, over)| (base, part, over))
            }
            _ => None,
        };
        let fresh = if let Some((base, part, over)) = laid {
            let mut hidden = vec![0_u64; base.part.len().div_ceil(64)];
            for row in over.iter().filter_map(|id| base.part.row_of_id(*id)) {
                if let Some(bits) = hidden.get_mut(row / 64) {
                    *bits |= 1 << (row % 64);
                }
            }
            let parts = vec![View { part: Arc::clone(&base.part), hidden }, View::whole(part)];
            Catalog { turn, parts, over }
        } else {
            let mut part = load::load(self, &mut snapshot, &Extent::All).await?;
            load::networks(self, &mut snapshot, &rules, &mut part, None, None).await?;
            Catalog { turn, parts: vec![View::whole(part)], over: BTreeSet::new() }
        };
        tracing::debug!(
            turn,
            resources = fresh.parts.first().map_or(0, |view| view.part.len()),
            over = fresh.over.len(),
            millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "read the columns"
        );
        let fresh = Arc::new(fresh);
        *place = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// The columns, all of them read again.
    pub(crate) async fn catalog_anew(&self) -> Result<Arc<Catalog>, StoreError> {
        *self.shared().catalog.write().await = None;
        self.catalog().await
    }

    /// What is to be laid over what was read; none where all is to be read anew.
    fn since(&self, known: &Catalog, turn: i64) -> Option<BTreeSet<i64>> {
        let base = known.parts.first()?.part.len();
        let touched = self.shared().touched.lock().ok()?.between(known.turn, turn)?;
        let mut over = known.over.clone();
        over.extend(touched);
        is_little(&over, base).then_some(over)
    }

    /// What is laid over a part, with the resources of it: those that were touched, and those whose network another one
    /// lends them that lies in another network now. None where they are many.
    async fn laid_over(
        &self,
        conn: &mut SqliteConnection,
        rules: &NetworkRules,
        base: &Part,
        mut over: BTreeSet<i64>,
    ) -> Result<Option<(Part, BTreeSet<i64>)>, StoreError> {
        loop {
            let mut part = load::load(self, conn, &Extent::Some(&over)).await?;
            load::networks(self, conn, rules, &mut part, Some(base), None).await?;
            let borrowing = load::borrowing(self, conn, rules, &part, base).await?;
            let before = over.len();
            over.extend(borrowing);
            if over.len() == before {
                return Ok(Some((part, over)));
            }
            if !is_little(&over, base.len()) {
                return Ok(None);
            }
        }
    }
}
