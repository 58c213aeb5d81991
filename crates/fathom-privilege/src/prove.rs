//! That a proposal allows what was used, and nothing that is not granted.

use std::collections::BTreeSet;

use fathom_catalogue::{Action, Catalogue};
use fathom_compare::Answer;
use fathom_iam::{
    Policy, PolicyKind, Template,
    policy::{Effect, Statement},
    verdict::LayerSays,
};
use serde::Serialize;

use crate::{
    ask::{has_variable, says},
    propose::{Keep, UsedOn},
};

/// The most examples that one use without an ARN is asked for.
const EXAMPLES_MAX: usize = 50;

/// One used action on one resource, as the evaluator answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Asked {
    /// The action.
    pub action: String,
    /// The resource: as an event named it, or one that a granting statement holds.
    pub resource: String,
}

/// What was asked of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proof {
    /// How many used actions, each on a resource, were asked of the evaluator and are allowed as they were.
    pub allowed: usize,
    /// Those that what is granted allows and the proposal does not; an error where there is any.
    pub lost: Vec<Asked>,
    /// Used, though the identity policies that were read do not allow it: by the policy of a resource, or by policies that
    /// have changed since or were not read.
    pub not_granted: Vec<Asked>,
    /// Whether the proposal allows anything that is not granted.
    pub wider: Answer,
}

/// Asks the evaluator about everything used, and `fathom-compare` whether a proposal is wider than what is granted.
pub fn prove(
    principal: &str,
    granted: &[Policy],
    proposal: &Policy,
    keep: &Keep,
    catalogue: &Catalogue,
) -> Proof {
    let proposed = std::slice::from_ref(proposal);
    let mut proof = Proof {
        allowed: 0,
        lost: Vec::new(),
        not_granted: Vec::new(),
        wider: fathom_compare::wider(PolicyKind::Identity, granted, proposed),
    };
    for (id, used) in &keep.used {
        let Some(action) = catalogue.get(*id) else { continue };
        for (resource, examples) in resources(action, used, granted, catalogue) {
            let mut is_granted = false;
            for example in examples {
                let before = says(principal, action.name(), &example, granted);
                if !matches!(before, LayerSays::Allowed | LayerSays::OnlyIf) {
                    continue;
                }
                is_granted = true;
                let after = says(principal, action.name(), &example, proposed);
                if after == before || after == LayerSays::Allowed {
                    proof.allowed += 1;
                } else {
                    proof.lost.push(Asked { action: action.name().to_owned(), resource: example });
                }
            }
            if !is_granted {
                proof.not_granted.push(Asked { action: action.name().to_owned(), resource });
            }
        }
    }
    proof
}

/// What a use is asked of: the ARN of the event, or of what is not named so, examples that granting statements hold.
fn resources(
    action: Action<'_>,
    used: &UsedOn,
    granted: &[Policy],
    catalogue: &Catalogue,
) -> Vec<(String, BTreeSet<String>)> {
    let patterns = || granting(action, granted, catalogue);
    let mut all: Vec<(String, BTreeSet<String>)> = used
        .resources
        .iter()
        .map(|arn| match arn.strip_suffix('*') {
            None => (arn.clone(), BTreeSet::from([arn.clone()])),
            Some(stem) => {
                let mut examples = BTreeSet::from([format!("{stem}example")]);
                let within = patterns().filter(|pattern| pattern.starts_with(stem));
                examples.extend(within.map(example).take(EXAMPLES_MAX));
                (arn.clone(), examples)
            }
        })
        .collect();
    if used.elsewhere || used.resources.is_empty() {
        let mut examples = BTreeSet::from(["*".to_owned()]);
        examples.extend(patterns().map(example).take(EXAMPLES_MAX));
        examples.extend(forms(action).take(EXAMPLES_MAX));
        all.push(("*".to_owned(), examples));
    }
    all
}

/// The patterns of the resources of statements that allow an action, but for those with variables.
fn granting<'a>(
    action: Action<'a>,
    granted: &'a [Policy],
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a str> {
    let names = move |statement: &&Statement| {
        let matches = |pattern: &String| catalogue.actions_matching(pattern).contains(&action.id());
        statement.effect == Effect::Allow
            && statement.action.patterns.iter().any(matches) != statement.action.negated
    };
    let statements = granted.iter().flat_map(|policy| &policy.statements).filter(names);
    let elements =
        statements.filter_map(|statement| statement.resource.as_ref()).filter(|element| !element.negated);
    let patterns = elements.flat_map(|element| &element.patterns);
    patterns.filter(|pattern| !has_variable(pattern)).map(Template::written)
}

/// An ARN that a pattern holds; `*` of everything.
fn example(pattern: &str) -> String {
    if pattern == "*" { pattern.to_owned() } else { pattern.replace(['*', '?'], "x") }
}

/// ARNs of the resource types of an action.
fn forms(action: Action<'_>) -> impl Iterator<Item = String> {
    let types: Vec<_> = action.resources().map(|resource| resource.resource_type).collect();
    types.into_iter().flat_map(|one| one.arns().map(filled).collect::<Vec<String>>())
}

fn filled(form: &str) -> String {
    let mut out = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(match name {
            "Partition" => "aws",
            "Account" => "111122223333",
            "Region" => "us-east-1",
            _ => "x",
        });
        rest = behind;
    }
    out.push_str(rest);
    out.replace('*', "x")
}
