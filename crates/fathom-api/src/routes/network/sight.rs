//! What of an answer about the network somebody may see.
//!
//! Packets pass what belongs to others. Whoever sees a part of the estate is told the answer between two ends that are
//! within it, and of the way only what is: the rest is withheld, in hops and in words.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use fathom_model::{AccountId, Uid};
use fathom_net::{Answer, Hop, Place, Verdict, trace};
use fathom_reach::Named;
use fathom_store::Owners;

use super::views::{HopSays, PacketHop, PathView, PlaceKind, PlaceView};
use crate::{
    access::Visible,
    extract::shown,
    problem::{Code, Problem},
    reaching::Snapshot,
    state::ApiState,
};

/// What stands in the place of what may not be seen.
const WITHHELD: &str = "[not for you to see]";
/// What stands for conditions on it.
const DEPENDS: &str = "it depends on a part of the estate that you may not see";
/// What stands for all that was not read of it.
const MORE_OUTSIDE: &str = "what was not read outside your scope";
/// How long the number of an account is.
const ACCOUNT_CHARS: usize = 12;

/// One who asks, before one network.
pub(in crate::routes) struct Sight {
    snapshot: Arc<Snapshot>,
    visible: Visible,
    /// Who answers for what; none for who sees everything.
    owners: Option<Owners>,
    accounts: OnceLock<HashSet<AccountId>>,
}

impl Sight {
    pub(in crate::routes) async fn of(
        state: &ApiState,
        snapshot: Arc<Snapshot>,
        visible: Visible,
    ) -> Result<Self, Problem> {
        let owners = if visible.is_all() { None } else { Some(state.store.owners().await?) };
        Ok(Self { snapshot, visible, owners, accounts: OnceLock::new() })
    }

    pub(in crate::routes) fn is_all(&self) -> bool {
        self.owners.is_none()
    }

    fn sees_one(&self, one: &Named) -> bool {
        self.sees_resource(&one.account, &one.uid)
    }

    /// Whether a resource of an account may be seen, whatever its type.
    pub(in crate::routes) fn sees_resource(&self, account: &AccountId, uid: &Uid) -> bool {
        let owners = self.owners.as_ref();
        owners.is_none_or(|owners| self.visible.scope().sees(account, owners.of(uid)))
    }

    /// The resource that an id means, where it may be seen.
    pub(in crate::routes) fn known(&self, id: &str) -> Option<&Named> {
        self.snapshot.directory.of(id).find(|one| self.sees_one(one))
    }

    /// Whether what an id means may be seen. Nobody who is limited sees what is not known.
    pub(in crate::routes) fn sees(&self, id: &str) -> bool {
        self.is_all() || self.known(id).is_some()
    }

    /// Whether an account has something of the network that may be seen.
    pub(in crate::routes) fn sees_account(&self, account: &str) -> bool {
        let of_resources = || -> HashSet<AccountId> {
            let seen = self.snapshot.directory.iter().filter(|one| self.sees_one(one));
            seen.map(|one| one.account.clone()).collect()
        };
        match &self.visible.scope().accounts {
            _ if self.is_all() => true,
            Some(own) if self.visible.scope().teams.is_none() => own.contains(&AccountId::from(account)),
            _ => self.accounts.get_or_init(of_resources).contains(&AccountId::from(account)),
        }
    }

    /// The place that a text means. What may not be seen is not there.
    pub(super) fn place(&self, text: &str) -> Result<Place, Problem> {
        let found = trace::find(self.snapshot.network(), text);
        if self.is_all() {
            return found.map_err(|words| Problem::new(Code::NotFound, words));
        }
        found.ok().filter(|place| self.sees_place(place)).ok_or_else(|| {
            let words = format!("nothing that you may see is called `{}`", shown(text));
            Problem::new(Code::NotFound, words).hint(
                "write `internet`, an address, or the id or ARN of what you may see; where several networks have an address, \
                 10.1.2.3@vpc-…",
            )
        })
    }

    fn sees_place(&self, place: &Place) -> bool {
        let network = self.snapshot.network();
        match place {
            Place::Internet => true,
            // A private address of nobody is told no more of than one of somebody else; a public one is anybody's.
            Place::Address(at) => fathom_net::address::is_public(*at),
            Place::Holder(number, _) | Place::Interface(number) => self.sees(network.interfaces.id(*number)),
            Place::Instance(id) | Place::Balancer(id) | Place::Endpoint(id) | Place::Beyond(id, _) => {
                self.sees(id)
            }
        }
    }

    /// A place as answers name it.
    pub(super) fn place_view(&self, text: &str, place: &Place) -> PlaceView {
        let network = self.snapshot.network();
        let (kind, id) = match place {
            Place::Internet => (PlaceKind::Internet, ""),
            Place::Address(_) => (PlaceKind::Address, ""),
            Place::Holder(number, _) => (PlaceKind::Address, network.interfaces.id(*number)),
            Place::Interface(number) => (PlaceKind::NetworkInterface, network.interfaces.id(*number)),
            Place::Instance(id) => (PlaceKind::Instance, id.as_str()),
            Place::Balancer(id) => (PlaceKind::LoadBalancer, id.as_str()),
            Place::Endpoint(id) => (PlaceKind::VpcEndpoint, id.as_str()),
            Place::Beyond(id, _) => (PlaceKind::Beyond, id.as_str()),
        };
        let known = self.known(id);
        PlaceView {
            text: text.to_owned(),
            kind,
            id: (!id.is_empty()).then(|| id.to_owned()),
            uid: known.map(|one| one.uid.to_string()),
            resource_type: known.map(|one| one.kind.to_string()),
            name: known.and_then(|one| one.name.clone()),
        }
    }

    /// An answer with its hops.
    pub(super) fn path(&self, answer: &Answer) -> PathView {
        let last = answer.hops.iter().rposition(|hop| is_held(hop) && answer.verdict < Verdict::OnlyIf);
        let (hops, decides) = self.walked(&answer.hops, last);
        let is_cut = hops.iter().any(|hop| hop.withheld);
        let told = |lines: &[String]| -> Vec<String> {
            match lines {
                [] => Vec::new(),
                _ if is_cut => vec![DEPENDS.to_owned()],
                lines => lines.iter().map(|line| self.told(line)).collect(),
            }
        };
        PathView {
            verdict: answer.verdict.into(),
            disposition: answer.disposition.into(),
            packet: self.told(&answer.packet),
            hops,
            decides,
            conditions: told(&answer.conditions),
            missing: told(&answer.missing),
            assumptions: if is_cut { Vec::new() } else { told(&answer.assumptions) },
            client_ports: answer.client_ports.as_ref().map(ToString::to_string),
        }
    }

    /// Hops as they are told, and where one of them stands then.
    fn walked(&self, all: &[Hop], wanted: Option<usize>) -> (Vec<PacketHop>, Option<u64>) {
        let mut hops: Vec<PacketHop> = Vec::new();
        let mut at_last = None;
        for (at, hop) in all.iter().enumerate() {
            let view = self.hop(hop);
            // How much lies in between is not told either.
            match hops.last_mut() {
                Some(before) if before.withheld && view.withheld && before.leg == view.leg => {
                    before.says = view.says;
                }
                _ => hops.push(view),
            }
            if wanted == Some(at) {
                at_last = Some(hops.len() as u64 - 1);
            }
        }
        (hops, at_last)
    }

    /// The hops of a packet.
    pub(in crate::routes) fn hops(&self, all: &[Hop]) -> Vec<PacketHop> {
        self.walked(all, None).0
    }

    fn hop(&self, hop: &Hop) -> PacketHop {
        let is_seen = hop.id.is_empty()
            || self.sees(&hop.id)
            || hop.id.parse().is_ok_and(|at: IpAddr| !self.hides_address(at));
        if !is_seen {
            // Which rule of somebody else decides is not told; that the packet ends there is.
            return PacketHop {
                leg: hop.leg.into(),
                component: "withheld".to_owned(),
                id: String::new(),
                uid: None,
                resource_type: None,
                name: None,
                says: if is_held(hop) { hop.says.into() } else { HopSays::Forwarded },
                code: None,
                rule: String::new(),
                withheld: true,
            };
        }
        let known = self.known(&hop.id);
        PacketHop {
            leg: hop.leg.into(),
            component: hop.component.to_owned(),
            id: hop.id.clone(),
            uid: known.map(|one| one.uid.to_string()),
            resource_type: known.map(|one| one.kind.to_string()),
            name: known.and_then(|one| one.name.clone()),
            says: hop.says.into(),
            code: hop.code.map(fathom_net::Code::word),
            rule: self.told(&hop.rule),
            withheld: false,
        }
    }

    /// A text without the ids, addresses and accounts that may not be seen.
    pub(in crate::routes) fn told(&self, text: &str) -> String {
        if self.is_all() {
            return text.to_owned();
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_:./@".contains(c);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| is_part(c) != is_part(first)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let core = word.trim_end_matches(['.', ':', '/']);
            if is_part(first) && self.hides(core) {
                out.push_str(WITHHELD);
                out.push_str(word.strip_prefix(core).unwrap_or_default());
            } else {
                out.push_str(word);
            }
            rest = after;
        }
        out
    }

    /// What was not read, as far as it is about accounts that may be seen and about nothing else; that there is more is told.
    pub(in crate::routes) fn gaps(&self, all: &[String]) -> Vec<String> {
        if self.is_all() {
            return all.to_vec();
        }
        let is_own = |line: &&String| {
            let words = line.split(|c: char| !c.is_ascii_digit());
            words.into_iter().any(|word| word.len() == ACCOUNT_CHARS && self.sees_account(word))
                && self.told(line) == **line
        };
        let mut own: Vec<String> = all.iter().filter(is_own).cloned().collect();
        if own.len() < all.len() {
            own.push(MORE_OUTSIDE.to_owned());
        }
        own
    }

    /// Whether a word, or a part of it, names what may not be seen.
    fn hides(&self, word: &str) -> bool {
        let hides = |part: &str| {
            let is_account = part.len() == ACCOUNT_CHARS && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_known = self.snapshot.directory.of(part).next().is_some();
            is_account && !self.sees_account(part)
                || is_known && !self.sees(part)
                || part.parse().is_ok_and(|at| self.hides_address(at))
        };
        hides(word) || word.split(['/', '@', ':']).any(hides)
    }

    /// Whether an address is of what may not be seen, and of nothing that may.
    fn hides_address(&self, at: IpAddr) -> bool {
        let network = self.snapshot.network();
        let mut holders = network.holders(at);
        holders.extend(network.behind_public(at).map(|(number, _)| number));
        !holders.is_empty() && !holders.iter().any(|number| self.sees(network.interfaces.id(*number)))
    }
}

/// Whether a packet ends there, or its way is lost.
fn is_held(hop: &Hop) -> bool {
    matches!(hop.says, fathom_net::Says::Blocked | fathom_net::Says::Unknown)
}
