//! All routes, with the layers that every request passes.
//!
//! Routes are registered with `routes!` only, so that each is in the OpenAPI document.

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::{self, Access},
    console,
    extract::BODY_BYTES_MAX,
    limits::{self, Places},
    openapi,
    problem::{Code, Problem},
    routes as all,
    state::ApiState,
};

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// Routes that anybody may ask.
fn open() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default().routes(routes!(all::health::health)).routes(routes!(all::openapi::document))
}

/// Routes that need the token.
fn closed() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(all::scans::list, all::scans::start))
        .routes(routes!(all::scans::one))
        .routes(routes!(all::events::events))
        .routes(routes!(all::resources::list))
        .routes(routes!(all::resources::facets))
        .routes(routes!(all::resource::resource))
        .routes(routes!(all::history::history))
        .routes(routes!(all::history::changes))
        .routes(routes!(all::changes_stream::changes_stream))
        .routes(routes!(all::unknowns::list))
        .routes(routes!(all::acceptances::list, all::acceptances::accept))
        .routes(routes!(all::coverage::coverage))
        .routes(routes!(all::summary::summary))
        .routes(routes!(all::trend::trend))
        .routes(routes!(all::sql::query))
        .routes(routes!(all::sql::tables))
        .routes(routes!(all::ledger::status))
        .routes(routes!(all::ledger::entries))
        .routes(routes!(all::ledger::proof))
}

/// The document of all routes, without a server.
pub(crate) fn documented() -> OpenApi {
    OpenApiRouter::with_openapi(openapi::frame()).nest(BASE, open().merge(closed())).into_openapi()
}

/// The whole API, and its document.
pub fn router(state: ApiState, access: Access) -> (Router, OpenApi) {
    let token = middleware::from_fn_with_state(access.clone(), access::check_token);
    let routes = open().merge(closed().route_layer(token));
    let (router, document) =
        OpenApiRouter::with_openapi(openapi::frame()).nest(BASE, routes).split_for_parts();
    let router = router
        .fallback(console::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(state)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(Places::default(), limits::bound))
        .layer(middleware::from_fn_with_state(access, access::check_host))
        .layer(middleware::from_fn(limits::headers));
    (router, document)
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this path is served for other methods")
        .hint("the `Allow` header names them")
}
