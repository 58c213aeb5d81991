//! Reads the file in the binary. Its form is described where it is written: `xtask/src/catalogue/trim.rs`.

use std::{ops::Range, sync::OnceLock};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    action::ValueType,
    catalogue::{ActionId, ActionRow, Catalogue, KeyRow, ResourceRow, ServiceRow, TypeRow, Version},
    kind::{DataActions, Kind, Level, PermissionActions},
    pattern::{self, NAME_BYTES_MAX},
};

const ACTIONS_FILE: &str = "content/iam/aws-actions.json.zst";
const ACTIONS: &[u8] = include_bytes!("../../../content/iam/aws-actions.json.zst");
const DATA_FILE: &str = "content/iam/data-actions.yaml";
const DATA: &str = include_str!("../../../content/iam/data-actions.yaml");
const PERMISSIONS_FILE: &str = "content/iam/permission-actions.yaml";
const PERMISSIONS: &str = include_str!("../../../content/iam/permission-actions.yaml");

/// The most that the file may become; it has 1.3 MB.
const PLAIN_BYTES_MAX: usize = 16 << 20;

/// Why a catalogue cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CatalogueError {
    /// The file cannot be unpacked or is not of the form that this version reads.
    #[error("cannot read {file}: {message}; `cargo xtask catalogue` writes it anew")]
    Form {
        /// The file, from the root of the checkout.
        file: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A written table says something that is not so.
    #[error("{file}: {message}")]
    Table {
        /// The file, from the root of the checkout.
        file: &'static str,
        /// What is wrong, with the entry.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: String,
    date: String,
    needs_version: String,
    keys: Vec<(Box<str>, String)>,
    key_sets: Vec<Vec<u32>>,
    #[serde(borrow)]
    services: Vec<ServiceDocument<'a>>,
}

#[derive(Deserialize)]
struct ServiceDocument<'a> {
    prefix: Box<str>,
    name: Box<str>,
    types: Vec<(Box<str>, Box<[Box<str>]>, u32)>,
    #[serde(borrow)]
    actions: Vec<ActionDocument<'a>>,
}

/// Name, level, key set, resources, needs.
type ActionDocument<'a> = (&'a str, &'a str, u32, Vec<u32>, Option<Vec<u32>>);

fn form(message: impl std::fmt::Display) -> CatalogueError {
    CatalogueError::Form { file: ACTIONS_FILE, message: message.to_string() }
}

/// Unpacks, reads and checks.
pub(crate) fn embedded() -> Result<Catalogue, CatalogueError> {
    let plain = zstd::bulk::decompress(ACTIONS, PLAIN_BYTES_MAX).map_err(form)?;
    let document: Document<'_> = serde_json::from_slice(&plain).map_err(form)?;
    let mut catalogue = assemble(document)?;
    let permissions: Vec<PermissionActions> = table(PERMISSIONS_FILE, PERMISSIONS)?;
    for entry in permissions {
        changes_permissions(&mut catalogue, &entry)?;
    }
    let data: Vec<DataActions> = table(DATA_FILE, DATA)?;
    for entry in data {
        is_data(&mut catalogue, &entry)?;
    }
    Ok(catalogue)
}

fn table<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, CatalogueError> {
    serde_saphyr::from_str(text).map_err(|error| CatalogueError::Table { file, message: error.to_string() })
}

/// Puts the parts into flat lists, and checks every number in them, so that none leads nowhere later.
fn assemble(document: Document<'_>) -> Result<Catalogue, CatalogueError> {
    let mut catalogue = Catalogue {
        version: Version { actions: document.version, date: document.date, needs: document.needs_version },
        services: Vec::with_capacity(document.services.len()),
        actions: Vec::new(),
        types: Vec::new(),
        keys: Vec::with_capacity(document.keys.len()),
        key_places: Vec::new(),
        key_sets: Vec::with_capacity(document.key_sets.len()),
        resources: Vec::new(),
        needs: Vec::new(),
        arns: OnceLock::new(),
    };
    for (name, written) in document.keys {
        let (value_type, is_list) = ValueType::of(&written)
            .ok_or_else(|| form(format!("the type `{written}` of condition key `{name}` is not known")))?;
        catalogue.keys.push(KeyRow { name, value_type, is_list });
    }
    for set in document.key_sets {
        let start = catalogue.key_places.len();
        below(&set, catalogue.keys.len(), "a condition key")?;
        catalogue.key_places.extend(set);
        catalogue.key_sets.push(start..catalogue.key_places.len());
    }
    let all = document.services.iter().map(|service| service.actions.len()).sum();
    catalogue.actions.reserve_exact(all);
    for service in document.services {
        add(&mut catalogue, service, all)?;
    }
    let sorted = |a: &ActionRow, b: &ActionRow| pattern::compare(&a.name, &b.name).is_lt();
    if !catalogue.actions.is_sorted_by(sorted) {
        return Err(form("the actions are not in the order of their names"));
    }
    Ok(catalogue)
}

fn add(catalogue: &mut Catalogue, service: ServiceDocument<'_>, all: usize) -> Result<(), CatalogueError> {
    let index = u16::try_from(catalogue.services.len()).map_err(|_| form("too many services"))?;
    let sets = catalogue.key_sets.len();
    let types_start = number(catalogue.types.len())?;
    let types = service.types.len();
    for (name, arns, keys) in service.types {
        below(&[keys], sets, "a set of condition keys")?;
        catalogue.types.push(TypeRow { name, service: index, arns, keys });
    }
    let actions_start = number(catalogue.actions.len())?;
    for (name, letter, keys, resources, needs) in service.actions {
        let level = Level::of_letter(letter).ok_or_else(|| form(format!("no level `{letter}`")))?;
        below(&[keys], sets, "a set of condition keys")?;
        let resources_start = catalogue.resources.len();
        for pair in resources.chunks(2) {
            let &[kind, keys] = pair else { return Err(form("a resource without its condition keys")) };
            below(&[kind / 2], types, "a resource type")?;
            below(&[keys], sets, "a set of condition keys")?;
            catalogue.resources.push(ResourceRow {
                resource_type: types_start + kind / 2,
                required: kind % 2 == 1,
                keys,
            });
        }
        let needs_start = catalogue.needs.len();
        let has_needs = needs.is_some();
        let needed = needs.unwrap_or_default();
        below(&needed, all, "an action that is needed")?;
        catalogue.needs.extend(needed.into_iter().map(ActionId));
        let name: Box<str> = format!("{}:{name}", service.prefix).into();
        if name.len() > NAME_BYTES_MAX || !name.is_ascii() {
            return Err(form(format!("`{name}` is no name of an action")));
        }
        catalogue.actions.push(ActionRow {
            name,
            service: index,
            level,
            kind: level.into(),
            keys,
            resources: resources_start..catalogue.resources.len(),
            needs: has_needs.then_some(needs_start..catalogue.needs.len()),
        });
    }
    let actions = actions_start..number(catalogue.actions.len())?;
    let types: Range<u32> = types_start..number(catalogue.types.len())?;
    catalogue.services.push(ServiceRow { prefix: service.prefix, name: service.name, actions, types });
    Ok(())
}

fn number(length: usize) -> Result<u32, CatalogueError> {
    u32::try_from(length).map_err(|_| form("too many entries"))
}

fn below(numbers: &[u32], length: usize, what: &str) -> Result<(), CatalogueError> {
    match numbers.iter().find(|number| **number as usize >= length) {
        Some(number) => Err(form(format!("{what} has the number {number}, of {length}"))),
        None => Ok(()),
    }
}

/// An entry of the table of actions that change permissions. One that says nothing new is refused: the source knows
/// better by now, or somebody mistyped.
fn changes_permissions(catalogue: &mut Catalogue, entry: &PermissionActions) -> Result<(), CatalogueError> {
    let fault = |message| CatalogueError::Table { file: PERMISSIONS_FILE, message };
    if entry.reason.trim().is_empty() {
        return Err(fault(format!("`{}` has no reason", entry.about)));
    }
    for pattern in &entry.actions {
        let mut is_new = false;
        for id in catalogue.actions_matching(pattern) {
            let row = &mut catalogue.actions[id.index()];
            is_new |= row.kind != Kind::Admin;
            row.kind = Kind::Admin;
        }
        if !is_new {
            return Err(fault(format!(
                "`{}`: `{pattern}` matches no action that is not a change of permissions anyway; take it out",
                entry.about
            )));
        }
    }
    Ok(())
}

/// An entry of the table of actions about data.
fn is_data(catalogue: &mut Catalogue, entry: &DataActions) -> Result<(), CatalogueError> {
    let fault = |message| CatalogueError::Table { file: DATA_FILE, message };
    if entry.reason.trim().is_empty() || entry.actions.is_empty() {
        return Err(fault(format!("service `{}` has no reason or no action", entry.service)));
    }
    for action in &entry.actions {
        let name = format!("{}:{action}", entry.service);
        let known = catalogue.action(&name).filter(|known| known.name() == name).map(|known| known.id());
        let Some(id) = known else {
            return Err(fault(format!("no action is called `{name}`; see `fathom iam actions`")));
        };
        let row = &mut catalogue.actions[id.index()];
        if row.kind == Kind::Data {
            return Err(fault(format!("`{name}` is there twice")));
        }
        row.kind = Kind::Data;
    }
    Ok(())
}
