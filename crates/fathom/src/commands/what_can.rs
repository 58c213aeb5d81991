//! `fathom what-can`: what one principal may do, over the whole estate.

use anyhow::Result;
use fathom_access::{CanRow, Permissions};

use super::{permitted, who_can};
use crate::{
    args::{Global, WhatCanArgs},
    render::{self, clean, styled},
    wiring,
};

/// Resources of one line that are named; `--json` has all.
const NAMED: usize = 3;

pub(crate) async fn run(global: &Global, args: WhatCanArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let permissions = Permissions::load(&store, wiring::now()).await?;
    let number = permissions.principal(&args.principal)?;
    let mut found = permissions.what_can(number, &who_can::context(&args.shown.context))?;
    for row in &mut found.rows {
        row.permitted = permitted::wanted(std::mem::take(&mut row.permitted), &args.shown);
        row.with_key = permitted::with_key(std::mem::take(&mut row.with_key), &row.permitted);
    }
    found.rows.retain(|row| !row.permitted.is_empty());
    if global.json {
        return render::print_json(&found);
    }
    render::print(styled(render::STRONG, clean(&found.principal)))?;
    if found.rows.is_empty() {
        render::print("may do nothing that was asked about.")?;
    } else {
        let rows = found.rows.iter().map(|row| {
            vec![of_type(row), on(row), permitted::lines_with_key(&row.permitted, &row.with_key, &args.shown)]
        });
        render::print(render::table(&["type", "on", "may"], rows))?;
    }
    render::print(format!(
        "\n{} resources and {} actions without one asked about: open to it in some way are {}.",
        found.resources, found.actions, found.open
    ))?;
    for (kind, count) in &found.without_actions {
        let told = format!("not asked about: {count} of {}: no action of the catalogue fits", clean(kind));
        render::print(styled(render::ATTENTION, told))?;
    }
    who_can::gaps(&found.gaps)
}

fn of_type(row: &CanRow) -> String {
    row.resource_type.as_deref().map_or_else(|| "–".to_owned(), clean)
}

fn on(row: &CanRow) -> String {
    if row.resource_type.is_none() {
        return "actions without a resource".to_owned();
    }
    let mut names: Vec<String> = row.resources.iter().take(NAMED).map(|arn| clean(short(arn))).collect();
    if row.resources.len() > NAMED {
        names.push(format!("and {} more", row.resources.len() - NAMED));
    }
    names.join("\n")
}

/// An ARN without what its type says already.
fn short(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
