//! Where a description keeps the policy that an edit is about.

use fathom_content::EditRules;
use fathom_model::ResourceType;
use serde_json::Value;

use super::Named;

/// The lists of a user, a role and a group with policies of their own.
const INLINE: [&str; 3] = ["UserPolicyList", "RolePolicyList", "GroupPolicyList"];
/// The list with those that are attached.
const ATTACHED: &str = "AttachedManagedPolicies";
/// The versions of a managed policy.
const VERSIONS: &str = "PolicyVersionList";

/// Where a policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// In this document, where a JSON pointer (RFC 6901) leads. Of a list also its name and the place in it.
    Here {
        /// Where the policy is.
        pointer: String,
        /// Its place in a list.
        of: Option<(String, usize)>,
    },
    /// It is a managed policy, by ARN.
    Managed(String),
    /// It is one of the groups' of this user: the groups, and the name that it has there.
    InGroups(Vec<String>, String),
}

/// Finds a policy by the description of what has it.
///
/// # Errors
/// Says that there is none, and which there are.
pub fn locate(
    document: &Value,
    kind: &ResourceType,
    policy: &Named,
    rules: &EditRules,
) -> Result<Located, String> {
    let here = |pointer: String| Located::Here { pointer, of: None };
    let name = match (policy, rules.policies.get(kind)) {
        (Named::Own, Some(member)) => return Ok(here(format!("/{member}"))),
        (Named::Own, None) if document.get(VERSIONS).is_some() => return version(document).map(here),
        (Named::Own, None) => return Err(format!("a {kind} has no policy of its own")),
        (Named::Called(name), _) => name,
    };
    let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    if document.get(VERSIONS).is_some()
        && [text(document, "PolicyName"), text(document, "Arn")].contains(name)
    {
        return version(document).map(here);
    }
    let mut known: Vec<String> = Vec::new();
    for list in INLINE {
        for (at, one) in items(document, list).iter().enumerate() {
            if text(one, "PolicyName") == *name {
                let pointer = format!("/{list}/{at}/PolicyDocument");
                return Ok(Located::Here { pointer, of: Some((list.to_owned(), at)) });
            }
            known.push(text(one, "PolicyName"));
        }
    }
    for one in items(document, ATTACHED) {
        let arn = text(one, "PolicyArn");
        let called = match text(one, "PolicyName") {
            called if called.is_empty() => arn.rsplit('/').next().unwrap_or_default().to_owned(),
            called => called,
        };
        if called == *name || arn == *name {
            return Ok(Located::Managed(arn));
        }
        known.push(called);
    }
    let groups: Vec<String> = items(document, "GroupList")
        .iter()
        .filter_map(|one| one.as_str().or_else(|| one["GroupName"].as_str()).map(str::to_owned))
        .collect();
    // A policy of a group is called by both names.
    if let Some((group, own)) = name.split_once('/')
        && groups.iter().any(|one| one == group)
    {
        return Ok(Located::InGroups(vec![group.to_owned()], own.to_owned()));
    }
    if !groups.is_empty() {
        return Ok(Located::InGroups(groups, name.clone()));
    }
    Err(match (known.is_empty(), rules.policies.contains_key(kind)) {
        (true, true) => format!("it has no policy `{name}`; its own is `the policy of` it"),
        (true, false) => format!("it has no policy `{name}`, and no other"),
        (false, _) => format!("it has no policy `{name}`; it has {}", known.join(", ")),
    })
}

/// Whether a description keeps policies besides one of the resource's own.
pub fn has_policies(document: &Value) -> bool {
    INLINE.iter().chain([&ATTACHED, &VERSIONS]).any(|list| document.get(*list).is_some())
}

fn items<'d>(document: &'d Value, list: &str) -> &'d [Value] {
    document[list].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The version of a managed policy that is in force.
fn version(document: &Value) -> Result<String, String> {
    let named = document["DefaultVersionId"].as_str().unwrap_or_default();
    let versions = items(document, VERSIONS);
    let is_flagged = |one: &Value| one["IsDefaultVersion"] == true;
    let is_named = |one: &Value| !named.is_empty() && one["VersionId"].as_str() == Some(named);
    let found = versions.iter().position(is_flagged).or_else(|| versions.iter().position(is_named));
    match found {
        Some(at) => Ok(format!("/{VERSIONS}/{at}/Document")),
        None => Err("the scan did not read the version of it that is in force".to_owned()),
    }
}
