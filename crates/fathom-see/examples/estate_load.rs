//! How long an estate of 1,000,000 resources takes to keep, to load and to understand, and how much memory.
//! `cargo xtask bench estate` runs it; it prints its own table. An argument sets another number of resources.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use fathom_content::{Content, Declarations};
use fathom_estate::{EstateBuilder, Explainer, Judge, Reference, Sources, Sure, TerraformIndex, WantedTags};
use fathom_model::{Document, Resource, Timestamp, Uid};
use fathom_store::{EntryDraft, Knowledge, Listed, ScanEnd, Store, Which};
use futures::StreamExt;

const BATCH: usize = 8_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let total: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let directory = tempfile::tempdir()?;
    let now = Timestamp::from_second(1_800_000_000)?;
    let store = Store::open(directory.path(), "bench.local/ledger", now).await?;
    println!("| step | seconds | peak MiB so far |\n| --- | --- | --- |");

    let begun = Instant::now();
    let scan =
        store.begin_scan("benchmark", &["123456789012".to_owned()], &["us-east-1".to_owned()], now).await?;
    for start in (0..total).step_by(BATCH) {
        let batch: Vec<Resource> = (start..(start + BATCH).min(total)).map(|n| resource(n, now)).collect();
        store.stage(scan, &batch).await?;
    }
    row(&format!("stage {total} resources with documents"), begun);

    let begun = Instant::now();
    let (content, declarations) = (Content::embedded()?, Declarations::default());
    let terraform = TerraformIndex::default();
    let builder = keep(&declarations, total, now);
    row("keep of them what the graph needs", begun);

    let begun = Instant::now();
    let estate = builder.build();
    row(&format!("join {} references", estate.edges().len()), begun);

    let begun = Instant::now();
    let sources = sources(&content, &declarations, &terraform, now);
    let mut finishing = store.begin_finish(scan, now).await?;
    let (explainer, judge) =
        (Explainer::new(&estate, &sources), Judge::new(&[], &content, &declarations, &[], now));
    let mut unknown = 0;
    for start in (0..total).step_by(BATCH) {
        let explained = explainer.explain(start..start + BATCH);
        let resources = estate.resources().iter().enumerate().skip(start);
        let batch: Vec<Knowledge> = resources
            .zip(explained)
            .map(|((at, resource), explanation)| {
                let judgement = judge.judge(resource, &explanation);
                unknown += u64::from(judgement.listed.is_some());
                Knowledge {
                    uid: resource.uid.clone(),
                    understood: judgement.understood,
                    statements: explanation.statements,
                    edges: estate.outgoing(at).to_vec(),
                    listed: judgement.listed.map(|(severity, one)| Listed { severity, ..one.into() }),
                }
            })
            .collect();
        finishing.explain(batch).await?;
    }
    row(&format!("explain all, of which {unknown} are not understood, and stage that"), begun);
    drop(explainer);
    drop(estate);

    let begun = Instant::now();
    let slowest = Arc::new(AtomicU64::new(0));
    let appending = tokio::spawn(append(store.clone(), now, Arc::clone(&slowest)));
    finishing.commit(ScanEnd::default(), now).await?;
    row("commit: resources, versions, edges, statements, list, digest, ledger entry", begun);
    // One more turn, so that an append that the commit held up is counted.
    tokio::time::sleep(Duration::from_millis(50)).await;
    appending.abort();
    let waited = Duration::from_micros(slowest.load(Ordering::Relaxed));
    println!(
        "| … the longest that another entry of the ledger waited for it | {:.1} | |",
        waited.as_secs_f64()
    );

    let begun = Instant::now();
    let mut count = 0;
    let mut rows = std::pin::pin!(store.stream_resources(&Which::all(), false));
    while let Some(chunk) = rows.next().await {
        count += chunk?.len();
    }
    row(&format!("read {count} resources back without documents"), begun);
    store.close().await?;
    Ok(())
}

/// Appends to the ledger again and again, as others do while a scan ends; keeps the longest in microseconds.
async fn append(store: Store, now: Timestamp, slowest: Arc<AtomicU64>) {
    loop {
        let draft = EntryDraft {
            kind: "benchmark.entry".to_owned(),
            actor: "benchmark".to_owned(),
            subject: "benchmark".to_owned(),
            body: serde_json::json!({}),
        };
        let begun = Instant::now();
        if store.append(vec![draft], now).await.is_err() {
            return;
        }
        slowest.fetch_max(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn sources<'a>(
    content: &'a Content,
    declarations: &'a Declarations,
    terraform: &'a TerraformIndex,
    now: Timestamp,
) -> Sources<'a> {
    Sources { content, declarations, declarations_file: "fathom.yaml", terraform, creators: None, now }
}

/// What the collector keeps in memory of what it stages.
fn keep(declarations: &Declarations, total: usize, now: Timestamp) -> EstateBuilder {
    let wanted = WantedTags::of(declarations);
    let empty = Document::from_canonical("null");
    let mut builder = EstateBuilder::new();
    for number in 0..total {
        let mut light = resource(number, now);
        light.document = empty.clone();
        light.tags.retain(|key, _| wanted.wants(key));
        if number > 0 {
            builder.refer(Reference {
                from: light.uid.clone(),
                kind: "attached_to".into(),
                to: vec!["AWS::EC2::Instance".into()],
                text: format!("i-{}", number / 2),
                path: "AttachedTo".into(),
                sure: Sure::Declared,
            });
        }
        builder.add(light, None);
    }
    builder
}

fn resource(number: usize, now: Timestamp) -> Resource {
    let id = format!("i-{number}");
    let mut tags = BTreeMap::from([("Name".to_owned(), format!("web-{number}"))]);
    if !number.is_multiple_of(3) {
        tags.insert("Owner".to_owned(), format!("team-{}", number % 40));
        tags.insert("Environment".to_owned(), "production".to_owned());
        tags.insert("Purpose".to_owned(), "serves the shop".to_owned());
    }
    let document = serde_json::json!({
        "InstanceId": id, "InstanceType": "m5.large", "State": {"Code": 16, "Name": "running"},
        "PrivateIpAddress": format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255),
        "VpcId": "vpc-0a1b2c3d", "SubnetId": format!("subnet-{}", number % 300), "Tags": tags,
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": format!("vol-{number}"), "Status": "attached"}}],
    });
    Resource {
        uid: Uid::from(format!("arn:aws:ec2:us-east-1:123456789012:instance/{id}")),
        kind: "AWS::EC2::Instance".into(),
        account: "123456789012".into(),
        region: "us-east-1".into(),
        name: tags.get("Name").cloned(),
        id,
        tags,
        created_at: Some(now),
        provider_made: false,
        exposed: number.is_multiple_of(50),
        document: Document::new(&document),
    }
}

fn row(step: &str, begun: Instant) {
    println!("| {step} | {:.1} | {} |", begun.elapsed().as_secs_f64(), peak_mib());
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
