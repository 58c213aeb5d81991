//! Rules of services that no policy changes.

use crate::request::{Principal, Request};

/// What a service decides by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// It allows, even where a policy denies.
    Always(&'static str),
    /// It refuses, even where policies allow.
    Never(&'static str),
}

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

/// What changes a managed policy; refused for those of AWS.
const CHANGES_POLICY: [&str; 6] = [
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
];

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
    if request.is("sts:GetCallerIdentity") && request.principal != Principal::Anonymous {
        return Some(Rule::Always("sts:GetCallerIdentity needs no permission"));
    }
    if request.is_one_of(&CHANGES_ROLE) && rest.starts_with("role/aws-reserved/") {
        return Some(Rule::Never("roles under aws-reserved are changed by AWS alone"));
    }
    if request.is_one_of(&CHANGES_POLICY) && is_of_aws(request) {
        return Some(Rule::Never("managed policies of AWS are changed by AWS alone"));
    }
    let foreign_role = match (request.principal.owned(), request.resource_account()) {
        (Some(owned), Some(account)) => owned.account != account,
        _ => false,
    };
    if request.is("iam:PassRole") && foreign_role {
        return Some(Rule::Never("a role is passed only within its own account"));
    }
    None
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
