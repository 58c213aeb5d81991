//! Policies in a Terraform plan, before and after: what `terraform show -json PLAN` prints.

use fathom_iam::PolicyKind;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Attributes that hold a policy as a JSON text, by the type of the resource.
const ATTRIBUTES: [(&str, &str, PolicyKind); 24] = [
    ("aws_backup_vault_policy", "policy", PolicyKind::Resource),
    ("aws_ecr_repository_policy", "policy", PolicyKind::Resource),
    ("aws_efs_file_system_policy", "policy", PolicyKind::Resource),
    ("aws_glacier_vault", "access_policy", PolicyKind::Resource),
    ("aws_iam_group_policy", "policy", PolicyKind::Identity),
    ("aws_iam_policy", "policy", PolicyKind::Identity),
    ("aws_iam_role", "assume_role_policy", PolicyKind::Resource),
    ("aws_iam_role_policy", "policy", PolicyKind::Identity),
    ("aws_iam_user_policy", "policy", PolicyKind::Identity),
    ("aws_kinesis_resource_policy", "policy", PolicyKind::Resource),
    ("aws_kms_external_key", "policy", PolicyKind::Resource),
    ("aws_kms_key", "policy", PolicyKind::Resource),
    ("aws_kms_key_policy", "policy", PolicyKind::Resource),
    ("aws_s3_bucket", "policy", PolicyKind::Resource),
    ("aws_s3_bucket_policy", "policy", PolicyKind::Resource),
    ("aws_s3control_bucket_policy", "policy", PolicyKind::Resource),
    ("aws_secretsmanager_secret", "policy", PolicyKind::Resource),
    ("aws_secretsmanager_secret_policy", "policy", PolicyKind::Resource),
    ("aws_sns_topic", "policy", PolicyKind::Resource),
    ("aws_sns_topic_policy", "policy", PolicyKind::Resource),
    ("aws_sqs_queue", "policy", PolicyKind::Resource),
    ("aws_sqs_queue_policy", "policy", PolicyKind::Resource),
    ("aws_ssoadmin_permission_set_inline_policy", "inline_policy", PolicyKind::Identity),
    ("aws_dynamodb_resource_policy", "policy", PolicyKind::Resource),
];

/// A policy that a plan changes, makes or takes away.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The resource's address in the code.
    pub address: String,
    /// The attribute.
    pub attribute: String,
    /// What kind of policy it is.
    pub kind: PolicyKind,
    /// What it is now.
    pub before: Held,
    /// What it will be.
    pub after: Held,
}

/// A policy in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// There is none.
    None,
    /// Its JSON.
    Text(String),
    /// Terraform knows it only when it applies the plan.
    NotKnownYet,
}

/// A plan that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// It is no JSON of this form.
    #[error("is no plan: {0}; write one with `terraform show -json PLAN`")]
    Json(#[from] serde_json::Error),
    /// It is JSON, and has no changes.
    #[error("has no `resource_changes`; write a plan with `terraform show -json PLAN`, not a state")]
    NoChanges,
    /// A policy is no text.
    #[error("{address}: `{attribute}` is no text")]
    NoText {
        /// The resource.
        address: String,
        /// The attribute.
        attribute: String,
    },
}

#[derive(Deserialize)]
struct Plan {
    resource_changes: Option<Vec<Change>>,
}

#[derive(Deserialize)]
struct Change {
    address: String,
    #[serde(default)]
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "change")]
    body: Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    before: Option<Map<String, Value>>,
    #[serde(default)]
    after: Option<Map<String, Value>>,
    #[serde(default)]
    after_unknown: Value,
}

/// The policies that a plan changes, in its order. Those that stay as they are, by their text, are left out.
///
/// # Errors
/// When it is no plan, or a policy in it is no text.
pub fn changes(json: &str) -> Result<Vec<Changed>, BadPlan> {
    let plan: Plan = serde_json::from_str(json)?;
    let mut found = Vec::new();
    for resource in plan.resource_changes.ok_or(BadPlan::NoChanges)? {
        if resource.mode.as_deref() == Some("data") {
            continue;
        }
        let no_text = |attribute: &str| BadPlan::NoText {
            address: resource.address.clone(),
            attribute: attribute.to_owned(),
        };
        for (_, attribute, kind) in ATTRIBUTES.iter().filter(|(of, _, _)| *of == resource.kind) {
            let before = held(resource.body.before.as_ref(), &Value::Null, attribute)
                .ok_or_else(|| no_text(attribute))?;
            let after = held(resource.body.after.as_ref(), &resource.body.after_unknown, attribute)
                .ok_or_else(|| no_text(attribute))?;
            if before != after || after == Held::NotKnownYet {
                found.push(Changed {
                    address: resource.address.clone(),
                    attribute: (*attribute).to_owned(),
                    kind: *kind,
                    before,
                    after,
                });
            }
        }
        if resource.kind == "aws_iam_role" {
            found.extend(inline(&resource).ok_or_else(|| no_text("inline_policy"))?);
        }
    }
    Ok(found)
}

/// What an attribute holds; none where it is no text.
fn held(values: Option<&Map<String, Value>>, unknown: &Value, attribute: &str) -> Option<Held> {
    // A list or an object is not known where any part of it is not.
    if unknown.get(attribute).is_some_and(is_true_somewhere) {
        return Some(Held::NotKnownYet);
    }
    match values.and_then(|values| values.get(attribute)) {
        None | Some(Value::Null) => Some(Held::None),
        Some(Value::String(text)) if text.trim().is_empty() => Some(Held::None),
        Some(Value::String(text)) => Some(Held::Text(text.clone())),
        Some(_) => None,
    }
}

fn is_true_somewhere(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Array(list) => list.iter().any(is_true_somewhere),
        Value::Object(members) => members.values().any(is_true_somewhere),
        _ => false,
    }
}

/// The policies that are written into a role, by their names.
fn inline(resource: &Change) -> Option<Vec<Changed>> {
    const ATTRIBUTE: &str = "inline_policy";
    let of = |values: Option<&Map<String, Value>>| -> Option<Vec<(String, Held)>> {
        let list = match values.and_then(|values| values.get(ATTRIBUTE)) {
            None | Some(Value::Null) => return Some(Vec::new()),
            Some(list) => list.as_array()?,
        };
        let named = list.iter().filter_map(|one| {
            let name = one.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            match one.get("policy") {
                // A role without one has an empty block.
                None | Some(Value::Null) => None,
                Some(policy) => Some(policy.as_str().map(|policy| (name, Held::Text(policy.to_owned())))),
            }
        });
        named.collect()
    };
    let (before, after) = (of(resource.body.before.as_ref())?, of(resource.body.after.as_ref())?);
    let is_unknown = resource.body.after_unknown.get(ATTRIBUTE).is_some_and(is_true_somewhere);
    let changed = |attribute: String, before: Held, after: Held| Changed {
        address: resource.address.clone(),
        attribute,
        kind: PolicyKind::Identity,
        before,
        after,
    };
    if is_unknown {
        let before = before.into_iter().next().map_or(Held::None, |(_, held)| held);
        return Some(vec![changed(ATTRIBUTE.to_owned(), before, Held::NotKnownYet)]);
    }
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let side = |side: &[(String, Held)], name: &str| {
        side.iter().find(|(of, _)| of == name).map_or(Held::None, |(_, held)| held.clone())
    };
    Some(
        names
            .into_iter()
            .map(|name| changed(format!("{ATTRIBUTE} {name}"), side(&before, name), side(&after, name)))
            .filter(|one| one.before != one.after)
            .collect(),
    )
}
