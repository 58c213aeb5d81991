//! Which resources a scan touched: written down when it ends, so that nobody has to look for them.

use std::collections::BTreeMap;

use sqlx::{Row as _, SqliteConnection};

/// Scans that are remembered.
const SCANS_MAX: usize = 256;
/// Resources of one scan that are remembered; of more only that there were many.
const RESOURCES_MAX: i64 = 20_000;

/// What the last scans touched, by how many had finished.
#[derive(Debug, Default)]
pub(crate) struct Touched(BTreeMap<i64, Option<Vec<i64>>>);

impl Touched {
    pub(crate) fn add(&mut self, turn: i64, resources: Option<Vec<i64>>) {
        self.0.insert(turn, resources);
        while self.0.len() > SCANS_MAX {
            self.0.pop_first();
        }
    }

    /// All resources that scans after one touched, up to another; none where that is not known.
    pub(crate) fn between(&self, after: i64, until: i64) -> Option<Vec<i64>> {
        let mut all = Vec::new();
        for turn in after.checked_add(1)?..=until {
            all.extend(self.0.get(&turn)?.as_ref()?);
        }
        Some(all)
    }
}

/// Resources of which no scan can say whether they exist. The scan that is being finished may see them again.
pub(crate) async fn stale(conn: &mut SqliteConnection) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM resource WHERE stale = 1 LIMIT $1")
        .bind(RESOURCES_MAX + 1)
        .fetch_all(conn)
        .await
}

/// The resources that a scan which is being finished touched: what it brought or said anew, and `more`: what it did not
/// see any more, and what was stale before. None where they are many.
pub(crate) async fn touched(
    conn: &mut SqliteConnection,
    scan: i64,
    more: &[i64],
) -> Result<Option<Vec<i64>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT r.id FROM (SELECT uid FROM staged WHERE scan = $1 AND kind IS NOT NULL \
         UNION SELECT uid FROM staged_knowledge WHERE scan = $1) s CROSS JOIN resource r ON r.uid = s.uid LIMIT $2",
    )
    .bind(scan)
    .bind(RESOURCES_MAX + 1)
    .fetch_all(conn)
    .await?;
    if rows.len() as i64 + more.len() as i64 > RESOURCES_MAX {
        return Ok(None);
    }
    let mut all: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    all.extend(more);
    Ok(Some(all))
}
