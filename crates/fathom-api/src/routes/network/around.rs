//! Who reaches one end, and what one end reaches: everybody at once.

use std::{cmp::Reverse, sync::Arc};

use axum::{Json, extract::State};
use fathom_net::{Network, Place, Question, Traffic, Verdict, ask, model::Interface};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NetworkAsOf, protocol, sight,
    sight::Sight,
    traffic,
    views::{NetworkVerdict, PlaceView, ServerView},
};
use crate::{
    access::Visible,
    extract::Query,
    permitting,
    problem::{Problem, ProblemView},
    reaching::Snapshot,
    routes::permissions::{Page, needed},
    state::ApiState,
};

/// What is reached, with what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhoReachesQuery {
    /// The id or ARN of a network interface, a server or an endpoint, or an address of one.
    #[param(required = true)]
    to: Option<String>,
    /// `tcp`, `udp`, `icmp` (an echo), `icmpv6`, or a number.
    #[param(default = "tcp")]
    protocol: Option<String>,
    /// The port; needed for TCP and UDP.
    port: Option<u16>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Who reaches, with what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhatReachesQuery {
    /// The id or ARN of a network interface, a server or an endpoint, or an address of one.
    #[param(required = true)]
    from: Option<String>,
    /// `tcp`, `udp`, `icmp` (an echo), `icmpv6`, or a number.
    #[param(default = "tcp")]
    protocol: Option<String>,
    /// The port; needed for TCP and UDP.
    port: Option<u16>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// A network interface at the other end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AroundRow {
    /// Its id.
    id: String,
    /// Its resource.
    uid: Option<String>,
    /// What people call it.
    name: Option<String>,
    /// The server behind it.
    server: Option<ServerView>,
    /// The kind, as AWS says it.
    kind: String,
    /// What made it, in words; empty where nothing does.
    description: String,
    /// The account that it was read in.
    account: String,
    /// Its region.
    region: String,
    /// The id of its VPC.
    vpc: String,
    /// Its private addresses, the primary one first; at most 8.
    addresses: Vec<String>,
    /// The answer.
    verdict: NetworkVerdict,
}

/// How many network interfaces are answered how.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct AroundCounts {
    /// Yes.
    yes: u64,
    /// Only if something holds.
    only_if: u64,
    /// It is not known.
    unknown: u64,
    /// No.
    no: u64,
}

/// Who reaches one end, or what that reaches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AroundAnswer {
    /// The end that was asked about.
    place: PlaceView,
    /// The protocol.
    protocol: String,
    /// The port.
    port: Option<u16>,
    /// The answer for anybody of the internet.
    internet: NetworkVerdict,
    /// The network interfaces that do, that do if something holds, and of which it is not known; sorted so.
    rows: Vec<AroundRow>,
    /// How many these are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many network interfaces were asked about, of those that the caller may see.
    asked: u64,
    /// How many of these are answered how.
    counts: AroundCounts,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// Addresses of an interface that are told.
const ADDRESSES_MAX: usize = 8;

/// Which network interfaces reach one end, and whether the internet does
#[utoipa::path(get, path = "/network/who-reaches", tag = "network", operation_id = "network_who_reaches", params(WhoReachesQuery),
    responses(
        (status = 200, description = "The answer", body = AroundAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn who_reaches(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<WhoReachesQuery>,
) -> Result<Json<AroundAnswer>, Problem> {
    let WhoReachesQuery { to, protocol, port, cursor, limit } = query;
    around(&state, visible, (End::To, to), (protocol, port), Page::read(cursor, limit)?).await
}

/// Which network interfaces one end reaches, and whether it reaches the internet
#[utoipa::path(get, path = "/network/what-reaches", tag = "network", operation_id = "network_what_reaches", params(WhatReachesQuery),
    responses(
        (status = 200, description = "The answer", body = AroundAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn what_reaches(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<WhatReachesQuery>,
) -> Result<Json<AroundAnswer>, Problem> {
    let WhatReachesQuery { from, protocol, port, cursor, limit } = query;
    around(&state, visible, (End::From, from), (protocol, port), Page::read(cursor, limit)?).await
}

/// Asks everybody of one end.
async fn around(
    state: &ApiState,
    visible: Visible,
    (end, text): (End, Option<String>),
    (name, port): (Option<String>, Option<u16>),
    page: Page,
) -> Result<Json<AroundAnswer>, Problem> {
    let text = needed(end.parameter(), text)?;
    let traffic = traffic(protocol(name.as_deref())?, port)?;
    let (snapshot, sight) = sight(state, visible).await?;
    let around = Around { snapshot, sight, text, end, traffic, port, page };
    permitting::ask(state, move || around.answer()).await
}

/// Which end of the question is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    From,
    To,
}

impl End {
    /// The parameter that names it.
    fn parameter(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
        }
    }
}

struct Around {
    snapshot: Arc<Snapshot>,
    sight: Sight,
    text: String,
    end: End,
    traffic: Traffic,
    port: Option<u16>,
    page: Page,
}

impl Around {
    fn answer(self) -> Result<Json<AroundAnswer>, Problem> {
        let Self { snapshot, sight, text, end, traffic, port, page } = self;
        let place = match sight.place(&text)? {
            // Everybody at once is asked of the interface, with all its addresses.
            Place::Holder(number, _) => Place::Interface(number),
            place => place,
        };
        let network = snapshot.network();
        let own = interfaces(network, &place).ok_or_else(|| {
            Problem::parameter(
                end.parameter(),
                "this is asked of a network interface, a server or an endpoint with interfaces",
            )
            .hint("of anything else it is answered between two ends: name the other one too")
        })?;
        let reached: Vec<_> = own
            .iter()
            .map(|number| match end {
                End::To => snapshot.index.who_reaches(*number, traffic),
                End::From => snapshot.index.reaches(*number, traffic),
            })
            .collect();
        let (mut counts, mut found, mut asked) = (AroundCounts::default(), Vec::new(), 0);
        for (number, (id, interface)) in (0..).zip(network.interfaces.iter()) {
            if own.contains(&number) || !sight.sees(id) {
                continue;
            }
            asked += 1;
            let verdict = reached.iter().map(|one| one.verdict(number)).max().unwrap_or(Verdict::No);
            match verdict {
                Verdict::Yes => counts.yes += 1,
                Verdict::OnlyIf => counts.only_if += 1,
                Verdict::Unknown => counts.unknown += 1,
                Verdict::No => counts.no += 1,
            }
            if verdict > Verdict::No {
                found.push((Reverse(verdict), id, interface));
            }
        }
        found.sort_by_key(|(verdict, id, interface)| (*verdict, &interface.at, *id));
        let total = found.len();
        let row = |(verdict, id, interface): (Reverse<Verdict>, &str, &Interface)| {
            AroundRow::of(id, interface, verdict.0, &sight)
        };
        let rows = page.cut(found).into_iter().map(row).collect();
        let question = match end {
            End::To => Question::new(Place::Internet, place.clone(), traffic),
            End::From => Question::new(place.clone(), Place::Internet, traffic),
        };
        Ok(Json(AroundAnswer {
            place: sight.place_view(&text, &place),
            protocol: traffic.protocol.to_string(),
            port,
            internet: ask(network, &question).verdict.into(),
            rows,
            total: total as u64,
            next: page.next(total),
            asked,
            counts,
            as_of: NetworkAsOf::of(&snapshot),
        }))
    }
}

impl AroundRow {
    fn of(id: &str, interface: &Interface, verdict: Verdict, sight: &Sight) -> Self {
        let known = sight.known(id);
        let addresses = interface.addresses.iter().take(ADDRESSES_MAX);
        Self {
            id: id.to_owned(),
            uid: known.map(|one| one.uid.to_string()),
            name: known.and_then(|one| one.name.clone()),
            server: interface.instance.as_deref().and_then(|id| ServerView::of(id, sight)),
            kind: interface.told_kind.clone(),
            description: sight.told(&interface.description),
            account: interface.at.account.clone(),
            region: interface.at.region.clone(),
            vpc: if sight.sees(&interface.vpc) { interface.vpc.clone() } else { String::new() },
            addresses: addresses.map(|one| one.address.to_string()).collect(),
            verdict: verdict.into(),
        }
    }
}

/// The interfaces of a place that has some of its own; none for a load balancer, whose targets decide too.
fn interfaces(network: &Network, place: &Place) -> Option<Vec<u32>> {
    let all = match place {
        Place::Interface(number) | Place::Holder(number, _) => vec![*number],
        Place::Instance(id) => network.interfaces_of(id),
        Place::Endpoint(id) => {
            let own = network.endpoints.get(id).map(|one| one.interfaces.as_slice()).unwrap_or_default();
            own.iter().filter_map(|id| network.interfaces.number(id)).collect()
        }
        Place::Internet | Place::Address(_) | Place::Balancer(_) | Place::Beyond(..) => return None,
    };
    Some(all)
}
