//! Resources and edges of written documents, as a scan makes them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use fathom_content::{Content, Declarations};
use fathom_estate::{EstateBuilder, WantedTags};
use fathom_model::{AccountId, Document, Partition, Region, Resource, Target, Uid};
use fathom_store::{CoverageQuery, Laid, Overlay, Store, StoreError, Which};
use futures::TryStreamExt as _;

use super::{Change, Page, Pages};
use crate::{
    context::Around,
    item::{self, Item, Place},
};

/// Makes the overlay of written pages.
pub(super) async fn lay(
    store: &Store,
    content: &Content,
    pages: Pages,
    mut gone: BTreeSet<Uid>,
    changes: &mut [Change],
) -> Result<Overlay, StoreError> {
    let mut builder = EstateBuilder::of(content);
    let accounts: HashSet<AccountId> = store
        .coverage_accounts(&CoverageQuery::default())
        .await?
        .into_iter()
        .map(|(account, _)| AccountId::from(account))
        .collect();
    builder.in_scope(accounts.iter().cloned());
    let mut overlay = Overlay::default();
    let parents = parents(store, content, &pages).await?;
    for (uid, page) in pages {
        if gone.contains(&uid) {
            continue;
        }
        let parts = page.not_known.clone();
        let mut not_known = BTreeMap::new();
        for (path, why) in &parts {
            let member = path.split('.').next().unwrap_or(path);
            not_known.entry(member.to_owned()).or_insert_with(|| why.clone());
        }
        let item = match item_of(content, &uid, page, parents.get(&uid)) {
            Ok(item) => item,
            Err(why) => {
                for change in changes.iter_mut().filter(|change| change.resources.contains(&uid)) {
                    change.not_known.push(why.clone());
                }
                continue;
            }
        };
        // Another name is another resource.
        if item.resource.uid != uid {
            gone.insert(uid.clone());
            for change in changes.iter_mut().filter(|change| change.resources.contains(&uid)) {
                change.resources.push(item.resource.uid.clone());
            }
        }
        let laid = Laid { resource: item.resource.clone(), edges: Vec::new(), not_known, parts };
        overlay.laid.insert(item.resource.uid.clone(), laid);
        builder.add(item.resource, item.also);
        item.references.into_iter().for_each(|reference| builder.refer(reference));
    }
    overlay.gone = gone;
    let wanted = WantedTags::of(&Declarations::default());
    Around { store, content, wanted: &wanted, read: &[] }.add_to(&mut builder, &accounts).await?;
    let mut edges: HashMap<Uid, Vec<_>> = HashMap::new();
    for edge in builder.build().edges() {
        edges.entry(edge.from.clone()).or_default().push(edge.clone());
    }
    for (uid, laid) in &mut overlay.laid {
        laid.edges = edges.remove(uid).unwrap_or_default();
    }
    Ok(overlay)
}

/// The resources that others were listed for, which only the edges between them tell.
async fn parents(
    store: &Store,
    content: &Content,
    pages: &Pages,
) -> Result<HashMap<Uid, Resource>, StoreError> {
    let is_listed_for = |page: &Page| {
        let definition = content.resources.get(&page.kind);
        page.before.is_some() && definition.is_some_and(|one| one.list.for_each.is_some())
    };
    let children: Vec<Uid> =
        pages.iter().filter(|(_, page)| is_listed_for(page)).map(|(uid, _)| uid.clone()).collect();
    let mut found = HashMap::new();
    if children.is_empty() {
        return Ok(found);
    }
    for edge in store.edges_from(&children).await?.into_iter().filter(|edge| edge.path.as_str() == "parent") {
        let Target::Known { uid } = edge.to else { continue };
        let which = Which { uids: vec![uid], ..Which::all() };
        let parent = store.stream_resources(&which, true).try_concat().await?;
        found.extend(parent.into_iter().map(|one| (edge.from.clone(), one.resource)));
    }
    Ok(found)
}

fn item_of(content: &Content, uid: &Uid, page: Page, parent: Option<&Resource>) -> Result<Item, String> {
    let Some(definition) = content.resources.get(&page.kind) else {
        return Err(format!("no scan reads {}", page.kind));
    };
    let mut document = page.document;
    item::normalise(definition, &mut document);
    let partition = Partition::from(uid.as_str().split(':').nth(1).unwrap_or("aws"));
    let (account, region) = (AccountId::from(page.account.as_str()), Region::new(&page.region));
    let (parent, parent_uid) = (parent.map(|one| one.document.value()), parent.map(|one| &one.uid));
    let place = Place {
        partition: &partition,
        account: &account,
        region: &region,
        parent: parent.as_ref(),
        parent_uid,
    };
    let built = item::build(definition, &content.references, &document, place, &region);
    match (built, page.before) {
        // What hangs on another by its call keeps its name.
        (Err(_), Some(before)) => {
            let exposed = definition.exposed_when.iter().any(|condition| condition.holds(&document));
            let document = Document::without(document, &definition.volatile);
            let resource = Resource { document, exposed, ..before };
            Ok(Item { resource, also: Vec::new(), references: Vec::new(), cut: false })
        }
        (built, _) => built,
    }
}
