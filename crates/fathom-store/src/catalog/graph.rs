//! The graph around a resource, ways between two, and the whole of a small estate. Nodes come from the columns, which also
//! say who may see them; edges come from the database.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fathom_model::{EdgeKind, ResourceType, Timestamp, Uid};
use sqlx::sqlite::SqliteRow;

use super::{
    Catalog, EstateFilter,
    filter::{Assigned, Test},
    part::{Part, flag},
};
use crate::{Scope, Store, StoreError, rows::column, scans::blocking};

/// Edges of one resource in one direction that are read; of more it is said that there are at least so many.
const LINKS_OF_ONE_MAX: usize = 50_000;
/// Edges that are read at once for many resources.
const LINKS_MAX: usize = 1_000_000;
/// Resources whose edges are asked for in one statement.
const ASKED_MAX: usize = 2_000;
/// References that lead to nothing seen, of one answer.
const LOOSE_MAX: i64 = 1_000;
/// Resources that the search for a way looks at.
const LOOKED_AT_MAX: usize = 200_000;
/// Members of a group that are named.
const SAMPLE_MAX: usize = 5;

/// In which direction edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// As the documents state them.
    Out,
    /// Against that.
    In,
}

impl Direction {
    fn ways(self) -> &'static [bool] {
        match self {
            Self::Both => &[true, false],
            Self::Out => &[true],
            Self::In => &[false],
        }
    }

    fn reversed(self) -> Self {
        match self {
            Self::Both => Self::Both,
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// A resource in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    pub kind: String,
    /// Its name, or its id where it has none.
    pub label: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The network that it lies in.
    pub network: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether all that is demanded of its type is known.
    pub understood: bool,
    /// Whether its own settings say that it may be reached from outside.
    pub exposed: bool,
    /// Whether the last scan could not say if it still exists.
    pub stale: bool,
    /// How many edges it is away from where the question began.
    pub depth: u32,
}

/// A connection of two resources of a graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphEdge {
    /// Which states it.
    pub from: Uid,
    /// What it means.
    pub kind: String,
    /// The other one.
    pub to: Uid,
}

/// A reference that leads to nothing seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseEdge {
    /// Which states it.
    pub from: Uid,
    /// What it means.
    pub kind: String,
    /// The reference as the document has it.
    pub reference: String,
    /// The type that it should lead to.
    pub expected: String,
    /// Whether it names an account that was not looked into.
    pub outside: bool,
}

/// Neighbours that are alike and stand as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphGroup {
    /// Whose neighbours.
    pub of: Uid,
    /// What the edges mean.
    pub kind: String,
    /// Whether the edges lead away from it.
    pub outgoing: bool,
    /// The type of the neighbours.
    pub member_kind: String,
    /// How many they are.
    pub count: u64,
    /// Whether they are more.
    pub at_least: bool,
    /// Some of them.
    pub sample: Vec<Uid>,
}

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
}

/// A part of the graph.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The resources, in the order in which they were reached.
    pub nodes: Vec<GraphNode>,
    /// All edges between them.
    pub edges: Vec<GraphEdge>,
    /// References of theirs that lead to nothing seen.
    pub loose: Vec<LooseEdge>,
    /// Neighbours that stand as one.
    pub groups: Vec<GraphGroup>,
    /// Whether nothing but groups was left out.
    pub complete: bool,
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
}

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
    /// Whether the search came to its end: without a way then there is none of so many hops.
    pub complete: bool,
}

/// An edge by the numbers of its ends.
#[derive(Debug, Clone)]
struct Link {
    from: i64,
    to: i64,
    kind: Arc<str>,
}

/// Where the search came from: the resource before, the meaning of the edge, and whether it was followed as it is stated.
type Parents = HashMap<i64, Option<(i64, Arc<str>, bool)>>;

/// The nodes that somebody may see.
struct Seen<'c> {
    catalog: &'c Catalog,
    tests: Vec<Test<'c>>,
}

impl<'c> Seen<'c> {
    fn new(catalog: &'c Catalog, filter: &'c EstateFilter, nobody: &'c Assigned) -> Self {
        let tests = catalog.tests(filter, nobody).map(|(_, test)| test).collect();
        Self { catalog, tests }
    }

    /// The part and row of a resource that exists and may be seen.
    fn find(&self, id: i64) -> Option<(&'c Part, usize)> {
        self.catalog.parts.iter().zip(&self.tests).rev().find_map(|(view, test)| {
            let row = view.part.row_of_id(id).filter(|row| !view.hides(*row))?;
            (!view.part.is(row, flag::GONE) && test.is_visible(row)).then_some((&*view.part, row))
        })
    }

    fn node(&self, id: i64, depth: u32) -> Option<GraphNode> {
        self.find(id).map(|(part, row)| node(part, row, depth))
    }

    fn edge(&self, link: &Link) -> Option<GraphEdge> {
        let uid = |id| self.find(id).map(|(part, row)| Uid::new(part.uids.get(row)));
        Some(GraphEdge { from: uid(link.from)?, kind: link.kind.to_string(), to: uid(link.to)? })
    }
}

fn node(part: &Part, row: usize, depth: u32) -> GraphNode {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    GraphNode {
        uid: Uid::new(part.uids.get(row)),
        kind: part.kind.text(row).to_owned(),
        label: part.labels.get(row).to_owned(),
        account: part.account.text(row).to_owned(),
        region: part.region.text(row).to_owned(),
        network: text(part.network.text(row)),
        owner: text(part.owner.text(row)),
        understood: part.is(row, flag::UNDERSTOOD),
        exposed: part.is(row, flag::EXPOSED),
        stale: part.is(row, flag::STALE),
        depth,
    }
}

fn everything(scope: &Scope) -> EstateFilter {
    EstateFilter { scope: scope.clone(), ..EstateFilter::default() }
}

impl Store {
    /// What is around a resource; none where it is not known, gone, or not to be seen.
    pub async fn graph_around(&self, query: &AroundQuery) -> Result<Option<Graph>, StoreError> {
        let catalog = self.catalog().await?;
        let (filter, nobody) = (everything(&query.scope), Assigned::new());
        let seen = Seen::new(&catalog, &filter, &nobody);
        let Some(root) = self.number_of(&seen, &query.root) else { return Ok(None) };
        let types: HashSet<&str> = query.types.iter().map(ResourceType::as_str).collect();
        let mut graph = Graph { complete: true, ..Graph::default() };
        let mut known: HashSet<i64> = HashSet::from([root]);
        graph.nodes.extend(seen.node(root, 0));
        let mut frontier = vec![root];
        for depth in 1..=query.depth {
            let mut next = Vec::new();
            for of in frontier {
                for outgoing in query.direction.ways() {
                    let (links, more) = self.links_of(of, *outgoing, &query.kinds).await?;
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
        graph.edges = self.edges_between(&seen, &known, &query.kinds).await?;
        graph.loose = self.loose_of(&seen, &known, &query.kinds).await?;
        Ok(Some(graph))
    }

    /// The members of a group after some of them, in the order of their uids.
    #[expect(clippy::too_many_arguments, reason = "they name the group")]
    pub async fn group_members(
        &self,
        scope: &Scope,
        of: &Uid,
        kind: &EdgeKind,
        outgoing: bool,
        member_kind: &ResourceType,
        offset: usize,
        limit: usize,
    ) -> Result<Option<GroupMembers>, StoreError> {
        let catalog = self.catalog().await?;
        let (filter, nobody) = (everything(scope), Assigned::new());
        let seen = Seen::new(&catalog, &filter, &nobody);
        let Some(number) = self.number_of(&seen, of) else { return Ok(None) };
        let (links, _) = self.links_of(number, outgoing, std::slice::from_ref(kind)).await?;
        let mut members: BTreeMap<&str, &Link> = BTreeMap::new();
        for link in &links {
            let other = if outgoing { link.to } else { link.from };
            if let Some((part, row)) = seen.find(other)
                && other != number
                && part.kind.text(row) == member_kind.as_str()
            {
                members.entry(part.uids.get(row)).or_insert(link);
            }
        }
        let mut found = GroupMembers { total: members.len() as u64, ..GroupMembers::default() };
        for link in members.into_values().skip(offset).take(limit) {
            found.nodes.extend(seen.node(if outgoing { link.to } else { link.from }, 1));
            found.edges.extend(seen.edge(link));
        }
        Ok(Some(found))
    }

    /// The shortest way between two resources, searched from both ends. Of several as short ones it is always the same.
    pub async fn way(&self, query: &WayQuery) -> Result<Option<Way>, StoreError> {
        let catalog = self.catalog().await?;
        let (filter, nobody) = (everything(&query.scope), Assigned::new());
        let seen = Seen::new(&catalog, &filter, &nobody);
        let (Some(from), Some(to)) = (self.number_of(&seen, &query.from), self.number_of(&seen, &query.to))
        else {
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
                for outgoing in direction.ways() {
                    for link in self.links(chunk, *outgoing, &query.kinds, LINKS_MAX).await? {
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
            if ahead.len() + back.len() > LOOKED_AT_MAX && meeting.is_none() {
                way.complete = false;
                break;
            }
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

    /// The resources that fit, up to a limit: exposed ones first, then those that are not understood, then by uid; with
    /// all edges between them. How many fit, and of those that are left out how many there are by account, region and
    /// type.
    pub async fn graph_estate(
        &self,
        filter: &EstateFilter,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Graph, u64, BTreeMap<(String, String, String), u64>), StoreError> {
        let catalog = self.catalog().await?;
        let mut assigned = Assigned::new();
        for (resource, to) in self.assigned(now).await? {
            assigned.entry(resource).or_default().push(to);
        }
        let (asked, wanted) = (Arc::clone(&catalog), filter.clone());
        let (ids, total, rest) = blocking(move || chosen(&asked, &wanted, &assigned, limit)).await?;
        let (filter, nobody) = (everything(&filter.scope), Assigned::new());
        let seen = Seen::new(&catalog, &filter, &nobody);
        let known: HashSet<i64> = ids.iter().copied().collect();
        let graph = Graph {
            nodes: ids.iter().filter_map(|id| seen.node(*id, 0)).collect(),
            edges: self.edges_between(&seen, &known, &[]).await?,
            complete: rest.is_empty(),
            ..Graph::default()
        };
        Ok((graph, total, rest))
    }

    #[expect(clippy::unused_self, reason = "reads as a question to the store")]
    fn number_of(&self, seen: &Seen<'_>, uid: &Uid) -> Option<i64> {
        let (part, row) = seen.catalog.find(uid.as_str())?;
        let id = part.id(row);
        seen.find(id).map(|_| id)
    }

    /// Edges of one resource in a direction, and whether there are more.
    async fn links_of(
        &self,
        id: i64,
        outgoing: bool,
        kinds: &[EdgeKind],
    ) -> Result<(Vec<Link>, bool), StoreError> {
        let mut links = self.links(&[id], outgoing, kinds, LINKS_OF_ONE_MAX + 1).await?;
        let more = links.len() > LINKS_OF_ONE_MAX;
        links.truncate(LINKS_OF_ONE_MAX);
        Ok((links, more))
    }

    async fn links(
        &self,
        ids: &[i64],
        outgoing: bool,
        kinds: &[EdgeKind],
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
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
            .bind(limit as i64)
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("follow edges", source))?;
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        rows.iter()
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
            .collect()
    }

    /// All edges between some resources, sorted.
    async fn edges_between(
        &self,
        seen: &Seen<'_>,
        known: &HashSet<i64>,
        kinds: &[EdgeKind],
    ) -> Result<Vec<GraphEdge>, StoreError> {
        let mut ids: Vec<i64> = known.iter().copied().collect();
        ids.sort_unstable();
        let mut edges = BTreeSet::new();
        for chunk in ids.chunks(ASKED_MAX) {
            let links = self.links(chunk, true, kinds, LINKS_MAX).await?;
            edges.extend(
                links.iter().filter(|link| known.contains(&link.to)).filter_map(|link| seen.edge(link)),
            );
        }
        Ok(edges.into_iter().collect())
    }

    async fn loose_of(
        &self,
        seen: &Seen<'_>,
        known: &HashSet<i64>,
        kinds: &[EdgeKind],
    ) -> Result<Vec<LooseEdge>, StoreError> {
        const TABLE: &str = "edge";
        let mut ids: Vec<i64> = known.iter().copied().collect();
        ids.sort_unstable();
        let rows = sqlx::query(
            "SELECT e.from_id, e.kind, COALESCE(e.target, t.uid), COALESCE(e.expected, t.kind, ''), e.outside \
             FROM json_each($1) j CROSS JOIN edge e ON e.from_id = j.value LEFT JOIN resource t ON t.id = e.to_id \
             WHERE (e.to_id IS NULL OR t.deleted_at IS NOT NULL) \
             AND ($2 = '[]' OR e.kind IN (SELECT value FROM json_each($2))) LIMIT $3",
        )
        .bind(serde_json::json!(ids).to_string())
        .bind(serde_json::json!(kinds).to_string())
        .bind(LOOSE_MAX)
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read loose references", source))?;
        let mut loose = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some((part, at)) = seen.find(column(row, TABLE, 0)?) else { continue };
            loose.push(LooseEdge {
                from: Uid::new(part.uids.get(at)),
                kind: column(row, TABLE, 1)?,
                reference: column::<Option<String>>(row, TABLE, 2)?.unwrap_or_default(),
                expected: column(row, TABLE, 3)?,
                outside: column(row, TABLE, 4)?,
            });
        }
        Ok(loose)
    }
}

type Rest = BTreeMap<(String, String, String), u64>;

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
            let text = |column: &super::part::Column| column.text(row).to_owned();
            *rest.entry((text(&part.account), text(&part.region), text(&part.kind))).or_default() += 1;
        }
    }
    all.sort_unstable_by(by);
    (all.iter().map(|(.., part, row)| part.id(*row)).collect(), total, rest)
}
