//! A policy without what one of its statements says of an action.

use super::{Effect, Policy};
use crate::{pattern, steps::Steps};

impl Policy {
    /// Whether a statement, by its place, is about an action, on whatever resource.
    pub fn speaks(&self, at: usize, action: &str) -> bool {
        self.statements.get(at).is_some_and(|statement| statement.action.speaks_of(action, &Steps::new()))
    }

    /// The policy without an action in one of its statements, and `true`; where the statement names the action by a
    /// pattern, or names nothing else, without the statement, and `false`. None where it has no such statement that
    /// allows the action.
    pub fn without(&self, at: usize, action: &str) -> Option<(Self, bool)> {
        let statement = self.statements.get(at)?;
        if statement.effect != Effect::Allow || !self.speaks(at, action) {
            return None;
        }
        let steps = Steps::new();
        let speaks = |wanted: &String| pattern::action(wanted, action, &steps);
        let patterns = &statement.action.patterns;
        let is_named =
            patterns.iter().filter(|wanted| speaks(wanted)).all(|wanted| wanted.eq_ignore_ascii_case(action));
        let mut changed = self.clone();
        let left: Vec<String> = patterns.iter().filter(|wanted| !speaks(wanted)).cloned().collect();
        let is_taken = !statement.action.negated && is_named && !left.is_empty();
        if is_taken {
            changed.statements.get_mut(at)?.action.patterns = left;
        } else {
            changed.statements.remove(at);
        }
        Some((changed, is_taken))
    }
}
