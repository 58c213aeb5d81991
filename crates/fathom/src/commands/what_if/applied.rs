//! What would open and close if code were applied, or if single edits were made: asked of both states, and told.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use fathom_foresee::{Difference, Turn};
use fathom_model::Uid;
use fathom_see::planned::{Change, Planned, Where};
use serde_json::{Value, json};

use super::{
    asked::Asked,
    finding::{self, Finding, Group},
    markdown, sarif,
};
use crate::{
    Ending,
    args::{FailOn, Global, WhatIfArgs},
    render::{self, clean, styled},
    wiring,
};

/// Lines of one kind that are printed; `--json` has all.
const LINES: usize = 50;
/// Lines of a proof that are printed.
const PROOF: usize = 12;

/// What was asked, and what came of it.
pub(super) struct Applied {
    /// The file.
    pub(super) file: String,
    pub(super) planned: Planned,
    pub(super) left_out: Vec<String>,
    pub(super) difference: Difference,
    pub(super) findings: Vec<Finding>,
    pub(super) ending: Ending,
}

pub(super) async fn run(global: &Global, args: &WhatIfArgs) -> Result<Ending> {
    if let Some(account) = args.account.as_deref()
        && !(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
    {
        bail!("`{}` is no account; write its 12 digits", clean(account));
    }
    let content = wiring::content(global)?;
    let asked = Asked::read(args, &content)?;
    let store = wiring::reader(global).await?;
    let place = Where { account: args.account.clone(), region: args.region.clone(), otherwise: None };
    let (file, left_out, planned) = asked.plan(&store, &content, &place).await?;
    let mut touched: BTreeMap<Uid, Vec<String>> = BTreeMap::new();
    for change in &planned.changes {
        for uid in &change.resources {
            let all = touched.entry(uid.clone()).or_default();
            if !all.contains(&change.address) {
                all.push(change.address.clone());
            }
        }
    }
    let after = store.under(planned.overlay.clone());
    let difference = fathom_foresee::compare(&store, &after, &content, &touched, wiring::now()).await?;
    let mut findings = finding::of(&difference);
    name_causes(&mut findings, &touched);
    let mut applied = Applied { file, planned, left_out, difference, findings, ending: Ending::Done };
    applied.ending = applied.judge(&args.fail_on);
    write(args.sarif.as_deref(), &applied, |applied| {
        Ok(serde_json::to_string_pretty(&sarif::log(applied))?)
    })?;
    write(args.markdown.as_deref(), &applied, |applied| Ok(markdown::comment(applied)))?;
    if global.json {
        render::print_json(&applied.machine())?;
    } else {
        applied.print()?;
    }
    Ok(applied.ending)
}

fn write(file: Option<&Path>, applied: &Applied, of: impl Fn(&Applied) -> Result<String>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    // A file is for programs and comments: no colours in it.
    let plain = anstream::adapter::strip_str(&of(applied)?).to_string();
    std::fs::write(file, plain).with_context(|| format!("cannot write {}", file.display()))
}

/// Says of permissions which changes they come from: those of who has them, of what they are on.
fn name_causes(findings: &mut [Finding], touched: &BTreeMap<Uid, Vec<String>>) {
    let all: BTreeSet<&String> = touched.values().flatten().collect();
    for one in findings.iter_mut().filter(|one| one.because.is_empty()) {
        let named = touched.iter().filter(|(uid, _)| {
            one.resource == uid.as_str()
                || one.what.contains(uid.as_str())
                || one.why.iter().any(|line| line.contains(uid.as_str()))
        });
        let found: BTreeSet<&String> = named.flat_map(|(_, addresses)| addresses).collect();
        one.because = match (found.is_empty(), all.len()) {
            (true, 1) => all.iter().map(|one| (*one).clone()).collect(),
            _ => found.into_iter().cloned().collect(),
        };
    }
}

impl Applied {
    /// What of the changes is not known, or was not looked at.
    pub(super) fn blind(&self) -> impl Iterator<Item = (&Change, &'static str, &String)> {
        self.planned.changes.iter().flat_map(|change| {
            let unknown = change.not_known.iter().map(move |what| (change, "not known", what));
            unknown.chain(change.not_looked_at.iter().map(move |what| (change, "not looked at", what)))
        })
    }

    /// How many open and close, of a kind or of all.
    pub(super) fn counts(&self, group: Option<Group>) -> (usize, usize, usize) {
        let of: Vec<&Finding> =
            self.findings.iter().filter(|one| group.is_none_or(|group| one.group == group)).collect();
        let opens = of.iter().filter(|one| one.surely_opens()).count();
        let closes = of.iter().filter(|one| one.turn == Turn::Closed).count();
        (opens, closes, of.len() - opens - closes)
    }

    fn judge(&self, fail_on: &[FailOn]) -> Ending {
        let fails = |one: &&Finding| one.surely_opens() && fail_on.contains(&one.group.fails_on());
        if self.findings.iter().any(|one| fails(&one)) {
            return Ending::GateClosed;
        }
        let is_unknown = self.blind().next().is_some()
            || !self.difference.not_asked.is_empty()
            || self.findings.iter().any(Finding::is_unknown);
        if is_unknown && fail_on.contains(&FailOn::Unknown) { Ending::Undecided } else { Ending::Done }
    }

    /// The verdict in a sentence.
    pub(super) fn verdict(&self) -> String {
        let (opens, closes, _) = self.counts(None);
        let told = |count: usize, group: Group| {
            let (one, many) = group.words();
            format!("{count} {}", if count == 1 { one } else { many })
        };
        let list = |of: fn((usize, usize, usize)) -> usize| -> String {
            let all = Group::ALL.into_iter().map(|group| (of(self.counts(Some(group))), group));
            let some: Vec<String> =
                all.filter(|(count, _)| *count > 0).map(|(count, group)| told(count, group)).collect();
            some.join(", ")
        };
        let opens =
            if opens == 0 { "opens nothing".to_owned() } else { format!("opens {}", list(|one| one.0)) };
        let closes =
            if closes == 0 { "closes nothing".to_owned() } else { format!("closes {}", list(|one| one.1)) };
        let others = self.counts(None).2;
        let others =
            if others > 0 { format!("; {others} become less sure or unknown") } else { String::new() };
        let blind = match self.blind().count() {
            0 => String::new(),
            count => format!("; {} of the change not known", parts(count)),
        };
        format!("{opens}; {closes}{others}{blind}")
    }

    fn print(&self) -> Result<()> {
        let style = match self.ending {
            Ending::Done => render::GOOD,
            Ending::GateClosed => render::BAD,
            Ending::Undecided => render::ATTENTION,
        };
        let changes = self.planned.changes.len();
        render::print(format!("{} {}", styled(style, format!("{}:", clean(&self.file))), self.verdict()))?;
        render::print(format!(
            "{} of {} written into a copy of what the last scans read.\n",
            render::count(changes as u64, "change"),
            render::count(
                self.planned.overlay.laid.len() as u64 + self.planned.overlay.gone.len() as u64,
                "resource"
            ),
        ))?;
        for group in Group::ALL {
            let of: Vec<&Finding> = self.findings.iter().filter(|one| one.group == group).collect();
            if of.is_empty() {
                continue;
            }
            render::print(styled(render::STRONG, group.heading()))?;
            render::print(render::table(
                &["", "what", "by", "why"],
                of.iter().take(LINES).map(|one| line(one)),
            ))?;
            if of.len() > LINES {
                render::print(format!("and {} more; --json has all", of.len() - LINES))?;
            }
            render::print("")?;
        }
        for (change, word, what) in self.blind() {
            let word = styled(render::ATTENTION, format!("{word}:"));
            render::print(format!("{word} {} {}", clean(&change.address), clean(what)))?;
        }
        for change in &self.planned.changes {
            for what in &change.assumed {
                render::print(format!("taken to be so: {} {}", clean(&change.address), clean(what)))?;
            }
        }
        for what in self.left_out.iter().chain(&self.difference.not_asked) {
            render::print(format!("{} {}", styled(render::ATTENTION, "left out:"), clean(what)))?;
        }
        let gaps = self.difference.gaps.len();
        if gaps > 0 {
            let told = format!("{} of the estate not read, before as after; --json has them", parts(gaps));
            render::print(format!("{} {told}", styled(render::QUIET, "not seen:")))?;
        }
        Ok(())
    }

    fn machine(&self) -> Value {
        let (opens, closes, others) = self.counts(None);
        json!({
            "file": self.file,
            "verdict": self.verdict(),
            "opens": opens,
            "closes": closes,
            "others": others,
            "exit_code": code(self.ending),
            "changes": self.planned.changes,
            "called": self.planned.called,
            "left_out": self.left_out,
            "difference": self.difference,
        })
    }
}

/// So many parts, in words.
pub(super) fn parts(count: usize) -> String {
    if count == 1 { "1 part".to_owned() } else { format!("{count} parts") }
}

/// The exit code, as the reports say it.
pub(super) fn code(ending: Ending) -> u8 {
    match ending {
        Ending::Done => 0,
        Ending::GateClosed => crate::GATE_CODE,
        Ending::Undecided => crate::UNDECIDED_CODE,
    }
}

fn line(one: &Finding) -> Vec<String> {
    let style = match (one.turn, one.surely_opens()) {
        (_, true) => render::BAD,
        (Turn::Closed, _) => render::GOOD,
        _ => render::ATTENTION,
    };
    let mut why: Vec<String> = one.why.iter().take(PROOF).cloned().collect();
    if one.why.len() > PROOF {
        why.push(format!("and {} more lines; --json has all", one.why.len() - PROOF));
    }
    vec![
        styled(style, one.word()),
        one.what.clone(),
        one.because.iter().map(|one| clean(one)).collect::<Vec<_>>().join("\n"),
        why.join("\n"),
    ]
}
