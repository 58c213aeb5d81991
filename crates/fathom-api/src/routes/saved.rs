//! Views and questions that a person keeps. They are preferences and not sealed.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use fathom_model::Timestamp;
use fathom_store::{SAVED_VIEWS_MAX, SavedView, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{Caller, Who},
    extract::{Body, Nothing, Query, number},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SavedKind {
    /// The address of a page.
    View,
    /// A statement in SQL.
    Sql,
}

impl SavedKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Sql => "sql",
        }
    }
}

/// Something that a person keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SavedViewView {
    /// Its number.
    id: i64,
    /// The page that it belongs to.
    page: String,
    /// What is kept.
    #[schema(inline)]
    kind: SavedKind,
    /// What the person calls it.
    name: String,
    /// The address's query, or the statement.
    query: String,
    /// When it was kept last.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<SavedView> for SavedViewView {
    fn from(view: SavedView) -> Self {
        Self {
            id: view.id,
            page: view.page,
            kind: if view.kind == "sql" { SavedKind::Sql } else { SavedKind::View },
            name: view.name,
            query: view.query,
            updated_at: view.updated_at,
        }
    }
}

/// What a person keeps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedViews {
    /// By page, kind and name.
    views: Vec<SavedViewView>,
    /// How many one person may keep.
    limit: u64,
}

/// Something to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewView {
    /// The page that it belongs to, at most 60 bytes.
    page: String,
    /// What is kept.
    #[schema(inline)]
    kind: SavedKind,
    /// What the person calls it, at most 480 bytes.
    name: String,
    /// The address's query, or the statement; at most 16 KiB.
    query: String,
}

/// Which.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct SavedQuery {
    /// Only those of a page.
    page: Option<String>,
}

/// Under what the store keeps what belongs to a caller: people may get other names.
fn whose(caller: &Caller) -> String {
    match caller.who() {
        Who::Owner => "owner".to_owned(),
        Who::Person(id) => format!("person/{id}"),
        Who::Token(id) => format!("token/{id}"),
    }
}

/// The views and questions that the caller keeps
#[utoipa::path(get, path = "/views", tag = "views", operation_id = "views", params(SavedQuery),
    responses(
        (status = 200, description = "The answer", body = SavedViews),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<SavedQuery>,
) -> Result<Json<SavedViews>, Problem> {
    let views = state.store.saved_views(&whose(&caller), query.page.as_deref()).await?;
    let views = views.into_iter().map(Into::into).collect();
    Ok(Json(SavedViews { views, limit: SAVED_VIEWS_MAX.unsigned_abs() }))
}

/// Keeps a view or a question
///
/// One of the same page, kind and name is replaced. It is a preference, so the ledger has no entry of it.
#[utoipa::path(put, path = "/views", tag = "views", operation_id = "save_view", request_body = NewView,
    responses(
        (status = 200, description = "The answer", body = SavedViewView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn save(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    Body(new): Body<NewView>,
) -> Result<Json<SavedViewView>, Problem> {
    let now = state.now();
    let view = SavedView {
        id: 0,
        page: new.page,
        kind: new.kind.as_str().to_owned(),
        name: new.name,
        query: new.query,
        updated_at: now,
    };
    let kept = state.store.save_view(&whose(&caller), &view, now).await.map_err(|error| match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        error => error.into(),
    })?;
    Ok(Json(kept.into()))
}

/// Lets go of a view or a question
#[utoipa::path(delete, path = "/views/{id}", tag = "views", operation_id = "forget_view",
    params(("id" = i64, Path, description = "The view's number")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn forget(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let id: i64 = number("id", &id)?;
    if state.store.forget_view(&whose(&caller), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(StoreError::Missing { what: "view of yours with the number", id }.into())
    }
}
