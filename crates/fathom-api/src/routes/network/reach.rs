//! Whether one end reaches another, with the rule of each hop.

use axum::{Json, extract::State};
use fathom_net::{Question, Traffic, ask, trace};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NetworkAsOf, protocol, sight, traffic,
    views::{PlaceView, PortsView},
};
use crate::{
    access::Visible,
    extract::Query,
    permitting,
    problem::{Problem, ProblemView},
    routes::permissions::needed,
    state::ApiState,
};

/// Ranges of ports that are told.
const RANGES_MAX: usize = 500;

/// From where to where, with what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReachQuery {
    /// Who reaches: `internet`, an address (`10.1.2.3`, in a VPC `10.1.2.3@vpc-…`, behind a gateway `@vgw-…` or
    /// `@tgw-attach-…`), or the id or ARN of a network interface, a server, a load balancer or an endpoint.
    #[param(required = true)]
    from: Option<String>,
    /// What is reached, written in the same way.
    #[param(required = true)]
    to: Option<String>,
    /// `tcp`, `udp`, `icmp` (an echo), `icmpv6`, or a number.
    #[param(default = "tcp")]
    protocol: Option<String>,
    /// The port, of TCP and UDP; all ports where it is left out, as ranges.
    port: Option<u16>,
}

/// Whether one end reaches the other.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReachAnswer {
    /// Who reaches.
    from: PlaceView,
    /// What is reached.
    to: PlaceView,
    /// The protocol.
    protocol: String,
    /// The port that was asked for.
    port: Option<u16>,
    /// The answer for the port, or one for each range of ports that is answered alike, in order.
    answers: Vec<PortsView>,
    /// How many ranges there are; those beyond the first 500 are not told.
    total: u64,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// Whether one end reaches another over the network, and which rule decides
#[utoipa::path(get, path = "/network/reach", tag = "network", operation_id = "network_reach", params(ReachQuery),
    responses(
        (status = 200, description = "The answer", body = ReachAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn reach(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ReachQuery>,
) -> Result<Json<ReachAnswer>, Problem> {
    let (from, to) = (needed("from", query.from)?, needed("to", query.to)?);
    let protocol = protocol(query.protocol.as_deref())?;
    let one: Option<Traffic> = match query.port {
        None if protocol.has_ports() => None,
        port => Some(traffic(protocol, port)?),
    };
    let (snapshot, sight) = sight(&state, visible).await?;
    permitting::ask(&state, move || {
        let network = snapshot.network();
        let (client, server) = (sight.place(&from)?, sight.place(&to)?);
        let (from, to) = (sight.place_view(&from, &client), sight.place_view(&to, &server));
        let mut total = 1;
        let answers = if let Some(traffic) = one {
            let answer = ask(network, &Question::new(client, server, traffic));
            vec![PortsView { first: query.port, last: query.port, path: sight.path(&answer) }]
        } else {
            let found = trace::ports(network, &client, &server, protocol);
            total = found.len() as u64;
            let view = |one: &trace::PortAnswer| PortsView {
                first: Some(one.first),
                last: Some(one.last),
                path: sight.path(&one.answer),
            };
            found.iter().take(RANGES_MAX).map(view).collect()
        };
        let as_of = NetworkAsOf::of(&snapshot);
        Ok(Json(ReachAnswer {
            from,
            to,
            protocol: protocol.to_string(),
            port: query.port,
            answers,
            total,
            as_of,
        }))
    })
    .await
}
