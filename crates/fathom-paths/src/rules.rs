//! The rules, as `content/paths/rules.yaml` has them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

const EMBEDDED: &str = include_str!("../../../content/paths/rules.yaml");
const FILE: &str = "content/paths/rules.yaml";

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file is not of its form.
    #[error("{file}: {problem}")]
    Form {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// A rule cannot be meant so.
    #[error("{file}: `{rule}` {problem}")]
    Rule {
        /// The file.
        file: String,
        /// Its id.
        rule: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Where an intruder begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Anybody of the internet.
    Internet,
    /// An account outside that something trusts.
    Vendor,
    /// An access key that somebody else has got.
    LeakedKey,
    /// Whom or what a person named.
    Given,
}

/// What kind of thing must not be lost; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jewel {
    /// Everything in an account.
    Administrators,
    /// Data that is restricted or confidential.
    Data,
    /// Keys under which things are kept.
    Keys,
    /// Backups.
    Backups,
    /// The archive of what was done.
    Logs,
}

impl Jewel {
    /// All kinds, in their order.
    pub const ALL: [Self; 5] = [Self::Administrators, Self::Data, Self::Keys, Self::Backups, Self::Logs];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Administrators => "administrators",
            Self::Data => "data",
            Self::Keys => "keys",
            Self::Backups => "backups",
            Self::Logs => "logs",
        }
    }
}

/// A step that is derived in one way: what it is called and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRule {
    /// Its name.
    pub id: String,
    /// What the intruder does, with whom as subject.
    pub title: String,
    /// The technique of MITRE ATT&CK for enterprises.
    pub technique: Option<String>,
    /// What it costs to take such a step away, against others; none where no edit does.
    pub cost: Option<u32>,
    /// What must hold beside what was asked: such a step is never sure.
    pub only_if: Option<String>,
}

/// What somebody does to a thing by the provider's own calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Its name.
    pub id: String,
    /// What the intruder does.
    pub title: String,
    /// The technique of MITRE ATT&CK for enterprises.
    pub technique: Option<String>,
    /// What it costs to take such a step away.
    pub cost: Option<u32>,
    /// What is lost by it.
    pub jewel: Jewel,
    /// The types of things that it is done to.
    pub types: Vec<String>,
    /// The actions, any of which does it.
    pub actions: Vec<String>,
    /// Only things to which such an edge leads from what has the type after it: the bucket that a trail writes to.
    #[serde(default)]
    pub led_to_by: Vec<Lead>,
}

/// An edge of the estate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lead {
    /// Its kind.
    pub edge: String,
    /// The type of what states it.
    pub from: String,
}

/// Who decides what code runs on something: whoever may change where the code comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The step's rule.
    pub step: String,
    /// The type of what the code comes from.
    pub of: String,
    /// The edge by which what runs names it.
    pub edge: String,
    /// The actions, any of which puts other code there.
    pub actions: Vec<String>,
    /// With what it cannot be changed.
    #[serde(default)]
    pub unless: Option<Member>,
}

/// A text in a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The member.
    pub member: String,
    /// What it says.
    pub is: String,
}

/// A technique for the steps of `fathom escalate`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    technique: String,
    rules: Vec<String>,
}

/// All rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    steps: Vec<StepRule>,
    acts: Vec<Act>,
    /// Who decides what code runs on something.
    pub code: Vec<Code>,
    identity: Vec<Identity>,
    /// The technique of every other rule of `fathom escalate`.
    others: String,
    /// The types of what runs code of its own, with whose role an intruder goes on who has broken in.
    pub hosts: Vec<String>,
    /// The types of databases, which whoever has their password signs in to.
    pub databases: Vec<String>,
    /// The ports on which servers are asked for from other servers.
    pub ports: Vec<u16>,
}

impl Rules {
    /// The rules in the binary.
    ///
    /// # Errors
    /// Never, but that a file is read.
    pub fn embedded() -> Result<Self, RulesError> {
        Self::parse(FILE, EMBEDDED)
    }

    /// Reads rules; `file` is what errors call them.
    ///
    /// # Errors
    /// When the file is not of its form or a rule cannot be meant so; the error names which.
    pub fn parse(file: &str, text: &str) -> Result<Self, RulesError> {
        let rules: Self = serde_saphyr::from_str(text)
            .map_err(|error| RulesError::Form { file: file.to_owned(), problem: error.to_string() })?;
        let fault =
            |rule: &str, problem| RulesError::Rule { file: file.to_owned(), rule: rule.to_owned(), problem };
        let mut known = BTreeSet::new();
        let steps = rules.steps.iter().map(|one| (&one.id, &one.technique, one.cost));
        let acts = rules.acts.iter().map(|one| (&one.id, &one.technique, one.cost));
        for (id, technique, cost) in steps.chain(acts) {
            if !known.insert(id.as_str()) {
                return Err(fault(id, "stands there twice"));
            }
            if !technique.as_deref().is_none_or(is_technique) {
                return Err(fault(id, "has a technique that is none; write one such as T1078.004"));
            }
            if cost == Some(0) {
                return Err(fault(
                    id,
                    "costs nothing; write 1 or more, or nothing where no edit takes it away",
                ));
            }
        }
        for act in &rules.acts {
            if act.types.is_empty() || act.actions.is_empty() {
                return Err(fault(&act.id, "names no types or no actions"));
            }
            if act.actions.iter().any(|action| !action.contains(':') || action.contains('*')) {
                return Err(fault(&act.id, "has an action that is none; write one such as s3:GetObject"));
            }
        }
        for one in &rules.code {
            if rules.step(&one.step).is_none() {
                return Err(fault(&one.step, "is named by `code` and no step"));
            }
            if one.actions.iter().any(|action| !action.contains(':') || action.contains('*')) {
                return Err(fault(&one.step, "has an action that is none; write one such as ecr:PutImage"));
            }
        }
        for one in rules.identity.iter().map(|one| &one.technique).chain([&rules.others]) {
            if !is_technique(one) {
                return Err(fault(one, "is no technique; write one such as T1078.004"));
            }
        }
        Ok(rules)
    }

    /// The rule of a step that is derived in one way.
    pub fn step(&self, id: &str) -> Option<&StepRule> {
        self.steps.iter().find(|one| one.id == id)
    }

    /// What is done to things.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// What is done to things, by one name.
    pub fn act(&self, id: &str) -> Option<&Act> {
        self.acts.iter().find(|one| one.id == id)
    }

    /// The types of all that rules are about, beside users and roles.
    pub fn types(&self) -> BTreeSet<&str> {
        let acts = self
            .acts
            .iter()
            .flat_map(|act| act.types.iter().chain(act.led_to_by.iter().map(|lead| &lead.from)));
        let code = self.code.iter().map(|one| &one.of);
        acts.chain(code).chain(&self.hosts).chain(&self.databases).map(String::as_str).collect()
    }

    /// The technique of a rule of `fathom escalate`.
    pub fn technique(&self, rule: &str) -> &str {
        let has = |one: &&Identity| one.rules.iter().any(|known| known == rule);
        self.identity.iter().find(has).map_or(&self.others, |one| &one.technique)
    }

    /// The rules of `fathom escalate` that a technique names.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        self.identity.iter().flat_map(|one| &one.rules).map(String::as_str)
    }
}

/// `T1078`, or `T1078.004`.
fn is_technique(text: &str) -> bool {
    let is_number =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|one| one.is_ascii_digit());
    let Some(rest) = text.strip_prefix('T') else { return false };
    match rest.split_once('.') {
        Some((main, sub)) => is_number(main, 4) && is_number(sub, 3),
        None => is_number(rest, 4),
    }
}
