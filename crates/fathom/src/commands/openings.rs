//! `fathom public`, `external` and `cross-account`: whom resources let in from outside.

use std::path::Path;

use anyhow::{Context as _, Result};
use fathom_access::{Opening, Origin, Permissions};
use fathom_content::{Declarations, Vendors};

use super::{permitted, who_can};
use crate::{
    args::{Global, OpeningsArgs},
    render::{self, clean, styled},
    wiring,
};

/// What counts as coming from outside the organisation.
pub(crate) const EXTERNAL: [Origin; 4] =
    [Origin::Public, Origin::External, Origin::Federated, Origin::Confined];
/// What counts as coming from anywhere.
pub(crate) const PUBLIC: [Origin; 1] = [Origin::Public];
/// What counts as coming from another account of one's own.
pub(crate) const CROSS_ACCOUNT: [Origin; 1] = [Origin::CrossAccount];

pub(crate) async fn run(global: &Global, args: OpeningsArgs, from: &[Origin]) -> Result<()> {
    // A mistake in the file should not cost the question.
    let vendors = vendors(args.vendors.as_deref())?;
    let store = wiring::reader(global).await?;
    let permissions = Permissions::load(&store, wiring::now()).await?;
    let mut found = permissions.openings(from, &who_can::context(&args.shown.context))?;
    for row in &mut found.rows {
        row.permitted = permitted::wanted(std::mem::take(&mut row.permitted), &args.shown);
        row.with_key = permitted::with_key(std::mem::take(&mut row.with_key), &row.permitted);
    }
    found.name(&vendors);
    found.rows.retain(|row| !row.permitted.is_empty());
    if global.json {
        return render::print_json(&found);
    }
    if found.rows.is_empty() {
        render::print("no resource that was asked about lets anybody in from there.")?;
    } else {
        let rows = found.rows.iter().map(|row| {
            vec![
                clean(&row.resource),
                let_in(row),
                permitted::lines_with_key(&row.permitted, &row.with_key, &args.shown),
            ]
        });
        render::print(render::table(&["resource", "lets in", "to"], rows))?;
    }
    let mut open: Vec<&str> = found.rows.iter().map(|row| row.resource.as_str()).collect();
    open.dedup();
    render::print(format!(
        "\n{} resources with policies asked about: {} let in.",
        found.resources,
        open.len()
    ))?;
    let mut unnamed: Vec<&str> = found
        .rows
        .iter()
        .filter(|row| row.is_unnamed())
        .filter_map(|row| row.from_account.as_deref())
        .collect();
    unnamed.sort_unstable();
    unnamed.dedup();
    if !unnamed.is_empty() {
        let told = format!(
            "not named: {}: name each in a file of --vendors, or under `vendors` in fathom.yaml",
            unnamed.join(", ")
        );
        render::print(styled(render::ATTENTION, clean(&told)))?;
    }
    for resource in &found.unknown {
        let told = format!("not asked about: {}: no action of the catalogue fits", clean(resource));
        render::print(styled(render::ATTENTION, told))?;
    }
    who_can::gaps(&found.gaps)
}

/// Who is let in, and whose account that is.
fn let_in(row: &Opening) -> String {
    let who = who_can::who(&row.asker);
    if row.is_unnamed() {
        return format!("{who}\n{}", styled(render::ATTENTION, "not named: who is this?"));
    }
    let Some(vendor) = &row.vendor else { return who };
    let name = styled(render::STRONG, clean(&vendor.name));
    let mut told = vec![match &vendor.purpose {
        Some(purpose) => format!("{name}: {}", clean(purpose)),
        None => name,
    }];
    if let Some(until) = &vendor.until {
        let today: String = wiring::now().to_string().chars().take(until.len()).collect();
        let words = format!("until {}", clean(until));
        told.push(if vendor.is_over(&today) {
            styled(render::BAD, format!("{words}, which is over"))
        } else {
            words
        });
    }
    format!("{who}\n{}", told.join(", "))
}

/// Whose accounts are: as AWS documents of its services, as `fathom.yaml` here says, as a file says; the later wins.
fn vendors(file: Option<&Path>) -> Result<Vendors> {
    let mut vendors = Vendors::built_in()?.clone();
    let here = Path::new("fathom.yaml");
    if here.exists() {
        vendors = vendors.with(&Declarations::read(here).context("cannot use the declarations")?.vendors());
    }
    if let Some(file) = file {
        vendors = vendors.with(&Vendors::read(file).context("cannot use the vendors")?);
    }
    Ok(vendors)
}
