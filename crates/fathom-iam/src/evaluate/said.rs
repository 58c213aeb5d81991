//! What the policies of one layer say to a request.

use super::names::{Caller, Kind};
use crate::{
    layers::{Held, Layer},
    limits::STEPS_MAX,
    pattern,
    policy::{Effect, Fault, Policy, Statement},
    truth::Truth,
    verdict::{Condition, LayerName, LayerSays, Reason},
};

/// What the policies of one layer, or of one level, say together.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) layer: LayerName,
    pub(super) level: Option<String>,
    /// Whether the layer has a say at all.
    pub(super) applies: bool,
    pub(super) allow: Truth,
    pub(super) deny: Truth,
    /// In policies of resources: how the caller is named by what allows.
    pub(super) grants: Vec<(Kind, Truth)>,
    pub(super) hits: Vec<Hit>,
    pub(super) unknown: Vec<String>,
    pub(super) faults: Vec<Fault>,
}

/// A statement that matches, or may.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) reason: Reason,
    pub(super) truth: Truth,
    pub(super) conditions: Vec<Condition>,
    pub(super) missing: Vec<String>,
}

impl Said {
    /// A layer without a say.
    pub(super) fn nothing(layer: LayerName) -> Self {
        Self {
            layer,
            level: None,
            applies: false,
            allow: Truth::No,
            deny: Truth::No,
            grants: Vec::new(),
            hits: Vec::new(),
            unknown: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// A layer that was not read.
    pub(super) fn not_read(layer: LayerName, what: &str) -> Self {
        Self {
            applies: true,
            allow: Truth::Unknown,
            deny: Truth::Unknown,
            unknown: vec![format!("{what} were not read")],
            ..Self::nothing(layer)
        }
    }

    /// What a layer says, where it binds the caller.
    pub(super) fn of(caller: &Caller<'_>, layer: LayerName, content: &Layer, about_principals: bool) -> Self {
        match content {
            Layer::None => Self::nothing(layer),
            Layer::NotRead => Self {
                // How an unread policy of a resource would name the caller is not known either.
                grants: if about_principals { vec![(Kind::Star, Truth::Unknown)] } else { Vec::new() },
                ..Self::not_read(layer, "its policies")
            },
            Layer::Policies(policies) => Self::of_policies(caller, layer, None, policies, about_principals),
        }
    }

    pub(super) fn of_policies(
        caller: &Caller<'_>,
        layer: LayerName,
        level: Option<&str>,
        policies: &[Held],
        about_principals: bool,
    ) -> Self {
        let mut said = Self { applies: true, level: level.map(str::to_owned), ..Self::nothing(layer) };
        for held in policies {
            match held {
                Held::Read(policy) => said.hear(caller, policy, about_principals),
                Held::Bad(bad) => {
                    said.allow = said.allow.or(Truth::Unknown);
                    said.deny = said.deny.or(Truth::Unknown);
                    said.grants.push((Kind::Star, Truth::Unknown));
                    said.unknown.push(format!("policy `{}` could not be read", bad.policy));
                    said.faults.extend(bad.faults.iter().cloned());
                }
            }
        }
        said
    }

    fn hear(&mut self, caller: &Caller<'_>, policy: &Policy, about_principals: bool) {
        for statement in &policy.statements {
            let mut heard = Heard::new(self.layer, policy, statement);
            heard.action(caller);
            // What does not speak of the action says nothing, whatever else stands there.
            if heard.truth == Truth::No && !caller.steps.are_spent() {
                continue;
            }
            let kinds = if about_principals { heard.principal(caller) } else { Vec::new() };
            heard.resource(caller);
            heard.conditions(caller);
            if caller.steps.are_spent() {
                self.give_up();
                return;
            }
            let rest = heard.truth;
            let named = Truth::any(kinds.iter().map(|(_, truth)| *truth));
            let truth = if about_principals { rest.and(named) } else { rest };
            match statement.effect {
                Effect::Allow => {
                    self.allow = self.allow.or(truth);
                    self.grants.extend(kinds.iter().map(|(kind, named)| (*kind, rest.and(*named))));
                }
                Effect::Deny => self.deny = self.deny.or(truth),
            }
            if truth == Truth::No {
                continue;
            }
            self.unknown.append(&mut heard.unknown);
            self.hits.push(Hit {
                reason: Reason {
                    layer: self.layer,
                    level: self.level.clone(),
                    policy: policy.name.clone(),
                    statement: Some(statement.index),
                    sid: statement.sid.clone(),
                    effect: statement.effect,
                },
                truth,
                conditions: heard.conditions,
                missing: heard.missing,
            });
        }
    }

    /// What is left of the policies is not compared.
    fn give_up(&mut self) {
        self.allow = self.allow.or(Truth::Unknown);
        self.deny = self.deny.or(Truth::Unknown);
        self.grants.push((Kind::Star, Truth::Unknown));
        let told = format!("comparing takes more than {STEPS_MAX} steps");
        if !self.unknown.contains(&told) {
            self.unknown.push(told);
        }
    }

    /// How the caller is allowed by statements that name it in this way.
    pub(super) fn grants(&self, kind: Kind) -> Truth {
        Truth::any(self.grants.iter().filter(|(found, _)| *found == kind).map(|(_, truth)| *truth))
    }

    /// What it says on its own.
    pub(super) fn verdict(&self) -> LayerSays {
        if !self.applies {
            return LayerSays::NotApplicable;
        }
        match (self.deny, self.allow.and(self.deny.negate())) {
            (Truth::Yes, _) => LayerSays::ExplicitlyDenied,
            (_, Truth::Yes) => LayerSays::Allowed,
            (_, Truth::No) => LayerSays::ImplicitlyDenied,
            (_, Truth::OnlyIf) => LayerSays::OnlyIf,
            (_, Truth::Unknown) => LayerSays::Unknown,
        }
    }
}

/// A statement while it is compared with the request, part by part.
struct Heard<'a> {
    layer: LayerName,
    policy: &'a Policy,
    statement: &'a Statement,
    truth: Truth,
    conditions: Vec<Condition>,
    missing: Vec<String>,
    unknown: Vec<String>,
}

impl<'a> Heard<'a> {
    fn new(layer: LayerName, policy: &'a Policy, statement: &'a Statement) -> Self {
        Self {
            layer,
            policy,
            statement,
            truth: Truth::Yes,
            conditions: Vec::new(),
            missing: Vec::new(),
            unknown: Vec::new(),
        }
    }

    fn depends(&mut self, operator: &str, key: &str, values: Vec<String>) {
        self.conditions.push(Condition {
            layer: self.layer,
            policy: self.policy.name.clone(),
            statement: Some(self.statement.index),
            effect: self.statement.effect,
            operator: operator.to_owned(),
            key: key.to_owned(),
            values,
        });
    }

    fn principal(&mut self, caller: &Caller<'_>) -> Vec<(Kind, Truth)> {
        // A statement without a principal is about nobody.
        let Some(element) = &self.statement.principal else { return Vec::new() };
        let mut kinds = Vec::new();
        for found in caller.named(element, self.statement.effect) {
            let is_endpoint = self.layer == LayerName::VpcEndpointPolicies;
            let found = if is_endpoint { caller.through_endpoint(found) } else { Some(found) };
            let Some(found) = found else { continue };
            if !found.sessions.is_empty() {
                let operator = if element.negated { "NotPrincipal" } else { "Principal" };
                self.depends(operator, "session", found.sessions);
            }
            for what in found.unknown {
                self.unknown.push(format!("policy `{}`: {what}", self.policy.name));
            }
            kinds.push((found.kind, found.truth));
        }
        kinds
    }

    fn action(&mut self, caller: &Caller<'_>) {
        let element = &self.statement.action;
        let asked = &caller.request.action;
        let matches = element.patterns.iter().any(|pattern| pattern::action(pattern, asked, caller.steps));
        self.truth = self.truth.and((matches != element.negated).into());
    }

    fn resource(&mut self, caller: &Caller<'_>) {
        // A policy of a resource that names none is about that resource.
        let Some(element) = &self.statement.resource else { return };
        let mut matches = Truth::No;
        let mut depends = Vec::new();
        for template in &element.patterns {
            let (truth, missing) =
                pattern::resource(template, &caller.request.resource.arn, caller.context, caller.steps);
            matches = matches.or(truth);
            depends.extend(missing.map(|key| (key, template.written().to_owned())));
        }
        self.truth = self.truth.and(if element.negated { matches.negate() } else { matches });
        if matches == Truth::OnlyIf {
            let operator = if element.negated { "NotResource" } else { "Resource" };
            for (key, written) in depends {
                self.depends(operator, &key, vec![written]);
                self.missing.push(key);
            }
        }
    }

    fn conditions(&mut self, caller: &Caller<'_>) {
        for test in &self.statement.conditions {
            let (truth, missing) = test.holds(caller.context, caller.steps);
            self.truth = self.truth.and(truth);
            if truth == Truth::OnlyIf {
                let values = test.values.iter().map(|value| value.written().to_owned()).collect();
                self.depends(&test.operator.written, &test.key, values);
                self.missing.extend(missing);
            }
        }
    }
}
