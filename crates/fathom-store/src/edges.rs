//! Edges: what resources state about each other.

use fathom_model::{Edge, EdgeKind, ResourceType, Target, Uid};
use serde::{Deserialize, Serialize};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{Store, StoreError, bulk::Insert, rows::column};

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

const INSERT: Insert =
    Insert { head: "INSERT INTO edge (from_uid, kind, target, expected) VALUES", columns: 4, tail: "" };

pub(crate) async fn insert(conn: &mut SqliteConnection, edges: &[Edge]) -> Result<(), sqlx::Error> {
    INSERT
        .run(conn, edges, |query, edge| {
            let expected = match &edge.to {
                Target::Known { .. } => None,
                Target::Unresolved { kind, .. } => Some(kind.as_str().to_owned()),
            };
            query.bind(edge.from.as_str()).bind(edge.kind.as_str()).bind(edge.to.as_str()).bind(expected)
        })
        .await
}

/// An edge of the columns `from_uid, kind, target, expected`, which begin at `first`.
pub(crate) fn decode(row: &SqliteRow, first: usize) -> Result<Edge, StoreError> {
    const TABLE: &str = "edge";
    let target: &str = column(row, TABLE, first + 2)?;
    let to = match column::<Option<&str>>(row, TABLE, first + 3)? {
        None => Target::Known { uid: Uid::new(target) },
        Some(kind) => Target::Unresolved { kind: ResourceType::new(kind), reference: target.to_owned() },
    };
    Ok(Edge {
        from: Uid::new(column::<&str>(row, TABLE, first)?),
        kind: EdgeKind::new(column::<&str>(row, TABLE, first + 1)?),
        to,
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
        let mut outgoing = read(
            "SELECT from_uid, kind, target, expected FROM edge WHERE from_uid = $1 ORDER BY kind, target, id LIMIT $2",
        )
        .await?;
        let mut incoming = read(
            "SELECT from_uid, kind, target, expected FROM edge WHERE target = $1 AND expected IS NULL \
             ORDER BY kind, from_uid, id LIMIT $2",
        )
        .await?;
        let limit = EDGES_MAX as usize;
        let truncated = outgoing.len() > limit || incoming.len() > limit;
        outgoing.truncate(limit);
        incoming.truncate(limit);
        Ok(Edges { outgoing, incoming, truncated })
    }
}
