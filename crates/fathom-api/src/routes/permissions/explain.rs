//! One request, with what every layer says.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{AccessError, Permissions, Says};
use fathom_iam::{
    Context, Organisation, Verdict,
    organisation::{Asker, Kind, Target},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    PermissionsAsOf, context,
    kept::{KeyStepView, SaysKind},
    needed, notes, refused, target,
    views::{AskerKind, AskerView, VerdictOfRequest},
};
use crate::{
    extract::{Query, shown},
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Who does what to what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExplainQuery {
    /// A user or role by ARN or name, an account's id for its root user; or whoever stands in a row of another answer.
    #[param(required = true)]
    principal: Option<String>,
    /// What the principal is, as rows of other answers have it: for those from outside their own policies are taken to
    /// allow it.
    #[param(inline)]
    kind: Option<AskerKind>,
    /// The action, `s3:GetObject`.
    #[param(required = true)]
    action: Option<String>,
    /// The resource: an ARN, or an id or name that only one has; `*` for actions that have none.
    #[param(required = true)]
    resource: Option<String>,
    /// What is known of the request, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
}

/// One request, with what becomes of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainAnswer {
    /// Who.
    principal: AskerView,
    /// The action.
    action: String,
    /// The resource that was asked about.
    resource: String,
    /// What becomes of it, and why.
    verdict: VerdictOfRequest,
    /// What the key says under which the resource is kept; null where the action needs none.
    key: Option<KeyStepView>,
    /// The action and the key together.
    content: SaysKind,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// What whoever asked should know of the question itself.
    notes: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// What becomes of one request, with every layer and the statements that decide
#[utoipa::path(get, path = "/permissions/explain", tag = "permissions", operation_id = "explain_permission", params(ExplainQuery),
    responses(
        (status = 200, description = "The answer", body = ExplainAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn explain(
    State(state): State<ApiState>,
    Query(query): Query<ExplainQuery>,
) -> Result<Json<ExplainAnswer>, Problem> {
    let principal = needed("principal", query.principal)?;
    let action = needed("action", query.action)?;
    let text = needed("resource", query.resource)?;
    let given = context(&query.context)?;
    let snapshot = permitting::snapshot(&state).await?;
    let named = target(&state, &action, &text).await?;
    let asked = snapshot.permissions.meant(&action, named.clone());
    let notes = notes(&snapshot, &action, &named.arn, &asked);
    let gaps = snapshot.permissions.index.organisation().gaps(&asked);
    let as_of = PermissionsAsOf::of(&snapshot);
    let asking = Arc::clone(&snapshot);
    let (wanted, on, does) = (query.kind.map(Kind::from), asked.clone(), action.clone());
    let (asker, verdict, key) = permitting::ask(&state, move || {
        let organisation = asking.permissions.index.organisation();
        let (asker, verdict) =
            decide(&asking.permissions, organisation, &principal, wanted, &does, &on, given.clone())?;
        let key = asking.permissions.encryption.step(organisation, (&does, &on), &asker, &given);
        Ok((asker, verdict, key.map_err(|error| refused("resource", error))?))
    })
    .await?;
    let content =
        Says::from(verdict.decision).and(key.as_ref().map_or(Says::Allowed, |step| step.says)).into();
    Ok(Json(ExplainAnswer {
        principal: asker.into(),
        action,
        resource: asked.arn,
        verdict: verdict.into(),
        key: key.map(Into::into),
        content,
        gaps,
        notes,
        as_of,
    }))
}

/// Decides as the answer does whose row is opened: strangers as far as the resource's side goes, others whole.
pub(super) fn decide(
    permissions: &Permissions,
    organisation: &Organisation,
    principal: &str,
    wanted: Option<Kind>,
    action: &str,
    target: &Target,
    given: Context,
) -> Result<(Asker, Verdict), Problem> {
    let question = |text| refused("", AccessError::Question(text));
    let is_member = wanted.is_none_or(fathom_access::is_member);
    let called = match permissions.principal(principal) {
        Ok(number) if is_member => permissions.index.principal(number),
        Err(error @ AccessError::Ambiguous { .. }) if is_member => return Err(refused("principal", error)),
        _ => None,
    };
    if let Some((name, kind)) = called {
        let verdict = organisation.ask(name, action, target, given).map_err(question)?;
        return Ok((Asker { kind, principal: name.to_owned() }, verdict));
    }
    let strangers = organisation.let_in(action, target, &given).map_err(question)?;
    let is_meant =
        |asker: &Asker| asker.principal == principal && wanted.is_none_or(|kind| asker.kind == kind);
    if let Some(row) = strangers.into_iter().find(|row| is_meant(&row.asker)) {
        return Ok((row.asker, row.verdict));
    }
    // Sessions, and principals of accounts that were not scanned.
    if is_member && principal.starts_with("arn:") {
        let kind = if principal.contains(":user/") { Kind::User } else { Kind::Role };
        let verdict = organisation.ask(principal, action, target, given).map_err(question)?;
        return Ok((Asker { kind, principal: principal.to_owned() }, verdict));
    }
    if wanted.is_none() {
        return Err(refused("principal", AccessError::Nobody { name: principal.to_owned() }));
    }
    let words =
        format!("{} does not let `{}` in to do {}", shown(&target.arn), shown(principal), shown(action));
    Err(Problem::new(Code::NotFound, words).hint("leave `kind` out to ask about a user or role of its own"))
}
