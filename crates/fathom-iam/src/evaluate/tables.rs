//! The tables and rules one by one, for who asks of many callers at once: they stand in one place.

pub(crate) use super::names::Kind as NamedAs;
use super::{kms, names::Caller, organisation, resource_must_allow, s3, service, table};
use crate::{
    context::Context,
    layers::{AclGrant, Bucket, Grant, Layer},
    policy::{Effect, Named, PrincipalElement},
    request::{self, Principal, Request},
    steps::Steps,
    truth::Truth,
};

/// What a service decides by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruled {
    Always,
    Never,
}

/// What the service decides by itself, where it does.
pub(crate) fn ruled(request: &Request) -> Option<Ruled> {
    service::rule(request).map(|rule| match rule {
        service::Rule::Always(_) => Ruled::Always,
        service::Rule::Never(_) => Ruled::Never,
    })
}

/// How what names a resource begins, where that alone decides of some actions.
pub(crate) fn kept(rest: &str) -> Option<&'static str> {
    service::kept(rest)
}

/// Whether the resource's policy has a say.
pub(crate) fn asks_resource_policy(request: &Request) -> bool {
    service::asks_resource_policy(request)
}

/// Whether an answer needs a resource that is not named.
pub(crate) fn is_unnamed(request: &Request) -> bool {
    service::unnamed(request).is_some()
}

/// Whether only callers of the resource's own account may do this.
pub(crate) fn is_within_account(request: &Request) -> bool {
    service::within_account(request).is_some()
}

/// Whether the resource belongs to AWS, and to no account.
pub(crate) fn is_of_aws(request: &Request) -> bool {
    service::is_of_aws(request)
}

/// Whether identity policies alone are never enough.
pub(crate) fn must_resource_allow(request: &Request) -> bool {
    resource_must_allow(request)
}

/// Whether resource control policies have a say.
pub(crate) fn rcps_bind(request: &Request) -> bool {
    organisation::rcps_bind(request)
}

/// How a caller of the same account is named where that lets it in, and which of identity policies and boundary must
/// allow beside it.
pub(crate) fn same_account(principal: &Principal) -> impl Iterator<Item = (NamedAs, bool, bool)> {
    table::rows(principal)
}

/// How this names those of an account whom it means.
pub(crate) fn named_as(named: &Named) -> Option<NamedAs> {
    match named {
        Named::Everyone => Some(NamedAs::Star),
        Named::Account(_) | Named::CanonicalUser(_) => Some(NamedAs::Account),
        Named::User(_) => Some(NamedAs::User),
        Named::Role(_) => Some(NamedAs::Role),
        Named::Session(_) => Some(NamedAs::Session),
        Named::UniqueId(_) | Named::FederatedUser(_) | Named::Service(_) | Named::Federated(_) => None,
    }
}

/// Whether `NotPrincipal` or `Principal` means the caller.
pub(crate) fn means(
    request: &Request,
    has_boundary: Truth,
    element: &PrincipalElement,
    effect: Effect,
) -> Truth {
    let (context, steps) = (request::context(request), Steps::new());
    let caller = Caller { request, context: &context, has_boundary, endpoint: None, steps: &steps };
    Truth::any(caller.named(element, effect).iter().map(|found| found.truth))
}

/// Whether a grant is about the operation and its constraints hold.
pub(crate) fn grant_holds(request: &Request, context: &Context, grant: &Grant) -> Truth {
    let steps = Steps::new();
    let has_boundary = Truth::No;
    kms::holds(&Caller { request, context, has_boundary, endpoint: None, steps: &steps }, grant)
}

/// Whether S3 honours the bucket's policy for its own account and for services alone.
pub(crate) fn is_restricted(request: &Request, bucket: &Bucket, policies: &Layer) -> bool {
    request.service() == "s3" && bucket.restrict_public_buckets && s3::is_public(policies)
}

/// Whether the root user of the bucket's account is not bound by what the bucket's policy denies.
pub(crate) fn root_is_let_in(request: &Request) -> bool {
    request.is_one_of(&s3::BUCKET_POLICY)
}

/// The grants of the ACLs that are about the action.
pub(crate) fn acl_grants<'a>(request: &'a Request, bucket: &'a Bucket) -> impl Iterator<Item = &'a AclGrant> {
    s3::about(request, bucket).map(|(_, grant)| grant)
}
