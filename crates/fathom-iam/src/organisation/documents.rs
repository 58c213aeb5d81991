//! Where the documents of a scan keep what has a say.

use serde_json::Value;

use super::{Guarded, who};
use crate::{
    layers::{AclGrant, AclGrantee, Bucket, Grant, Held, Layer},
    limits::TEXT_CHARS_MAX,
    policy::{BadPolicy, Fault, Named, Policy, PolicyKind, is_account},
};

/// The member in which a resource of each type keeps its policy.
#[rustfmt::skip]
const POLICY_OF: [(&str, &str); 24] = [
    ("AWS::ACMPCA::CertificateAuthority", "Policy"), ("AWS::ApiGateway::RestApi", "policy"),
    ("AWS::CodeArtifact::Domain", "Policy"), ("AWS::CodeArtifact::Repository", "Policy"),
    ("AWS::DynamoDB::Table", "Policy"), ("AWS::ECR::PublicRepository", "Policy"),
    ("AWS::ECR::Repository", "Policy"), ("AWS::EFS::FileSystem", "Policy"),
    ("AWS::Events::EventBus", "Policy"), ("AWS::Glacier::Vault", "Policy"),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"), ("AWS::KMS::Key", "Policy"),
    ("AWS::Kinesis::Stream", "Policy"), ("AWS::Lambda::Function", "Policy"),
    ("AWS::Lambda::LayerVersion", "Policy"), ("AWS::Logs::Destination", "accessPolicy"),
    ("AWS::MSK::Cluster", "Policy"), ("AWS::OpenSearchService::Domain", "AccessPolicies"),
    ("AWS::S3::Bucket", "Policy"), ("AWS::SNS::Topic", "Policy"), ("AWS::SQS::Queue", "Policy"),
    ("AWS::SecretsManager::Secret", "ResourcePolicy"), ("AWS::VpcLattice::Service", "Policy"),
    ("AWS::VpcLattice::ServiceNetwork", "Policy"),
];

/// Beginnings of what follows the account in ARNs of resources that may have a policy which no scan reads, or whose
/// policy is not all that guards them: behind an access point stands its bucket. Services as the IAM User Guide names
/// those with resource-based policies; AWS adds to them.
#[rustfmt::skip]
const UNREAD: [(&str, &str); 34] = [
    ("aoss", ""), ("backup", "backup-vault:"), ("bedrock", ""), ("cloudhsm", "backup/"), ("cloudtrail", "channel/"),
    ("cloudtrail", "eventdatastore/"), ("codebuild", ""), ("comprehend", ""), ("dynamodb", "stream/"), ("ec2", "verified-access"),
    ("glue", ""), ("imagebuilder", ""), ("kinesis", "consumer/"), ("lambda", "layer:"), ("lex", ""), ("logs", "log-group:"),
    ("mediastore", "container/"), ("network-firewall", ""), ("redshift", "namespace:"), ("redshift-serverless", ""),
    ("rekognition", ""), ("route53resolver", ""), ("s3", "accesspoint/"), ("s3express", ""), ("s3-object-lambda", ""),
    ("s3-outposts", ""), ("s3tables", ""), ("sagemaker", ""), ("schemas", ""), ("ses", "identity/"), ("signer", ""),
    ("ssm", "parameter/"), ("wafv2", ""), ("xray", ""),
];

/// The member in which a resource of a type keeps its policy; none where such a resource has none.
pub(super) fn policy_of(kind: &str) -> Option<&'static str> {
    POLICY_OF.iter().find(|(of, _)| *of == kind).map(|(_, member)| *member)
}

/// The types that have such a member.
pub(super) fn with_policies() -> impl Iterator<Item = &'static str> {
    POLICY_OF.into_iter().map(|(kind, _)| kind)
}

/// Whether a resource may have a policy that no scan reads.
pub(super) fn keeps_unread_policy(arn: &str) -> bool {
    let mut segments = arn.splitn(6, ':').skip(2);
    let (service, rest) = (segments.next().unwrap_or_default(), segments.nth(2).unwrap_or_default());
    UNREAD.iter().any(|(of, begins)| *of == service && rest.starts_with(begins))
}

/// A text of a document, empty where it has none.
pub(super) fn text<'a>(document: &'a Value, member: &str) -> &'a str {
    document[member].as_str().unwrap_or_default()
}

/// The members of a list, none where it is not there.
pub(super) fn list<'a>(document: &'a Value, member: &str) -> &'a [Value] {
    document[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A policy as a document keeps it: as JSON, or as text that is JSON.
pub(super) fn held(name: &str, kind: PolicyKind, policy: &Value) -> Held {
    parsed(name, kind, &policy.as_str().map_or_else(|| policy.to_string(), str::to_owned))
}

/// A policy as text.
pub(super) fn parsed(name: &str, kind: PolicyKind, text: &str) -> Held {
    match Policy::parse(name, kind, text) {
        Ok(policy) => Held::Read(policy.into()),
        Err(bad) => Held::Bad(bad),
    }
}

/// The version of a managed policy that is in force. None where the document does not say, or says two things: what
/// nobody can tell is not read.
pub(super) fn default_version(document: &Value) -> Option<&Value> {
    let (versions, named) = (list(document, "PolicyVersionList"), text(document, "DefaultVersionId"));
    let is_named = |version: &&Value| !named.is_empty() && text(version, "VersionId") == named;
    let mut flagged = versions.iter().filter(|version| version["IsDefaultVersion"] == true);
    match (flagged.next(), flagged.next()) {
        (None, _) => versions.iter().find(is_named),
        (Some(one), None) => (named.is_empty() || is_named(&one)).then_some(one),
        (Some(_), Some(_)) => None,
    }
}

/// A policy of which only the name is known.
pub(super) fn not_read(name: &str, problem: &str) -> Held {
    let name: String = name.chars().take(TEXT_CHARS_MAX).collect();
    let fault = Fault {
        policy: name.clone(),
        statement: None,
        sid: None,
        member: String::new(),
        problem: problem.to_owned(),
    };
    Held::Bad(BadPolicy { policy: name, faults: vec![fault] })
}

/// The settings of a bucket that have a say. Those of its account are added when all is known.
pub(super) fn bucket(document: &Value) -> Bucket {
    let rules = document["OwnershipControls"]["Rules"].as_array();
    let owner = text(&document["Acl"]["Owner"], "ID");
    Bucket {
        ignore_public_acls: document["PublicAccessBlock"]["IgnorePublicAcls"] == true,
        restrict_public_buckets: document["PublicAccessBlock"]["RestrictPublicBuckets"] == true,
        acls_disabled: rules
            .is_some_and(|rules| rules.iter().any(|rule| rule["ObjectOwnership"] == "BucketOwnerEnforced")),
        object_owner: None,
        // What the owner grants itself is what its account has anyhow.
        bucket_acl: list(&document["Acl"], "Grants")
            .iter()
            .filter(|grant| owner.is_empty() || text(&grant["Grantee"], "ID") != owner)
            .map(acl_grant)
            .collect(),
        object_acl: Vec::new(),
    }
}

/// Whether a bucket lets in everyone, unless its public access is blocked.
pub(super) fn is_open(guarded: &Guarded) -> bool {
    let for_all =
        |grant: &AclGrant| matches!(grant.grantee, AclGrantee::AllUsers | AclGrantee::AuthenticatedUsers);
    guarded.bucket.bucket_acl.iter().any(for_all)
        || who::named(guarded).contains(&Named::Everyone)
        || matches!(guarded.policy, Layer::NotRead)
}

/// Makes unknown what a resource allows: something that has a say in it was not read.
pub(super) fn cloud(guarded: &mut Guarded, what: &str) {
    let unread = not_read(what, "was not read");
    match &mut guarded.policy {
        Layer::Policies(held) => held.push(unread),
        Layer::None => guarded.policy = Layer::Policies(vec![unread]),
        Layer::NotRead => {}
    }
}

fn acl_grant(grant: &Value) -> AclGrant {
    let grantee = &grant["Grantee"];
    let (uri, id) = (text(grantee, "URI"), text(grantee, "ID"));
    let grantee = match uri.rsplit('/').next() {
        Some("AllUsers") => AclGrantee::AllUsers,
        Some("AuthenticatedUsers") => AclGrantee::AuthenticatedUsers,
        _ if is_account(id) => AclGrantee::Account(id.to_owned()),
        _ => AclGrantee::Other(if uri.is_empty() { id } else { uri }.to_owned()),
    };
    AclGrant { grantee, permission: text(grant, "Permission").to_owned() }
}

/// The grants of a key.
pub(super) fn grants(document: &Value) -> Vec<Grant> {
    let pairs = |node: &Value| -> Vec<(String, String)> {
        let members = node.as_object().into_iter().flatten();
        members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    };
    list(document, "Grants")
        .iter()
        .map(|grant| {
            let constraints = &grant["Constraints"];
            let equals = &constraints["EncryptionContextEquals"];
            Grant {
                id: text(grant, "GrantId").to_owned(),
                grantee: text(grant, "GranteePrincipal").to_owned(),
                operations: list(grant, "Operations")
                    .iter()
                    .filter_map(|one| one.as_str().map(str::to_owned))
                    .collect(),
                context_equals: equals.is_object().then(|| pairs(equals)),
                context_subset: pairs(&constraints["EncryptionContextSubset"]),
            }
        })
        .collect()
}
