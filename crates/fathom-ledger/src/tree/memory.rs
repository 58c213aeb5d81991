//! All complete nodes of a small tree in memory, for tests, samples and exports that fit.

use super::{Frontier, FrontierError, HashReader};
use crate::hash::Hash;

/// A tree that keeps every complete node: 64 bytes per leaf.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
}

/// A node that the tree does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no node at level {level}, index {index}")]
pub struct NoSuchNode {
    /// Binary level.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
}

impl MemoryTree {
    /// Adds a leaf hash.
    pub fn append(&mut self, leaf: Hash) -> Result<(), FrontierError> {
        let levels = &mut self.levels;
        self.frontier.append_with(leaf, |level, _, hash| {
            let level = usize::from(level);
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            // Nodes of one level complete in the order of their index.
            if let Some(nodes) = levels.get_mut(level) {
                nodes.push(hash);
            }
        })
    }

    /// The edge, with size and root.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}

impl HashReader for MemoryTree {
    type Error = NoSuchNode;

    fn read(&self, level: u8, index: u64) -> Result<Hash, NoSuchNode> {
        let position = usize::try_from(index).ok();
        self.levels
            .get(usize::from(level))
            .zip(position)
            .and_then(|(nodes, at)| nodes.get(at))
            .copied()
            .ok_or(NoSuchNode { level, index })
    }
}
