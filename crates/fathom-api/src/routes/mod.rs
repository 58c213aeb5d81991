//! One file for each thing that can be asked for.

pub(crate) mod acceptances;
pub(crate) mod activity;
pub(crate) mod assignments;
pub(crate) mod baselines;
pub(crate) mod changes_stream;
pub(crate) mod coverage;
pub(crate) mod drift;
pub(crate) mod events;
pub(crate) mod filter;
pub(crate) mod findings;
pub(crate) mod frameworks;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod map;
pub(crate) mod me;
pub(crate) mod network;
pub(crate) mod oidc;
pub(crate) mod openapi;
pub(crate) mod passkeys;
pub(crate) mod paths;
pub(crate) mod people;
pub(crate) mod permissions;
pub(crate) mod protection;
pub(crate) mod resource;
pub(crate) mod resources;
pub(crate) mod saved;
pub(crate) mod scans;
pub(crate) mod session;
pub(crate) mod sql;
pub(crate) mod suggest;
pub(crate) mod summary;
pub(crate) mod tokens;
pub(crate) mod trend;
pub(crate) mod unknowns;
pub(crate) mod vulnerabilities;

use fathom_store::StoreError;

pub(crate) use resource::not_known;

use crate::problem::{Code, Problem, chain};

/// Rows of a page where the client does not say.
pub(crate) const ROWS_DEFAULT: u32 = 100;
/// The most rows of a page.
pub(crate) const ROWS_MAX: u32 = 1000;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = chain(&error);
        match error {
            StoreError::NoSuchResource { .. }
            | StoreError::NoSuchScan { .. }
            | StoreError::NoSuchAcceptance { .. }
            | StoreError::NoSuchEntry { .. }
            | StoreError::Compacted { .. }
            | StoreError::NotKept { .. }
            | StoreError::BeforeHistory { .. }
            | StoreError::Missing { .. } => Self::new(Code::NotFound, text),
            StoreError::Conflict { .. } | StoreError::Spent => Self::new(Code::Conflict, text),
            StoreError::Invalid { .. } => Self::new(Code::InvalidParameter, text),
            StoreError::DiskFull { .. } => Self::new(Code::StorageFull, text),
            StoreError::Busy { .. } => Self::new(Code::TooBusy, text).retry_after(1),
            // Asked while the server ends: nothing failed.
            StoreError::Closed => Self::new(Code::TooBusy, text),
            _ => {
                tracing::error!(error = text, "the store failed");
                Self::new(Code::Internal, text)
            }
        }
    }
}
