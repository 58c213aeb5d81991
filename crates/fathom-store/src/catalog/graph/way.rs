//! The shortest way between two resources.

use std::{collections::HashMap, sync::Arc};

use fathom_model::{EdgeKind, Uid};

use super::{
    super::AsOf,
    Direction, GraphEdge, GraphNode,
    links::{ASKED_MAX, LINKS_MAX, Link},
};
use crate::{Scope, Store, StoreError};

/// Resources that the search for a way looks at.
const LOOKED_AT_MAX: usize = 200_000;

/// A question for the shortest way.
#[derive(Debug, Clone)]
pub struct WayQuery {
    /// What whoever asks may see.
    pub scope: Scope,
    /// Where it begins.
    pub from: Uid,
    /// Where it ends.
    pub to: Uid,
    /// The most edges.
    pub hops: u32,
    /// In which direction edges are followed.
    pub direction: Direction,
    /// Only edges of these kinds; all where empty.
    pub kinds: Vec<EdgeKind>,
}

/// What came of the search for a way.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// The resources on it, first to last; none where there is no way.
    pub nodes: Vec<GraphNode>,
    /// Its edges in order, each with whether it is followed as it is stated.
    pub hops: Vec<(GraphEdge, bool)>,
    /// Resources that were looked at.
    pub looked_at: u64,
    /// Whether the search left nothing out: without a way then there is none of so many hops, and none is shorter than
    /// one that was found.
    pub complete: bool,
}

/// Where the search came from: the resource before, the meaning of the edge, and whether it was followed as it is stated.
type Parents = HashMap<i64, Option<(i64, Arc<str>, bool)>>;

impl Store {
    /// Whether a resource is in the graph, or was.
    pub async fn graph_has(
        &self,
        scope: &Scope,
        uid: &Uid,
        as_of: Option<&AsOf>,
    ) -> Result<bool, StoreError> {
        Ok(self.ground(scope, as_of).await?.seen().number(uid).is_some())
    }

    /// The shortest way between two resources, searched from both ends. Of several as short ones it is always the same.
    pub async fn way(&self, query: &WayQuery, as_of: Option<&AsOf>) -> Result<Option<Way>, StoreError> {
        let ground = self.ground(&query.scope, as_of).await?;
        let seen = ground.seen();
        let (Some(from), Some(to)) = (seen.number(&query.from), seen.number(&query.to)) else {
            return Ok(None);
        };
        let mut ahead: Parents = HashMap::from([(from, None)]);
        let mut back: Parents = HashMap::from([(to, None)]);
        let (mut front, mut rear) = (vec![from], vec![to]);
        let mut meeting = (from == to).then_some(from);
        let mut way = Way { complete: true, ..Way::default() };
        for _ in 0..query.hops {
            if meeting.is_some() || front.is_empty() || rear.is_empty() {
                break;
            }
            // The smaller end grows; that the whole of its border does keeps the way the shortest.
            let from_front = front.len() <= rear.len();
            let (border, own, other, direction) = if from_front {
                (&mut front, &mut ahead, &back, query.direction)
            } else {
                (&mut rear, &mut back, &ahead, query.direction.reversed())
            };
            let mut next = Vec::new();
            for chunk in border.chunks(ASKED_MAX) {
                if own.len() + other.len() > LOOKED_AT_MAX {
                    way.complete = false;
                    break;
                }
                for outgoing in direction.ways() {
                    let (links, more) =
                        self.links(seen.scan, chunk, *outgoing, &query.kinds, LINKS_MAX).await?;
                    way.complete &= !more;
                    for link in links {
                        let (here, there) =
                            if *outgoing { (link.from, link.to) } else { (link.to, link.from) };
                        if own.contains_key(&there) || seen.find(there).is_none() {
                            continue;
                        }
                        // Searched from the end, an edge is followed the other way round.
                        own.insert(there, Some((here, link.kind, *outgoing == from_front)));
                        next.push(there);
                    }
                }
            }
            next.sort_unstable();
            meeting = next.iter().find(|id| other.contains_key(id)).copied();
            *border = next;
        }
        way.looked_at = (ahead.len() + back.len()) as u64;
        let Some(meeting) = meeting else { return Ok(Some(way)) };
        let mut hops: Vec<(Link, bool)> = Vec::new();
        let mut numbers = vec![meeting];
        let mut here = meeting;
        while let Some(Some((before, kind, stated))) = ahead.get(&here) {
            let (from, to) = if *stated { (*before, here) } else { (here, *before) };
            hops.push((Link { from, to, kind: Arc::clone(kind) }, *stated));
            numbers.push(*before);
            here = *before;
        }
        hops.reverse();
        numbers.reverse();
        here = meeting;
        while let Some(Some((after, kind, stated))) = back.get(&here) {
            let (from, to) = if *stated { (here, *after) } else { (*after, here) };
            hops.push((Link { from, to, kind: Arc::clone(kind) }, *stated));
            numbers.push(*after);
            here = *after;
        }
        way.nodes = (0..).zip(numbers).filter_map(|(depth, id)| seen.node(id, depth)).collect();
        way.hops = hops.iter().filter_map(|(link, stated)| Some((seen.edge(link)?, *stated))).collect();
        Ok(Some(way))
    }
}
