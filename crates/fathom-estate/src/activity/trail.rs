//! What is kept of a log while it is read: for each resource a few events, whatever the log's length.

use std::collections::{BTreeMap, HashSet};

use fathom_model::{AccountId, Action, Activity, Region, ResourceType, SessionOrigin, Timestamp, TrailSpan};

use super::{event::TrailEvent, mapping::Reading};

/// Which resource, and what kind of event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    account: AccountId,
    region: Region,
    kind: Option<ResourceType>,
    reference: String,
    action: Action,
}

/// When, and which event.
type Moment = (Timestamp, String);

/// A bounded share of a log. Adding the same events in another order, or twice, gives an equal one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    kept: BTreeMap<Key, BTreeMap<Moment, Activity>>,
    sessions: BTreeMap<(String, String), SessionOrigin>,
    spans: BTreeMap<(AccountId, Region), TrailSpan>,
    size: usize,
}

impl Trail {
    /// Adds an event and what it came to; it also tells how far the log of its place reaches.
    pub fn add(&mut self, event: &TrailEvent<'_>, reading: Reading) {
        self.span(TrailSpan {
            account: event.account.clone(),
            region: event.region.clone(),
            first: event.at,
            last: event.at,
        });
        self.add_one(reading);
    }

    /// Adds what an event came to, where somebody else knows how far the log reaches.
    pub fn add_one(&mut self, reading: Reading) {
        for activity in reading.activities {
            self.keep(activity);
        }
        if let Some(session) = reading.session {
            self.session(session);
        }
    }

    /// Adds one activity; drops what is no longer among those to keep.
    pub fn keep(&mut self, activity: Activity) {
        let key = Key {
            account: activity.account.clone(),
            region: activity.region.clone(),
            kind: activity.kind.clone(),
            reference: activity.reference.clone(),
            action: activity.action,
        };
        let rule = activity.action.kept();
        let events = self.kept.entry(key).or_default();
        let before = events.len();
        let at = (activity.at, activity.event.clone());
        // The same event from two places: either is a proof, and the choice must not depend on the order.
        match events.get_mut(&at) {
            Some(known) if *known <= activity => {}
            Some(known) => *known = activity,
            None => {
                events.insert(at, activity);
            }
        }
        if events.len() > rule.newest + usize::from(rule.first) {
            let dropped = events.keys().nth(usize::from(rule.first)).cloned();
            if let Some(dropped) = dropped {
                events.remove(&dropped);
            }
        }
        self.size = self.size + events.len() - before;
    }

    /// Adds where a session came from.
    pub fn session(&mut self, session: SessionOrigin) {
        // Where a role is in another account, both accounts log it, each with an event id of its own.
        self.sessions.entry((session.access_key.clone(), session.event.clone())).or_insert(session);
    }

    /// Notes that a place was read for a time.
    pub fn span(&mut self, span: TrailSpan) {
        self.spans
            .entry((span.account.clone(), span.region.clone()))
            .and_modify(|known| known.widen(&span))
            .or_insert(span);
    }

    /// How many activities and sessions are kept.
    pub fn len(&self) -> usize {
        self.size + self.sessions.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.spans.is_empty()
    }

    /// The activities, by resource, kind of event and time.
    pub fn activities(&self) -> impl Iterator<Item = &Activity> {
        self.kept.values().flat_map(BTreeMap::values)
    }

    /// The sessions, by access key.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionOrigin> {
        self.sessions.values()
    }

    /// The places that were read, and from when to when.
    pub fn spans(&self) -> impl Iterator<Item = &TrailSpan> {
        self.spans.values()
    }

    /// How many different resources are named.
    pub fn resources(&self) -> usize {
        let named: HashSet<_> =
            self.kept.keys().map(|key| (&key.account, &key.region, &key.kind, &key.reference)).collect();
        named.len()
    }
}
