//! The graph: what is around a resource, the way between two, and the whole of a small estate.

use axum::{Json, extract::State};
use fathom_model::{EdgeKind, ResourceType};
use fathom_store::{
    AroundQuery, AsOf, Direction, Graph, GraphEdge, GraphGroup, GraphNode, LINKS_OF_ONE_MAX, LooseEdge, Way,
    WayQuery,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    filter::{AsOfView, as_of, filtered},
    not_known,
    resource::{checked_uid, not_there},
};
use crate::{
    access::Visible,
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Steps from the resource that is asked for.
const DEPTH: (u32, u32) = (1, 4);
/// Resources of a neighbourhood.
const AROUND: (usize, usize) = (300, 2000);
/// Neighbours that are alike and stand each for itself.
const GROUP: (usize, usize) = (12, 500);
/// Members of a group on a page.
const MEMBERS: (usize, usize) = (100, 1000);
/// Edges of a way.
const HOPS: (u32, u32) = (8, 20);
/// Resources of a picture of the estate.
const ESTATE: (usize, usize) = (10_000, 20_000);

/// In which direction edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DirectionView {
    /// Both.
    #[default]
    Both,
    /// As the documents state them.
    Out,
    /// Against that.
    In,
}

impl From<DirectionView> for Direction {
    fn from(direction: DirectionView) -> Self {
        match direction {
            DirectionView::Both => Self::Both,
            DirectionView::Out => Self::Out,
            DirectionView::In => Self::In,
        }
    }
}

/// A resource in a graph.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeView {
    /// The resource.
    uid: String,
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// What people call it, or its id.
    name: String,
    /// Its account.
    account: String,
    /// Its region.
    region: String,
    /// The uid of the network that it lies in; null also where the caller may not see that one.
    network: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
    /// Whether all that is demanded of its type is known.
    understood: bool,
    /// Whether its own settings say that it may be reached from outside.
    exposed: bool,
    /// Whether the last scan could not say if it still exists; false for the past.
    stale: bool,
    /// How many edges it is away from where the question began.
    depth: u32,
}

impl From<GraphNode> for NodeView {
    fn from(node: GraphNode) -> Self {
        Self {
            uid: node.uid.to_string(),
            kind: node.kind,
            name: node.label,
            account: node.account,
            region: node.region,
            network: node.network,
            owner: node.owner,
            understood: node.understood,
            exposed: node.exposed,
            stale: node.stale,
            depth: node.depth,
        }
    }
}

/// A connection of two resources.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EdgeView {
    /// Which states it.
    from: String,
    /// The other one.
    to: String,
    /// What it means, as a verb phrase.
    kind: String,
}

impl From<GraphEdge> for EdgeView {
    fn from(edge: GraphEdge) -> Self {
        Self { from: edge.from.to_string(), to: edge.to.to_string(), kind: edge.kind }
    }
}

/// A reference that leads to nothing seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LooseView {
    /// Which states it.
    from: String,
    /// What it means, as a verb phrase.
    kind: String,
    /// The reference as the document has it.
    reference: String,
    /// The type that it should lead to; empty where that is not known.
    expected: String,
    /// Whether it names an account that was not looked into.
    outside: bool,
}

impl From<LooseEdge> for LooseView {
    fn from(edge: LooseEdge) -> Self {
        Self {
            from: edge.from.to_string(),
            kind: edge.kind,
            reference: edge.reference,
            expected: edge.expected,
            outside: edge.outside,
        }
    }
}

/// Neighbours of one resource that are alike and stand as one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    /// Whose neighbours.
    of: String,
    /// What the edges mean.
    kind: String,
    /// `out` where the edges lead away from it, else `in`.
    #[schema(inline)]
    direction: DirectionView,
    /// The type of the neighbours.
    #[serde(rename = "type")]
    member_kind: String,
    /// How many they are.
    count: u64,
    /// Whether they are more.
    at_least: bool,
    /// Some of them.
    sample: Vec<String>,
}

impl From<GraphGroup> for GroupView {
    fn from(group: GraphGroup) -> Self {
        Self {
            of: group.of.to_string(),
            kind: group.kind,
            direction: if group.outgoing { DirectionView::Out } else { DirectionView::In },
            member_kind: group.member_kind,
            count: group.count,
            at_least: group.at_least,
            sample: group.sample.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What is asked of a neighbourhood.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct GraphQuery {
    /// The uid of the resource in the middle.
    #[param(required = true)]
    around: Option<String>,
    /// How many edges away.
    #[param(minimum = 1, maximum = 4, default = 1)]
    depth: Option<u32>,
    /// Only edges of these kinds; may be repeated.
    kinds: Vec<String>,
    /// Only neighbours of these types; may be repeated.
    #[serde(rename = "type")]
    types: Vec<String>,
    /// In which direction edges are followed.
    #[param(inline)]
    direction: Option<DirectionView>,
    /// The most resources.
    #[param(minimum = 10, maximum = 2000, default = 300)]
    limit: Option<usize>,
    /// More neighbours than this of one resource that are alike become a group.
    #[param(minimum = 2, maximum = 500, default = 12)]
    group: Option<usize>,
    /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
    as_of: Option<String>,
}

/// What is around a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GraphAnswer {
    /// The resource in the middle.
    root: String,
    /// The resources, the nearest first.
    nodes: Vec<NodeView>,
    /// All edges between them.
    edges: Vec<EdgeView>,
    /// References of theirs that lead to nothing seen.
    loose: Vec<LooseView>,
    /// Neighbours that stand as one.
    groups: Vec<GroupView>,
    /// Whether nothing but groups was left out: no resource, no edge, no reference.
    complete: bool,
    /// What was left out, in words.
    note: Option<String>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// What is around a resource
#[utoipa::path(get, path = "/graph", tag = "graph", operation_id = "graph", params(GraphQuery),
    responses(
        (status = 200, description = "The answer", body = GraphAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn around(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<GraphQuery>,
) -> Result<Json<GraphAnswer>, Problem> {
    let text = needed("around", query.around)?;
    let limit = within("limit", query.limit, AROUND.0, &(10..=AROUND.1))?;
    let asked = AroundQuery {
        scope: visible.scope().clone(),
        root: checked_uid(&text)?,
        depth: within("depth", query.depth, DEPTH.0, &(1..=DEPTH.1))?,
        kinds: kinds(query.kinds),
        types: query.types.into_iter().map(ResourceType::from).collect(),
        direction: query.direction.unwrap_or_default().into(),
        limit,
        group_above: within("group", query.group, GROUP.0, &(2..=GROUP.1))?,
        links_max: LINKS_OF_ONE_MAX,
    };
    visible.check(&state, &asked.root).await?;
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let graph = state.store.graph_around(&asked, as_of.as_ref()).await?;
    let graph = graph.ok_or_else(|| missing(&text, as_of.as_ref()))?;
    let Graph { nodes, edges, loose, groups, complete } = graph;
    let note = (!complete).then(|| {
        format!(
            "there are more resources than {limit}, or more edges or references than are read of them; narrow it, or \
             raise `limit`"
        )
    });
    Ok(Json(GraphAnswer {
        root: text,
        nodes: nodes.into_iter().map(Into::into).collect(),
        edges: edges.into_iter().map(Into::into).collect(),
        loose: loose.into_iter().map(Into::into).collect(),
        groups: groups.into_iter().map(Into::into).collect(),
        complete,
        note,
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

/// Which group is opened.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupQuery {
    /// The uid of the resource whose neighbours they are.
    #[param(required = true)]
    of: Option<String>,
    /// What the edges mean.
    #[param(required = true)]
    kind: Option<String>,
    /// `out` where the edges lead away from it, else `in`.
    #[param(inline)]
    direction: Option<DirectionView>,
    /// The type of the neighbours.
    #[serde(rename = "type")]
    #[param(required = true)]
    member_kind: Option<String>,
    /// The most members.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<usize>,
    /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
    as_of: Option<String>,
}

/// Members of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupAnswer {
    /// They, by uid.
    nodes: Vec<NodeView>,
    /// The edges that connect them with the one resource.
    edges: Vec<EdgeView>,
    /// How many they are in all.
    total: u64,
    /// Whether they are more: only so many edges of a resource are looked at.
    at_least: bool,
    /// The cursor of the next page; null at the end.
    next: Option<usize>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// The members of a group
#[utoipa::path(get, path = "/graph/group", tag = "graph", operation_id = "graph_group", params(GroupQuery),
    responses(
        (status = 200, description = "The answer", body = GroupAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn group(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<GroupQuery>,
) -> Result<Json<GroupAnswer>, Problem> {
    let text = needed("of", query.of)?;
    let kind = EdgeKind::from(needed("kind", query.kind)?);
    let member_kind = ResourceType::from(needed("type", query.member_kind)?);
    let outgoing = match query.direction {
        Some(DirectionView::Out) | None => true,
        Some(DirectionView::In) => false,
        Some(DirectionView::Both) => {
            return Err(Problem::parameter("direction", "members of a group lie `out` or `in`, not both"));
        }
    };
    let limit = within("limit", query.limit, MEMBERS.0, &(1..=MEMBERS.1))?;
    let begin = query.cursor.unwrap_or_default();
    let asked = fathom_store::GroupQuery {
        scope: visible.scope().clone(),
        of: checked_uid(&text)?,
        kind,
        outgoing,
        member_kind,
        offset: begin,
        limit,
    };
    visible.check(&state, &asked.of).await?;
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let found = state.store.group_members(&asked, as_of.as_ref()).await?;
    let found = found.ok_or_else(|| missing(&text, as_of.as_ref()))?;
    let end = begin.saturating_add(found.nodes.len());
    let next = ((end as u64) < found.total && !found.nodes.is_empty()).then_some(end);
    Ok(Json(GroupAnswer {
        nodes: found.nodes.into_iter().map(Into::into).collect(),
        edges: found.edges.into_iter().map(Into::into).collect(),
        total: found.total,
        at_least: found.at_least,
        next,
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

/// Between which resources.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PathQuery {
    /// The uid of the first resource.
    #[param(required = true)]
    from: Option<String>,
    /// The uid of the last.
    #[param(required = true)]
    to: Option<String>,
    /// The most edges.
    #[param(minimum = 1, maximum = 20, default = 8)]
    hops: Option<u32>,
    /// In which direction edges are followed.
    #[param(inline)]
    direction: Option<DirectionView>,
    /// Only edges of these kinds; may be repeated.
    kinds: Vec<String>,
    /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
    as_of: Option<String>,
}

/// A step of a way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HopView {
    /// The edge.
    #[serde(flatten)]
    edge: EdgeView,
    /// Whether the way follows it as it is stated; else from its `to` to its `from`.
    forward: bool,
}

/// What came of the search for a way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PathAnswer {
    /// Whether there is one.
    found: bool,
    /// Its steps, first to last.
    hops: Vec<HopView>,
    /// The resources on it, first to last.
    nodes: Vec<NodeView>,
    /// How many steps it has; null where there is none.
    length: Option<u64>,
    /// Resources that were looked at.
    looked_at: u64,
    /// Whether the search left nothing out: without a way then there is none of so many steps, and none is shorter than
    /// one that was found.
    complete: bool,
    /// All of it in words.
    sentence: String,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// The shortest way between two resources
#[utoipa::path(get, path = "/graph/path", tag = "graph", operation_id = "graph_path", params(PathQuery),
    responses(
        (status = 200, description = "The answer", body = PathAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn path(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<PathQuery>,
) -> Result<Json<PathAnswer>, Problem> {
    let (from, to) = (needed("from", query.from)?, needed("to", query.to)?);
    let hops = within("hops", query.hops, HOPS.0, &(1..=HOPS.1))?;
    let asked = WayQuery {
        scope: visible.scope().clone(),
        from: checked_uid(&from)?,
        to: checked_uid(&to)?,
        hops,
        direction: query.direction.unwrap_or_default().into(),
        kinds: kinds(query.kinds),
    };
    for uid in [&asked.from, &asked.to] {
        visible.check(&state, uid).await?;
    }
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let Some(Way { nodes, hops: steps, looked_at, complete }) =
        state.store.way(&asked, as_of.as_ref()).await?
    else {
        let begins = state.store.graph_has(&asked.scope, &asked.from, as_of.as_ref()).await?;
        return Err(missing(if begins { &to } else { &from }, as_of.as_ref()));
    };
    let found = !nodes.is_empty();
    let length = steps.len() as u64;
    let sentence = sentence(found.then_some(length), complete, hops, looked_at);
    let hops = steps.into_iter().map(|(edge, forward)| HopView { edge: edge.into(), forward }).collect();
    Ok(Json(PathAnswer {
        found,
        hops,
        nodes: nodes.into_iter().map(Into::into).collect(),
        length: found.then_some(length),
        looked_at,
        complete,
        sentence,
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

filtered! {
    /// Which resources are in the picture.
    EstateQuery {
        /// The most resources.
        #[param(minimum = 1, maximum = 20_000, default = 10_000)]
        limit: Option<usize>,
        /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
        as_of: Option<String>,
    }
}

/// Resources that are left out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestView {
    /// Their account.
    account: String,
    /// Their region.
    region: String,
    /// Their type.
    #[serde(rename = "type")]
    kind: String,
    /// How many they are.
    count: u64,
}

/// A picture of the estate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EstateAnswer {
    /// The resources: exposed ones first, then those that are not understood, then by uid.
    nodes: Vec<NodeView>,
    /// All edges between them.
    edges: Vec<EdgeView>,
    /// How many resources fit the filter.
    total: u64,
    /// How many of them are here.
    shown: u64,
    /// Whether that is all.
    complete: bool,
    /// What is left out.
    rest: Vec<RestView>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// The estate as a graph, up to a limit
#[utoipa::path(get, path = "/graph/estate", tag = "graph", operation_id = "graph_estate", params(EstateQuery),
    responses(
        (status = 200, description = "The answer", body = EstateAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn estate(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<EstateQuery>,
) -> Result<Json<EstateAnswer>, Problem> {
    let limit = within("limit", query.limit, ESTATE.0, &(1..=ESTATE.1))?;
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let words = query.words();
    words.check_as_of(as_of.as_ref())?;
    let filter = words.read(&state, visible.scope()).await?;
    let graph = state.store.graph_estate(&filter, limit, as_of.as_ref(), state.now()).await?;
    let rest = graph
        .rest
        .into_iter()
        .map(|((account, region, kind), count)| RestView { account, region, kind, count })
        .collect();
    Ok(Json(EstateAnswer {
        shown: graph.nodes.len() as u64,
        nodes: graph.nodes.into_iter().map(Into::into).collect(),
        edges: graph.edges.into_iter().map(Into::into).collect(),
        total: graph.total,
        complete: graph.complete,
        rest,
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

/// What came of the search for a way of at most so many steps, in words.
fn sentence(length: Option<u64>, complete: bool, hops: u32, looked_at: u64) -> String {
    match length {
        Some(0) => "It is the same resource.".to_owned(),
        Some(1) => "They are connected directly.".to_owned(),
        Some(length) if complete => format!("Connected over {length} steps; no way is shorter."),
        Some(length) => {
            format!("Connected over {length} steps; not every edge was looked at, so a way may be shorter.")
        }
        None if complete => {
            format!("There is no way of {hops} steps or fewer; {looked_at} resources were looked at.")
        }
        None => format!(
            "No way was found among the {looked_at} resources that were looked at, and the search was given up."
        ),
    }
}

/// What is asked about is not there, or was not.
fn missing(uid: &str, as_of: Option<&AsOf>) -> Problem {
    as_of.map_or_else(|| not_known(uid), |as_of| not_there(uid, as_of))
}

fn kinds(texts: Vec<String>) -> Vec<EdgeKind> {
    texts.into_iter().map(EdgeKind::from).collect()
}

fn needed(name: &str, text: Option<String>) -> Result<String, Problem> {
    text.ok_or_else(|| Problem::parameter(name, format!("`{name}` is needed")))
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn only_a_search_that_left_nothing_out_says_that_no_way_is_shorter() {
        assert!(sentence(Some(3), true, 8, 9).contains("no way is shorter"));
        assert!(!sentence(Some(3), false, 8, 9).contains("no way is shorter"));
        assert!(sentence(None, true, 8, 9).contains("no way of 8 steps"));
        assert!(!sentence(None, false, 8, 9).contains("no way of 8 steps"));
    }
}
