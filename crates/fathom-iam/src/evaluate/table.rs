//! The tables: what must allow, by the way in which a resource's policy names the caller.

use super::{names::Kind, said::Said};
use crate::{request::Principal, truth::Truth};

/// Which of the caller's own layers must allow beside the policy of the resource.
#[derive(Debug, Clone, Copy)]
struct Row {
    named: Kind,
    caller: fn(&Principal) -> bool,
    identity: bool,
    boundary: bool,
    session: bool,
}

const fn row(named: Kind, caller: fn(&Principal) -> bool, needs: [bool; 3]) -> Row {
    let [identity, boundary, session] = needs;
    Row { named, caller, identity, boundary, session }
}

const NEEDED: bool = true;
const IGNORED: bool = false;

/// In the same account. Services and identity providers belong to none: see [`outsider`].
const SAME_ACCOUNT: [Row; 7] = [
    // Naming the account delegates to its identity policies.
    row(Kind::Account, anyone, [NEEDED, NEEDED, NEEDED]),
    row(Kind::User, user, [IGNORED, IGNORED, IGNORED]),
    row(Kind::User, federated_user, [IGNORED, NEEDED, NEEDED]),
    row(Kind::Role, role, [IGNORED, NEEDED, NEEDED]),
    row(Kind::Session, role, [IGNORED, IGNORED, IGNORED]),
    row(Kind::Session, federated_user, [IGNORED, IGNORED, IGNORED]),
    row(Kind::Star, anyone, [IGNORED, IGNORED, IGNORED]),
];

fn anyone(_: &Principal) -> bool {
    true
}

fn user(principal: &Principal) -> bool {
    matches!(principal, Principal::User(_))
}

fn role(principal: &Principal) -> bool {
    matches!(principal, Principal::Role(_) | Principal::Session(_))
}

fn federated_user(principal: &Principal) -> bool {
    matches!(principal, Principal::FederatedUser(_))
}

/// How a caller is named, and which of identity policies and boundary must allow beside that.
pub(super) fn rows(principal: &Principal) -> impl Iterator<Item = (Kind, bool, bool)> {
    SAME_ACCOUNT
        .iter()
        .filter(move |row| (row.caller)(principal))
        .map(|row| (row.named, row.identity, row.boundary))
}

/// What the caller's own layers say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) identity: Truth,
    pub(super) boundary: Truth,
    pub(super) session: Truth,
}

impl Own {
    /// All of them allow.
    pub(super) fn all(self) -> Truth {
        self.identity.and(self.boundary).and(self.session)
    }
}

/// The sources that grant from the resource's side: its policy, grants of a key, ACLs.
pub(super) type Grants<'a> = [&'a Said];

fn granted(grants: &Grants<'_>, kind: Kind) -> Truth {
    Truth::any(grants.iter().map(|said| said.grants(kind)))
}

/// The same account owns caller and resource.
///
/// `resource_must_allow`: role trust and KMS keys, where identity policies alone are never enough.
pub(super) fn same_account(
    principal: &Principal,
    own: Own,
    grants: &Grants<'_>,
    resource_must_allow: bool,
) -> Truth {
    let by_identity = if resource_must_allow { Truth::No } else { own.all() };
    let by_resource = SAME_ACCOUNT.iter().filter(|row| (row.caller)(principal)).map(|row| {
        let needed = |needed: bool, truth: Truth| if needed { truth } else { Truth::Yes };
        granted(grants, row.named)
            .and(needed(row.identity, own.identity))
            .and(needed(row.boundary, own.boundary))
            .and(needed(row.session, own.session))
    });
    by_identity.or(Truth::any(by_resource))
}

/// Different accounts own caller and resource: both sides must allow, however the caller is named.
pub(super) fn cross_account(own: Own, grants: &Grants<'_>) -> Truth {
    own.all().and(Truth::any(grants.iter().flat_map(|said| said.grants.iter().map(|(_, truth)| *truth))))
}

/// The caller belongs to no account: a service, an identity provider, nobody. Only the resource's side has a say.
pub(super) fn outsider(grants: &Grants<'_>) -> Truth {
    Truth::any([Kind::Star, Kind::Service, Kind::Federated].into_iter().map(|kind| granted(grants, kind)))
}
