//! What an intruder could do with the resource of a finding, and the order that follows.
//!
//! First what lies on the way of an intruder to something that must not be lost, the surest ways first; then what the internet reaches;
//! then restricted data, confidential data, and all else; then by severity, then what waits longest. Severity alone says how bad a mistake is anywhere; the rest says
//! what it is worth here.

use std::cmp::Ordering;

use fathom_model::{DataClass, KeptFinding};
use fathom_paths::Level;
use serde::Serialize;

/// A way of an intruder that passes the resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Way {
    /// How sure all of its steps are.
    pub level: Level,
    /// Where it stands among all ways, the worst first.
    pub number: usize,
    /// Where it begins, in words: `the internet`.
    pub from: String,
    /// What is lost at its end, in words: `the data of arn:…`.
    pub to: String,
    /// The same as attack paths call it: an ARN, or an account.
    pub end: String,
}

/// What an intruder could do with a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The worst way that passes it; none where no way that is known does.
    pub way: Option<Way>,
    /// Whether the internet reaches it, and how surely; none where it does not.
    pub reached: Option<Level>,
}

/// Why a finding stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rank {
    /// The way.
    pub place: Place,
    /// In one line. It names other resources.
    pub because: String,
    /// The same without the names of other resources.
    pub plainly: String,
}

impl Rank {
    /// Says it of a finding; `place` is none where what an intruder could do is not worked out.
    pub fn of(finding: &KeptFinding, place: Option<&Place>) -> Self {
        let because = |names: bool| {
            let mut parts: Vec<String> = match place {
                Some(place) => vec![way(place.way.as_ref(), names)],
                None => vec!["what an intruder could do is not worked out".to_owned()],
            };
            parts.extend(place.and_then(|place| place.reached).map(|level| reached(level).to_owned()));
            parts.extend(class(finding));
            parts.push(format!("{} severity", finding.severity));
            parts.join("; ")
        };
        Self { place: place.cloned().unwrap_or_default(), because: because(true), plainly: because(false) }
    }

    /// Which of two findings comes first.
    pub fn order(one: (&KeptFinding, &Self), other: (&KeptFinding, &Self)) -> Ordering {
        key(one).cmp(&key(other))
    }
}

/// What decides the order; none comes after all levels.
fn key<'a>((finding, rank): (&'a KeptFinding, &Rank)) -> impl Ord + use<'a> {
    let last = Level::ALL.len();
    let place = |level: Option<Level>| {
        level.and_then(|level| Level::ALL.iter().position(|one| *one == level)).unwrap_or(last)
    };
    (
        place(rank.place.way.as_ref().map(|way| way.level)),
        place(rank.place.reached),
        worth(finding),
        finding.severity,
        finding.life.since,
        finding.id.as_str(),
    )
}

/// What is internal, public or no data at all does not decide: severity does.
fn worth(finding: &KeptFinding) -> u8 {
    match finding.counted_class() {
        Some(DataClass::Restricted) => 0,
        Some(DataClass::Confidential) => 1,
        Some(DataClass::Internal | DataClass::Public) | None => 2,
    }
}

fn way(way: Option<&Way>, names: bool) -> String {
    let Some(way) = way else { return "on no way of an intruder that is known".to_owned() };
    let sure = match way.level {
        Level::Yes => "",
        Level::OnlyIf => ", under a condition",
        Level::Unknown => ", a part of which is not known",
    };
    if names {
        format!("on the way of an intruder from {} to {}{sure}", way.from, way.to)
    } else {
        format!("on the way of an intruder to something that must not be lost{sure}")
    }
}

fn reached(level: Level) -> &'static str {
    match level {
        Level::Yes => "reached from the internet",
        Level::OnlyIf => "reached from the internet under a condition",
        Level::Unknown => "whether the internet reaches it is not known",
    }
}

fn class(finding: &KeptFinding) -> Option<String> {
    match (finding.class, finding.counted_class()) {
        (Some(class), _) => Some(format!("{} data", class.word())),
        (None, Some(class)) => Some(format!("data of an unknown class, which counts as {}", class.word())),
        (None, None) => None,
    }
}
