//! What a policy says of a request, as the evaluator has it.

use std::sync::Arc;

use fathom_compare::{Answer, Counterexample, Shown};
use fathom_iam::{
    Context, Layers, Policy, PolicyKind, Request, Resource, evaluate,
    layers::{Held, Layer},
    verdict::{LayerName, LayerSays},
};
use serde_json::Value;

pub(crate) fn policy(kind: PolicyKind, json: &Value) -> Policy {
    Policy::parse("p", kind, &json.to_string()).unwrap()
}

pub(crate) fn identity(json: &Value) -> Vec<Policy> {
    vec![policy(PolicyKind::Identity, json)]
}

pub(crate) fn resource(json: &Value) -> Vec<Policy> {
    vec![policy(PolicyKind::Resource, json)]
}

/// Whether policies alone allow a request.
pub(crate) fn allows(kind: PolicyKind, policies: &[Policy], request: &Request) -> bool {
    let held = policies.iter().map(|policy| Held::Read(Arc::new(policy.clone()))).collect();
    let mut layers = Layers::default();
    let layer = if kind == PolicyKind::Resource {
        layers.resource = Layer::Policies(held);
        LayerName::ResourcePolicy
    } else {
        layers.identity = Layer::Policies(held);
        LayerName::IdentityPolicies
    };
    let verdict = evaluate(request, &layers);
    let says = verdict.layers.iter().find(|said| said.layer == layer).unwrap().verdict;
    assert!(
        !matches!(says, LayerSays::OnlyIf | LayerSays::Unknown),
        "the request leaves something open: {request:?} {verdict:?}"
    );
    says == LayerSays::Allowed
}

/// The request that was shown, put together anew from what people see of it.
pub(crate) fn request(shown: &Shown) -> Request {
    let mut context = Context::new();
    context.set_complete(true);
    for (key, values) in &shown.context {
        match values {
            Some(values) => context.set(key, values.clone()),
            None => context.set_absent(key),
        }
    }
    let principal = shown.principal.as_deref().unwrap_or("arn:aws:iam::111122223333:user/example");
    let resource = Resource { arn: shown.resource.clone(), account: Some("555566667777".to_owned()) };
    let mut request = Request::new(principal, &shown.action, resource, context).unwrap();
    request.federating_user.clone_from(&shown.federated_by);
    request
}

/// The counterexample of an answer, which the evaluator must agree with.
#[track_caller]
pub(crate) fn wider(kind: PolicyKind, answer: Answer, old: &[Policy], new: &[Policy]) -> Counterexample {
    let Answer::Wider(found) = answer else { panic!("not wider: {answer:?}") };
    let request = request(&found.request);
    assert!(allows(kind, new, &request), "the new side does not allow {:?}", found.request);
    assert!(!allows(kind, old, &request), "the old side allows {:?}", found.request);
    assert!(!found.allowed_by.is_empty(), "no statement is named");
    *found
}
