//! Whom a `Principal` element names, and how: as an account, as a user, as everyone.

use crate::{
    context::{Context, Given},
    layers::EndpointType,
    policy::{Effect, Named, PrincipalElement},
    request::{Owned, Principal, Request},
    steps::Steps,
    truth::Truth,
};

/// How a statement of a resource names the caller, which decides what else must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
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
    /// The session ARNs of which the caller's would have to be one, where only the role is known.
    pub(super) sessions: Vec<String>,
    /// What would have to be known.
    pub(super) unknown: Vec<String>,
}

impl Match {
    fn yes(kind: Kind) -> Self {
        Self { kind, truth: Truth::Yes, sessions: Vec::new(), unknown: Vec::new() }
    }

    fn unknown(kind: Kind, what: String) -> Self {
        Self { kind, truth: Truth::Unknown, sessions: Vec::new(), unknown: vec![what] }
    }
}

/// Who asks, as statements name it.
pub(super) struct Caller<'a> {
    pub(super) request: &'a Request,
    pub(super) context: &'a Context,
    /// Whether the caller has a permissions boundary.
    pub(super) has_boundary: Truth,
    /// The type of the VPC endpoint the request comes through, where it is given.
    pub(super) endpoint: Option<EndpointType>,
    /// What comparing may still take.
    pub(super) steps: &'a Steps,
}

/// Services that have gateway endpoints beside interface endpoints.
const GATEWAY_SERVICES: [&str; 2] = ["dynamodb", "s3"];

impl Caller<'_> {
    /// In which ways a statement is about the caller; none where it is not.
    pub(super) fn named(&self, element: &PrincipalElement, effect: Effect) -> Vec<Match> {
        let named: Vec<Match> = element.named.iter().filter_map(|named| self.one(named)).collect();
        if !element.negated {
            return named;
        }
        let left_out = match effect {
            // Whoever is named in any way.
            Effect::Allow => Truth::any(named.iter().map(|found| found.truth)),
            Effect::Deny => self.spared(element, &named),
        };
        let truth = left_out.negate();
        if truth == Truth::No {
            return Vec::new();
        }
        // What being left out depends on, being meant depends on too.
        let (mut sessions, mut unknown) = (Vec::new(), Vec::new());
        for found in named {
            sessions.extend(found.sessions);
            unknown.extend(found.unknown);
        }
        vec![Match { kind: Kind::Star, truth, sessions, unknown }]
    }

    /// Whether `NotPrincipal` with `Deny` spares the caller. AWS validates the account, then the user or role, then the
    /// session, so all of these must be listed, the session where the list names sessions of its role; and it never
    /// spares who has a permissions boundary.
    fn spared(&self, element: &PrincipalElement, named: &[Match]) -> Truth {
        let listed = |wanted: &[Kind]| {
            let counts = |found: &&Match| found.kind == Kind::Star || wanted.contains(&found.kind);
            Truth::any(named.iter().filter(counts).map(|found| found.truth))
        };
        match &self.request.principal {
            Principal::Anonymous => listed(&[]),
            Principal::Service(_) => listed(&[Kind::Service]),
            Principal::Federated(_) => listed(&[Kind::Federated]),
            Principal::Root(_) => listed(&[Kind::Account]),
            Principal::User(_) => self.unbound().and(listed(&[Kind::Account])).and(listed(&[Kind::User])),
            Principal::Role(role) | Principal::Session(role) => {
                let spared = self.unbound().and(listed(&[Kind::Account])).and(listed(&[Kind::Role]));
                let names_sessions = element
                    .named
                    .iter()
                    .any(|named| matches!(named, Named::Session(arn) if is_session_of(arn, role)));
                if names_sessions { spared.and(listed(&[Kind::Session])) } else { spared }
            }
            Principal::FederatedUser(_) => {
                self.unbound().and(listed(&[Kind::Account])).and(listed(&[Kind::User, Kind::Session]))
            }
        }
    }

    fn unbound(&self) -> Truth {
        self.has_boundary.negate()
    }

    /// How a VPC endpoint's policy names the caller that a policy of a resource would name so. Through a gateway endpoint,
    /// an account stands for its root user alone, and AWS documents no meaning of a user or role.
    pub(super) fn through_endpoint(&self, found: Match) -> Option<Match> {
        let principal = &self.request.principal;
        let has_gateway = GATEWAY_SERVICES.contains(&self.request.service().as_str());
        let is_other = principal.owned().is_some() && !matches!(principal, Principal::Root(_));
        if !has_gateway || !is_other || found.kind == Kind::Star {
            return Some(found);
        }
        let what = match (self.endpoint, found.kind) {
            (Some(EndpointType::Interface), _) => return Some(found),
            (Some(EndpointType::Gateway), Kind::Account) => return None,
            (Some(EndpointType::Gateway), _) => "how a gateway endpoint takes a principal that is no account",
            (None, _) => "vpc_endpoint_type is not given",
        };
        Some(Match::unknown(found.kind, what.to_owned()))
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
                sessions: vec![arn.clone()],
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
