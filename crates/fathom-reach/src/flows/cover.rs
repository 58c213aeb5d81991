//! Of which days the logs of an interface were read, and why of others they were not: where no log covers it, nobody knows what happened.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{Outcome, ResourceType, Timestamp};
use fathom_net::{Network, model::Whereabouts};
use fathom_store::{CoverageQuery, Day, FlowDay, Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde::Serialize;
use serde_json::Value;

/// What AWS writes a log of flows by.
const FLOW_LOG: &str = "AWS::EC2::FlowLog";
/// Interfaces that a line names.
const NAMED: usize = 3;

/// How far logs cover a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// Not at all: what it talks to is not known.
    None,
    /// Some days of some of its interfaces.
    Part,
    /// Every whole day of every interface of it.
    Whole,
}

impl Cover {
    /// The word used in tables and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Part => "part",
            Self::Whole => "whole",
        }
    }
}

/// Of which days the logs of an interface were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Its id.
    pub interface: String,
    /// Whole days of which there are records.
    pub days: u32,
    /// The begin of the first record; none where there is none.
    pub first: Option<Timestamp>,
    /// The end of the last one.
    pub last: Option<Timestamp>,
    /// Stretches of which AWS wrote nothing down.
    pub skipped: u64,
    /// Flows that were let go because there are more than are kept.
    pub gone: u64,
    /// The flow logs that AWS writes of it.
    pub logs: Vec<FlowLog>,
    #[serde(skip)]
    pub(super) on: BTreeSet<Day>,
}

/// A log that AWS writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowLog {
    /// Its id.
    pub id: String,
    /// The network, subnet or interface that it is of.
    pub of: String,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub traffic: String,
    /// Where it is written to.
    pub to: String,
    /// Whether it is written: it is switched on, and is delivered.
    pub works: bool,
}

/// What is known of the flow logs of the estate.
#[derive(Debug, Default)]
pub(super) struct Logs {
    all: Vec<FlowLog>,
    /// Why a list of them is not whole, by account and region; none where it was read.
    lists: BTreeMap<(String, String), Option<String>>,
}

impl Logs {
    /// Reads which logs AWS writes.
    pub(super) async fn load(store: &Store) -> Result<Self, StoreError> {
        let kind = ResourceType::from(FLOW_LOG);
        let mut logs = Self::default();
        let which = Which::of(&kind);
        let mut found = std::pin::pin!(store.stream_resources(&which, true));
        while let Some(chunk) = found.try_next().await? {
            logs.all.extend(
                chunk.iter().map(|stored| flow_log(&stored.resource.id, &stored.resource.document.value())),
            );
        }
        let query = CoverageQuery { kinds: vec![kind], limit: 1_000_000, ..CoverageQuery::default() };
        for row in store.coverage(&query).await? {
            let why = (row.outcome == Outcome::Unknown).then(|| crate::why(&row));
            let place = (row.account.as_str().to_owned(), row.region.as_str().to_owned());
            let known = logs.lists.entry(place).or_default();
            *known = known.take().or(why);
        }
        Ok(logs)
    }

    /// Those of an interface.
    fn of(&self, network: &Network, interface: &str) -> Vec<FlowLog> {
        let own = network.interfaces.get(interface);
        let is_of = |log: &&FlowLog| {
            log.of == interface || own.is_some_and(|one| log.of == one.subnet || log.of == one.vpc)
        };
        self.all.iter().filter(is_of).cloned().collect()
    }

    /// Why it is not known which there are; none where that is.
    fn unread(&self, at: &Whereabouts) -> Option<String> {
        match self.lists.get(&(at.account.clone(), at.region.clone())) {
            Some(why) => why.clone(),
            None => Some(format!("no scan asked for {FLOW_LOG} in {} of {}", at.region, at.account)),
        }
    }
}

fn flow_log(id: &str, document: &Value) -> FlowLog {
    let text = |member: &str| document.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let to = [text("LogDestination"), text("LogGroupName")].into_iter().find(|one| !one.is_empty());
    FlowLog {
        id: id.to_owned(),
        of: text("ResourceId"),
        traffic: text("TrafficType"),
        to: to.unwrap_or_default(),
        works: text("FlowLogStatus") == "ACTIVE" && text("DeliverLogsStatus") != "FAILED",
    }
}

/// Of which days the logs of some interfaces were read, between a day and a later one, which does not count.
pub(super) fn covered(
    network: &Network,
    logs: &Logs,
    read: &[FlowDay],
    interfaces: &[u32],
    (since, until): (Day, Day),
) -> Vec<Covered> {
    let mut all: Vec<Covered> = Vec::new();
    for number in interfaces {
        let id = network.interfaces.id(*number);
        let own: Vec<&FlowDay> = read.iter().filter(|day| day.interface == id && day.day >= since).collect();
        let on: BTreeSet<Day> = own.iter().filter(|day| day.records > 0).map(|day| day.day).collect();
        all.push(Covered {
            interface: id.to_owned(),
            days: on.range(since..until).count() as u32,
            first: own.iter().map(|day| day.first).min(),
            last: own.iter().map(|day| day.last).max(),
            skipped: own.iter().map(|day| day.skipped).sum(),
            gone: own.iter().map(|day| day.gone).sum(),
            logs: logs.of(network, id),
            on,
        });
    }
    all
}

/// How far that covers a thing, and what is not known for want of logs.
pub(super) fn judge(network: &Network, logs: &Logs, covered: &[Covered], days: u32) -> (Cover, Vec<String>) {
    let mut unknown: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut whole = !covered.is_empty();
    let mut any = false;
    for one in covered {
        let mut say = |words: String| {
            whole = false;
            unknown.entry(words).or_default().push(&one.interface);
        };
        if one.on.is_empty() {
            say(format!("no flow logs cover {{}}: {}", why_none(network, logs, one)));
            continue;
        }
        let rejected_only = one.logs.iter().filter(|log| log.works).all(|log| log.traffic == "REJECT");
        if rejected_only && !one.logs.is_empty() {
            say("the flow log of {} writes down only what was rejected".to_owned());
            continue;
        }
        any = true;
        if one.days < days {
            say(format!("logs of {{}} were read for {} of the last {days} days", one.days));
        }
        if one.skipped > 0 {
            say(format!("of {} stretches of time AWS wrote nothing down for {{}}", one.skipped));
        }
        if one.gone > 0 {
            say(format!("{} flows of {{}} were let go, because there are more than are kept", one.gone));
        }
    }
    let cover = match (whole, any) {
        (true, _) => Cover::Whole,
        (false, true) => Cover::Part,
        (false, false) => Cover::None,
    };
    (cover, unknown.into_iter().map(|(words, of)| words.replace("{}", &named(&of))).collect())
}

/// Why there is no log of an interface.
fn why_none(network: &Network, logs: &Logs, of: &Covered) -> String {
    if let Some(log) = of.logs.iter().find(|log| log.works) {
        let to = if log.to.is_empty() { String::new() } else { format!(" to {}", log.to) };
        return format!("{} writes one{to}, and none of it was imported (`fathom import flow-logs`)", log.id);
    }
    if let Some(log) = of.logs.first() {
        return format!("{} is switched off or is not delivered", log.id);
    }
    let at = network.interfaces.get(&of.interface).map(|one| &one.at);
    match at.and_then(|at| logs.unread(at)) {
        Some(why) => format!("none was imported, and whether AWS writes one is not known: {why}"),
        None => "AWS writes none of it, and none was imported".to_owned(),
    }
}

fn named(ids: &[&str]) -> String {
    let few = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if ids.len() > NAMED { format!("{few} and {} more", ids.len() - NAMED) } else { few }
}
