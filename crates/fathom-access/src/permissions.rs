//! Everything that has a say, taken apart once and asked often.

use std::{collections::BTreeMap, sync::Arc};

use fathom_catalogue::{ActionId, Catalogue, Fit, Kind as Access};
use fathom_iam::{
    Context, Decision, Index, Organisation,
    organisation::{Asker, Kind, Target},
};
use fathom_model::Timestamp;
use fathom_store::{Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde::Serialize;

use crate::{
    AccessError,
    decrypt::{Encryption, WithKey},
    load_all, load_alone,
};

/// A resource of the estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its type, `AWS::S3::Bucket`.
    pub kind: String,
    /// As questions name it.
    pub target: Target,
}

impl Resource {
    /// Whether its ARN has a text in it, which is in small letters.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        text.is_empty() || self.target.arn.to_lowercase().contains(text)
    }
}

/// Who can do what over the whole estate, as of the last scans.
#[derive(Debug)]
pub struct Permissions {
    /// Everyone.
    pub index: Index,
    /// Everything that has an ARN, by it.
    pub resources: Arc<BTreeMap<String, Resource>>,
    /// With which keys these are kept.
    pub encryption: Encryption,
    catalogue: &'static Catalogue,
}

/// Actions of one kind that somebody may do to something, by what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permitted {
    /// The kind of access.
    pub access: Access,
    /// Allowed, allowed only if, or not known.
    #[serde(serialize_with = "as_word")]
    pub decision: Answer,
    /// The actions, sorted.
    pub actions: Vec<String>,
}

/// A decision that is no refusal, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is allowed.
    Allowed,
    /// It is allowed only if something holds that is not known.
    OnlyIf,
    /// It depends on what was not read.
    Unknown,
}

impl Answer {
    /// None where it is refused.
    pub fn of(decision: Decision) -> Option<Self> {
        match decision {
            Decision::Allowed => Some(Self::Allowed),
            Decision::OnlyIf => Some(Self::OnlyIf),
            Decision::Unknown => Some(Self::Unknown),
            Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => None,
        }
    }

    /// The word for it in JSON and SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::OnlyIf => "only_if",
            Self::Unknown => "unknown",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_word<S: serde::Serializer>(answer: &Answer, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(answer.word())
}

/// Actions while they are gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gathered(BTreeMap<(Access, Answer), Vec<String>>);

impl Gathered {
    pub(crate) fn add(&mut self, access: Access, decision: Decision, action: &str) {
        let Some(answer) = Answer::of(decision) else { return };
        let actions = self.0.entry((access, answer)).or_default();
        if !actions.iter().any(|known| known == action) {
            actions.push(action.to_owned());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn end(self) -> Vec<Permitted> {
        let permitted = self.0.into_iter().map(|((access, decision), mut actions)| {
            actions.sort_unstable();
            Permitted { access, decision, actions }
        });
        permitted.collect()
    }
}

/// What somebody may do to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnRow {
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// What.
    pub permitted: Vec<Permitted>,
    /// What the key under which the resource is kept says of it; nothing where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with_key: Vec<WithKey>,
}

/// Who may do what to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhatOn {
    /// The resource.
    pub resource: String,
    /// Those who may do anything, the most worrying first.
    pub rows: Vec<OnRow>,
    /// How many actions were asked about.
    pub actions: usize,
    /// How many users, roles and root users were.
    pub principals: usize,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
    /// What whoever reads it should know of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_note: Option<&'static str>,
}

impl Permissions {
    /// Reads all that has a say out of the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let permissions = Self::of(load_all(store, now).await?, resources(store).await?)?;
        Ok(permissions.with_encryption(Encryption::load(store, now).await?))
    }

    /// The same of code that nothing is known of but itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load_alone(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let permissions = Self::of(load_alone(store, now).await?, resources(store).await?)?;
        Ok(permissions.with_encryption(Encryption::load(store, now).await?))
    }

    /// The same of what has a say, and of resources by their ARN.
    ///
    /// # Errors
    /// When the catalogue of actions cannot be read.
    pub fn of(
        organisation: Organisation,
        resources: BTreeMap<String, Resource>,
    ) -> Result<Self, AccessError> {
        let index = Index::new(Arc::new(organisation));
        let (resources, encryption) = (Arc::new(resources), Encryption::default());
        Ok(Self { index, resources, encryption, catalogue: Catalogue::embedded()? })
    }

    /// The same with another index, and with other resources.
    pub(crate) fn with(&self, index: Index, resources: Arc<BTreeMap<String, Resource>>) -> Self {
        Self { index, resources, encryption: Encryption::default(), catalogue: self.catalogue }
    }

    /// The same, where it is known with which keys things are kept.
    #[must_use]
    pub fn with_encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Who may do what to a resource, of all actions that the catalogue has for it. Actions on the objects of a bucket
    /// are asked of one that no pattern names.
    ///
    /// # Errors
    /// When the resource is not of its form, or the catalogue knows no action on it.
    pub fn what_on(&self, target: &Target, given: &Context) -> Result<WhatOn, AccessError> {
        let asked = self.asked_on(target)?;
        let mut rows: BTreeMap<Asker, Gathered> = BTreeMap::new();
        for (action, access, target) in &asked {
            let decisions = self.index.decide(action, target, given).map_err(AccessError::Question)?;
            for number in decisions.possible().iter() {
                let Some((name, kind)) = self.index.principal(number) else { continue };
                let asker = Asker { kind, principal: name.to_owned() };
                rows.entry(asker).or_default().add(*access, decisions.of(number), action);
            }
            let strangers =
                self.index.organisation().let_in(action, target, given).map_err(AccessError::Question)?;
            for row in strangers {
                rows.entry(row.asker).or_default().add(*access, row.verdict.decision, action);
            }
        }
        let rows = rows.into_iter().map(|(asker, gathered)| {
            let permitted = gathered.end();
            let with_key = self.with_key(target, &asker, &permitted, given)?;
            Ok(OnRow { asker, permitted, with_key })
        });
        Ok(WhatOn {
            resource: target.arn.clone(),
            rows: rows.collect::<Result<_, AccessError>>()?,
            actions: asked.len(),
            principals: self.index.principals(),
            gaps: self.index.organisation().gaps(target),
            key_note: self.encryption.note(&target.arn),
        })
    }

    /// What the key under which a resource is kept says of what somebody may do to it.
    pub(crate) fn with_key(
        &self,
        target: &Target,
        asker: &Asker,
        permitted: &[Permitted],
        given: &Context,
    ) -> Result<Vec<WithKey>, AccessError> {
        self.encryption.with_key(self.index.organisation(), target, asker, permitted, given)
    }

    /// The actions that are asked of a resource, each with its kind and on what: itself, or one of its objects.
    pub(crate) fn asked_on(&self, target: &Target) -> Result<Vec<(String, Access, Target)>, AccessError> {
        let unknown = || AccessError::NoAction { resource: target.arn.clone() };
        let mut asked = Vec::new();
        let mut add = |target: &Target, actions: Vec<ActionId>| {
            for action in actions.into_iter().filter_map(|id| self.catalogue.get(id)) {
                asked.push((action.name().to_owned(), action.kind(), target.clone()));
            }
        };
        add(target, self.catalogue.actions_on(&target.arn).ok_or_else(unknown)?);
        if is_bucket(&target.arn) {
            let objects = Target { arn: format!("{}/*", target.arn), ..target.clone() };
            add(&objects, self.catalogue.actions_on(&objects.arn).unwrap_or_default());
        }
        if is_search_domain(&target.arn) {
            let path = Target { arn: format!("{}/*", target.arn), ..target.clone() };
            let on_domain = self.catalogue.actions_on(&target.arn).unwrap_or_default();
            let is_request = |id: &ActionId| {
                self.catalogue.get(*id).is_some_and(|action| action.name().starts_with(REQUESTS_OF_SEARCH))
            };
            add(&path, on_domain.into_iter().filter(is_request).collect());
        }
        Ok(asked)
    }

    /// What a question about one action is asked of. Where the action is one on objects and the resource a bucket, that is
    /// an object that no pattern names, as in [`Permissions::what_on`].
    pub fn meant(&self, action: &str, target: Target) -> Target {
        objects(self.catalogue, action, &target).unwrap_or(target)
    }

    /// Whether an action is asked of such resources; none where the catalogue does not know the action.
    pub fn fits(&self, action: &str, arn: &str) -> Option<Fit> {
        fits(self.catalogue, action, arn)
    }

    /// Everyone of this name: users, roles, root users by their account.
    ///
    /// # Errors
    /// When nobody is called so, or several are.
    pub fn principal(&self, name: &str) -> Result<u32, AccessError> {
        let found: Vec<u32> = self.index.called(name).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(AccessError::Nobody { name: name.to_owned() }),
            many => Err(AccessError::Ambiguous {
                text: name.to_owned(),
                found: many.iter().filter_map(|one| Some(self.index.principal(*one)?.0.to_owned())).collect(),
            }),
        }
    }

    /// The actions that are asked of no resource, with their kinds.
    pub(crate) fn without_resource(&self) -> impl Iterator<Item = (&'static str, Access)> {
        let actions = self.catalogue.actions().filter(fathom_catalogue::Action::is_without_resource);
        actions.map(|action| (action.name(), action.kind()))
    }
}

/// The objects of a bucket, where an action is asked of these and not of the bucket: one that no pattern names.
///
/// # Errors
/// When the catalogue of actions cannot be read.
pub fn on_objects(action: &str, target: &Target) -> Result<Option<Target>, AccessError> {
    Ok(objects(Catalogue::embedded()?, action, target))
}

fn objects(catalogue: &Catalogue, action: &str, target: &Target) -> Option<Target> {
    let objects = Target { arn: format!("{}/*", target.arn), ..target.clone() };
    let is_of = |arn: &str, wanted| fits(catalogue, action, arn) == Some(wanted);
    (is_bucket(&target.arn) && is_of(&target.arn, Fit::No) && is_of(&objects.arn, Fit::Yes))
        .then_some(objects)
}

/// What decides which actions are asked of a resource: its type, and the forms of ARNs that the catalogue knows and that its own has.
/// Load balancers of both kinds are of one type, and their actions are not the same.
pub(crate) fn sort_of(resource: &Resource) -> String {
    let forms =
        Catalogue::embedded().map(|catalogue| catalogue.types_on(&resource.target.arn)).unwrap_or_default();
    format!("{} {forms:?}", resource.kind)
}

fn fits(catalogue: &Catalogue, action: &str, arn: &str) -> Option<Fit> {
    Some(catalogue.fits(catalogue.action(action)?, arn))
}

/// Whether an ARN is of a bucket, which holds objects.
pub(crate) fn is_bucket(arn: &str) -> bool {
    arn.starts_with("arn:") && arn.contains(":s3:::") && !arn.contains('/')
}

/// How the actions begin that are requests to a search domain itself: they are for a path in it, which is what policies of
/// domains mostly name.
const REQUESTS_OF_SEARCH: &str = "es:ESHttp";

/// Whether an ARN is of a search domain, and not of a path in it.
fn is_search_domain(arn: &str) -> bool {
    arn.contains(":es:") && arn.split_once(":domain/").is_some_and(|(_, name)| !name.contains('/'))
}

/// Whether somebody is one of those whom an index numbers.
pub fn is_member(kind: Kind) -> bool {
    matches!(kind, Kind::Root | Kind::User | Kind::Role)
}

async fn resources(store: &Store) -> Result<BTreeMap<String, Resource>, StoreError> {
    let mut resources = BTreeMap::new();
    let all = Which::all();
    let mut found = std::pin::pin!(store.stream_names(&all));
    while let Some(chunk) = found.try_next().await? {
        for resource in chunk {
            let arn = resource.uid.as_str();
            if !arn.starts_with("arn:") {
                continue;
            }
            let target = Target {
                arn: arn.to_owned(),
                account: Some(resource.account.as_str().to_owned()),
                seen: true,
            };
            resources.insert(arn.to_owned(), Resource { kind: resource.kind.as_str().to_owned(), target });
        }
    }
    Ok(resources)
}
