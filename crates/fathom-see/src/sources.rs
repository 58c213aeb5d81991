//! Reads what people declare: `fathom.yaml` and the Terraform states it names.

use std::path::{Path, PathBuf};

use fathom_content::{ContentError, Declarations};
use fathom_estate::{TerraformIndex, TerraformStateError};

/// The largest Terraform state that is read: 512 MiB.
const STATE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// What people declare, read.
#[derive(Debug, Default)]
pub struct Declared {
    /// The declarations; defaults where there is no file.
    pub declarations: Declarations,
    /// The file as people know it.
    pub file: String,
    /// What Terraform declares.
    pub terraform: TerraformIndex,
}

/// Why a source did not load.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The declarations file.
    #[error(transparent)]
    Declarations(#[from] ContentError),
    /// A Terraform state that cannot be read from disk.
    #[error("cannot read the Terraform state {}, named in {named_in}", path.display())]
    ReadState {
        /// The path.
        path: PathBuf,
        /// The file that names it.
        named_in: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A Terraform state that is larger than the limit.
    #[error("the Terraform state {} has {size} bytes, more than the limit of {STATE_BYTES_MAX}", path.display())]
    LargeState {
        /// The path.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// A Terraform state of another form.
    #[error(transparent)]
    State(#[from] TerraformStateError),
}

/// Reads the file and what it names; without a file, the defaults.
pub fn read(file: Option<&Path>) -> Result<Declared, SourceError> {
    let Some(file) = file else {
        return Ok(Declared { file: "fathom.yaml".to_owned(), ..Declared::default() });
    };
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let text = |path: &Path, size_max: u64| -> Result<String, SourceError> {
        let fail = |source| SourceError::ReadState { path: path.to_owned(), named_in: name.clone(), source };
        let size = std::fs::metadata(path).map_err(fail)?.len();
        if size > size_max {
            return Err(SourceError::LargeState { path: path.to_owned(), size });
        }
        std::fs::read_to_string(path).map_err(fail)
    };
    let declarations = Declarations::read(file)?;
    let mut terraform = TerraformIndex::default();
    for state in &declarations.terraform_states {
        let path = file.parent().unwrap_or(Path::new(".")).join(state);
        terraform.add(state, &text(&path, STATE_BYTES_MAX)?)?;
    }
    Ok(Declared { declarations, file: name, terraform })
}
