//! All that is said of one weakness of one thing, as one.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::Timestamp;
use serde::Serialize;

use crate::{
    cvss::{Attack, Severity, Vector},
    feed::{EpssRow, KevRow},
    name::cve_of,
    noted::{Noted, Package, Score, State},
};

/// The chance of exploitation in 30 days from which it counts as likely.
pub const LIKELY: f64 = 0.1;

/// What feeds say of some weaknesses; none of a feed that nobody loaded.
#[derive(Debug, Clone, Default)]
pub struct Feeds {
    /// Those of them that are known to be exploited, by CVE.
    pub kev: Option<BTreeMap<String, KevRow>>,
    /// Their chance to be exploited, by CVE.
    pub epss: Option<BTreeMap<String, EpssRow>>,
}

/// What is known of exploitation, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exploitation {
    /// KEV has it.
    Known,
    /// A source knows how it is exploited, or EPSS gives it a chance of [`LIKELY`] or more.
    Likely,
    /// No feed and no source says enough.
    Unknown,
    /// A KEV that was loaded does not have it, and EPSS gives it a smaller chance.
    Unlikely,
}

impl Exploitation {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Likely => "likely",
            Self::Unknown => "unknown",
            Self::Unlikely => "unlikely",
        }
    }
}

/// Whether there is a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// For some of the software at least.
    Available,
    /// A source says that there is none.
    None,
    /// No source says.
    Unknown,
}

impl Fix {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// A chance of exploitation, and who says so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chance {
    /// 0 to 1.
    pub score: f64,
    /// The share of all CVEs with the same or a smaller chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
    /// The feed, or the source that carries it.
    pub by: String,
}

/// One weakness of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weakness {
    /// Its name: a CVE where it has one.
    pub id: String,
    /// Other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is the case.
    pub state: State,
    /// Who says that it does not count, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<String>,
    /// The software that has it, as far as it counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// How bad it is: by its score, else by the word of a source.
    pub severity: Option<Severity>,
    /// The score that this is by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// From where it is attacked; none where no source has a vector.
    pub attack: Option<Attack>,
    /// Whether that needs no account there.
    pub needs_no_account: Option<bool>,
    /// Whether nobody there has to do something.
    pub needs_nobody: Option<bool>,
    /// What is known of exploitation.
    pub exploitation: Exploitation,
    /// The row of KEV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kev: Option<KevRow>,
    /// Whether KEV was asked, which needs the feed and a CVE.
    pub kev_asked: bool,
    /// The chance by EPSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<Chance>,
    /// Who knows how it is exploited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exploit_known_to: Vec<String>,
    /// Whether there is a fix.
    pub fix: Fix,
    /// When a source saw it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// Who says that it is there.
    pub sources: Vec<String>,
}

impl Weakness {
    /// Whether whoever sends packets to it can use it without an account and without anybody's help; none where no vector says.
    pub fn breaks_in(&self) -> Option<bool> {
        let attack = self.attack?;
        Some(
            attack == Attack::Network
                && self.needs_no_account != Some(false)
                && self.needs_nobody != Some(false),
        )
    }

    /// The versions that have it no more.
    pub fn fixed_in(&self) -> Vec<&str> {
        let all: BTreeSet<&str> = self.packages.iter().filter_map(|one| one.fixed.as_deref()).collect();
        all.into_iter().collect()
    }
}

/// The names under which feeds may know what notes are about.
pub fn cves<'a>(notes: impl IntoIterator<Item = &'a Noted>) -> BTreeSet<String> {
    notes.into_iter().filter_map(cve_of_note).collect()
}

/// The CVE of a note: its own, else the only one among its other names. Where there are several, it stands for more than one.
fn cve_of_note(note: &Noted) -> Option<String> {
    cve_of(&note.id).or_else(|| {
        let others: BTreeSet<String> = note.also.iter().filter_map(|name| cve_of(name)).collect();
        others
            .into_iter()
            .next()
            .filter(|only| note.also.iter().filter_map(|name| cve_of(name)).all(|one| one == *only))
    })
}

/// Joins all notes about one thing: a weakness for each name, in the order of names.
pub fn join<'a>(notes: impl IntoIterator<Item = &'a Noted>, feeds: &Feeds) -> Vec<Weakness> {
    let mut by_name: BTreeMap<String, Vec<&Noted>> = BTreeMap::new();
    for note in notes {
        let name = cve_of_note(note).unwrap_or_else(|| note.id.clone());
        by_name.entry(name).or_default().push(note);
    }
    by_name.into_iter().map(|(name, notes)| one(name, &notes, feeds)).collect()
}

fn one(id: String, notes: &[&Noted], feeds: &Feeds) -> Weakness {
    let (open, closing): (Vec<&Noted>, Vec<&Noted>) = notes.iter().partition(|note| note.state.counts());
    // A verdict "exploitable" or "in triage" is about what others found, too: it closes nothing.
    let left: Vec<&Noted> =
        open.iter().copied().filter(|note| !closing.iter().any(|one| one.covers(note))).collect();
    let judge = closing.first();
    let state = match judge {
        Some(judge) if left.is_empty() => judge.state,
        _ => [State::Exploitable, State::InTriage]
            .into_iter()
            .find(|state| left.iter().any(|note| note.state == *state))
            .unwrap_or(State::Open),
    };
    let judged = judge.filter(|_| left.is_empty()).map(|judge| match &judge.why {
        Some(why) => format!("{}: {why}", judge.source),
        None => judge.source.clone(),
    });
    let counted = if left.is_empty() { notes } else { left.as_slice() };
    let also: BTreeSet<&str> = notes
        .iter()
        .flat_map(|note| note.also.iter().chain([&note.id]))
        .map(String::as_str)
        .filter(|name| *name != id)
        .collect();
    let also = also.into_iter().map(str::to_owned).collect();
    let score = best_score(counted);
    let vector: Option<Vector> = score.as_ref().and_then(|score| score.vector.as_ref()?.parse().ok());
    let word = counted.iter().filter_map(|note| note.severity).min();
    let severity = score.as_ref().and_then(|score| {
        let own = Severity::of(score.score);
        // Version 2 has no word above `high`.
        let is_old = vector.as_ref().is_some_and(|vector| vector.version() == "2.0");
        own.map(|own| if is_old { own.max(Severity::High) } else { own })
    });
    let cve = cve_of(&id);
    let kev = cve.as_ref().and_then(|cve| feeds.kev.as_ref()?.get(cve)).cloned();
    let kev_asked = cve.is_some() && feeds.kev.is_some();
    let epss = chance(cve.as_deref(), counted, feeds);
    let exploit_known_to: BTreeSet<&str> =
        counted.iter().filter(|note| note.exploit).map(|note| note.source.as_str()).collect();
    let exploitation = match &epss {
        _ if kev.is_some() => Exploitation::Known,
        _ if !exploit_known_to.is_empty() => Exploitation::Likely,
        Some(chance) if chance.score >= LIKELY => Exploitation::Likely,
        Some(_) if kev_asked => Exploitation::Unlikely,
        _ => Exploitation::Unknown,
    };
    let exploit_known_to = exploit_known_to.into_iter().map(str::to_owned).collect();
    let packages: BTreeSet<Package> = counted.iter().filter_map(|note| note.package.clone()).collect();
    let fix = if packages.iter().any(|one| one.fixed.is_some())
        || counted.iter().any(|note| note.has_fix == Some(true))
    {
        Fix::Available
    } else if counted.iter().any(|note| note.has_fix == Some(false)) {
        Fix::None
    } else {
        Fix::Unknown
    };
    let sources: BTreeSet<&str> = counted.iter().map(|note| note.source.as_str()).collect();
    Weakness {
        also,
        title: notes.iter().find_map(|note| note.title.clone()),
        state,
        judged,
        packages: packages.into_iter().collect(),
        severity: severity.or(word),
        attack: vector.as_ref().and_then(Vector::attack),
        needs_no_account: vector.as_ref().and_then(Vector::needs_no_account),
        needs_nobody: vector.as_ref().and_then(Vector::needs_nobody),
        score,
        exploitation,
        kev,
        kev_asked,
        epss,
        exploit_known_to,
        fix,
        first_seen: counted.iter().filter_map(|note| note.first_seen).min(),
        sources: sources.into_iter().map(str::to_owned).collect(),
        id,
    }
}

/// The score by the newest version of CVSS that somebody has a vector of; of several the highest.
fn best_score(notes: &[&Noted]) -> Option<Score> {
    let version = |score: &Score| {
        let vector: Option<Vector> = score.vector.as_ref().and_then(|text| text.parse().ok());
        vector.map(|vector| vector.version().to_owned()).unwrap_or_default()
    };
    let all = notes.iter().flat_map(|note| &note.scores);
    let best = all.max_by(|one, other| {
        version(one)
            .cmp(&version(other))
            .then(one.score.total_cmp(&other.score))
            .then_with(|| other.by.cmp(&one.by))
    });
    best.cloned()
}

/// Of the feed, which has a day; else the highest that a source carries.
fn chance(cve: Option<&str>, notes: &[&Noted], feeds: &Feeds) -> Option<Chance> {
    let row = cve.and_then(|cve| feeds.epss.as_ref()?.get(cve));
    if let Some(row) = row {
        return Some(Chance { score: row.score, percentile: Some(row.percentile), by: "EPSS".to_owned() });
    }
    let carried = notes.iter().filter_map(|note| Some((note.epss?, &note.source)));
    let best = carried.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(score, by)| Chance { score, percentile: None, by: format!("EPSS as {by} has it") })
}
