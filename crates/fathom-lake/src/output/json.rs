//! JSON and NDJSON. Columns that hold JSON as text become JSON values.

use datafusion::arrow::array::{Array, RecordBatch};
use serde_json::value::RawValue;

use super::value::cell_value;
use crate::{answer::Column, error::SqlError};

/// How rows follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// One array.
    Array,
    /// One object a line.
    Lines,
}

pub(super) struct Json {
    columns: Vec<Column>,
    layout: Layout,
    started: bool,
}

impl Json {
    pub(super) fn new(columns: Vec<Column>, layout: Layout) -> Self {
        Self { columns, layout, started: false }
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, SqlError> {
        let mut out = Vec::new();
        for row in 0..batch.num_rows() {
            if self.layout == Layout::Array {
                out.extend_from_slice(if self.started { b",\n" } else { b"[\n" });
            }
            self.started = true;
            row_json(&self.columns, batch, row, &mut out)?;
            if self.layout == Layout::Lines {
                out.push(b'\n');
            }
        }
        Ok(out)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match (self.layout, self.started) {
            (Layout::Array, true) => b"\n]\n".to_vec(),
            (Layout::Array, false) => b"[]\n".to_vec(),
            (Layout::Lines, _) => Vec::new(),
        }
    }
}

/// Appends one row as a JSON object, members in the order of the columns.
///
/// # Errors
/// [`SqlError::Encode`], which would be a mistake of ours.
pub fn row_json(
    columns: &[Column],
    batch: &RecordBatch,
    row: usize,
    out: &mut Vec<u8>,
) -> Result<(), SqlError> {
    for (i, (column, array)) in columns.iter().zip(batch.columns()).enumerate() {
        out.push(if i == 0 { b'{' } else { b',' });
        append(&column.name, out)?;
        out.push(b':');
        cell_json(column, array.as_ref(), row, out)?;
    }
    out.extend_from_slice(if columns.is_empty() { b"{}" } else { b"}" });
    Ok(())
}

/// Appends one cell as a JSON value: the text of a JSON column as it is, where it is valid.
///
/// # Errors
/// [`SqlError::Encode`], which would be a mistake of ours.
pub fn cell_json(column: &Column, array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<(), SqlError> {
    let value = cell_value(array, row);
    match value.as_str() {
        Some(text) if column.json => match serde_json::from_str::<&RawValue>(text) {
            // White space between members may hold line ends, which NDJSON has no place for.
            Ok(raw) if !raw.get().contains(['\n', '\r']) => {
                out.extend_from_slice(raw.get().as_bytes());
                Ok(())
            }
            Ok(raw) => match serde_json::from_str::<serde_json::Value>(raw.get()) {
                Ok(parsed) => append(&parsed, out),
                Err(_) => append(text, out),
            },
            Err(_) => append(text, out),
        },
        _ => append(&value, out),
    }
}

fn append<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), SqlError> {
    serde_json::to_writer(out, value).map_err(|error| SqlError::Encode(Box::new(error)))
}
