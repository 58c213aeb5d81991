//! Looks for one value of each axis that together a statement of the new side allows, that nothing of the new side denies
//! and that the old side does not allow.
//!
//! A request is allowed by the old side where it satisfies one of its allowing statements and none of its denying ones.
//! So one of two must be: no allowing statement of the old side is satisfied, or one denying statement is. For each, what
//! must be satisfied is fixed and what must not be is a set; of the partial requests only those matter that satisfy the
//! fewest of that set, and axis by axis only these are kept.

use std::cell::Cell;

use fathom_iam::policy::Effect;

use crate::{
    asked::{Asked, is_same},
    axis::{Atom, Axis},
    limits::{FRONTIER_MAX, STEPS_MAX},
    mask::Mask,
};

/// The value of each axis, by its number.
pub(crate) type Found = Vec<usize>;

/// Looks for a request.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    asked: &'a Asked<'a>,
    axes: &'a [Axis],
    steps: Cell<usize>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(asked: &'a Asked<'a>, axes: &'a [Axis]) -> Self {
        Self { asked, axes, steps: Cell::new(0) }
    }

    /// A request that the new side allows and the old side does not; none where there is none.
    ///
    /// # Errors
    /// When a limit is passed.
    pub(crate) fn run(&self) -> Result<Option<Found>, String> {
        let allows = self.asked.side(true, Effect::Allow);
        let denies = self.asked.side(true, Effect::Deny);
        let old_allows = self.asked.side(false, Effect::Allow);
        let old_denies = self.asked.side(false, Effect::Deny);
        for allowing in allows.members() {
            // A statement that also stands on the old side is allowed there, unless something denies it.
            let same = old_allows.members().any(|old| self.is_same(allowing, old));
            if !same && let Some(found) = self.find(&[allowing], &denies.or(&old_allows))? {
                return Ok(Some(found));
            }
            for denying in old_denies.members() {
                if denies.members().any(|new| self.is_same(new, denying)) {
                    continue;
                }
                if let Some(found) = self.find(&[allowing, denying], &denies)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// Whether two statements say the same.
    fn is_same(&self, one: usize, other: usize) -> bool {
        match (self.asked.statement(one), self.asked.statement(other)) {
            (Some(one), Some(other)) => is_same(one, other),
            _ => false,
        }
    }

    /// A request that satisfies all of `wanted` and none of `avoided`.
    fn find(&self, wanted: &[usize], avoided: &Mask) -> Result<Option<Found>, String> {
        // What can still be satisfied, with the values that lead there.
        let mut frontier: Vec<(Mask, Found)> = vec![(avoided.clone(), Vec::new())];
        let mut order: Vec<(usize, Vec<(usize, Mask)>)> = Vec::with_capacity(self.axes.len());
        for (number, axis) in self.axes.iter().enumerate() {
            let fits = |atom: &Atom| wanted.iter().all(|wanted| atom.mask.has(*wanted));
            let kept: Vec<(usize, Mask)> = axis
                .atoms
                .iter()
                .enumerate()
                .filter(|(_, atom)| fits(atom))
                .map(|(at, atom)| (at, atom.mask.and(avoided)))
                .collect();
            let kept = self.smallest(kept)?;
            if kept.is_empty() {
                return Ok(None);
            }
            order.push((number, kept));
        }
        // Where there is little to choose from, little has to be kept.
        order.sort_by_key(|(_, kept)| kept.len());
        for (_, kept) in &order {
            let mut next = Vec::new();
            for (mask, path) in &frontier {
                for (at, more) in kept {
                    let mut path = path.clone();
                    path.push(*at);
                    next.push((path, mask.and(more)));
                }
            }
            frontier = self.smallest(next)?.into_iter().map(|(path, mask)| (mask, path)).collect();
            if frontier.len() > FRONTIER_MAX {
                return Err(format!("more than {FRONTIER_MAX} partial requests have to be carried on"));
            }
        }
        let Some((_, path)) = frontier.into_iter().find(|(mask, _)| mask.is_empty()) else { return Ok(None) };
        let mut found = vec![0; self.axes.len()];
        for ((number, _), at) in order.iter().zip(path) {
            if let Some(place) = found.get_mut(*number) {
                *place = at;
            }
        }
        self.polish(&mut found, wanted, avoided);
        Ok(Some(found))
    }

    /// Takes on each axis the value that reads best of those that do as well, so that a request differs from what the old
    /// side allows in as little as can be. The axes that people look at first come last and keep the difference.
    fn polish(&self, found: &mut [usize], wanted: &[usize], avoided: &Mask) {
        for (number, axis) in self.axes.iter().enumerate().rev() {
            let others = self
                .axes
                .iter()
                .zip(found.iter())
                .enumerate()
                .filter(|(other, _)| *other != number)
                .filter_map(|(_, (axis, at))| axis.atoms.get(*at))
                .fold(avoided.clone(), |mask, atom| mask.and(&atom.mask));
            let does = |atom: &Atom| {
                wanted.iter().all(|wanted| atom.mask.has(*wanted)) && atom.mask.and(&others).is_empty()
            };
            if let (Some(best), Some(place)) = (axis.atoms.iter().position(does), found.get_mut(number)) {
                *place = best;
            }
        }
    }

    /// Those whose sets have none of the others within them.
    fn smallest<T>(&self, mut all: Vec<(T, Mask)>) -> Result<Vec<(T, Mask)>, String> {
        // The sort is stable: of equal sets the first stays.
        all.sort_by_key(|(_, mask)| mask.count());
        let mut kept: Vec<(T, Mask)> = Vec::new();
        for (what, mask) in all {
            let steps = self.steps.get() + kept.len() + 1;
            self.steps.set(steps);
            if steps > STEPS_MAX {
                return Err(format!("comparing partial requests takes more than {STEPS_MAX} steps"));
            }
            if !kept.iter().any(|(_, smaller)| smaller.is_within(&mask)) {
                kept.push((what, mask));
            }
        }
        Ok(kept)
    }
}
