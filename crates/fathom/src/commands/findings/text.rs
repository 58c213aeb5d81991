//! Findings for people.

use std::fmt::Write as _;

use fathom_findings::State;
use fathom_model::{FindingEvent, Severity};

use super::{ID_CHARS, Row, Told};
use crate::{
    commands::unknown::day,
    render::{self, clean, clean_lines, styled},
};

/// Values that decided, and lines of a proof, that a list shows.
const LINES: usize = 2;

pub(super) fn list(told: &Told<'_>, limit: usize) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    if told.rows.is_empty() {
        out.push_str("no finding is as was asked.\n");
    } else {
        let head = ["finding", "stands", "what", "why it stands here"];
        let rows = told.rows.iter().take(limit).map(|row| vec![id(row), stands(row), what(row), why(row)]);
        let _ = writeln!(out, "{}", render::table(&head, rows));
        if told.rows.len() > limit {
            let _ = writeln!(out, "and {} more; --limit shows them", told.rows.len() - limit);
        }
    }
    out.push('\n');
    let states = State::ALL
        .map(|state| format!("{} {}", told.counts.get(&state).copied().unwrap_or_default(), state.word()));
    let overdue = told.rows.iter().filter(|row| row.stands.overdue).count();
    let _ = write!(out, "{}. {overdue} of those shown or counted here are overdue.", states.join(", "));
    let run = &told.run;
    let _ =
        write!(out, "\nAs of the check of {} over scan {}, by {}.", day(run.at), run.scan, clean(&run.by));
    let mut attend = |text: String| {
        let _ = write!(out, "\n{}", styled(render::ATTENTION, text));
    };
    if told.is_stale {
        attend("A scan has ended since: `fathom check` brings findings up to date.".to_owned());
    }
    if !run.whole {
        let whole = told.whole.as_ref().map_or("never".to_owned(), |whole| day(whole.at));
        attend(format!(
            "That check was about a part only; all checks were asked of everything last: {whole}."
        ));
    }
    let doubtful = told.rows.iter().filter(|row| !row.finding.life.confirmed).count();
    if doubtful > 0 {
        attend(format!("{doubtful} could not be looked at again by the last check; they stay as they were."));
    }
    for gap in told.gaps.iter().take(LINES) {
        attend(format!("not seen, which may change the order: {}", clean(gap)));
    }
    if told.gaps.len() > LINES {
        attend(format!("and {} more that was not seen", told.gaps.len() - LINES));
    }
    out
}

fn id(row: &Row<'_>) -> String {
    let short: String = row.finding.id.chars().take(ID_CHARS).collect();
    format!("{short}\n{}", styled(colour(row.finding.severity), row.finding.severity.word()))
}

fn colour(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical | Severity::High => render::BAD,
        Severity::Medium => render::ATTENTION,
        Severity::Low => render::QUIET,
    }
}

fn stands(row: &Row<'_>) -> String {
    let (stands, life) = (&row.stands, &row.finding.life);
    let since = day(life.since);
    let mut lines = vec![match stands.state {
        State::Open => format!("open since {since}"),
        State::Reopened => format!("{} on {since}, {} times", styled(render::BAD, "reopened"), life.reopened),
        State::Accepted => {
            let until = stands.exception.map(|one| format!(" until {}", day(one.until))).unwrap_or_default();
            format!("accepted{until}")
        }
        State::Fixed => format!("{} on {since}", styled(render::GOOD, "fixed")),
    }];
    if let Some(due) = stands.due {
        lines.push(if stands.overdue {
            styled(render::BAD, format!("overdue since {}", day(due)))
        } else {
            format!("due {}", day(due))
        });
    }
    if !life.confirmed {
        lines.push(styled(render::ATTENTION, "not confirmed"));
    }
    lines.join("\n")
}

fn what(row: &Row<'_>) -> String {
    let one = row.finding;
    let name = one.name.as_deref().filter(|name| !one.resource.as_str().ends_with(name));
    let name = name.map(|name| format!(" {}", styled(render::STRONG, clean(name)))).unwrap_or_default();
    let owner = one.owner.as_ref().map_or_else(
        || styled(render::ATTENTION, "nobody answers for it"),
        |owner| format!("of {}", clean(owner)),
    );
    format!("{}: {}\n{}{name}\n{owner}", one.check, clean(&one.title), clean(one.resource.as_str()))
}

fn why(row: &Row<'_>) -> String {
    let mut lines: Vec<String> = row.rank.iter().map(|rank| clean(&rank.because)).collect();
    let decided = row.why();
    if !decided.is_empty() {
        let more = if decided.len() > LINES { ", …" } else { "" };
        let shown: Vec<String> = decided.iter().take(LINES).map(|line| clean(line)).collect();
        lines.push(format!("since {}{more}", shown.join(", ")));
    }
    lines.extend(row.proof.missing.first().map(|missing| format!("not seen: {}", clean(missing))));
    lines.join("\n")
}

pub(super) fn one(row: &Row<'_>, events: &[FindingEvent]) -> String {
    let one = row.finding;
    let mut out = format!(
        "{} {}\n{}\n{}\n\n",
        styled(render::STRONG, &one.check),
        styled(colour(one.severity), one.severity.word()),
        clean(&one.title),
        clean(one.resource.as_str()),
    );
    let mut part = |name: &str, text: &str| {
        if !text.trim().is_empty() {
            let text = clean_lines(text.trim()).replace('\n', "\n    ");
            let _ = writeln!(out, "{}\n    {text}", styled(render::QUIET, name));
        }
    };
    let mut plain = vec![match row.stands.state {
        State::Accepted => format!("accepted; without that {}", one.life.state.word()),
        state => state.word().to_owned(),
    }];
    let _ = write!(plain[0], " since {}", day(one.life.since));
    if let Some(exception) = row.stands.exception {
        plain.push(format!(
            "exception {} until {}: {} (approved by {}, by {})",
            exception.id,
            day(exception.until),
            exception.reason,
            exception.approver,
            exception.by
        ));
    }
    if let Some(due) = row.stands.due {
        plain.push(format!("{} {}", if row.stands.overdue { "overdue since" } else { "due" }, day(due)));
    }
    if !one.life.confirmed {
        plain.push("the last check could not say whether it is still so".to_owned());
    }
    part("id", &one.id);
    part("stands", &plain.join("\n"));
    let place = format!("account {}, {}", one.account, one.region);
    let owner = one.owner.as_ref().map_or("nobody answers for it".to_owned(), |owner| format!("of {owner}"));
    part("where", &format!("{place}\n{owner}"));
    part(
        "why it stands where it stands",
        &row.rank.as_ref().map(|rank| rank.because.clone()).unwrap_or_default(),
    );
    part("why it matters", row.because());
    part("the values that decided", &row.why().join("\n"));
    part("proof", &row.proof.proof.join("\n"));
    part("not seen", &row.proof.missing.join("\n"));
    if let Some(check) = row.check {
        let (fix, costs) = (&check.definition.fix, &check.definition.costs);
        part("fix in the console", &fix.console);
        part("fix on the command line", &fix.cli());
        part("fix in Terraform", &fix.terraform.value);
        part(
            "what the fix costs",
            &format!("money: {}\nspeed: {}\neffort: {}", costs.money, costs.performance, costs.effort),
        );
    }
    let history: Vec<String> = events
        .iter()
        .map(|event| format!("{} {} (scan {})", day(event.at), super::event(event), event.scan))
        .collect();
    part("history", &history.join("\n"));
    part("seen", &format!("first {}, last {}", day(one.life.first_seen), day(one.life.last_seen)));
    out.trim_end().to_owned()
}
