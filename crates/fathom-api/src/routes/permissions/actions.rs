//! The actions that there are, for whoever writes a question.

use axum::Json;
use fathom_catalogue::{Action, Catalogue};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{refused, views::AccessKind};
use crate::{
    extract::{Query, within},
    problem::{Problem, ProblemView},
};

/// The longest text that is searched for.
const SEARCH_BYTES_MAX: usize = 200;

/// Which actions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionsQuery {
    /// Words that all stand in the name, in any case: `s3 getobj`, `sts:assume`. All actions where it is left out.
    search: Option<String>,
    /// Only those that are asked of such a resource, by its ARN.
    on: Option<String>,
    /// The most actions.
    #[param(minimum = 1, maximum = 500, default = 20)]
    limit: Option<usize>,
}

/// An action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionRow {
    /// Its name with the service, as AWS spells it.
    action: String,
    /// What kind of access it is.
    kind: AccessKind,
    /// The service in words.
    service: String,
    /// Whether it can be limited to no resource: it is asked of `*`.
    without_resource: bool,
}

/// Actions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionsAnswer {
    /// The best first: those that begin so, then by name.
    actions: Vec<ActionRow>,
    /// How many fit.
    total: u64,
    /// The day of the catalogue, `2026-09-26`; AWS adds actions every week.
    catalogue: String,
}

/// The actions of AWS by their names
#[utoipa::path(get, path = "/permissions/actions", tag = "permissions", operation_id = "permission_actions", params(ActionsQuery),
    responses(
        (status = 200, description = "The answer", body = ActionsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn actions(Query(query): Query<ActionsQuery>) -> Result<Json<ActionsAnswer>, Problem> {
    let limit = within("limit", query.limit, 20, &(1..=500))?;
    let search = query.search.unwrap_or_default().to_ascii_lowercase();
    if search.len() > SEARCH_BYTES_MAX {
        return Err(Problem::parameter("search", format!("`search` has at most {SEARCH_BYTES_MAX} bytes")));
    }
    let catalogue = Catalogue::embedded().map_err(|error| refused("", error.into()))?;
    let on = query.on.as_deref().map(|arn| catalogue.actions_on(arn).unwrap_or_default());
    let words: Vec<&str> = search.split_whitespace().collect();
    let mut found: Vec<(bool, Action<'_>)> = catalogue
        .actions()
        .filter(|action| on.as_ref().is_none_or(|on| on.binary_search(&action.id()).is_ok()))
        .filter_map(|action| {
            let name = action.name().to_ascii_lowercase();
            let begins = words.first().is_some_and(|word| {
                name.starts_with(word) || name.split_once(':').is_some_and(|(_, name)| name.starts_with(word))
            });
            words.iter().all(|word| name.contains(word)).then_some((!begins, action))
        })
        .collect();
    // Shorter names first: what is written is most often the whole of it.
    found.sort_by_key(|(later, action)| (*later, action.name().len(), action.id()));
    let total = found.len() as u64;
    let row = |(_, action): (bool, Action<'_>)| ActionRow {
        action: action.name().to_owned(),
        kind: action.kind().into(),
        service: action.service().name().to_owned(),
        without_resource: action.is_without_resource(),
    };
    let actions = found.into_iter().take(limit).map(row).collect();
    Ok(Json(ActionsAnswer { actions, total, catalogue: catalogue.version().date.clone() }))
}
