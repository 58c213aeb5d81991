//! The weaknesses of hosts, images and functions, the most urgent first, and what nobody looked at.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_content::vulnerable::Software;
use fathom_model::{AccountId, Timestamp, Uid};
use fathom_vulnerable::{Row, Thing};
use fathom_weakness::{Attack, Exploitation, Fix, Reached, Severity, State as Is};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::network::{ExposedCount, NetworkAsOf, Sight, counted};
use crate::{
    access::Visible,
    extract::Query,
    permitting,
    problem::{Problem, ProblemView},
    routes::permissions::Page,
    state::ApiState,
    views::mirrored,
    weakening,
};

/// Things and gaps that are named; the counts are of all.
const NAMED_MAX: usize = 200;

mirrored! {
    /// What has software in it.
    enum SoftwareKind of Software {
        /// A server.
        Host,
        /// A container image.
        Image,
        /// A function.
        Function,
    }
}

mirrored! {
    /// Whether the internet comes to a thing.
    enum InternetReach of Reached {
        /// It does.
        Yes,
        /// Only if something holds.
        OnlyIf,
        /// What decides is not known.
        Unknown,
        /// It does not.
        No,
    }
}

mirrored! {
    /// What is known of exploitation.
    enum ExploitationKind of Exploitation {
        /// KEV has it.
        Known,
        /// A source knows how, or EPSS gives it a chance of a tenth or more.
        Likely,
        /// No feed and no source says enough.
        Unknown,
        /// KEV does not have it, and EPSS gives it a smaller chance.
        Unlikely,
    }
}

mirrored! {
    /// How bad it is.
    enum SeverityKind of Severity {
        /// 9.0 to 10.0.
        Critical,
        /// 7.0 to 8.9.
        High,
        /// 4.0 to 6.9.
        Medium,
        /// 0.1 to 3.9.
        Low,
        /// 0.0.
        None,
    }
}

mirrored! {
    /// From where it is attacked.
    enum AttackKind of Attack {
        /// From anywhere over the network.
        Network,
        /// From the same network segment.
        Adjacent,
        /// By who is on the thing already.
        Local,
        /// By who touches it.
        Physical,
    }
}

mirrored! {
    /// Whether there is a fix.
    enum FixKind of Fix {
        /// For some of the software at least.
        Available,
        /// A source says that there is none.
        None,
        /// No source says.
        Unknown,
    }
}

mirrored! {
    /// What is the case.
    enum WeaknessState of Is {
        /// It is there.
        Open,
        /// It is there, and somebody says that it can be exploited there.
        Exploitable,
        /// Somebody is looking.
        InTriage,
        /// It cannot be exploited there.
        NotAffected,
        /// It is not there.
        FalsePositive,
        /// It was mended.
        Resolved,
        /// Somebody does not want to see it.
        Suppressed,
    }
}

/// Which of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct VulnerabilitiesQuery {
    /// Only what is known to be exploited.
    kev: Option<bool>,
    /// Only on what the internet reaches, perhaps under a condition.
    exposed: Option<bool>,
    /// Only what has a fix.
    fixable: Option<bool>,
    /// Only classes up to this one.
    #[param(minimum = 1, maximum = 6)]
    class: Option<u32>,
    /// Only those of which this is known of exploitation; may be repeated.
    #[param(inline)]
    exploitation: Vec<ExploitationKind>,
    /// Only on things to which the internet comes in this way; may be repeated.
    #[param(inline)]
    reached: Vec<InternetReach>,
    /// Only this weakness, by any of its names.
    id: Option<String>,
    /// Only of this resource, by its ARN.
    resource: Option<String>,
    /// Only of these kinds of things; may be repeated.
    #[param(inline)]
    software: Vec<SoftwareKind>,
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// Only what these teams answer for; may be repeated.
    owner: Vec<String>,
    /// What somebody judged not to count, in the place of what counts.
    judged: Option<bool>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Something with software in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SoftwareThing {
    /// Its ARN.
    resource: String,
    /// What it is.
    software: SoftwareKind,
    /// Its type.
    resource_type: String,
    /// What people call it.
    name: Option<String>,
    /// Its account.
    account: String,
    /// Its region.
    region: String,
    /// Who answers for it.
    owner: Option<String>,
    /// Whether the internet comes to it.
    reached: InternetReach,
    /// How, or why that is not known; empty for who does not see the whole estate, since it may name other things.
    way: String,
    /// Who looked at it; empty where nobody did.
    looked: Vec<String>,
    /// Why somebody did not, in the words of who would.
    not_looked: Vec<String>,
}

/// Software that has the weakness.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WeakPackage {
    /// Its name.
    name: String,
    /// The version that is there.
    version: Option<String>,
    /// The version that has the weakness no more.
    fixed: Option<String>,
    /// What manages it.
    kind: Option<String>,
}

/// A weakness of a thing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VulnerabilityRow {
    /// How urgent it is, from 1 to 6; null where it does not count.
    class: Option<u8>,
    /// Why, in words.
    because: Vec<String>,
    /// Its name: a CVE where it has one.
    id: String,
    /// Other names.
    also: Vec<String>,
    /// What it is.
    title: Option<String>,
    /// What is the case.
    state: WeaknessState,
    /// Who says that it does not count, and why.
    judged: Option<String>,
    /// The thing.
    thing: SoftwareThing,
    /// What is known of exploitation.
    exploitation: ExploitationKind,
    /// Since which day KEV has it.
    kev_since: Option<String>,
    /// Its chance to be exploited within 30 days, 0 to 1.
    epss: Option<f64>,
    /// How bad it is; null where nobody says.
    severity: Option<SeverityKind>,
    /// Its CVSS score.
    score: Option<f64>,
    /// The vector of that.
    vector: Option<String>,
    /// Who gave it.
    scored_by: Option<String>,
    /// From where it is attacked; null where no source has a vector.
    attack: Option<AttackKind>,
    /// The software that has it.
    packages: Vec<WeakPackage>,
    /// Whether there is a fix.
    fix: FixKind,
    /// When a source saw it first.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_seen: Option<Timestamp>,
    /// Who says that it is there.
    sources: Vec<String>,
}

/// A list of what is known of exploitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExploitFeedView {
    /// `kev` or `epss`.
    feed: String,
    /// Whether it was loaded. Where it was not, exploitation is unknown wherever it alone would say.
    loaded: bool,
    /// Its version.
    version: Option<String>,
    /// When it was released.
    #[schema(value_type = Option<String>, format = DateTime)]
    released_at: Option<Timestamp>,
    /// How many rows it has.
    entries: u64,
}

/// How many rows there are of each kind; each list as if nothing were chosen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VulnerabilityFacets {
    /// Up to each class, the most urgent first.
    class: Vec<ExposedCount>,
    /// By what is known of exploitation.
    exploitation: Vec<ExposedCount>,
    /// By whether the internet comes to the thing.
    reached: Vec<ExposedCount>,
    /// `true` for what has a fix.
    fixable: Vec<ExposedCount>,
    /// By the kind of thing.
    software: Vec<ExposedCount>,
    /// By account.
    account: Vec<ExposedCount>,
    /// By who answers for the thing, where somebody does.
    owner: Vec<ExposedCount>,
}

/// The weaknesses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VulnerabilitiesAnswer {
    /// The most urgent first.
    rows: Vec<VulnerabilityRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each kind.
    facets: VulnerabilityFacets,
    /// How many things with software there are.
    things: u64,
    /// At how many of them nobody looked: what they have is not known.
    not_looked_count: u64,
    /// The first of them.
    not_looked: Vec<SoftwareThing>,
    /// What is known of exploitation.
    feeds: Vec<ExploitFeedView>,
    /// How many imported reports are about nothing that scans saw; null for who sees a part.
    reports_about_nothing: Option<u64>,
    /// What was not read; empty for who sees a part.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// The weaknesses of hosts, images and functions
///
/// Joined of what scans found, what was imported, the network, and the lists of what is exploited. The order is documented in
/// `docs/vulnerabilities.md`.
#[utoipa::path(get, path = "/vulnerabilities", tag = "network", operation_id = "vulnerabilities", params(VulnerabilitiesQuery),
    responses(
        (status = 200, description = "The answer", body = VulnerabilitiesAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn vulnerabilities(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<VulnerabilitiesQuery>,
) -> Result<Json<VulnerabilitiesAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = weakening::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot.network), visible).await?;
    permitting::ask(&state, move || {
        let known = &snapshot.known;
        let sees = |thing: &Thing| {
            sight.sees_resource(&AccountId::from(thing.account.as_str()), &Uid::new(&thing.resource))
        };
        let seen: Vec<&Row> = known.rows.iter().filter(|row| sees(&row.thing)).collect();
        let facets = VulnerabilityFacets::of(&seen, &query);
        let found: Vec<&Row> = seen.into_iter().filter(|row| query.takes(row, Facet::None)).collect();
        let is_about = |thing: &&Arc<Thing>| sees(thing) && query.is_about(thing, Facet::None);
        let not_looked: Vec<&Arc<Thing>> = known.not_looked.iter().filter(is_about).collect();
        let total = found.len();
        let whole = sight.is_all();
        Ok(Json(VulnerabilitiesAnswer {
            rows: page.cut(found).into_iter().map(|row| VulnerabilityRow::of(row, whole)).collect(),
            total: total as u64,
            next: page.next(total),
            facets,
            things: known.by_thing.values().filter(|thing| sees(thing)).count() as u64,
            not_looked_count: not_looked.len() as u64,
            not_looked: not_looked
                .iter()
                .take(NAMED_MAX)
                .map(|thing| SoftwareThing::of(thing, whole))
                .collect(),
            feeds: known
                .feeds
                .iter()
                .map(|feed| ExploitFeedView {
                    feed: feed.feed.to_owned(),
                    loaded: feed.loaded,
                    version: feed.version.clone(),
                    released_at: feed.released_at,
                    entries: feed.entries,
                })
                .collect(),
            reports_about_nothing: whole.then_some(known.nowhere.len() as u64),
            gaps: known.gaps.iter().filter(|_| whole).take(NAMED_MAX).cloned().collect(),
            as_of: NetworkAsOf::of(&snapshot.network),
        }))
    })
    .await
}

/// The part of a filter that a list of counts leaves out: its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    None,
    Class,
    Exploitation,
    Reached,
    Fixable,
    Software,
    Account,
    Owner,
}

impl VulnerabilitiesQuery {
    fn is_about(&self, thing: &Thing, without: Facet) -> bool {
        let is_in = |facet: Facet, chosen: &[String], value: Option<&str>| {
            without == facet || chosen.is_empty() || chosen.iter().any(|one| Some(one.as_str()) == value)
        };
        is_in(Facet::Account, &self.account, Some(&thing.account))
            && is_in(Facet::Owner, &self.owner, thing.owner.as_deref())
            && self.resource.as_ref().is_none_or(|one| *one == thing.resource)
            && (without == Facet::Software
                || self.software.is_empty()
                || self.software.contains(&thing.software.into()))
            && (without == Facet::Reached
                || self.reached.is_empty()
                || self.reached.contains(&thing.reached.into()))
            && (self.exposed != Some(true) || matches!(thing.reached, Reached::Yes | Reached::OnlyIf))
    }

    fn takes(&self, row: &Row, without: Facet) -> bool {
        let one = &row.weakness;
        let is_named = |id: &String| {
            std::iter::once(&one.id).chain(&one.also).any(|name| name.eq_ignore_ascii_case(id.trim()))
        };
        let class = row.urgency.as_ref().map(|urgency| u32::from(urgency.class.number()));
        self.is_about(&row.thing, without)
            && self.judged.unwrap_or_default() == row.urgency.is_none()
            && (self.kev != Some(true) || one.exploitation == Exploitation::Known)
            && (without == Facet::Exploitation
                || self.exploitation.is_empty()
                || self.exploitation.contains(&one.exploitation.into()))
            && (without == Facet::Fixable || self.fixable != Some(true) || one.fix == Fix::Available)
            && (without == Facet::Class
                || self.class.is_none_or(|most| class.is_some_and(|class| class <= most)))
            && self.id.as_ref().is_none_or(is_named)
    }
}

impl VulnerabilityFacets {
    fn of(all: &[&Row], query: &VulnerabilitiesQuery) -> Self {
        let rows = |facet| all.iter().filter(move |row| query.takes(row, facet));
        let by = |facet, value: fn(&Row) -> String| counted(rows(facet).map(|row| value(row)));
        let classes: Vec<u8> =
            rows(Facet::Class).filter_map(|row| Some(row.urgency.as_ref()?.class.number())).collect();
        let up_to = |most: u8| ExposedCount {
            value: most.to_string(),
            count: classes.iter().filter(|class| **class <= most).count() as u64,
        };
        let is_there = |most: &u8| classes.contains(most);
        Self {
            class: (1..=6).filter(is_there).map(up_to).collect(),
            exploitation: by(Facet::Exploitation, |row| row.weakness.exploitation.word().to_owned()),
            reached: by(Facet::Reached, |row| row.thing.reached.word().to_owned()),
            fixable: by(Facet::Fixable, |row| (row.weakness.fix == Fix::Available).to_string()),
            software: by(Facet::Software, |row| row.thing.software.word().to_owned()),
            account: by(Facet::Account, |row| row.thing.account.clone()),
            owner: counted(rows(Facet::Owner).filter_map(|row| row.thing.owner.clone())),
        }
    }
}

impl SoftwareThing {
    fn of(thing: &Thing, whole: bool) -> Self {
        Self {
            resource: thing.resource.clone(),
            software: thing.software.into(),
            resource_type: thing.resource_type.clone(),
            name: thing.name.clone(),
            account: thing.account.clone(),
            region: thing.region.clone(),
            owner: thing.owner.clone(),
            reached: thing.reached.into(),
            way: if whole { thing.way.clone() } else { String::new() },
            looked: thing.looked.keys().cloned().collect(),
            not_looked: thing.not_looked.clone(),
        }
    }
}

impl VulnerabilityRow {
    fn of(row: &Row, whole: bool) -> Self {
        let one = &row.weakness;
        let package = |package: &fathom_weakness::Package| WeakPackage {
            name: package.name.clone(),
            version: package.version.clone(),
            fixed: package.fixed.clone(),
            kind: package.kind.clone(),
        };
        Self {
            class: row.urgency.as_ref().map(|urgency| urgency.class.number()),
            because: row.urgency.as_ref().map(|urgency| urgency.because.clone()).unwrap_or_default(),
            id: one.id.clone(),
            also: one.also.clone(),
            title: one.title.clone(),
            state: one.state.into(),
            judged: one.judged.clone(),
            thing: SoftwareThing::of(&row.thing, whole),
            exploitation: one.exploitation.into(),
            kev_since: one.kev.as_ref().map(|kev| kev.added.clone()),
            epss: one.epss.as_ref().map(|chance| chance.score),
            severity: one.severity.map(Into::into),
            score: one.score.as_ref().map(|score| score.score),
            vector: one.score.as_ref().and_then(|score| score.vector.clone()),
            scored_by: one.score.as_ref().map(|score| score.by.clone()).filter(|by| !by.is_empty()),
            attack: one.attack.map(Into::into),
            packages: one.packages.iter().map(package).collect(),
            fix: one.fix.into(),
            first_seen: one.first_seen,
            sources: one.sources.clone(),
        }
    }
}
