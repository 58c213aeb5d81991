//! What somebody can become, and the keys with which that begins.

use fathom_escalate::What;
use fathom_iam::organisation::Kind as Who;
use fathom_paths::{Entry, Jewel, Level};

use crate::{
    proof::Question,
    walk::{Kind, Walk, of_escalation},
};

impl Walk<'_> {
    /// Every step of `fathom escalate`.
    pub(crate) fn identity(&mut self) {
        let mut nodes = Vec::new();
        for (at, spot) in self.web.spots.clone().iter().enumerate() {
            let node = match spot.what {
                What::Account => self.node(Kind::Account, &spot.name),
                What::More => self.keyed(Kind::Grown, &format!("{} {at}", spot.name), &spot.name),
                What::Role | What::User => self.node(Kind::Principal, &spot.name),
            };
            if spot.what == What::Account {
                self.jewels.push((Jewel::Administrators, node));
            }
            nodes.push(node);
        }
        for (number, link) in self.web.links.clone().into_iter().enumerate() {
            let from_account = self.web.spots.get(link.from).is_some_and(|spot| spot.what == What::Account);
            let rule = match (link.is_being(), from_account) {
                (true, true) => "owns-identity",
                (true, false) => "administers",
                (false, _) => "becomes",
            };
            let needs: Vec<u32> =
                [Some(link.from), link.with].into_iter().flatten().map(|at| nodes[at]).collect();
            self.step(rule, &needs, nodes[link.to], of_escalation(link.level), Question::Link(number));
        }
    }

    /// Keys that may leak: those that can be used, and those of users of whom none could be listed.
    pub(crate) fn keys(&mut self) {
        for key in &self.ground.keys {
            let Some(user) = self.known(Kind::Principal, &key.user) else { continue };
            let node = self.node(Kind::AccessKey, &key.uid);
            self.entries.push((Entry::LeakedKey, node));
            self.step("finds-key", &[node], user, Level::Yes, Question::Said(String::new()));
        }
        for (arn, user) in &self.ground.escalating.facts.users {
            let Some(node) = self.known(Kind::Principal, arn).filter(|_| user.access_keys.is_none()) else {
                continue;
            };
            if self.ground.keys.iter().any(|key| key.user == *arn) {
                continue;
            }
            let key = self.node(Kind::AccessKey, arn);
            self.entries.push((Entry::LeakedKey, key));
            let why = "whether it has an access key was not read".to_owned();
            self.step("finds-key", &[key], node, Level::Unknown, Question::Said(why));
        }
    }

    /// The node of a member of the index.
    pub(crate) fn member(&self, number: u32) -> Option<u32> {
        let (name, _) = self.ground.permissions.index.principal(number)?;
        self.known(Kind::Principal, name)
    }

    /// Whether somebody may do everything in an account, at least as surely.
    pub(crate) fn owns_account(&self, number: u32, account: &str, level: Level) -> bool {
        self.own_account(number) == Some(account)
            && self.ways.administers(number).is_some_and(|sure| of_escalation(sure) <= level)
    }

    /// The account that somebody is of.
    pub(crate) fn own_account(&self, number: u32) -> Option<&str> {
        let (name, kind) = self.ground.permissions.index.principal(number)?;
        if kind == Who::Root { Some(name) } else { name.split(':').nth(4) }
    }
}
