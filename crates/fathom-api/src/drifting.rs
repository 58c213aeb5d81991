//! Comparisons of the estate with code: made once for a scan and a state of the files, and kept until one of them changes.

use std::sync::Arc;

use fathom_estate::drift::Report;
use fathom_model::{Scan, Timestamp};
use tokio::sync::Mutex;

use crate::{
    problem::{Code, Problem, chain},
    state::ApiState,
    waiting,
};

/// A comparison.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The scan whose estate was compared.
    pub(crate) scan: Scan,
    /// When it was.
    pub(crate) at: Timestamp,
    /// What came of it; none where no code is named.
    pub(crate) report: Option<Report>,
    /// Files that could not be used, and why.
    pub(crate) left_out: Vec<String>,
    turn: i64,
    stamp: u64,
}

/// The comparison that was made last. Who makes one holds the lock.
#[derive(Debug, Default)]
pub(crate) struct Drifting(Mutex<Option<Arc<Compared>>>);

/// The comparison of the estate as it is with the code as it is.
///
/// # Errors
/// Where no scan has ended, where the code does not read, and where it takes long.
pub(crate) async fn compared(state: &ApiState) -> Result<Arc<Compared>, Problem> {
    let task = state.clone();
    let making = Box::pin(async move { make(&task).await });
    waiting::waited(making, || "comparing the estate with the code".to_owned()).await
}

async fn make(state: &ApiState) -> Result<Arc<Compared>, Problem> {
    let store = &state.store;
    let scan = store.newest_scan().await?.ok_or_else(|| {
        Problem::new(Code::NotFound, "no scan has ended yet, so there is nothing to compare with")
            .hint("start one with POST /scans")
    })?;
    let turn = store.turns().await?;
    let Some(code) = state.code.clone() else {
        return Ok(Arc::new(Compared {
            scan,
            at: state.now(),
            report: None,
            left_out: Vec::new(),
            turn,
            stamp: 0,
        }));
    };
    let mut kept = state.drifting.0.lock().await;
    let (source, of) = (Arc::clone(&code), scan.clone());
    let stamp = blocking(move || source.stamp()).await?;
    if let Some(known) = kept.as_ref().filter(|known| known.turn == turn && known.stamp == stamp) {
        return Ok(Arc::clone(known));
    }
    let read = blocking(move || code.read(&of)).await?.map_err(|why| {
        Problem::new(Code::Internal, format!("what code declares cannot be read: {why}"))
            .hint("mend the file that it names")
    })?;
    let is_named = !read.declared.terraform.declarations().is_empty()
        || !read.declared.templates.is_empty()
        || !read.left_out.is_empty();
    let report = if is_named {
        let questions = store.for_questions();
        let made = fathom_see::drift::compare(&questions, &state.content, &read.declared, state.now()).await;
        Some(made.map_err(|error| Problem::new(Code::Internal, chain(&error)))?)
    } else {
        None
    };
    let made = Arc::new(Compared { scan, at: state.now(), report, left_out: read.left_out, turn, stamp });
    *kept = Some(Arc::clone(&made));
    Ok(made)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::new(Code::Internal, "the files were not read"))
}
