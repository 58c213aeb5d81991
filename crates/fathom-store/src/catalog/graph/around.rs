//! What is around a resource, and the members of a group of it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use fathom_model::{EdgeKind, ResourceType, Uid};

use super::{
    super::AsOf,
    Direction, Graph, GraphEdge, GraphGroup, GraphNode,
    links::{LINKS_OF_ONE_MAX, Link},
};
use crate::{Scope, Store, StoreError};

/// Members of a group that are named.
const SAMPLE_MAX: usize = 5;

/// A question for what is around a resource.
#[derive(Debug, Clone)]
pub struct AroundQuery {
    /// What whoever asks may see.
    pub scope: Scope,
    /// The resource.
    pub root: Uid,
    /// How many edges away.
    pub depth: u32,
    /// Only edges of these kinds; all where empty.
    pub kinds: Vec<EdgeKind>,
    /// Only neighbours of these types; all where empty.
    pub types: Vec<ResourceType>,
    /// In which direction.
    pub direction: Direction,
    /// The most resources.
    pub limit: usize,
    /// More neighbours than this of one resource that are alike become a group.
    pub group_above: usize,
    /// The most edges of one resource in one direction that are read: [`LINKS_OF_ONE_MAX`] but in tests.
    pub links_max: usize,
}

/// A question for the members of a group.
#[derive(Debug, Clone)]
pub struct GroupQuery {
    /// What whoever asks may see.
    pub scope: Scope,
    /// Whose neighbours.
    pub of: Uid,
    /// What the edges mean.
    pub kind: EdgeKind,
    /// Whether the edges lead away from it.
    pub outgoing: bool,
    /// The type of the neighbours.
    pub member_kind: ResourceType,
    /// How many are passed over.
    pub offset: usize,
    /// The most.
    pub limit: usize,
}

/// The members of a group, or a part of them.
#[derive(Debug, Clone, Default)]
pub struct GroupMembers {
    /// They, in the order of their uids.
    pub nodes: Vec<GraphNode>,
    /// The edges that connect them with the one resource.
    pub edges: Vec<GraphEdge>,
    /// How many they are in all.
    pub total: u64,
    /// Whether they are more.
    pub at_least: bool,
}

impl Store {
    /// What is around a resource, or was; none where it is not known, gone, or not to be seen.
    pub async fn graph_around(
        &self,
        query: &AroundQuery,
        as_of: Option<&AsOf>,
    ) -> Result<Option<Graph>, StoreError> {
        let ground = self.ground(&query.scope, as_of).await?;
        let seen = ground.seen();
        let Some(root) = seen.number(&query.root) else { return Ok(None) };
        let types: HashSet<&str> = query.types.iter().map(ResourceType::as_str).collect();
        let mut graph = Graph { complete: true, ..Graph::default() };
        let mut known: HashSet<i64> = HashSet::from([root]);
        graph.nodes.extend(seen.node(root, 0));
        let mut frontier = vec![root];
        for depth in 1..=query.depth {
            let mut next = Vec::new();
            for of in frontier {
                for outgoing in query.direction.ways() {
                    let (links, more) =
                        self.links(seen.scan, &[of], *outgoing, &query.kinds, query.links_max).await?;
                    graph.complete &= !more;
                    let mut alike: BTreeMap<(Arc<str>, &str), BTreeSet<i64>> = BTreeMap::new();
                    for link in &links {
                        let other = if *outgoing { link.to } else { link.from };
                        let Some((part, row)) = seen.find(other) else { continue };
                        let kind = part.kind.text(row);
                        if other != of && (types.is_empty() || types.contains(kind)) {
                            alike.entry((Arc::clone(&link.kind), kind)).or_default().insert(other);
                        }
                    }
                    for ((kind, member_kind), members) in alike {
                        let fresh: Vec<i64> =
                            members.iter().copied().filter(|id| !known.contains(id)).collect();
                        if members.len() > query.group_above && !fresh.is_empty() {
                            let Some((part, row)) = seen.find(of) else { continue };
                            let sample = fresh.iter().take(SAMPLE_MAX).filter_map(|id| seen.find(*id));
                            graph.groups.push(GraphGroup {
                                of: Uid::new(part.uids.get(row)),
                                kind: kind.to_string(),
                                outgoing: *outgoing,
                                member_kind: member_kind.to_owned(),
                                count: members.len() as u64,
                                at_least: more,
                                sample: sample.map(|(part, row)| Uid::new(part.uids.get(row))).collect(),
                            });
                            continue;
                        }
                        for id in fresh {
                            if known.len() >= query.limit {
                                graph.complete = false;
                                break;
                            }
                            if known.insert(id) {
                                graph.nodes.extend(seen.node(id, depth));
                                next.push(id);
                            }
                        }
                    }
                }
            }
            frontier = next;
        }
        let (edges, more) = self.edges_between(&seen, &known, &query.kinds).await?;
        let (loose, more_loose) = self.loose_of(&seen, &known, &query.kinds).await?;
        graph.complete &= !more && !more_loose;
        (graph.edges, graph.loose) = (edges, loose);
        Ok(Some(graph))
    }

    /// The members of a group after some of them, in the order of their uids.
    pub async fn group_members(
        &self,
        query: &GroupQuery,
        as_of: Option<&AsOf>,
    ) -> Result<Option<GroupMembers>, StoreError> {
        let ground = self.ground(&query.scope, as_of).await?;
        let seen = ground.seen();
        let Some(number) = seen.number(&query.of) else { return Ok(None) };
        let kinds = std::slice::from_ref(&query.kind);
        let (links, more) = self.links(seen.scan, &[number], query.outgoing, kinds, LINKS_OF_ONE_MAX).await?;
        let mut members: BTreeMap<&str, &Link> = BTreeMap::new();
        for link in &links {
            let other = if query.outgoing { link.to } else { link.from };
            if let Some((part, row)) = seen.find(other)
                && other != number
                && part.kind.text(row) == query.member_kind.as_str()
            {
                members.entry(part.uids.get(row)).or_insert(link);
            }
        }
        let mut found =
            GroupMembers { total: members.len() as u64, at_least: more, ..GroupMembers::default() };
        for link in members.into_values().skip(query.offset).take(query.limit) {
            found.nodes.extend(seen.node(if query.outgoing { link.to } else { link.from }, 1));
            found.edges.extend(seen.edge(link));
        }
        Ok(Some(found))
    }
}
