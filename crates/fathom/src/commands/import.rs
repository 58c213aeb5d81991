//! `fathom import aws-json` and `fathom import aws-config`: what somebody saved of a cloud, as if it were asked.

use std::{fmt::Write as _, path::Path, sync::Arc};

use anyhow::{Context, Result};
use fathom_model::{AccountId, Region};
use fathom_see::{
    Progress,
    import::{ImportReport, Importer, JsonOptions, Limits},
    progress::Phase,
};
use serde_json::json;

use crate::{
    args::{Global, ImportConfigArgs, ImportJsonArgs},
    commands::scan,
    render::{self, clean, styled},
    wiring,
};

/// Broken and unused files that are named on the screen.
const NAMED: usize = 10;

pub(crate) async fn json(global: &Global, args: ImportJsonArgs) -> Result<()> {
    // Mistakes in the command should not cost a new, empty store.
    readable(&args.from)?;
    let declared = wiring::declared(args.declarations.as_deref())?;
    let options = JsonOptions {
        account: args.account.map(AccountId::from),
        region: args.region.as_deref().map(str::trim).map(Region::new),
    };
    let importer = importer(global).await?;
    let progress = Progress::default();
    let work = Box::pin(importer.aws_json(&args.from, &options, &declared, &progress, wiring::now));
    let report = scan::shown(&progress, args.quiet || global.json, || line(&progress), work).await?;
    end(global, &importer, report?).await
}

pub(crate) async fn config(global: &Global, args: ImportConfigArgs) -> Result<()> {
    readable(&args.from)?;
    let declared = wiring::declared(args.declarations.as_deref())?;
    let importer = importer(global).await?;
    let progress = Progress::default();
    let work = Box::pin(importer.aws_config(&args.from, &declared, &progress, wiring::now));
    let report = scan::shown(&progress, args.quiet || global.json, || line(&progress), work).await?;
    end(global, &importer, report?).await
}

fn readable(path: &Path) -> Result<()> {
    std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(())
}

async fn importer(global: &Global) -> Result<Importer> {
    Ok(Importer {
        content: Arc::clone(&wiring::content(global)?),
        store: wiring::store(global).await?,
        limits: Limits::default(),
        actor: wiring::user().unwrap_or_else(|| "import".to_owned()),
    })
}

fn line(progress: &Progress) -> String {
    let now = progress.snapshot();
    match now.phase {
        Phase::SigningIn => "looking at the files".to_owned(),
        Phase::Reading => format!(
            "reading {} in {}: {}",
            render::count(now.accounts, "account"),
            render::count(now.regions, "region"),
            render::count(now.resources, "resource"),
        ),
        Phase::Sealing => "committing and sealing".to_owned(),
        Phase::Done => "done".to_owned(),
        Phase::Understanding => {
            format!("joining and explaining {}", render::count(now.resources, "resource"))
        }
    }
}

async fn end(global: &Global, importer: &Importer, report: ImportReport) -> Result<()> {
    if global.json {
        render::print_json(&json!({
            "import": report,
            "scan": report.scan.scan,
            "duplicates": report.scan.duplicates,
            "unresolved_references": report.scan.unresolved,
            "coverage": report.scan.coverage,
        }))?;
    } else {
        render::print(words(&report))?;
        scan::show(&importer.store, &report.scan).await?;
    }
    Ok(importer.store.close().await?)
}

/// The files: how many, what was worked out, what was not used and why.
fn words(report: &ImportReport) -> String {
    let mut text = format!(
        "{}, {} bytes, sha256 {}\n",
        render::count(report.files as u64, "file"),
        report.bytes,
        report.files_sha256.get(..16).unwrap_or_default()
    );
    for note in &report.notes {
        let _ = writeln!(text, "{}", clean(note));
    }
    if report.gone > 0 {
        let _ = writeln!(text, "{} gone, as the files say", render::count(report.gone as u64, "resource"));
    }
    let broken = report.problems.len() + report.more_problems;
    if broken > 0 {
        let title = format!("{} could not be used; the rest was", render::count(broken as u64, "thing"));
        let _ = writeln!(text, "{}", styled(render::ATTENTION, title));
        for problem in report.problems.iter().take(NAMED) {
            let _ = writeln!(text, "  {}: {}", clean(&problem.file), clean(&problem.message));
        }
        if broken > NAMED {
            let _ = writeln!(text, "  and {} more (--json has them)", broken - NAMED);
        }
    }
    if !report.unused.is_empty() {
        let title = format!("{} not used", render::count(report.unused.len() as u64, "file"));
        let _ = writeln!(text, "{title}: nothing is asked that they answer");
        for name in report.unused.iter().take(NAMED) {
            let _ = writeln!(text, "  {}", styled(render::QUIET, clean(name)));
        }
        if report.unused.len() > NAMED {
            let _ = writeln!(text, "  and {} more (--json has them)", report.unused.len() - NAMED);
        }
    }
    text
}
