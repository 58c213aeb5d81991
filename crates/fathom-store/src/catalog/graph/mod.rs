//! The graph around a resource, ways between two, and the whole of a small estate. Nodes come from the columns, which also
//! say who may see them; edges come from the database. For the past, both are as a scan left them.
//!
//! ```text
//! links      which nodes may be seen, and the edges between them
//! around     what is around a resource, and the members of a group of it
//! way        the shortest way between two
//! estate     all of it, up to a limit
//! ```

mod around;
mod estate;
mod links;
mod way;

pub use around::{AroundQuery, GroupMembers, GroupQuery};
pub use estate::EstateGraph;
pub use links::LINKS_OF_ONE_MAX;
pub use way::{Way, WayQuery};

use fathom_model::Uid;

/// In which direction edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// As the documents state them.
    Out,
    /// Against that.
    In,
}

impl Direction {
    fn ways(self) -> &'static [bool] {
        match self {
            Self::Both => &[true, false],
            Self::Out => &[true],
            Self::In => &[false],
        }
    }

    fn reversed(self) -> Self {
        match self {
            Self::Both => Self::Both,
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// A resource in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    pub kind: String,
    /// Its name, or its id where it has none.
    pub label: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The network that it lies in.
    pub network: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether all that is demanded of its type is known.
    pub understood: bool,
    /// Whether its own settings say that it may be reached from outside.
    pub exposed: bool,
    /// Whether the last scan could not say if it still exists.
    pub stale: bool,
    /// How many edges it is away from where the question began.
    pub depth: u32,
}

/// A connection of two resources of a graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphEdge {
    /// Which states it.
    pub from: Uid,
    /// What it means.
    pub kind: String,
    /// The other one.
    pub to: Uid,
}

/// A reference that leads to nothing seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseEdge {
    /// Which states it.
    pub from: Uid,
    /// What it means.
    pub kind: String,
    /// The reference as the document has it.
    pub reference: String,
    /// The type that it should lead to.
    pub expected: String,
    /// Whether it names an account that was not looked into.
    pub outside: bool,
}

/// Neighbours that are alike and stand as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphGroup {
    /// Whose neighbours.
    pub of: Uid,
    /// What the edges mean.
    pub kind: String,
    /// Whether the edges lead away from it.
    pub outgoing: bool,
    /// The type of the neighbours.
    pub member_kind: String,
    /// How many they are.
    pub count: u64,
    /// Whether they are more.
    pub at_least: bool,
    /// Some of them.
    pub sample: Vec<Uid>,
}

/// A part of the graph.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The resources, in the order in which they were reached.
    pub nodes: Vec<GraphNode>,
    /// All edges between them.
    pub edges: Vec<GraphEdge>,
    /// References of theirs that lead to nothing seen.
    pub loose: Vec<LooseEdge>,
    /// Neighbours that stand as one.
    pub groups: Vec<GraphGroup>,
    /// Whether nothing but groups was left out: no resource, no edge, no reference.
    pub complete: bool,
}
