//! Documents in which tools write what they found: SARIF 2.1.0 and CycloneDX in JSON.
//!
//! A broken entry is a [`Fault`] with its place; all others are taken. Nothing in a document is followed: no link, no import.

mod cyclonedx;
mod sarif;
mod targets;

use fathom_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::noted::Noted;

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// SARIF 2.1.0 (OASIS).
    Sarif,
    /// CycloneDX 1.4 and later (OWASP, ECMA-424), a list of components with vulnerabilities, or a VEX.
    CycloneDx,
}

impl Format {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sarif => "sarif",
            Self::CycloneDx => "cyclonedx",
        }
    }
}

/// What is wrong with a file, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[error("{}{message}", if place.is_empty() { String::new() } else { format!("{place} ") })]
pub struct Fault {
    /// Where: `runs[0].results[3]`, `line 7`; empty for the whole.
    pub place: String,
    /// What is wrong, with the place as subject.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

/// How much of a document is read.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Findings.
    pub notes_max: usize,
    /// Characters of one text that are kept.
    pub text_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { notes_max: 200_000, text_max: 300 }
    }
}

/// Faults that are named; more are counted.
const FAULTS_MAX: usize = 100;

/// Faults as they are found.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    named: Vec<Fault>,
    more: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, place: String, message: &str) {
        if self.named.len() < FAULTS_MAX {
            self.named.push(Fault::new(place, message));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn end(self) -> (Vec<Fault>, usize) {
        (self.named, self.more)
    }
}

/// What a tool says of one thing: a run of SARIF, or a CycloneDX document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its form.
    pub format: Format,
    /// The tool that wrote it; of a VEX whoever supplied it.
    pub tool: String,
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// What it is about, as texts that may name a resource: digests, addresses of images, ARNs. Empty where it does not say.
    pub about: Vec<String>,
    /// What it calls that, for people.
    pub called: String,
    /// Which of several reports of the tool about the same thing it is; empty where it does not say.
    pub category: String,
    /// Its findings and what it says of others' findings.
    pub notes: Vec<Noted>,
    /// Whether somebody looked for weaknesses: without a finding it then says that there is none. A list of components alone and a
    /// VEX, which judges what others find, are no look.
    pub is_look: bool,
    /// What could not be read.
    pub faults: Vec<Fault>,
    /// How many there are beyond those.
    pub more_faults: usize,
}

impl Document {
    /// Reads a file; a SARIF log has a document for each run.
    ///
    /// # Errors
    /// When the file is not of the form at all.
    pub fn parse(format: Format, bytes: &[u8], limits: &Limits) -> Result<Vec<Self>, Fault> {
        let value = read_json(bytes)?;
        match format {
            Format::Sarif => sarif::read(&value, limits),
            Format::CycloneDx => cyclonedx::read(&value, limits).map(|one| vec![one]),
        }
    }
}

/// The form that a file seems to have; none where it has neither.
pub fn recognise(bytes: &[u8]) -> Option<Format> {
    let value = read_json(bytes).ok()?;
    if value.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
        Some(Format::CycloneDx)
    } else if value.get("runs").is_some_and(Value::is_array) {
        Some(Format::Sarif)
    } else {
        None
    }
}

/// Reads JSON, perhaps after a byte order mark.
pub(crate) fn read_json(bytes: &[u8]) -> Result<Value, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| Fault::new("", format!("is no JSON: {error}")))
}

/// A text that says something, cut to a length.
pub(crate) fn short(value: Option<&Value>, limits: &Limits) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(limits.text_max).collect())
}
