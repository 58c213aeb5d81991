//! The greatest flow from a source to a sink, and the edges of the smallest cut: Dinic's algorithm.

use std::collections::VecDeque;

/// More than any cut that can be made.
pub(crate) const ENDLESS: u64 = u64::MAX / 4;

#[derive(Debug, Clone, Copy)]
struct Edge {
    to: u32,
    /// What may still flow.
    room: u64,
}

/// A network of pipes. Edges come in pairs, there and back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow {
    edges: Vec<Edge>,
    out: Vec<Vec<u32>>,
}

impl Flow {
    pub(crate) fn new(nodes: usize) -> Self {
        Self { edges: Vec::new(), out: vec![Vec::new(); nodes] }
    }

    /// Adds a pipe; its number.
    pub(crate) fn add(&mut self, from: u32, to: u32, room: u64) -> usize {
        let number = self.edges.len();
        self.edges.push(Edge { to, room });
        self.edges.push(Edge { to: from, room: 0 });
        self.out[from as usize].push(number as u32);
        self.out[to as usize].push(number as u32 + 1);
        number
    }

    /// How much flows; at least [`ENDLESS`] where nothing stops it.
    pub(crate) fn greatest(&mut self, source: u32, sink: u32) -> u64 {
        let mut total: u64 = 0;
        loop {
            let levels = self.levels(source);
            if levels[sink as usize].is_none() {
                return total;
            }
            let mut next = vec![0_usize; self.out.len()];
            loop {
                let pushed = self.push(source, sink, &levels, &mut next);
                total = total.saturating_add(pushed);
                if total >= ENDLESS {
                    return ENDLESS;
                }
                if pushed == 0 {
                    break;
                }
            }
        }
    }

    /// How far each is from the source, through pipes with room.
    fn levels(&self, source: u32) -> Vec<Option<u32>> {
        let mut levels = vec![None; self.out.len()];
        levels[source as usize] = Some(0);
        let mut queue = VecDeque::from([source]);
        while let Some(at) = queue.pop_front() {
            let depth = levels[at as usize].unwrap_or_default() + 1;
            for number in &self.out[at as usize] {
                let edge = self.edges[*number as usize];
                if edge.room > 0 && levels[edge.to as usize].is_none() {
                    levels[edge.to as usize] = Some(depth);
                    queue.push_back(edge.to);
                }
            }
        }
        levels
    }

    /// Sends as much as one way takes.
    fn push(&mut self, source: u32, sink: u32, levels: &[Option<u32>], next: &mut [usize]) -> u64 {
        let mut way: Vec<u32> = Vec::new();
        let mut at = source;
        loop {
            if at == sink {
                let room = way.iter().map(|number| self.edges[*number as usize].room).min().unwrap_or(0);
                for number in way {
                    self.edges[number as usize].room -= room;
                    let back = &mut self.edges[(number ^ 1) as usize].room;
                    *back = back.saturating_add(room);
                }
                return room;
            }
            let Some(number) = self.out[at as usize].get(next[at as usize]).copied() else {
                // A dead end: back, and never here again.
                let Some(last) = way.pop() else { return 0 };
                at = self.edges[(last ^ 1) as usize].to;
                next[at as usize] += 1;
                continue;
            };
            let edge = self.edges[number as usize];
            let is_on = levels[edge.to as usize].is_some()
                && levels[edge.to as usize] == levels[at as usize].map(|depth| depth + 1);
            if edge.room > 0 && is_on {
                way.push(number);
                at = edge.to;
            } else {
                next[at as usize] += 1;
            }
        }
    }

    /// After the flow: whether each is on the source's side.
    pub(crate) fn near(&self, source: u32) -> Vec<bool> {
        self.levels(source).into_iter().map(|level| level.is_some()).collect()
    }
}
