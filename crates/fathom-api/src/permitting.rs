//! Who can do what, taken apart once and kept until the next scan ends; where that changed policies alone, what is kept is
//! changed.

use std::sync::{Arc, OnceLock};

use fathom_access::{AccessError, Basis, Before, Escalating, Openings, Origin, Permissions, Standing};
use fathom_escalate::{Everyone, Ways, WorkedOut};
use fathom_iam::Context;
use fathom_model::Scan;
use tokio::{runtime::Handle, sync::Mutex, task::spawn_blocking};

use crate::{
    problem::{Code, Problem, chain},
    state::ApiState,
    waiting,
};

const READING: &str = "reading all permissions";

/// All that has a say, as the last scan left it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The scan.
    pub(crate) scan: Scan,
    /// What can be asked.
    pub(crate) permissions: Arc<Permissions>,
    turn: i64,
    /// What is open, where nothing is given of the requests: asked with every visit of the page.
    openings: OnceLock<Openings>,
    /// What the estate has beside its policies, and what was worked out of it for everybody.
    pub(crate) escalating: Arc<Escalating>,
    basis: Basis,
    ways: OnceLock<Arc<WorkedOut>>,
    escalations: OnceLock<Everyone>,
}

impl Snapshot {
    fn before(&self) -> Before<'_> {
        Before { permissions: &self.permissions, escalating: &self.escalating, basis: &self.basis }
    }

    /// Whom resources let in from anywhere outside their accounts.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub(crate) fn openings(&self) -> Result<&Openings, AccessError> {
        if let Some(known) = self.openings.get() {
            return Ok(known);
        }
        let found = self.permissions.openings(&Origin::ALL, &Context::new())?;
        Ok(self.openings.get_or_init(|| found))
    }

    /// What somebody could do to have more permissions.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub(crate) fn ways(&self) -> Result<Ways<'_>, String> {
        let (index, facts, rules) = (&self.permissions.index, &self.escalating.facts, &self.escalating.rules);
        if let Some(known) = self.ways.get() {
            return Ways::again(index, facts, rules, Arc::clone(known));
        }
        let found = Ways::of(index, facts, rules)?;
        self.ways.get_or_init(|| found.worked_out());
        Ok(found)
    }

    /// Everybody who can become more.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub(crate) fn escalations(&self) -> Result<&Everyone, String> {
        if let Some(known) = self.escalations.get() {
            return Ok(known);
        }
        let found = self.ways()?.everyone(|_| true)?;
        Ok(self.escalations.get_or_init(|| found))
    }
}

/// What was taken apart last. Who takes apart holds the lock, so that it is one at a time.
#[derive(Debug, Default)]
pub(crate) struct Permitting(Mutex<Option<Arc<Snapshot>>>);

/// Permissions as the last finished scan left them.
///
/// # Errors
/// Where no scan has ended, where the store fails, and where it takes long.
pub(crate) async fn snapshot(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let task = state.clone();
    waiting::waited(async move { make(&task).await }, || READING.to_owned()).await
}

/// The same, however long it takes.
pub(crate) async fn make(state: &ApiState) -> Result<Arc<Snapshot>, Problem> {
    let mut kept = state.permitting.0.lock().await;
    // Counted before it is read: what a scan changes meanwhile is read anew by the next request.
    let turn = state.store.turns().await?;
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn) {
        return Ok(Arc::clone(known));
    }
    let scan = state.store.newest_scan().await?.ok_or_else(|| {
        Problem::new(Code::NotFound, "no scan has ended yet, so no permissions are known")
            .hint("start one with POST /scans")
    })?;
    let known = match &*kept {
        Some(known) if follows(state, (known.turn, &known.scan), &scan).await? => Some(Arc::clone(known)),
        _ => None,
    };
    let (store, now, handle, until) = (state.store.for_questions(), state.now(), Handle::current(), scan.id);
    // Policies are parsed between two reads, which would hold up other requests on a thread that serves them.
    let loading = spawn_blocking(move || {
        handle.block_on(async {
            if let Some(known) = known
                && let Some(made) = known.before().after(&store, (known.scan.id, until), now).await?
            {
                return Ok(made);
            }
            Standing::load(&store, now).await
        })
    });
    let Standing { permissions, escalating, basis } = loading
        .await
        .map_err(|_| waiting::not_done(READING))?
        .map_err(|error: AccessError| Problem::new(Code::Internal, chain(&error)))?;
    let made = Arc::new(Snapshot {
        scan,
        permissions,
        turn,
        openings: OnceLock::new(),
        escalating,
        basis,
        ways: OnceLock::new(),
        escalations: OnceLock::new(),
    });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}

/// Whether all scans that ended since are behind the one that was known, and none behind this one: what changed between the
/// two is then all that changed.
pub(crate) async fn follows(
    state: &ApiState,
    (mut turn, known): (i64, &Scan),
    scan: &Scan,
) -> Result<bool, Problem> {
    while let Some((next, ended)) = state.store.finished_after(turn).await? {
        if ended.id <= known.id || ended.id > scan.id {
            return Ok(false);
        }
        turn = next;
    }
    Ok(true)
}

/// Asks a question off the threads that serve requests, in one of the places that statements have too: both take every
/// core they get.
///
/// # Errors
/// Where all places are taken, and what the question itself comes to.
pub(crate) async fn ask<T: Send + 'static>(
    state: &ApiState,
    question: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let place = Arc::clone(&state.statements).try_acquire_owned().map_err(|_| {
        Problem::new(Code::TooBusy, "other questions are being answered")
            .hint("try again when they are done")
            .retry_after(2)
    })?;
    let asked = spawn_blocking(move || {
        let _place = place;
        question()
    });
    asked.await.map_err(|_| Problem::new(Code::Internal, "the question was not answered"))?
}
