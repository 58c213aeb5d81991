//! Which event made a resource that is there now.
//!
//! Names are used again: a bucket that was removed and made anew has two creations in the log, and one that is older
//! than the log has none. So a creation is believed only where nothing speaks against it: it must fit the creation time
//! that the provider shows, or follow the last removal. What cannot be told stays unknown, with the reason.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use fathom_content::{
    Content,
    resource::{Name, Scope},
};
use fathom_model::{
    Action, Activity, Actor, Part, Resource, ResourceType, SessionOrigin, SourceKind, Statement, Timestamp,
    TrailSpan,
};

use super::sessions::{Sessions, Who};

/// The provider's creation time may be this much before the event, in seconds: clocks, and calls that take a while.
const BEFORE_SECONDS_MAX: i64 = 600;
/// And so much after it: a database is there an hour or more after it was asked for. Later than that, it is another
/// resource of the same name.
const AFTER_SECONDS_MAX: i64 = 2 * 86_400;

/// What the log tells about creations.
#[derive(Debug)]
pub struct Creators<'c> {
    content: &'c Content,
    by_reference: HashMap<(ResourceType, String), Vec<Event>>,
    actors: HashSet<Arc<Actor>>,
    sessions: Sessions,
    spans: Vec<TrailSpan>,
}

/// An event that made or removed something, without what is equal for thousands.
#[derive(Debug, Clone)]
struct Event {
    account: fathom_model::AccountId,
    region: fathom_model::Region,
    action: Action,
    at: Timestamp,
    id: String,
    operation: String,
    actor: Arc<Actor>,
    source: String,
}

/// The event that made a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// When.
    pub at: Timestamp,
    /// The event's id.
    pub event: String,
    /// Service and operation.
    pub operation: String,
    /// Who is behind it.
    pub who: Who,
    /// The address or service that the call came from.
    pub from: Option<String>,
    /// Where the event was read.
    pub source: String,
}

/// Why the log does not tell who made a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCreator {
    /// No log of its account and region was read.
    NoLog,
    /// It is older than the log.
    OlderThanLog {
        /// When it was made.
        created: Timestamp,
        /// Where the log begins.
        begins: Timestamp,
    },
    /// The log holds no event that made it.
    NotInLog {
        /// Where the log begins.
        begins: Timestamp,
    },
    /// The first event may have replaced what was there before.
    MayBeOlder {
        /// That event's operation.
        operation: String,
        /// When.
        at: Timestamp,
        /// Whose it was.
        who: String,
    },
    /// An event made something of this name, at a time that does not fit this one.
    AnotherOfThatName {
        /// When that was made.
        at: Timestamp,
    },
    /// No event that makes resources of this type is described.
    NotDescribed,
}

impl<'c> Creators<'c> {
    /// An empty log.
    pub fn new(content: &'c Content) -> Self {
        Self {
            content,
            by_reference: HashMap::new(),
            actors: HashSet::new(),
            sessions: Sessions::default(),
            spans: Vec::new(),
        }
    }

    /// Adds an activity; those that make or remove nothing are not needed here.
    pub fn add(&mut self, activity: Activity) {
        let Activity { account, region, kind, reference, action, at, event, operation, actor, source } =
            activity;
        let Some(kind) = kind else { return };
        if !matches!(action, Action::Created | Action::Put | Action::Deleted) {
            return;
        }
        let actor = if let Some(known) = self.actors.get(&actor) {
            Arc::clone(known)
        } else {
            let actor = Arc::new(actor);
            self.actors.insert(Arc::clone(&actor));
            actor
        };
        let event = Event { account, region, action, at, id: event, operation, actor, source };
        self.by_reference.entry((kind, reference)).or_default().push(event);
    }

    /// Adds where a session came from.
    pub fn session(&mut self, session: SessionOrigin) {
        self.sessions.add(session);
    }

    /// Adds a place that was read.
    pub fn span(&mut self, span: TrailSpan) {
        self.spans.push(span);
    }

    /// Where sessions came from.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Whether there is no log at all.
    pub fn is_empty(&self) -> bool {
        self.by_reference.is_empty() && self.spans.is_empty()
    }

    /// The event that made a resource.
    ///
    /// # Errors
    /// Why the log does not tell.
    pub fn creation(&self, resource: &Resource) -> Result<Creation, NoCreator> {
        let mut events = self.events(resource);
        events.sort_by(|a, b| (a.at, &a.id, a.action).cmp(&(b.at, &b.id, b.action)));
        events.dedup_by(|a, b| a.id == b.id && a.action == b.action);
        let moves = self.content.activity.created_moves(&resource.kind);
        match choose(&events, resource.created_at, moves) {
            Some(event) => Ok(self.told(event)),
            None => Err(self.why_not(resource, &events)),
        }
    }

    /// The statement on a resource's creator.
    pub fn statement(&self, resource: &Resource) -> Option<Statement> {
        self.creation(resource).ok().map(|creation| Statement {
            part: Part::Creator,
            value: creation.who.name.clone(),
            source: SourceKind::CloudTrail,
            origin: creation.origin(),
            as_of: creation.at,
        })
    }

    fn told(&self, event: &Event) -> Creation {
        Creation {
            at: event.at,
            event: event.id.clone(),
            operation: event.operation.clone(),
            who: self.sessions.who(&event.actor, &self.content.activity.tools),
            from: event.actor.from.clone(),
            source: event.source.clone(),
        }
    }

    /// The events on a resource: those that name it by its ARN wherever they stand, and those that name it by id or name
    /// in its own account and place.
    fn events(&self, resource: &Resource) -> Vec<&Event> {
        let mut found = Vec::new();
        let definition = self.content.resources.get(&resource.kind);
        let scope = definition.map(|definition| definition.scope).unwrap_or_default();
        let anywhere = resource.region.is_global() || scope != Scope::Region;
        for reference in references(resource, self.content) {
            let is_arn = reference.starts_with("arn:");
            let key = (resource.kind.clone(), reference);
            found.extend(self.by_reference.get(&key).into_iter().flatten().filter(|event| {
                let account = event.account == resource.account || scope == Scope::Organization;
                is_arn || (account && (anywhere || event.region == resource.region))
            }));
        }
        found
    }

    fn why_not(&self, resource: &Resource, events: &[&Event]) -> NoCreator {
        if let Some(event) = events.iter().find(|event| event.action == Action::Created) {
            return NoCreator::AnotherOfThatName { at: event.at };
        }
        let anywhere = resource.region.is_global();
        let begins = self
            .spans
            .iter()
            .filter(|span| span.account == resource.account && (anywhere || span.region == resource.region))
            .map(|span| span.first)
            .min();
        let Some(begins) = begins else { return NoCreator::NoLog };
        match resource.created_at {
            Some(created) if created < begins => return NoCreator::OlderThanLog { created, begins },
            _ => {}
        }
        if let Some(event) = events.iter().find(|event| event.action == Action::Put) {
            let who = self.sessions.who(&event.actor, &self.content.activity.tools);
            return NoCreator::MayBeOlder { operation: event.operation.clone(), at: event.at, who: who.name };
        }
        let rules = &self.content.activity;
        if rules.kinds(Action::Created).contains(&resource.kind)
            || rules.kinds(Action::Put).contains(&resource.kind)
        {
            NoCreator::NotInLog { begins }
        } else {
            NoCreator::NotDescribed
        }
    }
}

/// The texts by which events may name a resource.
pub fn references(resource: &Resource, content: &Content) -> Vec<String> {
    let mut texts = vec![resource.uid.to_string()];
    let mut add = |text: &str| {
        if !text.is_empty() && !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    };
    add(&resource.id);
    // A tag's name is what people call it; no call does.
    let named_by_tag = content
        .resources
        .get(&resource.kind)
        .is_none_or(|definition| matches!(definition.identity.name, Some(Name::Tag(_)) | None));
    if let (false, Some(name)) = (named_by_tag, &resource.name) {
        add(name);
    }
    texts
}

/// Whether an activity that names one of a resource's [`references`] is about it: names are unique only within a type,
/// an account and mostly a region.
pub fn concerns(activity: &Activity, resource: &Resource, content: &Content) -> bool {
    if activity.kind.as_ref().is_some_and(|kind| *kind != resource.kind) {
        return false;
    }
    if activity.reference.starts_with("arn:") {
        return true;
    }
    let scope = content.resources.get(&resource.kind).map(|definition| definition.scope).unwrap_or_default();
    let anywhere = resource.region.is_global() || scope != Scope::Region;
    (activity.account == resource.account || scope == Scope::Organization)
        && (anywhere || activity.region == resource.region)
}

/// The event that made what is there now. Events are sorted by time.
fn choose<'e>(events: &[&'e Event], created: Option<Timestamp>, moves: bool) -> Option<&'e Event> {
    let of = |action| events.iter().copied().filter(move |event| event.action == action);
    let last_end = of(Action::Deleted).map(|event| event.at).max();
    let follows_end = |event: &&Event| last_end.is_none_or(|end| event.at > end);
    // Seconds from the event to the creation that the provider shows.
    let after = |event: &Event, created: Timestamp| created.as_second() - event.at.as_second();
    match created {
        Some(created) if moves => {
            of(Action::Created).filter(follows_end).find(|event| after(event, created) >= -BEFORE_SECONDS_MAX)
        }
        Some(created) => {
            // What was removed before this one was made is not this one; the removal may have taken its time.
            let removed = |event: &Event| {
                of(Action::Deleted).any(|end| (event.at..created).contains(&end.at) && end.at != event.at)
            };
            let fits = |event: &&Event| {
                (-BEFORE_SECONDS_MAX..=AFTER_SECONDS_MAX).contains(&after(event, created)) && !removed(event)
            };
            let near = |event: &&Event| after(event, created).abs() <= BEFORE_SECONDS_MAX;
            of(Action::Created)
                .rfind(fits)
                .or_else(|| of(Action::Put).find(|event| near(event) && !removed(event)))
        }
        None => of(Action::Created)
            .find(follows_end)
            .or_else(|| of(Action::Put).find(|event| last_end.is_some_and(|end| event.at > end))),
    }
}

impl Creation {
    /// The proof in words: the way, the call, the time, the address, the event and where it was read.
    pub fn origin(&self) -> String {
        let sentence = self.who.sentence();
        let way = sentence.strip_prefix(self.who.name.as_str()).unwrap_or(&sentence).trim();
        let way = if way.is_empty() { String::new() } else { format!("{way}, ") };
        let from = self.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{way}{} at {}{from}, event {} in {}", self.operation, self.at, self.event, self.source)
    }
}

impl std::fmt::Display for NoCreator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoLog => f.write_str("no CloudTrail log of its account and region was read"),
            Self::OlderThanLog { created, begins } => {
                write!(
                    f,
                    "it was made on {}, before the CloudTrail log begins ({})",
                    day(*created),
                    day(*begins)
                )
            }
            Self::NotInLog { begins } => {
                write!(f, "the CloudTrail log, which begins on {}, holds no event that made it", day(*begins))
            }
            Self::MayBeOlder { operation, at, who } => write!(
                f,
                "the CloudTrail log begins with {operation} by {who} on {}, which makes or replaces, so it may be older",
                day(*at)
            ),
            Self::AnotherOfThatName { at } => write!(
                f,
                "the CloudTrail log shows that something of this name was made on {}, which does not fit this one",
                day(*at)
            ),
            Self::NotDescribed => f.write_str("no event that makes resources of this type is described yet"),
        }
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}
