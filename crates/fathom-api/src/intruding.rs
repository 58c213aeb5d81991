//! How an intruder would walk: derived once of what the last scan left, and kept until the next one ends, or a report of weaknesses or a
//! list of what is exploited is imported.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use fathom_access::Origin;
use fathom_iam::Context as Given;
use fathom_intrude::{FixFirst, Ground, IntrudeError, Paths, Query, Walk, Walked};
use fathom_model::{Scan, Timestamp};
use fathom_posture::Places;
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{
    permitting,
    problem::{Code, Problem, chain},
    reaching,
    state::ApiState,
    waiting,
};

/// What is done, one after the other.
const STAGES: [&str; 4] = [
    "reading all permissions",
    "reading the network",
    "reading what must not be lost",
    "following every step",
];

/// Everything that an intruder could have, and the steps between, as the last scan left them.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// The network that steps lead over.
    pub(crate) network: Arc<reaching::Snapshot>,
    /// What is asked.
    pub(crate) ground: Ground,
    walked: Walked,
    version: Version,
    /// All stories without proofs, and what to mend first: asked with every visit of the page.
    stories: OnceLock<Paths>,
    first: OnceLock<FixFirst>,
    /// What an intruder could do with each resource: the order of findings.
    places: OnceLock<Places>,
    is_looking: AtomicBool,
}

impl Snapshot {
    /// What was derived, to be asked.
    ///
    /// # Errors
    /// When the catalogue of actions cannot be read.
    pub(crate) fn walk(&self) -> Result<Walk<'_>, IntrudeError> {
        Walk::again(&self.ground, &self.walked)
    }

    /// All stories, told without proofs.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub(crate) fn stories(&self) -> Result<&Paths, IntrudeError> {
        if let Some(known) = self.stories.get() {
            return Ok(known);
        }
        let found = self.walk()?.paths(&Query { plain: true, ..Query::default() })?;
        Ok(self.stories.get_or_init(|| found))
    }

    /// What an intruder could do with each resource.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub(crate) fn places(&self) -> Result<&Places, IntrudeError> {
        if let Some(known) = self.places.get() {
            return Ok(known);
        }
        let openings = self.ground.permissions.openings(&[Origin::Public], &Given::default())?;
        let network = &self.network;
        let found = Places::of(self.stories()?, network.network(), &network.directory, &openings);
        Ok(self.places.get_or_init(|| found))
    }

    /// Whether what to mend first is known; where it is not, somebody begins to work it out.
    pub(crate) fn knows_first(self: &Arc<Self>) -> bool {
        let is_known = self.first.get().is_some();
        if !is_known && !self.is_looking.swap(true, Ordering::Relaxed) {
            let own = Arc::clone(self);
            spawn_blocking(move || {
                if let Err(error) = own.fix_first() {
                    tracing::warn!(error = chain(&error), "what to mend first was not worked out");
                }
            });
        }
        is_known
    }

    /// What to mend first, of all stories.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub(crate) fn fix_first(&self) -> Result<&FixFirst, IntrudeError> {
        if let Some(known) = self.first.get() {
            return Ok(known);
        }
        let found = self.walk()?.fix_first(&Query::default())?;
        Ok(self.first.get_or_init(|| found))
    }
}

/// What it was derived of: which scans had ended, and what had been imported.
type Version = (i64, String);

/// As it is now. Counted before anything is read: what changes meanwhile is read anew by the next request.
async fn version(state: &ApiState) -> Result<Version, Problem> {
    Ok((state.store.turns().await?, state.store.weaknesses_version().await?))
}

/// What was derived last. Who derives holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Intruding {
    kept: Mutex<Option<Arc<Snapshot>>>,
    /// Which of the stages is under way, and since when all of it is.
    stage: std::sync::Mutex<Option<(usize, Timestamp)>>,
}

impl Intruding {
    fn enter(&self, stage: Option<usize>, now: Timestamp) {
        let mut known = self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *known = stage.map(|stage| (stage, known.map_or(now, |(_, since)| since)));
    }

    /// What is being done, in words.
    fn progress(&self, now: Timestamp) -> String {
        let known = *self.stage.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((stage, since)) = known else { return "working out how an intruder would walk".to_owned() };
        let word = STAGES.get(stage).copied().unwrap_or_default();
        let seconds = now.duration_since(since).as_secs().max(0);
        format!(
            "working out how an intruder would walk (step {} of {}: {word}; {seconds} s so far)",
            stage + 1,
            STAGES.len()
        )
    }
}

/// How an intruder would walk, as the last finished scan left the estate.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || state.intruding.progress(state.now())).await
}

/// The same only where it is worked out already; otherwise none, and somebody begins to.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn at_once(state: &ApiState) -> Result<Option<Arc<Snapshot>>, Problem> {
    let version = version(state).await?;
    let Ok(kept) = state.intruding.kept.try_lock() else { return Ok(None) };
    if let Some(known) = kept.as_ref().filter(|known| known.version == version) {
        return Ok(Some(Arc::clone(known)));
    }
    let task = state.clone();
    tokio::spawn(async move {
        if let Err(problem) = make(&task).await {
            tracing::warn!(?problem, "how an intruder would walk was not worked out");
        }
    });
    Ok(None)
}

async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.intruding.kept.lock().await;
    let version = version(state).await?;
    if let Some(known) = kept.as_ref().filter(|known| known.version == version) {
        return Ok(Arc::clone(known));
    }
    let made = derive(state, version).await;
    state.intruding.enter(None, state.now());
    let made = Arc::new(made?);
    *kept = Some(Arc::clone(&made));
    Ok(made)
}

async fn derive(state: &ApiState, version: Version) -> Result<Snapshot, Problem> {
    let enter = |stage| state.intruding.enter(Some(stage), state.now());
    enter(0);
    let standing = permitting::make(state).await?;
    enter(1);
    let network = reaching::make(state).await?;
    enter(2);
    let (store, now, handle) = (state.store.for_questions(), state.now(), Handle::current());
    let (permissions, escalating) = (Arc::clone(&standing.permissions), Arc::clone(&standing.escalating));
    let whole = Arc::clone(network.network());
    let reading = spawn_blocking(move || {
        handle.block_on(async {
            let ground = Ground::of(&store, permissions, escalating, whole).await?;
            ground.with_weaknesses(&store, now).await
        })
    });
    let ground = reading.await.map_err(|_| waiting::not_done(STAGES[2]))?.map_err(refused)?;
    enter(3);
    let asking = Arc::clone(&standing);
    let following = spawn_blocking(move || {
        let worked = asking.ways().map_err(IntrudeError::Question)?.worked_out();
        let walked = Walk::with(&ground, worked)?.walked();
        Ok::<_, IntrudeError>((ground, walked))
    });
    let (ground, walked) = following.await.map_err(|_| waiting::not_done(STAGES[3]))?.map_err(refused)?;
    let scan = standing.scan.clone();
    Ok(Snapshot {
        scan,
        network,
        ground,
        walked,
        version,
        stories: OnceLock::new(),
        first: OnceLock::new(),
        places: OnceLock::new(),
        is_looking: AtomicBool::new(false),
    })
}

/// Why something was not answered that nobody named.
pub(crate) fn refused(error: IntrudeError) -> Problem {
    match error {
        IntrudeError::Store(error) => error.into(),
        error => Problem::new(Code::Internal, chain(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_which_step_it_is_and_since_when() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let one = Intruding::default();
        assert_eq!(one.progress(at(0)), "working out how an intruder would walk");
        one.enter(Some(0), at(100));
        one.enter(Some(3), at(110));
        let told = "working out how an intruder would walk (step 4 of 4: following every step; 25 s so far)";
        assert_eq!(one.progress(at(125)), told);
        one.enter(None, at(130));
        one.enter(Some(1), at(200));
        assert!(one.progress(at(201)).contains("step 2 of 4: reading the network; 1 s so far"));
    }
}
