//! Other doors in: what somebody saved of a cloud, read as if it were asked.
//!
//! [`Importer::aws_json`] reads a folder of answers as the AWS command line prints them: the collector asks its usual
//! questions, and [`saved`] looks for the answers in the files. [`Importer::aws_config`] reads what AWS Config delivers.
//! Both end like a scan: explained, ranked, committed in one transaction, with an entry in the ledger that has the
//! digest of each file. [`WeaknessImporter`] reads what scanners found in software and [`FlowImporter`] who talked to whom, which are
//! no scans.
//!
//! **Invariant:** what is not in an import is not known. It is never taken for "there is none", so nothing is deleted
//! for it.
//! **Invariant:** nothing is written outside the store, and no file outside the given path is read: links are not
//! followed, archives are read in memory and within limits.

mod answer;
#[cfg(test)]
mod arbitrary_tests;
mod config;
mod files;
mod flows;
mod naming;
mod narrow;
mod place;
mod recognise;
mod run;
mod saved;
mod weaknesses;

pub use files::{Looked, SavedFile, look};
pub use flows::{Columns, FlowImport, FlowImporter};
pub use run::{ImportError, ImportReport, Importer, JsonOptions};
pub use weaknesses::{Imported, LoadedFeed, WeaknessImport, WeaknessImporter};

/// How much is read at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Files of one import.
    pub files_max: usize,
    /// Folders in folders.
    pub depth_max: usize,
    /// Bytes of one file, and of one archive's member when it is expanded.
    pub file_bytes_max: u64,
    /// Bytes of everything that archives expand to.
    pub expanded_bytes_max: u64,
    /// How much larger than packed a member may be; data that people keep packs to a fiftieth at best.
    pub ratio_max: u64,
    /// Bytes of one configuration item.
    pub item_bytes_max: usize,
    /// Bytes of all configuration items of one import, packed.
    pub kept_bytes_max: u64,
    /// States of one resource, the newest.
    pub states_max: usize,
    /// Members of one archive.
    pub members_max: usize,
    /// Problems that are named; more are counted.
    pub problems_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files_max: 200_000,
            depth_max: 12,
            file_bytes_max: 256 << 20,
            expanded_bytes_max: 8 << 30,
            ratio_max: 200,
            item_bytes_max: 4 << 20,
            kept_bytes_max: 1 << 30,
            states_max: 100,
            members_max: 10_000,
            problems_max: 1_000,
        }
    }
}

/// What is wrong with a file, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// The file's path below the imported folder.
    pub file: String,
    /// What is wrong, with the place in the file where there is one.
    pub message: String,
}

impl Problem {
    /// What is wrong with a file, in words.
    pub fn new(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), message: message.into() }
    }
}
