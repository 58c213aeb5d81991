//! How many findings were failing after each run of the checks, and how many controls of a framework they made fail.
//!
//! What runs opened and fixed is kept, so each point is the sum of all that came before it.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use fathom_model::{FindingChange, Timestamp};
use fathom_posture::standing;
use fathom_store::{FindingRun, FindingTurns};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::BySeverity;
use crate::{
    access::Visible,
    checking,
    extract::{Query, shown, within},
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Points where the client does not say how many.
const POINTS_DEFAULT: u32 = 200;
/// The most points.
const POINTS_MAX: u32 = 1_000;
/// Runs that are looked through.
const RUNS_MAX: u32 = 100_000;
/// Teams that are told one by one.
const TEAMS_MAX: usize = 20;

/// Which part of the trend.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingsTrendQuery {
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// Only what these teams answer for; may be repeated. An empty one means that nobody does.
    owner: Vec<String>,
    /// Only of checks that test controls of this framework; tells how many of these fail.
    framework: Option<String>,
    /// The most points: where there were more runs, the last of each day, the newest days.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    limit: Option<u32>,
}

/// How it stood after a run.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FindingsPoint {
    /// When the run was.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The scan that had ended last.
    scan: i64,
    /// Findings that were failing, accepted or not; as bad as they count today.
    failing: BySeverity,
    /// Controls of the framework of which a check failed; null where none is asked for.
    controls: Option<u64>,
}

/// How it stood with a team.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TeamTrend {
    /// The team that answers today, or did last; null where nobody does.
    owner: Option<String>,
    /// Findings that were failing, point by point.
    failing: Vec<u64>,
}

/// How it went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingsTrend {
    /// The oldest first.
    points: Vec<FindingsPoint>,
    /// Teams, those with the most findings at the end first.
    teams: Vec<TeamTrend>,
    /// How many controls the framework has; null where none is asked for.
    controls: Option<u64>,
    /// Whether only the last run of each day is told.
    by_day: bool,
}

/// How many findings were failing after each run
///
/// Of what the caller sees. Whose a finding is and how bad it is are as the last run left them, and controls ask what they ask today.
#[utoipa::path(get, path = "/findings/trend", tag = "findings", operation_id = "findings_trend", params(FindingsTrendQuery),
    responses(
        (status = 200, description = "The answer", body = FindingsTrend),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn trend(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<FindingsTrendQuery>,
) -> Result<Json<FindingsTrend>, Problem> {
    let limit = within("limit", query.limit, POINTS_DEFAULT, &(1..=POINTS_MAX))? as usize;
    let controls = controls(&state, query.framework.as_deref()).await?;
    let turns = state.store.finding_turns().await?;
    let (runs, by_day) = thinned(state.store.finding_runs(RUNS_MAX).await?, limit);
    permitting::ask(&state, move || {
        let wants = |one: &&FindingTurns| {
            visible.scope().sees(&one.account, one.owner.as_deref())
                && super::is_place((&query.account, &query.owner), one.account.as_str(), one.owner.as_deref())
                && controls.as_ref().is_none_or(|all| all.of_check.contains_key(&one.check))
        };
        let (points, teams) = added(&runs, turns.iter().filter(wants), controls.as_ref());
        Ok(Json(FindingsTrend { points, teams, controls: controls.map(|all| all.count), by_day }))
    })
    .await
}

/// The controls of a framework, by their places in it.
#[derive(Debug, Default)]
struct Controls {
    count: u64,
    of_check: BTreeMap<String, BTreeSet<usize>>,
}

async fn controls(state: &ApiState, framework: Option<&str>) -> Result<Option<Controls>, Problem> {
    let Some(id) = framework else { return Ok(None) };
    let catalogue = checking::catalogue(state).await?;
    let Some(framework) = catalogue.frameworks.all.get(id) else {
        let words = format!("no framework is called `{}`", shown(id));
        return Err(Problem::new(Code::InvalidParameter, words).hint("GET /frameworks lists them"));
    };
    let all = standing(&catalogue.frameworks, framework, &catalogue.checks, &BTreeMap::new());
    let mut controls = Controls { count: all.len() as u64, ..Controls::default() };
    for (at, control) in all.into_iter().enumerate() {
        for check in control.checks {
            controls.of_check.entry(check).or_default().insert(at);
        }
    }
    Ok(Some(controls))
}

/// The newest runs, at most so many; where there are more, the last of each day. Whether that was needed.
fn thinned(runs: Vec<FindingRun>, limit: usize) -> (Vec<FindingRun>, bool) {
    if runs.len() <= limit {
        return (runs, false);
    }
    let mut of_days: Vec<FindingRun> = Vec::new();
    let day = |run: &FindingRun| run.at.to_zoned(TimeZone::UTC).date();
    for run in runs {
        if of_days.last().is_some_and(|last| day(last) == day(&run)) {
            of_days.pop();
        }
        of_days.push(run);
    }
    let first = of_days.len().saturating_sub(limit);
    (of_days.split_off(first), true)
}

/// Adds up what was opened and fixed until each run. Turns come in their order.
fn added<'t>(
    runs: &[FindingRun],
    turns: impl Iterator<Item = &'t FindingTurns>,
    controls: Option<&Controls>,
) -> (Vec<FindingsPoint>, Vec<TeamTrend>) {
    let mut turns = turns.peekable();
    let mut failing = BySeverity::default();
    let mut by_check: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_team: BTreeMap<Option<&str>, (u64, Vec<u64>)> = BTreeMap::new();
    let mut points = Vec::new();
    for run in runs {
        while let Some(turn) = turns.next_if(|turn| turn.at <= run.at) {
            let (now, _) = by_team.entry(turn.owner.as_deref()).or_insert_with(|| (0, vec![0; points.len()]));
            for number in [now, failing.of(turn.severity), by_check.entry(&turn.check).or_default()] {
                *number = match turn.what {
                    FindingChange::Fixed => number.saturating_sub(turn.count),
                    _ => *number + turn.count,
                };
            }
        }
        for (now, told) in by_team.values_mut() {
            told.push(*now);
        }
        let controls = controls.map(|all| {
            let failing = by_check.iter().filter(|(_, count)| **count > 0);
            let of_them: BTreeSet<usize> =
                failing.filter_map(|(check, _)| all.of_check.get(*check)).flatten().copied().collect();
            of_them.len() as u64
        });
        points.push(FindingsPoint { at: run.at, scan: run.scan, failing, controls });
    }
    let mut teams: Vec<TeamTrend> = by_team
        .into_iter()
        .map(|(owner, (_, failing))| TeamTrend { owner: owner.map(str::to_owned), failing })
        .collect();
    teams.sort_by_key(|team| std::cmp::Reverse(team.failing.last().copied()));
    teams.truncate(TEAMS_MAX);
    (points, teams)
}

#[cfg(test)]
mod tests {
    use fathom_model::{AccountId, Severity};

    use super::*;

    fn run(second: i64) -> FindingRun {
        let at = Timestamp::from_second(second).expect("in range");
        FindingRun { at, scan: second, by: "fathom".to_owned(), checks: 2, resources: 2, whole: true }
    }

    fn turn(second: i64, what: FindingChange, check: &str, owner: Option<&str>, count: u64) -> FindingTurns {
        FindingTurns {
            at: run(second).at,
            what,
            check: check.to_owned(),
            severity: if check == "a" { Severity::High } else { Severity::Low },
            account: AccountId::from("111122223333"),
            owner: owner.map(str::to_owned),
            count,
        }
    }

    #[test]
    fn each_point_is_what_was_opened_and_not_fixed_until_then() {
        let runs: Vec<FindingRun> = [10, 20, 30].into_iter().map(run).collect();
        let turns = [
            turn(10, FindingChange::Opened, "a", Some("core"), 3),
            turn(15, FindingChange::Opened, "b", None, 1),
            turn(20, FindingChange::Fixed, "a", Some("core"), 3),
            turn(30, FindingChange::Reopened, "a", Some("core"), 1),
        ];
        let mut controls = Controls { count: 3, ..Controls::default() };
        controls.of_check.insert("a".to_owned(), [0, 1].into());
        controls.of_check.insert("b".to_owned(), [1].into());
        let (points, teams) = added(&runs, turns.iter(), Some(&controls));
        let told: Vec<(u64, Option<u64>)> =
            points.iter().map(|point| (point.failing.total(), point.controls)).collect();
        // After the first run two controls fail by `a`; after the second only the one that `b` tests too.
        assert_eq!(told, [(3, Some(2)), (1, Some(1)), (2, Some(2))]);
        let team = |owner: Option<&str>, failing: &[u64]| TeamTrend {
            owner: owner.map(str::to_owned),
            failing: failing.to_vec(),
        };
        assert_eq!(teams, [team(None, &[0, 1, 1]), team(Some("core"), &[3, 0, 1])]);
    }

    #[test]
    fn of_many_runs_the_last_of_each_day_is_told() {
        let day = 86_400;
        let all = || [1, 2, day + 1, 2 * day + 1, 2 * day + 5].into_iter().map(run).collect::<Vec<_>>();
        let scans = |(runs, by_day): (Vec<FindingRun>, bool)| {
            (runs.iter().map(|run| run.scan).collect::<Vec<_>>(), by_day)
        };
        assert_eq!(scans(thinned(all(), 5)), (vec![1, 2, day + 1, 2 * day + 1, 2 * day + 5], false));
        assert_eq!(scans(thinned(all(), 4)), (vec![2, day + 1, 2 * day + 5], true));
        assert_eq!(scans(thinned(all(), 2)), (vec![day + 1, 2 * day + 5], true));
    }
}
