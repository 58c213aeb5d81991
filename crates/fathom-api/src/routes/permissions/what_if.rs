//! What would change if a policy were another. Nothing is changed.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{ChangedRow, Effect, Permissions};
use fathom_iam::{
    Index,
    organisation::{Change, Control, Kind},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Page, PermissionsAsOf, context,
    explain::decide,
    needed, refused, target,
    views::{AccessKind, AnswerKind, AskerKind, AskerView, VerdictOfRequest, mirrored},
};
use crate::{
    extract::{Body, shown},
    permitting::{self, Snapshot},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// The longest policy. The largest that AWS stores has some tens of thousands of bytes.
const DOCUMENT_BYTES_MAX: usize = 128 * 1024;
/// What an inline policy is called that takes no other's place.
const NAME: &str = "what-if";

/// What a policy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PolicyOf {
    /// A user, a role or a group, as an inline policy.
    Principal,
    /// A managed policy, for all who have it.
    Managed,
    /// A resource; of a role, who may assume it.
    Resource,
    /// The organisation, as a service control policy.
    Scp,
    /// The organisation, as a resource control policy.
    Rcp,
}

/// A policy as it would be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposal {
    /// What it is of.
    of: PolicyOf,
    /// An ARN; of users, roles and resources also a name; of policies of the organisation their id.
    id: String,
    /// Of a principal: the name of the inline policy; one that is there already is replaced.
    #[serde(default)]
    name: Option<String>,
    /// Of policies of the organisation: the root, unit or account it is attached to; null for everywhere it is.
    #[serde(default)]
    at: Option<String>,
    /// The policy as JSON text; null where it goes.
    document: Option<String>,
}

/// A question about a policy as it would be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfBody {
    /// The policy.
    change: Proposal,
    /// What is known of the requests, as `KEY=VALUE`.
    #[serde(default)]
    context: Vec<String>,
    /// Only these kinds of access.
    #[serde(default)]
    kind: Vec<AccessKind>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<u64>,
    /// The most rows.
    #[schema(minimum = 1, maximum = 1000, default = 100)]
    #[serde(default)]
    limit: Option<u32>,
}

mirrored! {
    /// What becomes of a permission.
    enum EffectOfChange of Effect {
        /// It was refused and no longer is.
        Gained,
        /// It is refused now.
        Lost,
        /// It holds only if something does now.
        NowConditional,
        /// It holds in any case now.
        NowSure,
        /// It depends on what was not read now.
        NowUnknown,
    }
}

/// Actions of one kind on one resource that would be permitted in another way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedRowView {
    /// What becomes of them.
    effect: EffectOfChange,
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// The resource; `*` of actions that have none.
    resource: String,
    /// Its type; null of actions without a resource.
    resource_type: Option<String>,
    /// The kind of access.
    access: AccessKind,
    /// What is decided now; null where it is refused.
    before: Option<AnswerKind>,
    /// What would be decided; null where it is refused.
    after: Option<AnswerKind>,
    /// The actions, sorted.
    actions: Vec<String>,
}

impl From<ChangedRow> for ChangedRowView {
    fn from(row: ChangedRow) -> Self {
        Self {
            effect: row.effect.into(),
            asker: row.asker.into(),
            resource: row.resource,
            resource_type: row.resource_type,
            access: row.access.into(),
            before: row.before.map(Into::into),
            after: row.after.map(Into::into),
            actions: row.actions,
        }
    }
}

/// What would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatIfAnswer {
    /// What appears first, and of that what weighs most.
    rows: Vec<ChangedRowView>,
    /// How many rows there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many permissions appear, one for each principal, action and resource.
    gained: u64,
    /// How many disappear.
    lost: u64,
    /// How many stay, under other conditions or with another certainty.
    altered: u64,
    /// How many permissions are counted and are in no row, because these are many.
    not_shown: u64,
    /// Of how many users, roles and root users it may be another.
    principals: u64,
    /// How many pairs of an action and a resource were asked about.
    questions: u64,
    /// How many of them were not, because they are many: the answer is not whole.
    not_asked: u64,
    /// Patterns of resources that match nothing that a scan saw.
    unmatched: Vec<String>,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Which permissions would appear, disappear or hold under other conditions if a policy were another
///
/// Asked are the actions that the old or the new policy speaks of and the other does not, on the resources of the last
/// scan that they match; of a resource's policy, all actions on it. Nothing is changed.
#[utoipa::path(post, path = "/permissions/what-if", tag = "permissions", operation_id = "what_if", request_body = WhatIfBody,
    responses(
        (status = 200, description = "The answer", body = WhatIfAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn what_if(
    State(state): State<ApiState>,
    Body(body): Body<WhatIfBody>,
) -> Result<Json<WhatIfAnswer>, Problem> {
    let given = context(&body.context)?;
    let page = Page::read(body.cursor, body.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let change = change(&state, &snapshot, body.change).await?;
    let asking = Arc::clone(&snapshot);
    let found = permitting::ask(&state, move || {
        asking.permissions.what_if(&change, &given).map_err(|error| refused("change", error))
    })
    .await?;
    let is_wanted = |row: &ChangedRow| body.kind.is_empty() || body.kind.contains(&row.access.into());
    let rows: Vec<ChangedRow> = found.rows.into_iter().filter(is_wanted).collect();
    let total = rows.len();
    Ok(Json(WhatIfAnswer {
        total: total as u64,
        next: page.next(total),
        rows: page.cut(rows).into_iter().map(Into::into).collect(),
        gained: found.gained as u64,
        lost: found.lost as u64,
        altered: found.altered as u64,
        not_shown: found.not_shown as u64,
        principals: found.principals as u64,
        questions: found.questions as u64,
        not_asked: found.not_asked as u64,
        unmatched: found.unmatched,
        gaps: found.gaps,
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

/// One request, before and after.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatIfRequest {
    /// The policy.
    change: Proposal,
    /// Who, as rows have it.
    principal: String,
    /// What the principal is, as rows have it.
    #[serde(default)]
    kind: Option<AskerKind>,
    /// The action, `s3:GetObject`.
    action: String,
    /// The resource, as rows have it.
    resource: String,
    /// What is known of the request, as `KEY=VALUE`.
    #[serde(default)]
    context: Vec<String>,
}

/// What becomes of one request, before and after.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhatIfProof {
    /// As it is; null where the resource does not let in such a stranger.
    before: Option<VerdictOfRequest>,
    /// As it would be; null where the resource would not let in such a stranger.
    after: Option<VerdictOfRequest>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// What becomes of one request with a policy as it is and as it would be, with every layer and the statements that decide
#[utoipa::path(post, path = "/permissions/what-if/explain", tag = "permissions", operation_id = "explain_what_if",
    request_body = WhatIfRequest,
    responses(
        (status = 200, description = "The answer", body = WhatIfProof),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn explain_what_if(
    State(state): State<ApiState>,
    Body(body): Body<WhatIfRequest>,
) -> Result<Json<WhatIfProof>, Problem> {
    let principal = needed("principal", Some(body.principal))?;
    let action = needed("action", Some(body.action))?;
    let text = needed("resource", Some(body.resource))?;
    let given = context(&body.context)?;
    let snapshot = permitting::snapshot(&state).await?;
    let on = target(&state, &action, &text).await?;
    let change = change(&state, &snapshot, body.change).await?;
    let (asking, wanted) = (Arc::clone(&snapshot), body.kind.map(Kind::from));
    let is_stranger = wanted.is_some_and(|kind| !fathom_access::is_member(kind));
    let (before, after) = permitting::ask(&state, move || {
        let permissions: &Permissions = &asking.permissions;
        let changed = permissions.changed(&change).map_err(|error| refused("change", error))?;
        let asked = |index: &Index| match decide(
            permissions,
            index.organisation(),
            &principal,
            wanted,
            &action,
            &on,
            given.clone(),
        ) {
            Ok((_, verdict)) => Ok(Some(verdict)),
            // Of a stranger nothing is said where nothing lets it in.
            Err(problem) if is_stranger && problem.code() == Code::NotFound => Ok(None),
            Err(problem) => Err(problem),
        };
        Ok((asked(&permissions.index)?, asked(&changed)?))
    })
    .await?;
    let as_of = PermissionsAsOf::of(&snapshot);
    Ok(Json(WhatIfProof { before: before.map(Into::into), after: after.map(Into::into), as_of }))
}

/// The change that is meant.
async fn change(state: &ApiState, snapshot: &Snapshot, proposal: Proposal) -> Result<Change, Problem> {
    let id = needed("id", Some(proposal.id))?;
    let document = proposal.document;
    if document.as_ref().is_some_and(|text| text.len() > DOCUMENT_BYTES_MAX) {
        let words = format!("a policy has at most {DOCUMENT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::BodyTooLarge, words));
    }
    let name = proposal.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let name = needed("name", Some(name.unwrap_or_else(|| NAME.to_owned())))?;
    let at = proposal.at.map(|at| needed("at", Some(at))).transpose()?;
    let permissions = &snapshot.permissions;
    Ok(match proposal.of {
        PolicyOf::Principal if id.contains(":group/") => Change::Inline { holder: id, name, document },
        PolicyOf::Principal => {
            let number = permissions.principal(&id).map_err(|error| refused("id", error))?;
            let holder = permissions.index.principal(number).map_or(id, |(name, _)| name.to_owned());
            Change::Inline { holder, name, document }
        }
        PolicyOf::Managed => {
            let change = Change::Managed { policy: id.clone(), document };
            if permissions.index.organisation().standing(&change).is_none() {
                let words = format!("no scan saw a managed policy `{}`", shown(&id));
                return Err(Problem::new(Code::NotFound, words).hint("write its whole ARN"));
            }
            change
        }
        PolicyOf::Resource => Change::Resource { resource: target(state, "", &id).await?.arn, document },
        PolicyOf::Scp => Change::Control { control: Control::Service, policy: id, target: at, document },
        PolicyOf::Rcp => Change::Control { control: Control::Resource, policy: id, target: at, document },
    })
}
