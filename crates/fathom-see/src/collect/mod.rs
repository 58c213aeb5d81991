//! Asking: runs every definition in every place, and hands finished items on.
//!
//! A definition without a parent is listed in each place at once; what it finds becomes the parents of the
//! definitions that are listed for each of them. Calls are limited inside the client, so tasks here are cheap.

mod one;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use fathom_cloud::client::Account;
use fathom_content::{Content, ResourceDefinition, resource::Scope, template::fill_value};
use fathom_estate::Unread;
use fathom_model::{AccountId, Reason, Region, ResourceType, Uid};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::{OnceCell, mpsc};

use crate::{
    asking::{Answers, at_once, read_pages},
    common,
    item::{Item, Place},
    progress::Progress,
    scope::TypeIn,
    tally::{Ending, Failure, Key, Tally},
};

/// Items of one listing that are enriched at the same time.
const ITEMS_AT_ONCE: usize = 32;
/// Parents of one listing that are asked at the same time.
const PARENTS_AT_ONCE: usize = 16;
/// Levels of a type that contains itself; organisations have five.
const NESTED_MAX: usize = 32;
/// Pages that are read ahead of their enrichment.
const PAGES_AHEAD: usize = 4;

/// Which resources a scan is to bring home.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// All that are defined.
    Everything,
    /// Those of these types.
    Types(HashSet<ResourceType>),
    /// Those of these types in these places only.
    Places(HashSet<TypeIn>),
}

impl Wanted {
    /// Whether it brings home what is of a type in a place.
    pub(crate) fn wants(&self, kind: &ResourceType, account: &AccountId, region: &Region) -> bool {
        match self {
            Self::Everything => true,
            Self::Types(kinds) => kinds.contains(kind),
            Self::Places(places) => {
                // What is listed for the whole account tells its region itself.
                [region.clone(), Region::global()].into_iter().any(|region| {
                    places.contains(&TypeIn { account: account.clone(), region, kind: kind.clone() })
                })
            }
        }
    }
}

/// Everything that the tasks of a scan share.
pub struct Collector {
    answers: Arc<dyn Answers>,
    content: Arc<Content>,
    /// The types that are listed for each resource of a type.
    listed_for: HashMap<ResourceType, Vec<ResourceType>>,
    wanted: Wanted,
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
    /// The members of the document that could not be read, and why.
    unread: Arc<[(String, Failure)]>,
}

impl Parent {
    /// Why the parameters of a child's listing cannot be filled, where a member that they name was not read.
    fn leaves_open(&self, params: &Value) -> Option<Failure> {
        let wanted = params.to_string();
        let (member, failure) = self.unread.iter().find(|(member, _)| wanted.contains(member.as_str()))?;
        let detail = format!("{member} of {} was not read: {}", self.uid, failure.detail);
        Some(Failure { detail, ..failure.clone() })
    }
}

#[derive(Default)]
struct Listed {
    pages: Vec<Value>,
    ending: Ending,
}

impl Collector {
    /// A collector that hands its items to `sink`.
    pub fn new(
        answers: Arc<dyn Answers>,
        content: Arc<Content>,
        wanted: Wanted,
        progress: Progress,
        sink: mpsc::Sender<Vec<Item>>,
    ) -> Self {
        let mut listed_for: HashMap<_, Vec<_>> = HashMap::new();
        for definition in content.resources.values() {
            if let Some(parent) = &definition.list.for_each {
                listed_for.entry(parent.clone()).or_default().push(definition.kind.clone());
            }
        }
        Self {
            answers,
            content,
            listed_for,
            wanted,
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
            let mut spots: Vec<Spot> = match definition.scope {
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
            spots.retain(|spot| self.leads_to_wanted(definition, spot));
            // Thousands of places share what there is to ask.
            let shared = Arc::new(definition.clone());
            for again in &definition.list.again {
                // What a service keeps for the whole world is asked for in the region that keeps it, where that is in scope.
                for spot in spots.iter().filter(|spot| spot.calls == again.region) {
                    let list = definition.list.made_again(again);
                    let (this, spot) = (Arc::clone(self), spot.clone());
                    let definition = ResourceDefinition { list, ..definition.clone() };
                    self.plan(&definition, &spot);
                    tasks.spawn(async move { this.listing(&definition, spot, None).await });
                }
            }
            for spot in spots {
                self.plan(definition, &spot);
                let (this, definition) = (Arc::clone(self), Arc::clone(&shared));
                tasks.spawn(async move { this.listing(&definition, spot, None).await });
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    fn wanted(&self, definition: &ResourceDefinition, spot: &Spot) -> bool {
        self.wanted.wants(&definition.kind, &spot.account.id, &spot.region)
    }

    /// Definitions listed by themselves.
    fn roots(&self) -> impl Iterator<Item = &ResourceDefinition> {
        self.content.resources.values().filter(|definition| definition.list.for_each.is_none())
    }

    fn children(&self, kind: &ResourceType, spot: &Spot) -> Vec<&ResourceDefinition> {
        self.listed_for(kind).filter(|child| self.leads_to_wanted(child, spot)).collect()
    }

    /// Definitions listed for each resource of a type.
    fn listed_for(&self, kind: &ResourceType) -> impl Iterator<Item = &ResourceDefinition> {
        self.listed_for.get(kind).into_iter().flatten().filter_map(|child| self.content.resources.get(child))
    }

    /// Whether a definition is wanted in a place, or leads to one that is.
    fn leads_to_wanted(&self, definition: &ResourceDefinition, spot: &Spot) -> bool {
        // `Content` refuses circles, so this ends.
        self.wanted(definition, spot)
            || self.listed_for(&definition.kind).any(|child| self.leads_to_wanted(child, spot))
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
            let children = self.children(&definition.kind, &spot);
            let keep = !children.is_empty() || definition.list.nested;
            let mut found: Vec<Parent> = match parents {
                None => self.list(definition, &spot, None, keep).await,
                Some(parents) => {
                    // An empty set of parents is an answer too, where all parents are known.
                    let failure =
                        definition.list.for_each.as_ref().and_then(|kind| self.unlisted(kind, &spot));
                    self.tally.add(
                        key_of(definition, &spot, &definition.service, &definition.list.operation),
                        Ending { failure, ..Ending::default() },
                    );
                    self.list_for(definition, parents, keep).await
                }
            };
            if definition.list.nested {
                // Nobody is asked twice, also where a service says that a thing contains itself.
                let mut asked: HashSet<Uid> = found.iter().map(|one| one.uid.clone()).collect();
                let mut level = found.clone();
                for depth in 1.. {
                    if level.is_empty() {
                        break;
                    }
                    if depth > NESTED_MAX {
                        let detail = format!("more than {NESTED_MAX} levels; what is deeper is not listed");
                        let key = key_of(definition, &spot, &definition.service, &definition.list.operation);
                        self.refuse(key, Failure { reason: Reason::TooLarge, permission: None, detail });
                        break;
                    }
                    level = self.list_for(definition, level, keep).await;
                    level.retain(|one| asked.insert(one.uid.clone()));
                    found.extend(level.iter().cloned());
                }
            }
            self.progress.done();
            for child in children {
                self.plan(child, &spot);
                self.listing(child, spot.clone(), Some(found.clone())).await;
            }
        })
    }

    /// Lists one type for each parent.
    async fn list_for(
        self: &Arc<Self>,
        definition: &ResourceDefinition,
        parents: Vec<Parent>,
        keep: bool,
    ) -> Vec<Parent> {
        let asked = parents.into_iter().map(|parent| -> BoxFuture<'_, Vec<Parent>> {
            Box::pin(async move {
                let spot = parent.spot.clone();
                self.list(definition, &spot, Some(&parent), keep).await
            })
        });
        at_once(asked, PARENTS_AT_ONCE).await.into_iter().flatten().collect()
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
        let Some(params) = fill_value(&params, place.fill(None)) else {
            // A hole that the parent cannot fill means that this parent has none of these, or that what fills it was not
            // read.
            if let Some(failure) = parent.and_then(|parent| parent.leaves_open(&params)) {
                self.refuse(key, failure);
            }
            return Vec::new();
        };

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
            let asking = read_pages(&*self.answers, spot, definition, &params, page_in);
            let taking = async {
                let (mut count, mut parents) = (0, Vec::new());
                while let Some(mut page) = page_out.recv().await {
                    common::trim(definition, &mut page);
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
        common::sharing(&self.content, definition).any(|other| other.kind != definition.kind)
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
                tokio::join!(read_pages(&*self.answers, spot, definition, params, page_in), async {
                    while let Some(mut page) = page_out.recv().await {
                        // Before it is kept: what no account has a use for may be most of it.
                        for one in common::sharing(&self.content, definition) {
                            common::trim(one, &mut page);
                        }
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
        if self.wanted(definition, spot) && !items.is_empty() {
            self.progress.found(items.len());
            // A closed sink means that the scan was given up; there is nobody left to tell.
            let _ = self.sink.send(items).await;
        }
        parents
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
