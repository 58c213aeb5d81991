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
        if target.signing_name == "s3" && request.host_prefix.is_none() {
            if let Some(bucket) = params.get("Bucket").and_then(Value::as_str).filter(|name| fits_host(name))
            {
                if let Some(rest) = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(bucket)) {
                    if rest.is_empty() || rest.starts_with('/') {
                        host = format!("{bucket}.{host}");
                        path = if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
                    }
                }
            }
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
