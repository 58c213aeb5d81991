//! Moments and the scans that they fall on.

use fathom_model::{DayEdge, Moment, Scan, ScanState, Timestamp};

use crate::{Store, StoreError, rows::micros};

impl Store {
    /// The first finished scan whose state is kept: where history begins.
    pub async fn first_scan(&self) -> Result<Option<Scan>, StoreError> {
        let sql = "SELECT MIN(id) FROM scan WHERE state = 'finished' AND compacted = 0 AND id > $1";
        self.one_scan(sql, 0).await
    }

    /// The finished scan that the estate is as of: scans count in the order in which they began. See also
    /// [`Store::latest_scan`].
    pub async fn newest_scan(&self) -> Result<Option<Scan>, StoreError> {
        self.one_scan("SELECT MAX(id) FROM scan WHERE state = 'finished' AND id > $1", 0).await
    }

    /// The newest scan that had finished at a moment, of those whose state is kept.
    pub async fn scan_at(&self, moment: Timestamp) -> Result<Option<Scan>, StoreError> {
        let sql = "SELECT MAX(id) FROM scan WHERE state = 'finished' AND compacted = 0 AND finished_at <= $1";
        self.one_scan(sql, micros(moment)).await
    }

    /// The newest scan that had finished at a moment, where its state is not kept any more and [`Store::scan_of`] gives
    /// an earlier one in its place.
    pub async fn let_go_at(&self, moment: Timestamp) -> Result<Option<Scan>, StoreError> {
        let sql = "SELECT id FROM (SELECT id, compacted FROM scan WHERE state = 'finished' AND finished_at <= $1 \
                   ORDER BY id DESC LIMIT 1) WHERE compacted = 1";
        self.one_scan(sql, micros(moment)).await
    }

    /// The newest finished scan that began before another one, of those whose state is kept.
    pub async fn scan_before(&self, scan: i64) -> Result<Option<Scan>, StoreError> {
        let sql = "SELECT MAX(id) FROM scan WHERE state = 'finished' AND compacted = 0 AND id < $1";
        self.one_scan(sql, scan).await
    }

    /// How many scans had finished when the newest did of whose changes a compaction may have let go of some; 0 where
    /// all are kept.
    pub async fn turns_let_go(&self) -> Result<i64, StoreError> {
        // The first scan that is whole has no state before it to compare with.
        sqlx::query_scalar(
            "SELECT COALESCE(MAX(turn), 0) FROM scan WHERE turn IS NOT NULL AND id <= (SELECT MIN(id) FROM scan \
             WHERE state = 'finished' AND id > (SELECT MAX(id) FROM scan WHERE compacted = 1))",
        )
        .fetch_one(self.readers())
        .await
        .map_err(|source| self.failed("read which scans are whole", source))
    }

    /// Refuses a place in the order of scans of which the state is not kept: of the newest scan that finished, of those up
    /// to it.
    ///
    /// # Errors
    /// [`StoreError::Compacted`].
    pub(crate) async fn check_kept(&self, scan: i64) -> Result<(), StoreError> {
        let sql = "SELECT id FROM (SELECT id, compacted FROM scan WHERE state = 'finished' AND id <= $1 \
                   ORDER BY id DESC LIMIT 1) WHERE compacted = 1";
        let Some(let_go) = self.one_scan(sql, scan).await? else { return Ok(()) };
        let after = "SELECT MIN(id) FROM scan WHERE state = 'finished' AND compacted = 0 AND id > $1";
        let near = [self.scan_before(let_go.id).await?, self.one_scan(after, let_go.id).await?];
        let kept = near.into_iter().flatten().map(|scan| scan.id).collect();
        Err(StoreError::Compacted { scan: let_go.id, kept })
    }

    /// The finished scan that a moment falls on: the named one, or the newest that had finished then, of those whose state
    /// is kept.
    ///
    /// # Errors
    /// [`StoreError::BeforeHistory`] where none had, [`StoreError::NoSuchScan`], [`StoreError::Compacted`] and
    /// [`StoreError::Invalid`] where the named scan did not finish or the moment is in the future.
    pub async fn scan_of(&self, moment: &Moment, edge: DayEdge, now: Timestamp) -> Result<Scan, StoreError> {
        if let Moment::Scan(id) = *moment {
            let scan = self.scan(id).await?.ok_or(StoreError::NoSuchScan { scan: id })?;
            return match scan.state {
                ScanState::Finished => {
                    self.check_kept(id).await?;
                    Ok(scan)
                }
                state => Err(StoreError::Invalid {
                    what: format!("scan {id} left no estate behind: it is {}", state.as_str()),
                }),
            };
        }
        // Today has not ended yet, and may be named all the same.
        if let Some(begins) = moment.time(now, DayEdge::Begin).filter(|begins| *begins > now) {
            return Err(StoreError::Invalid {
                what: format!("{begins} is in the future: no scan has seen the estate then; it is {now}"),
            });
        }
        let time = moment.time(now, edge).unwrap_or(Timestamp::MIN);
        if let Some(scan) = self.scan_at(time).await? {
            return Ok(scan);
        }
        let begins = self.first_scan().await?.and_then(|scan| scan.finished_at);
        Err(StoreError::BeforeHistory { moment: time, begins })
    }

    async fn one_scan(&self, sql: &'static str, bound: i64) -> Result<Option<Scan>, StoreError> {
        let failed = |source| self.failed("find a scan", source);
        let found: Option<Option<i64>> =
            sqlx::query_scalar(sql).bind(bound).fetch_optional(self.readers()).await.map_err(failed)?;
        match found.flatten() {
            Some(id) => self.scan(id).await,
            None => Ok(None),
        }
    }
}
