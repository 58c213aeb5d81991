//! Resources and the edges between them.
//!
//! A document refers to other resources by ARN, by id, or by a text of its own (a key's alias). All of these are
//! looked up in one index, nearest first: the exact uid, the id in the same account and region, the id in the same
//! account, the id anywhere. Of equally near ones the likeliest type holds, then the first uid, so that the answer does
//! not depend on the order in which a scan brings things. An ARN that goes on after a resource's own names a part of it,
//! where the definition says so. What leads nowhere stays visible as an unresolved edge.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use fathom_content::Content;
use fathom_model::{AccountId, DocumentPath, Edge, EdgeKind, Region, Resource, ResourceType, Target, Uid};

use crate::arn;

/// The most beginnings of an ARN that are tried as the resource whose part it names.
const BEGINNINGS_MAX: usize = 16;

/// A reference as a document states it, not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The resource whose document states it.
    pub from: Uid,
    /// What the edge means.
    pub kind: EdgeKind,
    /// The types it may lead to, the likeliest first; none where an ARN says it all.
    pub to: Vec<ResourceType>,
    /// The id, ARN or alias as written.
    pub text: String,
    /// Where the document states it.
    pub path: DocumentPath,
    /// How sure it is that this is a reference.
    pub sure: Sure,
}

/// How sure it is that a text is a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sure {
    /// The definition says so: always an edge.
    Declared,
    /// Its form says so: an edge, unless another leads the same way, or back to where it starts.
    Mentioned,
    /// Its form allows it (a pattern, or an ARN that may be nobody's): an edge only where it leads to a resource.
    Perhaps,
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
    context: HashSet<u32>,
}

/// Texts of which there are few, each once: resources and references that came from different answers share them.
#[derive(Debug, Default)]
struct Words {
    kinds: HashSet<ResourceType>,
    accounts: HashSet<AccountId>,
    regions: HashSet<Region>,
    edges: HashSet<EdgeKind>,
}

/// Gives a value the text that an equal one has already.
fn share<T: Clone + Eq + Hash>(known: &mut HashSet<T>, value: &mut T) {
    match known.get(value) {
        Some(one) => *value = one.clone(),
        None => {
            known.insert(value.clone());
        }
    }
}

/// The resources of one name: nearly always one.
#[derive(Debug)]
enum Places {
    One(u32),
    Many(Vec<u32>),
}

impl Places {
    fn push(&mut self, at: u32) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, at]),
            Self::Many(all) => all.push(at),
        }
    }

    fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(at) => std::slice::from_ref(at),
            Self::Many(all) => all,
        }
    }
}

/// Collects what an [`Estate`] is made of.
#[derive(Debug, Default)]
pub struct EstateBuilder {
    resources: Vec<Resource>,
    by_uid: HashMap<Uid, u32>,
    names: HashMap<ResourceType, HashMap<Box<str>, Places>>,
    /// ARNs that are not the uid of what they name.
    arns: HashMap<String, Vec<u32>>,
    references: Vec<Reference>,
    duplicates: Vec<Uid>,
    /// Each path once: there are a few for each type, and millions of references.
    paths: HashSet<DocumentPath>,
    words: Words,
    /// The separators after which a longer ARN names a part of the resource.
    parts: HashMap<ResourceType, String>,
    scope: Option<HashSet<AccountId>>,
    context: HashSet<u32>,
}

impl EstateBuilder {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one that knows which types have parts with ARNs of their own.
    pub fn of(content: &Content) -> Self {
        let parts = content.resources.values().filter(|definition| !definition.identity.parts.is_empty());
        let parts = parts.map(|definition| (definition.kind.clone(), definition.identity.parts.concat()));
        Self { parts: parts.collect(), ..Self::default() }
    }

    /// Tells which accounts were looked into; a reference that names another one leads outside. Where nobody tells,
    /// they are those that resources are in.
    pub fn in_scope(&mut self, accounts: impl IntoIterator<Item = AccountId>) {
        self.scope.get_or_insert_default().extend(accounts);
    }

    /// Adds a resource; `also` are further texts by which documents refer to it. A uid that is there already is
    /// counted as a duplicate and the first stays.
    pub fn add(&mut self, mut resource: Resource, also: impl IntoIterator<Item = String>) -> bool {
        if self.by_uid.contains_key(&resource.uid) {
            self.duplicates.push(resource.uid);
            return false;
        }
        share(&mut self.words.kinds, &mut resource.kind);
        share(&mut self.words.accounts, &mut resource.account);
        share(&mut self.words.regions, &mut resource.region);
        let at = self.resources.len() as u32;
        self.by_uid.insert(resource.uid.clone(), at);
        let mut names: Vec<String> = also.into_iter().collect();
        names.push(resource.id.clone());
        names.sort_unstable();
        names.dedup();
        for name in names {
            if name != resource.uid.as_str() {
                if name.starts_with("arn:") {
                    self.arns.entry(name.clone()).or_default().push(at);
                }
                let names = self.names.entry(resource.kind.clone()).or_default();
                names.entry(name.into()).and_modify(|places| places.push(at)).or_insert(Places::One(at));
            }
        }
        self.resources.push(resource);
        true
    }

    /// Adds a resource that was not looked at now: references may lead to it, and what it states is taken over, but
    /// nothing new is said about it. One that is there already stays as it is.
    pub fn add_context(&mut self, resource: Resource, also: impl IntoIterator<Item = String>) -> bool {
        if self.contains(resource.uid.as_str()) {
            return false;
        }
        self.context.insert(self.resources.len() as u32);
        self.add(resource, also)
    }

    /// The uids of all resources added so far.
    pub fn uids(&self) -> impl Iterator<Item = &Uid> {
        self.resources.iter().map(|resource| &resource.uid)
    }

    /// The references added so far.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether a resource of this uid was added.
    pub fn contains(&self, uid: &str) -> bool {
        self.by_uid.contains_key(uid)
    }

    /// Whether a resource goes by this ARN beside its uid.
    pub fn names(&self, arn: &str) -> bool {
        self.arns.contains_key(arn)
    }

    /// The ids of all resources added so far.
    pub fn ids(&self) -> HashSet<&str> {
        self.resources.iter().map(|resource| resource.id.as_str()).collect()
    }

    /// Adds a reference; it is looked up when the estate is built, so order does not matter.
    pub fn refer(&mut self, mut reference: Reference) {
        share(&mut self.words.edges, &mut reference.kind);
        share(&mut self.paths, &mut reference.path);
        self.references.push(reference);
    }

    /// Looks up every reference and closes the graph.
    pub fn build(mut self) -> Estate {
        let references = std::mem::take(&mut self.references);
        let scope = self
            .scope
            .take()
            .unwrap_or_else(|| self.resources.iter().map(|resource| resource.account.clone()).collect());
        let shapes = self.shapes(&references);
        let mut edges: Vec<(u32, Sure, Edge)> =
            references.into_iter().filter_map(|reference| self.edge(reference, &scope, &shapes)).collect();
        // Names are looked up no more, and edges take their room.
        self.names = HashMap::new();
        self.arns = HashMap::new();
        // Outgoing edges of a resource lie together, in the order of the resources.
        edges.sort_by(|(a, sure, x), (b, surely, y)| {
            (a, &x.kind, &x.to, sure, &x.path).cmp(&(b, &y.kind, &y.to, surely, &y.path))
        });
        edges.dedup_by(|(a, _, x), (b, _, y)| a == b && x.kind == y.kind && x.to == y.to);
        let edges = without_repetitions(edges);

        let Self { resources, by_uid, duplicates, context, .. } = self;
        let mut outgoing = vec![(0, 0); resources.len()];
        for (i, edge) in edges.iter().enumerate() {
            if let Some(range) = by_uid.get(&edge.from).and_then(|at| outgoing.get_mut(*at as usize)) {
                if range.1 == 0 {
                    range.0 = i as u32;
                }
                range.1 = i as u32 + 1;
            }
        }
        Estate { resources, by_uid, edges, outgoing, duplicates, context }
    }

    /// Which types have ARNs of which form, as the estate shows it: for references that nothing else tells the type of.
    fn shapes(&self, references: &[Reference]) -> HashMap<(String, String), ResourceType> {
        let mut shapes: HashMap<(String, String), ResourceType> = HashMap::new();
        if references.iter().all(|reference| !reference.to.is_empty()) {
            return shapes;
        }
        for resource in &self.resources {
            let Some(arn) = arn::parse(resource.uid.as_str()) else { continue };
            let shape = (arn.service.to_owned(), arn.word().to_owned());
            let kind = shapes.entry(shape).or_insert_with(|| resource.kind.clone());
            if resource.kind < *kind {
                *kind = resource.kind.clone();
            }
        }
        shapes
    }

    fn edge(
        &self,
        reference: Reference,
        scope: &HashSet<AccountId>,
        shapes: &HashMap<(String, String), ResourceType>,
    ) -> Option<(u32, Sure, Edge)> {
        let at = *self.by_uid.get(&reference.from)?;
        let from = self.resources.get(at as usize)?;
        let found = self.look_up(from, &reference);
        let to = match found.and_then(|at| self.resources.get(at as usize)) {
            Some(resource) => Target::Known { uid: resource.uid.clone() },
            None if reference.sure == Sure::Perhaps => return None,
            None => {
                let arn = arn::parse(&reference.text);
                let kind = reference.to.into_iter().next().or_else(|| {
                    let shape = (arn?.service.to_owned(), arn?.word().to_owned());
                    let seen = || ResourceType::from(format!("seen::{}::{}", shape.0, shape.1));
                    Some(shapes.get(&shape).cloned().unwrap_or_else(seen))
                })?;
                let outside = arn.is_some_and(|arn| arn.has_account() && !scope.contains(arn.account));
                Target::Unresolved { kind, reference: reference.text, outside }
            }
        };
        let sure = reference.sure;
        Some((at, sure, Edge { from: reference.from, kind: reference.kind, to, path: reference.path }))
    }

    fn look_up(&self, from: &Resource, reference: &Reference) -> Option<u32> {
        let Self { resources, by_uid, names, arns, parts, .. } = self;
        let text = reference.text.as_str();
        if let Some(at) = by_uid.get(text) {
            return Some(*at);
        }
        let candidates = reference.to.iter().enumerate().flat_map(|(unlikely, kind)| {
            let named = names.get(kind).and_then(|named| named.get(text));
            named.into_iter().flat_map(Places::as_slice).map(move |at| (unlikely, *at))
        });
        let by_arn = if reference.to.is_empty() { arns.get(text) } else { None };
        let candidates = candidates.chain(by_arn.into_iter().flatten().map(|at| (0, *at)));
        let nearest = candidates.min_by_key(|(unlikely, at)| {
            let to = resources.get(*at as usize);
            let account = to.is_some_and(|to| to.account == from.account);
            let region = account && to.is_some_and(|to| to.region == from.region);
            (!region, !account, *unlikely, to.map(|to| &to.uid))
        });
        if let Some((_, at)) = nearest {
            return Some(at);
        }
        // Some documents refer by ARN to a resource whose uid is another ARN of it (a wildcard at its end).
        let trimmed = text.trim_end_matches(":*").trim_end_matches("/*");
        if trimmed != text
            && let Some(at) = by_uid.get(trimmed)
        {
            return Some(*at);
        }
        if !text.starts_with("arn:") {
            return None;
        }
        let exact = text.find(arn::WILDCARDS).and_then(|at| text.get(..at)).unwrap_or(text);
        exact.rmatch_indices(['/', ':']).take(BEGINNINGS_MAX).find_map(|(end, separator)| {
            let at = by_uid.get(exact.get(..end)?)?;
            let kind = &resources.get(*at as usize)?.kind;
            parts.get(kind).is_some_and(|separators| separators.contains(separator)).then_some(*at)
        })
    }
}

/// Leaves out what was only found by its form where a declared edge leads the same way, and all but one of several.
fn without_repetitions(edges: Vec<(u32, Sure, Edge)>) -> Vec<Edge> {
    let mut kept = Vec::with_capacity(edges.len());
    let mut edges = edges.into_iter().peekable();
    while let Some((at, sure, edge)) = edges.next() {
        let mut group = vec![(sure, edge)];
        while let Some((_, sure, edge)) = edges.next_if(|(next, ..)| *next == at) {
            group.push((sure, edge));
        }
        if group.iter().all(|(sure, _)| *sure == Sure::Declared) {
            kept.extend(group.into_iter().map(|(_, edge)| edge));
            continue;
        }
        let mut led: HashSet<String> = group
            .iter()
            .filter(|(sure, _)| *sure == Sure::Declared)
            .map(|(_, edge)| edge.to.as_str().to_owned())
            .collect();
        for (sure, edge) in group {
            let to = edge.to.as_str();
            if sure == Sure::Declared || (to != edge.from.as_str() && led.insert(to.to_owned())) {
                kept.push(edge);
            }
        }
    }
    kept
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

    /// Whether the resource at a place is only there for others ([`EstateBuilder::add_context`]).
    pub fn is_context(&self, at: usize) -> bool {
        u32::try_from(at).is_ok_and(|at| self.context.contains(&at))
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
