//! What is come by from where, how soon, and the shortest tale of one thing.

use std::collections::VecDeque;

use crate::graph::{Graph, Level};

/// What was come by.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The step by which each node was come by first; none of those that one starts with, and of those not come by.
    by: Vec<Option<u32>>,
    /// How many steps after another it takes; none where it is not come by.
    depth: Vec<Option<u32>>,
    /// The place of each in the order in which they were come by.
    rank: Vec<u32>,
    /// Nodes in that order.
    order: Vec<u32>,
}

/// The shortest way to one thing: its steps, each after those that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tale {
    /// The nodes that it starts with.
    pub starts: Vec<u32>,
    /// The steps.
    pub steps: Vec<u32>,
    /// How sure all of them are together.
    pub level: Level,
}

/// Follows all steps that are sure enough from all of the starts.
///
/// The first way to a node has the fewest steps after another: steps are taken in the order of the last thing that they need.
pub fn search(graph: &Graph, starts: &[u32], at_best: Level) -> Search {
    search_where(graph, starts, |number| graph.get(number).is_some_and(|step| step.level <= at_best))
}

/// The same over the steps that may be taken. Each is asked about at most once, when all that it needs is there.
pub fn search_where(graph: &Graph, starts: &[u32], mut may: impl FnMut(u32) -> bool) -> Search {
    let nodes = graph.nodes() as usize;
    let mut found =
        Search { by: vec![None; nodes], depth: vec![None; nodes], rank: vec![0; nodes], order: Vec::new() };
    let mut missing: Vec<u32> =
        (0..graph.steps().len() as u32).map(|step| graph.needs(step).len() as u32).collect();
    let mut queue = VecDeque::new();
    for start in starts.iter().filter(|start| (**start as usize) < nodes) {
        if found.depth[*start as usize].is_none() {
            found.take(*start, None, 0);
            queue.push_back(*start);
        }
    }
    while let Some(node) = queue.pop_front() {
        let depth = found.depth[node as usize].unwrap_or_default() + 1;
        for number in graph.taken(node) {
            let left = &mut missing[*number as usize];
            *left = left.saturating_sub(1);
            let Some(step) = graph.get(*number).filter(|_| *left == 0) else { continue };
            if found.depth[step.to as usize].is_none() && may(*number) {
                found.take(step.to, Some(*number), depth);
                queue.push_back(step.to);
            }
        }
    }
    found
}

/// How sure each node is at best from all of the starts; none of those that are not come by.
pub fn surest(graph: &Graph, starts: &[u32]) -> Vec<Option<Level>> {
    let mut best = vec![None; graph.nodes() as usize];
    for level in Level::ALL {
        let found = search(graph, starts, level);
        for node in found.order {
            let known: &mut Option<Level> = &mut best[node as usize];
            known.get_or_insert(level);
        }
    }
    best
}

impl Search {
    fn take(&mut self, node: u32, by: Option<u32>, depth: u32) {
        let at = node as usize;
        self.by[at] = by;
        self.depth[at] = Some(depth);
        self.rank[at] = self.order.len() as u32;
        self.order.push(node);
    }

    /// Whether a node is come by.
    pub fn has(&self, node: u32) -> bool {
        self.depth(node).is_some()
    }

    /// How many steps after another a node takes; none where it is not come by.
    pub fn depth(&self, node: u32) -> Option<u32> {
        self.depth.get(node as usize).copied().flatten()
    }

    /// All that is come by, in the order of that.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The shortest way to a node; none where it is not come by.
    pub fn tale(&self, graph: &Graph, node: u32) -> Option<Tale> {
        self.depth(node)?;
        let (mut met, mut starts, mut steps) = (vec![false; self.by.len()], Vec::new(), Vec::new());
        let mut stack = vec![node];
        while let Some(one) = stack.pop() {
            if std::mem::replace(met.get_mut(one as usize)?, true) {
                continue;
            }
            match self.by.get(one as usize).copied().flatten() {
                None => starts.push(one),
                Some(step) => {
                    steps.push(step);
                    stack.extend(graph.needs(step));
                }
            }
        }
        let rank_of = |step: &u32| graph.get(*step).map(|step| self.rank[step.to as usize]);
        steps.sort_by_key(rank_of);
        starts.sort_unstable();
        let level = steps.iter().filter_map(|step| graph.get(*step)).map(|step| step.level).max();
        Some(Tale { starts, steps, level: level.unwrap_or(Level::Yes) })
    }
}
