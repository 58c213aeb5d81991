//! Recordings: every exchange with the cloud in a file, and a cloud that answers from such a file.
//!
//! A recording is JSON lines, compressed where its name ends in `.zst`. The first line is a [`Header`]; further header
//! lines may follow as more accounts become known. Every other line is an [`Exchange`]. [`Recorder`] wraps a transport
//! and writes, [`Player`] is a transport that answers.
//!
//! **Invariant:** a recording holds no credentials, no signatures, and no value that the models mark as secret.

mod beyond;
mod file;
mod mask;
mod player;
mod recorder;

use std::collections::BTreeMap;

use fathom_model::{AccountId, Partition, Region, ResourceType};
use http::HeaderName;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use file::RecordingError;
pub use mask::SecretMember;
pub use player::Player;
pub use recorder::Recorder;

use crate::wire;

/// What the first line's `format` says.
pub const FORMAT: &str = "fathom-recording";

/// The version that this program writes and reads.
pub const VERSION: u32 = 1;

/// What a recording is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The accounts that were asked.
    pub accounts: Vec<RecordedAccount>,
    /// The regions that were asked.
    pub regions: Vec<Region>,
    /// When the recording began.
    pub recorded_at: jiff::Timestamp,
    /// What wrote it, with its version.
    pub tool: String,
    /// What the scan was asked for. From a recording made before this was noted, a player
    /// gives what its exchanges show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// What a scan was asked for, so that playing it back needs no flags. Empty lists mean all; external ids and profiles
/// are not in it: a recording is asked without them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Only these regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
    /// Only these resource types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ResourceType>,
    /// The role taken in every other account of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_role: Option<String>,
    /// Only these accounts of the organisation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountId>,
}

/// An account in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedAccount {
    /// The twelve digits.
    pub id: AccountId,
    /// The partition it belongs to.
    pub partition: Partition,
}

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The account asked; `caller` before it was known.
    pub account: AccountId,
    /// The region asked.
    pub region: Region,
    /// Service as the models name it.
    pub service: String,
    /// Operation as the models name it.
    pub operation: String,
    /// The parameters in the value form.
    pub params: Value,
    /// What came.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// An answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// The headers that matter.
        headers: BTreeMap<String, String>,
        /// The body.
        #[serde(flatten)]
        body: Body,
    },
    /// None.
    Failure {
        /// Why.
        failure: Failure,
    },
}

/// A recorded body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// As it came, with [`crate::codec::MASK`] in place of secrets.
    Body(String),
    /// Bytes that are no text, as base64.
    Base64(String),
    /// The result in the value form, where secrets could not be taken out of the text.
    Value(Value),
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The host's name does not exist.
    NoSuchHost,
    /// No connection.
    Connect,
    /// The connection was cut.
    Cut,
    /// No answer in time.
    Timeout,
    /// An answer over the limit.
    TooLarge,
    /// The request could not be made.
    Request,
}

/// Marks an answer whose body is the result in the value form.
static VALUE_FORM: HeaderName = HeaderName::from_static("x-fathom-value-form");

/// The result in an answer from a recording that holds it in the value form.
pub(crate) fn parsed_value(response: &wire::Response) -> Option<Result<Value, serde_json::Error>> {
    response.headers.contains_key(&VALUE_FORM).then(|| serde_json::from_slice(&response.body))
}

/// Parameters that neither are recorded nor decide which recorded answer fits.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("sts", "AssumeRole", "ExternalId"),
    ("sts", "AssumeRole", "TokenCode"),
    ("sts", "AssumeRole", "SerialNumber"),
];

/// The parameters as a recording holds them.
fn recorded_params(service: &str, operation: &str, params: &Value) -> Value {
    let mut params = params.clone();
    if let Value::Object(map) = &mut params {
        map.retain(|name, value| {
            !value.is_null() && !LEFT_OUT.contains(&(service, operation, name.as_str()))
        });
    }
    params
}

/// What identifies a call in a recording. Who we are does not depend on where we ask, so `sts` has no region.
fn key(account: &AccountId, region: &Region, service: &str, operation: &str, params: &Value) -> String {
    let region = if service == "sts" { Region::GLOBAL } else { region.as_str() };
    let mut out = format!("{account}\n{region}\n{service}\n{operation}\n");
    canonical(&recorded_params(service, operation, params), &mut out);
    out
}

/// JSON with sorted keys and without nulls and empty objects at the top.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in members {
                out.push_str(&Value::String(name.clone()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Null => out.push_str("{}"),
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_ignore_order_nulls_and_secrets() {
        let of = |service: &str, operation: &str, region: &str, params: Value| {
            key(&"111122223333".into(), &region.into(), service, operation, &params)
        };
        let one = of("ec2", "DescribeVpcs", "eu-west-1", json!({"A": [1, {"c": 1, "b": 2}], "N": null}));
        assert_eq!(one, of("ec2", "DescribeVpcs", "eu-west-1", json!({"A": [1, {"b": 2, "c": 1}]})));
        assert_ne!(one, of("ec2", "DescribeVpcs", "eu-west-2", json!({"A": [1, {"b": 2, "c": 1}]})));
        assert_eq!(of("ec2", "DescribeVpcs", "a", Value::Null), of("ec2", "DescribeVpcs", "a", json!({})));
        let role = json!({"RoleArn": "arn", "ExternalId": "e"});
        assert_eq!(
            of("sts", "AssumeRole", "a", role),
            of("sts", "AssumeRole", "b", json!({"RoleArn": "arn"}))
        );
    }

    #[test]
    fn lines_keep_their_form() {
        let exchange = Exchange {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            service: "ec2".to_owned(),
            operation: "DescribeVpcs".to_owned(),
            params: json!({}),
            outcome: Outcome::Answer {
                status: 200,
                headers: BTreeMap::new(),
                body: Body::Body("<a/>".to_owned()),
            },
        };
        let line = serde_json::to_value(&exchange).expect("JSON");
        assert_eq!(
            line,
            json!({"account": "111122223333", "region": "eu-west-1", "service": "ec2", "operation": "DescribeVpcs",
                   "params": {}, "status": 200, "headers": {}, "body": "<a/>"})
        );
        assert_eq!(serde_json::from_value::<Exchange>(line).expect("an exchange"), exchange);
        let failed = Exchange { outcome: Outcome::Failure { failure: Failure::Timeout }, ..exchange };
        let line = serde_json::to_value(&failed).expect("JSON");
        assert_eq!(line["failure"], "timeout");
        assert_eq!(serde_json::from_value::<Exchange>(line).expect("an exchange"), failed);
    }
}
