//! Where scans find what is known of weaknesses in software: `content/vulnerabilities/`.

use fathom_model::{ResourceType, path::Path};
use serde::{Deserialize, Serialize};

use crate::resource::Condition;

/// What a thing with software is, in people's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Software {
    /// A server.
    Host,
    /// A container image.
    Image,
    /// A function.
    Function,
}

impl Software {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Host, Self::Image, Self::Function];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Image => "image",
            Self::Function => "function",
        }
    }
}

/// All rules of the folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VulnerabilityRules {
    /// What has software in it.
    #[serde(default)]
    pub things: Vec<ThingRule>,
    /// Who says that a thing has a weakness.
    #[serde(default)]
    pub sources: Vec<SourceRule>,
    /// Who says that a thing was looked at.
    #[serde(default)]
    pub looked: Vec<LookedRule>,
}

/// A type of things with software, and how the internet comes to one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThingRule {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// What it is.
    pub is: Software,
    /// Whether network interfaces name it as the server that they are attached to.
    #[serde(default)]
    pub server: bool,
    /// What runs it, and is reached in its place.
    #[serde(default)]
    pub run_by: Vec<RunBy>,
    /// Settings by which it is reached without a network of one's own.
    #[serde(default)]
    pub reached_when: Vec<ReachedWhen>,
    /// Why nothing surely keeps the internet from it, where none of these holds; empty where the network decides.
    #[serde(default)]
    pub else_unknown: String,
}

/// What runs an image.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunBy {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The ids of what it runs.
    pub image: Path,
    /// The ids of its network interfaces, perhaps among other values.
    pub interface: Path,
}

/// A setting by which something is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReachedWhen {
    /// The setting.
    pub test: Condition,
    /// What it says.
    pub says: String,
    /// What must hold beside, where the setting alone does not decide; empty where it does.
    #[serde(default)]
    pub only_if: String,
}

/// Documents that say that a thing has a weakness. Paths begin at a finding, but `each` and `about`, which begin at the document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRule {
    /// What it is called.
    pub id: String,
    /// Who says so, for people.
    pub title: String,
    /// The type of its documents.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where the findings are; `@` where each document is one.
    pub each: Path,
    /// Only findings of which this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// A member that is a list of `key` and `value`, read as if the keys were members of it.
    #[serde(default)]
    pub pairs: Option<String>,
    /// What it is about, as references; the document's own resource where absent.
    #[serde(default)]
    pub about: Option<Path>,
    /// The name of the weakness: a CVE where there is one.
    pub vulnerability: Path,
    /// Other names of it.
    #[serde(default)]
    pub also: Option<Path>,
    /// What it is, in words.
    #[serde(default)]
    pub title_of: Option<Path>,
    /// How bad it is, in the source's word.
    #[serde(default)]
    pub severity: Option<Path>,
    /// Its CVSS.
    #[serde(default)]
    pub scores: Option<ScoresRule>,
    /// The software that has it.
    #[serde(default)]
    pub packages: Option<PackagesRule>,
    /// Whether there is a fix: `YES`, `NO`, `PARTIAL`.
    #[serde(default)]
    pub fix: Option<Path>,
    /// It holds where the source knows how it is exploited.
    #[serde(default)]
    pub exploit: Option<Condition>,
    /// Its chance to be exploited by EPSS, 0 to 1.
    #[serde(default)]
    pub epss: Option<Path>,
    /// When the source saw it first.
    #[serde(default)]
    pub first_seen: Option<Path>,
    /// It holds where somebody suppressed the finding.
    #[serde(default)]
    pub suppressed: Option<Condition>,
    /// By what, in words.
    #[serde(default)]
    pub suppressed_by: String,
}

/// Where scores are; paths begin at each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoresRule {
    /// Each of them.
    pub each: Path,
    /// The number, 0 to 10.
    #[serde(default)]
    pub score: Option<Path>,
    /// The vector.
    #[serde(default)]
    pub vector: Option<Path>,
    /// Who scored.
    #[serde(default)]
    pub source: Option<Path>,
}

/// Where packages are; paths begin at each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagesRule {
    /// Each of them.
    pub each: Path,
    /// Its name.
    pub name: Path,
    /// The version that is there.
    #[serde(default)]
    pub version: Option<Path>,
    /// The version that has the weakness no more.
    #[serde(default)]
    pub fixed: Option<Path>,
    /// What manages it.
    #[serde(default)]
    pub kind: Option<Path>,
    /// The file that it lies in.
    #[serde(default)]
    pub place: Option<Path>,
}

/// Documents that say that a thing was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookedRule {
    /// What it is called.
    pub id: String,
    /// Who looked, for people.
    pub title: String,
    /// The type of its documents.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// What it is about, as a reference; the document's own resource where absent.
    #[serde(default)]
    pub about: Option<Path>,
    /// It was looked at where all of these hold.
    pub when: Vec<Condition>,
    /// When.
    #[serde(default)]
    pub at: Option<Path>,
    /// Why it was not, in the source's words.
    #[serde(default)]
    pub why_not: Option<Path>,
}

impl VulnerabilityRules {
    /// The types of all that the rules read.
    pub fn kinds(&self) -> impl Iterator<Item = &ResourceType> {
        let things = self
            .things
            .iter()
            .flat_map(|one| std::iter::once(&one.kind).chain(one.run_by.iter().map(|run| &run.kind)));
        things.chain(self.sources.iter().map(|one| &one.kind)).chain(self.looked.iter().map(|one| &one.kind))
    }

    /// What things of a type are; none of types without software of one's own.
    pub fn thing(&self, kind: &str) -> Option<&ThingRule> {
        self.things.iter().find(|one| one.kind.as_str() == kind)
    }

    /// Adds the rules of another file.
    pub(crate) fn add(&mut self, more: Self) {
        self.things.extend(more.things);
        self.sources.extend(more.sources);
        self.looked.extend(more.looked);
    }

    /// Why the rules cannot be meant so.
    pub(crate) fn problem(&self, is_known: &dyn Fn(&ResourceType) -> bool) -> Option<String> {
        let mut ids = std::collections::BTreeSet::new();
        let mut named = self.sources.iter().map(|one| &one.id).chain(self.looked.iter().map(|one| &one.id));
        let twice = named.find(|id| !ids.insert(id.as_str())).map(|id| format!("`{id}` is there twice"));
        let unknown = self.kinds().find(|kind| !is_known(kind));
        twice.or_else(|| unknown.map(|kind| format!("no resource definition is called `{kind}`")))
    }
}
