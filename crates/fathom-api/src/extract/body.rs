//! A JSON body, with line and column where it is wrong.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, header},
    response::IntoResponse,
};
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// The largest body that any route takes.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;

/// How long a body may take to come. It holds a place of work meanwhile.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Reads the body as JSON of type `T`.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let bytes = tokio::time::timeout(BODY_TIME_MAX, Bytes::from_request(request, state)).await;
        let bytes = bytes.map_err(|_| too_slow())?.map_err(unreadable)?;
        if !json {
            return Err(Problem::new(Code::UnsupportedMediaType, "the body is not marked as JSON")
                .hint("send the header `Content-Type: application/json`"));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let message = error.to_string();
            // The position has fields of its own.
            let detail = message.split(" at line ").next().unwrap_or_default();
            Problem::new(Code::InvalidBody, detail).at(error.line() as u64, error.column() as u64)
        })
    }
}

/// Reads the body as JSON of type `T`, of which nothing is ever repeated: it holds passwords, codes and the like.
pub(crate) struct SecretBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for SecretBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Body::<T>::from_request(request, state).await {
            Ok(Body(read)) => Ok(Self(read)),
            Err(problem) if problem.code() == Code::InvalidBody => {
                Err(Problem::new(Code::InvalidBody, "the body is not what this route takes")
                    .hint("the OpenAPI document names its members; what was sent is not repeated here"))
            }
            Err(problem) => Err(problem),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    })
}

fn too_slow() -> Problem {
    Problem::new(Code::Timeout, format!("the body did not come within {} s", BODY_TIME_MAX.as_secs()))
}

fn unreadable(rejection: BytesRejection) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::BodyTooLarge, format!("a body has at most {BODY_BYTES_MAX} bytes"))
    } else {
        Problem::new(Code::InvalidBody, "the body could not be read to its end")
    }
}
