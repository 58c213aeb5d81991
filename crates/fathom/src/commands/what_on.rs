//! `fathom what-on`: who may do what to a resource.

use anyhow::Result;
use fathom_access::{OnRow, Permissions};

use super::{centre, permitted, who_can};
use crate::{
    args::{Global, ShownArgs, WhatOnArgs},
    render::{self, clean, styled},
    wiring,
};

/// Of those who may do the same so many are named; `--json` has all.
const NAMED: usize = 4;

pub(crate) async fn run(global: &Global, args: WhatOnArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let target = fathom_access::target(&store, "", &args.resource).await?;
    let permissions = Permissions::load(&store, wiring::now()).await?;
    let mut found = permissions.what_on(&target, &who_can::context(&args.shown.context))?;
    for row in &mut found.rows {
        row.permitted = permitted::wanted(std::mem::take(&mut row.permitted), &args.shown);
        row.with_key = permitted::with_key(std::mem::take(&mut row.with_key), &row.permitted);
    }
    found.rows.retain(|row| !row.permitted.is_empty());
    let assigned = centre::of(&store, found.rows.iter().map(|row| row.asker.principal.as_str())).await?;
    if global.json {
        let mut told = serde_json::to_value(&found)?;
        told["identity_centre"] = serde_json::to_value(&assigned)?;
        return render::print_json(&told);
    }
    render::print(styled(render::STRONG, clean(&found.resource)))?;
    if found.rows.is_empty() {
        render::print("nobody that was asked about may do anything to it.")?;
    } else {
        render::print(render::table(&["who", "may"], lines(&found.rows, &args.shown)))?;
    }
    centre::print(&assigned)?;
    render::print(format!(
        "\n{} actions asked of {} users, roles and root users, and of whom it names itself: {} may do something.",
        found.actions,
        found.principals,
        found.rows.len()
    ))?;
    if let Some(note) = found.key_note.filter(|_| found.rows.iter().any(|row| !row.with_key.is_empty())) {
        render::print(styled(render::QUIET, format!("of the key: {note}.")))?;
    }
    who_can::gaps(&found.gaps)
}

/// A line each; those who may do the same share one.
fn lines(rows: &[OnRow], args: &ShownArgs) -> Vec<Vec<String>> {
    let mut lines: Vec<(Vec<String>, &OnRow)> = Vec::new();
    for row in rows {
        let who = who_can::who(&row.asker);
        let alike = |other: &OnRow| {
            other.asker.kind == row.asker.kind
                && other.permitted == row.permitted
                && other.with_key == row.with_key
        };
        match lines.iter_mut().find(|(_, other)| alike(other)) {
            Some((names, _)) => names.push(who),
            None => lines.push((vec![who], row)),
        }
    }
    let line = |(mut names, row): (Vec<String>, &OnRow)| {
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        vec![names.join("\n"), permitted::lines_with_key(&row.permitted, &row.with_key, args)]
    };
    lines.into_iter().map(line).collect()
}
