//! Reads CloudTrail: log files in folders, objects in buckets, or what `LookupEvents` remembers.
//!
//! Start in [`reader`]: every door ends in [`Reader::take`], which keeps the few fields that are needed and counts the
//! rest. [`records`] knows the forms of files.
//!
//! **Invariant:** parameters of calls, which may hold secrets, leave this module only as names of resources.

pub mod bucket;
pub mod files;
pub mod lookup;
pub mod reader;
pub mod records;
mod scan;
mod story;

use std::path::PathBuf;

pub use lookup::LookupLimits;
pub use reader::{Broken, Reader, TrailReport};
pub(crate) use scan::{LogRead, Look, say_why};
pub use scan::{TrailFrom, creators};
pub use story::{Story, story};

/// Why nothing could be read at all. Anything less is named in the report.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// A path that is not there.
    #[error("cannot read {}", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store did not take it.
    #[error("cannot keep the activity")]
    Store(#[from] fathom_store::StoreError),
    /// The program is ending.
    #[error("reading was stopped")]
    Stopped,
}
