//! Lines for `fathom.yaml` that would explain some resources.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use fathom_content::suggest::{self, Wanted};
use fathom_model::{Part, Resource, ResourceType, Uid};
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::not_known;
use crate::{
    access::Visible,
    extract::{Body, Nothing, Query},
    problem::{Code, Problem, ProblemView, chain},
    state::ApiState,
};

/// Resources that lines are made for at once.
const CHOSEN_MAX: usize = 500;
/// Resources of the same types that the lines are held against.
const OTHERS_MAX: usize = 200_000;
/// Others that the lines would match too, and that are named.
const ALSO_MAX: usize = 20;
/// The longest value.
const VALUE_BYTES_MAX: usize = 500;

/// What would explain which resources.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explain {
    /// The resources, at most 500.
    uids: Vec<String>,
    /// What holds for them.
    #[schema(inline)]
    set: ExplainSet,
    /// The name of the system that they make up; rules are made where it is left out.
    system: Option<String>,
}

/// What holds for resources; at least one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainSet {
    /// Who answers for them.
    owner: Option<String>,
    /// What they are for.
    purpose: Option<String>,
    /// Production, staging, development …
    environment: Option<String>,
    /// `public`, `internal`, `confidential` or `restricted`.
    data_class: Option<String>,
}

/// Lines to copy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explained {
    /// The lines, for `fathom.yaml`.
    yaml: String,
    /// How many of the resources they explain.
    explains: u64,
    /// How many others they would explain as well.
    also: u64,
    /// Some of these.
    also_sample: Vec<String>,
    /// What whoever copies them should know.
    notes: Vec<String>,
}

/// Lines for fathom.yaml that would explain some resources
///
/// Nothing is written: the lines are for whoever keeps the file to copy and to review.
#[utoipa::path(post, path = "/declarations/suggest", tag = "unknowns", operation_id = "suggest_declarations",
    request_body = Explain,
    responses(
        (status = 200, description = "The answer", body = Explained),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn suggest(
    State(state): State<ApiState>,
    visible: Visible,
    _: Query<Nothing>,
    Body(body): Body<Explain>,
) -> Result<Json<Explained>, Problem> {
    let invalid = |what: String| Err(Problem::new(Code::InvalidBody, what));
    if body.uids.is_empty() || body.uids.len() > CHOSEN_MAX {
        return invalid(format!("`uids` has {} values; it must have 1 to {CHOSEN_MAX}", body.uids.len()));
    }
    let ExplainSet { owner, purpose, environment, data_class } = body.set;
    let parts = [
        (Part::Owner, owner),
        (Part::Purpose, purpose),
        (Part::Environment, environment),
        (Part::DataClass, data_class),
    ];
    let set: BTreeMap<Part, String> =
        parts.into_iter().filter_map(|(part, value)| Some((part, value?.trim().to_owned()))).collect();
    if set.is_empty() {
        return invalid("`set` is empty; say an owner, a purpose, an environment or a data class".to_owned());
    }
    let long = |value: &&String| value.is_empty() || value.len() > VALUE_BYTES_MAX;
    if set.values().chain(&body.system).find(long).is_some() {
        return invalid(format!("a value has 1 to {VALUE_BYTES_MAX} bytes"));
    }
    let uids: Vec<Uid> = body.uids.into_iter().map(Uid::from).collect();
    let mut placed = state.store.placed_by_uid(visible.scope(), &uids).await?;
    let mut chosen: Vec<Resource> = Vec::new();
    let wanted_uids: BTreeSet<Uid> = uids.into_iter().collect();
    for uid in &wanted_uids {
        let one = placed.remove(uid).ok_or_else(|| not_known(uid.as_str()))?;
        chosen.push(one.stored.resource);
    }
    let kinds: BTreeSet<ResourceType> = chosen.iter().map(|one| one.kind.clone()).collect();
    let (others, cut) = others(&state, &visible, &kinds, &wanted_uids).await?;
    let wanted = Wanted { set, system: body.system };
    let made = tokio::task::spawn_blocking(move || suggest::suggest(&chosen, &others, &wanted)).await;
    let made = made
        .map_err(|_| Problem::new(Code::Internal, "the lines were not made"))?
        .map_err(|error| Problem::new(Code::InvalidBody, chain(&error)))?;
    let mut notes = made.notes;
    if cut {
        notes.push(format!("held against {OTHERS_MAX} resources of these types; there are more"));
    }
    if !visible.is_all() {
        notes.push("held against the part of the estate that you may see; there are others".to_owned());
    }
    Ok(Json(Explained {
        yaml: made.yaml,
        explains: made.explains as u64,
        also: made.also.len() as u64,
        also_sample: made.also.into_iter().take(ALSO_MAX).collect(),
        notes,
    }))
}

/// The other resources of some types that the caller may see, and whether there are more.
async fn others(
    state: &ApiState,
    visible: &Visible,
    kinds: &BTreeSet<ResourceType>,
    chosen: &BTreeSet<Uid>,
) -> Result<(Vec<Resource>, bool), Problem> {
    let mut others = Vec::new();
    let questions = state.store.for_questions();
    for kind in kinds {
        let mut chunks = std::pin::pin!(questions.stream_resources(&fathom_store::Which::of(kind), false));
        while let Some(chunk) = chunks.try_next().await? {
            let mut rest: Vec<Resource> = chunk.into_iter().map(|stored| stored.resource).collect();
            rest.retain(|resource| !chosen.contains(&resource.uid));
            if !visible.is_all() {
                let owners = state.store.owners().await?;
                rest.retain(|resource| visible.scope().sees(&resource.account, owners.of(&resource.uid)));
            }
            others.extend(rest);
            if others.len() >= OTHERS_MAX {
                others.truncate(OTHERS_MAX);
                return Ok((others, true));
            }
        }
    }
    Ok((others, false))
}
