//! Reads what people declare: `fathom.yaml`, and the Terraform and CloudFormation files it names.

use std::path::{Path, PathBuf};

use fathom_content::{ContentError, Declarations, declarations::TemplateFile};
use fathom_estate::{
    TerraformIndex, TerraformStateError,
    declared::template::{Template, TemplateError},
};

/// The largest Terraform state or plan that is read: 512 MiB.
const STATE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The largest template that is read; the service itself takes 1 MB.
const TEMPLATE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What people declare, read.
#[derive(Debug, Default)]
pub struct Declared {
    /// The declarations; defaults where there is no file.
    pub declarations: Declarations,
    /// The file as people know it.
    pub file: String,
    /// What Terraform declares.
    pub terraform: TerraformIndex,
    /// What CloudFormation declares; a scan does not ask for it.
    pub templates: Vec<Template>,
}

/// Files of code that are named beside those of `fathom.yaml`.
#[derive(Debug, Clone, Default)]
pub struct CodeFiles {
    /// Terraform states and plans.
    pub terraform: Vec<PathBuf>,
    /// CloudFormation templates.
    pub templates: Vec<PathBuf>,
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
    /// A template that cannot be read from disk.
    #[error("cannot read the CloudFormation template {}, named in {named_in}", path.display())]
    ReadTemplate {
        /// The path.
        path: PathBuf,
        /// The file that names it.
        named_in: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that is larger than the limit.
    #[error("{} has {size} bytes, more than the limit of {limit}", path.display())]
    LargeState {
        /// The path.
        path: PathBuf,
        /// Its size.
        size: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A Terraform state of another form.
    #[error(transparent)]
    State(#[from] TerraformStateError),
    /// A template of another form.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Reads the file and the Terraform states and plans it names; without a file, the defaults. The first mistake is an
/// error: a scan that lost a source would list what is well explained.
pub fn read(file: Option<&Path>) -> Result<Declared, SourceError> {
    let Some(file) = file else {
        return Ok(Declared { file: "fathom.yaml".to_owned(), ..Declared::default() });
    };
    let (mut declared, base) = begin(file)?;
    let states = declared.declarations.terraform_states.iter();
    for name in states.chain(&declared.declarations.terraform_plans) {
        declared.terraform.add(name, &text(&base.join(name), STATE_BYTES_MAX, false, &declared.file)?)?;
    }
    Ok(declared)
}

/// Reads the file, all code it names, and further files. A file that does not read is named among the problems, and
/// all others are used.
pub fn read_code(file: Option<&Path>, more: &CodeFiles) -> Result<(Declared, Vec<SourceError>), SourceError> {
    let (mut declared, base) = match file {
        Some(file) => begin(file)?,
        None => (Declared { file: "fathom.yaml".to_owned(), ..Declared::default() }, PathBuf::new()),
    };
    let mut problems = Vec::new();
    let here = "the command line";
    let named = |name: &String| (name.clone(), base.join(name), declared.file.clone());
    let given = |path: &PathBuf| (path.display().to_string(), path.clone(), here.to_owned());
    let states = declared.declarations.terraform_states.iter().chain(&declared.declarations.terraform_plans);
    let states: Vec<_> = states.map(named).chain(more.terraform.iter().map(given)).collect();
    let templates = declared.declarations.cloudformation_templates.clone();
    let templates: Vec<(TemplateFile, PathBuf, String)> = templates
        .into_iter()
        .map(|one| {
            let path = base.join(&one.file);
            (one, path, declared.file.clone())
        })
        .chain(more.templates.iter().map(|path| {
            let one = TemplateFile { file: path.display().to_string(), ..TemplateFile::default() };
            (one, path.clone(), here.to_owned())
        }))
        .collect();
    for (name, path, named_in) in states {
        let added = text(&path, STATE_BYTES_MAX, false, &named_in)
            .and_then(|text| declared.terraform.add(&name, &text).map_err(SourceError::from));
        problems.extend(added.err());
    }
    for (one, path, named_in) in templates {
        let parsed = text(&path, TEMPLATE_BYTES_MAX, true, &named_in)
            .and_then(|text| Template::parse(&one.file, &text, &one.parameters).map_err(SourceError::from));
        match parsed {
            Ok(template) => declared.templates.push(Template { stack: one.stack, ..template }),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((declared, problems))
}

fn begin(file: &Path) -> Result<(Declared, PathBuf), SourceError> {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let base = file.parent().unwrap_or(Path::new(".")).to_owned();
    let declarations = Declarations::read(file)?;
    Ok((Declared { declarations, file: name, ..Declared::default() }, base))
}

fn text(path: &Path, size_max: u64, is_template: bool, named_in: &str) -> Result<String, SourceError> {
    let fail = |source| {
        let (path, named_in) = (path.to_owned(), named_in.to_owned());
        if is_template {
            SourceError::ReadTemplate { path, named_in, source }
        } else {
            SourceError::ReadState { path, named_in, source }
        }
    };
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > size_max {
        return Err(SourceError::LargeState { path: path.to_owned(), size, limit: size_max });
    }
    std::fs::read_to_string(path).map_err(fail)
}

/// A number that differs when the file, or a file of code that it names, was written: by their sizes and times.
pub fn stamp(file: Option<&Path>) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    let mut look = |path: &Path| {
        let found = std::fs::metadata(path).ok();
        path.hash(&mut hasher);
        found.as_ref().map(std::fs::Metadata::len).hash(&mut hasher);
        found.and_then(|found| found.modified().ok()).hash(&mut hasher);
    };
    if let Some(file) = file {
        look(file);
        // What does not read now says so when it is read.
        if let Ok((declared, base)) = begin(file) {
            let declarations = &declared.declarations;
            let states = declarations.terraform_states.iter().chain(&declarations.terraform_plans);
            for name in states.chain(declarations.cloudformation_templates.iter().map(|one| &one.file)) {
                look(&base.join(name));
            }
        }
    }
    hasher.finish()
}
