//! What two policies differ about: the statements that only one of them has.

use super::{Policy, Statement};
use crate::{
    context::Context,
    pattern::{self, Template},
    steps::Steps,
    truth::Truth,
};

/// What requests have to be about for two policies to say different things of them.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// None where everything may differ.
    statements: Option<Vec<&'a Statement>>,
}

impl<'a> Scope<'a> {
    /// Of policies of which nothing is known.
    pub fn everything() -> Self {
        Self { statements: None }
    }

    /// Of an old and a new policy; none where there is none. A statement that both have says the same in both.
    pub fn between(old: Option<&'a Policy>, new: Option<&'a Policy>) -> Self {
        let of = |policy: Option<&'a Policy>| policy.map(|one| one.statements.as_slice()).unwrap_or_default();
        // Another version reads variables in another way.
        let is_same_language = old.zip(new).is_none_or(|(old, new)| old.version == new.version);
        let has = |all: &[Statement], one: &Statement| {
            is_same_language && all.iter().any(|other| is_alike(one, other))
        };
        let (old, new) = (of(old), of(new));
        let gone = old.iter().filter(|one| !has(new, one));
        let come = new.iter().filter(|one| !has(old, one));
        Self { statements: Some(gone.chain(come).collect()) }
    }

    /// The part of it that may be about a resource; none where nothing is.
    pub fn about(&self, arn: &str) -> Option<Self> {
        let Some(statements) = &self.statements else { return Some(self.clone()) };
        let (steps, nothing) = (Steps::new(), Context::new());
        let is_about = |statement: &&&Statement| {
            let Some(element) = &statement.resource else { return true };
            let matches = element.patterns.iter();
            let matches = Truth::any(matches.map(|one| pattern::resource(one, arn, &nothing, &steps).0));
            let matches = if element.negated { matches.negate() } else { matches };
            matches != Truth::No
        };
        let found: Vec<&Statement> = statements.iter().filter(is_about).copied().collect();
        (!found.is_empty()).then_some(Self { statements: Some(found) })
    }

    /// Whether it speaks of an action.
    pub fn speaks(&self, action: &str) -> bool {
        let Some(statements) = &self.statements else { return true };
        let steps = Steps::new();
        statements.iter().any(|statement| statement.action.speaks_of(action, &steps))
    }

    /// The patterns of the resources it names, as they are written.
    pub fn patterns(&self) -> impl Iterator<Item = &'a str> {
        let statements = self.statements.iter().flatten();
        let elements = statements.filter_map(|statement| statement.resource.as_ref());
        elements.flat_map(|element| &element.patterns).map(Template::written)
    }
}

/// Whether two statements say the same, wherever they stand and whatever they are called.
fn is_alike(one: &Statement, other: &Statement) -> bool {
    one.effect == other.effect
        && one.principal == other.principal
        && one.action == other.action
        && one.resource == other.resource
        && one.conditions == other.conditions
}
