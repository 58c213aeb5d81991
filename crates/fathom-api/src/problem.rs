//! What a client is told when something does not work: one form for every error (RFC 9457).
//!
//! A problem has a stable `code` for programs, a `detail` for people, and where we know one a `hint` that says what
//! to do. Nothing in it ever comes from a secret.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong, for programs. Codes are never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A query or path parameter has a value that is not allowed.
    InvalidParameter,
    /// The route knows no such query parameter.
    UnknownParameter,
    /// The body is not what the route takes.
    InvalidBody,
    /// A SQL statement does not parse, or names something that is not there.
    InvalidQuery,
    /// A SQL statement failed while it ran.
    QueryFailed,
    /// The token is missing or wrong, there is no session, or it ended.
    Unauthorized,
    /// The sign-in is refused; the same for every cause.
    SigninRefused,
    /// A new password cannot be taken.
    PasswordRefused,
    /// A one-time code does not fit, or was used.
    CodeRefused,
    /// The role does not permit it.
    Forbidden,
    /// The caller is limited to accounts or teams, and the answer cannot be filtered exactly.
    ScopeLimited,
    /// The request does not carry what shows that it comes from our own page.
    CsrfRefused,
    /// It takes a session that began a short while ago.
    SignInAgain,
    /// What is there does not allow it.
    Conflict,
    /// Nothing is served under this path.
    NoSuchRoute,
    /// No such resource, scan or entry.
    NotFound,
    /// The route exists for other methods.
    MethodNotAllowed,
    /// A scan is under way already.
    ScanRunning,
    /// This scan is not run by this process, so it cannot be followed.
    ScanNotFollowed,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The request names a host that this server does not answer for.
    HostRefused,
    /// Too many failed sign-ins from one address.
    TooManyFailures,
    /// This server was started without the means to scan.
    ScanUnavailable,
    /// The scan could not begin: the cloud did not let us in, or a source does not load.
    ScanRefused,
    /// More work is under way than the limit.
    TooBusy,
    /// The answer took longer than the limit.
    Timeout,
    /// No space is left for data.
    StorageFull,
    /// Anything that is our fault.
    Internal,
}

impl Code {
    /// The HTTP status that goes with it.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameter
            | Self::UnknownParameter
            | Self::InvalidBody
            | Self::InvalidQuery
            | Self::QueryFailed
            | Self::PasswordRefused
            | Self::CodeRefused => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::SigninRefused => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ScopeLimited | Self::CsrfRefused | Self::SignInAgain => {
                StatusCode::FORBIDDEN
            }
            Self::NoSuchRoute | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ScanRunning | Self::ScanNotFollowed | Self::Conflict => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::HostRefused => StatusCode::MISDIRECTED_REQUEST,
            Self::TooManyFailures => StatusCode::TOO_MANY_REQUESTS,
            Self::ScanUnavailable => StatusCode::NOT_IMPLEMENTED,
            Self::ScanRefused => StatusCode::BAD_GATEWAY,
            Self::TooBusy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code as it is written.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidParameter => ("invalid_parameter", "A parameter is not valid"),
            Self::UnknownParameter => ("unknown_parameter", "No such parameter"),
            Self::InvalidBody => ("invalid_body", "The body is not valid"),
            Self::InvalidQuery => ("invalid_query", "The query is not valid"),
            Self::QueryFailed => ("query_failed", "The query failed"),
            Self::Unauthorized => ("unauthorized", "Sign in, or send a token"),
            Self::SigninRefused => ("signin_refused", "The sign-in is refused"),
            Self::PasswordRefused => ("password_refused", "The password cannot be taken"),
            Self::CodeRefused => ("code_refused", "The code does not fit"),
            Self::Forbidden => ("forbidden", "Your role does not permit it"),
            Self::ScopeLimited => ("scope_limited", "This answer is for those who may see everything"),
            Self::CsrfRefused => ("csrf_refused", "The request did not come from our own page"),
            Self::SignInAgain => ("sign_in_again", "Sign in again first"),
            Self::Conflict => ("conflict", "It does not go together with what is there"),
            Self::NoSuchRoute => ("no_such_route", "Nothing is served here"),
            Self::NotFound => ("not_found", "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", "Another method is needed"),
            Self::ScanRunning => ("scan_running", "A scan is under way"),
            Self::ScanNotFollowed => ("scan_not_followed", "The scan cannot be followed"),
            Self::BodyTooLarge => ("body_too_large", "The body is too large"),
            Self::UnsupportedMediaType => ("unsupported_media_type", "The body must be JSON"),
            Self::HostRefused => ("host_refused", "Not this host"),
            Self::TooManyFailures => ("too_many_failures", "Too many failed sign-ins"),
            Self::ScanUnavailable => ("scan_unavailable", "This server does not scan"),
            Self::ScanRefused => ("scan_refused", "The scan could not begin"),
            Self::TooBusy => ("too_busy", "Too busy"),
            Self::Timeout => ("timeout", "No answer in time"),
            Self::StorageFull => ("storage_full", "No space left"),
            Self::Internal => ("internal", "Something failed on our side"),
        }
    }
}

/// What went wrong, on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<ProblemView>);

/// A problem as the client reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemView {
    /// A name for the kind of problem: `urn:fathom:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in words; the same for every problem of a code.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The stable code.
    code: Code,
    /// What happened this time.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// The line in the body or the query, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    #[serde(skip)]
    retry_after_seconds: Option<u64>,
}

impl Problem {
    /// A problem of a kind, with what happened.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (word, title) = code.words();
        Self(Box::new(ProblemView {
            kind: format!("urn:fathom:problem:{word}"),
            title,
            status: code.status().as_u16(),
            code,
            detail: detail.into(),
            hint: None,
            parameter: None,
            line: None,
            column: None,
            retry_after_seconds: None,
        }))
    }

    /// A parameter has a value that is not allowed.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(Code::InvalidParameter, detail);
        problem.0.parameter = Some(name.to_owned());
        problem
    }

    /// A parameter that the route does not know.
    pub fn unknown_parameter(name: &str, expected: &[&str]) -> Self {
        let mut problem = Self::new(Code::UnknownParameter, format!("there is no parameter `{name}` here"));
        problem.0.parameter = Some(name.to_owned());
        problem.hint(if expected.is_empty() {
            "this route takes no query parameters".to_owned()
        } else {
            format!("the parameters are {}", expected.join(", "))
        })
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds where in the body or query.
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.0.line = Some(line);
        self.0.column = Some(column);
        self
    }

    /// Adds when to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (code, retry_after) = (self.0.code, self.0.retry_after_seconds);
        let status = code.status();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="fathom""#));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For layers above the route, which tell the ledger of some.
        response.extensions_mut().insert(code);
        response
    }
}

/// An error with all its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Transparent wrappers repeat their cause.
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
