//! A bound on the comparisons of one request, however its texts are written.

use std::cell::Cell;

use crate::limits::STEPS_MAX;

/// What is left of the steps that comparing may take.
#[derive(Debug)]
pub(crate) struct Steps(Cell<usize>);

impl Steps {
    pub(crate) fn new() -> Self {
        Self(Cell::new(STEPS_MAX))
    }

    /// Takes steps that were made, or are about to be.
    pub(crate) fn take(&self, steps: usize) {
        self.0.set(self.0.get().saturating_sub(steps));
    }

    /// Whether none are left: what is compared from here on is not decided.
    pub(crate) fn are_spent(&self) -> bool {
        self.0.get() == 0
    }
}
