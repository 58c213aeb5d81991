//! How long an estate of 1,000,000 resources takes to keep, to load and to understand, and how much memory.
//! `cargo xtask bench estate` runs it; it prints its own table. An argument sets another number of resources.

use std::{collections::BTreeMap, error::Error, time::Instant};

use fathom_content::{Content, Declarations};
use fathom_estate::{EstateBuilder, Reference, Sources, TerraformIndex, explain, understand};
use fathom_model::{Document, Resource, Timestamp, Uid};
use fathom_store::{ScanResults, Store};
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
    store.finish_scan(scan, ScanResults::default(), now).await?;
    row("finish the scan: versions, digest, ledger entry", begun);

    let begun = Instant::now();
    let mut builder = EstateBuilder::new();
    let mut rows = std::pin::pin!(store.stream_resources(None, false));
    while let Some(chunk) = rows.next().await {
        for stored in chunk? {
            let number: usize = stored.resource.id.trim_start_matches("i-").parse().unwrap_or_default();
            if number > 0 {
                builder.refer(Reference {
                    from: stored.resource.uid.clone(),
                    kind: "attached_to".into(),
                    to: vec!["AWS::EC2::Instance".into()],
                    text: format!("i-{}", number / 2),
                });
            }
            builder.add(stored.resource, None);
        }
    }
    row("read them into the estate", begun);

    let begun = Instant::now();
    let estate = builder.build();
    row(&format!("join {} references", estate.edges().len()), begun);

    let begun = Instant::now();
    let content = Content::embedded()?;
    let (declarations, terraform) = (Declarations::default(), TerraformIndex::default());
    let sources = Sources {
        content: &content,
        declarations: &declarations,
        declarations_file: "fathom.yaml",
        terraform: &terraform,
        now,
    };
    let explained = explain(&estate, &sources);
    let verdict = understand(&estate, &explained, &[], &content, &declarations, &[], now);
    row(&format!("explain, and list {} unknown", verdict.unknowns.len()), begun);
    store.close().await?;
    Ok(())
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
