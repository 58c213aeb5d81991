//! How the estate stands to the checks: asked once of what a scan left, kept as findings, and known until the next scan ends.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use fathom_access::AccessError;
use fathom_checks::{Checks, Status};
use fathom_content::{Content, checks::CheckFiles, frameworks::Frameworks};
use fathom_model::Scan;
use fathom_posture::{Extent, Ground, Kept, Posture, Protectable, Shapes, keep};
use fathom_store::{FindingRun, SYSTEM_ACTOR};
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{
    problem::{Code, Problem, chain},
    state::ApiState,
    waiting,
};

const ASKING: &str = "asking the checks of the estate";
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
    /// How data is protected, before it is known who asks.
    pub(crate) protectable: Protectable,
    turn: i64,
}

/// What was answered last. Who asks the checks holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Checking {
    kept: Mutex<Option<Arc<Snapshot>>>,
    catalogue: OnceLock<Arc<Catalogue>>,
}

/// What checks answer of the estate as the last finished scan left it.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || ASKING.to_owned()).await
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
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn) {
        return Ok(Arc::clone(known));
    }
    let scan = state.store.newest_scan().await?.ok_or_else(|| {
        Problem::new(Code::NotFound, "no scan has ended yet, so no check was asked")
            .hint("start one with POST /scans")
    })?;
    let catalogue = catalogue(state).await?;
    let (posture, protectable, found) = ask(state, &catalogue).await?;
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
    let made = Arc::new(Snapshot { scan, catalogue, posture, protectable, turn });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}

/// Asks all checks of everything, and compares with what was known.
async fn ask(state: &ApiState, catalogue: &Arc<Catalogue>) -> Result<(Posture, Protectable, Kept), Problem> {
    let (store, content, now) = (state.store.for_questions(), Arc::clone(&state.content), state.now());
    let (catalogue, handle) = (Arc::clone(catalogue), Handle::current());
    let asking = spawn_blocking(move || {
        let checks = &catalogue.checks;
        let extent = Extent { all_checks: catalogue.is_whole, ..Extent::default() };
        let mut ground = handle.block_on(Ground::load(&store, &content, checks, now))?;
        let told = [Status::Fail, Status::Unknown];
        let mut posture = Posture::of(checks, &ground, |_, _| true, &told);
        let keeping = keep(&store, &content, checks, &mut ground, (&posture, &extent), now);
        let found = handle.block_on(keeping)?;
        posture.findings = Vec::new();
        let protectable = handle.block_on(Protectable::of(&store, &content, checks, &mut ground))?;
        Ok::<_, AccessError>((posture, protectable, found))
    });
    asking.await.map_err(|_| waiting::not_done(ASKING))?.map_err(|error| match error {
        AccessError::Store(error) => error.into(),
        error => Problem::new(Code::Internal, chain(&error)),
    })
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
