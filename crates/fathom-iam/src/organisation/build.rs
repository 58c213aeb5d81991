//! Makes an organisation of documents.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{
    Account, Guarded, Identity, Organisation,
    documents::{self, held, list, not_read, text},
    tree::{self, Control, Tree},
};
use crate::{
    layers::{Held, Layer},
    policy::PolicyKind,
};

/// A resource as a scan found it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Its type, `AWS::IAM::Role`.
    pub kind: &'a str,
    /// Its ARN.
    pub uid: &'a str,
    /// The account that owns it.
    pub account: &'a str,
    /// What the provider said of it.
    pub document: &'a Value,
    /// The members of the document that could not be read.
    pub unread: &'a [String],
}

/// Takes documents in any order.
#[derive(Debug, Default)]
pub struct Builder {
    users: Vec<Kept>,
    roles: Vec<Kept>,
    /// By account and name.
    groups: HashMap<(String, String), Value>,
    /// By ARN.
    managed: HashMap<String, Held>,
    guarded: HashMap<String, Guarded>,
    blocks: HashMap<String, Block>,
    tree: Tree,
    accounts: BTreeMap<String, Option<String>>,
    gaps: Vec<String>,
}

/// What an account sets for all its buckets.
#[derive(Debug, Clone, Copy)]
enum Block {
    Unread,
    Set { ignores_public_acls: bool, restricts_public_buckets: bool },
}

#[derive(Debug)]
struct Kept {
    uid: String,
    account: String,
    document: Value,
}

/// The types that say who there is, and what their accounts set.
const IDENTITIES: [&str; 5] =
    ["AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy", BLOCK];
const BLOCK: &str = "AWS::S3::AccountPublicAccessBlock";

impl Builder {
    /// The types whose documents have a say in every question. Of other resources only those have that may guard what is
    /// asked about: see [`guards`](super::guards).
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        IDENTITIES.into_iter().chain(tree::TYPES)
    }

    /// The types whose resources may keep a policy of their own.
    pub fn guarding() -> impl Iterator<Item = &'static str> {
        documents::with_policies()
    }

    /// Says that an account was scanned.
    pub fn account(&mut self, id: &str) {
        self.accounts.entry(id.to_owned()).or_default();
    }

    /// Says that resources of a type could not be listed in an account, and why.
    pub fn unlisted(&mut self, account: &str, kind: &str, why: &str) {
        if tree::TYPES.contains(&kind) {
            self.tree.not_read(kind, why);
        } else if kind == BLOCK {
            self.blocks.insert(account.to_owned(), Block::Unread);
        } else if IDENTITIES.contains(&kind) {
            self.accounts.entry(account.to_owned()).or_default().get_or_insert_with(|| why.to_owned());
        }
    }

    /// Says what an organisational unit is a part of, by their ids.
    pub fn part_of(&mut self, id: &str, parent: &str) {
        self.tree.part_of(id, parent);
    }

    /// Takes a resource. One that has no say is left out.
    pub fn add(&mut self, found: Found<'_>) {
        let Found { kind, uid, account, document, unread } = found;
        let keep = || Kept { uid: uid.to_owned(), account: account.to_owned(), document: document.clone() };
        match kind {
            "AWS::IAM::User" => self.users.push(keep()),
            "AWS::IAM::Role" => self.roles.push(keep()),
            "AWS::IAM::Group" => {
                let name = (account.to_owned(), text(document, "GroupName").to_owned());
                self.groups.insert(name, document.clone());
            }
            "AWS::IAM::ManagedPolicy" => {
                let default = text(document, "DefaultVersionId");
                let version = list(document, "PolicyVersionList").iter().find(|version| {
                    version["IsDefaultVersion"] == true || text(version, "VersionId") == default
                });
                if let Some(version) = version {
                    let name = text(document, "PolicyName");
                    self.managed
                        .insert(uid.to_owned(), held(name, PolicyKind::Identity, &version["Document"]));
                }
            }
            BLOCK => {
                let set = Block::Set {
                    ignores_public_acls: document["IgnorePublicAcls"] == true,
                    restricts_public_buckets: document["RestrictPublicBuckets"] == true,
                };
                self.blocks.insert(account.to_owned(), set);
            }
            _ if tree::TYPES.contains(&kind) => self.tree.add(kind, document, unread),
            _ => {}
        }
        if let Some(member) = documents::policy_of(kind) {
            self.guard(found, member);
        }
    }

    fn guard(&mut self, found: Found<'_>, member: &str) {
        let Found { kind, uid, account, document, unread } = found;
        let is_unread = |name: &str| unread.iter().any(|one| one == name);
        let policy = &document[member];
        let policy = match policy {
            _ if is_unread(member) => Layer::NotRead,
            Value::Null => Layer::None,
            policy => Layer::Policies(vec![held(name_of(kind), PolicyKind::Resource, policy)]),
        };
        let mut guarded = Guarded { account: Some(account.to_owned()), policy, ..Guarded::default() };
        match kind {
            "AWS::S3::Bucket" => {
                guarded.is_bucket = true;
                guarded.bucket = documents::bucket(document);
            }
            "AWS::KMS::Key" => guarded.grants = documents::grants(document),
            _ => {}
        }
        // These have a say beside the policy; what of them was not read may let in or keep out.
        for what in ["PublicAccessBlock", "OwnershipControls", "Acl", "Grants"] {
            let is_idle = match what {
                "PublicAccessBlock" => !documents::is_open(&guarded),
                "OwnershipControls" => guarded.bucket.bucket_acl.is_empty(),
                "Acl" => guarded.bucket.acls_disabled,
                _ => false,
            };
            if is_unread(what) && !is_idle {
                documents::cloud(&mut guarded, what);
            }
        }
        self.guarded.insert(uid.to_owned(), guarded);
    }

    /// Joins all.
    pub fn build(mut self) -> Organisation {
        let mut identities = BTreeMap::new();
        for (is_user, kept) in
            self.users.iter().map(|user| (true, user)).chain(self.roles.iter().map(|role| (false, role)))
        {
            identities.insert(kept.uid.clone(), self.identity(is_user, kept));
        }
        for guarded in self.guarded.values_mut() {
            match guarded.account.as_ref().and_then(|account| self.blocks.get(account)) {
                Some(Block::Set { ignores_public_acls, restricts_public_buckets }) => {
                    guarded.bucket.ignore_public_acls |= ignores_public_acls;
                    guarded.bucket.restrict_public_buckets |= restricts_public_buckets;
                }
                Some(Block::Unread) if guarded.is_bucket && documents::is_open(guarded) => {
                    documents::cloud(guarded, "the account's PublicAccessBlock");
                }
                _ => {}
            }
        }
        let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
        let of_tree = self.tree.accounts().iter().map(|id| (id, None, false));
        for (id, unread, scanned) in
            of_tree.chain(self.accounts.iter().map(|(id, why)| (id, why.clone(), true)))
        {
            let known = Account {
                scps: self.tree.path(Control::Service, id),
                rcps: self.tree.path(Control::Resource, id),
                path: self.tree.place(id),
                unread,
                scanned,
            };
            accounts.insert(id.clone(), known);
        }
        if let Some(what) = self.tree.unread() {
            self.gaps.push(format!("the organisation's policies are not known: {what}"));
        }
        for (id, account) in &accounts {
            if let Some(why) = &account.unread {
                self.gaps.push(format!("users and roles of account {id} were not read: {why}"));
            } else if !account.scanned {
                self.gaps
                    .push(format!("account {id} was not scanned: its users and roles are not in the answer"));
            }
        }
        let id = self.tree.id().map(str::to_owned);
        Organisation { id, identities, accounts, guarded: self.guarded, gaps: self.gaps }
    }

    fn identity(&self, is_user: bool, kept: &Kept) -> Identity {
        let document = &kept.document;
        let mut policies = self.own(document, if is_user { "UserPolicyList" } else { "RolePolicyList" }, "");
        for name in list(document, "GroupList").iter().filter_map(Value::as_str) {
            match self.groups.get(&(kept.account.clone(), name.to_owned())) {
                Some(group) => policies.extend(self.own(group, "GroupPolicyList", name)),
                None => policies.push(not_read(name, "is a group that the scan did not read")),
            }
        }
        let boundary = text(&document["PermissionsBoundary"], "PermissionsBoundaryArn");
        let tags = list(document, "Tags").iter();
        Identity {
            is_user,
            // No policies are a layer that allows nothing.
            policies: Layer::Policies(policies),
            boundary: if boundary.is_empty() {
                Layer::None
            } else {
                Layer::Policies(vec![self.managed(boundary)])
            },
            tags: tags.map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned())).collect(),
        }
    }

    /// Inline and attached policies of a user, role or group.
    fn own(&self, document: &Value, inline: &str, group: &str) -> Vec<Held> {
        let name = |policy: &Value| match group {
            "" => text(policy, "PolicyName").to_owned(),
            group => format!("{group}/{}", text(policy, "PolicyName")),
        };
        let inline = list(document, inline)
            .iter()
            .map(|policy| held(&name(policy), PolicyKind::Identity, &policy["PolicyDocument"]));
        let attached = list(document, "AttachedManagedPolicies").iter();
        inline.chain(attached.map(|policy| self.managed(text(policy, "PolicyArn")))).collect()
    }

    fn managed(&self, arn: &str) -> Held {
        self.managed
            .get(arn)
            .cloned()
            .unwrap_or_else(|| not_read(arn, "is a managed policy whose text the scan did not read"))
    }
}

/// What the policy of a resource is called in answers.
fn name_of(kind: &str) -> &'static str {
    match kind {
        "AWS::IAM::Role" => "trust policy",
        "AWS::KMS::Key" => "key policy",
        "AWS::S3::Bucket" => "bucket policy",
        _ => "resource policy",
    }
}
