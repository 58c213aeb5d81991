//! What scanners found in software, and what is known of exploitation: SARIF, CycloneDX, KEV and EPSS out of files.
//!
//! A report is tied to what it is about by what it says itself, or by what a person says. The same file again changes nothing, and a
//! newer report of the same tool about the same thing replaces the older one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use fathom_model::{Timestamp, Uid};
use fathom_store::{ExploitFeed, Put, Store, WeaknessReport};
use fathom_weakness::{Document, Epss, Fault, Format, Kev};
use serde::Serialize;

use super::{ImportError, Limits, Problem, SavedFile, files, run::named_problems};

/// Names of files that are looked at in folders.
const ENDINGS: [&str; 4] = [".json", ".sarif", ".json.gz", ".sarif.gz"];

/// Where it goes and who imports.
#[derive(Clone)]
pub struct WeaknessImporter {
    /// The store.
    pub store: Store,
    /// How much is read at most.
    pub limits: Limits,
    /// Who imports, for the ledger.
    pub actor: String,
}

/// A report that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The file.
    pub file: String,
    /// The tool.
    pub tool: String,
    /// Texts that may name what it is about.
    pub about: Vec<String>,
    /// What it calls that.
    pub called: String,
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// How many findings it has, with what it says of others'.
    pub findings: usize,
    /// What became of it.
    pub put: Put,
}

/// What an import of reports came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WeaknessImport {
    /// Files that were read.
    pub files: usize,
    /// The reports in them.
    pub reports: Vec<Imported>,
    /// What was wrong; everything beside it was taken.
    pub problems: Vec<Problem>,
    /// Problems beyond those named.
    pub more_problems: usize,
    /// Files of folders with other names.
    pub skipped: usize,
}

/// What loading a feed came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoadedFeed {
    /// The feed, as it is kept.
    #[serde(flatten)]
    pub feed: ExploitFeed,
    /// What became of it.
    pub put: Put,
    /// Rows that could not be read.
    pub problems: Vec<Problem>,
    /// How many there are beyond those named.
    pub more_problems: usize,
}

impl WeaknessImporter {
    /// Imports reports of one form: files, and folders of them.
    ///
    /// # Errors
    /// When a path cannot be read, or the store does not take a report. A file that cannot be used is a [`Problem`].
    pub async fn reports(
        &self,
        format: Format,
        paths: &[PathBuf],
        about: Option<&Uid>,
        clock: impl Fn() -> Timestamp,
    ) -> Result<WeaknessImport, ImportError> {
        let mut import = WeaknessImport::default();
        let mut problems = Vec::new();
        for path in paths {
            let below = files::below(path, &ENDINGS, &self.limits)
                .map_err(|source| ImportError::Read { path: path.clone(), source })?;
            import.skipped += below.skipped;
            problems.extend(below.problems);
            for file in below.files {
                import.files += 1;
                match self.documents(format, &file) {
                    Ok(documents) => {
                        for (report, notes, faults) in merged(documents, &file, about) {
                            problems.extend(faults);
                            let imported = self.put(report, &notes, clock()).await?;
                            import.reports.push(imported);
                        }
                    }
                    Err(fault) => problems.push(Problem::new(&file.name, fault)),
                }
            }
        }
        (import.problems, import.more_problems) = named_problems(problems, &self.limits);
        Ok(import)
    }

    async fn put(
        &self,
        report: WeaknessReport,
        notes: &[String],
        now: Timestamp,
    ) -> Result<Imported, ImportError> {
        let report = WeaknessReport { imported_at: now, imported_by: self.actor.clone(), ..report };
        let put = self.store.put_weakness_report(&report, notes).await?;
        Ok(Imported {
            file: report.file,
            tool: report.tool,
            about: report.about,
            called: report.called,
            made_at: report.made_at,
            findings: notes.len(),
            put,
        })
    }

    /// Loads CISA's catalogue of known exploited vulnerabilities.
    ///
    /// # Errors
    /// When the file cannot be read or is none, and when the store does not take it.
    pub async fn kev(&self, path: &Path, now: Timestamp) -> Result<LoadedFeed, ImportError> {
        let (file, bytes) = self.whole(path)?;
        let kev = Kev::parse(&bytes).map_err(|fault| nothing(path, &fault))?;
        let rows =
            kev.rows.iter().filter_map(|row| Some((row.cve.clone(), serde_json::to_string(row).ok()?)));
        let feed = feed("kev", kev.version.clone(), kev.released, &file, now);
        self.load(feed, rows.collect(), (&kev.faults, kev.more_faults)).await
    }

    /// Loads FIRST's scores of exploitation, EPSS.
    ///
    /// # Errors
    /// As [`WeaknessImporter::kev`].
    pub async fn epss(&self, path: &Path, now: Timestamp) -> Result<LoadedFeed, ImportError> {
        let (file, bytes) = self.whole(path)?;
        let epss = Epss::parse(&bytes).map_err(|fault| nothing(path, &fault))?;
        let rows =
            epss.rows.iter().filter_map(|row| Some((row.cve.clone(), serde_json::to_string(row).ok()?)));
        let feed = feed("epss", epss.version.clone(), epss.released, &file, now);
        self.load(feed, rows.collect(), (&epss.faults, epss.more_faults)).await
    }

    async fn load(
        &self,
        feed: ExploitFeed,
        rows: Vec<(String, String)>,
        (faults, more): (&[Fault], usize),
    ) -> Result<LoadedFeed, ImportError> {
        let feed = ExploitFeed { entries: rows.len() as u64, ..feed };
        let put = self.store.put_exploit_feed(&feed, &rows, &self.actor).await?;
        let problems = faults.iter().map(|fault| Problem::new(&feed.file, fault.to_string())).collect();
        Ok(LoadedFeed { feed, put, problems, more_problems: more })
    }

    fn documents(&self, format: Format, file: &SavedFile) -> Result<Vec<Document>, String> {
        let bytes = files::unpacked(file, &self.limits)?;
        let limits = fathom_weakness::Limits::default();
        Document::parse(format, &bytes, &limits).map_err(|fault| fault.to_string())
    }

    fn whole(&self, path: &Path) -> Result<(SavedFile, Vec<u8>), ImportError> {
        let failed = |source| ImportError::Read { path: path.to_owned(), source };
        let file = files::one(path.to_owned(), path.display().to_string(), &self.limits).map_err(failed)?;
        let unusable = |message| ImportError::Nothing { path: path.to_owned(), message };
        let bytes = files::unpacked(&file, &self.limits).map_err(unusable)?;
        Ok((file, bytes))
    }
}

fn feed(
    name: &str,
    version: String,
    released_at: Option<Timestamp>,
    file: &SavedFile,
    now: Timestamp,
) -> ExploitFeed {
    ExploitFeed {
        feed: name.to_owned(),
        version,
        released_at,
        file: file.name.clone(),
        sha256: file.sha256.clone().unwrap_or_default(),
        loaded_at: now,
        entries: 0,
    }
}

fn nothing(path: &Path, fault: &Fault) -> ImportError {
    ImportError::Nothing { path: path.to_owned(), message: fault.to_string() }
}

/// A report, its notes as JSON, and what of it cannot be used.
type Merged = (WeaknessReport, Vec<String>, Vec<Problem>);

/// The reports of a file: those of the same tool about the same thing as one.
fn merged(documents: Vec<Document>, file: &SavedFile, about: Option<&Uid>) -> Vec<Merged> {
    let mut all: BTreeMap<(String, String), Merged> = BTreeMap::new();
    for document in documents {
        let names = about.map_or_else(|| document.about.clone(), |uid| vec![uid.as_str().to_owned()]);
        let subject = match (names.is_empty(), document.called.is_empty()) {
            (false, _) => names.join(" "),
            (true, false) => document.called.clone(),
            (true, true) => file.name.clone(),
        };
        let subject =
            if document.category.is_empty() { subject } else { format!("{subject} {}", document.category) };
        let (_, notes, problems) = all.entry((document.tool.clone(), subject.clone())).or_insert_with(|| {
            let report = WeaknessReport {
                format: document.format.word().to_owned(),
                tool: document.tool.clone(),
                subject,
                about: names,
                called: document.called.clone(),
                file: file.name.clone(),
                sha256: file.sha256.clone().unwrap_or_default(),
                made_at: document.made_at,
                imported_at: Timestamp::UNIX_EPOCH,
                imported_by: String::new(),
                is_look: document.is_look,
            };
            (report, Vec::new(), Vec::new())
        });
        notes.extend(document.notes.iter().filter_map(|note| serde_json::to_string(note).ok()));
        problems.extend(document.faults.iter().map(|fault| Problem::new(&file.name, fault.to_string())));
        if document.more_faults > 0 {
            let message = format!("has {} more entries that could not be read", document.more_faults);
            problems.push(Problem::new(&file.name, message));
        }
    }
    all.into_values().collect()
}
