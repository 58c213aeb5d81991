//! `fathom permissions`: the exact IAM policy that a scan needs, made from the definitions.

use std::collections::BTreeSet;

use anyhow::Result;
use fathom_cloud::client::required_permission;
use serde_json::json;

use crate::{args::Global, render, wiring};

pub(crate) fn run(global: &Global) -> Result<()> {
    let content = wiring::content(global)?;
    let mut actions: BTreeSet<String> = [
        ("sts", "GetCallerIdentity"),
        ("ec2", "DescribeRegions"),
        ("resourcegroupstaggingapi", "GetResources"),
        ("organizations", "ListAccounts"),
    ]
    .into_iter()
    .map(|(service, operation)| required_permission(service, operation))
    .collect();
    for definition in content.resources.values() {
        let service = definition.service.as_str();
        actions.insert(required_permission(service, &definition.list.operation));
        if let Some(describe) = &definition.list.describe {
            actions.insert(required_permission(service, &describe.operation));
        }
        for enrich in &definition.enrich {
            actions.insert(enrich.permission.clone().unwrap_or_else(|| {
                required_permission(enrich.service.as_deref().unwrap_or(service), &enrich.operation)
            }));
        }
    }
    render::print_json(&json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "FathomReadsTheEstate", "Effect": "Allow", "Action": actions, "Resource": "*" }],
    }))
}
