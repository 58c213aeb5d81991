//! What reaches what, read once and kept until the next scan ends; where that changed little, what is kept is changed.

use std::sync::{Arc, OnceLock};

use fathom_model::Scan;
use fathom_net::{Exposed, Index, Network, USUAL, exposure};
use fathom_reach::{Directory, Standing};
use fathom_store::StoreError;
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{
    permitting::follows,
    problem::{Code, Problem},
    state::ApiState,
    waiting,
};

const READING: &str = "reading the network";

/// The network, as the last scan left it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// What can be asked.
    pub(crate) index: Arc<Index>,
    /// Which resources its ids mean.
    pub(crate) directory: Arc<Directory>,
    standing: Standing,
    turn: i64,
    /// What the internet reaches: asked with every visit of the page.
    exposed: Arc<OnceLock<Vec<Exposed>>>,
}

impl Snapshot {
    /// The network.
    pub(crate) fn network(&self) -> &Arc<Network> {
        self.index.network()
    }

    /// What the internet reaches. The first who asks works it out; the others wait.
    pub(crate) fn exposed(&self) -> &[Exposed] {
        self.exposed.get_or_init(|| exposure(self.network(), &USUAL))
    }
}

/// What was read last. Who reads holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Reaching(Mutex<Option<Arc<Snapshot>>>);

/// The network as the last finished scan left it.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || READING.to_owned()).await
}

/// The same, however long it takes.
pub(crate) async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.reaching.0.lock().await;
    // Counted before it is read: what a scan changes meanwhile is read anew by the next request.
    let turn = state.store.turns().await?;
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn) {
        return Ok(Arc::clone(known));
    }
    let scan = state.store.newest_scan().await?.ok_or_else(|| {
        Problem::new(Code::NotFound, "no scan has ended yet, so no network is known")
            .hint("start one with POST /scans")
    })?;
    let known = match &*kept {
        Some(known) if follows(state, (known.turn, &known.scan), &scan).await? => Some(Arc::clone(known)),
        _ => None,
    };
    let (store, now, handle, until) = (state.store.for_questions(), state.now(), Handle::current(), scan.id);
    // Documents are parsed between two reads, which would hold up other requests on a thread that serves them.
    let loading = spawn_blocking(move || {
        handle.block_on(async {
            if let Some(known) = &known
                && let Some(standing) = known.standing.after(&store, (known.scan.id, until), now).await?
            {
                // What was worked out of a network holds for as long as that is the same.
                let is_same = Arc::ptr_eq(&standing.network, &known.standing.network);
                let kept = is_same.then(|| (Arc::clone(&known.index), Arc::clone(&known.exposed)));
                return Ok((standing, kept));
            }
            Ok::<_, StoreError>((Standing::load(&store, now).await?, None))
        })
    });
    let (standing, kept_too) = loading.await.map_err(|_| waiting::not_done(READING))??;
    let new = || (Arc::new(Index::new(Arc::clone(&standing.network))), Arc::default());
    let (index, exposed) = kept_too.unwrap_or_else(new);
    let directory = Arc::clone(&standing.directory);
    let made = Arc::new(Snapshot { scan, index, directory, standing, turn, exposed });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}
