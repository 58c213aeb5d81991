//! Which network a command asks: that of the scans, or that of a folder of answers, which is imported for the question only.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use fathom_model::{AccountId, Region};
use fathom_net::{Answer, Hop, Leg, Network, Says, Verdict};
use fathom_see::{
    Progress,
    import::{Importer, JsonOptions, Limits},
};
use fathom_store::Store;

use crate::{
    args::{Global, NetworkArgs},
    render::{self, clean, styled},
    wiring,
};

/// Faults and lists of one answer that are shown; `--json` has all.
const SHOWN: usize = 10;

/// The network that the arguments name.
pub(super) async fn load(global: &Global, args: &NetworkArgs) -> Result<Network> {
    asked(global, args, async |store| Ok(fathom_reach::load(store, wiring::now()).await?)).await
}

/// Asks the store that the arguments name.
pub(super) async fn asked<T>(
    global: &Global,
    args: &NetworkArgs,
    ask: impl AsyncFnOnce(&Store) -> Result<T>,
) -> Result<T> {
    let Some(folder) = &args.aws_json else {
        return ask(&wiring::reader(global).await?).await;
    };
    std::fs::metadata(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let scratch = Scratch::new()?;
    let store = Store::open(&scratch.0, wiring::ORIGIN, wiring::now()).await?;
    let importer = Importer {
        content: Arc::clone(&wiring::content(global)?),
        store: store.clone(),
        limits: Limits::default(),
        actor: "question".to_owned(),
    };
    let options = JsonOptions {
        account: args.account.clone().map(AccountId::from),
        region: args.region.as_deref().map(str::trim).map(Region::new),
    };
    let nothing = fathom_see::sources::Declared::default();
    let report = importer.aws_json(folder, &options, &nothing, &Progress::default(), wiring::now).await?;
    for problem in report.problems.iter().take(SHOWN) {
        let told = format!("{}: {}", clean(&problem.file), clean(&problem.message));
        anstream::eprintln!("{}", styled(render::ATTENTION, told));
    }
    let found = ask(&store).await;
    store.close().await?;
    found
}

/// A directory that is gone when the question is answered.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let now = wiring::now().as_nanosecond();
        let path = std::env::temp_dir().join(format!("fathom-question-{}-{now}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in the directory for temporary files, the system clears away.
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}

/// The answer in a word.
pub(super) fn says(verdict: Verdict) -> String {
    match verdict {
        Verdict::Yes => styled(render::BAD, "YES"),
        Verdict::OnlyIf => styled(render::ATTENTION, "ONLY IF"),
        Verdict::Unknown => styled(render::ATTENTION, "UNKNOWN"),
        Verdict::No => styled(render::GOOD, "NO"),
    }
}

/// Conditions, what is missing and what was taken to be so, a line each.
pub(super) fn beside(answer: &Answer) -> Vec<String> {
    let lists =
        [("if", &answer.conditions), ("not seen", &answer.missing), ("taken to be so", &answer.assumptions)];
    lists
        .into_iter()
        .flat_map(|(word, list)| list.iter().map(move |line| format!("{word}: {}", clean(line))))
        .collect()
}

/// Each hop of an answer, a line.
pub(super) fn hops(answer: &Answer) -> Vec<String> {
    hop_lines(&answer.hops)
}

/// Each hop, a line.
pub(super) fn hop_lines(hops: &[Hop]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut leg = None;
    for hop in hops {
        if leg != Some(hop.leg) {
            leg = Some(hop.leg);
            lines.push(match hop.leg {
                Leg::There => "there:".to_owned(),
                Leg::Back => "back:".to_owned(),
            });
        }
        lines.push(format!("  {}", line(hop)));
    }
    lines
}

fn line(hop: &Hop) -> String {
    let place = format!("{} {}", hop.component.replace('_', " "), clean(&hop.id));
    let rule = if hop.rule.is_empty() { String::new() } else { format!(": {}", clean(&hop.rule)) };
    let word = match hop.says {
        Says::Blocked => styled(render::GOOD, "BLOCKED"),
        Says::Unknown => styled(render::ATTENTION, "UNKNOWN"),
        Says::Allowed => "allowed".to_owned(),
        Says::Forwarded => "forwarded".to_owned(),
        Says::Translated => "translated".to_owned(),
        Says::Delivered => "delivered".to_owned(),
    };
    let code = hop.code.map(|code| format!(" ({code})")).unwrap_or_default();
    format!("{word} {}{rule}{code}", place.trim())
}

/// What made no sense in documents.
pub(super) fn faults(network: &Network) -> Result<()> {
    for fault in network.faults.iter().take(SHOWN) {
        render::print(styled(render::ATTENTION, format!("makes no sense: {}", clean(fault))))?;
    }
    if network.faults.len() > SHOWN {
        let more = network.faults.len() - SHOWN;
        render::print(styled(render::ATTENTION, format!("makes no sense: {more} more")))?;
    }
    Ok(())
}
