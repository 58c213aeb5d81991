//! The store as a source: each table is one stream over a snapshot, or pages of a list.

use fathom_model::{Coverage, Edge, Explanation, ResourceType, Scan, Statement, Timestamp, Uid, Unknown};
use fathom_store::{CoverageQuery, MAX_LIMIT, Store, StoredResource, UnknownQuery};
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, Stream},
};

use crate::source::{Chunks, Row, Source, SourceError};

/// Rows of a page of the coverage ledger.
const COVERAGE_ROWS: u32 = 50_000;

impl From<StoredResource> for Row {
    fn from(stored: StoredResource) -> Self {
        Self {
            resource: stored.resource,
            first_seen: stored.first_seen,
            last_seen: stored.last_seen,
            understood: stored.understood,
            stale: stored.stale,
            deleted_at: stored.deleted_at,
        }
    }
}

impl Source for Store {
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>> {
        let store = self.clone();
        async move {
            // Documents change only when a scan finishes.
            let finished = store.latest_scan().await?.and_then(|scan| scan.finished_at);
            Ok(finished.map_or(0, |at| at.as_microsecond().unsigned_abs()))
        }
        .boxed()
    }

    fn resources(&self, kind: Option<&ResourceType>, with_documents: bool) -> Chunks<Row> {
        self.stream_resources(kind, with_documents)
            .map_ok(|chunk| chunk.into_iter().map(Row::from).collect())
            .map_err(SourceError::from)
            .boxed()
    }

    fn edges(&self) -> Chunks<Edge> {
        self.stream_edges().map_err(SourceError::from).boxed()
    }

    fn explanations(&self) -> Chunks<(Uid, Explanation)> {
        self.stream_statements().map_ok(grouped).map_err(SourceError::from).boxed()
    }

    fn unknowns(&self) -> Chunks<Unknown> {
        let store = self.clone();
        let now = Timestamp::now();
        pages(Some(0), move |after_rank| {
            let store = store.clone();
            async move {
                let query = UnknownQuery {
                    limit: MAX_LIMIT,
                    after_rank,
                    include_accepted: true,
                    ..UnknownQuery::default()
                };
                let page = store.unknowns(&query, now).await?;
                Ok((page.rows, page.next))
            }
        })
        .boxed()
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
