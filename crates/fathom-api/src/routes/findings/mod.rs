//! What checks found and what became of it, in the order of what an intruder could do.
//!
//! `list.rs` chooses and orders, `one.rs` tells all of one, `fix.rs` how it is put right, `teams.rs` counts by who answers for things, `trend.rs` run by run,
//! `exceptions.rs` is what people accept, `preview.rs` what a rule would take, `views.rs` is how it is told.

mod exceptions;
mod fix;
mod list;
mod one;
mod preview;
mod teams;
mod trend;
mod views;

use fathom_findings::Exceptions;
use fathom_model::{KeptFinding, Timestamp};

pub(crate) use exceptions::{
    __path_accept, __path_exceptions, __path_withdraw, accept, exceptions, withdraw,
};
pub(crate) use fix::{__path_fix, fix};
pub(crate) use list::{__path_findings, findings};
pub(crate) use one::{__path_finding, finding};
pub(crate) use preview::{__path_preview, preview};
pub(crate) use teams::{__path_teams, teams};
pub(crate) use trend::{__path_trend, trend};
pub(in crate::routes) use views::FindingSeverity;

use crate::{
    access::Visible,
    problem::{Code, Problem},
    state::ApiState,
};

/// The exceptions that hold.
async fn holding(state: &ApiState, now: Timestamp) -> Result<Exceptions, Problem> {
    let all = state.store.finding_exceptions().await?;
    Exceptions::holding(all, now).map_err(|why| Problem::new(Code::Internal, why))
}

/// Whether somebody may know of a finding. What is gone is of whom it was last.
fn sees(visible: &Visible, finding: &KeptFinding) -> bool {
    visible.scope().sees(&finding.account, finding.owner.as_deref())
}

/// What stands in a filter for things for which nobody answers.
const NOBODY: &str = "";

/// Whether a place is one of those that are asked for: an account, and who answers for things there.
pub(in crate::routes) fn is_place(
    (accounts, owners): (&[String], &[String]),
    account: &str,
    owner: Option<&str>,
) -> bool {
    let is_in = |chosen: &[String], value: &str| chosen.is_empty() || chosen.iter().any(|one| one == value);
    is_in(accounts, account) && is_in(owners, owner.unwrap_or(NOBODY))
}
