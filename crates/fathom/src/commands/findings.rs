//! `fathom findings`: what checks found and what became of it, in the order of what an intruder could do.
//!
//! This file reads and chooses; `text` tells people, `csv`, `ocsf`, `asff` and `reports` tell programs, `exceptions` is what people
//! accept.

mod asff;
mod csv;
mod exceptions;
mod ocsf;
mod reports;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use fathom_access::Origin;
use fathom_checks::{Check, Checks};
use fathom_findings::{Exceptions, Filter, Rank, Stands, State};
use fathom_iam::Context as Given;
use fathom_intrude::{Ground, Query, Walk};
use fathom_model::{FindingEvent, FindingProof, KeptFinding, Severity, Timestamp};
use fathom_posture::Places;
use fathom_reach::Directory;
use fathom_store::{FindingRun, Store};
use serde_json::{Value, json};

use super::check::{self, Choice};
use crate::{
    args::{FindingsArgs, FindingsCommand, Global, ListFindingsArgs, OrderArg},
    render::{self, clean},
    wiring,
};

/// Characters of an id that are shown, and enough to name it.
const ID_CHARS: usize = 12;
/// The fewest characters that name a finding.
const ID_CHARS_MIN: usize = 4;

/// A finding with all that is told of it.
struct Row<'a> {
    finding: &'a KeptFinding,
    stands: Stands<'a>,
    rank: Option<Rank>,
    proof: FindingProof,
    check: Option<&'a Check>,
}

/// What is told beside findings.
struct Told<'a> {
    rows: Vec<Row<'a>>,
    /// How many findings there are of each state, of those that are asked about otherwise.
    counts: BTreeMap<State, usize>,
    run: FindingRun,
    /// Whether a scan has ended since the last run.
    is_stale: bool,
    /// The last run of all checks over everything.
    whole: Option<FindingRun>,
    checks: &'a Checks,
    gaps: Vec<String>,
}

pub(crate) async fn run(global: &Global, args: FindingsArgs) -> Result<()> {
    match args.command {
        None => list(global, &args.list).await,
        Some(FindingsCommand::Show { finding }) => show(global, &finding).await,
        Some(FindingsCommand::Accept(args)) => exceptions::accept(global, args).await,
        Some(FindingsCommand::Exceptions { all }) => exceptions::list(global, all).await,
        Some(FindingsCommand::Withdraw { number, reason, by }) => {
            exceptions::withdraw(global, number, &reason, by).await
        }
    }
}

async fn list(global: &Global, args: &ListFindingsArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let (checks, problems) = check::load_of_estate(global, &content);
    check::tell_problems(&problems);
    let choice = Choice {
        check: &args.check,
        service: &args.service,
        framework: args.framework.as_deref(),
        severity: args.severity.map(Severity::from),
    };
    let is_narrow = !choice.check.is_empty() || !choice.service.is_empty() || choice.framework.is_some();
    let wanted = check::chooser(&checks, &choice)?;
    let chosen: BTreeSet<String> =
        checks.all.iter().filter(|check| wanted(check)).map(|check| check.definition.id.clone()).collect();
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let Some(run) = store.last_finding_run(false).await? else {
        if global.json {
            return render::print_json(&json!({ "findings": [], "run": null }));
        }
        return render::print("No check was kept yet; run `fathom check`.");
    };
    let all = store.findings().await?;
    let held = holding(&store, now).await?;
    let filter = Filter {
        states: if args.state.is_empty() {
            vec![State::Open, State::Reopened]
        } else {
            args.state.iter().map(|one| (*one).into()).collect()
        },
        severities: Severity::ALL
            .into_iter()
            .filter(|one| choice.severity.is_none_or(|least| *one <= least))
            .collect(),
        owners: args.owner.iter().cloned().collect(),
        accounts: args.account.iter().cloned().collect(),
        checks: is_narrow.then_some(chosen),
        resource: args.resource.clone(),
        overdue: args.overdue,
    };
    let any = Filter { states: Vec::new(), ..filter.clone() };
    let mut counts: BTreeMap<State, usize> = BTreeMap::new();
    let mut found: Vec<(&KeptFinding, Stands<'_>)> = Vec::new();
    for finding in &all {
        let stands = Stands::of(finding, &held, &content.service_levels, now);
        if any.takes(finding, &stands) {
            *counts.entry(stands.state).or_default() += 1;
        }
        if filter.takes(finding, &stands) {
            found.push((finding, stands));
        }
    }
    let (places, gaps) = match args.order {
        OrderArg::Rank if !found.is_empty() => {
            let (places, gaps) = places(&store, now).await?;
            (Some(places), gaps)
        }
        _ => (None, Vec::new()),
    };
    let ids: Vec<String> = found.iter().map(|(finding, _)| finding.id.clone()).collect();
    let mut proofs = store.finding_proofs(&ids).await?;
    let by_id = by_id(&checks);
    let mut rows: Vec<Row<'_>> = found
        .into_iter()
        .map(|(finding, stands)| Row {
            finding,
            stands,
            rank: places
                .as_ref()
                .map(|places| Rank::of(finding, Some(places.of_resource(finding.resource.as_str())))),
            proof: proofs.remove(&finding.id).unwrap_or_default(),
            check: by_id.get(finding.check.as_str()).copied(),
        })
        .collect();
    sort(&mut rows, args.order);
    let newest = store.newest_scan().await?.map_or(0, |scan| scan.id);
    let whole = store.last_finding_run(true).await?;
    let told = Told { rows, counts, is_stale: newest > run.scan, run, whole, checks: &checks, gaps };
    for (file, report) in [(&args.sarif, reports::sarif(&told)?), (&args.junit, reports::junit(&told))] {
        if let Some(file) = file {
            std::fs::write(file, report).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    if global.json {
        render::print_json(&machine(&told))
    } else if args.csv {
        render::print(csv::report(&told).trim_end())
    } else if args.ocsf {
        told.rows.iter().try_for_each(|row| render::print(render::json_line(&ocsf::event(row, &told))?))
    } else if args.asff {
        render::print_json(&told.rows.iter().map(|row| asff::finding(row, &told)).collect::<Vec<_>>())
    } else {
        render::print(text::list(&told, args.limit))
    }
}

/// What an intruder could do with resources, and what was not read for it.
async fn places(store: &Store, now: Timestamp) -> Result<(Places, Vec<String>)> {
    let ground = Ground::load(store, now).await?;
    let walk = Walk::of(&ground)?;
    let paths = walk.paths(&Query { plain: true, ..Query::default() })?;
    let openings = ground.permissions.openings(&[Origin::Public], &Given::default())?;
    let directory = Directory::load(store).await?;
    let gaps = paths.gaps.clone();
    Ok((Places::of(&paths, &ground.network, &directory, &openings), gaps))
}

fn sort(rows: &mut [Row<'_>], order: OrderArg) {
    let id = |row: &Row<'_>| (row.finding.check.clone(), row.finding.resource.clone());
    match order {
        OrderArg::Rank => rows.sort_by(|one, other| match (&one.rank, &other.rank) {
            (Some(a), Some(b)) => Rank::order((one.finding, a), (other.finding, b)),
            _ => id(one).cmp(&id(other)),
        }),
        OrderArg::Severity => rows.sort_by_cached_key(|row| (row.finding.severity, id(row))),
        // What is never due comes last.
        OrderArg::Due => {
            rows.sort_by_cached_key(|row| {
                (row.stands.due.is_none(), row.stands.due, row.finding.severity, id(row))
            });
        }
    }
}

async fn show(global: &Global, text: &str) -> Result<()> {
    let content = wiring::content(global)?;
    let (checks, _) = check::load_of_estate(global, &content);
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let finding = one(&store, text).await?;
    let held = holding(&store, now).await?;
    let proof = store.finding_proofs(std::slice::from_ref(&finding.id)).await?.remove(&finding.id);
    let events = store.finding_events(&finding.id).await?;
    let (places, gaps) = places(&store, now).await?;
    let row = Row {
        stands: Stands::of(&finding, &held, &content.service_levels, now),
        rank: Some(Rank::of(&finding, Some(places.of_resource(finding.resource.as_str())))),
        proof: proof.unwrap_or_default(),
        check: by_id(&checks).get(finding.check.as_str()).copied(),
        finding: &finding,
    };
    if global.json {
        let mut value = of_machine(&row);
        value["history"] = json!(events);
        value["fix"] = json!(row.check.map(|check| &check.definition.fix));
        value["costs"] = json!(row.check.map(|check| &check.definition.costs));
        value["gaps"] = json!(gaps);
        return render::print_json(&value);
    }
    render::print(text::one(&row, &events))?;
    super::who_can::gaps(&gaps)
}

/// The one finding that a person means.
pub(in crate::commands) async fn one(store: &Store, text: &str) -> Result<KeptFinding> {
    let text = text.trim().to_lowercase();
    if text.len() < ID_CHARS_MIN {
        bail!("write at least {ID_CHARS_MIN} characters of the finding's id");
    }
    let mut found = store.find_findings(&text, 6).await?;
    match found.len() {
        0 => bail!("no finding has an id that begins with `{}`; `fathom findings` lists them", clean(&text)),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let list: Vec<String> = found
                .iter()
                .map(|one| format!("{} {} {}", one.id, one.check, clean(one.resource.as_str())))
                .collect();
            bail!(
                "`{}` may mean several findings; write more of the id:\n  {}",
                clean(&text),
                list.join("\n  ")
            )
        }
    }
}

/// The exceptions that hold.
pub(in crate::commands) async fn holding(store: &Store, now: Timestamp) -> Result<Exceptions> {
    Exceptions::holding(store.finding_exceptions().await?, now).map_err(anyhow::Error::msg)
}

fn by_id(checks: &Checks) -> BTreeMap<&str, &Check> {
    checks.all.iter().map(|check| (check.definition.id.as_str(), check)).collect()
}

fn machine(told: &Told<'_>) -> Value {
    json!({
        "findings": told.rows.iter().map(of_machine).collect::<Vec<_>>(),
        "counts": told.counts,
        "run": told.run,
        "whole_run": told.whole,
        "stale": told.is_stale,
        "gaps": told.gaps,
    })
}

fn of_machine(row: &Row<'_>) -> Value {
    let mut value = json!(row.finding);
    let life = value["life"].take();
    if let (Some(members), Some(of_life)) = (value.as_object_mut(), life.as_object()) {
        members.remove("life");
        // Where it stands takes the place of where checks left it.
        members.extend(of_life.clone());
    }
    value["state"] = json!(row.stands.state);
    value["due"] = json!(row.stands.due);
    value["overdue"] = json!(row.stands.overdue);
    value["accepted"] = json!(row.stands.exception);
    value["because"] = json!(row.rank.as_ref().map(|rank| &rank.because));
    value["way"] = json!(row.rank.as_ref().and_then(|rank| rank.place.way.as_ref()));
    value["reached"] = json!(row.rank.as_ref().and_then(|rank| rank.place.reached));
    value["why"] = json!(row.proof.why);
    value["proof"] = json!(row.proof.proof);
    value["missing"] = json!(row.proof.missing);
    value["controls"] = json!(row.check.map(|check| &check.definition.controls));
    value
}

impl Row<'_> {
    /// What people call the resource, else its ARN.
    fn name(&self) -> &str {
        self.finding.name.as_deref().unwrap_or_else(|| self.finding.resource.as_str())
    }

    /// The values that decided, in words.
    fn why(&self) -> Vec<String> {
        self.proof
            .why
            .iter()
            .map(|reason| match &reason.value {
                Some(value) => format!("{} is {value}", reason.path),
                None => format!("{} is not there", reason.path),
            })
            .collect()
    }

    /// What its check says of why it matters.
    fn because(&self) -> &str {
        self.check
            .map_or("The check that found it is no longer there.", |check| check.definition.because.trim())
    }
}

/// An event in words.
fn event(event: &FindingEvent) -> String {
    match event.by {
        Some(fathom_model::FixedBy::Passes) => "fixed: the check passes".to_owned(),
        Some(fathom_model::FixedBy::NotApplicable) => "fixed: the check is not about it any more".to_owned(),
        Some(fathom_model::FixedBy::Gone) => "fixed: the resource is gone".to_owned(),
        None => event.what.word().to_owned(),
    }
}
