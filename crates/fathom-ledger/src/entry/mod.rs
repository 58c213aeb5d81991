//! One entry of our log: a JSON object in one canonical form.
//!
//! ```json
//! {"actor":"ana","at":"2026-03-01T10:00:00Z","body":{},"kind":"scan.finished","subject":"scan:7","v":1}
//! ```
//! The tree seals bytes, so the same entry must always have the same bytes: see [`canonical`]. The time is
//! what the caller says; the entry's index is its place in the log and is not repeated inside.

mod canonical;

pub use canonical::{CanonicalError, MAX_DEPTH, canonical};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::hash::Hash;
pub use crate::tile::MAX_ENTRY_BYTES;

/// Version of the form.
pub const VERSION: u64 = 1;
/// The longest kind.
pub const MAX_KIND_BYTES: usize = 64;
/// The longest actor and the longest subject.
pub const MAX_NAME_BYTES: usize = 2048;

const MAX_TIME_BYTES: usize = "2026-01-01T00:00:00.000000000Z".len();

/// An entry whose parts have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    at: String,
    kind: String,
    actor: String,
    subject: String,
    body: String,
}

/// Collects the parts of an entry; [`EntryBuilder::build`] checks them.
#[derive(Clone, Debug, Default)]
pub struct EntryBuilder {
    at: String,
    kind: String,
    actor: String,
    subject: String,
    body: Value,
}

/// Why an entry cannot be made or read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EntryError {
    /// The entry exceeds [`MAX_ENTRY_BYTES`].
    #[error("entry of {bytes} bytes exceeds {MAX_ENTRY_BYTES}; store the body elsewhere and record its hash")]
    TooLarge {
        /// Size of the entry.
        bytes: usize,
    },
    /// The time is not RFC 3339 in UTC.
    #[error("`at` is not a time like 2026-03-01T10:00:00Z")]
    Time,
    /// The kind is not lower-case words joined by dots.
    #[error("`kind` is not two or more lower-case words joined by dots, like scan.finished")]
    Kind,
    /// Actor or subject is empty, too long, or contains control characters.
    #[error("`{field}` has 1 to {MAX_NAME_BYTES} bytes without control characters")]
    Name {
        /// `actor` or `subject`.
        field: &'static str,
    },
    /// The body is not JSON that has a canonical form.
    #[error("`body` has no canonical form")]
    Body(#[source] CanonicalError),
    /// The bytes are not JSON that has a canonical form.
    #[error("the entry is not canonical JSON")]
    Json(#[source] CanonicalError),
    /// The bytes are JSON, but not in the canonical form.
    #[error("the entry is not in its canonical form")]
    NotCanonical,
    /// The object does not have exactly the six members of an entry.
    #[error("the entry does not have exactly the members actor, at, body, kind, subject, v")]
    Members,
    /// The version is not one that we know.
    #[error("entry version {found} is not {VERSION}")]
    Version {
        /// Version that the entry states.
        found: u64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    actor: String,
    at: String,
    #[serde(borrow)]
    body: &'a RawValue,
    kind: String,
    subject: String,
    v: u64,
}

impl EntryBuilder {
    /// When it happened: RFC 3339 in UTC, at most nanoseconds.
    pub fn at(mut self, at: impl Into<String>) -> Self {
        self.at = at.into();
        self
    }

    /// Who did it.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = actor.into();
        self
    }

    /// What it was done to.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Whatever belongs to it; `null` if not given.
    pub fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// Checks all parts and the size of the whole.
    pub fn build(self) -> Result<Entry, EntryError> {
        let text = self.body.to_string();
        let body = canonical(&text).map_err(EntryError::Body)?;
        let Self { at, kind, actor, subject, .. } = self;
        let entry = Entry { at, kind, actor, subject, body };
        entry.check()?;
        let bytes = entry.to_bytes().len();
        if bytes > MAX_ENTRY_BYTES { Err(EntryError::TooLarge { bytes }) } else { Ok(entry) }
    }
}

impl Entry {
    /// Starts an entry of a kind: what happened, as lower-case words joined by dots, `scan.finished`.
    pub fn builder(kind: impl Into<String>) -> EntryBuilder {
        EntryBuilder { kind: kind.into(), ..EntryBuilder::default() }
    }

    /// Reads the bytes of an entry; only the canonical form is taken.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLarge { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| EntryError::Json(CanonicalError::Json))?;
        if canonical(text).map_err(EntryError::Json)? != text {
            return Err(EntryError::NotCanonical);
        }
        let wire: Wire<'_> = serde_json::from_str(text).map_err(|_| EntryError::Members)?;
        if wire.v != VERSION {
            return Err(EntryError::Version { found: wire.v });
        }
        let entry = Self {
            at: wire.at,
            kind: wire.kind,
            actor: wire.actor,
            subject: wire.subject,
            body: wire.body.get().to_owned(),
        };
        entry.check()?;
        Ok(entry)
    }

    /// The canonical bytes: what the tree seals.
    pub fn to_bytes(&self) -> Vec<u8> {
        let quote = |text: &str| Value::from(text).to_string();
        format!(
            r#"{{"actor":{},"at":{},"body":{},"kind":{},"subject":{},"v":{VERSION}}}"#,
            quote(&self.actor),
            quote(&self.at),
            self.body,
            quote(&self.kind),
            quote(&self.subject),
        )
        .into_bytes()
    }

    /// The leaf hash of the entry.
    pub fn leaf_hash(&self) -> Hash {
        Hash::leaf(&self.to_bytes())
    }

    /// When it happened: RFC 3339, UTC.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// What happened.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Who did it.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// What it was done to.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The body as canonical JSON.
    pub fn body_text(&self) -> &str {
        &self.body
    }

    /// The body as a value; numbers with a fraction may differ in their last digit from the text.
    pub fn body(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    fn check(&self) -> Result<(), EntryError> {
        if !is_utc_time(&self.at) {
            return Err(EntryError::Time);
        }
        if !is_kind(&self.kind) {
            return Err(EntryError::Kind);
        }
        for (field, name) in [("actor", &self.actor), ("subject", &self.subject)] {
            if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
                return Err(EntryError::Name { field });
            }
        }
        Ok(())
    }
}

/// What an entry records in place of a body that is too large: `{"bytes": …, "sha256": "…"}`.
pub fn body_by_hash(body: &[u8]) -> Value {
    serde_json::json!({ "bytes": body.len(), "sha256": Hash::content(body).to_string() })
}

fn is_kind(kind: &str) -> bool {
    let word = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_lowercase())
            && w.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
    };
    kind.len() <= MAX_KIND_BYTES && kind.contains('.') && kind.split('.').all(word)
}

/// `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, with a day that the month has; second 60 is a leap second.
fn is_utc_time(text: &str) -> bool {
    if text.len() > MAX_TIME_BYTES || !text.is_ascii() {
        return false;
    }
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    let Some((whole, rest)) = text.split_at_checked(19) else { return false };
    if !whole.bytes().enumerate().all(shape) {
        return false;
    }
    let fraction_fits = rest == "Z"
        || rest
            .strip_prefix('.')
            .and_then(|rest| rest.strip_suffix('Z'))
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    let number = |from: usize, to: usize| whole.get(from..to).and_then(|n| n.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (number(11, 13), number(14, 16), number(17, 19)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    fraction_fits && (1..=days).contains(&day) && hour < 24 && minute < 60 && second <= 60
}
