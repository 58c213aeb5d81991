//! All routes, with the layers that every request passes.
//!
//! Routes are registered with `routes!` only, so that each is in the OpenAPI document, and those that are not open only
//! together with what they need.

use axum::{Extension, Router, extract::DefaultBodyLimit, middleware};
use fathom_signin::Permission;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    access::{self, Access, Answers, Guarded},
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

/// Routes with which one signs in: anybody may ask them.
fn signin() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(all::session::ways))
        .routes(routes!(all::session::token))
        .routes(routes!(all::session::with_password))
        .routes(routes!(all::session::with_recovery_code))
        .routes(routes!(all::session::with_invitation))
        .routes(routes!(all::passkeys::start_signin))
        .routes(routes!(all::passkeys::finish_signin))
        .routes(routes!(all::oidc::start))
        .routes(routes!(all::oidc::callback))
}

/// Them, for no other site, and for so many at the same time.
fn guarded_signin(state: ApiState, access: Access) -> OpenApiRouter<ApiState> {
    signin()
        .route_layer(middleware::from_fn_with_state((state, access), access::same_site))
        .route_layer(middleware::from_fn_with_state(Places::of_signins(), limits::placed))
}

/// Routes for callers whom we know, each with what it needs and what its answer is about.
fn closed() -> Guarded {
    use Answers::{Filtered, Own, WholeOnly};
    use Permission::{
        Accept, ApproveBaseline, ManagePeople, ManageTokens, OwnAccount, QuerySql, ReadEstate, ReadLedger,
        ReadPeople, Scan,
    };
    Guarded::default()
        // One's own session and account.
        .anybody(Own, routes!(all::session::current, all::session::end))
        .anybody(Own, routes!(all::session::alive))
        .anybody(Own, routes!(all::session::list))
        .anybody(Own, routes!(all::session::end_one))
        .needs(OwnAccount, Own, routes!(all::session::finish_invitation))
        .needs(OwnAccount, Own, routes!(all::me::me))
        .needs(OwnAccount, Own, routes!(all::me::set_password))
        .needs(OwnAccount, Own, routes!(all::me::new_totp))
        .needs(OwnAccount, Own, routes!(all::me::confirm_totp))
        .needs(OwnAccount, Own, routes!(all::me::new_recovery_codes))
        .needs(OwnAccount, Own, routes!(all::passkeys::list))
        .needs(OwnAccount, Own, routes!(all::passkeys::start))
        .needs(OwnAccount, Own, routes!(all::passkeys::finish))
        .needs(OwnAccount, Own, routes!(all::passkeys::remove))
        // People and tokens.
        .needs(ReadPeople, WholeOnly, routes!(all::oidc::providers))
        .needs(ReadPeople, WholeOnly, routes!(all::people::list))
        .needs(ManagePeople, WholeOnly, routes!(all::people::add))
        .needs(ReadPeople, WholeOnly, routes!(all::people::one))
        .needs(ManagePeople, WholeOnly, routes!(all::people::change))
        .needs(ManagePeople, WholeOnly, routes!(all::people::invite_anew))
        .anybody(Own, routes!(all::tokens::list))
        .needs(ManageTokens, Own, routes!(all::tokens::make))
        // Whoever may make none any more still ends those that there are.
        .anybody(Own, routes!(all::tokens::revoke))
        .anybody(Own, routes!(all::saved::list, all::saved::save))
        .anybody(Own, routes!(all::saved::forget))
        // The estate.
        .needs(ReadEstate, Filtered, routes!(all::scans::list))
        .needs(Scan, WholeOnly, routes!(all::scans::start))
        .needs(ReadEstate, Filtered, routes!(all::scans::one))
        .needs(ReadEstate, WholeOnly, routes!(all::events::events))
        .needs(ReadEstate, Filtered, routes!(all::resources::list))
        .needs(ReadEstate, Filtered, routes!(all::resources::facets))
        .needs(ReadEstate, Filtered, routes!(all::resource::resource))
        .needs(ReadEstate, Filtered, routes!(all::history::history))
        .needs(ReadEstate, Filtered, routes!(all::history::changes))
        .needs(ReadEstate, Filtered, routes!(all::changes_stream::changes_stream))
        .needs(ReadEstate, Filtered, routes!(all::map::map))
        .needs(ReadEstate, Filtered, routes!(all::graph::around))
        .needs(ReadEstate, Filtered, routes!(all::graph::group))
        .needs(ReadEstate, Filtered, routes!(all::graph::path))
        .needs(ReadEstate, Filtered, routes!(all::graph::estate))
        .needs(ReadEstate, Filtered, routes!(all::activity::activity))
        .needs(ReadEstate, Filtered, routes!(all::drift::drift))
        .needs(ReadEstate, WholeOnly, routes!(all::baselines::list))
        .needs(ApproveBaseline, WholeOnly, routes!(all::baselines::approve))
        .needs(ReadEstate, WholeOnly, routes!(all::baselines::one))
        .needs(ReadEstate, WholeOnly, routes!(all::baselines::differences))
        .needs(ApproveBaseline, WholeOnly, routes!(all::baselines::accept))
        .needs(ReadEstate, Filtered, routes!(all::unknowns::list))
        .needs(ReadEstate, Filtered, routes!(all::unknowns::facets))
        .needs(ReadEstate, Filtered, routes!(all::assignments::list))
        .needs(Accept, Filtered, routes!(all::assignments::assign))
        .needs(Accept, Filtered, routes!(all::assignments::end))
        .needs(Accept, Filtered, routes!(all::suggest::suggest))
        .needs(Accept, Filtered, routes!(all::acceptances::revoke))
        .needs(ReadEstate, Filtered, routes!(all::acceptances::list))
        .needs(Accept, Filtered, routes!(all::acceptances::accept))
        .needs(ReadEstate, Filtered, routes!(all::coverage::coverage))
        .needs(ReadEstate, Filtered, routes!(all::coverage::facets))
        .needs(ReadEstate, Filtered, routes!(all::summary::summary))
        .needs(ReadEstate, Filtered, routes!(all::trend::trend))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::who_can))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::what_can))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::what_on))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::matrix))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::openings))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::explain))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::what_if))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::explain_what_if))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::escalations))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::escalation))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::keys))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::secrets))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::unused))
        .needs(ReadEstate, WholeOnly, routes!(all::permissions::least_privilege))
        .needs(ReadEstate, Filtered, routes!(all::network::reach))
        .needs(ReadEstate, Filtered, routes!(all::network::exposed))
        .needs(ReadEstate, Filtered, routes!(all::network::who_reaches))
        .needs(ReadEstate, Filtered, routes!(all::network::what_reaches))
        .needs(ReadEstate, Filtered, routes!(all::network::unauthenticated))
        .needs(ReadEstate, Filtered, routes!(all::network::web_firewall))
        .needs(ReadEstate, Filtered, routes!(all::vulnerabilities::vulnerabilities))
        // What checks found.
        .needs(ReadEstate, Filtered, routes!(all::findings::findings))
        .needs(ReadEstate, Filtered, routes!(all::findings::finding))
        .needs(ReadEstate, Filtered, routes!(all::findings::fix))
        .needs(ReadEstate, Filtered, routes!(all::findings::teams))
        .needs(ReadEstate, Filtered, routes!(all::findings::trend))
        .needs(ReadEstate, WholeOnly, routes!(all::findings::preview))
        .needs(ReadEstate, Filtered, routes!(all::findings::exceptions))
        .needs(Accept, Filtered, routes!(all::findings::accept))
        .needs(Accept, Filtered, routes!(all::findings::withdraw))
        .needs(ReadEstate, Filtered, routes!(all::frameworks::frameworks))
        .needs(ReadEstate, Filtered, routes!(all::frameworks::framework))
        .needs(ReadEstate, Filtered, routes!(all::protection::protection))
        .needs(ReadEstate, Filtered, routes!(all::paths::paths))
        .needs(ReadEstate, Filtered, routes!(all::paths::story))
        .needs(ReadEstate, Filtered, routes!(all::paths::fix_first))
        .needs(ReadEstate, Filtered, routes!(all::paths::first))
        .needs(ReadEstate, Filtered, routes!(all::paths::blast_radius))
        .needs(ReadEstate, Filtered, routes!(all::paths::isolation))
        .needs(ReadEstate, Filtered, routes!(all::paths::outage))
        .needs(ReadEstate, Filtered, routes!(all::paths::zones))
        // What actions there are says nothing of the estate.
        .needs(ReadEstate, Own, routes!(all::permissions::actions))
        .needs(QuerySql, WholeOnly, routes!(all::sql::query))
        .needs(QuerySql, WholeOnly, routes!(all::sql::tables))
        .needs(ReadLedger, WholeOnly, routes!(all::ledger::status))
        .needs(ReadLedger, WholeOnly, routes!(all::ledger::entries))
        .needs(ReadLedger, WholeOnly, routes!(all::ledger::proof))
}

/// The document of all routes, without a server.
pub(crate) fn documented() -> OpenApi {
    let routes = open().merge(signin()).merge(closed().documented());
    OpenApiRouter::with_openapi(openapi::frame()).nest(BASE, routes).into_openapi()
}

/// The whole API, and its document.
pub fn router(state: ApiState, access: Access) -> (Router, OpenApi) {
    let signin = guarded_signin(state.clone(), access.clone());
    let routes = open().merge(signin).merge(closed().behind(state.clone(), access.clone()));
    let (router, document) =
        OpenApiRouter::with_openapi(openapi::frame()).nest(BASE, routes).split_for_parts();
    let router = router
        .fallback(console::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(state)
        .layer(Extension(access.clone()))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(Places::of_all(), limits::bound))
        .layer(middleware::from_fn_with_state(access, access::check_host))
        .layer(middleware::from_fn(limits::headers));
    (router, document)
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this path is served for other methods")
        .hint("the `Allow` header names them")
}
