//! Access keys, passwords, users and roles that nobody used.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_privilege::{self as privilege, PrivilegeError};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::{IntoParams, ToSchema};

use super::{Page, PermissionsAsOf, least_privilege::SourcesDisagree, refused, views::mirrored};
use crate::{
    extract::{Query, within},
    permitting,
    problem::{Code, Problem, ProblemView, chain},
    state::ApiState,
};

/// Days without use, where none are given, and the most.
pub(super) const DAYS_DEFAULT: u32 = 90;
pub(super) const DAYS_MAX: u32 = 3_650;

/// For how long.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnusedQuery {
    /// Not used for so many days.
    #[param(minimum = 1, maximum = 3650, default = 90)]
    days: Option<u32>,
    /// Only these; may be repeated.
    #[param(inline)]
    kind: Vec<UnusedWhat>,
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

mirrored! {
    /// What was not used.
    enum UnusedWhat of privilege::UnusedKind {
        /// A long-lived key of a user.
        AccessKey,
        /// The password of a user.
        Password,
        /// A user, by neither password nor key.
        User,
        /// A role.
        Role,
    }
}

mirrored! {
    /// Whether it is sure.
    enum UnusedState of privilege::State {
        /// It was not used.
        Unused,
        /// When it was used could not be read.
        Unknown,
    }
}

mirrored! {
    /// Whether whoever has it can give itself every permission.
    enum UnusedAdmin of privilege::Admin {
        /// It may write its own policies.
        Yes,
        /// Only if something holds that is not known.
        OnlyIf,
        /// It depends on what was not read.
        Unknown,
        /// It may not.
        No,
    }
}

/// Something that was not used, or of which that is not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnusedOne {
    /// Whether it is sure.
    state: UnusedState,
    /// What it is.
    kind: UnusedWhat,
    /// The uid of the key, the user or the role.
    uid: String,
    /// The user or role that it is, or belongs to.
    principal: String,
    /// The account.
    account: String,
    /// What people call it.
    name: String,
    /// Whether whoever has it can give itself every permission.
    admin: UnusedAdmin,
    /// Whether a key is active; null of other things.
    active: Option<bool>,
    /// Whether the provider made it.
    provider_made: bool,
    /// When it was made; null where that is not known.
    #[schema(value_type = Option<String>, format = DateTime)]
    created: Option<fathom_model::Timestamp>,
    /// When it was used last; null where never, or not known.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used: Option<fathom_model::Timestamp>,
    /// For how many days it was not used; null where that is not known.
    days: Option<i64>,
    /// In words, and what is not known.
    because: String,
}

impl From<privilege::UnusedRow> for UnusedOne {
    fn from(row: privilege::UnusedRow) -> Self {
        Self {
            state: row.state.into(),
            kind: row.kind.into(),
            uid: row.uid.as_str().to_owned(),
            principal: row.principal.as_str().to_owned(),
            account: row.account,
            name: row.name,
            admin: row.admin.into(),
            active: row.active,
            provider_made: row.provider_made,
            created: row.created,
            last_used: row.last_used,
            days: row.days,
            because: row.because,
        }
    }
}

/// How many of a kind were looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnusedAsked {
    /// What they are.
    kind: UnusedWhat,
    /// How many.
    count: u64,
}

/// What nobody used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnusedAnswer {
    /// For so many days.
    days: u32,
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    since: fathom_model::Timestamp,
    /// The worst first; then that of which it is not known.
    rows: Vec<UnusedOne>,
    /// How many there are, over all pages.
    total: u64,
    /// How many of these are surely unused.
    unused: u64,
    /// Of how many of these it is not known.
    unknown: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// What was looked at, whatever is asked for.
    asked: Vec<UnusedAsked>,
    /// How many were never used and are younger than that.
    young: u64,
    /// Where the log has a use that IAM should know of and does not; what the log has counts.
    disagreements: Vec<SourcesDisagree>,
    /// What was not read at all.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// What nobody used: access keys, passwords, users, roles
///
/// Administrators come first, then what is oldest. What could not be read is not known, never unused.
#[utoipa::path(get, path = "/permissions/unused", tag = "permissions", operation_id = "unused", params(UnusedQuery),
    responses(
        (status = 200, description = "The answer", body = UnusedAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn unused(
    State(state): State<ApiState>,
    Query(query): Query<UnusedQuery>,
) -> Result<Json<UnusedAnswer>, Problem> {
    let days = within("days", query.days, DAYS_DEFAULT, &(1..=DAYS_MAX))?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let (asking, store, now) = (Arc::clone(&snapshot), state.store.for_questions(), state.now());
    let handle = Handle::current();
    let found = permitting::ask(&state, move || {
        let asked = privilege::unused(&store, &asking.permissions, days, now);
        handle.block_on(asked).map_err(not_answered)
    })
    .await?;
    let is_wanted = |row: &privilege::UnusedRow| {
        (query.kind.is_empty() || query.kind.contains(&row.kind.into()))
            && (query.account.is_empty() || query.account.contains(&row.account))
    };
    let rows: Vec<privilege::UnusedRow> = found.rows.into_iter().filter(is_wanted).collect();
    let total = rows.len();
    let unused = rows.iter().filter(|row| row.state == privilege::State::Unused).count();
    let asked = found.asked.into_iter();
    Ok(Json(UnusedAnswer {
        days: found.days,
        since: found.since,
        total: total as u64,
        unused: unused as u64,
        unknown: (total - unused) as u64,
        next: page.next(total),
        rows: page.cut(rows).into_iter().map(Into::into).collect(),
        asked: asked.map(|(kind, count)| UnusedAsked { kind: kind.into(), count: count as u64 }).collect(),
        young: found.young as u64,
        disagreements: found.disagreements.into_iter().map(Into::into).collect(),
        gaps: found.gaps,
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

/// Why a question about use was not answered.
pub(super) fn not_answered(error: PrivilegeError) -> Problem {
    let text = chain(&error);
    match error {
        PrivilegeError::Access(error) => refused("principal", error),
        PrivilegeError::Store(error) => error.into(),
        PrivilegeError::Root { .. } => Problem::parameter("principal", text),
        PrivilegeError::Days { .. } => Problem::parameter("days", text),
        PrivilegeError::Table { .. }
        | PrivilegeError::Wider { .. }
        | PrivilegeError::Lost { .. }
        | PrivilegeError::NoPolicy { .. } => Problem::new(Code::Internal, text),
    }
}
