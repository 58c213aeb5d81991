//! The tree of an organisation: from its root down to each account, with what is attached on the way.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::documents::{held, list, text};
use crate::{
    layers::{Held, Level, Path},
    limits::LEVELS_MAX,
    policy::PolicyKind,
};

/// What a scan saw of the tree.
#[derive(Debug, Default)]
pub(super) struct Tree {
    id: Option<String>,
    management: Option<String>,
    /// Roots by id, with the kinds of policies that are in force.
    roots: HashMap<String, HashSet<String>>,
    /// The parent of each unit and account, by id.
    parents: HashMap<String, String>,
    accounts: Vec<String>,
    /// What is attached to roots, units and accounts, by their id.
    attached: HashMap<(Control, String), Vec<Held>>,
    /// Why the tree is not whole.
    unread: Option<String>,
    /// Whether there is an organisation at all is not known.
    is_unclear: bool,
}

/// The kinds of policies that bind whole accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Control {
    Service,
    Resource,
}

impl Control {
    /// As the root names it.
    fn name(self) -> &'static str {
        match self {
            Self::Service => "SERVICE_CONTROL_POLICY",
            Self::Resource => "RESOURCE_CONTROL_POLICY",
        }
    }

    fn kind(self) -> PolicyKind {
        match self {
            Self::Service => PolicyKind::ServiceControl,
            Self::Resource => PolicyKind::ResourceControl,
        }
    }
}

const ORGANISATION: &str = "AWS::Organizations::Organization";

/// The types that make the tree.
pub(super) const TYPES: [&str; 6] = [
    ORGANISATION,
    "AWS::Organizations::Root",
    "AWS::Organizations::OrganizationalUnit",
    "AWS::Organizations::Account",
    "AWS::Organizations::Policy",
    "AWS::Organizations::ResourceControlPolicy",
];

impl Tree {
    /// Takes a document of one of [`TYPES`].
    pub(super) fn add(&mut self, kind: &str, document: &Value, unread: &[String]) {
        let id = text(document, "Id").to_owned();
        if let Some(member) =
            unread.iter().find(|member| ["Targets", "ParentId", "Content"].contains(&member.as_str()))
        {
            self.not_read(kind, &format!("{member} of {id}"));
        }
        match kind {
            ORGANISATION if self.id.as_ref().is_some_and(|known| *known != id) => {
                self.not_read(kind, "two organisations were scanned; each needs a data directory of its own");
            }
            ORGANISATION => {
                self.management = document["MasterAccountId"].as_str().map(str::to_owned);
                self.id = Some(id);
            }
            "AWS::Organizations::Root" => {
                let enabled = list(document, "PolicyTypes").iter().filter(|one| one["Status"] == "ENABLED");
                let enabled = enabled.map(|one| text(one, "Type").to_owned()).collect();
                self.roots.insert(id, enabled);
            }
            "AWS::Organizations::Account" => {
                let parent = text(document, "ParentId");
                if !parent.is_empty() {
                    self.parents.insert(id.clone(), parent.to_owned());
                }
                self.accounts.push(id);
            }
            "AWS::Organizations::Policy" => self.attach(Control::Service, document),
            "AWS::Organizations::ResourceControlPolicy" => self.attach(Control::Resource, document),
            _ => {}
        }
    }

    fn attach(&mut self, control: Control, document: &Value) {
        let name = text(&document["PolicySummary"], "Name");
        let policy = held(name, control.kind(), &document["Content"]);
        for target in list(document, "Targets") {
            let of = (control, text(target, "TargetId").to_owned());
            self.attached.entry(of).or_default().push(policy.clone());
        }
    }

    /// Says what a unit is a part of.
    pub(super) fn part_of(&mut self, id: &str, parent: &str) {
        self.parents.insert(id.to_owned(), parent.to_owned());
    }

    /// Says that a part of the tree was not read, of a type of [`TYPES`].
    pub(super) fn not_read(&mut self, kind: &str, what: &str) {
        self.is_unclear |= kind == ORGANISATION;
        self.unread.get_or_insert_with(|| what.to_owned());
    }

    /// What was not read, where there is an organisation or may be one.
    pub(super) fn unread(&self) -> Option<&str> {
        self.unread.as_deref().filter(|_| self.is_unclear || self.id.is_some())
    }

    /// The organisation's id.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The accounts that it names.
    pub(super) fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// The ids from the root to an account; none where they do not lead to a root.
    fn ids<'a>(&'a self, account: &'a str) -> Option<Vec<&'a str>> {
        let mut ids = vec![account];
        let mut at = account;
        // No tree is so deep, and what leads in a circle is none.
        while let Some(parent) = self.parents.get(at).filter(|_| ids.len() < LEVELS_MAX) {
            let parent = parent.as_str();
            ids.insert(0, parent);
            at = parent;
        }
        self.accounts.iter().find(|known| *known == account)?;
        self.roots.contains_key(at).then_some(ids)
    }

    /// The account's place as `aws:PrincipalOrgPaths` has it.
    pub(super) fn place(&self, account: &str) -> Option<String> {
        let ids = self.ids(account)?;
        let above = &ids[..ids.len() - 1];
        Some(format!("{}/{}/", self.id.as_deref()?, above.join("/")))
    }

    /// The policies on the way to an account.
    pub(super) fn path(&self, control: Control, account: &str) -> Path {
        if self.unread().is_some() {
            return Path::NotRead;
        }
        if self.id.is_none() || self.management.as_deref() == Some(account) {
            return Path::None;
        }
        let Some(ids) = self.ids(account) else {
            // An account that is not of the organisation is bound by none of its policies that we know.
            let is_member = self.accounts.iter().any(|known| known == account);
            return if is_member { Path::NotRead } else { Path::None };
        };
        let in_force = ids.first().and_then(|root| self.roots.get(*root));
        if !in_force.is_some_and(|kinds| kinds.contains(control.name())) {
            return Path::None;
        }
        let level = |id: &str| Level {
            id: id.to_owned(),
            policies: self.attached.get(&(control, id.to_owned())).cloned().unwrap_or_default(),
        };
        Path::Levels(ids.into_iter().map(level).collect())
    }
}
