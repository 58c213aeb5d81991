//! AWS Config: snapshots and history files as it delivers them, plain, in gzip or in a zip.
//!
//! A file holds items, each one resource at one time. The newest state of each counts, as one scan; the older ones become
//! versions before it, in [`rounds`] of small scans. An item says nothing of what else there is, so nothing is deleted
//! but what an item says was deleted, and nothing is taken that is older than what is known already.

mod convert;
mod documents;
mod items;
mod list;
mod rounds;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use fathom_estate::{Unread, WantedTags};
use fathom_model::{AccountId, CAPTURED, Coverage, Document, Outcome, Reason, Region, Timestamp, Uid};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    Problem,
    files::{self, SavedFile},
    run::{ImportError, ImportReport, Importer, digest_of, named_problems},
};
use crate::{
    item::Item as Finished,
    progress::{Phase, Progress},
    scan::{Looked, ScanReport, conclude, end_failed, keep},
    sources::Declared,
};
use convert::Converted;
use items::{Item, Kept, States};

/// Items handed on at once.
const BATCH: usize = 256;
/// What an import of this door is called in the coverage ledger.
const SERVICE: &str = "config-import";
const OPERATION: &str = "ConfigurationItems";

/// A state, and whether it was made sure that it is news.
#[derive(Clone, Copy)]
struct State<'s> {
    kept: &'s Kept,
    is_news: bool,
}

/// States that become the estate together, at most one of a resource.
struct Round<'s> {
    states: Vec<State<'s>>,
    /// What its scan is called.
    label: String,
    /// Whether these are the newest states.
    is_last: bool,
}

/// What is told at the end.
#[derive(Default)]
struct Told {
    problems: Vec<Problem>,
    /// Newest states that say less or older things than what is known.
    known_newer: u64,
}

impl Importer {
    /// Imports what AWS Config delivered: a file, or a folder of them.
    ///
    /// # Errors
    /// Where nothing there is a configuration item, or the store does not take it. A file, a member of an archive or an
    /// item that cannot be used is a [`Problem`] in the report.
    pub async fn aws_config(
        &self,
        path: &Path,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ImportReport, ImportError> {
        progress.enter(Phase::SigningIn);
        let read_error = |source| ImportError::Read { path: path.to_owned(), source };
        let is_folder = std::fs::metadata(path).map_err(read_error)?.is_dir();
        let (files, problems) = if is_folder {
            files::find(path, &self.limits).map_err(read_error)?
        } else {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            (vec![files::one(path.to_owned(), name, &self.limits).map_err(read_error)?], Vec::new())
        };
        let (limits, given) = (self.limits.clone(), files.clone());
        let read = tokio::task::spawn_blocking(move || States::of_files(&given, &limits)).await;
        let Ok(mut states) = read else {
            return Err(nothing(path, "reading it was given up".to_owned()));
        };
        states.problems.extend(problems);
        if states.items.is_empty() {
            let why = states.problems.first().map(|problem| {
                // The error names the path before it.
                if path.ends_with(&problem.file) {
                    problem.message.clone()
                } else {
                    format!("{}: {}", problem.file, problem.message)
                }
            });
            let why = why.unwrap_or_else(|| "no file here has `configurationItems`".to_owned());
            return Err(nothing(path, why));
        }
        self.keep_items(path, &files, states, declared, progress, clock).await
    }

    async fn keep_items(
        &self,
        path: &Path,
        files: &[SavedFile],
        states: States,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ImportReport, ImportError> {
        let digest = digest_of(files);
        self.seal("aws-config", path, files, &digest, &clock).await?;
        let States { items, problems, unused, beyond, .. } = states;
        let mut places: BTreeMap<(AccountId, Region), u64> = BTreeMap::new();
        for (account, region, ..) in items.keys() {
            *places.entry((account.clone(), region.clone())).or_default() += 1;
        }
        let accounts: BTreeSet<&AccountId> = places.keys().map(|(account, _)| account).collect();
        let regions: BTreeSet<&Region> =
            places.keys().map(|(_, region)| region).filter(|region| !region.is_global()).collect();
        progress.scope(accounts.len(), regions.len());
        let coverage = places
            .iter()
            .map(|((account, region), items)| row(account.clone(), region.clone(), *items))
            .collect();

        let mut told = Told { problems, ..Told::default() };
        let name = format!("import of {}", path.display());
        let planned = self.older_states(&items, &mut told.problems).await?;
        let (older, left_out) = (planned.states, planned.left_out);
        for round in rounds::of(&planned.rounds, &name) {
            self.commit(round, Vec::new(), declared, progress, &clock, &mut told).await?;
        }
        let newest = Round {
            states: items
                .iter()
                .filter_map(|(key, states)| {
                    Some(State { kept: states.last()?, is_news: planned.resources.contains(key) })
                })
                .collect(),
            label: name,
            is_last: true,
        };
        let (scan, gone) = self.commit(newest, coverage, declared, progress, &clock, &mut told).await?;
        let mut notes = Vec::new();
        for (number, what) in [
            (older, "older states of resources became versions".to_owned()),
            (left_out, "older states are not newer than what is known, and were left out".to_owned()),
            (
                beyond,
                format!(
                    "states are beyond the newest {} of their resource, and were left out",
                    self.limits.states_max
                ),
            ),
            (
                told.known_newer,
                "items say less or older things than what is known, and were left out".to_owned(),
            ),
        ] {
            if number > 0 {
                notes.push(format!("{number} {what}"));
            }
        }
        let (problems, more_problems) = named_problems(told.problems, &self.limits);
        Ok(ImportReport {
            scan,
            files: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files_sha256: digest,
            unused,
            problems,
            more_problems,
            notes,
            gone,
        })
    }

    /// Makes the states of a round the estate, as one scan; gives how many of them say that their resource is gone.
    async fn commit(
        &self,
        round: Round<'_>,
        coverage: Vec<Coverage>,
        declared: &Declared,
        progress: &Progress,
        clock: &impl Fn() -> Timestamp,
        told: &mut Told,
    ) -> Result<(ScanReport, usize), ImportError> {
        let (mut accounts, mut regions) = (BTreeSet::new(), BTreeSet::new());
        for State { kept, .. } in &round.states {
            accounts.insert(kept.account.to_string());
            regions.extend((!kept.region.is_global()).then(|| kept.region.to_string()));
        }
        let (accounts, regions): (Vec<_>, Vec<_>) =
            (accounts.into_iter().collect(), regions.into_iter().collect());
        let scan = self.store.begin_scan(&round.label, &accounts, &regions, clock()).await?;
        progress.begun(scan);
        progress.enter(Phase::Reading);
        let (sink, taker) = mpsc::channel(4);
        let wanted = WantedTags::of(&declared.declarations);
        let keeper = tokio::spawn(keep(self.store.clone(), Arc::clone(&self.content), wanted, scan, taker));
        let mut gone: Vec<Uid> = Vec::new();
        let mut unread: Vec<Unread> = Vec::new();
        let mut batch: Vec<Finished> = Vec::new();
        for State { kept, is_news } in round.states {
            let (item, mut converted) = match self.converted(kept) {
                Ok(converted) => converted,
                Err(message) => {
                    told.problems.push(Problem::new(&kept.file, message));
                    continue;
                }
            };
            let uid = converted.item.resource.uid.clone();
            if !is_news && self.is_older(&item, &converted.item, &uid).await? {
                told.known_newer += 1;
                continue;
            }
            if item.deleted {
                gone.push(uid);
                continue;
            }
            if let Some(captured) = item.captured {
                let document = &mut converted.item.resource.document;
                *document = said_when(document, captured, !round.is_last);
            }
            unread.extend(converted.unread);
            batch.push(converted.item);
            if batch.len() >= BATCH {
                progress.found(batch.len());
                // A closed sink is the keeper's failure, which is told below.
                let _ = sink.send(std::mem::take(&mut batch)).await;
            }
        }
        progress.found(batch.len());
        let _ = sink.send(batch).await;
        drop(sink);
        let kept = match keeper.await {
            Ok(Ok(builder)) => builder,
            Ok(Err(error)) => {
                end_failed(&self.store, scan, &error, clock()).await;
                return Err(error.into());
            }
            Err(_) => {
                let error = nothing(Path::new(&round.label), "keeping what was read was given up".to_owned());
                end_failed(&self.store, scan, &error, clock()).await;
                return Err(error);
            }
        };
        let gone_count = gone.len();
        let looked = Looked {
            estate: kept.build(),
            unread,
            coverage,
            only: Some(gone),
            narrowed: None,
            brief: !round.is_last,
        };
        let report = conclude(&self.store, &self.content, scan, looked, declared, progress, clock).await?;
        Ok((report, gone_count))
    }

    /// The resource of a state.
    fn converted(&self, kept: &Kept) -> Result<(Item, Converted), String> {
        let item = kept.item()?;
        let converted = convert::convert(&self.content, &item);
        let converted = converted.map_err(|message| format!("item {}: {message}", kept.position))?;
        Ok((item, converted))
    }

    /// Whether more recent things are known than what an item says, and other ones.
    async fn is_older(&self, item: &Item, finished: &Finished, uid: &Uid) -> Result<bool, ImportError> {
        let Some(known) = self.store.resource(uid).await? else { return Ok(false) };
        let Some(captured) = item.captured else { return Ok(known.deleted_at.is_none() && item.deleted) };
        let same = !item.deleted
            && known.deleted_at.is_none()
            && known.version_hash == hex::encode(finished.resource.document.hash());
        Ok(rounds::known_until(&known) > captured && !same)
    }
}

/// A document that says when AWS Config captured it: beside its text, and in it where that is to stay with the version.
fn said_when(document: &Document, captured: Timestamp, in_version: bool) -> Document {
    let time = Value::from(captured.to_string());
    let observed: Option<Value> = document.observed().and_then(|text| serde_json::from_str(text).ok());
    let mut observed = observed.unwrap_or_else(|| json!({}));
    if let Value::Object(members) = &mut observed {
        members.insert(CAPTURED.to_owned(), time.clone());
    }
    let mut value = document.value();
    let stays = match &mut value {
        Value::Object(members) if in_version => {
            members.insert(CAPTURED.to_owned(), time);
            Document::new(&value)
        }
        _ => document.clone(),
    };
    stays.with_observed(Some(&observed.to_string()))
}

fn nothing(path: &Path, message: String) -> ImportError {
    ImportError::Nothing { path: path.to_owned(), message }
}

fn row(account: AccountId, region: Region, items: u64) -> Coverage {
    Coverage {
        account,
        region,
        service: SERVICE.to_owned(),
        operation: OPERATION.to_owned(),
        resource_type: None,
        outcome: Outcome::Read,
        reason: None,
        permission: None,
        detail: None,
        calls: 0,
        items,
        throttles: 0,
        failures: 0,
        millis: 0,
    }
}

/// The gap of a resource whose type nobody has defined.
fn not_understood(uid: &Uid, kind: &str) -> Unread {
    Unread {
        uid: uid.clone(),
        attribute: "description".to_owned(),
        reason: Reason::NotDefined,
        detail: format!("AWS Config describes it, and no resource definition reads {kind}"),
    }
}

/// Reads a document and converts its items, for tests of hostile ones: how many items it had, and of how many a resource
/// could be made.
#[cfg(test)]
pub(super) fn read_one(
    content: &fathom_content::Content,
    bytes: Vec<u8>,
    limits: &super::Limits,
) -> (usize, usize) {
    let mut states = States::default();
    let (mut problems, mut budget) = (Vec::new(), limits.expanded_bytes_max);
    documents::each("f", bytes, limits, &mut budget, &mut problems, &mut |name, bytes, problems| {
        states.document(name, &bytes, limits, problems);
    });
    let items = states.items.values().flatten().filter_map(|kept| kept.item().ok());
    let made = items.filter(|item| convert::convert(content, item).is_ok()).count();
    (states.items.len(), made)
}
