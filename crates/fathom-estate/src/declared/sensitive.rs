//! Takes out of declarations what may be secret: what the tool marks, and what has the name of a secret.

use serde_json::Value;

use super::unknown;

/// How deep marks are followed; deeper values are taken out whole.
const DEPTH_MAX: usize = 64;

const WHY: &str = "it is sensitive";

/// Ends of names, in lower case without underscores, that belong to secrets.
const ENDS: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "secretstring",
    "secretbinary",
    "secretkey",
    "secretaccesskey",
    "privatekey",
    "privatekeypem",
    "sharedkey",
    "authtoken",
    "accesstoken",
    "connectionstring",
    "clientsecret",
    "userdatabase64",
    "credentials",
];
/// Whole names that belong to secrets, or to free text that often holds some.
const NAMES: [&str; 5] = ["secret", "token", "userdata", "plaintext", "customdata"];
/// Maps whose every value may be one: environment variables.
const MAPS: [&str; 5] =
    ["variables", "environmentvariables", "environmentvariable", "environment", "stagevariables"];
/// What the environment of a build must say beside its variables, which it may have none of.
const MACHINE: [&str; 3] = ["computetype", "image", "type"];

/// A name as it is compared: in lower case, letters and digits only.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Takes out every value whose name is that of a secret.
pub(super) fn by_name(value: &mut Value) {
    by_name_at(value, 0);
}

fn by_name_at(value: &mut Value, depth: usize) {
    if depth > DEPTH_MAX {
        *value = unknown(WHY);
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let name = plain(name);
                let scalar = member.is_string() || member.is_number();
                if scalar && (NAMES.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))) {
                    *member = unknown(WHY);
                } else if MAPS.contains(&name.as_str()) && !has_more(member) {
                    blank_texts(member, depth);
                } else {
                    by_name_at(member, depth + 1);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| by_name_at(item, depth + 1)),
        _ => {}
    }
}

fn blank_texts(value: &mut Value, depth: usize) {
    match value {
        Value::Object(members) if depth <= DEPTH_MAX => {
            members.values_mut().for_each(|member| blank_texts(member, depth + 1));
        }
        Value::Array(items) if depth <= DEPTH_MAX => {
            for item in items {
                match pair_value(item) {
                    // The name of a variable is no secret.
                    Some(value) => blank_texts(value, depth + 1),
                    None => blank_texts(item, depth + 1),
                }
            }
        }
        Value::Null => {}
        other => *other = unknown(WHY),
    }
}

/// Whether variables are a member of it and not all of it: the environment of a build also says its image. Terraform writes it as a
/// list of one.
fn has_more(value: &Value) -> bool {
    let says_more = |value: &Value| {
        let Some(members) = value.as_object() else { return false };
        let names: Vec<String> = members.keys().map(|name| plain(name)).collect();
        names.iter().any(|name| MAPS.contains(&name.as_str()))
            || MACHINE.iter().all(|wanted| names.iter().any(|name| name == wanted))
    };
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(says_more),
        value => says_more(value),
    }
}

/// The value of a variable that is written as a pair of name and value, perhaps with what kind it is.
fn pair_value(item: &mut Value) -> Option<&mut Value> {
    let members = item.as_object_mut()?;
    let mut value = None;
    for (name, member) in members {
        match plain(name).as_str() {
            "value" => value = Some(member),
            "name" | "type" if member.is_string() => {}
            _ => return None,
        }
    }
    value
}

/// Takes out what `marks` marks: `true` stands for all below it, in the shape of the value itself.
pub(super) fn by_marks(value: &mut Value, marks: &Value) {
    match (value, marks) {
        (value, Value::Bool(true)) => *value = unknown(WHY),
        (Value::Object(members), Value::Object(marks)) => {
            for (name, mark) in marks {
                if let Some(member) = members.get_mut(name) {
                    by_marks(member, mark);
                }
            }
        }
        (Value::Array(items), Value::Array(marks)) => {
            for (item, mark) in items.iter_mut().zip(marks) {
                by_marks(item, mark);
            }
        }
        _ => {}
    }
}

/// Takes out what the paths of a state lead to: `[{"type": "get_attr", "value": "password"}]`. Where a step leads
/// nowhere, all that was reached is taken out: better too much than a secret.
pub(super) fn by_paths(attributes: &mut Value, paths: &Value) {
    for path in paths.as_array().into_iter().flatten() {
        let steps: &[Value] = match path {
            Value::Array(steps) => steps,
            // Early states have one step without a list around it.
            step => std::slice::from_ref(step),
        };
        let mut at = &mut *attributes;
        for step in steps {
            let step = match step.get("value") {
                Some(Value::Object(index)) => index.get("value").cloned().unwrap_or(Value::Null),
                Some(value) => value.clone(),
                None => Value::Null,
            };
            let below = match (&*at, &step) {
                (Value::Object(members), Value::String(name)) => members.contains_key(name),
                (Value::Array(items), Value::Number(index)) => {
                    index.as_u64().is_some_and(|index| (index as usize) < items.len())
                }
                _ => false,
            };
            if !below {
                break;
            }
            let next = match (at, &step) {
                (Value::Object(members), Value::String(name)) => members.get_mut(name),
                (Value::Array(items), Value::Number(index)) => {
                    index.as_u64().and_then(|index| items.get_mut(index as usize))
                }
                _ => None,
            };
            match next {
                Some(next) => at = next,
                None => return,
            }
        }
        *at = unknown(WHY);
    }
}
