//! Whether the server answers.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    extract::{Nothing, Query},
    problem::ProblemView,
};

/// The server answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The server's version.
    version: &'static str,
}

/// Whether the server answers
#[utoipa::path(get, path = "/health", tag = "service", operation_id = "health", security(()),
    responses(
        (status = 200, description = "The answer", body = Health),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn health(_: Query<Nothing>) -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
