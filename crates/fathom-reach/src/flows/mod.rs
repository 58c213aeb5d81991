//! What breaks if a thing is isolated: who was seen talking to it, and to whom it was seen talking, by the logs of flows that were
//! imported.
//!
//! **Invariant:** where no log covers a day of an interface, that is told beside the answer. No flow is no proof that nobody talks.

mod cover;
mod ends;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use fathom_model::{Explanation, Part, Timestamp, Uid};
use fathom_net::{Network, Place, trace};
use fathom_store::{Day, Flow, FlowQuery, Store, StoreError, ToldBy, Volume};
use serde::Serialize;

pub use cover::{Cover, Covered, FlowLog};
pub use ends::{Ends, Whose};

use crate::Directory;

/// Days that are looked back where nobody says.
pub const DAYS: u32 = 30;
/// The most days.
pub const DAYS_MAX: u32 = 3_650;
/// Addresses of an end that are named.
const ADDRESSES: usize = 5;

/// Which way something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The other asks it.
    AsksIt,
    /// It asks the other.
    IsAsked,
    /// One of the two asks; the log does not tell which.
    Either,
    /// The other sends through it.
    Through,
}

impl Way {
    /// The word used in tables and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::AsksIt => "asks it",
            Self::IsAsked => "is asked",
            Self::Either => "talks with it",
            Self::Through => "sends through it",
        }
    }
}

/// One that talks with a thing, and on which port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Talk {
    /// Which way.
    pub way: Way,
    /// The other end.
    pub other: Whose,
    /// What people call it.
    pub name: Option<String>,
    /// Its type.
    pub resource_type: Option<String>,
    /// Its account.
    pub account: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// Its addresses in the logs, the first of them.
    pub addresses: Vec<IpAddr>,
    /// How many there are.
    pub address_count: u64,
    /// The protocol, as people say it.
    pub protocol: String,
    /// The port that is asked; none where the protocol has none.
    pub port: Option<u16>,
    /// How it is known who asked.
    pub told_by: ToldBy,
    /// Whether anything came back.
    pub answered: bool,
    /// What it and the other sent.
    pub volume: Volume,
    /// On how many days.
    pub days: u32,
    /// The begin of the first record.
    pub first: Timestamp,
    /// The end of the last one.
    pub last: Timestamp,
}

/// What breaks if a thing is isolated, as far as logs tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Isolation {
    /// How far logs cover it.
    pub cover: Cover,
    /// How many whole days were looked back.
    pub days: u32,
    /// From when on.
    pub since: Timestamp,
    /// Its interfaces, with the days whose logs were read.
    pub interfaces: Vec<Covered>,
    /// Who was let through: whoever was seen last first.
    pub talks: Vec<Talk>,
    /// How many others were only ever rejected: nothing breaks for them.
    pub rejected: u64,
    /// What is not known for want of logs.
    pub unknown: Vec<String>,
}

/// What the flows of one pair on one port come to.
#[derive(Debug, Clone)]
struct Sum {
    addresses: BTreeSet<IpAddr>,
    days: BTreeSet<Day>,
    told_by: ToldBy,
    there: Volume,
    back: Volume,
    first: Timestamp,
    last: Timestamp,
}

type Key = (Way, Whose, u8, u16);

/// What breaks if a thing is isolated.
///
/// `of` is its ARN, or how the network calls it; `days` are looked back from `now`.
///
/// # Errors
/// When the store fails.
pub async fn isolation(
    store: &Store,
    (network, directory): (&Network, &Directory),
    of: &str,
    (days, now): (u32, Timestamp),
) -> Result<Isolation, StoreError> {
    let today = Day::of(now);
    let since = Day(today.0.saturating_sub(days.clamp(1, DAYS_MAX) as i32));
    let mut found = Isolation {
        cover: Cover::None,
        days,
        since: since.begins(),
        interfaces: Vec::new(),
        talks: Vec::new(),
        rejected: 0,
        unknown: Vec::new(),
    };
    let own = match interfaces(network, of) {
        Ok(own) => own,
        Err(why) => {
            found.unknown.push(why);
            return Ok(found);
        }
    };
    let ids: Vec<String> = own.iter().map(|number| network.interfaces.id(*number).to_owned()).collect();
    let logs = cover::Logs::load(store).await?;
    let read = store.flow_days(&ids, Some(since)).await?;
    found.interfaces = cover::covered(network, &logs, &read, &own, (since, today));
    (found.cover, found.unknown) = cover::judge(network, &logs, &found.interfaces, days);
    let query = FlowQuery { interfaces: ids, addresses: addresses(network, &own), since: Some(since) };
    let flows = store.flows(&query).await?;
    if flows.cut {
        found.unknown.push("there are more flows than one question is answered with".to_owned());
        found.cover = found.cover.min(Cover::Part);
    }
    let ends = Ends::new(network, directory);
    let (accepted, rejected) = sums(&ends, &found.interfaces, &own, &flows.rows);
    found.rejected = rejected;
    for (key, sum) in accepted {
        found.talks.push(talk(&ends, key, &sum));
    }
    let key = |one: &Talk| (std::cmp::Reverse(one.last), std::cmp::Reverse(one.volume.bytes));
    found.talks.sort_by(|one, other| key(one).cmp(&key(other)).then_with(|| one.other.cmp(&other.other)));
    explain(store, &mut found.talks).await?;
    Ok(found)
}

/// The interfaces of a thing, by number.
///
/// # Errors
/// Why none is known, in words.
pub fn interfaces(network: &Network, of: &str) -> Result<Vec<u32>, String> {
    let numbers = |ids: &[String]| ids.iter().filter_map(|id| network.interfaces.number(id)).collect();
    let found: Vec<u32> = match trace::find(network, of) {
        Ok(Place::Interface(number) | Place::Holder(number, _)) => vec![number],
        Ok(Place::Instance(id)) => network.interfaces_of(&id),
        Ok(Place::Balancer(arn)) => trace::interfaces_of_balancer(network, &arn),
        Ok(Place::Endpoint(id)) => {
            network.endpoints.get(&id).map(|one| numbers(&one.interfaces)).unwrap_or_default()
        }
        Err(why) if why.contains("no network interface") => return Err(why),
        Ok(Place::Internet | Place::Address(_) | Place::Beyond(..)) | Err(_) => Vec::new(),
    };
    if found.is_empty() {
        return Err(
            "it has no network interface that a scan saw: flow logs do not tell who uses it".to_owned()
        );
    }
    Ok(found)
}

/// All addresses of some interfaces.
fn addresses(network: &Network, interfaces: &[u32]) -> Vec<IpAddr> {
    let own = interfaces.iter().filter_map(|number| network.interfaces.at(*number));
    own.flat_map(|one| one.addresses.iter().flat_map(|at| std::iter::once(at.address).chain(at.public)))
        .collect()
}

/// Adds up the flows that something has a part in, and counts with how many others it was only ever rejected.
fn sums(ends: &Ends<'_>, covered: &[Covered], own: &[u32], flows: &[Flow]) -> (BTreeMap<Key, Sum>, u64) {
    let mut accepted: BTreeMap<Key, Sum> = BTreeMap::new();
    let mut rejected: BTreeSet<Key> = BTreeSet::new();
    let mine = |held: &ends::Held| held.as_ref().is_ok_and(|number| own.contains(number));
    for flow in flows {
        let at = |address| ends.holder(&flow.interface, address);
        let (client, server) = (at(flow.client), at(flow.server));
        let is_own_log =
            ends.network().interfaces.number(&flow.interface).is_some_and(|one| own.contains(&one));
        let (way, other, address) = match (mine(&client), mine(&server)) {
            (false, true) => (Way::AsksIt, client, flow.client),
            (true, false) => (Way::IsAsked, server.clone(), flow.server),
            (false, false) if is_own_log => (Way::Through, client, flow.client),
            // What it says to itself nobody else misses.
            (true, true) | (false, false) => continue,
        };
        // Where its own log covers the day, the log of the other end says the same again.
        let part = if way == Way::AsksIt { server } else { at(flow.client) };
        if !is_own_log && part.is_ok_and(|number| is_covered(ends, covered, number, flow.day)) {
            continue;
        }
        let whose = match other {
            Ok(number) => ends.of_interface(number),
            Err(whose) => whose,
        };
        let way = if flow.told_by == ToldBy::Nothing && way != Way::Through { Way::Either } else { way };
        let key = (way, whose, flow.protocol, flow.port);
        if !flow.accepted {
            rejected.insert(key);
            continue;
        }
        let sum = accepted.entry(key).or_insert_with(|| Sum {
            addresses: BTreeSet::new(),
            days: BTreeSet::new(),
            told_by: flow.told_by,
            there: Volume::default(),
            back: Volume::default(),
            first: flow.first,
            last: flow.last,
        });
        sum.addresses.insert(address);
        sum.days.insert(flow.day);
        sum.told_by = sum.told_by.max(flow.told_by);
        sum.there = sum.there.plus(flow.to_server);
        sum.back = sum.back.plus(flow.to_client);
        sum.first = sum.first.min(flow.first);
        sum.last = sum.last.max(flow.last);
    }
    let only = rejected.iter().filter(|key| !accepted.contains_key(key)).count() as u64;
    (accepted, only)
}

fn is_covered(ends: &Ends<'_>, covered: &[Covered], number: u32, day: Day) -> bool {
    let id = ends.network().interfaces.id(number);
    covered.iter().any(|one| one.interface == id && one.on.contains(&day))
}

fn talk(ends: &Ends<'_>, (way, other, protocol, port): Key, sum: &Sum) -> Talk {
    let protocol = fathom_net::Protocol(protocol);
    let known = match &other {
        Whose::Resource { uid } => ends.named(uid),
        _ => None,
    };
    Talk {
        way,
        name: known.and_then(|one| one.name.clone()),
        resource_type: known.map(|one| one.kind.as_str().to_owned()),
        account: known.map(|one| one.account.as_str().to_owned()),
        owner: None,
        purpose: None,
        addresses: sum.addresses.iter().take(ADDRESSES).copied().collect(),
        address_count: sum.addresses.len() as u64,
        protocol: protocol.to_string(),
        port: (port > 0).then_some(port),
        told_by: sum.told_by,
        answered: sum.back.packets > 0 && sum.there.packets > 0,
        volume: sum.there.plus(sum.back),
        days: sum.days.len() as u32,
        first: sum.first,
        last: sum.last,
        other,
    }
}

/// Says who answers for the others, and what they are for.
async fn explain(store: &Store, talks: &mut [Talk]) -> Result<(), StoreError> {
    let mut said: BTreeMap<String, Explanation> = BTreeMap::new();
    for talk in talks {
        let Whose::Resource { uid } = &talk.other else { continue };
        if !said.contains_key(uid) {
            let statements = store.statements(&Uid::new(uid)).await?;
            said.insert(uid.clone(), Explanation { statements });
        }
        let value = |part| said.get(uid).and_then(|one| one.value(part)).map(ToOwned::to_owned);
        (talk.owner, talk.purpose) = (value(Part::Owner), value(Part::Purpose));
    }
    Ok(())
}
