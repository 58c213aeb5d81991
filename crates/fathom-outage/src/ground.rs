//! What needs what, out of the store, and what becomes of it by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_content::{ContentError, outage};
use fathom_model::{ResourceType, Target, Uid};
use fathom_store::{Store, StoreError, StoredResource, Which, WhichEdges};
use futures::TryStreamExt as _;
use serde::Serialize;

use crate::{Answer, Needs, fails};

/// The edge from a part to its whole.
const PART_OF: &str = "part_of";
/// What a whole has, as it is told.
const HAS_PART: &str = "has_part";

/// Why it could not be worked out.
#[derive(Debug, thiserror::Error)]
pub enum OutageError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules do not read.
    #[error(transparent)]
    Rules(#[from] ContentError),
}

/// A thing of the estate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its name in the estate.
    pub uid: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
    /// The account that owns it.
    pub account: String,
    /// Its region.
    pub region: String,
}

/// What is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Went {
    /// A resource, by its name in the estate.
    Resource(String),
    /// All that a zone of that name holds; of an account where one is named.
    Zone(String, Option<String>),
}

/// What becomes of a thing when something is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// The thing.
    #[serde(flatten)]
    pub thing: Told,
    /// What becomes of it.
    pub answer: Answer,
    /// By which edge it needs what it lost; none for what is gone itself.
    pub edge: Option<String>,
    /// What it lost.
    pub lost: Option<String>,
    /// Over how many needs.
    pub after: u32,
    /// Of those of which one must be left, how many are.
    pub left: Option<u32>,
}

/// The estate as things that need each other.
#[derive(Debug, Default)]
pub struct Ground {
    things: Vec<Told>,
    index: HashMap<String, u32>,
    edges: Vec<String>,
    needs: Needs,
    /// By zone, what is there.
    zones: BTreeMap<String, BTreeSet<u32>>,
    /// Needs that lead to what was never seen.
    pub unseen: usize,
}

impl Ground {
    /// Reads what is there and what it needs.
    ///
    /// # Errors
    /// When the store fails, or the rules do not read.
    pub async fn load(store: &Store) -> Result<Self, OutageError> {
        let rules = outage::rules()?;
        let mut ground = Self::default();
        let mut found = std::pin::pin!(store.stream_resources(&Which::all(), false));
        while let Some(chunk) = found.try_next().await? {
            chunk.into_iter().filter(|one| one.deleted_at.is_none()).for_each(|one| ground.add(one));
        }
        ground.read_edges(store, rules).await?;
        for zone in &rules.zones {
            let mut found = std::pin::pin!(store.stream_resources(&Which::of(&zone.kind), true));
            while let Some(chunk) = found.try_next().await? {
                for one in chunk {
                    let document = one.resource.document.value();
                    let goes_on = zone
                        .unless
                        .as_ref()
                        .is_some_and(|unless| unless.member.first(&document) == Some(&unless.is));
                    let (Some(name), false) = (zone.path.text(&document), goes_on) else { continue };
                    if let Some(number) = ground.index.get(one.resource.uid.as_str()) {
                        ground.zones.entry(name).or_default().insert(*number);
                    }
                }
            }
        }
        Ok(ground)
    }

    fn add(&mut self, one: StoredResource) {
        let resource = one.resource;
        let number = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
        self.index.insert(resource.uid.as_str().to_owned(), number);
        self.things.push(Told {
            uid: resource.uid.as_str().to_owned(),
            kind: resource.kind.as_str().to_owned(),
            name: resource.name,
            account: resource.account.as_str().to_owned(),
            region: resource.region.as_str().to_owned(),
        });
    }

    async fn read_edges(&mut self, store: &Store, rules: &outage::OutageRules) -> Result<(), OutageError> {
        let mut groups: BTreeMap<(u32, u16), (BTreeSet<u32>, bool)> = BTreeMap::new();
        let mut parts: BTreeMap<(u32, u16), BTreeSet<u32>> = BTreeMap::new();
        let mut names = BTreeMap::from([(HAS_PART.to_owned(), 0)]);
        let mut found = std::pin::pin!(store.stream_edges(&WhichEdges::default()));
        while let Some(chunk) = found.try_next().await? {
            for edge in chunk {
                let kind = edge.kind.as_str();
                let Some(&who) = self.index.get(edge.from.as_str()) else { continue };
                let (each, any, less) =
                    (rules.each.contains(kind), rules.any.contains(kind), rules.less.contains(kind));
                if !each && !any && !less {
                    continue;
                }
                let next = u16::try_from(names.len()).unwrap_or(u16::MAX);
                let number = *names.entry(kind.to_owned()).or_insert(next);
                let to = match &edge.to {
                    Target::Known { uid } => self.index.get(uid.as_str()).copied(),
                    Target::Unresolved { .. } => None,
                };
                self.unseen += usize::from(to.is_none());
                match to {
                    Some(what) if each => {
                        self.needs.each.push((who, what, number));
                        if kind == PART_OF && self.is_whole(rules, what, who) {
                            parts.entry((what, 0)).or_default().insert(who);
                        }
                    }
                    Some(what) if less => self.needs.less.push((who, what, number)),
                    _ if any => {
                        let group = groups.entry((who, number)).or_default();
                        group.0.extend(to);
                        group.1 |= to.is_none();
                    }
                    _ => {}
                }
            }
        }
        let groups = groups.into_iter().map(|((who, edge), (of, unseen))| (who, of, edge, unseen));
        let parts = parts.into_iter().map(|((who, edge), of)| (who, of, edge, false));
        self.needs.any = groups.chain(parts).collect();
        self.edges = vec![String::new(); names.len()];
        for (name, number) in names {
            if let Some(place) = self.edges.get_mut(usize::from(number)) {
                *place = name;
            }
        }
        Ok(())
    }

    /// Whether something is nothing without parts of the other's type.
    fn is_whole(&self, rules: &outage::OutageRules, whole: u32, part: u32) -> bool {
        let kind = |number: u32| self.things.get(number as usize).map(|one| ResourceType::new(&one.kind));
        let (whole, part) = (kind(whole), kind(part));
        rules
            .wholes
            .iter()
            .any(|rule| Some(&rule.kind) == whole.as_ref() && Some(&rule.parts) == part.as_ref())
    }

    /// The zones that things are in.
    pub fn zones(&self) -> impl Iterator<Item = &str> {
        self.zones.keys().map(String::as_str)
    }

    /// What each zone holds, by its name.
    pub fn held(&self) -> impl Iterator<Item = (&str, &Told)> {
        self.zones.iter().flat_map(|(zone, held)| {
            held.iter().filter_map(|number| Some((zone.as_str(), self.things.get(*number as usize)?)))
        })
    }

    /// A resource by its name in the estate.
    pub fn thing(&self, uid: &str) -> Option<&Told> {
        self.things.get(*self.index.get(uid)? as usize)
    }

    /// Whether there is such a resource.
    pub fn knows(&self, uid: &Uid) -> bool {
        self.index.contains_key(uid.as_str())
    }

    /// What becomes of all that has a part in it: the worst first, what is gone itself before what follows, then by type and name.
    pub fn without(&self, went: &Went) -> Vec<Outage> {
        let gone: BTreeSet<u32> = match went {
            Went::Resource(uid) => self.index.get(uid).copied().into_iter().collect(),
            Went::Zone(zone, account) => {
                let is_of = |number: &&u32| {
                    let thing = self.things.get(**number as usize);
                    account.as_ref().is_none_or(|account| thing.is_some_and(|one| one.account == *account))
                };
                self.zones.get(zone).into_iter().flatten().filter(is_of).copied().collect()
            }
        };
        let name = |number: u32| self.things.get(number as usize).cloned();
        let mut told: Vec<Outage> = fails(&self.needs, &gone)
            .into_iter()
            .filter_map(|(who, fallen)| {
                Some(Outage {
                    thing: name(who)?,
                    answer: fallen.answer,
                    edge: fallen.because.and_then(|(edge, _)| self.edges.get(usize::from(edge)).cloned()),
                    lost: fallen.because.and_then(|(_, what)| Some(name(what)?.uid)),
                    after: fallen.after,
                    left: fallen.left,
                })
            })
            .collect();
        let order = |one: &Outage| (one.answer, one.after, one.thing.kind.clone(), one.thing.uid.clone());
        told.sort_by_key(order);
        told
    }
}
