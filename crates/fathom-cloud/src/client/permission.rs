//! Which IAM permission a denied call would need.

use crate::model::{Models, Operation, Service};

/// Operations whose IAM action has another name: service, operation, action. From the service authorization
/// reference.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("s3", "GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"),
    ("s3", "GetBucketAnalyticsConfiguration", "s3:GetAnalyticsConfiguration"),
    ("s3", "GetBucketCors", "s3:GetBucketCORS"),
    ("s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("s3", "GetBucketIntelligentTieringConfiguration", "s3:GetIntelligentTieringConfiguration"),
    ("s3", "GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration"),
    ("s3", "GetBucketLifecycle", "s3:GetLifecycleConfiguration"),
    ("s3", "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
    ("s3", "GetBucketMetricsConfiguration", "s3:GetMetricsConfiguration"),
    ("s3", "GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
    ("s3", "GetBucketReplication", "s3:GetReplicationConfiguration"),
    ("s3", "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ("s3", "HeadBucket", "s3:ListBucket"),
    ("s3", "HeadObject", "s3:GetObject"),
    ("s3", "ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration"),
    ("s3", "ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration"),
    ("s3", "ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration"),
    ("s3", "ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration"),
    ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
    ("s3", "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("s3", "ListObjectVersions", "s3:ListBucketVersions"),
    ("s3", "ListObjects", "s3:ListBucket"),
    ("s3", "ListObjectsV2", "s3:ListBucket"),
    ("s3", "ListParts", "s3:ListMultipartUploadParts"),
];

/// Account-level settings of S3 have their own actions behind the s3control API.
const S3_CONTROL: &[(&str, &str)] = &[("GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock")];

/// Signing names that are not the prefix of their IAM actions.
const PREFIXES: &[(&str, &str)] = &[
    ("monitoring", "cloudwatch"),
    ("email", "ses"),
    ("opensearchserverless", "aoss"),
    ("tagging", "tag"),
    ("cloudcontrolapi", "cloudformation"),
];

/// Services where every read is one action by its HTTP method.
const BY_METHOD: &[&str] = &["apigateway"];

/// The IAM action that an operation needs, such as `ec2:DescribeVpcs`. An operation without a model is named after
/// itself.
pub fn required_permission(service: &str, operation: &str) -> String {
    let model = Models::embedded().service(service).ok();
    match model.as_deref().and_then(|model| Some((model, model.operation(operation)?))) {
        Some((model, operation)) => of(model, operation, ""),
        None => format!("{service}:{operation}"),
    }
}

/// The action that the message names, else the one that belongs to the operation.
pub(crate) fn of(service: &Service, operation: &Operation, message: &str) -> String {
    if let Some(action) = named_in(message) {
        return action;
    }
    let signing = service.signing_name();
    if service.name() == "s3control"
        && let Some((_, action)) = S3_CONTROL.iter().find(|(name, _)| *name == operation.name())
    {
        return (*action).to_owned();
    }
    let same = |(of, name, _): &&(&str, &str, &str)| *of == service.name() && *name == operation.name();
    if let Some((_, _, action)) = ACTIONS.iter().find(same) {
        return (*action).to_owned();
    }
    let prefix = PREFIXES.iter().find(|(name, _)| *name == signing).map_or(signing, |(_, prefix)| prefix);
    if BY_METHOD.contains(&signing) {
        return format!("{prefix}:{}", operation.method());
    }
    format!("{prefix}:{}", operation.name())
}

/// The first word of the form `service:Action` after "perform".
fn named_in(message: &str) -> Option<String> {
    let after = message.split_once("perform")?.1.trim_start_matches([':', ' ', '`', '"', '\'']);
    let word: &str = after.split([' ', ',', '`', '"', '\'']).next()?.trim_end_matches('.');
    let (prefix, action) = word.split_once(':')?;
    let of_prefix = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = !prefix.is_empty()
        && prefix.bytes().all(of_prefix)
        && action.starts_with(|c: char| c.is_ascii_uppercase())
        && action.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    fn needs(service: &str, operation: &str, message: &str) -> String {
        let service = Models::embedded().service(service).expect("a model");
        of(&service, service.operation(operation).expect("an operation"), message)
    }

    #[test]
    fn the_message_knows_best_then_the_tables_then_the_name() {
        let denied = "User: arn:aws:iam::111122223333:user/a is not authorized to perform: ec2:DescribeVpcs because \
                      no identity-based policy allows it";
        assert_eq!(needs("ec2", "DescribeInstances", denied), "ec2:DescribeVpcs");
        assert_eq!(
            needs("ec2", "DescribeInstances", "You are not authorized to perform this operation."),
            "ec2:DescribeInstances"
        );
        assert_eq!(needs("s3", "ListBuckets", "Access Denied"), "s3:ListAllMyBuckets");
        assert_eq!(needs("s3", "GetBucketEncryption", "Access Denied"), "s3:GetEncryptionConfiguration");
        assert_eq!(needs("s3control", "GetPublicAccessBlock", ""), "s3:GetAccountPublicAccessBlock");
        assert_eq!(needs("cloudwatch", "DescribeAlarms", ""), "cloudwatch:DescribeAlarms");
        assert_eq!(needs("apigateway", "GetRestApis", ""), "apigateway:GET");
        assert_eq!(needs("elbv2", "DescribeLoadBalancers", ""), "elasticloadbalancing:DescribeLoadBalancers");
        assert_eq!(needs("sesv2", "ListEmailIdentities", ""), "ses:ListEmailIdentities");
    }
}
