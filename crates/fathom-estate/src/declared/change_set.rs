//! The changes of a CloudFormation change set, as `DescribeChangeSet` tells them with the values of properties.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Language,
    changes::{Does, Proposal, ProposalError, Proposed},
    sensitive,
    terraform::{AFTER, problem},
    unknown,
};

/// What stands for a value that is known after the run only.
const AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";
/// What stands for a value that CloudFormation does not show.
const MASKED: &str = "****";
/// How deep properties may be nested.
const DEPTH_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    stack_id: Option<String>,
    status: Option<String>,
    status_reason: Option<String>,
    changes: Option<Vec<Entry>>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    resource_change: Option<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    action: Option<String>,
    logical_resource_id: Option<String>,
    physical_resource_id: Option<String>,
    #[serde(rename = "ResourceType")]
    kind: Option<String>,
    replacement: Option<String>,
    before_context: Option<String>,
    after_context: Option<String>,
}

impl Proposal {
    /// Reads a change set.
    ///
    /// # Errors
    /// When it is none, when it failed or is not whole, and when it says no values.
    pub fn change_set(file: &str, text: &str) -> Result<Self, ProposalError> {
        let form = |problem: String| ProposalError::Form { file: file.to_owned(), problem };
        let set: Set = serde_json::from_str(text).map_err(|error| ProposalError::Parse {
            file: file.to_owned(),
            what: "a CloudFormation change set",
            line: error.line(),
            column: error.column(),
            problem: problem(&error),
        })?;
        let Some(changes) = set.changes else {
            return Err(form(
                "not a CloudFormation change set: it has no `Changes`; write it with `aws cloudformation \
                 describe-change-set --include-property-values`"
                    .to_owned(),
            ));
        };
        if let Some(status) = set.status.as_deref().filter(|status| *status != "CREATE_COMPLETE") {
            let why = set.status_reason.map(|why| format!(": {why}")).unwrap_or_default();
            return Err(form(format!("the change set is {status}{why}; make one that is CREATE_COMPLETE")));
        }
        if set.next_token.is_some() {
            return Err(form(
                "this is one page of the change set; ask for all of it (without --no-paginate and --max-items)".to_owned(),
            ));
        }
        let stack = set.stack_id.unwrap_or_default();
        let place = |at: usize| stack.split(':').nth(at).filter(|part| !part.is_empty()).map(str::to_owned);
        let mut proposal = Self { file: Arc::from(file), changes: Vec::new(), left_out: Vec::new() };
        for (number, entry) in changes.into_iter().enumerate() {
            let Some(resource) = entry.resource_change else {
                proposal.left_out.push(format!("change {number} is of no resource"));
                continue;
            };
            let address = resource.logical_resource_id.clone().unwrap_or_else(|| format!("change {number}"));
            let is_replaced = matches!(resource.replacement.as_deref(), Some("True" | "Conditional"));
            let does = match resource.action.as_deref() {
                Some("Add") => Does::Makes,
                Some("Modify") if is_replaced => Does::Replaces,
                Some("Modify") => Does::Changes,
                Some("Remove") => Does::Removes,
                other => {
                    let other = other.unwrap_or("no action");
                    proposal.left_out.push(format!("{address}: {other} is not followed"));
                    continue;
                }
            };
            let kind = resource.kind.clone().unwrap_or_default();
            if kind == "AWS::CloudFormation::Stack" {
                proposal.left_out.push(format!("{address}: a nested stack; ask of its own change set"));
                continue;
            }
            let wanted =
                if does == Does::Removes { &resource.before_context } else { &resource.after_context };
            if wanted.is_none() {
                return Err(form(format!(
                    "{address}: the change set does not say the values of properties; write it with `aws cloudformation \
                     describe-change-set --include-property-values`"
                )));
            }
            let side = |context: Option<&String>| -> Result<Value, ProposalError> {
                let Some(text) = context else { return Ok(Value::Null) };
                let context: Value = serde_json::from_str(text).map_err(|error| {
                    form(format!("{address}: its properties are no JSON: {}", problem(&error)))
                })?;
                let mut properties = context
                    .get("Properties")
                    .cloned()
                    .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                mark(&mut properties, 0);
                sensitive::by_name(&mut properties);
                Ok(properties)
            };
            proposal.changes.push(Proposed {
                language: Language::CloudFormation,
                kind,
                does,
                before: side(resource.before_context.as_ref())?,
                after: if does == Does::Removes {
                    Value::Null
                } else {
                    side(resource.after_context.as_ref())?
                },
                taken: Vec::new(),
                account: place(4),
                region: place(3),
                physical_id: resource.physical_resource_id.filter(|id| !id.is_empty()),
                address,
            });
        }
        Ok(proposal)
    }
}

/// Marks what is known after the run only, and what is not shown.
fn mark(value: &mut Value, depth: usize) {
    if depth > DEPTH_MAX {
        *value = unknown("it is nested too deeply");
        return;
    }
    match value {
        Value::String(text) if text.contains(AFTER_APPLY) => *value = unknown(AFTER),
        Value::String(text) if text == MASKED => *value = unknown("it is not shown"),
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, depth + 1)),
        Value::Object(members) => members.values_mut().for_each(|member| mark(member, depth + 1)),
        _ => {}
    }
}
