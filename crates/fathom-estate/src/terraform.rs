//! Terraform state files (version 4 JSON): which code declares which resource.

use std::collections::HashMap;

use serde::Deserialize;

/// Addresses by the ARN or id under which the provider knows what they declare.
#[derive(Debug, Clone, Default)]
pub struct TerraformIndex {
    by_name: HashMap<String, String>,
}

/// Why a state file did not load.
#[derive(Debug, thiserror::Error)]
pub enum TerraformStateError {
    /// It is not JSON of the expected form.
    #[error("{file}:{line}:{column}: not a Terraform state: {problem}")]
    Parse {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        problem: String,
    },
    /// It is a state of another version.
    #[error(
        "{file}: state version {version} is not known here; run `terraform state pull` with Terraform 0.12 or later to get version 4"
    )]
    Version {
        /// The file.
        file: String,
        /// The version it states.
        version: u64,
    },
}

#[derive(Deserialize)]
struct State {
    version: u64,
    #[serde(default)]
    resources: Vec<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: Option<serde_json::Value>,
    #[serde(default)]
    attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

impl TerraformIndex {
    /// Adds a state file's text; `file` names it in addresses and errors. Returns how many resources it declares.
    pub fn add(&mut self, file: &str, text: &str) -> Result<usize, TerraformStateError> {
        let state: State = serde_json::from_str(text).map_err(|error| TerraformStateError::Parse {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: problem(&error),
        })?;
        if state.version != 4 {
            return Err(TerraformStateError::Version { file: file.to_owned(), version: state.version });
        }
        let mut count = 0;
        for declared in state.resources.iter().filter(|declared| declared.mode == "managed") {
            for instance in &declared.instances {
                let module = declared.module.as_ref().map(|module| format!("{module}.")).unwrap_or_default();
                let index = match &instance.index_key {
                    Some(serde_json::Value::String(key)) => format!("[{key:?}]"),
                    Some(key) => format!("[{key}]"),
                    None => String::new(),
                };
                let address = format!("{file}#{module}{}.{}{index}", declared.kind, declared.name);
                let Some(attributes) = &instance.attributes else { continue };
                count += 1;
                for member in ["arn", "id"] {
                    let Some(name) = attributes.get(member).and_then(serde_json::Value::as_str) else {
                        continue;
                    };
                    // A plain name may mean a role here and a bucket there; only texts that are unique by themselves
                    // may join state and estate.
                    if is_unique(name) {
                        self.by_name.entry(name.to_owned()).or_insert_with(|| address.clone());
                    }
                }
            }
        }
        Ok(count)
    }

    /// The address that declares a resource, by its ARN or id.
    pub fn address(&self, uid: &str, id: &str) -> Option<&str> {
        self.by_name.get(uid).or_else(|| self.by_name.get(id)).map(String::as_str)
    }

    /// Whether no state was added.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

/// The parser's words without the place, which stands before them.
fn problem(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.rsplit_once(" at line ").map_or(words.as_str(), |(before, _)| before).to_owned()
}

/// Whether a text means one resource wherever it stands: an ARN, an access key, an id of hexadecimal digits.
pub fn is_unique(name: &str) -> bool {
    if name.starts_with("arn:") || name.starts_with("AKIA") {
        return true;
    }
    // "vpc-0a1b2c3d", "tgw-attach-…": a prefix and the 17 hexadecimal digits of today, or one short word and the 8 of
    // old. A date ("logs-20240101") or the random end of a name ("app-logs-1a2b3c4d") is not such an id.
    name.rsplit_once('-').is_some_and(|(prefix, digits)| {
        let hexadecimal = digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let word = |c: char| c.is_ascii_lowercase() || (c == '-' && digits.len() == 17);
        let long_enough = match digits.len() {
            17 => !prefix.is_empty(),
            8 => (1..=8).contains(&prefix.len()) && !digits.chars().all(|c| c.is_ascii_digit()),
            _ => false,
        };
        hexadecimal && long_enough && prefix.chars().all(word)
    })
}
