//! What users and roles may do, before and after: of those whose policies are others, on everything; of all, on resources whose
//! own policies are.

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{AccessError, Answer, ChangedRow, Effect, Permissions, Permitted, is_member};
use fathom_catalogue::Kind as Access;
use fathom_iam::{
    Context,
    organisation::{Asker, Target},
};
use fathom_model::{ResourceType, Uid};
use fathom_store::{Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::{ForeseeError, State};

/// Users and roles that are asked about everything.
const PRINCIPALS_MAX: usize = 200;
/// Resources of which everybody is asked.
const RESOURCES_MAX: usize = 500;
/// The most rows.
const ROWS_MAX: usize = 10_000;

const PRINCIPALS: [&str; 2] = ["AWS::IAM::User", "AWS::IAM::Role"];
const GROUP: &str = "AWS::IAM::Group";
const ORGANISATION: &str = "AWS::Organizations::";

/// What one may do: by who, on what, of which kind, which action.
type Allowed = BTreeMap<(Asker, String, Option<String>, Access, String), Answer>;

/// What is permitted in one of them only, or with another certainty.
pub(crate) async fn compare(
    (old_store, old): (&Store, &State),
    (new_store, new): (&Store, &State),
    touched: &BTreeMap<Uid, Vec<String>>,
    not_asked: &mut Vec<String>,
) -> Result<Vec<ChangedRow>, ForeseeError> {
    let touched: BTreeSet<&str> = touched.keys().map(Uid::as_str).collect();
    let mut names = holders(old_store, &touched).await?;
    names.extend(holders(new_store, &touched).await?);
    // Service control policies bind whole accounts.
    let (before, after) = (&*old.ground.permissions, &*new.ground.permissions);
    if touched.iter().any(|uid| uid.contains(":organizations:")) {
        names
            .extend((0..).map_while(|number| after.index.principal(number)).map(|(name, _)| name.to_owned()));
    }
    if names.len() > PRINCIPALS_MAX {
        not_asked.push(format!(
            "what {} of {} users and roles may do that the change is about was not asked, being too many",
            names.len() - PRINCIPALS_MAX,
            names.len()
        ));
    }
    let names: Vec<String> = names.into_iter().take(PRINCIPALS_MAX).collect();
    let (mut was, mut is) = (Allowed::new(), Allowed::new());
    for (permissions, allowed) in [(before, &mut was), (after, &mut is)] {
        for name in &names {
            of_principal(permissions, name, allowed)?;
        }
    }
    let both = |uid: &&&str| before.resources.contains_key(**uid) && after.resources.contains_key(**uid);
    let resources: Vec<&&str> = touched.iter().filter(both).collect();
    if resources.len() > RESOURCES_MAX {
        not_asked.push(format!(
            "who may do what to {} of {} changed resources was not asked, being too many",
            resources.len() - RESOURCES_MAX,
            resources.len()
        ));
    }
    for uid in resources.into_iter().take(RESOURCES_MAX) {
        for (permissions, allowed) in [(before, &mut was), (after, &mut is)] {
            of_resource(permissions, uid, allowed)?;
        }
    }
    // A thing that is made or taken away is not a permission that somebody gains or loses.
    let is_there = |resource: &str| {
        let thing = resource.strip_suffix("/*").unwrap_or(resource);
        thing == "*" || (before.resources.contains_key(thing) && after.resources.contains_key(thing))
    };
    Ok(rows(&was, &is, is_there, not_asked))
}

fn rows(
    was: &Allowed,
    is: &Allowed,
    is_there: impl Fn(&str) -> bool,
    not_asked: &mut Vec<String>,
) -> Vec<ChangedRow> {
    type Key = (Effect, std::cmp::Reverse<Access>, Asker, String, Option<Answer>, Option<Answer>);
    let mut groups: BTreeMap<Key, (Option<String>, Vec<String>)> = BTreeMap::new();
    let keys: BTreeSet<&(Asker, String, Option<String>, Access, String)> =
        was.keys().chain(is.keys()).collect();
    for key in keys {
        let (before, after) = (was.get(key).copied(), is.get(key).copied());
        let (asker, resource, kind, access, action) = key;
        let Some(effect) = Effect::of(before, after).filter(|_| is_there(resource)) else { continue };
        let group = (effect, std::cmp::Reverse(*access), asker.clone(), resource.clone(), before, after);
        groups.entry(group).or_insert_with(|| (kind.clone(), Vec::new())).1.push(action.clone());
    }
    if groups.len() > ROWS_MAX {
        not_asked.push(format!("{} more changed permissions are not listed", groups.len() - ROWS_MAX));
    }
    let row = |((effect, access, asker, resource, before, after), (resource_type, actions)): (
        Key,
        (Option<String>, Vec<String>),
    )| {
        ChangedRow { effect, asker, resource, resource_type, access: access.0, before, after, actions }
    };
    groups.into_iter().take(ROWS_MAX).map(row).collect()
}

fn of_principal(permissions: &Permissions, name: &str, allowed: &mut Allowed) -> Result<(), AccessError> {
    let Ok(number) = permissions.principal(name) else { return Ok(()) };
    let Some((principal, kind)) = permissions.index.principal(number) else { return Ok(()) };
    let asker = Asker { kind, principal: principal.to_owned() };
    for row in permissions.what_can(number, &Context::new())?.rows {
        for resource in &row.resources {
            add(&asker, resource, row.resource_type.as_ref(), &row.permitted, allowed);
        }
    }
    Ok(())
}

fn of_resource(permissions: &Permissions, uid: &str, allowed: &mut Allowed) -> Result<(), AccessError> {
    let Some(resource) = permissions.resources.get(uid) else { return Ok(()) };
    let target: &Target = &resource.target;
    let found = match permissions.what_on(target, &Context::new()) {
        Ok(found) => found,
        Err(AccessError::NoAction { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    // Whom it lets in from outside is told there.
    for row in found.rows.iter().filter(|row| is_member(row.asker.kind)) {
        add(&row.asker, uid, Some(&resource.kind), &row.permitted, allowed);
    }
    Ok(())
}

fn add(asker: &Asker, resource: &str, kind: Option<&String>, permitted: &[Permitted], allowed: &mut Allowed) {
    for one in permitted {
        for action in &one.actions {
            let key = (asker.clone(), resource.to_owned(), kind.cloned(), one.access, action.clone());
            allowed.insert(key, one.decision);
        }
    }
}

/// The users and roles that are touched, by themselves or by what they have: a policy, a boundary, a group.
async fn holders(store: &Store, touched: &BTreeSet<&str>) -> Result<BTreeSet<String>, StoreError> {
    let policies = |document: &Value| -> Vec<String> {
        let attached = document["AttachedManagedPolicies"].as_array().into_iter().flatten();
        let attached = attached.filter_map(|one| one["PolicyArn"].as_str());
        let boundary = document["PermissionsBoundary"]["PermissionsBoundaryArn"].as_str();
        attached.chain(boundary).map(str::to_owned).collect()
    };
    let is_touched = |uid: &str, document: &Value| {
        touched.contains(uid) || policies(document).iter().any(|arn| touched.contains(arn.as_str()))
    };
    let is_iam = touched.iter().any(|uid| uid.contains(":iam:"));
    let mut found = BTreeSet::new();
    if !is_iam || touched.iter().all(|uid| uid.contains(ORGANISATION)) {
        return Ok(found);
    }
    let mut groups: BTreeSet<(String, String)> = BTreeSet::new();
    for kinds in [&[GROUP][..], &PRINCIPALS[..]] {
        let which = Which { kinds: kinds.iter().copied().map(ResourceType::from).collect(), ..Which::all() };
        let mut chunks = std::pin::pin!(store.stream_resources(&which, true));
        while let Some(chunk) = chunks.try_next().await? {
            for one in chunk {
                let (resource, document) = (&one.resource, one.resource.document.value());
                let uid = resource.uid.as_str();
                let account = resource.account.as_str();
                let of_group = |name: &Value| {
                    name.as_str().is_some_and(|name| groups.contains(&(account.to_owned(), name.to_owned())))
                };
                let in_group = document["GroupList"].as_array().into_iter().flatten().any(of_group);
                if !is_touched(uid, &document) && !in_group {
                    continue;
                }
                if resource.kind.as_str() == GROUP {
                    groups.insert((account.to_owned(), resource.id.clone()));
                } else {
                    found.insert(uid.to_owned());
                }
            }
        }
    }
    Ok(found)
}
