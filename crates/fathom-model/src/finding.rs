//! Findings that live: what checks found of resources from the first time on, and what people decided about it.
//!
//! A [`KeptFinding`] is what runs of checks left. That somebody accepted it is not a part of it: a [`FindingException`] says so until its
//! date, of one finding or of all that its [`FindingRule`] names. `fathom-findings` says what follows from both at a moment.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    explanation::DataClass,
    id::{AccountId, Region, ResourceType, Uid},
};

/// How bad it is where a check fails, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody can take the system or its data with what the internet has.
    Critical,
    /// One more mistake, or one stolen credential, and the same happens.
    High,
    /// It makes an attack or a loss larger, or hides it.
    Medium,
    /// Good order.
    Low,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// The severity of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Where a finding stands by what checks answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// The check fails, and never held since it failed first.
    Open,
    /// The check fails, and held in between.
    Reopened,
    /// The check does not fail any more.
    Fixed,
}

impl FindingState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Reopened, Self::Fixed];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reopened => "reopened",
            Self::Fixed => "fixed",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Why a finding counts as fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixedBy {
    /// The check passes.
    Passes,
    /// The check is not about the resource any more.
    NotApplicable,
    /// The resource is gone.
    Gone,
}

impl FixedBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Passes, Self::NotApplicable, Self::Gone];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::NotApplicable => "not_applicable",
            Self::Gone => "gone",
        }
    }

    /// The reason of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// The life of a finding, as runs of its check left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLife {
    /// Where it stands.
    pub state: FindingState,
    /// Whether the last run could say so; where it could not, the state is that of the last run that could.
    pub confirmed: bool,
    /// When its check failed first.
    pub first_seen: Timestamp,
    /// When its check failed last.
    pub last_seen: Timestamp,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Why it counts as fixed.
    pub fixed_by: Option<FixedBy>,
    /// How often it came back after it was fixed.
    pub reopened: u32,
}

/// A check that failed for a resource once, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// Its name for life, made of the check and the resource.
    pub id: String,
    /// The check.
    pub check: String,
    /// What would hold, in words.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The resource.
    pub resource: Uid,
    /// Its type.
    pub resource_type: ResourceType,
    /// What people call it.
    pub name: Option<String>,
    /// The account that owns it.
    pub account: AccountId,
    /// Its region; `global` where it has none.
    pub region: Region,
    /// Who answered for it when the check was asked last.
    pub owner: Option<String>,
    /// The class of its data, where somebody said.
    pub class: Option<DataClass>,
    /// Whether things of its type keep data: a class that nobody said counts as confidential then.
    pub keeps_data: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What became of it.
    pub life: FindingLife,
}

impl KeptFinding {
    /// The class that counts: the one that was said, else confidential where things of its type keep data.
    pub fn counted_class(&self) -> Option<DataClass> {
        self.class.or(self.keeps_data.then_some(DataClass::Confidential))
    }
}

/// A value that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingReason {
    /// Where it is in the document or in what an engine said.
    pub path: String,
    /// What is there; none where nothing is.
    pub value: Option<String>,
}

/// What its check said of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingProof {
    /// The values that decided when it failed last.
    pub why: Vec<FindingReason>,
    /// How engines proved what they said.
    pub proof: Vec<String>,
    /// What could not be read, where the last run could not say whether it fails.
    pub missing: Vec<String>,
}

/// What a run of a check changed about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingChange {
    /// The check failed for the first time.
    Opened,
    /// It failed again after it had been fixed.
    Reopened,
    /// It does not fail any more.
    Fixed,
    /// It is not known any more whether it fails.
    Unconfirmed,
    /// It is known again, and is as before.
    Confirmed,
}

impl FindingChange {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Opened, Self::Reopened, Self::Fixed, Self::Unconfirmed, Self::Confirmed];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Fixed => "fixed",
            Self::Unconfirmed => "unconfirmed",
            Self::Confirmed => "confirmed",
        }
    }

    /// The change of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A change of a finding, with the run that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingEvent {
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub what: FindingChange,
    /// Why it counts as fixed, where it does.
    pub by: Option<FixedBy>,
    /// The scan that had ended last by then.
    pub scan: i64,
}

/// Which findings an exception is about: those that fit all that is given. A rule with an id is about that one alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FindingRule {
    /// One finding.
    pub finding: Option<String>,
    /// A pattern over names of checks.
    pub check: Option<String>,
    /// A pattern over types.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// A pattern over accounts.
    pub account: Option<String>,
    /// A pattern over tags, written `key=value`.
    pub tag: Option<String>,
    /// A pattern over owners.
    pub owner: Option<String>,
}

impl FindingRule {
    /// What is given, each with its name.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("finding", &self.finding),
            ("check", &self.check),
            ("type", &self.kind),
            ("account", &self.account),
            ("tag", &self.tag),
            ("owner", &self.owner),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

impl fmt::Display for FindingRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.given().enumerate() {
            write!(formatter, "{}{name} {value}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Findings that a person accepted, with a reason, who approved it, and an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingException {
    /// Its number.
    pub id: i64,
    /// Which findings.
    pub rule: FindingRule,
    /// Why it is acceptable.
    pub reason: String,
    /// Who approved it.
    pub approver: String,
    /// Who accepted it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it stops to hold.
    pub until: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// Why.
    pub ended_why: Option<String>,
}

impl FindingException {
    /// Whether it holds at a moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until && self.ended_at.is_none_or(|ended| now < ended)
    }
}
