//! Event streams end with the session that opened them: whoever signs out, is disabled, or gets another role or scope does
//! not go on reading.

use std::time::Duration;

use axum::{body::Body, response::Response};
use futures::StreamExt as _;

use super::{Access, Caller};
use crate::state::ApiState;

/// How often a stream looks whether its caller is still let in.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The answer, until its caller is not let in any more.
pub(super) fn bounded(response: Response, state: ApiState, access: Access, caller: Caller) -> Response {
    let (parts, body) = response.into_parts();
    let ended = async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // What cannot be read counts as no: a client that comes again is looked at anew.
            if !access.still(&state, &caller).await {
                return;
            }
        }
    };
    Response::from_parts(parts, Body::from_stream(body.into_data_stream().take_until(Box::pin(ended))))
}
