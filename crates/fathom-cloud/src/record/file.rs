//! The file of a recording: written line by line, read up to wherever it is whole.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::Value;

use super::{Exchange, FORMAT, Header, VERSION};

/// Longest line that is read, in bytes: the largest answer, escaped.
const LINE_BYTES_MAX: u64 = 512 << 20;

/// Why a recording cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be made; an existing file is never overwritten.
    #[error("failed to create the recording `{}`", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A line could not be written; the recording ends before it.
    #[error("failed to write the recording `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file cannot be opened.
    #[error("failed to open the recording `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file does not begin like a recording.
    #[error("`{}` is no recording: its first line has no `format` of `{FORMAT}`", path.display())]
    NoRecording {
        /// The file.
        path: PathBuf,
    },
    /// The recording comes from another version of the program.
    #[error("recording `{}` has version {version}, this program reads version {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it has.
        version: u64,
    },
    /// The file ends inside a line: its writer was stopped. What was before is good.
    #[error("recording `{}` is cut after line {line}", path.display())]
    Cut {
        /// The file.
        path: PathBuf,
        /// The last whole line, counted from 1.
        line: u64,
    },
    /// A line is damaged. What was before it is good; nothing after it was read.
    #[error("recording `{}` is damaged at line {line}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}

/// A recording being written.
pub(super) struct Writer {
    path: PathBuf,
    out: Out,
}

enum Out {
    Plain(BufWriter<File>),
    Zstd(Box<zstd::stream::write::Encoder<'static, BufWriter<File>>>),
    Finished,
}

impl Writer {
    /// Makes the file, readable by its owner only.
    pub(super) fn create(path: &Path) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::Create { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::new(options.open(path).map_err(failed)?);
        let out = if is_compressed(path) {
            Out::Zstd(Box::new(zstd::stream::write::Encoder::new(file, 3).map_err(failed)?))
        } else {
            Out::Plain(file)
        };
        Ok(Self { path: path.to_owned(), out })
    }

    /// Writes a line and hands it to the operating system, so that a stopped program loses no whole line.
    pub(super) fn line(&mut self, line: &impl Serialize) -> Result<(), RecordingError> {
        let failed = |source| RecordingError::Write { path: self.path.clone(), source };
        let mut bytes = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
        let out: &mut dyn Write = match &mut self.out {
            Out::Plain(out) => out,
            Out::Zstd(out) => out,
            Out::Finished => return Err(failed(io::Error::other("the recording is finished"))),
        };
        out.write_all(&bytes).and_then(|()| out.flush()).map_err(failed)
    }

    /// Ends the file; later lines are errors.
    pub(super) fn finish(&mut self) -> Result<(), RecordingError> {
        let done = match std::mem::replace(&mut self.out, Out::Finished) {
            Out::Plain(mut out) => out.flush(),
            Out::Zstd(out) => out.finish().and_then(|mut file| file.flush()),
            Out::Finished => Ok(()),
        };
        done.map_err(|source| RecordingError::Write { path: self.path.clone(), source })
    }
}

/// A recording that was read, and what is wrong with its end.
pub(super) struct Contents {
    pub(super) header: Header,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) damage: Option<RecordingError>,
}

/// What zstd files begin with.
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Reads a recording from a file.
pub(super) fn read_file(path: &Path) -> Result<Contents, RecordingError> {
    let file = File::open(path).map_err(|source| RecordingError::Open { path: path.to_owned(), source })?;
    read(path, BufReader::new(file))
}

/// Reads a recording up to its end or its first damaged line. `path` is only for errors.
pub(super) fn read(path: &Path, mut file: impl BufRead) -> Result<Contents, RecordingError> {
    let opened = |source| RecordingError::Open { path: path.to_owned(), source };
    let is_zstd = file.fill_buf().map_err(opened)?.starts_with(ZSTD_MAGIC);
    let mut input: Box<dyn BufRead + '_> = if is_zstd {
        Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(file).map_err(opened)?))
    } else {
        Box::new(file)
    };
    let mut header: Option<Header> = None;
    let mut exchanges = Vec::new();
    let mut damage = None;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let cut = || RecordingError::Cut { path: path.to_owned(), line: number - 1 };
        match input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) if line.ends_with(b"\n") => {}
            Ok(_) | Err(_) => {
                damage = Some(cut());
                break;
            }
        }
        let parsed = if line.starts_with(b"{\"format\"") || header.is_none() {
            parse_header(path, &line).map(|more| merge(&mut header, more))
        } else {
            serde_json::from_slice(&line)
                .map(|exchange| exchanges.push(exchange))
                .map_err(|source| RecordingError::Line { path: path.to_owned(), line: number, source })
        };
        if let Err(error) = parsed {
            damage = Some(error);
            break;
        }
    }
    match header {
        Some(header) => Ok(Contents { header, exchanges, damage }),
        None => Err(damage
            .filter(|error| matches!(error, RecordingError::Version { .. }))
            .unwrap_or_else(|| RecordingError::NoRecording { path: path.to_owned() })),
    }
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "zst")
}

fn parse_header(path: &Path, line: &[u8]) -> Result<Header, RecordingError> {
    let none = || RecordingError::NoRecording { path: path.to_owned() };
    let value: Value = serde_json::from_slice(line).map_err(|_| none())?;
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(none());
    }
    match value.get("version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => serde_json::from_value(value).map_err(|_| none()),
        version => Err(RecordingError::Version { path: path.to_owned(), version: version.unwrap_or(0) }),
    }
}

/// Later header lines add accounts, regions, and what was asked.
fn merge(header: &mut Option<Header>, more: Header) {
    let Some(known) = header else {
        *header = Some(more);
        return;
    };
    for account in more.accounts {
        if !known.accounts.contains(&account) {
            known.accounts.push(account);
        }
    }
    for region in more.regions {
        if !known.regions.contains(&region) {
            known.regions.push(region);
        }
    }
    known.asked = known.asked.take().or(more.asked);
}
