//! Declarations that are of several resources at once: a policy of three queues is one for each of them.

use fathom_content::{Content, DeclaredMap};
use fathom_estate::declared::changes::Proposed;
use serde_json::Value;

use super::Change;

/// Resources that one declaration may be of.
const OWNERS_MAX: usize = 500;

/// The changes, with one for each resource that a declaration of parts names in a list.
pub(super) fn apart(changes: &[Proposed], content: &Content) -> Vec<Proposed> {
    let mut all = Vec::with_capacity(changes.len());
    for change in changes {
        let map = content.declared.get(change.language, &change.kind);
        let Some(list) = map.and_then(list_of) else {
            all.push(change.clone());
            continue;
        };
        let named = |side: &Value| side[&list].as_array().cloned().unwrap_or_default();
        let (old, new) = (named(&change.before), named(&change.after));
        let mut owners: Vec<&Value> = old.iter().collect();
        owners.extend(new.iter().filter(|one| !old.contains(one)));
        if owners.len() < 2 {
            all.push(change.clone());
            continue;
        }
        for owner in owners.into_iter().take(OWNERS_MAX) {
            let side = |side: &Value, has: &[Value]| {
                let mut side = if has.contains(owner) { side.clone() } else { Value::Null };
                if let Some(members) = side.as_object_mut() {
                    members.insert(list.clone(), Value::Array(vec![owner.clone()]));
                }
                side
            };
            let (before, after) = (side(&change.before, &old), side(&change.after, &new));
            all.push(Proposed { before, after, ..change.clone() });
        }
    }
    all
}

/// The list whose first element names the resource that parts are of.
fn list_of(map: &DeclaredMap) -> Option<String> {
    let first = map.identified_by.first().filter(|_| map.part)?.as_str();
    first.strip_prefix('{')?.strip_suffix("[0]}").map(str::to_owned)
}

/// One row of several of the same declaration.
pub(super) fn together(changes: Vec<Change>) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        match all.last_mut().filter(|last| last.address == change.address && last.kind == change.kind) {
            Some(last) => {
                last.resources.extend(change.resources);
                last.not_known.extend(change.not_known);
                last.not_looked_at.extend(change.not_looked_at);
                last.assumed.extend(change.assumed);
                for list in [&mut last.not_known, &mut last.not_looked_at, &mut last.assumed] {
                    list.dedup();
                }
            }
            None => all.push(change),
        }
    }
    all
}
