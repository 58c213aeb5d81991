//! Whether one policy allows what another does not, with the request that shows it.
//!
//! [`wider`] answers whether a new side allows a request that the old side does not. [`compare`] asks both ways.
//! [`outsider`] asks whether anybody outside of given accounts is ever allowed, [`Rule`] whether what must never be
//! allowed is. Each answer is a proof that there is no such request, a [`Counterexample`], or [`Answer::Unknown`] with
//! the reason.
//!
//! How: action by action (`question`), the values that some condition, pattern or name of the policies tells apart are
//! enumerated axis by axis (`axis`), and `search` looks for a combination. Every counterexample is decided again by
//! [`fathom_iam::evaluate`] before it is given out (`witness`).
//!
//! What is compared is what the policies themselves say: that an identity policy alone is enough, or that the policy of a
//! resource names the caller's account and leaves the rest to it, is not told apart.
//!
//! **Invariant:** pure. No answer depends on a clock, a network or chance.

mod answer;
mod asked;
mod axis;
pub mod limits;
mod mask;
pub mod plan;
mod question;
mod rule;
mod search;
mod text;
mod witness;

pub use answer::{Answer, Comparison, Counterexample, Refusal, Relation, Shown};
pub use asked::Scope;
pub use question::{compare, outsider, wider};
pub use rule::{BadRule, Rule};
