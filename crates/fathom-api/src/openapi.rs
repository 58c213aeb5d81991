//! The OpenAPI document: what is not said by the handlers themselves.

use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, SecurityRequirement,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

use crate::router::documented;

/// The document of the API, without a server: what `fathom openapi` prints and `docs/openapi.json` holds.
pub fn openapi() -> OpenApi {
    documented()
}

/// The document as the file has it.
pub fn openapi_text() -> Result<String, serde_json::Error> {
    let mut text = openapi().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// The document before any route is in it.
pub(crate) fn frame() -> OpenApi {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token for programs, or the owner's token, which the server made at its first start in the file that it names."))
        .build();
    let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "fathom_session",
        "The cookie of a session, which a sign-in gives; `__Host-fathom_session` over TLS. Requests that change something \
         carry `x-fathom-csrf` beside it.",
    )));
    let tags = [
        ("service", "The server itself"),
        ("signin", "Signing in and out"),
        ("account", "How one signs in oneself"),
        ("people", "Who may enter: people, their sessions, tokens for programs"),
        ("scans", "Looking at the cloud"),
        ("estate", "What was seen, and what is known about it"),
        ("history", "What was, and what changed"),
        ("unknowns", "What is not understood, and what could not be seen"),
        ("permissions", "Who can do what"),
        ("network", "What reaches what"),
        ("paths", "How an intruder would walk"),
        ("findings", "What checks found, and how the estate stands to frameworks"),
        ("sql", "Questions in SQL"),
        ("ledger", "The sealed log of everything that changed"),
    ];
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Fathom")
                .version("1")
                .description(Some(
                    "What is in the cloud, what is known about it from which source, and what could not be seen.\n\n\
                     Every error is a problem document (RFC 9457) with a stable `code`. \
                     Query parameters that a route does not know are errors. \
                     `x-fathom-permission` names what a route needs. \
                     Lists come in pages: hand `next` back as `cursor` until it is null.",
                ))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
                .build(),
        )
        .tags(Some(tags.map(|(name, words)| TagBuilder::new().name(name).description(Some(words)).build())))
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("token", SecurityScheme::Http(token))
                .security_scheme("session", session)
                .build(),
        ))
        .security(Some(["token", "session"].map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []))))
        .build()
}
