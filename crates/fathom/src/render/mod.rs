//! How things look in a terminal: tables, state words, and names that cannot do harm.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// State words are coloured, never only coloured: the word is always there.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const ATTENTION: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const QUIET: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();

/// A text in a style; the stream takes the codes out where colours are off.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A name as it may be printed: control characters, which could move the cursor or hide text, are escaped.
pub(crate) fn clean(text: &str) -> String {
    const CHARS_MAX: usize = 200;
    let mut out = String::with_capacity(text.len().min(CHARS_MAX));
    for (i, c) in text.chars().enumerate() {
        if i >= CHARS_MAX {
            out.push('…');
            break;
        }
        // Bidirectional overrides can make one name look like another.
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The narrowest terminal, in columns, that tables are fitted to.
const WIDTH_MIN: u16 = 60;

/// A table that fits the terminal, without lines that say nothing.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // A terminal that does not tell its width, or is narrower than a name, is better scrolled than wrapped by letters.
    if std::io::stdout().is_terminal() && table.width().is_some_and(|width| width >= WIDTH_MIN) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.iter().map(|name| styled(QUIET, name)));
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

/// A line or more of text on standard output. A reader that went away (`| head`) is no error.
pub(crate) fn print(text: impl AsRef<str>) -> anyhow::Result<()> {
    match writeln!(anstream::stdout(), "{}", text.as_ref()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A value as JSON on standard output.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(serde_json::to_string_pretty(value)?)
}

/// A share as people write it; an empty estate has none.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    // 99.96 must not read as 100: nobody should think that nothing is left.
    if part < whole && percent > 99.9 { "99.9 %".to_owned() } else { format!("{percent:.1} %") }
}

/// `1 resource`, `2 resources`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
