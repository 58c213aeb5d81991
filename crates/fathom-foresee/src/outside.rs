//! Whom resources let in from outside their account, before and after.

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{Opening, Openings, Origin};
use fathom_catalogue::Kind as Access;
use fathom_iam::organisation::Asker;
use serde::Serialize;

use crate::{Causes, Differs, Sure, of_answer};

/// Somebody from outside whom a resource lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetIn {
    /// From where.
    pub from: Origin,
    /// The resource.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// The account that owns it.
    pub account: Option<String>,
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// The kind of access.
    pub access: Access,
    /// The actions, sorted.
    pub actions: Vec<String>,
}

/// Actions of which the same becomes.
type Group<'a> = (Option<Sure>, Option<Sure>, Origin, &'a str, &'a Asker, Access);
type Key<'a> = (Origin, &'a str, &'a Asker, Access, &'a str);

/// Who is let in in one of them only, or with another certainty; actions of which the same becomes are told together.
pub(crate) fn compare(before: &Openings, after: &Openings, causes: &Causes) -> Vec<Differs<LetIn>> {
    let (old, new) = (by_key(before), by_key(after));
    let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
    let mut groups: BTreeMap<Group<'_>, (&Opening, Vec<String>)> = BTreeMap::new();
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        let Some((_, row)) = new.or(old) else { continue };
        let (from, resource, asker, access, action) = key;
        let sure = |one: Option<&(Sure, &Opening)>| one.map(|one| one.0);
        let group = (sure(old), sure(new), *from, *resource, *asker, *access);
        if group.0 != group.1 {
            groups.entry(group).or_insert_with(|| (row, Vec::new())).1.push((*action).to_owned());
        }
    }
    let mut found: Vec<Differs<LetIn>> = groups
        .into_iter()
        .filter_map(|((old, new, from, _, asker, access), (row, actions))| {
            let what = LetIn {
                from,
                resource: row.resource.clone(),
                resource_type: row.resource_type.clone(),
                account: row.account.clone(),
                asker: asker.clone(),
                access,
                actions,
            };
            Differs::of(old, new, what, causes)
        })
        .collect();
    found.sort_by(|one, other| {
        let key = |of: &Differs<LetIn>| {
            (
                of.turn,
                of.what.from,
                std::cmp::Reverse(of.what.access),
                of.what.resource.clone(),
                of.what.asker.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    found
}

fn by_key(openings: &Openings) -> BTreeMap<Key<'_>, (Sure, &Opening)> {
    let mut all = BTreeMap::new();
    for row in &openings.rows {
        for permitted in &row.permitted {
            for action in &permitted.actions {
                let key = (row.from, row.resource.as_str(), &row.asker, permitted.access, action.as_str());
                all.insert(key, (of_answer(permitted.decision), row));
            }
        }
    }
    all
}
