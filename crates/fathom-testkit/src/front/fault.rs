//! Answers that go wrong.

use std::{io, time::Duration};

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::{
    encode::{Reply, content_type},
    model::{Model, Protocol},
    recognise::Seen,
    value::put,
};

/// The token that comes back for ever.
pub(crate) const LOOPING: &str = "the-same-token";

/// The largest answer that is held to cut it.
const CUT_BYTES_MAX: usize = 64 << 20;

/// A whole answer.
pub(crate) fn whole(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    response
}

/// A status without a body.
pub(crate) fn bare(status: u16) -> Response {
    whole(Reply { status, headers: http::HeaderMap::new(), body: Bytes::new() })
}

/// A page for people.
pub(crate) fn page(status: u16) -> Response {
    let body = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n\
                <h1>Internal Server Error</h1>\n<p>The server encountered an internal error.</p>\n";
    whole(Reply::new(status, "text/html; charset=utf-8", body))
}

fn is_json(model: Option<&Model>) -> bool {
    model.is_none_or(|model| matches!(model.protocol(), Protocol::Json | Protocol::RestJson))
}

/// A success whose body ends in the middle.
pub(crate) fn malformed(model: Option<&Model>) -> Response {
    let body = if is_json(model) { "{\"Items\": [{\"Name\": \"a" } else { "<Response><Items><item><na" };
    whole(Reply::new(200, model.map_or("application/json", content_type), body))
}

/// A success without an end in sight: the length is not announced.
pub(crate) fn huge(model: Option<&Model>, bytes: u64) -> Response {
    const PIECE: usize = 64 << 10;
    let start = if is_json(model) { "{\"Padding\": \"" } else { "<Response><Padding>" };
    let padding = Bytes::from(vec![b'a'; PIECE]);
    let pieces = stream::unfold((Some(Bytes::from(start)), bytes), move |(first, left)| {
        let piece = first.unwrap_or_else(|| padding.clone());
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let piece = piece.slice(..length);
        std::future::ready(
            (length > 0).then(|| (Ok::<_, io::Error>(piece), (None, left.saturating_sub(length as u64)))),
        )
    });
    let mut response = whole(Reply::new(200, model.map_or("application/json", content_type), Bytes::new()));
    *response.body_mut() = Body::from_stream(pieces);
    response
}

/// The same answer, but the connection ends after that many bytes of the body, before its announced end.
pub(crate) async fn cut(response: Response, after_bytes: usize) -> Response {
    let (mut head, body) = response.into_parts();
    let body = to_bytes(body, CUT_BYTES_MAX).await.unwrap_or_default();
    let sent = body.slice(..after_bytes.min(body.len()));
    let announced = body.len().max(sent.len() + 1);
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    let end = stream::once(async {
        // What was sent before leaves first.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(head, Body::from_stream(stream::iter([Ok(sent)]).chain(end)))
}

/// An output with a page token and the sign that there is more, where the operation has pages.
pub(crate) fn with_token(seen: &Seen, value: Value) -> Value {
    let paginator = seen.model.as_deref().and_then(|model| model.paginators.get(&seen.operation));
    let Some(paginator) = paginator else { return value };
    let mut object = match value {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for path in paginator.output_token.all() {
        // Of alternatives the first is a member of the answer; the others are for services that leave it out.
        let path = path.split("||").next().unwrap_or(path).trim();
        put(&mut object, path, Value::from(LOOPING));
    }
    if let Some(more) = &paginator.more_results {
        put(&mut object, more, Value::Bool(true));
    }
    Value::Object(object)
}
