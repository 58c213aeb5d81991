//! What is needed of one record of CloudTrail.

use fathom_model::{AccountId, Actor, Region, Timestamp};
use serde_json::Value;

use super::identity;

/// One record, read as far as it matters here. The record itself is borrowed: its parameters may hold secrets, and
/// nothing of them is kept but the names of resources.
#[derive(Debug)]
pub struct TrailEvent<'r> {
    /// Its id.
    pub id: String,
    /// When the call was made.
    pub at: Timestamp,
    /// The service, like `ec2.amazonaws.com`.
    pub source: String,
    /// The operation.
    pub name: String,
    /// The account in whose log it stands.
    pub account: AccountId,
    /// The region where the call was made.
    pub region: Region,
    /// The partition that its ARNs name.
    pub partition: String,
    /// Who made the call.
    pub actor: Actor,
    /// Whether the service says that it only read; none where it does not say.
    pub read_only: Option<bool>,
    /// Whether it failed.
    pub failed: bool,
    /// Whether it is a management event; those on data, and insights, are not about resources.
    pub management: bool,
    /// The record.
    pub record: &'r Value,
}

/// Why a record is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is no JSON object.
    #[error("it is no JSON object")]
    NoObject,
    /// A member that every record has is not there, or is no text.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// Its time is none.
    #[error("its `eventTime` `{0}` is not a time")]
    Time(String),
    /// A text is longer than any real one.
    #[error("its `{0}` is longer than any real one")]
    TooLong(&'static str),
}

/// The longest name, id or account that is believed.
const TEXT_BYTES_MAX: usize = 256;

impl<'r> TrailEvent<'r> {
    /// Reads a record.
    ///
    /// # Errors
    /// When it lacks what every record has.
    pub fn of(record: &'r Value) -> Result<Self, EventError> {
        if !record.is_object() {
            return Err(EventError::NoObject);
        }
        let text = |name: &'static str| -> Result<&str, EventError> {
            let text = record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            let text = text.ok_or(EventError::Missing(name))?;
            if text.len() > TEXT_BYTES_MAX { Err(EventError::TooLong(name)) } else { Ok(text) }
        };
        let time = text("eventTime")?;
        let at = time.parse().map_err(|_| EventError::Time(time.to_owned()))?;
        let (id, source, name, region) =
            (text("eventID")?, text("eventSource")?, text("eventName")?, text("awsRegion")?);
        let identity = record.get("userIdentity").unwrap_or(&Value::Null);
        let account = record
            .get("recipientAccountId")
            .or_else(|| identity.get("accountId"))
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty() && text.len() <= TEXT_BYTES_MAX)
            .ok_or(EventError::Missing("recipientAccountId"))?;
        let actor = identity::actor(record);
        let partition = partition(region, &actor.principal).to_owned();
        let category = record.get("eventCategory").and_then(Value::as_str);
        let flag = |name: &str| record.get(name).and_then(boolean);
        // Some services answer with an error message and no code.
        let failed = ["errorCode", "errorMessage"]
            .iter()
            .any(|name| record.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
        Ok(Self {
            id: id.to_owned(),
            at,
            source: source.to_owned(),
            name: name.to_owned(),
            account: AccountId::new(account),
            region: Region::new(region),
            partition,
            actor,
            read_only: flag("readOnly"),
            failed,
            management: category.is_none_or(|category| category == "Management")
                && flag("managementEvent") != Some(false),
            record,
        })
    }

    /// Whether it changed something, as far as can be told; of events without a flag the name decides.
    pub fn changes(&self) -> bool {
        const READS: [&str; 12] = [
            "Describe", "List", "Get", "Head", "Lookup", "Search", "Batch", "Query", "Scan", "Select",
            "Filter", "Validate",
        ];
        match self.read_only {
            Some(read_only) => !read_only,
            None => !READS.iter().any(|prefix| self.name.starts_with(prefix)),
        }
    }
}

/// A flag, which `LookupEvents` and some exports give as text.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn partition<'a>(region: &str, principal: &'a str) -> &'a str {
    if let Some(partition) = principal.strip_prefix("arn:").and_then(|rest| rest.split(':').next()) {
        return partition;
    }
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}
