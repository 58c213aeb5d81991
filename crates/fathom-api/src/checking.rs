//! How the estate stands to the checks: asked of what a scan left, kept as findings, and known until the next scan ends. After that
//! only what changed is asked again, with what depends on it.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use fathom_access::AccessError;
use fathom_checks::Checks;
use fathom_content::{Content, checks::CheckFiles, frameworks::Frameworks};
use fathom_model::Scan;
use fathom_posture::{
    Engines, Extent, Ground, Kept, Posture, Protectable, Shapes, Stale, Watch, keep, keep_again, reached,
};
use fathom_store::{FindingRun, SYSTEM_ACTOR};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OnceCell},
    task::spawn_blocking,
};

use crate::{
    permitting::{self, follows},
    problem::{Code, Problem, chain},
    reaching,
    state::ApiState,
    waiting,
};

const ASKING: &str = "asking the checks of the estate";
const PROTECTING: &str = "working out how data is protected";
/// How often the server looks whether a scan has ended.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The checks and frameworks that there are.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// The checks that could be read.
    pub(crate) checks: Checks,
    /// The frameworks, with what each control asks.
    pub(crate) frameworks: Frameworks,
    /// Whether all content was read: a check that was not may be the check of a finding.
    is_whole: bool,
}

impl Catalogue {
    fn load(content: &Content, directory: Option<&PathBuf>) -> Self {
        let directory = directory.map(PathBuf::as_path);
        let (checks, problems) = Checks::compile(CheckFiles::load(directory), &Shapes::of(content));
        // No scan reads what manifests declare.
        let checks = checks.only(|check| !content.manifests.is_type(check.definition.kind.as_str()));
        let frameworks = Frameworks::load(directory);
        for problem in &problems {
            tracing::warn!(%problem, "a check was not read");
        }
        for problem in &frameworks.problems {
            tracing::warn!(%problem, "a framework was not read");
        }
        Self { checks, frameworks, is_whole: problems.is_empty() }
    }
}

/// What checks answered, as the last scan left the estate.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// What was asked.
    pub(crate) catalogue: Arc<Catalogue>,
    /// How each check came out. Findings are in the store.
    pub(crate) posture: Posture,
    /// How data is protected, before it is known who asks: worked out for the first who does.
    protectable: OnceCell<Arc<Protectable>>,
    turn: i64,
}

/// What was answered last. Who asks the checks holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Checking {
    kept: Mutex<Option<Last>>,
    catalogue: OnceLock<Arc<Catalogue>>,
}

/// What was answered last, as a whole and of each resource.
#[derive(Debug)]
struct Last {
    snapshot: Arc<Snapshot>,
    watch: Watch,
}

/// What checks answer of the estate as the last finished scan left it.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || ASKING.to_owned()).await
}

/// How data is protected, as of a snapshot.
///
/// # Errors
/// Where the store fails, and where it takes long.
pub(crate) async fn protectable(
    state: &ApiState,
    snapshot: &Arc<Snapshot>,
) -> Result<Arc<Protectable>, Problem> {
    let (state, snapshot) = (state.clone(), Arc::clone(snapshot));
    let working_out = async move {
        let made = snapshot.protectable.get_or_try_init(|| work_out(&state, &snapshot.catalogue)).await?;
        Ok(Arc::clone(made))
    };
    waiting::waited(working_out, || PROTECTING.to_owned()).await
}

async fn work_out(state: &ApiState, catalogue: &Arc<Catalogue>) -> Result<Arc<Protectable>, Problem> {
    let (store, content, now) = (state.store.for_questions(), Arc::clone(&state.content), state.now());
    let (checks, handle) = (Arc::clone(catalogue), Handle::current());
    let engines = engines(state, &Stale::all()).await;
    let asking = async move {
        let mut ground = Ground::load_with(&store, &content, &checks.checks, now, engines).await?;
        Protectable::of(&store, &content, &checks.checks, &mut ground).await
    };
    let asking = spawn_blocking(move || handle.block_on(asking));
    asking.await.map_err(|_| waiting::not_done(PROTECTING))?.map_err(failed).map(Arc::new)
}

/// The checks and frameworks that there are; read once.
///
/// # Errors
/// Where reading them was ended.
pub(crate) async fn catalogue(state: &ApiState) -> Result<Arc<Catalogue>, Problem> {
    if let Some(known) = state.checking.catalogue.get() {
        return Ok(Arc::clone(known));
    }
    let (content, directory) = (Arc::clone(&state.content), state.content_directory.clone());
    let loading = spawn_blocking(move || Arc::new(Catalogue::load(&content, directory.as_ref())));
    let loaded = loading.await.map_err(|_| waiting::not_done("reading the checks"))?;
    Ok(Arc::clone(state.checking.catalogue.get_or_init(|| loaded)))
}

async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.checking.kept.lock().await;
    // Counted before it is read: what a scan changes meanwhile is asked anew by the next request.
    let turn = state.store.turns().await?;
    if let Some(known) = kept.as_ref().filter(|known| known.snapshot.turn == turn) {
        return Ok(Arc::clone(&known.snapshot));
    }
    let scan = state.store.newest_scan().await?.ok_or_else(|| {
        Problem::new(Code::NotFound, "no scan has ended yet, so no check was asked")
            .hint("start one with POST /scans")
    })?;
    let catalogue = catalogue(state).await?;
    // What is given up half way knows nothing any more, and is asked as a whole by the next.
    let before = match kept.take() {
        Some(known) => {
            let at = (known.snapshot.turn, &known.snapshot.scan);
            follows(state, at, &scan).await?.then_some((known.snapshot.scan.id, known.watch))
        }
        None => None,
    };
    let (watch, posture, found) = ask(state, &catalogue, before, scan.id).await?;
    let before = state.store.last_finding_run(true).await?;
    let is_new = before.is_none_or(|run| run.scan != scan.id) || !found.updates.is_empty();
    // A server that starts anew and finds the same has nothing to seal.
    if is_new {
        let run = FindingRun {
            at: state.now(),
            scan: scan.id,
            by: SYSTEM_ACTOR.to_owned(),
            checks: catalogue.checks.all.len() as u64,
            resources: posture.resources as u64,
            whole: catalogue.is_whole,
        };
        state.store.keep_findings(&run, &found.updates, &found.seen).await?;
    }
    let snapshot = Arc::new(Snapshot { scan, catalogue, posture, protectable: OnceCell::new(), turn });
    *kept = Some(Last { snapshot: Arc::clone(&snapshot), watch });
    Ok(snapshot)
}

/// Asks the checks of what changed since the scan that is known, or all of everything, and compares with what was known.
async fn ask(
    state: &ApiState,
    catalogue: &Arc<Catalogue>,
    before: Option<(i64, Watch)>,
    until: i64,
) -> Result<(Watch, Posture, Kept), Problem> {
    let (store, content, now) = (state.store.for_questions(), Arc::clone(&state.content), state.now());
    let (catalogue, handle, state) = (Arc::clone(catalogue), Handle::current(), state.clone());
    let asking = async move {
        let checks = &catalogue.checks;
        let extent = Extent { all_checks: catalogue.is_whole, ..Extent::default() };
        if let Some((since, mut watch)) = before {
            let engines = async |stale: &Stale| Ok(engines(&state, stale).await);
            let again = watch.again(&store, &content, checks, (since, until), now, engines).await?;
            if let Some(mut again) = again {
                let found = keep_again(&store, &content, checks, (&mut again, &extent), now).await?;
                tracing::debug!(
                    asked = again.asked.len(),
                    gone = again.gone.len(),
                    "checks were asked again"
                );
                again.posture.findings = Vec::new();
                return Ok((watch, again.posture, found));
            }
        }
        let engines = engines(&state, &Stale::all()).await;
        let mut ground = Ground::load_with(&store, &content, checks, now, engines).await?;
        let (watch, mut posture) = Watch::begin(&store, checks, &ground).await?;
        let found = keep(&store, &content, checks, &mut ground, (&posture, &extent), now).await?;
        posture.findings = Vec::new();
        Ok::<_, AccessError>((watch, posture, found))
    };
    // Evaluation is between two reads, which would hold up other requests on a thread that serves them.
    let asking = spawn_blocking(move || handle.block_on(asking));
    asking.await.map_err(|_| waiting::not_done(ASKING))?.map_err(failed)
}

/// What a failure of the engines is for who asks.
pub(crate) fn failed(error: AccessError) -> Problem {
    match error {
        AccessError::Store(error) => error.into(),
        error => Problem::new(Code::Internal, chain(&error)),
    }
}

/// What the server knows of permissions and of the network. What it cannot say here, checks let work out and tell why not.
pub(crate) async fn engines(state: &ApiState, stale: &Stale) -> Engines {
    let mut engines = Engines::default();
    if stale.permissions {
        engines.permissions = permitting::make(state).await.ok().map(|known| Arc::clone(&known.permissions));
    }
    if stale.network {
        engines.reached = reaching::make(state)
            .await
            .ok()
            .map(|known| Arc::new(reached(known.exposed().iter().cloned(), &known.directory)));
    }
    engines
}

/// Asks the checks after each scan, for as long as the server runs.
pub(crate) async fn follow(state: ApiState) {
    let mut ending = state.ending.subscribe();
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failed = None;
    loop {
        let is_due = tokio::select! {
            _ = ending.wait_for(|ending| *ending) => false,
            _ = ticks.tick() => true,
        };
        if !is_due {
            return;
        }
        let turn = match state.store.turns().await {
            Ok(turn) if turn > 0 && failed != Some(turn) => turn,
            _ => continue,
        };
        // What is written is written whole or not at all, so a server that ends need not wait for it.
        let made = tokio::select! {
            _ = ending.wait_for(|ending| *ending) => return,
            made = make(&state) => made,
        };
        if let Err(problem) = made {
            tracing::warn!(?problem, "checks were not asked");
            failed = Some(turn);
        }
    }
}
