//! What is come by after an edit.

use std::collections::HashMap;

use fathom_iam::{Index, organisation::Target};
use fathom_paths::{Graph, Search, Tale, search_where};

use crate::{
    IntrudeError,
    edits::{Candidate, Change},
    proof::By,
    walk::{Kind, Walk},
};

/// What is come by after an edit.
pub(crate) struct After {
    search: Search,
    /// Things that somebody gets at who no longer does everything in their account, with the steps that it takes.
    kept: HashMap<u32, usize>,
}

impl After {
    /// Whether a node is come by.
    pub(crate) fn has(&self, node: u32) -> bool {
        self.search.has(node)
    }

    /// The steps of the shortest way to a node; none where it is not come by.
    pub(crate) fn steps(&self, graph: &Graph, node: u32) -> Option<usize> {
        let tale = self.search.tale(graph, node)?;
        let before: usize = tale.starts.iter().filter_map(|start| self.kept.get(start)).sum();
        Some(tale.steps.len() + before)
    }

    /// Whether a node is still come by as it was told.
    pub(crate) fn is_by(&self, graph: &Graph, tale: &Tale, node: u32) -> bool {
        self.search.tale(graph, node).is_some_and(|now| now.steps == tale.steps && now.starts == tale.starts)
    }
}

impl Walk<'_> {
    /// What is come by after an edit, of the nodes that lead to some goals, until one of these is.
    pub(crate) fn after(
        &self,
        starts: &[u32],
        candidate: &Candidate,
        leads: &[bool],
        goals: &[u32],
    ) -> Result<After, IntrudeError> {
        let (index, network) = self.without(&candidate.change);
        let touched = index.as_ref().map(|index| index.touched(&self.ground.permissions.index));
        let gone = if let Change::Gone(step) = &candidate.change { Some(*step) } else { None };
        let mut starts = starts.to_vec();
        let mut kept = HashMap::new();
        loop {
            let (mut failed, mut is_over) = (None, false);
            let search = search_where(&self.graph, &starts, |number| {
                let Some(step) = self.graph.get(number).filter(|step| !is_over && leads[step.to as usize])
                else {
                    return false;
                };
                let is_asked = match &touched {
                    Some(touched) => self.is_touched(number, &candidate.edit, touched),
                    None => network.is_some(),
                };
                let is_open = gone != Some(number)
                    && (!is_asked
                        || self.still(number, index.as_ref(), network.as_ref()).map_or_else(
                            |error| {
                                failed.get_or_insert(error);
                                true
                            },
                            |level| level.is_some(),
                        ));
                is_over = is_open && goals.contains(&step.to);
                is_open
            });
            if let Some(error) = failed {
                return Err(error);
            }
            let found = After { search, kept };
            let is_over = goals.iter().any(|goal| found.has(*goal));
            let more = match index.as_ref().filter(|_| !is_over) {
                Some(index) => self.kept_by_owners(index, &found, leads)?,
                None => Vec::new(),
            };
            if more.is_empty() {
                return Ok(found);
            }
            kept = found.kept;
            for (node, steps) in more {
                starts.push(node);
                kept.insert(node, steps);
            }
        }
    }

    /// Things that lead on, which nothing led to so far: what is in an account falls with that, so what its owners may do to single
    /// things was not derived. Who no longer owns it may still do that. With the steps to each.
    fn kept_by_owners(
        &self,
        index: &Index,
        found: &After,
        leads: &[bool],
    ) -> Result<Vec<(u32, usize)>, IntrudeError> {
        let permissions = &self.ground.permissions;
        let own = |member: u32| {
            let node = self.member(member).filter(|node| found.has(*node))?;
            let account = self.ways.administers(member).and_then(|_| self.own_account(member))?;
            let owned = self.known(Kind::Account, account)?;
            (!found.has(owned)).then_some((member, node, account))
        };
        let owners: Vec<_> = (0..self.ways.principals()).filter_map(own).collect();
        let mut more = Vec::new();
        if owners.is_empty() {
            return Ok(more);
        }
        for (arn, thing) in &self.ground.things {
            for act in self.ground.rules.acts().iter().filter(|act| act.types.contains(&thing.kind)) {
                let Some(to) = self.known(Kind::of(act.jewel), arn) else { continue };
                if !leads[to as usize] || found.has(to) || more.iter().any(|(known, _)| *known == to) {
                    continue;
                }
                for (member, node, _) in owners.iter().filter(|(.., account)| *account == thing.account) {
                    let on = Target { arn: arn.clone(), account: Some(thing.account.clone()), seen: true };
                    let mut may = false;
                    for action in &act.actions {
                        let target = permissions.meant(action, on.clone());
                        may = may || self.ask_act(index, By::Member(*member), action, &target)?.is_some();
                    }
                    if may {
                        let steps = found.steps(&self.graph, *node).unwrap_or_default() + 1;
                        more.push((to, steps));
                        break;
                    }
                }
            }
        }
        Ok(more)
    }
}
