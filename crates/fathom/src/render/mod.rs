//! How things look in a terminal: tables, state words, and names that cannot do harm.

pub(crate) mod difference;

use std::{
    fmt::Write as _,
    io::{IsTerminal, Write},
};

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

/// The most characters of a name in a table or a sentence.
const CHARS_MAX: usize = 200;

/// A name as it may be printed: what could move the cursor, hide text or turn it around is escaped, and what is too
/// long is cut.
pub(crate) fn clean(text: &str) -> String {
    clean_to(text, CHARS_MAX)
}

/// The same with another length, in characters.
pub(crate) fn clean_to(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max.saturating_mul(4)));
    for (i, c) in text.chars().enumerate() {
        if i >= chars_max {
            out.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters that show nothing themselves, but change what is seen of others: marks of direction, which can make one
/// name look like another, separators of lines, and those of no width. The last of each plane are no characters at all.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    ) || u32::from(c) & 0xfffe == 0xfffe
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

/// A value as JSON on standard output. It is the same value for a program; a terminal gets nothing that it would obey.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(harmless_json(&serde_json::to_string_pretty(value)?))
}

/// A value as one line of JSON, as harmless to a terminal.
pub(crate) fn json_line(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(harmless_json(&serde_json::to_string(value)?))
}

/// JSON with the characters escaped that JSON itself lets stand, but a terminal may obey; outside texts there are none.
fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && (c.is_control() || is_invisible(c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Sentences of several lines as they may be printed: like [`clean`], but neither joined nor cut.
pub(crate) fn clean_lines(text: &str) -> String {
    text.split('\n').map(|line| clean_to(line, usize::MAX)).collect::<Vec<_>>().join("\n")
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
