//! What checks answered of each resource, and which to ask again when something changed: those that changed, and those whose checks
//! read what changed.
//!
//! **Invariant:** after [`Watch::again`] it is what [`Posture::watched`] of the same estate at the same time would be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_access::{AccessError, Listings, Seen};
use fathom_checks::{Answer, Asked, Checks, Status};
use fathom_content::Content;
use fathom_model::{AccountId, Coverage, Outcome, Region, ResourceType, Timestamp, Uid};
use fathom_store::{CoverageQuery, Owners, Store, StoreError, Touched};

use crate::{
    ByPlace, Counts, Ground, Posture, Reached, ask_all,
    ground::{Engines, KEY},
    sum,
};

/// Resources that changed, from which on asking everything takes no longer.
const TOUCHED_MAX: usize = 20_000;
/// Calls whose coverage is read.
const ROWS_MAX: u32 = 1_000_000;
/// The type that closes all buckets of an account.
const BLOCK: &str = "AWS::S3::AccountPublicAccessBlock";
/// Types that bind whole accounts begin so.
const ORGANISATION: &str = "AWS::Organizations::";

/// What the checks of one resource answered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answers {
    kind: ResourceType,
    account: AccountId,
    region: Region,
    owner: Option<String>,
    /// In the order of [`Checks::of_kind`].
    given: Box<[Status]>,
    /// From when on one of them may be another though nothing changed.
    until: Option<Timestamp>,
}

/// All answers, and what they rest on beside documents.
#[derive(Debug)]
pub struct Watch {
    answers: HashMap<Uid, Answers>,
    by_place: ByPlace,
    listings: Listings,
    /// The calls that were not answered, with the place and why.
    unanswered: BTreeSet<String>,
    engines: Engines,
    owners: Owners,
}

/// What was asked again.
#[derive(Debug)]
pub struct Again<'c> {
    /// What of the estate was read for it.
    pub ground: Ground<'c>,
    /// How the estate stands now. Of findings those that were asked again and fail or are unknown.
    pub posture: Posture,
    /// The resources whose checks were asked again.
    pub asked: BTreeSet<Uid>,
    /// Those that are gone.
    pub gone: BTreeSet<Uid>,
}

/// What checks read, by what of it changes.
struct Readers<'c> {
    /// Checks of other types that follow an edge to something, or from something of a type.
    related: BTreeSet<&'c str>,
    referring: BTreeSet<(&'c str, &'c str)>,
    /// The types whose checks read a list of a type.
    lists: BTreeMap<&'c str, BTreeSet<(&'c str, bool)>>,
    /// The types whose checks ask an engine.
    access: BTreeSet<&'c str>,
    exposure: BTreeSet<&'c str>,
}

impl<'c> Readers<'c> {
    fn of(checks: &'c Checks) -> Self {
        let mut readers = Self {
            related: BTreeSet::new(),
            referring: BTreeSet::new(),
            lists: BTreeMap::new(),
            access: BTreeSet::new(),
            exposure: BTreeSet::new(),
        };
        for check in &checks.all {
            let kind = check.definition.kind.as_str();
            for asked in check.asked() {
                match asked {
                    // Namespaces are of manifests, which no scan sees.
                    Asked::Resource | Asked::Class | Asked::InNamespace(_) => {}
                    Asked::Exposure => drop(readers.exposure.insert(kind)),
                    Asked::Access | Asked::Encryption => drop(readers.access.insert(kind)),
                    Asked::Related(edge) => drop(readers.related.insert(edge)),
                    Asked::Referring(from, edge) => drop(readers.referring.insert((from, edge))),
                    Asked::InRegion(of) => drop(readers.lists.entry(of).or_default().insert((kind, true))),
                    Asked::InAccount(of) => drop(readers.lists.entry(of).or_default().insert((kind, false))),
                }
            }
        }
        readers
    }
}

impl Answers {
    fn of(one: &Seen, owner: Option<&str>, given: Given) -> Self {
        Self {
            kind: ResourceType::from(one.kind.as_str()),
            account: AccountId::from(one.account.as_str()),
            region: Region::from(one.region.as_str()),
            owner: owner.map(str::to_owned),
            given: given.statuses.into(),
            until: given.until,
        }
    }
}

/// The calls that were not answered, each with its place and why.
async fn unanswered(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let query =
        CoverageQuery { outcome: Some(Outcome::Unknown), limit: ROWS_MAX, ..CoverageQuery::default() };
    let line = |row: Coverage| {
        format!(
            "{} {} {} {} {:?} {:?} {:?}",
            row.account,
            row.region,
            row.service,
            row.operation,
            row.resource_type,
            row.permission,
            row.detail
        )
    };
    Ok(store.coverage(&query).await?.into_iter().map(line).collect())
}

impl Watch {
    /// Asks all checks of everything, and remembers what they answered. Of findings it gives those that fail or are unknown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(
        store: &Store,
        checks: &Checks,
        ground: &Ground<'_>,
    ) -> Result<(Self, Posture), AccessError> {
        let mut watch = Self {
            answers: HashMap::new(),
            by_place: ByPlace::new(),
            listings: ground.listings().clone(),
            unanswered: unanswered(store).await?,
            engines: ground.engines().clone(),
            owners: ground.owners().clone(),
        };
        let posture = watch.take(checks, ground, |_| true);
        Ok((watch, posture))
    }

    /// Asks again what the scans after `since` may have changed, up to `until`, and what time alone may have. None where so much changed,
    /// or something of another kind, that everything is to be asked: a list that was not whole, an account that came. What
    /// engines worked out is asked for with `engines` where it may not hold any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn again<'c>(
        &mut self,
        store: &Store,
        content: &'c Content,
        checks: &Checks,
        (since, until): (i64, i64),
        now: Timestamp,
        engines: impl AsyncFnOnce(&Stale) -> Result<Engines, AccessError>,
    ) -> Result<Option<Again<'c>>, AccessError> {
        let empty = Ground::empty(store, content, checks, now).await?;
        if *empty.listings() != self.listings || unanswered(store).await? != self.unanswered {
            return Ok(None);
        }
        let touched = match store.touched_between((since, until), TOUCHED_MAX).await {
            Ok(Some(touched)) => touched,
            Ok(None) | Err(StoreError::Compacted { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let readers = Readers::of(checks);
        let uids: Vec<Uid> = touched.iter().map(|one| one.uid.clone()).collect();
        let links = store.links_around(&uids, since).await?;
        let by_uid: HashMap<&Uid, &Touched> = touched.iter().map(|one| (&one.uid, one)).collect();
        let mut asked: BTreeSet<Uid> = BTreeSet::new();
        for one in touched.iter().filter(|one| one.is_there) {
            if checks.of_kind(one.kind.as_str()).next().is_some() {
                asked.insert(one.uid.clone());
            }
        }
        for link in &links {
            if by_uid.contains_key(&link.to) && readers.related.contains(link.kind.as_str()) {
                asked.insert(link.from.clone());
            }
            let from = by_uid.get(&link.from).map(|from| (from.kind.as_str(), link.kind.as_str()));
            if from.is_some_and(|from| readers.referring.contains(&from)) {
                asked.insert(link.to.clone());
            }
        }
        let stale = Stale::of(&touched, &readers);
        let mut reached_before = None;
        if stale.permissions || stale.network {
            let mut worked_out = engines(&stale).await?;
            if !stale.permissions {
                worked_out.permissions.clone_from(&self.engines.permissions);
            }
            if !stale.network {
                worked_out.reached.clone_from(&self.engines.reached);
            }
            reached_before =
                std::mem::replace(&mut self.engines, worked_out).reached.filter(|_| stale.network);
            if stale.network && !readers.exposure.is_empty() {
                self.engines.work_out_reached(store, now).await?;
            }
        }
        if let (Some(before), Some(now)) = (&reached_before, &self.engines.reached) {
            asked.extend(otherwise(before, now));
        }
        // Without knowing what was reached before, whatever can be reached may be reached otherwise.
        let everywhere = stale.network && (reached_before.is_none() || self.engines.reached.is_none());
        let differing = empty.owners().differing(&self.owners);
        let another = |uid: &Uid, known: &Answers| known.owner.as_deref() != empty.owner(uid.as_str());
        for uid in differing.iter().flatten() {
            if self.answers.get(uid).is_some_and(|known| another(uid, known)) {
                asked.insert(uid.clone());
            }
        }
        self.owners = empty.owners().clone();
        let lists = lists(&touched, &readers);
        for (uid, known) in &self.answers {
            let kind = known.kind.as_str();
            let in_list = lists.contains(&(kind, known.account.as_str(), None))
                || lists.contains(&(kind, known.account.as_str(), Some(known.region.as_str())));
            if in_list
                || known.until.is_some_and(|until| until <= now)
                || (stale.everybody && readers.access.contains(kind))
                || (everywhere && readers.exposure.contains(kind))
                || (differing.is_none() && another(uid, known))
            {
                asked.insert(uid.clone());
            }
        }
        let gone: BTreeSet<Uid> = touched
            .iter()
            .filter(|one| !one.is_there && self.answers.contains_key(&one.uid))
            .map(|one| one.uid.clone())
            .collect();
        let is_kept = |uid: &Uid| {
            !gone.contains(uid)
                && (self.answers.contains_key(uid) || by_uid.get(uid).is_some_and(|one| one.is_there))
        };
        asked.retain(is_kept);
        let engines = self.engines.clone();
        let ground = Ground::load_part(store, content, checks, now, (&asked, engines)).await?;
        self.engines = ground.engines().clone();
        for uid in asked.iter().chain(&gone) {
            self.forget(checks, uid);
        }
        let posture = self.take(checks, &ground, |uid| asked.contains(uid));
        Ok(Some(Again { ground, posture, asked, gone }))
    }

    /// Asks the checks of some resources of which nothing is known here yet, and says how the whole estate stands.
    fn take(&mut self, checks: &Checks, ground: &Ground<'_>, wants: impl Fn(&str) -> bool) -> Posture {
        let subjects: Vec<&Seen> = ground
            .seen()
            .filter(|one| checks.of_kind(&one.kind).next().is_some() && wants(&one.arn))
            .collect();
        let mut posture = Posture { gaps: ground.gaps.clone(), ..Posture::default() };
        for part in ask_all(checks, ground, &subjects, &[Status::Fail, Status::Unknown]) {
            posture.findings.extend(part.findings);
            for (place, counted) in &part.by_place {
                sum(self.by_place.entry(place.clone()).or_default(), counted);
            }
            for (one, given) in part.given {
                self.answers.insert(Uid::new(&one.arn), Answers::of(one, ground.owner(&one.arn), given));
            }
        }
        self.fill(checks, &mut posture);
        posture.sort();
        posture
    }

    /// Says how the whole estate stands.
    fn fill(&self, checks: &Checks, posture: &mut Posture) {
        posture.by_place = self.by_place.clone();
        posture.by_check =
            checks.all.iter().map(|check| (check.definition.id.clone(), Counts::default())).collect();
        for counted in self.by_place.values() {
            sum(&mut posture.by_check, counted);
        }
        posture.resources = self.answers.len();
    }

    fn forget(&mut self, checks: &Checks, uid: &Uid) {
        let Some(before) = self.answers.remove(uid) else { return };
        let place = (before.account.as_str().to_owned(), before.owner.clone());
        let Some(counts) = self.by_place.get_mut(&place) else { return };
        for (check, status) in checks.of_kind(before.kind.as_str()).zip(&before.given) {
            if let Some(counted) = counts.get_mut(&check.definition.id) {
                counted.take(*status);
                if *counted == Counts::default() {
                    counts.remove(&check.definition.id);
                }
            }
        }
        if counts.is_empty() {
            self.by_place.remove(&place);
        }
    }

    /// Whether two know the same: for who compares ways to come to it.
    pub fn knows_what(&self, other: &Self) -> bool {
        self.answers == other.answers && self.by_place == other.by_place && self.listings == other.listings
    }

    /// How many resources there are answers for.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }
}

/// The answers of one resource, while they are gathered.
#[derive(Debug, Default)]
pub(crate) struct Given {
    statuses: Vec<Status>,
    until: Option<Timestamp>,
}

impl Given {
    pub(crate) fn add(&mut self, answer: &Answer) {
        self.statuses.push(answer.status);
        self.until = [self.until, answer.until].into_iter().flatten().min();
    }
}

/// What engines worked out that may not hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stale {
    /// Who can do what.
    pub permissions: bool,
    /// What the internet reaches.
    pub network: bool,
    /// Whether what changed has a say in what others let in.
    everybody: bool,
}

impl Stale {
    /// All of it.
    pub fn all() -> Self {
        Self { permissions: true, network: true, everybody: true }
    }

    fn of(touched: &[Touched], readers: &Readers<'_>) -> Self {
        let owners = fathom_content::owners::rules().unwrap_or_default();
        let mut stale = Self::default();
        for kind in touched.iter().map(|one| one.kind.as_str()) {
            let binds = kind == BLOCK || kind == KEY || kind.starts_with(ORGANISATION);
            stale.everybody |= binds;
            stale.permissions |= binds || readers.access.contains(kind);
            stale.network |= fathom_net::Builder::kinds().any(|one| one == kind)
                || owners.iter().any(|rule| rule.kind.as_str() == kind);
        }
        stale
    }
}

/// What is reached otherwise than before, or is or was not reached.
fn otherwise(before: &Reached, now: &Reached) -> BTreeSet<Uid> {
    let differs = |one: &Reached, other: &Reached| -> Vec<Uid> {
        let all = one.iter().filter(|(uid, rows)| other.get(*uid) != Some(*rows));
        all.map(|(uid, _)| Uid::new(uid)).collect()
    };
    differs(before, now).into_iter().chain(differs(now, before)).collect()
}

/// Where checks read a list of which something changed: type of the check, account, and region where it reads one alone.
fn lists<'a>(touched: &'a [Touched], readers: &Readers<'a>) -> BTreeSet<(&'a str, &'a str, Option<&'a str>)> {
    let mut lists = BTreeSet::new();
    for one in touched {
        for (kind, in_region) in readers.lists.get(one.kind.as_str()).into_iter().flatten() {
            lists.insert((*kind, one.account.as_str(), in_region.then_some(one.region.as_str())));
        }
    }
    lists
}
