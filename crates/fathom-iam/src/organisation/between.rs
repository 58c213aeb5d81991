//! What two documents of one resource differ in, as changes: so that after another scan only these are made.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Change,
    documents::{bucket, default_version, list, policy_of, text},
    tree,
};

/// The members of users, roles and groups in which they keep policies of their own.
const INLINE: [(&str, &str); 3] = [
    ("AWS::IAM::User", "UserPolicyList"),
    ("AWS::IAM::Role", "RolePolicyList"),
    ("AWS::IAM::Group", "GroupPolicyList"),
];
const BUCKET: &str = "AWS::S3::Bucket";
const MANAGED: &str = "AWS::IAM::ManagedPolicy";
/// The account's own, which binds all of its buckets.
const BLOCK: &str = "AWS::S3::AccountPublicAccessBlock";
/// Members of users, roles and managed policies that have no say in any decision.
const SILENT: [&str; 13] = [
    "AttachmentCount",
    "Description",
    "InstanceProfileList",
    "IsAttachable",
    "LoginProfile",
    "MaxSessionDuration",
    "MFADevices",
    "PasswordLastUsed",
    "PermissionsBoundaryUsageCount",
    "RoleLastUsed",
    "SSHPublicKeys",
    "SigningCertificates",
    "UpdateDate",
];
/// Members of other resources that have a say beside their policy.
const BESIDE: [&str; 4] = ["Acl", "Grants", "OwnershipControls", "PublicAccessBlock"];

/// The changes that make of an organisation with the first document of a resource one with the second. None where they
/// differ in what is no change of a policy, such as tags or groups: then the organisation is to be made anew.
pub fn changes_between(kind: &str, uid: &str, before: &Value, after: &Value) -> Option<Vec<Change>> {
    if before == after {
        return Some(Vec::new());
    }
    let inline = INLINE.iter().find(|(of, _)| *of == kind).map(|(_, member)| *member);
    let policy = policy_of(kind);
    if inline.is_none() && policy.is_none() && kind != MANAGED {
        return (kind != BLOCK && !tree::TYPES.contains(&kind)).then(Vec::new);
    }
    let mut changes = Vec::new();
    for member in differing(before, after)? {
        if Some(member) == inline {
            changes.extend(of_lists(before, after, member, "PolicyName", |name, one| Change::Inline {
                holder: uid.to_owned(),
                name,
                document: one.map(|one| written(&one["PolicyDocument"])),
            })?);
        } else if inline.is_some() && member == "AttachedManagedPolicies" {
            changes.extend(of_lists(before, after, member, "PolicyArn", |policy, one| Change::Attached {
                holder: uid.to_owned(),
                policy,
                is_attached: one.is_some(),
            })?);
        } else if inline.is_some() && member == "PermissionsBoundary" {
            let bound = text(&after[member], "PermissionsBoundaryArn");
            // What is there and names no policy is told apart only where all is read.
            if bound.is_empty() && !after[member].is_null() {
                return None;
            }
            let policy = (!bound.is_empty()).then(|| bound.to_owned());
            changes.push(Change::Boundary { identity: uid.to_owned(), policy });
        } else if kind == MANAGED && ["PolicyVersionList", "DefaultVersionId"].contains(&member) {
            let of = |document| default_version(document).map(|version| &version["Document"]);
            // One of which nobody can tell the version in force is found by no holder, which no change says.
            let (before, after) = (of(before)?, of(after)?);
            if before != after {
                changes.push(Change::Managed { policy: uid.to_owned(), document: Some(written(after)) });
            }
        } else if kind == BUCKET && (Some(member) == policy || BESIDE.contains(&member)) {
            // One change for all of it: which ACLs count depends on the rest.
            if !changes.is_empty() {
                continue;
            }
            let document =
                policy.filter(|policy| !after[*policy].is_null()).map(|policy| written(&after[policy]));
            let settings = Box::new(bucket(after));
            changes.push(Change::Bucket { resource: uid.to_owned(), document, settings });
        } else if Some(member) == policy {
            let document = (!after[member].is_null()).then(|| written(&after[member]));
            changes.push(Change::Resource { resource: uid.to_owned(), document });
        } else if inline.is_some() || kind == MANAGED {
            if !SILENT.contains(&member) {
                return None;
            }
        } else if BESIDE.contains(&member) {
            return None;
        }
    }
    Some(changes)
}

/// The members in which two documents differ; none where one is no object.
fn differing<'a>(before: &'a Value, after: &'a Value) -> Option<Vec<&'a str>> {
    let (old, new) = (before.as_object()?, after.as_object()?);
    let mut members: Vec<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    members.sort_unstable();
    members.dedup();
    members.retain(|member| before[*member] != after[*member]);
    Some(members)
}

/// What two lists differ in, by the member that names what is in them; none where a name stands there twice, is missing, or
/// what stays has another order.
fn of_lists(
    before: &Value,
    after: &Value,
    member: &str,
    name: &str,
    change: impl Fn(String, Option<&Value>) -> Change,
) -> Option<Vec<Change>> {
    let named = |document: &'_ Value| -> Option<BTreeMap<String, Value>> {
        let all = list(document, member);
        let named: BTreeMap<String, Value> =
            all.iter().map(|one| (text(one, name).to_owned(), one.clone())).collect();
        (named.len() == all.len() && !named.contains_key("")).then_some(named)
    };
    let (old, new) = (named(before)?, named(after)?);
    let staying = |document, other: &BTreeMap<String, Value>| -> Vec<String> {
        let names = list(document, member).iter().map(|one| text(one, name).to_owned());
        names.filter(|name| other.contains_key(name)).collect()
    };
    if staying(before, &new) != staying(after, &old) {
        return None;
    }
    let gone = old.keys().filter(|name| !new.contains_key(*name)).map(|name| change(name.clone(), None));
    let put = new.iter().filter(|(name, one)| old.get(*name) != Some(*one));
    Some(gone.chain(put.map(|(name, one)| change(name.clone(), Some(one)))).collect())
}

/// A policy as changes have it: text.
fn written(policy: &Value) -> String {
    policy.as_str().map_or_else(|| policy.to_string(), str::to_owned)
}
