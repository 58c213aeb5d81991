//! Counts by account, region, network and team.

use std::collections::{BTreeMap, HashMap};

use super::{
    Catalog, EstateFilter,
    filter::{Assigned, Test},
    part::{Part, flag},
};

/// How much there is of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Resources.
    pub resources: u64,
    /// Of these, understood.
    pub understood: u64,
    /// Of these, those whose own settings say that they may be reached from outside.
    pub exposed: u64,
    /// Of these, those of which the last scan could not say whether they still exist.
    pub stale: u64,
}

impl Counts {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.resources += other.resources;
        self.understood += other.understood;
        self.exposed += other.exposed;
        self.stale += other.stale;
    }

    fn of(flags: u8) -> Self {
        let is = |flag: u8| u64::from(flags & flag > 0);
        Self {
            resources: 1,
            understood: is(flag::UNDERSTOOD),
            exposed: is(flag::EXPOSED),
            stale: is(flag::STALE),
        }
    }
}

/// What counts are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The type.
    Kind,
    /// The account.
    Account,
    /// The region.
    Region,
    /// The owner that the statement that holds names; empty where nobody states one.
    Owner,
    /// The network's uid; empty where it lies in none.
    Network,
}

/// Counts by some texts, in their order.
pub type Grouped = BTreeMap<Vec<String>, Counts>;

/// Groups that are counted by together.
const TOGETHER_MAX: usize = 5;

impl Catalog {
    /// Counts by all of some groups together.
    pub(super) fn grouped(&self, filter: &EstateFilter, assigned: &Assigned, by: &[Group]) -> Grouped {
        let mut grouped = Grouped::new();
        for (view, test) in self.tests(filter, assigned) {
            let part = &*view.part;
            let columns: Vec<&super::part::Column> =
                by.iter().take(TOGETHER_MAX).map(|group| column(part, *group)).collect();
            let mut counted: HashMap<[u32; TOGETHER_MAX], Counts> = HashMap::new();
            for row in view.rows().filter(|row| test.fits(*row)) {
                let mut key = [0; TOGETHER_MAX];
                for (place, column) in key.iter_mut().zip(&columns) {
                    *place = column.code(row);
                }
                counted.entry(key).or_default().add(Counts::of(part.flags(row)));
            }
            for (codes, counts) in sorted(counted) {
                let texts = by.iter().zip(codes).take(TOGETHER_MAX);
                let texts = texts.map(|(group, code)| text(part, &test, *group, code)).collect();
                grouped.entry(texts).or_default().add(counts);
            }
        }
        grouped
    }

    /// Counts by each of some groups, in one pass.
    pub(super) fn sums(
        &self,
        filter: &EstateFilter,
        assigned: &Assigned,
        by: &[Group],
    ) -> Vec<BTreeMap<String, Counts>> {
        let mut sums = vec![BTreeMap::new(); by.len()];
        for (view, test) in self.tests(filter, assigned) {
            let part = &*view.part;
            let mut counted: Vec<(&super::part::Column, Vec<Counts>)> = by
                .iter()
                .map(|group| {
                    let column = column(part, *group);
                    (column, vec![Counts::default(); column.words.end()])
                })
                .collect();
            for row in view.rows().filter(|row| test.fits(*row)) {
                let one = Counts::of(part.flags(row));
                for (column, counts) in &mut counted {
                    if let Some(counts) = counts.get_mut(column.code(row) as usize) {
                        counts.add(one);
                    }
                }
            }
            for ((sum, group), (_, counts)) in sums.iter_mut().zip(by).zip(counted) {
                for (code, counts) in (0..).zip(counts).filter(|(_, counts)| counts.resources > 0) {
                    let text = text(part, &test, *group, code);
                    sum.entry(text).or_insert_with(Counts::default).add(counts);
                }
            }
        }
        sums
    }
}

fn sorted(counted: HashMap<[u32; TOGETHER_MAX], Counts>) -> BTreeMap<[u32; TOGETHER_MAX], Counts> {
    counted.into_iter().collect()
}

fn text(part: &Part, test: &Test<'_>, group: Group, code: u32) -> String {
    match group {
        Group::Network => test.network(code).to_owned(),
        group => column(part, group).words.get(code).to_owned(),
    }
}

fn column(part: &Part, group: Group) -> &super::part::Column {
    match group {
        Group::Kind => &part.kind,
        Group::Account => &part.account,
        Group::Region => &part.region,
        Group::Owner => &part.owner,
        Group::Network => &part.network,
    }
}
