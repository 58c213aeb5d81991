//! What a scan must have found, worked out from the calls that came and the answers that were played.
//!
//! It follows the definitions as their documentation says, one call after the other and on values as recorded; it has
//! no part of the collector but the path and template language.

use std::collections::{BTreeMap, BTreeSet};

use fathom_cloud::model::Models;
use fathom_content::{
    Content, ResourceDefinition,
    resource::{Describe, Enrich, Scope},
    template::{Fill, fill_value},
};
use fathom_model::{Reason, Region, ResourceType};
use fathom_testkit::front::{Call, Written};
use serde_json::{Map, Value};

use super::{REGION, Session, compare, modelled::on_the_wire, reason};

/// A resource as the recording has it.
pub(super) struct Expected {
    pub(super) kind: ResourceType,
    pub(super) id: String,
    pub(super) region: String,
    pub(super) document: Value,
    pub(super) tags: BTreeMap<String, String>,
    /// Where secrets must be gone.
    pub(super) secret: Vec<fathom_model::path::Path>,
    /// Whether the document says when it was created.
    pub(super) created: Option<Value>,
}

/// Whether the asked account has a use for what every account shows; what tells of that account is taken out.
fn is_of_use(definition: &ResourceDefinition, item: &mut Value) -> bool {
    let Some(common) = &definition.common else { return true };
    if !definition.provider_made.iter().any(|condition| condition.holds(item)) {
        return true;
    }
    if common.unused.iter().any(|condition| condition.holds(item)) {
        return false;
    }
    if let Some(members) = item.as_object_mut() {
        members.retain(|name, _| common.without.iter().all(|path| path.as_str() != name));
    }
    true
}

/// A type, and the service and operation that are asked for it.
type Asked = (ResourceType, String, String);

struct Exchange {
    service: String,
    operation: String,
    params: Value,
    /// What asks for another page than the first.
    tokens: Vec<Value>,
    answer: Written,
}

/// How a question ended.
enum Ended {
    Answer(Value),
    NotSet,
    Unknown,
}

pub(super) struct Oracle<'a> {
    content: &'a Content,
    kinds: &'a BTreeSet<ResourceType>,
    account: String,
    exchanges: Vec<Exchange>,
    /// What must be in the estate, by uid.
    pub(super) resources: BTreeMap<String, Expected>,
    /// What must be in the coverage ledger, and the reasons why it may be unknown; none where it must not.
    pub(super) asked: BTreeMap<Asked, BTreeSet<Reason>>,
    /// What should not have come about.
    pub(super) odd: Vec<(ResourceType, String)>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(
        content: &'a Content,
        kinds: &'a BTreeSet<ResourceType>,
        session: &Session,
        calls: &[Call],
    ) -> Self {
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut exchanges = Vec::new();
        for call in calls {
            let count = counts.entry((&call.service, &call.operation)).or_default();
            let answer = match (session.answer)(call, *count) {
                Written::Output(value) => {
                    Written::Output(compare::known(&call.service, &call.operation, &value))
                }
                error @ Written::Error { .. } => error,
            };
            *count += 1;
            let mut params = call.params.clone().unwrap_or_default();
            let tokens = take_tokens(&call.service, &call.operation, &mut params);
            exchanges.push(Exchange {
                service: call.service.clone(),
                operation: call.operation.clone(),
                params: comparable(&params),
                tokens,
                answer,
            });
        }
        let account = calls.first().map(|call| call.account.clone()).unwrap_or_default();
        Self {
            content,
            kinds,
            account,
            exchanges,
            resources: BTreeMap::new(),
            asked: BTreeMap::new(),
            odd: Vec::new(),
        }
    }

    /// Works everything out.
    pub(super) fn look(&mut self) {
        let content = self.content;
        for definition in content.resources.values() {
            if definition.list.for_each.is_none() && self.kinds.contains(&definition.kind) {
                let place = if definition.scope == Scope::Region { REGION } else { Region::GLOBAL };
                let mut found = self.list(definition, place, None);
                for again in definition.list.again.iter().filter(|again| again.region.as_str() == REGION) {
                    let list = definition.list.made_again(again);
                    found.extend(self.list(&ResourceDefinition { list, ..definition.clone() }, REGION, None));
                }
                self.children(&definition.kind, &found);
            }
        }
    }

    fn children(&mut self, kind: &ResourceType, parents: &[(String, String, Value)]) {
        let content = self.content;
        for child in content.resources.values() {
            if child.list.for_each.as_ref() != Some(kind) || !self.kinds.contains(&child.kind) {
                continue;
            }
            // Where parents may be missing, so may their children.
            let missing = self.missing(kind);
            let asked = self.asked.entry(key(child, &child.service, &child.list.operation)).or_default();
            asked.extend(missing);
            let mut found = Vec::new();
            for (_, region, document) in parents {
                found.extend(self.list(child, region, Some(document)));
            }
            // What contains more of its own type is asked for that too, each once.
            let mut level = if child.list.nested { found.clone() } else { Vec::new() };
            while !level.is_empty() {
                let mut next = Vec::new();
                for (_, region, document) in &level {
                    next.extend(self.list(child, region, Some(document)));
                }
                next.retain(|(uid, ..)| found.iter().all(|(known, ..)| known != uid));
                found.extend(next.clone());
                level = next;
            }
            self.children(&child.kind, &found);
        }
    }

    /// Why the list of a type is not complete.
    fn missing(&self, kind: &ResourceType) -> BTreeSet<Reason> {
        let definition = &self.content.resources[kind];
        let describe = definition.list.describe.as_ref().map(|describe| &describe.operation);
        std::iter::once(&definition.list.operation)
            .chain(describe)
            .filter_map(|operation| self.asked.get(&key(definition, &definition.service, operation)))
            .flatten()
            .copied()
            .collect()
    }

    /// The resources of one list, as uid, region and document.
    fn list(
        &mut self,
        definition: &ResourceDefinition,
        region: &str,
        parent: Option<&Value>,
    ) -> Vec<(String, String, Value)> {
        let list = &definition.list;
        let account = self.account.clone();
        let fill = Fill {
            partition: "aws",
            account: &account,
            region,
            document: None,
            parent,
            item: None,
            job: None,
        };
        let Some(params) = filled(&list.params, fill) else { return Vec::new() };
        let asked = key(definition, &definition.service, &list.operation);
        let (pages, _) = self.pages(definition, &asked, &params, &list.absent);
        let mut found = Vec::new();
        for page in pages {
            let mut items: Vec<Value> = list.items.all(&page).into_iter().cloned().collect();
            items.retain_mut(|item| is_of_use(definition, item));
            let documents = match &list.describe {
                Some(describe) => self.describe(definition, describe, fill, &items),
                None => items,
            };
            for document in documents {
                found.extend(self.finish(definition, fill, document));
            }
        }
        found
    }

    fn describe(
        &mut self,
        definition: &ResourceDefinition,
        describe: &Describe,
        fill: Fill<'_>,
        items: &[Value],
    ) -> Vec<Value> {
        let asked = key(definition, &definition.service, &describe.operation);
        let mut documents = Vec::new();
        for chunk in items.chunks(describe.batch.as_ref().map_or(1, |batch| batch.size)) {
            let item = chunk.first();
            let Some(mut params) = filled(&describe.params, Fill { item, document: item, ..fill }) else {
                continue;
            };
            if let Some(batch) = &describe.batch {
                params[&batch.param] = Value::Array(chunk.to_vec());
            }
            let Ended::Answer(answer) = self.question(definition, &asked, &params, &describe.absent) else {
                continue;
            };
            let mut described: Vec<Value> = describe.items.all(&answer).into_iter().cloned().collect();
            if described.len() < chunk.len() {
                self.asked.entry(asked.clone()).or_default().insert(Reason::Malformed);
            }
            if let (Some(member), Some(item)) = (&describe.keep_item, item) {
                for document in &mut described {
                    document[member] = item.clone();
                }
            }
            for (member, path) in &describe.keep {
                if let Some(value) = path.first(&answer) {
                    for document in &mut described {
                        document[member] = value.clone();
                    }
                }
            }
            documents.append(&mut described);
        }
        documents
    }

    fn finish(
        &mut self,
        definition: &ResourceDefinition,
        fill: Fill<'_>,
        mut document: Value,
    ) -> Option<(String, String, Value)> {
        let identity = &definition.identity;
        for enrich in definition.enrich.iter().filter(|enrich| enrich.before_region) {
            self.enrich(definition, enrich, fill, &document.clone(), &mut document);
        }
        let region = match &identity.region {
            None => fill.region.to_owned(),
            Some(rule) => {
                let told = rule.path.text(&document).unwrap_or_default();
                let told = if told.is_empty() { rule.default.clone() } else { told };
                rule.rename.get(&told).cloned().unwrap_or(told)
            }
        };
        let before = document.clone();
        for enrich in definition.enrich.iter().filter(|enrich| !enrich.before_region) {
            self.enrich(definition, enrich, fill, &before, &mut document);
        }
        let owner = identity.account.as_ref().and_then(|path| path.text(&document));
        let owner = owner.filter(|text| !text.is_empty()).unwrap_or_else(|| self.account.clone());
        let here = Fill { account: &owner, region: &region, document: Some(&document), ..fill };
        let id = identity.id.fill(here).filter(|id| !id.is_empty());
        let uid = identity.arn.fill(here).filter(|arn| !arn.is_empty());
        let (Some(id), Some(uid)) = (id, uid) else {
            let asked = key(definition, &definition.service, &definition.list.operation);
            self.asked.entry(asked).or_default().insert(Reason::Malformed);
            return None;
        };
        let created = identity.created.as_ref().and_then(|path| path.first(&document)).cloned();
        let tags = definition.tags.as_ref().and_then(|path| path.first(&document));
        let expected = Expected {
            kind: definition.kind.clone(),
            id,
            region: region.clone(),
            tags: tags.map(compare::tags).unwrap_or_default(),
            document: compare::canonical(&document),
            secret: definition.secret.clone(),
            created,
        };
        // What is told twice counts once.
        self.resources.entry(uid.clone()).or_insert(expected);
        Some((uid, region, document))
    }

    fn enrich(
        &mut self,
        definition: &ResourceDefinition,
        enrich: &Enrich,
        fill: Fill<'_>,
        read: &Value,
        document: &mut Value,
    ) {
        if enrich.when.as_ref().is_some_and(|condition| !condition.holds(read)) {
            return;
        }
        let fill = Fill { document: Some(read), ..fill };
        let service = enrich.service.as_ref().unwrap_or(&definition.service);
        let mut started = None;
        if let Some(job) = &enrich.job {
            let Some(params) = filled(&job.params, fill) else { return };
            match self.question(
                definition,
                &key(definition, service, &job.operation),
                &params,
                &enrich.absent,
            ) {
                Ended::Unknown => return,
                Ended::NotSet => {
                    document[&enrich.into] = Value::Null;
                    return;
                }
                Ended::Answer(answer) => started = Some(answer),
            }
        }
        let asked = key(definition, service, &enrich.operation);
        let Some(params) = filled(&enrich.params, Fill { job: started.as_ref(), ..fill }) else {
            // An answer that does not say under which number the report is.
            if started.is_some() {
                self.asked.entry(asked).or_default().insert(Reason::Malformed);
            }
            return;
        };
        let value = match self.question(definition, &asked, &params, &enrich.absent) {
            Ended::Unknown => return,
            Ended::NotSet => Value::Null,
            Ended::Answer(answer) => match &enrich.take {
                None => answer,
                Some(path) if enrich.many => path.all(&answer).into_iter().cloned().collect(),
                Some(path) => path.first(&answer).cloned().unwrap_or_default(),
            },
        };
        document[&enrich.into] = value;
    }

    /// The pages that were answered, and whether it ended in an error.
    fn pages(
        &mut self,
        definition: &ResourceDefinition,
        asked: &Asked,
        params: &Value,
        absent: &[String],
    ) -> (Vec<Value>, bool) {
        let params = comparable(params);
        let (_, service, operation) = asked;
        let reasons = self.asked.entry(asked.clone()).or_default();
        let mut pages = Vec::new();
        let (mut is_asked, mut failed) = (false, false);
        let mut followed: Vec<&[Value]> = Vec::new();
        for exchange in &self.exchanges {
            if exchange.service != on_the_wire(service)
                || exchange.operation != *operation
                || exchange.params != params
            {
                continue;
            }
            // The same may be asked twice, also at the same time: each page is the one that the last one names.
            let last = pages.last().map(Value::to_string).unwrap_or_default();
            let is_named = |token: &Value| last.contains(token.as_str().unwrap_or(&token.to_string()));
            let is_next = if exchange.tokens.is_empty() {
                !is_asked
            } else {
                !followed.contains(&exchange.tokens.as_slice()) && exchange.tokens.iter().any(is_named)
            };
            if !is_next {
                continue;
            }
            followed.push(&exchange.tokens);
            is_asked = true;
            match &exchange.answer {
                Written::Output(value) => {
                    // A recording of one page is played again and names the same next page.
                    let again = |token: &Value| has_token(value, token);
                    if exchange.tokens.iter().any(again) {
                        reasons.insert(Reason::EndlessPages);
                        failed = true;
                    }
                    pages.push(value.clone());
                }
                Written::Error { code, .. } if absent.contains(code) => {}
                Written::Error { status, code, .. } => {
                    reasons.insert(reason(*status, code));
                    failed = true;
                }
            }
        }
        let is_closed = reasons.iter().any(|reason| {
            matches!(reason, Reason::NotAnswered | Reason::NotEnabled | Reason::Unauthenticated)
        });
        failed |= !is_asked;
        if !is_asked && !is_closed {
            self.odd.push((definition.kind.clone(), format!("{service} {operation} was not asked {params}")));
        }
        (pages, failed)
    }

    /// One question with all pages of its answer as one.
    fn question(
        &mut self,
        definition: &ResourceDefinition,
        asked: &Asked,
        params: &Value,
        absent: &[String],
    ) -> Ended {
        let (pages, failed) = self.pages(definition, asked, params, absent);
        match pages.into_iter().reduce(joined) {
            Some(answer) if !failed => Ended::Answer(answer),
            None if !failed => Ended::NotSet,
            _ => Ended::Unknown,
        }
    }
}

fn key(definition: &ResourceDefinition, service: &str, operation: &str) -> Asked {
    (definition.kind.clone(), service.to_owned(), operation.to_owned())
}

fn filled(params: &BTreeMap<String, Value>, fill: Fill<'_>) -> Option<Value> {
    fill_value(&Value::Object(params.clone().into_iter().collect::<Map<_, _>>()), fill)
}

/// Takes a paginator's tokens out of parameters.
fn take_tokens(service: &str, operation: &str, params: &mut Value) -> Vec<Value> {
    let service = Models::embedded().service(service).ok();
    let operation = service.as_ref().and_then(|service| service.operation(operation));
    let names = operation.and_then(|operation| operation.paginator()).map(|pages| &pages.input_token);
    let Value::Object(params) = params else { return Vec::new() };
    names.into_iter().flatten().filter_map(|name| params.remove(name)).collect()
}

/// Whether an answer names a token again as that of the next page.
fn has_token(answer: &Value, token: &Value) -> bool {
    answer.as_object().is_some_and(|members| {
        members.iter().any(|(name, value)| name.to_lowercase().starts_with("next") && value == token)
    })
}

/// Parameters in one form. Of ids that begin with the path of their resource, the path is not sent.
fn comparable(params: &Value) -> Value {
    match params {
        Value::String(text) => Value::from(text.strip_prefix("/hostedzone/").unwrap_or(text)),
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), comparable(value))).collect()
        }
        other => other.clone(),
    }
}

/// Two pages as one: lists one after the other, of single values the later one.
fn joined(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Array(first), Value::Array(second)) => first.into_iter().chain(second).collect(),
        (Value::Object(mut first), Value::Object(second)) => {
            for (name, value) in second {
                let value = match first.remove(&name) {
                    Some(before) => joined(before, value),
                    None => value,
                };
                first.insert(name, value);
            }
            Value::Object(first)
        }
        (_, second) => second,
    }
}
