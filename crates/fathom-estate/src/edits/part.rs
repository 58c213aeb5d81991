//! A part of a resource that comes or goes: a rule of a security group, a route.

use fathom_content::{DeclaredMap, declared::Form};
use serde_json::Value;

use crate::{
    declared::write::{self, Left, Why},
    drift::{facts, walk},
};

/// Parts that are there and are told.
const TOLD: usize = 8;

/// Writes a part into a document, or takes it out; says whether that changed something.
///
/// # Errors
/// When what is taken out is not there, or how it is written is not known.
pub fn write_part(
    document: &mut Value,
    map: &DeclaredMap,
    declared: &Value,
    comes: bool,
    own_id: &str,
) -> Result<bool, String> {
    let before = document.clone();
    let (old, new) = if comes { (&Value::Null, declared) } else { (declared, &Value::Null) };
    let written = write::write(document, map, old, new, own_id);
    let unwritten = written.left.iter().find(|left| !matches!(left.why, Why::NotMapped));
    if let Some(Left { attribute, why }) = unwritten {
        let why = match why {
            Why::Unknown(why) => why.clone(),
            _ => "it is not known how the description would tell it".to_owned(),
        };
        return Err(format!("{attribute}: {why}"));
    }
    let is_changed = *document != before;
    if !comes && !is_changed {
        let there = there(&before, map);
        return Err(match there.len() {
            0 => "it has no such part, and none like it".to_owned(),
            count if count > TOLD => {
                let some: Vec<&str> = there.iter().take(TOLD).map(String::as_str).collect();
                format!("it has no such part; it has {} and {} more", some.join(", "), count - TOLD)
            }
            _ => format!("it has no such part; it has {}", there.join(", ")),
        });
    }
    Ok(is_changed)
}

/// What a document has of such parts, in short.
fn there(document: &Value, map: &DeclaredMap) -> Vec<String> {
    let mut all = Vec::new();
    for attribute in &map.attributes {
        let found = walk::find(attribute.to.as_str(), document);
        match &attribute.facts {
            Some(form) => {
                let facts = facts::actual(&found.values, form).facts;
                all.extend(facts.iter().map(|fact| fact.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            None if attribute.form == Form::Contains => {
                all.extend(found.values.iter().filter_map(|one| one.as_str().map(str::to_owned)));
            }
            None => {}
        }
    }
    all
}
