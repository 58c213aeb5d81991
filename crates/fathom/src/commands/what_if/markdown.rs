//! A comment for a pull request: the verdict, a table of what opens and closes, the proofs folded away.

use std::fmt::Write as _;

use fathom_foresee::Turn;

use super::{
    applied::{Applied, parts},
    finding::{Finding, Group},
};
use crate::Ending;

/// Rows of one table; the proofs and what follows are in the report.
const ROWS: usize = 40;
/// Proofs of one kind.
const PROOFS: usize = 20;
/// GitHub takes comments of 65,536 characters, GitLab of more.
const LENGTH_MAX: usize = 60_000;
/// What a workflow finds its own comment by, to write it anew.
const MARK: &str = "<!-- fathom what-if -->";

/// The whole comment.
pub(super) fn comment(applied: &Applied) -> String {
    let sign = match applied.ending {
        Ending::Done => "✅",
        Ending::GateClosed => "❌",
        Ending::Undecided => "❔",
    };
    let mut out = format!("{MARK}\n### {sign} Fathom: this change {}\n\n", plain(&applied.verdict()));
    if !applied.findings.is_empty() {
        out.push_str("| | opens | closes | other |\n| --- | ---: | ---: | ---: |\n");
        for group in Group::ALL {
            let (opens, closes, others) = applied.counts(Some(group));
            if opens + closes + others > 0 {
                // Writing to a text cannot fail.
                let _ = writeln!(out, "| {} | {opens} | {closes} | {others} |", group.heading());
            }
        }
        out.push('\n');
    }
    for group in Group::ALL {
        let of: Vec<&Finding> = applied.findings.iter().filter(|one| one.group == group).collect();
        if !of.is_empty() {
            section(&mut out, group, &of);
        }
    }
    let blind: Vec<String> = applied
        .blind()
        .map(|(change, word, what)| format!("- {word}: `{}` {}", code(&change.address), plain(what)))
        .collect();
    fold(&mut out, &format!("{} of the change not known or not looked at", parts(blind.len())), &blind);
    let told = applied.planned.changes.iter();
    let told: Vec<String> = told
        .flat_map(|change| {
            change.assumed.iter().map(move |what| format!("- `{}` {}", code(&change.address), plain(what)))
        })
        .chain(applied.left_out.iter().map(|what| format!("- left out: {}", plain(what))))
        .chain(applied.difference.not_asked.iter().map(|what| format!("- not asked: {}", plain(what))))
        .collect();
    fold(&mut out, "What was taken to be so, and what was left out", &told);
    let changes = applied.planned.changes.len();
    let _ = writeln!(
        out,
        "<sub>`{}`: {changes} changes, asked of a copy of what the last scan read; nothing was applied.</sub>",
        code(&applied.file)
    );
    shortened(out)
}

fn section(out: &mut String, group: Group, of: &[&Finding]) {
    let _ = writeln!(out, "#### {}\n\n| | what | by |\n| --- | --- | --- |", group.heading());
    for one in of.iter().take(ROWS) {
        let sign = match (one.turn, one.surely_opens()) {
            (_, true) => "🔴",
            (Turn::Closed, _) => "🟢",
            _ => "🟡",
        };
        let by: Vec<String> = one.because.iter().map(|address| format!("`{}`", code(address))).collect();
        let _ =
            writeln!(out, "| {sign} {} | {} | {} |", plain(&one.word()), plain(&one.what), by.join("<br>"));
    }
    if of.len() > ROWS {
        let _ = writeln!(out, "\nand {} more.", of.len() - ROWS);
    }
    out.push('\n');
    let with_proof: Vec<&&Finding> = of.iter().filter(|one| !one.why.is_empty()).take(PROOFS).collect();
    let lines: Vec<String> = with_proof
        .iter()
        .map(|one| format!("**{}**\n\n```text\n{}\n```\n", plain(&one.what), fenced(&one.why)))
        .collect();
    fold(out, "Proofs", &lines);
}

/// Lines in a code block, which nothing in them ends.
fn fenced(lines: &[String]) -> String {
    anstream::adapter::strip_str(&lines.join("\n")).to_string().replace("```", "'''")
}

pub(in crate::commands) fn fold(out: &mut String, heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ =
            writeln!(out, "<details><summary>{heading}</summary>\n\n{}\n\n</details>\n", lines.join("\n"));
    }
}

/// A text in a table: no mark-up of its own, no line break, nobody mentioned.
pub(in crate::commands) fn plain(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => out.extend(['\\', letter]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// A text between backticks in a table.
pub(in crate::commands) fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// A comment that is too long, cut at a line.
pub(in crate::commands) fn shortened(out: String) -> String {
    if out.len() <= LENGTH_MAX {
        return out;
    }
    let mut end = LENGTH_MAX;
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    let cut = out.get(..end).unwrap_or_default();
    let cut = cut.rsplit_once('\n').map_or(cut, |(before, _)| before);
    // What was open is closed.
    let open = cut.matches("<details>").count()
        - cut.matches("</details>").count().min(cut.matches("<details>").count());
    let fence = if cut.matches("```").count() % 2 == 1 { "\n```" } else { "" };
    format!(
        "{cut}{fence}{}\n\nThe rest is too long for a comment: see the output of the job.\n",
        "\n</details>".repeat(open)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_say_is_no_mark_up() {
        assert_eq!(plain("a|b <c> @d\ne"), "a\\|b &lt;c&gt; &#64;d e");
        assert_eq!(code("x`y|z"), "x'y\\|z");
    }

    #[test]
    fn what_is_too_long_is_cut_and_closed() {
        let long = format!("<details>\n```text\n{}\n```\n</details>", "line\n".repeat(20_000));
        let cut = shortened(long);
        assert!(cut.len() < 65_536, "{}", cut.len());
        assert_eq!(cut.matches("```").count() % 2, 0);
        assert_eq!(cut.matches("<details>").count(), cut.matches("</details>").count());
    }
}
