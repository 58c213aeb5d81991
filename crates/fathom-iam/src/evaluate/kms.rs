//! KMS: grants of keys, and which requests are about a key.

use super::{
    names::Caller,
    said::{Hit, Said},
};
use crate::{
    context::Given,
    layers::Grant,
    policy::{Effect, grantee},
    request::Request,
    truth::Truth,
    verdict::{Condition, LayerName, Reason},
};

/// Operations that take an encryption context; constraints of a grant bind only these.
const WITH_CONTEXT: [&str; 8] = [
    "Encrypt",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
];

/// Operations that are about no key of the account's, or also about something that has no policy.
const WITHOUT_KEY: [&str; 14] = [
    "kms:ConnectCustomKeyStore",
    "kms:CreateAlias",
    "kms:CreateCustomKeyStore",
    "kms:CreateKey",
    "kms:DeleteAlias",
    "kms:DeleteCustomKeyStore",
    "kms:DescribeCustomKeyStores",
    "kms:DisconnectCustomKeyStore",
    "kms:GenerateRandom",
    "kms:ListAliases",
    "kms:ListKeys",
    "kms:ListRetirableGrants",
    "kms:UpdateAlias",
    "kms:UpdateCustomKeyStore",
];

/// Whether the request is about a key in any case, however it names it.
pub(super) fn needs_key(request: &Request) -> bool {
    request.service() == "kms" && !request.is_one_of(&WITHOUT_KEY)
}

/// Whether the request is about a key, which always has a key policy.
pub(super) fn is_key(request: &Request) -> bool {
    request.service() == "kms" && request.resource_rest().starts_with("key/")
}

/// What the grants of a key say.
pub(super) fn grants(caller: &Caller<'_>, grants: &[Grant]) -> Said {
    let mut said = Said::nothing(LayerName::KmsGrants);
    if grants.is_empty() || !is_key(caller.request) {
        return said;
    }
    said.applies = true;
    for grant in grants {
        if !is_granted(caller.request, grant) {
            continue;
        }
        let Some(found) = grantee(&grant.grantee).and_then(|named| caller.one(&named)) else { continue };
        let mut hit = Hit::of_grant(grant, found.truth);
        constrain(&mut hit, caller, grant);
        said.allow = said.allow.or(hit.truth);
        said.grants.push((found.kind, hit.truth));
        if hit.truth != Truth::No {
            said.hits.push(hit);
        }
    }
    said
}

/// Whether a grant is about the operation, and what its constraints say.
pub(super) fn holds(caller: &Caller<'_>, grant: &Grant) -> Truth {
    if !is_key(caller.request) || !is_granted(caller.request, grant) {
        return Truth::No;
    }
    let mut hit = Hit::of_grant(grant, Truth::Yes);
    constrain(&mut hit, caller, grant);
    hit.truth
}

/// The name of the action without its service.
fn operation(request: &Request) -> &str {
    request.action.split_once(':').map_or("", |(_, name)| name)
}

fn is_granted(request: &Request, grant: &Grant) -> bool {
    grant.operations.iter().any(|allowed| allowed.eq_ignore_ascii_case(operation(request)))
}

impl Hit {
    fn of_grant(grant: &Grant, truth: Truth) -> Self {
        Self {
            reason: Reason {
                layer: LayerName::KmsGrants,
                level: None,
                policy: grant.id.clone(),
                statement: None,
                sid: None,
                effect: Effect::Allow,
            },
            truth,
            conditions: Vec::new(),
            missing: Vec::new(),
        }
    }
}

fn constrain(hit: &mut Hit, caller: &Caller<'_>, grant: &Grant) {
    if !WITH_CONTEXT.iter().any(|bound| bound.eq_ignore_ascii_case(operation(caller.request))) {
        return;
    }
    for (name, value) in grant.context_equals.iter().flatten().chain(&grant.context_subset) {
        let key = format!("kms:EncryptionContext:{name}");
        let truth = match caller.context.get(&key) {
            Given::Values(values) => Truth::from(values.iter().any(|given| given == value)),
            Given::Absent => Truth::No,
            Given::NotGiven => Truth::OnlyIf,
        };
        depend(hit, truth, &key, "StringEquals", vec![value.clone()]);
    }
    let Some(exact) = &grant.context_equals else { return };
    let names: Vec<String> = exact.iter().map(|(name, _)| name.clone()).collect();
    let key = "kms:EncryptionContextKeys";
    let truth = match caller.context.get(key) {
        Given::Values(given) => Truth::from(given.iter().all(|name| names.contains(name))),
        Given::Absent => Truth::Yes,
        Given::NotGiven => Truth::OnlyIf,
    };
    depend(hit, truth, key, "ForAllValues:StringEquals", names);
}

fn depend(hit: &mut Hit, truth: Truth, key: &str, operator: &str, values: Vec<String>) {
    hit.truth = hit.truth.and(truth);
    if truth != Truth::OnlyIf {
        return;
    }
    hit.missing.push(key.to_owned());
    hit.conditions.push(Condition {
        layer: LayerName::KmsGrants,
        policy: hit.reason.policy.clone(),
        statement: None,
        effect: Effect::Allow,
        operator: operator.to_owned(),
        key: key.to_owned(),
        values,
    });
}
