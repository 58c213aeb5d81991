//! State in SQLite: scans, resources and their versions, coverage, explanations, and the ledger in the same
//! transaction.
//!
//! One data directory belongs to one writing process:
//!
//! ```text
//! fathom.db     everything below, in WAL mode
//! fathom.lock   held by the writing process, with its pid
//! ledger.key    signs checkpoints (mode 0600)      ledger.pub   verifies them
//! ledger/       the log as C2SP tlog-tiles: a copy of this directory can be verified anywhere
//! anchor        the last published checkpoint; a log that is older than it is refused
//! ```
//! Where to start reading: [`Store`] in `open.rs`, then `scans.rs` and `finish.rs` (how a scan becomes the estate),
//! `resources.rs` and `stream.rs` (how it is read), `ledger/writer.rs` (group commit) and `ledger/tiles.rs`.
//!
//! **Invariant:** every change of state and its ledger entry are one transaction.
//! **Invariant:** a call that was denied never deletes a resource.
//! **Invariant:** SQL, file layout and dialect stay in this crate; nothing else in Fathom knows them.

mod acceptances;
mod activity;
mod assignments;
mod baselines;
mod bulk;
mod catalog;
mod commit;
mod compact;
mod context;
mod continuous;
mod coverage;
mod documents;
mod edges;
mod error;
mod explanations;
mod facts;
mod figures;
mod files;
mod filter;
mod findings;
mod finish;
mod flows;
#[cfg(test)]
mod flows_tests;
#[cfg(test)]
mod full_disk_tests;
mod history;
mod knowledge;
mod ledger;
mod open;
mod overlap;
mod overlay;
mod people;
mod query;
mod reconcile;
mod references;
mod resources;
mod rows;
mod saved_views;
mod scans;
mod schema;
mod scope;
mod stage;
mod stream;
mod texts;
mod unknowns;
mod unseen;
mod used;
mod weaknesses;
mod which;

pub use activity::{TrailBatch, TrailImport};
pub use assignments::{ASSIGNED_AT_ONCE_MAX, Assignee, Assignment, AssignmentQuery, NewAssignment};
pub use baselines::{
    Baseline, BaselineAcceptance, BaselineApproval, BaselineDifference, BaselineDifferences,
    BaselineException,
};
pub use catalog::{
    AroundQuery, AsOf, Counts, Direction, EstateFacets, EstateFilter, EstateGraph, EstatePage, Graph,
    GraphEdge, GraphGroup, GraphNode, Group, GroupMembers, GroupQuery, Grouped, LINKS_OF_ONE_MAX, ListPage,
    LooseEdge, NetworkRules, Owners, PastDetail, PlacedResource, ValueCounts, Way, WayQuery,
};
pub use compact::{CompactPolicy, Compaction, Older};
pub use context::By;
pub use continuous::LastAsked;
pub use coverage::{CoverageFacets, CoverageQuery, CoverageTotal};
pub use edges::Edges;
pub use error::StoreError;
pub use figures::{TrendPoint, TrendQuery};
pub use findings::{
    FindingChanges, FindingFixes, FindingRun, FindingTurns, FindingUpdate, KnownFinding, NewFindingException,
};
pub use finish::{Finishing, ScanEnd, ScanResults};
pub use flows::{Day, Flow, FlowBatch, FlowDay, FlowFile, FlowQuery, Flows, FlowsGone, ToldBy, Volume};
pub use history::{
    ChangeQuery, Changes, EstateChange, Facts, Fate, KeptVersion, Link, Past, PastResource, ResourceVersions,
    Touched, VersionRow,
};
pub use knowledge::{Knowledge, Listed};
pub use ledger::{
    DirLog, EntryDraft, EntryQuery, LedgerEntry, LedgerStatus, MAX_APPEND, Receipt, read_public_key,
    verify_dir,
};
pub use open::Store;
pub use overlay::{Laid, Overlay};
pub use people::{
    Attempts, Holder, Invitation, NewPerson, NewSession, NewToken, Passkey, Person, PersonChange, SecretHash,
    Secrets, SessionEnd, Spends, StoredSession, StoredToken, TokensOf,
};
pub use query::{
    Cursor, Facets, KindSummary, MAX_LIMIT, Page, ResourceOrder, ResourceQuery, StoredResource, TagFilter,
    Version,
};
pub use reconcile::Listing;
pub use references::ReferenceCount;
pub use saved_views::{SAVED_VIEWS_MAX, SavedView};
pub use scope::Scope;
pub use stage::StageReport;
pub use stream::{CHUNK_ROWS, NamedResource};
pub use unknowns::{UnknownPage, UnknownQuery};
pub use weaknesses::{ExploitFeed, Put, WeaknessReport};
pub use which::{Which, WhichEdges};

/// The database file in the data directory.
pub const DATABASE_FILE: &str = "fathom.db";
/// The lock file of the writing process.
pub const LOCK_FILE: &str = "fathom.lock";
/// The private key of the ledger.
pub const KEY_FILE: &str = "ledger.key";
/// The public key of the ledger.
pub const PUBLIC_KEY_FILE: &str = "ledger.pub";
/// The directory of the ledger's tiles.
pub const LEDGER_DIR: &str = "ledger";
/// The file that holds the last published checkpoint.
pub const ANCHOR_FILE: &str = "anchor";
/// Who the ledger names for what Fathom does by itself.
pub const SYSTEM_ACTOR: &str = "fathom";
