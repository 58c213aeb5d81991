//! `fathom sql`: one question, or a prompt.

use std::{io::Read, path::Path};

use anyhow::{Context, Result, bail};
use fathom_lake::{
    Answer, Lake, Limits, SqlError,
    output::{self, Options, Summary},
};

use super::serve::vendors_of;
use crate::{
    args::{Format, Global, SqlArgs},
    render::{self, styled},
    wiring,
};

mod prompt;

/// The longest question that is read: 1 MiB.
const QUERY_BYTES_MAX: u64 = 1024 * 1024;

pub(crate) async fn run(global: &Global, args: SqlArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let content = wiring::content(global)?;
    let lake = match &args.as_of {
        Some(moment) => {
            let past = store.past(moment, wiring::now()).await?;
            if let (Some(newer), Some(at)) = (past.let_go(), past.scan().finished_at) {
                anstream::eprintln!(
                    "{}: a compaction let go of the state as of scan {}; this is that as of scan {}, which ended {at}",
                    styled(render::ATTENTION, "earlier"),
                    newer.id,
                    past.scan().id
                );
            }
            Lake::new(past, &content)?
        }
        None => Lake::new(store, &content)?,
    };
    let here = Path::new("fathom.yaml");
    let lake = lake.with_vendors(vendors_of(here.exists().then(|| here.to_owned())));
    let limits = Limits { rows_max: args.limit, ..Limits::default() };
    let Some(query) = question(args.query.as_deref())? else {
        return prompt::run(&lake, &limits, global).await;
    };
    let mut answer = lake.query(&query, limits).await.map_err(explained)?;
    let format = args
        .format
        .map(Into::into)
        .or_else(|| args.output.as_deref().and_then(by_ending))
        .unwrap_or(if global.json { output::Format::Json } else { output::Format::Table });
    let options = Options::new(format);
    let written = match &args.output {
        Some(path) => {
            let written = output::write_file(&mut answer, &options, path).await?;
            render::print(format!("{} in {}", render::count(written.rows, "row"), path.display()))?;
            written
        }
        None if format == output::Format::Parquet => bail!("Parquet is no text; name a file with --output"),
        None => show(&mut answer, &options).await?,
    };
    warn_if_cut(&written);
    Ok(())
}

/// The error, which names its place, with what would help.
fn explained(error: SqlError) -> anyhow::Error {
    match error.hint() {
        Some(hint) => anyhow::anyhow!("{error}\n  {hint}"),
        None => anyhow::Error::new(error),
    }
}

/// The question from the argument or, with `-` or when piped in, from standard input; none asks for the prompt.
fn question(argument: Option<&str>) -> Result<Option<String>> {
    use std::io::IsTerminal;
    match argument {
        Some("-") => {}
        Some(query) => return Ok(Some(query.to_owned())),
        None if std::io::stdin().is_terminal() => return Ok(None),
        None => {}
    }
    let mut query = String::new();
    std::io::stdin().take(QUERY_BYTES_MAX).read_to_string(&mut query).context("cannot read the question")?;
    if query.trim().is_empty() {
        bail!("the question is empty");
    }
    Ok(Some(query))
}

fn by_ending(path: &Path) -> Option<output::Format> {
    output::Format::parse(path.extension()?.to_str()?)
}

/// Prints an answer. A reader that went away (`| head`) is no error.
async fn show(answer: &mut Answer, options: &Options) -> Result<Summary> {
    let mut out = std::io::stdout().lock();
    match output::write(answer, options, &mut out).await {
        Err(SqlError::Write { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            Ok(output::summary(answer))
        }
        written => written.map_err(explained),
    }
}

fn warn_if_cut(written: &Summary) {
    if written.truncated {
        anstream::eprintln!(
            "{}: only the first {} are shown; --limit shows more",
            styled(render::ATTENTION, "cut"),
            render::count(written.rows, "row")
        );
    }
}

impl From<Format> for output::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Ndjson => Self::Ndjson,
            Format::Csv => Self::Csv,
            Format::Parquet => Self::Parquet,
        }
    }
}
