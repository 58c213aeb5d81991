//! Makes an organisation of documents.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::{
    Account, Group, Guarded, Identity, Organisation,
    change::unread,
    documents::{self, held, list, not_read, text},
    own::{Place, Places, What},
    tree::{self, Control, Tree},
};
use crate::{
    layers::{Held, Layer},
    policy::PolicyKind,
    shared::{Map, Named},
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
    managed: Map<Arc<str>, Held>,
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
/// What of the account was not read that has a say in its buckets.
const ACCOUNT_BLOCK: &str = "the account's PublicAccessBlock";

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

    /// Says that of an account nothing is known but the code of some of its resources: what binds it as a whole is left out of account,
    /// and whether it blocks what its buckets let in is not known.
    pub fn alone(&mut self, id: &str) {
        self.account(id);
        self.blocks.insert(id.to_owned(), Block::Unread);
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
                // Of AWS's own the account is none that was scanned: they are found by their ARN alone.
                if let Some(version) = documents::default_version(document) {
                    let name = match text(document, "PolicyName") {
                        "" => uid.rsplit('/').next().unwrap_or(uid),
                        name => name,
                    };
                    self.managed.insert(uid.into(), held(name, PolicyKind::Identity, &version["Document"]));
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
            // Search domains without a policy have an empty text for one.
            Value::String(text) if text.is_empty() => Layer::None,
            policy => Layer::Policies(vec![held(name_of(kind), PolicyKind::Resource, policy)]),
        };
        let mut guarded =
            Guarded { account: Some(account.to_owned()), name: name_of(kind), ..Guarded::default() };
        match kind {
            "AWS::S3::Bucket" => {
                guarded.is_bucket = true;
                guarded.bucket = documents::bucket(document);
            }
            "AWS::KMS::Key" => guarded.grants = documents::grants(document),
            _ => {}
        }
        // These have a say beside the policy; what of them was not read may let in or keep out.
        let beside = ["PublicAccessBlock", "OwnershipControls", "Acl", "Grants"];
        guarded.unread = beside.into_iter().filter(|what| is_unread(what)).collect();
        guarded.policy = policy;
        self.guarded.insert(uid.to_owned(), guarded);
    }

    /// Joins all.
    pub fn build(mut self) -> Organisation {
        let mut groups = self.all_groups();
        let mut identities = BTreeMap::new();
        let (users, roles) = (std::mem::take(&mut self.users), std::mem::take(&mut self.roles));
        for (is_user, kept) in
            users.iter().map(|user| (true, user)).chain(roles.iter().map(|role| (false, role)))
        {
            identities.insert(kept.uid.clone(), self.identity(is_user, kept, &groups));
        }
        let identities = Named::of(identities);
        for (kept, number) in users.iter().filter_map(|kept| Some((kept, identities.number(&kept.uid)?))) {
            for name in groups_of(kept) {
                if let Some(group) = groups.get_mut(&(kept.account.clone(), name.to_owned())) {
                    group.members.push(number);
                }
            }
        }
        let mut guarded = Map::default();
        for (uid, mut one) in std::mem::take(&mut self.guarded) {
            match one.account.as_ref().and_then(|account| self.blocks.get(account)) {
                Some(Block::Set { ignores_public_acls, restricts_public_buckets }) => {
                    one.blocked = (*ignores_public_acls, *restricts_public_buckets);
                    one.block();
                }
                Some(Block::Unread) if one.is_bucket => one.unread.push(ACCOUNT_BLOCK),
                _ => {}
            }
            let policy = std::mem::take(&mut one.policy);
            one.set_policy(policy);
            guarded.insert(uid, one);
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
        Organisation {
            id,
            identities,
            accounts: Named::of(accounts),
            guarded,
            groups: Arc::new(groups),
            managed: self.managed,
            tree: Arc::new(self.tree),
            gaps: Arc::new(self.gaps),
        }
    }

    fn all_groups(&mut self) -> HashMap<(String, String), Group> {
        let documents = std::mem::take(&mut self.groups);
        let group = |(key, document): ((String, String), Value)| {
            let mut group = Group {
                name: key.1.as_str().into(),
                policies: Vec::new(),
                places: Places::default(),
                members: Vec::new(),
            };
            self.own(&document, "GroupPolicyList", &key.1, &mut group.places, &mut group.policies);
            (key, group)
        };
        documents.into_iter().map(group).collect()
    }

    fn identity(
        &mut self,
        is_user: bool,
        kept: &Kept,
        groups: &HashMap<(String, String), Group>,
    ) -> Identity {
        let document = &kept.document;
        let (mut places, mut policies) = (Places::default(), Vec::new());
        let inline = if is_user { "UserPolicyList" } else { "RolePolicyList" };
        self.own(document, inline, "", &mut places, &mut policies);
        for name in groups_of(kept) {
            if let Some(group) = groups.get(&(kept.account.clone(), name.to_owned())) {
                policies.extend(group.policies.iter().cloned());
                group.places.of_group(&group.name).for_each(|place| places.push(place));
            } else {
                policies.push(not_read(name, "is a group that the scan did not read"));
                places.push(Place { group: Some(name.into()), what: What::Inline("".into()) });
            }
        }
        let tags = list(document, "Tags").iter();
        let mut identity = Identity {
            is_user,
            // No policies are a layer that allows nothing.
            policies: Layer::Policies(policies),
            boundary: Layer::None,
            places,
            bound_by: None,
            tags: tags.map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned())).collect(),
        };
        let boundary = text(&document["PermissionsBoundary"], "PermissionsBoundaryArn");
        if !boundary.is_empty() {
            identity.bind(Some(self.managed(boundary)));
        }
        identity
    }

    /// Inline and attached policies of a user, role or group.
    fn own(
        &mut self,
        document: &Value,
        inline: &str,
        group: &str,
        places: &mut Places,
        policies: &mut Vec<Held>,
    ) {
        for policy in list(document, inline) {
            let name = text(policy, "PolicyName");
            let called = if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
            policies.push(held(&called, PolicyKind::Identity, &policy["PolicyDocument"]));
            places.push(Place { group: None, what: What::Inline(name.into()) });
        }
        for policy in list(document, "AttachedManagedPolicies") {
            let (arn, policy) = self.managed(text(policy, "PolicyArn"));
            policies.push(policy);
            places.push(Place { group: None, what: What::Attached(arn) });
        }
    }

    /// The ARN of a managed policy as it is kept, and the policy.
    fn managed(&mut self, arn: &str) -> (Arc<str>, Held) {
        if let Some((arn, held)) = self.managed.get_key_value(arn) {
            return (Arc::clone(arn), held.clone());
        }
        let (key, held) = (Arc::from(arn), unread(arn));
        self.managed.insert(Arc::clone(&key), held.clone());
        (key, held)
    }
}

/// The names of the groups that a user is in.
fn groups_of(kept: &Kept) -> impl Iterator<Item = &str> {
    list(&kept.document, "GroupList").iter().filter_map(Value::as_str)
}

impl Guarded {
    /// Adds what its account sets to what it sets itself.
    pub(super) fn block(&mut self) {
        self.bucket.ignore_public_acls |= self.blocked.0;
        self.bucket.restrict_public_buckets |= self.blocked.1;
    }

    /// Sets the policy, and makes unknown what it lets in where something that has a say was not read.
    pub(super) fn set_policy(&mut self, policy: Layer) {
        self.policy = policy;
        for what in self.unread.clone() {
            let is_idle = match what {
                "PublicAccessBlock" | ACCOUNT_BLOCK => !documents::is_open(self),
                "OwnershipControls" => self.bucket.bucket_acl.is_empty(),
                "Acl" => self.bucket.acls_disabled,
                _ => false,
            };
            if !is_idle {
                documents::cloud(self, what);
            }
        }
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
