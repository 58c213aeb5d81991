//! What was seen: resources with their provider-native document, and the edges between them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    id::{AccountId, DocumentPath, EdgeKind, Region, ResourceType, Uid},
    path::Path,
};

/// One thing in the cloud, as the provider described it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name for life.
    pub uid: Uid,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The account that owns it.
    pub account: AccountId,
    /// Where it is; `global` where it has no place.
    pub region: Region,
    /// The id the provider uses in its own calls: `i-0abc…`, a bucket's name.
    pub id: String,
    /// What people call it, where that differs from the id.
    pub name: Option<String>,
    /// Tags, sorted by key.
    pub tags: BTreeMap<String, String>,
    /// When the provider says that it was created.
    pub created_at: Option<Timestamp>,
    /// Whether the provider itself made it (service-linked roles, keys that a service manages).
    pub provider_made: bool,
    /// Whether its own settings say that it may be reached from outside (a public address, a public flag).
    pub exposed: bool,
    /// Everything the provider said, as JSON text with sorted keys.
    pub document: Document,
}

/// The member of a document that says when AWS Config captured it: of an earlier state in its text, of the newest beside
/// it, where it makes no version.
pub const CAPTURED: &str = "configurationItemCaptureTime";

/// A document as canonical JSON text: sorted keys, no white space, so that equal content has equal bytes.
///
/// What changes by itself (when a role was last used) stands beside the text, where it makes no new version.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Document {
    text: Arc<str>,
    observed: Option<Arc<str>>,
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self::from_canonical(text)
    }
}

impl From<Document> for String {
    fn from(document: Document) -> Self {
        document.whole().as_str().to_owned()
    }
}

impl Document {
    /// The canonical text of a value.
    pub fn new(value: &Value) -> Self {
        Self { text: Arc::from(Sorted(value).text()), observed: None }
    }

    /// The canonical text of a value without the members at these paths, which are kept beside it. A path that ends
    /// in an element takes nothing: elements have no place of their own to come back to.
    pub fn without(mut value: Value, volatile: &[Path]) -> Self {
        let mut observed = serde_json::Map::new();
        for path in volatile {
            path.take_members(&mut value, &mut |place, member| {
                observed.insert(place, member);
            });
        }
        let observed = (!observed.is_empty()).then(|| Arc::from(Sorted(&Value::Object(observed)).text()));
        Self { observed, ..Self::new(&value) }
    }

    /// The same with what was observed beside it, as [`Document::observed`] gave it.
    pub fn with_observed(self, observed: Option<&str>) -> Self {
        Self { observed: observed.map(Arc::from), ..self }
    }

    /// What stands beside the text: a JSON object of values by their paths, `RoleLastUsed`, `deployments[0].runningCount`.
    pub fn observed(&self) -> Option<&str> {
        self.observed.as_deref()
    }

    /// The document as the provider gave it, what was observed put back into its text.
    pub fn whole(&self) -> Self {
        let Some(observed) = &self.observed else { return self.clone() };
        let mut value = self.value();
        let members: BTreeMap<String, Value> = serde_json::from_str(observed).unwrap_or_default();
        for (place, member) in members {
            if let Ok(path) = place.parse::<Path>() {
                path.put_member(&mut value, member);
            }
        }
        Self::new(&value)
    }

    /// Wraps a text that [`Document::new`] made before, as a store gives it back.
    pub fn from_canonical(text: impl AsRef<str>) -> Self {
        Self { text: Arc::from(text.as_ref()), observed: None }
    }

    /// The JSON text, without what was observed beside it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed text; `null` where it is not JSON, which a store would have to break first.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// SHA-256 of the text: the version of the resource.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

/// A value whose members are written in the order of their names. The map of the JSON library keeps them so, unless some
/// other crate of the build asks it to keep the order in which they came.
struct Sorted<'v>(&'v Value);

impl Sorted<'_> {
    fn text(&self) -> String {
        // A value in memory is always written: it has text for names, and a text takes all.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) if members.keys().is_sorted() => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Sorted(value))))
            }
            Value::Object(members) => {
                let sorted: BTreeMap<&String, Sorted<'_>> =
                    members.iter().map(|(name, value)| (name, Sorted(value))).collect();
                serializer.collect_map(sorted)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            scalar => scalar.serialize(serializer),
        }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.text.len())
    }
}

/// A directed connection that a document states.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// The resource whose document states it.
    pub from: Uid,
    /// What it means.
    pub kind: EdgeKind,
    /// Where it leads.
    pub to: Target,
    /// Where the document states it.
    pub path: DocumentPath,
}

/// Where an edge leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Target {
    /// A resource in the estate.
    Known {
        /// Its uid.
        uid: Uid,
    },
    /// A reference that leads to nothing we have seen: listed, never dropped.
    Unresolved {
        /// The type that the definition expects, or that its form tells.
        #[serde(rename = "type")]
        kind: ResourceType,
        /// The id or ARN as the document has it.
        reference: String,
        /// It names an account that was not looked into, so it is nothing that we missed.
        outside: bool,
    },
}

impl Target {
    /// The uid, or the reference where it is not resolved.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known { uid } => uid.as_str(),
            Self::Unresolved { reference, .. } => reference,
        }
    }

    /// Whether it leads to a resource in the estate.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known { .. })
    }
}
