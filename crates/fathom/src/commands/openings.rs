//! `fathom public`, `external` and `cross-account`: whom resources let in from outside.

use anyhow::Result;
use fathom_access::{Origin, Permissions};

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
    let store = wiring::reader(global).await?;
    let permissions = Permissions::load(&store, wiring::now()).await?;
    let mut found = permissions.openings(from, &who_can::context(&args.shown.context))?;
    for row in &mut found.rows {
        row.permitted = permitted::wanted(std::mem::take(&mut row.permitted), &args.shown);
    }
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
                who_can::who(&row.asker),
                permitted::lines(&row.permitted, &args.shown),
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
    for resource in &found.unknown {
        let told = format!("not asked about: {}: no action of the catalogue fits", clean(resource));
        render::print(styled(render::ATTENTION, told))?;
    }
    who_can::gaps(&found.gaps)
}
