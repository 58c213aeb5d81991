//! Who can: one action on one resource, asked of everyone.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Guarded, Organisation, Target, guards};
use crate::{
    context::Context,
    evaluate::evaluate,
    layers::{AclGrantee, Held, Layer, Path},
    policy::{Effect, Named, Policy, PolicyKind, Statement, grantee, is_account},
    request::FEDERATED_ACTIONS,
    verdict::{Decision, Verdict},
};

/// Who is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Asker {
    /// What it is.
    pub kind: Kind,
    /// An ARN, an account, a service, an identity provider; `*` for everyone.
    pub principal: String,
}

/// What a principal is, the most worrying first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Everyone, without credentials.
    Anyone,
    /// Any account of AWS: what its own policies allow is not looked at.
    AnyAccount,
    /// An account or a principal that was not scanned: what its own policies allow is not known and taken for granted.
    Outside,
    /// Whom an identity provider vouches for.
    Federated,
    /// A service of AWS.
    Service,
    /// The root user of an account.
    Root,
    /// A user.
    User,
    /// A role, in any session.
    Role,
}

/// What becomes of one of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Who can do something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhoCan {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Those who can, who can under conditions, and of whom it is not known; sorted so, then by kind.
    pub rows: Vec<Row>,
    /// How many were asked about.
    pub asked: usize,
    /// How many of these cannot.
    pub denied: usize,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

/// An account that stands for all that are not known.
const ANY_ACCOUNT: &str = "000000000000";

/// Somebody of an account: a session, whose `aws:PrincipalArn` nobody knows, and whom STS serves, unlike the root user.
fn somebody_of(account: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/somebody/somebody")
}

impl Organisation {
    /// Asks of everyone whether they can do something to a resource.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn who_can(&self, action: &str, target: &Target, context: &Context) -> Result<WhoCan, String> {
        self.who_can_but(action, target, context, |_| false)
    }

    /// The same, where it is known of some that they cannot: these are counted and not asked.
    pub(crate) fn who_can_but(
        &self,
        action: &str,
        target: &Target,
        context: &Context,
        cannot: impl Fn(&Asker) -> bool,
    ) -> Result<WhoCan, String> {
        let guard = self.guard(target);
        let mut gaps = self.gaps(target);
        let askers = self.askers(action, &guard, &mut gaps);
        let asked = askers.len();
        let mut rows = Vec::new();
        for asker in askers.into_iter().filter(|asker| !cannot(asker)) {
            let verdict = self.answer(&asker, action, target, &guard, context.clone())?;
            rows.push(Row { asker, verdict });
        }
        rows.retain(|row| rank(row.verdict.decision).is_some());
        let denied = asked - rows.len();
        // Where everyone can, so can every account: said once.
        let anyone = rows
            .iter()
            .any(|row| row.asker.kind == Kind::Anyone && row.verdict.decision == Decision::Allowed);
        rows.retain(|row| !(anyone && row.asker.kind == Kind::AnyAccount));
        rows.sort_by_cached_key(|row| (rank(row.verdict.decision), row.asker.clone()));
        Ok(WhoCan { action: action.to_owned(), resource: target.arn.clone(), rows, asked, denied, gaps })
    }

    /// Decides one request of somebody whom an answer named, as that answer did: of those from outside, their own account
    /// is taken to allow it.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn ask_as(
        &self,
        asker: &Asker,
        action: &str,
        target: &Target,
        context: Context,
    ) -> Result<Verdict, String> {
        self.answer(asker, action, target, &self.guard(target), context)
    }

    fn answer(
        &self,
        asker: &Asker,
        action: &str,
        target: &Target,
        guard: &Guarded,
        context: Context,
    ) -> Result<Verdict, String> {
        let principal = match asker.kind {
            Kind::AnyAccount => somebody_of(ANY_ACCOUNT),
            Kind::Outside if is_account(&asker.principal) => somebody_of(&asker.principal),
            _ => asker.principal.clone(),
        };
        let request = self.request(&principal, action, target, guard, context)?;
        let mut layers = self.layers(&request, guard);
        if matches!(asker.kind, Kind::Outside | Kind::AnyAccount) {
            layers.scps = Path::None;
            layers.boundary = Layer::None;
            layers.identity = Layer::Policies(vec![allows_all()]);
        }
        Ok(evaluate(&request, &layers))
    }

    /// Asks of everyone whom a resource lets in from outside its account: by name, as everyone, as a service. Of accounts
    /// and of who belongs to one, their own policies are taken to allow it, also where a scan read them: what is answered
    /// is what the resource's side allows.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn let_in(&self, action: &str, target: &Target, context: &Context) -> Result<Vec<Row>, String> {
        let guard = self.guard(target);
        let owner = guard.account.as_ref().or(target.account.as_ref());
        let mut rows = Vec::new();
        for asker in named(&guard).iter().flat_map(|named| self.stranger(named, action, owner)) {
            if rows.iter().any(|row: &Row| row.asker == asker) {
                continue;
            }
            let verdict = self.answer(&asker, action, target, &guard, context.clone())?;
            if rank(verdict.decision).is_some() {
                rows.push(Row { asker, verdict });
            }
        }
        rows.sort_by_cached_key(|row| (rank(row.verdict.decision), row.asker.clone()));
        Ok(rows)
    }

    /// Whether a resource names anybody from outside its account.
    pub fn names_strangers(&self, target: &Target) -> bool {
        let guard = self.guard(target);
        let owner = guard.account.as_ref().or(target.account.as_ref());
        let actions = ["any:Any", FEDERATED_ACTIONS[0]];
        let named = named(&guard);
        actions.iter().any(|action| named.iter().any(|one| !self.stranger(one, action, owner).is_empty()))
    }

    /// The resources that keep a policy, a list or grants of their own, with the account that owns each.
    pub fn guarded(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.guarded.iter().map(|(arn, guard)| (arn.as_str(), guard.account.as_deref()))
    }

    /// Whether a resource keeps a policy, a list or grants of its own.
    pub fn is_guarded(&self, target: &Target) -> bool {
        guards(&target.arn).any(|arn| self.guarded.contains_key(arn))
    }

    /// Whether all that guards a resource was read and is nothing, so that policies of principals alone decide about it.
    pub fn is_bare(&self, target: &Target) -> bool {
        guards(&target.arn).find_map(|arn| self.guarded.get(arn)).is_some_and(|guard| {
            guard.policy == Layer::None
                && guard.account == target.account
                && !guard.is_bucket
                && guard.grants.is_empty()
                && guard.unread.is_empty()
        })
    }

    /// Whether an account belongs to the organisation, or was scanned.
    pub fn knows(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
    }

    fn stranger(&self, named: &Named, action: &str, owner: Option<&String>) -> Vec<Asker> {
        let outside = |account: &str, principal: &str| {
            if owner.is_some_and(|owner| owner == account) {
                return Vec::new();
            }
            vec![Asker { kind: Kind::Outside, principal: principal.to_owned() }]
        };
        match named {
            Named::Account(account) => outside(account, account),
            Named::User(arn) | Named::Role(arn) | Named::Session(arn) | Named::FederatedUser(arn) => {
                outside(arn.split(':').nth(4).unwrap_or_default(), arn)
            }
            other => self.named(other, action, &mut Vec::new()),
        }
    }

    /// Everyone who may come into question: all who are known, and whom the resource itself names.
    fn askers(&self, action: &str, guard: &Guarded, gaps: &mut Vec<String>) -> BTreeSet<Asker> {
        let mut askers = BTreeSet::new();
        if FEDERATED_ACTIONS.iter().all(|one| !one.eq_ignore_ascii_case(action)) {
            for (arn, identity) in self.identities.iter() {
                let kind = if identity.is_user { Kind::User } else { Kind::Role };
                askers.insert(Asker { kind, principal: arn.clone() });
            }
            for (id, account) in self.accounts.iter() {
                if account.scanned {
                    askers.insert(Asker { kind: Kind::Root, principal: id.clone() });
                }
            }
        }
        for named in named(guard) {
            askers.extend(self.named(&named, action, gaps));
        }
        askers
    }

    /// Whether the users and roles of an account are known. Who is of another comes from outside: [`Organisation::ask_as`]
    /// takes it that their own account allows what they ask.
    pub fn is_read(&self, account: &str) -> bool {
        self.accounts.get(account).is_some_and(|known| known.scanned && known.unread.is_none())
    }

    /// Whom a policy of the resource names, where that is not somebody known.
    fn named(&self, named: &Named, action: &str, gaps: &mut Vec<String>) -> Vec<Asker> {
        let federated = FEDERATED_ACTIONS.iter().any(|one| one.eq_ignore_ascii_case(action));
        let one = |kind, principal: &str| vec![Asker { kind, principal: principal.to_owned() }];
        match named {
            Named::Everyone => [one(Kind::Anyone, "*"), one(Kind::AnyAccount, "*")].concat(),
            Named::Account(account) if !self.is_read(account) => one(Kind::Outside, account),
            Named::User(arn) | Named::Role(arn) | Named::Session(arn) | Named::FederatedUser(arn) => {
                let account = arn.split(':').nth(4).unwrap_or_default();
                match named {
                    _ if !self.is_read(account) => one(Kind::Outside, arn),
                    // A session is asked about beside its role: a policy may name it alone.
                    Named::Session(_) => one(Kind::Role, arn),
                    _ => Vec::new(),
                }
            }
            Named::Service(service) if service != "*" => one(Kind::Service, service),
            Named::Federated(provider) if federated && provider != "*" => one(Kind::Federated, provider),
            Named::Account(_) | Named::Federated(_) => Vec::new(),
            Named::Service(_) => {
                gaps.push("every service of AWS is named; none is asked about".to_owned());
                Vec::new()
            }
            Named::UniqueId(id) => {
                gaps.push(format!("{id} is named, a user or role that is gone"));
                Vec::new()
            }
            Named::CanonicalUser(id) => {
                gaps.push(format!("the canonical user {id} is named; which account that is is not known"));
                Vec::new()
            }
        }
    }
}

/// Those who cannot have no rank.
fn rank(decision: Decision) -> Option<u8> {
    match decision {
        Decision::Allowed => Some(0),
        Decision::OnlyIf => Some(1),
        Decision::Unknown => Some(2),
        Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => None,
    }
}

/// Whom the resource itself lets in, by its policy, its grants or its ACL.
pub(crate) fn named(guard: &Guarded) -> Vec<Named> {
    let held = match &guard.policy {
        Layer::Policies(held) => held.as_slice(),
        Layer::None | Layer::NotRead => &[],
    };
    let statements = held.iter().flat_map(|held| match held {
        Held::Read(policy) => policy.statements.as_slice(),
        Held::Bad(_) => &[],
    });
    let mut named: Vec<Named> = Vec::new();
    for statement in statements.filter(|statement| statement.effect == Effect::Allow) {
        named.extend(allowed(statement));
    }
    named.extend(guard.grants.iter().filter_map(|grant| grantee(&grant.grantee)));
    for grant in &guard.bucket.bucket_acl {
        match &grant.grantee {
            AclGrantee::AllUsers | AclGrantee::AuthenticatedUsers => named.push(Named::Everyone),
            AclGrantee::Account(account) => named.push(Named::Account(account.clone())),
            AclGrantee::Other(id) => named.push(Named::CanonicalUser(id.clone())),
        }
    }
    named
}

fn allowed(statement: &Statement) -> Vec<Named> {
    match &statement.principal {
        None => Vec::new(),
        // All but a few are everyone.
        Some(element) if element.negated => vec![Named::Everyone],
        Some(element) => element.named.clone(),
    }
}

/// What is taken for granted of those whose own account is not seen.
fn allows_all() -> Held {
    const TEXT: &str =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    match Policy::parse("what its own account allows, which is not seen", PolicyKind::Identity, TEXT) {
        Ok(policy) => Held::Read(policy.into()),
        Err(bad) => Held::Bad(bad),
    }
}
