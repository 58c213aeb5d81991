//! `fathom import cloudtrail`: who made and changed what, from log files or a bucket.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use anyhow::{Context, Result, bail};
use fathom_cloud::client::Client;
use fathom_model::Region;
use fathom_see::{
    tally::Tally,
    trail::{Reader, TrailFrom, TrailReport, bucket, files, lookup::DAYS_MAX},
};

use crate::{
    args::{Global, ImportTrailArgs},
    render::{self, clean, styled},
    wiring,
};

/// Broken files and records, and events without a resource, that are named on the screen.
const NAMED: usize = 8;

pub(crate) async fn run(global: &Global, args: ImportTrailArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let (buckets, paths): (Vec<&String>, Vec<&String>) =
        args.from.iter().partition(|from| from.starts_with("s3://"));
    let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    // A mistyped path should not cost a new, empty store.
    for path in &paths {
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let store = wiring::store(global).await?;
    let mut reader = Reader::new(Arc::clone(&content), store.clone(), &args.from.join(", "));
    files::read(&mut reader, &paths, &wiring::now).await?;
    let tally = Tally::default();
    if !buckets.is_empty() {
        let profile = args.profile.as_deref().filter(|name| !name.is_empty());
        let client = Client::new(wiring::cloud(profile, None).await?)?;
        let home = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok());
        let home =
            home.filter(|name| !name.is_empty()).map_or_else(|| Region::new("us-east-1"), Region::from);
        let account = client.sign_in(profile, &home).await?;
        for from in buckets {
            let TrailFrom::Bucket { bucket: name, prefix, days } = bucket_of(from, args.trail_days)? else {
                continue;
            };
            let place = bucket::Bucket { account: &account, region: &home, name: &name, prefix: &prefix };
            bucket::read(&mut reader, &client, &tally, &store, &place, days, &wiring::now).await?;
        }
    }
    let report = reader.finish(wiring::now()).await?;
    store.close().await?;
    let nothing = report.files == 0 && report.known_files == 0;
    if global.json {
        render::print_json(&report)?;
    } else {
        render::print(words(&report))?;
        render::print(styled(
            render::QUIET,
            "\nNext: fathom activity <id>; creators count in explanations from the next scan on.",
        ))?;
    }
    if nothing {
        bail!("no log was read; name files or folders of CloudTrail logs, or s3://bucket/prefix");
    }
    Ok(())
}

/// What `--cloudtrail` says.
pub(crate) fn from(text: &str, days: u32, pages: u32, is_live: bool) -> Result<TrailFrom> {
    let lookup = || {
        TrailFrom::Lookup(fathom_see::trail::LookupLimits { days: days.min(DAYS_MAX), pages: pages.max(1) })
    };
    Ok(match text {
        "lookup" => lookup(),
        "auto" if is_live => lookup(),
        "off" | "auto" => TrailFrom::Off,
        text if text.starts_with("s3://") => bucket_of(text, days)?,
        path => {
            std::fs::metadata(path).with_context(|| {
                format!("--cloudtrail `{path}` is not auto, off, lookup or s3://bucket/prefix, and no such path is there")
            })?;
            TrailFrom::Files(vec![PathBuf::from(path)])
        }
    })
}

fn bucket_of(text: &str, days: u32) -> Result<TrailFrom> {
    let rest = text.strip_prefix("s3://").unwrap_or(text);
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        bail!("`{text}` names no bucket; write s3://bucket or s3://bucket/prefix");
    }
    Ok(TrailFrom::Bucket { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned(), days })
}

/// What an import came to, for people.
pub(crate) fn words(report: &TrailReport) -> String {
    let mut lines = vec![format!(
        "CloudTrail: {} from {} ({}), {} of resources: {} described, {} inferred",
        render::count(report.events, "event"),
        render::count(report.files, "file"),
        clean(&report.source),
        render::count(report.changes, "change"),
        report.described,
        report.inferred,
    )];
    let mut more = Vec::new();
    if report.sessions > 0 {
        more.push(format!("who took a role is known of {}", render::count(report.sessions, "session")));
    }
    for (number, what) in [
        (report.duplicates, "events came more than once and count once"),
        (report.skipped_files, "files are no logs"),
        (report.known_files, "objects were read before"),
    ] {
        if number > 0 {
            more.push(format!("{number} {what}"));
        }
    }
    if !more.is_empty() {
        lines.push(styled(render::QUIET, more.join("; ")));
    }
    for cut in report.cut_short.iter().take(NAMED) {
        lines.push(format!("{} {}", styled(render::ATTENTION, "cut short:"), clean(cut)));
    }
    if report.cut_short.len() > NAMED {
        lines.push(format!("and {} more places were cut short", report.cut_short.len() - NAMED));
    }
    if report.broken > 0 {
        lines.push(format!(
            "{} could not be read and were skipped:",
            styled(render::BAD, render::count(report.broken, "record or file"))
        ));
        for broken in report.broken_named.iter().take(NAMED) {
            lines.push(format!("  {}: {}", clean(&broken.place), clean(&broken.why)));
        }
    }
    if !report.without_resource.is_empty() {
        lines.push(styled(render::QUIET, format!("name no resource: {}", most(&report.without_resource))));
    }
    lines.join("\n")
}

/// The most frequent, with their numbers.
fn most(counts: &BTreeMap<String, u64>) -> String {
    let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let mut words: Vec<String> =
        sorted.iter().take(NAMED).map(|(name, count)| format!("{} {count}", clean(name))).collect();
    if sorted.len() > NAMED {
        words.push(format!("and {} more", sorted.len() - NAMED));
    }
    words.join(", ")
}
