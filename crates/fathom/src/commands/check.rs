//! `fathom check`: asks the checks of the estate, and tells what fails, why and how it is put right.
//!
//! This file reads and chooses; `text` and `markdown` tell people, `sarif`, `junit` and `csv` tell programs. `code` asks the same of code
//! that is not deployed; `kept` is what stays of a run over the estate. `fathom content test` is here too.

mod code;
pub(super) mod csv;
pub(super) mod junit;
mod kept;
mod markdown;
pub(super) mod sarif;
mod text;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use fathom_checks::{Check, Checks, Problem, Status};
use fathom_content::{
    Content,
    checks::{CheckFiles, Severity, UndoKind},
};
use fathom_posture::{Counts, Extent, Finding, Ground, Posture, Shapes};
use serde_json::{Value, json};

use crate::{
    Ending,
    args::{CheckArgs, ContentCommand, Global},
    render::{self, clean, styled},
    wiring,
};

/// Problems of content that are named; the rest is counted.
const PROBLEMS_SHOWN: usize = 20;

/// What all reports are made of.
pub(super) struct Told<'a> {
    pub(super) checks: &'a Checks,
    pub(super) posture: &'a Posture,
    pub(super) fail_on: Option<Severity>,
    /// Where findings are written, where code was asked and not the estate.
    code: Option<&'a code::Code>,
    /// What was kept of it.
    kept: Option<&'a kept::Kept>,
}

impl<'a> Told<'a> {
    /// What is told of the estate, where nothing is kept.
    pub(super) fn of(checks: &'a Checks, posture: &'a Posture) -> Self {
        Self { checks, posture, fail_on: None, code: None, kept: None }
    }

    /// The check of a finding.
    fn check(&self, id: &str) -> Option<&Check> {
        self.checks.all.iter().find(|check| check.definition.id == id)
    }

    /// Where in code a finding is written.
    fn place(&self, finding: &Finding) -> Option<&code::Place> {
        self.code?.places.get(&finding.id)
    }

    /// Whether no check that somebody minds fails, but for what somebody accepted.
    fn holds(&self) -> bool {
        let minds = |severity: Severity| self.fail_on.is_some_and(|least| severity <= least);
        !self.checks.all.iter().any(|check| {
            let id = &check.definition.id;
            let accepted = self.kept.map_or(0, |kept| kept.accepted(id));
            minds(check.definition.severity)
                && self.posture.by_check.get(id).is_some_and(|counts| counts.fail > accepted)
        })
    }
}

pub(crate) async fn run(global: &Global, args: CheckArgs) -> Result<Ending> {
    let content = wiring::content(global)?;
    let (checks, problems) = load(global, &content);
    tell_problems(&problems);
    let choice = Choice {
        check: &args.check,
        service: &args.service,
        framework: args.framework.as_deref(),
        severity: args.severity.map(Severity::from),
    };
    let there = checks.all.len();
    let wanted = chooser(&checks, &choice)?;
    // Whether all are asked is of those that a scan can answer.
    let of_estate = |check: &Check| !content.manifests.is_type(check.definition.kind.as_str());
    let there =
        if args.files.is_empty() { checks.all.iter().filter(|one| of_estate(one)).count() } else { there };
    let checks = checks.only(wanted);
    if let Some(id) = &args.explain {
        let Some(check) = checks.all.iter().find(|check| check.definition.id == *id) else {
            bail!("no check is called `{id}`{}", near(id, &checks));
        };
        if global.json {
            render::print_json(&about(check))?;
        } else {
            render::print(text::explained(check))?;
        }
        return Ok(Ending::Done);
    }
    if args.list {
        if global.json {
            render::print_json(&checks.all.iter().map(about).collect::<Vec<_>>())?;
        } else {
            render::print(text::list(&checks))?;
        }
        return Ok(Ending::Done);
    }
    if !args.files.is_empty() {
        return code::run(global, &args, &content, checks).await;
    }
    if let Some(check) = checks.all.first().filter(|_| !checks.all.iter().any(of_estate)) {
        bail!(
            "`{}` is asked of Kubernetes manifests only: name files, as in `fathom check manifests/`",
            check.definition.id
        );
    }
    let checks = checks.only(of_estate);
    let store = wiring::reader(global).await?;
    let mut ground = Ground::load(&store, &content, &checks, wiring::now()).await?;
    let extent = Extent {
        account: args.account.clone(),
        owner: args.owner.clone(),
        // Content that could not be read may be the check of a finding.
        all_checks: checks.all.len() == there && problems.is_empty(),
    };
    let keeps = keeps(&args);
    let told = [&keeps[..], &[Status::Fail, Status::Unknown]].concat();
    let mut posture = Posture::of(&checks, &ground, |one, owner| extent.wants(one, owner), &told);
    let kept = if args.no_keep {
        None
    } else {
        Some(kept::keep_run(global, &content, &checks, &mut ground, &posture, &extent).await?)
    };
    posture.findings.retain(|one| keeps.contains(&one.status));
    let told = Told { fail_on: fail_on(&args), kept: kept.as_ref(), ..Told::of(&checks, &posture) };
    tell(global, &args, &told)
}

/// The answers that become findings.
fn keeps(args: &CheckArgs) -> Vec<Status> {
    if args.status.is_empty() {
        vec![Status::Fail, Status::Unknown]
    } else {
        args.status.iter().map(|one| (*one).into()).collect()
    }
}

fn fail_on(args: &CheckArgs) -> Option<Severity> {
    args.fail_on.map(Severity::from)
}

/// Writes the reports that are asked for, and prints one.
fn tell(global: &Global, args: &CheckArgs, told: &Told<'_>) -> Result<Ending> {
    type Report = fn(&Told<'_>) -> Result<String>;
    let reports: [(_, Report); 3] = [
        (&args.sarif, |told| Ok(serde_json::to_string_pretty(&sarif::log(told))?)),
        (&args.junit, |told| Ok(junit::report(told))),
        (&args.markdown, |told| Ok(markdown::comment(told))),
    ];
    for (file, report) in reports {
        if let Some(file) = file {
            std::fs::write(file, report(told)?)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    if global.json {
        render::print_json(&machine(told))?;
    } else if args.csv {
        render::print(csv::report(told).trim_end())?;
    } else {
        render::print(text::report(told, args.limit))?;
        if let Some(kept) = told.kept {
            render::print(kept.text())?;
        }
    }
    Ok(if told.holds() { Ending::Done } else { Ending::GateClosed })
}

/// `fathom content test`.
pub(crate) fn content(global: &Global, command: &ContentCommand) -> Result<Ending> {
    let ContentCommand::Test = command;
    let content = wiring::content(global)?;
    let (checks, mut problems) = load(global, &content);
    let tested = fathom_checks::test(&checks);
    problems.extend(tested.problems);
    problems.sort();
    if global.json {
        let problems: Vec<Value> = problems
            .iter()
            .map(|one| json!({ "file": one.file, "line": one.line, "message": one.message }))
            .collect();
        render::print_json(&json!({
            "checks": checks.all.len(), "tests": tested.run, "problems": problems,
            "fixes": { "filled": tested.filled, "proven": tested.proven, "undo": Undone::of(&checks) },
        }))?;
    } else {
        for problem in &problems {
            render::print(styled(render::BAD, clean(&problem.to_string())))?;
        }
        let (style, word) =
            if problems.is_empty() { (render::GOOD, "holds") } else { (render::BAD, "does not hold") };
        render::print(format!(
            "content {}: {}, {}, {}",
            styled(style, word),
            render::count(checks.all.len() as u64, "check"),
            render::count(tested.run as u64, "test"),
            render::count(problems.len() as u64, "problem"),
        ))?;
        let undone = Undone::of(&checks);
        render::print(format!(
            "fixes: {} filled by tests, {} of these proven on the changed document; undo {} reversible, {} one way, {} replaced, \
             {} not written yet",
            tested.filled,
            tested.proven,
            undone.reversible,
            undone.one_way,
            undone.replaces,
            undone.not_written
        ))?;
    }
    Ok(if problems.is_empty() { Ending::Done } else { Ending::GateClosed })
}

/// How the fixes of checks are taken back.
#[derive(Debug, Default, serde::Serialize)]
struct Undone {
    reversible: usize,
    one_way: usize,
    replaces: usize,
    not_written: usize,
}

impl Undone {
    fn of(checks: &Checks) -> Self {
        let mut all = Self::default();
        // What manifests declare is taken back in their repository.
        for check in checks.all.iter().filter(|check| check.definition.fix.manifest.is_none()) {
            let count = match check.fix.undo.as_ref().map(|undo| undo.kind) {
                Some(UndoKind::Reversible) => &mut all.reversible,
                Some(UndoKind::OneWay) => &mut all.one_way,
                Some(UndoKind::Replaces) => &mut all.replaces,
                None => &mut all.not_written,
            };
            *count += 1;
        }
        all
    }
}

pub(super) fn load(global: &Global, content: &Content) -> (Checks, Vec<Problem>) {
    Checks::compile(CheckFiles::load(global.content.as_deref()), &Shapes::of(content))
}

/// The checks that a scan can answer: all but those of manifests.
pub(super) fn load_of_estate(global: &Global, content: &Content) -> (Checks, Vec<Problem>) {
    let (checks, problems) = load(global, content);
    (checks.only(|check| !content.manifests.is_type(check.definition.kind.as_str())), problems)
}

pub(super) fn tell_problems(problems: &[Problem]) {
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        anstream::eprintln!("{}", styled(render::ATTENTION, clean(&problem.to_string())));
    }
    if problems.len() > PROBLEMS_SHOWN {
        let more = problems.len() - PROBLEMS_SHOWN;
        anstream::eprintln!("and {more} more; `fathom content test` names all");
    }
}

fn near(id: &str, checks: &Checks) -> String {
    let names = checks.all.iter().map(|check| check.definition.id.as_str());
    match fathom_model::spelling::nearest(id, names).as_slice() {
        [] => "; `fathom check --list` has all".to_owned(),
        near => format!("; did you mean {}?", near.join(", ")),
    }
}

/// Which checks; what is empty does not narrow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    /// Only these.
    pub(super) check: &'a [String],
    /// Only of these services.
    pub(super) service: &'a [String],
    /// Only those that test controls of this framework.
    pub(super) framework: Option<&'a str>,
    /// Only as bad as this or worse.
    pub(super) severity: Option<Severity>,
}

/// Says which checks are chosen; what is misspelt is named.
pub(super) fn chooser<'a>(checks: &Checks, choice: &Choice<'a>) -> Result<impl Fn(&Check) -> bool + use<'a>> {
    let args = *choice;
    for id in args.check {
        if !checks.all.iter().any(|check| check.definition.id == *id) {
            bail!("no check is called `{id}`{}", near(id, checks));
        }
    }
    for service in args.service {
        if !checks.all.iter().any(|check| check.service() == service) {
            bail!("no check is about a service called `{service}`; `fathom check --list` has all");
        }
    }
    if let Some(framework) = args.framework
        && !checks.all.iter().any(|check| check.definition.controls.contains_key(framework))
    {
        let mut names: Vec<&str> = checks
            .all
            .iter()
            .flat_map(|check| check.definition.controls.keys())
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        bail!("no check tests a framework called `{framework}`; there are {}", names.join(", "));
    }
    Ok(move |check: &Check| {
        (args.check.is_empty() || args.check.contains(&check.definition.id))
            && (args.service.is_empty() || args.service.iter().any(|one| one == check.service()))
            && args.framework.is_none_or(|one| check.definition.controls.contains_key(one))
            && args.severity.is_none_or(|least| check.definition.severity <= least)
    })
}

/// A check for programs.
fn about(check: &Check) -> Value {
    let definition = &check.definition;
    json!({
        "id": definition.id,
        "title": definition.title,
        "severity": definition.severity,
        "because": definition.because,
        "type": definition.kind,
        "service": check.service(),
        "applies": definition.applies.as_ref().map(|one| one.value.trim()),
        "passes": definition.passes.value.trim(),
        "reads": check.reads,
        "asks": check.asked().map(fathom_checks::Asked::text).collect::<Vec<_>>(),
        "fix": definition.fix,
        "costs": definition.costs,
        "references": definition.references,
        "controls": definition.controls,
    })
}

fn machine(told: &Told<'_>) -> Value {
    let checks: BTreeMap<&str, Value> = told
        .checks
        .all
        .iter()
        .map(|check| {
            let counts = told.posture.by_check.get(&check.definition.id).copied().unwrap_or_default();
            let mut about = about(check);
            about["counts"] = json!(counts);
            (check.definition.id.as_str(), about)
        })
        .collect();
    let counts: Counts = told.posture.counts();
    json!({
        "holds": told.holds(),
        "resources": told.posture.resources,
        "counts": counts,
        "checks": checks,
        "findings": told.posture.findings.iter().map(|one| finding(told, one)).collect::<Vec<_>>(),
        "gaps": told.posture.gaps,
        "kept": told.kept.map(kept::Kept::machine),
        "assumed": told.code.map(|code| &code.assumed),
    })
}

/// A finding with its place in code.
fn finding(told: &Told<'_>, finding: &Finding) -> Value {
    let mut value = json!(finding);
    if let (Some(place), Some(members)) = (told.place(finding), value.as_object_mut()) {
        members.extend([
            ("file".to_owned(), json!(place.file)),
            ("line".to_owned(), json!(place.line)),
            ("address".to_owned(), json!(place.address)),
        ]);
    }
    value
}
