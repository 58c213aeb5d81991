//! An aligned table for the terminal.

use std::fmt::Write;

use datafusion::arrow::array::RecordBatch;

use super::value::{cell_value, text_of};
use crate::answer::Column;

/// Space between columns.
const GAP: &str = "  ";

pub(super) struct Table {
    columns: Vec<Column>,
    cell_width: usize,
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: Vec<Column>, cell_width: usize) -> Self {
        let widths = columns.iter().map(|column| width(&plain(&column.name, cell_width))).collect();
        Self { columns, cell_width, widths, rows: Vec::new() }
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) {
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|array| {
                    plain(&text_of(cell_value(array.as_ref(), row)).unwrap_or_default(), self.cell_width)
                })
                .collect();
            for (widest, cell) in self.widths.iter_mut().zip(&cells) {
                *widest = (*widest).max(width(cell));
            }
            self.rows.push(cells);
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut out = String::new();
        let header: Vec<String> =
            self.columns.iter().map(|column| plain(&column.name, self.cell_width)).collect();
        self.line(&header, &mut out);
        let rule: Vec<String> = self.widths.iter().map(|width| "-".repeat(*width)).collect();
        self.line(&rule, &mut out);
        for row in &self.rows {
            self.line(row, &mut out);
        }
        out.into_bytes()
    }

    fn line(&self, cells: &[String], out: &mut String) {
        let start = out.len();
        for (i, ((cell, column), widest)) in cells.iter().zip(&self.columns).zip(&self.widths).enumerate() {
            if i > 0 {
                out.push_str(GAP);
            }
            let space = " ".repeat(widest.saturating_sub(width(cell)));
            if column.number {
                out.push_str(&space);
                out.push_str(cell);
            } else {
                out.push_str(cell);
                out.push_str(&space);
            }
        }
        out.truncate(start + out[start..].trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// A text that a terminal shows as it is: control characters, and those that change direction or take no space, are
/// written out (`\n`, `\u{1b}`). Longer texts than `width_max` columns end with `…`; 0 for no limit.
pub fn plain(text: &str, width_max: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    // Where the text would be cut if it turns out to be too long: one column is kept for the `…`.
    let mut cut = 0;
    for c in text.chars() {
        let start = out.len();
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
        used += width(&out[start..]);
        if width_max > 0 && used > width_max {
            out.truncate(cut);
            out.push('…');
            return out;
        }
        if used < width_max {
            cut = out.len();
        }
    }
    out
}

/// Characters that take no space, or change the direction or the look of what stands beside them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Columns that a text takes in a terminal.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}' => 0,
            '\u{1100}'..='\u{115e}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_get_plain_text_of_a_known_width() {
        assert_eq!(plain("a\u{1b}[31mred", 0), "a\\u{1b}[31mred");
        assert_eq!(plain("one\ntwo\t\r", 0), "one\\ntwo\\t\\r");
        assert_eq!(plain("\u{202e}evil\u{200b}", 0), "\\u{202e}evil\\u{200b}");
        assert_eq!(plain("abcdef", 6), "abcdef");
        assert_eq!(plain("abcdefg", 6), "abcde…");
        assert_eq!(plain("日本語", 5), "日本…");
        assert_eq!(plain("ab\u{7}cd", 5), "ab…");
        assert_eq!(plain("", 5), "");
    }
}
