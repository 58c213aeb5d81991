//! What fails if a resource or a zone goes.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_model::{AccountId, Uid};
use fathom_outage::{Answer, Ground, Outage, Told, Went};
use fathom_store::Owners;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::Visible,
    extract::{Query, shown},
    failing::{self, Snapshot},
    permitting,
    problem::{Code, Problem, ProblemView},
    routes::{network::NetworkAsOf, not_known, permissions::Page},
    state::ApiState,
    views::mirrored,
};

/// Zones that are told; an account in all regions has fewer than 200.
const ZONES_MAX: usize = 5_000;
/// Resources of one name that are told of.
const NAMED_MAX: u32 = 11;

mirrored! {
    /// What becomes of a thing, the worst first.
    enum OutageOutcome of Answer {
        /// It fails.
        Fails,
        /// It fails if what was never seen is gone too.
        Unknown,
        /// It goes on with what is left, or does less.
        Weaker,
    }
}

/// What is gone.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct OutageQuery {
    /// A resource: its ARN, its id, or a name that no other has. This or `zone`.
    of: Option<String>,
    /// A zone, with all that it holds.
    zone: Option<String>,
    /// Of a zone, what it holds of this account: the same name is another place in another account.
    account: Option<String>,
    /// Only these outcomes; may be repeated.
    #[param(inline)]
    outcome: Vec<OutageOutcome>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// A thing of the estate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageThing {
    /// Its name in the estate.
    uid: String,
    /// Its type.
    resource_type: String,
    /// What people call it.
    name: Option<String>,
    /// Its account.
    account: String,
    /// Its region.
    region: String,
}

/// What becomes of a thing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageRow {
    /// The thing.
    what: OutageThing,
    /// What becomes of it.
    outcome: OutageOutcome,
    /// The relation by which it needs what it lost.
    because: Option<String>,
    /// What it lost; null where that is outside of what the caller may see.
    lost: Option<OutageThing>,
    /// Over how many needs.
    after: u32,
    /// Of those of which one must be left, how many are.
    left: Option<u32>,
}

/// How many have an outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageCount {
    /// The outcome.
    outcome: OutageOutcome,
    /// How many.
    count: u64,
}

/// What fails if something goes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageAnswer {
    /// The resource that is gone; null for a zone.
    gone: Option<OutageThing>,
    /// How many things go at once: the resource, or what the zone holds.
    gone_count: u64,
    /// What becomes of others, the worst first.
    rows: Vec<OutageRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each outcome, as if none were chosen.
    counts: Vec<OutageCount>,
    /// Whether more has a part in it that the caller may not see.
    outside: bool,
    /// How many needs of the estate lead to what was never seen; null for who sees a part of it.
    unseen_needs: Option<u64>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// A zone of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageZone {
    /// Its name.
    zone: String,
    /// The account.
    account: String,
    /// How many things it holds.
    holds: u64,
}

/// The zones that hold something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutageZones {
    /// By name and account.
    zones: Vec<OutageZone>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// What of the needs somebody may see.
struct Sight {
    snapshot: Arc<Snapshot>,
    visible: Visible,
    owners: Owners,
}

impl Sight {
    async fn of(state: &ApiState, visible: Visible) -> Result<Self, Problem> {
        let snapshot = failing::snapshot(state).await?;
        Ok(Self { snapshot, owners: state.store.owners().await?, visible })
    }

    fn ground(&self) -> &Ground {
        &self.snapshot.ground
    }

    fn sees(&self, thing: &Told) -> bool {
        let (account, uid) = (AccountId::from(thing.account.as_str()), Uid::new(&thing.uid));
        self.visible.is_all() || self.visible.scope().sees(&account, self.owners.of(&uid))
    }

    fn as_of(&self) -> NetworkAsOf {
        NetworkAsOf::of_scan(&self.snapshot.scan)
    }

    /// The resource that a text means. What may not be seen is not there.
    async fn named(&self, state: &ApiState, text: &str) -> Result<Told, Problem> {
        let found = state.store.find(text, NAMED_MAX).await?;
        let known = found.iter().filter_map(|one| self.ground().thing(one.resource.uid.as_str()));
        let mut seen: Vec<&Told> = known.filter(|one| self.sees(one)).collect();
        match (seen.pop(), seen.is_empty()) {
            (Some(one), true) => Ok(one.clone()),
            (Some(one), false) => {
                seen.push(one);
                let names: Vec<&str> = seen.iter().map(|one| one.uid.as_str()).collect();
                let words = format!("`{}` may mean several things", shown(text));
                Err(Problem::new(Code::InvalidParameter, words)
                    .hint(format!("name one: {}", names.join(", "))))
            }
            (None, _) => Err(not_known(text)),
        }
    }

    /// What is gone, and how that is told.
    async fn went(&self, state: &ApiState, query: &mut OutageQuery) -> Result<(Went, Option<Told>), Problem> {
        match (query.of.take(), query.zone.take()) {
            (Some(of), None) if query.account.is_none() => {
                let thing = self.named(state, &of).await?;
                Ok((Went::Resource(thing.uid.clone()), Some(thing)))
            }
            (None, Some(zone)) => {
                let is_of = |one: &Told| query.account.as_ref().is_none_or(|own| one.account == *own);
                let mut held = self.ground().held();
                if held.any(|(name, one)| name == zone && is_of(one) && self.sees(one)) {
                    Ok((Went::Zone(zone, query.account.take()), None))
                } else {
                    let words = format!("no zone `{}` holds anything that you may see", shown(&zone));
                    Err(Problem::new(Code::NotFound, words).hint("GET /outage/zones lists them"))
                }
            }
            _ => {
                let words =
                    "name what is gone: a resource with `of`, or a `zone`, with its `account` or without";
                Err(Problem::new(Code::InvalidParameter, words))
            }
        }
    }
}

/// What fails if a resource or a zone goes
///
/// By what the last scans read of which thing needs which: what fails, what may fail, and what goes on with less.
#[utoipa::path(get, path = "/outage", tag = "paths", operation_id = "outage", params(OutageQuery),
    responses(
        (status = 200, description = "The answer", body = OutageAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn outage(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<OutageQuery>,
) -> Result<Json<OutageAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let sight = Sight::of(&state, visible).await?;
    let (went, gone) = sight.went(&state, &mut query).await?;
    permitting::ask(&state, move || {
        let all = sight.ground().without(&went);
        let (seen, hidden): (Vec<Outage>, Vec<Outage>) =
            all.into_iter().partition(|one| sight.sees(&one.thing));
        let (at_once, others): (Vec<Outage>, Vec<Outage>) = seen.into_iter().partition(|one| one.after == 0);
        let count = |answer| others.iter().filter(|one| one.answer == answer).count() as u64;
        let counts = [Answer::Fails, Answer::Unknown, Answer::Weaker]
            .map(|answer| OutageCount { outcome: answer.into(), count: count(answer) });
        let is_chosen = |one: &Outage| query.outcome.is_empty() || query.outcome.contains(&one.answer.into());
        let chosen: Vec<Outage> = others.into_iter().filter(is_chosen).collect();
        let total = chosen.len();
        Ok(Json(OutageAnswer {
            gone: gone.map(OutageThing::from),
            gone_count: at_once.len() as u64,
            rows: page.cut(chosen).into_iter().map(|one| OutageRow::of(one, &sight)).collect(),
            total: total as u64,
            next: page.next(total),
            counts: counts.into(),
            outside: !hidden.is_empty(),
            unseen_needs: sight.visible.is_all().then_some(sight.ground().unseen as u64),
            as_of: sight.as_of(),
        }))
    })
    .await
}

/// The zones that hold something
///
/// Each with the account whose name it is: the same name is another place in another account.
#[utoipa::path(get, path = "/outage/zones", tag = "paths", operation_id = "outage_zones",
    responses(
        (status = 200, description = "The zones", body = OutageZones),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn zones(
    State(state): State<ApiState>,
    visible: Visible,
) -> Result<Json<OutageZones>, Problem> {
    let sight = Sight::of(&state, visible).await?;
    let mut zones: std::collections::BTreeMap<(&str, &str), u64> = std::collections::BTreeMap::new();
    for (zone, thing) in sight.ground().held().filter(|(_, thing)| sight.sees(thing)) {
        *zones.entry((zone, thing.account.as_str())).or_default() += 1;
    }
    let of = |((zone, account), holds): ((&str, &str), u64)| OutageZone {
        zone: zone.to_owned(),
        account: account.to_owned(),
        holds,
    };
    Ok(Json(OutageZones { zones: zones.into_iter().take(ZONES_MAX).map(of).collect(), as_of: sight.as_of() }))
}

impl From<Told> for OutageThing {
    fn from(thing: Told) -> Self {
        Self {
            uid: thing.uid,
            resource_type: thing.kind,
            name: thing.name,
            account: thing.account,
            region: thing.region,
        }
    }
}

impl OutageRow {
    fn of(one: Outage, sight: &Sight) -> Self {
        let lost = one.lost.as_deref().and_then(|uid| sight.ground().thing(uid));
        Self {
            outcome: one.answer.into(),
            because: one.edge,
            lost: lost.filter(|thing| sight.sees(thing)).cloned().map(OutageThing::from),
            after: one.after,
            left: one.left,
            what: one.thing.into(),
        }
    }
}
