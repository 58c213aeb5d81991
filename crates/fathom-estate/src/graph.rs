//! Resources and the edges between them.
//!
//! A document refers to other resources by ARN, by id, or by a text of its own (a key's alias). All of these are
//! looked up in one index, nearest first: the exact uid, the id in the same account and region, the id in the same
//! account, the id anywhere. Of equally near ones the likeliest type holds, then the first uid, so that the answer does
//! not depend on the order in which a scan brings things. What leads nowhere stays visible as an unresolved edge.

use std::collections::{HashMap, HashSet};

use fathom_model::{AccountId, Edge, EdgeKind, Region, Resource, ResourceType, Target, Uid};

/// A reference as a document states it, not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The resource whose document states it.
    pub from: Uid,
    /// What the edge means.
    pub kind: EdgeKind,
    /// The types it may lead to, the likeliest first.
    pub to: Vec<ResourceType>,
    /// The id, ARN or alias as written.
    pub text: String,
}

/// The graph; resources keep the order in which they were added.
#[derive(Debug, Default)]
pub struct Estate {
    resources: Vec<Resource>,
    by_uid: HashMap<Uid, u32>,
    edges: Vec<Edge>,
    /// For each resource the range of its outgoing edges in `edges`.
    outgoing: Vec<(u32, u32)>,
    duplicates: Vec<Uid>,
}

/// Collects what an [`Estate`] is made of.
#[derive(Debug, Default)]
pub struct EstateBuilder {
    resources: Vec<Resource>,
    by_uid: HashMap<Uid, u32>,
    names: HashMap<(ResourceType, String), Vec<u32>>,
    references: Vec<Reference>,
    duplicates: Vec<Uid>,
}

impl EstateBuilder {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a resource; `also` are further texts by which documents refer to it. A uid that is there already is
    /// counted as a duplicate and the first stays.
    pub fn add(&mut self, resource: Resource, also: impl IntoIterator<Item = String>) -> bool {
        if self.by_uid.contains_key(&resource.uid) {
            self.duplicates.push(resource.uid);
            return false;
        }
        let at = self.resources.len() as u32;
        self.by_uid.insert(resource.uid.clone(), at);
        let mut names: Vec<String> = also.into_iter().collect();
        names.push(resource.id.clone());
        names.sort_unstable();
        names.dedup();
        for name in names {
            if name != resource.uid.as_str() {
                self.names.entry((resource.kind.clone(), name)).or_default().push(at);
            }
        }
        self.resources.push(resource);
        true
    }

    /// Whether a resource of this uid was added.
    pub fn contains(&self, uid: &str) -> bool {
        self.by_uid.contains_key(uid)
    }

    /// The ids of all resources added so far.
    pub fn ids(&self) -> HashSet<&str> {
        self.resources.iter().map(|resource| resource.id.as_str()).collect()
    }

    /// Adds a reference; it is looked up when the estate is built, so order does not matter.
    pub fn refer(&mut self, reference: Reference) {
        self.references.push(reference);
    }

    /// Looks up every reference and closes the graph.
    pub fn build(self) -> Estate {
        let Self { resources, by_uid, names, references, duplicates } = self;
        let mut edges: Vec<Edge> = references
            .into_iter()
            .filter_map(|reference| {
                let from = resources.get(*by_uid.get(&reference.from)? as usize)?;
                let found = look_up(&resources, &by_uid, &names, from, &reference);
                let to = match found {
                    Some(at) => Target::Known { uid: resources.get(at as usize)?.uid.clone() },
                    None => Target::Unresolved {
                        kind: reference.to.into_iter().next()?,
                        reference: reference.text,
                    },
                };
                Some(Edge { from: reference.from, kind: reference.kind, to })
            })
            .collect();
        // Outgoing edges of a resource lie together, in the order of the resources.
        edges.sort_by(|a, b| {
            (by_uid.get(&a.from), &a.kind, &a.to).cmp(&(by_uid.get(&b.from), &b.kind, &b.to))
        });
        edges.dedup();
        let mut outgoing = vec![(0, 0); resources.len()];
        for (i, edge) in edges.iter().enumerate() {
            if let Some(range) = by_uid.get(&edge.from).and_then(|at| outgoing.get_mut(*at as usize)) {
                if range.1 == 0 {
                    range.0 = i as u32;
                }
                range.1 = i as u32 + 1;
            }
        }
        Estate { resources, by_uid, edges, outgoing, duplicates }
    }
}

fn look_up(
    resources: &[Resource],
    by_uid: &HashMap<Uid, u32>,
    names: &HashMap<(ResourceType, String), Vec<u32>>,
    from: &Resource,
    reference: &Reference,
) -> Option<u32> {
    if let Some(at) = by_uid.get(reference.text.as_str()) {
        return Some(*at);
    }
    let candidates = reference.to.iter().enumerate().flat_map(|(unlikely, kind)| {
        let named = names.get(&(kind.clone(), reference.text.clone()));
        named.into_iter().flatten().map(move |at| (unlikely, *at))
    });
    let nearest = candidates.min_by_key(|(unlikely, at)| {
        let to = resources.get(*at as usize);
        let account = to.is_some_and(|to| to.account == from.account);
        let region = account && to.is_some_and(|to| to.region == from.region);
        (!region, !account, *unlikely, to.map(|to| &to.uid))
    });
    nearest.map(|(_, at)| at).or_else(|| {
        // Some documents refer by ARN to a resource whose uid is another ARN of it (a wildcard at its end).
        let trimmed = reference.text.trim_end_matches(":*").trim_end_matches("/*");
        if trimmed == reference.text { None } else { by_uid.get(trimmed).copied() }
    })
}

impl Estate {
    /// All resources.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// All edges; those of one resource lie together.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Uids that came more than once; the first description of each was kept.
    pub fn duplicates(&self) -> &[Uid] {
        &self.duplicates
    }

    /// A resource by its uid.
    pub fn get(&self, uid: &str) -> Option<&Resource> {
        self.position(uid).and_then(|at| self.resources.get(at))
    }

    /// A resource's place in [`Estate::resources`].
    pub fn position(&self, uid: &str) -> Option<usize> {
        self.by_uid.get(uid).map(|at| *at as usize)
    }

    /// The edges that leave a resource, by its place.
    pub fn outgoing(&self, at: usize) -> &[Edge] {
        self.outgoing
            .get(at)
            .and_then(|(from, to)| self.edges.get(*from as usize..*to as usize))
            .unwrap_or_default()
    }

    /// Takes the estate apart.
    pub fn into_parts(self) -> (Vec<Resource>, Vec<Edge>) {
        (self.resources, self.edges)
    }

    /// How many resources there are in an account and region.
    pub fn count_in(&self, account: &AccountId, region: &Region) -> usize {
        self.resources.iter().filter(|r| r.account == *account && r.region == *region).count()
    }
}
