//! `fathom unauthenticated`: what answers without asking who comes, from the internet or inside.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use fathom_content::open::{Asks, Reach};
use fathom_net::Verdict;
use fathom_reach::open::{Open, OpenRow};

use super::{network, who_can};
use crate::{
    args::{Global, UnauthenticatedArgs},
    render::{self, clean, styled},
    wiring,
};

/// Accounts that are named; more are counted.
const ACCOUNTS: usize = 3;

pub(crate) async fn run(global: &Global, args: UnauthenticatedArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let list = if args.internal { Reach::Internal } else { Reach::Internet };
    if let Some(kind) = &args.kind
        && !content.resources.contains_key(kind.as_str())
    {
        bail!("no type is called `{kind}`; `fathom summary` lists those of your estate");
    }
    let mut found: Open = network::asked(global, &args.network, async |store| {
        Ok(fathom_reach::open::open(store, &content, wiring::now()).await?)
    })
    .await?;
    let asks: Vec<Asks> = args.asks.iter().map(|one| (*one).into()).collect();
    found.rows.retain(|row| {
        row.list == list
            && (asks.is_empty() || asks.contains(&row.asks))
            && args.kind.as_ref().is_none_or(|kind| *kind == row.resource_type)
    });
    if global.json {
        return render::print_json(&found);
    }
    if found.rows.is_empty() {
        render::print("nothing that was asked about answers without asking who comes.")?;
    }
    let (unlisted, listed): (Vec<&OpenRow>, Vec<&OpenRow>) =
        found.rows.iter().partition(|row| row.resource.is_empty());
    if !listed.is_empty() {
        let rows = listed.iter().map(|row| {
            vec![network::says(row.verdict), what(row), asks_for(row).to_owned(), why(row, args.hops)]
        });
        render::print(render::table(&["answer", "what", "asks for", "why"], rows))?;
    }
    if !unlisted.is_empty() {
        render::print(format!(
            "\n{}",
            styled(render::STRONG, "Not listed, so which of them answer is not known")
        ))?;
        render::print(render::table(&["type", "in", "not seen"], kinds(&unlisted)))?;
    }
    let count = |verdict| found.rows.iter().filter(|row| row.verdict == verdict).count();
    render::print(format!(
        "\n{} asked about: {} answer, {} only if, {} not known.",
        render::count(found.asked as u64, "resource"),
        count(Verdict::Yes),
        count(Verdict::OnlyIf),
        count(Verdict::Unknown),
    ))?;
    who_can::gaps(&found.gaps)
}

/// A line for each type of which none was listed, with its accounts.
fn kinds(rows: &[&OpenRow]) -> Vec<Vec<String>> {
    let mut all: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for row in rows {
        let (accounts, missing) = all.entry(&row.resource_type).or_default();
        accounts.insert(&row.account);
        missing.extend(row.missing.iter().map(String::as_str));
    }
    let lines = all.into_iter().map(|(kind, (accounts, missing))| {
        let accounts: Vec<&str> = accounts.into_iter().collect();
        let place = if accounts.len() <= ACCOUNTS {
            accounts.join(", ")
        } else {
            render::count(accounts.len() as u64, "account")
        };
        let missing: Vec<String> = missing.into_iter().map(clean).collect();
        vec![clean(kind), clean(&place), missing.join("\n")]
    });
    lines.collect()
}

/// What answers, by its name, id and place.
pub(super) fn what(row: &OpenRow) -> String {
    let name = row.name.as_deref().filter(|name| !row.resource.ends_with(name));
    let name = name.map(|name| format!("{}\n", styled(render::STRONG, clean(name)))).unwrap_or_default();
    if row.resource.is_empty() {
        return format!("{name}all {} of account {}", clean(&row.resource_type), clean(&row.account));
    }
    format!("{name}{}", clean(&row.resource))
}

pub(super) fn asks_for(row: &OpenRow) -> &'static str {
    match row.asks {
        _ if row.in_the_clear => "no encryption",
        Asks::Nothing => "nothing",
        Asks::Application => "what the application asks",
        Asks::AnyAccount => "any account of AWS",
        Asks::Credentials => "its own credentials",
    }
}

/// What is open, the proof, the way, and what else there is to say; a line each.
pub(super) fn why(row: &OpenRow, with_hops: bool) -> String {
    let mut lines = vec![clean(&row.says)];
    lines.extend(row.proof.iter().map(|line| format!("  {}", clean(line))));
    if !row.way.says.is_empty() {
        lines.push(format!("way: {}", clean(&row.way.says)));
    }
    let lists = [("if", &row.conditions), ("not seen", &row.missing), ("taken to be so", &row.assumptions)];
    for (word, list) in lists {
        lines.extend(list.iter().map(|line| format!("{word}: {}", clean(line))));
    }
    if with_hops {
        lines.extend(network::hop_lines(&row.way.hops));
    }
    lines.join("\n")
}
