//! What can go wrong between values and messages, and what an error answer says.

use serde_json::Value;

/// Why parameters could not become a request.
#[derive(Debug, thiserror::Error)]
pub enum SerializeError {
    /// The input has no such member.
    #[error("unknown parameter `{path}`")]
    UnknownParameter {
        /// Where, from the top (`Filters[0].Nmae`).
        path: String,
    },
    /// A member that the service requires is absent.
    #[error("missing parameter `{path}`")]
    MissingParameter {
        /// Where.
        path: String,
    },
    /// The value has another type.
    #[error("parameter `{path}` must be {expected}, not {found}")]
    WrongType {
        /// Where.
        path: String,
        /// What the model says.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// The value's type is right, its content is not.
    #[error("parameter `{path}` is not usable: {reason}")]
    InvalidValue {
        /// Where.
        path: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The parameters nest deeper than [`super::DEPTH_MAX`].
    #[error("parameters nest too deeply at `{path}`")]
    TooDeep {
        /// Where.
        path: String,
    },
    /// A value cannot stand in a header.
    #[error("parameter `{path}` does not fit into a header")]
    Header {
        /// Where.
        path: String,
        /// The cause.
        #[source]
        source: http::Error,
    },
    /// The body could not be written as JSON.
    #[error("failed to write the JSON body")]
    Json(#[source] serde_json::Error),
}

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The body is not UTF-8.
    #[error("the answer is not UTF-8")]
    NotUtf8(#[source] std::str::Utf8Error),
    /// The body is not well-formed XML.
    #[error("the answer is not well-formed XML at byte {offset}")]
    Xml {
        /// Offset in the body.
        offset: u64,
        /// The cause.
        #[source]
        source: quick_xml::Error,
    },
    /// The body ends early.
    #[error("the answer ends inside an element")]
    Truncated,
    /// The body is not JSON.
    #[error("the answer is not JSON")]
    Json(#[source] serde_json::Error),
    /// The answer nests deeper than [`super::DEPTH_MAX`].
    #[error("the answer nests too deeply")]
    TooDeep,
    /// The answer lacks the element that holds the result.
    #[error("the answer has no element `{element}`")]
    NoResult {
        /// The element.
        element: String,
    },
    /// A value does not have the type that the model says.
    #[error("the answer's `{path}` is not {expected}")]
    Value {
        /// Where, in member names.
        path: String,
        /// What the model says.
        expected: &'static str,
    },
    /// The answer is an error although its status says success.
    #[error("the answer with a success status is the error `{}`", .0.code)]
    Embedded(Box<ErrorAnswer>),
}

impl ParseError {
    /// A mismatch at a place that the callers complete with [`ParseError::inside`].
    pub(crate) fn value(expected: &'static str) -> Self {
        ParseError::Value { path: String::new(), expected }
    }

    /// Puts the name of the surrounding member before the path.
    pub(crate) fn inside(mut self, name: &str) -> Self {
        if let ParseError::Value { path, .. } = &mut self {
            let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            path.insert_str(0, dot);
            path.insert_str(0, name);
        }
        self
    }
}

/// What an error answer says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorAnswer {
    /// The code without namespace or address (`AccessDenied`); the HTTP status as text where the answer names none.
    pub code: String,
    /// The message, or nothing.
    pub message: String,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// Whether the body is a page for people: the endpoint does not know the operation, or a proxy answered.
    pub html: bool,
    /// The members of the modelled fault in the value form, with sensitive ones masked; an empty object where the code
    /// is not modelled.
    pub fields: Value,
}
