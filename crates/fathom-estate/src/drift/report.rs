//! From comparisons to one row a resource.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_content::{Content, declared::Language};
use fathom_model::{Coverage, Outcome, Reason, ResourceType, Uid};
use serde::Serialize;
use serde_json::Value;

use super::{AttributeDrift, Brief, DeclaredBy, Drift, Hit, Row, Skipped, Verdict, compare::FactsFound};
use crate::declared::{Declaration, Planned};

/// Facts of one list that are shown each by itself.
const FACTS_SHOWN_MAX: usize = 200;

/// The verdict on an estate, worst first, then by file and address.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// One row a resource, and one for each declaration that has none.
    pub rows: Vec<Row>,
    /// Attributes that were not compared, by declared type: each attribute and how often.
    pub not_compared: BTreeMap<String, BTreeMap<String, usize>>,
    /// What a person should know about the files as a whole.
    pub notes: Vec<String>,
    /// Resources that were looked at.
    pub resources: usize,
}

impl Report {
    /// How many rows have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// How many attributes were compared.
    pub fn compared(&self) -> usize {
        self.rows.iter().map(|row| row.compared).sum()
    }
}

/// What the scans read: whether something that is not there would have been seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// By type, account and region of a listing: none where it was read, or why not.
    listings: HashMap<ResourceType, BTreeMap<(String, String), Option<Reason>>>,
}

impl Seen {
    /// From the coverage ledger.
    pub fn new(content: &Content, coverage: &[Coverage]) -> Self {
        let mut seen = Self::default();
        for row in coverage {
            let Some(kind) = &row.resource_type else { continue };
            let Some(definition) = content.resources.get(kind) else { continue };
            let list = &definition.list;
            let lists = row.operation == list.operation
                || list.describe.as_ref().is_some_and(|describe| describe.operation == row.operation);
            if !lists {
                continue;
            }
            let failed = (row.outcome == Outcome::Unknown).then(|| row.reason.unwrap_or(Reason::NotAnswered));
            let place = (row.account.to_string(), row.region.to_string());
            let known = seen.listings.entry(kind.clone()).or_default().entry(place).or_default();
            *known = known.or(failed);
        }
        seen
    }

    /// Why a resource might be there without having been seen; none where it would have been.
    pub fn doubt(&self, kind: &ResourceType, account: Option<&str>, region: Option<&str>) -> Option<String> {
        let Some(listings) = self.listings.get(kind) else {
            return Some(format!("no scan has read `{kind}`"));
        };
        let mut asked = false;
        for ((there, place), failed) in listings {
            let same_account = account.is_none_or(|account| account == there);
            let same_region =
                region.is_none_or(|region| region == place || place == "global" || region == "global");
            if !(same_account && same_region) {
                continue;
            }
            asked = true;
            if let Some(reason) = failed {
                return Some(format!("`{kind}` could not be listed in {there} {place}: {reason}"));
            }
        }
        (!asked).then(|| {
            format!(
                "`{kind}` was not scanned in {} {}",
                account.unwrap_or("any account"),
                region.unwrap_or("any region")
            )
        })
    }
}

/// What is gathered for one resource.
struct Gathered {
    brief: Brief,
    declared_by: Vec<DeclaredBy>,
    differences: Vec<AttributeDrift>,
    compared: usize,
    skipped: Vec<Skipped>,
    notes: Vec<String>,
    facts: Vec<(usize, FactsFound)>,
    /// Declared in whole, in part only, or to be destroyed.
    is_whole: bool,
}

pub(super) fn make(drift: Drift<'_>, seen: &Seen) -> Report {
    let Drift { declarations, maps, mut hits, undeclared, notes, resources, content, .. } = drift;
    let mut report = Report { notes, resources, ..Report::default() };
    let mut gathered: BTreeMap<Uid, Gathered> = BTreeMap::new();
    let accounts = accounts_of_files(&declarations);
    for (at, declaration) in declarations.iter().enumerate() {
        let map = maps.get(at).copied().flatten();
        let part = map.is_some_and(|map| map.part);
        let found = hits.get_mut(at).map(std::mem::take).unwrap_or_default();
        let source = DeclaredBy {
            language: declaration.language,
            file: declaration.file.to_string(),
            address: declaration.address.clone(),
            part,
        };
        let hit = match choose(found, declaration, &accounts) {
            Choice::One(hit) => *hit,
            Choice::Several(uids) => {
                let why = format!("it may mean several resources: {}", uids.join(", "));
                report.rows.push(without(Verdict::NotComparable, declaration, source, vec![why]));
                continue;
            }
            Choice::None => {
                let kind = map.map(|map| map.is.clone()).or_else(|| {
                    (declaration.language == Language::CloudFormation)
                        .then(|| ResourceType::new(&declaration.kind))
                });
                let (verdict, why) = absent(declaration, kind.as_ref(), content, seen);
                let mut row = without(verdict, declaration, source, why);
                if let Some(kind) = kind {
                    row.kind = kind.to_string();
                }
                report.rows.push(row);
                continue;
            }
        };
        for skipped in &hit.findings.skipped {
            *report
                .not_compared
                .entry(declaration.kind.clone())
                .or_default()
                .entry(skipped.attribute.clone())
                .or_default() += 1;
        }
        let entry = gathered.entry(hit.resource.uid.clone()).or_insert_with(|| Gathered {
            brief: hit.resource.clone(),
            declared_by: Vec::new(),
            differences: Vec::new(),
            compared: 0,
            skipped: Vec::new(),
            notes: Vec::new(),
            facts: Vec::new(),
            is_whole: false,
        });
        entry.is_whole |= !part && declaration.planned != Planned::Removed;
        entry.notes.extend(declaration.note.as_ref().map(|note| format!("{}: {note}", declaration.address)));
        if declaration.planned != Planned::Removed {
            entry.compared += hit.findings.compared;
            entry.differences.extend(hit.findings.differences);
            entry.skipped.extend(hit.findings.skipped);
            entry.facts.extend(hit.findings.facts.into_iter().map(|facts| (entry.declared_by.len(), facts)));
            for (attribute, before, after) in &declaration.seen_by_tool {
                entry.differences.push(AttributeDrift {
                    attribute: attribute.clone(),
                    declared: before.clone(),
                    actual: after.clone(),
                    by_name: false,
                    seen_by: Some("terraform"),
                    file: declaration.file.to_string(),
                    address: declaration.address.clone(),
                });
            }
        }
        entry.declared_by.push(source);
    }
    let partly: BTreeSet<Uid> = gathered.keys().cloned().collect();
    report.rows.extend(gathered.into_values().map(settle));
    for (brief, stack) in undeclared {
        if partly.contains(&brief.uid) {
            continue;
        }
        let (verdict, notes) = match stack {
            Some(name) => (
                Verdict::NotComparable,
                vec![format!("the stack `{name}` declares it; give its template to compare")],
            ),
            None => (Verdict::Undeclared, Vec::new()),
        };
        report.rows.push(Row { verdict, notes, ..row_of(brief) });
    }
    report.rows.sort_by(|a, b| {
        let place = |row: &Row| row.declared_by.first().cloned();
        (a.verdict, place(a), &a.kind, &a.uid, &a.name).cmp(&(b.verdict, place(b), &b.kind, &b.uid, &b.name))
    });
    report
}

enum Choice {
    One(Box<Hit>),
    Several(Vec<String>),
    None,
}

/// Of the resources that a declaration may mean, the one it means: the best kind of name, then the accounts that its
/// file speaks of.
fn choose(
    mut hits: Vec<Hit>,
    declaration: &Declaration,
    accounts: &HashMap<&str, BTreeSet<String>>,
) -> Choice {
    let Some(best) = hits.iter().map(|hit| hit.rank).min() else { return Choice::None };
    hits.retain(|hit| hit.rank == best);
    if hits.len() > 1
        && let Some(accounts) = accounts.get(&*declaration.file)
        && hits.iter().any(|hit| accounts.contains(hit.resource.account.as_str()))
    {
        hits.retain(|hit| accounts.contains(hit.resource.account.as_str()));
    }
    match hits.len() {
        1 => hits.pop().map_or(Choice::None, |hit| Choice::One(Box::new(hit))),
        _ => Choice::Several(hits.iter().take(5).map(|hit| hit.resource.uid.to_string()).collect()),
    }
}

/// The accounts that each file names in ARNs: what has no ARN is in one of them.
fn accounts_of_files(declarations: &[Declaration]) -> HashMap<&str, BTreeSet<String>> {
    let mut accounts: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for declaration in declarations {
        let arn = declaration.attributes.get("arn").and_then(Value::as_str).unwrap_or_default();
        let account = arn.split(':').nth(4).filter(|account| account.chars().all(|c| c.is_ascii_digit()));
        if let Some(account) = account.filter(|account| !account.is_empty()) {
            accounts.entry(&declaration.file).or_default().insert(account.to_owned());
        }
    }
    accounts
}

/// What it means that a declaration meets no resource.
fn absent(
    declaration: &Declaration,
    kind: Option<&ResourceType>,
    content: &Content,
    seen: &Seen,
) -> (Verdict, Vec<String>) {
    let note = |why: String| {
        let mut notes = vec![why];
        notes.extend(declaration.note.clone());
        notes
    };
    if declaration.planned == Planned::Removed {
        return (Verdict::InLine, note("it is gone already".to_owned()));
    }
    if declaration.planned == Planned::Made {
        return (Verdict::Missing, note("it is declared, and not made yet".to_owned()));
    }
    let Some(kind) = kind.filter(|kind| content.resources.contains_key(*kind)) else {
        let why = format!("no definition reads `{}`", declaration.kind);
        return (Verdict::NotComparable, note(why));
    };
    if declaration.language == Language::CloudFormation && declaration.place.is_none() {
        return (Verdict::NotComparable, note("without a stack it cannot be told what it is".to_owned()));
    }
    let arn = declaration.attributes.get("arn").and_then(Value::as_str).unwrap_or_default();
    let part = |at: usize| arn.split(':').nth(at).filter(|part| !part.is_empty());
    let (account, region) = match &declaration.place {
        Some(place) => (Some(place.account.as_str()), Some(place.region.as_str())),
        None => (part(4), part(3)),
    };
    match seen.doubt(kind, account, region) {
        Some(why) => (Verdict::NotComparable, note(why)),
        None => (Verdict::Missing, note("it is declared, and not in the estate".to_owned())),
    }
}

fn without(verdict: Verdict, declaration: &Declaration, source: DeclaredBy, notes: Vec<String>) -> Row {
    let arn = declaration.attributes.get("arn").and_then(Value::as_str);
    let text = |name: &str| declaration.attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    let place = declaration.place.as_ref();
    let of_arn = |at: usize| arn?.split(':').nth(at).filter(|part| !part.is_empty());
    Row {
        verdict,
        uid: None,
        kind: declaration.kind.clone(),
        account: place.map(|place| place.account.as_str()).or(of_arn(4)).map(Into::into),
        region: place.map(|place| place.region.as_str()).or(of_arn(3)).map(Into::into),
        name: arn
            .map(str::to_owned)
            .or_else(|| declaration.physical_id.clone())
            .or_else(|| text("id"))
            .or_else(|| text("name")),
        declared_by: vec![source],
        differences: Vec::new(),
        compared: 0,
        not_compared: Vec::new(),
        notes,
    }
}

fn row_of(brief: Brief) -> Row {
    Row {
        verdict: Verdict::Undeclared,
        uid: Some(brief.uid),
        kind: brief.kind.to_string(),
        account: Some(brief.account),
        region: Some(brief.region),
        name: brief.name,
        declared_by: Vec::new(),
        differences: Vec::new(),
        compared: 0,
        not_compared: Vec::new(),
        notes: Vec::new(),
    }
}

fn settle(gathered: Gathered) -> Row {
    let Gathered { brief, declared_by, mut differences, compared, mut skipped, mut notes, facts, is_whole } =
        gathered;
    together(&facts, is_whole, &declared_by, &mut differences, &mut skipped);
    // What two files declare alike differs once.
    differences.sort_by(|a, b| {
        (&a.attribute, a.seen_by, &a.file, &a.address).cmp(&(&b.attribute, b.seen_by, &b.file, &b.address))
    });
    // The tool's own word is of use where we have none on the attribute.
    let ours: BTreeSet<String> = differences
        .iter()
        .filter(|difference| difference.seen_by.is_none())
        .map(|difference| top(&difference.attribute).to_owned())
        .collect();
    differences
        .retain(|difference| difference.seen_by.is_none() || !ours.contains(top(&difference.attribute)));
    skipped.sort();
    skipped.dedup();
    notes.sort();
    notes.dedup();
    let verdict = if !differences.is_empty() {
        Verdict::Drifted
    } else if !is_whole {
        notes.push("only parts of it are declared".to_owned());
        Verdict::Undeclared
    } else if compared == 0 {
        notes.push("no attribute of it could be compared".to_owned());
        Verdict::NotComparable
    } else {
        Verdict::InLine
    };
    Row { verdict, declared_by, differences, compared, not_compared: skipped, notes, ..row_of(brief) }
}

fn top(attribute: &str) -> &str {
    attribute.split(['.', '[']).next().unwrap_or(attribute)
}

/// Facts of one list are declared by all declarations together: what none declares is there without a declaration.
fn together(
    facts: &[(usize, FactsFound)],
    is_whole: bool,
    declared_by: &[DeclaredBy],
    differences: &mut Vec<AttributeDrift>,
    skipped: &mut Vec<Skipped>,
) {
    let mut by_member: BTreeMap<&str, Vec<&(usize, FactsFound)>> = BTreeMap::new();
    for one in facts {
        by_member.entry(&one.1.member).or_default().push(one);
    }
    let nobody = DeclaredBy {
        language: Language::Terraform,
        file: String::new(),
        address: String::new(),
        part: false,
    };
    for group in by_member.into_values() {
        let mut declared: BTreeSet<&str> = BTreeSet::new();
        let mut unknown = 0usize;
        let mut push = |at: usize, attribute: &str, declared: Value, actual: Value| {
            let source = declared_by.get(at).unwrap_or(&nobody);
            differences.push(AttributeDrift {
                attribute: attribute.to_owned(),
                declared,
                actual,
                by_name: false,
                seen_by: None,
                file: source.file.clone(),
                address: source.address.clone(),
            });
        };
        for (at, found) in &group {
            declared.extend(found.declared.facts.iter().map(String::as_str));
            if let Some((count, why)) = &found.declared.unknown {
                unknown = unknown.saturating_add(*count);
                skipped.push(Skipped { attribute: found.attribute.clone(), why: why.clone() });
            }
            let lost = found.declared.facts.iter().filter(|fact| !found.actual.facts.contains(*fact));
            for fact in lost.take(FACTS_SHOWN_MAX) {
                push(*at, &found.attribute, Value::from(fact.as_str()), Value::Null);
            }
        }
        // Those that hold it whole speak for what nobody declares; else the first part does.
        let mut speakers = group.iter().filter(|(_, found)| !found.others);
        let Some((at, found)) =
            speakers.clone().find(|(_, found)| found.is_whole).or_else(|| speakers.next())
        else {
            continue;
        };
        let extra: Vec<&String> = found
            .actual
            .facts
            .iter()
            .filter(|fact| !declared.contains(fact.as_str()))
            .filter(|fact| !(declared.is_empty() && unknown == 0 && found.given.contains(*fact)))
            .collect();
        // Who declares a rule of a group does not say what else the group has; who declares the group does.
        if extra.is_empty() || !is_whole {
            continue;
        }
        if unknown > 0 {
            skipped.push(Skipped {
                attribute: found.attribute.clone(),
                why: format!("{} there may be what is not known of the declaration", extra.len()),
            });
            continue;
        }
        for fact in extra.into_iter().take(FACTS_SHOWN_MAX) {
            push(*at, &found.attribute, Value::Null, Value::from(fact.as_str()));
        }
    }
}
