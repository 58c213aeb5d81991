//! What fails if something goes: what needs what, read once of what the last scan left, and kept until the next one ends.

use std::sync::Arc;

use fathom_model::Scan;
use fathom_outage::{Ground, OutageError};
use tokio::sync::Mutex;

use crate::{
    problem::{Code, Problem, chain},
    state::ApiState,
    waiting,
};

/// What needs what, as the last scan left it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// Things and their needs.
    pub(crate) ground: Ground,
    turn: i64,
}

/// What was read last. Who reads holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Failing(Mutex<Option<Arc<Snapshot>>>);

/// What needs what, as the last finished scan left the estate.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || "reading what needs what".to_owned()).await
}

async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.failing.0.lock().await;
    // Counted before it is read: what a scan changes meanwhile is read anew by the next request.
    let turn = state.store.turns().await?;
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn) {
        return Ok(Arc::clone(known));
    }
    let scan = state.store.newest_scan().await?.ok_or_else(|| {
        Problem::new(Code::NotFound, "no scan has ended yet, so nothing is known that could fail")
            .hint("start one with POST /scans")
    })?;
    let ground = Ground::load(&state.store.for_questions()).await.map_err(|error| match error {
        OutageError::Store(error) => error.into(),
        error @ OutageError::Rules(_) => Problem::new(Code::Internal, chain(&error)),
    })?;
    let made = Arc::new(Snapshot { scan, ground, turn });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}
