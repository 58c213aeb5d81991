//! CVSS: how bad a weakness is, and from where it is attacked, as FIRST's specifications 2.0, 3.0, 3.1 and 4.0 say.
//!
//! Vectors are checked and scored by the crate `cvss`; two metrics are read out of the checked text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Characters of a vector; the longest that version 4.0 can have is below 250.
const VECTOR_CHARS_MAX: usize = 512;

/// How bad, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// 9.0 to 10.0.
    Critical,
    /// 7.0 to 8.9.
    High,
    /// 4.0 to 6.9.
    Medium,
    /// 0.1 to 3.9.
    Low,
    /// 0.0.
    None,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::None];

    /// Of a score from 0 to 10, by the qualitative scale of CVSS 3.1 and 4.0; none where the score is no such number.
    pub fn of(score: f64) -> Option<Self> {
        // Scores have one decimal; tools that compute write 8.899999.
        let tenths = (score * 10.0).round();
        if !(0.0..=100.0).contains(&tenths) {
            return None;
        }
        Some(match tenths as u32 {
            90.. => Self::Critical,
            70..90 => Self::High,
            40..70 => Self::Medium,
            1..40 => Self::Low,
            0 => Self::None,
        })
    }

    /// A word as sources write it; none of words that say that nobody has judged yet.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" | "negligible" => Self::Low,
            "none" | "informational" | "info" => Self::None,
            _ => return None,
        })
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::None => "none",
        }
    }
}

/// From where a weakness is attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attack {
    /// From anywhere over the network.
    Network,
    /// From the same network segment.
    Adjacent,
    /// By who is on the thing already, or has somebody there open something.
    Local,
    /// By who touches it.
    Physical,
}

impl Attack {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Network => "attacked over the network",
            Self::Adjacent => "attacked from the same network segment",
            Self::Local => "attacked by who is on it already, or by a file that somebody opens there",
            Self::Physical => "attacked by who touches it",
        }
    }
}

/// A vector that holds by the specification of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector {
    text: String,
    inner: ::cvss::Cvss,
}

/// Why a text is no vector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no CVSS vector: {why}")]
pub struct VectorError {
    text: String,
    why: String,
}

impl FromStr for Vector {
    type Err = VectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let fail = |why: String| VectorError { text: trimmed.chars().take(80).collect(), why };
        if trimmed.len() > VECTOR_CHARS_MAX {
            return Err(fail(format!("it is longer than {VECTOR_CHARS_MAX} characters")));
        }
        // Vectors of version 2 are often written in brackets.
        let bare = trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(trimmed);
        let inner = bare.parse::<::cvss::Cvss>().map_err(|error| fail(error.to_string()))?;
        let vector = Self { text: bare.to_owned(), inner };
        // The crate scores a vector that lacks some; the specifications demand all of the base group.
        let missing = vector.base().iter().find(|name| vector.metric(name).is_none());
        missing.map_or_else(|| Ok(vector.clone()), |name| Err(fail(format!("the metric {name} is missing"))))
    }
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Vector {
    /// The version: `2.0`, `3.0`, `3.1`, `4.0`.
    pub fn version(&self) -> &str {
        let version = self.text.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next());
        version.unwrap_or("2.0")
    }

    /// The score by all metrics that it has, 0 to 10.
    pub fn score(&self) -> f64 {
        self.inner.score()
    }

    /// From where it is attacked.
    pub fn attack(&self) -> Option<Attack> {
        Some(match self.metric("AV")? {
            "N" => Attack::Network,
            "A" => Attack::Adjacent,
            "L" => Attack::Local,
            "P" => Attack::Physical,
            _ => return None,
        })
    }

    /// Whether the attacker needs no account there: `PR:N`, in version 2 `Au:N`.
    pub fn needs_no_account(&self) -> Option<bool> {
        self.metric("PR").or_else(|| self.metric("Au")).map(|value| value == "N")
    }

    /// Whether it works without somebody who does something: `UI:N`. Version 2 does not say.
    pub fn needs_nobody(&self) -> Option<bool> {
        self.metric("UI").map(|value| value == "N")
    }

    /// The metrics that every vector of its version has.
    fn base(&self) -> &'static [&'static str] {
        match self.version() {
            "2.0" => &["AV", "AC", "Au", "C", "I", "A"],
            "4.0" => &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"],
            _ => &["AV", "AC", "PR", "UI", "S", "C", "I", "A"],
        }
    }

    fn metric(&self, name: &str) -> Option<&str> {
        self.text.split('/').find_map(|part| part.strip_prefix(name)?.strip_prefix(':'))
    }
}
