//! `fathom check`: asks the checks of the estate, and tells what fails, why and how it is put right.
//!
//! This file reads and chooses; `text` tells people, `sarif`, `junit` and `csv` tell programs. `fathom content test` is here too.

mod csv;
mod junit;
mod sarif;
mod text;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use fathom_checks::{Check, Checks, Problem, Status};
use fathom_content::{
    Content,
    checks::{CheckFiles, Severity},
};
use fathom_posture::{Counts, Ground, Posture, Shapes};
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
struct Told<'a> {
    checks: &'a Checks,
    posture: &'a Posture,
    fail_on: Option<Severity>,
}

impl Told<'_> {
    /// The check of a finding.
    fn check(&self, id: &str) -> Option<&Check> {
        self.checks.all.iter().find(|check| check.definition.id == id)
    }

    /// Whether no check that somebody minds fails.
    fn holds(&self) -> bool {
        let minds = |severity: Severity| self.fail_on.is_some_and(|least| severity <= least);
        !self.checks.all.iter().any(|check| {
            minds(check.definition.severity)
                && self.posture.by_check.get(&check.definition.id).is_some_and(|counts| counts.fail > 0)
        })
    }
}

pub(crate) async fn run(global: &Global, args: CheckArgs) -> Result<Ending> {
    let content = wiring::content(global)?;
    let (checks, problems) = load(global, &content);
    tell_problems(&problems);
    let checks = chosen(checks, &args)?;
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
    let store = wiring::reader(global).await?;
    let ground = Ground::load(&store, &content, &checks, wiring::now()).await?;
    let keeps: Vec<Status> = if args.status.is_empty() {
        vec![Status::Fail, Status::Unknown]
    } else {
        args.status.iter().map(|one| (*one).into()).collect()
    };
    let wants = |one: &fathom_access::Seen, owner: Option<&str>| {
        args.account.as_ref().is_none_or(|account| *account == one.account)
            && args.owner.as_deref().is_none_or(|wanted| owner == Some(wanted))
    };
    let posture = Posture::of(&checks, &ground, wants, &keeps);
    let told = Told { checks: &checks, posture: &posture, fail_on: args.fail_on.map(Severity::from) };
    for (file, report) in [
        (&args.sarif, serde_json::to_string_pretty(&sarif::log(&told))?),
        (&args.junit, junit::report(&told)),
    ] {
        if let Some(file) = file {
            std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    if global.json {
        render::print_json(&machine(&told))?;
    } else if args.csv {
        render::print(csv::report(&told).trim_end())?;
    } else {
        render::print(text::report(&told, args.limit))?;
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
        render::print_json(
            &json!({ "checks": checks.all.len(), "tests": tested.run, "problems": problems }),
        )?;
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
    }
    Ok(if problems.is_empty() { Ending::Done } else { Ending::GateClosed })
}

fn load(global: &Global, content: &Content) -> (Checks, Vec<Problem>) {
    Checks::compile(CheckFiles::load(global.content.as_deref()), &Shapes::of(content))
}

fn tell_problems(problems: &[Problem]) {
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

/// The checks that the arguments choose.
fn chosen(checks: Checks, args: &CheckArgs) -> Result<Checks> {
    for id in &args.check {
        if !checks.all.iter().any(|check| check.definition.id == *id) {
            bail!("no check is called `{id}`{}", near(id, &checks));
        }
    }
    for service in &args.service {
        if !checks.all.iter().any(|check| service_of(check) == service) {
            bail!("no check is about a service called `{service}`; `fathom check --list` has all");
        }
    }
    if let Some(framework) = &args.framework
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
    let least = args.severity.map(Severity::from);
    Ok(checks.only(|check| {
        (args.check.is_empty() || args.check.contains(&check.definition.id))
            && (args.service.is_empty() || args.service.iter().any(|one| one == service_of(check)))
            && args.framework.as_ref().is_none_or(|one| check.definition.controls.contains_key(one))
            && least.is_none_or(|least| check.definition.severity <= least)
    }))
}

/// The folder that a check is in.
fn service_of(check: &Check) -> &str {
    check.file.rsplit('/').nth(1).unwrap_or_default()
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
        "service": service_of(check),
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
        "findings": told.posture.findings,
        "gaps": told.posture.gaps,
    })
}
