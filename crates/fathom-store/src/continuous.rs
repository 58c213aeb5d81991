//! What a server that runs all the time asks of scans: when one was asked for last, and which finished since.

use fathom_model::{Scan, ScanState};

use crate::{Store, StoreError, rows::column};

/// Scans that are looked back at to count how often one failed in a row.
const BACK_MAX: usize = 20;

/// When something was asked for last.
#[derive(Debug, Clone, PartialEq)]
pub struct LastAsked {
    /// The newest scan that was asked for so, however it ended.
    pub scan: Scan,
    /// How many of the newest did not finish, in a row; one that is under way does not count. At most 20.
    pub failures: u32,
}

impl Store {
    /// When a scan was asked for last in exactly these words, as [`Store::begin_scan_as`] was given them.
    pub async fn last_asked(&self, asked: &str) -> Result<Option<LastAsked>, StoreError> {
        let failed = |source| self.failed("read when a scan was asked for", source);
        let ids: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM scan WHERE asked = $1 ORDER BY id DESC LIMIT $2")
                .bind(asked)
                .bind(BACK_MAX as i64)
                .fetch_all(self.readers())
                .await
                .map_err(failed)?;
        let (mut newest, mut failures) = (None, 0);
        for id in ids {
            let Some(scan) = self.scan(id).await? else { break };
            let state = scan.state;
            newest.get_or_insert(scan);
            match state {
                ScanState::Finished => break,
                ScanState::Running => {}
                ScanState::Failed | ScanState::Interrupted => failures += 1,
            }
        }
        Ok(newest.map(|scan| LastAsked { scan, failures }))
    }

    /// How many scans have finished so far.
    pub async fn turns(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT COALESCE(MAX(turn), 0) FROM scan WHERE turn IS NOT NULL")
            .fetch_one(self.readers())
            .await
            .map_err(|source| self.failed("count finished scans", source))
    }

    /// The finished scan with the smallest turn after this one, and its turn.
    pub async fn finished_after(&self, turn: i64) -> Result<Option<(i64, Scan)>, StoreError> {
        let failed = |source| self.failed("read the next finished scan", source);
        let row = sqlx::query(
            "SELECT turn, id FROM scan WHERE turn IS NOT NULL AND turn > $1 ORDER BY turn LIMIT 1",
        )
        .bind(turn)
        .fetch_optional(self.readers())
        .await
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let (turn, id) = (column(&row, "scan", 0)?, column(&row, "scan", 1)?);
        Ok(self.scan(id).await?.map(|scan| (turn, scan)))
    }
}
