//! The findings of scans: documents of the provider, read by the rules of `content/vulnerabilities/`.

use std::borrow::Cow;

use fathom_content::vulnerable::{LookedRule, PackagesRule, ScoresRule, SourceRule};
use fathom_model::{
    Timestamp,
    path::{Path, scalar_text},
};
use serde_json::{Map, Value};

use crate::{
    cvss::{Severity, Vector},
    name::canonical,
    noted::{Noted, Package, Score, State},
};

/// Findings of one document; more are left out, and that is told.
const NOTES_MAX: usize = 50_000;
/// Characters of a text that are kept.
const TEXT_MAX: usize = 300;
/// Packages that a source writes where it knows of no version with a fix.
const NO_VERSION: [&str; 4] = ["NotAvailable", "N/A", "None", ""];

/// What a document says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collected {
    /// What each finding is about, as references, and the finding; no reference where it is about the document's own resource.
    pub notes: Vec<(Option<Vec<String>>, Noted)>,
    /// How many findings name no weakness.
    pub nameless: usize,
    /// How many are beyond what is read.
    pub left_out: usize,
}

/// Reads the findings of a document.
pub fn collected(rule: &SourceRule, document: &Value) -> Collected {
    let mut all = Collected::default();
    let about = rule.about.as_ref().map(|path| texts(path, document));
    for finding in rule.each.all(document) {
        let finding = with_pairs(finding, rule.pairs.as_deref());
        if rule.when.as_ref().is_some_and(|condition| !condition.holds(&finding)) {
            continue;
        }
        let Some(id) = rule.vulnerability.text(&finding).filter(|id| !id.trim().is_empty()) else {
            all.nameless += 1;
            continue;
        };
        let note = of_all(rule, &finding, &canonical(&cut(&id)));
        let packages =
            rule.packages.as_ref().map(|packages| packages_of(packages, &finding)).unwrap_or_default();
        if packages.is_empty() {
            all.add(about.clone(), note);
            continue;
        }
        for package in packages {
            all.add(about.clone(), Noted { package: Some(package), ..note.clone() });
        }
    }
    all
}

impl Collected {
    fn add(&mut self, about: Option<Vec<String>>, note: Noted) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push((about, note));
        } else {
            self.left_out += 1;
        }
    }
}

/// Whether a document says that its thing was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What it is about, as references; none for the document's own resource.
    pub about: Option<Vec<String>>,
    /// Whether it was.
    pub was: bool,
    /// When.
    pub at: Option<Timestamp>,
    /// Why not, in the source's words.
    pub why_not: Option<String>,
}

/// Reads it.
pub fn looked(rule: &LookedRule, document: &Value) -> Looked {
    Looked {
        about: rule.about.as_ref().map(|path| texts(path, document)),
        was: rule.when.iter().all(|condition| condition.holds(document)),
        at: time(rule.at.as_ref(), document),
        why_not: text(rule.why_not.as_ref(), document),
    }
}

/// What is true of all packages of a finding.
fn of_all(rule: &SourceRule, finding: &Value, id: &str) -> Noted {
    let mut note = Noted::new(id, &rule.title);
    note.also = rule.also.as_ref().map(|path| texts(path, finding)).unwrap_or_default();
    note.also.iter_mut().for_each(|name| *name = canonical(name));
    note.title = text(rule.title_of.as_ref(), finding);
    note.severity = text(rule.severity.as_ref(), finding).as_deref().and_then(Severity::parse);
    note.scores = rule.scores.as_ref().map(|scores| scores_of(scores, finding)).unwrap_or_default();
    note.has_fix = match text(rule.fix.as_ref(), finding).as_deref() {
        Some("YES" | "PARTIAL") => Some(true),
        Some("NO") => Some(false),
        _ => None,
    };
    note.exploit = rule.exploit.as_ref().is_some_and(|condition| condition.holds(finding));
    let chance = rule.epss.as_ref().and_then(|path| path.first(finding)?.as_f64());
    note.epss = chance.filter(|one| (0.0..=1.0).contains(one));
    note.first_seen = time(rule.first_seen.as_ref(), finding);
    if rule.suppressed.as_ref().is_some_and(|condition| condition.holds(finding)) {
        note.state = State::Suppressed;
        note.why = Some(rule.suppressed_by.clone()).filter(|why| !why.is_empty());
    }
    note
}

/// A finding with its pairs of `key` and `value` as members.
fn with_pairs<'v>(finding: &'v Value, member: Option<&str>) -> Cow<'v, Value> {
    let Some(member) = member else { return Cow::Borrowed(finding) };
    let Some(pairs) = finding.get(member).and_then(Value::as_array) else { return Cow::Borrowed(finding) };
    let pair = |one: &Value| {
        Some((one.get("key")?.as_str()?.to_owned(), one.get("value").cloned().unwrap_or_default()))
    };
    let members: Map<String, Value> = pairs.iter().filter_map(pair).collect();
    let mut finding = finding.clone();
    if let Some(all) = finding.as_object_mut() {
        all.insert(member.to_owned(), Value::Object(members));
    }
    Cow::Owned(finding)
}

fn scores_of(rule: &ScoresRule, finding: &Value) -> Vec<Score> {
    let one = |value: &Value| {
        let vector: Option<Vector> = text(rule.vector.as_ref(), value).and_then(|text| text.parse().ok());
        let said = text(rule.score.as_ref(), value).and_then(|text| text.parse::<f64>().ok());
        let said = said.filter(|score| (0.0..=10.0).contains(score));
        let score = said.or_else(|| vector.as_ref().map(Vector::score))?;
        let by = text(rule.source.as_ref(), value).unwrap_or_default();
        Some(Score { score, vector: vector.map(|vector| vector.to_string()), by })
    };
    rule.each.all(finding).into_iter().filter_map(one).collect()
}

fn packages_of(rule: &PackagesRule, finding: &Value) -> Vec<Package> {
    let one = |value: &Value| {
        Some(Package {
            name: text(Some(&rule.name), value)?,
            version: text(rule.version.as_ref(), value),
            fixed: text(rule.fixed.as_ref(), value).filter(|text| !NO_VERSION.contains(&text.as_str())),
            kind: text(rule.kind.as_ref(), value),
            place: text(rule.place.as_ref(), value),
        })
    };
    rule.each.all(finding).into_iter().filter_map(one).collect()
}

fn text(path: Option<&Path>, value: &Value) -> Option<String> {
    path.and_then(|path| path.text(value)).map(|text| cut(&text)).filter(|text| !text.is_empty())
}

fn texts(path: &Path, value: &Value) -> Vec<String> {
    path.all(value).into_iter().filter_map(scalar_text).filter(|text| !text.is_empty()).collect()
}

fn time(path: Option<&Path>, value: &Value) -> Option<Timestamp> {
    path.and_then(|path| path.text(value))?.parse().ok()
}

fn cut(text: &str) -> String {
    text.trim().chars().take(TEXT_MAX).collect()
}
