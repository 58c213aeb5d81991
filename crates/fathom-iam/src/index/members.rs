//! Everyone an index knows: users, roles, and the root users of the accounts that were scanned.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use super::bits::Bits;
use crate::{
    context::Context,
    evaluate::is_linked_role,
    organisation::{Kind, Organisation},
    policy::Named,
    request::{self, Principal, Request, Resource},
    truth::Truth,
};

/// Beginnings of the names of context keys whose value follows from the principal, lower-case.
const PERSONAL: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltag/",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
];

/// Whether the value of a context key follows from the principal.
pub(super) fn is_personal(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    PERSONAL.iter().any(|name| key == *name || (name.ends_with('/') && key.starts_with(name)))
}

/// A user, a role or a root user.
#[derive(Debug)]
pub(super) struct Member {
    /// Its ARN; of root users the account's id.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) account: String,
    context: OnceLock<Context>,
}

/// Everyone, by number.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) all: Vec<Member>,
    by_arn: HashMap<String, u32>,
    /// Roles by account and name without path.
    roles: HashMap<(String, String), Vec<u32>>,
    /// The members of each account.
    pub(super) accounts: BTreeMap<String, Bits>,
    pub(super) root_users: Bits,
    pub(super) users: Bits,
    /// Roles that services made for themselves, which organisations do not bind.
    pub(super) linked: Bits,
}

impl Members {
    /// Numbers everyone: users and roles by ARN, then root users.
    pub(super) fn of(organisation: &Organisation) -> Self {
        let mut all = Vec::new();
        let member = |name: &str, kind, account: &str| Member {
            name: name.to_owned(),
            kind,
            account: account.to_owned(),
            context: OnceLock::new(),
        };
        for (arn, identity) in organisation.identities.iter() {
            let kind = if identity.is_user { Kind::User } else { Kind::Role };
            all.push(member(arn, kind, arn.split(':').nth(4).unwrap_or_default()));
        }
        for (id, _) in organisation.accounts.iter().filter(|(_, account)| account.scanned) {
            all.push(member(id, Kind::Root, id));
        }
        let length = all.len();
        let numbered = || (0_u32..).zip(&all);
        let those =
            |kind| Bits::of(length, numbered().filter(|(_, one)| one.kind == kind).map(|(number, _)| number));
        let (users, root_users) = (those(Kind::User), those(Kind::Root));
        let linked = numbered().filter(|(_, one)| one.kind == Kind::Role && is_linked_role(&one.name));
        let linked = Bits::of(length, linked.map(|(number, _)| number));
        let mut accounts: BTreeMap<String, Bits> = BTreeMap::new();
        let mut roles: HashMap<(String, String), Vec<u32>> = HashMap::new();
        for (number, one) in numbered() {
            accounts.entry(one.account.clone()).or_insert_with(|| Bits::none(length)).insert(number);
            if one.kind == Kind::Role {
                let name = one.name.rsplit('/').next().unwrap_or_default().to_owned();
                roles.entry((one.account.clone(), name)).or_default().push(number);
            }
        }
        let by_arn = numbered().map(|(number, one)| (one.name.clone(), number)).collect();
        Self { all, by_arn, roles, accounts, root_users, users, linked }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Member> {
        self.all.get(number as usize)
    }

    /// The number of somebody of this name and kind.
    pub(super) fn number(&self, name: &str, kind: Kind) -> Option<u32> {
        let number = self.by_arn.get(name).copied()?;
        self.get(number).is_some_and(|member| member.kind == kind).then_some(number)
    }

    pub(super) fn of_account(&self, account: &str) -> Bits {
        self.accounts.get(account).cloned().unwrap_or_else(|| Bits::none(self.len()))
    }

    /// The keys that follow from a member alone.
    pub(super) fn context(&self, number: u32, organisation: &Organisation) -> Option<&Context> {
        let member = self.get(number)?;
        Some(member.context.get_or_init(|| {
            let nothing = Resource { arn: "*".to_owned(), account: None };
            match Request::new(&member.name, "any:Any", nothing, Context::new()) {
                Ok(mut request) => {
                    organisation.complete(&mut request);
                    request::context(&request)
                }
                // Nobody whose name is of no form is asked about.
                Err(_) => Context::new(),
            }
        }))
    }

    /// A member as it asks.
    pub(super) fn principal(&self, number: u32) -> Option<Principal> {
        let nothing = Resource { arn: "*".to_owned(), account: None };
        Request::new(&self.get(number)?.name, "any:Any", nothing, Context::new())
            .ok()
            .map(|request| request.principal)
    }

    /// Whom of the members a name means, and how sure that is: a session may be the role's, or another.
    pub(super) fn named(&self, named: &Named) -> Option<(Bits, Truth)> {
        let one = |arn: &str, is: fn(&Member) -> bool| {
            let number = self.by_arn.get(arn).copied();
            let number = number.filter(|number| self.get(*number).is_some_and(is));
            number.map(|number| (Bits::of(self.len(), [number]), Truth::Yes))
        };
        match named {
            Named::Everyone => Some((Bits::all(self.len()), Truth::Yes)),
            Named::Account(account) => self.accounts.get(account).map(|mask| (mask.clone(), Truth::Yes)),
            Named::User(arn) => one(arn, |member| member.kind == Kind::User),
            Named::Role(arn) => one(arn, |member| member.kind == Kind::Role),
            Named::Session(arn) => {
                let account = arn.split(':').nth(4)?.to_owned();
                let role = arn.split('/').nth(1)?.to_owned();
                let numbers = self.roles.get(&(account, role))?;
                Some((Bits::of(self.len(), numbers.iter().copied()), Truth::OnlyIf))
            }
            Named::CanonicalUser(_) => Some((Bits::all(self.len()), Truth::Unknown)),
            // An id is compared where the context gives one, and such questions are not asked of an index.
            Named::UniqueId(_) | Named::FederatedUser(_) | Named::Service(_) | Named::Federated(_) => None,
        }
    }
}
