//! What was seen: resources with their provider-native document, and the edges between them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::id::{AccountId, EdgeKind, Region, ResourceType, Uid};

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

/// A document as canonical JSON text: sorted keys, no white space, so that equal content has equal bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Arc<str>);

impl Document {
    /// The canonical text of a value.
    pub fn new(value: &Value) -> Self {
        // `serde_json::Value` keeps its members in a sorted map, so its plain text is canonical.
        Self(Arc::from(value.to_string()))
    }

    /// Wraps a text that [`Document::new`] made before, as a store gives it back.
    pub fn from_canonical(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parsed document; `null` where the text is not JSON, which a store would have to break first.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }

    /// SHA-256 of the text: the version of the resource.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.0.len())
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
        /// The type that the definition expects.
        #[serde(rename = "type")]
        kind: ResourceType,
        /// The id or ARN as the document has it.
        reference: String,
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
