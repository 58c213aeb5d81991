//! One scan from start to end.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Arc, PoisonError},
};

use fathom_cloud::{
    client::{Account, Client, SignInError},
    model::Models,
};
use fathom_content::{Content, template::last_segment};
use fathom_estate::{
    Estate, EstateBuilder, STACK_TYPE, Sources, Unread, explain, terraform::is_unique, understand,
};
use fathom_model::{Coverage, Document, Outcome, Region, Resource, ResourceType, Scan, Timestamp};
use fathom_store::{Listing, ScanResults, Store, StoreError};
use tokio::sync::mpsc;

use crate::{
    collect::Collector,
    item::Item,
    progress::{Phase, Progress},
    scope::{self, InScope, ScanOptions},
    seen,
    sources::Declared,
};

/// Pages that wait for the store before collecting pauses.
const SINK_PAGES: usize = 64;

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
}

/// Why a scan has no results at all. Anything less than that is a row in the coverage ledger.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Nobody to ask as.
    #[error("cannot sign in")]
    SignIn(#[from] SignInError),
    /// The store did not take it.
    #[error("cannot keep the scan")]
    Store(#[from] StoreError),
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
        let mut discovered = scope::discover(&self.client, &first, &home, options).await;
        for one in &discovered.accounts {
            progress.scope(1, one.regions.len());
        }
        let accounts: Vec<String> =
            discovered.accounts.iter().map(|one| one.account.id.to_string()).collect();
        let regions: BTreeSet<String> =
            discovered.accounts.iter().flat_map(|one| &one.regions).map(ToString::to_string).collect();
        let regions: Vec<String> = regions.into_iter().collect();
        let scope = options.label.clone().unwrap_or_else(|| {
            format!("{}, {}", count(accounts.len(), "account"), count(regions.len(), "region"))
        });
        let scan = self.store.begin_scan(&scope, &accounts, &regions, clock()).await?;
        let looked = self.look(scan, &first, &home, &discovered.accounts, options, progress).await;
        let looked = match looked {
            Ok(looked) => looked,
            Err(error) => {
                // The first error is the one to report, also where the store cannot even note the failure.
                let _ = self.store.fail_scan(scan, &error.to_string(), clock()).await;
                progress.enter(Phase::Done);
                return Err(error.into());
            }
        };
        let mut coverage = looked.coverage;
        coverage.append(&mut discovered.rows);
        coverage.extend(scope::not_defined(&first.id, &self.content, Models::embedded()));

        progress.enter(Phase::Understanding);
        let now = clock();
        let sources = Sources {
            content: &self.content,
            declarations: &declared.declarations,
            declarations_file: &declared.file,
            terraform: &declared.terraform,
            now,
        };
        let explained = explain(&looked.estate, &sources);
        let acceptances = self.store.acceptances(now).await?;
        let verdict = understand(
            &looked.estate,
            &explained,
            &looked.unread,
            &self.content,
            &declared.declarations,
            &acceptances,
            now,
        );
        let mut kinds: BTreeMap<ResourceType, (u64, u64)> = BTreeMap::new();
        for (resource, understood) in looked.estate.resources().iter().zip(&verdict.understood) {
            let count = kinds.entry(resource.kind.clone()).or_default();
            count.0 += 1;
            count.1 += u64::from(*understood);
        }
        let duplicates = looked.estate.duplicates().len();
        let unresolved = looked.estate.edges().iter().filter(|edge| !edge.to.is_known()).count();
        let statements = looked
            .estate
            .resources()
            .iter()
            .zip(explained)
            .flat_map(|(resource, explanation)| {
                explanation.statements.into_iter().map(|statement| (resource.uid.clone(), statement))
            })
            .collect();
        let understood = looked
            .estate
            .resources()
            .iter()
            .zip(&verdict.understood)
            .filter(|(_, yes)| **yes)
            .map(|(resource, _)| resource.uid.clone())
            .collect();

        progress.enter(Phase::Sealing);
        let (_, edges) = looked.estate.into_parts();
        let results = ScanResults {
            calls: coverage.iter().map(|row| row.calls).sum(),
            listings: Some(listings(&self.content, &coverage)),
            coverage: coverage.clone(),
            edges,
            statements,
            unknowns: verdict.unknowns,
            understood,
        };
        let scan = self.store.finish_scan(scan, results, clock()).await?;
        progress.enter(Phase::Done);
        Ok(ScanReport { scan, coverage, kinds, duplicates, unresolved })
    }

    async fn look(
        &self,
        scan: i64,
        first: &Account,
        home: &Region,
        accounts: &[InScope],
        options: &ScanOptions,
        progress: &Progress,
    ) -> Result<Looked, StoreError> {
        progress.enter(Phase::Reading);
        let (sink, items) = mpsc::channel(SINK_PAGES);
        let kinds: Option<HashSet<ResourceType>> =
            (!options.kinds.is_empty()).then(|| options.kinds.iter().cloned().collect());
        let everything = kinds.is_none();
        let collector = Arc::new(Collector::new(
            self.client.clone(),
            Arc::clone(&self.content),
            kinds,
            progress.clone(),
            sink.clone(),
        ));
        drop(sink);
        let keeper = tokio::spawn(keep(self.store.clone(), Arc::clone(&self.content), scan, items));
        let mut tasks = tokio::task::JoinSet::new();
        for one in accounts {
            let (collector, one, home, is_first) =
                (Arc::clone(&collector), one.clone(), home.clone(), one.account.id == first.id);
            tasks.spawn(async move { collector.account(&one.account, &home, &one.regions, is_first).await });
        }
        while tasks.join_next().await.is_some() {}
        let tally = std::mem::take(&mut *collector.unread.lock().unwrap_or_else(PoisonError::into_inner));
        let mut unread: Vec<Unread> = tally;
        let rows = collector.tally.rows();
        // The keeper ends when the last sender is gone, and the collector holds it.
        drop(collector);
        let mut builder = match keeper.await {
            Ok(kept) => kept?,
            Err(_) => EstateBuilder::new(),
        };
        let mut coverage = rows;
        if everything {
            let tally = crate::tally::Tally::default();
            let found = self.not_collected(&tally, accounts, &builder).await;
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
        Ok(Looked { estate: builder.build(), unread, coverage })
    }
}

impl Scanner {
    /// What the tagging API of each place names and no definition read.
    async fn not_collected(
        &self,
        tally: &crate::tally::Tally,
        accounts: &[InScope],
        builder: &EstateBuilder,
    ) -> Vec<(Resource, Unread)> {
        let ids = builder.ids();
        // Some services name a thing by another ARN there than everywhere else; its id gives it away.
        let known = |arn: &str| {
            let id = last_segment(arn);
            builder.contains(arn) || (is_unique(id) && ids.contains(id))
        };
        let mut found = Vec::new();
        for one in accounts {
            for region in &one.regions {
                found.extend(seen::not_collected(&self.client, tally, &one.account, region, known).await);
            }
        }
        found
    }
}

/// `1 region`, `2 regions`.
fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

struct Looked {
    estate: Estate,
    unread: Vec<Unread>,
    coverage: Vec<Coverage>,
}

/// Stages what arrives, and keeps of it what the graph needs; documents stay in the store.
async fn keep(
    store: Store,
    content: Arc<Content>,
    scan: i64,
    mut items: mpsc::Receiver<Vec<Item>>,
) -> Result<EstateBuilder, StoreError> {
    let empty = Document::from_canonical("null");
    let mut builder = EstateBuilder::new();
    let mut staged = Vec::new();
    while let Some(page) = items.recv().await {
        for item in page {
            let Item { resource, also, references } = item;
            let mut light = resource.clone();
            let read_later = resource.kind.as_str() == STACK_TYPE
                || content
                    .resources
                    .get(&resource.kind)
                    .is_some_and(|definition| !definition.states.is_empty());
            if !read_later {
                light.document = empty.clone();
            }
            if builder.add(light, also) {
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

/// Which listings were answered in full. A type listed for each parent was, where its parents were too: no parent
/// seen is no proof that there are none.
fn listings(content: &Content, coverage: &[Coverage]) -> Vec<Listing> {
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
fn home_region(account: &Account) -> Region {
    Region::from(match account.partition.as_str() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    })
}
