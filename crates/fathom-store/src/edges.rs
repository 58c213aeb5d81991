//! Edges: what resources state about each other.

use fathom_model::{DocumentPath, Edge, EdgeKind, ResourceType, Target, Uid};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;

use crate::{Store, StoreError, rows::column};

/// The most edges of one resource in each direction that one call gives.
const EDGES_MAX: i64 = 10_000;

/// The edges of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Edges {
    /// Those that its own document states.
    pub outgoing: Vec<Edge>,
    /// Those that lead to it.
    pub incoming: Vec<Edge>,
    /// Whether there are more than 10,000 in a direction; the rest is in [`Store::stream_edges`].
    pub truncated: bool,
}

/// Columns of an edge `e` from the resource `f` to the resource `t`, as [`decode`] reads them. One to a resource that is
/// gone leads to nothing seen, and expected what that was.
macro_rules! edge_columns {
    () => {
        "f.uid, e.kind, COALESCE(e.target, t.uid) AS target, \
         COALESCE(e.expected, CASE WHEN t.deleted_at IS NOT NULL THEN t.kind END), e.outside, e.path"
    };
}
pub(crate) use edge_columns;

/// An edge of its columns, which begin at `first`.
pub(crate) fn decode(row: &SqliteRow, first: usize) -> Result<Edge, StoreError> {
    const TABLE: &str = "edge";
    let target: &str = column(row, TABLE, first + 2)?;
    let to = match column::<Option<&str>>(row, TABLE, first + 3)? {
        None => Target::Known { uid: Uid::new(target) },
        Some(kind) => Target::Unresolved {
            kind: ResourceType::new(kind),
            reference: target.to_owned(),
            outside: column(row, TABLE, first + 4)?,
        },
    };
    Ok(Edge {
        from: Uid::new(column::<&str>(row, TABLE, first)?),
        kind: EdgeKind::new(column::<&str>(row, TABLE, first + 1)?),
        to,
        path: DocumentPath::new(column::<&str>(row, TABLE, first + 5)?),
    })
}

impl Store {
    /// The edges from and to a resource, each list sorted by kind and other end.
    pub async fn edges_of(&self, uid: &Uid) -> Result<Edges, StoreError> {
        let read = |sql: &'static str| async move {
            let rows = sqlx::query(sql)
                .bind(uid.as_str())
                .bind(EDGES_MAX + 1)
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read edges", source))?;
            rows.iter().map(|row| decode(row, 0)).collect::<Result<Vec<_>, _>>()
        };
        let mut outgoing = read(concat!(
            "SELECT ",
            edge_columns!(),
            " FROM resource f \
             JOIN edge e ON e.from_id = f.id LEFT JOIN resource t ON t.id = e.to_id \
             WHERE f.uid = $1 ORDER BY e.kind, 3, e.id LIMIT $2"
        ))
        .await?;
        let mut incoming = read(concat!(
            "SELECT ",
            edge_columns!(),
            " FROM resource t JOIN edge e ON e.to_id = t.id \
             JOIN resource f ON f.id = e.from_id WHERE t.uid = $1 ORDER BY e.kind, f.uid, e.id LIMIT $2"
        ))
        .await?;
        let limit = EDGES_MAX as usize;
        let truncated = outgoing.len() > limit || incoming.len() > limit;
        outgoing.truncate(limit);
        incoming.truncate(limit);
        Ok(Edges { outgoing, incoming, truncated })
    }
}
