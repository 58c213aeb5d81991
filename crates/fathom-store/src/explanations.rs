//! Explanations: all statements on a resource, in one row.

use fathom_model::{Statement, Uid};
use serde_json::json;
use sqlx::SqliteConnection;

use crate::{Store, StoreError, bulk::Insert, rows::column};

const INSERT: Insert =
    Insert { head: "INSERT INTO explanation (uid, statements) VALUES", columns: 2, tail: "" };

pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    statements: &[(Uid, Statement)],
) -> Result<(), sqlx::Error> {
    let mut sorted: Vec<&(Uid, Statement)> = statements.iter().collect();
    sorted.sort_by(|(a, left), (b, right)| {
        a.cmp(b).then_with(|| (left.part, left.source).cmp(&(right.part, right.source)))
    });
    let rows: Vec<_> = sorted.chunk_by(|(a, _), (b, _)| a == b).collect();
    INSERT
        .run(conn, &rows, |query, group| {
            let uid = group.first().map(|(uid, _)| uid.as_str()).unwrap_or_default();
            let list: Vec<&Statement> = group.iter().map(|(_, statement)| statement).collect();
            query.bind(uid).bind(json!(list).to_string())
        })
        .await
}

/// The statements of a column.
pub(crate) fn decode(text: &str) -> Result<Vec<Statement>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::BadRow {
        table: "explanation",
        what: "statements are not a JSON array of statements".to_owned(),
    })
}

impl Store {
    /// All statements on a resource, sorted by part, then by trust.
    pub async fn statements(&self, uid: &Uid) -> Result<Vec<Statement>, StoreError> {
        let row = sqlx::query("SELECT statements FROM explanation WHERE uid = $1")
            .bind(uid.as_str())
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read statements", source))?;
        row.map_or(Ok(Vec::new()), |row| decode(column(&row, "explanation", 0)?))
    }
}
