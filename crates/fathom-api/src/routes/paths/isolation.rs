//! What breaks if one thing is isolated: who was seen talking to it, by the flow logs that were imported.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_model::Timestamp;
use fathom_reach::flows::{self, Cover, Covered, Talk, Way, Whose};
use fathom_store::ToldBy;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use utoipa::{IntoParams, ToSchema};

use super::sight::Sight;
use crate::{
    access::Visible,
    extract::Query,
    intruding, permitting,
    problem::{Code, Problem, ProblemView},
    routes::{
        network::NetworkAsOf,
        permissions::{Page, needed},
    },
    state::ApiState,
    views::mirrored,
};

mirrored! {
    /// How far logs cover a thing.
    enum FlowCover of Cover {
        /// Not at all: what it talks to is not known.
        None,
        /// Some days of some of its network interfaces.
        Part,
        /// Every whole day of every network interface of it.
        Whole,
    }
}

mirrored! {
    /// Which way something was asked.
    enum TalkWay of Way {
        /// The other asks it.
        AsksIt,
        /// It asks the other.
        IsAsked,
        /// One of the two asks; the log does not tell which.
        Either,
        /// The other sends through it.
        Through,
    }
}

mirrored! {
    /// How it is known who asked.
    enum TalkToldBy of ToldBy {
        /// It is not.
        Nothing,
        /// By the ports: one is that of a service, or many talk to it.
        Ports,
        /// By flags of TCP: one of the two opened the connection.
        Flags,
    }
}

/// Of what, and how far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct IsolationQuery {
    /// What is isolated, as `/blast-radius` takes it.
    #[param(required = true)]
    of: Option<String>,
    /// How many whole days are looked back.
    #[param(minimum = 1, maximum = 3650, default = 30)]
    days: Option<u32>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// What an address is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TalkEndKind {
    /// Something of the estate.
    Resource,
    /// A network interface that no resource of the estate stands for.
    Interface,
    /// Somebody of the internet.
    Internet,
    /// Nobody knows; `why` says why.
    Unknown,
}

/// Who talks with a thing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TalkEnd {
    /// What it is.
    kind: TalkEndKind,
    /// Its ARN; null where it is no resource, and where it is outside of what the caller may see.
    uid: Option<String>,
    /// What people call it, or the id of the interface.
    name: Option<String>,
    /// The type of the resource.
    resource_type: Option<String>,
    /// Its account.
    account: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
    /// What it is for.
    purpose: Option<String>,
    /// Its addresses in the logs, the first of them.
    addresses: Vec<String>,
    /// How many there are.
    address_count: u64,
    /// Where nobody knows who it is, why.
    why: Option<String>,
    /// Whether it is outside of what the caller may see.
    withheld: bool,
}

/// Who talks with a thing, and on which port.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TalkRow {
    /// The other end.
    other: TalkEnd,
    /// Which way.
    way: TalkWay,
    /// `tcp`, `udp`, `icmp`, or the number of another protocol in words.
    protocol: String,
    /// The port that is asked; null where the protocol has none.
    port: Option<u16>,
    /// How it is known who asked.
    told_by: TalkToldBy,
    /// Whether anything came back.
    answered: bool,
    /// What both sent, in bytes.
    bytes: u64,
    /// The same in packets.
    packets: u64,
    /// On how many days.
    days: u32,
    /// The begin of the first record.
    #[schema(value_type = String, format = DateTime)]
    first_seen: Timestamp,
    /// The end of the last record.
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
}

/// A network interface of it, and the days whose logs were read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoggedInterface {
    /// Its id.
    interface: String,
    /// Whole days of which there are records.
    days: u32,
    /// The begin of the first record; null where there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    first: Option<Timestamp>,
    /// The end of the last one.
    #[schema(value_type = Option<String>, format = DateTime)]
    last: Option<Timestamp>,
    /// The ids of the flow logs that AWS writes of it.
    logs: Vec<String>,
}

/// What breaks if something is isolated.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IsolationAnswer {
    /// How far flow logs cover it. Where they do not, what breaks is not known.
    cover: FlowCover,
    /// How many whole days were looked back.
    days: u32,
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Its network interfaces, with the days whose logs were read.
    interfaces: Vec<LoggedInterface>,
    /// Who was let through: whoever was seen last first.
    rows: Vec<TalkRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many others ask it.
    asks_it: u64,
    /// How many others it asks.
    is_asked: u64,
    /// How many others were only ever rejected.
    rejected: u64,
    /// What is not known for want of logs.
    unknown: Vec<String>,
    /// The scan that names and addresses are as of.
    as_of: NetworkAsOf,
}

/// What breaks if one thing is isolated
///
/// By the flow logs that were imported: who asked it, and whom it asked. Where no log covers it, the answer says that this is not known.
#[utoipa::path(get, path = "/isolation", tag = "paths", operation_id = "isolation", params(IsolationQuery),
    responses(
        (status = 200, description = "The answer", body = IsolationAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn isolation(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<IsolationQuery>,
) -> Result<Json<IsolationAnswer>, Problem> {
    let of = needed("of", query.of)?;
    let page = Page::read(query.cursor, query.limit)?;
    let days = query.days.unwrap_or(flows::DAYS);
    if days == 0 || days > flows::DAYS_MAX {
        let words = format!("`days` is 1 to {}", flows::DAYS_MAX);
        return Err(Problem::new(Code::InvalidParameter, words));
    }
    let snapshot = intruding::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot), visible).await?;
    let (store, now, handle) = (state.store.for_questions(), state.now(), Handle::current());
    permitting::ask(&state, move || {
        let taken = sight.walk()?.taken(&of).map_err(|error| sight.refused(error))?;
        let known = (&**snapshot.network.network(), &*snapshot.network.directory);
        let found = handle.block_on(flows::isolation(&store, known, &taken.id, (days, now)))?;
        let total = found.talks.len();
        let of_way = |way: Way| found.talks.iter().filter(|talk| talk.way == way).count() as u64;
        Ok(Json(IsolationAnswer {
            cover: found.cover.into(),
            days: found.days,
            since: found.since,
            asks_it: of_way(Way::AsksIt),
            is_asked: of_way(Way::IsAsked),
            interfaces: found.interfaces.iter().map(LoggedInterface::of).collect(),
            rows: page.cut(found.talks).into_iter().map(|talk| TalkRow::of(&talk, &sight)).collect(),
            total: total as u64,
            next: page.next(total),
            rejected: found.rejected,
            unknown: found.unknown.iter().map(|line| sight.network.told(line)).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

impl LoggedInterface {
    fn of(one: &Covered) -> Self {
        Self {
            interface: one.interface.clone(),
            days: one.days,
            first: one.first,
            last: one.last,
            logs: one.logs.iter().map(|log| log.id.clone()).collect(),
        }
    }
}

impl TalkRow {
    fn of(talk: &Talk, sight: &Sight) -> Self {
        Self {
            way: talk.way.into(),
            protocol: talk.protocol.clone(),
            port: talk.port,
            told_by: talk.told_by.into(),
            answered: talk.answered,
            bytes: talk.volume.bytes,
            packets: talk.volume.packets,
            days: talk.days,
            first_seen: talk.first,
            last_seen: talk.last,
            other: TalkEnd::of(talk, sight),
        }
    }
}

impl TalkEnd {
    fn of(talk: &Talk, sight: &Sight) -> Self {
        let addresses = talk.addresses.iter().map(|at| sight.network.told(&at.to_string())).collect();
        let of = |kind, uid, name, why| Self {
            kind,
            uid,
            name,
            resource_type: talk.resource_type.clone(),
            account: talk.account.clone(),
            owner: talk.owner.clone(),
            purpose: talk.purpose.clone(),
            addresses,
            address_count: talk.address_count,
            why,
            withheld: false,
        };
        match &talk.other {
            Whose::Resource { uid } if sight.sees_id(uid) => {
                of(TalkEndKind::Resource, Some(uid.clone()), talk.name.clone(), None)
            }
            Whose::Interface { id } if sight.network.sees(id) => {
                of(TalkEndKind::Interface, None, Some(id.clone()), None)
            }
            Whose::Internet => of(TalkEndKind::Internet, None, None, None),
            Whose::Unknown { why, .. } => of(TalkEndKind::Unknown, None, None, Some(sight.network.told(why))),
            other => Self::withheld(if matches!(other, Whose::Resource { .. }) {
                TalkEndKind::Resource
            } else {
                TalkEndKind::Interface
            }),
        }
    }

    /// One that may not be seen.
    fn withheld(kind: TalkEndKind) -> Self {
        Self {
            kind,
            uid: None,
            name: None,
            resource_type: None,
            account: None,
            owner: None,
            purpose: None,
            addresses: Vec::new(),
            address_count: 0,
            why: None,
            withheld: true,
        }
    }
}
