//! From a message to the places that it is about.
//!
//! A message holds records of CloudTrail: in EventBridge's envelope, as they are, several in `Records`, or any of these
//! as the text of an SNS notification.

use std::collections::BTreeSet;

use fathom_content::Content;
use fathom_estate::activity::{Skipped, TrailEvent, read};
use fathom_model::{AccountId, Region, Timestamp};
use fathom_store::{By, Store, StoreError};
use serde::Deserialize;

use super::place_of;
use crate::{
    scope::TypeIn,
    trail::{Reader, records},
};

/// What a message is about.
#[derive(Debug, Default)]
pub struct Told {
    /// Places where something changed.
    pub places: BTreeSet<TypeIn>,
    /// Resources that changed, as the events name them, with account and region, where no type is known yet.
    pub named: BTreeSet<(AccountId, Region, String)>,
    /// Events that it holds.
    pub events: u64,
    /// Changes of which no resource, or no type that is defined, could be told.
    pub unknown: u64,
    /// When the newest event happened.
    pub last: Option<Timestamp>,
    /// What could not be read of it.
    pub broken: Vec<String>,
}

impl Told {
    /// Whether nothing of it can be read.
    pub fn is_poison(&self) -> bool {
        self.events == 0 && !self.broken.is_empty()
    }
}

/// Reads a message, and hands its records to the reader of activity. `origin` names it, for proofs.
pub fn take(bytes: Vec<u8>, origin: &str, content: &Content, reader: &mut Reader) -> Told {
    let mut told = Told::default();
    let bytes = match records::unpack(bytes) {
        Ok(bytes) => unwrapped(bytes),
        Err(error) => {
            told.broken.push(error.to_string());
            return told;
        }
    };
    let ended = records::each(&bytes, &mut |number, record| match record {
        Ok(record) => match TrailEvent::of(&record) {
            Ok(event) => {
                event_told(&event, content, &mut told);
                reader.take(Ok(record), origin);
            }
            Err(error) => told.broken.push(format!("record {number}: {error}")),
        },
        Err(why) => told.broken.push(format!("record {number}: {why}")),
    });
    if let Err(error) = ended {
        told.broken.push(error.to_string());
    }
    if told.events > 0 {
        reader.file(origin, &bytes);
    }
    told
}

/// What SNS wraps is a text of JSON in an object.
fn unwrapped(bytes: Vec<u8>) -> Vec<u8> {
    /// The two members that count; a file in a folder may be large, and nothing else of it is kept.
    #[derive(Deserialize)]
    struct Notification {
        #[serde(rename = "Type")]
        kind: String,
        #[serde(rename = "Message")]
        message: String,
    }
    match serde_json::from_slice::<Notification>(&bytes) {
        Ok(told) if told.kind == "Notification" => told.message.into_bytes(),
        _ => bytes,
    }
}

fn event_told(event: &TrailEvent<'_>, content: &Content, told: &mut Told) {
    told.events += 1;
    told.last = told.last.max(Some(event.at));
    let reading = read(event, &content.activity, "");
    if reading.skipped == Some(Skipped::NoResource) {
        told.unknown += 1;
    }
    for activity in reading.activities {
        let (account, region) = (activity.account, activity.region);
        match &activity.kind {
            Some(kind) => match place_of(content, &account, &region, kind) {
                Some(place) => drop(told.places.insert(place)),
                None => told.unknown += 1,
            },
            None => drop(told.named.insert((account, region, activity.reference))),
        }
    }
}

/// Finds the types of resources that events only name: in the store, or by the form of the name.
///
/// # Errors
/// When the store cannot be read.
pub async fn resolve(told: &mut Told, content: &Content, store: &Store) -> Result<(), StoreError> {
    let named = std::mem::take(&mut told.named);
    if named.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> =
        named.iter().map(|(.., text)| text.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut held = store.resources_named(By::Uid, &texts).await?;
    held.extend(store.resources_named(By::NativeId, &texts).await?);
    for (account, region, text) in named {
        let known: Vec<TypeIn> = held
            .iter()
            .map(|one| &one.resource)
            .filter(|one| one.uid.as_str() == text || (one.id == text && one.account == account))
            .filter_map(|one| place_of(content, &one.account, &one.region, &one.kind))
            .collect();
        let by_form = || {
            let kind = content.references.type_of_id(&text)?;
            place_of(content, &account, &region, kind)
        };
        if known.is_empty() {
            match by_form() {
                Some(place) => drop(told.places.insert(place)),
                None => told.unknown += 1,
            }
        }
        told.places.extend(known);
    }
    Ok(())
}
