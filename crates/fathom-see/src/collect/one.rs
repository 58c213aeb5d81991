//! One item: described where the listing gave only its id, enriched, made a resource.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use fathom_content::{
    ResourceDefinition,
    resource::{Condition, Describe, Enrich, Job},
    template::{Fill, fill_value},
};
use fathom_estate::Unread;
use fathom_model::{Reason, Region};
use futures::future::BoxFuture;
use serde_json::{Map, Value};

use super::{Collector, ITEMS_AT_ONCE, Parent, Spot, key_of};
use crate::{
    asking::{Question, at_once, failure},
    item::{self, Item, Place},
    mentions::MENTIONS_MAX,
    tally::{Ending, Failure, Key},
};

/// How long to wait for work that the service was asked to do, before each look at it: two minutes together.
const JOB_PAUSES: [Duration; 8] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

impl Collector {
    /// The second half of a listing that gives ids only.
    pub(super) async fn describe(
        &self,
        definition: &ResourceDefinition,
        describe: &Describe,
        spot: &Spot,
        place: Place<'_>,
        items: Vec<Value>,
    ) -> Vec<Value> {
        let size = describe.batch.as_ref().map_or(1, |batch| batch.size.max(1));
        let chunks: Vec<Vec<Value>> = items.chunks(size).map(<[Value]>::to_vec).collect();
        let asked = chunks.into_iter().map(|chunk| -> BoxFuture<'_, Vec<Value>> {
            Box::pin(self.describe_some(definition, describe, spot, place, chunk))
        });
        at_once(asked, ITEMS_AT_ONCE).await.into_iter().flatten().collect()
    }

    async fn describe_some(
        &self,
        definition: &ResourceDefinition,
        describe: &Describe,
        spot: &Spot,
        place: Place<'_>,
        chunk: Vec<Value>,
    ) -> Vec<Value> {
        let mut params: Map<String, Value> = describe.params.clone().into_iter().collect();
        if let Some(batch) = &describe.batch {
            params.insert(batch.param.clone(), Value::Array(chunk.clone()));
        }
        let fill = Fill { item: chunk.first(), ..place.fill(chunk.first()) };
        let Some(params) = fill_value(&Value::Object(params), fill) else { return Vec::new() };
        let key = key_of(definition, spot, &definition.service, &describe.operation);
        let answer = self.ask(key.clone(), spot, &spot.calls, &params, &describe.absent, None).await;
        let Some(answer) = answer.ok().flatten() else { return Vec::new() };
        let beside: Vec<(&String, Value)> = describe
            .keep
            .iter()
            .filter_map(|(into, path)| Some((into, path.first(&answer)?.clone())))
            .collect();
        let mut documents = describe.items.take_all(answer);
        if documents.len() < chunk.len() {
            // Not described is not the same as gone.
            let detail = format!(
                "{} of {} listed items are not described",
                chunk.len() - documents.len(),
                chunk.len()
            );
            self.refuse(key, Failure { reason: Reason::Malformed, permission: None, detail });
        }
        let listed = describe.keep_item.as_ref().zip(chunk.first().cloned());
        for document in documents.iter_mut().filter_map(Value::as_object_mut) {
            let kept = beside.iter().cloned().chain(listed.clone());
            document.extend(kept.map(|(member, value)| (member.clone(), value)));
        }
        documents
    }

    /// One question with its own row, all pages of its answer as one. `Ok(None)` is "not set".
    async fn ask(
        &self,
        key: Key,
        spot: &Spot,
        region: &Region,
        params: &Value,
        absent: &[String],
        permission: Option<&String>,
    ) -> Result<Option<Value>, Failure> {
        let (ending, result) = self.question(&key, spot, region, params, absent, permission).await;
        self.tally.add(key, ending);
        result
    }

    /// The same without the row.
    async fn question(
        &self,
        key: &Key,
        spot: &Spot,
        region: &Region,
        params: &Value,
        absent: &[String],
        permission: Option<&String>,
    ) -> (Ending, Result<Option<Value>, Failure>) {
        if let Some(failure) = self.closed(key) {
            return (Ending { failure: Some(failure.clone()), ..Ending::default() }, Err(failure));
        }
        let mut answer = Value::Null;
        let mut take = |page| -> BoxFuture<'static, ()> {
            add_page(&mut answer, page);
            Box::pin(std::future::ready(()))
        };
        let question = Question {
            account: &spot.account,
            region,
            service: &key.service,
            operation: &key.operation,
            params,
        };
        let ended = self.answers.pages(question, &mut take).await;
        let mut ending = Ending {
            items: 0,
            calls: u64::from(ended.calls),
            throttles: u64::from(ended.throttles),
            millis: ended.elapsed.as_millis() as u64,
            failure: None,
        };
        let result = match ended.error {
            None => {
                ending.items = 1;
                Ok(Some(answer))
            }
            Some(error) => match failure(&error, absent) {
                Some(mut failure) => {
                    if let (Reason::Denied, Some(permission)) = (failure.reason, permission) {
                        failure.permission = Some(permission.clone());
                    }
                    self.progress.unanswered();
                    self.close(key, &failure);
                    ending.failure = Some(failure.clone());
                    Err(failure)
                }
                None => Ok(None),
            },
        };
        (ending, result)
    }

    /// Waits for work that was started and reads its result: one row, with all its looks as calls of one item.
    async fn wait(
        &self,
        job: &Job,
        key: Key,
        spot: &Spot,
        region: &Region,
        params: &Value,
        enrich: &Enrich,
    ) -> Result<Option<Value>, Failure> {
        let holds = |condition: &Option<Condition>, answer: &Value| {
            condition.as_ref().is_some_and(|condition| condition.holds(answer))
        };
        let mut sum = Ending::default();
        let mut waited = Duration::ZERO;
        for pause in JOB_PAUSES {
            tokio::time::sleep(pause).await;
            waited += pause;
            let (ending, result) =
                self.question(&key, spot, region, params, &enrich.absent, enrich.permission.as_ref()).await;
            sum.calls += ending.calls;
            sum.throttles += ending.throttles;
            sum.millis += ending.millis;
            match result {
                Ok(Some(answer)) if holds(&job.failed, &answer) => {
                    let words = answer.to_string();
                    sum.failure = Some(Failure {
                        reason: Reason::Failed,
                        permission: None,
                        detail: format!("{} failed: {words}", job.operation),
                    });
                }
                Ok(Some(answer)) if holds(&job.pending, &answer) => continue,
                Ok(answer) => {
                    sum.items = u64::from(answer.is_some());
                    self.tally.add(key, sum);
                    return Ok(answer);
                }
                Err(failure) => sum.failure = Some(failure),
            }
            break;
        }
        let failure = sum.failure.clone().unwrap_or_else(|| Failure {
            reason: Reason::Timeout,
            permission: None,
            detail: format!("{} was not done after {} s", job.operation, waited.as_secs()),
        });
        sum.failure = Some(failure.clone());
        self.tally.add(key, sum);
        Err(failure)
    }

    /// Enriches a document and makes its resource.
    pub(super) async fn finish(
        self: &Arc<Self>,
        definition: &ResourceDefinition,
        spot: &Spot,
        place: Place<'_>,
        mut document: Value,
    ) -> Option<(Item, Parent)> {
        let mut unread: Vec<(String, Failure)> = Vec::new();
        let (first, rest): (Vec<_>, Vec<_>) =
            definition.enrich.iter().partition(|enrich| enrich.before_region);
        for enrich in first {
            let value = self.enrich(definition, enrich, spot, &spot.calls, place, &document).await;
            apply(enrich, value, &mut document, &mut unread);
        }
        let region = item::region_of(definition, &document, &spot.region);
        let calls = if definition.identity.region.is_some() { &region } else { &spot.calls };
        let values = {
            let document = &document;
            let asked = rest.iter().map(|enrich| -> BoxFuture<'_, Enriched> {
                Box::pin(self.enrich(definition, enrich, spot, calls, place, document))
            });
            at_once(asked, ITEMS_AT_ONCE).await
        };
        for (enrich, value) in rest.into_iter().zip(values) {
            apply(enrich, value, &mut document, &mut unread);
        }
        item::normalise(definition, &mut document);
        let item = match item::build(definition, &self.content.references, &document, place, &region) {
            Ok(item) => item,
            Err(problem) => {
                let key = key_of(definition, spot, &definition.service, &definition.list.operation);
                let failure = Failure { reason: Reason::Malformed, permission: None, detail: problem };
                self.refuse(key, failure);
                return None;
            }
        };
        if item.cut {
            unread.push((
                "references".to_owned(),
                Failure {
                    reason: Reason::TooLarge,
                    permission: None,
                    detail: format!(
                        "it mentions more than {MENTIONS_MAX} other resources; the rest is left out"
                    ),
                },
            ));
        }
        if !unread.is_empty() && self.wanted(definition, spot) {
            let uid = &item.resource.uid;
            self.unread.lock().unwrap_or_else(PoisonError::into_inner).extend(unread.iter().map(
                |(attribute, failure)| Unread {
                    uid: uid.clone(),
                    attribute: attribute.clone(),
                    reason: failure.reason,
                    detail: match &failure.permission {
                        Some(permission) => format!("needs {permission}"),
                        None => crate::tally::shorten(&failure.detail),
                    },
                },
            ));
        }
        let parent = Parent {
            uid: item.resource.uid.clone(),
            document: Arc::new(document),
            spot: Spot { account: spot.account.clone(), calls: calls.clone(), region },
            unread: unread.into(),
        };
        Some((item, parent))
    }

    async fn enrich(
        &self,
        definition: &ResourceDefinition,
        enrich: &Enrich,
        spot: &Spot,
        region: &Region,
        place: Place<'_>,
        document: &Value,
    ) -> Enriched {
        if enrich.when.as_ref().is_some_and(|condition| !condition.holds(document)) {
            return None;
        }
        let filled = |params: &BTreeMap<String, Value>, fill: Fill<'_>| {
            fill_value(&Value::Object(params.clone().into_iter().collect()), fill)
        };
        let fill = Fill { document: Some(document), ..place.fill(None) };
        let service = enrich.service.as_deref().unwrap_or(&definition.service);
        let key = |operation: &str| {
            let mut key = key_of(definition, spot, service, operation);
            if definition.identity.region.is_some() {
                key.region = region.clone();
            }
            key
        };
        let Some(job) = &enrich.job else {
            let params = filled(&enrich.params, fill)?;
            let key = key(&enrich.operation);
            return Some(
                self.ask(key, spot, region, &params, &enrich.absent, enrich.permission.as_ref()).await,
            );
        };
        let params = filled(&job.params, fill)?;
        let started = self.ask(key(&job.operation), spot, region, &params, &enrich.absent, None).await;
        let started = match started {
            Ok(Some(started)) => started,
            other => return Some(other),
        };
        let Some(params) = filled(&enrich.params, Fill { job: Some(&started), ..fill }) else {
            let detail = format!("the answer of {} does not say what to read", job.operation);
            let failure = Failure { reason: Reason::Malformed, permission: None, detail };
            self.refuse(key(&enrich.operation), failure.clone());
            return Some(Err(failure));
        };
        Some(self.wait(job, key(&enrich.operation), spot, region, &params, enrich).await)
    }
}

/// Adds a page to those before it: lists grow, members are joined, single values are the newest.
fn add_page(answer: &mut Value, page: Value) {
    match (answer, page) {
        (Value::Array(items), Value::Array(more)) => items.extend(more),
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                add_page(members.entry(name).or_insert(Value::Null), value);
            }
        }
        (answer, page) => *answer = page,
    }
}

/// What an enrichment brought: nothing asked, an answer or "not set", or why not.
type Enriched = Option<Result<Option<Value>, Failure>>;

fn apply(enrich: &Enrich, result: Enriched, document: &mut Value, unread: &mut Vec<(String, Failure)>) {
    let value = match result {
        None => return,
        Some(Err(failure)) => {
            unread.push((enrich.into.clone(), failure));
            return;
        }
        Some(Ok(None)) => Value::Null,
        Some(Ok(Some(answer))) => match &enrich.take {
            None => answer,
            Some(path) if enrich.many => Value::Array(path.take_all(answer)),
            Some(path) => path.take_all(answer).into_iter().next().unwrap_or(Value::Null),
        },
    };
    if let Some(members) = document.as_object_mut() {
        members.insert(enrich.into.clone(), value);
    }
}
