//! Reads literate specifications, never shipped: a situation as JSON, tables of what must hold in it
//!
//! A specification is a Markdown file. A block of JSON whose fence names a kind (` ```json given `) tells a situation, and each row of
//! the tables below it what must hold there. Mistakes in a file are panics that name file and line: only tests read them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

/// A part of a file, in the order in which they stand there.
#[derive(Debug)]
pub enum Part {
    /// A block of JSON.
    Block {
        /// `file:line` of its end.
        place: String,
        /// The word behind `json`.
        kind: String,
        /// What it says.
        value: Value,
    },
    /// A row of a table.
    Row(Row),
}

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// `file:line`.
    pub place: String,
    /// Its cells by the names of their columns, in that order. A cell may stand in back quotes; `\|` is a bar.
    pub cells: Vec<(String, String)>,
}

/// A row, and the situation above it.
#[derive(Debug, Clone)]
pub struct Example {
    /// `file:line`.
    pub place: String,
    /// The situation.
    pub given: Value,
    /// The row's cells by the names of their columns.
    pub cells: BTreeMap<String, String>,
}

/// The specifications in a folder, sorted.
///
/// # Panics
/// Where the folder cannot be read.
pub fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md") && !path.ends_with("README.md"))
        .collect();
    files.sort();
    files
}

/// Reads a file whose blocks are of these kinds.
///
/// # Panics
/// Where a block is of another kind, is not JSON or does not end, or a row has not as many cells as its header.
pub fn parts(file: &Path, kinds: &[&str]) -> Vec<Part> {
    let text = fs::read_to_string(file).expect("a file");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let mut parts = Vec::new();
    let mut block: Option<(String, String)> = None;
    let mut header: Option<Vec<String>> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{name}:{number}");
        if let Some((_, body)) = block.as_mut().filter(|_| line.trim() != "```") {
            body.push_str(line);
            body.push('\n');
        } else if let Some((kind, body)) = block.take() {
            let value =
                serde_json::from_str(&body).unwrap_or_else(|error| panic!("{place}: block above: {error}"));
            parts.push(Part::Block { place, kind, value });
        } else if let Some(kind) = line.strip_prefix("```json ") {
            assert!(kinds.contains(&kind), "{place}: a block is one of {kinds:?}");
            block = Some((kind.to_owned(), String::new()));
        } else if line.starts_with('|') {
            let cells = cells(line);
            match &header {
                None => header = Some(cells),
                Some(_) if cells.iter().all(|cell| cell.chars().all(|char| char == '-')) => {}
                Some(names) => {
                    assert_eq!(names.len(), cells.len(), "{place}: as many cells as the header");
                    let cells = names.iter().cloned().zip(cells).collect();
                    parts.push(Part::Row(Row { place, cells }));
                }
            }
            continue;
        }
        header = None;
    }
    assert!(block.is_none(), "{name}: a block does not end");
    parts
}

/// The rows of a file. A block `given` begins a situation, a block `more` is merged into it.
///
/// # Panics
/// As [`parts`], and where a column is none of those that `is_column` knows, or the file has no row.
pub fn examples(
    file: &Path,
    is_column: impl Fn(&str) -> bool,
    merge: impl Fn(&mut Value, Value),
) -> Vec<Example> {
    let mut given = json!({});
    let mut examples = Vec::new();
    for part in parts(file, &["given", "more"]) {
        match part {
            Part::Block { kind, value, .. } if kind == "more" => merge(&mut given, value),
            Part::Block { value, .. } => given = value,
            Part::Row(Row { place, cells }) => {
                for (name, _) in &cells {
                    assert!(is_column(name), "{place}: column {name}");
                }
                examples.push(Example { place, given: given.clone(), cells: cells.into_iter().collect() });
            }
        }
    }
    assert!(!examples.is_empty(), "{} expects nothing", file.display());
    examples
}

/// Puts values in place of texts such as `"$name"`. A list in a list takes its place item by item.
pub fn substitute(value: &mut Value, values: &BTreeMap<String, Value>) {
    match value {
        Value::String(text) => {
            if let Some(found) = values.get(text) {
                *value = found.clone();
            }
        }
        Value::Array(list) => {
            let mut whole = Vec::new();
            for mut item in std::mem::take(list) {
                let is_name = item.as_str().is_some_and(|text| values.contains_key(text));
                substitute(&mut item, values);
                match item {
                    Value::Array(items) if is_name => whole.extend(items),
                    item => whole.push(item),
                }
            }
            *list = whole;
        }
        Value::Object(members) => members.values_mut().for_each(|value| substitute(value, values)),
        _ => {}
    }
}

/// What a cell means: a word of the situation's `let`, JSON, or else its text.
pub fn meaning(words: &Value, cell: &str) -> Value {
    words.get(cell).cloned().or_else(|| serde_json::from_str(cell).ok()).unwrap_or(json!(cell))
}

/// The words of a situation's `let`, as [`substitute`] takes them.
///
/// # Panics
/// Where `let` is not an object.
pub fn words(words: &Value) -> BTreeMap<String, Value> {
    let named = |(name, value): (&String, &Value)| (format!("${name}"), value.clone());
    match words {
        Value::Null => BTreeMap::new(),
        words => words.as_object().expect("`let` is an object").iter().map(named).collect(),
    }
}

fn cells(line: &str) -> Vec<String> {
    let line = line.replace("\\|", "\u{1}");
    let inner = line.trim();
    let inner = inner.strip_prefix('|').unwrap_or(inner);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect()
}
