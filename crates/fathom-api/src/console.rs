//! The console: files that are built from `ui/` and stand in the binary.
//!
//! The files are for anybody, as they hold nothing of the estate; what the console then asks needs the token. Whatever
//! is not a file and not the API's is a page of the console, which a browser asks for when somebody reloads it.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use crate::{
    BASE,
    problem::{Code, Problem},
};

/// What `cargo xtask ui` built; nothing where it never ran.
#[derive(Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
#[exclude = ".vite/*"]
struct Files;

/// What every file of the console may do in a browser: load what this server serves, and ask this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The page that begins the console.
const INDEX: &str = "index.html";
/// Where files stand whose names change with what they hold.
const HASHED: &str = "assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked about each time.
const CHECKED: &str = "no-cache";
/// What stands in the console's place where it was not built.
const MISSING: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Fathom</title>
<h1>This build has no console</h1>
<p>Fathom was built without it. In the source, <code>cargo xtask ui</code> builds it (it needs Node.js 20.19 or newer);
then build Fathom again.</p>
<p>Everything else works: the API is under <a href=\"/api/v1/openapi.json\">/api/v1</a>, and <code>fathom --help</code>
lists the commands.</p>
</html>
";

/// Answers what no route of the API does: a file, a page, or that there is nothing.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if method != Method::GET && method != Method::HEAD || is_api(path) {
        return nothing().into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Files::get(name) {
        return answer(name, file, &headers);
    }
    // A program that asks for what is not there learns so; only a browser that opens a page gets the console.
    if name.contains('.') || name.starts_with(HASHED) || !wants_page(&headers) {
        return nothing().into_response();
    }
    match Files::get(INDEX) {
        Some(file) => answer(INDEX, file, &headers),
        None => page(Cow::Borrowed(MISSING.as_bytes()), StatusCode::OK),
    }
}

fn nothing() -> Problem {
    Problem::new(Code::NoSuchRoute, "nothing is served under this path")
        .hint(format!("{BASE}/openapi.json lists what there is"))
}

/// Whether the path is the API's, also where the API has no such route.
fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Whether a browser opens a page, and not a program or a script.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| {
        accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
    })
}

fn answer(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        // The compression in between makes tags weak ones.
        .is_some_and(|tags| tags.split(',').any(|each| each.trim().trim_start_matches("W/") == tag));
    let mut response = if known {
        page(Cow::Borrowed(&[]), StatusCode::NOT_MODIFIED)
    } else {
        page(file.data, StatusCode::OK)
    };
    let caching = if name.starts_with(HASHED) { FOREVER } else { CHECKED };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// A page with the console's policy.
fn page(body: Cow<'static, [u8]>, status: StatusCode) -> Response {
    let body = match body {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static(CHECKED)),
    ];
    (status, headers, body).into_response()
}

/// The media type by the ending; what the build makes has no other ones.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
