//! What an issuer says of a person, and what it means here.

use std::collections::BTreeMap;

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::Rule;

/// Groups that are read of one person.
const GROUPS_MAX: usize = 10_000;

/// Claims that the standard does not name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Other {
    #[serde(flatten)]
    all: BTreeMap<String, Value>,
}

impl AdditionalClaims for Other {}

impl Other {
    /// A claim by its name; where none has it, by its path: `realm_access.roles`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        if let Some(value) = self.all.get(name) {
            return Some(value);
        }
        let mut parts = name.split('.');
        let first = self.all.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// The groups that a claim names; none where it is not there, or is neither a text nor a list of texts.
    pub(super) fn groups(&self, name: &str) -> Option<Vec<&str>> {
        match self.get(name)? {
            Value::String(one) => Some(vec![one]),
            Value::Array(many) => Some(many.iter().take(GROUPS_MAX).filter_map(Value::as_str).collect()),
            _ => None,
        }
    }
}

/// The first rule for one of the groups.
pub(super) fn rule<'r>(rules: &'r [Rule], groups: &[&str]) -> Option<&'r Rule> {
    rules.iter().find(|rule| groups.contains(&rule.group.as_str()))
}

#[cfg(test)]
mod tests {
    use fathom_store::Scope;
    use serde_json::json;

    use super::*;
    use crate::Role;

    fn other(value: Value) -> Other {
        serde_json::from_value(value).expect("claims")
    }

    #[test]
    fn groups_are_found_by_name_and_by_path() {
        let claims = other(json!({
            "groups": ["a", 7, "b"],
            "https://example.com/groups": ["c"],
            "realm_access": {"roles": ["d"]},
            "one": "e",
            "number": 7,
            "none": [],
        }));
        assert_eq!(claims.groups("groups"), Some(vec!["a", "b"]));
        assert_eq!(claims.groups("https://example.com/groups"), Some(vec!["c"]));
        assert_eq!(claims.groups("realm_access.roles"), Some(vec!["d"]));
        assert_eq!(claims.groups("one"), Some(vec!["e"]));
        assert_eq!(claims.groups("none"), Some(vec![]));
        for missing in ["number", "other", "realm_access", "realm_access.other", "groups.0", ""] {
            assert_eq!(claims.groups(missing), None, "{missing}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_holds() {
        let rules: Vec<Rule> = [("admins", Role::Administrator), ("all", Role::Viewer)]
            .into_iter()
            .map(|(group, role)| Rule { group: group.to_owned(), role, scope: Scope::ALL })
            .collect();
        let role = |groups: &[&str]| rule(&rules, groups).map(|rule| rule.role);
        assert_eq!(role(&["all", "admins"]), Some(Role::Administrator));
        assert_eq!(role(&["all"]), Some(Role::Viewer));
        assert_eq!(role(&["ALL", "admins "]), None, "groups are compared as they are");
        assert_eq!(role(&[]), None);
    }
}
