//! CycloneDX in JSON: lists of components with vulnerabilities, and VEX (ECMA-424; members as of version 1.4 to 1.7).

use std::collections::HashMap;

use serde_json::Value;

use super::{Document, Fault, Faults, Format, Limits, short, targets::Targets};
use crate::{
    cvss::{Severity, Vector},
    name::canonical,
    noted::{Noted, Package, Score, State},
};

/// Components that are looked at, with those within others.
const COMPONENTS_MAX: usize = 1_000_000;
/// The newest major version that is read, and the first minor one with vulnerabilities.
const MAJOR: &str = "1";
const FIRST_MINOR: u32 = 4;

pub(super) fn read(bom: &Value, limits: &Limits) -> Result<Document, Fault> {
    if bom.get("bomFormat").and_then(Value::as_str) != Some("CycloneDX") {
        return Err(Fault::new("", "is no CycloneDX: `bomFormat` is not `CycloneDX`"));
    }
    let version = bom.get("specVersion").and_then(Value::as_str).unwrap_or_default();
    let minor = version
        .split_once('.')
        .filter(|(major, _)| *major == MAJOR)
        .and_then(|(_, minor)| minor.parse().ok());
    if minor.is_none_or(|minor: u32| minor < FIRST_MINOR) {
        return Err(Fault::new(
            "specVersion",
            format!(
                "is `{version}`; CycloneDX 1.{FIRST_MINOR} and later, which have vulnerabilities, are read"
            ),
        ));
    }
    let mut faults = Faults::default();
    let metadata = &bom["metadata"];
    let tool = tool(metadata, limits);
    let mut targets = Targets::default();
    subject(&metadata["component"], &mut targets);
    let components = components(bom, limits, &mut faults);
    let list = bom.get("vulnerabilities");
    let list = match list {
        Some(Value::Array(items)) => items.as_slice(),
        Some(Value::Null) | None => &[],
        Some(_) => return Err(Fault::new("vulnerabilities", "is no list")),
    };
    let mut notes = Vec::new();
    for (at, one) in list.iter().enumerate() {
        if notes.len() >= limits.notes_max {
            faults.add(format!("vulnerabilities[{at}]"), "is beyond the findings that are read");
            break;
        }
        if let Err(message) = vulnerability(one, &components, &tool, limits, &mut notes) {
            faults.add(format!("vulnerabilities[{at}]"), message);
        }
    }
    let judged = list.iter().all(|one| one.pointer("/analysis/state").is_some());
    let has_components = bom.get("components").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    let (faults, more_faults) = faults.end();
    Ok(Document {
        format: Format::CycloneDx,
        tool,
        made_at: metadata["timestamp"].as_str().and_then(|text| text.parse().ok()),
        about: targets.end(),
        called: called(&metadata["component"], limits),
        category: String::new(),
        notes,
        is_look: bom.get("vulnerabilities").is_some_and(Value::is_array)
            && (has_components || !judged || list.is_empty()),
        faults,
        more_faults,
    })
}

/// Who made it: the first tool, in the form of 1.4 or that of 1.5; else whoever supplies it.
fn tool(metadata: &Value, limits: &Limits) -> String {
    let places = [
        "/tools/0/name",
        "/tools/components/0/name",
        "/tools/services/0/name",
        "/supplier/name",
        "/manufacturer/name",
        "/authors/0/name",
    ];
    let found = places.iter().find_map(|at| short(metadata.pointer(at), limits));
    found.unwrap_or_else(|| "a tool without a name".to_owned())
}

/// What the document is about.
fn subject(component: &Value, targets: &mut Targets) {
    for member in ["name", "version", "bom-ref"] {
        if let Some(text) = component[member].as_str() {
            targets.add(text);
        }
    }
    if let Some(purl) = component["purl"].as_str() {
        targets.purl(purl);
    }
    for property in component["properties"].as_array().into_iter().flatten() {
        if let Some(text) = property["value"].as_str() {
            targets.add(text);
        }
    }
}

fn called(component: &Value, limits: &Limits) -> String {
    let name = short(component.get("name"), limits).unwrap_or_default();
    match short(component.get("version"), limits) {
        Some(version) if !name.is_empty() => format!("{name} {version}"),
        _ => name,
    }
}

/// Software by its reference; none for what the document is about as a whole.
type Components = HashMap<String, Option<Package>>;

fn components(bom: &Value, limits: &Limits, faults: &mut Faults) -> Components {
    let mut all = Components::new();
    let mut open: Vec<&Value> = bom["components"].as_array().into_iter().flatten().collect();
    let mut looked = 0;
    while let Some(one) = open.pop() {
        looked += 1;
        if looked > COMPONENTS_MAX {
            faults.add("components".to_owned(), "has more of them than are read");
            break;
        }
        open.extend(one["components"].as_array().into_iter().flatten());
        let Some(name) = short(one.get("name"), limits) else { continue };
        let group = short(one.get("group"), limits);
        let package = Package {
            name: group.map_or_else(|| name.clone(), |group| format!("{group}/{name}")),
            version: short(one.get("version"), limits),
            kind: one["purl"]
                .as_str()
                .and_then(|purl| purl.strip_prefix("pkg:")?.split('/').next())
                .map(str::to_owned),
            ..Package::default()
        };
        for reference in [one["bom-ref"].as_str(), one["purl"].as_str()].into_iter().flatten() {
            all.insert(reference.to_owned(), Some(package.clone()));
        }
    }
    if let Some(own) = bom.pointer("/metadata/component/bom-ref").and_then(Value::as_str) {
        all.insert(own.to_owned(), None);
    }
    all
}

/// The software that a reference means. One that leads out of the document (BOM-Link) is known by the reference after its `#`.
fn meant(reference: &str, components: &Components, limits: &Limits) -> Option<Package> {
    let own =
        reference.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#')).map(|(_, element)| element);
    let decoded =
        percent_encoding::percent_decode_str(own.unwrap_or(reference)).decode_utf8_lossy().into_owned();
    if let Some(known) = components.get(reference).or_else(|| components.get(&decoded)) {
        return known.clone();
    }
    let cut = |text: &str| text.chars().take(limits.text_max).collect::<String>();
    // A package address: pkg:type/namespace/name@version?qualifiers#subpath.
    let Some(rest) = decoded.strip_prefix("pkg:") else {
        return Some(Package { name: cut(&decoded), ..Package::default() });
    };
    let bare = rest.split(['?', '#']).next().unwrap_or_default();
    let (path, version) = bare.rsplit_once('@').map_or((bare, None), |(path, version)| (path, Some(version)));
    let (kind, name) = path.split_once('/').unwrap_or(("", path));
    Some(Package {
        name: cut(name),
        version: version.map(cut),
        kind: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
        ..Package::default()
    })
}

fn vulnerability(
    one: &Value,
    components: &Components,
    tool: &str,
    limits: &Limits,
    notes: &mut Vec<Noted>,
) -> Result<(), &'static str> {
    let id = short(one.get("id"), limits).ok_or("has no `id`")?;
    let mut note = Noted::new(&canonical(&id), tool);
    let references = one["references"].as_array().into_iter().flatten();
    note.also = references.filter_map(|one| short(one.get("id"), limits)).map(|id| canonical(&id)).collect();
    note.title = short(one.get("description"), limits).or_else(|| short(one.get("detail"), limits));
    note.first_seen = one["created"].as_str().and_then(|text| text.parse().ok());
    let fixed = short(one.get("recommendation"), limits).and_then(|text| fixed_in(&text));
    let responses = one.pointer("/analysis/response").and_then(Value::as_array);
    let responses: Vec<&str> = responses.into_iter().flatten().filter_map(Value::as_str).collect();
    note.has_fix = if fixed.is_some() || responses.contains(&"update") {
        Some(true)
    } else {
        responses.contains(&"will_not_fix").then_some(false)
    };
    ratings(one, limits, &mut note);
    analysis(one, limits, &mut note)?;
    let affects = one["affects"].as_array().map(Vec::as_slice).unwrap_or_default();
    if affects.is_empty() {
        notes.push(note);
        return Ok(());
    }
    for affected in affects {
        let reference = affected["ref"].as_str().ok_or("has an entry of `affects` without `ref`")?;
        let mut note = note.clone();
        note.package = meant(reference, components, limits);
        if let Some(package) = &mut note.package {
            package.fixed.clone_from(&fixed);
        }
        let versions = affected["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_unaffected = |one: &Value| one["status"].as_str() == Some("unaffected");
        if !versions.is_empty() && versions.iter().all(is_unaffected) && note.state.counts() {
            note.state = State::NotAffected;
            note.why = Some("the versions that are there are told to be unaffected".to_owned());
        }
        notes.push(note);
    }
    Ok(())
}

/// `Upgrade openssl to version 3.0.7`, as tools write it.
fn fixed_in(text: &str) -> Option<String> {
    let (_, after) = text.split_once("to version ")?;
    let version =
        after.split(|one: char| one.is_whitespace() || one == ';').next()?.trim_end_matches([',', '.']);
    (!version.is_empty()).then(|| version.to_owned())
}

fn ratings(one: &Value, limits: &Limits, note: &mut Noted) {
    for rating in one["ratings"].as_array().into_iter().flatten() {
        let word = rating["severity"].as_str().and_then(Severity::parse);
        note.severity = match (note.severity, word) {
            (Some(known), Some(word)) => Some(known.min(word)),
            (known, word) => known.or(word),
        };
        let method = rating["method"].as_str().unwrap_or("CVSSv31");
        if !method.starts_with("CVSS") {
            continue;
        }
        let vector: Option<Vector> = rating["vector"].as_str().and_then(|text| text.parse().ok());
        let said = rating["score"].as_f64().filter(|score| (0.0..=10.0).contains(score));
        if let Some(score) = said.or_else(|| vector.as_ref().map(Vector::score)) {
            let by = short(rating.pointer("/source/name"), limits).unwrap_or_default();
            note.scores.push(Score { score, vector: vector.map(|vector| vector.to_string()), by });
        }
    }
}

fn analysis(one: &Value, limits: &Limits, note: &mut Noted) -> Result<(), &'static str> {
    let analysis = &one["analysis"];
    note.state = match analysis["state"].as_str() {
        None => State::Open,
        Some("exploitable") => State::Exploitable,
        Some("in_triage") => State::InTriage,
        Some("not_affected") => State::NotAffected,
        Some("false_positive") => State::FalsePositive,
        Some("resolved" | "resolved_with_pedigree") => State::Resolved,
        Some(_) => return Err("has an `analysis.state` that CycloneDX does not know"),
    };
    let words = [short(analysis.get("justification"), limits), short(analysis.get("detail"), limits)];
    let words: Vec<String> = words.into_iter().flatten().collect();
    note.why = (!words.is_empty()).then(|| words.join(": "));
    if let Some(rejected) = short(one.get("rejected"), limits) {
        note.state = State::FalsePositive;
        note.why = Some(format!("it was withdrawn on {rejected}"));
    }
    Ok(())
}
