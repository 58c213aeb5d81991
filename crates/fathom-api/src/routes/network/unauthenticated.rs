//! What answers without asking who comes, from the internet and inside.

use axum::{Json, extract::State};
use fathom_content::open::{Asks, How, Reach};
use fathom_model::{AccountId, Uid};
use fathom_net::Verdict;
use fathom_reach::open::OpenRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NetworkAsOf,
    exposed::{ExposedCount, counted},
    sight::Sight,
    views::{NetworkVerdict, PacketHop},
};
use crate::{
    access::Visible,
    extract::Query,
    opening, permitting,
    problem::{Problem, ProblemView},
    routes::permissions::Page,
    state::ApiState,
    views::mirrored,
};

/// What was not read and is told; the count is of all.
const GAPS_MAX: usize = 200;

mirrored! {
    /// Who may come.
    enum OpenList of Reach {
        /// Anybody of the internet.
        Internet,
        /// Who is in the network.
        Internal,
    }
}

mirrored! {
    /// What kind of thing opens.
    enum OpenHow of How {
        /// A setting of the resource.
        Setting,
        /// That it is shared.
        Share,
        /// A listener.
        Listener,
        /// Its policy, list or grants.
        Policy,
        /// A rule of a security group.
        Rule,
    }
}

mirrored! {
    /// What is still asked for, the most worrying first.
    enum OpenAsks of Asks {
        /// Nothing.
        Nothing,
        /// Nothing that the provider checks; what is behind may ask by itself.
        Application,
        /// That an account of the provider signs, anybody's.
        AnyAccount,
        /// A password, key or token of its own.
        Credentials,
    }
}

/// Which of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnauthenticatedQuery {
    /// What answers inside the network, and what travels in the clear, in the place of what the internet is answered.
    internal: Option<bool>,
    /// Only with these answers; may be repeated. What surely does not answer is never told.
    #[param(inline)]
    verdict: Vec<NetworkVerdict>,
    /// Only what still asks for this; may be repeated.
    #[param(inline)]
    asks: Vec<OpenAsks>,
    /// Only what travels without encryption, or only what does not.
    in_the_clear: Option<bool>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Something that answers, or of which that is not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnauthenticatedRow {
    /// Whether it answers.
    verdict: NetworkVerdict,
    /// Its ARN, the id of a security group; null where those of a type were not listed.
    resource: Option<String>,
    /// Its resource, where a scan saw it.
    uid: Option<String>,
    /// Its type.
    resource_type: String,
    /// What people call it.
    name: Option<String>,
    /// The account that it was read in.
    account: String,
    /// Its region; empty where it has none.
    region: String,
    /// What kind of thing opens.
    how: OpenHow,
    /// What is still asked for.
    asks: OpenAsks,
    /// Whether it is about what travels without encryption.
    in_the_clear: bool,
    /// What is open, in words.
    says: String,
    /// The settings with their places in the document, the statements, the rules.
    proof: Vec<String>,
    /// How one gets there, in words.
    way: String,
    /// The ports that were asked about.
    ports: Vec<u16>,
    /// Each hop, there and back, where a packet was walked.
    hops: Vec<PacketHop>,
    /// What must hold, where the verdict is `only_if`.
    conditions: Vec<String>,
    /// What was not read, with the call.
    missing: Vec<String>,
    /// What was taken to be so.
    assumptions: Vec<String>,
    /// The rule that says so, by its name in the content.
    rule: String,
    /// The provider's page about it.
    source: String,
}

/// How many rows there are of each kind; each list as if nothing were chosen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnauthenticatedFacets {
    /// By answer.
    verdict: Vec<ExposedCount>,
    /// By what is still asked for.
    asks: Vec<ExposedCount>,
    /// `true` for what travels without encryption.
    in_the_clear: Vec<ExposedCount>,
    /// By type.
    #[serde(rename = "type")]
    kind: Vec<ExposedCount>,
    /// By account.
    account: Vec<ExposedCount>,
}

/// What answers without asking who comes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnauthenticatedAnswer {
    /// What answers: those that ask for least first, and of these the surest.
    rows: Vec<UnauthenticatedRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each kind.
    facets: UnauthenticatedFacets,
    /// How many resources were asked about; null for who sees a part of the estate.
    asked: Option<u64>,
    /// How many things were not read that may decide.
    gap_count: u64,
    /// The first of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// What answers without asking who comes, from the internet or inside
///
/// A row needs both: a setting, share, listener or policy that lets in everyone, and a network that leads there.
#[utoipa::path(get, path = "/unauthenticated", tag = "network", operation_id = "unauthenticated", params(UnauthenticatedQuery),
    responses(
        (status = 200, description = "The answer", body = UnauthenticatedAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn unauthenticated(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<UnauthenticatedQuery>,
) -> Result<Json<UnauthenticatedAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = opening::snapshot(&state).await?;
    let sight = Sight::of(&state, std::sync::Arc::clone(&snapshot.network), visible).await?;
    permitting::ask(&state, move || {
        let list = if query.internal == Some(true) { Reach::Internal } else { Reach::Internet };
        let all: Vec<&OpenRow> =
            snapshot.open.rows.iter().filter(|row| row.list == list && is_seen(row, &sight)).collect();
        let facets = UnauthenticatedFacets::of(&all, &query);
        let found: Vec<&OpenRow> = all.into_iter().filter(|row| query.takes(row, Facet::None)).collect();
        let total = found.len();
        let gaps = sight.gaps(&snapshot.open.gaps);
        Ok(Json(UnauthenticatedAnswer {
            rows: page.cut(found).into_iter().map(|row| UnauthenticatedRow::of(row, &sight)).collect(),
            total: total as u64,
            next: page.next(total),
            facets,
            asked: sight.is_all().then_some(snapshot.open.asked as u64),
            gap_count: gaps.len() as u64,
            gaps: gaps.into_iter().take(GAPS_MAX).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

/// Whether a row is about something that may be seen.
fn is_seen(row: &OpenRow, sight: &Sight) -> bool {
    if row.resource.is_empty() {
        return sight.sees_account(&row.account);
    }
    let (account, uid) = (AccountId::from(row.account.as_str()), Uid::new(&row.resource));
    if row.resource.starts_with("arn:") {
        sight.sees_resource(&account, &uid)
    } else {
        sight.sees(&row.resource)
    }
}

/// The part of a filter that a list of counts leaves out: its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    None,
    Verdict,
    Asks,
    Clear,
    Kind,
    Account,
}

impl UnauthenticatedQuery {
    fn takes(&self, row: &OpenRow, without: Facet) -> bool {
        let is_in = |facet: Facet, chosen: &[String], value: &str| {
            without == facet || chosen.is_empty() || chosen.iter().any(|one| one == value)
        };
        is_in(Facet::Kind, &self.kind, &row.resource_type)
            && is_in(Facet::Account, &self.account, &row.account)
            && (without == Facet::Verdict
                || self.verdict.is_empty()
                || self.verdict.contains(&row.verdict.into()))
            && (without == Facet::Asks || self.asks.is_empty() || self.asks.contains(&row.asks.into()))
            && (without == Facet::Clear || self.in_the_clear.is_none_or(|wanted| wanted == row.in_the_clear))
    }
}

impl UnauthenticatedFacets {
    fn of(all: &[&OpenRow], query: &UnauthenticatedQuery) -> Self {
        let rows = |facet| all.iter().filter(move |row| query.takes(row, facet));
        let by = |facet, value: fn(&OpenRow) -> String| counted(rows(facet).map(|row| value(row)));
        Self {
            verdict: by(Facet::Verdict, |row| word(row.verdict).to_owned()),
            asks: by(Facet::Asks, |row| row.asks.word().to_owned()),
            in_the_clear: by(Facet::Clear, |row| row.in_the_clear.to_string()),
            kind: by(Facet::Kind, |row| row.resource_type.clone()),
            account: by(Facet::Account, |row| row.account.clone()),
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::OnlyIf => "only_if",
        Verdict::Unknown => "unknown",
        Verdict::No => "no",
    }
}

impl UnauthenticatedRow {
    fn of(row: &OpenRow, sight: &Sight) -> Self {
        let told = |lines: &[String]| lines.iter().map(|line| sight.told(line)).collect::<Vec<_>>();
        let named = sight.known(&row.resource);
        let uid = named.map(|one| one.uid.to_string());
        Self {
            verdict: row.verdict.into(),
            resource: Some(row.resource.clone()).filter(|one| !one.is_empty()),
            uid: uid.or_else(|| Some(row.resource.clone()).filter(|one| one.starts_with("arn:"))),
            resource_type: row.resource_type.clone(),
            name: row.name.clone(),
            account: row.account.clone(),
            region: row.region.clone(),
            how: row.how.into(),
            asks: row.asks.into(),
            in_the_clear: row.in_the_clear,
            says: sight.told(&row.says),
            proof: told(&row.proof),
            way: sight.told(&row.way.says),
            ports: row.way.ports.clone(),
            hops: sight.hops(&row.way.hops),
            conditions: told(&row.conditions),
            missing: told(&row.missing),
            assumptions: told(&row.assumptions),
            rule: row.rule.clone(),
            source: row.source.clone(),
        }
    }
}
