//! What must be known about a resource before it counts as understood.

use std::collections::BTreeMap;

use fathom_model::{Explanation, Part};
use serde::{Deserialize, Serialize};

/// A property of a resource type, or of one resource, that raises demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// May be reached from outside; decided for each resource by its definition's `exposed_when`.
    Exposed,
    /// Keeps data.
    StoresData,
    /// Acts: a user, a role, a key to act with.
    Identity,
    /// Costs money while it exists.
    Costs,
}

/// A demand: the parts of which at least one must be stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// An owner.
    Owner,
    /// A purpose.
    Purpose,
    /// An environment.
    Environment,
    /// One of the four data classes.
    DataClass,
    /// Who created it, or which code declares it.
    CreatorOrCode,
}

impl Demand {
    /// The word used in files, tables and gaps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Purpose => "purpose",
            Self::Environment => "environment",
            Self::DataClass => "data_class",
            Self::CreatorOrCode => "creator_or_code",
        }
    }

    /// Whether an explanation meets it. A data class must be one of the four.
    pub fn met_by(self, explanation: &Explanation) -> bool {
        match self {
            Self::Owner => explanation.value(Part::Owner).is_some(),
            Self::Purpose => explanation.value(Part::Purpose).is_some(),
            Self::Environment => explanation.value(Part::Environment).is_some(),
            Self::DataClass => {
                explanation.value(Part::DataClass).and_then(fathom_model::DataClass::parse).is_some()
            }
            Self::CreatorOrCode => {
                explanation.value(Part::Creator).is_some() || explanation.value(Part::DeclaredBy).is_some()
            }
        }
    }

    /// What would close the gap, in words.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Owner => "tag it, or add a rule to fathom.yaml, with the team that answers for it",
            Self::Purpose => "tag it, or add it to a system in fathom.yaml, with what it is for",
            Self::Environment => "tag it, or add a rule to fathom.yaml, with its environment",
            Self::DataClass => {
                "state public, internal, confidential or restricted; until then it counts as confidential"
            }
            Self::CreatorOrCode => {
                "find the Terraform state or CloudFormation stack that declares it, or who made it"
            }
        }
    }
}

/// Which traits demand what; content, so that a team may ask for more or less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demands {
    /// Demanded of every resource.
    pub always: Vec<Demand>,
    /// Demanded in addition of resources with a trait.
    #[serde(default)]
    pub traits: BTreeMap<Trait, Vec<Demand>>,
}

impl Demands {
    /// What is demanded of a resource with these traits, without repetition, in a fixed order.
    pub fn of(&self, traits: &[Trait]) -> Vec<Demand> {
        let mut demands: Vec<Demand> = self.always.clone();
        for a_trait in traits {
            demands.extend(self.traits.get(a_trait).into_iter().flatten());
        }
        demands.sort_unstable();
        demands.dedup();
        demands
    }
}
