//! `fathom sql`: one question, or a prompt.

use std::{fs::File, io::Read, path::Path};

use anyhow::{Context, Result, bail};
use fathom_lake::{Answer, Lake, Limits, output};

use crate::{
    args::{Format, Global, SqlArgs},
    render::{self, styled},
    wiring,
};

mod prompt;

/// The longest question that is read: 1 MiB.
const QUERY_BYTES_MAX: u64 = 1024 * 1024;
/// The widest cell of a table.
const CELL_CHARS_MAX: usize = 60;

pub(crate) async fn run(global: &Global, args: SqlArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let content = wiring::content(global)?;
    let lake = Lake::new(store, &content);
    let limits = Limits { rows_max: args.limit, ..Limits::default() };
    let Some(query) = question(args.query.as_deref())? else {
        return prompt::run(&lake, &limits, global).await;
    };
    let answer = lake.query(&query, &limits).await?;
    let format = args
        .format
        .or_else(|| args.output.as_deref().and_then(by_ending))
        .unwrap_or(if global.json { Format::Json } else { Format::Table });
    match &args.output {
        Some(path) => {
            let mut file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            write(&answer, format, &mut file).with_context(|| format!("cannot write {}", path.display()))?;
            render::print(format!("{} in {}", render::count(answer.rows() as u64, "row"), path.display()))?;
        }
        None if format == Format::Parquet => bail!("Parquet is no text; name a file with --output"),
        None => show(&answer, format)?,
    }
    warn_if_cut(&answer, args.limit);
    Ok(())
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

fn by_ending(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "json" => Some(Format::Json),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "csv" => Some(Format::Csv),
        "parquet" => Some(Format::Parquet),
        _ => None,
    }
}

fn write(answer: &Answer, format: Format, to: &mut (impl std::io::Write + Send)) -> Result<()> {
    match format {
        Format::Table => writeln!(to, "{}", output::table(answer, CELL_CHARS_MAX))?,
        Format::Json => output::json(answer, to)?,
        Format::Ndjson => output::ndjson(answer, to)?,
        Format::Csv => output::csv(answer, to, output::Formulas::Disarm)?,
        Format::Parquet => output::parquet(answer, to)?,
    }
    Ok(())
}

/// Prints an answer. A reader that went away (`| head`) is no error.
fn show(answer: &Answer, format: Format) -> Result<()> {
    if format == Format::Table {
        return render::print(output::table(answer, CELL_CHARS_MAX).trim_end());
    }
    let mut text = Vec::new();
    write(answer, format, &mut text)?;
    render::print(String::from_utf8_lossy(&text).trim_end())
}

fn warn_if_cut(answer: &Answer, limit: usize) {
    if answer.truncated {
        anstream::eprintln!(
            "{}: only the first {limit} rows are shown; --limit shows more",
            styled(render::ATTENTION, "cut")
        );
    }
}
