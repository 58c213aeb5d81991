//! `LookupEvents`: what CloudTrail remembers by itself, for 90 days, without a trail.
//!
//! It answers two calls a second in each account and region, so a busy account could be asked for hours. The newest
//! changes come first, a number of pages is the limit, and what was cut off is a visible unknown. Later scans ask only
//! for what is new since.

use std::collections::BTreeSet;

use fathom_cloud::client::{Account, CallError, Client};
use fathom_model::{AccountId, ActorKind, Reason, Region, Timestamp, TrailSpan};
use serde_json::{Value, json};

use super::{Reader, TrailError};
use crate::tally::{Ending, Failure, Key, Tally};

const SERVICE: &str = "cloudtrail";
const OPERATION: &str = "LookupEvents";
/// As far back as it remembers, in days.
pub const DAYS_MAX: u32 = 90;
/// Events may be this late, in seconds, so that much is asked for again.
const LATE_SECONDS: i64 = 1800;
/// Sessions whose origin is looked for, in each account and region.
const SESSIONS_MAX: usize = 20;

/// How far to look.
#[derive(Debug, Clone, Copy)]
pub struct LookupLimits {
    /// So many days back.
    pub days: u32,
    /// So many pages of 50 events in each account and region.
    pub pages: u32,
}

/// Whom to ask.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Where questions go.
    pub client: &'a Client,
    /// Where they are accounted for.
    pub tally: &'a Tally,
    /// The account.
    pub account: &'a Account,
    /// The region.
    pub region: &'a Region,
    /// What was read before.
    pub known: &'a [TrailSpan],
}

/// Asks one account and region for its changes, then who took the roles that made them.
///
/// # Errors
/// When the store does not take it. What CloudTrail does not answer is a row of the coverage.
pub async fn read(
    reader: &tokio::sync::Mutex<Reader>,
    ask: &Ask<'_>,
    limits: LookupLimits,
    now: Timestamp,
) -> Result<(), TrailError> {
    let Ask { client, tally, account, region, known } = *ask;
    let place = format!("{OPERATION} {} {region}", account.id);
    let begins = now.as_second() - i64::from(limits.days.min(DAYS_MAX)) * 86_400;
    let span = known.iter().find(|span| span.account == account.id && span.region == *region);
    // What was read to its end before need not be asked again, but for what came late.
    let start = span.map_or(begins, |span| begins.max(span.last.as_second() - LATE_SECONDS));
    let params = json!({
        "LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        "StartTime": start,
        "EndTime": now.as_second(),
        "MaxResults": 50,
    });
    let asked = pages(client, account, region, params, limits.pages).await;
    let mut ending = asked.ending;
    let mut oldest = None;
    let mut keys = BTreeSet::new();
    {
        let mut reader = reader.lock().await;
        for page in &asked.pages {
            for event in page.get("Events").and_then(Value::as_array).into_iter().flatten() {
                ending.items += 1;
                let id = event.get("EventId").and_then(Value::as_str).unwrap_or("without id");
                let record = record_of(event);
                if let Ok(record) = &record {
                    oldest = [oldest, time_of(record)].into_iter().flatten().min();
                    keys.extend(session_key(record));
                }
                reader.take(record, &format!("{place} {id}"));
            }
            reader.file(&format!("{place} page"), page.to_string().as_bytes());
        }
        if let Some(failure) = &ending.failure
            && asked.cut
        {
            reader.report().cut_short.push(format!("{place}: {}", failure.detail));
        }
        // All that was asked for is known to be all there is, also where nothing happened. Where the limit left a hole
        // between an earlier answer and this one, the next scan begins at the hole again.
        let first = match (&ending.failure, span) {
            (None, _) => Timestamp::from_second(start).ok(),
            (Some(_), None) => oldest,
            (Some(_), Some(_)) => None,
        };
        if let Some(first) = first {
            reader.span(TrailSpan { account: account.id.clone(), region: region.clone(), first, last: now });
        }
        reader.settle(now).await?;
    }
    tally.add(key(&account.id, region), ending);
    sessions(reader, ask, &keys, now).await
}

/// Looks for the events that handed out the access keys of roles: these count as reading, so the sweep leaves them out.
async fn sessions(
    reader: &tokio::sync::Mutex<Reader>,
    ask: &Ask<'_>,
    keys: &BTreeSet<String>,
    now: Timestamp,
) -> Result<(), TrailError> {
    let Ask { client, tally, account, region, .. } = *ask;
    for (at, access_key) in keys.iter().enumerate() {
        if at >= SESSIONS_MAX {
            let more = keys.len() - SESSIONS_MAX;
            let mut reader = reader.lock().await;
            reader.report().cut_short.push(format!(
                "{OPERATION} {} {region}: who took the roles of {more} more sessions was not asked",
                account.id
            ));
            break;
        }
        let params = json!({
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": access_key}],
            "MaxResults": 50,
        });
        let asked = pages(client, account, region, params, 1).await;
        let failed = asked.ending.failure.is_some() && !asked.cut;
        let mut reader = reader.lock().await;
        for event in asked.pages.iter().filter_map(|page| page.get("Events")?.as_array()).flatten() {
            let id = event.get("EventId").and_then(Value::as_str).unwrap_or("without id");
            reader.take(record_of(event), &format!("{OPERATION} {} {region} {id}", account.id));
        }
        reader.settle(now).await?;
        drop(reader);
        let ending = Ending { failure: asked.ending.failure.filter(|_| failed), ..asked.ending };
        tally.add(key(&account.id, region), ending);
        if failed {
            break;
        }
    }
    Ok(())
}

struct Asked {
    pages: Vec<Value>,
    ending: Ending,
    /// Whether there is more, which the limit left.
    cut: bool,
}

async fn pages(client: &Client, account: &Account, region: &Region, mut params: Value, most: u32) -> Asked {
    let mut asked = Asked { pages: Vec::new(), ending: Ending::default(), cut: false };
    let mut tokens = BTreeSet::new();
    loop {
        let answer = client.call(account, region, SERVICE, OPERATION, &params).await;
        let ending = &mut asked.ending;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                ending.calls += u64::from(error.calls);
                ending.throttles += u64::from(error.throttles);
                ending.failure = Some(failure(&error));
                return asked;
            }
        };
        ending.calls += u64::from(answer.calls);
        ending.throttles += u64::from(answer.throttles);
        ending.millis += answer.elapsed.as_millis() as u64;
        let next = answer.value.get("NextToken").and_then(Value::as_str).map(str::to_owned);
        asked.pages.push(answer.value);
        let Some(next) = next.filter(|token| !token.is_empty()) else { return asked };
        let fail = |reason, detail: String| Failure { reason, permission: None, detail };
        if !tokens.insert(next.clone()) {
            ending.failure =
                Some(fail(Reason::EndlessPages, "a page token came back a second time".to_owned()));
            return asked;
        }
        if asked.pages.len() as u64 >= u64::from(most) {
            asked.cut = true;
            ending.failure = Some(fail(
                Reason::NotReached,
                format!("only the newest {most} pages of changes were asked for; --trail-pages raises that"),
            ));
            return asked;
        }
        if let Value::Object(members) = &mut params {
            members.insert("NextToken".to_owned(), next.into());
        }
    }
}

fn key(account: &AccountId, region: &Region) -> Key {
    Key {
        account: account.clone(),
        region: region.clone(),
        service: SERVICE.to_owned(),
        operation: OPERATION.to_owned(),
        kind: None,
    }
}

fn failure(error: &CallError) -> Failure {
    Failure {
        reason: error.reason,
        permission: error.permission.clone(),
        detail: match &error.code {
            Some(code) => format!("{code}: {}", error.message),
            None => error.message.clone(),
        },
    }
}

/// The record inside an answer: JSON as text.
fn record_of(event: &Value) -> Result<Value, String> {
    match event.get("CloudTrailEvent") {
        Some(Value::String(text)) => {
            serde_json::from_str(text).map_err(|error| format!("its `CloudTrailEvent` is no JSON: {error}"))
        }
        Some(record @ Value::Object(_)) => Ok(record.clone()),
        _ => Err("it has no `CloudTrailEvent`".to_owned()),
    }
}

fn time_of(record: &Value) -> Option<Timestamp> {
    record.get("eventTime")?.as_str()?.parse().ok()
}

/// The temporary access key of a role that a person or pipeline took: services' own sessions tell nothing more.
fn session_key(record: &Value) -> Option<String> {
    let event = fathom_estate::activity::TrailEvent::of(record).ok()?;
    let actor = &event.actor;
    let own = actor.invoked_by.is_none()
        && !actor.principal.contains(":role/aws-service-role/")
        && !actor.principal.contains(":role/aws-reserved/sso.amazonaws.com/");
    (actor.kind == ActorKind::Role && own && event.changes() && !event.failed)
        .then(|| actor.access_key.clone())
        .flatten()
        .filter(|key| key.starts_with("ASIA"))
}
