//! The document of this API.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    extract::{Nothing, Query},
    problem::{Code, Problem, ProblemView},
};

/// The OpenAPI document of this API
#[utoipa::path(get, path = "/openapi.json", tag = "service", operation_id = "openapi", security(()),
    responses(
        (status = 200, description = "The answer", body = Object),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn document(_: Query<Nothing>) -> Result<Response, Problem> {
    let text = crate::openapi_text()
        .map_err(|_| Problem::new(Code::Internal, "the OpenAPI document cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
