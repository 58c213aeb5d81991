//! Findings counted by who answers for the resources, or by account: what each has to do, and how quickly it does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Json, extract::State};
use fathom_findings::{Stands, State as Is};
use fathom_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::BySeverity;
use crate::{
    access::Visible,
    checking,
    extract::Query,
    permitting,
    problem::{Problem, ProblemView},
    routes::network::NetworkAsOf,
    state::ApiState,
};

/// Days within which what was fixed is counted.
const FIXED_DAYS: u32 = 30;
/// The most rows; an estate has fewer teams.
const ROWS_MAX: usize = 5_000;

/// What findings are counted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TeamsBy {
    /// Who answers for the resource.
    #[default]
    Owner,
    /// The account that owns it.
    Account,
}

/// How findings are counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct TeamsQuery {
    /// By what.
    #[param(inline)]
    by: TeamsBy,
}

/// What a team or an account has to do.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct TeamRow {
    /// The team, or the account; null where nobody answers.
    value: Option<String>,
    /// Findings that need work.
    needs_work: BySeverity,
    /// Of these, those that should be fixed already.
    overdue: u64,
    /// Of these, those of which the last run of their check could not say whether it fails.
    not_confirmed: u64,
    /// Findings that are accepted until a date.
    accepted: u64,
    /// Answers of checks that are not known, of all resources there: what decides was not read.
    unknown: u64,
    /// Findings that were fixed within `fixed_days`.
    fixed: u64,
    /// For how many days these had been open, on average; null where none was fixed.
    days_to_fix: Option<f64>,
}

/// What each has to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TeamsAnswer {
    /// Those with the worst to do first.
    rows: Vec<TeamRow>,
    /// Within how many days what was fixed is counted.
    fixed_days: u32,
    /// Since when that is: `turned_since` of the list.
    #[schema(value_type = String, format = DateTime)]
    fixed_since: Timestamp,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// What each team, or account, has to do
///
/// Findings counted by who answers for the resources, of what the caller sees. A finding that was fixed, came back and was fixed
/// again counts once, with both times that it was open.
#[utoipa::path(get, path = "/findings/teams", tag = "findings", operation_id = "findings_by_team", params(TeamsQuery),
    responses(
        (status = 200, description = "The answer", body = TeamsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn teams(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<TeamsQuery>,
) -> Result<Json<TeamsAnswer>, Problem> {
    let snapshot = checking::snapshot(&state).await?;
    let now = state.now();
    let since = now - Duration::from_secs(u64::from(FIXED_DAYS) * 86_400);
    let held = super::holding(&state, now).await?;
    let all = state.store.findings().await?;
    let fixes = state.store.finding_fixes(since).await?;
    let content = Arc::clone(&state.content);
    permitting::ask(&state, move || {
        let mut rows: BTreeMap<Option<String>, TeamRow> = BTreeMap::new();
        let place = |account: &str, owner: Option<&str>| match query.by {
            TeamsBy::Owner => owner.map(str::to_owned),
            TeamsBy::Account => Some(account.to_owned()),
        };
        for finding in all.iter().filter(|finding| super::sees(&visible, finding)) {
            let stands = Stands::of(finding, &held, &content.service_levels, now);
            let row = rows.entry(place(finding.account.as_str(), finding.owner.as_deref())).or_default();
            match stands.state {
                Is::Accepted => row.accepted += 1,
                Is::Fixed => row.fixed += u64::from(finding.life.since >= since),
                Is::Open | Is::Reopened => {
                    *row.needs_work.of(finding.severity) += 1;
                    row.overdue += u64::from(stands.overdue);
                    row.not_confirmed += u64::from(!finding.life.confirmed);
                }
            }
        }
        for ((account, owner), by_check) in &snapshot.posture.by_place {
            if visible.scope().sees(&account.as_str().into(), owner.as_deref()) {
                let row = rows.entry(place(account, owner.as_deref())).or_default();
                row.unknown += by_check.values().map(|counts| counts.unknown as u64).sum::<u64>();
            }
        }
        let mut open: BTreeMap<Option<String>, (u64, u64)> = BTreeMap::new();
        for one in fixes.iter().filter(|one| visible.scope().sees(&one.account, one.owner.as_deref())) {
            let (count, seconds) = open.entry(place(one.account.as_str(), one.owner.as_deref())).or_default();
            *count += one.count;
            *seconds += one.open_seconds;
        }
        let mut rows: Vec<TeamRow> = rows
            .into_iter()
            .map(|(value, row)| {
                let (count, seconds) = open.get(&value).copied().unwrap_or_default();
                let days = (count > 0).then(|| seconds as f64 / count as f64 / 86_400.0);
                TeamRow { value, days_to_fix: days, ..row }
            })
            .filter(|row| !row.is_empty())
            .collect();
        rows.sort_by_cached_key(|row| std::cmp::Reverse(row.worst()));
        rows.truncate(ROWS_MAX);
        Ok(Json(TeamsAnswer {
            rows,
            fixed_days: FIXED_DAYS,
            fixed_since: since,
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

impl TeamRow {
    fn is_empty(&self) -> bool {
        self.needs_work.total() + self.accepted + self.unknown + self.fixed == 0
    }

    /// What is overdue comes first, then what is worst.
    fn worst(&self) -> impl Ord + use<> {
        let mut work = self.needs_work;
        (self.overdue, fathom_model::Severity::ALL.map(|one| *work.of(one)), self.unknown)
    }
}
