//! The tree of an organisation: from its root down to each account, with what is attached on the way.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::documents::{held, list, parsed, text};
use crate::{
    layers::{Held, Level, Path},
    limits::LEVELS_MAX,
    policy::PolicyKind,
};

/// What a scan saw of the tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    id: Option<String>,
    management: Option<String>,
    /// Roots by id, with the kinds of policies that are in force.
    roots: HashMap<String, HashSet<String>>,
    /// The parent of each unit and account, by id.
    parents: HashMap<String, String>,
    accounts: BTreeSet<String>,
    /// What is attached to roots, units and accounts, by their id.
    attached: HashMap<(Control, String), Vec<Attached>>,
    /// Why the tree is not whole.
    unread: Option<String>,
    /// Whether there is an organisation at all is not known.
    is_unclear: bool,
}

/// A policy that is attached to something.
#[derive(Debug, Clone)]
struct Attached {
    id: String,
    name: String,
    policy: Held,
}

/// The kinds of policies that bind whole accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// Service control policies, which bind principals.
    Service,
    /// Resource control policies, which bind resources.
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

    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Service => "service control",
            Self::Resource => "resource control",
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
                self.accounts.insert(id);
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
            let id = text(&document["PolicySummary"], "Id").to_owned();
            let one = Attached { id, name: name.to_owned(), policy: policy.clone() };
            self.attached.entry(of).or_default().push(one);
        }
    }

    /// Whether there is a root, a unit or an account of this id.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.roots.contains_key(id) || self.parents.contains_key(id) || self.accounts.contains(id)
    }

    /// A policy by its id, at a target or at the first one it is attached to.
    pub(super) fn standing(&self, control: Control, id: &str, target: Option<&str>) -> Option<&Held> {
        let is_there = |of: &(Control, String)| of.0 == control && target.is_none_or(|target| of.1 == target);
        let all = self.attached.iter().filter(|(of, _)| is_there(of));
        let found = all.filter_map(|(of, all)| Some((&of.1, all.iter().find(|one| one.id == id)?)));
        found.min_by_key(|(target, _)| *target).map(|(_, one)| &one.policy)
    }

    /// Puts another text in the place of a policy, everywhere or at one target, or detaches it without a text. Says
    /// whether there was anything to do it to.
    pub(super) fn write(
        &mut self,
        control: Control,
        id: &str,
        target: Option<&str>,
        text: Option<&str>,
    ) -> bool {
        let of_control = || self.attached.iter().filter(|((of, _), _)| *of == control);
        let is_it = |one: &&Attached| one.id == id;
        let name = of_control().flat_map(|(_, all)| all).find(is_it).map(|one| one.name.clone());
        let policy = text.map(|text| parsed(name.as_deref().unwrap_or(id), control.kind(), text));
        let targets: Vec<String> = match target {
            Some(target) => vec![target.to_owned()],
            None => of_control()
                .filter(|(_, all)| all.iter().any(|one| one.id == id))
                .map(|((_, target), _)| target.clone())
                .collect(),
        };
        for target in &targets {
            let all = self.attached.entry((control, target.clone())).or_default();
            let Some(policy) = &policy else {
                all.retain(|one| one.id != id);
                continue;
            };
            if !all.iter().any(|one| one.id == id) {
                let name = name.clone().unwrap_or_else(|| id.to_owned());
                all.push(Attached { id: id.to_owned(), name, policy: policy.clone() });
            }
            for one in all.iter_mut().filter(|one| one.id == id) {
                one.policy = policy.clone();
            }
        }
        !targets.is_empty()
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
    pub(super) fn accounts(&self) -> &BTreeSet<String> {
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
        (self.accounts.contains(account) && self.roots.contains_key(at)).then_some(ids)
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
            return if self.accounts.contains(account) { Path::NotRead } else { Path::None };
        };
        let in_force = ids.first().and_then(|root| self.roots.get(*root));
        if !in_force.is_some_and(|kinds| kinds.contains(control.name())) {
            return Path::None;
        }
        let attached = |id: &str| self.attached.get(&(control, id.to_owned())).into_iter().flatten();
        let level = |id: &str| Level {
            id: id.to_owned(),
            policies: attached(id).map(|one| one.policy.clone()).collect(),
        };
        Path::Levels(ids.into_iter().map(level).collect())
    }
}
