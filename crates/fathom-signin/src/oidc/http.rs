//! How issuers are asked: with our HTTP client, no further than we were told, and no more than fits.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// Time for one request, its answer included.
const TIME_MAX: Duration = Duration::from_secs(10);
/// The largest answer: keys and claims are a few thousand bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Why an issuer gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It cannot be reached, or breaks off.
    #[error("cannot be reached")]
    Request(#[source] reqwest::Error),
    /// It says too much.
    #[error("its answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// The answer is not one.
    #[error("its answer is not HTTP as we know it")]
    Form(#[source] openidconnect::http::Error),
}

/// The client.
#[derive(Debug, Clone)]
pub(super) struct Http(reqwest::Client);

impl Http {
    /// A client for an issuer, which is on this machine or is asked with TLS only.
    pub(super) fn new(loopback: bool) -> Result<Self, reqwest::Error> {
        // A redirect could lead anywhere, with what we send; issuers have no need of one.
        let builder =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIME_MAX);
        let builder = if loopback { builder.no_proxy() } else { builder.https_only(true) };
        builder.build().map(Self)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.try_into().map_err(HttpError::Request)?;
        let mut answer = self.0.execute(request).await.map_err(HttpError::Request)?;
        let mut builder = openidconnect::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            builder = builder.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(HttpError::Request)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        builder.body(body).map_err(HttpError::Form)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
