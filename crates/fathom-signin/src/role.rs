//! Who may do what: the one table of roles and permissions.

use std::fmt;

/// What a request may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See resources, their relations and explanations, what is not understood, coverage, figures.
    ReadEstate,
    /// See documents as the provider wrote them, and values out of them.
    ReadDocuments,
    /// Ask in SQL.
    QuerySql,
    /// Accept gaps and assign them.
    Accept,
    /// Start scans.
    Scan,
    /// Approve baselines and explain differences to them.
    ApproveBaseline,
    /// Read the ledger and its proofs.
    ReadLedger,
    /// See people, their sessions and tokens.
    ReadPeople,
    /// Add, change and disable people, end their sessions.
    ManagePeople,
    /// Make tokens for programs, and revoke one's own.
    ManageTokens,
    /// Change how one signs in oneself, and keep preferences.
    OwnAccount,
}

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks into everything of the estate, and decides on gaps.
    Analyst,
    /// Also decides what the estate should be like.
    Responder,
    /// Sees everything that was done by whom, and changes nothing.
    Auditor,
    /// Everything.
    Administrator,
}

use Permission as P;

/// What each role permits.
const TABLE: [(Role, &[Permission]); 5] = [
    (Role::Viewer, &[P::ReadEstate, P::OwnAccount]),
    (
        Role::Analyst,
        &[P::ReadEstate, P::ReadDocuments, P::QuerySql, P::Accept, P::Scan, P::ManageTokens, P::OwnAccount],
    ),
    (
        Role::Responder,
        &[
            P::ReadEstate,
            P::ReadDocuments,
            P::QuerySql,
            P::Accept,
            P::Scan,
            P::ApproveBaseline,
            P::ManageTokens,
            P::OwnAccount,
        ],
    ),
    (
        Role::Auditor,
        &[P::ReadEstate, P::ReadDocuments, P::QuerySql, P::ReadLedger, P::ReadPeople, P::OwnAccount],
    ),
    (Role::Administrator, &Permission::ALL),
];

/// What a token can never do, whoever made it: it could outlive itself.
const NEVER_OF_TOKENS: [Permission; 3] = [P::ManagePeople, P::ManageTokens, P::OwnAccount];

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Analyst, Self::Responder, Self::Auditor, Self::Administrator];

    /// The word that is kept, and that programs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Responder => "responder",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What it permits.
    pub fn permissions(self) -> Permissions {
        let own = TABLE.iter().find(|(role, _)| *role == self).map_or(&[][..], |(_, own)| own);
        own.iter().copied().collect()
    }

    /// Whether it permits nothing that another does not.
    pub fn at_most(self, other: Self) -> bool {
        self.permissions().minus(other.permissions()).is_empty()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Permission {
    /// All permissions.
    pub const ALL: [Self; 11] = [
        P::ReadEstate,
        P::ReadDocuments,
        P::QuerySql,
        P::Accept,
        P::Scan,
        P::ApproveBaseline,
        P::ReadLedger,
        P::ReadPeople,
        P::ManagePeople,
        P::ManageTokens,
        P::OwnAccount,
    ];

    /// The word that programs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadEstate => "read_estate",
            Self::ReadDocuments => "read_documents",
            Self::QuerySql => "query_sql",
            Self::Accept => "accept",
            Self::Scan => "scan",
            Self::ApproveBaseline => "approve_baseline",
            Self::ReadLedger => "read_ledger",
            Self::ReadPeople => "read_people",
            Self::ManagePeople => "manage_people",
            Self::ManageTokens => "manage_tokens",
            Self::OwnAccount => "own_account",
        }
    }

    /// The roles that permit it.
    pub fn roles(self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| role.permissions().has(self)).collect()
    }

    fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u16);

impl Permissions {
    /// Whether one is among them.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Those that are in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are not in the other.
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is left of them for a token.
    pub fn of_token(self) -> Self {
        self.minus(NEVER_OF_TOKENS.into_iter().collect())
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_in_the_table_and_every_word_comes_back() {
        for role in Role::ALL {
            assert!(role.permissions().has(P::ReadEstate) && role.permissions().has(P::OwnAccount), "{role}");
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Viewer"), None);
        assert_eq!(Role::Administrator.permissions().iter().count(), Permission::ALL.len());
    }

    #[test]
    fn roles_are_within_others_as_the_design_says() {
        for (less, more) in [
            (Role::Viewer, Role::Analyst),
            (Role::Analyst, Role::Responder),
            (Role::Responder, Role::Administrator),
            (Role::Viewer, Role::Auditor),
            (Role::Auditor, Role::Administrator),
        ] {
            assert!(less.at_most(more) && !more.at_most(less), "{less} {more}");
        }
        assert!(!Role::Auditor.at_most(Role::Responder) && !Role::Analyst.at_most(Role::Auditor));
    }

    #[test]
    fn an_auditor_changes_nothing() {
        let changes = [P::Accept, P::Scan, P::ApproveBaseline, P::ManagePeople, P::ManageTokens];
        assert!(changes.into_iter().all(|one| !Role::Auditor.permissions().has(one)));
    }

    #[test]
    fn a_token_cannot_let_others_in() {
        let left = Role::Administrator.permissions().of_token();
        assert!(left.has(P::ReadLedger) && left.has(P::ReadPeople) && left.has(P::ApproveBaseline));
        assert!(!left.has(P::ManagePeople) && !left.has(P::ManageTokens) && !left.has(P::OwnAccount));
    }
}
