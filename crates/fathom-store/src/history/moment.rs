//! Moments and the scans that they fall on.

use fathom_model::{DayEdge, Moment, Scan, ScanState, Timestamp};
use sqlx::Row as _;

use crate::{Store, StoreError, rows::micros};

impl Store {
    /// The first scan that finished: where history begins.
    pub async fn first_scan(&self) -> Result<Option<Scan>, StoreError> {
        self.one_scan("SELECT MIN(id) FROM scan WHERE state = 'finished' AND id > $1", 0).await
    }

    /// The newest scan that had finished at a moment.
    pub async fn scan_at(&self, moment: Timestamp) -> Result<Option<Scan>, StoreError> {
        let sql = "SELECT MAX(id) FROM scan WHERE state = 'finished' AND finished_at <= $1";
        self.one_scan(sql, micros(moment)).await
    }

    /// The newest finished scan that began before another one.
    pub async fn scan_before(&self, scan: i64) -> Result<Option<Scan>, StoreError> {
        self.one_scan("SELECT MAX(id) FROM scan WHERE state = 'finished' AND id < $1", scan).await
    }

    /// The finished scan that a moment falls on: the named one, or the newest that had finished then.
    ///
    /// # Errors
    /// [`StoreError::BeforeHistory`] where none had, [`StoreError::NoSuchScan`], and [`StoreError::Invalid`] where the
    /// named scan did not finish.
    pub async fn scan_of(&self, moment: &Moment, edge: DayEdge, now: Timestamp) -> Result<Scan, StoreError> {
        if let Moment::Scan(id) = *moment {
            let scan = self.scan(id).await?.ok_or(StoreError::NoSuchScan { scan: id })?;
            return match scan.state {
                ScanState::Finished => Ok(scan),
                state => Err(StoreError::Invalid {
                    what: format!("scan {id} left no estate behind: it is {}", state.as_str()),
                }),
            };
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
        let row = sqlx::query(sql).bind(bound).fetch_one(self.readers()).await.map_err(failed)?;
        match row.try_get::<Option<i64>, _>(0).map_err(failed)? {
            Some(id) => self.scan(id).await,
            None => Ok(None),
        }
    }
}
