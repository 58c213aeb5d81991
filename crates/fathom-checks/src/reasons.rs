//! Says which values decided, with their places in the document.

use serde::Serialize;
use serde_json::Value;

use crate::{evaluate::Read, value::shown};

/// Reasons of one answer that are told.
const REASONS_MAX: usize = 12;
/// Characters of a value that are told.
const CHARS_MAX: usize = 160;

/// A value that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Where it is: `IpPermissions[0].FromPort`, `exposure.verdict`.
    pub path: String,
    /// What is there; none where nothing is.
    pub value: Option<String>,
}

/// The places of what was looked at, each once. `roots` are documents with the names that their paths begin with.
pub(crate) fn reasons(reads: &[Read<'_>], roots: &[(String, &Value)]) -> Vec<Reason> {
    let mut told: Vec<Reason> = Vec::new();
    for read in reads {
        let (at, value) = match read {
            Read::Value(value) => (place(roots, value), Some(shown(value, CHARS_MAX))),
            Read::Absent(of, name) => (place(roots, of).map(|path| join(&path, name)), None),
        };
        // What an expression made itself has no place.
        let Some(path) = at else { continue };
        let reason = Reason { path: if path.is_empty() { "the document".to_owned() } else { path }, value };
        if !told.contains(&reason) {
            told.push(reason);
        }
        if told.len() >= REASONS_MAX {
            break;
        }
    }
    told
}

fn place(roots: &[(String, &Value)], wanted: &Value) -> Option<String> {
    roots.iter().find_map(|(name, root)| find(root, wanted, name))
}

/// The path to a value, which is told by where it lies and not by what it is.
fn find(at: &Value, wanted: &Value, path: &str) -> Option<String> {
    if std::ptr::eq(at, wanted) {
        return Some(path.to_owned());
    }
    match at {
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| find(value, wanted, &join(path, name)))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(place, value)| find(value, wanted, &format!("{path}[{place}]"))),
        _ => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
