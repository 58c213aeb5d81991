//! Configuration items out of documents: of each resource the newest.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use fathom_model::{AccountId, Region, Timestamp};
use serde_json::{Map, Value};

use super::{
    super::{Limits, Problem, files, files::SavedFile},
    documents,
};
use crate::item;

/// Members that hold items, in the documents that AWS Config delivers and in what its API answers.
const LISTS: [&str; 3] = ["configurationItems", "baseConfigurationItems", "Results"];
/// Problems that one document may name; more are counted in the last.
const PROBLEMS_MAX: usize = 20;

/// A resource at one time.
#[derive(Debug)]
pub(super) struct Item {
    /// The document it is in, as people know it.
    pub(super) file: String,
    /// Its place in the document, from 0.
    pub(super) position: usize,
    /// The type, as AWS Config names it.
    pub(super) kind: String,
    /// The id.
    pub(super) id: String,
    /// The name, where it has one.
    pub(super) name: Option<String>,
    /// The ARN, where it has one.
    pub(super) arn: Option<String>,
    /// The account.
    pub(super) account: AccountId,
    /// The region; `global` for what has none.
    pub(super) region: Region,
    /// When AWS Config saw it so.
    pub(super) captured: Option<Timestamp>,
    /// When it was created.
    pub(super) created: Option<Timestamp>,
    /// Whether it is gone.
    pub(super) deleted: bool,
    /// Its tags.
    pub(super) tags: BTreeMap<String, String>,
    /// What the service says of it.
    pub(super) configuration: Value,
    /// What further calls say of it.
    pub(super) supplementary: Map<String, Value>,
}

/// What an item is about: account, region, type, id.
type Key = (AccountId, Region, String, String);

/// The newest item of each resource, and what was wrong.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub(super) items: BTreeMap<Key, Item>,
    /// Items that were older than others of the same resource.
    pub(super) older: u64,
    pub(super) problems: Vec<Problem>,
    /// Files without items.
    pub(super) unused: Vec<String>,
}

impl Newest {
    /// Reads files one after the other.
    pub(super) fn of_files(given: &[SavedFile], limits: &Limits) -> Self {
        let mut newest = Self::default();
        let mut budget = limits.expanded_bytes_max;
        for file in given {
            let bytes = match files::read(file, limits) {
                Ok(bytes) => bytes,
                Err(message) => {
                    newest.problems.push(Problem::new(&file.name, message));
                    continue;
                }
            };
            let mut problems = std::mem::take(&mut newest.problems);
            let before = problems.len();
            let mut any = false;
            documents::each(
                &file.name,
                bytes,
                limits,
                &mut budget,
                &mut problems,
                &mut |name, bytes, problems| {
                    any |= newest.document(name, &bytes, problems);
                },
            );
            if !any && problems.len() == before {
                newest.unused.push(file.name.clone());
            }
            newest.problems = problems;
        }
        newest
    }

    /// Takes the items of one document; false where it has no list of items.
    pub(super) fn document(&mut self, name: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> bool {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        let mut document: Value = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => {
                problems.push(Problem::new(name, format!("is no JSON: {error}")));
                return false;
            }
        };
        let list = LISTS.iter().find(|list| document.get(**list).is_some());
        let Some(list) = list.and_then(|list| document.get_mut(*list)).map(Value::take) else { return false };
        let Value::Array(items) = list else {
            problems.push(Problem::new(name, "its configuration items are no list"));
            return false;
        };
        let mut wrong = 0;
        let mut unreadable = BTreeSet::new();
        for (position, item) in items.into_iter().enumerate() {
            match read(name, position, item) {
                Ok(item) => self.take(item),
                Err(message) => {
                    wrong += 1;
                    // The same mistake in each item is one mistake.
                    if wrong <= PROBLEMS_MAX && unreadable.insert(message.clone()) {
                        problems.push(Problem::new(name, format!("item {position}: {message}")));
                    }
                }
            }
        }
        if wrong > 1 {
            problems.push(Problem::new(name, format!("{wrong} items in it cannot be used")));
        }
        true
    }

    fn take(&mut self, item: Item) {
        let key = (item.account.clone(), item.region.clone(), item.kind.clone(), item.id.clone());
        match self.items.entry(key) {
            Entry::Vacant(place) => {
                place.insert(item);
            }
            Entry::Occupied(mut place) => {
                self.older += 1;
                if item.captured >= place.get().captured {
                    place.insert(item);
                }
            }
        }
    }
}

fn read(file: &str, position: usize, item: Value) -> Result<Item, String> {
    // `select-resource-config` answers with texts.
    let item = match item {
        Value::String(text) => {
            serde_json::from_str(&text).map_err(|error| format!("is no JSON in its text: {error}"))?
        }
        item => item,
    };
    let Value::Object(mut members) = item else { return Err("is no object".to_owned()) };
    let text = |names: &[&str]| -> Option<String> {
        names
            .iter()
            .find_map(|name| members.get(*name)?.as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let need = |what: &str, value: Option<String>| value.ok_or_else(|| format!("has no `{what}`"));
    let kind = need("resourceType", text(&["resourceType"]))?;
    let id = need("resourceId", text(&["resourceId"]))?;
    let account = need("awsAccountId", text(&["awsAccountId", "accountId"]))?;
    let (name, arn) = (text(&["resourceName"]), text(&["ARN", "arn"]));
    let region = text(&["awsRegion"]).unwrap_or_else(|| Region::GLOBAL.to_owned());
    let deleted = text(&["configurationItemStatus"])
        .is_some_and(|status| matches!(status.as_str(), "ResourceDeleted" | "ResourceDeletedNotRecorded"));
    let time = |name: &str| members.get(name).and_then(item::time);
    let (captured, created) = (time("configurationItemCaptureTime"), time("resourceCreationTime"));
    let tags = item::tags(members.get("tags"));
    let configuration = members.remove("configuration").map(opened).unwrap_or_default();
    let supplementary = match members.remove("supplementaryConfiguration") {
        Some(Value::Object(parts)) => parts.into_iter().map(|(name, part)| (name, opened(part))).collect(),
        _ => Map::new(),
    };
    Ok(Item {
        file: file.to_owned(),
        position,
        kind,
        id,
        name,
        arn,
        account: AccountId::from(account),
        region: Region::from(region),
        captured,
        created,
        deleted,
        tags,
        configuration,
        supplementary,
    })
}

/// JSON in place of a text that holds it.
fn opened(value: Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with(['{', '[', '"']) => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        value => value,
    }
}
