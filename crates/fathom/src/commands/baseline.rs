//! `fathom baseline`: an approved state of the estate, and every difference to it until somebody explains it.

use anyhow::{Context, Result, bail};
use fathom_estate::Difference;
use fathom_store::{Baseline, BaselineAcceptance, BaselineApproval, BaselineDifference, Fate, Store};
use serde_json::{Value, json};

use crate::{
    Ending,
    args::{BaselineCommand, Global},
    commands::unknown::{day, kind},
    render::{self, clean, styled},
    wiring,
};

/// Changes of one resource that are looked for.
const CHANGES_MAX: usize = 1000;
/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 120;
/// Lines of one resource's difference that are shown.
const LINES_SHOWN: usize = 30;

pub(crate) async fn run(global: &Global, command: BaselineCommand) -> Result<Ending> {
    match command {
        BaselineCommand::Approve { name, reason, by } => approve(global, &name, &reason, by).await?,
        BaselineCommand::Status { name, exit_code } => {
            let open = status(global, &name).await?;
            if exit_code && open > 0 {
                return Ok(Ending::GateClosed);
            }
        }
        BaselineCommand::Diff { name, all, kind, limit } => {
            diff(global, &name, all, kind.as_deref(), limit as usize).await?;
        }
        BaselineCommand::Accept { resource, name, reason, until, by } => {
            accept(global, &resource, BaselineSays { name, reason, until, by }).await?;
        }
        BaselineCommand::List => list(global).await?,
    }
    Ok(Ending::Done)
}

async fn approve(global: &Global, name: &str, reason: &str, by: Option<String>) -> Result<()> {
    wiring::reader(global).await?.close().await?;
    let store = wiring::store(global).await?;
    let approval = BaselineApproval {
        name: name.to_owned(),
        reason: reason.to_owned(),
        by: wiring::decided_by(by)?,
        seen: None,
    };
    let baseline = store.approve_baseline(approval, wiring::now()).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&baseline);
    }
    render::print(format!(
        "approved: baseline {} of {}, scan {}; sealed in the ledger\ndigest {}",
        clean(&baseline.name),
        render::count(baseline.resources, "resource"),
        baseline.scan,
        styled(render::QUIET, &baseline.digest)
    ))
}

/// How many differences are open.
async fn status(global: &Global, name: &str) -> Result<u64> {
    let store = wiring::reader(global).await?;
    let baseline = named(&store, name).await?;
    let mut counts = [[0u64; 2]; 3];
    let mut differences = store.baseline_differences(&baseline, wiring::now()).await?;
    while let Some(part) = differences.next().await? {
        for one in part {
            let row = match one.change.fate {
                Fate::Added | Fate::Returned => 0,
                Fate::Gone => 2,
                _ => 1,
            };
            if let Some(count) =
                counts.get_mut(row).and_then(|row| row.get_mut(usize::from(one.explained.is_some())))
            {
                *count += 1;
            }
        }
    }
    let open: u64 = counts.iter().map(|[open, _]| open).sum();
    let explained: u64 = counts.iter().map(|[_, explained]| explained).sum();
    let [added, changed, gone] = counts.map(|[open, _]| open);
    if global.json {
        render::print_json(&json!({
            "baseline": baseline, "added": added, "changed": changed, "gone": gone, "explained": explained,
        }))?;
        return Ok(open);
    }
    render::print(format!(
        "baseline {} of {} by {}: {}, scan {}",
        clean(&baseline.name),
        day(baseline.at),
        clean(&baseline.by),
        render::count(baseline.resources, "resource"),
        baseline.scan
    ))?;
    render::print(format!(
        "not explained: {added} added, {changed} changed, {gone} gone; explained: {explained}"
    ))?;
    if open > 0 {
        render::print(
            "`fathom baseline diff` lists them, `fathom baseline accept <id> --reason …` explains one.",
        )?;
    }
    Ok(open)
}

async fn diff(global: &Global, name: &str, all: bool, only: Option<&str>, limit: usize) -> Result<()> {
    let store = wiring::reader(global).await?;
    let baseline = named(&store, name).await?;
    let mut differences = store.baseline_differences(&baseline, wiring::now()).await?;
    let (mut shown, mut more) = (Vec::new(), 0u64);
    while let Some(part) = differences.next().await? {
        for one in part {
            let is_asked =
                (all || one.explained.is_none()) && only.is_none_or(|kind| one.change.kind.as_str() == kind);
            if !is_asked {
                continue;
            }
            if shown.len() >= limit {
                more += 1;
            } else if global.json {
                shown.push(as_json(&one));
            } else {
                shown.push(Value::Null);
                print(&one)?;
            }
        }
    }
    if global.json {
        return render::print_json(&json!({ "baseline": baseline, "differences": shown, "more": more }));
    }
    if shown.is_empty() {
        return render::print("Nothing differs that is not explained.");
    }
    if more > 0 {
        render::print(styled(render::QUIET, format!("and {more} more; --limit shows them")))?;
    }
    Ok(())
}

fn lines(one: &BaselineDifference) -> Vec<String> {
    let document = |version: Option<&fathom_store::KeptVersion>| {
        version.and_then(|version| version.document.as_ref()).map(fathom_model::Document::value)
    };
    match (document(one.change.before.as_ref()), document(one.change.after.as_ref())) {
        (Some(before), Some(after)) if one.change.fate == Fate::Changed => {
            let difference = Difference::between(&before, &after, CHANGES_MAX);
            if difference.is_empty() {
                return vec!["its name, tags or flags".to_owned()];
            }
            difference.changes.iter().map(|change| change.line(VALUE_CHARS_MAX).to_string()).collect()
        }
        _ => Vec::new(),
    }
}

fn as_json(one: &BaselineDifference) -> Value {
    let change = &one.change;
    json!({
        "uid": change.uid,
        "type": change.kind,
        "account": change.account,
        "region": change.region,
        "name": change.name(),
        "change": change.fate.as_str(),
        "lines": lines(one),
        "explained": one.explained,
    })
}

fn print(one: &BaselineDifference) -> Result<()> {
    let change = &one.change;
    let (style, sign) = match change.fate {
        Fate::Added | Fate::Returned => (render::ATTENTION, '+'),
        Fate::Gone => (render::BAD, '-'),
        _ => (render::ATTENTION, '~'),
    };
    render::print(format!(
        "{sign} {}  {}  {}",
        clean(change.uid.as_str()),
        kind(change.kind.as_str()),
        styled(style, change.fate.as_str())
    ))?;
    let lines = lines(one);
    for line in lines.iter().take(LINES_SHOWN) {
        render::print(format!("    {}", clean(line)))?;
    }
    if lines.len() > LINES_SHOWN {
        render::print(styled(render::QUIET, format!("    and {} more", lines.len() - LINES_SHOWN)))?;
    }
    if let Some(explained) = &one.explained {
        let until = explained.until.map_or(String::new(), |until| format!(" until {}", day(until)));
        render::print(styled(
            render::QUIET,
            format!("    explained by {}{until}: {}", clean(&explained.by), clean(&explained.reason)),
        ))?;
    }
    Ok(())
}

/// What a person said on the command line.
struct BaselineSays {
    name: String,
    reason: String,
    until: Option<jiff::civil::Date>,
    by: Option<String>,
}

async fn accept(global: &Global, resource: &str, says: BaselineSays) -> Result<()> {
    let reader = wiring::reader(global).await?;
    let baseline = named(&reader, &says.name).await?;
    let mut found = Vec::new();
    let mut differences = reader.baseline_differences(&baseline, wiring::now()).await?;
    while let Some(part) = differences.next().await? {
        for one in part {
            let change = &one.change;
            if [change.uid.as_str(), &change.id].contains(&resource) || change.name() == Some(resource) {
                found.push(change.uid.clone());
            }
        }
    }
    reader.close().await?;
    let uid = match found.as_slice() {
        [one] => one.clone(),
        [] => bail!(
            "nothing called `{resource}` differs from the baseline `{}`; `fathom baseline diff` lists what does",
            says.name
        ),
        several => {
            let list: Vec<String> = several.iter().map(|uid| clean(uid.as_str())).collect();
            bail!("`{resource}` may mean several resources; name one:\n  {}", list.join("\n  "))
        }
    };
    let until = says
        .until
        .map(|date| date.to_zoned(jiff::tz::TimeZone::UTC).context("the date does not exist"))
        .transpose()?
        .map(|at| at.timestamp());
    let store = wiring::store(global).await?;
    let acceptance = BaselineAcceptance {
        name: says.name,
        uid,
        reason: says.reason,
        by: wiring::decided_by(says.by)?,
        until,
        seen: None,
    };
    let exception = store.accept_difference(acceptance, wiring::now()).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&exception);
    }
    render::print(format!("explained: {}; sealed in the ledger", clean(exception.uid.as_str())))
}

async fn list(global: &Global) -> Result<()> {
    let store = wiring::reader(global).await?;
    let baselines = store.baselines().await?;
    if global.json {
        return render::print_json(&baselines);
    }
    if baselines.is_empty() {
        return render::print("No baseline yet; `fathom baseline approve --reason …` makes one.");
    }
    render::print(render::table(
        &["name", "state", "approved", "by", "scan", "resources", "reason"],
        baselines.iter().map(|one| {
            vec![
                clean(&one.name),
                one.ended_at.map_or_else(|| "holds".to_owned(), |at| format!("ended {}", day(at))),
                day(one.at),
                clean(&one.by),
                one.scan.to_string(),
                one.resources.to_string(),
                clean(&one.reason),
            ]
        }),
    ))
}

async fn named(store: &Store, name: &str) -> Result<Baseline> {
    store.baseline(name).await?.with_context(|| {
        format!("there is no baseline `{name}`; `fathom baseline approve --reason …` makes one")
    })
}
