//! Reading everything, in chunks, for SQL and for the graph in memory.
//!
//! Every stream reads one snapshot: a scan that finishes meanwhile does not show in it. It holds one reading
//! connection until it is dropped.

use fathom_model::{Edge, Statement, Uid};
use futures::{Stream, StreamExt as _, stream};
use sqlx::{QueryBuilder, Sqlite, Transaction, sqlite::SqliteRow};

use crate::{
    Store, StoreError, StoredResource, Which, WhichEdges,
    edges::{self, edge_columns},
    explanations,
    rows::{Decoder, column, last_seen, resource_columns, time},
    scans::blocking,
};

// The plus sign keeps SQLite from picking the index on `deleted_at` and sorting each chunk.

/// Rows of a chunk, except the last.
pub const CHUNK_ROWS: usize = 8192;

/// A snapshot and the last row that was read from it.
struct Walk<D> {
    snapshot: Transaction<'static, Sqlite>,
    after: i64,
    state: D,
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
        let ask = move |sql: &mut QueryBuilder<Sqlite>, after: i64| {
            sql.push(concat!("SELECT ", resource_columns!()));
            if with_documents {
                sql.push(", d.codec, d.size, d.body");
            }
            sql.push(" FROM resource r");
            if with_documents {
                sql.push(" LEFT JOIN document d ON d.hash = r.hash");
            }
            sql.push(" WHERE +r.deleted_at IS NULL AND r.id > ").push_bind(after);
            which.push_now(sql);
            sql.push(" ORDER BY r.id");
        };
        let held = self.chunks(ask, Decoder::default(), move |rows, mut decoder| {
            let mut decoded = decoder.resources(rows, with_documents)?;
            if let Some(overlay) = &overlay {
                overlay.keep_resources(&mut decoded);
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
        let ask = move |sql: &mut QueryBuilder<Sqlite>, after: i64| {
            sql.push(concat!(
                "SELECT e.id, ",
                edge_columns!(),
                " FROM edge e JOIN resource f ON f.id = e.from_id LEFT JOIN resource t ON t.id = e.to_id WHERE e.id > "
            ));
            sql.push_bind(after);
            which.push(sql);
            sql.push(" ORDER BY e.id");
        };
        let held = self.chunks(ask, (), move |rows, ()| {
            let mut decoded = rows.iter().map(|row| edges::decode(row, 1)).collect::<Result<_, _>>()?;
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
        let ask = move |sql: &mut QueryBuilder<Sqlite>, after: i64| {
            sql.push(concat!(
                "SELECT e.resource, r.uid, e.statements, ",
                last_seen!(),
                " FROM explanation e JOIN resource r ON r.id = e.resource WHERE e.resource > "
            ));
            sql.push_bind(after);
            which.push_now(sql);
            sql.push(" ORDER BY e.resource");
        };
        self.chunks(ask, (), |rows, ()| {
            let mut decoded = Vec::with_capacity(rows.len());
            for row in rows {
                let uid = Uid::new(column::<&str>(row, "explanation", 1)?);
                let list = explanations::decode(
                    column(row, "explanation", 2)?,
                    time("resource", column(row, "resource", 3)?)?,
                )?;
                decoded.extend(list.into_iter().map(|statement| (uid.clone(), statement)));
            }
            Ok((decoded, ()))
        })
    }

    /// Walks a table by its `id`, which is the first column; `ask` writes the question for the rows after one, without
    /// its limit. Chunks are decoded away from the tasks that wait.
    fn chunks<T, D, A, F>(
        &self,
        ask: A,
        state: D,
        decode: F,
    ) -> impl Stream<Item = Result<Vec<T>, StoreError>> + Send + use<T, D, A, F>
    where
        A: Fn(&mut QueryBuilder<Sqlite>, i64) + Clone + Send + 'static,
        T: Send + 'static,
        D: Send + 'static,
        F: Fn(&[SqliteRow], D) -> Result<(Vec<T>, D), StoreError> + Clone + Send + 'static,
    {
        const OPERATION: &str = "read the estate";
        let store = self.clone();
        enum Step<D> {
            Begin(D),
            Walk(Walk<D>),
            Done,
        }
        stream::try_unfold(Step::Begin(state), move |step| {
            let (store, ask, decode) = (store.clone(), ask.clone(), decode.clone());
            async move {
                let mut walk = match step {
                    Step::Done => return Ok(None),
                    Step::Walk(walk) => walk,
                    Step::Begin(state) => {
                        let snapshot = store.walkers().begin().await;
                        let snapshot = snapshot.map_err(|source| store.failed(OPERATION, source))?;
                        Walk { snapshot, after: 0, state }
                    }
                };
                let mut sql = QueryBuilder::new("");
                ask(&mut sql, walk.after);
                sql.push(" LIMIT ").push_bind(CHUNK_ROWS as i64);
                let rows = sql
                    .build()
                    .fetch_all(&mut *walk.snapshot)
                    .await
                    .map_err(|source| store.failed(OPERATION, source))?;
                let Some(last) = rows.last() else { return Ok(None) };
                walk.after = column(last, "estate", 0)?;
                let complete = rows.len() == CHUNK_ROWS;
                let Walk { snapshot, after, state } = walk;
                let (decoded, state) = blocking(move || decode(&rows, state)).await??;
                let next = if complete { Step::Walk(Walk { snapshot, after, state }) } else { Step::Done };
                Ok(Some((decoded, next)))
            }
        })
    }
}
