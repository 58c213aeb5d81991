//! Resources, and what is said about them.

use std::collections::BTreeMap;

use fathom_model::{Explanation, Statement, Timestamp};
use fathom_store::{PlacedResource, StoredResource};
use serde::Serialize;
use utoipa::ToSchema;

use super::AssignmentView;

/// A resource without its document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ResourceRow {
    /// Its name for life: the ARN, or an ARN-like text.
    pub(crate) uid: String,
    /// Its type, as AWS Config names it.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The account that owns it.
    pub(crate) account: String,
    /// Where it is; `global` where it has no place.
    pub(crate) region: String,
    /// The id that the provider uses.
    pub(crate) id: String,
    /// What people call it, where that differs from the id.
    pub(crate) name: Option<String>,
    /// Tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// When the provider says that it was created.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) created_at: Option<Timestamp>,
    /// Whether the provider itself made it.
    pub(crate) provider_made: bool,
    /// Whether its own settings say that it may be reached from outside.
    pub(crate) exposed: bool,
    /// Whether all that is demanded of its type is known.
    pub(crate) understood: bool,
    /// Whether the last scan could not say if it still exists.
    pub(crate) stale: bool,
    /// When a scan first saw it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) first_seen: Timestamp,
    /// When a scan last saw it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) last_seen: Timestamp,
    /// When a scan found it gone.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) deleted_at: Option<Timestamp>,
    /// SHA-256 of its document.
    pub(crate) version_hash: String,
    /// Who answers for it, as the statement that holds says; null where nobody says so.
    pub(crate) owner: Option<String>,
    /// The uid of the network that it lies in; null also where the caller may not see that one.
    pub(crate) network: Option<String>,
    /// Who takes care of it.
    pub(crate) assigned: Option<AssignmentView>,
}

impl From<StoredResource> for ResourceRow {
    fn from(stored: StoredResource) -> Self {
        let resource = stored.resource;
        Self {
            uid: resource.uid.to_string(),
            kind: resource.kind.to_string(),
            account: resource.account.to_string(),
            region: resource.region.to_string(),
            id: resource.id,
            name: resource.name,
            tags: resource.tags,
            created_at: resource.created_at,
            provider_made: resource.provider_made,
            exposed: resource.exposed,
            understood: stored.understood,
            stale: stored.stale,
            first_seen: stored.first_seen,
            last_seen: stored.last_seen,
            deleted_at: stored.deleted_at,
            version_hash: stored.version_hash,
            owner: None,
            network: None,
            assigned: None,
        }
    }
}

impl From<PlacedResource> for ResourceRow {
    fn from(placed: PlacedResource) -> Self {
        Self { owner: placed.owner, network: placed.network, ..placed.stored.into() }
    }
}

/// One source's word on one part of a resource.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatementView {
    /// The part: `owner`, `purpose`, `environment`, `data_class`, `creator`, `declared_by`.
    pub(crate) part: &'static str,
    /// What it says.
    pub(crate) value: String,
    /// The kind of source.
    pub(crate) source: &'static str,
    /// Where exactly: the tag's key, the file and rule, the stack.
    pub(crate) origin: String,
    /// As of when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) as_of: Timestamp,
    /// Whether this is the statement that holds for the part.
    pub(crate) holds: bool,
}

impl StatementView {
    /// All statements on a resource; of each part the most trusted holds.
    pub(crate) fn all(statements: Vec<Statement>) -> Vec<Self> {
        let explanation = Explanation { statements };
        explanation
            .statements
            .iter()
            .map(|statement| Self {
                part: statement.part.as_str(),
                value: statement.value.clone(),
                source: statement.source.as_str(),
                origin: statement.origin.clone(),
                as_of: statement.as_of,
                holds: explanation.of(statement.part).is_some_and(|holding| std::ptr::eq(holding, statement)),
            })
            .collect()
    }
}
