//! An organisation as a scan found it: who there is, which policies bind them, and what guards the resources.
//!
//! [`Builder`] takes documents as the provider gave them. [`Organisation::ask`] gathers the layers of one request and
//! lets the reference evaluator decide; [`Organisation::who_can`] asks that of everyone.
//!
//! **Invariant:** what was not read makes answers unknown, and is named; it never makes a "no".

mod between;
mod build;
mod change;
mod documents;
mod held;
mod own;
mod standing;
mod suppose;
mod tree;
pub(crate) mod who;

use std::{collections::HashMap, sync::Arc};

pub use between::changes_between;
pub use build::{Builder, Found};
pub(crate) use change::Touched;
pub use change::{BadChange, Change};
use own::Places;
pub use suppose::Suppose;
pub use tree::Control;
use tree::Tree;
pub use who::{Asker, Kind, Row, WhoCan};

use crate::{
    context::Context,
    evaluate::evaluate,
    layers::{Bucket, Grant, Held, Layer, Layers, Path},
    request::{Principal, Request, Resource},
    shared::{Map, Named},
    verdict::Verdict,
};

/// Colons of an ARN before what it names.
const ARN_COLONS: usize = 5;

/// An organisation, or the accounts of one that were scanned. A copy shares what both have.
#[derive(Debug, Clone, Default)]
pub struct Organisation {
    /// Its id, `o-…`; none where there is none or it was not read.
    id: Option<String>,
    /// Users and roles by ARN.
    pub(crate) identities: Named<Identity>,
    /// What binds the principals and the resources of an account, by its id.
    pub(crate) accounts: Named<Account>,
    /// Resources whose type has policies, by uid.
    pub(crate) guarded: Map<String, Guarded>,
    /// Groups by account and name.
    groups: Arc<HashMap<(String, String), Group>>,
    /// Managed policies that somebody has, and all that were read, by ARN.
    managed: Map<Arc<str>, Held>,
    tree: Arc<Tree>,
    /// What was not read that may decide, for people.
    gaps: Arc<Vec<String>>,
}

/// A user or a role.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) is_user: bool,
    pub(crate) policies: Layer,
    pub(crate) boundary: Layer,
    /// Where its policies come from.
    places: Places,
    /// The managed policy that is its boundary.
    bound_by: Option<Arc<str>>,
    tags: Vec<(String, String)>,
}

/// A group of users.
#[derive(Debug, Clone)]
struct Group {
    name: Arc<str>,
    policies: Vec<Held>,
    places: Places,
    /// The numbers of its users.
    members: Vec<u32>,
}

/// An account that was scanned, or that the organisation names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) scps: Path,
    pub(crate) rcps: Path,
    /// `o-…/r-…/ou-…/`, as `aws:PrincipalOrgPaths` has it.
    path: Option<String>,
    /// Why its users and roles are not known.
    unread: Option<String>,
    /// Whether the scan read it; of the others only the organisation knows.
    pub(crate) scanned: bool,
}

/// What guards a resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guarded {
    pub(crate) account: Option<String>,
    pub(crate) policy: Layer,
    pub(crate) bucket: Bucket,
    is_bucket: bool,
    /// What its account sets for all its buckets: that public ACLs are ignored, that public buckets are restricted.
    blocked: (bool, bool),
    pub(crate) grants: Vec<Grant>,
    /// What its policy is called in answers.
    name: &'static str,
    /// What has a say beside the policy and was not read.
    unread: Vec<&'static str>,
}

/// The resource of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its ARN; `*` for actions that have no resource.
    pub arn: String,
    /// The account that owns it, where a scan saw it.
    pub account: Option<String>,
    /// Whether a scan saw it, or the resource that it is a part of.
    pub seen: bool,
}

impl Organisation {
    /// The ARNs of all users and roles that are called so: by ARN, by name with or without its path.
    pub fn called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_arn = name.starts_with("arn:");
        self.identities
            .keys()
            .map(String::as_str)
            .filter(move |arn| *arn == name || (!is_arn && arn.rsplit('/').next() == Some(name)))
    }

    /// Decides one request.
    ///
    /// # Errors
    /// When principal, action or resource are not of their form; the error names which.
    pub fn ask(
        &self,
        principal: &str,
        action: &str,
        target: &Target,
        context: Context,
    ) -> Result<Verdict, String> {
        let guard = self.guard(target);
        let request = self.request(principal, action, target, &guard, context)?;
        Ok(evaluate(&request, &self.layers(&request, &guard)))
    }

    /// The request, with what the organisation knows of the principal.
    pub(crate) fn request(
        &self,
        principal: &str,
        action: &str,
        target: &Target,
        guard: &Guarded,
        context: Context,
    ) -> Result<Request, String> {
        let account = guard.account.clone().or_else(|| target.account.clone());
        let resource = Resource { arn: target.arn.clone(), account };
        let mut request = Request::new(principal, action, resource, context)?;
        self.complete(&mut request);
        Ok(request)
    }

    /// What guards a resource, or what it is a part of: a bucket guards its objects.
    pub(crate) fn guard(&self, target: &Target) -> Guarded {
        if let Some(guard) = guards(&target.arn).find_map(|arn| self.guarded.get(arn)) {
            return guard.clone();
        }
        let is_open = target.arn != "*" && (!target.seen || documents::keeps_unread_policy(&target.arn));
        Guarded { policy: if is_open { Layer::NotRead } else { Layer::None }, ..Guarded::default() }
    }

    /// Its id, `o-…`; none where there is no organisation or it was not read.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What was not read that may decide about anything.
    pub fn unread(&self) -> &[String] {
        &self.gaps
    }

    /// What was not read, or not asked, that may decide about a resource.
    pub fn gaps(&self, target: &Target) -> Vec<String> {
        self.gaps.iter().cloned().chain(self.gap(target)).collect()
    }

    /// The same of what was not read of the resource alone.
    pub fn gap(&self, target: &Target) -> Option<String> {
        unseen(target, &self.guard(target))
    }

    /// Puts into the context what the organisation knows of the principal.
    pub(crate) fn complete(&self, request: &mut Request) {
        let Some(owned) = request.principal.owned() else { return };
        let (arn, account) = (owned.arn.clone(), owned.account.clone());
        if let (Some(id), Some(path)) =
            (&self.id, self.accounts.get(&account).and_then(|known| known.path.as_ref()))
        {
            request.context.derive("aws:PrincipalOrgID", Some(id.clone()));
            request.context.derive("aws:PrincipalOrgPaths", Some(path.clone()));
        }
        // Those of a role may be hidden by tags of the session.
        let user = self.identities.get(&arn).filter(|identity| identity.is_user);
        for (key, value) in user.into_iter().flat_map(|user| &user.tags) {
            request.context.derive(&format!("aws:PrincipalTag/{key}"), Some(value.clone()));
        }
        if user.is_some() {
            request.context.derive_absent_under("aws:principaltag/");
        }
    }

    /// Everything that has a say in a request.
    pub(crate) fn layers(&self, request: &Request, guard: &Guarded) -> Layers {
        let mut layers = Layers {
            resource: guard.policy.clone(),
            bucket: guard.bucket.clone(),
            grants: guard.grants.clone(),
            ..Layers::default()
        };
        if let Some(owned) = request.principal.owned() {
            let account = self.accounts.get(&owned.account);
            layers.scps = account.map_or(Path::NotRead, |account| account.scps.clone());
            match (&request.principal, self.identities.get(&identity_of(request))) {
                (Principal::Root(_), _) => {}
                (_, Some(identity)) => {
                    layers.identity = identity.policies.clone();
                    layers.boundary = identity.boundary.clone();
                }
                (_, None) => (layers.identity, layers.boundary) = (Layer::NotRead, Layer::NotRead),
            }
        }
        if let Some(owner) = request.resource_account() {
            layers.rcps = self.accounts.get(&owner).map_or(Path::NotRead, |account| account.rcps.clone());
        }
        layers
    }
}

/// What of the question itself keeps the answer from being whole.
fn unseen(target: &Target, guard: &Guarded) -> Option<String> {
    if target.arn == "*" {
        return Some("permissions on some resources only, since no resource was named".to_owned());
    }
    if guard.account.is_none() && !target.seen {
        return Some(format!("{} was not scanned: a policy of its own may decide", target.arn));
    }
    let is_whole = match &guard.policy {
        Layer::None => true,
        Layer::NotRead => false,
        Layer::Policies(held) => held.iter().all(|held| matches!(held, Held::Read(_))),
    };
    (!is_whole)
        .then(|| format!("whom {} lets in from outside, since not all that guards it was read", target.arn))
}

/// The ARNs whose resources may guard one: its own, and that of what it is known to be a part of. Names of most services
/// may hold slashes, so what stands before one is not what guards it.
pub fn guards(arn: &str) -> impl Iterator<Item = &str> {
    let is_arn = arn.matches(':').count() >= ARN_COLONS;
    let whole = if arn.starts_with("arn:") && arn.contains(":s3:::") {
        arn.split_once('/').map(|(bucket, _)| bucket)
    } else if arn.contains(":dynamodb:") {
        arn.split_once("/index/").map(|(table, _)| table)
    } else if arn.contains(":es:") {
        // Requests to a search domain are for a path in it; names of domains have no slashes.
        let in_domain = arn.match_indices('/').nth(1);
        in_domain.and_then(|(at, _)| arn.get(..at)).filter(|domain| domain.contains(":domain/"))
    } else {
        None
    };
    [Some(arn), whole].into_iter().flatten().filter(move |_| is_arn)
}

/// The ARN of the user or role whose policies bind a request. That of a session does not have the role's path.
fn identity_of(request: &Request) -> String {
    match &request.principal {
        Principal::Session(owned) => {
            format!("arn:{}:iam::{}:role/{}", owned.partition, owned.account, owned.name)
        }
        other => other.owned().map(|owned| owned.arn.clone()).unwrap_or_default(),
    }
}
