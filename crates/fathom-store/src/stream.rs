//! Reading everything, in chunks, for SQL and for the graph in memory.
//!
//! Every stream reads one snapshot: a scan that finishes meanwhile does not show in it. It holds one reading
//! connection until it is dropped.

use fathom_model::{AccountId, Edge, Resource, ResourceType, Statement, Uid};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use sqlx::{QueryBuilder, Sqlite, Transaction, sqlite::SqliteRow};
use tokio::task::JoinHandle;

use crate::{
    Store, StoreError, StoredResource, Which, WhichEdges,
    edges::{self, edge_columns},
    explanations,
    rows::{Decoder, column, last_seen, resource_columns, time},
    scans::blocking,
};

// Which rows there are is asked once, of indexes. A question for the next rows after the last one would sort all that are left,
// as soon as it names more than one type, and so take a time that grows with the square of the estate.

const OPERATION: &str = "read the estate";

/// Rows of a chunk, except the last.
pub const CHUNK_ROWS: usize = 8192;

/// A snapshot and the rows that are still to be read from it.
struct Walk<D> {
    snapshot: Transaction<'static, Sqlite>,
    /// In ascending order.
    ids: std::vec::IntoIter<i64>,
    state: D,
}

impl<D> Walk<D> {
    /// The rows of the next chunk, as a JSON array; none at the end.
    fn next(&mut self) -> Option<String> {
        let some: Vec<i64> = self.ids.by_ref().take(CHUNK_ROWS).collect();
        (!some.is_empty()).then(|| serde_json::json!(some).to_string())
    }
}

/// What a resource is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedResource {
    /// Its ARN.
    pub uid: Uid,
    /// Its type.
    pub kind: ResourceType,
    /// The account that owns it.
    pub account: AccountId,
    /// Its id in the provider's own calls.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// Whether the provider made it for itself.
    pub provider_made: bool,
}

impl NamedResource {
    fn of(one: Resource) -> Self {
        let Resource { uid, kind, account, id, name, provider_made, .. } = one;
        Self { uid, kind, account, id, name, provider_made }
    }
}

/// The question for the resources that exist.
fn push_ids(sql: &mut QueryBuilder<Sqlite>, which: &Which) {
    // The plus sign keeps SQLite from walking the index on `deleted_at` where another leads to the few that are wanted.
    let plus = if which.is_few() || !which.names.is_empty() { "+" } else { "" };
    sql.push("SELECT r.id FROM resource r WHERE ").push(plus).push("r.deleted_at IS NULL");
    which.push_now(sql);
}

/// The condition that a row is one of a chunk.
fn push_chunk(sql: &mut QueryBuilder<Sqlite>, column: &'static str, chunk: String) {
    sql.push(" WHERE ").push(column).push(" IN (SELECT value FROM json_each(").push_bind(chunk);
    sql.push(")) ORDER BY ").push(column);
}

impl Store {
    /// The resources that exist, in the order of first sight.
    pub fn stream_resources(
        &self,
        which: &Which,
        with_documents: bool,
    ) -> impl Stream<Item = Result<Vec<StoredResource>, StoreError>> + Send + use<> {
        let which = which.clone();
        let laid = self.overlay.as_ref().map(|overlay| overlay.resources(&which, with_documents));
        let overlay = self.overlay.clone();
        let ids = move |sql: &mut QueryBuilder<Sqlite>| push_ids(sql, &which);
        let ask = move |sql: &mut QueryBuilder<Sqlite>, chunk: String| {
            sql.push(concat!("SELECT ", resource_columns!()));
            if with_documents {
                sql.push(", d.codec, d.size, d.body");
            }
            sql.push(" FROM resource r");
            if with_documents {
                sql.push(" LEFT JOIN document d ON d.hash = r.hash");
            }
            push_chunk(sql, "r.id", chunk);
        };
        let held = self.chunks((ids, ask), Decoder::default(), move |rows, mut decoder| {
            let mut decoded = decoder.resources(rows, with_documents)?;
            if let Some(overlay) = &overlay {
                overlay.keep_resources(&mut decoded);
            }
            Ok((decoded, decoder))
        });
        held.chain(stream::iter(laid.map(Ok)))
    }

    /// What the resources that exist are called, in the order of first sight: a fraction of what all of them takes.
    pub fn stream_names(
        &self,
        which: &Which,
    ) -> impl Stream<Item = Result<Vec<NamedResource>, StoreError>> + Send + use<> {
        let which = which.clone();
        let laid = self.overlay.as_ref().map(|overlay| {
            overlay.resources(&which, false).into_iter().map(|one| NamedResource::of(one.resource)).collect()
        });
        let overlay = self.overlay.clone();
        let ids = move |sql: &mut QueryBuilder<Sqlite>| push_ids(sql, &which);
        let ask = |sql: &mut QueryBuilder<Sqlite>, chunk: String| {
            sql.push("SELECT r.uid, r.kind, r.account, r.native_id, r.name, r.provider_made FROM resource r");
            push_chunk(sql, "r.id", chunk);
        };
        let held = self.chunks((ids, ask), Decoder::default(), move |rows, mut decoder| {
            let mut decoded: Vec<NamedResource> =
                rows.iter().map(|row| decoder.named(row)).collect::<Result<_, _>>()?;
            if let Some(overlay) = &overlay {
                decoded.retain(|one| !overlay.hides(&one.uid));
            }
            Ok((decoded, decoder))
        });
        held.chain(stream::iter(laid.map(Ok)))
    }

    /// The edges.
    pub fn stream_edges(
        &self,
        which: &WhichEdges,
    ) -> impl Stream<Item = Result<Vec<Edge>, StoreError>> + Send + use<> {
        let which = which.clone();
        let laid = self.overlay.as_ref().map(|overlay| overlay.edges(&which));
        let overlay = self.overlay.clone();
        let ids = move |sql: &mut QueryBuilder<Sqlite>| {
            sql.push("SELECT e.id FROM edge e");
            if !which.from.is_empty() {
                sql.push(" JOIN resource f ON f.id = e.from_id");
            }
            sql.push(" WHERE 1");
            which.push(sql);
        };
        let ask = move |sql: &mut QueryBuilder<Sqlite>, chunk: String| {
            sql.push(concat!(
                "SELECT ",
                edge_columns!(),
                " FROM edge e JOIN resource f ON f.id = e.from_id LEFT JOIN resource t ON t.id = e.to_id"
            ));
            push_chunk(sql, "e.id", chunk);
        };
        let held = self.chunks((ids, ask), (), move |rows, ()| {
            let mut decoded = rows.iter().map(|row| edges::decode(row, 0)).collect::<Result<_, _>>()?;
            if let Some(overlay) = &overlay {
                overlay.keep_edges(&mut decoded);
            }
            Ok((decoded, ()))
        });
        held.chain(stream::iter(laid.map(Ok)))
    }

    /// The statements on resources; those on one follow each other, sorted by part and trust.
    pub fn stream_statements(
        &self,
        which: &Which,
    ) -> impl Stream<Item = Result<Vec<(Uid, Statement)>, StoreError>> + Send + use<> {
        let which = which.clone();
        let ids = move |sql: &mut QueryBuilder<Sqlite>| {
            sql.push("SELECT r.id FROM resource r WHERE 1");
            which.push_now(sql);
        };
        let ask = move |sql: &mut QueryBuilder<Sqlite>, chunk: String| {
            sql.push(concat!(
                "SELECT r.uid, e.statements, ",
                last_seen!(),
                " FROM explanation e JOIN resource r ON r.id = e.resource"
            ));
            push_chunk(sql, "e.resource", chunk);
        };
        self.chunks((ids, ask), (), |rows, ()| {
            let mut decoded = Vec::with_capacity(rows.len());
            for row in rows {
                let uid = Uid::new(column::<&str>(row, "explanation", 0)?);
                let list = explanations::decode(
                    column(row, "explanation", 1)?,
                    time("resource", column(row, "resource", 2)?)?,
                )?;
                decoded.extend(list.into_iter().map(|statement| (uid.clone(), statement)));
            }
            Ok((decoded, ()))
        })
    }

    /// Walks the rows whose numbers the first question gives, in their order; the second one reads a chunk of them. Chunks are
    /// decoded away from the tasks that wait.
    fn chunks<T, D, I, A, F>(
        &self,
        (ids, ask): (I, A),
        state: D,
        decode: F,
    ) -> impl Stream<Item = Result<Vec<T>, StoreError>> + Send + use<T, D, I, A, F>
    where
        I: Fn(&mut QueryBuilder<Sqlite>) + Send + 'static,
        A: Fn(&mut QueryBuilder<Sqlite>, String) + Clone + Send + 'static,
        T: Send + 'static,
        D: Send + 'static,
        F: Fn(&[SqliteRow], D) -> Result<(Vec<T>, D), StoreError> + Clone + Send + 'static,
    {
        let store = self.clone();
        let begin = {
            let store = self.clone();
            async move {
                let failed = |source| store.failed(OPERATION, source);
                let mut snapshot = store.walkers().begin().await.map_err(failed)?;
                let mut sql = QueryBuilder::new("");
                ids(&mut sql);
                let mut ids: Vec<i64> =
                    sql.build_query_scalar().fetch_all(&mut *snapshot).await.map_err(failed)?;
                ids.sort_unstable();
                Ok(Walk { snapshot, ids: ids.into_iter(), state })
            }
        };
        let read = move |mut walk: Walk<D>| {
            let (store, ask, decode) = (store.clone(), ask.clone(), decode.clone());
            async move {
                let Some(chunk) = walk.next() else { return Ok(None) };
                let mut sql = QueryBuilder::new("");
                ask(&mut sql, chunk);
                let rows = sql.build().fetch_all(&mut *walk.snapshot).await;
                let rows = rows.map_err(|source| store.failed(OPERATION, source))?;
                let Walk { snapshot, ids, state } = walk;
                let (decoded, state) = blocking(move || decode(&rows, state)).await??;
                Ok(Some((decoded, Walk { snapshot, ids, state })))
            }
        };
        ahead(begin, read)
    }
}

/// Reads a chunk while the one before is used.
pub(crate) fn ahead<T, W, R>(
    begin: impl Future<Output = Result<W, StoreError>> + Send,
    read: impl Fn(W) -> R + Clone + Send + 'static,
) -> impl Stream<Item = Result<Vec<T>, StoreError>> + Send
where
    T: Send + 'static,
    W: Send + 'static,
    R: Future<Output = Result<Option<(Vec<T>, W)>, StoreError>> + Send + 'static,
{
    let walk = move |begun: W| {
        let read = read.clone();
        stream::try_unfold(Reading(tokio::spawn(read(begun))), move |mut reading| {
            let read = read.clone();
            async move {
                let chunk = (&mut reading.0).await.map_err(|_| StoreError::Closed)??;
                Ok(chunk.map(|(decoded, walk)| (decoded, Reading(tokio::spawn(read(walk))))))
            }
        })
    };
    stream::once(begin).map_ok(walk).try_flatten()
}

/// A chunk that is being read; given up where nobody waits for it any more.
struct Reading<T>(JoinHandle<T>);

impl<T> Drop for Reading<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
