//! What code declares: Terraform states and plans, CloudFormation templates, Kubernetes manifests ([`manifest`]).
//!
//! Start in [`terraform`] (state files, plans and what `terraform show -json` prints), then [`template`]
//! (CloudFormation, read without its intrinsics evaluated) and [`evaluate`] (one template in one stack).
//!
//! **Invariant:** what is marked as sensitive, or may be by its name, is replaced when a file is read.
//! **Invariant:** a value that cannot be known before the cloud is asked is [`unknown`], never absent.

use std::sync::Arc;

pub use fathom_content::declared::Language;
use serde_json::{Map, Value};

mod change_set;
pub mod changes;
pub mod evaluate;
pub mod known;
pub mod lines;
pub mod manifest;
mod plan;
mod sensitive;
pub mod template;
pub mod terraform;
pub mod write;
mod yaml;

/// One resource as code declares it.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Who wrote it.
    pub language: Language,
    /// The type as the language names it.
    pub kind: String,
    /// The file, as people know it.
    pub file: Arc<str>,
    /// Where in the file: `module.web.aws_s3_bucket.logs["a"]`, a logical id.
    pub address: String,
    /// File and address in one, as explanations give it: `prod.tfstate#aws_s3_bucket.logs`.
    pub source: String,
    /// What is declared; members may be [`unknown`] or [`assumed`].
    pub attributes: Value,
    /// What a person should know about it: that it is only planned, which stack it was made by.
    pub note: Option<String>,
    /// The uid or id under which the stack knows what it made.
    pub physical_id: Option<String>,
    /// Where it must be: account and region, where the source says so.
    pub place: Option<Place>,
    /// What the tool itself saw as drifted when it planned: attribute, before, after.
    pub seen_by_tool: Vec<(String, Value, Value)>,
    /// It is to be made by the next run, or to be taken away.
    pub planned: Planned,
}

/// Where a declared resource must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
}

/// What the next run does with a resource's existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Planned {
    /// It stays.
    #[default]
    Stays,
    /// It is to be made.
    Made,
    /// It is to be taken away.
    Removed,
}

const UNKNOWN: &str = "fathom:unknown";
const ASSUMED: &str = "fathom:assumed";

/// A value that cannot be known, and why.
pub fn unknown(why: &str) -> Value {
    Value::Object(Map::from_iter([(UNKNOWN.to_owned(), Value::from(why))]))
}

/// Why a value cannot be known; none where it is known.
pub fn unknown_why(value: &Value) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get(UNKNOWN)?.as_str()
}

/// A value that holds only if something else does: a parameter was left at its default.
pub fn assumed(value: Value, why: &str) -> Value {
    match value {
        Value::Object(members) if members.contains_key(UNKNOWN) || members.contains_key(ASSUMED) => {
            Value::Object(members)
        }
        value => {
            Value::Object(Map::from_iter([(ASSUMED.to_owned(), Value::Array(vec![value, Value::from(why)]))]))
        }
    }
}

/// The value and the condition of an [`assumed`] one.
pub fn assumed_parts(value: &Value) -> Option<(&Value, &str)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    match members.get(ASSUMED)?.as_array()?.as_slice() {
        [value, why] => Some((value, why.as_str()?)),
        _ => None,
    }
}

/// Why something in a value is not known for sure; none where all of it is.
pub fn doubt(value: &Value) -> Option<&str> {
    if let Some(why) = unknown_why(value) {
        return Some(why);
    }
    if let Some((_, why)) = assumed_parts(value) {
        return Some(why);
    }
    match value {
        Value::Array(items) => items.iter().find_map(doubt),
        Value::Object(members) => members.values().find_map(doubt),
        _ => None,
    }
}

/// The value with every assumption taken for true; unknowns stay.
pub fn settled(value: &Value) -> Value {
    if let Some((value, _)) = assumed_parts(value) {
        return settled(value);
    }
    match value {
        Value::Array(items) => items.iter().map(settled).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), settled(member))).collect()
        }
        value => value.clone(),
    }
}
