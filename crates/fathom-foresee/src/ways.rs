//! How an intruder would walk, before and after.

use std::collections::{BTreeMap, BTreeSet};

use fathom_intrude::{Ground, IntrudeError, Named, Paths, Query, Story, Walk};
use fathom_paths::{Entry, Jewel};
use serde::Serialize;

use crate::{Causes, Differs, Sure, of_level};

/// What an intruder would come by, from one kind of beginning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Walked {
    /// What kind of loss it is.
    pub jewel: Jewel,
    /// What is lost.
    pub to: Named,
    /// The surest and shortest way to it; of what is lost with an account, that to the account.
    pub story: Story,
}

type Key = (Entry, Jewel, Named);
type Told<'a> = BTreeMap<Key, (Sure, &'a Story)>;

/// What is come by in one of them only, or with another certainty; and what of the second was not read.
pub(crate) fn compare(
    before: &Ground,
    after: &Ground,
    causes: &Causes,
) -> Result<(Vec<Differs<Walked>>, Vec<String>), IntrudeError> {
    let query = Query::default();
    let (old, new) = (Walk::of(before)?.paths(&query)?, Walk::of(after)?.paths(&query)?);
    let gaps = new.gaps.clone();
    let (old, new) = (by_key(&old), by_key(&new));
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let mut found: Vec<Differs<Walked>> = Vec::new();
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        let Some((_, story)) = new.or(old) else { continue };
        let (_, jewel, to) = key;
        let what = Walked { jewel: *jewel, to: to.clone(), story: (*story).clone() };
        found.extend(Differs::of(old.map(|one| one.0), new.map(|one| one.0), what, causes));
    }
    found.sort_by(|one, other| {
        let key =
            |of: &Differs<Walked>| (of.turn, std::cmp::Reverse(of.after), of.what.jewel, of.what.to.clone());
        key(one).cmp(&key(other))
    });
    Ok((found, gaps))
}

/// Every loss by itself, also what is lost with an account.
fn by_key(paths: &Paths) -> Told<'_> {
    let mut all: Told<'_> = BTreeMap::new();
    for story in &paths.stories {
        let sure = of_level(story.decision);
        all.insert((story.entry, story.jewel, story.to.clone()), (sure, story));
        for lost in &story.with_it {
            all.entry((story.entry, lost.jewel, lost.what.clone())).or_insert((sure, story));
        }
    }
    all
}
