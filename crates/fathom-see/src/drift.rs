//! What code declares against what the last scan saw: the comparison of `fathom-estate`, fed from the store.

use std::collections::HashMap;

use fathom_content::Content;
use fathom_estate::{
    STACK_TYPE,
    drift::{Drift, Report, Seen},
};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{CoverageQuery, Store, StoreError, Which};
use futures::TryStreamExt;

use crate::sources::Declared;

/// Rows of the coverage ledger that are looked at.
const COVERAGE_ROWS_MAX: u32 = 1_000_000;

/// Compares. Reads the estate three times, so that it need not be held: stacks, names, then all with their documents.
///
/// # Errors
/// When the store cannot be read.
pub async fn compare(
    store: &Store,
    content: &Content,
    declared: &Declared,
    now: Timestamp,
) -> Result<Report, StoreError> {
    let mut drift = Drift::new(content, &declared.terraform, &declared.templates);
    let stack = ResourceType::new(STACK_TYPE);
    let mut chunks = std::pin::pin!(store.stream_resources(&Which::of(&stack), true));
    while let Some(chunk) = chunks.try_next().await? {
        for stored in &chunk {
            drift.add_stack(&stored.resource);
        }
    }
    if drift.wants_names() {
        let mut chunks = std::pin::pin!(store.stream_resources(&Which::all(), false));
        while let Some(chunk) = chunks.try_next().await? {
            for stored in &chunk {
                drift.add_name(&stored.resource);
            }
        }
    }
    drift.begin();
    let unread = unread(store, now).await?;
    let mut chunks = std::pin::pin!(store.stream_resources(&Which::all(), true));
    while let Some(chunk) = chunks.try_next().await? {
        for stored in &chunk {
            let unread = unread.get(&stored.resource.uid).map(Vec::as_slice).unwrap_or_default();
            drift.add(&stored.resource, unread);
        }
    }
    let query = CoverageQuery { limit: COVERAGE_ROWS_MAX, ..CoverageQuery::default() };
    let coverage = store.coverage(&query).await?;
    Ok(drift.finish(&Seen::new(content, &coverage)))
}

/// Members of documents that could not be read, and why: nothing there is no proof that nothing is there.
async fn unread(store: &Store, now: Timestamp) -> Result<HashMap<Uid, Vec<(String, String)>>, StoreError> {
    let mut unread: HashMap<Uid, Vec<(String, String)>> = HashMap::new();
    let mut chunks = std::pin::pin!(store.stream_unknowns(now));
    while let Some(chunk) = chunks.try_next().await? {
        for unknown in chunk {
            for gap in &unknown.gaps {
                if let Some(reason) = gap.reason {
                    unread
                        .entry(unknown.uid.clone())
                        .or_default()
                        .push((gap.part.clone(), reason.to_string()));
                }
            }
        }
    }
    Ok(unread)
}
