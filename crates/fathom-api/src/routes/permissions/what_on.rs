//! Who may do what to one resource.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::AccessError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page, PermissionsAsOf, context,
    kept::{WithKeyView, with_key},
    needed, permitted, refused, target,
    views::{AccessKind, AskerView, PermittedView},
};
use crate::{
    extract::Query,
    permitting::{self, Snapshot},
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// On what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhatOnQuery {
    /// The resource: an ARN, or an id or name that only one has.
    #[param(required = true)]
    resource: Option<String>,
    /// Only this one: a user or role by ARN or name, an account's id, or whoever stands in a row.
    principal: Option<String>,
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

/// What somebody may do to the resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatOnRow {
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// What.
    permitted: Vec<PermittedView>,
    /// What the key under which the resource is kept says of it; nothing where there is none.
    with_key: Vec<WithKeyView>,
}

/// Who may do what to the resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatOnAnswer {
    /// The resource.
    resource: String,
    /// Those who may do anything, the most worrying first.
    rows: Vec<WhatOnRow>,
    /// How many these are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many actions were asked about.
    actions: u64,
    /// How many users, roles and root users were.
    principals: u64,
    /// What whoever reads it should know of the key; null where there is nothing.
    key_note: Option<String>,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Who may do what to a resource
///
/// Of all actions that the catalogue has for it. Those on the objects of a bucket are asked of one that no pattern names.
#[utoipa::path(get, path = "/permissions/what-on", tag = "permissions", operation_id = "what_on", params(WhatOnQuery),
    responses(
        (status = 200, description = "The answer", body = WhatOnAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn what_on(
    State(state): State<ApiState>,
    Query(query): Query<WhatOnQuery>,
) -> Result<Json<WhatOnAnswer>, Problem> {
    let text = needed("resource", query.resource)?;
    let given = context(&query.context)?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let only = match query.principal {
        Some(text) => Some(only(&snapshot, needed("principal", Some(text))?)?),
        None => None,
    };
    let target = target(&state, "", &text).await?;
    let asking = Arc::clone(&snapshot);
    let found = permitting::ask(&state, move || {
        asking.permissions.what_on(&target, &given).map_err(|error| refused("resource", error))
    })
    .await?;
    let row = |row: fathom_access::OnRow| {
        let permitted = permitted(row.permitted, &query.kind);
        let with_key = with_key(row.with_key, &permitted);
        WhatOnRow { asker: row.asker.into(), permitted, with_key }
    };
    let is_meant = |row: &fathom_access::OnRow| only.as_ref().is_none_or(|only| *only == row.asker.principal);
    let rows: Vec<WhatOnRow> =
        found.rows.into_iter().filter(is_meant).map(row).filter(|row| !row.permitted.is_empty()).collect();
    let total = rows.len();
    Ok(Json(WhatOnAnswer {
        resource: found.resource,
        total: total as u64,
        next: page.next(total),
        rows: page.cut(rows),
        actions: found.actions as u64,
        principals: found.principals as u64,
        key_note: found.key_note.map(str::to_owned),
        gaps: found.gaps,
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

/// The name that somebody has in rows; as it is written where nobody who was scanned is called so.
fn only(snapshot: &Snapshot, text: String) -> Result<String, Problem> {
    match snapshot.permissions.principal(&text) {
        Ok(number) => {
            Ok(snapshot.permissions.index.principal(number).map_or(text, |(name, _)| name.to_owned()))
        }
        Err(error @ AccessError::Ambiguous { .. }) => Err(refused("principal", error)),
        Err(_) => Ok(text),
    }
}
