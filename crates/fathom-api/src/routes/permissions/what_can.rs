//! What one principal may do.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{Answer, CanRow, Permitted, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NAMED_MAX, Page, PermissionsAsOf, context,
    kept::{WithKeyView, with_key},
    needed, part, permitted, refused,
    views::{AccessKind, AskerView, PermittedView},
    who_can::AnswerCounts,
};
use crate::{
    extract::Query,
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Who.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhatCanQuery {
    /// A user or role by ARN or name, an account's id for its root user.
    #[param(required = true)]
    principal: Option<String>,
    /// Only on these resources, by ARN; may be repeated.
    resource: Vec<String>,
    /// Only on resources of these types; may be repeated.
    resource_type: Vec<String>,
    /// Only on resources of these accounts; may be repeated.
    resource_account: Vec<String>,
    /// Only on resources with this text in their ARN.
    on: Option<String>,
    /// Only these kinds of access; may be repeated.
    #[param(inline)]
    kind: Vec<AccessKind>,
    /// What is known of the requests, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// What it may do to some resources, the same to all of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatCanRow {
    /// The type of the resources; null for actions without a resource.
    resource_type: Option<String>,
    /// Their ARNs, at most 100; `*` for actions without a resource.
    resources: Vec<String>,
    /// How many resources these are.
    count: u64,
    /// What it may do.
    permitted: Vec<PermittedView>,
    /// What the key under which the resources are kept says of it; nothing where there is none.
    with_key: Vec<WithKeyView>,
}

/// Resources that were not asked about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotAsked {
    /// Their type.
    resource_type: String,
    /// How many they are.
    count: u64,
}

/// What one principal may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatCanAnswer {
    /// Who.
    principal: AskerView,
    /// What it may do, what is the same to several resources in one row; the surest first, then by type.
    rows: Vec<WhatCanRow>,
    /// How many rows there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many resources were asked about.
    resources: u64,
    /// How many of them are answered how, each by the surest of its answers of the kinds that are asked for; those of
    /// `without_actions` are in none.
    counts: AnswerCounts,
    /// How many actions without a resource were asked about.
    actions: u64,
    /// Resources of which the catalogue knows no action, by type.
    without_actions: Vec<NotAsked>,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// What one principal may do, over the whole estate or a part of it
#[utoipa::path(get, path = "/permissions/what-can", tag = "permissions", operation_id = "what_can", params(WhatCanQuery),
    responses(
        (status = 200, description = "The answer", body = WhatCanAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn what_can(
    State(state): State<ApiState>,
    Query(query): Query<WhatCanQuery>,
) -> Result<Json<WhatCanAnswer>, Problem> {
    let name = needed("principal", query.principal)?;
    let given = context(&query.context)?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let number = snapshot.permissions.principal(&name).map_err(|error| refused("principal", error))?;
    let (name, kind) = snapshot
        .permissions
        .index
        .principal(number)
        .ok_or_else(|| Problem::new(Code::Internal, "a number stands for nobody"))?;
    let principal = fathom_iam::organisation::Asker { kind, principal: name.to_owned() }.into();
    let asking = Arc::clone(&snapshot);
    let wanted = Wanted {
        resources: query.resource,
        resource_types: query.resource_type,
        resource_accounts: query.resource_account,
        ..Wanted::default()
    };
    let on = part("on", query.on)?;
    let found = permitting::ask(&state, move || {
        let found = asking.permissions.what_can_of(number, &wanted, &on, &given);
        found.map_err(|error| refused("principal", error))
    })
    .await?;
    let mut rows: Vec<(Answer, WhatCanRow)> =
        found.rows.into_iter().filter_map(|found| row(found, &query.kind)).collect();
    rows.sort_by_key(|(surest, _)| *surest);
    let not_asked: usize = found.without_actions.values().sum();
    let counts = counts(&rows, found.resources.saturating_sub(not_asked) as u64);
    let rows: Vec<WhatCanRow> = rows.into_iter().map(|(_, row)| row).collect();
    let total = rows.len();
    let not_asked = |(resource_type, count): (String, usize)| NotAsked { resource_type, count: count as u64 };
    Ok(Json(WhatCanAnswer {
        principal,
        total: total as u64,
        next: page.next(total),
        rows: page.cut(rows),
        resources: found.resources as u64,
        counts,
        actions: found.actions as u64,
        without_actions: found.without_actions.into_iter().map(not_asked).collect(),
        gaps: found.gaps,
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

/// None where nothing of the wanted kinds is left.
fn row(found: CanRow, wanted: &[AccessKind]) -> Option<(Answer, WhatCanRow)> {
    let of_wanted = |one: &&Permitted| wanted.is_empty() || wanted.contains(&one.access.into());
    let surest = found.permitted.iter().filter(of_wanted).map(|one| one.decision).min()?;
    let permitted = permitted(found.permitted, wanted);
    let with_key = with_key(found.with_key, &permitted);
    let count = found.resources.len() as u64;
    let mut resources = found.resources;
    resources.truncate(NAMED_MAX);
    Some((surest, WhatCanRow { resource_type: found.resource_type, resources, count, permitted, with_key }))
}

fn counts(rows: &[(Answer, WhatCanRow)], asked: u64) -> AnswerCounts {
    let mut counts = AnswerCounts::default();
    for (surest, row) in rows.iter().filter(|(_, row)| row.resource_type.is_some()) {
        let of = match surest {
            Answer::Allowed => &mut counts.allowed,
            Answer::OnlyIf => &mut counts.only_if,
            Answer::Unknown => &mut counts.unknown,
        };
        *of += row.count;
    }
    counts.denied = asked.saturating_sub(counts.allowed + counts.only_if + counts.unknown);
    counts
}
