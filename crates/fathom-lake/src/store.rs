//! The store as a source: each table is one stream over a snapshot, or pages of a list. So is its past.

use std::sync::Arc;

use fathom_access::Permissions;
use fathom_content::Content;
use fathom_model::{Coverage, Edge, Explanation, Scan, Statement, Timestamp, Uid, Unknown};
use fathom_net::Network;
use fathom_reach::{
    Directory,
    open::{self, Open},
};
use fathom_store::{
    CoverageQuery, Flow, Past, PastResource, Store, StoreError, StoredResource, Which, WhichEdges,
};
use fathom_vulnerable::{Ground, Vulnerabilities};
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, Stream},
};

use serde_json::{Value, json};

use crate::source::{Chunks, NoAnswer, Row, Source, SourceError, VersionRow};

/// Rows of a page of the coverage ledger.
const COVERAGE_ROWS: u32 = 50_000;

impl From<StoredResource> for Row {
    fn from(stored: StoredResource) -> Self {
        Self {
            resource: stored.resource,
            first_seen: stored.first_seen,
            last_seen: Some(stored.last_seen),
            understood: Some(stored.understood),
            stale: Some(stored.stale),
        }
    }
}

impl From<PastResource> for Row {
    fn from(past: PastResource) -> Self {
        Self {
            resource: past.resource,
            first_seen: past.first_seen,
            last_seen: None,
            understood: past.understood,
            stale: None,
        }
    }
}

/// A version; what was said beside the document only where the document is wanted, too.
fn version_row(row: fathom_store::VersionRow, with_documents: bool) -> VersionRow {
    VersionRow {
        uid: row.uid,
        kind: row.kind,
        account: row.account,
        region: row.region,
        scan: row.version.scan,
        seen_at: row.version.seen_at,
        is_first: row.is_first,
        facts: if with_documents { json!(row.version.facts) } else { Value::Null },
        hash: row.version.hash,
        document: row.version.document,
    }
}

fn versions(
    rows: impl Stream<Item = Result<Vec<fathom_store::VersionRow>, StoreError>> + Send + 'static,
    with_documents: bool,
) -> Chunks<VersionRow> {
    rows.map_ok(move |chunk| chunk.into_iter().map(|row| version_row(row, with_documents)).collect())
        .map_err(SourceError::from)
        .boxed()
}

impl Source for Store {
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>> {
        let store = self.clone();
        async move {
            // Documents change only when a scan finishes.
            Ok(store.turns().await?.unsigned_abs())
        }
        .boxed()
    }

    fn resources(&self, which: &Which, with_documents: bool) -> Chunks<Row> {
        self.for_questions()
            .stream_resources(which, with_documents)
            .map_ok(|chunk| chunk.into_iter().map(Row::from).collect())
            .map_err(SourceError::from)
            .boxed()
    }

    fn versions(&self, which: &Which, with_documents: bool) -> Chunks<VersionRow> {
        versions(self.for_questions().stream_versions(which, None, with_documents), with_documents)
    }

    fn edges(&self, which: &WhichEdges) -> Chunks<Edge> {
        self.for_questions().stream_edges(which).map_err(SourceError::from).boxed()
    }

    fn explanations(&self, which: &Which) -> Chunks<(Uid, Explanation)> {
        self.for_questions().stream_statements(which).map_ok(grouped).map_err(SourceError::from).boxed()
    }

    fn unknowns(&self) -> Chunks<Unknown> {
        self.for_questions().stream_unknowns(Timestamp::now()).map_err(SourceError::from).boxed()
    }

    fn coverage(&self) -> Chunks<Coverage> {
        let store = self.clone();
        pages(Some(0), move |offset| {
            let store = store.clone();
            async move {
                let query = CoverageQuery { limit: COVERAGE_ROWS, offset, ..CoverageQuery::default() };
                let rows = store.coverage(&query).await?;
                let next =
                    (rows.len() == COVERAGE_ROWS as usize).then_some(offset + u64::from(COVERAGE_ROWS));
                Ok((rows, next))
            }
        })
        .boxed()
    }

    fn scans(&self) -> Chunks<Scan> {
        let store = self.clone();
        async move { store.scans(u32::MAX).await.map_err(SourceError::from) }.into_stream().boxed()
    }

    fn permissions(&self) -> BoxFuture<'static, Result<Arc<Permissions>, SourceError>> {
        let store = self.for_questions();
        async move {
            let permissions = Permissions::load(&store, Timestamp::now()).await?;
            Ok(Arc::new(permissions))
        }
        .boxed()
    }

    fn network(&self) -> BoxFuture<'static, Result<Arc<Network>, SourceError>> {
        let store = self.for_questions();
        async move { Ok(Arc::new(fathom_reach::load(&store, Timestamp::now()).await?)) }.boxed()
    }

    fn open(&self, content: Arc<Content>) -> BoxFuture<'static, Result<Arc<Open>, SourceError>> {
        let store = self.for_questions();
        async move { Ok(Arc::new(open::open(&store, &content, Timestamp::now()).await?)) }.boxed()
    }

    fn vulnerabilities(
        &self,
        content: Arc<Content>,
    ) -> BoxFuture<'static, Result<Arc<Vulnerabilities>, SourceError>> {
        let store = self.for_questions();
        let work = async move {
            let rules = &content.vulnerabilities;
            let ground = Ground::load(&store, rules, Some(&content), None, Timestamp::now()).await?;
            Ok(Arc::new(Vulnerabilities::of(rules, &ground)))
        };
        work.boxed()
    }

    fn directory(&self) -> BoxFuture<'static, Result<Arc<Directory>, SourceError>> {
        let store = self.for_questions();
        async move { Ok(Arc::new(Directory::load(&store).await?)) }.boxed()
    }

    fn flows(&self) -> Chunks<Flow> {
        let store = self.clone();
        pages(Some(0), move |after| {
            let store = store.clone();
            async move {
                let (rows, next) = store.flows_page(after.cast_signed()).await?;
                Ok((rows, next.map(i64::cast_unsigned)))
            }
        })
        .boxed()
    }
}

impl Source for Past {
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>> {
        // The past does not change.
        let scan = self.scan().id.unsigned_abs();
        async move { Ok(scan) }.boxed()
    }

    fn resources(&self, which: &Which, with_documents: bool) -> Chunks<Row> {
        self.stream_resources(which, with_documents)
            .map_ok(|chunk| chunk.into_iter().map(Row::from).collect())
            .map_err(SourceError::from)
            .boxed()
    }

    fn versions(&self, which: &Which, with_documents: bool) -> Chunks<VersionRow> {
        versions(self.stream_versions(which, with_documents), with_documents)
    }

    fn edges(&self, which: &WhichEdges) -> Chunks<Edge> {
        self.stream_edges(which).map_err(SourceError::from).boxed()
    }

    fn explanations(&self, which: &Which) -> Chunks<(Uid, Explanation)> {
        self.stream_statements(which)
            .map_ok(|chunk| {
                chunk.into_iter().map(|(uid, statements)| (uid, Explanation { statements })).collect()
            })
            .map_err(SourceError::from)
            .boxed()
    }

    fn unknowns(&self) -> Chunks<Unknown> {
        self.stream_unknowns().map_err(SourceError::from).boxed()
    }

    fn coverage(&self) -> Chunks<Coverage> {
        let (store, scan) = (self.store().clone(), self.scan().id);
        // Only the newest is kept: what an earlier scan could not see must not read as if it had seen all.
        async move {
            let newest = store.newest_scan().await?;
            if newest.is_some_and(|newest| newest.id == scan) {
                return Ok(Source::coverage(&store));
            }
            Err(SourceError::from(format!(
                "the coverage of scan {scan} is not kept, only that of the newest; its ledger entry has the counts"
            )))
        }
        .into_stream()
        .try_flatten()
        .boxed()
    }

    fn scans(&self) -> Chunks<Scan> {
        let (store, last) = (self.store().clone(), self.scan().id);
        async move {
            let mut scans = store.scans(u32::MAX).await?;
            scans.retain(|scan| scan.id <= last);
            Ok(scans)
        }
        .into_stream()
        .boxed()
    }

    fn permissions(&self) -> BoxFuture<'static, Result<Arc<Permissions>, SourceError>> {
        let newest = newest(self, "who could do what", "`access` and `access_who`");
        async move { Source::permissions(&newest.await?).await }.boxed()
    }

    fn network(&self) -> BoxFuture<'static, Result<Arc<Network>, SourceError>> {
        let newest = newest(self, "what reached what", "`exposure` and `reach`");
        async move { Source::network(&newest.await?).await }.boxed()
    }

    fn open(&self, content: Arc<Content>) -> BoxFuture<'static, Result<Arc<Open>, SourceError>> {
        let newest = newest(self, "what answered without asking", "`unauthenticated`");
        async move { Source::open(&newest.await?, content).await }.boxed()
    }

    fn vulnerabilities(
        &self,
        content: Arc<Content>,
    ) -> BoxFuture<'static, Result<Arc<Vulnerabilities>, SourceError>> {
        let newest = newest(self, "which weaknesses software had", "`vulnerabilities`");
        async move { Source::vulnerabilities(&newest.await?, content).await }.boxed()
    }

    fn directory(&self) -> BoxFuture<'static, Result<Arc<Directory>, SourceError>> {
        let newest = newest(self, "which resources the network had", "`flows`");
        async move { Source::directory(&newest.await?).await }.boxed()
    }

    fn flows(&self) -> Chunks<Flow> {
        // Logs are of their own days, whatever scan is asked about.
        Source::flows(self.store())
    }
}

/// The store, where this moment is that of the newest scan: what could not be read decides, too, and only what the newest scan
/// could not read is kept.
fn newest(
    past: &Past,
    what: &'static str,
    tables: &'static str,
) -> BoxFuture<'static, Result<Store, SourceError>> {
    let (store, scan) = (past.store().clone(), past.scan().id);
    async move {
        if store.newest_scan().await?.is_some_and(|newest| newest.id == scan) {
            return Ok(store);
        }
        Err(SourceError::from(NoAnswer {
            message: format!("{what} as of scan {scan} is not kept, only as of the newest"),
            hint: Some(format!("ask {tables} about now; documents of the past are in `resources`")),
        }))
    }
    .boxed()
}

/// Pages of a list, each fetched with what the one before gave.
fn pages<T, F, R>(first: Option<u64>, fetch: F) -> impl Stream<Item = Result<Vec<T>, SourceError>> + Send
where
    T: Send,
    F: Fn(u64) -> R + Send,
    R: Future<Output = Result<(Vec<T>, Option<u64>), SourceError>> + Send,
{
    stream::try_unfold((first, fetch), |(next, fetch)| async move {
        let Some(place) = next else { return Ok(None) };
        let (rows, next) = fetch(place).await?;
        Ok(Some((rows, (next, fetch))))
    })
}

/// Statements on one resource follow each other, and a chunk never parts them.
fn grouped(statements: Vec<(Uid, Statement)>) -> Vec<(Uid, Explanation)> {
    let mut grouped: Vec<(Uid, Explanation)> = Vec::new();
    for (uid, statement) in statements {
        match grouped.last_mut() {
            Some((last, explanation)) if *last == uid => explanation.statements.push(statement),
            _ => grouped.push((uid, Explanation { statements: vec![statement] })),
        }
    }
    grouped
}
