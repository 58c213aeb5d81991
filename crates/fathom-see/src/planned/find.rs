//! Which resource of the estate a declaration means, and how one begins that is to be made.

use std::collections::BTreeMap;

use fathom_content::{
    Content, DeclaredMap,
    declared::Language,
    template::{Fill, fill_value, last_segment},
};
use fathom_estate::declared::{
    changes::{Proposal, Proposed},
    doubt, settled,
    terraform::is_unique,
};
use fathom_model::{Region, Resource, ResourceType, Uid, path::Path};
use fathom_store::{CoverageQuery, Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Page, Where, known_text};

/// Meanings that are named where there are several.
const NAMED: usize = 5;
/// Ids whose owners are looked up.
const IDS_MAX: usize = 500;
/// The hexadecimal digits of an id.
const DIGITS: usize = 17;

/// What a declaration means.
pub(super) enum Meant {
    One(Box<Resource>),
    /// Nothing, or several: why.
    Nothing(String),
}

/// Looks up declarations in the store.
pub(super) struct Finder<'a> {
    store: &'a Store,
    content: &'a Content,
    place: Where,
    file: &'a str,
    partition: String,
}

impl<'a> Finder<'a> {
    /// The account is that which is given, or the only one that the code or the estate speaks of.
    pub(super) async fn new(
        store: &'a Store,
        content: &'a Content,
        place: &Where,
        proposal: &'a Proposal,
    ) -> Result<Self, StoreError> {
        let mut place = place.clone();
        let arns = || {
            let sides = proposal.changes.iter().flat_map(|one| [&one.before, &one.after]);
            sides.filter_map(|side| known_text(side, "arn")).filter(|arn| arn.starts_with("arn:"))
        };
        if place.account.is_none() {
            place.account = only(arns().filter_map(|arn| arn.split(':').nth(4)).map(str::to_owned));
        }
        if place.account.is_none() {
            place.account = only(owners(store, proposal).await?.into_iter());
        }
        if place.account.is_none() {
            let accounts = store.coverage_accounts(&CoverageQuery::default()).await?;
            place.account = only(accounts.into_iter().map(|(account, _)| account));
        }
        if let Some((account, region)) = place.otherwise.take() {
            place.account.get_or_insert(account);
            place.region.get_or_insert(region);
        }
        let partition = arns().next().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
        Ok(Self { store, content, place, file: &proposal.file, partition })
    }

    fn account<'p>(&'p self, change: &'p Proposed) -> Option<&'p str> {
        change.account.as_deref().or(self.place.account.as_deref())
    }

    fn region<'p>(&'p self, change: &'p Proposed) -> Option<&'p str> {
        change.region.as_deref().or(self.place.region.as_deref())
    }

    /// The one resource that a declaration means.
    pub(super) async fn find(
        &self,
        declared: &Value,
        change: &Proposed,
        map: &DeclaredMap,
    ) -> Result<Meant, StoreError> {
        let names = identities(declared, change, map);
        if names.is_empty() {
            return Ok(Meant::Nothing(format!("what names its {} is known after the run only", map.is)));
        }
        let mut found: Vec<Resource> = Vec::new();
        for name in &names {
            found = self.named(&map.is, name, change).await?;
            if !found.is_empty() {
                break;
            }
        }
        let name = names.first().cloned().unwrap_or_default();
        let some: Vec<String> = found.iter().take(NAMED).map(|one| one.uid.to_string()).collect();
        Ok(match (found.len(), found.pop()) {
            (1, Some(one)) => Meant::One(Box::new(one)),
            (0, _) => Meant::Nothing(format!("the last scans saw no {} called `{name}`", map.is)),
            _ => Meant::Nothing(format!(
                "`{name}` may mean several: {}; say --account and --region",
                some.join(", ")
            )),
        })
    }

    /// The document that a new one begins with, and its uid.
    ///
    /// # Errors
    /// Says why one cannot be told.
    pub(super) fn make(&self, change: &Proposed, map: &DeclaredMap) -> Result<(Uid, Page), String> {
        let Some(definition) = self.content.resources.get(&map.is) else {
            return Err(format!("no scan reads {}", map.is));
        };
        if map.made.is_empty() {
            return Err(format!("what a new {} is like is not known", change.kind));
        }
        let need = |what: Option<&str>, flag: &str| {
            what.map(str::to_owned)
                .ok_or_else(|| format!("neither the code nor the estate says its {flag}; say --{flag}"))
        };
        let account = need(self.account(change), "account")?;
        let is_global = definition.scope != fathom_content::resource::Scope::Region;
        let region = match self.region(change) {
            Some(region) => region.to_owned(),
            None if is_global => Region::GLOBAL.to_owned(),
            None => need(None, "region")?,
        };
        // What is there already, and is asked about as if it were new, keeps its id.
        let called =
            known_text(&change.after, "id").map_or_else(|| self.called(change, &map.is), str::to_owned);
        let item = serde_json::json!({ "id": called.as_str(), "public": "198.51.100.254" });
        let mut attributes = filled(&change.after, &Value::from(called.as_str()));
        self.defaults(&mut attributes, change, map);
        let page = |attributes: &Value| {
            let fill = Fill {
                partition: &self.partition,
                account: &account,
                region: &region,
                document: Some(attributes),
                item: Some(&item),
                ..Fill::default()
            };
            let mut document = Value::Object(Map::new());
            for (path, value) in map.made.iter().filter(|(_, value)| !super::beside::is_of_parent(value)) {
                // What a block says that code writes itself is said by that block.
                if !is_nothing(value) && is_written(path, map, &change.after) {
                    continue;
                }
                // What needs an attribute that is not declared is left out.
                if let Some(value) = fill_value(value, fill) {
                    fathom_estate::declared::write::put(&mut document, path, Some(value));
                }
            }
            self.new_page(&map.is, document, (&account, &region), &change.address)
        };
        if let Some(made) = page(&attributes) {
            return Ok(made);
        }
        // The provider makes up a name that code does not say.
        if let (Some(name), Some(members)) = (naming(map), attributes.as_object_mut()) {
            members.insert(name.to_owned(), Value::from(called));
        }
        page(&attributes).ok_or_else(|| format!("what a new {} would be called is not known", change.kind))
    }

    /// Puts in what the provider takes for what code does not say of something new.
    pub(super) fn defaults(&self, attributes: &mut Value, change: &Proposed, map: &DeclaredMap) {
        let Some(members) = attributes.as_object_mut() else { return };
        let item = serde_json::json!({ "id": self.called(change, &map.is) });
        let fill = Fill {
            partition: &self.partition,
            account: self.account(change).unwrap_or_default(),
            region: self.region(change).unwrap_or_default(),
            item: Some(&item),
            ..Fill::default()
        };
        let says = |name: &String| members.get(name).is_some_and(|value| !value.is_null());
        let with: Vec<(&String, &Value)> =
            map.default_with.iter().filter(|(name, _)| says(name)).flat_map(|(_, all)| all).collect();
        for (name, value) in with.into_iter().chain(&map.default) {
            if members.get(name).is_none_or(Value::is_null)
                && let Some(value) = fill_value(value, fill)
            {
                members.insert(name.clone(), value);
            }
        }
    }

    /// A page of a new document with its uid; none where it has no name.
    pub(super) fn new_page(
        &self,
        kind: &ResourceType,
        document: Value,
        (account, region): (&str, &str),
        address: &str,
    ) -> Option<(Uid, Page)> {
        let definition = self.content.resources.get(kind)?;
        // A global thing is where the definition says.
        let is_global = definition.scope != fathom_content::resource::Scope::Region;
        let asked = if is_global && definition.identity.region.is_none() { Region::GLOBAL } else { region };
        let told = crate::item::region_of(definition, &document, &Region::new(asked));
        let fill = Fill {
            partition: &self.partition,
            account,
            region: told.as_str(),
            document: Some(&document),
            ..Fill::default()
        };
        let text = |template: &fathom_content::Template| template.fill(fill).filter(|text| !text.is_empty());
        let (uid, id) = (text(&definition.identity.arn)?, text(&definition.identity.id)?);
        let page = Page {
            before: None,
            kind: kind.clone(),
            account: account.to_owned(),
            region: told.to_string(),
            id,
            not_known: BTreeMap::new(),
            made_by: Some(address.to_owned()),
            document,
        };
        Some((Uid::from(uid), page))
    }

    /// All of a type in a place.
    pub(super) async fn all(
        &self,
        kind: &ResourceType,
        account: &str,
        region: &str,
    ) -> Result<Vec<Resource>, StoreError> {
        let which = Which {
            kinds: vec![kind.clone()],
            accounts: vec![account.into()],
            regions: vec![Region::new(region)],
            ..Which::all()
        };
        let chunks = self.store.stream_resources(&which, true).try_concat().await?;
        Ok(chunks.into_iter().map(|one| one.resource).collect())
    }

    /// Those of a type that go by a name: by their ARN, else their id, else their name.
    pub(super) async fn named(
        &self,
        kind: &ResourceType,
        name: &str,
        change: &Proposed,
    ) -> Result<Vec<Resource>, StoreError> {
        let last = last_segment(name).to_owned();
        let all = Which { kinds: vec![kind.clone()], ..Which::all() };
        let ways = [
            Which { uids: vec![Uid::from(name)], ..all.clone() },
            Which { ids: vec![name.to_owned()], ..all.clone() },
            Which { names: vec![name.to_owned()], ..all.clone() },
            Which { ids: vec![last.clone()], ..all.clone() },
            // The address of a queue ends in its name.
            Which { names: vec![last], ..all },
        ];
        for which in ways {
            let found = self.store.stream_resources(&which, true).try_concat().await?;
            let mut found: Vec<Resource> = found.into_iter().map(|one| one.resource).collect();
            if found.len() > 1 {
                let (account, region) = (self.account(change), self.region(change));
                found.retain(|one| {
                    account.is_none_or(|account| one.account.as_str() == account)
                        && (one.region.is_global()
                            || region.is_none_or(|region| one.region.as_str() == region))
                });
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// The id that a new one is called by until the provider gives it one: of the form that ids of its type have, always the
    /// same for one address of one file.
    pub(super) fn called(&self, change: &Proposed, kind: &ResourceType) -> String {
        called(self.content, self.file, change, kind)
    }
}

/// The same without the store.
pub(super) fn called(content: &Content, file: &str, change: &Proposed, kind: &ResourceType) -> String {
    let digest = hex::encode(Sha256::digest(format!("{file}#{}#{kind}", change.address).as_bytes()));
    let digits = digest.get(..DIGITS).unwrap_or_default();
    let beginning = content.references.ids.iter().find(|(_, of)| *of == kind);
    format!("{}{digits}", beginning.map_or("planned-", |(beginning, _)| beginning))
}

/// The attribute that what is made of such a declaration is called by, where it is not an id of the provider's.
pub(super) fn naming(map: &DeclaredMap) -> Option<&str> {
    let texts = map.made.values().filter_map(Value::as_str);
    let mut holes = texts.flat_map(|text| text.split('{').skip(1).filter_map(|rest| rest.split('}').next()));
    let is_attribute = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    holes.find(|name| is_attribute(name) && !["partition", "account", "region", "path"].contains(name))
}

/// Whether a value of a map says that nothing is there.
fn is_nothing(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Whether code writes a block of which attributes are below a member of the document.
fn is_written(member: &str, map: &DeclaredMap, after: &Value) -> bool {
    map.attributes.iter().any(|attribute| {
        let is_below = |to: &str| {
            to.trim().strip_prefix(member).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]"))
        };
        let from = attribute.from.as_str().split(['.', '[', ' ']).next().unwrap_or_default();
        attribute.to.as_str().split("||").any(is_below) && super::is_declared(after, from)
    })
}

/// The only one of some texts.
fn only(texts: impl Iterator<Item = String>) -> Option<String> {
    let mut all: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    all.sort_unstable();
    all.dedup();
    if let [only] = all.as_slice() { Some(only.clone()) } else { None }
}

/// The accounts of what the changes name by its id: a subnet, a security group.
async fn owners(store: &Store, proposal: &Proposal) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<String> = Vec::new();
    let mut left: Vec<&Value> = proposal.changes.iter().flat_map(|one| [&one.before, &one.after]).collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) if is_unique(text) && !text.starts_with("arn:") => ids.push(text.clone()),
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values()),
            _ => {}
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(IDS_MAX);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = store.stream_resources(&Which { ids, ..Which::all() }, false).try_concat().await?;
    Ok(found.into_iter().map(|one| one.resource.account.to_string()).collect())
}

/// Attributes with what is not known called like the resource itself: a name that the provider makes.
fn filled(after: &Value, item: &Value) -> Value {
    let Some(members) = after.as_object() else { return Value::Object(Map::new()) };
    let one = |value: &Value| {
        if doubt(value).is_some() && value.is_object() { item.clone() } else { settled(value) }
    };
    members.iter().map(|(name, value)| (name.clone(), one(value))).collect()
}

/// The texts by which a declaration names its resource.
pub(super) fn identities(declared: &Value, change: &Proposed, map: &DeclaredMap) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if !map.part {
        // The stack knows it best.
        found.extend(change.physical_id.clone());
    }
    let known = known_members(declared);
    if map.identified_by.is_empty() {
        found.extend(["arn", "id"].iter().filter_map(|name| known_text(declared, name)).map(str::to_owned));
    }
    let fill = Fill {
        account: change.account.as_deref().unwrap_or_default(),
        region: change.region.as_deref().unwrap_or_default(),
        partition: "aws",
        document: Some(&known),
        ..Fill::default()
    };
    found.extend(map.identified_by.iter().filter_map(|template| template.fill(fill)));
    // A queue's address ends in its name, and an ARN in the id.
    found.retain(|name| !name.is_empty());
    found.dedup();
    if change.language == Language::CloudFormation && map.part {
        found.extend(change.physical_id.clone());
    }
    found
}

/// Declared members without those that are not known.
fn known_members(declared: &Value) -> Value {
    let Some(members) = declared.as_object() else { return Value::Null };
    let known = members.iter().filter(|(_, value)| doubt(value).is_none());
    known.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a resource goes by a name.
pub(super) fn is_called(uid: &Uid, id: &str, document: &Value, name: &str) -> bool {
    let last = last_segment(name);
    // The address of a queue ends in its account and its name.
    let is_address = |uid: &str| {
        let account = uid.split(':').nth(4).filter(|account| !account.is_empty());
        let end = account.map(|account| format!("/{account}/{}", last_segment(uid)));
        name.starts_with("https://") && end.is_some_and(|end| name.ends_with(&end))
    };
    let named = |path: &str| path.parse::<Path>().ok().and_then(|path| path.text(document));
    uid.as_str() == name
        || id == name
        || id == last
        || is_address(uid.as_str())
        || last_segment(uid.as_str()) == name
        || ["Name", "GroupName", "FunctionName"].iter().filter_map(|path| named(path)).any(|one| one == name)
}
