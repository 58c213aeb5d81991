//! Which part of the estate a stream reads.

use fathom_model::{AccountId, Region, ResourceType, Uid};
use sqlx::{QueryBuilder, Sqlite};

use crate::filter::push_in;

/// Which resources a stream reads: those that have one of the values of every list; an empty list does not narrow.
/// A list holds up to 5,000 values; what follows them is not looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// Only these.
    pub uids: Vec<Uid>,
    /// Only those with these ids in the provider's own calls.
    pub ids: Vec<String>,
    /// Only those with these names now; streams of the past, where they had others, do not look at this.
    pub names: Vec<String>,
    /// Only these types.
    pub kinds: Vec<ResourceType>,
    /// Only these accounts.
    pub accounts: Vec<AccountId>,
    /// Only these regions.
    pub regions: Vec<Region>,
}

impl Which {
    /// All resources.
    pub fn all() -> Self {
        Self::default()
    }

    /// Those of a type.
    pub fn of(kind: &ResourceType) -> Self {
        Self { kinds: vec![kind.clone()], ..Self::default() }
    }

    /// Whether it names resources one by one: those are better looked up than met on a walk.
    pub(crate) fn is_few(&self) -> bool {
        !self.uids.is_empty() || !self.ids.is_empty()
    }

    /// Adds its conditions on the resource `r` that hold at all times.
    pub(crate) fn push(&self, sql: &mut QueryBuilder<Sqlite>) {
        push_in(sql, "r.uid", &self.uids);
        push_in(sql, "r.native_id", &self.ids);
        push_in(sql, "r.kind", &self.kinds);
        push_in(sql, "r.account", &self.accounts);
        push_in(sql, "r.region", &self.regions);
    }

    /// Adds all its conditions on the resource `r` as it is now.
    pub(crate) fn push_now(&self, sql: &mut QueryBuilder<Sqlite>) {
        self.push(sql);
        push_in(sql, "r.name", &self.names);
    }
}

/// Which edges a stream reads; an empty list does not narrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhichEdges {
    /// Only those that these state.
    pub from: Vec<Uid>,
    /// Only those to these: resources, or references that lead to nothing seen.
    pub to: Vec<Uid>,
}

impl WhichEdges {
    /// Adds its conditions on the edge `e`, which the resource `f` states.
    pub(crate) fn push(&self, sql: &mut QueryBuilder<Sqlite>) {
        push_in(sql, "f.uid", &self.from);
        if !self.to.is_empty() {
            sql.push(" AND (e.to_id IN (SELECT id FROM resource WHERE 1");
            push_in(sql, "uid", &self.to);
            sql.push(") OR (1");
            push_in(sql, "e.target", &self.to);
            sql.push("))");
        }
    }
}
