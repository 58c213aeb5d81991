//! What identity policies say to one request, decided by the evaluator.

use std::sync::Arc;

use fathom_iam::{
    Context, Policy, Request, Resource, Template, evaluate,
    layers::{Held, Layer, Layers},
    parts::{Piece, pieces},
    policy::{Effect, Element, Statement, Version},
    verdict::{LayerName, LayerSays},
};

/// What some policies of a principal say together, whatever other layers say. Nothing is known of the context.
pub(crate) fn says(principal: &str, action: &str, arn: &str, policies: &[Policy]) -> LayerSays {
    let resource = Resource { arn: arn.to_owned(), account: None };
    let Ok(request) = Request::new(principal, action, resource, Context::new()) else {
        return LayerSays::Unknown;
    };
    let held = policies.iter().map(|policy| Held::Read(Arc::new(policy.clone()))).collect();
    let layers = Layers { identity: Layer::Policies(held), ..Layers::default() };
    let verdict = evaluate(&request, &layers);
    let own = verdict.layers.iter().find(|layer| layer.layer == LayerName::IdentityPolicies);
    own.map_or(LayerSays::Unknown, |layer| layer.verdict)
}

/// Whether the resources of a statement hold one, whatever its action and conditions are.
pub(crate) fn holds(principal: &str, action: &str, arn: &str, resource: &Element<Template>) -> bool {
    let statement = Statement {
        index: 0,
        sid: None,
        effect: Effect::Allow,
        principal: None,
        action: Element { negated: false, patterns: vec!["*".to_owned()] },
        resource: Some(resource.clone()),
        conditions: Vec::new(),
    };
    let policy =
        Policy { name: "resources".to_owned(), version: Version::V2012, statements: vec![statement] };
    says(principal, action, arn, std::slice::from_ref(&policy)) == LayerSays::Allowed
}

/// Whether a text has a policy variable.
pub(crate) fn has_variable(pattern: &Template) -> bool {
    pieces(pattern).any(|piece| matches!(piece, Piece::Variable { .. }))
}
