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
    types: Vec<TypeDocument>,
    #[serde(borrow)]
    actions: Vec<ActionDocument<'a>>,
}

/// Name, ARNs, key set.
type TypeDocument = (Box<str>, Box<[Box<str>]>, u32);

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
    for written in &entry.actions {
        let named: Vec<String> = match written.strip_prefix("*:") {
            Some(name) => {
                catalogue.services().map(|service| format!("{}:{name}", service.prefix())).collect()
            }
            None => vec![written.clone()],
        };
        let mut is_new = false;
        for name in named {
            if let Some(id) = exact(catalogue, &name) {
                let row = &mut catalogue.actions[id.index()];
                is_new |= row.kind != Kind::Admin;
                row.kind = Kind::Admin;
            }
        }
        if !is_new {
            return Err(fault(format!(
                "`{}`: `{written}` is no action, or a change of permissions anyway; take it out",
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
        let Some(id) = exact(catalogue, &name) else {
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

/// The action that is spelled so, capitals too.
fn exact(catalogue: &Catalogue, name: &str) -> Option<ActionId> {
    catalogue.action(name).filter(|action| action.name() == name).map(|action| action.id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(service: &str, reason: &str, action: &str) -> DataActions {
        DataActions { service: service.into(), reason: reason.into(), actions: vec![action.into()] }
    }

    fn said(result: Result<(), CatalogueError>) -> String {
        result.expect_err("a fault").to_string()
    }

    #[test]
    fn tables_that_say_what_is_not_so_are_refused() {
        let mut catalogue = embedded().expect("the catalogue");
        for (entry, fault) in [
            (data("s3", "a reason", "GetObjekt"), "no action is called `s3:GetObjekt`"),
            (data("s3", "a reason", "getobject"), "no action is called `s3:getobject`"),
            (data("s33", "a reason", "GetObject"), "no action is called `s33:GetObject`"),
            (data("s3", "a reason", "GetObject"), "`s3:GetObject` is there twice"),
            (data("s3", " ", "ListBucket"), "service `s3` has no reason"),
        ] {
            let said = said(is_data(&mut catalogue, &entry));
            assert!(said.contains(fault) && said.starts_with(DATA_FILE), "{said}");
        }
        for pattern in ["iam:PassRole", "iam:AttachRolePolicy", "iam:Pass*", "*:NoSuchThing"] {
            let entry = PermissionActions {
                about: "a test".into(),
                reason: "a reason".into(),
                actions: vec![pattern.into()],
            };
            let said = said(changes_permissions(&mut catalogue, &entry));
            assert!(said.contains(pattern) && said.starts_with(PERMISSIONS_FILE), "{said}");
        }
        let unknown: Result<Vec<DataActions>, _> =
            table(DATA_FILE, "- service: s3\n  why: because\n  actions: [GetObject]\n");
        assert!(unknown.expect_err("a fault").to_string().contains("why"));
    }

    /// A file in which a number leads nowhere, or names are out of order, is refused when it is read, not when asked.
    #[test]
    fn files_that_do_not_hold_together_are_refused() {
        let file = |types: &str, actions: &str| {
            let text = format!(
                r#"{{"version":"1","date":"d","needsVersion":"1","keys":[["a:b","String"]],"keySets":[[],[0]],
                "services":[{{"prefix":"a","name":"A","types":{types},"actions":{actions}}}]}}"#
            );
            assemble(serde_json::from_str(&text).expect("the form"))
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        let kind = r#"[["t",["arn:${Partition}:a:::${T}"],1]]"#;
        assert_eq!(file(kind, r#"[["Do","w",1,[1,0],[0]],["Go","r",0,[],null]]"#), Ok(()));
        for (types, actions, fault) in [
            (r#"[["t",[],2]]"#, "[]", "a set of condition keys has the number 2"),
            (kind, r#"[["Do","w",2,[],[]]]"#, "a set of condition keys has the number 2"),
            (kind, r#"[["Do","x",0,[],[]]]"#, "no level `x`"),
            (kind, r#"[["Do","w",0,[2,0],[]]]"#, "a resource type has the number 1"),
            (kind, r#"[["Do","w",0,[1],[]]]"#, "a resource without its condition keys"),
            (kind, r#"[["Do","w",0,[1,9],[]]]"#, "a set of condition keys has the number 9"),
            (kind, r#"[["Do","w",0,[],[7]]]"#, "an action that is needed has the number 7"),
            (kind, r#"[["Go","w",0,[],[]],["Do","w",0,[],[]]]"#, "not in the order"),
            (kind, r#"[["Do","w",0,[],[]],["DO","w",0,[],[]]]"#, "not in the order"),
        ] {
            let said = file(types, actions).expect_err("a fault");
            assert!(said.contains(fault), "{said}");
        }
    }
}
