//! The reference evaluator: one request at a time, every layer asked, literal and driven by tables.
//!
//! Read [`evaluate`] first, then `table`, which says what must allow beside the policy of a resource.

mod kms;
mod names;
mod organisation;
mod s3;
mod said;
mod service;
mod table;
pub(crate) mod tables;

use std::collections::BTreeSet;

use names::Caller;
pub(crate) use organisation::is_linked_role;
pub use s3::confines;
use said::{Hit, Said};
use service::Rule;
use table::Own;

use crate::{
    layers::{Layer, Layers},
    policy::{Effect, PrincipalElement},
    request::{self, Principal, Request},
    steps::Steps,
    truth::Truth,
    verdict::{Decision, LayerName, LayerSays, LayerVerdict, Reason, Verdict},
};

/// Says what becomes of a request, and why.
///
/// Conditions are combined as they stand: that one of two holds in any case (a key is `a`, a key is not `a`) is not
/// seen, and the answer is [`Decision::OnlyIf`] with both.
pub fn evaluate(request: &Request, layers: &Layers) -> Verdict {
    let context = request::context(request);
    let caller = Caller {
        request,
        context: &context,
        has_boundary: has_boundary(&layers.boundary),
        endpoint: layers.endpoint_type,
        steps: &Steps::new(),
    };
    let heard = Hearing::of(&caller, layers);
    heard.verdict(request, layers, &caller)
}

/// Whether a statement with this `Principal` or `NotPrincipal` is about who asks, who has no permissions boundary.
pub fn is_about(element: &PrincipalElement, effect: Effect, request: &Request) -> Truth {
    tables::means(request, Truth::No, element, effect)
}

fn has_boundary(boundary: &Layer) -> Truth {
    match boundary {
        Layer::None => Truth::No,
        Layer::NotRead => Truth::Unknown,
        Layer::Policies(_) => Truth::Yes,
    }
}

/// What all layers say.
struct Hearing {
    identity: Said,
    boundary: Said,
    session: Said,
    resource: Said,
    scps: Vec<Said>,
    rcps: Vec<Said>,
    endpoint: Said,
    grants: Said,
    acls: Said,
    /// S3 does not honour the bucket's policy for this caller.
    restricted: bool,
}

impl Hearing {
    fn of(caller: &Caller<'_>, layers: &Layers) -> Self {
        let request = caller.request;
        // The root user has no policies of its own, and neither has who belongs to no account.
        let has_own = request.principal.owned().is_some() && !matches!(request.principal, Principal::Root(_));
        let own = |layer, content: &Layer| {
            if has_own { Said::of(caller, layer, content, false) } else { Said::nothing(layer) }
        };
        let mut resource = if service::asks_resource_policy(request) {
            Said::of(caller, LayerName::ResourcePolicy, &layers.resource, true)
        } else {
            Said::nothing(LayerName::ResourcePolicy)
        };
        let restricted = s3::restrict(caller, &layers.bucket, &layers.resource, &mut resource);
        s3::let_root_in(request, &mut resource);
        Self {
            identity: own(LayerName::IdentityPolicies, &layers.identity),
            boundary: own(LayerName::PermissionBoundaries, &layers.boundary),
            session: own(LayerName::SessionPolicy, &layers.session),
            resource,
            scps: organisation::scps(caller, &layers.scps),
            rcps: organisation::rcps(caller, &layers.rcps),
            endpoint: Said::of(caller, LayerName::VpcEndpointPolicies, &layers.endpoint, true),
            grants: kms::grants(caller, &layers.grants),
            acls: s3::acls(caller, &layers.bucket),
            restricted,
        }
    }

    /// All layers in the order of the batch interface.
    fn all(&self) -> impl Iterator<Item = &Said> {
        [&self.identity, &self.boundary, &self.session, &self.resource]
            .into_iter()
            .chain(&self.scps)
            .chain(&self.rcps)
            .chain([&self.endpoint, &self.grants, &self.acls])
    }

    /// What the caller's own layers say.
    fn own(&self, principal: &Principal) -> Own {
        let limit = |said: &Said| if said.applies { said.allow } else { Truth::Yes };
        let identity = if matches!(principal, Principal::Root(_)) { Truth::Yes } else { self.identity.allow };
        let session = match principal {
            // Without a session policy, a federated user has none of the user's rights.
            Principal::FederatedUser(_) if !self.session.applies => Truth::No,
            _ => limit(&self.session),
        };
        Own { identity, boundary: limit(&self.boundary), session }
    }

    /// Whether those who must agree by the tables do, and what had to be known for that.
    fn granted(&self, caller: &Caller<'_>, layers: &Layers, own: Own) -> (Truth, Option<&'static str>) {
        let request = caller.request;
        if let Some(what) = service::unnamed(request) {
            return (Truth::Unknown, Some(what));
        }
        let (granted, unknown) = self.granted_by_account(caller, layers, own);
        match service::unsaid(request) {
            Some(what) if granted != Truth::No => (Truth::Unknown, Some(what)),
            _ => (granted, unknown),
        }
    }

    /// The tables' answer for the account that owns the resource.
    fn granted_by_account(
        &self,
        caller: &Caller<'_>,
        layers: &Layers,
        own: Own,
    ) -> (Truth, Option<&'static str>) {
        let request = caller.request;
        let sources = [&self.resource, &self.grants, &self.acls];
        let Some(owned) = request.principal.owned() else { return (table::outsider(&sources), None) };
        let must = resource_must_allow(request);
        let same = || table::same_account(&request.principal, own, &sources, must);
        let cross = || match service::within_account(request) {
            Some(_) => Truth::No,
            None => table::cross_account(own, &sources),
        };
        let account = match s3::foreign_owner(caller, &layers.bucket) {
            Some(owner) => Some(owner.to_owned()),
            None => request.resource_account(),
        };
        match account {
            _ if service::is_of_aws(request) => (same(), None),
            Some(account) if account == owned.account => (same(), None),
            Some(_) => (cross(), None),
            None => {
                let (same, cross) = (same(), cross());
                if same == cross {
                    (same, None)
                } else {
                    (Truth::Unknown, Some("resource.account is not given"))
                }
            }
        }
    }

    fn verdict(&self, request: &Request, layers: &Layers, caller: &Caller<'_>) -> Verdict {
        let own = self.own(&request.principal);
        let (granted, unknown) = self.granted(caller, layers, own);
        let limits = Truth::all(self.scps.iter().chain(&self.rcps).map(|said| said.allow))
            .and(if self.endpoint.applies { self.endpoint.allow } else { Truth::Yes });
        let deny = Truth::any(self.all().map(|said| said.deny));
        let rule = service::rule(request);
        let permitted = granted.and(limits).and(deny.negate());
        let decision = match (rule, deny, permitted) {
            (Some(Rule::Always(_)), _, _) => Decision::Allowed,
            (_, Truth::Yes, _) => Decision::ExplicitlyDenied,
            (Some(Rule::Never(_)), _, _) | (_, _, Truth::No) => Decision::ImplicitlyDenied,
            (_, _, Truth::Yes) => Decision::Allowed,
            (_, _, Truth::OnlyIf) => Decision::OnlyIf,
            (_, _, Truth::Unknown) => Decision::Unknown,
        };
        let mut verdict = Verdict {
            decision,
            because: self.because(decision, rule),
            conditions: Vec::new(),
            missing_keys: Vec::new(),
            blocked_by: Vec::new(),
            layers: self.layers(rule),
            unknown: Vec::new(),
            faults: self.all().flat_map(|said| said.faults.iter().cloned()).collect(),
        };
        if matches!(decision, Decision::OnlyIf | Decision::Unknown) {
            self.conditions(&mut verdict);
        }
        if decision == Decision::Unknown {
            verdict.unknown = self.unknown();
            verdict.unknown.extend(unknown.map(str::to_owned));
        }
        if decision == Decision::ImplicitlyDenied {
            verdict.blocked_by = self.blocked_by(request, own, granted, rule);
        }
        verdict
    }

    fn because(&self, decision: Decision, rule: Option<Rule>) -> Vec<Reason> {
        let by_service = |effect, policy: &str| Reason {
            layer: LayerName::Service,
            level: None,
            policy: policy.to_owned(),
            statement: None,
            sid: None,
            effect,
        };
        match rule {
            Some(Rule::Always(why)) => return vec![by_service(Effect::Allow, why)],
            Some(Rule::Never(why)) if decision == Decision::ImplicitlyDenied => {
                return vec![by_service(Effect::Deny, why)];
            }
            _ => {}
        }
        let counts = |hit: &&Hit| match decision {
            Decision::Allowed => hit.truth == Truth::Yes && hit.reason.effect == Effect::Allow,
            Decision::ExplicitlyDenied => hit.truth == Truth::Yes && hit.reason.effect == Effect::Deny,
            // What is missing decided; it is under `blocked_by`.
            Decision::ImplicitlyDenied => false,
            Decision::OnlyIf | Decision::Unknown => true,
        };
        self.all().flat_map(|said| &said.hits).filter(counts).map(|hit| hit.reason.clone()).collect()
    }

    fn conditions(&self, verdict: &mut Verdict) {
        let mut missing = BTreeSet::new();
        for hit in self.all().flat_map(|said| &said.hits).filter(|hit| hit.truth == Truth::OnlyIf) {
            verdict.conditions.extend(hit.conditions.iter().cloned());
            missing.extend(hit.missing.iter().cloned());
        }
        verdict.missing_keys = missing.into_iter().collect();
    }

    fn unknown(&self) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        for said in self.all() {
            let name = serde_json::to_value(said.layer).ok();
            let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
            for what in &said.unknown {
                let line = format!("{name}: {what}");
                if !told.contains(&line) {
                    told.push(line);
                }
            }
        }
        told
    }

    fn layers(&self, rule: Option<Rule>) -> Vec<LayerVerdict> {
        let mut layers: Vec<LayerVerdict> = self
            .all()
            .map(|said| LayerVerdict {
                layer: said.layer,
                level: said.level.clone(),
                verdict: said.verdict(),
            })
            .collect();
        for (missing, layer) in
            [(self.scps.is_empty(), LayerName::Scps), (self.rcps.is_empty(), LayerName::Rcps)]
        {
            if missing {
                layers.push(LayerVerdict { layer, level: None, verdict: LayerSays::NotApplicable });
            }
        }
        if let Some(rule) = rule {
            let verdict = match rule {
                Rule::Always(_) => LayerSays::Allowed,
                Rule::Never(_) => LayerSays::ImplicitlyDenied,
            };
            layers.push(LayerVerdict { layer: LayerName::Service, level: None, verdict });
        }
        layers.sort_by_key(|said| said.layer);
        layers
    }

    /// The layers whose consent is needed and missing.
    fn blocked_by(&self, request: &Request, own: Own, granted: Truth, rule: Option<Rule>) -> Vec<LayerName> {
        if matches!(rule, Some(Rule::Never(_))) {
            return vec![LayerName::Service];
        }
        let mut blocked = BTreeSet::new();
        let limits = self.scps.iter().chain([&self.endpoint]);
        blocked.extend(limits.filter(|said| said.applies && said.allow == Truth::No).map(|said| said.layer));
        if granted == Truth::No {
            let has_account = request.principal.owned().is_some();
            let own = [
                (own.identity, LayerName::IdentityPolicies),
                (own.boundary, LayerName::PermissionBoundaries),
                (own.session, LayerName::SessionPolicy),
            ];
            blocked.extend(
                own.into_iter().filter(|(says, _)| has_account && *says == Truth::No).map(|(_, layer)| layer),
            );
            let same =
                request.principal.owned().map(|owned| owned.account.clone()) == request.resource_account();
            let needed = !has_account || !same || resource_must_allow(request);
            let resource_side = [&self.resource, &self.grants, &self.acls];
            if needed && resource_side.iter().all(|said| said.allow == Truth::No) {
                blocked.insert(LayerName::ResourcePolicy);
            }
            if self.restricted {
                blocked.insert(LayerName::S3);
            }
        }
        blocked.into_iter().collect()
    }
}

/// Whether identity policies alone are never enough: role trust and KMS keys.
fn resource_must_allow(request: &Request) -> bool {
    kms::is_key(request) || service::is_trust(request)
}
