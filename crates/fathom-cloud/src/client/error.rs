//! How a call fails.

use std::{sync::Arc, time::Duration};

use fathom_model::Reason;

/// A call that ended without a usable answer, after all its attempts.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}: {}{message}", code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default())]
pub struct CallError {
    /// Why, as the coverage ledger knows it.
    pub reason: Reason,
    /// The service's error code, or the HTTP status as text; none where no answer came.
    pub code: Option<String>,
    /// The service's own words, shortened; never a secret.
    pub message: String,
    /// The IAM permission that a denied call would need.
    pub permission: Option<String>,
    /// HTTP calls made, retries included.
    pub calls: u32,
    /// How many answers were throttled.
    pub throttles: u32,
    /// From the beginning of the call to its end, pauses included.
    pub elapsed: Duration,
    /// The cause where it was not the service.
    #[source]
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl CallError {
    /// A failure without code, calls or cause.
    pub(crate) fn plain(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            code: None,
            message: message.into(),
            permission: None,
            calls: 0,
            throttles: 0,
            elapsed: Duration::ZERO,
            source: None,
        }
    }

    /// A failure with a cause on our side of the wire.
    pub(crate) fn caused(reason: Reason, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { message: source.to_string(), source: Some(Arc::new(source)), ..Self::plain(reason, "") }
    }
}

/// Longest message that is kept, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// A service's message, fit to be shown and stored: one line, shortened, and without the canonical request that
/// answers to a bad signature quote, session token included.
pub(crate) fn shortened(message: &str) -> String {
    let end = message.find("The Canonical String").unwrap_or(message.len());
    let message = message.get(..end).unwrap_or_default().trim();
    let mut out = String::new();
    for word in message.split_whitespace() {
        if out.chars().count() + word.chars().count() > MESSAGE_CHARS_MAX {
            out.push_str(" …");
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_the_canonical_request_and_stay_short() {
        let message = "The request signature we calculated does not match.\n\nThe Canonical String for this request \
                       should have been\n'GET\n/\nx-amz-security-token:CANARY'";
        assert_eq!(shortened(message), "The request signature we calculated does not match.");
        let long = shortened(&"word ".repeat(1_000));
        assert!(long.chars().count() <= MESSAGE_CHARS_MAX + 2 && long.ends_with('…'));
    }
}
