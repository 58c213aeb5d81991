//! `fathom diff`: what changed in the estate between two scans.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use fathom_estate::ResourceDifference;
use fathom_model::{DayEdge, ResourceType, Scan};
use fathom_store::{ChangeQuery, EstateChange, Fate, Store};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Ending,
    args::{DiffArgs, Global},
    commands::unknown::{kind, short},
    render::{
        self, clean,
        difference::{self, Extent},
        styled,
    },
    wiring,
};

/// How many resources differ, and how.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Counts {
    added: u64,
    returned: u64,
    changed: u64,
    gone: u64,
    understood_gained: u64,
    understood_lost: u64,
    /// Those in which only the order of lists differs; they do not count as changed.
    reordered: u64,
}

/// A resource that is shown.
struct Shown {
    change: EstateChange,
    difference: Option<ResourceDifference>,
}

pub(crate) async fn run(global: &Global, args: DiffArgs) -> Result<Ending> {
    let store = wiring::reader(global).await?;
    let Some((since, until)) = ends(&store, &args).await? else {
        bail!(
            "there is one finished scan, so there is nothing to compare it with; scan again, or name a moment with --since"
        );
    };
    let extent = Extent::of(args.full);
    let query = ChangeQuery {
        since: since.id,
        until: until.id,
        kinds: args.kind.into_iter().map(Into::into).collect(),
        accounts: args.account.into_iter().map(Into::into).collect(),
        regions: args.region.into_iter().map(Into::into).collect(),
        ..ChangeQuery::default()
    };
    let mut by_kind: BTreeMap<ResourceType, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    let mut shown = Vec::new();
    let mut changes = store.changes(query).await?;
    while let Some(found) = changes.next().await? {
        for change in found {
            let difference = match (change.fate, &change.before, &change.after) {
                (Fate::Changed, Some(before), Some(after)) => {
                    Some(difference::between(before, after, extent))
                }
                _ => None,
            };
            let is_reordered = difference.as_ref().is_some_and(ResourceDifference::is_empty);
            let counts = by_kind.entry(change.kind.clone()).or_default();
            counts.add(&change, is_reordered);
            all.add(&change, is_reordered);
            let is_quiet = is_reordered && change.understood_now().is_none();
            if !is_quiet && shown.len() < args.limit {
                shown.push(Shown { change, difference });
            }
        }
    }
    if global.json {
        let list: Vec<Value> = shown.iter().map(as_json).collect();
        render::print_json(&json!({
            "since": since,
            "until": until,
            "counts": all,
            "by_type": by_kind,
            "resources": list,
            "truncated": shown_less(all, &shown),
        }))?;
    } else {
        print(&since, &until, all, &by_kind, &shown, extent)?;
    }
    Ok(if args.exit_code && all.differing() > 0 { Ending::GateClosed } else { Ending::Done })
}

/// The scans at both ends; none where only one has finished and no moment is named.
async fn ends(store: &Store, args: &DiffArgs) -> Result<Option<(Scan, Scan)>> {
    let now = wiring::now();
    let until = match &args.until {
        Some(moment) => store.scan_of(moment, DayEdge::End, now).await?,
        None => match store.newest_scan().await? {
            Some(scan) => scan,
            None => bail!("no scan has ended yet; run `fathom scan`"),
        },
    };
    let since = if let Some(moment) = &args.since {
        store.scan_of(moment, DayEdge::Begin, now).await?
    } else {
        // Of scans that overlapped the one that ended last need not be the newest; what it found is told, too.
        let last = store.latest_scan().await?.filter(|_| args.until.is_none());
        match store.scan_before(last.map_or(until.id, |last| last.id.min(until.id))).await? {
            Some(scan) => scan,
            None => return Ok(None),
        }
    };
    if since.id > until.id {
        bail!("--since names scan {}, which is later than scan {} of --until", since.id, until.id);
    }
    Ok(Some((since, until)))
}

impl Counts {
    fn add(&mut self, change: &EstateChange, is_reordered: bool) {
        match change.fate {
            Fate::Added => self.added += 1,
            Fate::Returned => self.returned += 1,
            Fate::Gone => self.gone += 1,
            Fate::Changed if is_reordered => self.reordered += 1,
            Fate::Changed => self.changed += 1,
            Fate::Same => {}
        }
        match change.understood_now() {
            Some(true) => self.understood_gained += 1,
            Some(false) => self.understood_lost += 1,
            None => {}
        }
    }

    /// Everything that differs; a resource that changed and became understood counts twice.
    fn differing(&self) -> u64 {
        self.added + self.returned + self.changed + self.gone + self.understood_gained + self.understood_lost
    }

    fn words(&self) -> String {
        let parts = [
            (self.added, "added", render::GOOD),
            (self.returned, "there again", render::GOOD),
            (self.changed, "changed", render::ATTENTION),
            (self.gone, "gone", render::BAD),
            (self.understood_gained, "understood now", render::GOOD),
            (self.understood_lost, "not understood any more", render::ATTENTION),
        ];
        let said = parts.into_iter().filter(|(number, ..)| *number > 0);
        said.map(|(number, word, style)| format!("{number} {}", styled(style, word)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn print(
    since: &Scan,
    until: &Scan,
    all: Counts,
    by_kind: &BTreeMap<ResourceType, Counts>,
    shown: &[Shown],
    extent: Extent,
) -> Result<()> {
    let at = |scan: &Scan| {
        let ended = scan.finished_at.unwrap_or(scan.started_at);
        format!("scan {} ({})", scan.id, ended.strftime("%Y-%m-%d %H:%M:%SZ"))
    };
    render::print(styled(render::QUIET, format!("from {} to {}", at(since), at(until))))?;
    if all.differing() == 0 {
        render::print("Nothing changed.")?;
    } else {
        render::print(all.words())?;
    }
    let mut last: Option<&ResourceType> = None;
    for Shown { change, difference } in shown {
        if last != Some(&change.kind) {
            let counts = by_kind.get(&change.kind).copied().unwrap_or_default();
            render::print(format!(
                "\n{}: {}",
                styled(render::STRONG, kind(change.kind.as_str())),
                counts.words()
            ))?;
            last = Some(&change.kind);
        }
        render::print(title(change))?;
        if let Some(difference) = difference {
            render::print(difference::lines(difference, "      ", extent))?;
        }
    }
    if all.reordered > 0 {
        let many = render::count(all.reordered, "resource");
        render::print(styled(render::QUIET, format!("\nIn {many} only the order of lists differs.")))?;
    }
    if shown_less(all, shown) {
        render::print(styled(render::QUIET, format!("\nshown: {}; --limit shows more", shown.len())))?;
    }
    Ok(())
}

/// Whether some that differ are not shown. Each that is shown may count twice, as changed and as understood.
fn shown_less(all: Counts, shown: &[Shown]) -> bool {
    let mut counted = Counts::default();
    for Shown { change, difference } in shown {
        counted.add(change, difference.as_ref().is_some_and(ResourceDifference::is_empty));
    }
    counted.differing() < all.differing()
}

fn title(change: &EstateChange) -> String {
    let (style, sign, word) = match change.fate {
        Fate::Added => (render::GOOD, '+', "added"),
        Fate::Returned => (render::GOOD, '+', "there again"),
        Fate::Changed => (render::ATTENTION, '~', "changed"),
        Fate::Gone => (render::BAD, '-', "gone"),
        Fate::Same => (render::QUIET, ' ', "as it was"),
    };
    let understood = match change.understood_now() {
        Some(true) => format!(", {}", styled(render::GOOD, "understood now")),
        Some(false) => format!(", {}", styled(render::ATTENTION, "not understood any more")),
        None => String::new(),
    };
    let name = change.name().unwrap_or_else(|| short(change.uid.as_str()));
    format!(
        "  {} {}  {}{understood}\n      {}",
        styled(style, sign),
        styled(render::STRONG, clean(name)),
        styled(style, word),
        styled(render::QUIET, clean(change.uid.as_str())),
    )
}

fn as_json(shown: &Shown) -> Value {
    let change = &shown.change;
    json!({
        "uid": change.uid,
        "type": change.kind,
        "account": change.account,
        "region": change.region,
        "id": change.id,
        "name": change.name(),
        "what": change.fate.as_str(),
        "understood_before": change.understood.0,
        "understood_after": change.understood.1,
        "hash_before": change.before.as_ref().and_then(|version| version.hash.as_ref()),
        "hash_after": change.after.as_ref().and_then(|version| version.hash.as_ref()),
        "changed_in_scan": change.after.as_ref().map(|version| version.scan),
        "changes": shown.difference.as_ref().map(|difference| &difference.lines),
        "more": shown.difference.as_ref().map(|difference| difference.more),
    })
}
