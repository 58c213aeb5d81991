//! Which weaknesses the software of hosts, images and functions has: reads out of the store what scans and files say, joins it with the
//! network and with what is known of exploitation, for `fathom-weakness` to order.
//!
//! Start in [`Vulnerabilities::of`]. `ground.rs` reads the store, `about.rs` says which resource a text means, `reached.rs` whether the
//! internet comes to a thing.
//!
//! **Invariant:** a thing at which nobody looked is told, and so is a report about nothing that scans saw; neither is left out.

mod about;
mod ground;
mod reached;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_content::vulnerable::{Software, VulnerabilityRules};
use fathom_model::Timestamp;
use fathom_weakness::{
    Noted, Reached, Urgency, Weakness,
    collected::{collected, looked},
    join,
    rank::order,
};
use serde::Serialize;

pub use ground::{Ground, Report};
pub use reached::{Come, Ways};

use about::About;
use reached::Running;

/// Something with software in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thing {
    /// Its ARN.
    pub resource: String,
    /// What it is.
    pub software: Software,
    /// Its type.
    pub resource_type: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account that owns it.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether the internet comes to it.
    pub reached: Reached,
    /// How, or why that is not known.
    pub way: String,
    /// Who looked at it, and when; empty where nobody did.
    pub looked: BTreeMap<String, Option<Timestamp>>,
    /// Why somebody did not, in the words of who would.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_looked: Vec<String>,
}

/// A weakness of a thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The weakness.
    #[serde(flatten)]
    pub weakness: Weakness,
    /// The thing.
    pub thing: Arc<Thing>,
    /// How urgent it is; none where it does not count.
    #[serde(flatten)]
    pub urgency: Option<Urgency>,
}

/// What is known of exploitation, by feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedState {
    /// `kev` or `epss`.
    pub feed: &'static str,
    /// Whether it was loaded.
    pub loaded: bool,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Timestamp>,
    /// How many rows it has.
    pub entries: u64,
}

/// A report about nothing that scans saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nowhere {
    /// The file.
    pub file: String,
    /// The tool.
    pub tool: String,
    /// What it names.
    pub about: Vec<String>,
    /// What it calls that.
    pub called: String,
    /// How many findings it has.
    pub findings: usize,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Vulnerabilities {
    /// What counts, the most urgent first; after it what somebody judged not to count, by name.
    pub rows: Vec<Row>,
    /// Things at which nobody looked: what they have is not known.
    pub not_looked: Vec<Arc<Thing>>,
    /// How many things with software there are.
    pub things: usize,
    /// Reports about nothing that scans saw.
    pub nowhere: Vec<Nowhere>,
    /// What is known of exploitation.
    pub feeds: Vec<FeedState>,
    /// What was not read.
    pub gaps: Vec<String>,
    /// All things, by ARN.
    #[serde(skip)]
    pub by_thing: BTreeMap<String, Arc<Thing>>,
    /// The images that something runs, by the ARN of that.
    #[serde(skip)]
    pub images: BTreeMap<String, Vec<String>>,
}

/// What is known of the ways by which packets alone break into a thing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WaysIn<'a> {
    /// Weaknesses that whoever reaches them uses without an account and without help, the likeliest to be exploited first.
    pub rows: Vec<&'a Row>,
    /// How many weaknesses there are of which no source says from where they are attacked.
    pub vague: usize,
    /// Who looked at it; empty where nobody did.
    pub looked: BTreeSet<&'a str>,
}

impl Vulnerabilities {
    /// Joins and orders what was read.
    pub fn of(rules: &VulnerabilityRules, ground: &Ground) -> Self {
        let mut gaps: BTreeSet<String> = ground.gaps.iter().cloned().collect();
        let running = Running::of(rules, &ground.seen, &ground.network);
        let mut things = ground.things(rules, &running);
        let about = About::of(&things, &ground.seen);
        let mut notes: BTreeMap<usize, Vec<Noted>> = BTreeMap::new();
        ground.collected(rules, &about, &mut things, &mut notes, &mut gaps);
        let mut nowhere = Vec::new();
        for report in &ground.reports {
            let found: BTreeSet<usize> = report.about.iter().flat_map(|text| about.find(text)).collect();
            if found.is_empty() {
                nowhere.push(Nowhere {
                    file: report.file.clone(),
                    tool: report.tool.clone(),
                    about: report.about.clone(),
                    called: report.called.clone(),
                    findings: report.notes.len(),
                });
            }
            for at in found {
                if report.is_look {
                    put_look(&mut things[at], &report.tool, report.made_at.or(Some(report.imported_at)));
                }
                notes.entry(at).or_default().extend(report.notes.iter().cloned().map(|mut note| {
                    note.first_seen = note.first_seen.or(report.made_at).or(Some(report.imported_at));
                    note
                }));
            }
        }
        let things: Vec<Arc<Thing>> = things.into_iter().map(Arc::new).collect();
        let mut rows = Vec::new();
        for (at, notes) in &notes {
            for weakness in join(notes, &ground.feeds) {
                let thing = Arc::clone(&things[*at]);
                let urgency = weakness.state.counts().then(|| Urgency::of(&weakness, thing.reached));
                rows.push(Row { weakness, thing, urgency });
            }
        }
        rows.sort_by(|one, other| match (&one.urgency, &other.urgency) {
            (Some(a), Some(b)) => order((&one.weakness, a.class), (&other.weakness, b.class))
                .then_with(|| one.thing.resource.cmp(&other.thing.resource)),
            (a, b) => b.is_some().cmp(&a.is_some()).then_with(|| {
                (&one.weakness.id, &one.thing.resource).cmp(&(&other.weakness.id, &other.thing.resource))
            }),
        });
        let images = running.images(&about).into_iter();
        let images = images.map(|(runner, images)| {
            let mut images: Vec<String> = images.into_iter().map(|at| things[at].resource.clone()).collect();
            images.sort();
            images.dedup();
            (runner, images)
        });
        Self {
            rows,
            images: images.filter(|(_, images)| !images.is_empty()).collect(),
            not_looked: things.iter().filter(|thing| thing.looked.is_empty()).cloned().collect(),
            things: things.len(),
            nowhere,
            feeds: ground.feed_states.clone(),
            gaps: gaps.into_iter().collect(),
            by_thing: things.into_iter().map(|thing| (thing.resource.clone(), thing)).collect(),
        }
    }

    /// The rows of a thing that count, the most urgent first.
    pub fn of_thing<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.urgency.is_some() && row.thing.resource == resource)
    }

    /// What is known of the ways into a thing, or into what runs images; none where it is nothing with software.
    pub fn ways_in<'a>(&'a self, resource: &'a str) -> Option<WaysIn<'a>> {
        let images = self.images.get(resource).map(Vec::as_slice).unwrap_or_default();
        let own = images.iter().map(String::as_str).chain([resource]);
        let parts: Vec<&str> = own.filter(|one| self.by_thing.contains_key(*one)).collect();
        if parts.is_empty() {
            return None;
        }
        let mut ways = WaysIn::default();
        for part in parts {
            for row in self.of_thing(part) {
                match row.weakness.breaks_in() {
                    Some(true) => ways.rows.push(row),
                    Some(false) => {}
                    None => ways.vague += 1,
                }
            }
            let looked = self.by_thing.get(part).into_iter().flat_map(|thing| thing.looked.keys());
            ways.looked.extend(looked.map(String::as_str));
        }
        ways.rows.sort_by(|one, other| {
            (one.weakness.exploitation.cmp(&other.weakness.exploitation))
                .then_with(|| one.weakness.severity.cmp(&other.weakness.severity))
                .then_with(|| one.weakness.id.cmp(&other.weakness.id))
        });
        Some(ways)
    }
}

/// Notes that somebody looked; the newest look of each counts.
fn put_look(thing: &mut Thing, who: &str, at: Option<Timestamp>) {
    let known = thing.looked.entry(who.to_owned()).or_default();
    *known = (*known).max(at);
}

impl Ground {
    /// The findings of scans, and who looked at what.
    fn collected(
        &self,
        rules: &VulnerabilityRules,
        about: &About,
        things: &mut [Thing],
        notes: &mut BTreeMap<usize, Vec<Noted>>,
        gaps: &mut BTreeSet<String>,
    ) {
        let mut elsewhere = 0;
        for one in &self.seen {
            for rule in rules.looked.iter().filter(|rule| rule.kind.as_str() == one.kind) {
                let look = looked(rule, &one.document);
                let own = [one.arn.clone()];
                for at in look.about.as_deref().unwrap_or(&own).iter().flat_map(|text| about.find(text)) {
                    if look.was {
                        put_look(&mut things[at], &rule.title, look.at);
                    } else if let Some(why) = &look.why_not {
                        things[at].not_looked.push(format!("{}: {why}", rule.title));
                    }
                }
            }
            for rule in rules.sources.iter().filter(|rule| rule.kind.as_str() == one.kind) {
                let found = collected(rule, &one.document);
                if found.nameless > 0 {
                    gaps.insert(format!("{}: {} findings name no weakness", one.arn, found.nameless));
                }
                if found.left_out > 0 {
                    gaps.insert(format!("{}: {} findings are beyond what is read", one.arn, found.left_out));
                }
                for (of, note) in found.notes {
                    let own = [one.arn.clone()];
                    let mut is_known = false;
                    for at in of.as_deref().unwrap_or(&own).iter().flat_map(|text| about.find(text)) {
                        is_known = true;
                        put_look(&mut things[at], &rule.title, None);
                        notes.entry(at).or_default().push(note.clone());
                    }
                    elsewhere += usize::from(!is_known);
                }
            }
        }
        if elsewhere > 0 {
            gaps.insert(format!("{elsewhere} findings are about things that no scan saw"));
        }
    }
}
