//! What would open and close if the estate were another.
//!
//! [`compare`] asks two views of a store the same: what the internet reaches, what answers without asking who comes, whom resources
//! let in from outside, what users and roles may do, and how an intruder would walk. It tells what differs, with the proof of the
//! state in which it is so, and what of the change it comes from.
//!
//! `network.rs`, `open.rs`, `outside.rs`, `inside.rs` and `ways.rs` compare one kind of answer each.
//!
//! **Invariant:** nothing is decided here. Both states are asked by the same engines, and what is the same in both is not told.

mod because;
mod inside;
mod network;
mod open;
mod outside;
mod ways;

use std::collections::BTreeMap;

use fathom_access::{AccessError, ChangedRow, Openings, Origin};
use fathom_content::Content;
use fathom_intrude::{Ground, IntrudeError};
use fathom_model::{Timestamp, Uid};
use fathom_reach::open::Open;
use fathom_store::{Store, StoreError};
use serde::Serialize;

pub use because::Causes;
pub use network::Reached;
pub use open::Answering;
pub use outside::LetIn;
pub use ways::Walked;

/// Why two states could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ForeseeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was read cannot be asked about.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The ways of an intruder cannot be asked about.
    #[error(transparent)]
    Intrude(#[from] IntrudeError),
}

/// How sure an answer is that is no "no", the least sure first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sure {
    /// It depends on what was not read, or is known after the run only.
    Unknown,
    /// It holds only if something does that is not known.
    OnlyIf,
    /// It holds.
    Yes,
}

/// What becomes of something, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It was not and is then.
    New,
    /// It is surer then.
    Surer,
    /// It is not as sure then.
    LessSure,
    /// It is not then.
    Closed,
}

impl Turn {
    /// None where nothing changes.
    pub fn of(before: Option<Sure>, after: Option<Sure>) -> Option<Self> {
        match (before, after) {
            (before, after) if before == after => None,
            (None, _) => Some(Self::New),
            (_, None) => Some(Self::Closed),
            (Some(before), Some(after)) if after > before => Some(Self::Surer),
            _ => Some(Self::LessSure),
        }
    }

    /// Whether something opens by it.
    pub fn opens(self) -> bool {
        matches!(self, Self::New | Self::Surer)
    }
}

/// Something that becomes another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Differs<T> {
    /// What becomes of it.
    pub turn: Turn,
    /// How sure it is; none where it is not.
    pub before: Option<Sure>,
    /// How sure it would be; none where it would not be.
    pub after: Option<Sure>,
    /// The changes that it comes from, by their addresses; none where that is not told by the proof.
    pub because: Vec<String>,
    /// What it is, as it would be; of what closes, as it is.
    #[serde(flatten)]
    pub what: T,
}

impl<T: Serialize> Differs<T> {
    /// None where nothing changes.
    fn of(before: Option<Sure>, after: Option<Sure>, what: T, causes: &Causes) -> Option<Self> {
        let turn = Turn::of(before, after)?;
        let because = causes.of(&what);
        Some(Self { turn, before, after, because, what })
    }
}

/// All that differs between two states, the worst first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// What the internet reaches over the network.
    pub exposures: Vec<Differs<Reached>>,
    /// What answers without asking who comes.
    pub unauthenticated: Vec<Differs<Answering>>,
    /// Whom resources let in from outside their account.
    pub openings: Vec<Differs<LetIn>>,
    /// What users and roles may do.
    pub permissions: Vec<ChangedRow>,
    /// How an intruder would walk.
    pub paths: Vec<Differs<Walked>>,
    /// What was not asked, being too much, in words.
    pub not_asked: Vec<String>,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

/// The answers about one state.
struct State {
    ground: Ground,
    open: Open,
    openings: Openings,
}

impl State {
    async fn read(store: &Store, content: &Content, now: Timestamp) -> Result<Self, ForeseeError> {
        let ground = Ground::load(store, now).await?;
        let both = (&*ground.network, &*ground.permissions);
        let open = fathom_reach::open::open_in(store, content, both, now).await?;
        let openings = ground.permissions.openings(&Origin::ALL, &fathom_iam::Context::new())?;
        Ok(Self { ground, open, openings })
    }
}

/// Compares two states. `touched` are the resources that are not the same in them, with the changes that touch them.
///
/// # Errors
/// When the store fails, or a question is not of its form.
pub async fn compare(
    before: &Store,
    after: &Store,
    content: &Content,
    touched: &BTreeMap<Uid, Vec<String>>,
    now: Timestamp,
) -> Result<Difference, ForeseeError> {
    let (old, new) = (State::read(before, content, now).await?, State::read(after, content, now).await?);
    let causes = Causes::of_touched(touched);
    let mut not_asked = Vec::new();
    let inside = inside::compare((before, &old), (after, &new), touched, &mut not_asked).await?;
    let (paths, mut gaps) = ways::compare(&old.ground, &new.ground, &causes)?;
    gaps.extend(new.open.gaps.iter().cloned());
    gaps.sort();
    gaps.dedup();
    Ok(Difference {
        exposures: network::compare(&old.ground.network, &new.ground.network, &causes),
        unauthenticated: open::compare(&old.open, &new.open, &causes),
        openings: outside::compare(&old.openings, &new.openings, &causes),
        permissions: inside,
        paths,
        not_asked,
        gaps,
    })
}

fn of_verdict(verdict: fathom_net::Verdict) -> Option<Sure> {
    match verdict {
        fathom_net::Verdict::Yes => Some(Sure::Yes),
        fathom_net::Verdict::OnlyIf => Some(Sure::OnlyIf),
        fathom_net::Verdict::Unknown => Some(Sure::Unknown),
        fathom_net::Verdict::No => None,
    }
}

fn of_answer(answer: fathom_access::Answer) -> Sure {
    match answer {
        fathom_access::Answer::Allowed => Sure::Yes,
        fathom_access::Answer::OnlyIf => Sure::OnlyIf,
        fathom_access::Answer::Unknown => Sure::Unknown,
    }
}

fn of_level(level: fathom_paths::Level) -> Sure {
    match level {
        fathom_paths::Level::Yes => Sure::Yes,
        fathom_paths::Level::OnlyIf => Sure::OnlyIf,
        fathom_paths::Level::Unknown => Sure::Unknown,
    }
}
