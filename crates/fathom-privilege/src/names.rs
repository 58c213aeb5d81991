//! From the names of events to actions, and which actions a log can show at all: `content/iam/trail-actions.yaml` and
//! `not-operations.json`.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use fathom_catalogue::{Action, Catalogue, Kind, Level};
use fathom_content::activity::without_version;
use serde::{Deserialize, Serialize};

use crate::PrivilegeError;

const EVENTS_FILE: &str = "content/iam/trail-actions.yaml";
const EVENTS: &str = include_str!("../../../content/iam/trail-actions.yaml");
const NOT_OPERATIONS_FILE: &str = "content/iam/not-operations.json";
const NOT_OPERATIONS: &str = include_str!("../../../content/iam/not-operations.json");

/// Why a log shows nothing of an action that was used. It is then kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// It is logged as a data event, if somebody turned these on, or a trail may be told to leave it out.
    DataEvent,
    /// No call is named like it: AWS asks for it while another call runs, or it has no public API.
    NoEvent,
    /// It only reads, and the log that was read holds no calls that only read.
    ReadsNotLogged,
    /// No log of the account was read for this time.
    NoLog,
    /// The catalogue does not know it.
    NotKnown,
}

impl Unseen {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DataEvent => "a data event, or one that a trail may leave out",
            Self::NoEvent => "no event is named like it",
            Self::ReadsNotLogged => "it only reads, and the log that was read has no reads",
            Self::NoLog => "no log of the account was read for this time",
            Self::NotKnown => "the catalogue does not know it",
        }
    }
}

/// How events and actions are named.
#[derive(Debug)]
pub struct Names {
    catalogue: &'static Catalogue,
    services: BTreeMap<String, String>,
    /// By source; the name of the event, or how it begins.
    events: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Those that some event shows though no operation is named so; in small letters, like the others.
    mapped: HashSet<String>,
    data: HashSet<String>,
    management: HashSet<String>,
    not_operations: HashSet<String>,
    without_model: HashSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    services: Vec<Renamed>,
    events: Vec<Events>,
    data_events: Vec<Listed>,
    management: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renamed {
    source: String,
    service: String,
    from: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    source: String,
    from: String,
    actions: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    service: String,
    from: String,
    actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotOperations {
    #[serde(rename = "source")]
    _source: String,
    services_without_model: Vec<String>,
    actions: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// The tables in the binary, read when they are first asked for.
    ///
    /// # Errors
    /// When a table or the catalogue cannot be read; the tests of this crate do not let that happen.
    pub fn embedded() -> Result<&'static Self, PrivilegeError> {
        static EMBEDDED: LazyLock<Result<Names, String>> =
            LazyLock::new(|| Names::parse(EVENTS, NOT_OPERATIONS));
        EMBEDDED.as_ref().map_err(|message| PrivilegeError::Table { message: message.clone() })
    }

    fn parse(events: &str, not_operations: &str) -> Result<Self, String> {
        let catalogue = Catalogue::embedded().map_err(|error| error.to_string())?;
        let document: Document =
            serde_saphyr::from_str(events).map_err(|error| format!("{EVENTS_FILE}: {error}"))?;
        let not: NotOperations = serde_json::from_str(not_operations)
            .map_err(|error| format!("{NOT_OPERATIONS_FILE}: {error}"))?;
        let mut names = Self {
            catalogue,
            services: BTreeMap::new(),
            events: BTreeMap::new(),
            mapped: HashSet::new(),
            data: HashSet::new(),
            management: HashSet::new(),
            not_operations: HashSet::new(),
            without_model: not.services_without_model.into_iter().collect(),
        };
        for (service, actions) in &not.actions {
            names.not_operations.extend(actions.iter().map(|name| key(service, name)));
        }
        for service in document.services {
            sourced(&service.from, &service.source)?;
            if catalogue.service(&service.service).is_none() {
                return Err(format!("{EVENTS_FILE}: the catalogue has no service `{}`", service.service));
            }
            names.services.insert(service.source, service.service);
        }
        for entry in document.events {
            sourced(&entry.from, &entry.source)?;
            let service = names.service(&entry.source).to_owned();
            let events = names.events.entry(entry.source).or_default();
            for (event, actions) in entry.actions {
                let mut known = Vec::new();
                for name in actions {
                    let action = catalogue.action(&format!("{service}:{name}"));
                    let action = action.ok_or_else(|| {
                        format!(
                            "{EVENTS_FILE}: event `{event}`: the catalogue has no action `{service}:{name}`"
                        )
                    })?;
                    names.mapped.insert(action.name().to_ascii_lowercase());
                    known.push(action.name().to_owned());
                }
                events.insert(event, known);
            }
        }
        for (entries, into) in
            [(document.data_events, &mut names.data), (document.management, &mut names.management)]
        {
            for entry in entries {
                sourced(&entry.from, &entry.service)?;
                for name in entry.actions {
                    let key = key(&entry.service, &name);
                    if catalogue.action(&key).is_none() {
                        return Err(format!("{EVENTS_FILE}: the catalogue has no action `{key}`"));
                    }
                    into.insert(key);
                }
            }
        }
        Ok(names)
    }

    /// The service, as actions name it, whose events have this source.
    fn service<'a>(&'a self, source: &'a str) -> &'a str {
        let label = || source.split('.').next().unwrap_or(source);
        self.services.get(source).map_or_else(label, String::as_str)
    }

    /// The actions that a call needs, as the catalogue spells them; empty where it needs none. None where the event is not
    /// known, which is no proof that it needs nothing.
    pub fn actions(&self, source: &str, event: &str) -> Option<Vec<&str>> {
        let plain = without_version(event);
        if let Some(known) = self.events.get(source) {
            let exact = [event, plain].into_iter().find_map(|name| known.get(name));
            let begins = || {
                let stems =
                    known.iter().filter_map(|(name, actions)| Some((name.strip_suffix('*')?, actions)));
                stems.filter(|(stem, _)| plain.starts_with(stem)).max_by_key(|(stem, _)| stem.len())
            };
            if let Some(actions) = exact.or_else(|| begins().map(|(_, actions)| actions)) {
                return Some(actions.iter().map(String::as_str).collect());
            }
        }
        let service = self.service(source);
        let action = [event, plain]
            .into_iter()
            .find_map(|name| self.catalogue.action(&format!("{service}:{name}")))?;
        Some(vec![action.name()])
    }

    /// Why no log of management events shows an action; none where it does. `reads` says whether the log holds calls that
    /// only read.
    pub fn unseen(&self, action: Action<'_>, reads: bool) -> Option<Unseen> {
        let name = action.name().to_ascii_lowercase();
        if self.data.contains(&name) || (action.kind() == Kind::Data && !self.management.contains(&name)) {
            return Some(Unseen::DataEvent);
        }
        let no_model = self.without_model.contains(action.service().prefix());
        if (no_model || self.not_operations.contains(&name)) && !self.mapped.contains(&name) {
            return Some(Unseen::NoEvent);
        }
        (!reads && matches!(action.level(), Level::List | Level::Read)).then_some(Unseen::ReadsNotLogged)
    }
}

fn key(service: &str, name: &str) -> String {
    format!("{service}:{name}").to_ascii_lowercase()
}

fn sourced(from: &str, entry: &str) -> Result<(), String> {
    if from.starts_with("https://") {
        Ok(())
    } else {
        Err(format!("{EVENTS_FILE}: `{entry}`: `from` must name a page"))
    }
}
