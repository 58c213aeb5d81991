//! What is kept of a run of checks, what it changed, and what of it somebody accepted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anyhow::Result;
use fathom_checks::{Checks, Status};
use fathom_content::Content;
use fathom_model::{FindingChange, KeptFinding, Timestamp};
use fathom_posture::{Extent, Ground, Posture, keep};
use fathom_store::{FindingChanges, FindingRun, Store, StoreError};
use serde_json::{Value, json};

use crate::{
    args::Global,
    commands::{findings::holding, unknown::day},
    render::{self, clean, styled},
    wiring,
};

/// Changes that are named; the rest is counted.
const NAMED: usize = 10;

/// What became of a run.
pub(super) struct Kept {
    /// The run before; none where this is the first.
    before: Option<FindingRun>,
    changes: FindingChanges,
    /// New, fixed and reopened ones.
    named: Vec<(FindingChange, KeptFinding)>,
    /// Why nothing was kept.
    why_not: Option<String>,
    /// How many failing findings of each check somebody accepted.
    accepted: BTreeMap<String, usize>,
}

/// Keeps a run. Where nothing can be written, as where a server holds the directory, that is told and is no failure.
pub(super) async fn keep_run(
    global: &Global,
    content: &Content,
    checks: &Checks,
    ground: &mut Ground<'_>,
    posture: &Posture,
    extent: &Extent,
) -> Result<Kept> {
    let now = wiring::now();
    let store = match Store::open(&global.data, wiring::ORIGIN, now).await {
        Ok(store) => store,
        Err(error @ (StoreError::InUse { .. } | StoreError::ReadOnly { .. } | StoreError::Lock { .. })) => {
            let store = wiring::reader(global).await?;
            let accepted = accepted(&store, posture, now).await?;
            return Ok(Kept {
                before: None,
                changes: FindingChanges::default(),
                named: Vec::new(),
                why_not: Some(error.to_string()),
                accepted,
            });
        }
        Err(error) => return Err(error.into()),
    };
    let before = store.last_finding_run(false).await?;
    let found = keep(&store, content, checks, ground, (posture, extent), now).await?;
    let run = FindingRun {
        at: now,
        scan: store.newest_scan().await?.map_or(0, |scan| scan.id),
        by: wiring::user().unwrap_or_else(|| fathom_store::SYSTEM_ACTOR.to_owned()),
        checks: checks.all.len() as u64,
        resources: posture.resources as u64,
        whole: extent.is_whole(),
    };
    let changes = store.keep_findings(&run, &found.updates, &found.seen).await?;
    let accepted = accepted(&store, posture, now).await?;
    store.close().await?;
    let named = found.updates.into_iter().filter_map(|update| {
        let change = update.change?;
        let is_told =
            matches!(change, FindingChange::Opened | FindingChange::Reopened | FindingChange::Fixed);
        is_told.then_some((change, update.finding))
    });
    let mut named: Vec<(FindingChange, KeptFinding)> = named.collect();
    named
        .sort_by_cached_key(|(change, one)| (*change, one.severity, one.check.clone(), one.resource.clone()));
    Ok(Kept { before, changes, named, why_not: None, accepted })
}

/// Of the findings that fail, those that somebody accepted, by check.
async fn accepted(store: &Store, posture: &Posture, now: Timestamp) -> Result<BTreeMap<String, usize>> {
    let held = holding(store, now).await?;
    let mut counts = BTreeMap::new();
    if held.is_empty() {
        return Ok(counts);
    }
    let failing: BTreeSet<&str> =
        posture.findings.iter().filter(|one| one.status == Status::Fail).map(|one| one.id.as_str()).collect();
    for one in store.findings().await? {
        if failing.contains(one.id.as_str()) && held.of(&one).is_some() {
            *counts.entry(one.check).or_default() += 1;
        }
    }
    Ok(counts)
}

impl Kept {
    /// How many failing findings of a check somebody accepted.
    pub(super) fn accepted(&self, check: &str) -> usize {
        self.accepted.get(check).copied().unwrap_or_default()
    }

    /// For programs.
    pub(super) fn machine(&self) -> Value {
        json!({
            "kept": self.why_not.is_none(),
            "why_not": self.why_not,
            "before": self.before,
            "changes": self.changes,
            "accepted": self.accepted.values().sum::<usize>(),
        })
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        if let Some(why) = &self.why_not {
            return styled(render::ATTENTION, format!("findings were not kept: {}", clean(why)));
        }
        let changes = &self.changes;
        match &self.before {
            None => {
                let kept = render::count(changes.opened, "finding");
                let _ = write!(out, "{kept} kept; the next check tells what changed.");
            }
            Some(before) => {
                for (change, one) in self.named.iter().take(NAMED) {
                    let (style, word) = match change {
                        FindingChange::Opened => (render::BAD, "new"),
                        FindingChange::Reopened => (render::BAD, "back"),
                        _ => (render::GOOD, "fixed"),
                    };
                    let resource = clean(one.resource.as_str());
                    let _ =
                        writeln!(out, "{} {} {} {resource}", styled(style, word), one.severity, one.check);
                }
                if self.named.len() > NAMED {
                    let _ = writeln!(out, "and {} more", self.named.len() - NAMED);
                }
                let since = format!("since the check of {} (scan {})", day(before.at), before.scan);
                let _ = write!(
                    out,
                    "{} new, {} back, {} fixed {since}.",
                    changes.opened, changes.reopened, changes.fixed
                );
                if changes.unconfirmed > 0 {
                    let told = format!(
                        " {} could not be looked at again and stay as they were.",
                        changes.unconfirmed
                    );
                    out.push_str(&styled(render::ATTENTION, told));
                }
            }
        }
        let accepted: usize = self.accepted.values().sum();
        if accepted > 0 {
            let _ = write!(
                out,
                " {accepted} that fail are accepted until a date and close no gate (`fathom findings --state accepted`)."
            );
        }
        out.push_str(" `fathom findings` lists them by what an intruder could do.");
        out
    }
}
