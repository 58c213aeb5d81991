//! The policy that leaves what is used.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fathom_catalogue::{ActionId, Catalogue};
use fathom_iam::{
    Policy, PolicyKind,
    policy::{Effect, Statement},
};
use serde_json::{Value, json};

use crate::{
    PrivilegeError,
    granted::Granted,
    narrow::{Narrow, is_of_one_resource, narrow},
    write::{self, Part},
};

/// On what an action was used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsedOn {
    /// ARNs that fit the action; `…/*` for any object of a bucket.
    pub resources: BTreeSet<String>,
    /// Whether it was also used on something that no event names by an ARN.
    pub elsewhere: bool,
}

/// What a proposal has to keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep {
    /// What was used.
    pub used: BTreeMap<ActionId, UsedOn>,
    /// What is kept as it is granted, on all resources: what no log shows.
    pub as_granted: BTreeSet<ActionId>,
    /// Whether actions are kept that the catalogue does not know.
    pub not_known: bool,
}

/// A policy that leaves what is used.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its JSON, of version 2012-10-17; actions sorted.
    pub document: Value,
    /// The same, read back.
    pub policy: Policy,
}

impl Proposal {
    /// Its characters as AWS counts them: without white space.
    pub fn chars(&self) -> usize {
        self.document.to_string().chars().filter(|character| !character.is_whitespace()).count()
    }
}

/// The policy that leaves of some identity policies what is to be kept; none where nothing is left. Statements that deny
/// stay as they are, and so do the conditions of those that allow.
///
/// # Errors
/// When what was made is no policy, which is an error of this program.
pub fn propose(
    principal: &str,
    policies: &[Policy],
    keep: &Keep,
    catalogue: &Catalogue,
) -> Result<Option<Proposal>, PrivilegeError> {
    let (mut statements, mut denials) = (Vec::new(), Vec::new());
    let mut sids = HashSet::new();
    for policy in policies {
        for statement in &policy.statements {
            let mut add = |into: &mut Vec<Value>, actions: Part<'_>, resources: Part<'_>| {
                let sid = sid(&policy.name, statement, &mut sids);
                into.push(write::statement(statement, policy.version, &sid, actions, resources));
            };
            if statement.effect == Effect::Deny {
                add(&mut denials, Part::AsGranted, Part::AsGranted);
                continue;
            }
            let left = left(principal, statement, keep, catalogue);
            if left.whole {
                add(&mut statements, Part::AsGranted, Part::AsGranted);
                continue;
            }
            for (resources, actions) in &left.groups {
                match resources {
                    Narrow::AsGranted => add(&mut statements, Part::These(actions), Part::AsGranted),
                    Narrow::To(arns) => add(&mut statements, Part::These(actions), Part::These(arns)),
                    Narrow::Nothing => {}
                }
            }
        }
    }
    if statements.is_empty() {
        return Ok(None);
    }
    statements.append(&mut denials);
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let policy = Policy::parse("the proposed policy", PolicyKind::Identity, &document.to_string())
        .map_err(|bad| PrivilegeError::NoPolicy { message: bad.to_string() })?;
    Ok(Some(Proposal { document, policy }))
}

/// What is left of a statement.
struct Left {
    /// Nothing is dropped and nothing narrowed.
    whole: bool,
    groups: BTreeMap<Narrow, BTreeSet<String>>,
}

fn left(principal: &str, statement: &Statement, keep: &Keep, catalogue: &Catalogue) -> Left {
    let granted = Granted::of_statement(statement, catalogue);
    let mut groups: BTreeMap<Narrow, BTreeSet<String>> = BTreeMap::new();
    let mut whole = true;
    for action in granted.actions.iter().filter_map(|id| catalogue.get(*id)) {
        let resources = match (keep.as_granted.contains(&action.id()), keep.used.get(&action.id())) {
            (true, _) => Narrow::AsGranted,
            (false, None) => Narrow::Nothing,
            (false, Some(used)) if used.elsewhere || !is_of_one_resource(action) => Narrow::AsGranted,
            (false, Some(used)) => {
                narrow(principal, action.name(), statement.resource.as_ref(), &used.resources)
            }
        };
        whole &= resources == Narrow::AsGranted;
        if resources != Narrow::Nothing {
            groups.entry(resources).or_default().insert(action.name().to_owned());
        }
    }
    if keep.not_known && !statement.action.negated {
        if !granted.not_known.is_empty() {
            groups.entry(Narrow::AsGranted).or_default().extend(granted.not_known);
        }
    } else {
        whole &= granted.not_known.is_empty();
    }
    // A statement that names nothing grants nothing.
    Left { whole: whole && !groups.is_empty(), groups }
}

/// A statement's id: letters and digits, once in the policy, with the granting policy and the number of its statement.
fn sid(policy: &str, statement: &Statement, taken: &mut HashSet<String>) -> String {
    let name: String = policy.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    let base = format!("{name}S{}", statement.index);
    let mut sid = base.clone();
    let mut number = 1;
    while !taken.insert(sid.clone()) {
        number += 1;
        sid = format!("{base}P{number}");
    }
    sid
}
