//! Rules of services that no policy changes.

use super::{kms, s3};
use crate::request::{Principal, Request};

/// What a service decides by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// It allows, even where a policy denies.
    Always(&'static str),
    /// It refuses, even where policies allow.
    Never(&'static str),
}

type MayCall = fn(&Principal) -> bool;

/// Who may call operations of STS at all. Any user, with or without credentials, may call the others.
const STS_CALLERS: [(&str, MayCall); 4] = [
    ("sts:AssumeRole", is_user_role_or_service),
    ("sts:GetCallerIdentity", has_credentials),
    ("sts:GetFederationToken", is_user_or_root),
    ("sts:GetSessionToken", is_user_or_root),
];

/// Operations of STS that need no permission and that no policy denies.
const FREE: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];

fn is_user_role_or_service(principal: &Principal) -> bool {
    matches!(
        principal,
        Principal::User(_) | Principal::Role(_) | Principal::Session(_) | Principal::Service(_)
    )
}

fn has_credentials(principal: &Principal) -> bool {
    *principal != Principal::Anonymous
}

fn is_user_or_root(principal: &Principal) -> bool {
    matches!(principal, Principal::User(_) | Principal::Root(_))
}

/// The path of roles that IAM makes for services.
pub(super) const LINKED_ROLE: &str = "role/aws-service-role/";

/// What changes a role; refused for roles that AWS keeps.
const CHANGES_ROLE: [&str; 12] = [
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
];

/// What everybody with permission may change of a role that is linked to a service: its description and its tags.
const CHANGES_LINKED_ROLE: [&str; 4] =
    ["iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription"];

/// What changes a managed policy; refused for those of AWS.
const CHANGES_POLICY: [&str; 6] = [
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
];

/// The path of roles that AWS keeps in an account.
const RESERVED_ROLE: &str = "role/aws-reserved/";

/// Calls that use a role's trust policy.
const ASSUME: [&str; 5] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// What the service decides by itself, where it does.
pub(super) fn rule(request: &Request) -> Option<Rule> {
    let rest = request.resource_rest();
    let may_call = STS_CALLERS.iter().find(|(action, _)| request.is(action)).map(|(_, may)| may);
    if may_call.is_some_and(|may| !may(&request.principal)) {
        return Some(Rule::Never("such a caller cannot call this operation of STS"));
    }
    if request.is_one_of(&FREE) {
        return Some(Rule::Always("it needs no permission"));
    }
    if matches!(request.principal, Principal::FederatedUser(_)) && request.service() == "sts" {
        return Some(Rule::Never("a federated user calls no operation of STS but GetCallerIdentity"));
    }
    let changes_linked = request.is_one_of(&CHANGES_ROLE) && !request.is_one_of(&CHANGES_LINKED_ROLE);
    if changes_linked && rest.starts_with(LINKED_ROLE) {
        return Some(Rule::Never("a role that is linked to a service is changed by that service alone"));
    }
    if request.is_one_of(&CHANGES_ROLE) && rest.starts_with(RESERVED_ROLE) {
        return Some(Rule::Never("roles under aws-reserved are changed by AWS alone"));
    }
    if request.is_one_of(&CHANGES_POLICY) && is_of_aws(request) {
        return Some(Rule::Never("managed policies of AWS are changed by AWS alone"));
    }
    let is_foreign = match (request.principal.owned(), request.resource_account()) {
        (Some(owned), Some(account)) => owned.account != account,
        _ => request.principal == Principal::Anonymous,
    };
    match within_account(request) {
        Some(why) if is_foreign => Some(Rule::Never(why)),
        _ => None,
    }
}

/// How what names a resource begins, where that alone decides of some actions.
pub(super) fn kept(rest: &str) -> Option<&'static str> {
    [LINKED_ROLE, RESERVED_ROLE].into_iter().find(|beginning| rest.starts_with(beginning))
}

/// Why only callers of the resource's own account may do this, where that is so.
pub(super) fn within_account(request: &Request) -> Option<&'static str> {
    if request.is("iam:PassRole") {
        Some("a role is passed only within its own account")
    } else if request.is_one_of(&s3::BUCKET_POLICY) {
        Some("a bucket's policy is read and changed only within the bucket's account")
    } else {
        None
    }
}

/// What is missing for an answer, whatever the policies say: they are asked about a key or a role that is not named.
pub(super) fn unnamed(request: &Request) -> Option<&'static str> {
    let assumes = request.is_one_of(&ASSUME) && request.action.to_ascii_lowercase().starts_with("sts:assume");
    if assumes && !is_trust(request) {
        Some("request.resource.arn names no role")
    } else if kms::needs_key(request) && !kms::is_key(request) {
        Some("request.resource.arn names no key")
    } else {
        None
    }
}

/// What a caller who is allowed depends on besides policies: federated users call IAM in the console, not by its API.
pub(super) fn unsaid(request: &Request) -> Option<&'static str> {
    let is_federated = matches!(request.principal, Principal::FederatedUser(_));
    (is_federated && request.service() == "iam")
        .then_some("whether the federated user works in the console, without which it cannot call IAM")
}

/// Whether the resource is a managed policy of AWS, which belongs to no account.
pub(super) fn is_of_aws(request: &Request) -> bool {
    request.resource.arn.split(':').nth(4) == Some("aws") && request.resource_rest().starts_with("policy/")
}

/// Whether the request is about assuming a role, whose trust policy must allow it.
pub(super) fn is_trust(request: &Request) -> bool {
    request.is_one_of(&ASSUME) && request.resource_rest().starts_with("role/")
}

/// Whether the resource's policy has a say: calls of IAM on a role do not look at its trust policy.
pub(super) fn asks_resource_policy(request: &Request) -> bool {
    request.service() != "iam"
}
