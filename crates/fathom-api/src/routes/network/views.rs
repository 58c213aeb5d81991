//! Answers of the engine as the document describes them.

use fathom_net::{Disposition, Leg, Says, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sight::Sight;
use crate::views::mirrored;

mirrored! {
    /// Whether it is reached.
    enum NetworkVerdict of Verdict {
        /// It is not.
        No,
        /// What it depends on was not read.
        Unknown,
        /// For some packets of this form, or if something holds that no document says.
        OnlyIf,
        /// It is.
        Yes,
    }
}

mirrored! {
    /// Where a packet ended.
    enum PacketEnd of Disposition {
        /// The destination has it, and the client its answer.
        Accepted,
        /// A rule for what comes in lets it not pass.
        DeniedIn,
        /// A rule for what goes out lets it not pass.
        DeniedOut,
        /// Nothing leads there.
        NoRoute,
        /// A route drops it.
        NullRouted,
        /// It left for the internet, for a network elsewhere or for a service of the provider, and its answer came back.
        ExitsNetwork,
        /// What decides was not read.
        Unknown,
    }
}

mirrored! {
    /// The way of a packet.
    enum PacketLeg of Leg {
        /// From the client to the server.
        There,
        /// The answer.
        Back,
    }
}

mirrored! {
    /// What a hop did with the packet.
    enum HopSays of Says {
        /// A rule lets it pass.
        Allowed,
        /// A rule, or that there is none, lets it not pass.
        Blocked,
        /// It is sent on.
        Forwarded,
        /// An address is exchanged.
        Translated,
        /// It is at its end.
        Delivered,
        /// It is not known.
        Unknown,
    }
}

/// What kind of place an end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlaceKind {
    /// Anybody there.
    Internet,
    /// An address; with an id, that of the interface which has it.
    Address,
    /// A network interface, with all its addresses.
    NetworkInterface,
    /// A server, with all its interfaces.
    Instance,
    /// A load balancer.
    LoadBalancer,
    /// An endpoint with interfaces.
    VpcEndpoint,
    /// An address behind a gateway.
    Beyond,
}

/// One end of a question.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PlaceView {
    /// As it was asked for.
    pub(super) text: String,
    /// What kind of place it is.
    pub(super) kind: PlaceKind,
    /// Its id; null for the internet, and for addresses that nothing has that was seen.
    pub(super) id: Option<String>,
    /// Its resource.
    pub(super) uid: Option<String>,
    /// The type of that.
    pub(super) resource_type: Option<String>,
    /// What people call it.
    pub(super) name: Option<String>,
}

/// The server that an interface belongs to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ServerView {
    /// Its id.
    pub(super) id: String,
    /// Its resource; null where no scan saw it.
    pub(super) uid: Option<String>,
    /// What people call it.
    pub(super) name: Option<String>,
}

impl ServerView {
    /// The server of an id, where it may be seen.
    pub(super) fn of(id: &str, sight: &Sight) -> Option<Self> {
        let known = sight.known(id);
        let view = Self {
            id: id.to_owned(),
            uid: known.map(|one| one.uid.to_string()),
            name: known.and_then(|one| one.name.clone()),
        };
        sight.sees(id).then_some(view)
    }
}

/// A place that a packet passed, or where it ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PacketHop {
    /// On which way.
    pub(super) leg: PacketLeg,
    /// What kind of place: `security_group`, `network_acl`, `route_table` and so on; `withheld` where the caller may not
    /// see what lies there.
    pub(super) component: String,
    /// Its id; empty for what has none.
    pub(super) id: String,
    /// Its resource; null where no scan saw one.
    pub(super) uid: Option<String>,
    /// The type of that.
    pub(super) resource_type: Option<String>,
    /// What people call it.
    pub(super) name: Option<String>,
    /// What it did.
    pub(super) says: HopSays,
    /// Why it holds the packet up, in the words of AWS's Reachability Analyzer.
    pub(super) code: Option<String>,
    /// The rule, route or exchange, in words; empty where there is none.
    pub(super) rule: String,
    /// Whether it stands for one or several places that the caller may not see.
    pub(in crate::routes) withheld: bool,
}

/// What becomes of a packet, and of its answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PathView {
    /// Whether the server is reached.
    pub(super) verdict: NetworkVerdict,
    /// Where the packet ended.
    pub(super) disposition: PacketEnd,
    /// The packet in words: from which address to which, what. Empty where there is nothing to walk.
    pub(super) packet: String,
    /// Each hop, there and back; behind a load balancer both again, to the target.
    pub(super) hops: Vec<PacketHop>,
    /// Which of them held the packet up, from 0; null where it was not held up.
    pub(super) decides: Option<u64>,
    /// What must hold for it, where the verdict is `only_if`.
    pub(super) conditions: Vec<String>,
    /// What was not read, where the verdict is `unknown`.
    pub(super) missing: Vec<String>,
    /// What was taken to be so.
    pub(super) assumptions: Vec<String>,
    /// The client's ports that get an answer, `1024-2047, 3000`; null where all of them do.
    pub(super) client_ports: Option<String>,
}

/// What is answered of a range of ports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PortsView {
    /// The first port; null for protocols without.
    pub(super) first: Option<u16>,
    /// The last port; null for protocols without.
    pub(super) last: Option<u16>,
    /// The answer, which is the same for all of them.
    #[serde(flatten)]
    pub(super) path: PathView,
}
