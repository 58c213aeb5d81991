//! What the log tells about one resource.

use std::collections::BTreeSet;

use fathom_content::Content;
use fathom_estate::activity::{Creation, Creators, NoCreator, Sessions, Who, concerns, references};
use fathom_model::{Action, Activity, Resource};
use fathom_store::{Store, StoreError};

/// How many roles a chain is followed through.
const CHAIN_MAX: usize = 8;

/// One resource's part of the log.
#[derive(Debug)]
pub struct Story {
    /// The event that made it, or why that is not known.
    pub creation: Result<Creation, NoCreator>,
    /// What is kept of what was done to it, newest first, with who is behind each.
    pub events: Vec<(Activity, Who)>,
}

impl Story {
    /// The newest change that a rule describes, its making left out.
    pub fn last_change(&self) -> Option<&(Activity, Who)> {
        let made = self.creation.as_ref().ok().map(|creation| creation.event.as_str());
        let changes =
            |one: &&(Activity, Who)| Some(one.0.event.as_str()) != made && one.0.action != Action::Touched;
        self.events.iter().find(changes)
    }
}

/// Reads what is known about one resource.
///
/// # Errors
/// When the store cannot be read.
pub async fn story(store: &Store, content: &Content, resource: &Resource) -> Result<Story, StoreError> {
    let mut activities = store.activity_of(&references(resource, content)).await?;
    activities.retain(|one| concerns(one, resource, content));
    // One event may name a resource in several ways.
    let mut seen = BTreeSet::new();
    activities.retain(|one| seen.insert((one.event.clone(), one.action)));
    let mut creators = Creators::new(content);
    for span in store.trail_spans().await? {
        creators.span(span);
    }
    let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for activity in &activities {
        keys.extend(activity.actor.access_key.clone());
        ids.extend(activity.actor.session_id.clone());
    }
    let mut sessions = Sessions::default();
    let (mut asked_keys, mut asked_ids) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..CHAIN_MAX {
        let new_keys: Vec<String> = keys.difference(&asked_keys).cloned().collect();
        let new_ids: Vec<String> = ids.difference(&asked_ids).cloned().collect();
        if new_keys.is_empty() && new_ids.is_empty() {
            break;
        }
        for session in store.sessions_of(&new_keys, &new_ids).await? {
            keys.extend(session.caller.access_key.clone());
            ids.extend(session.caller.session_id.clone());
            sessions.add(session.clone());
            creators.session(session);
        }
        asked_keys.extend(new_keys);
        asked_ids.extend(new_ids);
    }
    for activity in &activities {
        creators.add(activity.clone());
    }
    let tools = &content.activity.tools;
    Ok(Story {
        creation: creators.creation(resource),
        events: activities
            .into_iter()
            .map(|activity| {
                let who = sessions.who(&activity.actor, tools);
                (activity, who)
            })
            .collect(),
    })
}
