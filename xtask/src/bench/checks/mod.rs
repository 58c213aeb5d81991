//! Our checks beside those of Prowler, on one account of moto that has of most kinds one as it should be and one as it should not.

mod compare;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::Value;

use self::compare::{Difference, Outcome, Reason, Says, Told};
use super::{Cost, fresh, measure, quick_build};
use crate::{
    python,
    sample::Moto,
    workspace::{must, root},
};

const PAIRS: &str = include_str!("pairs.tsv");
const REASONS: &str = include_str!("reasons.tsv");
const REGION: &str = "us-east-1";
/// Differences that nobody judged are listed up to so many.
const LISTED_MAX: usize = 100;

pub(super) fn run() -> Result<String> {
    let bin = python::ensure()?;
    let prowler = python::environment("prowler", &root().join("tools/python/prowler.txt"))?;
    let (fathom, profile) = program()?;
    let moto = Moto::start(&bin)?;
    must(
        Command::new(bin.join("python"))
            .arg(root().join("tools/estate/twins.py"))
            .args(["--endpoint", &moto.url])
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )?;
    let work = fresh("checks")?;
    let data = work.join("data");
    let data = data.to_string_lossy();
    let variables = moto.environment();
    let words = ["--data", &data, "--json", "scan", "--regions", REGION];
    let scan = measure(&bin, &work.join("scan.json"), &fathom, &words, &variables)?;
    let mut words = vec!["--data", &data, "--json", "check", "--no-keep"];
    for status in ["fail", "unknown", "pass", "not-applicable"] {
        words.extend(["--status", status]);
    }
    let check = measure(&bin, &work.join("check.json"), &fathom, &words, &variables)?;
    let report = read(&work.join("check.json.log"))?;

    let (reports, log) = (work.join("prowler"), work.join("prowler.txt"));
    let (folder, log_file) = (reports.to_string_lossy(), log.to_string_lossy());
    let words = [
        "aws",
        "--region",
        REGION,
        "--scan-unused-services",
        "--output-modes",
        "json-ocsf",
        "--output-directory",
        &folder,
        "--no-banner",
        "--ignore-exit-code-3",
        "--log-level",
        "ERROR",
        "--log-file",
        &log_file,
    ];
    let theirs = measure(&bin, &work.join("prowler.json"), &prowler.join("prowler"), &words, &variables)?;
    let told = (ours(&report)?, prowlers(&reports)?);
    let failed = services_that_failed(&fs::read_to_string(&log).unwrap_or_default());
    let pairs = compare::pairs(PAIRS)?;
    let outcome = compare::compare(&pairs, &told.0, &told.1);
    let page = Page { outcome, reasons: compare::reasons(REASONS)?, theirs: &told.1, failed };
    let costs = [
        (format!("Fathom `scan` ({profile})"), scan),
        (format!("Fathom `check` ({profile})"), check),
        ("Prowler `aws`, all of it".to_owned(), theirs),
    ];
    Ok(page.text(pairs.len(), &report["resources"], &costs))
}

/// Our program, and how it was built: that of `FATHOM_PROGRAM`, or a new one.
fn program() -> Result<(PathBuf, &'static str)> {
    match std::env::var_os("FATHOM_PROGRAM") {
        Some(path) => Ok((PathBuf::from(path), "as built for tests, unoptimised")),
        None => Ok((quick_build(&["fathom"])?.join("fathom"), "profile quick, dependencies unoptimised")),
    }
}

fn read(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not JSON", path.display()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What our checks say.
fn ours(report: &Value) -> Result<Vec<Told>> {
    let findings = report["findings"].as_array().context("the checks printed no findings")?;
    let told = findings.iter().map(|one| {
        let says = one["status"].as_str().and_then(Says::read).context("a finding without a status")?;
        let (check, resource, name) = (text(&one["check"]), text(&one["resource"]), text(&one["name"]));
        Ok(Told { check, resource, name, says, words: String::new() })
    });
    told.collect()
}

/// What Prowler says, out of its report in OCSF.
fn prowlers(reports: &Path) -> Result<Vec<Told>> {
    let files = fs::read_dir(reports).with_context(|| format!("no reports in {}", reports.display()))?;
    let mut told = Vec::new();
    for file in files {
        let path = file?.path();
        if !path.to_string_lossy().ends_with(".ocsf.json") {
            continue;
        }
        let report = read(&path)?;
        for one in report.as_array().context("the report is not a list")? {
            let Some(says) = one["status_code"].as_str().and_then(Says::read) else { continue };
            let of = &one["resources"][0];
            told.push(Told {
                check: text(&one["metadata"]["event_code"]),
                resource: text(&of["uid"]),
                name: text(&of["name"]),
                says,
                words: text(&one["status_detail"]),
            });
        }
    }
    anyhow::ensure!(!told.is_empty(), "Prowler left no findings in {}", reports.display());
    Ok(told)
}

/// The services of which Prowler could not read something, by its log: `"module": "bedrock_service"`.
fn services_that_failed(log: &str) -> BTreeSet<String> {
    let modules = log.lines().filter_map(|line| line.split_once("\"module\": \"")?.1.split_once('"'));
    modules.filter_map(|(module, _)| Some(module.strip_suffix("_service")?.to_owned())).collect()
}

/// What the comparison is told with.
struct Page<'a> {
    outcome: Outcome,
    reasons: Vec<Reason>,
    theirs: &'a [Told],
    failed: BTreeSet<String>,
}

impl Page<'_> {
    /// Whether Prowler says nothing of a resource in any check, and could not read something of its service.
    fn could_not_look(&self, one: &Difference) -> bool {
        let is_of = |service: &String| {
            one.theirs.strip_prefix(service.as_str()).is_some_and(|rest| rest.starts_with('_'))
        };
        one.kind == "fail/-"
            && self.failed.iter().any(is_of)
            && !self.theirs.iter().any(|told| told.resource.trim_end_matches(":*") == one.resource)
    }

    fn text(&self, pairs: usize, resources: &Value, costs: &[(String, Cost)]) -> String {
        let out = &self.outcome;
        let mut text = format!(
            "One account and region of moto, filled by `tools/estate/twins.py`: of most kinds one as it should be and one as it should not; \
             {resources} resources that checks were asked of. Prowler with its whole AWS provider, unused services too. {pairs} pairs of \
             checks about the same (`xtask/src/bench/checks/pairs.tsv`); {} of them gave answers on one resource at least.\n\n\
             | | wall s | CPU s | peak MiB |\n| --- | ---: | ---: | ---: |\n",
            out.met
        );
        for (name, cost) in costs {
            let _ = writeln!(
                text,
                "| {name} | {:.1} | {:.1} | {:.0} |",
                cost.wall_seconds, cost.cpu_seconds, cost.peak_mib
            );
        }
        let (blind, rest): (Vec<&Difference>, Vec<&Difference>) =
            out.differences.iter().partition(|one| self.could_not_look(one));
        let mut groups: BTreeMap<(&str, &str, &str, &str, &str), usize> = BTreeMap::new();
        let (mut judged, mut unjudged) = (BTreeMap::<&str, usize>::new(), Vec::new());
        for one in rest {
            let Some(reason) = self.reasons.iter().find(|reason| reason.is_about(one)) else {
                unjudged.push(one);
                continue;
            };
            *judged.entry(&reason.right).or_default() += 1;
            *groups.entry((&one.ours, &one.theirs, &one.kind, &reason.right, &reason.why)).or_default() += 1;
        }
        let of = |who: &str| judged.get(who).copied().unwrap_or_default();
        let agree = out.both_fail + out.both_pass;
        let both_decided =
            out.differences.iter().filter(|one| ["fail/pass", "pass/fail"].contains(&one.kind.as_str()));
        let decided = agree + both_decided.count();
        let _ = write!(
            text,
            "\nOf {decided} resources of which both say pass or fail, they agree on {agree}: {} % ({} fail, {} pass).\n\n\
             | answers on the same resource and topic | |\n| --- | ---: |\n\
             | both say that it is bad | {} |\n| both say that it is well | {} |\n\
             | ours is not about it, theirs lets it pass | {} |\n\
             | only ours looked, and found it well or left it open | {} |\n\
             | only theirs looked, and found it well or left it open | {} |\n\
             | ours says that it is bad; Prowler could not look: a call failed, and the check says nothing | {} |\n\
             | they differ, and ours is right | {} |\n| they differ, and theirs is right | {} |\n\
             | they differ, and both are right: they ask something else | {} |\n\
             | they differ since moto answers otherwise than AWS | {} |\n| they differ, not judged | {} |\n\n",
            (agree * 100).checked_div(decided).unwrap_or_default(),
            out.both_fail,
            out.both_pass,
            out.both_fail,
            out.both_pass,
            out.neither,
            out.only_ours_passes,
            out.only_theirs_passes,
            blind.len(),
            of("ours"),
            of("theirs"),
            of("both"),
            of("server"),
            unjudged.len()
        );
        text.push_str(
            "| ours | theirs | ours/theirs | times | right | why |\n| --- | --- | --- | ---: | --- | --- |\n",
        );
        for ((ours, theirs, kind, right, why), times) in groups {
            let _ = writeln!(text, "| `{ours}` | `{theirs}` | {kind} | {times} | {right} | {why} |");
        }
        for one in unjudged.iter().take(LISTED_MAX) {
            let _ = writeln!(
                text,
                "| `{}` | `{}` | {} | 1 | not judged | `{}` {} |",
                one.ours,
                one.theirs,
                one.kind,
                one.resource,
                one.words.replace('|', " ")
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::services_that_failed;

    #[test]
    fn a_log_says_what_could_not_be_read() {
        let log = "{\"filename\": \"a.py:57\", \"level\": \"ERROR\", \"module\": \"bedrock_service\", \"message\": \"<!doctype html>\n\
                   <html lang=en>\"}\n{\"level\": \"ERROR\", \"module\": \"check\", \"message\": \"no\"}\n";
        assert_eq!(services_that_failed(log).into_iter().collect::<Vec<_>>(), ["bedrock"]);
    }
}
