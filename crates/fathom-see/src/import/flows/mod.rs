//! Who talks to whom over the network, as logs of flows tell it: VPC flow logs out of files.
//!
//! A line is added to those of the same day, interface, two ends, port and action. A file counts once, told by what is in it, packed or
//! not. Where a line cannot be read, the others count all the same.

mod format;
mod gather;
mod record;
mod sides;

use std::{collections::BTreeSet, path::PathBuf};

use fathom_model::Timestamp;
use fathom_store::{FlowFile, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::{
    format::Format,
    gather::{Batch, Gathered},
    record::Line,
    sides::Ends,
};
use super::{ImportError, Limits, Problem, SavedFile, files, run::named_problems};

/// Names of files that are looked at in folders.
const ENDINGS: [&str; 8] =
    [".log", ".log.gz", ".gz", ".txt", ".json", ".json.gz", ".parquet", ".log.parquet"];
/// How a file of columns begins.
const PARQUET: &[u8] = b"PAR1";
/// The longest line: some forty values.
const LINE_BYTES_MAX: usize = 4096;

/// Makes lines, with a header, of a file of columns.
pub type Columns = dyn Fn(Vec<u8>) -> Result<String, String> + Send + Sync;

/// Where it goes and who imports.
pub struct FlowImporter {
    /// The store.
    pub store: Store,
    /// How much is read at most.
    pub limits: Limits,
    /// Who imports, for the ledger.
    pub actor: String,
    /// What reads Parquet; where there is none, such files are named as not read.
    pub columns: Option<Box<Columns>>,
}

/// What an import of flows came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FlowImport {
    /// Files that were read.
    pub files: u64,
    /// Files that had been imported before; nothing of them counts again.
    pub known_files: u64,
    /// Records of packets.
    pub records: u64,
    /// Records that say that nobody sent anything.
    pub nothing_sent: u64,
    /// Records that say that what was sent was not written down.
    pub not_written: u64,
    /// Flows that they were added up to.
    pub flows: u64,
    /// Interfaces whose logs these are.
    pub interfaces: u64,
    /// The begin of the first record.
    pub first: Option<Timestamp>,
    /// The end of the last one.
    pub last: Option<Timestamp>,
    /// Flows that were let go because there are more than are kept.
    pub let_go: u64,
    /// Lines that could not be read.
    pub broken_lines: u64,
    /// What was wrong; everything beside it was taken.
    pub problems: Vec<Problem>,
    /// Problems beyond those named.
    pub more_problems: usize,
    /// Files of folders with other names.
    pub skipped: usize,
}

/// What became of a file.
enum Outcome {
    /// It was read, and is to be kept.
    Read(Box<Gathered>, FlowFile),
    /// It was imported before.
    Known,
    /// Nothing of it can be used.
    Unusable(String),
}

impl FlowImporter {
    /// Imports files, and folders of them. `format` names the values of files without a header; AWS's default where it is none.
    ///
    /// # Errors
    /// When a path cannot be read, the format is none, or the store does not take what was read. A file that cannot be used is a
    /// [`Problem`].
    pub async fn import(
        &self,
        paths: &[PathBuf],
        format: Option<&str>,
        clock: impl Fn() -> Timestamp,
    ) -> Result<FlowImport, ImportError> {
        let format =
            Format::of(format.unwrap_or(format::DEFAULT)).map_err(|why| ImportError::Format { why })?;
        let mut import = FlowImport::default();
        let (mut problems, mut batch) = (Vec::new(), Batch::default());
        let mut interfaces = BTreeSet::new();
        for path in paths {
            let below = files::below(path, &ENDINGS, &self.limits)
                .map_err(|source| ImportError::Read { path: path.clone(), source })?;
            import.skipped += below.skipped;
            problems.extend(below.problems);
            for file in below.files {
                match self.file(&file, &format, &batch, &mut problems).await? {
                    Outcome::Read(gathered, read) => {
                        import.files += 1;
                        gathered.tell(&mut import);
                        interfaces.extend(gathered.interfaces().map(ToOwned::to_owned));
                        batch.add(*gathered, read);
                    }
                    Outcome::Known => import.known_files += 1,
                    Outcome::Unusable(why) => problems.push(Problem::new(&file.name, why)),
                }
                if batch.is_full() {
                    self.put(&mut batch, &mut import, clock()).await?;
                }
            }
        }
        self.put(&mut batch, &mut import, clock()).await?;
        import.interfaces = interfaces.len() as u64;
        (import.problems, import.more_problems) = named_problems(problems, &self.limits);
        Ok(import)
    }

    async fn put(
        &self,
        batch: &mut Batch,
        import: &mut FlowImport,
        now: Timestamp,
    ) -> Result<(), ImportError> {
        if batch.is_empty() {
            return Ok(());
        }
        let full = std::mem::take(batch).finish();
        import.flows += full.flows.len() as u64;
        import.let_go += self.store.add_flows(&full, &self.actor, now).await?.flows;
        Ok(())
    }

    async fn file(
        &self,
        file: &SavedFile,
        format: &Format,
        batch: &Batch,
        problems: &mut Vec<Problem>,
    ) -> Result<Outcome, ImportError> {
        let bytes = match files::unpacked(file, &self.limits) {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Outcome::Unusable(why)),
        };
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let before = self.store.flow_files_read(std::slice::from_ref(&sha256)).await?;
        if batch.has(&sha256) || !before.is_empty() {
            return Ok(Outcome::Known);
        }
        let text = match self.text(bytes) {
            Ok(text) => text,
            Err(why) => return Ok(Outcome::Unusable(why)),
        };
        match gather(&text, format) {
            Ok(mut gathered) => {
                let faults = std::mem::take(&mut gathered.faults);
                problems.extend(faults.into_iter().map(|fault| Problem::new(&file.name, fault)));
                let last_day = gathered.last_day();
                let read =
                    FlowFile { sha256, file: file.name.clone(), last_day, records: gathered.records() };
                Ok(Outcome::Read(Box::new(gathered), read))
            }
            Err(why) => Ok(Outcome::Unusable(why)),
        }
    }

    /// The lines of a file, whatever they are wrapped in.
    fn text(&self, bytes: Vec<u8>) -> Result<String, String> {
        if bytes.starts_with(PARQUET) {
            let Some(columns) = &self.columns else {
                return Err("is Parquet, which is not read here; have the log written as text".to_owned());
            };
            return columns(bytes);
        }
        let text = String::from_utf8(bytes).map_err(|_| "is no text".to_owned())?;
        if text.trim_start().starts_with('{') { messages(&text) } else { Ok(text) }
    }
}

/// The lines out of what CloudWatch gives as JSON: an answer with `events`, or events, one a line.
fn messages(text: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Event {
        message: String,
    }
    #[derive(Deserialize)]
    struct Answer {
        events: Vec<Event>,
    }
    let none = || "is JSON, but no answer of CloudWatch Logs: it has no `events` with a `message`".to_owned();
    let events = match serde_json::from_str::<Answer>(text) {
        Ok(answer) => answer.events,
        Err(_) => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(serde_json::from_str::<Event>)
            .collect::<Result<_, _>>()
            .map_err(|_| none())?,
    };
    Ok(events.iter().map(|event| event.message.trim()).collect::<Vec<_>>().join("\n"))
}

/// The flows of the lines of one file.
///
/// # Errors
/// Where it is no flow log, or has more flows than are read of one file.
fn gather(text: &str, format: &Format) -> Result<Gathered, String> {
    let mut lines = (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let Some((_, first)) = lines.peek() else { return Err("is empty".to_owned()) };
    let own = if Format::is_header(first) { Some(Format::of(first)?) } else { None };
    if own.is_some() {
        lines.next();
    }
    let format = own.as_ref().unwrap_or(format);
    let read = |line| match line {
        long if str::len(long) > LINE_BYTES_MAX => Err(format!("has more than {LINE_BYTES_MAX} bytes")),
        line => record::read(format, line),
    };
    let mut ends = Ends::default();
    for (_, line) in lines.clone() {
        if let Ok(Line::Sent(record)) = read(line) {
            ends.learn(&record);
        }
    }
    let mut gathered = Gathered::default();
    for (number, line) in lines {
        match read(line) {
            // A header again: files that somebody put together.
            Err(_) if Format::is_header(line) && Format::of(line).as_ref() == Ok(format) => {}
            Ok(line) => gathered.take(&line, &ends)?,
            Err(why) => gathered.fault(number, &why),
        }
    }
    gathered.checked(own.is_some())
}
