//! What checks found and what became of it, in the order of what an intruder could do.
//!
//! `list.rs` chooses and orders, `one.rs` tells all of one, `exceptions.rs` is what people accept, `views.rs` is how it is told.

mod exceptions;
mod list;
mod one;
mod views;

use fathom_findings::Exceptions;
use fathom_model::{KeptFinding, Timestamp};

pub(crate) use exceptions::{
    __path_accept, __path_exceptions, __path_withdraw, accept, exceptions, withdraw,
};
pub(crate) use list::{__path_findings, findings};
pub(crate) use one::{__path_finding, finding};
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
