//! Service and resource control policies along the path of the organisation.

use super::{names::Caller, said::Said};
use crate::{
    layers::Path,
    request::{Principal, Request},
    truth::Truth,
    verdict::LayerName,
};

/// The services whose resources resource control policies bind. AWS extends this list.
#[rustfmt::skip]
const RCP_SERVICES: [&str; 62] = [
    "aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets", "clouddirectory",
    "cloudfront", "cloudsearch", "cloudtrail-data", "codeartifact", "codebuild", "codecommit",
    "codepipeline", "cognito-identity", "cognito-idp", "comprehend", "comprehendmedical", "compute-
    optimizer", "cost-optimization-hub", "dax", "dsql", "dynamodb", "ecr", "ecr-public", "events",
    "firehose", "fis", "fms", "gamelift", "health", "inspector-scan", "kendra", "kinesisvideo", "kms",
    "logs", "memorydb", "networkmonitor", "notifications", "opensearch", "pca-connector-ad",
    "personalize", "polly", "pricing", "resource-groups", "rolesanywhere", "s3", "secretsmanager",
    "servicediscovery", "signin", "sqs", "sts", "support", "swf", "textract", "timestream-influxdb",
    "transcribe", "transfer", "translate", "wafv2", "workspaces", "xray",
];

/// Whether the caller is a service-linked role, which organisations do not bind.
pub(super) fn is_service_linked(caller: &Caller<'_>) -> bool {
    let is_role = matches!(caller.request.principal, Principal::Role(_) | Principal::Session(_));
    let arn = caller.context.single("aws:PrincipalArn");
    is_role && arn.is_some_and(|arn| arn.contains(":role/aws-service-role/"))
}

/// What each level says of the principal's account. All must allow.
pub(super) fn scps(caller: &Caller<'_>, path: &Path) -> Vec<Said> {
    let binds = caller.request.principal.owned().is_some() && !is_service_linked(caller);
    if !binds {
        return Vec::new();
    }
    levels(caller, path, LayerName::Scps, false)
}

/// What each level says of the resource's account. They only deny: the policy that allows everything is always attached.
pub(super) fn rcps(caller: &Caller<'_>, path: &Path) -> Vec<Said> {
    if !rcps_bind(caller.request) || is_service_linked(caller) {
        return Vec::new();
    }
    let mut said = levels(caller, path, LayerName::Rcps, true);
    for level in &mut said {
        level.allow = Truth::Yes;
    }
    said
}

fn rcps_bind(request: &Request) -> bool {
    let service = request.service();
    // Keys that AWS manages are known by their alias alone.
    let of_aws = service == "kms" && request.resource_rest().starts_with("alias/aws/");
    RCP_SERVICES.contains(&service.as_str()) && !request.is("kms:RetireGrant") && !of_aws
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
