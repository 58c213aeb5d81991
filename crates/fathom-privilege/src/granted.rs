//! What the identity policies of a principal grant, as actions of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use fathom_catalogue::{ActionId, Catalogue};
use fathom_iam::{
    Policy,
    policy::{Effect, Statement},
};

/// The actions that statements allow, whatever their resources and conditions are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Granted {
    /// Actions of the catalogue.
    pub actions: BTreeSet<ActionId>,
    /// Actions that are written out and that the catalogue does not know, as they are written.
    pub not_known: BTreeSet<String>,
}

impl Granted {
    /// What some policies grant together. An action that is denied on everything without a condition is not granted.
    pub fn of(policies: &[Policy], catalogue: &Catalogue) -> Self {
        let mut granted = Self::default();
        let all = || policies.iter().flat_map(|policy| &policy.statements);
        for statement in all().filter(|statement| statement.effect == Effect::Allow) {
            let one = Self::of_statement(statement, catalogue);
            granted.actions.extend(one.actions);
            granted.not_known.extend(one.not_known);
        }
        for statement in all().filter(|statement| is_whole_denial(statement)) {
            let denied = Self::of_statement(statement, catalogue);
            granted.actions.retain(|action| !denied.actions.contains(action));
            granted.not_known.retain(|action| !denied.not_known.contains(action));
        }
        granted
    }

    /// What one statement names.
    pub fn of_statement(statement: &Statement, catalogue: &Catalogue) -> Self {
        let mut named = Self::default();
        for pattern in &statement.action.patterns {
            let matching = catalogue.actions_matching(pattern);
            if matching.is_empty() && !pattern.contains(['*', '?']) && pattern.contains(':') {
                named.not_known.insert(pattern.clone());
            }
            named.actions.extend(matching);
        }
        if statement.action.negated {
            // Of actions that the catalogue does not know, "all but" names none.
            let all = catalogue.actions().map(|action| action.id());
            let actions = all.filter(|action| !named.actions.contains(action)).collect();
            return Self { actions, not_known: BTreeSet::new() };
        }
        named
    }

    /// How many actions these are.
    pub fn len(&self) -> usize {
        self.actions.len() + self.not_known.len()
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Actions by service and kind, in the order of their names.
    pub(crate) fn grouped<'a>(
        actions: impl Iterator<Item = &'a ActionId>,
        catalogue: &'static Catalogue,
    ) -> BTreeMap<(&'static str, fathom_catalogue::Kind), Vec<String>> {
        let mut groups: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for action in actions.filter_map(|id| catalogue.get(*id)) {
            groups
                .entry((action.service().prefix(), action.kind()))
                .or_default()
                .push(action.name().to_owned());
        }
        groups
    }
}

fn is_whole_denial(statement: &Statement) -> bool {
    let everything = statement.resource.as_ref().is_some_and(|resource| {
        !resource.negated && resource.patterns.iter().any(|pattern| pattern.written() == "*")
    });
    statement.effect == Effect::Deny && statement.conditions.is_empty() && everything
}
