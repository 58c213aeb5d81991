//! What Terraform declares: state files (version 4), plans and states as `terraform show -json` prints them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Declaration, Language, Planned, sensitive};

/// How deep modules may be nested in what `terraform show` prints.
const MODULE_DEPTH_MAX: usize = 64;

/// What Terraform declares, and the addresses by the ARN or id under which the provider knows it.
#[derive(Debug, Clone, Default)]
pub struct TerraformIndex {
    by_name: HashMap<String, usize>,
    declarations: Vec<Declaration>,
}

/// Why a file did not load.
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
    /// It is JSON, but neither a state nor a plan.
    #[error(
        "{file}: neither a Terraform state (`version`) nor what `terraform show -json` prints (`format_version`); name such a file"
    )]
    Form {
        /// The file.
        file: String,
    },
}

/// A state file, or what `terraform show -json` prints of a state or a plan.
#[derive(Deserialize)]
pub(super) struct File {
    version: Option<u64>,
    pub(super) format_version: Option<String>,
    #[serde(default)]
    resources: Vec<Declared>,
    values: Option<Values>,
    pub(super) planned_values: Option<Values>,
    prior_state: Option<PriorState>,
    #[serde(default)]
    pub(super) resource_changes: Vec<Change>,
    #[serde(default)]
    pub(super) configuration: Value,
    #[serde(default)]
    pub(super) variables: Value,
    #[serde(default)]
    pub(super) errored: bool,
    #[serde(default)]
    resource_drift: Vec<Change>,
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
    index_key: Option<Value>,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    #[serde(default)]
    sensitive_attributes: Value,
    /// A former object that could not be destroyed yet; the code does not declare it any more.
    #[serde(default)]
    deposed: Option<String>,
}

#[derive(Deserialize)]
struct PriorState {
    values: Option<Values>,
}

#[derive(Deserialize)]
pub(super) struct Values {
    root_module: Option<Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Shown>,
    #[serde(default)]
    child_modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Shown {
    address: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    values: Option<Map<String, Value>>,
    #[serde(default)]
    sensitive_values: Value,
    #[serde(default)]
    deposed_key: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    pub(super) address: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) provider_name: String,
    #[serde(default)]
    pub(super) module_address: Option<String>,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    deposed: Option<String>,
    #[serde(rename = "change")]
    pub(super) body: ChangeBody,
}

impl Change {
    /// Whether it is of what the code declares now; deposed objects and data sources are not.
    pub(super) fn is_current(&self) -> bool {
        self.deposed.is_none() && self.mode.as_deref() != Some("data")
    }
}

#[derive(Deserialize)]
pub(super) struct ChangeBody {
    #[serde(default)]
    pub(super) actions: Vec<String>,
    #[serde(default)]
    pub(super) before: Value,
    #[serde(default)]
    pub(super) after: Value,
    #[serde(default)]
    pub(super) after_unknown: Value,
    #[serde(default)]
    pub(super) before_sensitive: Value,
    #[serde(default)]
    pub(super) after_sensitive: Value,
}

impl TerraformIndex {
    /// Adds a file's text; `file` names it in addresses and errors. Returns how many resources it declares.
    pub fn add(&mut self, file: &str, text: &str) -> Result<usize, TerraformStateError> {
        let parsed: File = serde_json::from_str(text).map_err(|error| TerraformStateError::Parse {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: problem(&error),
        })?;
        let name: Arc<str> = Arc::from(file);
        let found = match (parsed.version, &parsed.format_version) {
            (Some(4), _) => from_state(&name, parsed.resources),
            (Some(version), _) => {
                return Err(TerraformStateError::Version { file: file.to_owned(), version });
            }
            (None, Some(_)) => from_shown(&name, parsed),
            (None, None) => return Err(TerraformStateError::Form { file: file.to_owned() }),
        };
        let mut count = 0;
        for declaration in found {
            let at = self.declarations.len();
            // What the next run makes or destroys is not declared as it is.
            let stays = declaration.planned == Planned::Stays;
            count += usize::from(declaration.planned != Planned::Removed);
            for member in ["arn", "id"].into_iter().filter(|_| stays) {
                let Some(name) = declaration.attributes.get(member).and_then(Value::as_str) else { continue };
                // A plain name may mean a role here and a bucket there; only texts that are unique by themselves
                // may join state and estate.
                if is_unique(name) {
                    self.by_name.entry(name.to_owned()).or_insert(at);
                }
            }
            self.declarations.push(declaration);
        }
        Ok(count)
    }

    /// File and address that declare a resource, by its ARN or id.
    pub fn address(&self, uid: &str, id: &str) -> Option<&str> {
        let at = self.by_name.get(uid).or_else(|| self.by_name.get(id))?;
        self.declarations.get(*at).map(|one| one.source.as_str())
    }

    /// Everything that is declared, in the order of the files.
    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    /// Whether nothing that is declared has a name that the estate could know.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

fn declaration(file: &Arc<str>, kind: String, address: String, attributes: Value) -> Declaration {
    Declaration {
        source: format!("{file}#{address}"),
        language: Language::Terraform,
        kind,
        file: Arc::clone(file),
        address,
        attributes,
        note: None,
        physical_id: None,
        place: None,
        seen_by_tool: Vec::new(),
        planned: Planned::Stays,
    }
}

fn from_state(file: &Arc<str>, resources: Vec<Declared>) -> Vec<Declaration> {
    let mut found = Vec::new();
    for declared in resources.into_iter().filter(|declared| declared.mode == "managed") {
        for instance in declared.instances {
            if instance.deposed.is_some() {
                continue;
            }
            let module = declared.module.as_ref().map(|module| format!("{module}.")).unwrap_or_default();
            let index = match &instance.index_key {
                Some(Value::String(key)) => format!("[{key:?}]"),
                Some(key) => format!("[{key}]"),
                None => String::new(),
            };
            let address = format!("{module}{}.{}{index}", declared.kind, declared.name);
            let Some(attributes) = instance.attributes else { continue };
            let mut attributes = Value::Object(attributes);
            sensitive::by_paths(&mut attributes, &instance.sensitive_attributes);
            sensitive::by_name(&mut attributes);
            found.push(declaration(file, declared.kind.clone(), address, attributes));
        }
    }
    found
}

fn from_shown(file: &Arc<str>, parsed: File) -> Vec<Declaration> {
    let mut prior = Vec::new();
    if let Some(state) = parsed.prior_state {
        collect(file, state.values.and_then(|values| values.root_module), 0, &mut prior);
    }
    let Some(planned) = parsed.planned_values else {
        // Without a plan it is a state.
        let mut found = prior;
        collect(file, parsed.values.and_then(|values| values.root_module), 0, &mut found);
        return found;
    };
    let mut found = Vec::new();
    collect(file, planned.root_module, 0, &mut found);
    let drift: BTreeMap<&str, &ChangeBody> = current(&parsed.resource_drift).collect();
    let changes: BTreeMap<&str, &ChangeBody> = current(&parsed.resource_changes).collect();
    let prior: BTreeMap<String, Declaration> =
        prior.into_iter().map(|one| (one.address.clone(), one)).collect();
    for one in &mut found {
        if let Some(change) = changes.get(one.address.as_str()) {
            let does = |action: &str| change.actions.iter().any(|word| word == action);
            if does("create") && !does("delete") {
                one.planned = Planned::Made;
                one.note = Some("the plan would make it".to_owned());
            } else if does("create") {
                one.note = Some("the plan would replace it".to_owned());
            } else if does("update") {
                one.note = Some("the plan would change it".to_owned());
            }
            // What is known only after the run is not in the planned values at all.
            mark_unknown(&mut one.attributes, &change.after_unknown, 0);
        }
        // Identity is what the provider gave it; a plan for a new name does not lose the old thing.
        if let Some(before) = prior.get(&one.address) {
            for member in ["arn", "id"] {
                if let (Some(known), Some(members)) =
                    (before.attributes.get(member), one.attributes.as_object_mut())
                    && !members.get(member).is_some_and(Value::is_string)
                {
                    members.insert(member.to_owned(), known.clone());
                }
            }
        }
    }
    // What the plan would destroy is in the prior state only. It is declared nowhere any more.
    for (address, mut one) in prior {
        let removed = changes.get(address.as_str()).is_some_and(|change| {
            change.actions.iter().all(|word| word == "delete") && !change.actions.is_empty()
        });
        if removed {
            one.planned = Planned::Removed;
            one.note = Some("the plan would destroy it".to_owned());
            found.push(one);
        }
    }
    for one in &mut found {
        if let Some(change) = drift.get(one.address.as_str()) {
            one.seen_by_tool = moved(change);
        }
    }
    found
}

/// Changes of what the code declares now; deposed objects and data sources are not.
fn current(changes: &[Change]) -> impl Iterator<Item = (&str, &ChangeBody)> {
    changes.iter().filter(|change| change.is_current()).map(|change| (change.address.as_str(), &change.body))
}

/// The members that changed outside of Terraform, as Terraform saw it.
fn moved(change: &ChangeBody) -> Vec<(String, Value, Value)> {
    let (mut before, mut after) = (change.before.clone(), change.after.clone());
    sensitive::by_marks(&mut before, &change.before_sensitive);
    sensitive::by_marks(&mut after, &change.after_sensitive);
    sensitive::by_name(&mut before);
    sensitive::by_name(&mut after);
    let none = Map::new();
    let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let value = |members: &Map<String, Value>, name: &str| members.get(name).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .map(|name| (name.clone(), value(before, name), value(after, name)))
        .filter(|(_, before, after)| before != after)
        .collect()
}

/// Why a value is not known that the run decides.
pub(super) const AFTER: &str = "it is known after the run only";

/// Puts an unknown where `marks` says that a value is known only after the run.
pub(super) fn mark_unknown(value: &mut Value, marks: &Value, depth: usize) {
    if depth > MODULE_DEPTH_MAX {
        return;
    }
    match (&mut *value, marks) {
        (_, Value::Bool(true)) => *value = super::unknown(AFTER),
        (Value::Object(members), Value::Object(marks)) => {
            for (name, mark) in marks {
                if mark.as_bool() == Some(true) || members.contains_key(name) {
                    mark_unknown(members.entry(name.clone()).or_insert(Value::Null), mark, depth + 1);
                }
            }
        }
        (Value::Array(items), Value::Array(marks)) => {
            for (item, mark) in items.iter_mut().zip(marks) {
                mark_unknown(item, mark, depth + 1);
            }
        }
        _ => {}
    }
}

fn collect(file: &Arc<str>, module: Option<Module>, depth: usize, found: &mut Vec<Declaration>) {
    let Some(module) = module else { return };
    for shown in module.resources.into_iter().filter(|shown| shown.mode == "managed") {
        let (Some(values), None) = (shown.values, shown.deposed_key) else { continue };
        let mut attributes = Value::Object(values);
        sensitive::by_marks(&mut attributes, &shown.sensitive_values);
        sensitive::by_name(&mut attributes);
        found.push(declaration(file, shown.kind, shown.address, attributes));
    }
    if depth < MODULE_DEPTH_MAX {
        for child in module.child_modules {
            collect(file, Some(child), depth + 1, found);
        }
    }
}

/// The parser's words without the place, which stands before them.
pub(super) fn problem(error: &serde_json::Error) -> String {
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
