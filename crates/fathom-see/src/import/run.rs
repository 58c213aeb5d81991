//! One import from start to end.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use fathom_cloud::{client::Account, model::Models};
use fathom_content::Content;
use fathom_model::{AccountId, Partition, Region, Timestamp};
use fathom_store::{EntryDraft, MAX_APPEND, Store, StoreError};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Limits, Problem,
    files::{self, SavedFile},
    naming::{Names, Says},
    place::{self, Guess},
    recognise::recognise,
    saved::{Place, Saved},
};
use crate::{
    progress::{Phase, Progress},
    scan::{Reading, ScanError, ScanReport, home_region},
    scope::{Discovered, InScope, ScanOptions},
    sources::Declared,
};

/// The names and digests of files go into as many entries of the ledger as they need, each of about this many bytes;
/// an entry holds 65,535.
const ENTRY_BYTES: usize = 40_000;

/// What an import needs.
#[derive(Clone)]
pub struct Importer {
    /// What to look for.
    pub content: Arc<Content>,
    /// Where it goes.
    pub store: Store,
    /// How much is read at most.
    pub limits: Limits,
    /// Who imports, for the ledger.
    pub actor: String,
}

/// What a person says about a folder of answers that it does not say itself.
#[derive(Debug, Clone, Default)]
pub struct JsonOptions {
    /// The account of files in no folder of an account.
    pub account: Option<AccountId>,
    /// The region of files in no folder of a region.
    pub region: Option<Region>,
}

/// What an import came to.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// The scan that it became; its report is a scan's.
    #[serde(skip)]
    pub scan: ScanReport,
    /// Files that were read.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// SHA-256 over the lines `<sha256>  <name>` of all files, as `sha256sum` prints them, sorted by name.
    pub files_sha256: String,
    /// Files that nothing was taken from.
    pub unused: Vec<String>,
    /// What was wrong with files; everything else of them and beside them was taken.
    pub problems: Vec<Problem>,
    /// Problems beyond those named.
    pub more_problems: usize,
    /// What was worked out because nobody said it.
    pub notes: Vec<String>,
    /// Resources that the files say are gone.
    pub gone: usize,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder or file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing that could be imported.
    #[error("{}: {message}", path.display())]
    Nothing {
        /// The path.
        path: PathBuf,
        /// What was looked for, and what was found.
        message: String,
    },
    /// What a person says about the values of lines cannot be used.
    #[error("the format {why}")]
    Format {
        /// What is wrong with it.
        why: String,
    },
    /// The scan that it would have become.
    #[error(transparent)]
    Scan(Box<ScanError>),
    /// The ledger did not take it.
    #[error("cannot keep the import")]
    Store(#[from] StoreError),
}

impl From<ScanError> for ImportError {
    fn from(error: ScanError) -> Self {
        Self::Scan(Box::new(error))
    }
}

impl Importer {
    /// Imports a folder of answers as the AWS command line prints them.
    ///
    /// What is in the folder counts as read, for the accounts and regions it is of; what is not counts as unknown.
    ///
    /// # Errors
    /// Where nothing in the folder is an answer, or the store does not take it. A file that cannot be used is a
    /// [`Problem`] in the report.
    pub async fn aws_json(
        &self,
        folder: &Path,
        options: &JsonOptions,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ImportReport, ImportError> {
        progress.enter(Phase::SigningIn);
        let read_error = |source| ImportError::Read { path: folder.to_owned(), source };
        let (files, mut problems) = files::find(folder, &self.limits).map_err(read_error)?;
        let found = self.sort(&files, options, &mut problems);
        if found.places.is_empty() {
            return Err(ImportError::Nothing {
                path: folder.to_owned(),
                message: found.why_nothing(&problems),
            });
        }
        let scope = found.scope();
        let Some(first) = scope.accounts.first().map(|one| one.account.clone()) else {
            return Err(ImportError::Nothing {
                path: folder.to_owned(),
                message: found.why_nothing(&problems),
            });
        };
        let digest = digest_of(&files);
        self.seal("aws-json", folder, &files, &digest, &clock).await?;

        let (count, bytes) = (files.len(), files.iter().map(|file| file.bytes).sum());
        let saved = Saved::new(&self.content, files, found.places, self.limits.clone());
        let home = home_region(&first);
        let reading = Reading {
            answers: Arc::new(saved.clone()),
            content: &self.content,
            store: &self.store,
            first,
            home,
            found: scope,
            in_order: true,
        };
        let label = format!("import of {}", folder.display());
        let options = ScanOptions { label: Some(label), ..ScanOptions::default() };
        let scan = reading.run(&options, declared, progress, clock).await?;

        problems.extend(saved.problems());
        let (problems, more_problems) = named_problems(problems, &self.limits);
        Ok(ImportReport {
            scan,
            files: count,
            bytes,
            files_sha256: digest,
            unused: saved.unused(&found.about_the_caller),
            problems,
            more_problems,
            notes: found.notes,
            gone: 0,
        })
    }

    /// Sorts files by what they answer, of which account and region.
    fn sort(&self, files: &[SavedFile], options: &JsonOptions, problems: &mut Vec<Problem>) -> Found {
        let names = Names::new(&self.content);
        let mut sorted: Vec<place::Sorted> = Vec::new();
        let mut about_the_caller = BTreeSet::new();
        for (index, file) in files.iter().enumerate() {
            if file.sha256.is_none() {
                let message = format!(
                    "has {} bytes, more than the limit of {}; split it",
                    file.bytes, self.limits.file_bytes_max
                );
                problems.push(Problem::new(&file.name, message));
            }
            let named = names.read(&file.name);
            let (call, about) = match named.says {
                Says::Answer { service, operation, about } => ((service, operation), about),
                Says::NoSuchOperation { service, text } => {
                    let message = format!("`{service}` has no operation `{text}`; nothing is taken from it");
                    problems.push(Problem::new(&file.name, message));
                    continue;
                }
                Says::Nothing { .. } => match self.look_into(file) {
                    Ok(Some(call)) => (call, Vec::new()),
                    Ok(None) => continue,
                    Err(message) => {
                        problems.push(Problem::new(&file.name, message));
                        continue;
                    }
                },
            };
            if matches!(
                (call.0.as_str(), call.1.as_str()),
                ("sts", "GetCallerIdentity") | ("ec2", "DescribeRegions")
            ) {
                about_the_caller.insert(index);
            }
            sorted.push(place::Sorted {
                index,
                label: named.label,
                account: named.account,
                region: named.region,
                call,
                about,
            });
        }
        let Guess { places, notes, wide_only } =
            place::arrange(files, sorted, options, &self.limits, problems);
        Found { places, notes, about_the_caller, wide_only }
    }

    /// What a file whose name says nothing may be an answer of.
    fn look_into(&self, file: &SavedFile) -> Result<Option<(String, String)>, String> {
        let is_json = [".json", ".JSON"].iter().any(|ending| file.name.ends_with(ending));
        if !is_json || file.sha256.is_none() {
            return Ok(None);
        }
        let bytes = files::read(file, &self.limits)?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| format!("is no JSON: {error}"))?;
        Ok(recognise(&self.content, &value))
    }

    /// Writes down what is imported, before it is.
    pub(super) async fn seal(
        &self,
        door: &str,
        path: &Path,
        files: &[SavedFile],
        digest: &str,
        clock: &impl Fn() -> Timestamp,
    ) -> Result<(), StoreError> {
        let entry = |kind: &str, body: Value| EntryDraft {
            kind: kind.to_owned(),
            actor: self.actor.clone(),
            subject: path.display().to_string(),
            body,
        };
        let mut entries = vec![entry(
            "import.started",
            json!({
                "door": door,
                "files": files.len(),
                "bytes": files.iter().map(|file| file.bytes).sum::<u64>(),
                "files_sha256": digest,
            }),
        )];
        let mut rest = files.iter().peekable();
        while rest.peek().is_some() {
            let (mut named, mut size) = (Vec::new(), 0);
            while let Some(file) = rest.next_if(|_| size < ENTRY_BYTES) {
                let one = json!({"name": file.name, "bytes": file.bytes, "sha256": file.sha256});
                size += one.to_string().len();
                named.push(one);
            }
            entries.push(entry("import.files", json!({"files_sha256": digest, "files": named})));
        }
        while !entries.is_empty() {
            let later = entries.split_off(entries.len().min(MAX_APPEND));
            self.store.append(entries, clock()).await?;
            entries = later;
        }
        Ok(())
    }
}

/// What a folder holds, sorted.
struct Found {
    places: BTreeMap<AccountId, BTreeMap<Option<Region>, Place>>,
    notes: Vec<String>,
    /// Files that say who was asked, not what is there.
    about_the_caller: BTreeSet<usize>,
    /// Accounts of which no region is known.
    wide_only: BTreeSet<AccountId>,
}

impl Found {
    fn scope(&self) -> Discovered {
        let mut accounts: Vec<(bool, InScope)> = Vec::new();
        for (id, regions) in &self.places {
            let asked: Vec<Region> =
                regions.keys().flatten().filter(|region| !region.is_global()).cloned().collect();
            let partition = asked.first().and_then(partition_of).unwrap_or_else(|| Partition::new("aws"));
            let home = asked.first().cloned().unwrap_or_else(Region::global);
            let tells_of_organisation = regions
                .values()
                .flat_map(|place| place.keys())
                .any(|(service, _)| service == "organizations");
            let account = Account::played(id.clone(), partition, home);
            accounts.push((!tells_of_organisation, InScope { account, regions: asked }));
        }
        // The account that knows its organisation is the one that is asked about it.
        accounts.sort_by(|(a, x), (b, y)| (a, &x.account.id).cmp(&(b, &y.account.id)));
        Discovered { accounts: accounts.into_iter().map(|(_, one)| one).collect(), ..Discovered::default() }
    }

    fn why_nothing(&self, problems: &[Problem]) -> String {
        if self.wide_only.is_empty() && problems.is_empty() {
            return "no file here is named after an operation, like ec2-describe-vpcs.json, \
                    ec2/describe-vpcs.json or ec2_DescribeVpcs.json"
                .to_owned();
        }
        match problems.first() {
            Some(first) => format!("nothing to import; {}: {}", first.file, first.message),
            None => "nothing to import".to_owned(),
        }
    }
}

pub(super) fn partition_of(region: &Region) -> Option<Partition> {
    let endpoints = Models::embedded().endpoints().ok()?;
    endpoints.partition_of_region(region.as_str()).map(|partition| Partition::new(partition.id.as_str()))
}

/// SHA-256 over the lines `<sha256>  <name>` of all files.
pub(super) fn digest_of(files: &[SavedFile]) -> String {
    let mut digest = Sha256::new();
    for file in files {
        digest.update(format!("{}  {}\n", file.sha256.as_deref().unwrap_or("-"), file.name));
    }
    hex::encode(digest.finalize())
}

/// The problems that are named, sorted, and how many more there are.
pub(super) fn named_problems(mut problems: Vec<Problem>, limits: &Limits) -> (Vec<Problem>, usize) {
    problems.sort();
    problems.dedup();
    let more = problems.len().saturating_sub(limits.problems_max);
    problems.truncate(limits.problems_max);
    (problems, more)
}
