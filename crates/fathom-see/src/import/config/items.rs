//! Configuration items out of documents: of each resource its states, oldest first.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    sync::Arc,
};

use fathom_model::{AccountId, Region, Timestamp};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde_json::{Map, Value};

use super::{
    super::{Limits, Problem, files, files::SavedFile},
    documents,
    list::{self, Holds},
};
use crate::item;

/// Problems that one document may name; more are counted in the last.
const PROBLEMS_MAX: usize = 20;

/// A resource at one time.
#[derive(Debug)]
pub(super) struct Item {
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
pub(super) type Key = (AccountId, Region, String, String);

/// What a state takes beside its text and its key.
const STATE_BYTES: u64 = 200;

/// An item until its turn comes: packed, because a history is many times what is there now.
#[derive(Debug)]
pub(super) struct Kept {
    /// The document it is in, as people know it.
    pub(super) file: Arc<str>,
    /// Its place in the document, from 0.
    pub(super) position: usize,
    /// When AWS Config saw it so.
    pub(super) captured: Option<Timestamp>,
    /// The account.
    pub(super) account: AccountId,
    /// The region.
    pub(super) region: Region,
    packed: Vec<u8>,
    /// What it takes, its key included.
    bytes: u64,
}

impl Kept {
    fn new(file: &Arc<str>, position: usize, item: &Item, text: &str) -> Self {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory cannot fail.
        let packed = packer.write_all(text.as_bytes()).and_then(|()| packer.finish()).unwrap_or_default();
        let names =
            item.kind.len() + item.id.len() + item.account.as_str().len() + item.region.as_str().len();
        let bytes = packed.len() as u64 + names as u64 + STATE_BYTES;
        Self {
            file: Arc::clone(file),
            position,
            captured: item.captured,
            account: item.account.clone(),
            region: item.region.clone(),
            packed,
            bytes,
        }
    }

    /// The item.
    ///
    /// # Errors
    /// Never for what [`Kept::new`] packed.
    pub(super) fn item(&self) -> Result<Item, String> {
        let mut text = Vec::new();
        DeflateDecoder::new(self.packed.as_slice())
            .read_to_end(&mut text)
            .map_err(|error| format!("cannot be unpacked: {error}"))?;
        let value = serde_json::from_slice(&text).map_err(|error| format!("is no JSON: {error}"))?;
        read(value)
    }
}

/// The states of each resource, and what was wrong.
#[derive(Debug, Default)]
pub(super) struct States {
    /// Of each resource the oldest first; of several captured at the same time the last one read.
    pub(super) items: BTreeMap<Key, Vec<Kept>>,
    /// States that were older than the newest so many of their resource.
    pub(super) beyond: u64,
    pub(super) problems: Vec<Problem>,
    /// Files without items.
    pub(super) unused: Vec<String>,
    /// What the items take.
    bytes: u64,
}

impl States {
    /// Reads files one after the other.
    pub(super) fn of_files(given: &[SavedFile], limits: &Limits) -> Self {
        let mut states = Self::default();
        let mut budget = limits.expanded_bytes_max;
        for file in given {
            let bytes = match files::read(file, limits) {
                Ok(bytes) => bytes,
                Err(message) => {
                    states.problems.push(Problem::new(&file.name, message));
                    continue;
                }
            };
            let mut problems = std::mem::take(&mut states.problems);
            let before = problems.len();
            let mut any = false;
            documents::each(
                &file.name,
                bytes,
                limits,
                &mut budget,
                &mut problems,
                &mut |name, bytes, problems| {
                    any |= states.document(name, &bytes, limits, problems);
                },
            );
            if !any && problems.len() == before {
                states.unused.push(file.name.clone());
            }
            states.problems = problems;
        }
        states
    }

    /// Takes the items of one document; false where it has no list of items.
    pub(super) fn document(
        &mut self,
        name: &str,
        bytes: &[u8],
        limits: &Limits,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        let file: Arc<str> = Arc::from(name);
        let (mut position, mut wrong) = (0, 0_u64);
        let mut unreadable = BTreeSet::new();
        let ended = list::each(bytes, &mut |text| {
            if let Err(message) = self.take(&file, position, text, limits) {
                wrong += 1;
                // The same mistake in each item is one mistake.
                if unreadable.len() < PROBLEMS_MAX && unreadable.insert(message.clone()) {
                    problems.push(Problem::new(name, format!("item {position}: {message}")));
                }
            }
            position += 1;
        });
        if wrong > 1 {
            problems.push(Problem::new(name, format!("{wrong} items in it cannot be used")));
        }
        match ended {
            Ok(Holds::Items) => true,
            Ok(Holds::Nothing) => false,
            Ok(Holds::NoList) => {
                problems.push(Problem::new(name, "its configuration items are no list"));
                false
            }
            Err(error) => {
                let before = if position > 0 { "; what came before was read" } else { "" };
                problems.push(Problem::new(name, format!("is no JSON: {error}{before}")));
                position > 0
            }
        }
    }

    fn take(&mut self, file: &Arc<str>, position: usize, text: &str, limits: &Limits) -> Result<(), String> {
        if text.len() > limits.item_bytes_max {
            return Err(format!(
                "has {} bytes, more than the limit of {} of one item",
                text.len(),
                limits.item_bytes_max
            ));
        }
        let value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
        let item = read(value)?;
        let kept = Kept::new(file, position, &item, text);
        if self.bytes + kept.bytes > limits.kept_bytes_max {
            return Err(format!(
                "is beyond the {} bytes of items that one import holds; import its file by itself",
                limits.kept_bytes_max
            ));
        }
        self.bytes += kept.bytes;
        let states = self.items.entry((item.account, item.region, item.kind, item.id)).or_default();
        let mut freed = None;
        match states.binary_search_by(|one| one.captured.cmp(&kept.captured)) {
            Ok(same) => freed = states.get_mut(same).map(|place| std::mem::replace(place, kept)),
            Err(place) => states.insert(place, kept),
        }
        if states.len() > limits.states_max.max(1) {
            freed = Some(states.remove(0));
            self.beyond += 1;
        }
        self.bytes -= freed.map_or(0, |one| one.bytes);
        Ok(())
    }
}

fn read(item: Value) -> Result<Item, String> {
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
