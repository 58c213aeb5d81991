//! Who an event says made the call.

use fathom_model::{Actor, ActorKind};
use serde_json::Value;

/// The longest text of an identity that is kept.
const TEXT_CHARS_MAX: usize = 300;

/// The actor of a record.
pub(super) fn actor(record: &Value) -> Actor {
    let identity = record.get("userIdentity").unwrap_or(&Value::Null);
    let text = |value: &Value, path: &[&str]| -> Option<String> {
        let found = path.iter().try_fold(value, |value, name| value.get(name))?;
        let found = found.as_str().filter(|text| !text.is_empty())?;
        Some(found.chars().take(TEXT_CHARS_MAX).collect())
    };
    let of = |path: &[&str]| text(identity, path);
    let kind = kind(of(&["type"]).as_deref());
    let arn = of(&["arn"]);
    let issuer = of(&["sessionContext", "sessionIssuer", "arn"]);
    let account = of(&["accountId"]);
    let principal = match kind {
        ActorKind::Role => {
            issuer.clone().or_else(|| arn.as_deref().and_then(role_of)).or_else(|| arn.clone())
        }
        ActorKind::Service => of(&["invokedBy"]),
        ActorKind::Account => account.clone(),
        ActorKind::Saml | ActorKind::WebIdentity => {
            of(&["identityProvider"]).or_else(|| of(&["principalId"]))
        }
        ActorKind::IdentityCenter => of(&["onBehalfOf", "identityStoreArn"]),
        _ => arn.clone(),
    };
    let principal = principal.or_else(|| of(&["principalId"])).or(account).unwrap_or_default();
    // A session's id, not a user's: those have no colon.
    let session_id = of(&["principalId"]).filter(|id| id.contains(':') && kind == ActorKind::Role);
    let session = match kind {
        ActorKind::Role => arn
            .as_deref()
            .and_then(|arn| arn.split(":assumed-role/").nth(1))
            .and_then(|rest| rest.split_once('/'))
            .map(|(_, session)| session.to_owned())
            .or_else(|| {
                session_id.as_deref().and_then(|id| id.split_once(':')).map(|(_, name)| name.to_owned())
            }),
        _ => None,
    };
    let federated = || of(&["sessionContext", "webIdFederationData", "federatedProvider"]);
    let began = of(&["sessionContext", "attributes", "creationDate"]).and_then(|time| time.parse().ok());
    let console = of(&["sessionCredentialFromConsole"])
        .or_else(|| text(record, &["sessionCredentialFromConsole"]))
        .is_some_and(|flag| flag == "true");
    Actor {
        kind,
        principal,
        session,
        session_id,
        session_began: began.filter(|_| kind == ActorKind::Role),
        access_key: of(&["accessKeyId"]),
        source_identity: of(&["sessionContext", "sourceIdentity"]),
        subject: match kind {
            ActorKind::Saml | ActorKind::WebIdentity => of(&["userName"]),
            ActorKind::IdentityCenter => {
                of(&["userName"]).or_else(|| of(&["onBehalfOf", "userId"])).or_else(|| of(&["credentialId"]))
            }
            // Sessions that carry a user of the identity centre along.
            _ => of(&["onBehalfOf", "userId"]),
        },
        provider: match kind {
            ActorKind::Saml | ActorKind::WebIdentity => of(&["identityProvider"]),
            ActorKind::IdentityCenter => of(&["onBehalfOf", "identityStoreArn"]),
            _ => federated(),
        },
        invoked_by: of(&["invokedBy"]).filter(|_| kind != ActorKind::Service),
        console: console
            || text(record, &["sessionCredentialFromConsole"]).is_some_and(|flag| flag == "true"),
        instance: kind == ActorKind::Role && of(&["sessionContext", "ec2RoleDelivery"]).is_some(),
        from: text(record, &["sourceIPAddress"]),
        agent: text(record, &["userAgent"]),
    }
}

fn kind(word: Option<&str>) -> ActorKind {
    match word {
        Some("IAMUser") => ActorKind::User,
        Some("Root") => ActorKind::Root,
        Some("AssumedRole" | "Role") => ActorKind::Role,
        Some("FederatedUser") => ActorKind::Federated,
        Some("SAMLUser") => ActorKind::Saml,
        Some("WebIdentityUser") => ActorKind::WebIdentity,
        Some("IdentityCenterUser") => ActorKind::IdentityCenter,
        Some("AWSService") => ActorKind::Service,
        Some("AWSAccount") => ActorKind::Account,
        _ => ActorKind::Unknown,
    }
}

/// The role of a session's ARN; its path is not in there.
fn role_of(arn: &str) -> Option<String> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let role = rest.split('/').next()?;
    let (partition, account) = (head.split(':').nth(1)?, head.split(':').nth(4)?);
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}
