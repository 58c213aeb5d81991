//! One scan from start to end.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, PoisonError},
};

use fathom_cloud::{
    client::{Account, Client, SignInError},
    model::Models,
};
use fathom_content::Content;
use fathom_estate::{
    Estate, EstateBuilder, Explainer, Judge, Judgement, STACK_TYPE, Sources, Unread, WantedTags,
};
use fathom_model::{
    AccountId, Coverage, Document, Explanation, Outcome, Region, Resource, ResourceType, Scan, Timestamp, Uid,
};
use fathom_store::{Knowledge, Listed, Listing, ScanEnd, Store, StoreError};
use tokio::sync::mpsc;

use crate::{
    asking::Answers,
    collect::{Collector, Wanted},
    common,
    context::Around,
    item::Item,
    progress::{Phase, Progress},
    scope::{self, Discovered, ScanOptions},
    seen,
    sources::Declared,
    tally::with_causes,
    trail,
};

/// Pages that wait for the store before collecting pauses.
const SINK_PAGES: usize = 64;
/// Resources that are explained at once.
const EXPLAIN_BATCH: usize = 4096;

/// What a scan needs.
#[derive(Clone)]
pub struct Scanner {
    /// Where questions go.
    pub client: Client,
    /// What to ask.
    pub content: Arc<Content>,
    /// Where answers go.
    pub store: Store,
}

/// What a scan came to.
#[derive(Debug, Clone)]
pub struct ScanReport {
    /// The scan as stored.
    pub scan: Scan,
    /// The coverage ledger.
    pub coverage: Vec<Coverage>,
    /// Resources and understood resources by type.
    pub kinds: BTreeMap<ResourceType, (u64, u64)>,
    /// Uids that the provider gave more than once.
    pub duplicates: usize,
    /// References that lead to nothing we have seen.
    pub unresolved: usize,
    /// What reading the trail came to; none where it was off.
    pub trail: Option<trail::TrailReport>,
}

/// Why a scan has no results at all. Anything less than that is a row in the coverage ledger.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Nobody to ask as.
    #[error("cannot sign in")]
    SignIn(#[from] SignInError),
    /// No region that was named is one.
    #[error(transparent)]
    Region(#[from] scope::NoSuchRegion),
    /// The store did not take it.
    #[error("cannot keep the scan")]
    Store(#[from] StoreError),
    /// The trail cannot be read at all.
    #[error("cannot read the CloudTrail log")]
    Trail(#[from] trail::TrailError),
}

impl Scanner {
    /// Looks at everything in scope and commits what was found, all of it or none.
    ///
    /// `clock` gives the time; engines below never read it themselves.
    pub async fn run(
        &self,
        options: &ScanOptions,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ScanReport, ScanError> {
        progress.enter(Phase::SigningIn);
        let asked = options.regions.first().cloned().unwrap_or_else(|| options.home.clone());
        let first = self.client.sign_in(options.profile.as_deref(), &asked).await?;
        let home = home_region(&first);
        let mut found = scope::discover(&self.client, &first, &home, options).await;
        found.somewhere(options)?;
        found.settle(&self.store).await?;
        let (accounts, asked_first) = (found.accounts.clone(), home.clone());
        let look = trail::Look {
            client: &self.client,
            content: &self.content,
            store: &self.store,
            accounts: &accounts,
            home: &asked_first,
            progress,
        };
        let answers = Arc::new(self.client.clone());
        let in_order = false;
        let reading =
            Reading { answers, content: &self.content, store: &self.store, first, home, found, in_order };
        // The log answers a few calls a second, and is read while everything else is. Both are much to carry about.
        let log = look.read(&options.trail, &clock);
        Box::pin(reading.run_beside(log, options, declared, progress, &clock)).await
    }
}

/// What is read, and through whom; a scan and an import of saved answers differ only in this.
pub(crate) struct Reading<'a> {
    /// Who answers.
    pub answers: Arc<dyn Answers>,
    /// What to ask.
    pub content: &'a Arc<Content>,
    /// Where answers go.
    pub store: &'a Store,
    /// The account that is told about its organisation, and whose rows say what nobody defined.
    pub first: Account,
    /// The region that is asked about what has no region.
    pub home: Region,
    /// The accounts and regions to ask.
    pub found: Discovered,
    /// Whether one account is read after the other. Of two descriptions of a thing the first is kept, and of the same saved answers
    /// that is to be the same one each time.
    pub in_order: bool,
}

impl Reading<'_> {
    /// Reads everything in scope and commits what was found, all of it or none.
    pub(crate) async fn run(
        self,
        options: &ScanOptions,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ScanReport, ScanError> {
        let no_log = std::future::ready(Ok((None, Vec::new())));
        self.run_beside(no_log, options, declared, progress, clock).await
    }

    /// The same, while `log` reads who made and changed things.
    async fn run_beside(
        mut self,
        log: impl Future<Output = Result<trail::LogRead, trail::TrailError>>,
        options: &ScanOptions,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<ScanReport, ScanError> {
        for one in &self.found.accounts {
            progress.scope(1, one.regions.len());
        }
        let accounts: Vec<String> =
            self.found.accounts.iter().map(|one| one.account.id.to_string()).collect();
        let regions: BTreeSet<String> =
            self.found.accounts.iter().flat_map(|one| &one.regions).map(ToString::to_string).collect();
        let regions: Vec<String> = regions.into_iter().collect();
        let scope = options.label.clone().unwrap_or_else(|| {
            format!("{}, {}", count(accounts.len(), "account"), count(regions.len(), "region"))
        });
        let scan = self
            .store
            .begin_scan_as(options.asked().as_deref(), &scope, &accounts, &regions, clock())
            .await?;
        progress.begun(scan);
        let wanted = WantedTags::of(&declared.declarations);
        // Both to their end: nothing is staged any more once the scan is said to have failed.
        let (looked, log) = tokio::join!(self.look(scan, options, wanted, progress), log);
        let read = match (looked, log) {
            (Ok(looked), Ok(log)) => Ok((looked, log)),
            (Err(error), _) => Err(ScanError::from(error)),
            (_, Err(error)) => Err(ScanError::from(error)),
        };
        let (mut looked, (trail, mut rows)) = match read {
            Ok(read) => read,
            Err(error) => {
                end_failed(self.store, scan, &error, clock()).await;
                progress.enter(Phase::Done);
                return Err(error);
            }
        };
        looked.coverage.append(&mut self.found.rows);
        looked.coverage.append(&mut rows);
        // Who asks for some types, or for some places, does not ask what else there is.
        if !options.is_of_some_types() {
            looked.coverage.extend(scope::not_defined(&self.first.id, self.content, Models::embedded()));
        }
        let report = conclude(self.store, self.content, scan, looked, declared, progress, clock).await?;
        Ok(ScanReport { trail, ..report })
    }

    async fn look(
        &self,
        scan: i64,
        options: &ScanOptions,
        wanted: WantedTags,
        progress: &Progress,
    ) -> Result<Looked, StoreError> {
        progress.enter(Phase::Reading);
        let (sink, items) = mpsc::channel(SINK_PAGES);
        let everything = !options.is_of_some_types();
        let narrowed = options.is_of_some_types().then(|| options.wanted());
        let collector = Arc::new(Collector::new(
            Arc::clone(&self.answers),
            Arc::clone(self.content),
            options.wanted(),
            progress.clone(),
            sink.clone(),
        ));
        drop(sink);
        let keeper =
            tokio::spawn(keep(self.store.clone(), Arc::clone(self.content), wanted.clone(), scan, items));
        let mut tasks = tokio::task::JoinSet::new();
        for one in &self.found.accounts {
            let (collector, one, home, is_first) =
                (Arc::clone(&collector), one.clone(), self.home.clone(), one.account.id == self.first.id);
            tasks.spawn(async move { collector.account(&one.account, &home, &one.regions, is_first).await });
            if self.in_order {
                ended(&mut tasks).await;
            }
        }
        ended(&mut tasks).await;
        let tally = std::mem::take(&mut *collector.unread.lock().unwrap_or_else(PoisonError::into_inner));
        let mut unread: Vec<Unread> = tally;
        let rows = collector.tally.rows();
        // The keeper ends when the last sender is gone, and the collector holds it.
        drop(collector);
        let mut builder = match keeper.await {
            Ok(kept) => kept?,
            // Nothing kept must not read as nothing seen.
            Err(error) => {
                let what = format!("keeping what was read was given up: {error}");
                return Err(StoreError::Invalid { what });
            }
        };
        builder.in_scope(self.found.accounts.iter().map(|one| one.account.id.clone()));
        let mut coverage = rows;
        if everything {
            let tally = crate::tally::Tally::default();
            let found = seen::not_collected(
                &*self.answers,
                self.content,
                &tally,
                &self.found.accounts,
                &coverage,
                &builder,
            )
            .await;
            for (resource, gap) in found {
                if !builder.contains(resource.uid.as_str()) {
                    progress.found(1);
                    self.store.stage(scan, std::slice::from_ref(&resource)).await?;
                    builder.add(resource, None);
                    unread.push(gap);
                }
            }
            coverage.extend(tally.rows());
        }
        unread.sort_by(|a, b| (&a.uid, &a.attribute).cmp(&(&b.uid, &b.attribute)));
        let asked: HashSet<AccountId> =
            self.found.accounts.iter().map(|one| one.account.id.clone()).collect();
        let nobodys = common::accounts(self.content);
        let held = self.store.summary().await?.into_iter().map(|row| row.account);
        let held: HashSet<AccountId> = held.filter(|one| !nobodys.contains(one)).collect();
        let leaves_accounts_out = options.label.is_none() && !held.is_subset(&asked);
        if options.is_partial() || leaves_accounts_out {
            let read = listings(self.content, &coverage, narrowed.as_ref());
            let around = Around { store: self.store, content: self.content, wanted: &wanted, read: &read };
            around.add_to(&mut builder, &asked).await?;
            // What an earlier scan looked into is not outside because this one did not.
            builder.in_scope(held);
        }
        Ok(Looked {
            estate: builder.build(),
            unread,
            coverage,
            only: None,
            narrowed,
            brief: !options.places.is_empty(),
        })
    }
}

/// Waits for the accounts that are being read.
async fn ended(tasks: &mut tokio::task::JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            // What it did not ask has no row, so nothing of it is gone: it is stale.
            tracing::error!(%error, "reading an account was given up");
        }
    }
}

/// Explains and ranks what was read, and commits it with its entry in the ledger. Where that fails, the scan has failed.
pub(crate) async fn conclude(
    store: &Store,
    content: &Content,
    scan: i64,
    looked: Looked,
    declared: &Declared,
    progress: &Progress,
    clock: impl Fn() -> Timestamp,
) -> Result<ScanReport, ScanError> {
    let concluded = understand(store, content, scan, looked, declared, progress, &clock).await;
    if let Err(error) = &concluded {
        end_failed(store, scan, error, clock()).await;
        progress.enter(Phase::Done);
    }
    concluded
}

/// Notes that a scan failed. The store makes up for it later where it cannot even write that; the first error is the one
/// to report.
pub(crate) async fn end_failed(
    store: &Store,
    scan: i64,
    error: &(dyn std::error::Error + Send + Sync),
    now: Timestamp,
) {
    if let Err(failure) = store.fail_scan(scan, &with_causes(error), now).await {
        tracing::error!(scan, error = %failure, "it cannot be noted that a scan failed");
    }
}

async fn understand(
    store: &Store,
    content: &Content,
    scan: i64,
    looked: Looked,
    declared: &Declared,
    progress: &Progress,
    clock: &impl Fn() -> Timestamp,
) -> Result<ScanReport, ScanError> {
    progress.enter(Phase::Understanding);
    let now = clock();
    let creators = trail::creators(store, content).await?;
    let sources = Sources {
        content,
        declarations: &declared.declarations,
        declarations_file: &declared.file,
        terraform: &declared.terraform,
        creators: Some(&creators),
        now,
    };
    let acceptances = store.acceptances(now).await?;
    let Looked { estate, unread, coverage, only, narrowed, brief } = looked;
    let mut finishing = store.begin_finish(scan, now).await?;
    let mut kinds: BTreeMap<ResourceType, (u64, u64)> = BTreeMap::new();
    let explainer = Explainer::new(&estate, &sources);
    let departed = store.baseline_departures(scan, now).await?;
    let judge =
        Judge::new(&unread, content, &declared.declarations, &acceptances, now).with_departed(&departed);
    // Batch by batch: what is said about a million resources does not fit beside them.
    for start in (0..estate.resources().len()).step_by(EXPLAIN_BATCH) {
        let explained = explainer.explain(start..start + EXPLAIN_BATCH);
        let mut batch = Vec::with_capacity(explained.len());
        for (at, explanation) in (start..).zip(explained) {
            let Some(resource) = estate.resources().get(at) else { break };
            if estate.is_context(at) {
                continue;
            }
            let mut judgement = judge.judge(resource, &explanation);
            if let Some((_, unknown)) = &mut judgement.listed {
                trail::say_why(&creators, resource, &mut unknown.gaps);
            }
            let count = kinds.entry(resource.kind.clone()).or_default();
            count.0 += 1;
            count.1 += u64::from(judgement.understood);
            batch.push(knowledge(&estate, at, resource, explanation, judgement));
        }
        finishing.explain(batch).await?;
    }
    let duplicates = estate.duplicates().len();
    let unresolved = estate.edges().iter().filter(|edge| !edge.to.is_known()).count();
    drop(explainer);
    drop(estate);

    progress.enter(Phase::Sealing);
    let kinds_known = store.summary().await?.into_iter().map(|row| (row.account, row.kind)).collect();
    let mut listings = listings(content, &coverage, narrowed.as_ref());
    listings.extend(common::listings(content, &listings, &kinds_known));
    listings.extend(seen::listings(&kinds_known, &coverage));
    let end = ScanEnd {
        calls: coverage.iter().map(|row| row.calls).sum(),
        listings: Some(listings),
        coverage,
        only,
        narrowed: narrowed.is_some(),
        brief,
    };
    let coverage = end.coverage.clone();
    let scan = finishing.commit(end, clock()).await?;
    progress.enter(Phase::Done);
    Ok(ScanReport { scan, coverage, kinds, duplicates, unresolved, trail: None })
}

/// What the store is told about one resource.
fn knowledge(
    estate: &Estate,
    at: usize,
    resource: &Resource,
    explanation: Explanation,
    judgement: Judgement,
) -> Knowledge {
    Knowledge {
        uid: resource.uid.clone(),
        understood: judgement.understood,
        statements: explanation.statements,
        edges: estate.outgoing(at).to_vec(),
        listed: judgement.listed.map(|(severity, unknown)| Listed { severity, ..unknown.into() }),
    }
}

/// `1 region`, `2 regions`.
fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// What was read, before anybody thought about it.
pub(crate) struct Looked {
    /// The graph.
    pub estate: Estate,
    /// What could not be read of its resources.
    pub unread: Vec<Unread>,
    /// The coverage ledger.
    pub coverage: Vec<Coverage>,
    /// As [`ScanEnd::only`].
    pub only: Option<Vec<Uid>>,
    /// Of which types, where not of all.
    pub narrowed: Option<Wanted>,
    /// As [`ScanEnd::brief`].
    pub brief: bool,
}

/// Stages what arrives, and keeps of it what the graph needs; documents, and tags that nothing looks at, stay in the
/// store.
pub(crate) async fn keep(
    store: Store,
    content: Arc<Content>,
    wanted: WantedTags,
    scan: i64,
    mut items: mpsc::Receiver<Vec<Item>>,
) -> Result<EstateBuilder, StoreError> {
    let empty = Document::from_canonical("null");
    let mut builder = EstateBuilder::of(&content);
    let mut staged = Vec::new();
    while let Some(page) = items.recv().await {
        for item in page {
            let Item { resource, also, references, cut: _ } = item;
            if common::is_again(&content, &builder, &resource) {
                continue;
            }
            if builder.add(light(&resource, &content, &wanted, &empty), also) {
                for reference in references {
                    builder.refer(reference);
                }
                staged.push(resource);
            }
        }
        if staged.len() >= 1000 {
            store.stage(scan, &staged).await?;
            staged.clear();
        }
    }
    store.stage(scan, &staged).await?;
    Ok(builder)
}

/// A resource without what explaining it does not need.
pub(crate) fn light(
    resource: &Resource,
    content: &Content,
    wanted: &WantedTags,
    empty: &Document,
) -> Resource {
    let read_later = resource.kind.as_str() == STACK_TYPE
        || content.resources.get(&resource.kind).is_some_and(|definition| !definition.states.is_empty());
    let tags = resource.tags.iter().filter(|(key, _)| wanted.wants(key));
    Resource {
        tags: tags.map(|(key, value)| (key.clone(), value.clone())).collect(),
        document: if read_later { resource.document.clone() } else { empty.clone() },
        ..resource.clone()
    }
}

/// Which listings were answered in full, of the types that were kept. A type listed for each parent was, where its parents were too: no parent
/// seen is no proof that there are none.
fn listings(content: &Content, coverage: &[Coverage], narrowed: Option<&Wanted>) -> Vec<Listing> {
    let unread: HashSet<(&str, &str, &ResourceType)> = coverage
        .iter()
        .filter(|row| row.outcome == Outcome::Unknown)
        .filter_map(|row| {
            let kind = row.resource_type.as_ref()?;
            let list = &content.resources.get(kind)?.list;
            let lists = row.operation == list.operation
                || list.describe.as_ref().is_some_and(|describe| describe.operation == row.operation);
            lists.then_some((row.account.as_str(), row.region.as_str(), kind))
        })
        .collect();
    coverage
        .iter()
        .filter_map(|row| {
            let kind = row.resource_type.as_ref()?;
            let definition = content.resources.get(kind)?;
            if row.operation != definition.list.operation {
                return None;
            }
            // Parents that were listed for the sake of their children were not kept.
            if narrowed.is_some_and(|wanted| !wanted.wants(kind, &row.account, &row.region)) {
                return None;
            }
            let mut read = true;
            let mut next = Some(kind);
            while let Some(kind) = next {
                let account = row.account.as_str();
                read = read
                    && !unread.contains(&(account, row.region.as_str(), kind))
                    && !unread.contains(&(account, Region::GLOBAL, kind));
                next = content.resources.get(kind).and_then(|definition| definition.list.for_each.as_ref());
            }
            Some(Listing {
                account: row.account.clone(),
                region: row.region.clone(),
                kind: kind.clone(),
                read,
            })
        })
        .collect()
}

/// The region where a partition keeps what has no region.
pub(crate) fn home_region(account: &Account) -> Region {
    Region::from(match account.partition.as_str() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    })
}

#[cfg(test)]
mod tests {
    use fathom_model::ScanState;

    use super::*;

    #[tokio::test]
    async fn a_scan_whose_end_fails_has_failed() {
        let dir = tempfile::tempdir().expect("a directory");
        let now = Timestamp::UNIX_EPOCH;
        let store = Store::open(dir.path(), "fathom.test/ledger", now).await.expect("a store");
        let content = Content::embedded().expect("embedded content loads");
        // The longest scope that fits the entry of a beginning does not fit that of an end, which says more.
        let (mut fits, mut too_long) = (0, 1 << 24);
        while too_long - fits > 1 {
            let length = usize::midpoint(fits, too_long);
            match store.begin_scan(&"x".repeat(length), &[], &[], now).await {
                Ok(scan) => {
                    store.fail_scan(scan, "", now).await.expect("ends");
                    fits = length;
                }
                Err(_) => too_long = length,
            }
        }
        let scan = store.begin_scan(&"x".repeat(fits), &[], &[], now).await.expect("begins");
        let looked = Looked {
            estate: EstateBuilder::of(&content).build(),
            unread: Vec::new(),
            coverage: Vec::new(),
            only: None,
            narrowed: None,
            brief: false,
        };
        let declared = Declared::default();
        let progress = Progress::default();
        let error = conclude(&store, &content, scan, looked, &declared, &progress, || now).await;
        assert!(matches!(error, Err(ScanError::Store(StoreError::Entry { .. }))), "{error:?}");
        let ended = store.scan(scan).await.expect("reads").expect("known");
        assert_eq!(ended.state, ScanState::Failed);
        let why = ended.error.expect("why");
        assert!(why.starts_with("cannot keep the scan: the ledger cannot take an entry"), "{why}");
    }
}
