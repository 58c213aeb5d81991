//! The cheapest steps to take away so that no jewel is come by.
//!
//! Where no step needs several things this is a smallest cut, found exactly by the greatest flow. Where some do it is a hitting
//! set, for which no quick way is known: every choice of one need for each such step makes the intruder stronger, so the cut of
//! any choice holds; without these steps he is weaker, so that cut costs no more than the best one. Between the two a bounded
//! search looks for something cheaper, and raises what is known to be needed as it goes.

use crate::{
    flow::{ENDLESS, Flow},
    graph::{Graph, Level},
    search::{Search, search_where},
};

/// Steps with several needs of which the other needs are tried: each takes a flow, so fewer where the graph is larger.
const CHOICES_MAX: usize = 16;
const CHOICES: usize = 800_000;
/// Searches that the bounded search may do: fewer where the graph is larger.
const LOOKS: usize = 20_000_000;
const LOOKS_MAX: usize = 4_000;
/// Cuts that cost more are not searched for: there are too many.
const SEARCHED_MAX: u64 = 40;

/// Steps that stop every way that can be stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// The steps to take away, by number.
    pub steps: Vec<u32>,
    /// What that costs.
    pub cost: u64,
    /// No cut costs less. Where it is below the cost, the rest is the gap: a cheaper cut may be there.
    pub at_least: u64,
    /// Jewels that are come by over steps that nobody can take away.
    pub open: Vec<NoCut>,
}

/// A jewel that no cut stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCut {
    /// The jewel.
    pub jewel: u32,
}

impl Cut {
    /// Whether nothing cheaper is there.
    pub fn is_exact(&self) -> bool {
        self.cost == self.at_least
    }
}

struct Work<'g> {
    graph: &'g Graph,
    starts: &'g [u32],
    jewels: Vec<u32>,
    /// Steps all of whose needs are come by.
    live: Vec<u32>,
    looks: usize,
}

/// The cheapest steps without which no jewel is come by that can be protected so, of the steps that are sure enough.
pub fn cut(graph: &Graph, starts: &[u32], jewels: &[u32], at_best: Level) -> Cut {
    let is_sure = |number: u32| graph.get(number).is_some_and(|step| step.level <= at_best);
    let whole = search_where(graph, starts, is_sure);
    let fixed = search_where(graph, starts, |number| {
        is_sure(number) && graph.get(number).is_some_and(|step| step.cost.is_none())
    });
    let mut jewels: Vec<u32> = jewels.iter().copied().filter(|one| whole.has(*one)).collect();
    jewels.sort_unstable();
    jewels.dedup();
    let (open, jewels): (Vec<u32>, Vec<u32>) = jewels.into_iter().partition(|one| fixed.has(*one));
    let open = open.into_iter().map(|jewel| NoCut { jewel }).collect();
    if jewels.is_empty() {
        return Cut { open, ..Cut::default() };
    }
    let is_live = |number: &u32| is_sure(*number) && graph.needs(*number).iter().all(|need| whole.has(*need));
    let live: Vec<u32> = (0..graph.steps().len() as u32).filter(is_live).collect();
    let looks = (LOOKS / (graph.steps().len() + 1)).clamp(50, LOOKS_MAX);
    let mut work = Work { graph, starts, jewels, live, looks };
    let joint: Vec<u32> = work.live.iter().copied().filter(|step| graph.is_joint(*step)).collect();
    let (at_least, mut steps) = work.flow(&|_| None);
    let mut cost = at_least;
    if !joint.is_empty() {
        (cost, steps) = work.choose(&joint);
        let kept = work.pruned(steps);
        cost = cost.min(work.cost(&kept));
        steps = kept;
    }
    let mut at_least = at_least.min(cost);
    while at_least < cost.min(SEARCHED_MAX) {
        let mut tried = Vec::new();
        match work.cheaper(&mut tried, &mut Vec::new(), at_least) {
            Looked::Found(found) => {
                cost = work.cost(&found);
                steps = found;
                at_least = at_least.min(cost);
                break;
            }
            Looked::Nothing => at_least += 1,
            Looked::Spent => break,
        }
    }
    steps.sort_unstable();
    Cut { steps, cost, at_least, open }
}

/// What a bounded search came to.
enum Looked {
    Found(Vec<u32>),
    Nothing,
    Spent,
}

impl Work<'_> {
    fn cost(&self, steps: &[u32]) -> u64 {
        steps.iter().filter_map(|step| self.graph.get(*step)?.cost).map(u64::from).sum()
    }

    /// The smallest cut, where of steps with several needs one is chosen by its place, or the step is left out.
    fn flow(&self, choice: &dyn Fn(u32) -> Option<usize>) -> (u64, Vec<u32>) {
        let nodes = self.graph.nodes();
        let (source, sink) = (nodes, nodes + 1);
        let mut flow = Flow::new(nodes as usize + 2);
        let mut pipes = Vec::new();
        for number in &self.live {
            let (Some(step), needs) = (self.graph.get(*number), self.graph.needs(*number)) else { continue };
            let place = if needs.len() > 1 { choice(*number) } else { Some(0) };
            let Some(from) = place.and_then(|place| needs.get(place)) else { continue };
            flow.add(*from, step.to, step.cost.map_or(ENDLESS, u64::from));
            pipes.push((*number, *from, step.to));
        }
        self.starts.iter().filter(|one| **one < nodes).for_each(|one| {
            flow.add(source, *one, ENDLESS);
        });
        for jewel in &self.jewels {
            flow.add(*jewel, sink, ENDLESS);
        }
        let total = flow.greatest(source, sink);
        let near = flow.near(source);
        let crosses = |(_, from, to): &(u32, u32, u32)| near[*from as usize] && !near[*to as usize];
        (total, pipes.into_iter().filter(crosses).map(|(number, ..)| number).collect())
    }

    /// The cheapest cut over some choices of one need for each step that has several.
    fn choose(&self, joint: &[u32]) -> (u64, Vec<u32>) {
        let mut chosen: Vec<usize> = vec![0; joint.len()];
        let at = |chosen: &[usize], step: u32| joint.binary_search(&step).ok().map(|place| chosen[place]);
        let mut best = self.flow(&|step| at(&chosen, step));
        let tried = (CHOICES / (self.graph.steps().len() + 1)).clamp(1, CHOICES_MAX);
        for place in 0..joint.len().min(tried) {
            for other in 1..self.graph.needs(joint[place]).len() {
                let before = std::mem::replace(&mut chosen[place], other);
                let found = self.flow(&|step| at(&chosen, step));
                if found.0 < best.0 {
                    best = found;
                } else {
                    chosen[place] = before;
                }
            }
        }
        if best.0 >= ENDLESS {
            // Every choice that was tried leads on over steps that stay: all that can be taken away is.
            let all: Vec<u32> = self.live.iter().copied().filter(|step| self.is_free(*step)).collect();
            best = (self.cost(&all), all);
        }
        best
    }

    fn is_free(&self, step: u32) -> bool {
        self.graph.get(step).is_some_and(|step| step.cost.is_some())
    }

    fn left(&self, gone: &[u32]) -> Search {
        let mut is_gone = vec![true; self.graph.steps().len()];
        for step in &self.live {
            is_gone[*step as usize] = false;
        }
        for step in gone {
            is_gone[*step as usize] = true;
        }
        search_where(self.graph, self.starts, |step| !is_gone[step as usize])
    }

    fn is_cut(&self, gone: &[u32]) -> bool {
        let left = self.left(gone);
        self.jewels.iter().all(|jewel| !left.has(*jewel))
    }

    /// The same without what is not needed, the dearest first.
    fn pruned(&mut self, mut steps: Vec<u32>) -> Vec<u32> {
        let mut order = steps.clone();
        order.sort_by_key(|step| std::cmp::Reverse(self.graph.get(*step).and_then(|step| step.cost)));
        for step in order {
            if self.looks == 0 {
                break;
            }
            self.looks -= 1;
            let without: Vec<u32> = steps.iter().copied().filter(|one| *one != step).collect();
            if self.is_cut(&without) {
                steps = without;
            }
        }
        steps
    }

    /// Looks for a cut that costs no more than that: of every way that is left, one step must go.
    fn cheaper(&mut self, gone: &mut Vec<u32>, kept: &mut Vec<u32>, budget: u64) -> Looked {
        if self.looks == 0 {
            return Looked::Spent;
        }
        self.looks -= 1;
        let left = self.left(gone);
        let nearest = self
            .jewels
            .iter()
            .copied()
            .filter(|jewel| left.has(*jewel))
            .min_by_key(|jewel| left.depth(*jewel));
        let Some(tale) = nearest.and_then(|jewel| left.tale(self.graph, jewel)) else {
            return Looked::Found(gone.clone());
        };
        let before = kept.len();
        for step in tale.steps {
            let Some(cost) = self.graph.get(step).and_then(|step| step.cost).map(u64::from) else { continue };
            if kept.contains(&step) || cost > budget {
                continue;
            }
            gone.push(step);
            let looked = self.cheaper(gone, kept, budget - cost);
            gone.pop();
            if !matches!(looked, Looked::Nothing) {
                kept.truncate(before);
                return looked;
            }
            // With this one gone there is nothing: from here on it stays.
            kept.push(step);
        }
        kept.truncate(before);
        Looked::Nothing
    }
}
