//! How a question is answered from the columns: one pass that counts, one that chooses a page.

use std::{
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet},
    ops::ControlFlow,
};

use super::{
    Catalog, EstateFilter, View,
    filter::{Assigned, Dimension, Sight, Test},
    part::{By, Key, Part, Position, flag},
};
use crate::Scope;

/// A row of one of the parts.
pub(super) type Place = (usize, usize);

/// Counts by value, for each dimension.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    pub(super) lists: HashMap<u16, BTreeMap<String, u64>>,
    pub(super) total: u64,
}

impl Catalog {
    /// A test for each part.
    pub(super) fn tests<'c>(
        &'c self,
        filter: &'c EstateFilter,
        assigned: &'c Assigned,
    ) -> impl Iterator<Item = (&'c View, Test<'c>)> {
        self.parts.iter().map(|view| {
            let told = (!filter.scope.is_all()).then(|| self.told_networks(&view.part, &filter.scope));
            (view, Test::new(&view.part, filter, assigned, told))
        })
    }

    /// What somebody may see of each part.
    pub(super) fn sights<'c>(&'c self, scope: &'c Scope) -> Vec<Sight<'c>> {
        self.parts.iter().map(|view| Sight::new(&view.part, scope)).collect()
    }

    /// Whether somebody may know of a resource; none where it is not known.
    pub(super) fn sees(&self, sights: &[Sight<'_>], uid: &str) -> Option<bool> {
        self.parts.iter().zip(sights).rev().find_map(|(view, sight)| {
            let row = view.part.row_of_uid(uid).filter(|row| !view.hides(*row))?;
            Some(sight.sees(row))
        })
    }

    /// For each code of a network of a part whether its own resource may be known of.
    fn told_networks(&self, part: &Part, scope: &Scope) -> Vec<bool> {
        let sights = self.sights(scope);
        let codes = 0..u32::try_from(part.network.words.end()).unwrap_or(u32::MAX);
        let told = |code| code == 0 || self.sees(&sights, part.network.words.get(code)) == Some(true);
        codes.map(told).collect()
    }

    /// Rows on one page in an order, with how many fit on all pages, and the place of the last where there are more.
    pub(super) fn page(
        &self,
        filter: &EstateFilter,
        assigned: &Assigned,
        (by, descending): (By, bool),
        after: Option<&Position>,
        limit: usize,
    ) -> (Vec<i64>, u64, Option<Position>) {
        let mut total = 0;
        let mut found: Vec<(Key, &str, Place)> = Vec::new();
        for (at, (view, test)) in self.tests(filter, assigned).enumerate() {
            let part = &*view.part;
            let bound = after.map(|after| part.bound(by, &after.key, &after.uid));
            // The best ones of this part, the worst of them on top. What is reversed counts backwards.
            let mut best: BinaryHeap<(i64, i64, usize)> = BinaryHeap::with_capacity(limit + 2);
            let sign = if descending { -1 } else { 1 };
            for row in view.rows() {
                if !test.fits(row) {
                    continue;
                }
                total += 1;
                let (rank, number) = (part.rank(by, row), row as i64);
                if let Some((bound_rank, bound_row)) = bound {
                    let place = (rank.saturating_mul(2), if by == By::Name { 0 } else { number * 2 });
                    let end = (bound_rank, if by == By::Name { 0 } else { bound_row });
                    let is_before = if descending { place >= end } else { place <= end };
                    if is_before {
                        continue;
                    }
                }
                let place = (rank.saturating_mul(sign), number * sign, row);
                if best.len() > limit {
                    if best.peek().is_some_and(|worst| place >= *worst) {
                        continue;
                    }
                    best.pop();
                }
                best.push(place);
            }
            found
                .extend(best.into_iter().map(|(.., row)| (part.key(by, row), part.uids.get(row), (at, row))));
        }
        found.sort_unstable_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        if descending {
            found.reverse();
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(key, uid, _)| Position {
            by,
            descending,
            key: key.clone(),
            uid: (*uid).to_owned(),
        });
        let ids =
            found.iter().filter_map(|(.., (at, row))| Some(self.parts.get(*at)?.part.id(*row))).collect();
        (ids, total, next)
    }

    /// Counts every list at once: a row that fails one dimension still counts in that one's list.
    pub(super) fn tally(
        &self,
        filter: &EstateFilter,
        assigned: &Assigned,
        only: impl Fn(&Part, usize) -> bool,
    ) -> Tallies {
        let mut tallies = Tallies::default();
        for (view, test) in self.tests(filter, assigned) {
            let part = &*view.part;
            let mut counted = Counted::new(part);
            for row in view.rows() {
                if only(part, row)
                    && let Some(fails) = test.fails(row)
                {
                    tallies.total += u64::from(fails == 0);
                    counted.add(part, &test, row, fails);
                }
            }
            counted.into_lists(part, &test, &mut tallies.lists);
        }
        tallies
    }

    /// Where a resource stands on the list of what whoever asks may see; 0 where it is not on it.
    pub(super) fn rank_of(&self, filter: &EstateFilter, uid: &str) -> u64 {
        let mut found = 0;
        self.walk_list(filter, &Assigned::new(), |rank, part, row, _| {
            if part.uids.get(row) == uid {
                found = rank;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        found
    }

    /// Walks through the list, worst first, with the rank of each row among those that whoever asks may see.
    pub(super) fn walk_list(
        &self,
        filter: &EstateFilter,
        assigned: &Assigned,
        mut each: impl FnMut(u64, &Part, usize, bool) -> ControlFlow<()>,
    ) {
        let tests: Vec<(&View, Test<'_>)> = self.tests(filter, assigned).collect();
        let mut heads = vec![0_usize; tests.len()];
        let mut rank = 0;
        loop {
            let mut first: Option<((i64, &str), usize, usize)> = None;
            for (at, (view, _)) in tests.iter().enumerate() {
                let Some(head) = heads.get_mut(at) else { continue };
                let mut row = view.part.list.get(*head).map(|row| *row as usize);
                while row.is_some_and(|row| view.hides(row)) {
                    *head += 1;
                    row = view.part.list.get(*head).map(|row| *row as usize);
                }
                let Some(row) = row else { continue };
                let severity = view.part.severity.get(row).copied().unwrap_or(i64::MAX);
                let key = (severity, view.part.uids.get(row));
                if first.as_ref().is_none_or(|(best, ..)| key < *best) {
                    first = Some((key, at, row));
                }
            }
            let Some((_, at, row)) = first else { return };
            if let Some(head) = heads.get_mut(at) {
                *head += 1;
            }
            let Some((view, test)) = tests.get(at) else { return };
            if !test.is_visible(row) {
                continue;
            }
            rank += 1;
            if each(rank, &view.part, row, test.fits(row)).is_break() {
                return;
            }
        }
    }
}

/// Counts by code, which is quicker than by text.
struct Counted {
    columns: Vec<(Dimension, Vec<u64>)>,
    flags: [(Dimension, u8, [u64; 2]); 4],
    assigned: BTreeMap<String, u64>,
    unassigned: u64,
}

impl Counted {
    fn new(part: &Part) -> Self {
        let zeros = |words: &super::part::Words| vec![0; words.end()];
        Self {
            columns: vec![
                (Dimension::Kind, zeros(&part.kind.words)),
                (Dimension::Account, zeros(&part.account.words)),
                (Dimension::Region, zeros(&part.region.words)),
                (Dimension::Owner, zeros(&part.owner.words)),
                (Dimension::Network, zeros(&part.network.words)),
                (Dimension::Gap, zeros(&part.gaps.words)),
            ],
            flags: [
                (Dimension::Understood, flag::UNDERSTOOD, [0; 2]),
                (Dimension::Exposed, flag::EXPOSED, [0; 2]),
                (Dimension::Stale, flag::STALE, [0; 2]),
                (Dimension::ProviderMade, flag::PROVIDER_MADE, [0; 2]),
            ],
            assigned: BTreeMap::new(),
            unassigned: 0,
        }
    }

    fn add(&mut self, part: &Part, test: &Test<'_>, row: usize, fails: u16) {
        for (dimension, counts) in &mut self.columns {
            if fails & !dimension.bit() == 0
                && let Some(count) = counts.get_mut(column(part, *dimension).code(row) as usize)
            {
                *count += 1;
            }
        }
        let flags = part.flags(row);
        for (dimension, flag, counts) in &mut self.flags {
            if fails & !dimension.bit() == 0
                && let Some(count) = counts.get_mut(usize::from(flags & *flag > 0))
            {
                *count += 1;
            }
        }
        if fails & !Dimension::Assigned.bit() == 0 {
            let to = test.assigned(row);
            self.unassigned += u64::from(to.is_empty());
            // One who is named twice counts once.
            let distinct: HashSet<&String> = to.iter().collect();
            for to in distinct {
                *self.assigned.entry(to.clone()).or_default() += 1;
            }
        }
    }

    fn into_lists(self, part: &Part, test: &Test<'_>, lists: &mut HashMap<u16, BTreeMap<String, u64>>) {
        for (dimension, counts) in self.columns {
            let list = lists.entry(dimension.bit()).or_default();
            for (code, count) in (0..).zip(counts) {
                let text = match dimension {
                    Dimension::Network => test.network(code),
                    _ => column(part, dimension).words.get(code),
                };
                if count == 0 {
                    continue;
                }
                if dimension == Dimension::Gap {
                    for gap in text.split('\n').filter(|gap| !gap.is_empty()) {
                        *list.entry(gap.to_owned()).or_default() += count;
                    }
                } else {
                    *list.entry(text.to_owned()).or_default() += count;
                }
            }
        }
        for (dimension, _, counts) in self.flags {
            let list = lists.entry(dimension.bit()).or_default();
            for (value, count) in ["false", "true"].into_iter().zip(counts).filter(|(_, count)| *count > 0) {
                *list.entry(value.to_owned()).or_default() += count;
            }
        }
        let list = lists.entry(Dimension::Assigned.bit()).or_default();
        if self.unassigned > 0 {
            *list.entry(String::new()).or_default() += self.unassigned;
        }
        for (to, count) in self.assigned {
            *list.entry(to).or_default() += count;
        }
    }
}

fn column(part: &Part, dimension: Dimension) -> &super::part::Column {
    match dimension {
        Dimension::Account => &part.account,
        Dimension::Region => &part.region,
        Dimension::Owner => &part.owner,
        Dimension::Network => &part.network,
        Dimension::Gap => &part.gaps,
        _ => &part.kind,
    }
}
