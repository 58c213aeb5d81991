//! How a finding is put right: fills the fix of its check with what the last scans read, and asks the check of the estate with the
//! change made.

use std::collections::BTreeMap;

use fathom_access::AccessError;
use fathom_checks::{Check, Checks, Filled, Status, holds_choice};
use fathom_content::Content;
use fathom_model::{Resource, Target, Timestamp, Uid};
use fathom_store::{Store, Which};
use futures::TryStreamExt as _;
use serde::Serialize;
use serde_json::Value;

use crate::{Ground, subject};

/// What the check says of the estate with the fix made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// Its answer.
    pub status: Status,
    /// Whether the change holds what people choose: another choice may give another answer.
    pub with_choices: bool,
    /// What could not be read, where it is unknown.
    pub missing: Vec<String>,
}

/// Resources with the descriptions that they would have.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// Each with its description.
    pub documents: Vec<(Resource, Value)>,
    /// Whether they hold what people choose.
    pub with_choices: bool,
}

/// Fills the fix of the one check of `checks` for a resource; none where no scan read it. The checks are those of
/// [`Checks::with_fixes`], and the ground was loaded with them.
pub fn fill(checks: &Checks, ground: &Ground<'_>, resource: &Resource) -> Option<Filled> {
    let check = checks.all.first()?;
    let seen = ground.seen.get(resource.uid.as_str())?;
    Some(check.fill(&subject(seen), &resource.id, ground))
}

/// What a check says of a resource, with what is not known.
pub fn answer(check: &Check, ground: &Ground<'_>, uid: &str) -> Option<(Status, Vec<String>)> {
    let seen = ground.seen.get(uid)?;
    let answer = check.ask(&subject(seen), ground);
    Some((answer.status, answer.missing))
}

/// The resources whose descriptions a filled fix changes.
///
/// # Errors
/// When the store fails.
pub async fn copied(store: &Store, resource: &Resource, filled: &Filled) -> Result<Copied, AccessError> {
    let mut documents = Vec::new();
    let mut with_choices = false;
    if let Some(then) = &filled.then {
        with_choices |= holds_choice(then);
        if resource.document.value() != *then {
            documents.push((resource.clone(), then.clone()));
        }
    }
    if !filled.others.is_empty() {
        let edges = store.edges_of(&resource.uid).await?;
        let to = edges.outgoing.iter().filter_map(|edge| match &edge.to {
            Target::Known { uid } => Some(uid.clone()),
            Target::Unresolved { .. } => None,
        });
        let uids: Vec<Uid> = to.chain(edges.incoming.iter().map(|edge| edge.from.clone())).collect();
        let which = Which { uids, ..Which::all() };
        let beside = store.stream_resources(&which, true).try_concat().await?;
        let mut taken: BTreeMap<Uid, (Resource, Value)> = BTreeMap::new();
        for (was, then) in &filled.others {
            let found = beside.iter().map(|one| &one.resource).find(|one| one.document.value() == *was);
            if let Some(found) = found {
                taken.insert(found.uid.clone(), (found.clone(), then.clone()));
            }
        }
        documents.extend(taken.into_values());
    }
    Ok(Copied { documents, with_choices })
}

impl Proven {
    /// Asks the check of a resource in another state of the estate; none where it is not there.
    ///
    /// # Errors
    /// When the store fails, or what is known of actions and keys cannot be read.
    pub async fn of(
        after: &Store,
        content: &Content,
        checks: &Checks,
        (uid, with_choices): (&str, bool),
        now: Timestamp,
    ) -> Result<Option<Self>, AccessError> {
        let Some(check) = checks.all.first() else { return Ok(None) };
        let ground = Ground::load(after, content, checks, now).await?;
        let told = answer(check, &ground, uid);
        Ok(told.map(|(status, missing)| Self { status, with_choices, missing }))
    }
}
