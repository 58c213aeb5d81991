//! A rule that policies must keep: some actions on some resources are never allowed, or only if something holds.

use fathom_iam::{Policy, PolicyKind, policy::BadPolicy};
use serde_json::{Value, json};

use crate::{answer::Answer, asked::Scope, question::ask};

/// What policies must never allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Patterns of actions.
    pub never: Vec<String>,
    /// Patterns of resources; every resource where there is none.
    pub on: Vec<String>,
    /// Context keys and values: a request that has all of these may be allowed. Values are texts, `*` and `?` stand for
    /// themselves; `true` and `false` in any case.
    pub only_if: Vec<(String, String)>,
}

/// A rule that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the rule cannot be read: {0}")]
pub struct BadRule(#[from] BadPolicy);

impl Rule {
    /// Whether policies allow what the rule forbids: [`Answer::Wider`] with the request, or [`Answer::NotWider`] where they
    /// keep it.
    ///
    /// # Errors
    /// When an action or a resource of the rule is none.
    pub fn ask(&self, kind: PolicyKind, policies: &[Policy]) -> Result<Answer, BadRule> {
        // What the rule permits is a policy itself: everything, but for what is forbidden.
        let resources: Vec<&str> =
            if self.on.is_empty() { vec!["*"] } else { self.on.iter().map(String::as_str).collect() };
        let mut statements = vec![json!({"Effect": "Allow", "Action": "*", "Resource": "*"})];
        let forbidden = json!({"Effect": "Deny", "Action": self.never, "Resource": resources});
        if self.only_if.is_empty() {
            statements.push(forbidden);
        } else {
            for (key, value) in &self.only_if {
                let is_boolean = ["true", "false"].iter().any(|word| word.eq_ignore_ascii_case(value));
                let operator = if is_boolean { "StringNotEqualsIgnoreCase" } else { "StringNotEquals" };
                let mut statement = forbidden.clone();
                statement["Condition"] = json!({operator: {key.as_str(): value}});
                statements.push(statement);
            }
        }
        if kind == PolicyKind::Resource {
            for statement in &mut statements {
                statement["Principal"] = Value::from("*");
            }
        }
        // Without a version, `${…}` means itself.
        let permitted = Policy::parse("the rule", kind, &json!({"Statement": statements}).to_string())?;
        Ok(ask(kind, &Scope::Everyone, std::slice::from_ref(&permitted), policies))
    }
}
