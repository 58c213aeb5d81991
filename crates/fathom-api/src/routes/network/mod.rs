//! What reaches what over the network: the questions of the command line, over what the last scan left.

mod around;
mod exposed;
mod reach;
mod sight;
mod unauthenticated;
mod views;
mod web_firewall;

use std::sync::Arc;

use fathom_model::{Scan, Timestamp};
use fathom_net::{Network, Protocol, Traffic};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use around::{__path_what_reaches, __path_who_reaches, what_reaches, who_reaches};
pub(crate) use exposed::{__path_exposed, exposed};
pub(in crate::routes) use exposed::{ExposedCount, counted};
pub(crate) use reach::{__path_reach, reach};
pub(crate) use unauthenticated::{__path_unauthenticated, unauthenticated};
pub(crate) use web_firewall::{__path_web_firewall, web_firewall};

use crate::{access::Visible, problem::Problem, reaching, reaching::Snapshot, state::ApiState};
pub(in crate::routes) use sight::Sight;
pub(crate) use views::PacketHop;

/// Lists that were not read and are named; the count is of all.
const NOT_READ_MAX: usize = 200;

/// The scan that the network is as of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NetworkAsOf {
    /// The scan that ended last.
    scan: i64,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl NetworkAsOf {
    pub(in crate::routes) fn of(snapshot: &Snapshot) -> Self {
        Self::of_scan(&snapshot.scan)
    }

    /// As of a scan.
    pub(in crate::routes) fn of_scan(scan: &Scan) -> Self {
        Self { scan: scan.id, finished_at: scan.finished_at }
    }
}

/// The network, before the eyes of who asks.
async fn sight(state: &ApiState, visible: Visible) -> Result<(Arc<Snapshot>, Sight), Problem> {
    let snapshot = reaching::snapshot(state).await?;
    let sight = Sight::of(state, Arc::clone(&snapshot), visible).await?;
    Ok((snapshot, sight))
}

/// The protocol that a parameter names; TCP where none is.
fn protocol(text: Option<&str>) -> Result<Protocol, Problem> {
    text.unwrap_or("tcp").trim().parse().map_err(|words: String| Problem::parameter("protocol", words))
}

/// What is sent, with a port where the protocol has any.
fn traffic(protocol: Protocol, port: Option<u16>) -> Result<Traffic, Problem> {
    match port {
        Some(_) if !protocol.has_ports() => {
            Err(Problem::parameter("port", format!("{protocol} has no ports; leave `port` out")))
        }
        None if protocol.has_ports() => {
            Err(Problem::parameter("port", format!("`port` is needed for {protocol}")))
        }
        port => Ok(Traffic::of(protocol, port.unwrap_or_default())),
    }
}

/// Lists that were not read, of the accounts that may be seen; how many there are, and the first of them.
fn not_read(network: &Network, sight: &Sight) -> (u64, Vec<String>) {
    let seen = network
        .unlisted
        .iter()
        .filter(|one| one.at.account.is_empty() || sight.sees_account(&one.at.account));
    let told = |one: &fathom_net::model::Unlisted| {
        format!("{} of {} in {}: {}", one.kind, one.at.account, one.at.region, one.why)
    };
    let mut all: Vec<String> = seen.map(told).collect();
    let count = all.len() as u64;
    all.truncate(NOT_READ_MAX);
    (count, all)
}
