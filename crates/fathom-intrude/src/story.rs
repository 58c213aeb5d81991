//! Stories: from where an intruder begins to what must not be lost.

use std::collections::HashMap;

use fathom_model::DataClass;
use fathom_paths::{Entry, Jewel, Level, Tale, search_where};
use serde::Serialize;

use crate::{
    IntrudeError,
    edits::Closing,
    proof::Told,
    walk::{Named, Walk},
    weak::Ease,
};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Where intruders begin; everywhere where it is empty.
    pub entries: Vec<Entry>,
    /// Whom or what they have; in the place of `entries`.
    pub from: Option<String>,
    /// What they want; all jewels where it is none.
    pub to: Option<String>,
    /// Only what kinds of jewels; all where it is empty.
    pub jewels: Vec<Jewel>,
    /// Only what is sure.
    pub sure: bool,
    /// Of how many stories, the worst first, the edit is looked for.
    pub edits: usize,
    /// Steps are told without their proof, which is much quicker where there are many.
    pub plain: bool,
}

/// All stories.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Paths {
    /// The worst first: one for each jewel and each kind of beginning that leads to it. What is lost with an account stands there.
    pub stories: Vec<Story>,
    /// How many places to begin at were asked about.
    pub entries: usize,
    /// How many jewels.
    pub jewels: usize,
    /// How many of these are come by.
    pub reached: usize,
    /// How many things an intruder can have, and steps between them, there are.
    pub nodes: usize,
    /// The steps.
    pub steps: usize,
    /// Things that keep data of which nobody has said which class it has: they are not asked about.
    pub unclassified: usize,
    /// Whether a limit ended the work before all was followed.
    pub cut: bool,
    /// What was not read.
    pub gaps: Vec<String>,
}

/// The surest and shortest way to one jewel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Story {
    /// How it begins.
    pub entry: Entry,
    /// With what.
    pub from: Vec<Named>,
    /// What kind of loss it is.
    pub jewel: Jewel,
    /// What is lost.
    pub to: Named,
    /// The class of its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_class: Option<DataClass>,
    /// How sure all steps are together.
    pub decision: Level,
    /// The steps, each after those that it needs.
    pub steps: Vec<Told>,
    /// The edit that closes it; none where none was looked for or none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<Closing>,
    /// What else is lost, where this is an account: all in it to which no other way is shorter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with_it: Vec<Lost>,
}

/// Something that is lost with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// What kind of loss it is.
    pub jewel: Jewel,
    /// What.
    #[serde(flatten)]
    pub what: Named,
}

/// A way that was found.
struct Way {
    entry: Entry,
    jewel: Jewel,
    goal: u32,
    tale: Tale,
}

impl Paths {
    /// The stories, by their numbers, that differ in what is lost alone: the same beginning, the same kinds of steps over the same
    /// things up to the last, and the same kind of loss. As the stories are, the worst first.
    pub fn alike(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known = HashMap::new();
        for (number, story) in self.stories.iter().enumerate() {
            let own = groups.len();
            // What is lost with an account is told of that account alone.
            let group = if story.with_it.is_empty() { *known.entry(story.way()).or_insert(own) } else { own };
            match groups.get_mut(group) {
                Some(group) => group.push(number),
                None => groups.push(vec![number]),
            }
        }
        groups
    }
}

impl Story {
    /// What stories that are alike share.
    fn way(&self) -> impl Eq + std::hash::Hash + use<'_> {
        let rules: Vec<&str> = self.steps.iter().map(|step| step.rule.as_str()).collect();
        let gained: Vec<&Named> = self.steps.iter().rev().skip(1).map(|step| &step.gains).collect();
        (self.entry, self.jewel, self.decision, &self.from, rules, gained)
    }
}

impl Walk<'_> {
    /// The ways from every beginning to every jewel, told with proofs and edits.
    ///
    /// # Errors
    /// When somebody or something is named that is not known, and when a question is not of its form.
    pub fn paths(&self, query: &Query) -> Result<Paths, IntrudeError> {
        let (begins, goals) = (self.begins(query)?, self.goals(query)?);
        let ease = self.eases();
        let mut ways = Vec::new();
        for (entry, starts) in &begins {
            self.ways_from(*entry, starts, &goals, (query.sure, &ease), &mut ways);
        }
        ways.sort_by_cached_key(|way| {
            let to = self.named(way.goal);
            let class = std::cmp::Reverse(self.class_of(&to));
            let ease = way.tale.steps.iter().filter_map(|step| ease.get(step)).max().copied();
            (way.tale.level, way.jewel, class, ease, way.tale.steps.len(), way.entry, to.id)
        });
        let mut reached: Vec<u32> = ways.iter().map(|way| way.goal).collect();
        reached.sort_unstable();
        reached.dedup();
        let mut stories: Vec<Story> = Vec::new();
        // What falls with an account that is told already is told there.
        let mut accounts: HashMap<(Entry, u32), usize> = HashMap::new();
        for way in &ways {
            let number = stories.len();
            let told = self.owned_by(&way.tale).and_then(|account| accounts.get(&(way.entry, account)));
            if let Some(known) =
                told.and_then(|at| stories.get_mut(*at)).filter(|known| known.decision == way.tale.level)
            {
                known.with_it.push(Lost { jewel: way.jewel, what: self.named(way.goal) });
                continue;
            }
            if way.jewel == Jewel::Administrators {
                accounts.insert((way.entry, way.goal), number);
            }
            let to = self.named(way.goal);
            let starts =
                begins.iter().find(|(entry, _)| *entry == way.entry).map(|(_, starts)| starts.as_slice());
            let edit = match starts.filter(|_| number < query.edits) {
                Some(starts) => self.closing(starts, way.goal, &way.tale)?,
                None => None,
            };
            let tell = |step: &u32| if query.plain { self.plain(*step) } else { self.told(*step) };
            let steps = way.tale.steps.iter().map(tell);
            stories.push(Story {
                entry: way.entry,
                from: way.tale.starts.iter().map(|node| self.named(*node)).collect(),
                jewel: way.jewel,
                data_class: self.class_of(&to),
                to,
                decision: way.tale.level,
                steps: steps.collect::<Result<_, _>>()?,
                edit,
                with_it: Vec::new(),
            });
        }
        let (nodes, steps) = self.count();
        Ok(Paths {
            stories,
            entries: begins.iter().map(|(_, starts)| starts.len()).sum(),
            jewels: goals.len(),
            reached: reached.len(),
            nodes,
            steps,
            unclassified: self.unclassified(),
            cut: self.cut,
            gaps: self.gaps.clone(),
        })
    }

    /// The surest and shortest way to each goal.
    fn ways_from(
        &self,
        entry: Entry,
        starts: &[u32],
        goals: &[(Jewel, u32)],
        (sure, ease): (bool, &HashMap<u32, Ease>),
        ways: &mut Vec<Way>,
    ) {
        let mut left: Vec<(Jewel, u32)> =
            goals.iter().copied().filter(|(_, goal)| !starts.contains(goal)).collect();
        for level in Level::ALL.into_iter().take(if sure { 1 } else { Level::ALL.len() }) {
            if left.is_empty() {
                return;
            }
            // Of ways that are as sure, those by what is known to be exploited come first, however long.
            for at_most in Ease::ALL {
                if left.is_empty() || (at_most != Ease::Any && !ease.values().any(|one| *one > at_most)) {
                    continue;
                }
                let may = |step: u32| {
                    let is_sure = self.graph.get(step).is_some_and(|step| step.level <= level);
                    is_sure && ease.get(&step).is_none_or(|one| *one <= at_most)
                };
                let found = search_where(&self.graph, starts, may);
                left.retain(|(jewel, goal)| match found.tale(&self.graph, *goal) {
                    Some(tale) => {
                        ways.push(Way { entry, jewel: *jewel, goal: *goal, tale });
                        false
                    }
                    None => true,
                });
            }
        }
    }

    /// The account whose owner takes the last step as such; none where the last step is another.
    fn owned_by(&self, tale: &Tale) -> Option<u32> {
        let last = *tale.steps.last()?;
        let route = self.routes.get(last as usize).filter(|route| route.rule == "owns-thing");
        route.and_then(|_| self.graph.needs(last).first().copied())
    }

    /// Where intruders begin, by kind.
    pub(crate) fn begins(&self, query: &Query) -> Result<Vec<(Entry, Vec<u32>)>, IntrudeError> {
        if let Some(from) = &query.from {
            return Ok(vec![(Entry::Given, vec![self.begin(from)?])]);
        }
        let mut all: Vec<(Entry, Vec<u32>)> = Vec::new();
        for (entry, node) in &self.entries {
            if !query.entries.is_empty() && !query.entries.contains(entry) {
                continue;
            }
            match all.last_mut().filter(|(known, _)| known == entry) {
                Some((_, starts)) => starts.push(*node),
                None => all.push((*entry, vec![*node])),
            }
        }
        Ok(all)
    }

    pub(crate) fn goals(&self, query: &Query) -> Result<Vec<(Jewel, u32)>, IntrudeError> {
        let wanted = query.to.as_ref().map(|to| self.want(to)).transpose()?;
        let is_wanted = |(jewel, node): &&(Jewel, u32)| {
            (query.jewels.is_empty() || query.jewels.contains(jewel))
                && wanted.as_ref().is_none_or(|wanted| wanted.contains(node))
                && self.sees(&self.named(*node))
        };
        Ok(self.jewels.iter().filter(is_wanted).copied().collect())
    }

    pub(crate) fn class_of(&self, named: &Named) -> Option<DataClass> {
        self.ground.things.get(&named.id).and_then(|thing| thing.class)
    }
}
