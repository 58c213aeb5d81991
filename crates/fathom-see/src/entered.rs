//! Troubles at the door that are over.
//!
//! An account or region that could not be entered, or was left out, is a row of the coverage ledger. Rows of operations
//! are replaced by the next scan that asks the same; these are not asked again as such, so a scan that does enter says so
//! where the store still says otherwise.

use std::collections::BTreeSet;

use fathom_model::{AccountId, Coverage, Outcome, Region};
use fathom_store::{CoverageQuery, Store, StoreError};

use crate::scope::Discovered;

/// Rows that are looked at; far more than there are accounts and regions.
const ROWS_MAX: u32 = 1_000_000;

/// What a row is about.
type About = (AccountId, Region, String, String);

fn about(row: &Coverage) -> About {
    (row.account.clone(), row.region.clone(), row.service.clone(), row.operation.clone())
}

impl Discovered {
    /// Adds the rows that take the place of earlier ones, which are so no more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn settle(&mut self, store: &Store) -> Result<(), StoreError> {
        let unknown = |services: &[&str], regions: &[Region]| CoverageQuery {
            services: services.iter().map(|service| (*service).to_owned()).collect(),
            regions: regions.to_vec(),
            outcome: Some(Outcome::Unknown),
            limit: ROWS_MAX,
            ..CoverageQuery::default()
        };
        let mut known = store.coverage(&unknown(&["*", "sts"], &[])).await?;
        known.extend(store.coverage(&unknown(&["ec2", "organizations"], &[Region::global()])).await?);
        let known = known.into_iter().filter(|row| row.resource_type.is_none());
        let mut told: BTreeSet<About> = self.rows.iter().map(about).collect();
        for old in known {
            let what = about(&old);
            if told.contains(&what) {
                continue;
            }
            let new = self.entered.iter().find(|row| about(row) == what).cloned();
            if let Some(new) = new.or_else(|| self.is_no_more(&old).then(|| nothing(old))) {
                told.insert(what);
                self.rows.push(new);
            }
        }
        Ok(())
    }

    /// Whether a row is about an account or region that is not there, and that nobody asks for any more.
    fn is_no_more(&self, row: &Coverage) -> bool {
        row.service == "*"
            && if row.region.is_global() {
                // One that nobody may enter is there.
                self.organization && !self.rows.iter().any(|other| other.account == row.account)
            } else {
                self.whole.contains(&row.account)
            }
    }
}

fn nothing(row: Coverage) -> Coverage {
    Coverage { outcome: Outcome::Empty, reason: None, detail: None, ..row }
}
