//! How many entries the ledger takes: every append is on disk, in the tree and under a signed checkpoint before it is
//! acknowledged. `cargo xtask bench ledger` runs it; it prints its own table.

use std::{error::Error, time::Instant};

use fathom_model::Timestamp;
use fathom_store::{EntryDraft, Store};

/// Appends of each writer; fewer where one writer waits for the disk each time.
const RUNS: [(usize, usize); 3] = [(1, 500), (16, 500), (128, 500)];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("| writers | entries | entries/s | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |");
    for (writers, each) in RUNS {
        let directory = tempfile::tempdir()?;
        let now = Timestamp::from_second(1_800_000_000)?;
        let store = Store::open(directory.path(), "bench.local/ledger", now).await?;
        let begun = Instant::now();
        let tasks: Vec<_> = (0..writers)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut waits = Vec::with_capacity(each);
                    for number in 0..each {
                        let draft = EntryDraft {
                            kind: "bench.entry".to_owned(),
                            actor: format!("writer {writer}"),
                            subject: format!("entry {number}"),
                            body: serde_json::json!({ "text": "x".repeat(400) }),
                        };
                        let asked = Instant::now();
                        store.append(vec![draft], now).await?;
                        waits.push(asked.elapsed().as_secs_f64() * 1000.0);
                    }
                    Ok::<_, fathom_store::StoreError>(waits)
                })
            })
            .collect();
        let mut waits = Vec::new();
        for task in tasks {
            waits.extend(task.await??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        waits.sort_by(f64::total_cmp);
        let at = |share: f64| waits.get((waits.len() as f64 * share) as usize).copied().unwrap_or_default();
        println!(
            "| {writers} | {} | {:.0} | {:.1} | {:.1} |",
            waits.len(),
            waits.len() as f64 / seconds,
            at(0.5),
            at(0.99)
        );
        store.close().await?;
    }
    Ok(())
}
