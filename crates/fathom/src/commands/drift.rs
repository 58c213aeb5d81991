//! `fathom drift`: what code declares against what the last scan saw.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use fathom_estate::drift::{AttributeDrift, Report, Row, Verdict};
use fathom_see::sources::{CodeFiles, SourceError};
use serde_json::{Value, json};

use crate::{
    Ending,
    args::{DriftArgs, Global},
    commands::unknown::kind,
    render::{self, clean, styled},
    wiring,
};

/// Types that are shown with what was not compared.
const TYPES_SHOWN: usize = 20;
/// The longest declared or actual value on a line, in characters.
const VALUE_CHARS_MAX: usize = 120;

pub(crate) async fn run(global: &Global, args: DriftArgs) -> Result<Ending> {
    let store = wiring::reader(global).await?;
    if store.latest_scan().await?.is_none() {
        bail!("no scan has ended yet, so there is nothing to compare with; run `fathom scan`");
    }
    let (declared, problems) = if args.sample {
        (wiring::sample_declared()?, Vec::new())
    } else {
        let mut terraform = args.terraform_state.clone();
        terraform.extend(args.terraform_plan.iter().cloned());
        let more = CodeFiles { terraform, templates: args.cloudformation.clone() };
        wiring::declared_code(args.declarations.as_deref(), &more)?
    };
    if declared.terraform.declarations().is_empty() && declared.templates.is_empty() && problems.is_empty() {
        bail!(
            "no code is named; say `terraform_states`, `terraform_plans` or `cloudformation_templates` in \
             fathom.yaml, or --terraform-state, --terraform-plan or --cloudformation here"
        );
    }
    if declared.terraform.declarations().is_empty() && declared.templates.is_empty() {
        left_out(&problems);
        bail!(
            "none of the code that is named could be read ({}), so there is nothing to compare with",
            render::count(problems.len() as u64, "file")
        );
    }
    let content = wiring::content(global)?;
    let mut report = fathom_see::drift::compare(&store, &content, &declared, wiring::now()).await?;
    let everywhere = (report.resources, report.rows.len());
    report.rows.retain(|row| is_asked(row, &args));
    let drifted = report.count(Verdict::Drifted) + report.count(Verdict::Missing);
    if global.json {
        render::print_json(&as_json(&report, &problems))?;
    } else {
        text(&report, &args, everywhere)?;
    }
    left_out(&problems);
    if !problems.is_empty() && args.exit_code {
        bail!(
            "{} could not be used, so this is not the whole answer",
            render::count(problems.len() as u64, "file")
        );
    }
    Ok(if args.exit_code && drifted > 0 { Ending::GateClosed } else { Ending::Done })
}

fn is_asked(row: &Row, args: &DriftArgs) -> bool {
    let is = |wanted: &Option<String>, value: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
    };
    is(&args.kind, Some(&row.kind))
        && is(&args.account, row.account.as_ref().map(fathom_model::AccountId::as_str))
        && is(&args.region, row.region.as_ref().map(fathom_model::Region::as_str))
        && !(args.declared_only && row.verdict == Verdict::Undeclared)
        && (!args.undeclared || row.verdict == Verdict::Undeclared)
}

fn as_json(report: &Report, problems: &[SourceError]) -> Value {
    let counts: BTreeMap<&str, usize> =
        Verdict::ALL.iter().map(|verdict| (verdict.as_str(), report.count(*verdict))).collect();
    json!({
        "counts": counts,
        "attributes_compared": report.compared(),
        "resources": report.rows,
        "not_compared": report.not_compared,
        "notes": report.notes,
        "left_out": problems.iter().map(chain).collect::<Vec<_>>(),
    })
}

fn left_out(problems: &[SourceError]) {
    for problem in problems {
        anstream::eprintln!("{}: {}", styled(render::BAD, "left out"), clean(&chain(problem)));
    }
}

/// An error with its causes on one line.
fn chain(problem: &SourceError) -> String {
    let mut text = problem.to_string();
    let mut next = std::error::Error::source(problem);
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn text(report: &Report, args: &DriftArgs, everywhere: (usize, usize)) -> Result<()> {
    let shown = |row: &&Row| args.all || !matches!(row.verdict, Verdict::InLine | Verdict::NotComparable);
    let (declared, undeclared): (Vec<&Row>, Vec<&Row>) =
        report.rows.iter().filter(shown).partition(|row| row.verdict != Verdict::Undeclared);
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in declared {
        let file = row.declared_by.first().map_or("without code", |source| source.file.as_str());
        groups.entry(file).or_default().push(row);
    }
    for (file, rows) in groups {
        render::print(styled(render::STRONG, clean(file)))?;
        for row in rows {
            one(row)?;
        }
        render::print("")?;
    }
    if !undeclared.is_empty() {
        render::print(styled(render::STRONG, "not declared"))?;
        render::print(render::table(
            &["resource", "type", "account", "region"],
            undeclared.iter().take(args.limit as usize).map(|row| {
                vec![
                    clean(row.name.as_deref().unwrap_or_default()),
                    kind(&row.kind),
                    row.account.as_ref().map(ToString::to_string).unwrap_or_default(),
                    row.region.as_ref().map(ToString::to_string).unwrap_or_default(),
                ]
            }),
        ))?;
        if undeclared.len() > args.limit as usize {
            let more = undeclared.len() - args.limit as usize;
            render::print(styled(render::QUIET, format!("and {more} more; --limit shows them")))?;
        }
        render::print("")?;
    }
    let count = |verdict| report.count(verdict);
    render::print(format!(
        "{} in line, {} drifted, {} declared and missing, {} not declared, {} not comparable",
        count(Verdict::InLine),
        styled(if count(Verdict::Drifted) > 0 { render::BAD } else { render::GOOD }, count(Verdict::Drifted)),
        count(Verdict::Missing),
        count(Verdict::Undeclared),
        count(Verdict::NotComparable),
    ))?;
    if report.rows.is_empty() && everywhere.1 > 0 {
        render::print("Nothing matches; without --type, --account and --region it is whole.")?;
    }
    let skipped: usize = report.not_compared.values().flat_map(BTreeMap::values).sum();
    render::print(styled(
        render::QUIET,
        format!(
            "{} compared, {skipped} not; `--json` says why of each",
            render::count(report.compared() as u64, "attribute")
        ),
    ))?;
    if args.all && skipped > 0 {
        render::print(render::table(
            &["declared type", "not compared"],
            report.not_compared.iter().take(TYPES_SHOWN).map(|(kind, attributes)| {
                let names: Vec<String> =
                    attributes.iter().map(|(name, count)| format!("{} ({count})", clean(name))).collect();
                vec![clean(kind), clean(&names.join(", "))]
            }),
        ))?;
    }
    for note in &report.notes {
        render::print(styled(render::ATTENTION, clean(note)))?;
    }
    Ok(())
}

fn one(row: &Row) -> Result<()> {
    let (style, word) = match row.verdict {
        Verdict::Drifted => (render::BAD, "drifted"),
        Verdict::Missing => (render::BAD, "missing"),
        Verdict::Undeclared => (render::ATTENTION, "not declared"),
        Verdict::NotComparable => (render::ATTENTION, "not comparable"),
        Verdict::InLine => (render::GOOD, "in line"),
    };
    let first = row.declared_by.first();
    let address = first.map_or("", |source| source.address.as_str());
    let name = row.uid.as_ref().map_or(row.name.as_deref().unwrap_or_default(), |uid| uid.as_str());
    render::print(format!(
        "  {}  {}  {}",
        clean(address),
        styled(style, word),
        styled(render::QUIET, clean(name))
    ))?;
    for difference in &row.differences {
        render::print(format!("    {}", line(difference, address)))?;
    }
    for note in &row.notes {
        render::print(format!("    {}", styled(render::QUIET, clean(note))))?;
    }
    Ok(())
}

/// `~ versioning.enabled: true → Suspended`, with the address where it is another than the resource's.
fn line(difference: &AttributeDrift, address: &str) -> String {
    let sign = match (&difference.declared, &difference.actual) {
        (Value::Null, _) => '+',
        (_, Value::Null) => '-',
        _ => '~',
    };
    let mut text = format!(
        "{sign} {}: {} → {}",
        clean(&difference.attribute),
        value(&difference.declared),
        value(&difference.actual)
    );
    let mut from = Vec::new();
    if difference.address != address {
        from.push(format!("declared by {}", clean(&difference.address)));
    }
    if let Some(tool) = difference.seen_by {
        from.push(format!("seen by {tool}"));
    }
    if difference.by_name {
        from.push("matched by name".to_owned());
    }
    if !from.is_empty() {
        text.push_str(&styled(render::QUIET, format!("  ({})", from.join(", "))));
    }
    text
}

fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "(absent)".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    if text.chars().nth(VALUE_CHARS_MAX).is_some() {
        cut.push('…');
    }
    clean(&cut)
}
