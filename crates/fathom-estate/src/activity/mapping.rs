//! From an event to what it did to which resources.

use std::collections::BTreeSet;

use fathom_content::{ActivityRules, template::Fill};
use fathom_model::{Action, Activity, ResourceType, SessionOrigin};
use serde_json::Value;

use super::event::TrailEvent;

/// The most resources that one event is read for.
const REFERENCES_MAX: usize = 200;
/// The most resources that an event without a rule is said to have touched.
const TOUCHED_MAX: usize = 20;
/// How deep and wide the parameters of an event without a rule are looked through.
const DEPTH_MAX: usize = 12;
const VALUES_MAX: usize = 2000;
/// The longest reference that is believed.
const REFERENCE_BYTES_MAX: usize = 1024;

/// What an event came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// What it did to resources.
    pub activities: Vec<Activity>,
    /// The session it began.
    pub session: Option<SessionOrigin>,
    /// Why it says nothing about resources; none where it does.
    pub skipped: Option<Skipped>,
    /// Whether no rule described it and its resources were inferred.
    pub inferred: bool,
}

/// Why an event says nothing about who made or changed a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// It only read.
    Reads,
    /// It failed.
    Failed,
    /// It is about data in a resource, or a report about other events.
    NotManagement,
    /// It changed something, and names no resource that we could know.
    NoResource,
}

/// Reads an event by the rules of the content. `origin` is where it was found.
pub fn read(event: &TrailEvent<'_>, rules: &ActivityRules, origin: &str) -> Reading {
    let skip = |skipped| Reading { skipped: Some(skipped), ..Reading::default() };
    if event.failed {
        return skip(Skipped::Failed);
    }
    if !event.management {
        return skip(Skipped::NotManagement);
    }
    if event.source == "sts.amazonaws.com" {
        let session = session(event);
        let skipped = session.is_none().then_some(Skipped::Reads);
        return Reading { session, skipped, ..Reading::default() };
    }
    if !event.changes() {
        return skip(Skipped::Reads);
    }
    let operation = operation(event, rules);
    let activity = |kind: Option<ResourceType>, reference: String, action| Activity {
        account: event.account.clone(),
        region: event.region.clone(),
        kind,
        reference,
        action,
        at: event.at,
        event: event.id.clone(),
        operation: operation.clone(),
        actor: event.actor.clone(),
        source: origin.to_owned(),
    };
    let fill = Fill {
        partition: &event.partition,
        account: event.account.as_str(),
        region: event.region.as_str(),
        ..Fill::default()
    };
    let mut activities = Vec::new();
    for rule in rules.of(&event.source, &event.name) {
        if rule.when.as_ref().is_some_and(|when| !when.holds(event.record)) {
            continue;
        }
        let references: BTreeSet<String> = rule.at.all(event.record, fill).into_iter().collect();
        activities.extend(
            references
                .into_iter()
                .filter(|text| text.len() <= REFERENCE_BYTES_MAX)
                .take(REFERENCES_MAX)
                .map(|reference| activity(Some(rule.kind.clone()), reference, rule.action)),
        );
    }
    // Where a condition tells that it was made, it was not just put.
    let made: BTreeSet<(Option<ResourceType>, String)> = activities
        .iter()
        .filter(|one: &&Activity| one.action == Action::Created)
        .map(|one| (one.kind.clone(), one.reference.clone()))
        .collect();
    activities.retain(|one| {
        one.action != Action::Put || !made.contains(&(one.kind.clone(), one.reference.clone()))
    });
    let inferred = activities.is_empty();
    if inferred {
        let named = named_resources(event.record);
        activities.extend(named.into_iter().map(|reference| activity(None, reference, Action::Touched)));
    }
    let skipped = activities.is_empty().then_some(Skipped::NoResource);
    Reading { activities, session: None, skipped, inferred: inferred && skipped.is_none() }
}

fn operation(event: &TrailEvent<'_>, rules: &ActivityRules) -> String {
    let name = fathom_content::activity::without_version(&event.name);
    format!("{}:{name}", rules.service(&event.source))
}

/// The session that an event of the token service handed out.
fn session(event: &TrailEvent<'_>) -> Option<SessionOrigin> {
    let response = event.record.get("responseElements")?;
    let text = |path: [&str; 2]| {
        response.get(path[0])?.get(path[1])?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Some(SessionOrigin {
        access_key: text(["credentials", "accessKeyId"])?,
        session_id: text(["assumedRoleUser", "assumedRoleId"]),
        at: event.at,
        event: event.id.clone(),
        caller: fathom_model::Actor {
            // Calls that take a role with a token name the subject here where the identity does not.
            subject: event
                .actor
                .subject
                .clone()
                .or_else(|| text_of(response, "subjectFromWebIdentityToken"))
                .or_else(|| text_of(response, "subject")),
            source_identity: event
                .actor
                .source_identity
                .clone()
                .or_else(|| text_of(response, "sourceIdentity")),
            ..event.actor.clone()
        },
    })
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The ARNs and ids that an event names: first those that the service lists, then whatever in the parameters looks
/// like one. Sorted, so that equal events read alike.
fn named_resources(record: &Value) -> BTreeSet<String> {
    let listed: BTreeSet<String> = record
        .get("resources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("ARN").or_else(|| one.get("arn"))?.as_str())
        .filter(|text| is_reference(text))
        .take(TOUCHED_MAX)
        .map(str::to_owned)
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let mut found = BTreeSet::new();
    let mut seen = 0_usize;
    // No recursion over what others wrote.
    let mut stack: Vec<(usize, &Value)> = ["requestParameters", "responseElements"]
        .iter()
        .filter_map(|name| Some((0, record.get(name)?)))
        .collect();
    while let Some((depth, value)) = stack.pop() {
        seen += 1;
        if seen > VALUES_MAX {
            break;
        }
        match value {
            Value::String(text) if is_reference(text) => {
                found.insert(text.clone());
            }
            Value::Array(items) if depth < DEPTH_MAX => {
                stack.extend(items.iter().map(|item| (depth + 1, item)));
            }
            Value::Object(members) if depth < DEPTH_MAX => {
                stack.extend(members.values().map(|member| (depth + 1, member)));
            }
            _ => {}
        }
    }
    found.into_iter().take(TOUCHED_MAX).collect()
}

/// Whether a text is an ARN, or an id in the form that never means anything else: `i-0abc1234`.
fn is_reference(text: &str) -> bool {
    if text.len() > REFERENCE_BYTES_MAX {
        return false;
    }
    if text.starts_with("arn:") {
        return text.split(':').count() >= 6;
    }
    text.rsplit_once('-').is_some_and(|(kind, number)| {
        (8..=20).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
            && (1..=24).contains(&kind.len())
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    })
}
