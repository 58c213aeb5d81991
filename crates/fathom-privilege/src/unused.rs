//! Access keys, passwords, roles and users that nobody used for some days.
//!
//! What AWS says of each: `GetAccessKeyLastUsed`, `PasswordLastUsed` of `GetUser`, `RoleLastUsed` of
//! `GetAccountAuthorizationDetails`, and the report of `GetServiceLastAccessedDetails`. Where the log tells of a later use of
//! a user or a role, that counts, and it is told where IAM should have known of it. A key without a
//! last use was not used since 22 April 2015, a password not since 20 October 2014, a role not within 400 days: so far back
//! IAM keeps it (API reference of `AccessKeyLastUsed`, `User` and `RoleLastUsed`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_access::{Listings, Permissions, Unread, unread};
use fathom_iam::{Context, Decision, organisation::Target};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{Store, StoredResource, Which};
use futures::TryStreamExt as _;
use serde::Serialize;
use serde_json::Value;

use crate::{
    PrivilegeError,
    accessed::{Accessed, Disagreement, MEMBER, lacks, moment},
    days_before,
};

const USER: &str = "AWS::IAM::User";
const ROLE: &str = "AWS::IAM::Role";
const KEY: &str = "AWS::IAM::AccessKey";
const DAY_SECONDS: i64 = 86_400;

/// What was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusedKind {
    /// A long-lived key of a user.
    AccessKey,
    /// The password of a user.
    Password,
    /// A user, by neither password nor key.
    User,
    /// A role.
    Role,
}

impl UnusedKind {
    /// The word for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessKey => "access key",
            Self::Password => "password",
            Self::User => "user",
            Self::Role => "role",
        }
    }
}

/// Whether it is sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was not used.
    Unused,
    /// When it was used could not be read.
    Unknown,
}

/// Whether whoever has it can give itself every permission, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Admin {
    /// It may write its own policies.
    Yes,
    /// Only if something holds that is not known.
    OnlyIf,
    /// It depends on what was not read.
    Unknown,
    /// It may not.
    No,
}

/// Something that was not used, or of which that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusedRow {
    /// Whether it is sure.
    pub state: State,
    /// What it is.
    pub kind: UnusedKind,
    /// The uid of the key, the user or the role.
    pub uid: Uid,
    /// The user or role that it is, or belongs to.
    pub principal: Uid,
    /// The account.
    pub account: String,
    /// What people call it: the key's id, the user's or role's name.
    pub name: String,
    /// Whether whoever has it can give itself every permission.
    pub admin: Admin,
    /// Whether a key is active; none of other things.
    pub active: Option<bool>,
    /// Whether the provider made it.
    pub provider_made: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was used last; none where never, or not known.
    pub last_used: Option<Timestamp>,
    /// For how many days it was not used: since then, or since it was made; none where neither is known.
    pub days: Option<i64>,
    /// In words, and what is not known.
    pub because: String,
}

/// What nobody used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// For so many days.
    pub days: u32,
    /// From when on.
    pub since: Timestamp,
    /// What was not used, the worst first; then that of which it is not known.
    pub rows: Vec<UnusedRow>,
    /// How many were looked at, by kind.
    pub asked: BTreeMap<UnusedKind, usize>,
    /// How many were made since, so that they could not be unused for so long.
    pub young: usize,
    /// Where the log has a use that IAM should know of and does not; what the log has counts.
    pub disagreements: Vec<Disagreement>,
    /// What was not read at all.
    pub gaps: Vec<String>,
}

/// When something was used.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    At(Timestamp),
    Never(&'static str),
    NotKnown(String),
}

impl Last {
    /// Takes a later use from another source.
    fn or_later(self, other: Option<Timestamp>) -> Self {
        match (self, other) {
            (Self::At(at), Some(other)) => Self::At(at.max(other)),
            (Self::Never(_), Some(other)) => Self::At(other),
            (last, _) => last,
        }
    }
}

/// Lists what was not used for some days.
///
/// # Errors
/// When the store fails, or there is no such time.
pub async fn unused(
    store: &Store,
    permissions: &Permissions,
    days: u32,
    now: Timestamp,
) -> Result<Unused, PrivilegeError> {
    let since = days_before(now, days)?;
    let kinds: Vec<ResourceType> = [USER, ROLE, KEY].map(ResourceType::from).to_vec();
    let mut look = Look {
        permissions,
        now,
        since,
        unread: unread(store, &kinds, now).await?,
        log: HashMap::new(),
        admins: HashMap::new(),
        found: Unused {
            days,
            since,
            rows: Vec::new(),
            asked: BTreeMap::new(),
            young: 0,
            disagreements: Vec::new(),
            gaps: Vec::new(),
        },
    };
    store
        .each_last_use(|principal, at| {
            look.log.insert(principal, at);
        })
        .await?;
    let without_keys = gaps(store, &kinds, &mut look.found.gaps).await?;
    let mut keys: HashMap<String, Vec<Last>> = HashMap::new();
    let mut users = Vec::new();
    let which = Which { kinds, ..Which::all() };
    let mut resources = std::pin::pin!(store.stream_resources(&which, true));
    while let Some(chunk) = resources.try_next().await? {
        for stored in chunk {
            match stored.resource.kind.as_str() {
                KEY => {
                    let (owner, last) = look.key(&stored);
                    keys.entry(owner).or_default().push(last);
                }
                ROLE => look.role(&stored),
                _ => users.push(stored),
            }
        }
    }
    for user in &users {
        let own = keys.remove(user.resource.uid.as_str()).unwrap_or_default();
        look.user(user, own, without_keys.contains(user.resource.account.as_str()));
    }
    let mut found = look.found;
    found.disagreements.sort();
    found.rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.uid.cmp(&b.uid)));
    Ok(found)
}

/// The worst first: what is sure, what the provider did not make, administrators, what works, and then what is older.
fn rank(row: &UnusedRow) -> impl Ord + use<> {
    let age = std::cmp::Reverse(row.days.unwrap_or(i64::MAX));
    (row.state, row.provider_made, row.admin, row.active == Some(false), row.kind, age)
}

struct Look<'a> {
    permissions: &'a Permissions,
    now: Timestamp,
    since: Timestamp,
    unread: Unread,
    log: HashMap<String, Timestamp>,
    admins: HashMap<Uid, Admin>,
    found: Unused,
}

impl Look<'_> {
    /// Adds a key; gives back whose it is and when it was used.
    fn key(&mut self, stored: &StoredResource) -> (String, Last) {
        let document = stored.resource.document.whole().value();
        let owner = stored.resource.uid.as_str().split("/access-key/").next().unwrap_or_default().to_owned();
        let member = &document["LastUsed"];
        let last = match moment(&member["LastUsedDate"]) {
            Some(at) => Last::At(at),
            None if self.is_unread(stored, "LastUsed") || !member.is_object() => {
                Last::NotKnown("GetAccessKeyLastUsed was not answered".to_owned())
            }
            None => Last::Never("never used"),
        };
        let active = document["Status"].as_str().map(|status| status == "Active");
        self.add(stored, UnusedKind::AccessKey, &Uid::from(owner.as_str()), active, &last);
        (owner, last)
    }

    fn role(&mut self, stored: &StoredResource) {
        let document = stored.resource.document.whole().value();
        let member = &document["RoleLastUsed"];
        let last = match moment(&member["LastUsedDate"]) {
            Some(at) => Last::At(at),
            None if member.is_object() => Last::Never("not used within the 400 days that IAM keeps"),
            None => Last::NotKnown("the answer about it has no RoleLastUsed".to_owned()),
        };
        let uid = stored.resource.uid.clone();
        let last = self.with_others(last, stored, &document);
        self.add(stored, UnusedKind::Role, &uid, None, &last);
    }

    /// Adds a user's password and the user, whose keys were used at these times.
    fn user(&mut self, stored: &StoredResource, keys: Vec<Last>, keys_unread: bool) {
        let document = stored.resource.document.whole().value();
        let uid = stored.resource.uid.clone();
        let used = moment(&document["PasswordLastUsed"]);
        let has_password = document["LoginProfile"].is_object();
        let password = if self.is_unread(stored, "LoginProfile") {
            Some(Last::NotKnown("whether it has a password was not read: GetLoginProfile".to_owned()))
        } else if !has_password {
            None
        } else if let Some(at) = used {
            Some(Last::At(at))
        } else if self.is_unread(stored, "PasswordLastUsed") {
            Some(Last::NotKnown("GetUser was not answered".to_owned()))
        } else {
            Some(Last::Never("never used to sign in"))
        };
        if let Some(password) = &password {
            self.add(stored, UnusedKind::Password, &uid, None, password);
        }
        let mut all = keys;
        all.extend(password);
        // A password that was taken away since was used all the same.
        all.extend(used.filter(|_| !has_password).map(Last::At));
        if keys_unread {
            all.push(Last::NotKnown("its access keys were not read".to_owned()));
        }
        let newest =
            all.iter().filter_map(|last| if let Last::At(at) = last { Some(*at) } else { None }).max();
        let not_known = all.iter().find(|last| matches!(last, Last::NotKnown(_))).cloned();
        let last = match (newest, not_known) {
            (Some(at), _) if at >= self.since => Last::At(at),
            (_, Some(not_known)) => not_known,
            (Some(at), None) => Last::At(at),
            (None, None) if all.is_empty() => Last::Never("it has neither password nor access key"),
            (None, None) => Last::Never("never used, by password or access key"),
        };
        let last = self.with_others(last, stored, &document);
        self.add(stored, UnusedKind::User, &uid, None, &last);
    }

    /// The same with what IAM's report and the log tell. A use in the time that is asked about also answers what IAM did
    /// not.
    fn with_others(&mut self, last: Last, stored: &StoredResource, document: &Value) -> Last {
        let report = Accessed::of(&document[MEMBER]);
        let last = self.with_later(last, report.as_ref().and_then(Accessed::last));
        let uid = &stored.resource.uid;
        let log = self.log.get(uid.as_str()).copied();
        let iam = match &last {
            Last::At(at) => Some(Some(*at)),
            Last::Never(_) => Some(None),
            Last::NotKnown(_) => None,
        };
        let made = report.map_or(stored.last_seen, |report| report.made);
        if let (Some(at), Some(iam)) = (log, iam)
            && lacks(made, at, iam)
        {
            self.found.disagreements.push(Disagreement {
                what: uid.as_str().to_owned(),
                log: Some(at),
                iam,
                because: "the log has a later use than IAM remembers".to_owned(),
            });
        }
        self.with_later(last, log)
    }

    fn with_later(&self, last: Last, other: Option<Timestamp>) -> Last {
        match (last, other) {
            (Last::NotKnown(_), Some(other)) if other >= self.since => Last::At(other),
            (last, other) => last.or_later(other),
        }
    }

    fn is_unread(&self, stored: &StoredResource, member: &str) -> bool {
        self.unread.get(&stored.resource.uid).is_some_and(|parts| parts.iter().any(|part| part == member))
    }

    fn add(
        &mut self,
        stored: &StoredResource,
        kind: UnusedKind,
        principal: &Uid,
        active: Option<bool>,
        last: &Last,
    ) {
        *self.found.asked.entry(kind).or_default() += 1;
        let resource = &stored.resource;
        let created = resource.created_at;
        let (state, last_used, because) = match last {
            Last::At(at) if *at >= self.since => return,
            Last::At(at) => (State::Unused, Some(*at), format!("last used {at}")),
            Last::Never(words) => {
                if created.is_some_and(|created| created >= self.since) {
                    self.found.young += 1;
                    return;
                }
                (State::Unused, None, (*words).to_owned())
            }
            Last::NotKnown(why) => (State::Unknown, None, why.clone()),
        };
        let from = if state == State::Unknown { None } else { last_used.or(created) };
        let row = UnusedRow {
            state,
            kind,
            uid: resource.uid.clone(),
            principal: principal.clone(),
            account: resource.account.as_str().to_owned(),
            name: resource.name.clone().unwrap_or_else(|| resource.id.clone()),
            admin: self.admin(principal, resource.account.as_str()),
            active,
            provider_made: resource.provider_made,
            created,
            last_used,
            days: from.map(|from| (self.now.as_second() - from.as_second()) / DAY_SECONDS),
            because,
        };
        self.found.rows.push(row);
    }

    /// Whether a user or role may write its own policies, and so give itself all.
    fn admin(&mut self, principal: &Uid, account: &str) -> Admin {
        if let Some(known) = self.admins.get(principal) {
            return *known;
        }
        let actions = if principal.as_str().contains(":role/") {
            ["iam:PutRolePolicy", "iam:AttachRolePolicy"]
        } else {
            ["iam:PutUserPolicy", "iam:AttachUserPolicy"]
        };
        let target =
            Target { arn: principal.as_str().to_owned(), account: Some(account.to_owned()), seen: true };
        let organisation = self.permissions.index.organisation();
        let admin = actions
            .iter()
            .map(|action| match organisation.ask(principal.as_str(), action, &target, Context::new()) {
                Ok(verdict) => match verdict.decision {
                    Decision::Allowed => Admin::Yes,
                    Decision::OnlyIf => Admin::OnlyIf,
                    Decision::Unknown => Admin::Unknown,
                    Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => Admin::No,
                },
                Err(_) => Admin::Unknown,
            })
            .min()
            .unwrap_or(Admin::Unknown);
        self.admins.insert(principal.clone(), admin);
        admin
    }
}

/// Names what was not listed; gives back the accounts whose access keys are not all known.
async fn gaps(
    store: &Store,
    kinds: &[ResourceType],
    gaps: &mut Vec<String>,
) -> Result<BTreeSet<String>, PrivilegeError> {
    let listings = Listings::of(store, kinds, &["GetAccountAuthorizationDetails", "ListAccessKeys"]).await?;
    let mut failed: BTreeSet<String> = BTreeSet::new();
    for (account, kind, why) in listings.cut() {
        gaps.push(format!("{kind} of account {account} were not all read: {why}"));
        if kind == KEY {
            failed.insert(account.to_owned());
        }
    }
    for account in listings.accounts.iter().filter(|account| !listings.is_asked(account, KEY)) {
        gaps.push(format!("access keys of account {account}: no scan asked for {KEY}"));
        failed.insert(account.clone());
    }
    gaps.sort();
    Ok(failed)
}
