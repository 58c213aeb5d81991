//! Policies: one of several by its name, and the version that holds.

use fathom_content::declared::AttributeMap;
use serde_json::Value;

use super::{
    Work,
    put::{elements, list_of, put},
};
use crate::drift::same;

impl Work<'_> {
    /// Policies of a list, by name.
    pub(super) fn inline(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let name = |policy: &Value| -> Option<String> {
            let name = ["PolicyName", "name"].iter().find_map(|name| policy[*name].as_str());
            name.map(str::to_owned)
        };
        let (list, _) = list_of(map.to.as_str());
        let mut all = elements(self.document, list);
        let gone: Vec<String> = old.iter().chain(new).filter_map(name).collect();
        all.retain(|policy| name(policy).is_none_or(|name| !gone.contains(&name)));
        for policy in new {
            let document = ["PolicyDocument", "policy"].iter().find_map(|name| policy.get(*name));
            // A state may hold an empty block, which declares that there is none.
            if let (Some(name), Some(document)) = (name(policy), document.filter(|one| !one.is_null())) {
                all.push(Value::from_iter([
                    ("PolicyName", Value::from(name)),
                    ("PolicyDocument", same::parsed(document)),
                ]));
            }
        }
        put(self.document, list, Some(all.into()));
    }

    /// The version of a policy that holds.
    pub(super) fn default_policy(&mut self, map: &AttributeMap, new: &[Value]) {
        let (list, _) = list_of(map.to.as_str());
        let mut all = elements(self.document, list);
        let document = new.first().map(same::parsed).unwrap_or_default();
        let is_default = |version: &&mut Value| version["IsDefaultVersion"].as_bool() != Some(false);
        match all.iter_mut().find(is_default) {
            Some(version) => put(version, "Document", Some(document)),
            None => all.push(Value::from_iter([
                ("VersionId", Value::from("v1")),
                ("IsDefaultVersion", Value::from(true)),
                ("Document", document),
            ])),
        }
        put(self.document, list, Some(all.into()));
    }
}

/// A principal as policies write it: services under `Service`, everybody as `*`, others under `AWS`.
pub(super) fn principal(value: Value) -> Value {
    match value.as_str() {
        None | Some("*") => value,
        Some(text) => {
            let is_service = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
            Value::from_iter([(if is_service { "Service" } else { "AWS" }, value)])
        }
    }
}
