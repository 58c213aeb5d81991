//! How an intruder would walk over the estate.
//!
//! [`Ground`] is all that is asked, out of the store. [`Walk`] derives from it what an intruder can have and the steps between: what
//! somebody can become from `fathom-escalate`, who can read or destroy what from `fathom-access`, what reaches what from `fathom-net`, and
//! what runs as which role. [`Walk::paths`] tells the stories with their proofs, [`Walk::fix_first`] what stops most of them,
//! [`Walk::blast`] what falls with one thing. [`Walked`] is what was derived, to be kept beside its ground.
//!
//! **Invariant:** nothing is decided here. Each step keeps the question that it was answered by, and is asked again to prove it, and
//! to find out whether an edit closes it. What was not read makes a step "not known".

mod acts;
mod after;
mod blast;
mod code;
mod edits;
mod find;
mod first;
mod ground;
mod identity;
mod network;
mod proof;
mod story;
mod walk;
mod weak;
mod words;

pub use blast::{Blast, Fallen};
pub use edits::{Breaks, Closing, Edit};
pub use first::{First, FixFirst, Passed};
pub use ground::{AccessKey, Ground, Thing};
pub use proof::Told;
pub use story::{Lost, Paths, Query, Story};
pub use walk::{Derived, Kind, Named, Walk, Walked};

/// Why a question could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum IntrudeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] fathom_store::StoreError),
    /// What was read cannot be asked about.
    #[error(transparent)]
    Access(#[from] fathom_access::AccessError),
    /// The rules cannot be used.
    #[error(transparent)]
    Rules(#[from] fathom_paths::RulesError),
    /// The rules of weaknesses cannot be used.
    #[error(transparent)]
    Content(#[from] fathom_content::ContentError),
    /// A question is not of its form.
    #[error("{0}")]
    Question(String),
    /// Nothing that an intruder could have is called so.
    #[error("nothing that an intruder could {what} is called `{text}`; {forms}")]
    Nothing {
        /// What was wanted: begin with, or want.
        what: &'static str,
        /// What was written.
        text: String,
        /// What can be written.
        forms: &'static str,
    },
    /// A text means several things.
    #[error("`{text}` may mean several things; name one:\n  {}", .found.join("\n  "))]
    Ambiguous {
        /// What was written.
        text: String,
        /// What it may mean, some of it.
        found: Vec<String>,
    },
}
