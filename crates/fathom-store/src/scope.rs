//! Which part of the estate somebody may see.

use std::collections::BTreeSet;

use fathom_model::AccountId;
use serde::{Deserialize, Serialize};

/// A part of the estate: resources of some accounts, of some teams, or everything. Where both are limited, a resource has
/// to be within both. A team is what holds as the owner of a resource; one that nobody states is in no team.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Only these accounts; all where none.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// Only these teams; all, and what has no team, where none.
    pub teams: Option<BTreeSet<String>>,
}

impl Scope {
    /// Everything.
    pub const ALL: Self = Self { accounts: None, teams: None };

    /// Whether it is everything.
    pub fn is_all(&self) -> bool {
        self.accounts.is_none() && self.teams.is_none()
    }

    /// Whether a resource of an account and, where somebody states it, an owner is in it.
    pub fn sees(&self, account: &AccountId, owner: Option<&str>) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
            && self.teams.as_ref().is_none_or(|teams| owner.is_some_and(|owner| teams.contains(owner)))
    }

    /// Whether all that this one has is in another.
    pub fn within(&self, other: &Self) -> bool {
        fn part<T: Ord>(own: Option<&BTreeSet<T>>, other: Option<&BTreeSet<T>>) -> bool {
            match (own, other) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(own), Some(other)) => own.is_subset(other),
            }
        }
        part(self.accounts.as_ref(), other.accounts.as_ref())
            && part(self.teams.as_ref(), other.teams.as_ref())
    }

    /// What is in both.
    pub fn intersection(&self, other: &Self) -> Self {
        fn part<T: Ord + Clone>(
            own: Option<&BTreeSet<T>>,
            other: Option<&BTreeSet<T>>,
        ) -> Option<BTreeSet<T>> {
            match (own, other) {
                (Some(own), Some(other)) => Some(own.intersection(other).cloned().collect()),
                (one, None) | (None, one) => one.cloned(),
            }
        }
        Self {
            accounts: part(self.accounts.as_ref(), other.accounts.as_ref()),
            teams: part(self.teams.as_ref(), other.teams.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(accounts: Option<&[&str]>, teams: Option<&[&str]>) -> Scope {
        Scope {
            accounts: accounts.map(|list| list.iter().map(|&one| AccountId::from(one)).collect()),
            teams: teams.map(|list| list.iter().map(|&one| one.to_owned()).collect()),
        }
    }

    #[test]
    fn what_is_limited_twice_has_to_fit_twice() {
        let both = scope(Some(&["1"]), Some(&["core"]));
        assert!(both.sees(&"1".into(), Some("core")));
        for (account, owner) in [("2", Some("core")), ("1", Some("other")), ("1", None)] {
            assert!(!both.sees(&account.into(), owner), "{account} {owner:?}");
        }
        assert!(Scope::ALL.sees(&"9".into(), None));
        assert!(!scope(Some(&[]), None).sees(&"1".into(), None), "none is none, not all");
    }

    #[test]
    fn a_part_is_never_wider_than_what_it_is_a_part_of() {
        let wide = scope(Some(&["1", "2"]), None);
        let narrow = scope(Some(&["2"]), Some(&["core"]));
        assert!(narrow.within(&wide) && wide.within(&Scope::ALL) && wide.within(&wide));
        assert!(!wide.within(&narrow) && !Scope::ALL.within(&wide));
        assert!(!scope(None, Some(&["core"])).within(&wide));
        assert_eq!(wide.intersection(&narrow), narrow);
        assert_eq!(narrow.intersection(&Scope::ALL), narrow);
        assert_eq!(wide.intersection(&scope(Some(&["3"]), None)), scope(Some(&[]), None));
    }
}
