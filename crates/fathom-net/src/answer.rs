//! What is answered: yes, only if, no or unknown, with every hop.

use std::fmt;

use serde::Serialize;

use crate::traffic::Ports;

/// Whether it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is not.
    No,
    /// What it depends on was not read.
    Unknown,
    /// For some packets of this form, or if something holds that no document says.
    OnlyIf,
    /// It is.
    Yes,
}

impl Verdict {
    /// The word for it in JSON and SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::OnlyIf => "only_if",
            Self::Yes => "yes",
        }
    }
}

/// Where a packet ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
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

/// The way of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// From the client to the server.
    There,
    /// The answer.
    Back,
}

/// What a hop did with the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
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

/// Why a packet is held up. The words are those of AWS's Reachability Analyzer ("explanation codes") where it has one; the last
/// ones are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's words: its guide says what each means")]
pub enum Code {
    BadState,
    BadStateAttachment,
    BadStateRoute,
    ElbNotCrosszone,
    Elbv2ListenerHasNoTg,
    Elbv2ListenersMismatch,
    Elbv2ListenerRequiresTgAccept,
    EniSgRulesMismatch,
    EniSourceDestCheckRestriction,
    FirewallRulesRestriction,
    GatewayRejectsSpoofedTraffic,
    #[serde(rename = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS")]
    IgwDestinationAddressNotInRfc1918Egress,
    IgwPrivateIpAssociationForIngress,
    IgwPublicIpAssociationForEgress,
    IngressRtbTrafficRedirection,
    NgwRequiresSourceInVpc,
    NoPossibleDestination,
    NoRouteToDestination,
    PcxRequiresAddressInVpcCidr,
    ProtocolRestriction,
    SgHasNoRules,
    SgReferencesNotPreserved,
    SgReferencingSupport,
    SubnetAclRestriction,
    TgwAttachMissingTgwRtbAssociation,
    TgwRouteAzRestriction,
    TgwRtbBadStateRoute,
    TgwRtbNoRouteToTgwAttachment,
    TgwRtbRoutesAreUnknown,
    UnknownDestination,
    UnknownPeeredSgs,
    UnknownResource,
    VgwPrivateIpAssociationForIngress,
    VpcBlockPublicAccessEnabled,
    #[serde(rename = "VPCE_GATEWAY_PROTOCOL_RESTRICTION")]
    VpceGatewayProtocolRestriction,
    EgressOnly,
    NatTakesNoConnections,
    OtherDestination,
    ReturnPathMismatch,
    RoutingLoop,
    UnsupportedComponent,
}

impl Code {
    /// The word, as AWS writes it.
    pub fn word(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|word| word.as_str().map(ToOwned::to_owned))
            .unwrap_or_default()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word())
    }
}

/// A place that a packet passed, or where it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// On which way.
    pub leg: Leg,
    /// What kind of place: `security_group`, `network_acl`, `route_table` and so on.
    pub component: &'static str,
    /// Its id.
    pub id: String,
    /// What it did.
    pub says: Says,
    /// Why it holds the packet up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The rule, route or exchange, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Whether it is reached.
    pub verdict: Verdict,
    /// Where the packet ended.
    pub disposition: Disposition,
    /// The packet in words: from which address to which, what.
    pub packet: String,
    /// Each hop, there and back.
    pub hops: Vec<Hop>,
    /// What must hold for it, where the verdict is [`Verdict::OnlyIf`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What was not read, where the verdict is [`Verdict::Unknown`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was taken to be so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
    /// The client's ports that get an answer, where not all of them do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ports: Option<Ports>,
}

impl Answer {
    /// That there is nothing to walk.
    pub(crate) fn nothing(why: &str) -> Self {
        let hop = Hop {
            leg: Leg::There,
            component: "network",
            id: String::new(),
            says: Says::Blocked,
            code: Some(Code::NoPossibleDestination),
            rule: why.to_owned(),
        };
        Self {
            verdict: Verdict::No,
            disposition: Disposition::NoRoute,
            packet: String::new(),
            hops: vec![hop],
            conditions: Vec::new(),
            missing: Vec::new(),
            assumptions: Vec::new(),
            client_ports: None,
        }
    }

    /// The hop that held the packet up.
    pub fn blocked_by(&self) -> Option<&Hop> {
        self.hops.iter().rfind(|hop| matches!(hop.says, Says::Blocked | Says::Unknown))
    }
}

/// The best of several answers; of equals the first.
#[derive(Debug, Default)]
pub(crate) struct Best(Option<Answer>);

impl Best {
    /// Takes in one more.
    pub(crate) fn take(&mut self, answer: Answer) {
        if self.0.as_ref().is_none_or(|best| answer.verdict > best.verdict) {
            self.0 = Some(answer);
        }
    }

    /// Whether no other can be better.
    pub(crate) fn is_sure(&self) -> bool {
        self.0.as_ref().is_some_and(|best| best.verdict == Verdict::Yes)
    }

    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The best, or why there is none.
    pub(crate) fn or_nothing(self, why: &str) -> Answer {
        self.0.unwrap_or_else(|| Answer::nothing(why))
    }
}
