//! A plain client: requests in the form that the client's codecs write, with a signature header that is only a name.

use std::time::Duration;

use fathom_cloud::{
    codec::{self, Secrets},
    model::{Models, Service},
    wire,
};
use fathom_testkit::front::{Front, FrontOptions};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::Value;
use std::sync::Arc;

/// The key in signatures, unless a test has another.
pub(crate) const KEY: &str = "AKIAFRONT";

pub(crate) fn service(name: &str) -> Arc<Service> {
    Models::embedded().service(name).expect("a modelled service")
}

pub(crate) fn authorization(key: &str, region: &str, signing_name: &str) -> HeaderValue {
    let text = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260102/{region}/{signing_name}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=00"
    );
    HeaderValue::from_str(&text).expect("a header")
}

/// Path and query of a request as they stand on the wire.
pub(crate) fn target(request: &wire::Request) -> String {
    let escaped = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let query: Vec<String> =
        request.query.iter().map(|(key, value)| format!("{}={}", escaped(key), escaped(value))).collect();
    if query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, query.join("&")) }
}

/// A client of one front.
pub(crate) struct Plain {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) region: String,
}

impl Plain {
    pub(crate) fn of(front: &Front) -> Self {
        Self::at(&front.url)
    }

    pub(crate) fn at(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build();
        Plain {
            http: http.expect("a client"),
            url: url.to_owned(),
            key: KEY.to_owned(),
            region: "us-east-1".to_owned(),
        }
    }

    pub(crate) async fn send(
        &self,
        name: &str,
        operation: &str,
        params: &Value,
    ) -> Result<reqwest::Response, reqwest::Error> {
        let service = service(name);
        let operation = service.operation(operation).expect("a modelled operation");
        let request = codec::serialize(&service, operation, params).expect("parameters that fit");
        let mut headers: HeaderMap = request.headers.clone();
        headers.insert(AUTHORIZATION, authorization(&self.key, &self.region, service.signing_name()));
        self.http
            .request(request.method.clone(), format!("{}{}", self.url, target(&request)))
            .headers(headers)
            .body(request.body.clone())
            .send()
            .await
    }

    /// The whole answer; the error is the client's.
    pub(crate) async fn answer(
        &self,
        name: &str,
        operation: &str,
        params: &Value,
    ) -> Result<wire::Response, reqwest::Error> {
        let answer = self.send(name, operation, params).await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        Ok(wire::Response { status, headers, body: answer.bytes().await? })
    }

    /// The value of a good answer.
    pub(crate) async fn value(&self, name: &str, operation: &str, params: &Value) -> Value {
        let answer = self.answer(name, operation, params).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        parse(name, operation, &answer)
    }
}

pub(crate) fn parse(name: &str, operation: &str, answer: &wire::Response) -> Value {
    let service = service(name);
    let operation = service.operation(operation).expect("a modelled operation");
    codec::parse(&service, operation, answer, Secrets::Keep).expect("an answer that reads")
}

/// Code, message and HTML of an error answer.
pub(crate) fn error(name: &str, answer: &wire::Response) -> codec::ErrorAnswer {
    codec::parse_error(&service(name), None, answer)
}

pub(crate) fn front(options: FrontOptions) -> (Front, Plain) {
    let front = Front::start(options);
    let plain = Plain::of(&front);
    (front, plain)
}
