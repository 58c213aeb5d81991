//! Checks on resources: `content/checks/`, one file each. This reads their form; `fathom-checks` compiles and asks them.
//!
//! **Invariant:** a file that cannot be used is a [`ContentError`] beside the checks that can; it never stops the others.

use std::{collections::BTreeMap, path::Path};

use fathom_model::ResourceType;
pub use fathom_model::Severity;
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_saphyr::Spanned;

pub use crate::fix::{Fix, Step, Steps, Takes, Undo, UndoKind};
use crate::{ContentError, parse_yaml};

/// Files of checks that are read from a directory.
const FILES_MAX: usize = 20_000;
/// Bytes of one file.
const FILE_BYTES_MAX: usize = 256 * 1024;
/// The file that says what people choose when they make a fix.
const CHOICES: &str = "checks/choices.yaml";
/// Folders below each other in which files are looked for.
const DEPTH_MAX: usize = 4;

#[derive(RustEmbed)]
#[folder = "../../content"]
#[include = "checks/**"]
struct Embedded;

/// One check, as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDefinition {
    /// What it is called for life; the name of its file.
    pub id: String,
    /// What holds where it passes, in one sentence without a dot.
    pub title: String,
    /// How bad it is where it does not.
    pub severity: Severity,
    /// Why it is as bad as that.
    pub because: String,
    /// The type of resource that it is asked of.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Which of these it is about, as an expression; all where absent.
    #[serde(default)]
    pub applies: Option<Spanned<String>>,
    /// What must hold, as an expression.
    pub passes: Spanned<String>,
    /// How it is made to hold, and how that is taken back.
    pub fix: Fix,
    /// What that costs.
    pub costs: Costs,
    /// The provider's pages about it.
    pub references: Vec<String>,
    /// The controls of frameworks that it tests, by framework.
    #[serde(default)]
    pub controls: BTreeMap<String, Vec<String>>,
    /// Documents with what must come of them.
    #[serde(default)]
    pub tests: Tests,
}

/// What a fix costs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// On the bill.
    pub money: String,
    /// In speed, or in what stops to work meanwhile.
    pub performance: String,
    /// Of people.
    pub effort: String,
}

/// Documents with what must come of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tests {
    /// Those that pass.
    pub pass: Vec<Spanned<Example>>,
    /// Those that fail.
    pub fail: Vec<Spanned<Example>>,
    /// Those that the check is not about.
    pub not_applicable: Vec<Spanned<Example>>,
    /// Those of which it is not known.
    pub unknown: Vec<Spanned<Example>>,
}

/// A document of a test, with what is known around it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Example {
    /// The document.
    pub doc: Value,
    /// Members of it that could not be read.
    pub unread: Vec<String>,
    /// What engines would say, by the name of the fact: `exposure`, `access`, `encryption`, `class`.
    pub facts: BTreeMap<String, Value>,
    /// Documents that functions give, by the call as the expression writes it: `related("encrypted_by")`.
    pub related: BTreeMap<String, Vec<Value>>,
    /// The time at which it is asked, as RFC 3339 text; 2026-01-01 otherwise.
    pub now: Option<String>,
}

/// A file that was read, and what is in it.
#[derive(Debug, Clone)]
pub struct CheckFile {
    /// Its path below `content/`, for messages.
    pub file: String,
    /// The check.
    pub check: CheckDefinition,
}

/// The checks of all files, and the files that could not be used.
#[derive(Debug, Default)]
pub struct CheckFiles {
    /// The checks, by path.
    pub files: Vec<CheckFile>,
    /// What could not be used, and why.
    pub problems: Vec<ContentError>,
    /// What people choose when they make a fix, by the name that fixes give it, each with what it is.
    pub choices: BTreeMap<String, String>,
}

impl CheckFiles {
    /// The checks that ship, with those of a directory of content in place of files of the same path, or beside them.
    pub fn load(directory: Option<&Path>) -> Self {
        let mut texts = BTreeMap::new();
        for name in Embedded::iter() {
            if let Some(file) = Embedded::get(&name) {
                texts.insert(name.to_string(), String::from_utf8_lossy(&file.data).into_owned());
            }
        }
        let mut problems = Vec::new();
        if let Some(directory) = directory {
            read_folder(&directory.join("checks"), "checks", 0, &mut texts, &mut problems);
        }
        let mut found = Self::from_texts(&texts);
        found.problems.extend(problems);
        found
    }

    /// Reads named texts; names are paths below `content/`.
    pub fn from_texts(texts: &BTreeMap<String, String>) -> Self {
        let mut found = Self::default();
        for (name, text) in texts.iter().filter(|(name, _)| is_yaml(Path::new(name.as_str()))) {
            if text.len() > FILE_BYTES_MAX {
                let message = format!("it has more than {FILE_BYTES_MAX} bytes; a check is one small file");
                found.problems.push(ContentError::Invalid { file: name.clone(), message });
                continue;
            }
            if name == CHOICES {
                match parse_yaml(name, text) {
                    Ok(choices) => found.choices = choices,
                    Err(problem) => found.problems.push(problem),
                }
                continue;
            }
            match parse_yaml::<CheckDefinition>(name, text) {
                Ok(check) => found.files.push(CheckFile { file: name.clone(), check }),
                Err(problem) => found.problems.push(problem),
            }
        }
        found
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml")
}

/// Adds the texts of a folder and of those below it.
fn read_folder(
    folder: &Path,
    name: &str,
    depth: usize,
    texts: &mut BTreeMap<String, String>,
    problems: &mut Vec<ContentError>,
) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(source) => return problems.push(ContentError::Read { path: folder.to_owned(), source }),
    };
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(source) => {
                problems.push(ContentError::Read { path: folder.to_owned(), source });
                continue;
            }
        };
        let inner = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            if depth < DEPTH_MAX {
                read_folder(&path, &inner, depth + 1, texts, problems);
            }
        } else if is_yaml(&path) {
            if texts.len() >= FILES_MAX {
                let message =
                    format!("there are more than {FILES_MAX} files of checks; this one is left out");
                problems.push(ContentError::Invalid { file: inner, message });
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    texts.insert(inner, text);
                }
                Err(source) => problems.push(ContentError::Read { path, source }),
            }
        }
    }
}
