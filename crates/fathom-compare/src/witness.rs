//! From the values of the axes to a request, which the evaluator decides again.

use std::{collections::BTreeMap, sync::Arc};

use fathom_iam::{
    Context, Layers, Policy, Principal, Request, Resource, Verdict, evaluate,
    layers::{Held, Layer},
    policy::Effect,
    verdict::{LayerName, LayerSays, Reason},
};

use crate::{
    answer::{Counterexample, Refusal, Shown},
    asked::Asked,
    axis::{Axis, Owner, Part, caller::Caller, resource},
};

/// The account of resources whose ARN names none: nobody's who asks.
const OWNER: &str = "555566667777";

/// A request that was found, with what of it the policies look at.
#[derive(Debug)]
pub(crate) struct Witness {
    request: Request,
    shown: Shown,
}

impl Witness {
    /// Puts the values together; none where an axis lacks one.
    pub(crate) fn of(asked: &Asked<'_>, axes: &[Axis], found: &[usize]) -> Option<Self> {
        let mut context = Context::new();
        context.set_complete(true);
        let (mut action, mut arn, mut caller): (_, _, Option<Caller>) = (None, None, None);
        let mut keys = BTreeMap::new();
        for (axis, at) in axes.iter().zip(found) {
            match &axis.atoms.get(*at)?.part {
                Part::Action(name) => action = Some(name.clone()),
                Part::Resource(named, owner) => {
                    arn = Some(named.clone());
                    let owner = match owner {
                        Owner::NotAsked => continue,
                        Owner::Absent => None,
                        Owner::Account(account) => Some(vec![account.clone()]),
                    };
                    keys.insert(resource::OWNER.to_owned(), owner);
                }
                Part::Caller(who) => caller = Some((**who).clone()),
                Part::Key(name, values) => {
                    keys.insert(name.clone(), values.clone());
                }
                Part::Nothing => {}
            }
        }
        let (action, arn, caller) = (action?, arn?, caller?);
        caller.tell(&mut context);
        for (name, values) in &keys {
            match values {
                Some(values) => context.set(name, values.clone()),
                None => context.set_absent(name),
            }
        }
        let tested = written_keys(asked);
        let mut shown = BTreeMap::new();
        for (name, written) in &tested {
            let of_caller = caller
                .keys
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone().map(|value| vec![value]));
            if let Some(values) = keys.get(name).cloned().or(of_caller) {
                shown.insert(written.clone(), values);
            }
        }
        let linked = tested.keys().any(|name| caller.keys.iter().any(|(key, _)| key == name));
        let principal = (asked.is_about_resource() || linked).then(|| called(&caller.principal));
        let account = owner_of(&arn);
        let of_token = matches!(caller.principal, Principal::FederatedUser(_)) && asked.is_about_resource();
        let federated_by = caller.federating_user.clone().filter(|_| of_token);
        let shown =
            Shown { principal, federated_by, action: action.clone(), resource: arn.clone(), context: shown };
        let request = Request {
            principal: caller.principal,
            action,
            resource: Resource { arn, account: Some(account) },
            context,
            federating_user: caller.federating_user,
        };
        Some(Self { request, shown })
    }

    /// Puts in a resource of the action's own service, where one satisfies the same.
    pub(crate) fn suit(&mut self, asked: &Asked<'_>, choice: &Context) {
        if let Some(arn) = resource::suited(asked, choice, &self.shown.resource, &self.shown.action) {
            self.shown.resource.clone_from(&arn);
            self.request.resource = Resource { account: Some(owner_of(&arn)), arn };
        }
    }

    /// Decides the request with each side.
    ///
    /// # Errors
    /// When the evaluator does not agree that the new side allows it and the old side does not; then what was found is
    /// wrong, and so is a part of this crate.
    pub(crate) fn check(
        self,
        asked: &Asked<'_>,
        old: &[Policy],
        new: &[Policy],
    ) -> Result<Counterexample, String> {
        let (new_says, _) = self.ask(asked, new);
        let (says, refuses) = self.ask(asked, old);
        if new_says != Some(LayerSays::Allowed)
            || !matches!(says, Some(LayerSays::ImplicitlyDenied | LayerSays::ExplicitlyDenied))
        {
            return Err(format!(
                "an error of this program: of {} on {} in {:?}, the evaluator says {new_says:?} for the new side and {says:?} \
                 for the old one",
                self.shown.action, self.shown.resource, self.shown.context
            ));
        }
        let of = |verdict: &Verdict, effect: Effect| -> Vec<Reason> {
            verdict
                .because
                .iter()
                .filter(|reason| reason.effect == effect && reason.layer == layer(asked))
                .cloned()
                .collect()
        };
        let refused = match says {
            Some(LayerSays::ExplicitlyDenied) => Refusal::Denied { by: of(&refuses, Effect::Deny) },
            _ => Refusal::NothingAllows,
        };
        let allowed_by = allowing(asked, &self.request, new);
        Ok(Counterexample { request: self.shown, allowed_by, refused })
    }

    fn ask(&self, asked: &Asked<'_>, policies: &[Policy]) -> (Option<LayerSays>, Verdict) {
        let verdict = decide(asked, &self.request, policies.iter());
        let says = verdict.layers.iter().find(|said| said.layer == layer(asked)).map(|said| said.verdict);
        (says, verdict)
    }
}

/// The account that an ARN names, else one of nobody who asks.
fn owner_of(arn: &str) -> String {
    arn.split(':').nth(4).filter(|account| !account.is_empty()).unwrap_or(OWNER).to_owned()
}

fn layer(asked: &Asked<'_>) -> LayerName {
    if asked.is_about_resource() { LayerName::ResourcePolicy } else { LayerName::IdentityPolicies }
}

fn decide<'a>(asked: &Asked<'_>, request: &Request, policies: impl Iterator<Item = &'a Policy>) -> Verdict {
    let held: Vec<Held> = policies.map(|policy| Held::Read(Arc::new(policy.clone()))).collect();
    let mut layers = Layers::default();
    if asked.is_about_resource() {
        layers.resource = Layer::Policies(held);
    } else {
        layers.identity = Layer::Policies(held);
    }
    evaluate(request, &layers)
}

/// The statements that allow a request, each asked alone: a verdict names them only where nothing else is missing.
fn allowing(asked: &Asked<'_>, request: &Request, policies: &[Policy]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for policy in policies {
        for statement in policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let alone = Policy { statements: vec![statement.clone()], ..policy.clone() };
            let verdict = decide(asked, request, [&alone].into_iter());
            let allows = |said: &&fathom_iam::verdict::LayerVerdict| {
                said.layer == layer(asked) && said.verdict == LayerSays::Allowed
            };
            if verdict.layers.iter().any(|said| allows(&said)) {
                reasons.push(Reason {
                    layer: layer(asked),
                    level: None,
                    policy: policy.name.clone(),
                    statement: Some(statement.index),
                    sid: statement.sid.clone(),
                    effect: Effect::Allow,
                });
            }
        }
    }
    reasons
}

/// The keys that the policies look at, by their name in lower case, as they write them.
fn written_keys(asked: &Asked<'_>) -> BTreeMap<String, String> {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for (_, test) in asked.tests() {
        keys.entry(test.key.to_ascii_lowercase()).or_insert_with(|| test.key.clone());
    }
    for name in asked.variables() {
        keys.entry(name.clone()).or_insert(name);
    }
    keys
}

/// What a principal is called.
fn called(principal: &Principal) -> String {
    match principal {
        Principal::Anonymous => "*".to_owned(),
        Principal::Service(name) | Principal::Federated(name) => name.clone(),
        other => other.owned().map(|owned| owned.arn.clone()).unwrap_or_default(),
    }
}
