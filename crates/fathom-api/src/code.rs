//! The code that declares the estate: where the server reads it, so that what is there can be compared with it.

use std::path::PathBuf;

use fathom_model::Scan;
use fathom_see::sources::{self, CodeFiles, Declared};

use crate::problem::chain;

/// What code declares, read.
#[derive(Debug, Default)]
pub struct ReadCode {
    /// What it declares.
    pub declared: Declared,
    /// Files that could not be used, and why.
    pub left_out: Vec<String>,
}

/// Where code comes from.
pub trait CodeSource: Send + Sync + 'static {
    /// Reads it all, for the estate that a scan left. May take long.
    ///
    /// # Errors
    /// What a person should mend, in words.
    fn read(&self, scan: &Scan) -> Result<ReadCode, String>;

    /// A number that differs when files do.
    fn stamp(&self) -> u64;
}

/// `fathom.yaml` and the files that it names.
#[derive(Debug, Clone, Default)]
pub struct CodeFile {
    /// The file; none where there is none.
    pub file: Option<PathBuf>,
}

impl CodeSource for CodeFile {
    fn read(&self, _: &Scan) -> Result<ReadCode, String> {
        let read = sources::read_code(self.file.as_deref(), &CodeFiles::default());
        let (declared, problems) = read.map_err(|error| chain(&error))?;
        Ok(ReadCode { declared, left_out: problems.iter().map(|problem| chain(problem)).collect() })
    }

    fn stamp(&self) -> u64 {
        sources::stamp(self.file.as_deref())
    }
}
