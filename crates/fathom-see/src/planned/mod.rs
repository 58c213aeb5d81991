//! What the estate would be if code were applied: a [`Proposal`] written into the descriptions that the last scans read, as an
//! [`Overlay`] over the store.
//!
//! `code.rs` makes a proposal of a template, `find.rs` says which resource a declaration means, `taken.rs` what code takes from resources that are only to be made, and
//! `lay.rs` makes resources and edges of the documents. How a declaration becomes a document is in
//! `fathom_estate::declared::write`. [`edits`] does the same with single edits.
//!
//! **Invariant:** the store is only read. What could not be written is told, with its attribute.

mod beside;
mod code;
pub mod edits;
mod find;
mod lay;
mod several;
pub mod stack;
mod taken;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_content::{Content, DeclaredMap};
use fathom_estate::declared::{
    changes::{Does, Proposal, Proposed},
    unknown_why,
    write::{self, Left},
};
use fathom_model::{Resource, Uid};
use fathom_store::{Overlay, Store, StoreError};
use serde::Serialize;
use serde_json::Value;

use find::{Finder, Meant};

pub use code::{STANDS_FOR_ACCOUNT, STANDS_FOR_REGION, Templated, plan_wholes, template};

/// Where resources are of which the code does not say it.
#[derive(Debug, Clone, Default)]
pub struct Where {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The account and the region of what nobody says it of, neither the code nor the estate.
    pub otherwise: Option<(String, String)>,
}

/// A change, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where the code declares it.
    pub address: String,
    /// The type as the language names it.
    pub kind: String,
    /// What is done: `made`, `changed`, `replaced`, `removed`.
    pub does: &'static str,
    /// The resources whose descriptions it writes.
    pub resources: Vec<Uid>,
    /// What of it is not known, in words.
    pub not_known: Vec<String>,
    /// What of it was not looked at: nothing in what scans read is known to be this.
    pub not_looked_at: Vec<String>,
    /// What was taken to be so.
    pub assumed: Vec<String>,
}

/// The estate with the changes made.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What would be another.
    pub overlay: Overlay,
    /// Each change, in the order of the file.
    pub changes: Vec<Change>,
    /// The ids and ARNs that new resources are called by until the provider gives them others.
    pub called: BTreeMap<Uid, String>,
}

/// A document while it is written.
struct Page {
    /// As the store has it; none of a new one.
    before: Option<Resource>,
    document: Value,
    kind: fathom_model::ResourceType,
    account: String,
    region: String,
    id: String,
    not_known: BTreeMap<String, String>,
    /// The address of what makes it.
    made_by: Option<String>,
}

/// All of them, by uid.
type Pages = BTreeMap<Uid, Page>;

/// Writes the changes of a proposal into a copy of what the last scans read.
///
/// # Errors
/// When the store fails.
pub async fn plan(
    store: &Store,
    content: &Content,
    proposal: &Proposal,
    place: &Where,
) -> Result<Planned, StoreError> {
    let apart = several::apart(&proposal.changes, content);
    let proposal = &Proposal { changes: apart, file: proposal.file.clone(), left_out: Vec::new() };
    let mut work = Work::of(Finder::new(store, content, place, proposal).await?);
    work.changes = proposal.changes.iter().map(told).collect();
    let maps: Vec<Option<&DeclaredMap>> =
        proposal.changes.iter().map(|one| content.declared.get(one.language, &one.kind)).collect();
    let whole = |map: &DeclaredMap| !map.part;
    let mut resolved: Vec<Proposed> = proposal.changes.clone();
    // What is called after something else that is new waits until that has a name.
    for late in [false, true] {
        for (((at, change), declared), map) in (0..).zip(&mut resolved).zip(&proposal.changes).zip(&maps) {
            let Some(map) = map.filter(|map| !map.part && waits(declared, map) == late) else { continue };
            if late {
                taken::resolve(change, map, &work.given, &work.pages, &proposal.changes, content);
            }
            work.begin(at, change, map).await?;
        }
    }
    for (((at, change), declared), map) in (0..).zip(&mut resolved).zip(&proposal.changes).zip(&maps) {
        let Some(map) = map else {
            let all = "all of it: no description that scans read is known to be of this type";
            work.not_looked_at(at, all.to_owned());
            continue;
        };
        // Asked of what was declared: what was found for its name is told with the rest.
        *change = declared.clone();
        let assumed = taken::resolve(change, map, &work.given, &work.pages, &proposal.changes, content);
        if let Some(told) = work.changes.get_mut(at) {
            told.assumed.extend(assumed);
        }
        if change.does == Does::Makes {
            work.finder.defaults(&mut change.after, declared, map);
        }
    }
    for parts in [false, true] {
        for ((at, change), map) in (0..).zip(&resolved).zip(&maps) {
            if let Some(map) = map.filter(|map| whole(map) != parts) {
                work.write(at, change, map).await?;
            }
        }
        for ((at, change), map) in (0..).zip(&resolved).zip(&maps) {
            if let Some(map) = map.filter(|map| !parts && whole(map)) {
                work.beside(at, change, map).await?;
            }
        }
    }
    let Work { mut pages, gone, mut changes, .. } = work;
    let called = pages.iter().filter(|(_, page)| page.before.is_none());
    let called = called.filter_map(|(uid, page)| Some((uid.clone(), page.made_by.clone()?))).collect();
    // What is as it was is not laid over anything.
    pages.retain(|_, page| {
        let is_same = |before: &Resource| before.document.whole().value() == page.document;
        !page.not_known.is_empty() || !page.before.as_ref().is_some_and(is_same)
    });
    let overlay = lay::lay(store, content, pages, gone, &mut changes).await?;
    Ok(Planned { overlay, changes: several::together(changes), called })
}

/// Puts other descriptions in the place of those that the last scans read.
///
/// # Errors
/// When the store fails.
pub async fn rewritten(
    store: &Store,
    content: &Content,
    documents: Vec<(Resource, Value)>,
) -> Result<Overlay, StoreError> {
    let pages = documents.into_iter().map(|(resource, document)| {
        let uid = resource.uid.clone();
        (uid, Page { document, ..page(resource) })
    });
    lay::lay(store, content, pages.collect(), BTreeSet::new(), &mut []).await
}

/// Whether something new is called after what the run decides.
fn waits(change: &Proposed, map: &DeclaredMap) -> bool {
    let names = |value: &Value, name: &str| {
        value
            .as_str()
            .is_some_and(|text| text.contains(&format!("{{{name}}}")) || text.contains(&format!("{{{name}|")))
    };
    change.does == Does::Makes
        && change.taken.iter().any(|(path, _)| map.made.values().any(|value| names(value, path)))
}

fn told(change: &Proposed) -> Change {
    Change {
        address: change.address.clone(),
        kind: change.kind.clone(),
        does: change.does.word(),
        resources: Vec::new(),
        not_known: Vec::new(),
        not_looked_at: Vec::new(),
        assumed: Vec::new(),
    }
}

struct Work<'a> {
    finder: Finder<'a>,
    pages: Pages,
    gone: BTreeSet<Uid>,
    removed: beside::Removed,
    /// What a declaration is, by its address.
    given: HashMap<String, Uid>,
    changes: Vec<Change>,
}

impl<'a> Work<'a> {
    fn of(finder: Finder<'a>) -> Self {
        Self {
            finder,
            pages: Pages::new(),
            gone: BTreeSet::new(),
            removed: BTreeMap::new(),
            given: HashMap::new(),
            changes: Vec::new(),
        }
    }
}

impl Work<'_> {
    fn not_looked_at(&mut self, at: usize, what: String) {
        if let Some(change) = self.changes.get_mut(at) {
            change.not_looked_at.push(what);
        }
    }

    fn touches(&mut self, at: usize, uid: Uid) {
        if let Some(change) = self.changes.get_mut(at) {
            change.resources.push(uid);
        }
    }

    fn assumed(&mut self, at: usize, what: String) {
        if let Some(change) = self.changes.get_mut(at) {
            change.assumed.push(what);
        }
    }

    fn not_known(&mut self, at: usize, what: String) {
        if let Some(change) = self.changes.get_mut(at) {
            change.not_known.push(what);
        }
    }

    /// Finds what a change is about, or begins the document of what is new.
    async fn begin(&mut self, at: usize, change: &Proposed, map: &DeclaredMap) -> Result<(), StoreError> {
        if change.does == Does::Makes {
            match self.finder.make(change, map) {
                Ok((uid, page)) => {
                    self.given.insert(change.address.clone(), uid.clone());
                    self.pages.insert(uid, page);
                }
                Err(why) => self.not_known(at, why),
            }
            return Ok(());
        }
        // Where it is not known what was declared before, what is to be declared names the same.
        let declared = if change.before.is_object() { &change.before } else { &change.after };
        match self.finder.find(declared, change, map).await? {
            Meant::One(resource) => {
                let uid = resource.uid.clone();
                self.given.insert(change.address.clone(), uid.clone());
                if change.does == Does::Removes {
                    self.gone.insert(uid.clone());
                    self.touches(at, uid.clone());
                    self.removed.insert(uid, *resource);
                } else {
                    self.pages.entry(uid).or_insert_with(|| page(*resource));
                }
            }
            Meant::Nothing(why) => self.not_known(at, why),
        }
        Ok(())
    }

    /// Writes a change into the document that it is about.
    async fn write(&mut self, at: usize, change: &Proposed, map: &DeclaredMap) -> Result<(), StoreError> {
        let is_gone = !map.part && change.does == Does::Removes;
        if is_gone {
            return Ok(());
        }
        let mut found: Vec<Uid> = Vec::new();
        if map.part {
            for side in [&change.before, &change.after].into_iter().filter(|side| side.is_object()) {
                if let Some(uid) = self.owner(at, side, change, map).await?
                    && !found.contains(&uid)
                {
                    found.push(uid);
                }
            }
        } else {
            found.extend(self.given.get(&change.address).cloned());
        }
        let nothing = Value::Null;
        for (place, uid) in found.iter().enumerate() {
            // One that moves from one resource to another goes there and comes here.
            let is_moved = found.len() > 1;
            let (before, after) = match (is_moved, place) {
                (true, 0) => (&change.before, &nothing),
                (true, _) => (&nothing, &change.after),
                (false, _) => (&change.before, &change.after),
            };
            let Some(page) = self.pages.get_mut(uid) else { continue };
            let is_whole = before.is_null() && !is_moved && change.does == Does::Changes;
            let Page { document, before: there, id, .. } = &mut *page;
            let written = match there.as_ref().filter(|_| is_whole) {
                // What was declared before is not known.
                Some(there) => write::write_whole(document, map, after, change.language, there),
                None => write::write(document, map, before, after, id),
            };
            if is_whole && !written.changed && written.left.is_empty() {
                continue;
            }
            set(&mut page.document, map, before, after);
            for left in &written.left {
                if let write::Why::Unknown(why) = &left.why {
                    for member in &written.not_known {
                        page.not_known
                            .entry(member.clone())
                            .or_insert_with(|| format!("{}: {why}", change.address));
                    }
                }
            }
            for (attribute, paths) in &map.not_whole {
                let is_declared = attribute == "@" || !after[attribute].is_null();
                for path in paths.iter().filter(|_| is_declared && !after.is_null()) {
                    let why = || format!("{}: the code says more of it than can be written", change.address);
                    page.not_known.entry(path.clone()).or_insert_with(why);
                }
            }
            let Some(told) = self.changes.get_mut(at) else { continue };
            told.resources.push(uid.clone());
            told.assumed.extend(written.assumed);
            for Left { attribute, why } in written.left {
                match why {
                    write::Why::Unknown(why) => told.not_known.push(format!("{attribute}: {why}")),
                    write::Why::NotMapped => told.not_looked_at.push(attribute),
                    write::Why::NotWritten => {
                        told.not_known
                            .push(format!("{attribute}: it is not known how the description would tell it"));
                    }
                }
            }
        }
        Ok(())
    }

    /// The resource that a part belongs to.
    async fn owner(
        &mut self,
        at: usize,
        declared: &Value,
        change: &Proposed,
        map: &DeclaredMap,
    ) -> Result<Option<Uid>, StoreError> {
        let names = find::identities(declared, change, map);
        let of_names = |uid: &Uid, page: &Page| {
            page.kind == map.is
                && names.iter().any(|name| find::is_called(uid, &page.id, &page.document, name))
        };
        if let Some((uid, _)) = self.pages.iter().find(|(uid, page)| of_names(uid, page)) {
            return Ok(Some(uid.clone()));
        }
        match self.finder.find(declared, change, map).await? {
            // What is gone takes its parts with it.
            Meant::One(resource) if self.gone.contains(&resource.uid) => Ok(None),
            Meant::One(resource) => {
                let uid = resource.uid.clone();
                self.pages.entry(uid.clone()).or_insert_with(|| page(*resource));
                Ok(Some(uid))
            }
            Meant::Nothing(why) => {
                self.not_known(at, why);
                Ok(None)
            }
        }
    }
}

/// Writes what a declaration says by being there.
fn set(document: &mut Value, map: &DeclaredMap, before: &Value, after: &Value) {
    for (attribute, members) in &map.sets {
        let says = |side: &Value| side.is_object() && (attribute == "@" || is_declared(side, attribute));
        let value = |value: &Value| says(after).then(|| value.clone());
        if says(before) || says(after) {
            for (path, one) in members {
                write::put(document, path, value(one));
            }
        }
    }
}

/// Whether an attribute is declared, as something and not as nothing.
fn is_declared(declared: &Value, name: &str) -> bool {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) => false,
    };
    name.split('.').try_fold(declared, |at, step| at.get(step)).is_some_and(|value| !is_nothing(value))
}

fn page(resource: Resource) -> Page {
    Page {
        document: resource.document.whole().value(),
        kind: resource.kind.clone(),
        account: resource.account.to_string(),
        region: resource.region.to_string(),
        id: resource.id.clone(),
        not_known: BTreeMap::new(),
        made_by: None,
        before: Some(resource),
    }
}

/// A declared value that is known, as text.
fn known_text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    let value = value.get(name).filter(|value| unknown_why(value).is_none())?;
    value.as_str().filter(|text| !text.is_empty())
}
