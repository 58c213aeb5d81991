//! `fathom serve`: the HTTP API, scans by schedule, refreshes by events.

use std::{io::IsTerminal, sync::Arc};

use anyhow::{Context, Result};
use fathom_api::{ApiState, ScanRunner, ScheduleStatus, ServeOptions, Server, StartScan};
use fathom_cloud::client::Client;
use fathom_content::{Declarations, Vendors};
use fathom_lake::Lake;
use fathom_see::{
    Scanner,
    refresh::{EventSource, EventsStatus, Refresher, pending::Pace},
};
use tokio::sync::watch;

use crate::{
    args::{Global, ServeArgs},
    commands::scan,
    continuous::Schedule,
    render::{self, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: ServeArgs) -> Result<()> {
    let token_file = global.data.join("api.token");
    // The store first: its directory is where the token goes.
    let store = wiring::store(global).await?;
    let content = wiring::content(global)?;
    scan::check_types(&args.scope, &content)?;
    let here = std::path::Path::new("fathom.yaml");
    let declarations = args.scope.declarations.clone().or_else(|| here.exists().then(|| here.to_owned()));
    if let Some(file) = &declarations {
        // A mistake in it should show now, not at the first scan.
        wiring::declared(Some(file))?;
    }
    if let Some(EventSource::Folder(folder)) = &args.events {
        std::fs::read_dir(folder)
            .with_context(|| format!("cannot read {}, the folder of --events", folder.display()))?;
    }
    let options = scan::options(&args.scope, true)?;
    let mut cloud = wiring::cloud(options.profile.as_deref(), args.scope.endpoint_url.as_deref()).await?;
    scan::limit(&mut cloud, &args.scope);
    let scanner =
        Scanner { client: Client::new(cloud)?, content: Arc::clone(&content), store: store.clone() };
    let lake = Lake::new(store.clone(), &content)?.with_vendors(vendors_of(declarations.clone()));
    let runner = ScanRunner::new(scanner.clone(), options.clone(), declarations.clone(), wiring::now);
    let runner = Arc::new(runner);
    let mut state = ApiState::new(store.clone(), lake, Arc::clone(&content), wiring::now)
        .with_content_directory(global.content.clone())
        .with_code(Arc::new(wiring::Code { file: declarations.clone() }))
        .with_vendors(vendors_of(declarations.clone()))
        .with_scanner(Arc::clone(&runner) as Arc<dyn StartScan>);
    let schedule = match (args.every, options.asked()) {
        (Some(every), Some(asked)) => {
            let (sender, status) = watch::channel(ScheduleStatus::default());
            state = state.with_schedule(status);
            Some((Schedule { runner, store: store.clone(), asked, every }, sender))
        }
        _ => None,
    };
    let events = args.events.map(|source| {
        let (sender, status) = watch::channel(EventsStatus::default());
        (Refresher { scanner, options, declarations, source, pace: Pace::default() }, sender, status)
    });
    if let Some((.., status)) = &events {
        state = state.with_events(status.clone());
    }
    // Before anybody is told where it answers: from then on it may be told to end.
    let interrupted = told_to_end();
    let server = Server::bind(ServeOptions {
        listen: args.listen,
        tls: args.tls_cert.zip(args.tls_key),
        token_file: token_file.clone(),
        allowed_hosts: args.allowed_hosts,
        behind_proxy: args.behind_proxy,
        signin: args.signin.or_else(|| Some(global.data.join("signin.yaml")).filter(|file| file.exists())),
        environment: wiring::environment().collect(),
    })
    .await?;
    render::print(format!("Fathom answers on {}", styled(render::STRONG, server.url())))?;
    if std::io::stdout().is_terminal() {
        // For the eyes of whoever started it, and only for them: the fragment stays in the browser.
        let token = std::fs::read_to_string(&token_file).unwrap_or_default();
        // Passkeys belong to names, not to addresses in figures.
        let page = server.url().replace("://127.0.0.1:", "://localhost:");
        render::print(format!("open {page}/#token={} in a browser", token.trim()))?;
    }
    render::print(styled(
        render::QUIET,
        format!(
            "curl -H \"Authorization: Bearer $(cat {})\" {}{}/summary\nCtrl-C ends it.",
            token_file.display(),
            server.url(),
            fathom_api::BASE
        ),
    ))?;
    let warming = store.clone();
    tokio::spawn(async move {
        // Who asks first tries again, and is told.
        if let Err(error) = warming.warm().await {
            tracing::warn!(%error, "the columns of the estate were not read");
        }
    });
    let scanning = tokio::spawn(async move {
        if let Some((schedule, status)) = schedule {
            schedule.run(&status).await;
        }
    });
    let refreshing = tokio::spawn(async move {
        if let Some((refresher, status, _)) = events {
            refresher.run(&status, wiring::now, std::future::pending()).await;
        }
    });
    let ended = server.run(state, interrupted).await.context("the server ended");
    // What they have under way was not committed; it comes again at the next start.
    for task in [scanning, refreshing] {
        task.abort();
        // Its end is that it was told to end.
        let _ = task.await;
    }
    ended?;
    Ok(store.close().await?)
}

/// Ends with Ctrl-C, and with what service managers and containers end a process with; listens from the call on.
#[cfg(unix)]
fn told_to_end() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        let [interrupt, terminate] = signals.map(|signal| async move {
            match signal {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                // Where signals cannot be waited for, the server runs until it is ended.
                Err(_) => std::future::pending().await,
            }
        });
        tokio::select! {
            () = interrupt => (),
            () = terminate => (),
        }
    }
}

#[cfg(not(unix))]
async fn told_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Whose accounts outside are, as the declarations have it when somebody asks.
pub(super) fn vendors_of(
    file: Option<std::path::PathBuf>,
) -> impl Fn() -> std::result::Result<Vendors, String> {
    move || match &file {
        None => Ok(Vendors::default()),
        Some(file) => Declarations::read(file).map(|read| read.vendors()).map_err(|error| error.to_string()),
    }
}
