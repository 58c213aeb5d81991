//! From what is gone to what fails, over numbers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

/// What things need, by number.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Who needs what, without which it does not work, and by which edge.
    pub each: Vec<(u32, u32, u16)>,
    /// Groups, each with who needs one of it, what it has, by which edge, and whether some of it was never seen.
    pub any: Vec<(u32, BTreeSet<u32>, u16, bool)>,
    /// Who does less without what, and by which edge.
    pub less: Vec<(u32, u32, u16)>,
}

/// What becomes of a thing; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It fails.
    Fails,
    /// It fails if what was never seen is gone too.
    Unknown,
    /// It goes on with what is left, or does less.
    Weaker,
}

/// What becomes of a thing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    /// What becomes of it.
    pub answer: Answer,
    /// By which edge, to what: the one by which it came first.
    pub because: Option<(u16, u32)>,
    /// Over how many needs; 0 for what is gone itself.
    pub after: u32,
    /// Of those of which one must be left, how many are, where it goes on for that.
    pub left: Option<u32>,
}

/// What becomes of everything that what is gone has a part in.
///
/// Runs in the size of what falls with its needs, not of the estate.
pub fn fails(needs: &Needs, gone: &BTreeSet<u32>) -> BTreeMap<u32, Fallen> {
    let index = Index::of(needs);
    // Once as if what was never seen worked, and once as if it were gone too.
    let certain = index.fallen(needs, gone, false);
    let possible = index.fallen(needs, gone, true);
    let mut all: BTreeMap<u32, Fallen> = BTreeMap::new();
    for (&who, &(because, after)) in &possible {
        let answer = if certain.contains_key(&who) { Answer::Fails } else { Answer::Unknown };
        let (because, after) = certain.get(&who).copied().unwrap_or((because, after));
        all.insert(who, Fallen { answer, because, after, left: None });
    }
    index.weaker(needs, &mut all);
    all
}

/// Needs by what is needed.
struct Index {
    each: BTreeMap<u32, Vec<(u32, u16)>>,
    any: BTreeMap<u32, Vec<usize>>,
    less: BTreeMap<u32, Vec<(u32, u16)>>,
}

type Fell = BTreeMap<u32, (Option<(u16, u32)>, u32)>;

impl Index {
    fn of(needs: &Needs) -> Self {
        let mut index = Self { each: BTreeMap::new(), any: BTreeMap::new(), less: BTreeMap::new() };
        for (who, what, edge) in &needs.each {
            index.each.entry(*what).or_default().push((*who, *edge));
        }
        for (at, (_, of, ..)) in needs.any.iter().enumerate() {
            for what in of {
                index.any.entry(*what).or_default().push(at);
            }
        }
        for (who, what, edge) in &needs.less {
            index.less.entry(*what).or_default().push((*who, *edge));
        }
        index
    }

    /// What falls, each with why and after how many needs.
    fn fallen(&self, needs: &Needs, gone: &BTreeSet<u32>, unseen_too: bool) -> Fell {
        let mut fell: Fell = gone.iter().map(|one| (*one, (None, 0))).collect();
        let mut open: VecDeque<u32> = gone.iter().copied().collect();
        let mut lost: BTreeMap<usize, usize> = BTreeMap::new();
        while let Some(what) = open.pop_front() {
            let after = fell.get(&what).map_or(0, |(_, after)| *after) + 1;
            let mut falls = |who: u32, edge: u16, open: &mut VecDeque<u32>| {
                fell.entry(who).or_insert_with(|| {
                    open.push_back(who);
                    (Some((edge, what)), after)
                });
            };
            for (who, edge) in self.each.get(&what).into_iter().flatten() {
                falls(*who, *edge, &mut open);
            }
            for at in self.any.get(&what).into_iter().flatten() {
                let Some((who, of, edge, unseen)) = needs.any.get(*at) else { continue };
                let lost = lost.entry(*at).or_default();
                *lost += 1;
                if *lost == of.len() && (unseen_too || !unseen) {
                    falls(*who, *edge, &mut open);
                }
            }
        }
        fell
    }

    /// What goes on with less.
    fn weaker(&self, needs: &Needs, all: &mut BTreeMap<u32, Fallen>) {
        let down: Vec<u32> = all.keys().copied().collect();
        let mut weaker: BTreeMap<u32, Fallen> = BTreeMap::new();
        for what in down {
            let after = all.get(&what).map_or(0, |one| one.after) + 1;
            for (who, edge) in self.less.get(&what).into_iter().flatten() {
                let because = Some((*edge, what));
                weaker.entry(*who).or_insert(Fallen { answer: Answer::Weaker, because, after, left: None });
            }
            for at in self.any.get(&what).into_iter().flatten() {
                let Some((who, of, edge, _)) = needs.any.get(*at) else { continue };
                let left = of.iter().filter(|one| !all.contains_key(one)).count();
                let left = u32::try_from(left).unwrap_or(u32::MAX);
                let told =
                    Fallen { answer: Answer::Weaker, because: Some((*edge, what)), after, left: Some(left) };
                // That few are left says more than that it does less.
                let known = weaker.entry(*who).or_insert_with(|| told.clone());
                if known.left.is_none_or(|known| left < known) {
                    *known = told;
                }
            }
        }
        for (who, told) in weaker {
            all.entry(who).or_insert(told);
        }
    }
}
