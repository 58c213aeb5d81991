//! How long it takes to derive how an intruder would walk over an estate that was scanned, and what comes of it. It prints its own table.
//!
//! Argument: the data directory of the scans (`.fathom`).

use std::{
    collections::BTreeMap,
    error::Error,
    path::PathBuf,
    time::{Duration, Instant},
};

use fathom_intrude::{Ground, Query, Walk};
use fathom_model::Timestamp;
use fathom_store::Store;

fn tell(what: &str, time: Duration) {
    println!("{what:<58} {:>10.1} ms", time.as_secs_f64() * 1000.0);
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    tell(what, begun.elapsed());
    done
}

/// The most memory that this process had, as Linux tells; none elsewhere.
fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|rest| rest.trim().to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from(".fathom"), PathBuf::from);
    let now = Timestamp::now();
    let store = Store::open_reader(&folder).await?;
    let begun = Instant::now();
    let ground = Ground::load(&store, now).await?;
    tell("the estate is read", begun.elapsed());
    let walk = timed("nodes and steps are derived", || Walk::of(&ground))?;
    println!("  {:?} nodes and steps, {:?} beginnings and jewels", walk.count(), walk.ends());
    for (rule, count) in walk.by_rule() {
        println!("  {count:>9} {rule}");
    }
    let found = timed("stories without edits", || walk.paths(&Query { plain: true, ..Query::default() }))?;
    println!("  {} stories, {} of {} jewels come by", found.stories.len(), found.reached, found.jewels);
    let query = Query { edits: 10, ..Query::default() };
    let found = timed("stories with ten edits", || walk.paths(&query))?;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for story in &found.stories {
        let steps: Vec<&str> = story.steps.iter().map(|step| step.rule.as_str()).collect();
        let told = format!("{:?} {:?} {:?}: {}", story.decision, story.entry, story.jewel, steps.join(" > "));
        *kinds.entry(told).or_default() += 1;
    }
    for (told, count) in kinds.iter().take(60) {
        println!("  {count:>4} {told}");
    }
    for story in found.stories.iter().take(10) {
        println!("  {} to {}, with {}: {:?}", story.from[0].id, story.to.id, story.with_it.len(), story.edit);
    }
    let first = timed("what to fix first", || walk.fix_first(&Query::default()))?;
    println!(
        "  {} passed, {} steps, cut {} at {} (at least {}), {} open",
        first.passed.len(),
        first.steps.len(),
        first.cut.len(),
        first.cost,
        first.at_least,
        first.open.len()
    );
    println!("memory: {}", memory().unwrap_or_else(|| "not told here".to_owned()));
    Ok(())
}
