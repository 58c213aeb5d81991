//! A fix for people, and its plain commands for pipes.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Result, bail};
use fathom_checks::{Command, Status, named_text, script, variable};
use fathom_content::checks::UndoKind;
use fathom_model::{SourceKind, Target};

use super::Told;
use crate::{
    commands::what_if::finding,
    render::{self, clean, styled},
};

/// Resources that are named as touched, and lines of what opens and closes; `--json` has all.
const LINES: usize = 20;

/// Commands alone. Where one of them is not whole, none is printed.
pub(super) fn plain(
    commands: &[Command],
    missing: &[String],
    choices: &BTreeMap<String, String>,
) -> Result<()> {
    if !missing.is_empty() {
        bail!("the commands are not whole: {}", clean(&missing.join("; ")));
    }
    if commands.is_empty() {
        bail!("there is no command for this resource as the last scan read it");
    }
    render::print(script(commands, choices).join("\n"))
}

/// What it is in Terraform, and where it is declared.
pub(super) fn terraform(told: &Told<'_>) -> String {
    let mut out = clean(&told.filled.terraform);
    match &told.code {
        Some(code) if code.source == SourceKind::Terraform => {
            let _ = write!(out, "\ndeclared as {} ({})", clean(&code.value), clean(&code.origin));
        }
        Some(code) => {
            let _ = write!(
                out,
                "\nno Terraform declares it; {} does ({})",
                clean(&code.value),
                clean(&code.origin)
            );
        }
        None => out.push_str("\nno code that Fathom was shown declares it"),
    }
    out
}

pub(super) fn told(told: &Told<'_>) -> Result<()> {
    let definition = &told.check.definition;
    let (filled, resource) = (&told.filled, told.resource);
    let mut out = format!(
        "{}: {}\n{}\naccount {}, {}\n\n",
        styled(render::STRONG, &definition.id),
        clean(&definition.title),
        clean(resource.uid.as_str()),
        clean(resource.account.as_str()),
        clean(resource.region.as_str()),
    );
    let mut part = |name: &str, lines: &[String]| {
        if !lines.is_empty() {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{}\n    {}", styled(render::QUIET, name), lines.join("\n    "));
        }
    };
    let mut run = commands(&filled.cli);
    if run.is_empty() && filled.missing.is_empty() {
        // A finding may come of things that the fix does not look at: the groups of an interface that the server does not name.
        let by_hand = clean(definition.fix.console.trim());
        run.push(styled(
            render::ATTENTION,
            format!("no command fits what the last scans read of it; by hand: {by_hand}"),
        ));
    }
    part("what is run", &run);
    part("not known", &list(&filled.missing));
    let choices: Vec<String> =
        filled.choices.iter().map(|(name, what)| format!("{}: {}", variable(name), clean(what))).collect();
    part("you choose", &choices);
    part("in Terraform", &terraform(told).lines().map(str::to_owned).collect::<Vec<_>>());
    part("how it is taken back", &undo(told));
    part("what it touches", &touches(told));
    part("what closes and opens", &difference(told));
    part("the check afterwards", &[proven(told)]);
    let costs = &definition.costs;
    let costs = [("money", &costs.money), ("speed", &costs.performance), ("effort", &costs.effort)];
    part("what it costs", &costs.map(|(name, what)| format!("{name}: {}", clean(what))));
    out.push_str("\nNothing was run.");
    // What stands for choices in descriptions is told by its name.
    render::print(named_text(&out))
}

fn commands(all: &[Command]) -> Vec<String> {
    all.iter().map(|command| clean(&command.shell())).collect()
}

fn list(all: &[String]) -> Vec<String> {
    all.iter().map(|line| styled(render::ATTENTION, clean(line))).collect()
}

fn undo(told: &Told<'_>) -> Vec<String> {
    let Some(undo) = &told.check.fix.undo else {
        return vec![styled(render::ATTENTION, "the undo is not written yet")];
    };
    let because = undo.because.as_deref().unwrap_or_default();
    let mut lines = commands(&told.filled.undo);
    lines.extend(list(&told.filled.undo_missing));
    match undo.kind {
        UndoKind::OneWay => {
            lines.insert(0, format!("{} {because}", styled(render::BAD, "it cannot be undone:")));
        }
        UndoKind::Replaces => {
            lines.insert(0, format!("{} {because}", styled(render::ATTENTION, "it makes a new one.")));
        }
        UndoKind::Reversible if !because.is_empty() => lines.push(because.to_owned()),
        UndoKind::Reversible => {}
    }
    lines
}

fn touches(told: &Told<'_>) -> Vec<String> {
    let mut lines: Vec<String> = told
        .changed
        .iter()
        .filter(|uid| **uid != told.resource.uid)
        .map(|uid| format!("changes {}", clean(uid.as_str())))
        .collect();
    if told.touches.is_empty() {
        lines.push("nothing that the last scans read refers to it".to_owned());
    }
    lines.extend(told.touches.iter().take(LINES).map(|edge| {
        let to = match &edge.to {
            Target::Known { uid } if *uid != told.resource.uid => format!(" {}", clean(uid.as_str())),
            _ => String::new(),
        };
        format!("{} {}{to}", clean(edge.from.as_str()), edge.kind)
    }));
    if told.touches.len() > LINES {
        lines.push(format!("and {} more; --json has all", told.touches.len() - LINES));
    }
    lines
}

fn difference(told: &Told<'_>) -> Vec<String> {
    let Some(difference) = &told.difference else {
        return vec!["not worked out: the fix does not say what it makes of the description".to_owned()];
    };
    let brief = finding::brief(difference);
    let mut lines = vec![format!(
        "{} closes, {} opens, {} becomes less sure or unknown",
        brief.closes, brief.opens, brief.others
    )];
    lines.extend(
        brief.rows.iter().take(LINES).map(|(group, word, what)| format!("{word}: {group}: {}", clean(what))),
    );
    if brief.rows.len() > LINES {
        lines.push(format!("and {} more; --json has all", brief.rows.len() - LINES));
    }
    lines.extend(difference.not_asked.iter().map(|what| styled(render::ATTENTION, clean(what))));
    if !difference.gaps.is_empty() {
        let gaps = render::count(difference.gaps.len() as u64, "part");
        lines.push(format!("{gaps} of the estate not read, before as after; --json has them"));
    }
    lines
}

fn proven(told: &Told<'_>) -> String {
    let not = |why: &str| format!("{} {why}", styled(render::ATTENTION, "not proven:"));
    let Some(proven) = &told.proven else {
        return not(
            "the fix does not say what it makes of the description, so ask `fathom check` after the next scan",
        );
    };
    let choices = if proven.with_choices { ", whatever you choose being as is said above" } else { "" };
    match proven.status {
        Status::Pass => {
            format!(
                "{} on a copy of what the last scans read, asked again{choices}",
                styled(render::GOOD, "passes")
            )
        }
        Status::NotApplicable => {
            format!(
                "{} any more on a copy of what the last scans read",
                styled(render::GOOD, "is not about it")
            )
        }
        Status::Fail => {
            not("it still fails on a copy of what the last scans read; something else is to be changed, too")
        }
        Status::Unknown => not(&format!("it is not known then: {}", clean(&proven.missing.join(", ")))),
    }
}
