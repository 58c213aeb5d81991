//! The estate as if some resources were others: a view over the store, which stays as it is.
//!
//! An [`Overlay`] is laid over a store with [`crate::Store::under`]. Streams of resources, edges and statements, and what could
//! not be read, then tell of the estate with it; everything else the store tells as it is.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{Edge, Gap, Reason, Resource, Timestamp, Uid, Unknown};

use crate::{StoredResource, UnknownQuery, Which, WhichEdges};

/// A resource as it would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    /// The resource with its document.
    pub resource: Resource,
    /// The edges that it states.
    pub edges: Vec<Edge>,
    /// Members of its document that are not known, each with why; also one of which only a part is not.
    pub not_known: BTreeMap<String, String>,
    /// The parts of these that are not known, by their paths. A member without any is not known as a whole.
    pub parts: BTreeMap<String, String>,
}

/// What is laid over the estate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overlay {
    /// Resources that would be so: new ones, and others in the place of those that there are.
    pub laid: BTreeMap<Uid, Laid>,
    /// Resources that would be gone.
    pub gone: BTreeSet<Uid>,
}

impl Laid {
    /// What is not known, as closely as it can be told: the parts of members, and members as a whole where none are told.
    pub fn closely(&self) -> BTreeMap<String, String> {
        let is_told = |member: &str| {
            self.parts.keys().any(|path| path.strip_prefix(member).is_some_and(|rest| rest.starts_with('.')))
        };
        let whole = self.not_known.iter().filter(|(member, _)| !is_told(member));
        whole.chain(&self.parts).map(|(path, why)| (path.clone(), why.clone())).collect()
    }
}

impl Overlay {
    /// Whether nothing would be another.
    pub fn is_empty(&self) -> bool {
        self.laid.is_empty() && self.gone.is_empty()
    }

    pub(crate) fn hides(&self, uid: &Uid) -> bool {
        self.gone.contains(uid) || self.laid.contains_key(uid)
    }

    /// A chunk of a stream, without what the overlay has.
    pub(crate) fn keep_resources(&self, chunk: &mut Vec<StoredResource>) {
        chunk.retain(|one| !self.hides(&one.resource.uid));
    }

    /// What the overlay has of a stream.
    pub(crate) fn resources(&self, which: &Which, with_documents: bool) -> Vec<StoredResource> {
        let fits = |one: &&Laid| which.fits(&one.resource);
        self.laid.values().filter(fits).map(|one| stored(one, with_documents)).collect()
    }

    pub(crate) fn keep_edges(&self, chunk: &mut Vec<Edge>) {
        chunk.retain(|edge| {
            !self.hides(&edge.from) && !self.gone.iter().any(|uid| uid.as_str() == edge.to.as_str())
        });
    }

    pub(crate) fn edges(&self, which: &WhichEdges) -> Vec<Edge> {
        let fits = |edge: &&Edge| {
            (which.from.is_empty() || which.from.contains(&edge.from))
                && (which.to.is_empty() || which.to.iter().any(|to| to.as_str() == edge.to.as_str()))
        };
        self.laid.values().flat_map(|one| &one.edges).filter(fits).cloned().collect()
    }

    /// What a page of the list keeps: rows of what the overlay has come at its end.
    pub(crate) fn keep_unknowns(&self, rows: &mut Vec<Unknown>) {
        rows.retain(|row| !self.hides(&row.uid));
    }

    /// The resources of the overlay that a question about the list is about.
    pub(crate) fn asked(&self, query: &UnknownQuery) -> impl Iterator<Item = &Uid> {
        let fits = |resource: &Resource| {
            (query.kinds.is_empty() || query.kinds.contains(&resource.kind))
                && (query.accounts.is_empty() || query.accounts.contains(&resource.account))
        };
        self.laid.iter().filter(move |(_, one)| fits(&one.resource)).map(|(uid, _)| uid)
    }

    /// What is unknown about a resource, where that is known without the overlay; what it lacked before, it still lacks.
    pub(crate) fn unknown_of(&self, uid: &Uid, before: Option<Unknown>) -> Option<Unknown> {
        if self.gone.contains(uid) {
            return None;
        }
        let Some(laid) = self.laid.get(uid) else { return before };
        if laid.not_known.is_empty() {
            return before;
        }
        let mut unknown = before.unwrap_or_else(|| unknown(laid));
        unknown.gaps.extend(gaps(laid));
        Some(unknown)
    }
}

fn gaps(laid: &Laid) -> impl Iterator<Item = Gap> {
    laid.not_known.iter().map(|(part, why)| Gap {
        part: part.clone(),
        reason: Some(Reason::NotReached),
        detail: why.clone(),
        accepted: None,
    })
}

fn unknown(laid: &Laid) -> Unknown {
    let resource = &laid.resource;
    Unknown {
        uid: resource.uid.clone(),
        kind: resource.kind.clone(),
        account: resource.account.clone(),
        region: resource.region.clone(),
        name: resource.name.clone(),
        rank: 0,
        because: Vec::new(),
        gaps: Vec::new(),
    }
}

fn stored(laid: &Laid, with_documents: bool) -> StoredResource {
    let mut resource = laid.resource.clone();
    let version_hash = hex::encode(resource.document.hash());
    if !with_documents {
        resource.document = fathom_model::Document::from_canonical("null");
    }
    StoredResource {
        resource,
        first_seen: Timestamp::UNIX_EPOCH,
        last_seen: Timestamp::UNIX_EPOCH,
        version_hash,
        stale: false,
        understood: false,
        deleted_at: None,
    }
}

impl Which {
    /// Whether a resource is one of these.
    fn fits(&self, resource: &Resource) -> bool {
        fn one_of<T: PartialEq>(wanted: &[T], value: &T) -> bool {
            wanted.is_empty() || wanted.contains(value)
        }
        one_of(&self.uids, &resource.uid)
            && one_of(&self.ids, &resource.id)
            && (self.names.is_empty() || resource.name.as_ref().is_some_and(|name| self.names.contains(name)))
            && one_of(&self.kinds, &resource.kind)
            && one_of(&self.accounts, &resource.account)
            && one_of(&self.regions, &resource.region)
    }
}
