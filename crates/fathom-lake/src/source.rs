//! Where the facts come from: streams of model types, a chunk at a time.

use std::{error::Error, sync::Arc};

use fathom_access::Permissions;
use fathom_content::Content;
use fathom_model::{
    AccountId, Coverage, Document, Edge, Explanation, Region, Resource, ResourceType, Scan, Timestamp, Uid,
    Unknown,
};
use fathom_net::Network;
use fathom_reach::{Directory, open::Open};
use fathom_store::Flow;
pub use fathom_store::{Which, WhichEdges};
use fathom_vulnerable::Vulnerabilities;
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde_json::Value;

/// Why a source could not be read; shown as the cause of [`crate::SqlError::Source`].
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Why a question cannot be answered although nothing is broken; said as it is, not as a failure to read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct NoAnswer {
    /// What is asked for in vain.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A stream of facts, some hundreds or thousands at a time. It stops at its first error.
pub type Chunks<T> = BoxStream<'static, Result<Vec<T>, SourceError>>;

/// A resource as the estate keeps it.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the provider said. The document is empty where it was not asked for.
    pub resource: Resource,
    /// When a scan first saw it.
    pub first_seen: Timestamp,
    /// When a scan last saw it; none where the estate is one of the past.
    pub last_seen: Option<Timestamp>,
    /// Whether every demanded part of it is explained; none where nobody said.
    pub understood: Option<bool>,
    /// Whether the last scan in scope could not say that it still exists; none where the estate is one of the past.
    pub stale: Option<bool>,
}

/// A version of a resource, as a scan brought it.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    pub kind: ResourceType,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The scan.
    pub scan: i64,
    /// When that scan ended.
    pub seen_at: Timestamp,
    /// Whether it is the first that was ever seen of the resource; another one before it need not be kept.
    pub is_first: bool,
    /// What was said beside the document: name, tags and the like, as JSON; null where documents were not asked for.
    pub facts: Value,
    /// SHA-256 of the document in hexadecimal digits; none where the resource was gone.
    pub hash: Option<String>,
    /// The document; none where it was not asked for, is not kept any more, or the resource was gone.
    pub document: Option<Document>,
}

/// What the lake reads. Streams are lazy: nothing is read before the first poll, and dropping one ends the reading. A
/// source may give more than a question asks for, never less: the rows are looked at again.
pub trait Source: Send + Sync + 'static {
    /// A number that changes whenever a scan or an import changed the estate; what the lake learned about the values
    /// in documents holds for one version.
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>>;

    /// Resources that exist, with their documents or without.
    fn resources(&self, which: &Which, with_documents: bool) -> Chunks<Row>;

    /// Versions of resources, with their documents or without. Those of one resource follow each other, oldest first.
    fn versions(&self, which: &Which, with_documents: bool) -> Chunks<VersionRow>;

    /// Edges between resources.
    fn edges(&self, which: &WhichEdges) -> Chunks<Edge>;

    /// What is said about resources; those about which nothing is said may be left out.
    fn explanations(&self, which: &Which) -> Chunks<(Uid, Explanation)>;

    /// What is not understood.
    fn unknowns(&self) -> Chunks<Unknown>;

    /// The coverage ledger.
    fn coverage(&self) -> Chunks<Coverage>;

    /// The scans.
    fn scans(&self) -> Chunks<Scan>;

    /// Who can do what, taken apart for questions. Costs reading all policies; a query asks for it once at most.
    fn permissions(&self) -> BoxFuture<'static, Result<Arc<Permissions>, SourceError>> {
        let message = "who can do what is not known of this estate".to_owned();
        async move { Err(SourceError::from(NoAnswer { message, hint: None })) }.boxed()
    }

    /// What reaches what over the network. Costs reading all of the network; a query asks for it once at most.
    fn network(&self) -> BoxFuture<'static, Result<Arc<Network>, SourceError>> {
        let message = "what reaches what is not known of this estate".to_owned();
        async move { Err(SourceError::from(NoAnswer { message, hint: None })) }.boxed()
    }

    /// What answers without asking who comes, by the rules of this content; a query asks for it once at most.
    fn open(&self, _: Arc<Content>) -> BoxFuture<'static, Result<Arc<Open>, SourceError>> {
        let message = "what answers without asking who comes is not known of this estate".to_owned();
        async move { Err(SourceError::from(NoAnswer { message, hint: None })) }.boxed()
    }

    /// The weaknesses of software, by the rules of this content.
    fn vulnerabilities(
        &self,
        _: Arc<Content>,
    ) -> BoxFuture<'static, Result<Arc<Vulnerabilities>, SourceError>> {
        let message = "which weaknesses software has is not known of this estate".to_owned();
        async move { Err(SourceError::from(NoAnswer { message, hint: None })) }.boxed()
    }

    /// Which resource an id of the network means; a query asks for it once at most.
    fn directory(&self) -> BoxFuture<'static, Result<Arc<Directory>, SourceError>> {
        let message = "which resources the network has is not known of this estate".to_owned();
        async move { Err(SourceError::from(NoAnswer { message, hint: None })) }.boxed()
    }

    /// Who was seen talking to whom.
    fn flows(&self) -> Chunks<Flow> {
        let message = "who talks to whom is not known of this estate".to_owned();
        stream::once(async move { Err(SourceError::from(NoAnswer { message, hint: None })) }).boxed()
    }
}
