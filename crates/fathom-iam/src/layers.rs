//! Everything that has a say in a request.

use std::sync::Arc;

use crate::policy::{BadPolicy, Policy};

/// Everything that has a say in a request. What is not there says nothing; what was not read is [`Layer::NotRead`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers {
    /// Policies of the user or role and of the user's groups.
    pub identity: Layer,
    /// The permissions boundary.
    pub boundary: Layer,
    /// The session policies.
    pub session: Layer,
    /// The policy of the resource: bucket policy, key policy, trust policy.
    pub resource: Layer,
    /// Service control policies on the path to the principal's account, the root first.
    pub scps: Path,
    /// Resource control policies on the path to the resource's account, the root first.
    pub rcps: Path,
    /// The policies of the VPC endpoint the request comes through.
    pub endpoint: Layer,
    /// The type of that endpoint; none where it is not given.
    pub endpoint_type: Option<EndpointType>,
    /// The grants of a KMS key.
    pub grants: Vec<Grant>,
    /// Settings of the S3 bucket.
    pub bucket: Bucket,
}

/// The policies of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Layer {
    /// There is none.
    #[default]
    None,
    /// There may be some, which were not read.
    NotRead,
    /// These.
    Policies(Vec<Held>),
}

/// The type of a VPC endpoint, which decides what its policy's principals mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointType {
    /// A route of the VPC, of S3 and DynamoDB alone.
    Gateway,
    /// A network interface in the VPC.
    Interface,
}

/// A policy as it was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// It could be read.
    Read(Arc<Policy>),
    /// It could not: what it says is not known.
    Bad(BadPolicy),
}

/// Policies of an organisation.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Path {
    /// There are none: no organisation, or the account that manages it.
    #[default]
    None,
    /// They were not read.
    NotRead,
    /// From the root down to the account.
    Levels(Vec<Level>),
}

/// The root, an organisational unit or the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its id.
    pub id: String,
    /// The policies attached to it.
    pub policies: Vec<Held>,
}

/// A grant of a KMS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id; answers name it so.
    pub id: String,
    /// The principal it is for: an ARN or a service.
    pub grantee: String,
    /// The operations, `Decrypt`.
    pub operations: Vec<String>,
    /// The encryption context must be exactly this.
    pub context_equals: Option<Vec<(String, String)>>,
    /// The encryption context must hold this.
    pub context_subset: Vec<(String, String)>,
}

/// Settings of an S3 bucket that have a say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Public ACLs are ignored, by a setting of the organisation, the account or the bucket.
    pub ignore_public_acls: bool,
    /// Where the bucket's policy is public, only its account and AWS services may come in.
    pub restrict_public_buckets: bool,
    /// ACLs are off (`BucketOwnerEnforced`).
    pub acls_disabled: bool,
    /// The account that owns the object, where that is not the bucket's.
    pub object_owner: Option<String>,
    /// Grants of the bucket's ACL.
    pub bucket_acl: Vec<AclGrant>,
    /// Grants of the object's ACL.
    pub object_acl: Vec<AclGrant>,
}

/// A grant of an ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclGrant {
    /// Whom it is for.
    pub grantee: AclGrantee,
    /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    pub permission: String,
}

/// Whom a grant of an ACL is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AclGrantee {
    /// Everyone.
    AllUsers,
    /// Everyone with credentials of any AWS account.
    AuthenticatedUsers,
    /// An account, by its id.
    Account(String),
    /// Somebody else, by canonical id or group: whether that is the caller is not known.
    Other(String),
}
