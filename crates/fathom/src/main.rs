//! The binary: command line, configuration, wiring.
//!
//! Each command is one file in `commands/`. They parse nothing and decide nothing that an engine could: they wire
//! stores and engines together and print what comes back.

mod args;
mod commands;
mod continuous;
mod render;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use fathom_weakness::Format;

use args::{Cli, Color, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A gate that does not hold.
const GATE_CODE: u8 = 3;
/// A question whose answer is not known.
const UNDECIDED_CODE: u8 = 4;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    tracing_subscriber::fmt()
        .with_env_filter(
            // What the credential chain warns of comes again in the error, with what to do.
            tracing_subscriber::EnvFilter::try_from_env("FATHOM_LOG")
                .unwrap_or_else(|_| "warn,aws_config=error".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    // One crypto provider for the process; a second call would only say that it is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("cannot start the runtime")),
    };
    match runtime.block_on(run(cli)) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::GateClosed) => ExitCode::from(GATE_CODE),
        Ok(Ending::Undecided) => ExitCode::from(UNDECIDED_CODE),
        Err(error) => fail(&error),
    }
}

/// How a command ended when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Done,
    GateClosed,
    Undecided,
}

async fn run(cli: Cli) -> anyhow::Result<Ending> {
    let global = cli.global;
    match cli.command {
        Command::Scan(args) => commands::scan::run(&global, args).await?,
        Command::Explain(args) => commands::explain::run(&global, args).await?,
        Command::Activity(args) => commands::activity::run(&global, args).await?,
        Command::Unknown(args) => commands::unknown::run(&global, args).await?,
        Command::Coverage(args) => commands::coverage::run(&global, args).await?,
        Command::Summary(args) => commands::summary::run(&global, args).await?,
        Command::Gate(args) => return commands::gate::run(&global, args).await,
        Command::Accept(args) => commands::accept::run(&global, args).await?,
        Command::Assign(command) => commands::assign::run(&global, command).await?,
        Command::Compact(args) => commands::compact::run(&global, args).await?,
        Command::Baseline(command) => return commands::baseline::run(&global, command).await,
        Command::Drift(args) => return commands::drift::run(&global, args).await,
        Command::Scans(args) => commands::scans::run(&global, args).await?,
        Command::History(args) => commands::history::run(&global, args).await?,
        Command::Diff(args) => return commands::diff::run(&global, args).await,
        Command::AsOf(args) => commands::as_of::run(&global, args).await?,
        Command::Sql(args) => commands::sql::run(&global, args).await?,
        Command::Import(args::ImportCommand::Cloudtrail(args)) => {
            commands::import_trail::run(&global, args).await?;
        }
        Command::Import(args::ImportCommand::AwsJson(args)) => commands::import::json(&global, args).await?,
        Command::Import(args::ImportCommand::AwsConfig(args)) => {
            commands::import::config(&global, args).await?;
        }
        Command::Import(args::ImportCommand::Sarif(args)) => {
            commands::import_weaknesses::reports(&global, args, Format::Sarif).await?;
        }
        Command::Import(args::ImportCommand::Cyclonedx(args)) => {
            commands::import_weaknesses::reports(&global, args, Format::CycloneDx).await?;
        }
        Command::Import(args::ImportCommand::Kev(args)) => {
            commands::import_weaknesses::kev(&global, args).await?;
        }
        Command::Import(args::ImportCommand::Epss(args)) => {
            commands::import_weaknesses::epss(&global, args).await?;
        }
        Command::Import(args::ImportCommand::FlowLogs(args)) => {
            commands::import_flows::run(&global, args).await?;
        }
        Command::WhoCan(args) => commands::who_can::run(&global, args).await?,
        Command::WhatCan(args) => commands::what_can::run(&global, args).await?,
        Command::WhatOn(args) => commands::what_on::run(&global, args).await?,
        Command::WhatIf(args) => return commands::what_if::run(&global, args).await,
        Command::Escalate(args) => commands::escalate::run(&global, args).await?,
        Command::Paths(args) => commands::paths::run(&global, args).await?,
        Command::BlastRadius(args) => commands::blast::run(&global, args).await?,
        Command::Outage(args) => commands::outage::run(&global, args).await?,
        Command::Reach(args) => commands::reach::reach(&global, args).await?,
        Command::Exposed(args) => commands::exposed::run(&global, args).await?,
        Command::Unauthenticated(args) => commands::unauthenticated::run(&global, args).await?,
        Command::WebFirewall(args) => return commands::web_firewall::run(&global, args).await,
        Command::Vulnerabilities(args) => commands::vulnerabilities::run(&global, args).await?,
        Command::Frameworks(args) => commands::frameworks::run(&global, &args).await?,
        Command::Protection(args) => commands::protection::run(&global, &args).await?,
        Command::Check(args) => return commands::check::run(&global, args).await,
        Command::Findings(args) => commands::findings::run(&global, args).await?,
        Command::Fix(args) => commands::fix::run(&global, args).await?,
        Command::Content(command) => return commands::check::content(&global, &command),
        Command::Net(args::NetCommand::Trace(args)) => commands::reach::trace(&global, args).await?,
        Command::Public(args) => {
            commands::openings::run(&global, args, &commands::openings::PUBLIC).await?;
        }
        Command::External(args) => {
            commands::openings::run(&global, args, &commands::openings::EXTERNAL).await?;
        }
        Command::CrossAccount(args) => {
            commands::openings::run(&global, args, &commands::openings::CROSS_ACCOUNT).await?;
        }
        Command::Keys(args) => commands::keys::run(&global, args).await?,
        Command::Secrets(args) => commands::secrets::run(&global, args).await?,
        Command::Unused(args) => commands::unused::run(&global, args).await?,
        Command::LeastPrivilege(args) => commands::least_privilege::run(&global, args).await?,
        Command::Iam(command) => return commands::iam::run(&global, &command).await,
        Command::Serve(args) => commands::serve::run(&global, args).await?,
        Command::People(command) => commands::people::run(&global, command).await?,
        Command::Ledger(command) => commands::ledger::run(&global, command).await?,
        Command::Permissions(args) => commands::permissions::run(&global, &args)?,
        Command::Openapi => render::print_json(&fathom_api::openapi())?,
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            // Into memory first: whoever reads the beginning only closes the pipe.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "fathom", &mut script);
            render::print(String::from_utf8(script)?.trim_end())?;
        }
    }
    Ok(Ending::Done)
}

/// The whole chain of causes, once, on standard error.
fn fail(error: &anyhow::Error) -> ExitCode {
    let mut text = error.to_string();
    let mut last = text.clone();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Layers may repeat their cause's words.
        if !last.ends_with(&cause) {
            text.push_str("\n  because: ");
            text.push_str(&cause);
        }
        last = cause;
    }
    // Services and files may have had a word in it.
    anstream::eprintln!("{}: {}", render::styled(render::BAD, "error"), render::clean_lines(&text));
    ExitCode::FAILURE
}
