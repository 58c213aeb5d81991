//! Asks all checks of a type of one document: four answers, and what decided.

use fathom_model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    compile::{Check, Checks},
    evaluate::{Ground, Read, Stop, Told, ToldBy, evaluate},
    facts::{Fact, Facts, Subject},
    reasons::{Reason, reasons},
};

/// What comes of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does not hold.
    Fail,
    /// Something that it reads could not be read.
    Unknown,
    /// It holds.
    Pass,
    /// The check is not about this one.
    NotApplicable,
}

impl Status {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Unknown, Self::Pass, Self::NotApplicable];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// What came of a check on a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What.
    pub status: Status,
    /// The values that decided; of a check that fails.
    pub why: Vec<Reason>,
    /// How engines prove what they said; of a check that fails.
    pub proof: Vec<String>,
    /// What could not be read, or why the expression has no value; of one that is unknown.
    pub missing: Vec<String>,
    /// From when on it may be another though nothing changed, since it depends on how long ago something was; none where it does not.
    #[serde(skip)]
    pub until: Option<Timestamp>,
}

impl Answer {
    fn plain(status: Status) -> Self {
        Self { status, why: Vec::new(), proof: Vec::new(), missing: Vec::new(), until: None }
    }
}

/// The name of a finding for life: the same check, resource and place in it have the same one in every run.
pub fn finding_id(check: &str, uid: &str, instance: &str) -> String {
    let mut hash = Sha256::new();
    for part in [check, uid, instance] {
        // With their lengths, so that no two have the same bytes.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize()).chars().take(32).collect()
}

impl Checks {
    /// Asks all checks of the subject's type. Each fact is asked once, where a check reads it.
    pub fn ask<'c>(&'c self, subject: &Subject<'_>, facts: &dyn Facts) -> Vec<(&'c Check, Answer)> {
        let asked = self.of_kind(subject.kind).flat_map(Check::asked);
        let told: ToldBy<'_> = asked.map(|asked| (asked, Told::new())).collect();
        self.of_kind(subject.kind).map(|check| (check, check.ask_with(subject, facts, &told))).collect()
    }
}

impl Check {
    /// Asks it of one subject, whatever its type.
    pub fn ask(&self, subject: &Subject<'_>, facts: &dyn Facts) -> Answer {
        let told = self.asked().map(|asked| (asked, Told::new())).collect();
        self.ask_with(subject, facts, &told)
    }

    fn ask_with(&self, subject: &Subject<'_>, facts: &dyn Facts, told: &ToldBy<'_>) -> Answer {
        let ground = Ground { subject, facts, told };
        let mut until = None;
        if let Some(applies) = &self.applies {
            let looked = evaluate(applies, ground);
            until = looked.until;
            match looked.value {
                Ok(true) => {}
                Ok(false) => return Answer { until, ..Answer::plain(Status::NotApplicable) },
                Err(stop) => return Answer { until, ..unknown(&stop, subject, facts) },
            }
        }
        let looked = evaluate(&self.passes, ground);
        until = [until, looked.until].into_iter().flatten().min();
        let answer = match looked.value {
            Ok(true) => Answer::plain(Status::Pass),
            Ok(false) => self.failed(subject, told, &looked.reads),
            Err(stop) => unknown(&stop, subject, facts),
        };
        Answer { until, ..answer }
    }

    /// That it fails, with what decided.
    fn failed(&self, subject: &Subject<'_>, told: &ToldBy<'_>, reads: &[Read<'_>]) -> Answer {
        let facts: Vec<(String, &Fact)> = self
            .asked()
            .filter_map(|asked| told.get_key_value(asked))
            .filter_map(|(asked, told)| Some((asked.text(), told.get()?.as_ref().ok()?.as_ref())))
            .collect();
        let own = std::iter::once((String::new(), subject.document));
        let roots: Vec<(String, &Value)> =
            own.chain(facts.iter().map(|(name, fact)| (name.clone(), &fact.value))).collect();
        Answer {
            why: reasons(reads, &roots),
            proof: facts.iter().flat_map(|(_, fact)| fact.proof.iter().cloned()).collect(),
            ..Answer::plain(Status::Fail)
        }
    }
}

fn unknown(stop: &Stop, subject: &Subject<'_>, facts: &dyn Facts) -> Answer {
    let missing = match stop {
        Stop::Missing(what) => what
            .iter()
            .map(
                |one| if subject.unread.contains(one) { facts.why_unread(subject, one) } else { one.clone() },
            )
            .collect(),
        Stop::Wrong(what) => vec![format!("the check cannot be asked of this document: {what}")],
        Stop::Spent => vec![format!("the check takes more than {} steps on this document", crate::STEPS_MAX)],
    };
    Answer { missing, ..Answer::plain(Status::Unknown) }
}
