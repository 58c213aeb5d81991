//! Asking: runs every definition in every place, and hands finished items on.
//!
//! A definition without a parent is listed in each place at once; what it finds becomes the parents of the
//! definitions that are listed for each of them. Calls are limited inside the client, so tasks here are cheap.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use fathom_cloud::client::{Account, Client};
use fathom_content::{
    Content, ResourceDefinition,
    resource::{Describe, Enrich, Scope},
    template::{Fill, fill_value},
};
use fathom_estate::Unread;
use fathom_model::{Reason, Region, ResourceType, Uid};
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, mpsc};

use crate::{
    asking::{at_once, failure, read_pages},
    item::{self, Item, Place},
    progress::Progress,
    tally::{Ending, Failure, Key, Tally},
};

/// Items of one listing that are enriched at the same time.
const ITEMS_AT_ONCE: usize = 32;
/// Parents of one listing that are asked at the same time.
const PARENTS_AT_ONCE: usize = 16;
/// Pages that are read ahead of their enrichment.
const PAGES_AHEAD: usize = 4;

/// Everything that the tasks of a scan share.
pub struct Collector {
    client: Client,
    content: Arc<Content>,
    kinds: Option<HashSet<ResourceType>>,
    /// Books of the calls.
    pub tally: Tally,
    /// What could not be read of resources that were.
    pub unread: Mutex<Vec<Unread>>,
    progress: Progress,
    sink: mpsc::Sender<Vec<Item>>,
    /// Lists that several definitions read from the same answer.
    shared: Mutex<HashMap<String, Arc<OnceCell<Arc<Listed>>>>>,
    /// Operations that a place does not answer at all: asked once, not for every item.
    closed: Mutex<HashMap<Key, Failure>>,
}

/// A place to ask: one account in one region.
#[derive(Clone)]
pub struct Spot {
    /// The account, with its credentials.
    pub account: Account,
    /// The region that calls go to.
    pub calls: Region,
    /// The region that resources without a rule of their own are in.
    pub region: Region,
}

/// A resource that children are listed for.
#[derive(Clone)]
struct Parent {
    document: Arc<Value>,
    uid: Uid,
    spot: Spot,
}

#[derive(Default)]
struct Listed {
    pages: Vec<Value>,
    ending: Ending,
}

impl Collector {
    /// A collector that hands its items to `sink`.
    pub fn new(
        client: Client,
        content: Arc<Content>,
        kinds: Option<HashSet<ResourceType>>,
        progress: Progress,
        sink: mpsc::Sender<Vec<Item>>,
    ) -> Self {
        Self {
            client,
            content,
            kinds,
            tally: Tally::default(),
            unread: Mutex::default(),
            progress,
            sink,
            shared: Mutex::default(),
            closed: Mutex::default(),
        }
    }

    /// Reads one account: its global types once, the others in each region. `first` is the account the scan started
    /// from, the only one that is told about its organisation.
    pub async fn account(
        self: &Arc<Self>,
        account: &Account,
        home: &Region,
        regions: &[Region],
        first: bool,
    ) {
        let mut tasks = tokio::task::JoinSet::new();
        for definition in self.roots() {
            let spots: Vec<Spot> = match definition.scope {
                Scope::Organization if !first => continue,
                Scope::Organization | Scope::Global => {
                    vec![Spot { account: account.clone(), calls: home.clone(), region: Region::global() }]
                }
                Scope::Region => regions
                    .iter()
                    .map(|region| Spot {
                        account: account.clone(),
                        calls: region.clone(),
                        region: region.clone(),
                    })
                    .collect(),
            };
            for spot in spots {
                self.plan(&definition, &spot);
                let (this, definition) = (Arc::clone(self), definition.clone());
                tasks.spawn(async move { this.listing(&definition, spot, None).await });
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    fn wanted(&self, definition: &ResourceDefinition) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&definition.kind))
    }

    /// Definitions listed by themselves that are wanted, or that lead to one that is.
    fn roots(&self) -> Vec<ResourceDefinition> {
        self.content
            .resources
            .values()
            .filter(|definition| definition.list.for_each.is_none() && self.leads_to_wanted(definition))
            .cloned()
            .collect()
    }

    fn children(&self, kind: &ResourceType) -> Vec<ResourceDefinition> {
        self.content
            .resources
            .values()
            .filter(|child| child.list.for_each.as_ref() == Some(kind) && self.leads_to_wanted(child))
            .cloned()
            .collect()
    }

    fn leads_to_wanted(&self, definition: &ResourceDefinition) -> bool {
        // `Content` refuses circles, so this ends.
        self.wanted(definition)
            || self.content.resources.values().any(|child| {
                child.list.for_each.as_ref() == Some(&definition.kind) && self.leads_to_wanted(child)
            })
    }

    fn plan(&self, definition: &ResourceDefinition, spot: &Spot) {
        self.tally.plan(key_of(definition, spot, &definition.service, &definition.list.operation));
        self.progress.planned();
    }

    /// Lists one type in one place, or for each parent, then its children.
    fn listing<'a>(
        self: &'a Arc<Self>,
        definition: &'a ResourceDefinition,
        spot: Spot,
        parents: Option<Vec<Parent>>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let children = self.children(&definition.kind);
            let keep = !children.is_empty();
            let found: Vec<Parent> = match parents {
                None => self.list(definition, &spot, None, keep).await,
                Some(parents) => {
                    // An empty set of parents is an answer too, where all parents are known.
                    let failure =
                        definition.list.for_each.as_ref().and_then(|kind| self.unlisted(kind, &spot));
                    self.tally.add(
                        key_of(definition, &spot, &definition.service, &definition.list.operation),
                        Ending { failure, ..Ending::default() },
                    );
                    let asked = parents.into_iter().map(|parent| -> BoxFuture<'_, Vec<Parent>> {
                        Box::pin(async move {
                            let spot = parent.spot.clone();
                            self.list(definition, &spot, Some(&parent), keep).await
                        })
                    });
                    at_once(asked, PARENTS_AT_ONCE).await.into_iter().flatten().collect()
                }
            };
            self.progress.done();
            for child in &children {
                self.plan(child, &spot);
                self.listing(child, spot.clone(), Some(found.clone())).await;
            }
        })
    }

    /// Why the list of a type in a place is not complete, as its children must say it.
    fn unlisted(&self, kind: &ResourceType, spot: &Spot) -> Option<Failure> {
        let parent = self.content.resources.get(kind)?;
        let describe = parent.list.describe.as_ref().map(|describe| &describe.operation);
        let failure = std::iter::once(&parent.list.operation)
            .chain(describe)
            .find_map(|operation| self.tally.failure(&key_of(parent, spot, &parent.service, operation)))?;
        Some(Failure { detail: format!("{kind} could not be listed in full: {}", failure.detail), ..failure })
    }

    async fn list(
        self: &Arc<Self>,
        definition: &ResourceDefinition,
        spot: &Spot,
        parent: Option<&Parent>,
        keep: bool,
    ) -> Vec<Parent> {
        let key = key_of(definition, spot, &definition.service, &definition.list.operation);
        if let Some(failure) = self.closed(&key) {
            self.refuse(key, failure);
            return Vec::new();
        }
        let place = Place {
            partition: &spot.account.partition,
            account: &spot.account.id,
            region: &spot.region,
            parent: parent.map(|parent| &*parent.document),
            parent_uid: parent.map(|parent| &parent.uid),
        };
        let params = Value::Object(definition.list.params.clone().into_iter().collect());
        // A hole that the parent cannot fill means that this parent has none of these.
        let Some(params) = fill_value(&params, place.fill(None)) else { return Vec::new() };

        let mut parents = Vec::new();
        if self.is_shared(definition) {
            let listed = self.list_once(definition, spot, &params).await;
            let mut ending = listed.ending.clone();
            for page in &listed.pages {
                let items: Vec<Value> = definition.list.items.all(page).into_iter().cloned().collect();
                ending.items += items.len() as u64;
                parents.extend(self.take_page(definition, spot, place, items, keep).await);
            }
            self.end(key, definition, ending);
        } else {
            let (page_in, mut page_out) = mpsc::channel(PAGES_AHEAD);
            let asking = read_pages(&self.client, spot, definition, &params, page_in);
            let taking = async {
                let (mut count, mut parents) = (0, Vec::new());
                while let Some(page) = page_out.recv().await {
                    let items = definition.list.items.take_all(page);
                    count += items.len() as u64;
                    parents.extend(self.take_page(definition, spot, place, items, keep).await);
                }
                (count, parents)
            };
            let (mut ending, (count, taken)) = tokio::join!(asking, taking);
            ending.items = count;
            parents = taken;
            self.end(key, definition, ending);
        }
        parents
    }

    fn end(&self, key: Key, definition: &ResourceDefinition, ending: Ending) {
        if let Some(failure) = &ending.failure {
            self.progress.unanswered();
            if definition.list.for_each.is_some() {
                self.close(&key, failure);
            }
        }
        self.tally.add(key, ending);
    }

    fn is_shared(&self, definition: &ResourceDefinition) -> bool {
        let list = &definition.list;
        list.for_each.is_none()
            && self.content.resources.values().any(|other| {
                other.kind != definition.kind
                    && other.service == definition.service
                    && other.list.operation == list.operation
                    && other.list.params == list.params
            })
    }

    async fn list_once(&self, definition: &ResourceDefinition, spot: &Spot, params: &Value) -> Arc<Listed> {
        let name = format!(
            "{} {} {} {} {params}",
            spot.account.id, spot.calls, definition.service, definition.list.operation
        );
        let cell = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shared.entry(name).or_default())
        };
        cell.get_or_init(|| async {
            let (page_in, mut page_out) = mpsc::channel(PAGES_AHEAD);
            let mut pages = Vec::new();
            let (ending, ()) =
                tokio::join!(read_pages(&self.client, spot, definition, params, page_in), async {
                    while let Some(page) = page_out.recv().await {
                        pages.push(page);
                    }
                });
            Arc::new(Listed { pages, ending })
        })
        .await
        .clone()
    }

    /// Finishes the items of one page and hands them on; returns them as parents where children follow.
    async fn take_page(
        self: &Arc<Self>,
        definition: &ResourceDefinition,
        spot: &Spot,
        place: Place<'_>,
        items: Vec<Value>,
        keep: bool,
    ) -> Vec<Parent> {
        let documents = match &definition.list.describe {
            Some(describe) => self.describe(definition, describe, spot, place, items).await,
            None => items,
        };
        let finishing = documents.into_iter().map(|document| -> BoxFuture<'_, Option<(Item, Parent)>> {
            Box::pin(self.finish(definition, spot, place, document))
        });
        let finished = at_once(finishing, ITEMS_AT_ONCE).await;
        let mut items = Vec::new();
        let mut parents = Vec::new();
        for (item, parent) in finished.into_iter().flatten() {
            items.push(item);
            if keep {
                parents.push(parent);
            }
        }
        if self.wanted(definition) && !items.is_empty() {
            self.progress.found(items.len());
            // A closed sink means that the scan was given up; there is nobody left to tell.
            let _ = self.sink.send(items).await;
        }
        parents
    }

    /// The second half of a listing that gives ids only.
    async fn describe(
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
        if let (Some(member), Some(listed)) = (&describe.keep_item, chunk.first()) {
            for document in documents.iter_mut().filter_map(Value::as_object_mut) {
                document.insert(member.clone(), listed.clone());
            }
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
        if let Some(failure) = self.closed(&key) {
            self.refuse(key, failure.clone());
            return Err(failure);
        }
        let mut answer = Value::Null;
        let take = |page| {
            add_page(&mut answer, page);
            std::future::ready(())
        };
        let ended =
            self.client.pages(&spot.account, region, &key.service, &key.operation, params, take).await;
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
                    self.close(&key, &failure);
                    ending.failure = Some(failure.clone());
                    Err(failure)
                }
                None => Ok(None),
            },
        };
        self.tally.add(key, ending);
        result
    }

    /// Enriches a document and makes its resource.
    async fn finish(
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
        let item = match item::build(definition, &document, place, &region) {
            Ok(item) => item,
            Err(problem) => {
                let key = key_of(definition, spot, &definition.service, &definition.list.operation);
                let failure = Failure { reason: Reason::Malformed, permission: None, detail: problem };
                self.refuse(key, failure);
                return None;
            }
        };
        if !unread.is_empty() && self.wanted(definition) {
            let uid = &item.resource.uid;
            self.unread.lock().unwrap_or_else(PoisonError::into_inner).extend(unread.into_iter().map(
                |(attribute, failure)| Unread {
                    uid: uid.clone(),
                    attribute,
                    reason: failure.reason,
                    detail: match failure.permission {
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
        let params = Value::Object(enrich.params.clone().into_iter().collect());
        let fill = Fill { document: Some(document), ..place.fill(None) };
        let params = fill_value(&params, fill)?;
        let service = enrich.service.as_deref().unwrap_or(&definition.service);
        let mut key = key_of(definition, spot, service, &enrich.operation);
        if definition.identity.region.is_some() {
            key.region = region.clone();
        }
        Some(self.ask(key, spot, region, &params, &enrich.absent, enrich.permission.as_ref()).await)
    }

    fn refuse(&self, key: Key, failure: Failure) {
        self.tally.add(key, Ending { failure: Some(failure), ..Ending::default() });
    }

    fn closed(&self, key: &Key) -> Option<Failure> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Remembers an operation that this place will not answer for any other item either.
    fn close(&self, key: &Key, failure: &Failure) {
        let for_all = matches!(
            failure.reason,
            Reason::NotAnswered | Reason::NotEnabled | Reason::RegionDisabled | Reason::Unauthenticated
        );
        if for_all {
            self.closed.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), failure.clone());
        }
    }
}

/// What a row of the coverage ledger is called: global types have one row an account, wherever they are asked.
fn key_of(definition: &ResourceDefinition, spot: &Spot, service: &str, operation: &str) -> Key {
    Key {
        account: spot.account.id.clone(),
        region: if definition.scope == Scope::Region { spot.calls.clone() } else { Region::global() },
        service: service.to_owned(),
        operation: operation.to_owned(),
        kind: Some(definition.kind.clone()),
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
