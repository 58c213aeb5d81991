//! How the estate stands to the checks of `content/checks/`: reads the store, asks each check of what it is about, gives findings.
//!
//! Start in [`Ground::load`], then [`Posture::of`]. `ground.rs` reads the store and the engines, only what the checks ask for;
//! `facts.rs` says what engines know of one resource; `shapes.rs` says what documents of a type have, by the service models. [`OfManifests`]
//! asks the objects of Kubernetes manifests, without a store; [`Watch`] asks again only what changed. [`keep`]
//! says what of a run is kept, [`fill`] how a finding is put right, [`Places`] what an intruder could do with resources,
//! [`standing`] how controls of frameworks stand, [`Protection`] how the data of each system is protected.
//!
//! **Invariant:** what was not read is a finding that is unknown, or a gap; it is never one that passes.

mod facts;
mod fix;
mod frameworks;
mod ground;
mod keep;
mod manifests;
mod part;
mod places;
mod protection;
mod shapes;
mod watch;

use std::collections::BTreeMap;

use fathom_checks::{Answer, Check, Checks, Reason, Status, Subject, finding_id};
use fathom_content::checks::Severity;
use serde::Serialize;

pub use fix::{Copied, Proven, answer, copied, fill};
pub use frameworks::{ControlStatus, Standing, standing};
pub use ground::{Engines, Ground, OfCode, Reached, reached};
pub use keep::{Extent, Kept, keep, keep_again};
pub use manifests::{DeclaredObject, OfManifests};
pub use places::Places;
pub use protection::{
    DataStore, Protectable, Protected, ProtectedLayer, ProtectedSystem, Protection, ProtectionGap,
};
pub use shapes::Shapes;
use watch::Given;
pub use watch::{Again, Stale, Watch};

/// What came of a check on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name for life.
    pub id: String,
    /// The check.
    pub check: String,
    /// What.
    pub status: Status,
    /// How bad it is where it fails.
    pub severity: Severity,
    /// What would hold, in words.
    pub title: String,
    /// The resource: its ARN.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account that owns it.
    pub account: String,
    /// Its region; `global` where it has none.
    pub region: String,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The values that decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Reason>,
    /// How engines prove what they said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proof: Vec<String>,
    /// What could not be read, where it is unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// How many came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Those that fail.
    pub fail: usize,
    /// Those of which it is not known.
    pub unknown: usize,
    /// Those that pass.
    pub pass: usize,
    /// Those that the check is not about.
    pub not_applicable: usize,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, status: Status) {
        match status {
            Status::Fail => self.fail += 1,
            Status::Unknown => self.unknown += 1,
            Status::Pass => self.pass += 1,
            Status::NotApplicable => self.not_applicable += 1,
        }
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        self.fail += other.fail;
        self.unknown += other.unknown;
        self.pass += other.pass;
        self.not_applicable += other.not_applicable;
    }

    /// Takes one away that was counted.
    pub fn take(&mut self, status: Status) {
        let counted = match status {
            Status::Fail => &mut self.fail,
            Status::Unknown => &mut self.unknown,
            Status::Pass => &mut self.pass,
            Status::NotApplicable => &mut self.not_applicable,
        };
        *counted = counted.saturating_sub(1);
    }
}

/// How each check came out, for each account and owner.
pub type ByPlace = BTreeMap<(String, Option<String>), BTreeMap<String, Counts>>;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Posture {
    /// Findings, the worst first; of those that pass or that a check is not about only where they are wanted.
    pub findings: Vec<Finding>,
    /// How each check came out, by its id.
    pub by_check: BTreeMap<String, Counts>,
    /// The same, for each account and who answers for things there: for those who see a part.
    #[serde(skip)]
    pub by_place: ByPlace,
    /// How many resources were asked about.
    pub resources: usize,
    /// What was not read, of which checks say nothing.
    pub gaps: Vec<String>,
}

impl Posture {
    /// Asks all checks of everything that they are about. `wants` says of which resources; `keeps` which answers become findings.
    pub fn of(
        checks: &Checks,
        ground: &Ground<'_>,
        wants: impl Fn(&fathom_access::Seen, Option<&str>) -> bool + Sync,
        keeps: &[Status],
    ) -> Self {
        let wanted: Vec<&fathom_access::Seen> = ground
            .seen()
            .filter(|one| checks.of_kind(&one.kind).next().is_some() && wants(one, ground.owner(&one.arn)))
            .collect();
        let mut posture = Self { resources: wanted.len(), gaps: ground.gaps.clone(), ..Self::default() };
        for check in &checks.all {
            posture.by_check.insert(check.definition.id.clone(), Counts::default());
        }
        for part in ask_all(checks, ground, &wanted, keeps) {
            let mut of = Self { findings: part.findings, ..Self::default() };
            for counted in part.by_place.values() {
                sum(&mut of.by_check, counted);
            }
            posture.add(Self { by_place: part.by_place, ..of });
        }
        posture.sort();
        posture
    }

    /// Adds another, of other resources.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        sum(&mut self.by_check, &other.by_check);
        for (place, counted) in other.by_place {
            sum(self.by_place.entry(place).or_default(), &counted);
        }
        self.resources += other.resources;
        self.gaps.extend(other.gaps);
    }

    /// Puts the worst first.
    pub fn sort(&mut self) {
        self.findings.sort_by(|one, other| {
            (one.status, one.severity, &one.check, &one.resource).cmp(&(
                other.status,
                other.severity,
                &other.check,
                &other.resource,
            ))
        });
    }

    /// How many came out how, over all checks.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for counted in self.by_check.values() {
            all.merge(counted);
        }
        all
    }

    /// How each check came out in the places that are wanted: an account, and who answers for things there.
    pub fn within(&self, wants: impl Fn(&str, Option<&str>) -> bool) -> BTreeMap<String, Counts> {
        let mut all = BTreeMap::new();
        for ((account, owner), counted) in &self.by_place {
            if wants(account, owner.as_deref()) {
                sum(&mut all, counted);
            }
        }
        all
    }
}

/// What some of the resources came to.
#[derive(Default)]
struct Part<'g> {
    findings: Vec<Finding>,
    by_place: ByPlace,
    given: Vec<(&'g fathom_access::Seen, Given)>,
}

/// Asks the checks of some resources, with all cores.
fn ask_all<'g>(
    checks: &Checks,
    ground: &'g Ground<'_>,
    wanted: &[&'g fathom_access::Seen],
    keeps: &[Status],
) -> Vec<Part<'g>> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = wanted.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> =
            wanted.chunks(share).map(|part| scope.spawn(move || ask(checks, ground, part, keeps))).collect();
        running
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn ask<'g>(
    checks: &Checks,
    ground: &Ground<'_>,
    wanted: &[&'g fathom_access::Seen],
    keeps: &[Status],
) -> Part<'g> {
    let mut part = Part::default();
    for one in wanted {
        let owner = ground.owner(&one.arn);
        let place = (one.account.clone(), owner.map(str::to_owned));
        let counts = part.by_place.entry(place).or_default();
        let mut given = Given::default();
        for (check, answer) in checks.ask(&subject(one), ground) {
            count(counts, &check.definition.id).add(answer.status);
            given.add(&answer);
            if keeps.contains(&answer.status) {
                part.findings.push(finding(check, answer, one, owner));
            }
        }
        part.given.push((one, given));
    }
    part
}

fn count<'c>(counts: &'c mut BTreeMap<String, Counts>, check: &str) -> &'c mut Counts {
    counts.entry(check.to_owned()).or_default()
}

fn sum(all: &mut BTreeMap<String, Counts>, other: &BTreeMap<String, Counts>) {
    for (check, counted) in other {
        count(all, check).merge(counted);
    }
}

/// A resource as checks are asked of it.
pub(crate) fn subject(one: &fathom_access::Seen) -> Subject<'_> {
    Subject {
        uid: &one.arn,
        kind: &one.kind,
        name: one.name.as_deref(),
        account: &one.account,
        region: &one.region,
        document: &one.document,
        unread: &one.unread,
    }
}

fn finding(check: &Check, answer: Answer, of: &fathom_access::Seen, owner: Option<&str>) -> Finding {
    let definition = &check.definition;
    Finding {
        id: finding_id(&definition.id, &of.arn, ""),
        check: definition.id.clone(),
        status: answer.status,
        severity: definition.severity,
        title: definition.title.clone(),
        resource: of.arn.clone(),
        resource_type: of.kind.clone(),
        name: of.name.clone(),
        account: of.account.clone(),
        region: of.region.clone(),
        owner: owner.map(str::to_owned),
        why: answer.why,
        proof: answer.proof,
        missing: answer.missing,
    }
}
