//! Which files are code that checks can be asked of.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::commands::compare::read;

/// Files that are asked about at once.
const FILES_MAX: usize = 10_000;
/// How deep folders are looked through.
const DEPTH_MAX: usize = 32;
/// What templates and plans are called.
const ENDINGS: [&str; 4] = ["json", "yaml", "yml", "template"];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A Terraform plan.
    Plan,
    /// A CloudFormation template.
    Template,
}

/// A file of code.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// As people know it.
    pub(super) name: String,
    pub(super) form: Form,
}

/// The files, and what is none of them.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) files: Vec<Found>,
    /// What was named and cannot be used.
    pub(super) problems: Vec<String>,
    /// What was in folders and is left out.
    pub(super) left_out: Vec<String>,
}

/// Looks through what is named: files by themselves, folders with all that is in them.
pub(super) fn find(named: &[PathBuf]) -> Result<Looked> {
    let mut found = Looked::default();
    for path in named {
        let kind = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if kind.is_dir() {
            let others = folder(path, 0, &mut found)?;
            if others > 0 {
                found.left_out.push(format!(
                    "{}: {others} JSON and YAML files are neither Terraform plans nor CloudFormation templates",
                    path.display()
                ));
            }
            continue;
        }
        match read(path).map(|text| form(&text)) {
            Ok(Some(form)) => found.add(path, form),
            Ok(None) => found.problems.push(format!(
                "{}: neither a Terraform plan (write it with `terraform plan -out plan.out` and `terraform show -json plan.out`) nor a \
                 CloudFormation template (it has no `Resources`)",
                path.display()
            )),
            Err(problem) => found.problems.push(format!("{problem:#}")),
        }
    }
    if found.files.len() > FILES_MAX {
        let more = found.files.len() - FILES_MAX;
        found.files.truncate(FILES_MAX);
        found.left_out.push(format!("{more} files more than the {FILES_MAX} that are asked about at once"));
    }
    Ok(found)
}

impl Looked {
    fn add(&mut self, path: &Path, form: Form) {
        self.files.push(Found { path: path.to_owned(), name: path.display().to_string(), form });
    }
}

/// Takes the code of a folder; gives back how many files are something else.
fn folder(path: &Path, depth: usize, found: &mut Looked) -> Result<usize> {
    if depth > DEPTH_MAX {
        found.left_out.push(format!("{}: it lies too deep", path.display()));
        return Ok(0);
    }
    let read_dir = || -> std::io::Result<Vec<fs::DirEntry>> { fs::read_dir(path)?.collect() };
    let mut entries = read_dir().with_context(|| format!("cannot read {}", path.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut others = 0;
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Hidden folders are of tools; links may lead anywhere.
        if entry.file_name().to_string_lossy().starts_with('.') || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            others += folder(&path, depth + 1, found)?;
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !ENDINGS.contains(&ending) {
            continue;
        }
        match read(&path).map(|text| form(&text)) {
            Ok(Some(form)) => found.add(&path, form),
            Ok(None) => others += 1,
            Err(problem) => found.problems.push(format!("{problem:#}")),
        }
    }
    Ok(others)
}

/// What a text is; none where it is neither.
fn form(text: &str) -> Option<Form> {
    if text.trim_start().starts_with('{') {
        let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else {
            // JSON that does not read is told by who reads it.
            return if text.contains("\"planned_values\"") {
                Some(Form::Plan)
            } else {
                text.contains("\"Resources\"").then_some(Form::Template)
            };
        };
        if members.contains_key("format_version") {
            return Some(Form::Plan);
        }
        return members.get("Resources").filter(|resources| resources.is_object()).map(|_| Form::Template);
    }
    let begins = |line: &str| {
        ["Resources:", "\"Resources\":", "'Resources':"].iter().any(|name| line.starts_with(name))
    };
    text.lines().any(begins).then_some(Form::Template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_what_is_in_it() {
        for (text, wanted) in [
            ("{\"format_version\": \"1.2\", \"planned_values\": {}}", Some(Form::Plan)),
            ("{\"Resources\": {}}", Some(Form::Template)),
            ("# A comment\nResources:\n  A: {}", Some(Form::Template)),
            ("{\"Resources\": {", Some(Form::Template)),
            ("{\"name\": \"x\"}", None),
            ("services:\n  Resources: 1", None),
            ("", None),
        ] {
            assert_eq!(form(text), wanted, "{text}");
        }
    }
}
