//! Limits and headers that hold for every answer.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{Code, Problem};

/// Requests that are worked on at the same time.
const REQUESTS_MAX: usize = 128;
/// Of these, sign-ins: whoever is not known yet must not take every place.
const SIGNINS_MAX: usize = 32;
/// Time from a request's head to the head of its answer.
const ANSWER_TIME_MAX: Duration = Duration::from_mins(2);

/// Places for work that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    most: usize,
}

impl Places {
    fn new(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), most }
    }

    /// For all requests.
    pub(crate) fn of_all() -> Self {
        Self::new(REQUESTS_MAX)
    }

    /// For sign-ins.
    pub(crate) fn of_signins() -> Self {
        Self::new(SIGNINS_MAX)
    }

    fn take(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.free.try_acquire().map_err(|_| {
            Problem::new(Code::TooBusy, format!("{} requests are under way", self.most))
                .hint("try again in a moment")
                .retry_after(1)
        })
    }
}

/// Refuses what is too much of a kind.
pub(crate) async fn placed(State(places): State<Places>, request: Request, next: Next) -> Response {
    match places.take() {
        Ok(_place) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Refuses what is too much, and ends what takes too long.
pub(crate) async fn bound(State(places): State<Places>, request: Request, next: Next) -> Response {
    let _place = match places.take() {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let begun = std::time::Instant::now();
    let response = match tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::Timeout, format!("no answer within {} s", ANSWER_TIME_MAX.as_secs()))
            .into_response(),
    };
    let (status, millis) = (response.status().as_u16(), begun.elapsed().as_millis() as u64);
    tracing::debug!(%method, path, status, millis, "answered");
    response
}

/// Headers that keep answers out of caches, frames and the hands of content sniffers. What a file of the console says of
/// its caching and its policy stays.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
