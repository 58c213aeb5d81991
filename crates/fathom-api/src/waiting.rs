//! What is worked out of a scan once, for everybody: a request waits for it a while, and it goes on without the request.

use std::{future::Future, time::Duration};

use crate::problem::{Code, Problem};

/// How long a request waits; what it waits for goes on, and the next request finds it.
const WAIT: Duration = Duration::from_secs(15);
/// When a client asks again.
const AGAIN_SECONDS: u64 = 15;

/// Waits for something in the making. `what` says what is being done, such as `reading the network`.
///
/// # Errors
/// What the making comes to, and where it takes long.
pub(crate) async fn waited<T: Send + 'static>(
    making: impl Future<Output = Result<T, Problem>> + Send + 'static,
    what: impl Fn() -> String,
) -> Result<T, Problem> {
    waited_for(WAIT, making, what).await
}

async fn waited_for<T: Send + 'static>(
    wait: Duration,
    making: impl Future<Output = Result<T, Problem>> + Send + 'static,
    what: impl Fn() -> String,
) -> Result<T, Problem> {
    // Not ended with the request: the next one takes what it found.
    match tokio::time::timeout(wait, tokio::spawn(making)).await {
        Ok(Ok(made)) => made,
        Ok(Err(_)) => Err(not_done(&what())),
        Err(_) => Err(later(&what())),
    }
}

/// It is in the making, and takes longer than a request waits.
pub(crate) fn later(what: &str) -> Problem {
    Problem::new(Code::TooBusy, format!("{what} takes longer"))
        .hint("it goes on; ask again in a while")
        .retry_after(AGAIN_SECONDS)
}

/// Something ended before it was done.
pub(crate) fn not_done(what: &str) -> Problem {
    Problem::new(Code::Internal, format!("{what} did not come to its end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_takes_long_goes_on_without_the_request() {
        let (done, is_done) = tokio::sync::oneshot::channel();
        let (go, may_go) = tokio::sync::oneshot::channel::<()>();
        let making = async move {
            may_go.await.map_err(|_| not_done("the test"))?;
            done.send(7).map_err(|_| not_done("the test"))
        };
        let wait = Duration::from_millis(20);
        let told = waited_for(wait, making, || "counting".to_owned()).await.expect_err("it takes long");
        assert_eq!(told.code(), Code::TooBusy);
        let told = serde_json::to_value(&told).expect("JSON");
        assert_eq!(told["detail"], "counting takes longer");
        go.send(()).expect("it still waits");
        assert_eq!(is_done.await, Ok(7));
    }
}
