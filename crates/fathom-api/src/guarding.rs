//! Which web firewall stands before what answers the web: worked out once of what the last scan left, and kept until the next one ends.

use std::sync::Arc;

use fathom_access::AccessError;
use fathom_model::Scan;
use fathom_reach::web::{Firewalls, firewalls_in};
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{
    problem::{Code, Problem, chain},
    reaching,
    state::ApiState,
    waiting,
};

const ASKING: &str = "working out what guards the web";

/// What guards the web, as the last scan left it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// The network that ways lead over.
    pub(crate) network: Arc<reaching::Snapshot>,
    /// What answers the web, with the web ACLs.
    pub(crate) firewalls: Firewalls,
    turn: i64,
}

/// What was worked out last. Who works it out holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Guarding(Mutex<Option<Arc<Snapshot>>>);

/// What guards the web, as the last finished scan left the estate.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || ASKING.to_owned()).await
}

async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.guarding.0.lock().await;
    // Counted before it is read: what a scan changes meanwhile is read anew by the next request.
    let turn = state.store.turns().await?;
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn) {
        return Ok(Arc::clone(known));
    }
    let network = reaching::make(state).await?;
    let (store, content, now) = (state.store.for_questions(), Arc::clone(&state.content), state.now());
    let (handle, asked) = (Handle::current(), Arc::clone(network.network()));
    let working = spawn_blocking(move || handle.block_on(firewalls_in(&store, &content, &asked, now)));
    let firewalls = working.await.map_err(|_| waiting::not_done(ASKING))?;
    let firewalls = firewalls.map_err(|error: AccessError| match error {
        AccessError::Store(error) => error.into(),
        error => Problem::new(Code::Internal, chain(&error)),
    })?;
    let made = Arc::new(Snapshot { scan: network.scan.clone(), network, firewalls, turn });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}
