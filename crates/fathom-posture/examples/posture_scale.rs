//! How long the checks take over a store of 1,000,000 resources, and after one change. `cargo xtask bench posture` runs it; it prints
//! its own table. Arguments: resources (1,000,000).
//!
//! Resources are of all types that checks are about, as many of each, with the documents of the checks' examples, in 20 accounts and two
//! regions. So every engine is asked: who is let in, under which key a thing is kept, what the internet reaches.

use std::{collections::BTreeMap, error::Error, sync::Arc, time::Instant};

use fathom_access::{Before, Standing};
use fathom_checks::{Checks, Status};
use fathom_content::{Content, checks::CheckFiles};
use fathom_model::{
    Coverage, Document, Outcome, Part, Resource, ResourceType, SourceKind, Statement, Timestamp, Uid,
};
use fathom_net::{USUAL, exposure};
use fathom_posture::{Engines, Extent, Ground, Posture, Shapes, Stale, Watch, keep, keep_again, reached};
use fathom_store::{FindingRun, Knowledge, ScanEnd, Store};
use serde_json::Value;

/// As the program itself has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACCOUNTS: usize = 20;
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const BATCH: usize = 4096;
/// A list of an account holds at most so many of a type, as the checks read it.
const OF_KIND_MAX: usize = ACCOUNTS * 9_000;
const EXTENT: Extent = Extent { account: None, owner: None, all_checks: true };

/// Documents of the checks' examples, by type.
type Pool = Vec<(String, Vec<Value>)>;

fn pool(checks: &Checks) -> Pool {
    let mut documents: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    // No scan sees what manifests declare.
    for check in checks.all.iter().filter(|one| one.definition.kind.as_str().starts_with("AWS::")) {
        let tests = &check.definition.tests;
        for example in [&tests.pass, &tests.fail, &tests.not_applicable].into_iter().flatten() {
            documents.entry(check.definition.kind.as_str()).or_default().push(example.value.doc.clone());
        }
    }
    documents.into_iter().map(|(kind, all)| (kind.to_owned(), all)).collect()
}

fn account(number: usize) -> String {
    format!("{:012}", 100_000_000_000 + number % ACCOUNTS)
}

/// A resource by its number; of another `turn` it has another document.
fn resource(pool: &Pool, number: usize, turn: usize) -> Resource {
    let (kind, documents) = &pool[number % pool.len()];
    let place = number / pool.len();
    let (account, region) = (account(place), REGIONS[place / ACCOUNTS % REGIONS.len()]);
    let service = kind.split("::").nth(1).unwrap_or_default().to_lowercase();
    let uid = if kind == "AWS::S3::Bucket" {
        format!("arn:aws:s3:::thing-{number}")
    } else {
        format!("arn:aws:{service}:{region}:{account}:thing/{number}")
    };
    Resource {
        uid: Uid::from(uid),
        kind: kind.as_str().into(),
        account: account.as_str().into(),
        region: region.into(),
        id: format!("thing-{number}"),
        name: Some(format!("thing-{number}")),
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(&documents[(place + turn) % documents.len()]),
    }
}

fn coverage(content: &Content) -> Vec<Coverage> {
    let mut rows = Vec::new();
    for account in (0..ACCOUNTS).map(account) {
        for region in REGIONS {
            rows.extend(content.resources.iter().map(|(kind, definition)| Coverage {
                account: account.as_str().into(),
                region: region.into(),
                service: definition.service.clone(),
                operation: definition.list.operation.clone(),
                resource_type: Some(ResourceType::from(kind.as_str())),
                outcome: Outcome::Read,
                reason: None,
                permission: None,
                detail: None,
                calls: 1,
                items: 1,
                throttles: 0,
                failures: 0,
                millis: 1,
            }));
        }
    }
    rows
}

/// Lets the store see some resources; `only` of them where nothing else was looked at.
async fn scan(
    store: &Store,
    content: &Content,
    resources: impl Iterator<Item = Resource>,
    only: bool,
    now: Timestamp,
) -> Result<i64, Box<dyn Error>> {
    let accounts: Vec<String> = (0..ACCOUNTS).map(account).collect();
    let scan = store.begin_scan("bench", &accounts, &REGIONS.map(str::to_owned), now).await?;
    let mut resources = resources.peekable();
    let mut known = Vec::new();
    while resources.peek().is_some() {
        let batch: Vec<Resource> = resources.by_ref().take(BATCH).collect();
        store.stage(scan, &batch).await?;
        known.extend(batch.iter().map(|one| one.uid.clone()));
    }
    let mut finishing = store.begin_finish(scan, now).await?;
    for (part, uids) in known.chunks(BATCH).enumerate() {
        let owner = Statement {
            part: Part::Owner,
            value: format!("team-{}", part % 12),
            source: SourceKind::Tag,
            origin: "tag".to_owned(),
            as_of: now,
        };
        let of = |uid: &Uid| Knowledge {
            uid: uid.clone(),
            understood: true,
            statements: vec![owner.clone()],
            edges: Vec::new(),
            listed: None,
        };
        finishing.explain(uids.iter().map(of).collect()).await?;
    }
    let end = ScanEnd {
        coverage: if only { Vec::new() } else { coverage(content) },
        only: only.then(Vec::new),
        narrowed: only,
        ..ScanEnd::default()
    };
    finishing.commit(end, now).await?;
    Ok(scan)
}

/// A line of the table.
fn row(what: &str, clock: Instant, cpu: f64, told: &str) {
    let took = clock.elapsed().as_secs_f64();
    println!("| {what} | {took:.2} | {:.2} | {} | {told} |", self::cpu() - cpu, peak());
}

/// Processor seconds of this process so far, by what Linux tells of it.
fn cpu() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = told.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map_or_else(|| "?".to_owned(), |kib| format!("{:.0}", kib / 1024.0))
}

fn run(at: Timestamp, scan: i64) -> FindingRun {
    FindingRun { at, scan, by: "bench".to_owned(), checks: 1, resources: 1, whole: true }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let total: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let content = Content::embedded()?;
    let (checks, problems) = Checks::compile(CheckFiles::load(None), &Shapes::of(&content));
    assert!(problems.is_empty(), "{problems:?}");
    let pool = pool(&checks);
    assert!(total / pool.len() < OF_KIND_MAX, "lists would be cut");
    let directory = tempfile::tempdir()?;
    let now = Timestamp::from_second(1_800_000_000)?;
    let store = Store::open(directory.path(), "bench.local/posture", now).await?;
    let first =
        scan(&store, &content, (0..total).map(|number| resource(&pool, number, 0)), false, now).await?;
    println!(
        "| {total} resources of {} types, {} checks | wall s | CPU s | peak MiB so far | |",
        pool.len(),
        checks.all.len()
    );
    println!("| --- | --- | --- | --- | --- |");
    let (clock, spent) = (Instant::now(), cpu());
    store.owners().await?;
    row("columns read into memory, which a server has", clock, spent, "");
    let (clock, spent) = (Instant::now(), cpu());
    let mut ground = Ground::load(&store, &content, &checks, now).await?;
    row("the estate read, engines made", clock, spent, "");
    let (clock, spent) = (Instant::now(), cpu());
    let (mut watch, posture) = Watch::begin(&store, &checks, &ground).await?;
    let counts = posture.counts();
    let told = format!("{} fail, {} unknown, {} pass", counts.fail, counts.unknown, counts.pass);
    row("all checks asked of everything", clock, spent, &told);
    let (clock, spent) = (Instant::now(), cpu());
    let found = keep(&store, &content, &checks, &mut ground, (&posture, &EXTENT), now).await?;
    store.keep_findings(&run(now, first), &found.updates, &found.seen).await?;
    row("findings kept and sealed", clock, spent, &format!("{} new", found.updates.len()));
    drop((posture, found));
    let (clock, spent) = (Instant::now(), cpu());
    let posture = Posture::of(&checks, &ground, |_, _| true, &[Status::Fail, Status::Unknown]);
    let found = keep(&store, &content, &checks, &mut ground, (&posture, &EXTENT), now).await?;
    store.keep_findings(&run(now, first), &found.updates, &found.seen).await?;
    row("everything asked again and compared", clock, spent, &format!("{} changed", found.updates.len()));
    drop((ground, posture, found));
    let (clock, spent) = (Instant::now(), cpu());
    let mut standing = Standing::load(&store, now).await?;
    let mut reach = fathom_reach::Standing::load(&store, now).await?;
    row("permissions and network read into memory, which a server has", clock, spent, "");
    let mut before = first;
    for (turn, kind) in [
        (1, "AWS::EC2::Volume"),
        (2, "AWS::S3::Bucket"),
        (3, "AWS::IAM::Role"),
        (4, "AWS::EC2::SecurityGroup"),
        (5, "AWS::Logs::MetricFilter"),
    ] {
        let Some(number) = pool.iter().position(|(one, _)| one == kind) else { continue };
        let one = std::iter::once(resource(&pool, number, turn));
        let scanned = scan(&store, &content, one, true, now).await?;
        store.owners().await?;
        let (clock, spent) = (Instant::now(), cpu());
        let (mut made, mut seen) = (None, None);
        let engines = async |stale: &Stale| {
            let mut engines = Engines::default();
            if stale.permissions {
                let Standing { permissions, escalating, basis } = &standing;
                let known = Before { permissions, escalating, basis };
                if let Some(after) = known.after(&store, (before, scanned), now).await? {
                    engines.permissions = Some(Arc::clone(&after.permissions));
                    made = Some(after);
                }
            }
            if stale.network
                && let Some(after) = reach.after(&store, (before, scanned), now).await?
            {
                let found = reached(exposure(&after.network, &USUAL), &after.directory);
                engines.reached = Some(Arc::new(found));
                seen = Some(after);
            }
            Ok(engines)
        };
        let again = watch.again(&store, &content, &checks, (before, scanned), now, engines).await?;
        let Some(mut again) = again else {
            row(&format!("one {kind} changed"), clock, spent, "all is to be asked");
            continue;
        };
        let found = keep_again(&store, &content, &checks, (&mut again, &EXTENT), now).await?;
        store.keep_findings(&run(now, scanned), &found.updates, &found.seen).await?;
        let told = format!("{} asked again, {} findings changed", again.asked.len(), found.updates.len());
        row(&format!("one {kind} changed: asked again and kept"), clock, spent, &told);
        before = scanned;
        if let Some(after) = made {
            standing = after;
        }
        if let Some(after) = seen {
            reach = after;
        }
    }
    Ok(())
}
