//! Things of the provider that every account shows alike ([`fathom_content::resource::Common`]): the policies that AWS
//! writes.
//!
//! They come with what an account has of its own, in the same list. One account's list says nothing of what others use,
//! so they are gone only when no account that is known shows them any more.

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::{Content, ResourceDefinition};
use fathom_estate::EstateBuilder;
use fathom_model::{AccountId, Region, Resource, ResourceType};
use fathom_store::Listing;
use serde_json::Value;

use crate::scope::TypeIn;

/// The definitions that one answer serves, the given one among them; none where it is asked for each parent.
pub(crate) fn sharing<'a>(
    content: &'a Content,
    definition: &'a ResourceDefinition,
) -> impl Iterator<Item = &'a ResourceDefinition> {
    let list = &definition.list;
    content.resources.values().filter(move |other| {
        list.for_each.is_none()
            && other.service == definition.service
            && other.list.operation == list.operation
            && other.list.params == list.params
    })
}

/// Takes out of an answer what the asked account has no use for, and what tells of that account.
pub(crate) fn trim(definition: &ResourceDefinition, page: &mut Value) {
    if definition.common.is_none() {
        return;
    }
    definition.list.items.change(page, &mut |item| {
        if definition.common_of(item).is_some_and(|common| !common.trim(item)) {
            // Paths lead past what is null.
            *item = Value::Null;
        }
    });
}

/// The accounts that no scan asks: they only own what all others show.
pub(crate) fn accounts(content: &Content) -> BTreeSet<&AccountId> {
    content.resources.values().filter_map(|definition| Some(&definition.common.as_ref()?.account)).collect()
}

/// Whether another account showed it already: of these that is no news, and no duplicate.
pub(crate) fn is_again(content: &Content, builder: &EstateBuilder, resource: &Resource) -> bool {
    let definition = content.resources.get(&resource.kind);
    let common = definition.and_then(|definition| definition.common.as_ref());
    common.is_some_and(|common| common.account == resource.account) && builder.contains(resource.uid.as_str())
}

/// What may be told of common things from what was listed in accounts: that all accounts were asked, and whether all
/// answered. Nothing is told where an account was not asked that is known to have what the same list gives.
pub(crate) fn listings(
    content: &Content,
    listed: &[Listing],
    known: &BTreeSet<(AccountId, ResourceType)>,
) -> Vec<Listing> {
    let mut told = Vec::new();
    for definition in content.resources.values() {
        let Some(common) = &definition.common else { continue };
        let kinds: BTreeSet<&ResourceType> = sharing(content, definition).map(|one| &one.kind).collect();
        let mut users = known
            .iter()
            .filter(|(account, kind)| *account != common.account && kinds.contains(kind))
            .map(|(account, _)| account);
        // A region's list that was not read leaves open what that account uses.
        let mut read: BTreeMap<&AccountId, bool> = BTreeMap::new();
        for one in listed.iter().filter(|one| one.kind == definition.kind) {
            *read.entry(&one.account).or_insert(true) &= one.read;
        }
        if !read.is_empty() && users.all(|account| read.contains_key(account)) {
            told.push(Listing {
                account: common.account.clone(),
                region: Region::global(),
                kind: definition.kind.clone(),
                read: read.values().all(|read| *read),
            });
        }
    }
    told
}

/// The places to read so that what lies in some is whole: a role that has a policy of the provider attached is told of
/// in the same answer as that policy.
pub(crate) fn with_common(content: &Content, mut places: Vec<TypeIn>) -> Vec<TypeIn> {
    let mut more = BTreeSet::new();
    for place in &places {
        let Some(definition) = content.resources.get(&place.kind) else { continue };
        let beside = sharing(content, definition).filter(|other| other.common.is_some());
        more.extend(beside.map(|other| TypeIn { kind: other.kind.clone(), ..place.clone() }));
    }
    more.retain(|place| !places.contains(place));
    places.extend(more);
    places
}
