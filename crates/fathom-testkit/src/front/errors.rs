//! Error answers in the form of each protocol, and the codes that services use for what the faults mean.

use http::HeaderValue;
use serde_json::json;

use super::{
    encode::{REQUEST_ID, Reply, content_type},
    model::{Model, Protocol},
    xml::escaped,
};

/// Writes an error. Without a model it is in the form of the JSON protocol.
pub fn error(model: Option<&Model>, status: u16, code: &str, message: &str) -> Reply {
    let Some(model) = model else {
        let body = json!({ "__type": code, "message": message }).to_string();
        return Reply::new(status, "application/x-amz-json-1.0", body);
    };
    let inner = format!("<Code>{}</Code><Message>{}</Message>", escaped(code), escaped(message));
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let body = match model.protocol() {
        Protocol::Ec2 => {
            format!(
                "<Response><Errors><Error>{inner}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
            )
        }
        Protocol::RestXml if model.name == "s3" => {
            format!("<Error>{inner}<RequestId>{REQUEST_ID}</RequestId></Error>")
        }
        Protocol::Query | Protocol::RestXml => {
            format!(
                "<ErrorResponse><Error><Type>{kind}</Type>{inner}</Error>\
                 <RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
            )
        }
        Protocol::Json => json!({ "__type": code, "message": message }).to_string(),
        Protocol::RestJson => json!({ "message": message }).to_string(),
    };
    let mut reply = Reply::new(status, content_type(model), body);
    if model.protocol() == Protocol::RestJson
        && let Ok(value) = HeaderValue::from_str(code)
    {
        reply.headers.insert("x-amzn-errortype", value);
    }
    reply
}

/// The forms that services give to one meaning: (status, code).
struct Forms {
    ec2: (u16, &'static str),
    s3: (u16, &'static str),
    xml: (u16, &'static str),
    json: (u16, &'static str),
    rest_json: (u16, &'static str),
}

const DENIED: Forms = Forms {
    ec2: (403, "UnauthorizedOperation"),
    s3: (403, "AccessDenied"),
    xml: (403, "AccessDenied"),
    json: (400, "AccessDeniedException"),
    rest_json: (403, "AccessDeniedException"),
};

const REGION_DISABLED: Forms = Forms {
    ec2: (401, "AuthFailure"),
    s3: (403, "InvalidAccessKeyId"),
    xml: (403, "InvalidClientTokenId"),
    json: (400, "UnrecognizedClientException"),
    rest_json: (403, "UnrecognizedClientException"),
};

const EXPIRED: Forms = Forms {
    ec2: (400, "RequestExpired"),
    s3: (400, "ExpiredToken"),
    xml: (403, "ExpiredToken"),
    json: (400, "ExpiredTokenException"),
    rest_json: (403, "ExpiredTokenException"),
};

fn formed(model: Option<&Model>, forms: &Forms, message: &str) -> Reply {
    let (status, code) = match model.map(|model| (model.name.as_str(), model.protocol())) {
        Some((_, Protocol::Ec2)) => forms.ec2,
        Some(("s3", _)) => forms.s3,
        Some((_, Protocol::Query | Protocol::RestXml)) => forms.xml,
        Some((_, Protocol::RestJson)) => forms.rest_json,
        Some((_, Protocol::Json)) | None => forms.json,
    };
    error(model, status, code, message)
}

/// The caller lacks the permission.
pub(crate) fn denied(model: Option<&Model>, message: &str) -> Reply {
    formed(model, &DENIED, message)
}

/// The credentials are not known in the region.
pub(crate) fn region_disabled(model: Option<&Model>) -> Reply {
    let message = "The security token included in the request is invalid.";
    formed(model, &REGION_DISABLED, message)
}

/// The credentials are too old.
pub(crate) fn expired(model: Option<&Model>) -> Reply {
    formed(model, &EXPIRED, "The security token included in the request is expired")
}
