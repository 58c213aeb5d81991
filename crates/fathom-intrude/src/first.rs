//! What to mend first: what every way to many jewels passes, and the fewest steps that stop all of them.

use std::collections::BTreeMap;

use fathom_paths::{Element, Level, chokes, cut};
use serde::Serialize;

use crate::{
    IntrudeError,
    edits::{Edit, leads_to},
    proof::Told,
    story::Query,
    walk::{Named, Walk},
};

/// Things, and steps, that are told.
const TOLD_MAX: usize = 50;

/// What to mend first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FixFirst {
    /// What an intruder must have on every way to some jewels; those first that most hang on.
    pub passed: Vec<Passed>,
    /// Steps on every way to some jewels that an edit can close; those first that most hang on.
    pub steps: Vec<First>,
    /// Steps that stop every way that can be stopped, as few and as cheap as were found.
    pub cut: Vec<First>,
    /// What these cost together.
    pub cost: u64,
    /// Nothing cheaper than this can stop all. Where it is less than the cost, the rest is the gap.
    pub at_least: u64,
    /// Jewels that no edit of a step stops, such as an account for whoever owns it.
    pub open: Vec<Named>,
    /// How many jewels are come by.
    pub reached: usize,
    /// Whether a limit ended the search for what every way passes.
    pub cut_short: bool,
}

/// Something that every way to some jewels passes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Passed {
    /// What.
    pub what: Named,
    /// The jewels.
    pub jewels: Vec<Named>,
}

/// A step to close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct First {
    /// The step, with its proof.
    pub step: Told,
    /// The jewels that nothing leads to without it.
    pub jewels: Vec<Named>,
    /// The edit of this step after which none of these jewels is come by, asked again; none where no single one does that. Where no
    /// jewel hangs on it alone, the edit after which this step is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<Edit>,
}

impl Walk<'_> {
    /// What stops most.
    ///
    /// # Errors
    /// As [`Walk::paths`].
    pub fn fix_first(&self, query: &Query) -> Result<FixFirst, IntrudeError> {
        let starts: Vec<u32> = self.begins(query)?.into_iter().flat_map(|(_, starts)| starts).collect();
        let goals: Vec<u32> = self.goals(query)?.into_iter().map(|(_, node)| node).collect();
        let found = chokes(&self.graph, &starts, &goals);
        let at_best = if query.sure { Level::Yes } else { Level::Unknown };
        let cut = cut(&self.graph, &starts, &goals, at_best);
        let by_step: BTreeMap<u32, &[u32]> = found
            .all
            .iter()
            .filter_map(|choke| match choke.element {
                Element::Step(step) => Some((step, choke.jewels.as_slice())),
                Element::Node(_) => None,
            })
            .collect();
        let names = |nodes: &[u32]| nodes.iter().map(|node| self.named(*node)).collect::<Vec<_>>();
        let first = |step: u32| -> Result<First, IntrudeError> {
            let jewels = by_step.get(&step).copied().unwrap_or_default();
            let edit = if jewels.is_empty() {
                self.closing_step(step)?
            } else {
                self.closes(&starts, step, jewels)?
            };
            Ok(First { step: self.told(step)?, jewels: names(jewels), edit })
        };
        let mut passed = Vec::new();
        let mut steps = Vec::new();
        for choke in &found.all {
            match choke.element {
                Element::Node(node) if passed.len() < TOLD_MAX && !self.named(node).is_entry() => {
                    passed.push(Passed { what: self.named(node), jewels: names(&choke.jewels) });
                }
                Element::Step(step) if steps.len() < TOLD_MAX && self.is_mendable(step) => {
                    steps.push(first(step)?);
                }
                _ => {}
            }
        }
        let stopped = cut.steps.iter().map(|step| first(*step)).collect::<Result<Vec<_>, _>>()?;
        let whole = fathom_paths::search(&self.graph, &starts, at_best);
        Ok(FixFirst {
            passed,
            steps,
            cut: stopped,
            cost: cut.cost,
            at_least: cut.at_least,
            open: cut.open.iter().map(|one| self.named(one.jewel)).collect(),
            reached: goals.iter().filter(|goal| whole.has(**goal) && !starts.contains(goal)).count(),
            cut_short: found.cut,
        })
    }

    fn is_mendable(&self, step: u32) -> bool {
        self.graph.get(step).is_some_and(|step| step.cost.is_some())
    }

    /// The edit of one step after which nothing leads to any of the jewels that hang on it.
    fn closes(&self, starts: &[u32], step: u32, jewels: &[u32]) -> Result<Option<Edit>, IntrudeError> {
        let leads = leads_to(&self.graph, jewels);
        for candidate in self.candidates_of(step)? {
            let after = self.after(starts, &candidate, &leads, jewels)?;
            if !jewels.iter().any(|jewel| after.has(*jewel)) {
                return Ok(Some(candidate.edit));
            }
        }
        Ok(None)
    }
}
