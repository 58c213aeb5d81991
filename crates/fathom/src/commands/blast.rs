//! `fathom blast-radius`: what falls if something is taken, and what breaks if it is isolated.

use std::collections::BTreeMap;

use anyhow::Result;
use fathom_intrude::{Ground, Walk};
use fathom_reach::{Directory, flows};
use serde_json::json;

use super::{
    isolated,
    paths::{decision, name},
    who_can,
};
use crate::{
    args::{BlastArgs, Global},
    render::{self, clean, styled},
    wiring,
};

/// Lines that are shown of all that falls.
const SHOWN: usize = 40;

pub(crate) async fn run(global: &Global, args: BlastArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let ground = Ground::load(&store, wiring::now()).await?;
    let walk = Walk::of(&ground)?;
    let found = walk.blast(&args.id)?;
    let directory = Directory::load(&store).await?;
    let asked = (args.days, wiring::now());
    let isolation = flows::isolation(&store, (&ground.network, &directory), &found.taken.id, asked).await?;
    if global.json {
        let mut value = json!(found);
        value["isolation"] = json!(isolation);
        return render::print_json(&value);
    }
    render::print(styled(render::STRONG, name(&found.taken)))?;
    let shown = if args.all { found.fallen.len() } else { SHOWN };
    if found.fallen.is_empty() {
        render::print("nothing that was asked about falls with it.")?;
    } else {
        let rows = found.fallen.iter().take(shown).map(|one| {
            let jewel = one.jewel.map(|jewel| styled(render::STRONG, jewel.word())).unwrap_or_default();
            let class = one.data_class.map(|class| format!("{class:?}").to_lowercase()).unwrap_or_default();
            vec![decision(one.decision), name(&one.what), one.steps.to_string(), jewel, class]
        });
        render::print(render::table(&["answer", "falls", "after steps", "jewel", "class"], rows))?;
    }
    if found.fallen.len() > shown {
        render::print(format!("and {} more: --all", found.fallen.len() - shown))?;
    }
    let mut jewels: BTreeMap<&str, u64> = BTreeMap::new();
    for jewel in found.fallen.iter().filter_map(|one| one.jewel) {
        *jewels.entry(jewel.word()).or_default() += 1;
    }
    let told: Vec<String> = jewels.iter().map(|(word, count)| format!("{word} {count}")).collect();
    let told = if told.is_empty() {
        "no jewel among them".to_owned()
    } else {
        format!("jewels: {}", told.join(", "))
    };
    render::print(format!("\n{} with it; {told}.", falls(found.fallen.len())))?;
    if !found.kept_under.is_empty() {
        let few: Vec<String> = found.kept_under.iter().take(SHOWN).map(|one| clean(one)).collect();
        render::print(format!("Kept under it, and read by nobody without it:\n  {}", few.join("\n  ")))?;
    }
    if found.cut {
        render::print(styled(
            render::ATTENTION,
            "not all was followed: there is too much that an intruder can have",
        ))?;
    }
    isolated::print(&isolation, args.all)?;
    who_can::gaps(&found.gaps)
}

fn falls(count: usize) -> String {
    if count == 1 { "one thing falls".to_owned() } else { format!("{count} things fall") }
}
