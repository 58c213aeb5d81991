//! `fathom outage`: what fails if a resource or a zone is gone.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use fathom_outage::{Answer, Ground, Outage, Went};
use serde_json::json;

use super::unknown::{kind, short};
use crate::{
    args::{Global, OutageArgs},
    render::{self, clean, count, styled},
    wiring,
};

/// Lines that are shown of each answer.
const SHOWN: usize = 25;

pub(crate) async fn run(global: &Global, args: OutageArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let ground = Ground::load(&store).await?;
    let is_zone = ground.zones().any(|zone| zone == args.id);
    let (went, title) = if is_zone {
        (Went::Zone(args.id.clone(), args.account.clone()), format!("zone {}", args.id))
    } else {
        if args.account.is_some() {
            let zones: Vec<&str> = ground.zones().collect();
            bail!("--account is for zones, and `{}` is none of {}", clean(&args.id), zones.join(", "));
        }
        let found = match wiring::one_resource(&store, &args.id).await {
            Ok(found) => found.resource,
            // What has no colon may be a zone that was misspelt.
            Err(error) if !args.id.contains(':') && ground.zones().next().is_some() => {
                let zones: Vec<&str> = ground.zones().collect();
                bail!("{error:#}\nzones that hold something: {}", clean(&zones.join(", ")));
            }
            Err(error) => return Err(error),
        };
        if !ground.knows(&found.uid) {
            bail!("{} is gone already", clean(found.uid.as_str()));
        }
        let title = found.name.clone().unwrap_or_else(|| found.id.clone());
        (Went::Resource(found.uid.as_str().to_owned()), title)
    };
    let told = ground.without(&went);
    if global.json {
        return render::print_json(&json!({ "gone": title, "outage": told, "unseen_needs": ground.unseen }));
    }
    print(&title, &told, &args)?;
    if ground.unseen > 0 {
        let words =
            format!("\n{} what was never seen, so it is not told what becomes of these", lead(ground.unseen));
        render::print(styled(render::QUIET, words))?;
    }
    Ok(())
}

fn lead(needs: usize) -> String {
    if needs == 1 { "one need leads to".to_owned() } else { format!("{needs} needs lead to") }
}

fn print(title: &str, told: &[Outage], args: &OutageArgs) -> Result<()> {
    render::print(format!("If {} is gone", styled(render::STRONG, clean(title))))?;
    let gone: Vec<&Outage> = told.iter().filter(|one| one.after == 0).collect();
    if gone.len() > 1 {
        render::print(styled(render::QUIET, format!("with it: {}", kinds(&gone))))?;
    }
    let parts = [
        (Answer::Fails, "these fail", render::BAD),
        (Answer::Unknown, "these fail if what was never seen is gone too", render::ATTENTION),
        (Answer::Weaker, "these go on with less", render::ATTENTION),
    ];
    let mut nothing = true;
    for (answer, title, style) in parts {
        let of: Vec<&Outage> = told.iter().filter(|one| one.answer == answer && one.after > 0).collect();
        if of.is_empty() {
            continue;
        }
        nothing = false;
        render::print(format!("\n{}: {}", styled(style, title), styled(render::QUIET, kinds(&of))))?;
        let shown = if args.all { of.len() } else { SHOWN };
        let rows = of.iter().take(shown).map(|one| {
            let left = one.left.map(|left| format!("{left} left")).unwrap_or_default();
            let why = one.edge.as_deref().unwrap_or_default().replace('_', " ");
            let lost = one.lost.as_deref().map(|lost| short(lost).to_owned()).unwrap_or_default();
            let name = one.thing.name.clone().unwrap_or_else(|| short(&one.thing.uid).to_owned());
            vec![
                clean(&name),
                kind(&one.thing.kind),
                clean(&format!("{why} {lost}")),
                left,
                one.after.to_string(),
            ]
        });
        render::print(render::table(&["what", "type", "because", "left", "after"], rows))?;
        if of.len() > shown {
            render::print(format!("and {} more: --all", of.len() - shown))?;
        }
    }
    if nothing {
        render::print("nothing that the last scans read needs it.")?;
    }
    Ok(())
}

/// How many of which types.
fn kinds(of: &[&Outage]) -> String {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for one in of {
        *kinds.entry(one.thing.kind.as_str()).or_default() += 1;
    }
    let mut kinds: Vec<(&str, u64)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(name, number)| (std::cmp::Reverse(*number), *name));
    let told = kinds.iter().take(8).map(|(name, number)| count(*number, &kind(name)));
    let mut told: Vec<String> = told.collect();
    if kinds.len() > told.len() {
        told.push(format!("and {} more types", kinds.len() - told.len()));
    }
    told.join(", ")
}
