//! `fathom scan`: look, explain, list, seal.

use std::{io::IsTerminal, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use fathom_cloud::{
    client::{Client, ClientOptions, HttpLimits, HttpTransport},
    record::{Asked, Player, Recorder},
};
use fathom_content::Content;
use fathom_model::{Region, ResourceType};
use fathom_see::{Progress, ScanError, ScanOptions, ScanReport, Scanner, progress::Phase, sources::Declared};
use fathom_store::{Store, UnknownQuery};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::{
    args::{Global, ScanArgs, ScopeArgs},
    commands::{coverage, import_trail, summary, unknown},
    render::{self, styled},
    wiring::{self, Sample},
};

/// Types that a scan names at its end, those with the most resources.
const KINDS_SHOWN: usize = 12;
/// Rows of the list that a scan shows at its end.
const LIST_ROWS: u32 = 10;

pub(crate) async fn run(global: &Global, args: ScanArgs) -> Result<()> {
    let content = wiring::content(global)?;
    check_types(&args.scope, &content)?;
    // Declarations first: a mistake in them should not cost a scan.
    let declared = if args.sample && args.scope.declarations.is_none() {
        wiring::sample_declared()?
    } else {
        wiring::declared(args.scope.declarations.as_deref())?
    };
    let is_live = !args.sample && args.replay.is_none() && args.record.is_none();
    let mut options = ScanOptions {
        label: if args.sample {
            Some(wiring::SAMPLE_LABEL.to_owned())
        } else {
            args.replay.as_deref().map(|file| format!("recording {}", file.display()))
        },
        ..options(&args.scope, is_live)?
    };
    let (client, recorder) = client(&args, &options, &content).await?;
    if is_live && !wiring::has_data(global) {
        // A first scan that cannot sign in should not leave an empty store behind.
        let asked = options.regions.first().unwrap_or(&options.home);
        client.sign_in(options.profile.as_deref(), asked).await.map_err(ScanError::SignIn)?;
    }
    let scanner = Scanner { client, content, store: wiring::store(global).await? };
    if let Some(asked) = scanner.client.recording().and_then(|recording| recording.asked.as_ref()) {
        as_recorded(&mut options, asked);
    }
    let report = Box::pin(watch(&scanner, &options, &declared, args.quiet || global.json)).await?;
    if let Some(recorder) = recorder {
        recorder.finish().context("cannot finish the recording")?;
    }
    if global.json {
        render::print_json(&json!({
            "scan": report.scan,
            "duplicates": report.duplicates,
            "unresolved_references": report.unresolved,
            "cloudtrail": report.trail,
            "coverage": report.coverage,
        }))?;
        return Ok(scanner.store.close().await?);
    }
    show(&scanner.store, &report).await?;
    Ok(scanner.store.close().await?)
}

/// Refuses types that no definition has.
pub(crate) fn check_types(scope: &ScopeArgs, content: &Content) -> Result<()> {
    for kind in &scope.types {
        if !content.resources.contains_key(kind.as_str()) {
            bail!(
                "no resource definition is called `{kind}`; `fathom sql \"select distinct type from resources\"` lists \
                 what was found, docs/resources.md lists all"
            );
        }
    }
    Ok(())
}

/// What the command line says about scope. What is played back, recorded or asked of another address has no memory of
/// CloudTrail worth asking by default.
pub(crate) fn options(scope: &ScopeArgs, is_live: bool) -> Result<ScanOptions> {
    let home = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok());
    let other = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let is_live = is_live
        && scope.endpoint_url.is_none()
        && !other("AWS_ENDPOINT_URL")
        && !other("AWS_ENDPOINT_URL_CLOUDTRAIL");
    Ok(ScanOptions {
        home: home.filter(|name| !name.is_empty()).map_or_else(|| ScanOptions::default().home, Region::from),
        profile: scope.profile.clone().filter(|profile| !profile.is_empty()),
        regions: scope.regions.iter().map(|region| Region::new(region.trim())).collect(),
        kinds: scope.types.iter().map(|kind| ResourceType::new(kind.trim())).collect(),
        organization_role: scope.organization_role.clone(),
        external_id: scope.external_id.clone(),
        accounts: scope.accounts.iter().map(|account| account.trim().into()).collect(),
        trail: import_trail::from(&scope.cloudtrail, scope.trail_days, scope.trail_pages, is_live)?,
        ..ScanOptions::default()
    })
}

/// What was asked when a recording was made, where the command line does not say otherwise.
fn as_recorded(options: &mut ScanOptions, asked: &Asked) {
    fn fill<T: Clone>(said: &mut Vec<T>, asked: &[T]) {
        if said.is_empty() {
            said.extend_from_slice(asked);
        }
    }
    fill(&mut options.regions, &asked.regions);
    fill(&mut options.kinds, &asked.types);
    fill(&mut options.accounts, &asked.accounts);
    if options.organization_role.is_none() {
        options.organization_role.clone_from(&asked.organization_role);
    }
}

/// The client that the command line asks for, and its recorder where there is one.
async fn client(
    args: &ScanArgs,
    asked: &ScanOptions,
    content: &Content,
) -> Result<(Client, Option<Arc<Recorder>>)> {
    let played = args.sample || args.replay.is_some();
    let mut options = if played {
        ClientOptions::default()
    } else {
        wiring::cloud(asked.profile.as_deref(), args.scope.endpoint_url.as_deref()).await?
    };
    limit(&mut options, &args.scope);
    let mut recorder = None;
    if args.sample {
        options.transport = Some(Arc::new(sample_player()?));
    } else if let Some(file) = &args.replay {
        options.transport = Some(Arc::new(player(file)?));
    } else if let Some(file) = &args.record {
        let limits = HttpLimits {
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            answer_bytes_max: options.answer_bytes_max,
        };
        let inner = Arc::new(HttpTransport::new(limits).context("cannot start the HTTP client")?);
        let one = Arc::new(recording(file, inner, asked, content)?);
        options.transport = Some(Arc::clone(&one) as _);
        recorder = Some(one);
    }
    Ok((Client::new(options)?, recorder))
}

/// How patiently and how widely the cloud is asked.
pub(crate) fn limit(options: &mut ClientOptions, scope: &ScopeArgs) {
    options.timeout = Duration::from_secs(scope.timeout.max(1));
    options.concurrency = scope.concurrency.max(1);
}

fn sample_player() -> Result<Player> {
    let file = Sample::get("northwind.recording.zst").context("this build has no sample recording")?;
    Player::from_bytes(&file.data).context("the sample recording does not read")
}

fn player(file: &Path) -> Result<Player> {
    let player = Player::open(file).with_context(|| format!("cannot play back {}", file.display()))?;
    if let Some(damage) = player.damage() {
        anstream::eprintln!(
            "{}: {damage}; what comes after it counts as not answered",
            styled(render::ATTENTION, "warning")
        );
    }
    Ok(player)
}

fn recording(
    file: &Path,
    inner: Arc<HttpTransport>,
    options: &ScanOptions,
    content: &Content,
) -> Result<Recorder> {
    let asked = Asked {
        regions: options.regions.clone(),
        types: options.kinds.clone(),
        organization_role: options.organization_role.clone(),
        accounts: options.accounts.clone(),
    };
    let recorder = Recorder::create(file, inner)
        .and_then(|recorder| recorder.asked(asked))
        .with_context(|| format!("cannot record to {}", file.display()))?;
    Ok(recorder.hiding(fathom_see::secrets::members(content)))
}

/// Runs a scan and shows what it is doing.
async fn watch(
    scanner: &Scanner,
    options: &ScanOptions,
    declared: &Declared,
    quiet: bool,
) -> Result<ScanReport> {
    let progress = Progress::default();
    let scan = scanner.run(options, declared, &progress, wiring::now);
    Ok(Box::pin(shown(&progress, quiet, || line(&progress, &scanner.client), scan)).await??)
}

/// Waits for work and shows what it is doing, as `line` says it; Ctrl-C gives it up.
pub(crate) async fn shown<T>(
    progress: &Progress,
    quiet: bool,
    line: impl Fn() -> String,
    work: impl Future<Output = T>,
) -> Result<T> {
    let bar = ProgressBar::no_length();
    let in_terminal = std::io::stderr().is_terminal();
    bar.set_draw_target(if quiet || !in_terminal {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    });
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(120));
    tokio::pin!(work);
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    let mut said = None;
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = tokio::signal::ctrl_c() => {
                bar.finish_and_clear();
                bail!("given up; nothing of this scan is kept, and the next one starts clean");
            }
            _ = tick.tick() => {
                let line = line();
                // Without a terminal, one line a phase is enough to see that it lives.
                let phase = progress.snapshot().phase;
                if !quiet && !in_terminal && said != Some(phase) {
                    eprintln!("{line}");
                    said = Some(phase);
                }
                bar.set_message(line);
            }
        }
    };
    bar.finish_and_clear();
    Ok(done)
}

fn line(progress: &Progress, client: &Client) -> String {
    let now = progress.snapshot();
    let counters = client.counters();
    match now.phase {
        Phase::SigningIn => "signing in, finding accounts and regions".to_owned(),
        Phase::Reading => format!(
            "reading {} in {}: {}/{} listings, {}; {} ({} throttled, {} not answered)",
            render::count(now.accounts, "account"),
            render::count(now.regions, "region"),
            now.done,
            now.planned,
            render::count(now.resources, "resource"),
            render::count(counters.calls, "call"),
            counters.throttles,
            now.unanswered,
        ),
        Phase::Understanding => {
            format!("joining and explaining {}", render::count(now.resources, "resource"))
        }
        Phase::Sealing => "committing and sealing".to_owned(),
        Phase::Done => "done".to_owned(),
    }
}

/// What a person can act on: what could not be seen, what was found, what is unexplained; in this order.
pub(crate) async fn show(store: &Store, report: &ScanReport) -> Result<()> {
    let scan = &report.scan;
    let seconds = scan
        .finished_at
        .map_or(0.0, |end| (end.as_millisecond() - scan.started_at.as_millisecond()) as f64 / 1000.0);
    render::print(format!(
        "scan {} of {}: accounts {}, regions {}; {seconds:.1} s",
        scan.id,
        render::clean(&scan.scope),
        render::clean_lines(&scan.accounts.join(", ")),
        render::clean_lines(&scan.regions.join(", "))
    ))?;
    render::print(format!("\n{}", styled(render::STRONG, "What was seen")))?;
    render::print(coverage::totals(&report.coverage))?;
    render::print(coverage::unknown_by_reason(&report.coverage))?;
    if let Some(trail) = &report.trail {
        render::print(import_trail::words(trail))?;
    }

    render::print(format!("\n{}", styled(render::STRONG, "What was found")))?;
    render::print(summary::figure(scan.understood, scan.resources))?;
    let mut kinds: Vec<_> = report.kinds.iter().collect();
    kinds.sort_by_key(|(kind, (total, _))| (std::cmp::Reverse(*total), (*kind).clone()));
    let mut words: Vec<String> = kinds
        .iter()
        .take(KINDS_SHOWN)
        .map(|(kind, (total, _))| format!("{total} {}", unknown::kind(kind.as_str())))
        .collect();
    if kinds.len() > KINDS_SHOWN {
        words.push(format!("and {} more types (fathom summary)", kinds.len() - KINDS_SHOWN));
    }
    render::print(styled(render::QUIET, words.join(", ")))?;
    if report.duplicates > 0 {
        render::print(format!(
            "{} came with an id that was there already; the first description of each was kept",
            render::count(report.duplicates as u64, "resource")
        ))?;
    }
    if report.unresolved > 0 {
        render::print(format!(
            "{} nothing we have seen: fathom sql \"select * from edges where not resolved\"",
            if report.unresolved == 1 {
                "1 reference leads to".to_owned()
            } else {
                format!("{} references lead to", report.unresolved)
            },
        ))?;
    }

    let query = UnknownQuery { limit: LIST_ROWS, ..UnknownQuery::default() };
    let listed = store.unknowns(&query, wiring::now()).await?.rows;
    if !listed.is_empty() {
        render::print(format!("\n{}", styled(render::STRONG, "What nobody can explain, worst first")))?;
        render::print(unknown::rows(&listed))?;
    }
    let ledger = store.ledger_status().await?;
    render::print(styled(
        render::QUIET,
        format!(
            "\nsealed as entry {} of the ledger. Next: fathom unknown, fathom explain <id>, fathom sql",
            ledger.size.saturating_sub(1)
        ),
    ))
}
