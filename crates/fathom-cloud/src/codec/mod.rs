//! The five protocols, both directions, between JSON values with AWS member names and HTTP messages.
//!
//! # The value form
//!
//! Parameters and results are objects whose keys are the member names of the model (`InstanceIds`, not `instancesSet`).
//! Timestamps are RFC 3339 text in UTC (`2026-01-02T03:04:05Z`, with a fraction where there is one; parameters may also
//! be seconds since 1970), blobs are base64 text, numbers are JSON numbers and `NaN`, `Infinity` and `-Infinity` text.
//! Text that the model marks as JSON (and IAM's policy documents) is the JSON itself.
//!
//! Absent stays absent: a list or map that an answer does not mention is not in the result, an empty element is an
//! empty list. `null` in parameters is the same as absent; in an answer it is dropped, except as an item of a list.
//!
//! **Invariant:** parsing fails with an error and never panics, whatever the bytes; nesting is followed to
//! [`DEPTH_MAX`] levels.

mod check;
mod error;
mod fault;
mod form;
mod json;
mod quirks;
mod rest;
mod saved;
mod scalar;
mod time;
mod xml;
mod xml_write;

pub use error::{ErrorAnswer, ParseError, SerializeError};
pub use fault::parse_error;
pub use saved::{Spelling, saved};

use crate::model::{Operation, Protocol, Service};
use crate::wire;
use serde_json::{Map, Value};

/// How deep parameters and answers may nest.
pub const DEPTH_MAX: usize = 64;

/// What stands in place of a secret.
pub const MASK: &str = fathom_model::secret::MARK;

/// What happens to values that the model marks as sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// They are kept.
    Keep,
    /// They become [`MASK`]: the whole value, except that a map keeps its keys, and a list of pairs their names.
    Mask,
}

/// Turns parameters into a request. Wrong names, wrong types and missing members are errors that name the path.
/// Idempotency tokens are the caller's to supply.
pub fn serialize(
    service: &Service,
    operation: &Operation,
    params: &Value,
) -> Result<wire::Request, SerializeError> {
    let empty = Map::new();
    let params = check::params(service, operation, params)?.unwrap_or(&empty);
    let mut request = match service.protocol() {
        Protocol::Query | Protocol::Ec2 => form::serialize(service, operation, params),
        Protocol::Json => json::serialize(service, operation, params)?,
        Protocol::RestJson | Protocol::RestXml => rest::serialize(service, operation, params)?,
    };
    request.host_prefix = check::host_prefix(service, operation, params)?;
    quirks::amend_request(service, &mut request);
    Ok(request)
}

/// Reads a successful answer. An error that arrives with a success status (as S3 may send) is
/// [`ParseError::Embedded`].
pub fn parse(
    service: &Service,
    operation: &Operation,
    response: &wire::Response,
    secrets: Secrets,
) -> Result<Value, ParseError> {
    if quirks::has_embedded_error(service, response) {
        return Err(ParseError::Embedded(Box::new(parse_error(service, Some(operation), response))));
    }
    let Some(output) = operation.output() else {
        return Ok(Value::Object(Map::new()));
    };
    let context = Context { service, secrets };
    match service.protocol() {
        Protocol::Query | Protocol::Ec2 => form::parse(context, output, response),
        Protocol::Json => json::parse(context, output, &response.body),
        Protocol::RestJson | Protocol::RestXml => rest::parse(context, operation, output, response),
    }
}

/// What every step of reading an answer needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) service: &'a Service,
    pub(crate) secrets: Secrets,
}
