//! How the estate stands to the controls of a framework, by what its checks answered.

use std::collections::BTreeMap;

use fathom_checks::Checks;
use fathom_content::frameworks::{Framework, Frameworks};
use serde::Serialize;

use crate::Counts;

/// How a control stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A check of it fails for some resource.
    Fail,
    /// No check of it fails, and of some resource it is not known.
    Unknown,
    /// No machine sees all of it: somebody must show something. What checks see of it, if any, holds.
    NeedsEvidence,
    /// No check tests it, and it asks for no evidence that we know of.
    Untested,
    /// Its checks are about nothing that there is.
    NotApplicable,
    /// All of its checks hold for all that they are about.
    Pass,
}

impl Standing {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] =
        [Self::Fail, Self::Unknown, Self::NeedsEvidence, Self::Untested, Self::NotApplicable, Self::Pass];

    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NeedsEvidence => "needs evidence",
            Self::Untested => "untested",
            Self::NotApplicable => "not applicable",
            Self::Pass => "pass",
        }
    }
}

/// A control, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlStatus {
    /// As the framework calls it.
    pub control: String,
    /// What it is about.
    pub topic: String,
    /// How it stands.
    pub status: Standing,
    /// The checks that answer it.
    pub checks: Vec<String>,
    /// What they answered: a resource counts once for each check.
    pub counts: Counts,
    /// What somebody must show, where no machine sees all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The ids of checks by the framework and the control that they name.
fn named(checks: &Checks) -> BTreeMap<(String, String), Vec<String>> {
    let mut named: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for check in &checks.all {
        for (framework, controls) in &check.definition.controls {
            for control in controls {
                named
                    .entry((framework.clone(), control.clone()))
                    .or_default()
                    .push(check.definition.id.clone());
            }
        }
    }
    named
}

/// How the controls of a framework stand, by what each check answered. Without answers, only which checks there are counts.
pub fn standing(
    frameworks: &Frameworks,
    framework: &Framework,
    checks: &Checks,
    by_check: &BTreeMap<String, Counts>,
) -> Vec<ControlStatus> {
    let named = named(checks);
    let exists = |id: &str| checks.all.iter().any(|check| check.definition.id == id);
    let of = |control: &fathom_content::frameworks::Control| {
        let mine: Vec<String> = frameworks
            .checks_of(framework, control, &named)
            .into_iter()
            .filter(|id| exists(id))
            .map(str::to_owned)
            .collect();
        let mut counts = Counts::default();
        for answered in mine.iter().filter_map(|id| by_check.get(id)) {
            counts.merge(answered);
        }
        ControlStatus {
            control: control.id.clone(),
            topic: control.topic.clone(),
            status: judge(&counts, !mine.is_empty(), control.evidence.is_some()),
            checks: mine,
            counts,
            evidence: control.evidence.clone(),
        }
    };
    framework.controls.iter().map(of).collect()
}

fn judge(counts: &Counts, has_checks: bool, wants_evidence: bool) -> Standing {
    if counts.fail > 0 {
        Standing::Fail
    } else if counts.unknown > 0 {
        Standing::Unknown
    } else if wants_evidence {
        Standing::NeedsEvidence
    } else if !has_checks {
        Standing::Untested
    } else if counts.pass > 0 {
        Standing::Pass
    } else {
        Standing::NotApplicable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_before_what_is_not_known_and_evidence_is_never_taken_for_granted() {
        let counts = |fail, unknown, pass| Counts { fail, unknown, pass, not_applicable: 0 };
        assert_eq!(judge(&counts(1, 1, 1), true, true), Standing::Fail);
        assert_eq!(judge(&counts(0, 1, 1), true, true), Standing::Unknown);
        assert_eq!(judge(&counts(0, 0, 9), true, true), Standing::NeedsEvidence);
        assert_eq!(judge(&counts(0, 0, 9), true, false), Standing::Pass);
        assert_eq!(judge(&counts(0, 0, 0), true, false), Standing::NotApplicable);
        assert_eq!(judge(&counts(0, 0, 0), false, false), Standing::Untested);
        assert_eq!(judge(&counts(0, 0, 0), false, true), Standing::NeedsEvidence);
    }
}
