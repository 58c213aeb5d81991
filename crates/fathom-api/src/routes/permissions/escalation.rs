//! Who can come to have more permissions than were given, by which steps, and what prevents it.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_escalate::{Breaks, Climber, Edit, Level, Proved, Reached, Step, What};
use fathom_iam::organisation::Asker;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page, PermissionsAsOf, needed, refused,
    views::{AskerView, ConditionView, DecisionKind, LayerKind, ReasonView, mirrored},
};
use crate::{
    extract::Query,
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Things that one can become and that are told with their steps; the nearest are.
const REACHED_MAX: usize = 500;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct EscalationsQuery {
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Who, to what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct EscalationQuery {
    /// A user or role by ARN or name, an account's id for its root user.
    #[param(required = true)]
    principal: Option<String>,
    /// What an edit is to prevent, by its name in the answer; without it, none is looked for.
    to: Option<String>,
}

mirrored! {
    /// How sure steps are.
    enum StepDecision of Level {
        /// All of it is allowed.
        Sure,
        /// Only if something holds that is not known.
        OnlyIf,
        /// It depends on what was not read.
        Unknown,
    }
}

mirrored! {
    /// What can be reached.
    enum ReachedKind of What {
        /// Everything in an account.
        Account,
        /// A role.
        Role,
        /// A user.
        User,
        /// A user or role, with more than its own policies give it.
        More,
    }
}

/// An action of a step, and why it is allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepAsked {
    /// The action.
    action: String,
    /// On what it was asked; something that is not there yet where the step makes it.
    resource: String,
    /// The answer.
    decision: DecisionKind,
    /// The statements that decide.
    because: Vec<ReasonView>,
    /// What must hold.
    conditions: Vec<ConditionView>,
}

/// One step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EscalationStep {
    /// The rule; `administers` where who takes no step may do everything in its account.
    rule: String,
    /// What is done.
    title: String,
    /// Who does it.
    actor: String,
    /// To what.
    on: String,
    /// What it becomes: an ARN, or an account.
    gains: String,
    /// How sure it is.
    decision: StepDecision,
    /// Every action that is asked.
    asked: Vec<StepAsked>,
}

/// Something that can be reached.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReachedOne {
    /// What kind of thing it is.
    what: ReachedKind,
    /// An ARN, or an account.
    name: String,
    /// How sure all steps are together.
    decision: StepDecision,
    /// The steps, in the order they are taken.
    steps: Vec<EscalationStep>,
}

/// An edit of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EscalationEdit {
    /// What it is to prevent, by its name in the answer.
    prevents: String,
    /// Who or what has the policy; a managed policy may have more holders.
    holder: String,
    /// The layer that the policy is of.
    layer: LayerKind,
    /// The policy.
    policy: String,
    /// The statement, from 0.
    statement: u64,
    /// Its id.
    sid: Option<String>,
    /// The action that is taken out of the statement; null where all of the statement is.
    action: Option<String>,
    /// The steps of the shortest way that is left; null where none is.
    other_steps: Option<u64>,
}

/// What one principal can become.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EscalationAnswer {
    /// Who.
    principal: AskerView,
    /// Whether it may do everything in its account already; null where not.
    administers: Option<StepDecision>,
    /// What it can become: accounts first, then the surest and nearest. At most 500.
    reached: Vec<ReachedOne>,
    /// How many there are.
    total: u64,
    /// Whether the search ended at its limit before all was followed.
    cut: bool,
    /// The edit that prevents what `to` names; null where no single statement can be edited, or without `to`.
    edit: Option<EscalationEdit>,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// One who can become more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EscalationRow {
    /// Who.
    principal: AskerView,
    /// The accounts that it can take over.
    accounts: Vec<String>,
    /// How many users and roles it can become, or give more permissions.
    others: u64,
    /// The first that it can become.
    nearest: ReachedOne,
}

/// Everybody who can become more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EscalationsAnswer {
    /// Those first who can take over an account, and of them who is surest and needs the fewest steps.
    rows: Vec<EscalationRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many users, roles and root users were asked about.
    asked: u64,
    /// How many of them may do everything in their account already.
    administrators: u64,
    /// Whether a search ended at its limit before all was followed.
    cut: bool,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Everybody who can come to have more permissions than were given
#[utoipa::path(get, path = "/permissions/escalations", tag = "permissions", operation_id = "escalations", params(EscalationsQuery),
    responses(
        (status = 200, description = "The answer", body = EscalationsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn escalations(
    State(state): State<ApiState>,
    Query(query): Query<EscalationsQuery>,
) -> Result<Json<EscalationsAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let asking = Arc::clone(&snapshot);
    let (found, gaps) = permitting::ask(&state, move || {
        let found = asking.escalations().map_err(not_answered)?;
        let gaps = asking.ways().map_err(not_answered)?.gaps();
        Ok((found.clone(), gaps))
    })
    .await?;
    let total = found.principals.len();
    Ok(Json(EscalationsAnswer {
        total: total as u64,
        next: page.next(total),
        rows: page.cut(found.principals).into_iter().map(Into::into).collect(),
        asked: found.asked as u64,
        administrators: found.administrators as u64,
        cut: found.cut,
        gaps: [snapshot.permissions.index.organisation().unread().to_vec(), gaps].concat(),
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

/// What one principal can become, step by step, and where asked the edit that prevents it
#[utoipa::path(get, path = "/permissions/escalation", tag = "permissions", operation_id = "escalation", params(EscalationQuery),
    responses(
        (status = 200, description = "The answer", body = EscalationAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn escalation(
    State(state): State<ApiState>,
    Query(query): Query<EscalationQuery>,
) -> Result<Json<EscalationAnswer>, Problem> {
    let name = needed("principal", query.principal)?;
    let snapshot = permitting::snapshot(&state).await?;
    let number = snapshot.permissions.principal(&name).map_err(|error| refused("principal", error))?;
    let asking = Arc::clone(&snapshot);
    let (found, edit, gaps) = permitting::ask(&state, move || {
        let ways = asking.ways().map_err(not_answered)?;
        let found = ways.escalate(number, REACHED_MAX, |_| true).map_err(not_answered)?;
        let edit = match &query.to {
            None => None,
            Some(to) => {
                // Also what is beyond those that are told.
                let named = ways.escalate(number, 1, |goal| goal.name == *to).map_err(not_answered)?;
                let goal = named.reached.first().ok_or_else(|| {
                    Problem::parameter(
                        "to",
                        "the principal cannot become that, so there is nothing to prevent",
                    )
                })?;
                let edit = ways.edits(number, goal).map_err(not_answered)?;
                edit.map(|edit| EscalationEdit::of(goal, edit))
            }
        };
        Ok((found, edit, ways.gaps()))
    })
    .await?;
    let total = found.total as u64;
    Ok(Json(EscalationAnswer {
        principal: Asker { kind: found.kind, principal: found.principal }.into(),
        administers: found.administers.map(Into::into),
        reached: found.reached.into_iter().map(Into::into).collect(),
        total,
        cut: found.cut,
        edit,
        gaps: [snapshot.permissions.index.organisation().unread().to_vec(), gaps].concat(),
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

fn not_answered(text: String) -> Problem {
    Problem::new(Code::Internal, text)
}

impl EscalationEdit {
    fn of(goal: &Reached, edit: Edit) -> Self {
        Self {
            prevents: goal.name.clone(),
            holder: edit.holder,
            layer: edit.layer.into(),
            policy: edit.policy,
            statement: edit.statement as u64,
            sid: edit.sid,
            action: edit.action,
            other_steps: match edit.breaks {
                Breaks::Every => None,
                Breaks::This { other_steps } => Some(other_steps as u64),
            },
        }
    }
}

impl From<Climber> for EscalationRow {
    fn from(one: Climber) -> Self {
        Self {
            principal: Asker { kind: one.kind, principal: one.principal }.into(),
            accounts: one.accounts,
            others: one.others as u64,
            nearest: one.nearest.into(),
        }
    }
}

impl From<Reached> for ReachedOne {
    fn from(one: Reached) -> Self {
        Self {
            what: one.what.into(),
            name: one.name,
            decision: one.decision.into(),
            steps: one.steps.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Step> for EscalationStep {
    fn from(step: Step) -> Self {
        Self {
            rule: step.rule,
            title: step.title,
            actor: step.actor,
            on: step.on,
            gains: step.gains,
            decision: step.decision.into(),
            asked: step.asked.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Proved> for StepAsked {
    fn from(proved: Proved) -> Self {
        Self {
            action: proved.action,
            resource: proved.resource,
            decision: proved.decision.into(),
            because: proved.because.into_iter().map(Into::into).collect(),
            conditions: proved.conditions.into_iter().map(Into::into).collect(),
        }
    }
}
