//! S3: block public access, who owns the object, and ACLs.

use super::{
    names::{Caller, Kind},
    said::{Hit, Said},
};
use crate::{
    condition::{Compare, Set, Test, range},
    layers::{AclGrant, AclGrantee, Bucket, Held, Layer},
    policy::{Effect, Policy, Statement},
    request::{Principal, Request},
    truth::Truth,
    verdict::{Condition, LayerName, Reason},
};

/// What each permission of a bucket's ACL allows.
const BUCKET_ACL: [(&str, &[&str]); 4] = [
    ("READ", &["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]),
    ("WRITE", &["s3:PutObject"]),
    ("READ_ACP", &["s3:GetBucketAcl"]),
    ("WRITE_ACP", &["s3:PutBucketAcl"]),
];

/// What each permission of an object's ACL allows. `WRITE` is not applicable.
const OBJECT_ACL: [(&str, &[&str]); 3] = [
    ("READ", &["s3:GetObject", "s3:GetObjectVersion"]),
    ("READ_ACP", &["s3:GetObjectAcl", "s3:GetObjectVersionAcl"]),
    ("WRITE_ACP", &["s3:PutObjectAcl", "s3:PutObjectVersionAcl"]),
];

/// Actions on an object that the bucket's owner decides about, whoever owns the object: making one, also in parts and by
/// replication, and deleting and restoring it. All others are the object's owner's.
const OF_BUCKET_OWNER: [&str; 8] = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:RestoreObject",
];

/// Calls about a bucket's policy. Only the bucket's account may make them, and its root user may even if that policy
/// denies them.
pub(super) const BUCKET_POLICY: [&str; 3] =
    ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];

/// Context keys that make a policy for everyone non-public, where a statement fixes their value.
const FIXING_KEYS: [&str; 13] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:SourceIp",
    "aws:SourceArn",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:SourceOwner",
    "aws:SourceAccount",
    "aws:userid",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:DataAccessPointArn",
    "s3:DataAccessPointAccount",
];

/// The account that decides about an object which another account owns. The bucket's policy does not reach it.
pub(super) fn foreign_owner<'a>(caller: &Caller<'_>, bucket: &'a Bucket) -> Option<&'a str> {
    let owner = bucket.object_owner.as_deref()?;
    let account = caller.request.resource_account();
    let is_foreign = account.as_deref() != Some(owner) && !bucket.acls_disabled;
    let is_object = caller.request.service() == "s3" && caller.request.resource_rest().contains('/');
    (is_foreign && is_object && !caller.request.is_one_of(&OF_BUCKET_OWNER)).then_some(owner)
}

/// Takes back the bucket's policy's denies of calls about that policy by the root user of the bucket's account.
pub(super) fn let_root_in(request: &Request, said: &mut Said) {
    let Principal::Root(root) = &request.principal else { return };
    if !request.is_one_of(&BUCKET_POLICY) {
        return;
    }
    match request.resource_account() {
        Some(account) if account == root.account => {
            said.deny = Truth::No;
            said.hits.retain(|hit| hit.reason.effect == Effect::Allow);
        }
        Some(_) => {}
        None => {
            said.deny = said.deny.and(Truth::Unknown);
            for hit in said.hits.iter_mut().filter(|hit| hit.reason.effect == Effect::Deny) {
                hit.truth = hit.truth.and(Truth::Unknown);
            }
        }
    }
}

/// Takes back what the bucket's policy allows and S3 does not honour.
pub(super) fn restrict(caller: &Caller<'_>, bucket: &Bucket, policies: &Layer, said: &mut Said) -> bool {
    if caller.request.service() != "s3" {
        return false;
    }
    let is_service = matches!(caller.request.principal, Principal::Service(_));
    let account = caller.request.resource_account();
    let is_own =
        caller.request.principal.owned().is_some_and(|owned| Some(&owned.account) == account.as_ref());
    let blocked = bucket.restrict_public_buckets && !is_service && !is_own && is_public(policies);
    if !blocked && foreign_owner(caller, bucket).is_none() {
        return false;
    }
    said.grants.clear();
    said.allow = Truth::No;
    said.hits.retain(|hit| hit.reason.effect == Effect::Deny);
    blocked
}

/// Whether S3 takes a bucket's policy for public.
pub(super) fn is_public(policies: &Layer) -> bool {
    let Layer::Policies(policies) = policies else { return false };
    let read = policies.iter().filter_map(|held| match held {
        Held::Read(policy) => Some(&**policy),
        Held::Bad(_) => None,
    });
    read.flat_map(|policy: &Policy| &policy.statements).any(is_public_statement)
}

fn is_public_statement(statement: &Statement) -> bool {
    let for_everyone =
        statement.principal.as_ref().is_some_and(|element| element.negated || element.is_everyone());
    statement.effect == Effect::Allow && for_everyone && !statement.conditions.iter().any(fixes)
}

/// Whether a condition of an answer confines a statement to fixed principals, accounts, organisations or networks, as S3
/// understands a policy that is not public.
pub fn confines(condition: &Condition) -> bool {
    let test = Test::new(&condition.operator, &condition.key, &condition.values, true);
    test.is_ok_and(|test| fixes(&test))
}

/// Whether a condition confines a statement to fixed values.
fn fixes(test: &Test) -> bool {
    let operator = &test.operator;
    let loose = operator.base.negated || operator.if_exists || operator.set == Some(Set::ForAllValues);
    let known = FIXING_KEYS.iter().any(|key| key.eq_ignore_ascii_case(&test.key));
    if loose || !known || test.values.is_empty() {
        return false;
    }
    match operator.base.compare {
        Compare::Ip => test.values.iter().all(|value| is_narrow(value.written())),
        Compare::Text | Compare::IgnoreCase | Compare::Like | Compare::Arn => {
            test.values.iter().all(|value| {
                // The session's name may be anything, the role may not.
                let role_of_id =
                    test.key.eq_ignore_ascii_case("aws:userid") && value.written().ends_with(":*");
                let point = test.key.eq_ignore_ascii_case("s3:DataAccessPointArn")
                    && value
                        .written()
                        .split(':')
                        .nth(4)
                        .is_some_and(|account| !account.is_empty() && !account.contains(['*', '?', '$']));
                (value.is_fixed() && !role_of_id) || point
            })
        }
        _ => false,
    }
}

/// Whether an address range is not broader than `/8`, or `/32` in IPv6.
fn is_narrow(written: &str) -> bool {
    match range(written) {
        Some((std::net::IpAddr::V4(_), bits)) => bits >= 8,
        Some((std::net::IpAddr::V6(_), bits)) => bits >= 32,
        None => false,
    }
}

/// What the ACLs say.
pub(super) fn acls(caller: &Caller<'_>, bucket: &Bucket) -> Said {
    let mut said = Said::nothing(LayerName::S3);
    let has_grants = !bucket.bucket_acl.is_empty() || !bucket.object_acl.is_empty();
    said.applies = has_grants && caller.request.service() == "s3" && !bucket.acls_disabled;
    for (name, grant) in about(caller.request, bucket) {
        let Some((kind, truth)) = named(caller, bucket, grant) else { continue };
        if truth == Truth::Unknown {
            said.unknown.push(format!("{name}: whether the caller is {:?}", grant.grantee));
        }
        said.allow = said.allow.or(truth);
        said.grants.push((kind, truth));
        said.hits.push(Hit {
            reason: Reason {
                layer: LayerName::S3,
                level: None,
                policy: name.to_owned(),
                statement: None,
                sid: None,
                effect: Effect::Allow,
            },
            truth,
            conditions: Vec::new(),
            missing: Vec::new(),
        });
    }
    said
}

/// The grants of the ACLs that are about the action, and where each stands.
pub(super) fn about<'a>(
    request: &'a Request,
    bucket: &'a Bucket,
) -> impl Iterator<Item = (&'static str, &'a AclGrant)> {
    let has_say = request.service() == "s3" && !bucket.acls_disabled;
    let lists = [
        ("bucket ACL", &bucket.bucket_acl, &BUCKET_ACL[..]),
        ("object ACL", &bucket.object_acl, &OBJECT_ACL[..]),
    ];
    let grants = lists
        .into_iter()
        .filter(move |_| has_say)
        .flat_map(|(name, grants, table)| grants.iter().map(move |grant| (name, grant, table)));
    grants.filter_map(move |(name, grant, table)| {
        let allows = |(permission, actions): &(&str, &[&str])| {
            (grant.permission == *permission || grant.permission == "FULL_CONTROL")
                && request.is_one_of(actions)
        };
        table.iter().any(allows).then_some((name, grant))
    })
}

fn named(caller: &Caller<'_>, bucket: &Bucket, grant: &AclGrant) -> Option<(Kind, Truth)> {
    let owned = caller.request.principal.owned();
    match &grant.grantee {
        AclGrantee::AllUsers | AclGrantee::AuthenticatedUsers if bucket.ignore_public_acls => None,
        AclGrantee::AllUsers => Some((Kind::Star, Truth::Yes)),
        AclGrantee::AuthenticatedUsers => owned.map(|_| (Kind::Account, Truth::Yes)),
        AclGrantee::Account(account) => {
            owned.filter(|owned| owned.account == *account).map(|_| (Kind::Account, Truth::Yes))
        }
        AclGrantee::Other(_) => owned.map(|_| (Kind::Account, Truth::Unknown)),
    }
}
