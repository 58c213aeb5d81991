//! Which part of all permissions somebody asks for.

use std::collections::BTreeSet;

use fathom_catalogue::{Catalogue, Kind as Access};
use fathom_iam::{
    organisation::{Asker, Kind},
    policy::is_account,
};
use fathom_model::spelling::nearest;

use crate::{
    AccessError,
    permissions::{Permissions, Resource},
};

/// The resource of actions that have none.
pub(crate) const EVERYTHING: &str = "*";

/// What is asked for; an empty list asks for all. Names are as answers have them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Who: ARNs, accounts of root users and of outsiders, services, `*`.
    pub principals: Vec<String>,
    /// The last part of the ARN of users and roles.
    pub names: Vec<String>,
    /// The accounts they are of.
    pub principal_accounts: Vec<String>,
    /// ARNs; `*` for actions that have no resource.
    pub resources: Vec<String>,
    /// `AWS::S3::Bucket`.
    pub resource_types: Vec<String>,
    /// The accounts they are of.
    pub resource_accounts: Vec<String>,
    /// Kinds of access.
    pub access: Vec<Access>,
    /// Names as the catalogue writes them.
    pub actions: Vec<String>,
}

fn is_in<T: PartialEq<U>, U: ?Sized>(list: &[T], value: &U) -> bool {
    list.is_empty() || list.iter().any(|one| one == value)
}

fn is_of(list: &[String], value: Option<&str>) -> bool {
    list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value))
}

/// The account that somebody is of, by what answers call them; none of services and of everyone.
pub fn account_of(principal: &str) -> Option<&str> {
    if is_account(principal) {
        return Some(principal);
    }
    principal.strip_prefix("arn:")?.split(':').nth(3).filter(|account| !account.is_empty())
}

/// What people call a user or a role; none of others.
pub fn name_of(asker: &Asker) -> Option<&str> {
    matches!(asker.kind, Kind::User | Kind::Role).then(|| asker.principal.rsplit('/').next())?
}

/// Whether a text is the ARN of a user or a role.
fn is_identity(text: &str) -> bool {
    let rest = text.starts_with("arn:").then(|| text.splitn(6, ':').nth(5)).flatten();
    text.contains(":iam:") && rest.is_some_and(|rest| rest.starts_with("user/") || rest.starts_with("role/"))
}

impl Wanted {
    pub(crate) fn is_resource(&self, arn: &str, resource: &Resource) -> bool {
        is_in(&self.resources, arn)
            && is_in(&self.resource_types, resource.kind.as_str())
            && is_of(&self.resource_accounts, resource.target.account.as_deref())
    }

    /// Whether actions without a resource are asked for.
    pub(crate) fn is_everything(&self) -> bool {
        is_in(&self.resources, EVERYTHING)
            && self.resource_types.is_empty()
            && self.resource_accounts.is_empty()
    }

    pub(crate) fn is_action(&self, action: &str, access: Access) -> bool {
        is_in(&self.actions, action) && is_in(&self.access, &access)
    }

    pub(crate) fn is_asker(&self, asker: &Asker) -> bool {
        is_in(&self.principals, asker.principal.as_str())
            && is_of(&self.names, name_of(asker))
            && is_of(&self.principal_accounts, account_of(&asker.principal))
    }

    /// Whether anything is said about who asks.
    pub(crate) fn names_askers(&self) -> bool {
        !(self.principals.is_empty() && self.names.is_empty() && self.principal_accounts.is_empty())
    }
}

impl Permissions {
    /// How many pairs of one who is known and a resource are asked about.
    pub fn pairs(&self, wanted: &Wanted) -> u64 {
        let members = self.members(wanted).map_or(self.index.principals(), |members| members.len());
        members as u64 * self.resources_of(wanted).count() as u64
    }

    /// The numbers of those who are asked about; none where these are all.
    pub(crate) fn members(&self, wanted: &Wanted) -> Option<Vec<u32>> {
        let is_wanted = |number: &u32| {
            self.index
                .principal(*number)
                .is_some_and(|(name, kind)| wanted.is_asker(&Asker { kind, principal: name.to_owned() }))
        };
        wanted.names_askers().then(|| (0..self.index.principals() as u32).filter(is_wanted).collect())
    }

    /// The resources that are asked about.
    pub(crate) fn resources_of<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = &'a Resource> {
        // Those that are named are looked up; a few of a million are found at once.
        let named: BTreeSet<&str> = wanted.resources.iter().map(String::as_str).collect();
        let all = named.is_empty().then(|| self.resources.iter());
        let named = named.into_iter().filter_map(move |arn| self.resources.get_key_value(arn));
        let found = all.into_iter().flatten().chain(named);
        found.filter(move |(arn, resource)| wanted.is_resource(arn, resource)).map(|(_, resource)| resource)
    }

    /// Refuses names that can only be mistakes: an answer without rows would read like a "no".
    pub(crate) fn check(&self, wanted: &Wanted) -> Result<(), AccessError> {
        let refuse = |text: String| Err(AccessError::Question(text));
        for arn in wanted.resources.iter().filter(|arn| *arn != EVERYTHING) {
            if !self.resources.contains_key(arn) {
                return refuse(format!(
                    "no scan saw a resource `{arn}`; write its whole ARN (`fathom what-on` also answers about objects of \
                     buckets and about what was not scanned)"
                ));
            }
        }
        let catalogue = Catalogue::embedded()?;
        for name in &wanted.actions {
            match catalogue.action(name) {
                Some(action) if action.name() == name => {}
                Some(action) => return refuse(format!("the action is written `{}`", action.name())),
                None => {
                    let service = name.split(':').next().and_then(|prefix| catalogue.service(prefix));
                    let actions = service.iter().flat_map(fathom_catalogue::Service::actions);
                    let near = nearest(name, actions.map(|action| action.name()));
                    let hint =
                        if near.is_empty() { String::new() } else { format!(": {}?", near.join(", ")) };
                    return refuse(format!("the catalogue of actions has no `{name}`{hint}"));
                }
            }
        }
        for name in &wanted.names {
            if !self
                .index
                .called(name)
                .any(|number| self.index.principal(number).is_some_and(|(principal, _)| principal != name))
            {
                return refuse(format!("no scan saw a user or role called `{name}`"));
            }
        }
        for principal in &wanted.principals {
            let may_be_outside =
                principal == EVERYTHING || principal.contains([':', '.']) || is_account(principal);
            if !may_be_outside && !self.is_member_called(principal) {
                return refuse(format!(
                    "`{principal}` is no ARN, account or service; users and roles have it as `principal_name`"
                ));
            }
        }
        Ok(())
    }

    /// Refuses users and roles of scanned accounts that nobody knows and no resource named.
    pub(crate) fn check_met(&self, wanted: &Wanted, met: &BTreeSet<String>) -> Result<(), AccessError> {
        let is_missing = |principal: &&String| {
            let is_scanned = |account| self.index.number(account, Kind::Root).is_some();
            is_identity(principal)
                && !met.contains(*principal)
                && !self.is_member_called(principal)
                && account_of(principal).is_some_and(is_scanned)
        };
        match wanted.principals.iter().find(is_missing) {
            None => Ok(()),
            Some(name) => Err(AccessError::Question(format!("no scan saw a user or role `{name}`"))),
        }
    }

    fn is_member_called(&self, name: &str) -> bool {
        [Kind::Root, Kind::User, Kind::Role].iter().any(|kind| self.index.number(name, *kind).is_some())
    }
}
