//! Which operations each identity called, while a log is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_model::{AccountId, ActorKind, Region, TrailSpan, Use, UseSpan};
use serde_json::Value;

use super::event::TrailEvent;

/// The most sets of ARNs of one operation of one identity that are told apart; beyond, it was used on something.
const RESOURCES_MAX: usize = 100;
/// The most ARNs of one event; of one that names more it is not known on what it was.
const ARNS_MAX: usize = 8;
/// The longest ARN that is believed.
const ARN_BYTES_MAX: usize = 1024;
/// How many values of the parameters are looked at.
const VALUES_MAX: usize = 200;
/// Error codes that say that a call was not allowed. Every other error comes from a call that was, or may have been.
const REFUSED: [&str; 7] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Client.UnauthorizedOperation",
    "NotAuthorized",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];

/// Identity, service, operation, account and region.
type Called = (String, String, String, AccountId, Region);

/// What identities called. Adding the same events in another order, or twice, gives an equal one, as long as no operation
/// names more resources than are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uses {
    calls: BTreeMap<(Called, Vec<String>), Use>,
    /// How many sets of ARNs of a call are told apart.
    named: HashMap<Called, usize>,
    spans: BTreeMap<(AccountId, Region), UseSpan>,
}

impl Uses {
    /// Adds an event, where it is a call that an identity of an account was allowed to make.
    pub fn add(&mut self, event: &TrailEvent<'_>) {
        if !is_call(event) || is_refused(event.record) {
            return;
        }
        let Some(principal) = principal(event) else { return };
        let called: Called = (
            principal,
            event.source.clone(),
            event.name.clone(),
            event.account.clone(),
            event.region.clone(),
        );
        self.keep(&called, resources(event), event);
    }

    fn keep(&mut self, called: &Called, resources: Vec<String>, event: &TrailEvent<'_>) {
        let mut key = (called.clone(), resources);
        if !self.calls.contains_key(&key) {
            let named = self.named.entry(called.clone()).or_default();
            if *named >= RESOURCES_MAX {
                key.1 = Vec::new();
            } else {
                *named += 1;
            }
        }
        let moment = (event.at, &event.id);
        if let Some(known) = self.calls.get_mut(&key) {
            known.first = known.first.min(event.at);
            if moment > (known.last, &known.event) {
                (known.last, known.event) = (event.at, event.id.clone());
            }
            return;
        }
        let one = Use {
            principal: called.0.clone(),
            source: called.1.clone(),
            name: called.2.clone(),
            account: called.3.clone(),
            region: called.4.clone(),
            resources: key.1.clone(),
            first: event.at,
            last: event.at,
            event: event.id.clone(),
        };
        self.calls.insert(key, one);
    }

    /// Notes that the log of an event's place reaches to it, and whether it has calls that only read.
    pub fn reach(&mut self, event: &TrailEvent<'_>) {
        let is_read = event.management && event.read_only == Some(true);
        self.widen(UseSpan {
            account: event.account.clone(),
            region: event.region.clone(),
            first: event.at,
            last: event.at,
            reads: is_read.then_some((event.at, event.at)),
        });
    }

    /// Notes that a place was read for a time, for calls that change something.
    pub fn span(&mut self, span: &TrailSpan) {
        self.widen(UseSpan {
            account: span.account.clone(),
            region: span.region.clone(),
            first: span.first,
            last: span.last,
            reads: None,
        });
    }

    fn widen(&mut self, span: UseSpan) {
        self.spans
            .entry((span.account.clone(), span.region.clone()))
            .and_modify(|known| known.widen(&span))
            .or_insert(span);
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.spans.is_empty()
    }

    /// The calls, and what was read from when to when.
    pub fn end(self) -> (Vec<Use>, Vec<UseSpan>) {
        (self.calls.into_values().collect(), self.spans.into_values().collect())
    }
}

/// Whether it is a call of an API: not what a service logs by itself, and no sign-in.
fn is_call(event: &TrailEvent<'_>) -> bool {
    let kind = event.record.get("eventType").and_then(Value::as_str);
    kind.is_none_or(|kind| matches!(kind, "AwsApiCall" | "AwsConsoleAction"))
}

fn is_refused(record: &Value) -> bool {
    let code = record.get("errorCode").and_then(Value::as_str).unwrap_or_default();
    REFUSED.iter().any(|refused| code.eq_ignore_ascii_case(refused))
}

/// The user, role or root user whose policies decided. A federated user has those of the user who asked for its token.
fn principal(event: &TrailEvent<'_>) -> Option<String> {
    let actor = &event.actor;
    let principal = match actor.kind {
        ActorKind::User | ActorKind::Role | ActorKind::Root => actor.principal.clone(),
        ActorKind::Federated => {
            let issuer = event.record.get("userIdentity")?.get("sessionContext")?.get("sessionIssuer")?;
            issuer.get("arn")?.as_str()?.to_owned()
        }
        _ => return None,
    };
    (principal.starts_with("arn:") && principal.contains(":iam:") && principal.len() <= ARN_BYTES_MAX)
        .then_some(principal)
}

/// The ARNs that an event names: those that the service lists, else those that parameters consist of. ARNs deeper in the
/// parameters mostly mean something else: where to copy to, whom to tell.
fn resources(event: &TrailEvent<'_>) -> Vec<String> {
    let listed = event.record.get("resources").and_then(Value::as_array).into_iter().flatten();
    let listed = listed.filter_map(|one| one.get("ARN").or_else(|| one.get("arn"))?.as_str());
    let mut found: BTreeSet<String> = listed.take(VALUES_MAX).filter_map(kept).collect();
    if found.is_empty() {
        let parameters = event.record.get("requestParameters").and_then(Value::as_object);
        let texts =
            parameters.into_iter().flat_map(|members| members.values()).flat_map(|value| match value {
                Value::Array(items) => items.as_slice(),
                single => std::slice::from_ref(single),
            });
        found.extend(texts.take(VALUES_MAX).filter_map(Value::as_str).filter_map(kept));
        if event.source == "s3.amazonaws.com" {
            found.extend(bucket(event));
        }
    }
    if found.len() > ARNS_MAX { Vec::new() } else { found.into_iter().collect() }
}

/// The bucket, or any object of it, that the parameters of a call to S3 name.
fn bucket(event: &TrailEvent<'_>) -> Option<String> {
    let parameters = event.record.get("requestParameters")?;
    let name = parameters.get("bucketName")?.as_str().filter(|name| is_plain(name))?;
    let arn = format!("arn:{}:s3:::{name}", event.partition);
    if name.starts_with("arn:") {
        return None;
    }
    Some(if parameters.get("key").is_some() { format!("{arn}/*") } else { arn })
}

/// An ARN as it is kept; none where it is no ARN, or one that a policy would take for a pattern.
fn kept(text: &str) -> Option<String> {
    if !text.starts_with("arn:")
        || text.len() > ARN_BYTES_MAX
        || text.matches(':').count() < 5
        || !is_plain(text)
    {
        return None;
    }
    match text.split_once(":::") {
        Some((service, name)) if service.ends_with(":s3") => match name.split_once('/') {
            Some((bucket, _)) => Some(format!("{service}:::{bucket}/*")),
            None => Some(text.to_owned()),
        },
        _ => Some(text.to_owned()),
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['*', '?', '$'])
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

    use serde_json::json;

    use super::*;

    fn record(name: &str, more: &Value) -> Value {
        let mut record = json!({
            "eventID": format!("id of {name}"), "eventTime": "2026-03-01T10:00:00Z", "eventSource": "s3.amazonaws.com",
            "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "eventType": "AwsApiCall",
            "userIdentity": {"type": "AssumedRole", "principalId": "AROAX:s", "arn": "arn:aws:sts::111122223333:assumed-role/app/s",
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/app"}}},
        });
        for (member, value) in more.as_object().unwrap() {
            record[member] = value.clone();
        }
        record
    }

    fn read(records: &[Value]) -> (Vec<Use>, Vec<UseSpan>) {
        let mut uses = Uses::default();
        for record in records {
            let event = TrailEvent::of(record).unwrap();
            uses.add(&event);
            uses.reach(&event);
        }
        uses.end()
    }

    #[test]
    fn a_call_counts_with_the_arns_that_it_names_and_no_names_of_objects() {
        let (uses, spans) = read(&[
            record(
                "GetObject",
                &json!({"readOnly": true, "managementEvent": false, "eventCategory": "Data",
                "requestParameters": {"bucketName": "invoices", "key": "alice/1.pdf"},
                "resources": [{"ARN": "arn:aws:s3:::invoices/alice/1.pdf"}, {"ARN": "arn:aws:s3:::invoices"}]}),
            ),
            record("ListBuckets", &json!({"readOnly": true})),
        ]);
        let named: Vec<(&str, String)> =
            uses.iter().map(|one| (&*one.name, one.resources.join(" "))).collect();
        let both = "arn:aws:s3:::invoices arn:aws:s3:::invoices/*".to_owned();
        assert_eq!(named, [("GetObject", both), ("ListBuckets", String::new())]);
        assert!(uses.iter().all(|one| one.principal == "arn:aws:iam::111122223333:role/app"));
        assert!(spans[0].reads.is_some());
    }

    #[test]
    fn what_was_refused_and_what_is_no_call_does_not_count() {
        let (uses, spans) = read(&[
            record("GetBucketAcl", &json!({"errorCode": "AccessDenied"})),
            record("DeleteKey", &json!({"eventType": "AwsServiceEvent"})),
            record(
                "PutBucketAcl",
                &json!({"userIdentity": {"type": "AWSService", "invokedBy": "logging.s3.amazonaws.com"}}),
            ),
            record("GetBucketPolicy", &json!({"errorCode": "NoSuchBucketPolicy", "readOnly": false})),
        ]);
        assert_eq!(uses.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["GetBucketPolicy"]);
        assert_eq!(spans[0].reads, None, "no event says that it only read");
    }

    #[test]
    fn more_resources_than_are_told_apart_are_used_somewhere() {
        let records: Vec<Value> = (0..RESOURCES_MAX + 50)
            .map(|n| record("GetBucketAcl", &json!({"requestParameters": {"bucketName": format!("b{n}")}})))
            .collect();
        let (uses, _) = read(&records);
        assert_eq!(uses.len(), RESOURCES_MAX + 1);
        assert!(uses.iter().any(|one| one.resources.is_empty()));
    }
}
