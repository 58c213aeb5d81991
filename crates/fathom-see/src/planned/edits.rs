//! Single edits written into descriptions: which resource each is of, and which document keeps what it changes.

use std::collections::BTreeSet;

use fathom_content::Content;
use fathom_estate::{
    declared::changes::Proposal,
    edits::{self, Edit, Located, What},
};
use fathom_model::{Resource, Target, Uid};
use fathom_store::{Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde_json::{Map, Value};

use super::{Change, Finder, Page, Planned, Where, Work, lay, page};

/// Resources that are named where a word may mean several.
const NAMED: usize = 5;
/// Edits that are asked about at once.
pub const EDITS_MAX: usize = 100;
/// What the provider's own policies begin with: nobody can change these.
const OF_PROVIDER: &str = "::aws:";

/// Why edits could not be made on the copy.
#[derive(Debug, thiserror::Error)]
pub enum EditedError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One of them is about nothing, or cannot be made.
    #[error("`{edit}`: {problem}")]
    Edit {
        /// The edit.
        edit: String,
        /// Why.
        problem: String,
    },
}

/// Why one edit cannot be made.
enum Stop {
    Store(StoreError),
    Problem(String),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

/// Writes edits into a copy of what the last scans read, one after the other.
///
/// # Errors
/// When the store fails, and when an edit is about nothing that was seen or cannot be made.
pub async fn edited(
    store: &Store,
    content: &Content,
    all: &[Edit],
    place: &Where,
) -> Result<Planned, EditedError> {
    let nothing = Proposal { file: "edits".into(), changes: Vec::new(), left_out: Vec::new() };
    let mut work = Work::of(Finder::new(store, content, place, &nothing).await?);
    let ground = Ground { store, content, place };
    for (at, edit) in all.iter().enumerate() {
        work.changes.push(Change {
            address: edit.text.clone(),
            kind: String::new(),
            does: "changed",
            resources: Vec::new(),
            not_known: Vec::new(),
            not_looked_at: Vec::new(),
            assumed: Vec::new(),
        });
        let said = || edit.text.clone();
        work.edit(&ground, at, edit).await.map_err(|stop| match stop {
            Stop::Store(error) => EditedError::Store(error),
            Stop::Problem(problem) => EditedError::Edit { edit: said(), problem },
        })?;
    }
    let Work { pages, gone, mut changes, .. } = work;
    let overlay = lay::lay(store, content, pages, gone, &mut changes).await?;
    Ok(Planned { overlay, changes, called: std::collections::BTreeMap::new() })
}

/// Where resources are looked up.
struct Ground<'a> {
    store: &'a Store,
    content: &'a Content,
    place: &'a Where,
}

impl Ground<'_> {
    /// The one resource that a word means, of those of which an edit may be.
    async fn meant(&self, word: &str, fits: impl Fn(&Resource) -> bool) -> Result<Resource, Stop> {
        let ways = [
            Which { uids: vec![Uid::from(word)], ..Which::all() },
            Which { ids: vec![word.to_owned()], ..Which::all() },
            Which { names: vec![word.to_owned()], ..Which::all() },
        ];
        let mut other: Option<String> = None;
        for which in ways {
            let found = self.store.stream_resources(&which, true).try_concat().await?;
            let mut found: Vec<Resource> = found.into_iter().map(|one| one.resource).collect();
            if let Some(first) = found.first()
                && !found.iter().any(&fits)
            {
                other =
                    other.or_else(|| Some(format!("`{word}` is a {}, which has no such thing", first.kind)));
                continue;
            }
            found.retain(&fits);
            if found.len() > 1 {
                let is_here = |one: &Resource| {
                    let (account, region) = (&self.place.account, &self.place.region);
                    account.as_ref().is_none_or(|account| one.account.as_str() == account)
                        && (one.region.is_global()
                            || region.as_ref().is_none_or(|region| one.region.as_str() == region))
                };
                found.retain(is_here);
            }
            let some: Vec<String> = found.iter().take(NAMED).map(|one| one.uid.to_string()).collect();
            match (found.len(), found.pop()) {
                (1, Some(one)) => return Ok(one),
                (0, _) | (_, None) => {}
                _ => {
                    let told = format!("`{word}` may mean several: {}; write the ARN", some.join(", "));
                    return Err(Stop::Problem(told));
                }
            }
        }
        Err(Stop::Problem(other.unwrap_or_else(|| {
            format!("the last scans saw nothing called `{word}`; write an ARN, an id or a name")
        })))
    }

    /// Members that descriptions of a type may have: those that are seen, and those that definitions and maps name.
    async fn members(&self, of: &Resource) -> Result<BTreeSet<String>, StoreError> {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let which = Which { kinds: vec![of.kind.clone()], ..Which::all() };
        let mut chunks = std::pin::pin!(self.store.stream_resources(&which, true));
        // The first page tells what such documents have.
        if let Some(chunk) = chunks.try_next().await? {
            for one in chunk {
                known.extend(
                    one.resource.document.value().as_object().into_iter().flat_map(Map::keys).cloned(),
                );
            }
        }
        let top = |path: &str| path.split(['.', '[', ' ']).next().unwrap_or_default().to_owned();
        if let Some(definition) = self.content.resources.get(&of.kind) {
            known.extend(definition.enrich.iter().map(|one| top(&one.into)));
            known.extend(definition.columns.values().map(|path| top(path.as_str())));
            known.extend(definition.relations.iter().map(|one| top(one.path.as_str())));
        }
        let maps = self.content.declared.iter().filter(|(_, map)| map.is == of.kind);
        known.extend(maps.flat_map(|(_, map)| &map.attributes).map(|one| top(one.to.as_str())));
        known.retain(|name| !name.is_empty() && name != "@" && name != "parent");
        Ok(known)
    }
}

impl<'a> Work<'a> {
    async fn edit(&mut self, ground: &Ground<'a>, at: usize, edit: &Edit) -> Result<(), Stop> {
        let rules = &ground.content.edits;
        match &edit.what {
            What::Remove => {
                let one = ground.meant(&edit.of, |_| true).await?;
                self.is_of(at, &one);
                if let Some(change) = self.changes.get_mut(at) {
                    change.does = "removed";
                }
                self.goes(ground, at, one).await?;
            }
            What::Set { path, value } => {
                let one = ground.meant(&edit.of, |_| true).await?;
                let known = ground.members(&one).await?;
                let uid = self.opens(at, one)?;
                let document = self.document(&uid)?;
                let is_changed = edits::set_member(document, path, value, &known)?;
                self.told(at, is_changed);
            }
            What::Setting(number) => {
                let Some(rule) = rules.settings.get(*number) else { return Ok(()) };
                let one = ground.meant(&edit.of, |one| rule.sets.contains_key(&one.kind)).await?;
                let members = rule.sets.get(&one.kind);
                let uid = self.opens(at, one)?;
                let document = self.document(&uid)?;
                let before = document.clone();
                for (path, value) in members.into_iter().flatten() {
                    fathom_estate::declared::write::put(document, path, Some(value.clone()));
                }
                let is_changed = *document != before;
                self.told(at, is_changed);
            }
            What::Part { comes, meanings } => {
                let maps: Vec<_> = meanings
                    .iter()
                    .filter_map(|(number, declared)| {
                        let rule = rules.parts.get(*number)?;
                        Some((ground.content.declared.get(rule.language, &rule.kind)?, declared))
                    })
                    .collect();
                let one =
                    ground.meant(&edit.of, |one| maps.iter().any(|(map, _)| map.is == one.kind)).await?;
                let Some((map, declared)) = maps.into_iter().find(|(map, _)| map.is == one.kind) else {
                    return Ok(());
                };
                let (uid, id) = (self.opens(at, one)?, edit.of.clone());
                let own_id = self.pages.get(&uid).map_or(id, |page| page.id.clone());
                let document = self.document(&uid)?;
                let is_changed = edits::write_part(document, map, declared, *comes, &own_id)?;
                self.told(at, is_changed);
            }
            What::Policy { policy, change } => {
                let has_policies = |one: &Resource| {
                    rules.policies.contains_key(&one.kind) || edits::has_policies(&one.document.value())
                };
                let one = ground.meant(&edit.of, has_policies).await?;
                self.policy(ground, at, one, policy, change).await?;
            }
            What::Without { role } => {
                let runs = |one: &Resource| {
                    let definition = ground.content.resources.get(&one.kind);
                    definition
                        .is_some_and(|of| of.relations.iter().any(|one| rules.runs_as.contains(&one.kind)))
                };
                let one = ground.meant(&edit.of, runs).await?;
                self.without(ground, at, one, role).await?;
            }
        }
        Ok(())
    }

    /// Says of which type an edit's resource is.
    fn is_of(&mut self, at: usize, one: &Resource) {
        if let Some(change) = self.changes.get_mut(at) {
            change.kind = one.kind.to_string();
        }
    }

    /// Takes a resource's description into hand.
    fn opens(&mut self, at: usize, one: Resource) -> Result<Uid, Stop> {
        let uid = one.uid.clone();
        if self.gone.contains(&uid) {
            return Err(Stop::Problem("an edit before it removes this resource".to_owned()));
        }
        self.is_of(at, &one);
        self.touches(at, uid.clone());
        self.pages.entry(uid.clone()).or_insert_with(|| page(one));
        Ok(uid)
    }

    fn document(&mut self, uid: &Uid) -> Result<&mut Value, Stop> {
        let found = self.pages.get_mut(uid).map(|page: &mut Page| &mut page.document);
        found.ok_or_else(|| Stop::Problem("its description is not kept".to_owned()))
    }

    /// Says that an edit changes nothing.
    fn told(&mut self, at: usize, is_changed: bool) {
        if !is_changed {
            self.assumed(at, "it is so already; nothing changes by it".to_owned());
        }
    }

    /// Takes a resource away, with what goes when it goes.
    async fn goes(&mut self, ground: &Ground<'a>, at: usize, one: Resource) -> Result<(), Stop> {
        let document = one.document.value();
        let maps = ground.content.declared.iter().filter(|(_, map)| map.is == one.kind && !map.part);
        for (_, map) in maps {
            for beside in map.beside.iter().filter(|beside| beside.goes) {
                let here = (one.account.as_str(), one.region.as_str());
                for other in self.kept_beside(beside, &document, here).await? {
                    self.pages.remove(&other.uid);
                    self.touches(at, other.uid.clone());
                    self.gone.insert(other.uid);
                }
            }
        }
        self.pages.remove(&one.uid);
        self.touches(at, one.uid.clone());
        self.gone.insert(one.uid);
        Ok(())
    }

    /// Changes a policy where it is kept.
    async fn policy(
        &mut self,
        ground: &Ground<'a>,
        at: usize,
        one: Resource,
        policy: &edits::Named,
        change: &edits::Change,
    ) -> Result<(), Stop> {
        let rules = &ground.content.edits;
        let (account, kind) = (one.account.clone(), one.kind.clone());
        let uid = self.opens(at, one)?;
        let located = edits::locate(self.document(&uid)?, &kind, policy, rules)?;
        match located {
            Located::Here { pointer, of } => self.policy_here(at, &uid, &pointer, of, change),
            Located::Managed(arn) => self.managed(ground, at, &arn, change).await,
            Located::InGroups(groups, name) => {
                let group_of = |one: &Resource| one.account == account && one.kind != kind;
                let mut problem = None;
                for group in &groups {
                    let meant = ground.meant(group, group_of).await;
                    let Ok(group) = meant else { continue };
                    let kind = group.kind.clone();
                    let named = edits::Named::Called(name.clone());
                    match edits::locate(&group.document.whole().value(), &kind, &named, rules) {
                        Ok(Located::Here { pointer, of }) => {
                            let uid = self.opens(at, group)?;
                            return self.policy_here(at, &uid, &pointer, of, change);
                        }
                        Ok(Located::Managed(arn)) => return self.managed(ground, at, &arn, change).await,
                        Ok(Located::InGroups(..)) => {}
                        Err(why) => problem = Some(format!("of the group {}: {why}", group.id)),
                    }
                }
                let told = format!("neither it nor its groups {} have a policy `{name}`", groups.join(", "));
                Err(Stop::Problem(problem.map_or(told.clone(), |why| format!("{told}; {why}"))))
            }
        }
    }

    fn policy_here(
        &mut self,
        at: usize,
        uid: &Uid,
        pointer: &str,
        of: Option<(String, usize)>,
        change: &edits::Change,
    ) -> Result<(), Stop> {
        let document = self.document(uid)?;
        let before = document.clone();
        if document.pointer(pointer).is_none()
            && let (Some(members), Some(name)) = (document.as_object_mut(), pointer.strip_prefix('/'))
        {
            members.insert(name.to_owned(), Value::Null);
        }
        let policy = document.pointer_mut(pointer).ok_or_else(|| "it has no policy there".to_owned())?;
        edits::change_policy(policy, change)?;
        if policy.is_null() {
            // A policy that goes leaves nothing of its name.
            match of {
                Some((list, at)) => {
                    if let Some(items) = document.get_mut(&list).and_then(Value::as_array_mut)
                        && at < items.len()
                    {
                        items.remove(at);
                    }
                }
                None => {
                    if let Some(members) = document.as_object_mut() {
                        members.remove(pointer.trim_start_matches('/'));
                    }
                }
            }
        }
        let is_changed = *document != before;
        self.told(at, is_changed);
        Ok(())
    }

    /// Changes the version of a managed policy that is in force, for all who have it.
    async fn managed(
        &mut self,
        ground: &Ground<'a>,
        at: usize,
        arn: &str,
        change: &edits::Change,
    ) -> Result<(), Stop> {
        if *change == edits::Change::Goes {
            let told =
                format!("it is a managed policy; write `take the policy {arn} out of …`, or `remove {arn}`");
            return Err(Stop::Problem(told));
        }
        let one = ground.meant(arn, |one| one.uid.as_str() == arn).await?;
        let (kind, rules) = (one.kind.clone(), &ground.content.edits);
        let uid = self.opens(at, one)?;
        let located = edits::locate(self.document(&uid)?, &kind, &edits::Named::Own, rules)?;
        let Located::Here { pointer, of } = located else { return Ok(()) };
        if arn.contains(OF_PROVIDER) {
            self.assumed(
                at,
                "AWS keeps this policy and nobody can change it: its holders get a copy of it".to_owned(),
            );
        } else {
            self.assumed(at, format!("{arn} is another then for all who have it"));
        }
        self.policy_here(at, &uid, &pointer, of, change)
    }

    /// Takes a role from what runs as it.
    async fn without(
        &mut self,
        ground: &Ground<'a>,
        at: usize,
        one: Resource,
        role: &str,
    ) -> Result<(), Stop> {
        let kinds = &ground.content.edits.runs_as;
        let role = ground.meant(role, |one| one.uid.as_str().contains(":role/")).await?;
        let known =
            |target: &Target| if let Target::Known { uid } = target { Some(uid.clone()) } else { None };
        let edges = ground.store.edges_from(std::slice::from_ref(&one.uid)).await?;
        let mut paths: Vec<String> = Vec::new();
        for edge in edges.iter().filter(|edge| kinds.contains(&edge.kind)) {
            let Some(to) = known(&edge.to) else { continue };
            // What leads to a profile leads to its role.
            let is_role =
                to == role.uid
                    || ground.store.edges_from(std::slice::from_ref(&to)).await?.iter().any(|next| {
                        kinds.contains(&next.kind) && known(&next.to).as_ref() == Some(&role.uid)
                    });
            if is_role {
                paths.push(edge.path.as_str().to_owned());
            }
        }
        if paths.is_empty() {
            let told = format!("nothing that was read says that it runs as {}", role.uid);
            return Err(Stop::Problem(told));
        }
        let uid = self.opens(at, one)?;
        let document = self.document(&uid)?;
        for path in paths {
            fathom_estate::declared::write::put(document, &path, None);
        }
        self.told(at, true);
        Ok(())
    }
}
