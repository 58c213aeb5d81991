//! The rules, as `content/iam/escalation.yaml` has them.

use std::collections::BTreeSet;

use serde::Deserialize;

const EMBEDDED: &str = include_str!("../../../content/iam/escalation.yaml");
/// More are refused.
const RULES_MAX: usize = 1000;

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
    #[error("{file}: rule `{rule}` {problem}")]
    Rule {
        /// The file.
        file: String,
        /// Its id.
        rule: String,
        /// What is wrong.
        problem: &'static str,
    },
}

/// What a rule is about: on what its actions are asked, and what they gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A role is assumed.
    Role,
    /// A user is taken over.
    User,
    /// Roles that trust an identity provider are assumed.
    Provider,
    /// A user that one is gets permissions.
    OwnUser,
    /// A role that one is gets permissions.
    OwnRole,
    /// A group of a user that one is gets permissions.
    OwnGroup,
    /// A policy that one holds gets permissions.
    OwnPolicy,
    /// A user that one is joins a group.
    Join,
    /// A user that one is loses its boundary.
    UnbindUser,
    /// A role that one is loses its boundary.
    UnbindRole,
    /// A user or role with any permission is made.
    NewIdentity,
    /// A role is passed to a service.
    Pass,
    /// What runs as a role is taken over.
    Workload,
}

/// How many access keys a user has; it may have two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// There is room for one more.
    Free,
    /// There is none.
    Full,
}

/// A way to more permissions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// What must be allowed, all of it.
    pub actions: Vec<String>,
    /// What must be allowed besides, on anything.
    #[serde(default)]
    pub anywhere: Vec<String>,
    /// What somebody does, with whom as subject: "assumes the role".
    pub title: String,
    /// Published techniques that it stands for.
    #[serde(default)]
    pub covers: Vec<String>,
    /// The service that a role is passed to.
    pub service: Option<String>,
    /// The type of what must be there, on which the actions are asked.
    pub on: Option<String>,
    /// The type of what must be there in the account.
    pub needs: Option<String>,
    /// Only roles with an instance profile.
    #[serde(default)]
    pub profile: bool,
    /// The trust policy is changed first.
    #[serde(default)]
    pub trust: bool,
    /// Only policies with several versions.
    #[serde(default)]
    pub versions: bool,
    /// Only users with so many keys.
    pub keys: Option<Keys>,
    /// Only users with, or without, a password.
    pub password: Option<bool>,
    /// The service takes nobody new: the rule is kept for completeness and never asked.
    #[serde(default)]
    pub retired: bool,
}

/// All rules.
#[derive(Debug, Clone)]
pub struct Rules(Vec<Rule>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Vec<Rule>,
}

impl Rules {
    /// The rules in the binary.
    ///
    /// # Errors
    /// Never, but that a file is read.
    pub fn embedded() -> Result<Self, RulesError> {
        Self::parse("content/iam/escalation.yaml", EMBEDDED)
    }

    /// Reads rules; `file` is what errors call them.
    ///
    /// # Errors
    /// When the file is not of its form or a rule cannot be meant so; the error names which.
    pub fn parse(file: &str, text: &str) -> Result<Self, RulesError> {
        let parsed: File = serde_saphyr::from_str(text)
            .map_err(|error| RulesError::Form { file: file.to_owned(), problem: error.to_string() })?;
        if parsed.rules.len() > RULES_MAX {
            let problem = format!("more than {RULES_MAX} rules");
            return Err(RulesError::Form { file: file.to_owned(), problem });
        }
        let mut known = BTreeSet::new();
        for rule in &parsed.rules {
            let problem =
                if known.insert(rule.id.as_str()) { fault(rule) } else { Some("stands there twice") };
            if let Some(problem) = problem {
                return Err(RulesError::Rule { file: file.to_owned(), rule: rule.id.clone(), problem });
            }
        }
        Ok(Self(parsed.rules))
    }

    /// Those that are asked, in their order.
    pub fn asked(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().filter(|rule| !rule.retired)
    }

    /// All of them.
    pub fn all(&self) -> &[Rule] {
        &self.0
    }

    /// The types of what rules ask about beside users and roles.
    pub fn types(&self) -> BTreeSet<&str> {
        self.asked().flat_map(|rule| [rule.on.as_deref(), rule.needs.as_deref()]).flatten().collect()
    }
}

fn fault(rule: &Rule) -> Option<&'static str> {
    let is_action = |action: &String| {
        action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
            && !action.contains(['*', '?', ' '])
    };
    let has_type = matches!(rule.kind, Kind::Workload | Kind::Provider);
    match rule {
        _ if rule.actions.is_empty() => Some("names no action"),
        _ if !rule.actions.iter().chain(&rule.anywhere).all(is_action) => {
            Some("has an action that is none; write one such as iam:PassRole, without wildcards")
        }
        _ if has_type && rule.on.is_none() => Some("needs `on`, the type of what it is about"),
        _ if (rule.kind == Kind::Pass) != rule.service.is_some() => {
            Some("must have `service` where its kind is `pass`, and only there")
        }
        _ => None,
    }
}
