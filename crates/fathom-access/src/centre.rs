//! Who gets a role through the identity centre: the assignments of permission sets.
//!
//! A person or group of the identity store that is assigned a permission set in an account can become the role
//! `AWSReservedSSO_<set>_<16 hexadecimal digits>` there, below the path `/aws-reserved/sso.amazonaws.com/`. Its trust policy
//! names the centre's identity provider and not them, so that only the assignments say who they are. Source: "IAM roles
//! created by IAM Identity Center" of its user guide.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_model::{Outcome, ResourceType, Timestamp};
use fathom_store::{CoverageQuery, Store};
use serde::Serialize;

use crate::{
    AccessError,
    seen::{Seen, seen},
    unread::why,
    wanted::account_of,
};

const SET: &str = "AWS::SSO::PermissionSet";
const ASSIGNMENT: &str = "AWS::SSO::Assignment";
const GROUP: &str = "AWS::IdentityStore::Group";
const USER: &str = "AWS::IdentityStore::User";
/// The calls without whose answer the assignments are not all known.
const LISTINGS: [&str; 4] = [
    "ListPermissionSets",
    "DescribePermissionSet",
    "ListAccountsForProvisionedPermissionSet",
    "ListAccountAssignments",
];
const PATH: &str = ":role/aws-reserved/sso.amazonaws.com/";
const PREFIX: &str = "AWSReservedSSO_";
/// Digits at the end of such a role's name.
const DIGITS: usize = 16;

/// Assignments of permission sets as the last scans saw them.
#[derive(Debug, Clone, Default)]
pub struct Centre {
    /// The names of the permission sets that were seen.
    sets: BTreeSet<String>,
    /// Who is assigned, by account and name of the permission set.
    assigned: BTreeMap<(String, String), BTreeSet<Assignee>>,
    /// Why the assignments are not all known.
    gap: Option<String>,
}

/// Who gets a role through the identity centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assigned {
    /// The role, by ARN.
    pub role: String,
    /// The permission set.
    pub permission_set: String,
    /// Who is assigned it in the role's account.
    pub assignees: Vec<Assignee>,
    /// Why there may be more.
    pub gap: Option<String>,
}

/// A person or group of the identity store that is assigned a permission set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Assignee {
    /// `GROUP` or `USER`, as the assignment has it.
    pub kind: String,
    /// What people call it; its id where no scan read it.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The names of the people of a group; none of a person, and where they were not read.
    pub members: Option<Vec<String>>,
}

impl Centre {
    /// What the last scans saw.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let kinds: Vec<ResourceType> = [SET, ASSIGNMENT, GROUP, USER].map(ResourceType::from).to_vec();
        let found = seen(store, &kinds, now).await?;
        let of = |kind: &str| found.iter().filter(move |one| one.kind == kind).collect::<Vec<&Seen>>();
        let names: HashMap<&str, &str> =
            of(SET).into_iter().filter_map(|set| Some((set.arn.as_str(), set.name.as_deref()?))).collect();
        let people = people(&of(USER), &of(GROUP));
        let mut centre =
            Self { sets: names.values().map(|name| (*name).to_owned()).collect(), ..Self::default() };
        for one in of(ASSIGNMENT) {
            let member = |name: &str| one.text(name).unwrap_or_default();
            let Some(set) = names.get(member("PermissionSetArn")) else { continue };
            let id = member("PrincipalId");
            let assignee = people.get(id).cloned().unwrap_or_else(|| Assignee {
                kind: member("PrincipalType").to_owned(),
                name: id.to_owned(),
                id: id.to_owned(),
                members: None,
            });
            let place = (member("AccountId").to_owned(), (*set).to_owned());
            centre.assigned.entry(place).or_default().insert(assignee);
        }
        centre.gap = gap(store, &of(SET)).await?;
        Ok(centre)
    }

    /// Who gets a role through the identity centre; none of a role that the centre did not make.
    pub fn of_role(&self, arn: &str) -> Option<Assigned> {
        let set = set_of(arn)?;
        let account = account_of(arn)?;
        let known = self.assigned.get(&(account.to_owned(), set.to_owned()));
        let gap = match &self.gap {
            Some(gap) => Some(gap.clone()),
            None if !self.sets.contains(set) => Some(format!("no scan saw the permission set `{set}`")),
            None => None,
        };
        Some(Assigned {
            role: arn.to_owned(),
            permission_set: set.to_owned(),
            assignees: known.into_iter().flatten().cloned().collect(),
            gap,
        })
    }
}

/// The name of the permission set whose role this is.
fn set_of(arn: &str) -> Option<&str> {
    arn.contains(PATH).then_some(())?;
    let (set, digits) = arn.rsplit('/').next()?.strip_prefix(PREFIX)?.rsplit_once('_')?;
    let is_hash = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (is_hash && !set.is_empty()).then_some(set)
}

/// People and groups by id.
fn people(users: &[&Seen], groups: &[&Seen]) -> HashMap<String, Assignee> {
    let name = |one: &Seen, id: &str| one.name.clone().unwrap_or_else(|| id.to_owned());
    let mut people: HashMap<String, Assignee> = HashMap::new();
    for user in users {
        let id = user.text("UserId").unwrap_or_default().to_owned();
        let assignee =
            Assignee { kind: "USER".to_owned(), name: name(user, &id), id: id.clone(), members: None };
        people.insert(id, assignee);
    }
    for group in groups {
        let id = group.text("GroupId").unwrap_or_default().to_owned();
        let members = group.document["Memberships"].as_array().filter(|_| !group.is_unread("Memberships"));
        let members = members.map(|members| {
            let ids = members.iter().filter_map(|member| member["MemberId"]["UserId"].as_str());
            let mut names: Vec<String> =
                ids.map(|id| people.get(id).map_or(id, |user| &user.name).to_owned()).collect();
            names.sort();
            names
        });
        let assignee = Assignee { kind: "GROUP".to_owned(), name: name(group, &id), id: id.clone(), members };
        people.insert(id, assignee);
    }
    people
}

/// Why the assignments are not all known: where permission sets were seen, a call was not answered.
async fn gap(store: &Store, sets: &[&Seen]) -> Result<Option<String>, AccessError> {
    let places: BTreeSet<(&str, &str)> =
        sets.iter().map(|set| (set.account.as_str(), set.region.as_str())).collect();
    let kinds = [SET, ASSIGNMENT].map(ResourceType::from).to_vec();
    let rows = store.coverage(&CoverageQuery { kinds, ..CoverageQuery::default() }).await?;
    let of = |kind: &'static str| {
        rows.iter().filter(move |row| row.resource_type.as_ref().is_some_and(|of| of.as_str() == kind))
    };
    let mut cut = rows.iter().filter(|row| {
        let is_there = places.is_empty() || places.contains(&(row.account.as_str(), row.region.as_str()));
        is_there && row.outcome == Outcome::Unknown && LISTINGS.contains(&row.operation.as_str())
    });
    Ok(if let Some(row) = cut.next() {
        Some(format!("assignments of the identity centre were not all read: {}", why(row)))
    } else if let Some(kind) = [SET, ASSIGNMENT].into_iter().find(|kind| of(kind).next().is_none()) {
        Some(format!("assignments of the identity centre were not read: no scan asked for {kind}"))
    } else if places.is_empty() {
        Some("assignments of the identity centre were not read: no scan saw a permission set".to_owned())
    } else {
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_of_the_centre_have_a_set() {
        let arn = |rest: &str| format!("arn:aws:iam::111122223333:role/{rest}");
        let path = "aws-reserved/sso.amazonaws.com";
        for (rest, set) in [
            (format!("{path}/eu-west-1/AWSReservedSSO_Read_Only_0123456789abcdef"), Some("Read_Only")),
            (format!("{path}/AWSReservedSSO_Admin_0123456789abcdef"), Some("Admin")),
            ("AWSReservedSSO_Admin_0123456789abcdef".to_owned(), None),
            (format!("{path}/AWSReservedSSO_Admin"), None),
            (format!("{path}/AWSReservedSSO_Admin_0123456789abcdeg"), None),
            (format!("{path}/AWSReservedSSO__0123456789abcdef"), None),
        ] {
            assert_eq!(set_of(&arn(&rest)), set, "{rest}");
        }
    }
}
