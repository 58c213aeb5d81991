//! What an answer that is no result means: the one table from codes, statuses and transport failures to reasons.

use fathom_model::{Reason, Region};

use super::transport::TransportError;
use crate::codec::ErrorAnswer;

/// Whether asking once more can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// The same answer would come.
    Never,
    /// Slower: the service asks for it.
    Slower,
    /// After a pause: the service or the network stumbled.
    Pause,
    /// After a pause, but only once: repeating is dear or rarely helps.
    Once,
    /// With renewed credentials or a corrected clock.
    Renewed,
}

/// A failure's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) reason: Reason,
    pub(crate) again: Again,
}

const fn verdict(reason: Reason, again: Again) -> Verdict {
    Verdict { reason, again }
}

const DENIED: Verdict = verdict(Reason::Denied, Again::Never);
const UNAUTHENTICATED: Verdict = verdict(Reason::Unauthenticated, Again::Renewed);
const THROTTLED: Verdict = verdict(Reason::Throttled, Again::Slower);
const DISABLED: Verdict = verdict(Reason::RegionDisabled, Again::Never);
const NOT_ENABLED: Verdict = verdict(Reason::NotEnabled, Again::Never);
const NOT_ANSWERED: Verdict = verdict(Reason::NotAnswered, Again::Never);
const STUMBLED: Verdict = verdict(Reason::Failed, Again::Pause);
const FAILED: Verdict = verdict(Reason::Failed, Again::Never);

/// Codes with one meaning everywhere.
const CODES: &[(&str, Verdict)] = &[
    ("AccessDenied", DENIED),
    ("AccessDeniedException", DENIED),
    ("AccessDeniedFault", DENIED),
    ("AccessDeniedForDependencyException", DENIED),
    ("AllAccessDisabled", DENIED),
    ("AuthorizationError", DENIED),
    ("AuthorizationErrorException", DENIED),
    ("AuthorizationException", DENIED),
    ("Forbidden", DENIED),
    ("ForbiddenException", DENIED),
    ("InvalidAccessException", DENIED),
    ("NotAuthorized", DENIED),
    ("NotAuthorizedException", DENIED),
    ("UnauthorizedAccess", DENIED),
    ("UnauthorizedException", DENIED),
    ("UnauthorizedOperation", DENIED),
    ("AuthFailure", UNAUTHENTICATED),
    ("ExpiredToken", UNAUTHENTICATED),
    ("ExpiredTokenException", UNAUTHENTICATED),
    ("IncompleteSignature", UNAUTHENTICATED),
    ("IncompleteSignatureException", UNAUTHENTICATED),
    ("InvalidAccessKeyId", UNAUTHENTICATED),
    ("InvalidClientTokenId", UNAUTHENTICATED),
    ("InvalidSecurity", UNAUTHENTICATED),
    ("InvalidSignatureException", UNAUTHENTICATED),
    ("InvalidToken", UNAUTHENTICATED),
    ("MissingAuthenticationToken", UNAUTHENTICATED),
    ("MissingAuthenticationTokenException", UNAUTHENTICATED),
    ("RequestExpired", UNAUTHENTICATED),
    ("RequestTimeTooSkewed", UNAUTHENTICATED),
    ("SignatureDoesNotMatch", UNAUTHENTICATED),
    ("TokenRefreshRequired", UNAUTHENTICATED),
    ("UnrecognizedClient", UNAUTHENTICATED),
    ("UnrecognizedClientException", UNAUTHENTICATED),
    ("BandwidthLimitExceeded", THROTTLED),
    ("EC2ThrottledException", THROTTLED),
    ("PriorRequestNotComplete", THROTTLED),
    ("ProvisionedThroughputExceededException", THROTTLED),
    ("RateExceeded", THROTTLED),
    ("RateExceededException", THROTTLED),
    ("RequestLimitExceeded", THROTTLED),
    ("RequestThrottled", THROTTLED),
    ("RequestThrottledException", THROTTLED),
    ("SlowDown", THROTTLED),
    ("TooManyRequests", THROTTLED),
    ("TooManyRequestsException", THROTTLED),
    ("AWSOrganizationsNotInUseException", NOT_ENABLED),
    ("NotSignedUp", NOT_ENABLED),
    ("OptInRequired", NOT_ENABLED),
    ("SubscriptionRequired", NOT_ENABLED),
    ("SubscriptionRequiredException", NOT_ENABLED),
    ("InvalidAction", NOT_ANSWERED),
    ("NotImplemented", NOT_ANSWERED),
    ("UnknownAction", NOT_ANSWERED),
    ("UnknownOperation", NOT_ANSWERED),
    ("UnknownOperationException", NOT_ANSWERED),
    ("InternalError", STUMBLED),
    ("InternalFailure", STUMBLED),
    ("InternalServerError", STUMBLED),
    ("InternalServerErrorException", STUMBLED),
    ("InternalServerException", STUMBLED),
    ("InternalServiceError", STUMBLED),
    ("InternalServiceException", STUMBLED),
    ("ServerException", STUMBLED),
    ("RequestTimeout", verdict(Reason::Timeout, Again::Pause)),
    ("RequestTimeoutException", verdict(Reason::Timeout, Again::Pause)),
];

/// Words of a refusal that mean: the account does not use the service. They come under many codes, some of which
/// otherwise mean a missing permission.
const NOT_ENABLED_WORDS: &[&str] = &[
    "is not subscribed",
    "are not subscribed",
    "is not enabled",
    "is not signed up",
    "not signed up for",
    "needs a subscription",
    "subscription does not exist",
    "subscription required",
];

/// Regions of the `aws` partition that every account has; all others must be enabled first. AWS has added none since
/// March 2019 and says that new regions are opt-in.
const ALWAYS_ENABLED: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Whether credentials that are good elsewhere may be unknown in a region because the account has not enabled it.
fn is_opt_in(region: &Region) -> bool {
    let name = region.as_str();
    let of_other_partition = name.starts_with("cn-") || name.starts_with("us-") || name.starts_with("eusc-");
    !region.is_global() && !of_other_partition && !ALWAYS_ENABLED.contains(&name)
}

/// What an error answer means.
pub(crate) fn of_answer(region: &Region, status: u16, head: bool, answer: &ErrorAnswer) -> Verdict {
    if answer.html {
        // A page from a gateway before the service passes; a page from the endpoint itself does not.
        return match status {
            429 | 503 => THROTTLED,
            502 | 504 => verdict(Reason::NotAnswered, Again::Pause),
            _ => NOT_ANSWERED,
        };
    }
    let message = answer.message.to_ascii_lowercase();
    let code = answer.code.as_str();
    let row = CODES.iter().find(|(name, _)| *name == code).map(|(_, verdict)| *verdict);
    if status < 500 && NOT_ENABLED_WORDS.iter().any(|words| message.contains(words)) {
        return NOT_ENABLED;
    }
    match row {
        Some(UNAUTHENTICATED) if is_opt_in(region) && !is_about_time(code, &message) => return DISABLED,
        Some(NOT_ENABLED) if code == "OptInRequired" && is_opt_in(region) => return DISABLED,
        Some(verdict) => return verdict,
        None => {}
    }
    if code.contains("Throttl") || status == 429 || status == 503 {
        return THROTTLED;
    }
    if message.contains("is not authorized to perform")
        || message.contains("not authorized to access this resource")
    {
        return DENIED;
    }
    let has_code = code.bytes().any(|b| !b.is_ascii_digit());
    match status {
        500 | 502 | 504 => STUMBLED,
        401 if !has_code => UNAUTHENTICATED,
        403 if !has_code => DENIED,
        404 | 405 | 501 if !has_code && !head => NOT_ANSWERED,
        _ => FAILED,
    }
}

/// Why a call failed that was made elsewhere, of which only code and message are known.
pub fn reason_of_code(region: &Region, code: &str, message: &str) -> Reason {
    let answer = ErrorAnswer { code: code.to_owned(), message: message.to_owned(), ..ErrorAnswer::default() };
    // A status that says nothing by itself.
    of_answer(region, 400, false, &answer).reason
}

/// Whether a body is a page for people: anything that begins like markup but not like an answer of the XML protocols.
pub(crate) fn is_page(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    let begins =
        |tag: &str| body.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    begins("<html") || begins("<!doctype") || begins("<head") || begins("<body")
}

/// Whether a refusal of credentials is about their age or our clock, which no region changes.
fn is_about_time(code: &str, message: &str) -> bool {
    code.starts_with("Expired") || code.starts_with("Request") || message.contains("expired")
}

/// What a failure to get an answer means. The name of an endpoint that the user gave must exist; the name of a
/// service's endpoint in a region need not.
pub(crate) fn of_transport(error: &TransportError, overridden: bool) -> Verdict {
    match error {
        TransportError::NoSuchHost { .. } if overridden => verdict(Reason::Network, Again::Never),
        TransportError::NoSuchHost { .. } => NOT_ANSWERED,
        TransportError::NotRecorded => verdict(Reason::NotRecorded, Again::Never),
        TransportError::Connect { .. } | TransportError::Cut { .. } => verdict(Reason::Network, Again::Pause),
        TransportError::Timeout { .. } => verdict(Reason::Timeout, Again::Once),
        TransportError::TooLarge { .. } => verdict(Reason::TooLarge, Again::Never),
        TransportError::Request { .. } => FAILED,
    }
}
