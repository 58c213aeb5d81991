//! `fathom import sarif`, `cyclonedx`, `kev` and `epss`: what scanners found in software, and what is known of exploitation.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context, Result, bail};
use fathom_model::Uid;
use fathom_see::import::{Limits, LoadedFeed, Problem, WeaknessImport, WeaknessImporter};
use fathom_store::{Put, Store};
use fathom_weakness::Format;

use crate::{
    args::{Global, ImportFeedArgs, ImportReportArgs},
    commands::unknown::day,
    render::{self, clean, styled},
    wiring,
};

/// Broken entries that are named on the screen.
const NAMED: usize = 10;

pub(crate) async fn reports(global: &Global, args: ImportReportArgs, format: Format) -> Result<()> {
    for path in &args.from {
        readable(path)?;
    }
    let importer = importer(global).await?;
    let about = match &args.about {
        Some(text) => Some(thing(&importer.store, text).await?),
        None => None,
    };
    let import = importer.reports(format, &args.from, about.as_ref(), wiring::now).await?;
    importer.store.close().await?;
    if global.json {
        render::print_json(&import)?;
    } else {
        render::print(words(&import))?;
    }
    if import.reports.is_empty() {
        bail!("nothing was imported");
    }
    Ok(())
}

pub(crate) async fn kev(global: &Global, args: ImportFeedArgs) -> Result<()> {
    readable(&args.from)?;
    let importer = importer(global).await?;
    let loaded = importer.kev(&args.from, wiring::now()).await?;
    end(global, &importer, &loaded).await
}

pub(crate) async fn epss(global: &Global, args: ImportFeedArgs) -> Result<()> {
    readable(&args.from)?;
    let importer = importer(global).await?;
    let loaded = importer.epss(&args.from, wiring::now()).await?;
    end(global, &importer, &loaded).await
}

/// A mistyped path should not cost a new, empty store.
pub(super) fn readable(path: &Path) -> Result<()> {
    std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(())
}

async fn importer(global: &Global) -> Result<WeaknessImporter> {
    Ok(WeaknessImporter {
        store: wiring::store(global).await?,
        limits: Limits::default(),
        actor: wiring::user().unwrap_or_else(|| "import".to_owned()),
    })
}

async fn thing(store: &Store, text: &str) -> Result<Uid> {
    Ok(wiring::one_resource(store, text).await?.resource.uid)
}

async fn end(global: &Global, importer: &WeaknessImporter, loaded: &LoadedFeed) -> Result<()> {
    importer.store.close().await?;
    if global.json {
        return render::print_json(loaded);
    }
    let feed = &loaded.feed;
    let released =
        feed.released_at.map_or_else(|| "of an unknown day".to_owned(), |at| format!("of {}", day(at)));
    let mut text = format!(
        "{} {} {released}: {}{}",
        feed.feed.to_uppercase(),
        clean(&feed.version),
        render::count(feed.entries, "CVE"),
        became(loaded.put)
    );
    problems(&mut text, &loaded.problems, loaded.more_problems);
    render::print(text)
}

/// What became of it, to be put after what it is.
fn became(put: Put) -> &'static str {
    match put {
        Put::New => "",
        Put::Replaced => "; it replaces the one before",
        Put::Same => "; it was there already",
        Put::Older => "; a newer one is there and stays",
    }
}

fn words(import: &WeaknessImport) -> String {
    let mut text = format!(
        "{} read: {}",
        render::count(import.files as u64, "file"),
        render::count(import.reports.len() as u64, "report")
    );
    if import.skipped > 0 {
        let _ = write!(text, "; {} with other names left out", render::count(import.skipped as u64, "file"));
    }
    for report in &import.reports {
        let about = match (report.about.as_slice(), report.called.as_str()) {
            ([], "") => {
                styled(render::ATTENTION, "which does not say what it is about; import it with --about")
            }
            ([], called) => {
                let told = format!(
                    "about {}, which names no image by digest; import it with --about",
                    clean(called)
                );
                styled(render::ATTENTION, told)
            }
            (names, _) => format!("about {}", clean(&names.join(", "))),
        };
        let _ = write!(
            text,
            "\n  {}: {} by {}, {about}{}",
            clean(&report.file),
            render::count(report.findings as u64, "finding"),
            clean(&report.tool),
            became(report.put)
        );
    }
    problems(&mut text, &import.problems, import.more_problems);
    text
}

/// Adds what could not be used.
pub(super) fn problems(text: &mut String, named: &[Problem], more: usize) {
    let all = named.len() + more;
    if all == 0 {
        return;
    }
    let title = format!("{} could not be used; the rest was", render::count(all as u64, "thing"));
    let _ = write!(text, "\n{}", styled(render::ATTENTION, title));
    for problem in named.iter().take(NAMED) {
        let _ = write!(text, "\n  {}: {}", clean(&problem.file), clean(&problem.message));
    }
    if all > NAMED {
        let _ = write!(text, "\n  and {} more (--json has them)", all - NAMED);
    }
}
