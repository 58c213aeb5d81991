//! `fathom protection`: how the data of each system is protected, layer by layer, by what its class demands.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use fathom_model::DataClass;
use fathom_posture::{Ground, Protected, ProtectedLayer, ProtectedSystem, Protection};
use serde_json::json;

use super::check::{load_of_estate, tell_problems};
use crate::{
    args::{Global, ProtectionArgs},
    render::{self, clean, styled},
    wiring,
};

/// Gaps of a layer that are shown; the rest is counted.
const GAPS_SHOWN: usize = 10;
/// What a system is called of which nobody says what it is for.
const NOBODY: &str = "(nobody says what for)";

pub(crate) async fn run(global: &Global, args: &ProtectionArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let (checks, problems) = load_of_estate(global, &content);
    tell_problems(&problems);
    let demanded: Vec<String> =
        Protection::demanded(&content.protection, &checks).into_iter().map(str::to_owned).collect();
    let checks = checks.only(|check| demanded.contains(&check.definition.id));
    let store = wiring::reader(global).await?;
    let mut ground = Ground::load(&store, &content, &checks, wiring::now()).await?;
    let mut found = Protection::of(&store, &content, &checks, &mut ground).await?;
    if let Some(least) = args.class.as_deref().and_then(DataClass::parse) {
        found.systems.retain(|one| one.class >= least);
    }
    if let Some(wanted) = &args.system {
        let names: Vec<String> = found.systems.iter().map(|one| name(one).to_owned()).collect();
        found.systems.retain(|one| name(one).eq_ignore_ascii_case(wanted));
        if found.systems.is_empty() {
            let near = fathom_model::spelling::nearest(wanted, names.iter().map(String::as_str));
            let hint = match near.as_slice() {
                [] => "`fathom protection` lists them".to_owned(),
                near => format!("did you mean {}?", near.join(", ")),
            };
            bail!("no system that keeps data is called `{}`; {hint}", clean(wanted));
        }
    }
    if global.json {
        let layers: Vec<_> =
            content.protection.layers.iter().map(|one| json!({"id": one.id, "title": one.title})).collect();
        return render::print_json(&json!({"layers": layers, "systems": found.systems, "gaps": found.gaps}));
    }
    if found.systems.is_empty() {
        return render::print("Nothing that was seen keeps data.");
    }
    let heads: Vec<&str> = content.protection.layers.iter().map(|layer| layer.id.as_str()).collect();
    let head: Vec<&str> = ["system", "class", "stores"].into_iter().chain(heads.iter().copied()).collect();
    let mut out = render::table(&head, found.systems.iter().map(row));
    if args.system.is_some() {
        for one in &found.systems {
            details(&mut out, one, &content.protection.layers);
        }
    } else {
        let _ = write!(out, "\n\n`fathom protection SYSTEM` shows what to close.");
    }
    render::print(out)?;
    super::who_can::gaps(&found.gaps)
}

fn name(system: &ProtectedSystem) -> &str {
    system.system.as_deref().unwrap_or(NOBODY)
}

fn row(system: &ProtectedSystem) -> Vec<String> {
    let mut cells = vec![clean(name(system)), system.class.word().to_owned()];
    cells.push(match system.assumed {
        0 => system.stores.to_string(),
        assumed => format!("{} ({assumed} of no class)", system.stores),
    });
    cells.extend(system.layers.iter().map(cell));
    cells
}

fn cell(layer: &ProtectedLayer) -> String {
    let counts = &layer.counts;
    match layer.status {
        Protected::Fail => styled(render::BAD, format!("{} fail", counts.fail)),
        Protected::Unknown => styled(render::ATTENTION, format!("{} UNKNOWN", counts.unknown)),
        Protected::Untested => styled(render::ATTENTION, "untested"),
        Protected::Pass => styled(render::GOOD, format!("{} pass", counts.pass)),
        Protected::NotDemanded => styled(render::QUIET, "–"),
    }
}

/// What to close in a system, layer by layer.
fn details(out: &mut String, system: &ProtectedSystem, layers: &[fathom_content::ProtectionLayer]) {
    for (layer, rule) in system.layers.iter().zip(layers) {
        let _ = write!(out, "\n\n{}: {}", styled(render::STRONG, &rule.title), cell(layer));
        if layer.untested > 0 {
            let untested = render::count(layer.untested as u64, "thing");
            let _ = write!(
                out,
                "\n  {untested} that keep data are of types that no check of this layer is about"
            );
        }
        for gap in layer.gaps.iter().take(GAPS_SHOWN) {
            let word = if gap.status == fathom_checks::Status::Fail {
                styled(render::BAD, "fails")
            } else {
                styled(render::ATTENTION, "UNKNOWN")
            };
            let resource = clean(gap.name.as_deref().unwrap_or(&gap.resource));
            let _ =
                write!(out, "\n  {word} {} {resource}: {} ({})", gap.severity, clean(&gap.title), gap.check);
        }
        if layer.gaps.len() > GAPS_SHOWN {
            let _ = write!(out, "\n  and {} more: --json has all", layer.gaps.len() - GAPS_SHOWN);
        }
    }
}
