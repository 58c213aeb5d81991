//! What answers without asking who comes, before and after.

use std::collections::{BTreeMap, BTreeSet};

use fathom_net::Verdict;
use fathom_reach::open::{Open, OpenRow};
use serde::Serialize;

use crate::{Causes, Differs, of_verdict};

/// Something that answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Answering(pub OpenRow);

/// A resource, the rule that opens it, and to whom.
type Key<'a> = (&'a str, &'a str, String);

/// What answers in one of them only, or with another certainty.
pub(crate) fn compare(before: &Open, after: &Open, causes: &Causes) -> Vec<Differs<Answering>> {
    let (old, new) = (by_key(before), by_key(after));
    let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
    let sure = |row: Option<&&OpenRow>| of_verdict(row.map_or(Verdict::No, |row| row.verdict));
    let mut found: Vec<Differs<Answering>> = keys
        .into_iter()
        .filter_map(|key| {
            let (old, new) = (old.get(key), new.get(key));
            let row = new.or(old)?;
            Differs::of(sure(old), sure(new), Answering((*row).clone()), causes)
        })
        .collect();
    found.sort_by(|one, other| {
        let key = |of: &Differs<Answering>| {
            (
                of.turn,
                of.what.0.asks,
                std::cmp::Reverse(of.after),
                of.what.0.resource.clone(),
                of.what.0.rule.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    found
}

/// Of several rows about the same, the surest.
fn by_key(open: &Open) -> BTreeMap<Key<'_>, &OpenRow> {
    let mut all: BTreeMap<Key<'_>, &OpenRow> = BTreeMap::new();
    for row in &open.rows {
        let key = (
            row.resource.as_str(),
            row.rule.as_str(),
            format!("{:?}{}", row.list, if row.resource.is_empty() { row.account.as_str() } else { "" }),
        );
        let known = all.entry(key).or_insert(row);
        if row.verdict > known.verdict {
            *known = row;
        }
    }
    all
}
