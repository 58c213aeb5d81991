//! What answers without asking who comes: worked out once of what the last scan left, and kept until the next one ends.

use std::sync::Arc;

use fathom_access::AccessError;
use fathom_model::Scan;
use fathom_reach::open::{Open, open_in};
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{
    permitting,
    problem::{Code, Problem, chain},
    reaching,
    state::ApiState,
    waiting,
};

const ASKING: &str = "working out what answers without asking who comes";

/// What answers, as the last scan left it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// The network that ways lead over.
    pub(crate) network: Arc<reaching::Snapshot>,
    /// What answers, on both lists.
    pub(crate) open: Open,
    turn: i64,
}

/// What was worked out last. Who works it out holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Opening(Mutex<Option<Arc<Snapshot>>>);

/// What answers, as the last finished scan left the estate.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || ASKING.to_owned()).await
}

async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.opening.0.lock().await;
    // Counted before it is read: what a scan changes meanwhile is read anew by the next request.
    let turn = state.store.turns().await?;
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn) {
        return Ok(Arc::clone(known));
    }
    let standing = permitting::make(state).await?;
    let network = reaching::make(state).await?;
    let (store, content, now) = (state.store.for_questions(), Arc::clone(&state.content), state.now());
    let (handle, asked) =
        (Handle::current(), (Arc::clone(network.network()), Arc::clone(&standing.permissions)));
    let working =
        spawn_blocking(move || handle.block_on(open_in(&store, &content, (&asked.0, &asked.1), now)));
    let open = working.await.map_err(|_| waiting::not_done(ASKING))?;
    let open = open.map_err(|error: AccessError| match error {
        AccessError::Store(error) => error.into(),
        error => Problem::new(Code::Internal, chain(&error)),
    })?;
    let made = Arc::new(Snapshot { scan: standing.scan.clone(), network, open, turn });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}
