//! CSV as RFC 4180 has it: a header, CRLF, quotes where a cell needs them.

use datafusion::arrow::array::RecordBatch;

use super::value::{cell_value, text_of};
use crate::answer::Column;

/// A spreadsheet takes a cell for a formula, or hides what comes before it, where it begins with one of these: the
/// list of OWASP, with the wide forms that spreadsheets read alike. Such a text gets an apostrophe before it; numbers
/// get none.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub(super) struct Csv {
    columns: Vec<Column>,
    guard_formulas: bool,
    started: bool,
}

impl Csv {
    pub(super) fn new(columns: Vec<Column>, guard_formulas: bool) -> Self {
        Self { columns, guard_formulas, started: false }
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Vec<u8> {
        let mut out = String::new();
        self.header(&mut out);
        for row in 0..batch.num_rows() {
            for (i, (column, array)) in self.columns.iter().zip(batch.columns()).enumerate() {
                if i > 0 {
                    out.push(',');
                }
                // NULL is an empty cell, an empty text is `""`.
                if let Some(text) = text_of(cell_value(array.as_ref(), row)) {
                    Self::cell(&text, self.guard_formulas && !column.number, &mut out);
                }
            }
            out.push_str("\r\n");
        }
        out.into_bytes()
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut out = String::new();
        self.header(&mut out);
        out.into_bytes()
    }

    fn header(&mut self, out: &mut String) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            Self::cell(&column.name, self.guard_formulas, out);
        }
        out.push_str("\r\n");
    }

    fn cell(text: &str, guarded: bool, out: &mut String) {
        let guard = if guarded && text.starts_with(FORMULA_STARTS) { "'" } else { "" };
        let quoted = text.is_empty()
            || text.contains([',', '"', '\r', '\n'])
            || text.starts_with(' ')
            || text.ends_with(' ');
        if quoted {
            out.push('"');
            out.push_str(guard);
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(guard);
            out.push_str(text);
        }
    }
}
