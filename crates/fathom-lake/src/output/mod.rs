//! Answers written down: a table for the terminal, JSON, NDJSON, CSV or Parquet.
//!
//! Every value in an answer may come from whoever can name or tag a resource, so each format takes away what its
//! reader would act on: control characters in the terminal, formulas in spreadsheets.

mod csv;
mod file;
mod json;
mod parquet;
mod text;
mod value;

use std::{io::Write, time::Duration};

use datafusion::arrow::array::RecordBatch;
use futures::stream::{self, Stream};

pub use file::write_file;
pub use json::{cell_json, row_json};
pub use text::plain;
pub use value::cell_value;

use crate::{
    answer::{Answer, Column},
    error::SqlError,
};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// An aligned table for people.
    #[default]
    Table,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values, RFC 4180, with a header.
    Csv,
    /// Apache Parquet, zstd.
    Parquet,
}

impl Format {
    /// The format of a word or of a file's extension.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "table" | "txt" => Some(Self::Table),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Table => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// How an answer is written, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The format.
    pub format: Format,
    /// Widest cell of a table, in columns of the terminal; longer ones end with `…`. 0 for no limit.
    pub cell_width: usize,
    /// Put `'` before cells of CSV that a spreadsheet would run as a formula.
    pub guard_formulas: bool,
}

impl Options {
    /// A format with cells up to 60 columns and formulas guarded.
    pub fn new(format: Format) -> Self {
        Self { format, cell_width: 60, guard_formulas: true }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Rows written.
    pub rows: u64,
    /// Whether there were more than the limit.
    pub truncated: bool,
    /// Time from the start of the query to its last row.
    pub elapsed: Duration,
}

/// Writes an answer batch by batch. Only a table, which must know its widths first, and a Parquet row group are held
/// in memory.
///
/// # Errors
/// Those of [`Answer::next`], [`SqlError::Write`] and [`SqlError::Encode`]; what was written before stays written.
pub async fn write<W: Write>(
    answer: &mut Answer,
    options: &Options,
    out: &mut W,
) -> Result<Summary, SqlError> {
    let to_out = |source| SqlError::Write { path: None, source };
    let mut writer = Renderer::new(answer, options)?;
    while let Some(batch) = answer.next().await? {
        out.write_all(&writer.batch(&batch)?).map_err(to_out)?;
    }
    out.write_all(&writer.finish()?).map_err(to_out)?;
    out.flush().map_err(to_out)?;
    Ok(summary(answer))
}

/// The bytes of an answer as a stream, for the body of a response. It ends at the first error.
pub fn bytes(
    answer: Answer,
    options: &Options,
) -> impl Stream<Item = Result<Vec<u8>, SqlError>> + Send + use<> {
    enum State {
        Start(Answer, Options),
        Rows(Answer, Box<Renderer>),
        End,
    }
    stream::try_unfold(State::Start(answer, *options), |state| async move {
        let (mut answer, mut renderer) = match state {
            State::Start(answer, options) => {
                let renderer = Box::new(Renderer::new(&answer, &options)?);
                (answer, renderer)
            }
            State::Rows(answer, renderer) => (answer, renderer),
            State::End => return Ok(None),
        };
        match answer.next().await? {
            Some(batch) => {
                let bytes = renderer.batch(&batch)?;
                Ok(Some((bytes, State::Rows(answer, renderer))))
            }
            None => Ok(Some((renderer.finish()?, State::End))),
        }
    })
}

/// What an answer came to; complete once it gave its last row.
pub fn summary(answer: &Answer) -> Summary {
    Summary { rows: answer.rows(), truncated: answer.truncated(), elapsed: answer.elapsed() }
}

/// Turns batches into bytes of one format.
enum Renderer {
    Table(text::Table),
    Json(json::Json),
    Csv(csv::Csv),
    Parquet(Box<parquet::Parquet>),
}

impl Renderer {
    fn new(answer: &Answer, options: &Options) -> Result<Self, SqlError> {
        let columns: Vec<Column> = answer.columns().to_vec();
        Ok(match options.format {
            Format::Table => Self::Table(text::Table::new(columns, options.cell_width)),
            Format::Json => Self::Json(json::Json::new(columns, json::Layout::Array)),
            Format::Ndjson => Self::Json(json::Json::new(columns, json::Layout::Lines)),
            Format::Csv => Self::Csv(csv::Csv::new(columns, options.guard_formulas)),
            Format::Parquet => Self::Parquet(Box::new(parquet::Parquet::new(&columns, answer.schema())?)),
        })
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, SqlError> {
        match self {
            Self::Table(table) => {
                table.batch(batch);
                Ok(Vec::new())
            }
            Self::Json(json) => json.batch(batch),
            Self::Csv(csv) => Ok(csv.batch(batch)),
            Self::Parquet(parquet) => parquet.batch(batch),
        }
    }

    fn finish(self) -> Result<Vec<u8>, SqlError> {
        match self {
            Self::Table(table) => Ok(table.finish()),
            Self::Json(json) => Ok(json.finish()),
            Self::Csv(csv) => Ok(csv.finish()),
            Self::Parquet(parquet) => parquet.finish(),
        }
    }
}
