//! A resource type as content: which calls list it, how it is identified, where it points, what it demands.
//!
//! One file a type in `content/resources/aws/`. The file says *what*; the collector in `fathom-see` knows *how*.

use std::collections::BTreeMap;

use fathom_model::{AccountId, EdgeKind, Part, Region, ResourceType, path::Path};
use serde::{Deserialize, Serialize};

use crate::{demands::Trait, template::Template};

/// Everything Fathom knows about one resource type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDefinition {
    /// The type, named as AWS Config and CloudFormation name it.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// What it is, in one sentence.
    pub description: String,
    /// The service that lists it, as the models name it.
    pub service: String,
    /// Where it is listed.
    #[serde(default)]
    pub scope: Scope,
    /// How it is listed.
    pub list: List,
    /// How one item is identified.
    pub identity: Identity,
    /// Where its tags are in the document; none where it has no tags.
    #[serde(default)]
    pub tags: Option<Path>,
    /// What kind of thing it is, which decides what must be explained.
    #[serde(default)]
    pub traits: Vec<Trait>,
    /// It counts as exposed where one of these is present and not empty, `false`, or `"none"`.
    #[serde(default)]
    pub exposed_when: Vec<Condition>,
    /// The provider itself made it where one of these holds.
    #[serde(default)]
    pub provider_made: Vec<Condition>,
    /// How those that the provider made are kept, where every account shows the same ones.
    #[serde(default)]
    pub common: Option<Common>,
    /// Where it points.
    #[serde(default)]
    pub relations: Vec<Relation>,
    /// Edges over which it takes over what it does not state itself, nearest first: a volume from its instance.
    #[serde(default)]
    pub inherit: Vec<EdgeKind>,
    /// Parts that a document states itself, as a fact of the provider: an ENI's requester is its creator.
    #[serde(default)]
    pub states: BTreeMap<Part, Path>,
    /// Further calls for each item.
    #[serde(default)]
    pub enrich: Vec<Enrich>,
    /// Members that hold JSON as text (possibly URL-encoded), to be stored as JSON.
    #[serde(default)]
    pub json: Vec<Path>,
    /// Members that may hold secrets; only their presence is kept.
    #[serde(default)]
    pub secret: Vec<Path>,
    /// Elements of lists in which a member that `secret` names is none.
    #[serde(default)]
    pub not_secret: Vec<NotSecret>,
    /// Members that the service changes by itself (when a role was last used): shown, and no new version.
    #[serde(default)]
    pub volatile: Vec<Path>,
    /// Columns of the type's own SQL view, by name.
    #[serde(default)]
    pub columns: BTreeMap<String, Path>,
}

/// Elements whose member is no secret: settings of a service beside those of the customer's program.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotSecret {
    /// The elements.
    pub each: Path,
    /// The member that tells them.
    pub by: String,
    /// What it says of those whose member is kept.
    pub is: Vec<String>,
    /// The member that is kept.
    pub member: String,
}

impl NotSecret {
    /// Whether a member of an element is no secret.
    pub fn holds(&self, element: &serde_json::Value) -> bool {
        element[&self.by].as_str().is_some_and(|told| self.is.iter().any(|one| one == told))
    }
}

impl ResourceDefinition {
    /// Whether the provider itself made what a document describes.
    pub fn is_provider_made(&self, document: &serde_json::Value) -> bool {
        self.provider_made.iter().any(|condition| condition.holds(document))
    }

    /// How a document is kept that every account shows alike; none where it is the asked account's own.
    pub fn common_of(&self, document: &serde_json::Value) -> Option<&Common> {
        self.common.as_ref().filter(|_| self.is_provider_made(document))
    }

    /// The calls that are made for it, as service and operation: those that list, those that describe, further ones.
    pub fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        let list = &self.list;
        let describe = list.describe.as_ref().map(|describe| describe.operation.as_str());
        let own = std::iter::once(list.operation.as_str()).chain(describe);
        let further = self.enrich.iter().flat_map(|enrich| {
            let service = enrich.service.as_deref().unwrap_or(&self.service);
            enrich.operations().map(move |operation| (service, operation))
        });
        own.map(|operation| (self.service.as_str(), operation)).chain(further)
    }
}

/// Things of the provider that every account shows under the same ARN: the policies that AWS writes.
///
/// They are one resource, whichever account showed it. It belongs to none of the accounts that were asked, or it would
/// move with whoever answers first, and be gone when that one has no use for it; and it says nothing of the asked
/// account, or every scan would make a version. It is gone when a scan of all accounts that list the type sees it in none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The account that owns them, as their ARN names it: `aws`.
    pub account: AccountId,
    /// Left out where one of these holds: the asked account has no use for it.
    #[serde(default)]
    pub unused: Vec<Condition>,
    /// Members that tell of the asked account and not of the thing, left out: in how many places it is used there.
    #[serde(default)]
    pub without: Vec<Path>,
}

impl Common {
    /// Takes out of a document what tells of the asked account; false where that account has no use for it.
    pub fn trim(&self, document: &mut serde_json::Value) -> bool {
        if self.unused.iter().any(|condition| condition.holds(document)) {
            return false;
        }
        for path in &self.without {
            path.take_members(document, &mut |_, _| {});
        }
        true
    }
}

/// Where a type is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In each enabled region.
    #[default]
    Region,
    /// Once for each account.
    Global,
    /// Once, in the account the scan starts from (an organisation is told only there).
    Organization,
}

/// How items are listed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The operation that lists, as the models name it.
    pub operation: String,
    /// Its parameters; texts may hold `{parent.Member}`, `{account}`, `{region}`.
    #[serde(default)]
    pub params: BTreeMap<String, serde_json::Value>,
    /// Where the items are in the answer; `@` for the answer itself.
    pub items: Path,
    /// The type whose every resource is asked in turn (`{parent.…}` in parameters); its region and account apply.
    #[serde(default)]
    pub for_each: Option<ResourceType>,
    /// Error codes that mean "there is none".
    #[serde(default)]
    pub absent: Vec<String>,
    /// Where a list gives only ids: the call that gives the documents.
    #[serde(default)]
    pub describe: Option<Describe>,
    /// What is listed contains more of its own type: each is asked in turn as a parent, as far down as there are any.
    #[serde(default)]
    pub nested: bool,
    /// The same list once more with other parameters, in one region only (what a service keeps for the whole world).
    #[serde(default)]
    pub again: Vec<Again>,
}

/// A list made once more with other parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The region that keeps them.
    pub region: Region,
    /// Parameters of the list that differ.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Parameters of `describe` that differ.
    #[serde(default)]
    pub describe_params: BTreeMap<String, serde_json::Value>,
}

impl List {
    /// The list that is made once more.
    pub fn made_again(&self, again: &Again) -> Self {
        let mut list = self.clone();
        list.params.extend(again.params.clone());
        if let Some(describe) = &mut list.describe {
            describe.params.extend(again.describe_params.clone());
        }
        list
    }
}

/// The second half of a listing that gives ids only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Describe {
    /// The operation that gives documents.
    pub operation: String,
    /// Its parameters; texts may hold `{item}` (a scalar item) or `{item.Member}`.
    #[serde(default)]
    pub params: BTreeMap<String, serde_json::Value>,
    /// Where many ids go at once: parameter and most ids a call.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Where the documents are in the answer; `@` for the answer itself.
    pub items: Path,
    /// Error codes that mean "gone since it was listed".
    #[serde(default)]
    pub absent: Vec<String>,
    /// Member under which the listed item itself is kept in the document.
    #[serde(default)]
    pub keep_item: Option<String>,
    /// What the answer tells beside the document, by the member under which the document keeps it; not with `batch`.
    #[serde(default)]
    pub keep: BTreeMap<String, Path>,
}

/// Ids that go into one call together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The parameter that takes the list.
    pub param: String,
    /// The most it takes.
    pub size: usize,
}

/// How an item is identified. All templates read the document with its enrichments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The id used in the provider's own calls and references.
    pub id: Template,
    /// The ARN, or where the type has none an ARN-like text that is unique for life.
    pub arn: Template,
    /// What people call it: a path, `path|last` for what follows its last `/` or `:`, or `tag:Name`.
    #[serde(default)]
    pub name: Option<Name>,
    /// When it was created.
    #[serde(default)]
    pub created: Option<Path>,
    /// Where the document says in which region it is, for types listed globally.
    #[serde(default)]
    pub region: Option<RegionRule>,
    /// Where the document says which account owns it; the asked account otherwise.
    #[serde(default)]
    pub account: Option<Path>,
    /// Other texts by which documents refer to it (a key's alias, a role's unique id).
    #[serde(default)]
    pub also: Vec<Path>,
    /// The same as templates: an account's root, as policies name it.
    #[serde(default)]
    pub also_as: Vec<Template>,
    /// `/`, `:` or both: an ARN that goes on so after this one names a part of the resource (an object of a bucket).
    #[serde(default)]
    pub parts: Vec<String>,
}

/// Where a name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A tag's value.
    Tag(String),
    /// A member of the document.
    Path(Path),
    /// What follows the last `/` or `:` of a member.
    Last(Path),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path = |text: &str| text.parse().map_err(serde::de::Error::custom);
        match (text.strip_prefix("tag:"), text.strip_suffix("|last")) {
            (Some(key), _) => Ok(Self::Tag(key.to_owned())),
            (None, Some(inner)) => path(inner).map(Self::Last),
            (None, None) => path(&text).map(Self::Path),
        }
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tag(key) => serializer.serialize_str(&format!("tag:{key}")),
            Self::Path(path) => path.serialize(serializer),
            Self::Last(path) => serializer.serialize_str(&format!("{path}|last")),
        }
    }
}

/// How a globally listed item tells its region.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionRule {
    /// The member that holds it.
    pub path: Path,
    /// The region meant where the member is absent or empty.
    pub default: String,
    /// Old names for regions.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
}

/// A test on a document: the member is there and says something, or equals or starts with a text. Where a path leads to
/// several values, one of them is enough.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The member.
    pub path: Path,
    /// The text it must equal.
    #[serde(default)]
    pub equals: Option<String>,
    /// The text it must start with.
    #[serde(default)]
    pub starts_with: Option<String>,
    /// It must not be there, or say nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// It holds where it would not without this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// Tests that must all hold on the same value: of one statement its effect, its principal, and no condition. Their
    /// paths start at that value; `path: "@"` is the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Condition>,
}

impl Condition {
    /// Whether it holds: without `equals`, `starts_with` and `all`, any value but an empty one, `false` and `none` does.
    pub fn holds(&self, document: &serde_json::Value) -> bool {
        self.is_met(document) != self.not
    }

    fn is_met(&self, document: &serde_json::Value) -> bool {
        let mut values = self.path.all(document).into_iter();
        if self.absent {
            return !values.any(says_something);
        }
        values.any(|value| {
            let text = || fathom_model::path::scalar_text(value);
            let fits = match (&self.equals, &self.starts_with) {
                (Some(expected), _) => text().as_ref() == Some(expected),
                (None, Some(prefix)) => text().is_some_and(|text| text.starts_with(prefix.as_str())),
                (None, None) => !self.all.is_empty() || says_something(value),
            };
            fits && self.all.iter().all(|condition| condition.holds(value))
        })
    }
}

fn says_something(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty() && text != "none",
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// A reference in the document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// What the edge means.
    pub kind: EdgeKind,
    /// Where the references are; `parent` for the resource of `for_each`.
    pub path: Path,
    /// The type they lead to, or the types they may lead to.
    #[serde(deserialize_with = "one_or_many")]
    pub to: Vec<ResourceType>,
    /// Where the texts name images of containers: which of them are references, to the repository that the image is in. Images of other
    /// registries are none.
    #[serde(default)]
    pub image: Option<crate::ImageNamed>,
    /// References that are not to resources of ours, to leave out: `0.0.0.0/0`, or with a `*` at the end a beginning.
    #[serde(default)]
    pub ignore: Vec<String>,
}

impl Relation {
    /// What a text refers to; none where it is no reference.
    pub fn reference<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self.image {
            None => Some(text),
            Some(named) => named.repository(text),
        }
    }

    /// Whether a reference is left out.
    pub fn ignores(&self, text: &str) -> bool {
        // A `*` alone is itself: as a principal it means anybody, and must not leave out everything.
        self.ignore.iter().any(|ignored| match ignored.strip_suffix('*') {
            Some(beginning) if !beginning.is_empty() => text.starts_with(beginning),
            _ => text == ignored,
        })
    }
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ResourceType>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(ResourceType),
        Many(Vec<ResourceType>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

/// A further call for each item.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrich {
    /// The operation.
    pub operation: String,
    /// The service, where it is another than the type's.
    #[serde(default)]
    pub service: Option<String>,
    /// Its parameters; texts may hold `{Member}` of the document, `{parent.Member}`, `{account}`, `{region}`.
    #[serde(default)]
    pub params: BTreeMap<String, serde_json::Value>,
    /// What to take from the answer; all of it where absent.
    #[serde(default)]
    pub take: Option<Path>,
    /// Keep all values that `take` finds as a list, not only the first.
    #[serde(default)]
    pub many: bool,
    /// The member of the document that receives it.
    pub into: String,
    /// Error codes that mean "not set".
    #[serde(default)]
    pub absent: Vec<String>,
    /// Run before the region is decided (the answer tells the region).
    #[serde(default)]
    pub before_region: bool,
    /// Only for items where this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// The IAM permission, where it is not `service:Operation`.
    #[serde(default)]
    pub permission: Option<String>,
    /// The call that has the service make what this one reads, where the service does not keep it ready.
    #[serde(default)]
    pub job: Option<Job>,
}

impl Enrich {
    /// Its operations, in the order in which they are called.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.job.iter().map(|job| job.operation.as_str()).chain(std::iter::once(self.operation.as_str()))
    }
}

/// Work that one call starts and whose result another one reads when it is done: a report. The parameters of the reading
/// call may hold `{job.Member}` of the answer to the call that starts it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The operation that starts it.
    pub operation: String,
    /// Its parameters; texts as in those of an enrichment.
    #[serde(default)]
    pub params: BTreeMap<String, serde_json::Value>,
    /// The work is not done yet where this holds on the answer of the reading call.
    #[serde(default)]
    pub pending: Option<Condition>,
    /// The work failed where this holds on the answer of the reading call.
    #[serde(default)]
    pub failed: Option<Condition>,
}
