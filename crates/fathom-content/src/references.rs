//! What looks like a reference wherever it stands in a document: `content/references.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::ResourceType;
use serde::{Deserialize, Serialize};

/// The digits of an id that follow its beginning: AWS gives 8 or 17, some services up to 40.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 8..=40;

/// The forms of references. Without rules only ARNs are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceRules {
    /// Beginnings of ids that go on with hexadecimal digits (`vpc-`), and the type they are ids of.
    #[serde(default)]
    pub ids: BTreeMap<String, ResourceType>,
    /// Members whose text is an id of that type whatever it looks like, by their last name in lower case.
    #[serde(default)]
    pub members: BTreeMap<String, ResourceType>,
    /// Services whose ARNs name no account although somebody owns what they name.
    #[serde(default)]
    pub without_account: BTreeSet<String>,
    /// Texts that name what the provider owns; with a `*` at the end beginnings of texts.
    #[serde(default)]
    pub provider_owned: Vec<String>,
}

impl ReferenceRules {
    /// The type whose id a text is, by its form alone.
    pub fn type_of_id(&self, text: &str) -> Option<&ResourceType> {
        let (beginning, digits) = text.split_at_checked(text.rfind('-')? + 1)?;
        let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !hexadecimal || !ID_DIGITS.contains(&digits.len()) {
            return None;
        }
        self.ids.get(beginning)
    }

    /// The type whose id or alias a member of this name holds.
    pub fn type_of_member(&self, name: &str) -> Option<&ResourceType> {
        // The longest name has nine letters or so; most members are passed over by their length.
        let longest = self.members.keys().map(String::len).max()?;
        if name.len() > longest { None } else { self.members.get(&name.to_ascii_lowercase()) }
    }

    /// Whether a text, or the last part of an ARN, names what the provider owns.
    pub fn is_provider_owned(&self, text: &str) -> bool {
        self.provider_owned.iter().any(|owned| match owned.strip_suffix('*') {
            Some(beginning) => text.starts_with(beginning),
            None => text == owned,
        })
    }

    /// What is wrong with the rules, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if let Some(beginning) = self.ids.keys().find(|beginning| !beginning.ends_with('-')) {
            return Some(format!("`ids: {beginning}` does not end in `-`; write it like `vpc-`"));
        }
        let lower = |name: &&String| name.bytes().any(|byte| byte.is_ascii_uppercase());
        self.members
            .keys()
            .find(lower)
            .map(|name| format!("`members: {name}` has capitals; names are compared in lower case"))
    }
}
