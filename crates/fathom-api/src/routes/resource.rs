//! One resource with everything that is known about it, and everything that is not.

use std::collections::HashMap;

use axum::{Json, extract::State};
use fathom_model::{Document, Edge, Target, Timestamp, Uid};
use fathom_store::{AsOf, Edges};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::filter::{AsOfView, as_of};
use crate::{
    access::Visible,
    extract::{Query, shown},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::{AcceptanceView, AssignmentView, ResourceRow, StatementView, UnknownRow, address},
};

/// The longest uid.
const UID_BYTES_MAX: usize = 4096;
/// The most relations in each direction that an answer has; the table `edges` has all.
const RELATIONS_MAX: usize = 500;
/// The most versions that an answer has, newest first.
const VERSIONS_MAX: usize = 200;

/// Which resource.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResourceParameters {
    /// The resource's uid.
    uid: String,
    /// As it was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
    as_of: Option<String>,
}

/// A connection to another resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relation {
    /// What it means, as a verb phrase.
    kind: String,
    /// The other resource; null where the reference leads to nothing we have seen.
    uid: Option<String>,
    /// The type of the other resource, or the type that the reference expects.
    #[serde(rename = "type")]
    other_kind: Option<String>,
    /// The name of the other resource, where it has one.
    name: Option<String>,
    /// The reference as the document has it, where it leads to nothing we have seen.
    unresolved: Option<String>,
    /// The address of the other resource.
    href: Option<String>,
}

/// The connections of a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relations {
    /// Those that its own document states.
    outgoing: Vec<Relation>,
    /// Those that lead to it.
    incoming: Vec<Relation>,
    /// Whether there are more, in the table `edges`.
    truncated: bool,
    /// How many of them are left out, because they lead to what the caller may not see.
    withheld: u64,
}

/// One version of a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// SHA-256 of its document.
    hash: String,
    /// When a scan first saw it.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
    /// The scan that saw it.
    scan: i64,
}

/// A resource with all that is known about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceDetail {
    /// What the provider and the scans say.
    resource: ResourceRow,
    /// What the sources say, by part and then by trust; one of each part holds.
    statements: Vec<StatementView>,
    /// What is missing; null where it is understood.
    unknown: Option<UnknownRow>,
    /// Who takes care of it.
    assignments: Vec<AssignmentView>,
    /// Its gaps that somebody accepted.
    acceptances: Vec<AcceptanceView>,
    /// Its connections.
    relations: Relations,
    /// Its versions, newest first.
    versions: Vec<VersionView>,
    /// Everything that the provider said; null for callers who may not read documents.
    #[schema(value_type = Option<Object>)]
    document: Option<Box<RawValue>>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// One resource with all that is known about it
#[utoipa::path(get, path = "/resource", tag = "estate", operation_id = "resource", params(ResourceParameters),
    responses(
        (status = 200, description = "The answer", body = ResourceDetail),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn resource(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ResourceParameters>,
) -> Result<Json<ResourceDetail>, Problem> {
    let store = &state.store;
    let uid = checked_uid(&query.uid)?;
    visible.check(&state, &uid).await?;
    if let Some(as_of) = as_of(&state, query.as_of.as_deref()).await? {
        return Ok(Json(past(&state, &visible, &uid, &as_of).await?));
    }
    let stored = store.resource(&uid).await?.ok_or_else(|| not_known(&query.uid))?;
    let document = raw(&stored.resource.document.whole())?;
    let document = Some(document).filter(|_| visible.documents());
    let statements = StatementView::all(store.statements(&uid).await?);
    let unknown = store.unknown_seen(visible.scope(), &uid, state.now()).await?.map(Into::into);
    let relations = relations(&state, &visible, store.edges_of(&uid).await?).await?;
    let versions = store.versions(&uid).await?.into_iter().take(VERSIONS_MAX);
    let versions = versions.map(|v| VersionView { hash: v.hash, seen_at: v.seen_at, scan: v.scan }).collect();
    let now = state.now();
    let assigned = store.assignments_of(std::slice::from_ref(&uid), now).await?;
    let assignments: Vec<AssignmentView> = assigned.into_iter().map(Into::into).collect();
    let acceptances = store.acceptances_of(&uid, now).await?.into_iter().map(Into::into).collect();
    let placed = store.placed_by_uid(visible.scope(), std::slice::from_ref(&uid)).await?.remove(&uid);
    let (owner, network) = placed.map_or((None, None), |placed| (placed.owner, placed.network));
    let resource =
        ResourceRow { owner, network, assigned: assignments.first().cloned(), ..ResourceRow::from(stored) };
    Ok(Json(ResourceDetail {
        resource,
        statements,
        unknown,
        assignments,
        acceptances,
        relations,
        versions,
        document,
        as_of: None,
    }))
}

/// The resource as it was. Who takes care of it, and its versions, are of now.
async fn past(
    state: &ApiState,
    visible: &Visible,
    uid: &Uid,
    as_of: &AsOf,
) -> Result<ResourceDetail, Problem> {
    let Some(was) = state.store.resource_as_of(as_of, visible.scope(), uid).await? else {
        return Err(not_there(uid.as_str(), as_of));
    };
    let document = match &was.document {
        Some(document) if visible.documents() => Some(raw(document)?),
        _ => None,
    };
    let accepted =
        was.unknown.iter().flat_map(|unknown| &unknown.gaps).filter_map(|gap| gap.accepted.clone());
    let acceptances = accepted.map(Into::into).collect();
    let versions = state.store.versions(uid).await?.into_iter().take(VERSIONS_MAX);
    Ok(ResourceDetail {
        resource: was.placed.into(),
        statements: StatementView::all(was.statements),
        unknown: was.unknown.map(Into::into),
        assignments: Vec::new(),
        acceptances,
        relations: relations(state, visible, was.edges).await?,
        versions: versions.map(|v| VersionView { hash: v.hash, seen_at: v.seen_at, scan: v.scan }).collect(),
        document,
        as_of: Some(AsOfView::of(as_of)),
    })
}

fn raw(document: &Document) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(document.as_str().to_owned())
        .map_err(|_| Problem::new(Code::Internal, "the stored document is not JSON"))
}

/// The uid of a parameter.
pub(super) fn checked_uid(text: &str) -> Result<Uid, Problem> {
    if text.is_empty() || text.len() > UID_BYTES_MAX {
        return Err(Problem::parameter("uid", format!("`uid` has 1 to {UID_BYTES_MAX} bytes")));
    }
    Ok(Uid::new(text))
}

/// No resource has this uid.
pub(crate) fn not_known(uid: &str) -> Problem {
    Problem::new(Code::NotFound, format!("no resource `{}` is known", shown(uid)))
        .hint(format!("search for it: {}", address("/resources", &[("search", &shown(uid))])))
}

/// A resource was not there at a moment.
pub(super) fn not_there(uid: &str, as_of: &AsOf) -> Problem {
    let told = format!("`{}` was not there as of scan {}", shown(uid), as_of.past().scan().id);
    Problem::new(Code::NotFound, told).hint("its history says when it came and went")
}

async fn relations(state: &ApiState, visible: &Visible, mut edges: Edges) -> Result<Relations, Problem> {
    let withheld = withhold(state, visible, &mut edges).await?;
    let truncated =
        edges.truncated || edges.outgoing.len() > RELATIONS_MAX || edges.incoming.len() > RELATIONS_MAX;
    let mut names = Names { state, known: HashMap::new() };
    let mut outgoing = Vec::new();
    for edge in edges.outgoing.into_iter().take(RELATIONS_MAX) {
        outgoing.push(match &edge.to {
            Target::Known { uid } => names.relation(&edge, uid).await?,
            Target::Unresolved { kind, reference, .. } => Relation {
                kind: edge.kind.to_string(),
                uid: None,
                other_kind: Some(kind.to_string()),
                name: None,
                unresolved: Some(reference.clone()),
                href: None,
            },
        });
    }
    let mut incoming = Vec::new();
    for edge in edges.incoming.into_iter().take(RELATIONS_MAX) {
        incoming.push(names.relation(&edge, &edge.from).await?);
    }
    Ok(Relations { outgoing, incoming, truncated, withheld })
}

/// Takes relations out that lead to what the caller may not see; says how many those were.
async fn withhold(state: &ApiState, visible: &Visible, edges: &mut Edges) -> Result<u64, Problem> {
    if visible.is_all() {
        return Ok(0);
    }
    let before = edges.outgoing.len() + edges.incoming.len();
    // A reference to what is gone holds its uid.
    let targets = edges.outgoing.iter().map(|edge| match &edge.to {
        Target::Known { uid } => uid.clone(),
        Target::Unresolved { reference, .. } => Uid::new(reference),
    });
    let uids: Vec<Uid> = targets.chain(edges.incoming.iter().map(|edge| edge.from.clone())).collect();
    let seen = state.store.seen_of(visible.scope(), &uids).await?;
    edges.outgoing.retain(|edge| match &edge.to {
        Target::Known { uid } => seen.get(uid) == Some(&true),
        Target::Unresolved { reference, .. } => seen.get(&Uid::new(reference)) != Some(&false),
    });
    edges.incoming.retain(|edge| seen.get(&edge.from) == Some(&true));
    Ok((before - edges.outgoing.len() - edges.incoming.len()) as u64)
}

/// Types and names of the other ends, each looked up once.
struct Names<'s> {
    state: &'s ApiState,
    known: HashMap<Uid, (Option<String>, Option<String>)>,
}

impl Names<'_> {
    async fn relation(&mut self, edge: &Edge, other: &Uid) -> Result<Relation, Problem> {
        let (other_kind, name) = if let Some(known) = self.known.get(other) {
            known.clone()
        } else {
            let found = self.state.store.resource(other).await?;
            let known = found
                .map_or((None, None), |found| (Some(found.resource.kind.to_string()), found.resource.name));
            self.known.insert(other.clone(), known.clone());
            known
        };
        Ok(Relation {
            kind: edge.kind.to_string(),
            uid: Some(other.to_string()),
            other_kind,
            name,
            unresolved: None,
            href: Some(address("/resource", &[("uid", other.as_str())])),
        })
    }
}
