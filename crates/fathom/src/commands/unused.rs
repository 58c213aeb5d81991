//! `fathom unused`: access keys, passwords, users and roles that nobody used.

use anyhow::Result;
use fathom_access::Permissions;
use fathom_model::Timestamp;
use fathom_privilege::{Admin, Disagreement, State, Unused, UnusedRow, unused};

use super::who_can;
use crate::{
    args::{Global, UnusedArgs},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: UnusedArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let permissions = Permissions::load(&store, now).await?;
    let found = unused(&store, &permissions, args.days, now).await?;
    if global.json {
        return render::print_json(&found);
    }
    if found.rows.is_empty() {
        render::print(format!("Nothing that was looked at is unused for {} days.", found.days))?;
    } else {
        let rows = found.rows.iter().take(args.limit).map(line);
        render::print(render::table(&["what", "name", "of", "account", "days", "because"], rows))?;
    }
    if found.rows.len() > args.limit {
        let more = found.rows.len() - args.limit;
        render::print(styled(render::QUIET, format!("and {more} more: --limit, or --json for all")))?;
    }
    render::print(format!("\n{}", counted(&found)))?;
    disagreements(&found.disagreements)?;
    who_can::gaps(&found.gaps)
}

/// Disagreements that are shown; `--json` has all.
const DISAGREEMENTS: usize = 10;

/// Where the log and IAM say different things.
pub(super) fn disagreements(all: &[Disagreement]) -> Result<()> {
    for one in all.iter().take(DISAGREEMENTS) {
        let at = |moment: Option<Timestamp>| moment.map_or_else(|| "no use".to_owned(), |at| at.to_string());
        let words = format!(
            "disagree: {}: the log has {}, IAM {}: {}",
            clean(&one.what),
            at(one.log),
            at(one.iam),
            clean(&one.because)
        );
        render::print(styled(render::ATTENTION, words))?;
    }
    if all.len() > DISAGREEMENTS {
        let more = format!("disagree: {} more, in --json", all.len() - DISAGREEMENTS);
        render::print(styled(render::ATTENTION, more))?;
    }
    Ok(())
}

fn line(row: &UnusedRow) -> Vec<String> {
    let mut what = row.kind.words().to_owned();
    if row.active == Some(false) {
        what.push_str(", inactive");
    }
    if row.provider_made {
        what.push_str(", made by AWS");
    }
    let owner = if row.uid == row.principal {
        String::new()
    } else {
        row.principal.as_str().rsplit('/').next().map(clean).unwrap_or_default()
    };
    let admin = match row.admin {
        Admin::Yes => styled(render::BAD, "administrator; "),
        Admin::OnlyIf => styled(render::ATTENTION, "administrator under conditions; "),
        Admin::Unknown => styled(render::ATTENTION, "whether administrator is not known; "),
        Admin::No => String::new(),
    };
    let because = match row.state {
        State::Unused => clean(&row.because),
        State::Unknown => styled(render::ATTENTION, format!("not known: {}", clean(&row.because))),
    };
    let days = row.days.map(|days| days.to_string()).unwrap_or_default();
    vec![what, clean(&row.name), owner, clean(&row.account), days, format!("{admin}{because}")]
}

/// What was looked at, in a sentence.
fn counted(found: &Unused) -> String {
    let of = |state: State| found.rows.iter().filter(|row| row.state == state).count();
    let asked: Vec<String> =
        found.asked.iter().map(|(kind, many)| render::count(*many as u64, kind.words())).collect();
    let words = format!(
        "Looked at {}: {} unused for {} days, {} not known.",
        if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") },
        of(State::Unused),
        found.days,
        of(State::Unknown),
    );
    if found.young == 0 {
        return words;
    }
    format!("{words} {} never used and made since.", found.young)
}
