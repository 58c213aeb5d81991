//! `fathom assign`: who takes care of what is not understood.

use anyhow::{Context, Result};
use fathom_store::{Assignee, Assignment, AssignmentQuery, NewAssignment};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    args::{AssignCommand, Global},
    commands::unknown::day,
    render::{self, clean},
    wiring,
};

pub(crate) async fn run(global: &Global, command: AssignCommand) -> Result<()> {
    match command {
        AssignCommand::To { to, resources, team, note, until, by } => {
            let until = until
                .map(|date| date.to_zoned(TimeZone::UTC).context("the date does not exist"))
                .transpose()?
                .map(|at| at.timestamp());
            let kind = if team { Assignee::Team } else { Assignee::Person };
            let by = wiring::decided_by(by)?;
            let new = NewAssignment { uids: Vec::new(), to, kind, note, by, until };
            assign(global, &resources, new).await
        }
        AssignCommand::List { to, limit } => list(global, to, limit).await,
        AssignCommand::End { id, reason, by } => end(global, id, &reason, by).await,
    }
}

async fn assign(global: &Global, resources: &[String], mut new: NewAssignment) -> Result<()> {
    // Opened to read first: a mistyped --data must not become a new, empty directory.
    wiring::reader(global).await?.close().await?;
    let store = wiring::store(global).await?;
    for resource in resources {
        new.uids.push(wiring::one_resource(&store, resource).await?.resource.uid);
    }
    let made = store.assign(new, wiring::now()).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&made);
    }
    for one in &made {
        render::print(format!("{}  {}  to {}", one.id, clean(one.uid.as_str()), whom(one)))?;
    }
    render::print(format!("{} assigned; sealed in the ledger", render::count(made.len() as u64, "resource")))
}

async fn list(global: &Global, to: Option<String>, limit: u32) -> Result<()> {
    let store = wiring::reader(global).await?;
    let query = AssignmentQuery { to, limit, ..AssignmentQuery::default() };
    let (found, total) = store.assignments(&query, wiring::now()).await?;
    if global.json {
        return render::print_json(&json!({ "assignments": found, "total": total }));
    }
    if found.is_empty() {
        return render::print("Nothing is assigned; `fathom assign to NAME RESOURCE --note …` does it.");
    }
    render::print(render::table(
        &["number", "resource", "to", "until", "by", "note"],
        found.iter().map(|one| {
            vec![
                one.id.to_string(),
                clean(one.uid.as_str()),
                whom(one),
                one.until.map_or_else(|| "it is ended".to_owned(), day),
                clean(&one.by),
                clean(&one.note),
            ]
        }),
    ))?;
    if total > found.len() as u64 {
        let more = total - found.len() as u64;
        render::print(render::styled(render::QUIET, format!("and {more} more; --limit shows them")))?;
    }
    Ok(())
}

async fn end(global: &Global, id: i64, reason: &str, by: Option<String>) -> Result<()> {
    wiring::reader(global).await?.close().await?;
    let store = wiring::store(global).await?;
    let ended = store.end_assignment(id, &wiring::decided_by(by)?, reason, wiring::now()).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&ended);
    }
    render::print(format!("ended: {} to {}; sealed in the ledger", clean(ended.uid.as_str()), whom(&ended)))
}

/// Who takes care of it, in words.
pub(crate) fn whom(one: &Assignment) -> String {
    match one.kind {
        Assignee::Person => clean(&one.to),
        Assignee::Team => format!("team {}", clean(&one.to)),
    }
}
