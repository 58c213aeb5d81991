//! Which permissions and credentials nobody uses, and the policy that leaves only what is used.
//!
//! [`unused`] lists access keys, passwords, roles and users that were not used for some days. [`least_privilege`] compares
//! what the identity policies of one principal grant with what the log says it called, and with what IAM remembers of it
//! ([`Accessed`]), and proposes a policy. The
//! proposal is built in [`propose()`], statement by statement of those that grant, and proved in [`prove()`]: the evaluator
//! allows what was used as before, and `fathom-compare` finds no request that only the proposal allows.
//!
//! **Invariant:** what neither the log nor IAM shows is not called unused. It is named with the reason, and kept. Where they
//! disagree both are told, and what one of them knows is kept.

mod accessed;
mod ask;
mod granted;
mod log;
mod names;
mod narrow;
mod propose;
mod prove;
mod report;
mod unused;
mod write;

pub use accessed::{Accessed, AccessedAction, AccessedService, Disagreement};
pub use granted::Granted;
pub use log::{Log, Place};
pub use names::{Names, Unseen};
pub use propose::{Keep, Proposal, UsedOn, propose};
pub use prove::{Asked, Proof, prove};
pub use report::{Group, LeastPrivilege, NotMapped, UnseenGroup, UsedAction, least_privilege};
pub use unused::{Admin, State, Unused, UnusedKind, UnusedRow, unused};

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// The permissions could not be asked.
    #[error(transparent)]
    Access(#[from] fathom_access::AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] fathom_store::StoreError),
    /// A table of this program cannot be read.
    #[error("{message}")]
    Table {
        /// The table and what is wrong in it.
        message: String,
    },
    /// A root user, whom no policy of its own limits.
    #[error("{principal} is a root user: no identity policy limits it, so there is none to narrow")]
    Root {
        /// The account.
        principal: String,
    },
    /// A time that is not of this calendar.
    #[error("{days} days before {now} is no time that can be written")]
    Days {
        /// The days.
        days: u32,
        /// Now.
        now: fathom_model::Timestamp,
    },
    /// The proposal would allow something that is not granted: an error of this program, and nothing is proposed.
    #[error(
        "an error of this program: the proposed policy would allow {request}, which is not granted; nothing is proposed"
    )]
    Wider {
        /// The request.
        request: String,
    },
    /// The proposal would take away something that was used: an error of this program, and nothing is proposed.
    #[error(
        "an error of this program: the proposed policy would not allow {request}, which was used; nothing is proposed"
    )]
    Lost {
        /// The request.
        request: String,
    },
    /// The proposal cannot be read back.
    #[error("an error of this program: the proposed policy cannot be read: {message}")]
    NoPolicy {
        /// Why.
        message: String,
    },
}

/// The moment so many days before now.
fn days_before(now: fathom_model::Timestamp, days: u32) -> Result<fathom_model::Timestamp, PrivilegeError> {
    let seconds = now.as_second() - i64::from(days) * 86_400;
    fathom_model::Timestamp::from_second(seconds).map_err(|_| PrivilegeError::Days { days, now })
}
