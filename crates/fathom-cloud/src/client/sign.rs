//! From a request without an address to a signed HTTP request.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{HeaderValue, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::endpoint::Target;
use crate::wire;

/// AWS leaves only these unescaped: letters, digits, `-`, `.`, `_`, `~`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a request could not be built or signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The parts do not make an address.
    #[error("`{text}` is no address")]
    Address {
        /// What was put together.
        text: String,
        /// The cause.
        #[source]
        source: http::uri::InvalidUri,
    },
    /// The message is not valid HTTP.
    #[error("the request is not valid HTTP")]
    Http(#[source] http::Error),
    /// The signer refused.
    #[error("the request could not be signed")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Puts a request at its address. A bucket goes into the host where its name and the endpoint allow that.
pub(crate) fn address(
    target: &Target,
    request: wire::Request,
    params: &Value,
) -> Result<http::Request<Bytes>, SignError> {
    let mut host = target.url.host_str().unwrap_or_default().to_owned();
    let mut path = request.path;
    if !target.overridden {
        if let Some(prefix) = &request.host_prefix {
            host = format!("{prefix}{host}");
        }
        if target.signing_name == "s3"
            && request.host_prefix.is_none()
            && let Some(bucket) = params.get("Bucket").and_then(Value::as_str).filter(|name| fits_host(name))
            && let Some(rest) = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(bucket))
            && (rest.is_empty() || rest.starts_with('/'))
        {
            host = format!("{bucket}.{host}");
            path = if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
        }
    }
    let port = target.url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let base = target.url.path().trim_end_matches('/');
    let mut text = format!("{}://{host}{port}{base}{path}", target.url.scheme());
    for (at, (name, value)) in request.query.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.extend(utf8_percent_encode(name, ESCAPED));
        text.push('=');
        text.extend(utf8_percent_encode(value, ESCAPED));
    }
    let uri: Uri = text.parse().map_err(|source| SignError::Address { text, source })?;
    let mut out = http::Request::builder()
        .method(request.method)
        .uri(uri)
        .body(request.body)
        .map_err(SignError::Http)?;
    *out.headers_mut() = request.headers;
    Ok(out)
}

/// Whether a bucket's name can be a label before the endpoint's host under its TLS certificate.
fn fits_host(bucket: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=63).contains(&bucket.len())
        && bucket.bytes().all(inside)
        && !bucket.starts_with('-')
        && !bucket.ends_with('-')
}

/// Signs a request in place (Signature Version 4, in headers).
pub(crate) fn signed(
    mut request: http::Request<Bytes>,
    target: &Target,
    credentials: Credentials,
    now: SystemTime,
) -> Result<http::Request<Bytes>, SignError> {
    let mut settings = SigningSettings::default();
    if target.signing_name.starts_with("s3") {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = Identity::from(credentials);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&target.signing_region)
        .name(&target.signing_name)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| SignError::Sign(Box::new(error)))?
        .into();
    let (instructions, _) = {
        let uri = request.uri().to_string();
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(request.method().as_str(), uri, headers, body)
            .map_err(|error| SignError::Sign(Box::new(error)))?;
        sign(signable, &params).map_err(|error| SignError::Sign(Box::new(error)))?.into_parts()
    };
    let (headers, _) = instructions.into_parts();
    for header in headers {
        let mut value =
            HeaderValue::from_str(header.value()).map_err(|error| SignError::Http(error.into()))?;
        value.set_sensitive(
            header.sensitive() || header.name().eq_ignore_ascii_case(header::AUTHORIZATION.as_str()),
        );
        request.headers_mut().insert(header.name(), value);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::{Client, ClientOptions},
        codec,
        model::Models,
    };
    use serde_json::json;

    fn uri(options: ClientOptions, service: &str, operation: &str, params: &Value) -> String {
        let client = Client::new(options).expect("a client");
        let target = client.endpoint(&"aws".into(), &"eu-west-1".into(), service).expect("an endpoint");
        let service = Models::embedded().service(service).expect("a model");
        let operation = service.operation(operation).expect("an operation");
        let request = codec::serialize(&service, operation, params).expect("a request");
        address(&target, request, params).expect("an address").uri().to_string()
    }

    #[test]
    fn buckets_and_prefixes_go_into_the_host_only_at_the_clouds_own_endpoints() {
        let own = ClientOptions::default;
        let local =
            || ClientOptions::default().with_endpoint("http://127.0.0.1:4566/base/").expect("an address");
        let plain = json!({"Bucket": "plain-bucket"});
        let dotted = json!({"Bucket": "dotted.bucket"});
        assert_eq!(
            uri(own(), "s3", "GetBucketPolicy", &plain),
            "https://plain-bucket.s3.eu-west-1.amazonaws.com/?policy="
        );
        assert_eq!(
            uri(own(), "s3", "GetBucketPolicy", &dotted),
            "https://s3.eu-west-1.amazonaws.com/dotted.bucket?policy="
        );
        assert_eq!(
            uri(local(), "s3", "GetBucketPolicy", &plain),
            "http://127.0.0.1:4566/base/plain-bucket?policy="
        );
        let account = json!({"AccountId": "111122223333"});
        assert_eq!(
            uri(own(), "s3control", "GetPublicAccessBlock", &account),
            "https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/configuration/publicAccessBlock"
        );
        assert_eq!(
            uri(local(), "s3control", "GetPublicAccessBlock", &account),
            "http://127.0.0.1:4566/base/v20180820/configuration/publicAccessBlock"
        );
    }

    #[test]
    fn regions_that_are_no_labels_never_become_hosts() {
        let client = Client::new(ClientOptions::default()).expect("a client");
        for region in ["evil.example/", "a b", "", "eu-west-1.evil.example#"] {
            assert!(client.endpoint(&"aws".into(), &region.into(), "ec2").is_err(), "{region}");
        }
    }
}
