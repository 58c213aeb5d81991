//! What the internet reaches.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use fathom_net::{Exposed, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NetworkAsOf, not_read, sight,
    sight::Sight,
    views::{NetworkVerdict, PortsView, ServerView},
};
use crate::{
    access::Visible,
    extract::Query,
    permitting,
    problem::{Problem, ProblemView},
    routes::permissions::Page,
    state::ApiState,
};

/// Values of a facet that are told.
const VALUES_MAX: usize = 50;
/// Ports that are counted wherever they lie in a range: those by which servers are run and data is read.
const WATCHED: [u16; 16] =
    [21, 22, 23, 80, 443, 445, 1433, 1521, 2375, 3306, 3389, 5432, 6379, 8080, 9200, 27017];
/// Things that made no sense and are named.
const FAULTS_MAX: usize = 100;

/// Which of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExposedQuery {
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// Only with these answers; may be repeated. What is surely closed is never told.
    #[param(inline)]
    verdict: Vec<NetworkVerdict>,
    /// Only by these protocols: `tcp`, `udp`, `icmp`; may be repeated.
    protocol: Vec<String>,
    /// Only on this port; the answer is then the one for it.
    port: Option<u16>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Something that the internet reaches by a protocol, or of which that is not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExposedRow {
    /// Its id: of a load balancer its ARN.
    id: String,
    /// Its resource.
    uid: Option<String>,
    /// The type of that.
    resource_type: Option<String>,
    /// What people call it.
    name: Option<String>,
    /// What it is: `network_interface`, `load_balancer`.
    component: String,
    /// The server behind an interface.
    server: Option<ServerView>,
    /// The kind, as AWS says it: `interface`, `nat_gateway`, `application` …
    kind: String,
    /// What made the interface, in words; empty where nothing does.
    description: String,
    /// The account that it was read in.
    account: String,
    /// Its region.
    region: String,
    /// The id of its VPC.
    vpc: String,
    /// Its public addresses.
    addresses: Vec<String>,
    /// The protocol.
    protocol: String,
    /// The best answer of any port that is asked about.
    verdict: NetworkVerdict,
    /// Ports that are reached, and those of which it is not known.
    ports: Vec<PortsView>,
}

/// How many rows have a value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExposedCount {
    /// The value.
    pub(in crate::routes) value: String,
    /// How many.
    pub(in crate::routes) count: u64,
}

/// How many rows there are of each kind; each list as if nothing were chosen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExposedFacets {
    /// By answer.
    verdict: Vec<ExposedCount>,
    /// By port: those that are open alone, and those by which servers are run and data is read. A row that has several counts
    /// for each.
    port: Vec<ExposedCount>,
    /// By protocol.
    protocol: Vec<ExposedCount>,
    /// By account.
    account: Vec<ExposedCount>,
}

/// What the internet reaches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExposedAnswer {
    /// A row for each thing and protocol, by account, region and id.
    rows: Vec<ExposedRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each kind.
    facets: ExposedFacets,
    /// How many network interfaces were asked about.
    interfaces: u64,
    /// How many load balancers were.
    load_balancers: u64,
    /// How many lists were not read that may decide.
    not_read_count: u64,
    /// The first of them, with the call that is missing.
    not_read: Vec<String>,
    /// What made no sense in documents, at most 100.
    faults: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// What the internet reaches
///
/// Every network interface with a public address and every public load balancer is asked, on each port that rules tell apart,
/// there and back; of a load balancer also whether a target behind it is reached.
#[utoipa::path(get, path = "/network/exposed", tag = "network", operation_id = "network_exposed", params(ExposedQuery),
    responses(
        (status = 200, description = "The answer", body = ExposedAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn exposed(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ExposedQuery>,
) -> Result<Json<ExposedAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let (snapshot, sight) = sight(&state, visible).await?;
    permitting::ask(&state, move || {
        let network = snapshot.network();
        let all: Vec<&Exposed> = snapshot.exposed().iter().filter(|row| sight.sees(&row.id)).collect();
        let facets = ExposedFacets::of(&all, &query);
        let found: Vec<&Exposed> = all.into_iter().filter(|row| query.takes(row, Facet::None)).collect();
        let total = found.len();
        let (not_read_count, not_read) = not_read(network, &sight);
        let faults = network.faults.iter();
        let faults = faults
            .filter(|text| sight.is_all() || text.split_once(": ").is_some_and(|(uid, _)| sight.sees(uid)));
        let rows = page.cut(found).into_iter().map(|row| ExposedRow::of(row, query.port, &sight)).collect();
        Ok(Json(ExposedAnswer {
            rows,
            total: total as u64,
            next: page.next(total),
            facets,
            interfaces: network.interfaces.iter().filter(|(id, _)| sight.sees(id)).count() as u64,
            load_balancers: network.balancers.iter().filter(|(id, _)| sight.sees(id)).count() as u64,
            not_read_count,
            not_read,
            faults: faults.take(FAULTS_MAX).cloned().collect(),
            as_of: NetworkAsOf::of(&snapshot),
        }))
    })
    .await
}

/// The part of a filter that a list of counts leaves out: its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    None,
    Account,
    Verdict,
    Protocol,
    Port,
}

impl ExposedQuery {
    fn takes(&self, row: &Exposed, without: Facet) -> bool {
        let port = self.port.filter(|_| without != Facet::Port);
        let Some(verdict) = verdict(row, port) else { return false };
        let is_in = |facet: Facet, chosen: &[String], value: &str| {
            without == facet || chosen.is_empty() || chosen.iter().any(|one| one == value)
        };
        is_in(Facet::Account, &self.account, &row.account)
            && is_in(Facet::Protocol, &self.protocol, &row.protocol)
            && (without == Facet::Verdict
                || self.verdict.is_empty()
                || self.verdict.contains(&verdict.into()))
    }
}

/// The best answer on a port, or on any; none where there is nothing on it.
fn verdict(row: &Exposed, port: Option<u16>) -> Option<Verdict> {
    let has_ports = row.protocol == "tcp" || row.protocol == "udp";
    let ports = row
        .ports
        .iter()
        .filter(|one| port.is_none_or(|port| has_ports && (one.first..=one.last).contains(&port)));
    ports.map(|one| one.answer.verdict).max()
}

impl ExposedFacets {
    fn of(all: &[&Exposed], query: &ExposedQuery) -> Self {
        let rows = |facet| all.iter().filter(move |row| query.takes(row, facet));
        let mut verdicts: BTreeMap<Verdict, u64> = BTreeMap::new();
        for verdict in rows(Facet::Verdict).filter_map(|row| verdict(row, query.port)) {
            *verdicts.entry(verdict).or_default() += 1;
        }
        let word = |verdict: Verdict| serde_json::to_value(NetworkVerdict::from(verdict)).ok();
        let verdict = verdicts.into_iter().rev().filter_map(|(verdict, count)| {
            Some(ExposedCount { value: word(verdict)?.as_str()?.to_owned(), count })
        });
        Self {
            verdict: verdict.collect(),
            port: ports(&rows(Facet::Port).copied().collect::<Vec<_>>()),
            protocol: counted(rows(Facet::Protocol).map(|row| row.protocol.clone())),
            account: counted(rows(Facet::Account).map(|row| row.account.clone())),
        }
    }
}

/// How many rows have a port, the most frequent first.
fn ports(rows: &[&Exposed]) -> Vec<ExposedCount> {
    let with_ports = || rows.iter().filter(|row| row.protocol == "tcp" || row.protocol == "udp");
    let alone =
        with_ports().flat_map(|row| &row.ports).filter(|one| one.first == one.last).map(|one| one.first);
    let told: BTreeSet<u16> = alone.chain(WATCHED).collect();
    let mut counts: Vec<(u64, u16)> = told
        .into_iter()
        .map(|port| (with_ports().filter(|row| verdict(row, Some(port)).is_some()).count() as u64, port))
        .filter(|(count, _)| *count > 0)
        .collect();
    counts.sort_by_key(|(count, port)| (std::cmp::Reverse(*count), *port));
    let view = |(count, port): (u64, u16)| ExposedCount { value: port.to_string(), count };
    counts.into_iter().take(VALUES_MAX).map(view).collect()
}

/// How many rows have each value, the most frequent first.
pub(in crate::routes) fn counted(values: impl Iterator<Item = String>) -> Vec<ExposedCount> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<ExposedCount> =
        counts.into_iter().map(|(value, count)| ExposedCount { value, count }).collect();
    counts.sort_by_key(|one| std::cmp::Reverse(one.count));
    counts.truncate(VALUES_MAX);
    counts
}

impl ExposedRow {
    fn of(row: &Exposed, port: Option<u16>, sight: &Sight) -> Self {
        let known = sight.known(&row.id);
        let is_balancer = row.component == "load_balancer";
        let has_ports = row.protocol == "tcp" || row.protocol == "udp";
        let ports =
            row.ports.iter().filter(|one| port.is_none_or(|port| (one.first..=one.last).contains(&port)));
        let view = |one: &fathom_net::trace::PortAnswer| PortsView {
            first: has_ports.then_some(one.first),
            last: has_ports.then_some(one.last),
            path: sight.path(&one.answer),
        };
        let own = known.and_then(|one| one.name.clone());
        Self {
            id: row.id.clone(),
            uid: known.map(|one| one.uid.to_string()),
            resource_type: known.map(|one| one.kind.to_string()),
            name: if is_balancer { own.or_else(|| row.name.clone()) } else { own },
            component: row.component.to_owned(),
            server: row.name.as_deref().filter(|_| !is_balancer).and_then(|id| ServerView::of(id, sight)),
            kind: row.kind.clone(),
            description: sight.told(&row.description),
            account: row.account.clone(),
            region: row.region.clone(),
            vpc: if sight.sees(&row.vpc) { row.vpc.clone() } else { String::new() },
            addresses: row.addresses.clone(),
            protocol: row.protocol.clone(),
            verdict: verdict(row, port).unwrap_or(Verdict::No).into(),
            ports: ports.map(view).collect(),
        }
    }
}
