//! How somebody comes to have more permissions than were given: by assuming roles, taking over users and what runs as a
//! role, passing roles to services, and giving themselves permissions.
//!
//! [`Rules`] are content (`content/iam/escalation.yaml`); [`Facts`] are what an estate has beside its policies: who is in
//! which group, what runs as which role. [`Ways`] is where to start: it works out once what each rule opens to whom;
//! [`Ways::escalate`] then follows what one principal can become, and [`Ways::edits`] finds the statement without which
//! it cannot, asking again as if that were gone. [`Ways::web`] has all steps at once, for those who follow more than permissions.
//!
//! Every action of every step is decided by the evaluator of `fathom-iam`, with all layers; nothing is read off names.
//!
//! **Invariant:** pure. What could not be read makes a step "not known", never impossible.

mod actor;
mod asks;
mod chain;
mod edit;
mod everyone;
mod facts;
mod open;
mod reach;
mod rules;
mod ways;
mod web;
mod witness;

pub use chain::{Escalation, Goal, Proved, Reached, Step, What};
pub use edit::{Breaks, Edit};
pub use everyone::{Climber, Everyone};
pub use facts::{Facts, Group, Role, User, Workload};
pub use reach::Level;
pub use rules::{Keys, Kind, Rule, Rules, RulesError};
pub use ways::{Ways, WorkedOut};
pub use web::{Fix, Link, Spot, Web};
