//! The plain HTTP messages between the codecs and the transport.

use bytes::Bytes;
use http::{HeaderMap, Method};

/// A request that has a shape but no endpoint, credentials or signature yet.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method the operation's binding asks for.
    pub method: Method,
    /// Absolute path, percent-encoded, without the query.
    pub path: String,
    /// Query pairs in wire order, not yet percent-encoded.
    pub query: Vec<(String, String)>,
    /// Headers that the protocol and the input define; never `Host` or `Authorization`.
    pub headers: HeaderMap,
    /// The serialised body; empty where the operation has none.
    pub body: Bytes,
    /// Label that the operation puts before the endpoint's host, with its parameters filled in.
    pub host_prefix: Option<String>,
}

/// An answer as it came from the transport.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers as received.
    pub headers: HeaderMap,
    /// The whole body, already bounded in size by the transport.
    pub body: Bytes,
}
