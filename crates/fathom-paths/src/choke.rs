//! What every way to a jewel passes: taken away, nothing is left of the ways to it.
//!
//! Where no step needs several things, these are dominators of the graph in which steps are nodes too, found as Cooper, Harvey
//! and Kennedy do it ("A Simple, Fast Dominance Algorithm", 2001). Where some do, every step that needs several is taken for
//! one that needs any of them: that intruder is stronger, so what he must pass, everybody must. Without such steps he is weaker, so
//! nothing else than what he must pass then can be passed by everybody; of a jewel that he does not come by at all, that is what stands
//! on the shortest way. What lies between the two is taken away on trial, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    graph::Graph,
    search::{Search, search_where},
};

/// Elements that are taken away on trial.
const TRIED_MAX: usize = 2_000;
/// There is none before it.
const NONE: u32 = u32::MAX;

/// Something that can be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// A node.
    Node(u32),
    /// A step.
    Step(u32),
}

/// Something that every way to some jewels passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choke {
    /// What.
    pub element: Element,
    /// The jewels that nothing leads to without it, in order.
    pub jewels: Vec<u32>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chokes {
    /// Those first that most jewels fall with.
    pub all: Vec<Choke>,
    /// Whether so much stood on the ways that not all was tried: there may be more.
    pub cut: bool,
}

/// What every way from the starts to each jewel passes, beside starts and the jewel itself.
pub fn chokes(graph: &Graph, starts: &[u32], jewels: &[u32]) -> Chokes {
    let whole = search_where(graph, starts, |_| true);
    let reached: BTreeSet<u32> =
        jewels.iter().copied().filter(|one| whole.has(*one) && !starts.contains(one)).collect();
    let mut found: BTreeMap<Element, BTreeSet<u32>> = BTreeMap::new();
    let has_all = |search: &Search, step: u32| graph.needs(step).iter().all(|need| search.has(*need));
    let tree = Tree::of(graph, starts, |step| has_all(&whole, step));
    for jewel in &reached {
        for element in tree.above(*jewel) {
            found.entry(element).or_default().insert(*jewel);
        }
    }
    let mut is_cut = false;
    if (0..graph.steps().len() as u32).any(|step| graph.is_joint(step) && has_all(&whole, step)) {
        let plain = search_where(graph, starts, |step| !graph.is_joint(step));
        let weaker = Tree::of(graph, starts, |step| !graph.is_joint(step) && has_all(&plain, step));
        let passed = |jewel: u32| {
            if plain.has(jewel) { weaker.above(jewel) } else { on_the_way(graph, &whole, jewel) }
        };
        let candidates = candidates(&reached, &found, passed);
        is_cut = candidates.len() > TRIED_MAX;
        for (element, of) in candidates.into_iter().take(TRIED_MAX) {
            let left = without(graph, starts, element);
            let lost = of.into_iter().filter(|jewel| !left.has(*jewel));
            found.entry(element).or_default().extend(lost);
        }
    }
    for start in starts {
        found.remove(&Element::Node(*start));
    }
    let mut all: Vec<Choke> = found
        .into_iter()
        .filter(|(_, jewels)| !jewels.is_empty())
        .map(|(element, jewels)| Choke { element, jewels: jewels.into_iter().collect() })
        .collect();
    all.sort_by(|one, other| other.jewels.len().cmp(&one.jewels.len()).then(one.element.cmp(&other.element)));
    Chokes { all, cut: is_cut }
}

/// What is come by without something.
fn without(graph: &Graph, starts: &[u32], element: Element) -> Search {
    search_where(graph, starts, |number| match element {
        Element::Step(step) => number != step,
        Element::Node(node) => graph.get(number).is_some_and(|step| step.to != node),
    })
}

/// What may be passed by all ways to some jewels, with these, where that is not known.
fn candidates(
    jewels: &BTreeSet<u32>,
    known: &BTreeMap<Element, BTreeSet<u32>>,
    passed: impl Fn(u32) -> Vec<Element>,
) -> Vec<(Element, Vec<u32>)> {
    let mut all: BTreeMap<Element, Vec<u32>> = BTreeMap::new();
    for jewel in jewels {
        for element in passed(*jewel) {
            if known.get(&element).is_none_or(|known| !known.contains(jewel)) {
                all.entry(element).or_default().push(*jewel);
            }
        }
    }
    let mut all: Vec<_> = all.into_iter().collect();
    // What stands on most ways first, in case not all is tried.
    all.sort_by_key(|(element, of)| (usize::MAX - of.len(), *element));
    all
}

/// The steps of the shortest way to a jewel, and what they gain before it.
fn on_the_way(graph: &Graph, whole: &Search, jewel: u32) -> Vec<Element> {
    let Some(tale) = whole.tale(graph, jewel) else { return Vec::new() };
    let passed = tale.steps.iter().flat_map(|step| {
        let to = graph.get(*step).map(|step| Element::Node(step.to));
        to.into_iter().chain([Element::Step(*step)])
    });
    passed.filter(|element| *element != Element::Node(jewel)).collect()
}

/// The tree of dominators over nodes and steps, where a step takes any of what it needs.
struct Tree {
    nodes: u32,
    /// What is right above each, by its number; steps come after nodes.
    above: Vec<u32>,
    root: u32,
}

impl Tree {
    /// Over the steps that count, all of whose needs are come by.
    fn of(graph: &Graph, starts: &[u32], is_live: impl Fn(u32) -> bool) -> Self {
        let nodes = graph.nodes();
        let root = nodes + graph.steps().len() as u32;
        let total = root as usize + 1;
        // The order in which a walk in depth leaves them, and its reverse.
        let next = |at: u32, place: usize| -> Option<u32> {
            if at == root {
                return starts.get(place).copied();
            }
            if at < nodes {
                return graph.taken(at).get(place).map(|step| nodes + step);
            }
            (place == 0).then(|| graph.get(at - nodes).map(|step| step.to)).flatten()
        };
        let mut left = Vec::new();
        let mut met = vec![false; total];
        met[root as usize] = true;
        let mut stack: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some((at, place)) = stack.last_mut() {
            let Some(to) = next(*at, *place) else {
                left.push(*at);
                stack.pop();
                continue;
            };
            *place += 1;
            let is_dead = to >= nodes && to < root && !is_live(to - nodes);
            if !is_dead && !std::mem::replace(&mut met[to as usize], true) {
                stack.push((to, 0));
            }
        }
        let mut place = vec![0_u32; total];
        for (at, one) in (0..).zip(&left) {
            place[*one as usize] = at;
        }
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); nodes as usize];
        for (number, step) in (0..).zip(graph.steps()).filter(|(number, _)| is_live(*number)) {
            before[step.to as usize].push(nodes + number);
        }
        let mut tree = Self { nodes, above: vec![NONE; total], root };
        tree.above[root as usize] = root;
        let mut starts_known = vec![false; nodes as usize];
        starts.iter().filter(|one| **one < nodes).for_each(|one| starts_known[*one as usize] = true);
        loop {
            let mut changed = false;
            for one in left.iter().rev().copied().filter(|one| *one != root) {
                let own: &[u32];
                let mut best = NONE;
                if one < nodes {
                    own = &before[one as usize];
                    if starts_known[one as usize] {
                        best = root;
                    }
                } else {
                    own = graph.needs(one - nodes);
                }
                for other in own.iter().copied().filter(|other| tree.above[*other as usize] != NONE) {
                    best = if best == NONE { other } else { tree.meet(best, other, &place) };
                }
                if best != NONE && tree.above[one as usize] != best {
                    tree.above[one as usize] = best;
                    changed = true;
                }
            }
            if !changed {
                return tree;
            }
        }
    }

    /// The lowest that is above two.
    fn meet(&self, mut one: u32, mut other: u32, place: &[u32]) -> u32 {
        while one != other {
            while place[one as usize] < place[other as usize] {
                one = self.above[one as usize];
            }
            while place[other as usize] < place[one as usize] {
                other = self.above[other as usize];
            }
        }
        one
    }

    /// What stands above a node, up to the starts.
    fn above(&self, node: u32) -> Vec<Element> {
        let mut found = Vec::new();
        let mut at = self.above[node as usize];
        while at != self.root && at != NONE {
            found.push(if at < self.nodes { Element::Node(at) } else { Element::Step(at - self.nodes) });
            at = self.above[at as usize];
        }
        found
    }
}
