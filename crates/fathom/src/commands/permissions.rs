//! `fathom permissions`: the exact IAM policy that a scan needs, made from the definitions.

use std::collections::BTreeSet;

use anyhow::Result;
use fathom_cloud::{
    client::required_permission,
    model::{Models, Operation},
};
use serde_json::json;

use crate::{
    args::{Global, PermissionsArgs, Queues},
    render, wiring,
};

/// The actions of the services themselves by which AWS decides who may know their web firewall.
const BEFORE_A_FIREWALL: [&str; 3] = [
    "apprunner:DescribeWebAclForService",
    "cognito-idp:GetWebACLForResource",
    "elasticloadbalancing:DescribeWebACLAssociation",
];

pub(crate) fn run(global: &Global, args: &PermissionsArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let mut actions: BTreeSet<String> = [
        ("sts", "GetCallerIdentity"),
        ("ec2", "DescribeRegions"),
        ("organizations", "ListAccounts"),
        ("cloudtrail", "LookupEvents"),
    ]
    .into_iter()
    .chain(fathom_see::FINDERS)
    .map(|(service, operation)| required_permission(service, operation))
    .collect();
    for definition in content.resources.values() {
        let service = definition.service.as_str();
        actions.insert(required_permission(service, &definition.list.operation));
        if let Some(describe) = &definition.list.describe {
            actions.insert(required_permission(service, &describe.operation));
        }
        // Some services must be asked first where they answer.
        let model = Models::embedded().service(service)?;
        if model.operation(&definition.list.operation).is_some_and(Operation::is_discovered) {
            actions.insert(required_permission(service, "DescribeEndpoints"));
        }
        for enrich in &definition.enrich {
            let service = enrich.service.as_deref().unwrap_or(service);
            actions.extend(enrich.job.iter().map(|job| required_permission(service, &job.operation)));
            actions.insert(
                enrich.permission.clone().unwrap_or_else(|| required_permission(service, &enrich.operation)),
            );
        }
    }
    // What AWS asks for beside `wafv2:GetWebACLForResource`, by the kind of thing that a firewall stands before.
    actions.extend(BEFORE_A_FIREWALL.map(ToOwned::to_owned));
    let mut statements =
        vec![json!({ "Sid": "FathomReadsTheEstate", "Effect": "Allow", "Action": actions, "Resource": "*" })];
    if let Some(queues) = &args.events {
        let actions: BTreeSet<String> = [("sqs", "ReceiveMessage"), ("sqs", "DeleteMessage")]
            .map(|(service, operation)| required_permission(service, operation))
            .into();
        let resource = match queues {
            Queues::Any => "*",
            Queues::One(arn) => arn,
        };
        statements.push(json!({
            "Sid": "FathomTakesEvents", "Effect": "Allow", "Action": actions, "Resource": resource,
        }));
    }
    render::print_json(&json!({ "Version": "2012-10-17", "Statement": statements }))
}
