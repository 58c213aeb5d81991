//! What is known about a resource, part by part, each with its source.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One part of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Who answers for it: a team or a person.
    Owner,
    /// What it is for.
    Purpose,
    /// Production, staging, development …
    Environment,
    /// Which of the four classes its data has.
    DataClass,
    /// Who or what created it.
    Creator,
    /// The code that declares it: a Terraform address, a CloudFormation stack.
    DeclaredBy,
}

impl Part {
    /// All parts, in the order people read them.
    pub const ALL: [Self; 6] =
        [Self::Owner, Self::Purpose, Self::Environment, Self::DataClass, Self::Creator, Self::DeclaredBy];

    /// The word used in tables, files and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Purpose => "purpose",
            Self::Environment => "environment",
            Self::DataClass => "data_class",
            Self::Creator => "creator",
            Self::DeclaredBy => "declared_by",
        }
    }

    /// The part of a word, as [`Part::as_str`] writes it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The kind of source a statement comes from, in order of trust: the first that speaks about a part decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The provider's own log of calls. It speaks only about the creator, and there it goes before a tag: anybody who
    /// may tag can write any name, but nobody can write into the log.
    CloudTrail,
    /// A tag on the resource itself.
    Tag,
    /// The declarations file in the user's repository.
    Declaration,
    /// A Terraform state file.
    Terraform,
    /// Membership of a CloudFormation stack.
    CloudFormation,
    /// The provider made it and answers for it.
    Provider,
    /// Taken over from the resource it is part of or attached to.
    Inherited,
}

impl SourceKind {
    /// The word used in tables and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail",
            Self::Tag => "tag",
            Self::Declaration => "declaration",
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
            Self::Provider => "provider",
            Self::Inherited => "inherited",
        }
    }

    /// The kind of a word, as [`SourceKind::as_str`] writes it.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::CloudTrail,
            Self::Tag,
            Self::Declaration,
            Self::Terraform,
            Self::CloudFormation,
            Self::Provider,
            Self::Inherited,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One source's word on one part of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The part it speaks about.
    pub part: Part,
    /// What it says.
    pub value: String,
    /// What kind of source.
    pub source: SourceKind,
    /// Where exactly: the tag's key, the file and rule, the stack, the resource it was taken over from.
    pub origin: String,
    /// When the source was read, or was last changed where it says so.
    pub as_of: Timestamp,
}

/// All that is said about a resource; of several statements on a part, the first in order of trust holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Explanation {
    /// The statements, sorted by part, then by trust.
    pub statements: Vec<Statement>,
}

impl Explanation {
    /// The statement that holds for a part.
    pub fn of(&self, part: Part) -> Option<&Statement> {
        self.statements.iter().filter(|statement| statement.part == part).min_by_key(|s| s.source)
    }

    /// The value that holds for a part.
    pub fn value(&self, part: Part) -> Option<&str> {
        self.of(part).map(|statement| statement.value.as_str())
    }
}

/// The four data classes; each demands its protection. What is not known counts as [`DataClass::Confidential`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Anyone may read it.
    Public,
    /// For everyone inside.
    Internal,
    /// Need to know.
    Confidential,
    /// The strictest: health, payment, secrets.
    Restricted,
}

impl DataClass {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }

    /// The class of a word, in any case; none where it is not one of the four.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            "confidential" => Some(Self::Confidential),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }
}
