//! What code takes from other resources, put in the place of values that are known after the run only.
//!
//! A plan says which attributes an expression reads, not what it makes of them. Where it reads ids, ARNs and names for an attribute that
//! holds such, the value is taken to be these, and that is told. A policy that is put together is never guessed.

use std::collections::HashMap;

use fathom_content::{Content, DeclaredMap, declared::Form, template::Fill};
use fathom_estate::declared::{
    changes::{Proposed, Taken},
    unknown_why,
};
use fathom_model::Uid;
use serde_json::Value;

use super::Pages;

/// Attributes that are handed on as they are.
const HANDED: [&str; 7] = ["id", "arn", "name", "url", "bucket", "function_name", "key_id"];

/// Puts in what is known of what the code takes; gives back what was taken to be so.
pub(super) fn resolve(
    change: &mut Proposed,
    map: &DeclaredMap,
    given: &HashMap<String, Uid>,
    pages: &Pages,
    all: &[Proposed],
    content: &Content,
) -> Vec<String> {
    let mut told = Vec::new();
    let index = change
        .address
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
        .map(|(_, index)| format!("[{index}]"));
    for (path, taken) in change.taken.clone() {
        let is_text = |form: Form| {
            matches!(
                form,
                Form::Policy
                    | Form::Json
                    | Form::InlinePolicy
                    | Form::InlinePolicies
                    | Form::DefaultPolicy
                    | Form::Tags
            )
        };
        let is_made = map
            .attributes
            .iter()
            .any(|one| is_text(one.form) && one.from.as_str().split('[').next() == path.split('.').next());
        if is_made || !taken.iter().all(|one| HANDED.contains(&one.attribute.as_str())) {
            continue;
        }
        let values: Option<Vec<Value>> = taken
            .iter()
            .map(|one| {
                let address = instance(one, index.as_deref(), given)?;
                give(one, address, given, pages, all, content)
            })
            .collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
        let names: Vec<String> =
            taken.iter().map(|one| format!("{}.{}", one.address, one.attribute)).collect();
        let value = match values.as_slice() {
            [one] => one.clone(),
            _ => Value::Array(values),
        };
        if replace(&mut change.after, &path, &value) {
            told.push(format!("{path} is {}", names.join(", ")));
        }
    }
    told
}

/// The address of the resource that is meant: itself, its only instance, or that of the same key.
fn instance<'g>(taken: &Taken, index: Option<&str>, given: &'g HashMap<String, Uid>) -> Option<&'g str> {
    if let Some((address, _)) = given.get_key_value(&taken.address) {
        return Some(address);
    }
    let is_instance = |address: &str| {
        address
            .strip_prefix(taken.address.as_str())
            .is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'))
    };
    let instances: Vec<&str> =
        given.keys().map(String::as_str).filter(|address| is_instance(address)).collect();
    match instances.as_slice() {
        [only] => Some(only),
        many => many.iter().copied().find(|address| index.is_some_and(|index| address.ends_with(index))),
    }
}

/// What an attribute of a resource is.
fn give(
    taken: &Taken,
    address: &str,
    given: &HashMap<String, Uid>,
    pages: &Pages,
    all: &[Proposed],
    content: &Content,
) -> Option<Value> {
    let uid = given.get(address)?;
    let declared = all.iter().find(|one| one.address == address)?;
    let map = content.declared.get(declared.language, &declared.kind)?;
    let known = [&declared.after, &declared.before].into_iter().find_map(|side| {
        side.get(&taken.attribute).filter(|value| !value.is_null() && unknown_why(value).is_none())
    });
    if let Some(known) = known {
        return Some(known.clone());
    }
    let page = pages.get(uid)?;
    if let Some(template) = map.gives.get(&taken.attribute) {
        let fill = Fill {
            partition: uid.as_str().split(':').nth(1).unwrap_or("aws"),
            account: &page.account,
            region: &page.region,
            document: Some(&page.document),
            ..Fill::default()
        };
        return template.fill(fill).map(Value::from);
    }
    match taken.attribute.as_str() {
        "arn" => Some(Value::from(uid.as_str())),
        "id" => Some(Value::from(page.id.as_str())),
        other => {
            let attribute = map.attributes.iter().find(|one| one.from.as_str() == other)?;
            attribute.to.first(&page.document).cloned()
        }
    }
}

/// Puts a value in the place of each unknown that a path leads to; false where there is none.
fn replace(value: &mut Value, path: &str, with: &Value) -> bool {
    if unknown_why(value).is_some() {
        if path.is_empty() {
            *value = with.clone();
        }
        return path.is_empty();
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    match value {
        // Each of them: an iterator that stops at the first would leave the others.
        Value::Array(items) => {
            let done: Vec<bool> = items.iter_mut().map(|item| replace(item, path, with)).collect();
            done.contains(&true)
        }
        Value::Object(members) if !name.is_empty() => {
            members.get_mut(name).is_some_and(|member| replace(member, rest, with))
        }
        _ => false,
    }
}
