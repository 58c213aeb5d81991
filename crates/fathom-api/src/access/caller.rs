//! Who calls, and what the caller may see.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{extract::FromRequestParts, http::request::Parts};
use fathom_model::{AccountId, Timestamp, Uid};
use fathom_signin::{Method, Permission, Permissions, Role};
use fathom_store::Scope;

use crate::{
    problem::{Code, Problem},
    state::ApiState,
};

/// Whom a caller acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The owner of the data directory.
    Owner,
    /// A person.
    Person(i64),
    /// A program with a token of its own.
    Token(i64),
}

/// The session of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallerSession {
    pub(crate) id: i64,
    pub(crate) method: Method,
    pub(crate) begun_at: Timestamp,
    pub(crate) used_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// What a request that changes something has to carry.
    pub(crate) csrf: String,
    /// Whether the person has a way to sign in again.
    pub(crate) enrolled: bool,
}

/// Who calls: known by a token or a session.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(super) who: Who,
    pub(super) name: Arc<str>,
    pub(super) role: Role,
    pub(super) permissions: Permissions,
    pub(super) scope: Arc<Scope>,
    pub(super) session: Option<CallerSession>,
}

impl Caller {
    /// Whom it acts for.
    pub(crate) fn who(&self) -> Who {
        self.who
    }

    /// What the ledger says.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The role.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// What the caller may do.
    pub(crate) fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Whether the caller may do something.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.permissions.has(permission)
    }

    /// What the caller may see.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The session; none for tokens.
    pub(crate) fn session(&self) -> Option<&CallerSession> {
        self.session.as_ref()
    }

    /// The person, where it is one.
    ///
    /// # Errors
    /// [`Code::Forbidden`] for the owner and for programs, which have no account.
    pub(crate) fn person(&self) -> Result<i64, Problem> {
        match self.who {
            Who::Person(id) => Ok(id),
            Who::Owner | Who::Token(_) => Err(Problem::new(Code::Forbidden, "only people have an account")
                .hint("add yourself as a person, and sign in as that")),
        }
    }
}

/// What the caller may see of the estate. Every route that shows a part of it takes this.
#[derive(Debug, Clone)]
pub(crate) struct Visible {
    scope: Arc<Scope>,
    documents: bool,
}

impl Visible {
    /// The part of the estate.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether it is everything.
    pub(crate) fn is_all(&self) -> bool {
        self.scope.is_all()
    }

    /// Whether documents, and values out of them, may be shown.
    pub(crate) fn documents(&self) -> bool {
        self.documents
    }

    /// Whether a resource may be known of.
    pub(crate) async fn sees(&self, state: &ApiState, uid: &Uid) -> Result<bool, Problem> {
        Ok(self.is_all() || state.store.may_see(&self.scope, uid).await?)
    }

    /// The same answer for what is not there and for what the caller may not know of.
    pub(crate) async fn check(&self, state: &ApiState, uid: &Uid) -> Result<(), Problem> {
        if self.sees(state, uid).await? { Ok(()) } else { Err(crate::routes::not_known(uid.as_str())) }
    }

    /// The accounts to look into where some are asked for, all where the list is empty; none where nothing of what is asked
    /// for may be seen.
    pub(crate) fn accounts(&self, asked: &[String]) -> Option<Vec<AccountId>> {
        let asked: Vec<AccountId> = asked.iter().map(|one| AccountId::from(one.as_str())).collect();
        let Some(own) = &self.scope.accounts else { return Some(asked) };
        let seen: Vec<AccountId> = if asked.is_empty() {
            own.iter().cloned().collect()
        } else {
            asked.into_iter().filter(|one| own.contains(one)).collect()
        };
        Some(seen).filter(|seen| !seen.is_empty())
    }

    /// Refuses what is known by account only to whom sees teams only.
    pub(crate) fn refuse_teams(&self) -> Result<(), Problem> {
        if self.scope.teams.is_none() { Ok(()) } else { Err(limited()) }
    }
}

/// The answer cannot be cut to what the caller may see.
pub(crate) fn limited() -> Problem {
    Problem::new(Code::ScopeLimited, "you may see a part of the estate, and this answer is about all of it")
        .hint("somebody who may see everything can ask for it")
}

/// What a caller has of a route that filters its answer: whether it asked what to filter by.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(Arc<AtomicBool>);

impl Taken {
    pub(super) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visible {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        // A route that anybody may ask has no caller; it shows nothing of the estate.
        let caller = caller.ok_or_else(|| Problem::new(Code::Internal, "nobody knows who asks"))?;
        if let Some(taken) = parts.extensions.get::<Taken>() {
            taken.0.store(true, Ordering::Relaxed);
        }
        Ok(Self { scope: Arc::clone(&caller.scope), documents: caller.may(Permission::ReadDocuments) })
    }
}
