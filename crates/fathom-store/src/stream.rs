//! Reading everything, in chunks, for SQL and for the graph in memory.
//!
//! Every stream reads one snapshot: a scan that finishes meanwhile does not show in it. It holds one reading
//! connection until it is dropped.

use fathom_model::{Edge, ResourceType, Statement, Uid};
use futures::{Stream, stream};
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};

use crate::{
    Store, StoreError, StoredResource,
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
    /// All resources that exist, or those of a type, in the order of first sight.
    pub fn stream_resources(
        &self,
        kind: Option<&ResourceType>,
        with_documents: bool,
    ) -> impl Stream<Item = Result<Vec<StoredResource>, StoreError>> + Send + use<> {
        let sql = match (kind.is_some(), with_documents) {
            (false, false) => concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r \
                 WHERE r.id > $1 AND +r.deleted_at IS NULL ORDER BY r.id LIMIT $2"
            ),
            (true, false) => concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r \
                 WHERE r.id > $1 AND +r.deleted_at IS NULL AND r.kind = $3 ORDER BY r.id LIMIT $2"
            ),
            (false, true) => concat!(
                "SELECT ",
                resource_columns!(),
                ", d.codec, d.size, d.body FROM resource r \
                 LEFT JOIN document d ON d.hash = r.hash \
                 WHERE r.id > $1 AND +r.deleted_at IS NULL ORDER BY r.id LIMIT $2"
            ),
            (true, true) => concat!(
                "SELECT ",
                resource_columns!(),
                ", d.codec, d.size, d.body FROM resource r \
                 LEFT JOIN document d ON d.hash = r.hash \
                 WHERE r.id > $1 AND +r.deleted_at IS NULL AND r.kind = $3 ORDER BY r.id LIMIT $2"
            ),
        };
        let kind = kind.map(|kind| kind.as_str().to_owned());
        self.chunks(sql, kind, Decoder::default(), move |rows, mut decoder| {
            let decoded = decoder.resources(rows, with_documents)?;
            Ok((decoded, decoder))
        })
    }

    /// All edges.
    pub fn stream_edges(&self) -> impl Stream<Item = Result<Vec<Edge>, StoreError>> + Send + use<> {
        let sql = concat!(
            "SELECT e.id, ",
            edge_columns!(),
            " FROM edge e JOIN resource f ON f.id = e.from_id LEFT JOIN resource t ON t.id = e.to_id \
             WHERE e.id > $1 ORDER BY e.id LIMIT $2"
        );
        self.chunks(sql, None, (), |rows, ()| {
            let decoded = rows.iter().map(|row| edges::decode(row, 1)).collect::<Result<_, _>>()?;
            Ok((decoded, ()))
        })
    }

    /// All statements; those on one resource follow each other, sorted by part and trust.
    pub fn stream_statements(
        &self,
    ) -> impl Stream<Item = Result<Vec<(Uid, Statement)>, StoreError>> + Send + use<> {
        let sql = concat!(
            "SELECT e.resource, r.uid, e.statements, ",
            last_seen!(),
            " FROM explanation e JOIN resource r ON r.id = e.resource \
             WHERE e.resource > $1 ORDER BY e.resource LIMIT $2"
        );
        self.chunks(sql, None, (), |rows, ()| {
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

    /// Walks a table by its `id`, which is the first column; chunks are decoded away from the tasks that wait.
    fn chunks<T, D, F>(
        &self,
        sql: &'static str,
        parameter: Option<String>,
        state: D,
        decode: F,
    ) -> impl Stream<Item = Result<Vec<T>, StoreError>> + Send + use<T, D, F>
    where
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
            let (store, parameter, decode) = (store.clone(), parameter.clone(), decode.clone());
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
                let mut query = sqlx::query(sql).bind(walk.after).bind(CHUNK_ROWS as i64);
                if let Some(parameter) = parameter {
                    query = query.bind(parameter);
                }
                let rows = query
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
