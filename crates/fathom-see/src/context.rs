//! What a scan of a part of the estate needs of the rest: the resources that its references lead to, and those that they
//! take their explanations from, as the store holds them.
//!
//! Without them a scan of one type would lose its edges to all others, and what is inherited over them.

use std::collections::{BTreeSet, HashMap, HashSet};

use fathom_content::{Content, template::Fill};
use fathom_estate::{EstateBuilder, Reference, STACK_TYPE, Sure, WantedTags};
use fathom_model::{AccountId, Document, Edge, Resource, ResourceType, Target, Uid};
use fathom_store::{By, Listing, Store, StoreError, StoredResource, Which};
use futures::TryStreamExt as _;

use crate::{item, scan::light};

/// How far an explanation travels beyond the resources that references lead to; with these it is as far as explaining
/// goes.
const STEPS: usize = 3;
/// The most beginnings of an ARN that are tried as the resource whose part it names.
const BEGINNINGS_MAX: usize = 16;

/// Where the rest of the estate comes from.
pub(crate) struct Around<'a> {
    pub store: &'a Store,
    pub content: &'a Content,
    pub wanted: &'a WantedTags,
    /// What this scan listed: what is not among it is gone, whatever the store holds.
    pub read: &'a [Listing],
}

impl Around<'_> {
    /// Adds them as context.
    pub(crate) async fn add_to(
        &self,
        builder: &mut EstateBuilder,
        accounts: &HashSet<AccountId>,
    ) -> Result<(), StoreError> {
        let scanned: Vec<Uid> = builder.uids().cloned().collect();
        if scanned.is_empty() {
            return Ok(());
        }
        let gone = self.gone();
        // Where references led before: also those by names that only documents tell.
        let mut uids: BTreeSet<String> =
            self.store.edges_from(&scanned).await?.iter().filter_map(known).map(Uid::to_string).collect();
        // A reference that leads nowhere gets the type that ARNs of its form have.
        uids.extend(self.store.one_of_each_type().await?.iter().map(Uid::to_string));
        let texts: BTreeSet<&str> = builder.references().iter().map(|one| one.text.as_str()).collect();
        uids.extend(texts.iter().flat_map(|text| beginnings(text)).map(str::to_owned));
        uids.retain(|uid| !builder.contains(uid));
        let texts: Vec<String> =
            texts.into_iter().filter(|text| !builder.contains(text)).map(str::to_owned).collect();
        let uids: Vec<String> = uids.into_iter().collect();
        let mut found = self.store.resources_named(By::Uid, &uids).await?;
        found.extend(expected(builder, self.store.resources_named(By::NativeId, &texts).await?));
        let mut stacks =
            std::pin::pin!(self.store.stream_resources(&Which::of(&ResourceType::new(STACK_TYPE)), true));
        while let Some(page) = stacks.try_next().await? {
            found.extend(page.into_iter().filter(|one| accounts.contains(&one.resource.account)));
        }

        let mut edges: Vec<Edge> = Vec::new();
        let mut ring = self.add(builder, found, &gone);
        for _ in 0..STEPS {
            let handing: Vec<Uid> = ring
                .into_iter()
                .filter(|(_, kind)| self.content.resources.get(kind).is_some_and(|d| !d.inherit.is_empty()))
                .map(|(uid, _)| uid)
                .collect();
            let kinds: HashSet<_> =
                self.content.resources.values().flat_map(|definition| &definition.inherit).collect();
            let mut leaving = self.store.edges_from(&handing).await?;
            leaving.retain(|edge| kinds.contains(&edge.kind) && known(edge).is_some());
            let next: BTreeSet<String> = leaving
                .iter()
                .filter_map(known)
                .filter(|uid| !builder.contains(uid.as_str()))
                .map(Uid::to_string)
                .collect();
            edges.append(&mut leaving);
            let next: Vec<String> = next.into_iter().collect();
            ring = self.add(builder, self.store.resources_named(By::Uid, &next).await?, &gone);
            if ring.is_empty() {
                break;
            }
        }
        for edge in edges {
            // What was let go meanwhile leads nowhere.
            if builder.contains(edge.to.as_str()) {
                builder.refer(Reference {
                    text: edge.to.as_str().to_owned(),
                    from: edge.from,
                    kind: edge.kind,
                    to: Vec::new(),
                    path: edge.path,
                    sure: Sure::Declared,
                });
            }
        }
        Ok(())
    }

    /// Places that were listed in full, by account and type.
    fn gone(&self) -> HashSet<(&AccountId, &ResourceType, &str)> {
        let read = self.read.iter().filter(|one| one.read);
        read.map(|one| (&one.account, &one.kind, one.region.as_str())).collect()
    }

    /// Adds resources that are not there yet and not gone; gives those that were added.
    fn add(
        &self,
        builder: &mut EstateBuilder,
        found: Vec<StoredResource>,
        gone: &HashSet<(&AccountId, &ResourceType, &str)>,
    ) -> Vec<(Uid, ResourceType)> {
        let empty = Document::from_canonical("null");
        let mut added = Vec::new();
        for StoredResource { resource, .. } in found {
            let listed = [resource.region.as_str(), fathom_model::Region::GLOBAL]
                .into_iter()
                .any(|region| gone.contains(&(&resource.account, &resource.kind, region)));
            if listed {
                continue;
            }
            let also = self.also(&resource);
            if builder.add_context(light(&resource, self.content, self.wanted, &empty), also) {
                added.push((resource.uid, resource.kind));
            }
        }
        added
    }

    /// The names that a resource's document gives it beside its id.
    fn also(&self, resource: &Resource) -> Vec<String> {
        let Some(definition) = self.content.resources.get(&resource.kind) else { return Vec::new() };
        if definition.identity.also.is_empty() && definition.identity.also_as.is_empty() {
            return Vec::new();
        }
        let document = resource.document.value();
        let fill = Fill {
            partition: resource.uid.as_str().split(':').nth(1).unwrap_or("aws"),
            account: resource.account.as_str(),
            region: resource.region.as_str(),
            document: Some(&document),
            ..Fill::default()
        };
        item::also(definition, &document, fill)
    }
}

/// Of the resources that share an id, those that a reference may mean: of a type that it expects.
fn expected(builder: &EstateBuilder, found: Vec<StoredResource>) -> Vec<StoredResource> {
    let mut types: HashMap<&str, HashSet<&ResourceType>> = HashMap::new();
    for reference in builder.references() {
        types.entry(&reference.text).or_default().extend(&reference.to);
    }
    let means = |resource: &Resource| {
        resource.id.starts_with("arn:")
            || types.get(resource.id.as_str()).is_some_and(|kinds| kinds.contains(&resource.kind))
    };
    found.into_iter().filter(|one| means(&one.resource)).collect()
}

fn known(edge: &Edge) -> Option<&Uid> {
    match &edge.to {
        Target::Known { uid } => Some(uid),
        Target::Unresolved { .. } => None,
    }
}

/// A text, and where it is an ARN what it begins with: it may name a part of a resource.
fn beginnings(text: &str) -> Vec<&str> {
    let mut all = vec![text];
    if text.starts_with("arn:") {
        let cuts = text.rmatch_indices(['/', ':']).take(BEGINNINGS_MAX);
        all.extend(cuts.filter_map(|(at, _)| text.get(..at)).filter(|text| text.split(':').count() >= 6));
    }
    all
}
