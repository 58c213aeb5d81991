//! What checks answer of the objects of Kubernetes manifests: each is asked as what it is, and as what `content/manifests` says that it
//! is seen by, such as whatever makes pods. `manifests/view.rs` makes these views.
//!
//! **Invariant:** what a cluster adds is not known: neighbours that are not in the files may be there all the same.

mod view;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use fathom_checks::{
    Answer, Asked, Check, Checks, Fact, Facts, Missing, Reason, Status, Subject, finding_id,
};
use fathom_content::{
    ManifestKinds,
    manifests::{ManifestKind, ManifestRelation, Misfit},
};
use fathom_model::Timestamp;
use serde_json::Value;

use crate::{Counts, Finding, Posture};
use view::Places;

/// Documents that a function gives at most.
const DOCUMENTS_MAX: usize = 10_000;
/// In place of a value that may be secret.
const HIDDEN: &str = "(not shown)";
/// Why the namespace is not known.
const NO_NAMESPACE: &str = "the manifest names no namespace: whoever applies it decides";

/// An object that a manifest declares.
#[derive(Debug)]
pub struct DeclaredObject<'k> {
    /// What it is called for life: file and address.
    pub uid: String,
    /// What it is.
    pub kind: &'k ManifestKind,
    /// Its name.
    pub name: String,
    /// The namespace that it names.
    pub namespace: Option<String>,
    /// All of it.
    pub document: Value,
}

/// What checks answer of objects.
#[derive(Debug, Default)]
pub struct OfManifests {
    /// The findings, their values by their places in the manifests.
    pub posture: Posture,
    /// Members that are misspelt or have a wrong form, by the object's place in the list.
    pub misfits: Vec<(usize, Misfit)>,
    /// Objects of which nothing that they make can be asked, and why.
    pub left_out: Vec<(usize, String)>,
}

impl OfManifests {
    /// Asks all checks of all objects. `keeps` says which answers become findings.
    pub fn of(
        kinds: &ManifestKinds,
        checks: &Checks,
        objects: &[DeclaredObject<'_>],
        now: Timestamp,
        keeps: &[Status],
    ) -> Self {
        let mut told = Self::default();
        let asked = told.asked(kinds, objects);
        let neighbours = Neighbours::of(kinds, &asked, now);
        for check in &checks.all {
            told.posture.by_check.insert(check.definition.id.clone(), Counts::default());
        }
        for one in &asked {
            let subject = one.subject();
            for (check, answer) in checks.ask(&subject, &neighbours) {
                let id = &check.definition.id;
                told.posture.by_check.entry(id.clone()).or_default().add(answer.status);
                if keeps.contains(&answer.status) {
                    told.posture.findings.push(one.finding(check, answer));
                }
            }
        }
        told.posture.resources = objects.len();
        told.posture.sort();
        told
    }

    /// Each object as what it is, and as each view of it.
    fn asked<'o>(&mut self, kinds: &'o ManifestKinds, objects: &'o [DeclaredObject<'o>]) -> Vec<AskedOf<'o>> {
        let mut asked = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            let own = AskedOf::new(kinds, object, object.kind.is.as_str(), object.document.clone());
            self.misfits.extend(own.misfits.iter().map(|one| (at, one.clone())));
            asked.push(own);
            for is in &object.kind.views {
                match view::document(object, kinds.view(is.as_str())) {
                    Ok((document, places)) => {
                        let secret = kinds.view(is.as_str()).map_or(&[][..], |view| &view.secret);
                        let one = AskedOf::new(kinds, object, is.as_str(), document);
                        asked.push(AskedOf { places, secret, ..one });
                    }
                    Err(why) => self.left_out.push((at, why)),
                }
            }
        }
        asked
    }
}

/// An object as checks of one type are asked of it.
struct AskedOf<'o> {
    object: &'o DeclaredObject<'o>,
    is: &'o str,
    document: Value,
    misfits: Vec<Misfit>,
    /// Why members are not known, by their paths.
    not_known: BTreeMap<String, String>,
    unread: Vec<String>,
    /// Where in the manifest its members stand.
    places: Places,
    secret: &'o [String],
}

impl<'o> AskedOf<'o> {
    fn new(kinds: &ManifestKinds, object: &'o DeclaredObject<'o>, is: &'o str, document: Value) -> Self {
        let misfits = kinds.misfits(is, &document);
        let wrong = misfits.iter().filter(|one| !one.is_unknown);
        let mut not_known: BTreeMap<String, String> =
            wrong.map(|one| (one.path.clone(), format!("{}: {}", one.path, one.message))).collect();
        if object.kind.namespaced && object.namespace.is_none() {
            not_known.insert("metadata.namespace".to_owned(), NO_NAMESPACE.to_owned());
        }
        let unread = not_known.keys().cloned().collect();
        Self {
            object,
            is,
            document,
            misfits,
            not_known,
            unread,
            places: Places::default(),
            secret: &object.kind.secret,
        }
    }

    /// The namespace that it lies in; a namespace lies in itself.
    fn namespace(&self) -> &str {
        if self.object.kind.namespaced {
            self.object.namespace.as_deref().unwrap_or_default()
        } else {
            &self.object.name
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            uid: &self.object.uid,
            kind: self.is,
            name: Some(&self.object.name),
            account: "",
            region: self.namespace(),
            document: &self.document,
            unread: &self.unread,
        }
    }

    fn finding(&self, check: &Check, answer: Answer) -> Finding {
        let definition = &check.definition;
        Finding {
            id: finding_id(&definition.id, &self.object.uid, ""),
            check: definition.id.clone(),
            status: answer.status,
            severity: definition.severity,
            title: definition.title.clone(),
            resource: self.object.uid.clone(),
            resource_type: self.object.kind.is.to_string(),
            name: Some(self.object.name.clone()),
            account: String::new(),
            region: String::new(),
            owner: None,
            why: self.reasons(answer.why),
            proof: answer.proof,
            missing: answer.missing,
        }
    }

    /// The values that decided, at their places in the manifest; those that may be secret without what they are.
    fn reasons(&self, why: Vec<Reason>) -> Vec<Reason> {
        let mut told: Vec<Reason> = Vec::new();
        for Reason { path, value } in why {
            let is_secret = self.secret.iter().any(|secret| is_at(&path, secret));
            // What is not in an image is shown by what is: no member of the manifest has a version.
            let value = view::image_at(&self.document, &path).or(value);
            let value = value.map(|value| if is_secret { HIDDEN.to_owned() } else { value });
            let reason = Reason { path: self.places.in_manifest(&path), value };
            if !told.contains(&reason) {
                told.push(reason);
            }
        }
        told
    }
}

/// Whether a path leads to a place, above it or below it. Places of elements are left out: `env[3].value` is at `env[].value`.
fn is_at(path: &str, place: &str) -> bool {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for one in path.chars() {
        match one {
            '[' => {
                plain.push('[');
                inside = true;
            }
            ']' => {
                plain.push(']');
                inside = false;
            }
            one if inside && one.is_ascii_digit() => {}
            one => plain.push(one),
        }
    }
    let begins = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    begins(&plain, place) || begins(place, &plain)
}

/// What the same files declare beside an object.
struct Neighbours<'a> {
    kinds: &'a ManifestKinds,
    all: &'a [AskedOf<'a>],
    /// Places in `all`, by type and namespace.
    by_place: HashMap<(&'a str, &'a str), Vec<usize>>,
    by_uid: HashMap<(&'a str, &'a str), &'a AskedOf<'a>>,
    gathered: Mutex<HashMap<(String, String), Arc<Fact>>>,
    now: Timestamp,
}

impl<'a> Neighbours<'a> {
    fn of(kinds: &'a ManifestKinds, all: &'a [AskedOf<'a>], now: Timestamp) -> Self {
        let mut by_place: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        let mut by_uid = HashMap::new();
        for (at, one) in all.iter().enumerate() {
            by_place.entry((one.is, one.namespace())).or_default().push(at);
            by_uid.insert((one.object.uid.as_str(), one.is), one);
        }
        Self { kinds, all, by_place, by_uid, gathered: Mutex::default(), now }
    }

    fn there(&self, kind: &str, namespace: &str) -> Vec<&'a AskedOf<'a>> {
        let places = self.by_place.get(&(kind, namespace));
        places.into_iter().flatten().filter_map(|at| self.all.get(*at)).collect()
    }

    fn in_namespace(&self, subject: &Subject<'_>, kind: &str) -> Result<Arc<Fact>, Missing> {
        let place = (kind.to_owned(), subject.region.to_owned());
        let known = self.gathered.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found: Vec<&AskedOf<'_>> = self.there(kind, subject.region);
        if found.len() > DOCUMENTS_MAX {
            return Err(Missing::of(format!("there are more than {DOCUMENTS_MAX} of {kind}")));
        }
        let fact = Arc::new(Fact {
            unread: unread(&found),
            value: found.iter().map(|one| one.document.clone()).collect(),
            more: Some(format!("{kind} that are not in these files")),
            ..Fact::default()
        });
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).insert(place, Arc::clone(&fact));
        Ok(fact)
    }

    /// The object that a relation names, where the files have it.
    fn related(&self, subject: &Subject<'_>, relation: &ManifestRelation) -> Result<Arc<Fact>, Missing> {
        let written = relation.name.text(subject.document);
        let Some(name) = written.filter(|name| !name.is_empty()).or_else(|| relation.otherwise.clone())
        else {
            return Ok(Arc::new(Fact { value: Value::Array(Vec::new()), ..Fact::default() }));
        };
        let mut own = self.there(relation.to.as_str(), subject.region);
        own.retain(|one| one.object.name == name);
        if own.is_empty() {
            let kind = relation.to.as_str().rsplit("::").next().unwrap_or_default();
            return Err(Missing::of(format!("the {kind} `{name}` is not in these files")));
        }
        let value = own.iter().map(|one| one.document.clone()).collect();
        Ok(Arc::new(Fact { unread: unread(&own), value, ..Fact::default() }))
    }
}

/// What of documents is not known, by their places in a list.
fn unread(found: &[&AskedOf<'_>]) -> Vec<(usize, Vec<String>)> {
    let all = found.iter().enumerate().filter(|(_, one)| !one.unread.is_empty());
    all.map(|(at, one)| (at, one.unread.clone())).collect()
}

impl Facts for Neighbours<'_> {
    fn fact(&self, subject: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing> {
        match asked {
            Asked::InNamespace(kind) => self.in_namespace(subject, kind),
            Asked::Related(edge) => {
                let view = self.kinds.view(subject.kind);
                let relations = view.map_or(&[][..], |view| &view.relations);
                match relations.iter().find(|one| one.kind.as_str() == edge) {
                    Some(relation) => self.related(subject, relation),
                    None => Err(Missing::of(format!("{} has no relation `{edge}`", subject.kind))),
                }
            }
            asked => Err(Missing::of(format!("nobody says {} of what a manifest declares", asked.text()))),
        }
    }

    fn why_unread(&self, subject: &Subject<'_>, path: &str) -> String {
        let one = self.by_uid.get(&(subject.uid, subject.kind));
        match one.and_then(|one| Some((one, one.not_known.get(path)?))) {
            Some((_, why)) => why.clone(),
            None => format!("{path} is not known"),
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

#[cfg(test)]
mod tests;
