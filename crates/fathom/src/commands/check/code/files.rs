//! Which files are code that checks can be asked of.

use std::{
    collections::BTreeMap,
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
/// What the file is called that makes a folder one of Kustomize.
const KUSTOMIZE: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The file that makes a folder a chart of Helm.
const CHART: &str = "Chart.yaml";
/// What stands in braces where Helm writes something else.
const HELM: [&str; 12] = [
    ".Values",
    ".Release",
    ".Chart",
    ".Capabilities",
    ".Files",
    "include ",
    "template ",
    "define ",
    "toYaml ",
    "end }",
    "end -",
    "else",
];
/// Files that are named of those that are left out.
const NAMED: usize = 5;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A Terraform plan.
    Plan,
    /// A CloudFormation template.
    Template,
    /// Kubernetes objects.
    Manifest,
    /// What Helm makes Kubernetes objects of.
    Helm,
}

/// What must be made of files before they can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tool {
    Helm,
    Kustomize,
}

/// Folders around a file that say something about it.
#[derive(Debug, Clone, Copy, Default)]
struct Around<'p> {
    chart: Option<&'p Path>,
    kustomize: Option<&'p Path>,
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
    /// What was named and is asked, though something else makes more of it.
    pub(super) assumed: Vec<String>,
    /// Files that something else makes code of, by the folder that says so.
    to_render: BTreeMap<(Tool, PathBuf), Vec<String>>,
}

/// Looks through what is named: files by themselves, folders with all that is in them.
pub(super) fn find(named: &[PathBuf]) -> Result<Looked> {
    let mut found = Looked::default();
    for path in named {
        let kind = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if kind.is_dir() {
            let others = folder(path, 0, Around::default(), &mut found)?;
            if others > 0 {
                found.left_out.push(format!(
                    "{}: {others} JSON and YAML files are neither Terraform plans, CloudFormation templates nor Kubernetes manifests",
                    path.display()
                ));
            }
            continue;
        }
        match read(path).map(|text| form(&text)) {
            Ok(Some(Form::Helm)) => {
                let advice = "write what it makes with `helm template NAME CHART > all.yaml` and check that file";
                found.problems.push(format!("{}: a Helm template; {advice}", path.display()));
            }
            Ok(Some(form)) => {
                let beside = path.parent().is_some_and(|folder| is_one_of(folder, &KUSTOMIZE));
                if form == Form::Manifest && beside {
                    found.assumed.push(format!(
                        "{}: nothing of the `kustomization.yaml` beside it changes it; `kubectl kustomize FOLDER` writes what does",
                        path.display()
                    ));
                }
                found.add(path, form);
            }
            Ok(None) => found.problems.push(format!(
                "{}: neither a Terraform plan (write it with `terraform plan -out plan.out` and `terraform show -json plan.out`), a \
                 CloudFormation template (it has no `Resources`), nor a Kubernetes manifest (it has no `apiVersion` and `kind`)",
                path.display()
            )),
            Err(problem) => found.problems.push(format!("{problem:#}")),
        }
    }
    found.tell_to_render();
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

    /// Says which files are left out since something else makes code of them, and how that is written.
    fn tell_to_render(&mut self) {
        for ((tool, folder), files) in std::mem::take(&mut self.to_render) {
            let named = files.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = files.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let folder = folder.display();
            let (what, write) = match tool {
                Tool::Helm => ("Helm templates", format!("helm template NAME {folder}")),
                Tool::Kustomize => ("parts of what Kustomize makes", format!("kubectl kustomize {folder}")),
            };
            self.left_out.push(format!(
                "{folder}: left out as {what}: {named}{more}; write what they make with `{write} > all.yaml` and check that file"
            ));
        }
    }
}

fn is_one_of(folder: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| folder.join(name).is_file())
}

/// Takes the code of a folder; gives back how many files are something else.
fn folder(path: &Path, depth: usize, around: Around<'_>, found: &mut Looked) -> Result<usize> {
    if depth > DEPTH_MAX {
        found.left_out.push(format!("{}: it lies too deep", path.display()));
        return Ok(0);
    }
    let read_dir = || -> std::io::Result<Vec<fs::DirEntry>> { fs::read_dir(path)?.collect() };
    let mut entries = read_dir().with_context(|| format!("cannot read {}", path.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut others = 0;
    let around = Around {
        chart: if is_one_of(path, &[CHART]) { Some(path) } else { around.chart },
        kustomize: around.kustomize.or_else(|| is_one_of(path, &KUSTOMIZE).then_some(path)),
    };
    let here = path;
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Hidden folders are of tools; links may lead anywhere.
        if entry.file_name().to_string_lossy().starts_with('.') || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            others += folder(&path, depth + 1, around, found)?;
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if KUSTOMIZE.contains(&name.as_str()) {
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !ENDINGS.contains(&ending) {
            continue;
        }
        match read(&path).map(|text| form(&text)) {
            Ok(Some(Form::Helm)) => {
                let folder = around.chart.unwrap_or(here).to_owned();
                found.to_render.entry((Tool::Helm, folder)).or_default().push(name);
            }
            Ok(Some(Form::Manifest)) if let Some(folder) = around.kustomize => {
                found.to_render.entry((Tool::Kustomize, folder.to_owned())).or_default().push(name);
            }
            Ok(Some(form)) => found.add(&path, form),
            Ok(None) => others += 1,
            Err(problem) => found.problems.push(format!("{problem:#}")),
        }
    }
    Ok(others)
}

/// What a text is; none where it is none of them.
fn form(text: &str) -> Option<Form> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_helm(text) {
        return Some(Form::Helm);
    }
    if text.trim_start().starts_with('{') {
        let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else {
            // JSON that does not read is told by who reads it.
            return if text.contains("\"planned_values\"") {
                Some(Form::Plan)
            } else if text.contains("\"Resources\"") {
                Some(Form::Template)
            } else {
                (text.contains("apiVersion") && text.contains("kind")).then_some(Form::Manifest)
            };
        };
        if members.contains_key("format_version") {
            return Some(Form::Plan);
        }
        if members.get("apiVersion").is_some_and(Value::is_string)
            && members.get("kind").is_some_and(Value::is_string)
        {
            return Some(Form::Manifest);
        }
        return members.get("Resources").filter(|resources| resources.is_object()).map(|_| Form::Template);
    }
    let has = |name: &str| text.lines().any(|line| begins(line, name));
    if has("apiVersion") && has("kind") {
        return Some(Form::Manifest);
    }
    has("Resources").then_some(Form::Template)
}

/// Whether a line begins with a member of this name.
fn begins(line: &str, name: &str) -> bool {
    let plain = line.strip_prefix(name);
    let quoted = || {
        let quote = line.chars().next().filter(|one| ['"', '\''].contains(one))?;
        line.strip_prefix(quote)?.strip_prefix(name)?.strip_prefix(quote)
    };
    plain.or_else(quoted).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// Whether something of a text is written by Helm. What Prometheus, Grafana and Argo have in braces is none of it.
fn is_helm(text: &str) -> bool {
    text.split("{{").skip(1).any(|inside| {
        let inside = inside.trim_start_matches(['-', ' ', '(', '"', '`']);
        HELM.iter().any(|word| inside.starts_with(word))
            || ["if ", "range ", "with "].iter().any(|word| {
                inside
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.split("}}").next().is_some_and(|rest| rest.contains(".Values")))
            })
    })
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
            ("apiVersion: v1\nkind: Pod\n", Some(Form::Manifest)),
            ("# x\n---\n\"kind\": Pod\n'apiVersion' : v1\n", Some(Form::Manifest)),
            ("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": []}", Some(Form::Manifest)),
            ("{apiVersion: v1, kind: Pod}", Some(Form::Manifest)),
            ("apiVersion: v2\nname: a-chart\n", None),
            ("spec:\n  apiVersion: v1\n  kind: Pod\n", None),
            ("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n", Some(Form::Helm)),
            ("{{- if .Values.on }}\napiVersion: v1\n{{- end }}\n", Some(Form::Helm)),
            (
                "apiVersion: v1\nkind: ConfigMap\ndata: { a: \"{{ $labels.pod }} {{ if eq .status }}\" }\n",
                Some(Form::Manifest),
            ),
        ] {
            assert_eq!(form(text), wanted, "{text}");
        }
    }
}
