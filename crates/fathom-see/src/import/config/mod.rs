//! AWS Config: snapshots and history files as it delivers them, plain, in gzip or in a zip.
//!
//! A file holds items, each one resource at one time. Of several items of a resource the newest counts. An item says
//! nothing of what else there is, so nothing is deleted but what an item says was deleted, and nothing is taken that is
//! older than what is known already.

mod convert;
mod documents;
mod items;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use fathom_estate::{Unread, WantedTags};
use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, Timestamp, Uid};
use tokio::sync::mpsc;

use super::{
    Problem,
    files::{self, SavedFile},
    run::{ImportError, ImportReport, Importer, digest_of, named_problems},
};
use crate::{
    item::Item as Finished,
    progress::{Phase, Progress},
    scan::{Looked, conclude, keep},
    sources::Declared,
};
use items::{Item, Newest};

/// Items handed on at once.
const BATCH: usize = 256;
/// What an import of this door is called in the coverage ledger.
const SERVICE: &str = "config-import";
const OPERATION: &str = "ConfigurationItems";

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
        let read = tokio::task::spawn_blocking(move || Newest::of_files(&given, &limits)).await;
        let Ok(mut newest) = read else {
            return Err(nothing(path, "reading it was given up".to_owned()));
        };
        newest.problems.extend(problems);
        if newest.items.is_empty() {
            let why = newest.problems.first().map(|problem| format!("{}: {}", problem.file, problem.message));
            let why = why.unwrap_or_else(|| "no file here has `configurationItems`".to_owned());
            return Err(nothing(path, why));
        }
        self.keep_items(path, &files, newest, declared, progress, clock).await
    }

    async fn keep_items(
        &self,
        path: &Path,
        files: &[SavedFile],
        newest: Newest,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ImportReport, ImportError> {
        let digest = digest_of(files);
        self.seal("aws-config", path, files, &digest, &clock).await?;
        let Newest { items, mut problems, unused, older, .. } = newest;
        let mut places: BTreeMap<(AccountId, Region), u64> = BTreeMap::new();
        for item in items.values() {
            *places.entry((item.account.clone(), item.region.clone())).or_default() += 1;
        }
        let mut accounts: Vec<String> = places.keys().map(|(account, _)| account.to_string()).collect();
        accounts.dedup();
        let regions: std::collections::BTreeSet<String> = places
            .keys()
            .filter(|(_, region)| !region.is_global())
            .map(|(_, region)| region.to_string())
            .collect();
        let regions: Vec<String> = regions.into_iter().collect();
        progress.scope(accounts.len(), regions.len());
        let scope = format!("import of {}", path.display());
        let scan = self.store.begin_scan(&scope, &accounts, &regions, clock()).await?;
        progress.begun(scan);
        progress.enter(Phase::Reading);

        let mut unread: Vec<Unread> = Vec::new();
        let (sink, taker) = mpsc::channel(4);
        let wanted = WantedTags::of(&declared.declarations);
        let keeper = tokio::spawn(keep(self.store.clone(), Arc::clone(&self.content), wanted, scan, taker));
        let mut gone: Vec<Uid> = Vec::new();
        let mut known_newer = 0_u64;
        let mut batch: Vec<Finished> = Vec::new();
        for item in items.into_values() {
            let converted = match convert::convert(&self.content, &item) {
                Ok(converted) => converted,
                Err(message) => {
                    problems.push(Problem::new(&item.file, format!("item {}: {message}", item.position)));
                    continue;
                }
            };
            let uid = converted.item.resource.uid.clone();
            if self.is_older(&item, &converted.item, &uid).await? {
                known_newer += 1;
                continue;
            }
            if item.deleted {
                gone.push(uid);
                continue;
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
                // The first error is the one to report, also where the store cannot even note the failure.
                let _ = self.store.fail_scan(scan, &error.to_string(), clock()).await;
                return Err(error.into());
            }
            Err(_) => return Err(nothing(path, "keeping it was given up".to_owned())),
        };
        let gone_count = gone.len();
        let looked = Looked {
            estate: kept.build(),
            unread,
            coverage: places
                .into_iter()
                .map(|((account, region), items)| row(account, region, items))
                .collect(),
            only: Some(gone),
            narrowed: None,
            brief: false,
        };
        let scan = conclude(&self.store, &self.content, scan, looked, declared, progress, clock).await?;
        let mut notes = Vec::new();
        if older > 0 {
            notes.push(format!("{older} older states of resources were left out; the newest of each counts"));
        }
        if known_newer > 0 {
            notes.push(format!(
                "{known_newer} items say less or older things than what is known, and were left out"
            ));
        }
        let (problems, more_problems) = named_problems(problems, &self.limits);
        Ok(ImportReport {
            scan,
            files: files.len(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files_sha256: digest,
            unused,
            problems,
            more_problems,
            notes,
            gone: gone_count,
        })
    }

    /// Whether more recent things are known than what an item says, and other ones.
    async fn is_older(&self, item: &Item, finished: &Finished, uid: &Uid) -> Result<bool, ImportError> {
        let Some(known) = self.store.resource(uid).await? else { return Ok(false) };
        let Some(captured) = item.captured else { return Ok(known.deleted_at.is_none() && item.deleted) };
        let last = known.deleted_at.unwrap_or(known.last_seen);
        let same = !item.deleted
            && known.deleted_at.is_none()
            && known.version_hash == hex::encode(finished.resource.document.hash());
        Ok(last > captured && !same)
    }
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
    let mut newest = Newest::default();
    let (mut problems, mut budget) = (Vec::new(), limits.expanded_bytes_max);
    documents::each("f", bytes, limits, &mut budget, &mut problems, &mut |name, bytes, problems| {
        newest.document(name, &bytes, problems);
    });
    let made = newest.items.values().filter(|item| convert::convert(content, item).is_ok()).count();
    (newest.items.len(), made)
}
