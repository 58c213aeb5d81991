//! Pages: no answer that goes on is taken for a whole one.

use std::collections::{BTreeMap, BTreeSet};

use fathom_cloud::model::{Kind, Member, Models, Service, Structure};
use fathom_content::Content;

use super::walk::{Source, calls};

/// Ends and beginnings of the names of members that say how a list goes on.
const ENDS: [&str; 6] = ["token", "marker", "cursor", "position", "truncated", "continuation"];
const BEGINNINGS: [&str; 3] = ["hasmore", "lastevaluated", "nextpage"];

/// Members with such names that say nothing of the kind: service, member, why.
const NO_PAGES: &[(&str, &str, &str)] = &[
    ("bedrock-agent", "clientToken", "makes a creation unique"),
    ("eks", "clientRequestToken", "makes a creation unique"),
    ("firehose", "HasMoreDestinations", "a stream has one destination; more would be an error"),
    ("fms", "PolicyUpdateToken", "guards a change"),
    ("kinesisanalyticsv2", "ConditionalToken", "guards a change"),
    ("network-firewall", "UpdateToken", "guards a change"),
    ("wafv2", "LockToken", "guards a change"),
];

/// Members of an answer, and of structures in it, by whose name it might go on.
fn signs(service: &Service, output: &Structure) -> Vec<String> {
    let mut found = Vec::new();
    for member in output.members() {
        let mut names = vec![member.name()];
        if let Kind::Structure(inner) = service.shape(member.target().shape()).kind() {
            names.extend(inner.members().iter().map(Member::name));
        }
        let is_sign = |name: &&str| {
            let lower = name.to_lowercase();
            ENDS.iter().any(|end| lower.ends_with(end))
                || BEGINNINGS.iter().any(|start| lower.starts_with(start))
        };
        found.extend(names.into_iter().filter(is_sign).map(str::to_owned));
    }
    found
}

#[test]
fn every_answer_that_may_go_on_has_pages() {
    let content = Content::embedded().unwrap();
    let asked: BTreeSet<(String, String)> = content.resources.values().flat_map(calls).collect();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut with_pages = 0;
    for (name, operation) in &asked {
        let service = Models::embedded().service(name).unwrap();
        let operation = service.operation(operation).unwrap();
        if operation.paginator().is_some() {
            with_pages += 1;
            continue;
        }
        let Some(output) = operation.output().and_then(|output| service.shape(output.shape()).structure())
        else {
            continue;
        };
        for sign in signs(&service, output) {
            match NO_PAGES.iter().position(|(of, member, _)| of == name && *member == sign) {
                Some(row) => _ = used.insert(row),
                None => wrong.push(format!("{name} {}: `{sign}`", operation.name())),
            }
        }
    }
    assert!(wrong.is_empty(), "answers may go on and nobody asks how: {wrong:#?}");
    let unused: Vec<_> = NO_PAGES.iter().enumerate().filter(|(row, _)| !used.contains(row)).collect();
    assert!(unused.is_empty(), "exceptions that are none: {unused:?}");
    assert!(with_pages >= 300, "{with_pages} operations with pages");
}

/// Listings for which botocore has no paginator, by what their API references say of parameter and answer.
#[test]
fn listings_without_a_paginator_of_botocore_have_pages() {
    for (service, operation, parameter, token) in [
        ("wafv2", "ListWebACLs", "NextMarker", "NextMarker"),
        ("wafv2", "ListIPSets", "NextMarker", "NextMarker"),
        ("wafv2", "ListRuleGroups", "NextMarker", "NextMarker"),
        ("wafv2", "ListTagsForResource", "NextMarker", "NextMarker"),
        ("events", "ListEventBuses", "NextToken", "NextToken"),
        ("events", "ListConnections", "NextToken", "NextToken"),
        ("events", "ListArchives", "NextToken", "NextToken"),
        ("events", "ListApiDestinations", "NextToken", "NextToken"),
        ("sesv2", "ListEmailIdentities", "NextToken", "NextToken"),
        ("sesv2", "ListConfigurationSets", "NextToken", "NextToken"),
        ("s3control", "ListAccessPoints", "NextToken", "NextToken"),
        ("athena", "ListWorkGroups", "NextToken", "NextToken"),
        ("apprunner", "ListServices", "NextToken", "NextToken"),
        ("cloudtrail", "ListEventDataStores", "NextToken", "NextToken"),
        ("detective", "ListGraphs", "NextToken", "NextToken"),
        ("directconnect", "DescribeConnections", "nextToken", "nextToken"),
        ("directconnect", "DescribeVirtualInterfaces", "nextToken", "nextToken"),
        ("lightsail", "GetBuckets", "pageToken", "nextPageToken"),
        ("mq", "ListConfigurations", "NextToken", "NextToken"),
        ("opensearchserverless", "ListCollections", "nextToken", "nextToken"),
        ("synthetics", "DescribeCanaries", "NextToken", "NextToken"),
        ("timestream-write", "ListDatabases", "NextToken", "NextToken"),
        ("timestream-write", "ListTables", "NextToken", "NextToken"),
        ("apigatewayv2", "GetVpcLinks", "NextToken", "NextToken"),
        ("cloudfront", "ListFunctions", "Marker", "FunctionList.NextMarker"),
        ("cloudfront", "ListKeyGroups", "Marker", "KeyGroupList.NextMarker"),
        ("firehose", "ListDeliveryStreams", "ExclusiveStartDeliveryStreamName", "DeliveryStreamNames[-1]"),
        ("ssm", "DescribeDocumentPermission", "NextToken", "NextToken"),
        ("servicecatalog", "DescribePortfolioShares", "PageToken", "NextPageToken"),
    ] {
        let model = Models::embedded().service(service).unwrap();
        let paginator = model.operation(operation).and_then(|operation| operation.paginator());
        let paginator = paginator.unwrap_or_else(|| panic!("{service} {operation} has no pages"));
        assert_eq!(paginator.input_token, [parameter], "{service} {operation}");
        assert_eq!(paginator.output_token, [token], "{service} {operation}");
    }
}

/// A token that the client masks asks for no page.
#[test]
fn no_token_is_masked() {
    let content = Content::embedded().unwrap();
    let mut masked = BTreeMap::new();
    for (service, operation) in content.resources.values().flat_map(calls) {
        let source = Source::of(&service, &operation, "@", "");
        let Some(paginator) = source.operation().paginator() else { continue };
        let tokens = paginator.output_token.iter().chain(&paginator.more_results);
        for path in tokens.flat_map(|path| path.split("||")).map(str::trim) {
            let place = source.walk(path).unwrap_or_else(|| panic!("{service} {operation}: no `{path}`"));
            if let Some(shape) = place.masked {
                masked.insert(format!("{service} {operation} {path}"), shape);
            }
        }
    }
    assert!(masked.is_empty(), "{masked:#?}");
}
