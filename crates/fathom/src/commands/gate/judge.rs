//! What a gate is asked, and what it finds.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Result, bail};
use fathom_model::{Moment, Outcome, Part, Reason, Scan, SourceKind, Unknown};
use fathom_store::{CoverageQuery, MAX_LIMIT, Store, UnknownQuery};
use futures::TryStreamExt as _;
use serde_json::{Value, json};

use crate::{args::GateArgs, render::share, wiring};

/// The most resources that a report names; of the rest it gives the number. Code scanning shows no more either.
const FINDINGS_MAX: usize = 5_000;
/// Rows of the coverage ledger that are counted.
const COVERAGE_MAX: u32 = 1_000_000;

/// Where nothing can be, or nothing of ours looks: no failure of the scan.
const NOT_TO_BE_READ: [Reason; 3] = [Reason::NotDefined, Reason::RegionDisabled, Reason::NotEnabled];

/// What a gate found.
pub(super) struct Judged {
    pub(super) scan: Scan,
    /// Resources that were judged.
    pub(super) resources: u64,
    /// Of these, understood, or with all their gaps accepted now.
    pub(super) understood: u64,
    pub(super) conditions: Vec<Condition>,
    /// What is not understood, worst first, at most [`FINDINGS_MAX`].
    pub(super) findings: Vec<Finding>,
    /// Resources with a gap that nobody accepted.
    pub(super) open: u64,
    /// Resources all of whose gaps are accepted now.
    pub(super) accepted: u64,
    /// The scan whose list was compared with.
    pub(super) compared_with: Option<i64>,
    /// Resources with a gap that they did not have there; none where nothing was compared.
    pub(super) new: Option<u64>,
    /// Rows of the coverage ledger that should have been read.
    pub(super) uncovered: BTreeMap<Reason, u64>,
    /// Differences to the baseline that nobody explained; none where no baseline was asked about.
    pub(super) departed: Option<u64>,
}

/// One condition, with what was asked and found in words and as values.
pub(super) struct Condition {
    pub(super) name: &'static str,
    pub(super) holds: bool,
    pub(super) asked: String,
    pub(super) found: String,
    pub(super) asked_value: Value,
    pub(super) found_value: Value,
    pub(super) about: About,
}

/// Which findings make a condition fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Open,
    New,
    Coverage,
    Baseline,
}

/// A resource that is not understood.
pub(super) struct Finding {
    pub(super) unknown: Unknown,
    /// Whether it has an open gap that it did not have before.
    pub(super) new: bool,
    pub(super) declared: Option<Declared>,
}

/// The code that declares a resource.
pub(super) struct Declared {
    pub(super) file: String,
    pub(super) address: String,
}

impl Finding {
    /// Whether somebody accepted all of it.
    pub(super) fn is_accepted(&self) -> bool {
        self.unknown.gaps.iter().all(|gap| gap.accepted.is_some())
    }
}

impl Judged {
    /// Whether all conditions hold.
    pub(super) fn holds(&self) -> bool {
        self.conditions.iter().all(|condition| condition.holds)
    }

    /// Whether a finding makes a condition fail.
    pub(super) fn is_failing(&self, finding: &Finding) -> bool {
        !finding.is_accepted() && (self.fails(About::Open) || (finding.new && self.fails(About::New)))
    }

    /// The findings that make conditions fail.
    pub(super) fn failing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| self.is_failing(finding))
    }

    /// How many resources make conditions fail, those that are not named included.
    pub(super) fn failing_total(&self) -> u64 {
        match (self.fails(About::Open), self.fails(About::New)) {
            (true, _) => self.open,
            (false, true) => self.new.unwrap_or_default(),
            (false, false) => 0,
        }
    }

    /// Resources on the list that are not among the findings.
    pub(super) fn left_out(&self) -> u64 {
        (self.open + self.accepted).saturating_sub(self.findings.len() as u64)
    }

    fn fails(&self, about: About) -> bool {
        self.conditions.iter().any(|condition| condition.about == about && !condition.holds)
    }
}

/// Reads what the conditions are about, and compares.
pub(super) async fn judge(store: &Store, args: &GateArgs) -> Result<Judged> {
    let Some(scan) = store.latest_scan().await? else {
        bail!("no scan has ended yet, so there is nothing to judge; run `fathom scan`");
    };
    let rows = store.summary().await?;
    let rows = rows.iter().filter(|row| {
        args.account.as_deref().is_none_or(|account| row.account.as_str() == account)
            && args.kind.as_deref().is_none_or(|kind| row.kind.as_str() == kind)
    });
    let resources = rows.fold(0, |sum, row| sum + row.total);
    if resources == 0 {
        bail!("no resource matches, so there is nothing to judge; check --account and --type");
    }
    let before = if args.no_new_unknown { Some(before(store, &scan).await?) } else { None };
    let list = list(store, args, before.as_ref().map(|(_, gaps)| gaps)).await?;
    let mut judged = Judged {
        resources,
        // Counted from the list as it is now: what was accepted since the scan counts, what expired does not.
        understood: resources.saturating_sub(list.open),
        conditions: Vec::new(),
        findings: list.findings,
        open: list.open,
        accepted: list.accepted,
        compared_with: before.as_ref().map(|(scan, _)| *scan),
        new: before.is_some().then_some(list.new),
        uncovered: uncovered(store, args).await?,
        departed: match &args.baseline {
            Some(name) => Some(departed(store, args, name).await?),
            None => None,
        },
        scan,
    };
    judged.conditions = conditions(args, &judged);
    Ok(judged)
}

fn conditions(args: &GateArgs, judged: &Judged) -> Vec<Condition> {
    let mut all = Vec::new();
    if let Some(percent) = args.min_understood {
        let (understood, resources) = (judged.understood, judged.resources);
        all.push(Condition {
            name: "min_understood",
            // Compared as whole numbers times 100: no rounding may open a gate.
            holds: understood as f64 * 100.0 >= percent * resources as f64,
            asked: format!("at least {percent} % understood"),
            found: format!("{} ({understood} of {resources})", share(understood, resources)),
            asked_value: json!(percent),
            found_value: json!(understood as f64 * 100.0 / resources as f64),
            about: About::Open,
        });
    }
    let mut most = |name, most: u64, found: u64, thing: &str, about| {
        all.push(Condition {
            name,
            holds: found <= most,
            asked: format!("at most {most} {thing}"),
            found: found.to_string(),
            asked_value: json!(most),
            found_value: json!(found),
            about,
        });
    };
    if let Some(limit) = args.max_unknown {
        most("max_unknown", limit, judged.open, "resources not understood", About::Open);
    }
    if let (Some(new), Some(scan)) = (judged.new, judged.compared_with) {
        let thing = format!("resources with gaps that scan {scan} did not have");
        most("no_new_unknown", 0, new, &thing, About::New);
    }
    if let Some(limit) = args.max_uncovered {
        let rows = judged.uncovered.values().sum();
        most("max_uncovered", limit, rows, "operations not read", About::Coverage);
    }
    if let (Some(name), Some(departed)) = (&args.baseline, judged.departed) {
        let thing = format!("differences to the baseline `{name}` that nobody explained");
        most("baseline", 0, departed, &thing, About::Baseline);
    }
    all
}

/// How much differs from a baseline and nobody explained.
async fn departed(store: &Store, args: &GateArgs, name: &str) -> Result<u64> {
    let Some(baseline) = store.baseline(name).await? else {
        bail!("no baseline is called `{name}`; approve one with `fathom baseline approve --name {name}`");
    };
    let mut differences = store.baseline_differences(&baseline, wiring::now()).await?;
    let mut departed = 0;
    while let Some(part) = differences.next().await? {
        departed += part
            .iter()
            .filter(|one| one.explained.is_none())
            .filter(|one| {
                args.account.as_deref().is_none_or(|account| one.change.account.as_str() == account)
                    && args.kind.as_deref().is_none_or(|kind| one.change.kind.as_str() == kind)
            })
            .count() as u64;
    }
    Ok(departed)
}

#[derive(Default)]
struct List {
    findings: Vec<Finding>,
    open: u64,
    accepted: u64,
    new: u64,
}

/// Gaps by resource.
type Gaps = HashMap<String, HashSet<String>>;

/// The list as it is now. With gaps of before, the new ones come first into the findings, so that they are named
/// however many there are of the others.
async fn list(store: &Store, args: &GateArgs, before: Option<&Gaps>) -> Result<List> {
    let mut query = UnknownQuery {
        limit: MAX_LIMIT,
        kinds: args.kind.iter().map(|kind| kind.as_str().into()).collect(),
        accounts: args.account.iter().map(|account| account.as_str().into()).collect(),
        include_accepted: true,
        ..UnknownQuery::default()
    };
    let mut list = List::default();
    let mut old = Vec::new();
    loop {
        let page = store.unknowns(&query, wiring::now()).await?;
        (list.accepted, list.open) = (page.accepted, page.total.saturating_sub(page.accepted));
        for unknown in page.rows {
            let new = before.is_some_and(|before| is_new(&unknown, before));
            list.new += u64::from(new);
            let kept = if new { &mut list.findings } else { &mut old };
            if kept.len() < FINDINGS_MAX {
                kept.push(Finding { unknown, new, declared: None });
            }
        }
        let is_full = list.findings.len() + old.len() >= FINDINGS_MAX;
        match page.next {
            Some(next) if before.is_some() || !is_full => query.after_rank = next,
            _ => break,
        }
    }
    let room = FINDINGS_MAX.saturating_sub(list.findings.len());
    list.findings.extend(old.into_iter().take(room));
    for finding in &mut list.findings {
        let statements = store.statements(&finding.unknown.uid).await?;
        let code = statements
            .into_iter()
            .find(|one| one.part == Part::DeclaredBy && one.source == SourceKind::Terraform);
        finding.declared = code.map(|one| Declared { file: one.origin, address: one.value });
    }
    Ok(list)
}

fn is_new(unknown: &Unknown, before: &Gaps) -> bool {
    let had = before.get(unknown.uid.as_str());
    let open = unknown.gaps.iter().filter(|gap| gap.accepted.is_none());
    open.into_iter().any(|gap| had.is_none_or(|had| !had.contains(&gap.part)))
}

/// The scan before, and the gaps that were on its list.
async fn before(store: &Store, scan: &Scan) -> Result<(i64, Gaps)> {
    let Some(earlier) = store.scan_before(scan.id).await? else {
        bail!(
            "no scan ended before scan {}, so --no-new-unknown has nothing to compare with; keep the data directory \
             from run to run, or leave the flag out of the first",
            scan.id
        );
    };
    let past = store.past(&Moment::Scan(earlier.id), wiring::now()).await?;
    let mut gaps = Gaps::new();
    let mut pages = std::pin::pin!(past.stream_unknowns());
    while let Some(page) = pages.try_next().await? {
        for unknown in page {
            let parts = unknown.gaps.into_iter().map(|gap| gap.part).collect();
            gaps.insert(unknown.uid.to_string(), parts);
        }
    }
    Ok((earlier.id, gaps))
}

/// What should have been read and was not.
async fn uncovered(store: &Store, args: &GateArgs) -> Result<BTreeMap<Reason, u64>> {
    let query = CoverageQuery {
        accounts: args.account.iter().map(|account| account.as_str().into()).collect(),
        kinds: args.kind.iter().map(|kind| kind.as_str().into()).collect(),
        outcome: Some(Outcome::Unknown),
        limit: COVERAGE_MAX,
        ..CoverageQuery::default()
    };
    let mut rows = BTreeMap::new();
    for row in store.coverage(&query).await? {
        // A whole account or region that a flag left out is no failure of the scan either.
        let left_out = row.reason == Some(Reason::NotReached) && row.operation == "*";
        if let Some(reason) = row.reason.filter(|reason| !left_out && !NOT_TO_BE_READ.contains(reason)) {
            *rows.entry(reason).or_default() += 1;
        }
    }
    Ok(rows)
}
