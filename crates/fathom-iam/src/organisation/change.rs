//! What may change in an organisation, and the organisation with that changed.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Group, Identity, Organisation,
    documents::{not_read, parsed},
    own::{Place, Places, What},
    tree::Control,
};
use crate::{
    layers::{Bucket, Held, Layer},
    policy::PolicyKind,
};

/// A change of who has which policy. A document is JSON as the provider keeps it; one that cannot be read makes answers
/// unknown, as it does in a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An inline policy is written, or taken away without a document.
    Inline {
        /// The ARN of the user, the role or the group.
        holder: String,
        /// The policy's name.
        name: String,
        /// What it says.
        document: Option<String>,
    },
    /// A managed policy is attached or detached.
    Attached {
        /// The ARN of the user, the role or the group.
        holder: String,
        /// The policy's ARN.
        policy: String,
        /// Whether it is attached afterwards.
        is_attached: bool,
    },
    /// The permissions boundary is set, or taken away without a policy.
    Boundary {
        /// The ARN of the user or the role.
        identity: String,
        /// The ARN of the managed policy.
        policy: Option<String>,
    },
    /// The default version of a managed policy is another, for all who have it; without a document it is not known.
    Managed {
        /// The policy's ARN.
        policy: String,
        /// What it says.
        document: Option<String>,
    },
    /// The policy that a resource keeps, the trust policy of a role among them, or none without a document.
    Resource {
        /// The resource's ARN.
        resource: String,
        /// What it says.
        document: Option<String>,
    },
    /// The policy of a bucket and what it sets beside it are others.
    Bucket {
        /// The bucket's ARN.
        resource: String,
        /// What its policy says.
        document: Option<String>,
        /// What it sets; what its account sets for all its buckets is as before.
        settings: Box<Bucket>,
    },
    /// A policy of the organisation is written, or detached without a document.
    Control {
        /// Its kind.
        control: Control,
        /// Its id, `p-…`.
        policy: String,
        /// The root, unit or account it is attached to; none for everywhere it is.
        target: Option<String>,
        /// What it says.
        document: Option<String>,
    },
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadChange {
    /// Who should have the policy is not known.
    #[error("no scan saw a user, role or group `{0}`; write its whole ARN")]
    Holder(String),
    /// The resource is not known, or is of a type that keeps no policy.
    #[error("no scan saw a resource `{0}` that may keep a policy; write its whole ARN")]
    Resource(String),
    /// A policy of the organisation is attached nowhere.
    #[error("no {control} policy `{policy}` is attached to anything; name a root, unit or account for it")]
    Control {
        /// Its kind.
        control: &'static str,
        /// Its id.
        policy: String,
    },
    /// What a policy of the organisation should be attached to is not known.
    #[error("no scan saw a root, unit or account `{0}` of the organisation")]
    Target(String),
}

/// What a change touched.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Users and roles whose policies or boundary are others, by number.
    pub(crate) identities: BTreeSet<u32>,
    /// Whether other service control policies bind somebody.
    pub(crate) scps: bool,
}

impl Organisation {
    /// The organisation with changes made, in their order. All that is not changed is shared, and this one stays as it is.
    ///
    /// # Errors
    /// When a change is about somebody or something that is not known; no change is made then.
    pub fn with(&self, changes: &[Change]) -> Result<Self, BadChange> {
        Ok(self.changed(changes)?.0)
    }

    /// The same, and what was touched.
    pub(crate) fn changed(&self, changes: &[Change]) -> Result<(Self, Touched), BadChange> {
        let (mut changed, mut touched) = (self.clone(), Touched::default());
        for change in changes {
            changed.change(change, &mut touched)?;
        }
        Ok((changed, touched))
    }

    fn change(&mut self, change: &Change, touched: &mut Touched) -> Result<(), BadChange> {
        match change {
            Change::Inline { holder, name, document } => {
                let group = group_of(holder);
                let called =
                    group.as_ref().map_or_else(|| name.clone(), |(_, group)| format!("{group}/{name}"));
                let policy = document.as_ref().map(|text| parsed(&called, PolicyKind::Identity, text));
                self.set(holder, group, What::Inline(name.as_str().into()), policy.as_ref(), touched)
            }
            Change::Attached { holder, policy, is_attached } => {
                let (arn, held) = self.managed(policy);
                let held = is_attached.then_some(&held);
                self.set(holder, group_of(holder), What::Attached(arn), held, touched)
            }
            Change::Boundary { identity, policy } => {
                let number = self.identity(identity)?;
                let policy = policy.as_ref().map(|policy| self.managed(policy));
                if let Some(identity) = self.identities.at_mut(number) {
                    identity.bind(policy);
                }
                touched.identities.insert(number);
                Ok(())
            }
            Change::Managed { policy, document } => {
                self.rewrite(policy, document.as_deref(), touched);
                Ok(())
            }
            Change::Resource { resource, document } => {
                let Some(guarded) = self.guarded.get_mut(resource) else {
                    return Err(BadChange::Resource(resource.clone()));
                };
                let policy = document.as_ref().map_or(Layer::None, |text| {
                    Layer::Policies(vec![parsed(guarded.name, PolicyKind::Resource, text)])
                });
                guarded.set_policy(policy);
                Ok(())
            }
            Change::Bucket { resource, document, settings } => {
                let Some(guarded) = self.guarded.get_mut(resource).filter(|one| one.is_bucket) else {
                    return Err(BadChange::Resource(resource.clone()));
                };
                guarded.bucket = (**settings).clone();
                guarded.block();
                let (resource, document) = (resource.clone(), document.clone());
                self.change(&Change::Resource { resource, document }, touched)
            }
            Change::Control { control, policy, target, document } => {
                self.steer(*control, policy, target.as_deref(), document.as_deref(), touched)
            }
        }
    }

    fn identity(&self, arn: &str) -> Result<u32, BadChange> {
        self.identities.number(arn).ok_or_else(|| BadChange::Holder(arn.to_owned()))
    }

    /// The ARN of a managed policy as it is kept, and the policy.
    fn managed(&mut self, arn: &str) -> (Arc<str>, Held) {
        if let Some((arn, held)) = self.managed.get_key_value(arn) {
            return (Arc::clone(arn), held.clone());
        }
        let (key, held) = (Arc::from(arn), unread(arn));
        self.managed.insert(Arc::clone(&key), held.clone());
        (key, held)
    }

    /// Puts a policy in its place with a user, a role, or a group and all of its members.
    fn set(
        &mut self,
        holder: &str,
        group: Option<(String, String)>,
        what: What,
        policy: Option<&Held>,
        touched: &mut Touched,
    ) -> Result<(), BadChange> {
        let Some(key) = group else {
            let number = self.identity(holder)?;
            if let Some(identity) = self.identities.at_mut(number) {
                identity.change(|places, own| {
                    places.set(own, &Place { group: None, what: what.clone() }, policy);
                });
            }
            touched.identities.insert(number);
            return Ok(());
        };
        let Some(known) = Arc::make_mut(&mut self.groups).get_mut(&key) else {
            return Err(BadChange::Holder(holder.to_owned()));
        };
        known.places.set(&mut known.policies, &Place { group: None, what: what.clone() }, policy);
        let place = Place { group: Some(Arc::clone(&known.name)), what };
        for number in known.members.clone() {
            if let Some(identity) = self.identities.at_mut(number) {
                identity.change(|places, own| places.set(own, &place, policy));
            }
            touched.identities.insert(number);
        }
        Ok(())
    }

    /// Puts another text in the place of a managed policy, with all who have it.
    fn rewrite(&mut self, policy: &str, document: Option<&str>, touched: &mut Touched) {
        let name = policy.rsplit('/').next().unwrap_or_default();
        let held = document.map_or_else(|| unread(policy), |text| parsed(name, PolicyKind::Identity, text));
        let (arn, _) = self.managed(policy);
        self.managed.insert(Arc::clone(&arn), held.clone());
        let what = What::Attached(arn);
        let has = |group: &Group| group.places.has(&what);
        if self.groups.values().any(has) {
            for group in Arc::make_mut(&mut self.groups).values_mut() {
                group.places.replace(&mut group.policies, &what, &held);
            }
        }
        let has = |identity: &Identity| {
            let What::Attached(arn) = &what else { return false };
            identity.places.has(&what) || identity.bound_by.as_ref() == Some(arn)
        };
        let those: Vec<u32> = (0..)
            .zip(self.identities.values())
            .filter(|(_, one)| has(one))
            .map(|(number, _)| number)
            .collect();
        for number in those {
            let Some(identity) = self.identities.at_mut(number) else { continue };
            identity.change(|places, own| places.replace(own, &what, &held));
            if let (Some(bound), What::Attached(arn)) = (&identity.bound_by, &what)
                && bound == arn
            {
                identity.boundary = Layer::Policies(vec![held.clone()]);
            }
            touched.identities.insert(number);
        }
    }

    /// Changes a policy of the organisation, and the ways to the accounts that it binds.
    fn steer(
        &mut self,
        control: Control,
        policy: &str,
        target: Option<&str>,
        document: Option<&str>,
        touched: &mut Touched,
    ) -> Result<(), BadChange> {
        if let Some(target) = target.filter(|target| !self.tree.knows(target)) {
            return Err(BadChange::Target(target.to_owned()));
        }
        if !Arc::make_mut(&mut self.tree).write(control, policy, target, document) {
            return Err(BadChange::Control { control: control.word(), policy: policy.to_owned() });
        }
        let ids: Vec<String> = self.accounts.keys().cloned().collect();
        for (number, id) in (0..).zip(ids) {
            let path = self.tree.path(control, &id);
            let Some(known) = self.accounts.at(number) else { continue };
            let was = if control == Control::Service { &known.scps } else { &known.rcps };
            if *was == path {
                continue;
            }
            let Some(account) = self.accounts.at_mut(number) else { continue };
            match control {
                Control::Service => {
                    account.scps = path;
                    touched.scps = true;
                }
                Control::Resource => account.rcps = path,
            }
        }
        Ok(())
    }
}

impl Identity {
    /// Changes which policies it has.
    fn change(&mut self, change: impl FnOnce(&mut Places, &mut Vec<Held>)) {
        if let Layer::Policies(policies) = &mut self.policies {
            change(&mut self.places, policies);
        }
    }

    /// Sets its boundary.
    pub(super) fn bind(&mut self, policy: Option<(Arc<str>, Held)>) {
        match policy {
            None => (self.bound_by, self.boundary) = (None, Layer::None),
            Some((arn, held)) => {
                (self.bound_by, self.boundary) = (Some(arn), Layer::Policies(vec![held]));
            }
        }
    }
}

/// What stands for a managed policy whose text is not there.
pub(super) fn unread(arn: &str) -> Held {
    not_read(arn, "is a managed policy whose text the scan did not read")
}

/// The account and the name of a group, by its ARN.
pub(super) fn group_of(arn: &str) -> Option<(String, String)> {
    let mut segments = arn.splitn(6, ':').skip(4);
    let (account, rest) = (segments.next()?, segments.next()?);
    let name = rest.strip_prefix("group/")?.rsplit('/').next()?;
    Some((account.to_owned(), name.to_owned()))
}
