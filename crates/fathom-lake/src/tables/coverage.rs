//! `coverage`: what was read, and what could not be, and why.

use fathom_model::{Coverage, Outcome, Reason, ResourceType};

use super::{Field, Kind};

pub(super) const ABOUT: &str =
    "For each account, region, service and operation: whether it was read, and if not, why";

pub(super) const FIELDS: &[Field<Coverage>] = &[
    Field::new("account", Kind::Text, "the account asked", |row| row.account.as_str().into()),
    Field::new("region", Kind::Text, "the region asked; `global` for services without regions", |row| {
        row.region.as_str().into()
    }),
    Field::new("service", Kind::Text, "the service: ec2, iam", |row| row.service.as_str().into()),
    Field::new("operation", Kind::Text, "the operation; `*` for a service that no definition reads", |row| {
        row.operation.as_str().into()
    }),
    Field::new("type", Kind::Text, "the resource type it was read for", |row| {
        row.resource_type.as_ref().map(ResourceType::as_str).into()
    }),
    Field::new("outcome", Kind::Text, "read, empty or unknown", |row| Outcome::as_str(row.outcome).into()),
    Field::new("reason", Kind::Text, "why it is unknown", |row| row.reason.map(Reason::as_str).into()),
    Field::new("permission", Kind::Text, "the permission that a denied call would need", |row| {
        row.permission.as_deref().into()
    }),
    Field::new("detail", Kind::Text, "the service's own words", |row| row.detail.as_deref().into()),
    Field::new("calls", Kind::Integer, "HTTP calls made, retries included", |row| row.calls.into()),
    Field::new("items", Kind::Integer, "items read", |row| row.items.into()),
    Field::new("throttles", Kind::Integer, "answers that were throttled", |row| row.throttles.into()),
    Field::new("failures", Kind::Integer, "calls without a usable answer", |row| row.failures.into()),
    Field::new("millis", Kind::Integer, "time from first request to last answer, in milliseconds", |row| {
        row.millis.into()
    }),
];
