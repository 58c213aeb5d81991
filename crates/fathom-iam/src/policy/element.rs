//! What is read of a policy's members, and where the faults go.

use super::{BadPolicy, Element, Fault, Version};
use crate::{
    limits::{FAULTS_MAX, TEXT_CHARS_MAX},
    node::Node,
    pattern::Template,
};

/// Collects the faults of one policy while it is read.
pub(super) struct Reader<'a> {
    policy: &'a str,
    statement: Option<usize>,
    sid: Option<String>,
    faults: Vec<Fault>,
    untold: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(policy: &'a str) -> Self {
        Self { policy, statement: None, sid: None, faults: Vec::new(), untold: 0 }
    }

    /// What follows is about this statement.
    pub(super) fn enter(&mut self, index: usize, sid: Option<String>) {
        self.statement = Some(index);
        self.sid = sid;
    }

    /// What follows is about the policy.
    pub(super) fn leave(&mut self) {
        self.statement = None;
        self.sid = None;
    }

    pub(super) fn fault(&mut self, member: &str, problem: impl Into<String>) {
        if self.faults.len() == FAULTS_MAX {
            self.untold += 1;
            return;
        }
        self.faults.push(Fault {
            policy: self.policy.to_owned(),
            statement: self.statement,
            sid: self.sid.clone(),
            member: member.to_owned(),
            problem: problem.into(),
        });
    }

    /// The faults, where there is any.
    pub(super) fn end(mut self) -> Result<(), BadPolicy> {
        if self.untold > 0
            && let Some(last) = self.faults.last_mut()
        {
            last.problem = format!("{} (and {} more faults)", last.problem, self.untold);
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(BadPolicy { policy: self.policy.to_owned(), faults: self.faults })
        }
    }

    /// Checks that an object has only known members, each once. Names are compared as AWS does: exactly.
    pub(super) fn members(&mut self, object: &[(String, Node)], known: &[&str]) {
        for (position, (name, _)) in object.iter().enumerate() {
            if object.iter().take(position).any(|(earlier, _)| earlier == name) {
                self.fault(name, "is written twice; AWS refuses a policy with a repeated element");
            }
            if known.contains(&name.as_str()) {
                continue;
            }
            match known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
                Some(meant) => self.fault(name, format!("is no element; write `{meant}`")),
                None => self.fault(name, format!("is no element; known are {}", known.join(", "))),
            }
        }
    }

    /// A list of texts or a single one.
    pub(super) fn texts(&mut self, member: &str, node: &Node) -> Vec<String> {
        let mut texts = Vec::new();
        for value in node.one_or_many() {
            match value.text() {
                Some(text) if text.chars().count() > TEXT_CHARS_MAX => {
                    self.fault(member, format!("a text is longer than {TEXT_CHARS_MAX} characters"));
                }
                Some(text) => texts.push(text.to_owned()),
                None => {
                    self.fault(member, format!("must be a text or a list of texts, not {}", value.kind()));
                }
            }
        }
        texts
    }

    /// `Action` or `NotAction`, `Resource` or `NotResource`: at most one of the two.
    pub(super) fn either<'n>(
        &mut self,
        object: &'n [(String, Node)],
        plain: &str,
        not: &str,
    ) -> Option<(bool, &'n Node)> {
        let of = |wanted: &str| object.iter().find(|(name, _)| name == wanted).map(|(_, node)| node);
        match (of(plain), of(not)) {
            (Some(_), Some(_)) => {
                self.fault(not, format!("stands beside `{plain}`; a statement has one of them"));
                None
            }
            (Some(node), None) => Some((false, node)),
            (None, Some(node)) => Some((true, node)),
            (None, None) => None,
        }
    }

    pub(super) fn actions(&mut self, negated: bool, node: &Node) -> Element<String> {
        let member = if negated { "NotAction" } else { "Action" };
        let patterns = self.texts(member, node);
        if patterns.is_empty() {
            self.fault(member, "names no action");
        }
        Element { negated, patterns }
    }

    pub(super) fn resources(&mut self, negated: bool, node: &Node, version: Version) -> Element<Template> {
        let member = if negated { "NotResource" } else { "Resource" };
        let texts = self.texts(member, node);
        if texts.is_empty() {
            self.fault(member, "names no resource");
        }
        let variables = version == Version::V2012;
        Element { negated, patterns: texts.iter().map(|text| Template::parse(text, variables)).collect() }
    }
}
