//! Whom a `Principal` element names, and how: as an account, as a user, as everyone.

use crate::{
    context::{Context, Given},
    policy::{Effect, Named, PrincipalElement},
    request::{Owned, Principal, Request},
    truth::Truth,
};

/// How a statement of a resource names the caller, which decides what else must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Account,
    User,
    Role,
    Session,
    Star,
    Service,
    Federated,
}

/// One way in which the caller is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) kind: Kind,
    pub(super) truth: Truth,
    /// The session ARN that the caller's would have to be, where only the role is known.
    pub(super) session: Option<String>,
    /// What would have to be known.
    pub(super) unknown: Option<String>,
}

impl Match {
    fn yes(kind: Kind) -> Self {
        Self { kind, truth: Truth::Yes, session: None, unknown: None }
    }

    fn unknown(kind: Kind, what: String) -> Self {
        Self { kind, truth: Truth::Unknown, session: None, unknown: Some(what) }
    }
}

/// Who asks, as statements name it.
pub(super) struct Caller<'a> {
    pub(super) request: &'a Request,
    pub(super) context: &'a Context,
    /// Whether the caller has a permissions boundary.
    pub(super) has_boundary: Truth,
}

impl Caller<'_> {
    /// In which ways a statement is about the caller; none where it is not.
    pub(super) fn named(&self, element: &PrincipalElement, effect: Effect) -> Vec<Match> {
        if !element.negated {
            return element.named.iter().filter_map(|named| self.one(named)).collect();
        }
        let truth = match effect {
            // Whoever is named in any way is left out.
            Effect::Allow => {
                Truth::any(element.named.iter().filter_map(|named| self.one(named)).map(|found| found.truth))
                    .negate()
            }
            Effect::Deny => self.spared(element).negate(),
        };
        if truth == Truth::No { Vec::new() } else { vec![Match { truth, ..Match::yes(Kind::Star) }] }
    }

    /// Whether `NotPrincipal` with `Deny` spares the caller. AWS validates the account, then the user or role, so all of
    /// these must be listed; and it never spares who has a permissions boundary.
    fn spared(&self, element: &PrincipalElement) -> Truth {
        let listed = |wanted: &[Kind]| {
            Truth::any(
                element
                    .named
                    .iter()
                    .filter_map(|named| self.one(named))
                    .filter(|found| found.kind == Kind::Star || wanted.contains(&found.kind))
                    .map(|found| found.truth),
            )
        };
        match &self.request.principal {
            Principal::Anonymous => listed(&[]),
            Principal::Service(_) => listed(&[Kind::Service]),
            Principal::Federated(_) => listed(&[Kind::Federated]),
            Principal::Root(_) => listed(&[Kind::Account]),
            Principal::User(_) => self.unbound().and(listed(&[Kind::Account])).and(listed(&[Kind::User])),
            Principal::Role(_) | Principal::Session(_) => {
                self.unbound().and(listed(&[Kind::Account])).and(listed(&[Kind::Role]))
            }
            Principal::FederatedUser(_) => {
                self.unbound().and(listed(&[Kind::Account])).and(listed(&[Kind::User, Kind::Session]))
            }
        }
    }

    fn unbound(&self) -> Truth {
        self.has_boundary.negate()
    }

    /// How this names the caller.
    pub(super) fn one(&self, named: &Named) -> Option<Match> {
        let principal = &self.request.principal;
        let owned = principal.owned();
        match (named, principal) {
            (Named::Everyone, _) => Some(Match::yes(Kind::Star)),
            (Named::Account(account), _) => {
                owned.filter(|owned| owned.account == *account).map(|_| Match::yes(Kind::Account))
            }
            (Named::User(arn), Principal::User(owned)) => (owned.arn == *arn).then(|| Match::yes(Kind::User)),
            (Named::User(arn), Principal::FederatedUser(owned)) => self.federated_by(arn, owned),
            (Named::Role(arn), Principal::Role(owned)) => (owned.arn == *arn).then(|| Match::yes(Kind::Role)),
            (Named::Role(arn), Principal::Session(session)) => {
                is_role_of(arn, session).then(|| Match::yes(Kind::Role))
            }
            (Named::Session(arn), Principal::Session(session)) => {
                (session.arn == *arn).then(|| Match::yes(Kind::Session))
            }
            (Named::Session(arn), Principal::Role(role)) => is_session_of(arn, role).then(|| Match {
                truth: Truth::OnlyIf,
                session: Some(arn.clone()),
                ..Match::yes(Kind::Session)
            }),
            (Named::FederatedUser(arn), Principal::FederatedUser(owned)) => {
                (owned.arn == *arn).then(|| Match::yes(Kind::Session))
            }
            (Named::UniqueId(id), Principal::User(_)) => self.has_id(id).then(|| Match::yes(Kind::User)),
            (Named::UniqueId(id), Principal::Role(_) | Principal::Session(_)) => {
                self.has_id(id).then(|| Match::yes(Kind::Role))
            }
            (Named::Service(name), Principal::Service(caller)) => {
                (name == "*" || name.eq_ignore_ascii_case(caller)).then(|| Match::yes(Kind::Service))
            }
            (Named::Federated(name), Principal::Federated(caller)) => {
                (name == "*" || name == caller).then(|| Match::yes(Kind::Federated))
            }
            (Named::CanonicalUser(id), _) if owned.is_some() => {
                Some(Match::unknown(Kind::Account, format!("whose canonical user id `{id}` is")))
            }
            _ => None,
        }
    }

    /// A federated user has the rights of the user who asked for the token, which its ARN does not name.
    fn federated_by(&self, arn: &str, owned: &Owned) -> Option<Match> {
        match &self.request.federating_user {
            Some(user) => (user == arn).then(|| Match::yes(Kind::User)),
            None => (arn.split(':').nth(4) == Some(owned.account.as_str()))
                .then(|| Match::unknown(Kind::User, "request.federating_user".to_owned())),
        }
    }

    /// Whether the caller's unique id is known to be this one.
    fn has_id(&self, id: &str) -> bool {
        match self.context.get("aws:userid") {
            Given::Values([user]) => user.split(':').next() == Some(id),
            _ => false,
        }
    }
}

/// Whether a session is one of this role: names of roles are unique in an account, whatever their path.
fn is_role_of(role_arn: &str, session: &Owned) -> bool {
    role_arn.split(':').nth(4) == Some(session.account.as_str())
        && role_arn.rsplit('/').next() == Some(session.name.as_str())
}

/// Whether the session of this ARN is one of the role.
fn is_session_of(session_arn: &str, role: &Owned) -> bool {
    session_arn.split(':').nth(4) == Some(role.account.as_str())
        && session_arn.split('/').nth(1) == Some(role.name.as_str())
}
