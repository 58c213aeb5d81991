//! Passes requests on to a moto and its answers back, as they are.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header, request::Parts};

use super::{encode::Reply, fault};

/// Headers that belong to one connection.
const OF_CONNECTION: &[HeaderName] = &[
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
];

/// The moto behind the front.
#[derive(Debug)]
pub(crate) struct Moto {
    base: String,
    client: reqwest::Client,
}

impl Moto {
    pub(crate) fn new(url: &str) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a plain HTTP client");
        Moto { base: url.trim_end_matches('/').to_owned(), client }
    }

    /// The request keeps its `Host`: signatures cover it.
    pub(crate) async fn forward(&self, parts: &Parts, body: Bytes) -> Response {
        let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut headers = passed(&parts.headers);
        headers.remove(header::CONTENT_LENGTH);
        let request = self
            .client
            .request(parts.method.clone(), format!("{}{path}", self.base))
            .headers(headers)
            .body(body);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                return fault::whole(Reply::new(502, "text/plain", format!("moto does not answer: {error}")));
            }
        };
        let status = answer.status();
        let headers = passed(answer.headers());
        let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

fn passed(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    headers
}
