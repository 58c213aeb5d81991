//! The person or pipeline behind a session.

use std::collections::{BTreeMap, HashSet};

use fathom_content::activity::Tools;
use fathom_model::{Actor, ActorKind, SessionOrigin, Timestamp};

/// How many roles a chain is followed through.
const CHAIN_MAX: usize = 8;
/// A session's beginning, as its events tell it, may be this far from the event that handed it out, in seconds.
const BEGAN_SECONDS_MAX: i64 = 60;

/// Where sessions came from.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    by_key: BTreeMap<String, SessionOrigin>,
    by_id: BTreeMap<String, Vec<(Timestamp, String)>>,
}

/// Who is behind a call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Who {
    /// The person, pipeline, service or identity: a name where one is known, an ARN otherwise.
    pub name: String,
    /// What kind of somebody that is.
    pub kind: WhoKind,
    /// The roles in between, the first taken first.
    pub through: Vec<String>,
    /// The program or service that made the call for them, as far as it says so.
    pub tool: Option<String>,
    /// The events that handed out the sessions in between.
    pub proof: Vec<String>,
}

/// What kind of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoKind {
    /// A person, by an identity of their own.
    Person,
    /// A pipeline, by the subject of its token.
    Pipeline,
    /// Something that runs: an instance, a pod, a function.
    Workload,
    /// A service of the provider.
    Service,
    /// The account's root user.
    Root,
    /// A role's session, and nobody knows who took the role.
    Role,
    /// An account, without more.
    Account,
    /// The event does not say.
    Unknown,
}

impl Sessions {
    /// Adds where a session came from. Where a role is in another account, that account's log tells only the account
    /// that took it, and the other's tells the identity; the more telling event holds.
    pub fn add(&mut self, session: SessionOrigin) {
        let telling = |one: &SessionOrigin| {
            (
                one.caller.kind == ActorKind::Account,
                one.caller.kind == ActorKind::Unknown,
                one.at,
                one.event.clone(),
            )
        };
        if self.by_key.get(&session.access_key).is_some_and(|known| telling(known) <= telling(&session)) {
            return;
        }
        if let Some(id) = &session.session_id {
            let ids = self.by_id.entry(id.clone()).or_default();
            ids.push((session.at, session.access_key.clone()));
            ids.sort();
            ids.dedup();
        }
        self.by_key.insert(session.access_key.clone(), session);
    }

    /// How many sessions are known.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The origin of an actor's session: by its access key, or where the console made keys of its own, by the session's
    /// id and beginning.
    pub fn origin(&self, actor: &Actor) -> Option<&SessionOrigin> {
        if let Some(origin) = actor.access_key.as_ref().and_then(|key| self.by_key.get(key)) {
            return Some(origin);
        }
        let (id, began) = (actor.session_id.as_ref()?, actor.session_began?);
        let away = |at: &Timestamp| (at.as_second() - began.as_second()).abs();
        let (at, key) = self.by_id.get(id)?.iter().min_by_key(|(at, _)| away(at))?;
        if away(at) > BEGAN_SECONDS_MAX { None } else { self.by_key.get(key) }
    }

    /// Follows an actor's sessions back to who began.
    pub fn who(&self, actor: &Actor, tools: &Tools) -> Who {
        let mut through: Vec<String> = Vec::new();
        let mut proof = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut source_identity = actor.source_identity.clone();
        let mut last = actor;
        for _ in 0..CHAIN_MAX {
            if last.kind == ActorKind::Role {
                through.push(role_name(&last.principal).to_owned());
            }
            let Some(origin) = self.origin(last).filter(|origin| seen.insert(&origin.event)) else { break };
            // Root and users keep their identity in the sessions they take for themselves.
            if origin.caller.principal == last.principal && last.kind != ActorKind::Role {
                break;
            }
            proof.push(origin.event.clone());
            last = &origin.caller;
            source_identity = source_identity.or_else(|| last.source_identity.clone());
        }
        through.reverse();
        let (name, kind) = somebody(last, actor, source_identity, tools);
        Who { name, kind, through, tool: tool(actor, tools), proof }
    }
}

/// Who an actor at the end of a chain is. `first` made the call.
fn somebody(
    last: &Actor,
    first: &Actor,
    source_identity: Option<String>,
    tools: &Tools,
) -> (String, WhoKind) {
    match last.kind {
        ActorKind::User | ActorKind::Federated => (last.principal.clone(), WhoKind::Person),
        ActorKind::Root => (format!("root of {}", account_of(&last.principal)), WhoKind::Root),
        ActorKind::Saml | ActorKind::IdentityCenter => (subject(last), WhoKind::Person),
        ActorKind::WebIdentity => {
            let provider = last.provider.as_deref().unwrap_or_default();
            let name = subject(last);
            let kind = if tools.pipelines.iter().any(|part| provider.contains(part.as_str())) {
                WhoKind::Pipeline
            } else if name.starts_with("system:serviceaccount:") {
                WhoKind::Workload
            } else {
                WhoKind::Person
            };
            (name, kind)
        }
        ActorKind::Role => role_session(last, source_identity),
        ActorKind::Service => {
            // A service took the role for something that runs: its session names it.
            instance(first).unwrap_or_else(|| (last.principal.clone(), WhoKind::Service))
        }
        ActorKind::Account => match source_identity {
            Some(name) => (name, WhoKind::Person),
            None => (format!("account {}", last.principal), WhoKind::Account),
        },
        ActorKind::Unknown if last.principal.is_empty() => ("unknown".to_owned(), WhoKind::Unknown),
        ActorKind::Unknown => (last.principal.clone(), WhoKind::Unknown),
    }
}

/// A role's session whose beginning is not in the log.
fn role_session(actor: &Actor, source_identity: Option<String>) -> (String, WhoKind) {
    if let Some(name) = source_identity {
        return (name, WhoKind::Person);
    }
    let session = actor.session.as_deref().unwrap_or_default();
    // Only the identity centre can make roles under this path, and it names the session after the user.
    if actor.principal.contains(":role/aws-reserved/sso.amazonaws.com/") && !session.is_empty() {
        return (session.to_owned(), WhoKind::Person);
    }
    if let Some(user) = &actor.subject {
        return (user.clone(), WhoKind::Person);
    }
    // Nor can anybody but the service itself take its linked role.
    if let Some((_, rest)) = actor.principal.split_once(":role/aws-service-role/")
        && let Some(service) = rest.split('/').next()
    {
        return (service.to_owned(), WhoKind::Service);
    }
    if let Some(instance) = instance(actor) {
        return instance;
    }
    // Whoever takes a role may choose the session's name, so it is shown with the role and not taken for a person.
    let name = if session.is_empty() {
        actor.principal.clone()
    } else {
        format!("{} (session {session})", actor.principal)
    };
    (name, WhoKind::Role)
}

fn subject(actor: &Actor) -> String {
    actor.subject.clone().unwrap_or_else(|| actor.principal.clone())
}

/// The instance that an actor is. Anybody who takes a role may name the session like one; only the service that hands
/// out credentials to instances marks them so.
fn instance(actor: &Actor) -> Option<(String, WhoKind)> {
    let session = actor.session.as_deref().filter(|_| actor.instance)?;
    let number = session.strip_prefix("i-")?;
    let is_id = (8..=17).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then(|| (format!("instance {session}"), WhoKind::Workload))
}

/// The program: the service that called on behalf, the console, or what the user agent says.
fn tool(actor: &Actor, tools: &Tools) -> Option<String> {
    let named = |text: &str| {
        tools.agents.iter().find(|one| text.contains(one.has.as_str())).map(|one| one.name.clone())
    };
    if let Some(service) = &actor.invoked_by {
        return Some(named(service).unwrap_or_else(|| service.clone()));
    }
    if actor.console {
        return Some("console".to_owned());
    }
    actor.agent.as_deref().and_then(named)
}

/// The name at the end of a role's ARN.
fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or(arn)
}

impl Who {
    /// `alice@example.com through role Admin (console)`.
    pub fn sentence(&self) -> String {
        let mut text = self.name.clone();
        // A bare role is its own name.
        if self.kind != WhoKind::Role || self.through.len() > 1 {
            match self.through.as_slice() {
                [] => {}
                [role] => text = format!("{text} through role {role}"),
                roles => text = format!("{text} through roles {}", roles.join(", then ")),
            }
        }
        match &self.tool {
            Some(tool) => format!("{text} ({tool})"),
            None => text,
        }
    }
}
