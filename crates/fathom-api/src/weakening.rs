//! The weaknesses of software: worked out once of what the last scan left, and kept until the next one ends or something is imported.

use std::sync::Arc;

use fathom_store::StoreError;
use fathom_vulnerable::{Ground, Vulnerabilities};
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{problem::Problem, reaching, state::ApiState, waiting};

const JOINING: &str = "joining weaknesses with what the internet reaches";

/// Weaknesses, as the last scan and the imports left them.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The network that was asked.
    pub(crate) network: Arc<reaching::Snapshot>,
    /// All of it.
    pub(crate) known: Vulnerabilities,
    turn: i64,
    imports: String,
}

/// What was worked out last. Who works it out holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Weakening(Mutex<Option<Arc<Snapshot>>>);

/// The weaknesses of what scans saw.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || JOINING.to_owned()).await
}

async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.weakening.0.lock().await;
    // Counted before it is read: what a scan or an import changes meanwhile is read anew by the next request.
    let (turn, imports) = (state.store.turns().await?, state.store.weaknesses_version().await?);
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn && known.imports == imports) {
        return Ok(Arc::clone(known));
    }
    let network = reaching::make(state).await?;
    let (store, content, now) = (state.store.for_questions(), Arc::clone(&state.content), state.now());
    let (handle, asked) = (Handle::current(), Arc::clone(network.network()));
    let working = spawn_blocking(move || {
        handle.block_on(async {
            let rules = &content.vulnerabilities;
            let ground = Ground::load(&store, rules, Some(&content), Some(asked), now).await?;
            Ok::<_, StoreError>(Vulnerabilities::of(rules, &ground))
        })
    });
    let known = working.await.map_err(|_| waiting::not_done(JOINING))??;
    let made = Arc::new(Snapshot { network, known, turn, imports });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}
