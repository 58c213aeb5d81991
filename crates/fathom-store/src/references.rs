//! Where references lead, counted: what the graph is missing, by the type and place that states it.

use fathom_model::{DocumentPath, ResourceType};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    rows::{column, count},
};

/// The references of one type that stand in one place of its documents and expect one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceCount {
    /// The type whose documents state them.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where they stand.
    pub path: DocumentPath,
    /// The type that those expect which lead to nothing seen; none where all lead to a resource.
    pub expected: Option<ResourceType>,
    /// Those that lead to a resource.
    pub resolved: u64,
    /// Those that name an account that was not looked into.
    pub outside: u64,
    /// Those that lead to nothing seen, though nothing says that it is somebody else's.
    pub missing: u64,
    /// One of the missing, as a document has it.
    pub example: Option<String>,
}

impl Store {
    /// All references of what exists, counted, those with the most missing first.
    pub async fn references(&self) -> Result<Vec<ReferenceCount>, StoreError> {
        const TABLE: &str = "edge";
        // One pass over the edges; the number of groups is that of types and places, which are few.
        let rows = sqlx::query(
            "SELECT kind, path, expected, COUNT(*) FILTER (WHERE expected IS NULL), \
             COUNT(*) FILTER (WHERE expected IS NOT NULL AND outside = 1), \
             COUNT(*) FILTER (WHERE expected IS NOT NULL AND outside = 0), \
             MIN(CASE WHEN expected IS NOT NULL AND outside = 0 THEN target END) FROM \
             (SELECT r.kind, e.path, e.outside, COALESCE(e.target, t.uid) AS target, \
              COALESCE(e.expected, CASE WHEN t.deleted_at IS NOT NULL THEN t.kind END) AS expected \
              FROM edge e JOIN resource r ON r.id = e.from_id LEFT JOIN resource t ON t.id = e.to_id \
              WHERE r.deleted_at IS NULL) \
             GROUP BY kind, path, expected ORDER BY 6 DESC, 5 DESC, 1, 2, 3",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("count references", source))?;
        rows.iter()
            .map(|row| {
                Ok(ReferenceCount {
                    kind: ResourceType::new(column::<&str>(row, TABLE, 0)?),
                    path: DocumentPath::new(column::<&str>(row, TABLE, 1)?),
                    expected: column::<Option<&str>>(row, TABLE, 2)?.map(ResourceType::new),
                    resolved: count(row, TABLE, 3)?,
                    outside: count(row, TABLE, 4)?,
                    missing: count(row, TABLE, 5)?,
                    example: column(row, TABLE, 6)?,
                })
            })
            .collect()
    }
}
