//! Nodes and steps, by number.

use serde::Serialize;

/// How sure a step, or all of a way, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It is so.
    Yes,
    /// Only if something holds that is not known.
    OnlyIf,
    /// It depends on what was not read.
    Unknown,
}

impl Level {
    /// All of them, the surest first.
    pub const ALL: [Self; 3] = [Self::Yes, Self::OnlyIf, Self::Unknown];
}

/// A step: who has all that it needs can have what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The node that is come by.
    pub to: u32,
    /// How sure it is.
    pub level: Level,
    /// What it costs to take the step away; none where nobody can by an edit.
    pub cost: Option<u32>,
    /// Its place among all needs: the first, and the one after the last.
    needs: (u32, u32),
}

/// Nodes, as numbers from 0, and steps, as numbers from 0 in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: u32,
    steps: Vec<Step>,
    needs: Vec<u32>,
    /// The steps that need a node: where those of each begin in `taken`.
    begins: Vec<u32>,
    taken: Vec<u32>,
}

impl Graph {
    /// One without steps.
    pub fn new(nodes: u32) -> Self {
        Self { nodes, ..Self::default() }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// Adds a node; its number.
    pub fn node(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes - 1
    }

    /// Adds a step from all of some nodes to one; its number. None where it would lead nowhere new, or needs nothing, or
    /// names a node that is not there.
    pub fn step(&mut self, needs: &[u32], to: u32, level: Level, cost: Option<u32>) -> Option<u32> {
        if needs.is_empty()
            || needs.contains(&to)
            || needs.iter().chain([&to]).any(|node| *node >= self.nodes)
        {
            return None;
        }
        let first = self.needs.len() as u32;
        for (at, node) in needs.iter().enumerate() {
            if !needs[..at].contains(node) {
                self.needs.push(*node);
            }
        }
        self.steps.push(Step { to, level, cost, needs: (first, self.needs.len() as u32) });
        self.begins.clear();
        Some(self.steps.len() as u32 - 1)
    }

    /// All steps, by number.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// One step.
    pub fn get(&self, step: u32) -> Option<&Step> {
        self.steps.get(step as usize)
    }

    /// What a step needs, each once.
    pub fn needs(&self, step: u32) -> &[u32] {
        let Some(one) = self.get(step) else { return &[] };
        self.needs.get(one.needs.0 as usize..one.needs.1 as usize).unwrap_or_default()
    }

    /// Sorts the steps by what they need; [`Graph::taken`] knows none before.
    pub fn finish(&mut self) {
        let mut begins = vec![0_u32; self.nodes as usize + 1];
        for node in &self.needs {
            begins[*node as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut taken = vec![0_u32; self.needs.len()];
        for (number, step) in (0..).zip(&self.steps) {
            for node in &self.needs[step.needs.0 as usize..step.needs.1 as usize] {
                let place = &mut next[*node as usize];
                taken[*place as usize] = number;
                *place += 1;
            }
        }
        self.begins = begins;
        self.taken = taken;
    }

    /// The steps that need a node.
    pub fn taken(&self, node: u32) -> &[u32] {
        let at = |of: u32| self.begins.get(of as usize).copied().unwrap_or_default() as usize;
        self.taken.get(at(node)..at(node + 1)).unwrap_or_default()
    }

    /// Whether a step needs several things at once.
    pub fn is_joint(&self, step: u32) -> bool {
        self.needs(step).len() > 1
    }
}
