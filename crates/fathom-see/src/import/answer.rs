//! From the bytes of a file to an answer in the form that a client gives, or to the error that was saved; pure.

use fathom_cloud::{
    codec::{self, Spelling},
    model::{Models, Operation, sign_of_more},
};
use fathom_model::path::Path;
use serde_json::{Map, Value};

/// Why a file is no answer.
#[derive(Debug, PartialEq)]
pub(super) enum Unusable {
    /// It has nothing in it.
    Empty,
    /// It holds the error that the call ended with.
    Refused { code: String, message: String },
    /// It is over the limit.
    TooLarge(String),
    /// It is no answer of this operation; says where.
    Malformed(String),
}

/// A saved answer in the form that a client gives.
pub(super) fn value_form(service: &str, operation: &str, bytes: &[u8]) -> Result<Value, Unusable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unusable::Empty);
    }
    if let Some((code, message)) = std::str::from_utf8(bytes).ok().and_then(printed_error) {
        return Err(Unusable::Refused { code, message });
    }
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| Unusable::Malformed(format!("is no JSON: {error}")))?;
    let text = |member: &str| value.pointer(member).and_then(Value::as_str).map(str::to_owned);
    if let Some(code) = text("/Error/Code") {
        return Err(Unusable::Refused { code, message: text("/Error/Message").unwrap_or_default() });
    }
    let value = match value {
        Value::Null => Value::Object(Map::new()),
        value @ Value::Object(_) => value,
        _ => return Err(Unusable::Malformed("is no answer: an object was expected".to_owned())),
    };
    let token = value.get("NextToken").filter(|token| token.is_string()).cloned();
    let model =
        Models::embedded().service(service).map_err(|error| Unusable::Malformed(error.to_string()))?;
    let output = model.operation(operation).and_then(Operation::output);
    let Some(output) = output else { return Ok(Value::Object(Map::new())) };
    let told = value.as_object().is_some_and(|members| {
        members.iter().any(|(key, value)| key != "ResponseMetadata" && !value.is_null())
    });
    let mut answer = codec::saved(&model, output, value, Spelling::Exact)
        .map_err(|error| Unusable::Malformed(format!("is no answer of {service} {operation}: {error}")))?;
    let understood = answer.as_object().is_some_and(|members| !members.is_empty());
    if told && !understood && token.is_none() {
        return Err(Unusable::Malformed(format!("has nothing of an answer of {service} {operation}")));
    }
    if let (Some(token), Some(members)) = (token, answer.as_object_mut()) {
        members.insert("NextToken".to_owned(), token);
    }
    Ok(answer)
}

/// `An error occurred (Code) when calling the X operation: words`, as the command line prints it.
fn printed_error(text: &str) -> Option<(String, String)> {
    let text = text.trim_start();
    let text = text.strip_prefix("aws: [ERROR]: ").unwrap_or(text);
    let (code, rest) = text.strip_prefix("An error occurred (")?.split_once(')')?;
    let message = rest.split_once("operation: ").map_or(rest, |(_, message)| message);
    Some((code.to_owned(), message.trim().chars().take(500).collect()))
}

/// Whether an answer says that there is more: the command line's own token, or the service's.
pub(super) fn is_cut(service: &str, operation: &str, answer: &Value) -> bool {
    let is_set = |value: &Value| match value {
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Bool(yes) => *yes,
        _ => false,
    };
    if answer.get("NextToken").is_some_and(is_set) {
        return true;
    }
    let Ok(model) = Models::embedded().service(service) else { return false };
    let Some(paginator) = model.operation(operation).and_then(Operation::paginator) else {
        return sign_of_more(answer).is_some();
    };
    let says = |path: &String| path.parse::<Path>().is_ok_and(|path| path.first(answer).is_some_and(is_set));
    match &paginator.more_results {
        Some(more) => says(more),
        None => paginator.output_token.iter().any(says),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_keep_their_code_however_they_were_saved() {
        let refused = |code: &str, message: &str| {
            Err(Unusable::Refused { code: code.to_owned(), message: message.to_owned() })
        };
        let read = |text: &str| value_form("s3", "GetBucketPolicy", text.as_bytes());
        let printed =
            "\nAn error occurred (NoSuchBucketPolicy) when calling the GetBucketPolicy operation: None\n";
        assert_eq!(read(printed), refused("NoSuchBucketPolicy", "None"));
        assert_eq!(
            read("aws: [ERROR]: An error occurred (AccessDenied) when calling the X operation: no"),
            refused("AccessDenied", "no")
        );
        let saved = json!({"Error": {"Code": "AccessDenied", "Message": "no"}}).to_string();
        assert_eq!(read(&saved), refused("AccessDenied", "no"));
        assert_eq!(read(" \n"), Err(Unusable::Empty));
        assert_eq!(read("null"), Ok(json!({})));
        assert_eq!(read("{}"), Ok(json!({})));
        let no_constraint = br#"{"LocationConstraint": null}"#;
        assert_eq!(value_form("s3", "GetBucketLocation", no_constraint), Ok(json!({})));
        assert!(matches!(read(r#"{"Vpcs": []}"#), Err(Unusable::Malformed(_))));
    }

    #[test]
    fn an_answer_that_goes_on_is_cut() {
        assert!(is_cut("ec2", "DescribeVpcs", &json!({"NextToken": "x"})));
        assert!(is_cut("iam", "ListUsers", &json!({"IsTruncated": true, "Marker": "m"})));
        assert!(!is_cut("iam", "ListUsers", &json!({"IsTruncated": false, "Marker": "m"})));
        assert!(!is_cut("ec2", "DescribeVpcs", &json!({"Vpcs": []})));
        // Botocore has no paginator for these.
        assert!(is_cut("wafv2", "ListWebACLs", &json!({"WebACLs": [], "NextMarker": "m"})));
        assert!(is_cut("lightsail", "GetBuckets", &json!({"nextPageToken": "p"})));
        assert!(is_cut("cloudfront", "ListFunctions", &json!({"FunctionList": {"NextMarker": "m"}})));
        assert!(is_cut("firehose", "ListDeliveryStreams", &json!({"HasMoreDeliveryStreams": true})));
        assert!(is_cut("route53", "ListGeoLocations", &json!({"IsTruncated": true})));
        assert!(!is_cut("route53", "ListGeoLocations", &json!({"IsTruncated": false, "MaxItems": "1"})));
    }
}
