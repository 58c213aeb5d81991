//! How long and how large the history of an estate becomes: 1,000,000 resources, 30 daily scans, of which each changes one
//! in a hundred. It prints its own table. Arguments set other numbers: `history_scale RESOURCES SCANS`.

use std::{
    collections::BTreeMap,
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

use fathom_model::{
    Coverage, Document, Edge, Gap, Moment, Outcome, Part, Resource, SourceKind, Statement, Target, Timestamp,
    Uid, Unknown,
};
use fathom_store::{EntryDraft, Knowledge, Listed, ScanEnd, Store, Which};
use futures::TryStreamExt as _;

const KIND: &str = "AWS::EC2::Instance";
const ACCOUNT: &str = "123456789012";
const BATCH: usize = 4096;
const DAY_SECONDS: i64 = 86_400;
/// One in so many resources changes from a scan to the next, another one goes and a new one comes.
const CHANGES_ONE_IN: usize = 100;
const LEAVES_ONE_IN: usize = 2_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let total: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let scans: usize = arguments.next().map_or(Ok(30), |text| text.parse())?;
    let directory = tempfile::tempdir()?;
    let begun = Timestamp::from_second(1_800_000_000)?;
    let store = Store::open(directory.path(), "bench.local/history", begun).await?;
    println!("| scan | stage s | explain s | commit s | CPU s | append waits s | file MiB | peak MiB |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for day in 0..scans {
        let now = Timestamp::from_second(1_800_000_000 + DAY_SECONDS * i64::try_from(day)?)?;
        scan(&store, directory.path(), total, day, now).await?;
    }
    println!("\n| question | seconds | answer |\n| --- | --- | --- |");
    // It changed on every hundredth day at most; asked for is one that changed on the last day.
    let changed = (0..total).rev().find(|n| revision(*n, scans - 1) != revision(*n, scans - 2)).unwrap_or(0);
    let uid = uid(changed);
    let clock = Instant::now();
    let versions = store.versions(&uid).await?;
    let document = match versions.first() {
        Some(version) => store.document(&version.hash).await?,
        None => None,
    };
    let size = document.map_or(0, |document| document.as_str().len());
    print_row("history of one resource", clock, &format!("{} versions, {size} bytes", versions.len()));
    let clock = Instant::now();
    let middle = Moment::Scan(i64::try_from(scans / 2)?.max(1));
    let past = store.past(&middle, begun).await?;
    let count = past
        .stream_resources(&Which::all(), false)
        .try_fold(0, |count, chunk| async move { Ok(count + chunk.len()) })
        .await?;
    print_row("the state as of a scan, without documents", clock, &format!("{count} resources"));
    let clock = Instant::now();
    let trend = store.trend(&fathom_store::TrendQuery::default()).await?;
    print_row("the trend", clock, &format!("{} scans", trend.len()));
    let clock = Instant::now();
    let summary = store.summary().await?;
    print_row("the summary", clock, &format!("{} rows", summary.len()));
    store.close().await?;
    println!("\nfile at the end: {} MiB", file_mib(directory.path()));
    Ok(())
}

async fn scan(
    store: &Store,
    directory: &Path,
    total: usize,
    day: usize,
    now: Timestamp,
) -> Result<(), Box<dyn Error>> {
    let cpu = cpu_seconds();
    let clock = Instant::now();
    let scan = store.begin_scan("benchmark", &[ACCOUNT.to_owned()], &["us-east-1".to_owned()], now).await?;
    let here = present(total, day);
    for start in here.clone().step_by(BATCH) {
        let batch: Vec<Resource> = (start..(start + BATCH).min(here.end))
            .filter(|n| exists(*n, day))
            .map(|n| resource(n, day))
            .collect();
        store.stage(scan, &batch).await?;
    }
    let staged = clock.elapsed();

    let clock = Instant::now();
    let mut finishing = store.begin_finish(scan, now).await?;
    for start in here.clone().step_by(BATCH) {
        let batch = (start..(start + BATCH).min(here.end))
            .filter(|n| exists(*n, day))
            .map(|n| knowledge(n, day, now))
            .collect();
        finishing.explain(batch).await?;
    }
    let explained = clock.elapsed();

    let clock = Instant::now();
    let slowest = tokio::spawn(slowest_append(store.clone(), now));
    let coverage = vec![Coverage {
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        service: "ec2".to_owned(),
        operation: "DescribeInstances".to_owned(),
        resource_type: Some(KIND.into()),
        outcome: Outcome::Read,
        reason: None,
        permission: None,
        detail: None,
        calls: 1,
        items: total as u64,
        throttles: 0,
        failures: 0,
        millis: 1,
    }];
    finishing.commit(ScanEnd { coverage, ..ScanEnd::default() }, now).await?;
    let committed = clock.elapsed();
    slowest.abort();
    let waited = SLOWEST.swap(0, std::sync::atomic::Ordering::Relaxed);
    println!(
        "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {} | {} |",
        day + 1,
        staged.as_secs_f64(),
        explained.as_secs_f64(),
        committed.as_secs_f64(),
        cpu_seconds() - cpu,
        Duration::from_micros(waited).as_secs_f64(),
        file_mib(directory),
        peak_mib()
    );
    Ok(())
}

/// The slowest append of the scan that is being committed, in microseconds.
static SLOWEST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Appends to the ledger again and again, as others do while a scan ends.
async fn slowest_append(store: Store, now: Timestamp) {
    loop {
        let draft = EntryDraft {
            kind: "benchmark.entry".to_owned(),
            actor: "benchmark".to_owned(),
            subject: "benchmark".to_owned(),
            body: serde_json::json!({}),
        };
        let clock = Instant::now();
        if store.append(vec![draft], now).await.is_err() {
            return;
        }
        let micros = u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX);
        SLOWEST.fetch_max(micros, std::sync::atomic::Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The numbers that may exist on a day: some leave, and as many come.
fn present(total: usize, day: usize) -> std::ops::Range<usize> {
    0..total + day * (total / LEAVES_ONE_IN)
}

/// Resource `n` leaves on the day `n % LEAVES_ONE_IN`, where there is such a day.
fn exists(n: usize, day: usize) -> bool {
    day == 0 || n.is_multiple_of(LEAVES_ONE_IN) || n % LEAVES_ONE_IN > day
}

/// How often a resource has changed: on every hundredth day, not all on the same.
fn revision(n: usize, day: usize) -> usize {
    (n + day) / CHANGES_ONE_IN - n / CHANGES_ONE_IN
}

fn uid(n: usize) -> Uid {
    Uid::from(format!("arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-{n:017x}"))
}

fn resource(n: usize, day: usize) -> Resource {
    let id = format!("i-{n:017x}");
    let tags = BTreeMap::from([
        ("Name".to_owned(), format!("web-{n}")),
        ("Owner".to_owned(), format!("team-{}", n % 40)),
    ]);
    let document = serde_json::json!({
        "InstanceId": id, "InstanceType": "m5.large", "State": {"Code": 16, "Name": "running"},
        "PrivateIpAddress": format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255),
        "VpcId": "vpc-0a1b2c3d", "SubnetId": format!("subnet-{}", n % 300), "Tags": tags,
        "LaunchTime": format!("2026-01-01T00:00:{:02}Z", revision(n, day) % 60),
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": format!("vol-{n}"), "Status": "attached"}}],
    });
    Resource {
        uid: uid(n),
        kind: KIND.into(),
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        name: tags.get("Name").cloned(),
        id,
        tags,
        created_at: Timestamp::from_second(1_700_000_000 + i64::try_from(n).unwrap_or_default()).ok(),
        provider_made: false,
        exposed: n.is_multiple_of(50),
        document: Document::new(&document),
    }
}

fn knowledge(n: usize, day: usize, now: Timestamp) -> Knowledge {
    let uid = uid(n);
    let statement = |part, value: String, origin: &str| Statement {
        part,
        value,
        source: SourceKind::Tag,
        origin: origin.to_owned(),
        as_of: now,
    };
    let understood = !n.is_multiple_of(3);
    let mut statements = vec![statement(Part::Owner, format!("team-{}", n % 40), "tag Owner")];
    if understood {
        // An edit now and then, as people make them.
        let shop = revision(n, day);
        statements.push(statement(Part::Purpose, format!("serves shop {shop}"), "tag Purpose"));
        statements.push(statement(Part::Environment, "production".to_owned(), "tag Environment"));
    }
    let edges = vec![Edge {
        from: uid.clone(),
        kind: "attached_to".into(),
        to: Target::Known { uid: self::uid(n / 2) },
        path: "SubnetId".into(),
    }];
    let listed = (!understood).then(|| {
        let gap = |part: &str| Gap {
            part: part.to_owned(),
            reason: None,
            detail: format!("add a tag that says its {part}, or a rule in fathom.yaml"),
            accepted: None,
        };
        let unknown = Unknown {
            uid: uid.clone(),
            kind: KIND.into(),
            account: ACCOUNT.into(),
            region: "us-east-1".into(),
            name: None,
            rank: 0,
            because: vec!["costs money".to_owned(), "2 gaps".to_owned()],
            gaps: vec![gap("purpose"), gap("environment")],
        };
        Listed { severity: 1_000_000_000 - i64::try_from(n).unwrap_or_default(), ..unknown.into() }
    });
    Knowledge { uid, understood, statements, edges, listed }
}

fn print_row(question: &str, clock: Instant, answer: &str) {
    println!("| {question} | {:.3} | {answer} |", clock.elapsed().as_secs_f64());
}

/// The database with its log of changes.
fn file_mib(directory: &Path) -> u64 {
    let sizes = ["fathom.db", "fathom.db-wal"]
        .map(|name| std::fs::metadata(directory.join(name)).map_or(0, |metadata| metadata.len()));
    sizes.iter().sum::<u64>() >> 20
}

/// The processor time of this process so far, as Linux counts it in hundredths; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before the last parenthesis may hold blanks; user and system time are the 12th and 13th word after it.
    let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    words.skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory this process ever had, as Linux counts it; 0 elsewhere.
fn peak_mib() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}
