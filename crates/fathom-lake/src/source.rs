//! Where the facts come from: streams of model types, a chunk at a time.

use std::error::Error;

use fathom_model::{Coverage, Edge, Explanation, Resource, ResourceType, Scan, Timestamp, Uid, Unknown};
use futures::{future::BoxFuture, stream::BoxStream};

/// Why a source could not be read; shown as the cause of [`crate::SqlError::Source`].
pub type SourceError = Box<dyn Error + Send + Sync>;

/// A stream of facts, some hundreds or thousands at a time. It stops at its first error.
pub type Chunks<T> = BoxStream<'static, Result<Vec<T>, SourceError>>;

/// A resource as the estate keeps it.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the provider said. The document is empty where it was not asked for.
    pub resource: Resource,
    /// When a scan first saw it.
    pub first_seen: Timestamp,
    /// When a scan last saw it.
    pub last_seen: Timestamp,
    /// Whether every demanded part of it is explained.
    pub understood: bool,
    /// Whether the last scan in scope could not say that it still exists.
    pub stale: bool,
    /// When a scan found it gone.
    pub deleted_at: Option<Timestamp>,
}

/// What the lake reads. Streams are lazy: nothing is read before the first poll, and dropping one ends the reading.
pub trait Source: Send + Sync + 'static {
    /// A number that changes whenever a scan or an import changed the estate; what the lake learned about the values
    /// in documents holds for one version.
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>>;

    /// Resources, of one type or of all, with their documents or without.
    fn resources(&self, kind: Option<&ResourceType>, with_documents: bool) -> Chunks<Row>;

    /// Edges between resources.
    fn edges(&self) -> Chunks<Edge>;

    /// What is said about each resource; resources about which nothing is said may be left out.
    fn explanations(&self) -> Chunks<(Uid, Explanation)>;

    /// What is not understood.
    fn unknowns(&self) -> Chunks<Unknown>;

    /// The coverage ledger.
    fn coverage(&self) -> Chunks<Coverage>;

    /// The scans.
    fn scans(&self) -> Chunks<Scan>;
}
