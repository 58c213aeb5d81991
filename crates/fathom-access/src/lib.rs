//! Who can do what over the estate: reads out of the store what has a say, and asks the evaluator.
//!
//! [`load`] makes an [`Organisation`] of what the last scans saw, for one question; [`Permissions`] holds all that has a say,
//! for questions about everyone and everything. [`target`] finds the resource that a person means.
//!
//! **Invariant:** what no scan read is told to the organisation, so that answers that depend on it are unknown.

mod centre;
mod decrypt;
mod escalation;
mod keys;
mod matrix;
mod openings;
mod permissions;
mod secrets;
mod seen;
mod standing;
mod unread;
mod visit;
mod wanted;
mod what_can;
mod what_if;

pub use centre::{Assigned, Assignee, Centre};
pub use decrypt::{Encryption, KeyStep, Says, Under, WithKey};
pub use escalation::Escalating;
use std::collections::BTreeSet;

use fathom_catalogue::CatalogueError;
use fathom_content::ContentError;
use fathom_iam::organisation::{Builder, Found, Organisation, Target, guards};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{Store, StoreError, StoredResource, Which, WhichEdges};
use futures::TryStreamExt as _;
pub use keys::{Counts, Custody, GrantReport, Grantee, KeyReport, Keys, Rotation, Who};
pub use matrix::{By, Grid, GridColumn, GridQuestion, GridRow, Mark};
pub use openings::{Opening, Openings, Origin};
pub use permissions::{Answer, OnRow, Permissions, Permitted, Resource, WhatOn, is_member, on_objects};
pub use secrets::{Reader, SecretReport, Secrets};
pub use seen::{Seen, seen, seen_of};
pub use standing::{Basis, Before, Standing};
use unread::parts;
pub use unread::{Listings, Unread, unread};
pub use visit::{AccessRow, Tell};
pub use wanted::{Wanted, account_of, name_of};
pub use what_can::{CanRow, WhatCan};
pub use what_if::{ChangedRow, Effect, WhatIf};

/// Why a question could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A text means several resources.
    #[error("`{text}` may mean several resources; name one:\n  {}", .found.join("\n  "))]
    Ambiguous {
        /// What was written.
        text: String,
        /// What it may mean, some of it.
        found: Vec<String>,
    },
    /// The rules of escalation cannot be used.
    #[error(transparent)]
    Rules(#[from] fathom_escalate::RulesError),
    /// The catalogue of actions cannot be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// What is known of keys and vendors cannot be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// Nobody is called so.
    #[error(
        "no user or role is called `{name}`; write an ARN or a name, or an account's id for its root user"
    )]
    Nobody {
        /// What was written.
        name: String,
    },
    /// The catalogue has no action for such a resource.
    #[error("the catalogue of actions knows none on {resource}; ask of one action with `fathom who-can`")]
    NoAction {
        /// The resource.
        resource: String,
    },
    /// A question is not of its form.
    #[error("{0}")]
    Question(String),
    /// A text means nothing that is known.
    #[error("nothing is called `{text}`; write an ARN, or the id or name of something that was scanned")]
    Nothing {
        /// What was written.
        text: String,
    },
}

/// Meanings of a text that are named.
const NAMED: u32 = 10;
/// The types of an organisation are asked once, those of an account in each.
const ORGANISATION: &str = "AWS::Organizations::";
/// The calls without whose answer a list is not whole. Others add members to documents, whose gaps say it.
const LISTINGS: [&str; 8] = [
    "DescribeOrganization",
    "DescribePolicy",
    "GetAccountAuthorizationDetails",
    "GetPublicAccessBlock",
    "ListAccounts",
    "ListOrganizationalUnitsForParent",
    "ListPolicies",
    "ListRoots",
];

/// Reads what has a say in who can do something to a resource, as of the last scans.
///
/// # Errors
/// When the store fails.
pub async fn load(store: &Store, target: &Target, now: Timestamp) -> Result<Organisation, StoreError> {
    load_with(store, target, &[], now).await
}

/// The same, with the keys that have a say beside the resource, by ARN.
///
/// # Errors
/// When the store fails.
pub async fn load_with(
    store: &Store,
    target: &Target,
    keys: &[&str],
    now: Timestamp,
) -> Result<Organisation, StoreError> {
    let mut builder = everyone(store, now).await?;
    let guards: Vec<Uid> = guards(&target.arn).chain(keys.iter().copied()).map(Uid::from).collect();
    let mut unread = Unread::new();
    for uid in &guards {
        if let Some(unknown) = store.unknown_of(uid, now).await? {
            unread.insert(uid.clone(), parts(unknown.gaps));
        }
    }
    if !guards.is_empty() {
        add(store, &Which { uids: guards, ..Which::all() }, &unread, &mut builder).await?;
    }
    Ok(builder.build())
}

/// Reads what has a say in who can do something to any resource, as of the last scans.
///
/// # Errors
/// When the store fails.
pub async fn load_all(store: &Store, now: Timestamp) -> Result<Organisation, StoreError> {
    let mut builder = everyone(store, now).await?;
    let known: Vec<&str> = Builder::kinds().collect();
    let kinds: Vec<ResourceType> =
        Builder::guarding().filter(|kind| !known.contains(kind)).map(ResourceType::from).collect();
    let unread = unread(store, &kinds, now).await?;
    add(store, &Which { kinds, ..Which::all() }, &unread, &mut builder).await?;
    Ok(builder.build())
}

/// Reads what resources themselves say of who can do something to them, of code that nothing is known of but itself. What binds
/// whole accounts is not in such code and is left out of account.
///
/// # Errors
/// When the store fails.
pub async fn load_alone(store: &Store, now: Timestamp) -> Result<Organisation, StoreError> {
    let mut builder = Builder::default();
    let known: BTreeSet<&str> = Builder::kinds().chain(Builder::guarding()).collect();
    let kinds: Vec<ResourceType> = known.into_iter().map(ResourceType::from).collect();
    let unread = unread(store, &kinds, now).await?;
    let which = Which { kinds, ..Which::all() };
    add(store, &which, &unread, &mut builder).await?;
    let mut found = std::pin::pin!(store.stream_resources(&which, false));
    while let Some(chunk) = found.try_next().await? {
        for stored in &chunk {
            builder.alone(stored.resource.account.as_str());
        }
    }
    Ok(builder.build())
}

/// Reads who there is, and what binds them.
async fn everyone(store: &Store, now: Timestamp) -> Result<Builder, StoreError> {
    let kinds: Vec<ResourceType> = Builder::kinds().map(ResourceType::from).collect();
    let mut builder = Builder::default();
    coverage(store, &kinds, &mut builder).await?;
    let unread = unread(store, &kinds, now).await?;
    let units = add(store, &Which { kinds, ..Which::all() }, &unread, &mut builder).await?;
    if !units.is_empty() {
        let which = WhichEdges { from: units, ..WhichEdges::default() };
        let mut edges = std::pin::pin!(store.stream_edges(&which));
        while let Some(chunk) = edges.try_next().await? {
            for edge in chunk.iter().filter(|edge| edge.kind.as_str() == "part_of") {
                builder.part_of(last(edge.from.as_str()), last(edge.to.as_str()));
            }
        }
    }
    Ok(builder)
}

/// Adds resources, and gives back which of them are organisational units.
async fn add(
    store: &Store,
    which: &Which,
    unread: &Unread,
    builder: &mut Builder,
) -> Result<Vec<Uid>, StoreError> {
    let mut units = Vec::new();
    let mut found = std::pin::pin!(store.stream_resources(which, true));
    while let Some(chunk) = found.try_next().await? {
        for stored in chunk {
            let resource = &stored.resource;
            if resource.kind.as_str() == "AWS::Organizations::OrganizationalUnit" {
                units.push(resource.uid.clone());
            }
            builder.add(Found {
                kind: resource.kind.as_str(),
                uid: resource.uid.as_str(),
                account: resource.account.as_str(),
                document: &resource.document.value(),
                unread: unread.get(&resource.uid).map(Vec::as_slice).unwrap_or_default(),
            });
        }
    }
    Ok(units)
}

/// The id at the end of an ARN of the organisation.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// Tells which accounts were scanned, and which lists could not be read or were never asked for.
async fn coverage(store: &Store, kinds: &[ResourceType], builder: &mut Builder) -> Result<(), StoreError> {
    let listings = Listings::of(store, kinds, &LISTINGS).await?;
    for (account, kind, why) in listings.cut() {
        builder.unlisted(account, kind, why);
    }
    let (tree, own): (Vec<&str>, Vec<&str>) =
        Builder::kinds().partition(|kind| kind.starts_with(ORGANISATION));
    for account in &listings.accounts {
        builder.account(account);
        for kind in &own {
            if !listings.is_asked(account, kind) {
                builder.unlisted(account, kind, &format!("no scan asked for {kind}"));
            }
        }
    }
    for kind in tree {
        if !listings.is_asked_of_any(kind) {
            builder.unlisted("", kind, &format!("no scan asked for {kind}"));
        }
    }
    Ok(())
}

/// The resource that a person means for an action: an ARN, an id or a name; `*` where the action has none.
///
/// # Errors
/// When the text means nothing, or several.
pub async fn target(store: &Store, action: &str, text: &str) -> Result<Target, AccessError> {
    if text == "*" {
        return Ok(Target { arn: text.to_owned(), account: None, seen: true });
    }
    let mut found = store.find(text, NAMED + 1).await?;
    if text.starts_with("arn:") {
        // The beginning of an ARN may be another's: here it means itself.
        found.retain(|one| one.resource.uid.as_str() == text);
    }
    if found.len() > 1 {
        // Of several of one name, the action's service has the one that is meant.
        let service = service_of(action);
        let of_service =
            |one: &StoredResource| one.resource.uid.as_str().split(':').nth(2) == Some(service.as_str());
        if found.iter().any(of_service) {
            found.retain(of_service);
        }
    }
    match found.as_slice() {
        [one] => Ok(Target {
            arn: one.resource.uid.as_str().to_owned(),
            account: Some(one.resource.account.as_str().to_owned()),
            seen: true,
        }),
        // Parts of resources, such as objects of buckets, are no resources of the estate.
        [] if text.starts_with("arn:") => Ok(Target { arn: text.to_owned(), account: None, seen: false }),
        [] => Err(AccessError::Nothing { text: text.to_owned() }),
        many => Err(AccessError::Ambiguous {
            text: text.to_owned(),
            found: many.iter().take(NAMED as usize).map(|one| one.resource.uid.as_str().to_owned()).collect(),
        }),
    }
}

/// The service whose resources an action is about, as ARNs name it.
fn service_of(action: &str) -> String {
    let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
    // Roles are assumed through STS and are resources of IAM.
    if service == "sts" { "iam".to_owned() } else { service }
}
