//! What the policies of resources let in from outside their account.

use std::collections::BTreeMap;

use fathom_content::{Vendor, Vendors};
use fathom_iam::{
    Context, Decision, Verdict,
    organisation::{Asker, Kind, Row},
    policy::Effect,
    verdict::{Condition, LayerName, Reason},
};
use serde::Serialize;

use crate::{
    AccessError,
    decrypt::WithKey,
    permissions::{Gathered, Permissions, Permitted, Resource},
    wanted::account_of,
};

/// Origin where somebody comes, the most worrying first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Origin anywhere: everyone, with or without credentials.
    Public,
    /// Origin an account that is not of the organisation and was not scanned.
    External,
    /// By the word of an identity provider.
    Federated,
    /// Origin fixed networks or identities: everyone is named, with a condition that confines who is meant.
    Confined,
    /// Origin another account of the organisation, or one that was scanned.
    CrossAccount,
    /// Origin a service of AWS.
    Service,
}

impl Origin {
    /// All of them, in their order.
    pub const ALL: [Self; 6] =
        [Self::Public, Self::External, Self::Federated, Self::Confined, Self::CrossAccount, Self::Service];

    /// The word for it in JSON and SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::External => "external",
            Self::Federated => "federated",
            Self::Confined => "confined",
            Self::CrossAccount => "cross_account",
            Self::Service => "service",
        }
    }
}

/// Somebody from outside whom a resource lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// Origin where.
    pub from: Origin,
    /// The resource.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// The account that owns it.
    pub account: Option<String>,
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// What they may do, as far as the resource's side decides: their own accounts must allow it too.
    pub permitted: Vec<Permitted>,
    /// What the key under which the resource is kept says of it; nothing where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with_key: Vec<WithKey>,
    /// The account that somebody comes from; none of everyone, services and identity providers.
    pub from_account: Option<String>,
    /// Whose that is, where somebody has said.
    pub vendor: Option<Vendor>,
}

impl Opening {
    /// Whether nobody has said whose the account outside is.
    pub fn is_unnamed(&self) -> bool {
        self.from == Origin::External && self.from_account.is_some() && self.vendor.is_none()
    }
}

impl Openings {
    /// Says whose accounts are. Of where somebody comes from, those whom nobody has named come first.
    pub fn name(&mut self, vendors: &Vendors) {
        for row in self.rows.iter_mut().filter(|row| row.from == Origin::External) {
            row.vendor = row.from_account.as_ref().and_then(|account| vendors.of_account(account)).cloned();
        }
        // Stable: within these, the order stays.
        self.rows.sort_by_key(|row| (row.from, !row.is_unnamed()));
    }
}

/// What is open to the outside, and what could not be decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Openings {
    /// Who is let in, the most worrying first.
    pub rows: Vec<Opening>,
    /// How many resources keep a policy, a list or grants of their own.
    pub resources: usize,
    /// Resources whose actions the catalogue does not know.
    pub unknown: Vec<String>,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

impl Permissions {
    /// Whom resources let in from outside their account, by their policies, lists and grants.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn openings(&self, wanted: &[Origin], given: &Context) -> Result<Openings, AccessError> {
        let mut found = Openings { gaps: self.index.organisation().unread().to_vec(), ..Openings::default() };
        for resource in self.resources.values() {
            let one = self.openings_of(resource, wanted, given)?;
            found.resources += one.resources;
            found.rows.extend(one.rows);
            found.unknown.extend(one.unknown);
            found.gaps.extend(one.gaps);
        }
        found.rows.sort_by(|one, other| {
            (one.from, &one.resource, &one.asker).cmp(&(other.from, &other.resource, &other.asker))
        });
        Ok(found)
    }

    /// The same of one resource, without what was not read of all.
    ///
    /// # Errors
    /// As [`Permissions::openings`].
    pub fn openings_of(
        &self,
        resource: &Resource,
        wanted: &[Origin],
        given: &Context,
    ) -> Result<Openings, AccessError> {
        let organisation = self.index.organisation();
        let mut found = Openings::default();
        if organisation.is_guarded(&resource.target) {
            found.resources = 1;
            found.gaps.extend(organisation.gap(&resource.target));
            if organisation.names_strangers(&resource.target) {
                self.open(resource, wanted, given, &mut found)?;
            }
        }
        Ok(found)
    }

    fn open(
        &self,
        resource: &Resource,
        wanted: &[Origin],
        given: &Context,
        found: &mut Openings,
    ) -> Result<(), AccessError> {
        let asked = match self.asked_on(&resource.target) {
            Ok(asked) => asked,
            Err(AccessError::NoAction { resource }) => {
                found.unknown.push(resource);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut let_in: BTreeMap<(Origin, Asker), Gathered> = BTreeMap::new();
        for (action, access, target) in asked {
            let rows = self.index.organisation().let_in(&action, &target, given);
            for row in rows.map_err(AccessError::Question)? {
                let Some(from) = self.from(&row, resource) else { continue };
                let decision = row.verdict.decision;
                let_in.entry((from, row.asker)).or_default().add(access, decision, &action);
            }
        }
        // Where everyone can, so can every account: said once.
        let open: Vec<Origin> =
            let_in.keys().filter(|(_, asker)| asker.kind == Kind::Anyone).map(|(from, _)| *from).collect();
        for ((from, asker), gathered) in let_in {
            if !wanted.contains(&from) || (asker.kind == Kind::AnyAccount && open.contains(&from)) {
                continue;
            }
            let permitted = gathered.end();
            let with_key = self.with_key(&resource.target, &asker, &permitted, given)?;
            let from_account = account_of(&asker.principal).map(str::to_owned);
            found.rows.push(Opening {
                from,
                resource: resource.target.arn.clone(),
                resource_type: resource.kind.clone(),
                account: resource.target.account.clone(),
                asker,
                permitted,
                with_key,
                from_account,
                vendor: None,
            });
        }
        Ok(())
    }

    /// Origin where somebody comes; none where that is the resource's own account.
    fn from(&self, row: &Row, resource: &Resource) -> Option<Origin> {
        match row.asker.kind {
            Kind::Anyone | Kind::AnyAccount if is_confined(&row.verdict) => {
                self.confined(&row.verdict, resource)
            }
            Kind::Anyone | Kind::AnyAccount => Some(Origin::Public),
            Kind::Federated => Some(Origin::Federated),
            Kind::Service => Some(Origin::Service),
            Kind::Outside | Kind::Root | Kind::User | Kind::Role => {
                let account = row.asker.principal.split(':').nth(4).unwrap_or(&row.asker.principal);
                Some(self.by_account(account))
            }
        }
    }

    fn by_account(&self, account: &str) -> Origin {
        if self.index.organisation().knows(account) { Origin::CrossAccount } else { Origin::External }
    }

    /// Whom conditions mean that confine everyone to some: the most worrying of them.
    fn confined(&self, verdict: &Verdict, resource: &Resource) -> Option<Origin> {
        let means = |condition: &Condition, value: &str| {
            let account = match condition.key.to_ascii_lowercase().as_str() {
                "aws:principalaccount" | "aws:sourceaccount" | "aws:sourceowner" | CALLER => value,
                "aws:principalarn" | "aws:sourcearn" => value.split(':').nth(4).unwrap_or_default(),
                "aws:principalorgid" if self.index.organisation().id() == Some(value) => {
                    return Some(Origin::CrossAccount);
                }
                "aws:principalorgid" => return Some(Origin::External),
                _ => "",
            };
            match account {
                "" => Some(Origin::Confined),
                own if resource.target.account.as_deref() == Some(own) => None,
                other => Some(self.by_account(other)),
            }
        };
        // Whom a condition of a deny means is not who is let in.
        let allows = |condition: &&Condition| condition.effect == Effect::Allow;
        let confining = verdict.conditions.iter().filter(allows).filter(|condition| confines(condition));
        confining.flat_map(|one| one.values.iter().filter_map(move |value| means(one, value))).min()
    }
}

/// The key by which policies of keys say which account may come, as those that AWS writes do.
const CALLER: &str = "kms:calleraccount";

/// Whether a condition confines everyone to some, as S3 understands it, or a key's policy to accounts.
fn confines(condition: &Condition) -> bool {
    let is_account = |value: &String| value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
    let names_accounts = condition.key.eq_ignore_ascii_case(CALLER)
        && ["StringEquals", "StringLike"].contains(&condition.operator.as_str())
        && !condition.values.is_empty()
        && condition.values.iter().all(is_account);
    names_accounts || fathom_iam::confines(condition)
}

/// Whether each statement that allows is confined by a condition of its own.
fn is_confined(verdict: &Verdict) -> bool {
    // What their own accounts allow is taken for granted.
    let of_resource = [LayerName::ResourcePolicy, LayerName::KmsGrants, LayerName::S3];
    let allows = |reason: &&Reason| reason.effect == Effect::Allow && of_resource.contains(&reason.layer);
    let mut allowing = verdict.because.iter().filter(allows).peekable();
    let is_of = |condition: &Condition, reason: &Reason| {
        condition.policy == reason.policy && condition.statement == reason.statement
    };
    verdict.decision == Decision::OnlyIf
        && allowing.peek().is_some()
        && allowing.all(|reason| {
            verdict.conditions.iter().any(|condition| is_of(condition, reason) && confines(condition))
        })
}
