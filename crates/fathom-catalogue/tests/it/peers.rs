//! Two sources that the catalogue is not made from: the operations of botocore's models, and the actions that AWS's own
//! managed policies name (moto carries their texts). What is here and not in the catalogue is printed and bounded.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Command,
};

use serde_json::Value;

use crate::catalogue;

/// Runs a program in the Python environment of the tests; none, with the reason printed, where there is none.
fn ask(program: &str) -> Option<Value> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cache =
        std::env::var_os("FATHOM_CACHE_DIR").map_or_else(|| home.join(".cache/fathom"), PathBuf::from);
    let python = cache.join("python/bin/python");
    if !python.is_file() {
        let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no {} and FATHOM_REQUIRE_PEERS=1", python.display());
        eprintln!("skipped: no {} (a virtual environment with boto3 and moto)", python.display());
        return None;
    }
    let output = Command::new(&python).args(["-c", program]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Each service of botocore with the name its requests are signed for and its operations.
const OPERATIONS: &str = "
import json
import botocore.session
session = botocore.session.Session()
loader = session.get_component('data_loader')
found = {}
for service in session.get_available_services():
    model = loader.load_service_model(service, 'service-2')
    metadata = model['metadata']
    name = metadata.get('signingName') or metadata['endpointPrefix']
    found[service] = [name, sorted(model['operations'])]
print(json.dumps(found))
";

/// Names in signatures that are not the prefix of the actions.
const PREFIXES: [(&str, &str); 13] = [
    ("IoTSecuredTunneling", "iot"),
    ("awsssoportal", "sso"),
    ("cloudcontrolapi", "cloudformation"),
    ("end-user-messaging", "sms-voice"),
    ("iot-jobs-data", "iotjobsdata"),
    ("iotdata", "iot"),
    ("monitoring", "cloudwatch"),
    ("mturk-requester", "mechanicalturk"),
    ("partnercentral-account", "partnercentral"),
    ("partnercentral-benefits", "partnercentral"),
    ("partnercentral-channel", "partnercentral"),
    ("partnercentral-selling", "partnercentral"),
    ("tagging", "tag"),
];

/// Services whose operations are not called as actions are, with the reason.
const OTHERWISE: [(&str, &str); 14] = [
    ("apigateway", "an action is the HTTP method on a path"),
    ("apigatewayv2", "an action is the HTTP method on a path"),
    ("apigatewaymanagementapi", "calls are to the customer's own API: execute-api:ManageConnections"),
    ("budgets", "two actions stand for all: ViewBudget and ModifyBudget"),
    ("cloudhsm", "the first generation, retired; the prefix is that of the second"),
    ("codecatalyst", "asked with a token of the service's own, not through IAM"),
    ("connectparticipant", "asked with a token of the conversation"),
    ("geo-maps", "the reference has no action for glyphs, sprites and styles"),
    ("iotthingsgraph", "retired"),
    ("applicationcostprofiler", "retired"),
    ("keyspaces", "actions are the verbs of CQL: Select, Modify, Create"),
    ("neptunedata", "actions are what a query does: ReadDataViaQuery and so on"),
    ("sso", "asked with the token of a signed-in person"),
    ("sso-oidc", "asked without credentials, to get a token"),
];

/// Services that botocore knows and that are newer than the catalogue, whole or for the most part.
const NEWER: [&str; 10] = [
    "account-access-runtime",
    "connectscheduling",
    "continuum",
    "endusermessaging",
    "iam-toolbox",
    "lambda-core",
    "lambda-web",
    "opensearchmemory",
    "sagemaker-inference-router-runtime",
    "sagemakertrainingsessionruntime",
];

/// Operations whose action has another name: service, operation, action.
const RENAMED: [(&str, &str, &str); 67] = [
    ("s3", "CompleteMultipartUpload", "s3:PutObject"),
    ("s3", "CopyObject", "s3:PutObject"),
    ("s3", "CreateBucketMetadataConfiguration", "s3:CreateBucketMetadataTableConfiguration"),
    ("s3", "CreateMultipartUpload", "s3:PutObject"),
    ("s3", "CreateSession", "s3express:CreateSession"),
    ("s3", "DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"),
    ("s3", "DeleteBucketCors", "s3:PutBucketCORS"),
    ("s3", "DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3", "DeleteBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"),
    ("s3", "DeleteBucketInventoryConfiguration", "s3:PutInventoryConfiguration"),
    ("s3", "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("s3", "DeleteBucketMetadataConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
    ("s3", "DeleteBucketMetricsConfiguration", "s3:PutMetricsConfiguration"),
    ("s3", "DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
    ("s3", "DeleteBucketReplication", "s3:PutReplicationConfiguration"),
    ("s3", "DeleteBucketTagging", "s3:PutBucketTagging"),
    ("s3", "DeleteObjects", "s3:DeleteObject"),
    ("s3", "DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("s3", "GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"),
    ("s3", "GetBucketAnalyticsConfiguration", "s3:GetAnalyticsConfiguration"),
    ("s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("s3", "GetBucketIntelligentTieringConfiguration", "s3:GetIntelligentTieringConfiguration"),
    ("s3", "GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration"),
    ("s3", "GetBucketLifecycle", "s3:GetLifecycleConfiguration"),
    ("s3", "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("s3", "GetBucketMetadataConfiguration", "s3:GetBucketMetadataTableConfiguration"),
    ("s3", "GetBucketMetricsConfiguration", "s3:GetMetricsConfiguration"),
    ("s3", "GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
    ("s3", "GetBucketReplication", "s3:GetReplicationConfiguration"),
    ("s3", "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ("s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ("s3", "HeadBucket", "s3:ListBucket"),
    ("s3", "HeadObject", "s3:GetObject"),
    ("s3", "ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration"),
    ("s3", "ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration"),
    ("s3", "ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration"),
    ("s3", "ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration"),
    ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
    ("s3", "ListDirectoryBuckets", "s3express:ListAllMyDirectoryBuckets"),
    ("s3", "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("s3", "ListObjectVersions", "s3:ListBucketVersions"),
    ("s3", "ListObjects", "s3:ListBucket"),
    ("s3", "ListObjectsV2", "s3:ListBucket"),
    ("s3", "ListParts", "s3:ListMultipartUploadParts"),
    ("s3", "PutBucketAccelerateConfiguration", "s3:PutAccelerateConfiguration"),
    ("s3", "PutBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"),
    ("s3", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3", "PutBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"),
    ("s3", "PutBucketInventoryConfiguration", "s3:PutInventoryConfiguration"),
    ("s3", "PutBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("s3", "PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
    ("s3", "PutBucketMetricsConfiguration", "s3:PutMetricsConfiguration"),
    ("s3", "PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
    ("s3", "PutBucketReplication", "s3:PutReplicationConfiguration"),
    ("s3", "PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"),
    ("s3", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("s3", "SelectObjectContent", "s3:GetObject"),
    ("s3", "UploadPart", "s3:PutObject"),
    ("s3", "UploadPartCopy", "s3:PutObject"),
    ("s3", "WriteGetObjectResponse", "s3-object-lambda:WriteGetObjectResponse"),
    ("bedrock-runtime", "Converse", "bedrock:InvokeModel"),
    ("dynamodb", "TransactGetItems", "dynamodb:GetItem"),
    ("kms", "ReEncrypt", "kms:ReEncryptFrom"),
    ("lambda", "Invoke", "lambda:InvokeFunction"),
    ("sns", "PublishBatch", "sns:Publish"),
    ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
    ("sqs", "SendMessageBatch", "sqs:SendMessage"),
];

/// Of all operations, how many may lack an action with their name and an entry above: AWS adds them every week, and the
/// two packages are not of one day. Of one service, at most half.
const OPERATIONS_MISSING_MAX: f64 = 0.04;

#[test]
fn operations_of_botocore_have_actions() {
    let Some(services) = ask(OPERATIONS) else { return };
    let catalogue = catalogue();
    let renamed: BTreeMap<(&str, &str), &str> =
        RENAMED.iter().map(|(service, operation, action)| ((*service, *operation), *action)).collect();
    assert_eq!(renamed.len(), RENAMED.len());
    let (mut asked, mut missing, mut faults) = (0_usize, Vec::new(), Vec::new());
    for (service, found) in services.as_object().unwrap() {
        let signing = found[0].as_str().unwrap();
        if OTHERWISE.iter().any(|(name, _)| name == service) {
            continue;
        }
        let prefix = PREFIXES.iter().find(|(name, _)| *name == signing).map_or(signing, |(_, prefix)| prefix);
        let operations: Vec<&str> = found[1].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let before = missing.len();
        for operation in &operations {
            asked += 1;
            let has_own = catalogue.action(&format!("{prefix}:{operation}")).is_some();
            match renamed.get(&(service.as_str(), *operation)) {
                Some(action) if has_own => {
                    faults
                        .push(format!("{service} {operation} has an action, and {action} is written for it"));
                }
                Some(action) if catalogue.action(action).is_none() => {
                    faults.push(format!("{service} {operation}: no action {action}"));
                }
                None if !has_own => missing.push(format!("{prefix}:{operation}")),
                _ => {}
            }
        }
        let lacks = missing.len() - before;
        let is_newer = NEWER.contains(&service.as_str());
        if (lacks * 2 > operations.len()) != is_newer {
            faults.push(format!(
                "{service} (signed for {signing}): {lacks} of {} operations without an action",
                operations.len()
            ));
        }
        if is_newer {
            missing.truncate(before);
        }
    }
    println!("{} of {asked} operations have no action:\n{}", missing.len(), missing.join(" "));
    assert!(asked > 15_000, "{asked}");
    assert_eq!(faults, Vec::<String>::new());
    assert!((missing.len() as f64) < asked as f64 * OPERATIONS_MISSING_MAX, "{} of {asked}", missing.len());
}

/// Each action and pattern that a managed policy of AWS names.
const NAMED: &str = "
import json
import moto.iam.aws_managed_policies as managed
policies = managed.aws_managed_policies_data
if isinstance(policies, str):
    policies = json.loads(policies)
named = set()
for policy in policies.values():
    statements = policy['Document']['Statement']
    for statement in statements if isinstance(statements, list) else [statements]:
        for member in ('Action', 'NotAction'):
            actions = statement.get(member, [])
            named.update([actions] if isinstance(actions, str) else actions)
print(json.dumps(sorted(named)))
";

/// Prefixes in managed policies that the catalogue does not have, with the reason.
const GONE: [(&str, &str); 8] = [
    ("assurance", "never documented"),
    ("builderid", "never documented"),
    ("deepcomposer", "retired"),
    ("deeplens", "retired"),
    ("deepracer", "retired"),
    ("elastic-inference", "retired"),
    ("iot1click", "retired"),
    ("zocalo", "the earlier name of workdocs"),
];

/// How many names of known services may match nothing: actions that were renamed, or never documented.
const NAMED_MISSING_MAX: usize = 70;

#[test]
fn what_managed_policies_name_is_in_the_catalogue() {
    let Some(named) = ask(NAMED) else { return };
    let named: Vec<&str> = named.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(named.len() > 10_000, "{}", named.len());
    let (mut missing, mut gone) = (Vec::new(), BTreeSet::new());
    for name in &named {
        if !catalogue().actions_matching(name).is_empty() {
            continue;
        }
        let prefix = name.split(':').next().unwrap_or_default();
        if catalogue().service(prefix).is_some() {
            missing.push(*name);
        } else {
            gone.insert(prefix.to_ascii_lowercase());
        }
    }
    println!("{} of {} names match no action:\n{}", missing.len(), named.len(), missing.join(" "));
    let known: BTreeSet<String> = GONE.iter().map(|(prefix, _)| (*prefix).to_owned()).collect();
    assert_eq!(gone, known);
    assert!(missing.len() <= NAMED_MISSING_MAX, "{} of {}", missing.len(), named.len());
}
