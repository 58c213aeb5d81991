//! SARIF 2.1.0, the format of static analysis and of many scanners of images.
//!
//! The numbers of sections are those of the OASIS standard of 27 March 2020. `security-severity` among the properties of a rule is a
//! CVSS score as code scanning of GitHub defined it; lines such as `Package: …` in messages are what Trivy and Grype write.

use serde_json::Value;

use super::{Document, Fault, Faults, Format, Limits, short, targets::Targets};
use crate::{
    cvss::{Severity, Vector},
    name::{canonical, cve_of},
    noted::{Noted, Package, Score, State},
};

/// Runs of one log.
const RUNS_MAX: usize = 1_000;

pub(super) fn read(log: &Value, limits: &Limits) -> Result<Vec<Document>, Fault> {
    let runs = log.get("runs").and_then(Value::as_array);
    let runs = runs.ok_or_else(|| Fault::new("", "is no SARIF: the list `runs` is missing"))?;
    let version = log.get("version").and_then(Value::as_str).unwrap_or_default();
    if version != "2.1.0" {
        return Err(Fault::new("version", format!("is `{version}`; SARIF 2.1.0 is read")));
    }
    if runs.len() > RUNS_MAX {
        return Err(Fault::new(
            "runs",
            format!("has {} runs, more than the limit of {RUNS_MAX}", runs.len()),
        ));
    }
    Ok(runs.iter().enumerate().map(|(at, one)| run(one, at, limits)).collect())
}

fn run(run: &Value, number: usize, limits: &Limits) -> Document {
    let mut faults = Faults::default();
    let driver = &run["tool"]["driver"];
    let tool = short(driver.get("name"), limits).unwrap_or_else(|| {
        faults.add(format!("runs[{number}].tool.driver"), "has no `name`");
        "a tool without a name".to_owned()
    });
    let mut targets = Targets::default();
    of_properties(&run["properties"], &mut targets);
    let results = run.get("results").and_then(Value::as_array);
    let mut notes = Vec::new();
    for (at, result) in results.into_iter().flatten().enumerate() {
        let place = || format!("runs[{number}].results[{at}]");
        if notes.len() >= limits.notes_max {
            faults.add(place(), "is beyond the findings that are read");
            break;
        }
        of_locations(result, &mut targets);
        match one(run, result, &tool, limits) {
            Ok(Some(note)) => notes.push(note),
            Ok(None) => {}
            Err(message) => faults.add(place(), message),
        }
    }
    // 3.20.14: where a run did not come to its end, that nothing was found says nothing.
    let invocations = run.get("invocations").and_then(Value::as_array);
    let mut invocations = invocations.into_iter().flatten();
    let failed = invocations.any(|one| one.get("executionSuccessful") == Some(&Value::Bool(false)));
    let ended =
        run["invocations"].as_array().into_iter().flatten().filter_map(|one| one["endTimeUtc"].as_str());
    let made_at = ended.filter_map(|text| text.parse().ok()).max();
    let called =
        ["imageName", "name", "target"].iter().find_map(|name| short(run["properties"].get(*name), limits));
    let (faults, more_faults) = faults.end();
    Document {
        format: Format::Sarif,
        tool,
        made_at,
        about: targets.end(),
        called: called.unwrap_or_default(),
        category: category(run, limits),
        notes,
        is_look: results.is_some() && !failed,
        faults,
        more_faults,
    }
}

/// 3.17.3: what stands before the last slash of `automationDetails.id` is the same in each run of the same kind.
fn category(run: &Value, limits: &Limits) -> String {
    let id = short(run.pointer("/automationDetails/id"), limits).unwrap_or_default();
    id.rsplit_once('/').map(|(kind, _)| kind.to_owned()).unwrap_or(id)
}

/// What tools write of the scanned image beside a run: names, digests, lists of them.
fn of_properties(properties: &Value, targets: &mut Targets) {
    for value in properties.as_object().into_iter().flat_map(serde_json::Map::values) {
        match value {
            Value::String(text) => targets.add(text),
            Value::Array(items) => items.iter().filter_map(Value::as_str).for_each(|text| targets.add(text)),
            _ => {}
        }
    }
}

fn of_locations(result: &Value, targets: &mut Targets) {
    for location in result["locations"].as_array().into_iter().flatten() {
        for logical in location["logicalLocations"].as_array().into_iter().flatten() {
            if let Some(name) = logical["fullyQualifiedName"].as_str() {
                targets.add(name);
            }
        }
    }
}

/// One result; none where it is no finding.
fn one(run: &Value, result: &Value, tool: &str, limits: &Limits) -> Result<Option<Noted>, &'static str> {
    if !result.is_object() {
        return Err("is no object");
    }
    // 3.27.9: only what failed is a finding; what somebody has yet to decide counts until then.
    let state = match result.get("kind").and_then(Value::as_str).unwrap_or("fail") {
        "fail" => State::Open,
        "open" | "review" => State::InTriage,
        "pass" | "informational" | "notApplicable" => return Ok(None),
        _ => return Err("has a `kind` that SARIF does not know"),
    };
    // 3.27.24: of the run before; it is there no more.
    if result.get("baselineState").and_then(Value::as_str) == Some("absent") {
        return Ok(None);
    }
    let rule = rule_of(run, result);
    let own = ["/ruleId", "/rule/id"].iter().find_map(|at| result.pointer(at)?.as_str());
    let id = own.or_else(|| rule?.get("id")?.as_str()).map(str::trim).filter(|id| !id.is_empty());
    let id = id.ok_or("names no rule")?;
    let named = canonical(id);
    let mut note = Noted::new(&named.chars().take(limits.text_max).collect::<String>(), tool);
    note.state = state;
    note.title = short(rule.and_then(|rule| rule.pointer("/shortDescription/text")), limits)
        .or_else(|| short(result.pointer("/message/text"), limits));
    let texts = [
        result.pointer("/message/text").and_then(Value::as_str),
        rule.and_then(|rule| rule.pointer("/help/text")).and_then(Value::as_str),
    ];
    note.package = package(&texts, id, limits);
    let fixed = note.package.as_ref().is_some_and(|package| package.fixed.is_some());
    note.has_fix = fixed.then_some(true);
    scores(rule, result, tool, &mut note);
    note.severity = level(rule, result);
    suppress(result, limits, &mut note);
    Ok(Some(note))
}

/// 3.27.5 to 3.27.7: the rule by its place, among those of the driver or of an extension, else by its name.
fn rule_of<'v>(run: &'v Value, result: &Value) -> Option<&'v Value> {
    let extension = result.pointer("/rule/toolComponent/index").and_then(Value::as_u64);
    let component = match extension {
        Some(at) => run["tool"]["extensions"].get(usize::try_from(at).ok()?)?,
        None => &run["tool"]["driver"],
    };
    let rules = component.get("rules")?.as_array()?;
    let index = ["/ruleIndex", "/rule/index"].iter().find_map(|at| result.pointer(at)?.as_u64());
    let by_index = index.and_then(|at| rules.get(usize::try_from(at).ok()?));
    let id = ["/ruleId", "/rule/id"].iter().find_map(|at| result.pointer(at)?.as_str());
    by_index.or_else(|| rules.iter().find(|rule| rule["id"].as_str() == id && id.is_some()))
}

/// What a result says of software: lines of the message or of the rule's help, and what follows a CVE in the rule's name.
fn package(texts: &[Option<&str>], id: &str, limits: &Limits) -> Option<Package> {
    let line = |names: &[&str]| {
        let mut lines = texts.iter().flatten().flat_map(|text| text.lines());
        let found = lines
            .find_map(|line| names.iter().find_map(|name| line.trim().strip_prefix(name)?.strip_prefix(':')));
        let found = found.map(|text| text.trim().chars().take(limits.text_max).collect::<String>());
        found.filter(|text| !text.is_empty())
    };
    let after = cve_of(id).and_then(|cve| id.get(cve.len()..)?.strip_prefix('-').map(str::to_owned));
    let name = line(&["Package"]).or(after).filter(|name| !name.is_empty())?;
    Some(Package {
        name,
        version: line(&["Installed Version", "Version"]),
        fixed: line(&["Fixed Version", "Fix Version"]),
        kind: line(&["Type"]),
        place: line(&["Location"]),
    })
}

fn scores(rule: Option<&Value>, result: &Value, tool: &str, note: &mut Noted) {
    let bags = [rule.and_then(|rule| rule.get("properties")), result.get("properties")];
    let mut vectors = Vec::new();
    let mut score = None;
    for bag in bags.into_iter().flatten() {
        let said = bag.get("security-severity");
        let number = said.and_then(|said| said.as_f64().or_else(|| said.as_str()?.trim().parse().ok()));
        score = number.filter(|one| (0.0..=10.0).contains(one)).or(score);
        let texts = bag.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_str);
        vectors.extend(
            texts.filter(|text| text.starts_with("CVSS:")).filter_map(|text| text.parse::<Vector>().ok()),
        );
    }
    if let Some(score) = score {
        note.scores.push(Score { score, vector: None, by: tool.to_owned() });
    }
    let scored =
        |one: Vector| Score { score: one.score(), vector: Some(one.to_string()), by: tool.to_owned() };
    note.scores.extend(vectors.into_iter().map(scored));
}

/// 3.27.10: of the result, else of the rule, else `warning`; read as a severity where nobody scored.
fn level(rule: Option<&Value>, result: &Value) -> Option<Severity> {
    let own = result.get("level").and_then(Value::as_str);
    let of_rule = rule.and_then(|rule| rule.pointer("/defaultConfiguration/level")).and_then(Value::as_str);
    match own.or(of_rule).unwrap_or("warning") {
        "error" => Some(Severity::High),
        "warning" => Some(Severity::Medium),
        "note" => Some(Severity::Low),
        _ => None,
    }
}

/// 3.27.23: suppressed where there are suppressions and none of them is rejected or still being reviewed.
fn suppress(result: &Value, limits: &Limits, note: &mut Noted) {
    let all: Vec<&Value> = result["suppressions"].as_array().into_iter().flatten().collect();
    let is_open = |one: &&&Value| matches!(one["status"].as_str(), Some("underReview" | "rejected"));
    if let (Some(first), None) = (all.first(), all.iter().find(is_open)) {
        note.state = State::Suppressed;
        note.why = short(first.get("justification"), limits).or_else(|| short(first.get("kind"), limits));
    } else if all.iter().any(|one| one["status"].as_str() == Some("underReview")) {
        note.state = State::InTriage;
    }
}
