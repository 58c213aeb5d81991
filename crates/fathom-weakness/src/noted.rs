//! What one source says of one weakness of one thing.

use fathom_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cvss::Severity;

/// What a source says is the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is there.
    Open,
    /// It is there, and somebody who looked says that it can be exploited there.
    Exploitable,
    /// Somebody is looking.
    InTriage,
    /// It is there and cannot be exploited there.
    NotAffected,
    /// It is not there.
    FalsePositive,
    /// It was mended.
    Resolved,
    /// Somebody does not want to see it.
    Suppressed,
}

impl State {
    /// Whether it still counts.
    pub fn counts(self) -> bool {
        matches!(self, Self::Open | Self::Exploitable | Self::InTriage)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Exploitable => "exploitable",
            Self::InTriage => "in_triage",
            Self::NotAffected => "not_affected",
            Self::FalsePositive => "false_positive",
            Self::Resolved => "resolved",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Software that has a weakness.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The version that has the weakness no more, as far as the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// What manages it: `OS`, `npm`, `pip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The file that it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A score and who gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 0 to 10.
    pub score: f64,
    /// The vector, where it holds by its specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// Who scored; empty where the source does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// What one source says of one weakness of one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// The weakness, as the source calls it.
    pub id: String,
    /// Other names of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// What it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who says so.
    pub source: String,
    /// What is the case.
    pub state: State,
    /// Why, where it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The software; of several, one note each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// Scores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The source's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Whether there is a fix; none where the source does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_fix: Option<bool>,
    /// Whether the source knows how it is exploited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exploit: bool,
    /// Its chance to be exploited by EPSS as the source carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<f64>,
    /// When the source saw it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
}

impl Noted {
    /// One that is open and of which nothing else is known.
    pub fn new(id: &str, source: &str) -> Self {
        Self {
            id: id.to_owned(),
            also: Vec::new(),
            title: None,
            source: source.to_owned(),
            state: State::Open,
            why: None,
            package: None,
            scores: Vec::new(),
            severity: None,
            has_fix: None,
            exploit: false,
            epss: None,
            first_seen: None,
        }
    }

    /// Whether a note that closes says so of what an open one is about: the same software, or all of it.
    pub(crate) fn covers(&self, open: &Self) -> bool {
        let Some(own) = &self.package else { return true };
        let Some(other) = &open.package else { return false };
        let same_version = match (&own.version, &other.version) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        };
        own.name.eq_ignore_ascii_case(&other.name) && same_version
    }
}
