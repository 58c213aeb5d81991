//! One question, asked as if something else were so: what an intruder could bring about before asking.

use std::{collections::BTreeSet, sync::Arc};

use super::{Organisation, Target};
use crate::{
    context::Context,
    evaluate::evaluate,
    layers::{Held, Layer},
    policy::{Named, Policy, PolicyKind},
    verdict::Verdict,
};

/// What is taken for so beside what the scan found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suppose {
    /// Identity policies that the asker has beside its own.
    pub policies: Vec<Held>,
    /// The asker has no permissions boundary.
    pub unbound: bool,
    /// The policy of the resource, in the place of its own.
    pub resource: Option<Held>,
    /// The resource is not there yet, so nothing guards it.
    pub is_new: bool,
}

impl Suppose {
    /// A policy that allows everything, as somebody would give itself who may write its own.
    ///
    /// # Errors
    /// Never, but that a policy is read.
    pub fn everything(name: &str) -> Result<Held, String> {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        read(name, PolicyKind::Identity, text)
    }

    /// A trust policy that lets one principal assume the role.
    ///
    /// # Errors
    /// Where the principal is none that a policy can name.
    pub fn trust_in(principal: &str) -> Result<Held, String> {
        let statement = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}],
        });
        read("the changed trust policy", PolicyKind::Resource, &statement.to_string())
    }
}

fn read(name: &str, kind: PolicyKind, text: &str) -> Result<Held, String> {
    let policy = Policy::parse(name, kind, text).map_err(|bad| bad.to_string())?;
    Ok(Held::Read(Arc::new(policy)))
}

impl Organisation {
    /// Decides one request as if that were so.
    ///
    /// # Errors
    /// When principal, action or resource are not of their form; the error names which.
    pub fn ask_supposing(
        &self,
        principal: &str,
        action: &str,
        target: &Target,
        context: Context,
        suppose: &Suppose,
    ) -> Result<Verdict, String> {
        let guard = self.guard(target);
        let request = self.request(principal, action, target, &guard, context)?;
        let mut layers = self.layers(&request, &guard);
        if let Layer::Policies(held) = &mut layers.identity {
            held.extend(suppose.policies.iter().cloned());
        }
        if suppose.unbound {
            layers.boundary = Layer::None;
        }
        if suppose.is_new {
            layers.resource = Layer::None;
        }
        if let Some(policy) = &suppose.resource {
            layers.resource = Layer::Policies(vec![policy.clone()]);
        }
        Ok(evaluate(&request, &layers))
    }

    /// The policies of a group, by the account and the group's name.
    pub fn group(&self, account: &str, name: &str) -> Option<&[Held]> {
        let group = self.groups.get(&(account.to_owned(), name.to_owned()))?;
        Some(&group.policies)
    }

    /// Whether a user or a role has a permissions boundary, or may have one that was not read.
    pub fn is_bounded(&self, principal: &str) -> bool {
        self.identities.get(principal).is_some_and(|identity| identity.boundary != Layer::None)
    }

    /// Whether the policy that a resource keeps lets in a service by its name; also where it was not read.
    pub fn names_service(&self, target: &Target, service: &str) -> bool {
        let guard = self.guard(target);
        let is_named = |one: &Named| matches!(one, Named::Service(name) if name == "*" || name == service);
        match &guard.policy {
            Layer::NotRead => true,
            Layer::None => false,
            Layer::Policies(held) => {
                held.iter().any(|held| matches!(held, Held::Bad(_)))
                    || super::who::named(&guard).iter().any(|one| *one == Named::Everyone || is_named(one))
            }
        }
    }

    /// The users and roles of an account that the policy of a resource names, by ARN.
    pub fn named_of(&self, target: &Target, account: &str) -> Vec<String> {
        let mut found = Vec::new();
        for named in super::who::named(&self.guard(target)) {
            if let Named::User(arn) | Named::Role(arn) = named
                && arn.split(':').nth(4) == Some(account)
                && !found.contains(&arn)
            {
                found.push(arn);
            }
        }
        found
    }

    /// The accounts whose principals the policy of a resource may let in; `*` where that may be any, also where the policy was
    /// not read.
    pub fn accounts_named(&self, target: &Target) -> BTreeSet<String> {
        let guard = self.guard(target);
        let is_read = match &guard.policy {
            Layer::None => true,
            Layer::NotRead => false,
            Layer::Policies(held) => held.iter().all(|held| matches!(held, Held::Read(_))),
        };
        let any = (!is_read).then(|| "*".to_owned());
        let named = super::who::named(&guard).into_iter().filter_map(|named| match named {
            Named::Everyone => Some("*".to_owned()),
            Named::Account(account) => Some(account),
            Named::User(arn) | Named::Role(arn) | Named::Session(arn) | Named::FederatedUser(arn) => {
                arn.split(':').nth(4).map(str::to_owned)
            }
            Named::Service(_) | Named::Federated(_) | Named::UniqueId(_) | Named::CanonicalUser(_) => None,
        });
        named.chain(any).collect()
    }

    /// The policy that a user or a role holds under this name; several where two are called so.
    pub fn held<'a>(&'a self, principal: &str, name: &'a str) -> impl Iterator<Item = &'a Arc<Policy>> + 'a {
        let policies = self.identities.get(principal).map(|identity| &identity.policies);
        read_of(policies).filter(move |policy| policy.name == name)
    }

    /// The policy that a resource keeps.
    pub fn kept(&self, target: &Target) -> Option<Arc<Policy>> {
        let guard = self.guard(target);
        read_of(Some(&guard.policy)).next().map(Arc::clone)
    }

    /// The same organisation with another policy in the place of one, with everybody and everything that has it.
    #[must_use]
    pub fn with_policy(&self, old: &Arc<Policy>, new: &Arc<Policy>) -> Self {
        let mut changed = self.clone();
        let has = |layer: &Layer| read_of(Some(layer)).any(|policy| Arc::ptr_eq(policy, old));
        let change = |layer: &mut Layer| {
            let Layer::Policies(held) = layer else { return };
            for one in held {
                if matches!(one, Held::Read(policy) if Arc::ptr_eq(policy, old)) {
                    *one = Held::Read(Arc::clone(new));
                }
            }
        };
        let numbered = (0..).zip(self.identities.iter());
        let holders =
            numbered.filter(|(_, (_, identity))| has(&identity.policies) || has(&identity.boundary));
        for (number, _) in holders {
            if let Some(identity) = changed.identities.at_mut(number) {
                change(&mut identity.policies);
                change(&mut identity.boundary);
            }
        }
        for (uid, _) in self.guarded.iter().filter(|(_, guarded)| has(&guarded.policy)) {
            if let Some(guarded) = changed.guarded.get_mut(uid) {
                change(&mut guarded.policy);
            }
        }
        changed
    }
}

/// The policies of a layer that could be read.
fn read_of(layer: Option<&Layer>) -> impl Iterator<Item = &Arc<Policy>> {
    let held = match layer {
        Some(Layer::Policies(held)) => held.as_slice(),
        Some(Layer::None | Layer::NotRead) | None => &[],
    };
    held.iter().filter_map(|held| match held {
        Held::Read(policy) => Some(policy),
        Held::Bad(_) => None,
    })
}
