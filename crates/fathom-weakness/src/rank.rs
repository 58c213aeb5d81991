//! How urgent a weakness is: two questions, each with a few answers, and the class is their sum.
//!
//! | | reached | not known | not reached |
//! | --- | --- | --- | --- |
//! | known to be exploited | 1 | 2 | 3 |
//! | likely to be | 2 | 3 | 4 |
//! | not known | 3 | 4 | 5 |
//! | unlikely | 4 | 5 | 6 |
//!
//! "Reached": the internet comes to the thing, and the weakness is attacked over the network, or no source says from where. What is
//! attacked only by who is on the thing already counts as not reached. Within a class: severity, then the chance by EPSS, then
//! the oldest first.

use std::cmp::{Ordering, Reverse};

use serde::Serialize;

use crate::{
    cvss::{Attack, Severity},
    join::{Exploitation, Fix, Weakness},
};

/// Whether the internet comes to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// It does.
    Yes,
    /// Only if something holds.
    OnlyIf,
    /// What decides is not known.
    Unknown,
    /// It does not.
    No,
}

impl Reached {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::OnlyIf => "only_if",
            Self::Unknown => "unknown",
            Self::No => "no",
        }
    }

    /// As part of a sentence about a thing.
    fn words(self) -> &'static str {
        match self {
            Self::Yes => "reached from the internet",
            Self::OnlyIf => "reached from the internet under a condition",
            Self::Unknown => "whether the internet reaches it is not known",
            Self::No => "not reached from the internet",
        }
    }
}

/// 1, the most urgent, to 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Class(u8);

impl Class {
    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A class and its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Urgency {
    /// The class.
    pub class: Class,
    /// Why, in words; the first two are what decides.
    pub because: Vec<String>,
}

impl Urgency {
    /// How urgent a weakness of a thing is that is reached so.
    pub fn of(weakness: &Weakness, reached: Reached) -> Self {
        let exploited = match weakness.exploitation {
            Exploitation::Known => 0,
            Exploitation::Likely => 1,
            Exploitation::Unknown => 2,
            Exploitation::Unlikely => 3,
        };
        let from_afar = weakness.attack.is_none_or(|attack| attack == Attack::Network);
        let far = match reached {
            Reached::Yes | Reached::OnlyIf if from_afar => 0,
            Reached::Unknown if from_afar => 1,
            _ => 2,
        };
        Self { class: Class(1 + exploited + far), because: because(weakness, reached) }
    }
}

fn because(weakness: &Weakness, reached: Reached) -> Vec<String> {
    let mut all = vec![exploitation(weakness), reached.words().to_owned()];
    match weakness.attack {
        Some(attack) => all.push(attack.words().to_owned()),
        None => all.push("from where it is attacked is not known: no source has a vector".to_owned()),
    }
    if weakness.attack == Some(Attack::Network) && weakness.needs_no_account == Some(false) {
        all.push("needs an account there".to_owned());
    }
    if weakness.attack == Some(Attack::Network) && weakness.needs_nobody == Some(false) {
        all.push("needs somebody there to do something".to_owned());
    }
    if weakness.fix == Fix::Available {
        let versions = weakness.fixed_in();
        all.push(if versions.is_empty() {
            "a fix is available".to_owned()
        } else {
            format!("mended in {}", versions.join(", "))
        });
    }
    all
}

/// What is known of exploitation, in words.
pub fn exploitation(weakness: &Weakness) -> String {
    let chance =
        weakness.epss.as_ref().map(|chance| format!("{} gives it {}", chance.by, percent(chance.score)));
    if let Some(row) = &weakness.kev {
        let ransomware = if row.ransomware { ", by ransomware too" } else { "" };
        return format!("known to be exploited: in KEV since {}{ransomware}", row.added);
    }
    let not_in_kev = if weakness.kev_asked { "not in KEV" } else { "KEV was not asked" };
    if !weakness.exploit_known_to.is_empty() {
        let by = weakness.exploit_known_to.join(", ");
        return format!("likely to be exploited: {by} knows an exploit; {not_in_kev}");
    }
    match (weakness.exploitation, chance) {
        (Exploitation::Likely, Some(chance)) => format!("likely to be exploited: {chance}; {not_in_kev}"),
        (Exploitation::Unlikely, Some(chance)) => format!("unlikely to be exploited: {chance}; {not_in_kev}"),
        (_, Some(chance)) => format!("whether it is exploited is not known: {not_in_kev}; {chance}"),
        (_, None) => format!("whether it is exploited is not known: {not_in_kev}; EPSS says nothing of it"),
    }
}

/// `0.4 %`, `97 %`.
pub fn percent(share: f64) -> String {
    let hundred = share * 100.0;
    if hundred >= 10.0 { format!("{hundred:.0} %") } else { format!("{hundred:.1} %") }
}

/// Which of two weaknesses comes first.
pub fn order(one: (&Weakness, Class), other: (&Weakness, Class)) -> Ordering {
    // Of what nobody has judged the severity is not known: that is not taken for harmless.
    let severity = |weakness: &Weakness| weakness.severity.unwrap_or(Severity::High);
    let chance = |weakness: &Weakness| weakness.epss.as_ref().map_or(0.0, |chance| chance.score);
    one.1
        .cmp(&other.1)
        .then_with(|| severity(one.0).cmp(&severity(other.0)))
        .then_with(|| chance(other.0).total_cmp(&chance(one.0)))
        .then_with(|| {
            let age = |weakness: &Weakness| Reverse(weakness.first_seen.map(Reverse));
            age(one.0).cmp(&age(other.0))
        })
        .then_with(|| one.0.id.cmp(&other.0.id))
}
