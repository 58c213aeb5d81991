//! `fathom history`: what one resource was, version by version.

use anyhow::Result;
use fathom_estate::ResourceDifference;
use fathom_model::{Activity, CAPTURED, Document, Timestamp};
use fathom_store::{KeptVersion, StoredResource};
use serde_json::{Value, json};

use crate::{
    args::{Global, HistoryArgs},
    commands::unknown::{day, kind},
    render::{
        self, clean,
        difference::{self, Extent},
        styled,
    },
    wiring,
};

/// The most versions of one resource that are read.
const VERSIONS_MAX: u32 = 10_000;
/// Calls that are named under one version.
const CALLS_SHOWN: usize = 5;

/// A version with how it came about.
struct Step {
    version: KeptVersion,
    what: What,
    /// When AWS Config captured it, where an import brought it.
    captured: Option<Timestamp>,
    /// For what was gone between states that were captured: before when it went.
    gone_before: Option<Timestamp>,
    /// When the version before it was seen: whoever changed the resource did it since then.
    after: Option<Timestamp>,
}

impl Step {
    /// When it was so, as far as that is known.
    fn at(&self) -> Timestamp {
        self.captured.or(self.gone_before).unwrap_or(self.version.seen_at)
    }
}

enum What {
    FirstSeen,
    Returned,
    Gone,
    Changed(ResourceDifference),
    /// The version before it is not shown.
    Unknown,
}

impl What {
    fn word(&self) -> &'static str {
        match self {
            Self::FirstSeen => "first_seen",
            Self::Returned => "returned",
            Self::Gone => "gone",
            Self::Changed(_) => "changed",
            Self::Unknown => "version",
        }
    }
}

pub(crate) async fn run(global: &Global, args: HistoryArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let stored = wiring::one_resource(&store, &args.resource).await?;
    let limit = args.limit.clamp(1, VERSIONS_MAX);
    // One more tells what changed in the oldest that is shown.
    let history = store.history(&stored.resource.uid, limit + 1).await?;
    let extent = Extent::of(args.full);
    let resource = &stored.resource;
    // It stands beside the document, which only the whole resource has.
    let whole = store.resource(&resource.uid).await?.filter(|whole| whole.deleted_at.is_none());
    let now = whole.and_then(|whole| captured(&whole.resource.document.whole()));
    let steps = steps(history.versions, history.first_scan, limit as usize, extent, now);
    let calls = store.activity_of(&[resource.uid.to_string(), resource.id.clone()]).await?;
    let calls: Vec<Activity> = calls.into_iter().filter(|call| call.account == resource.account).collect();
    if global.json {
        let versions: Vec<Value> = steps.iter().map(|step| as_json(step, &calls, args.full)).collect();
        return render::print_json(&json!({
            "uid": resource.uid,
            "type": resource.kind,
            "account": resource.account,
            "region": resource.region,
            "id": resource.id,
            "name": resource.name,
            "first_seen": stored.first_seen,
            "last_seen": stored.last_seen,
            "deleted_at": stored.deleted_at,
            "total": history.total,
            "versions": versions,
        }));
    }
    head(&stored)?;
    for step in &steps {
        render::print(title(step))?;
        if let What::Changed(found) = &step.what {
            render::print(difference::lines(found, "    ", extent))?;
        }
        let made = made_by(step, &calls);
        for call in made.iter().take(CALLS_SHOWN) {
            render::print(styled(render::QUIET, format!("    {}", said(call))))?;
        }
        if made.len() > CALLS_SHOWN {
            let more = render::count((made.len() - CALLS_SHOWN) as u64, "call");
            render::print(styled(render::QUIET, format!("    and {more} more; --json has all")))?;
        }
    }
    if history.total > steps.len() as u64 {
        let more = render::count(history.total - steps.len() as u64, "older version");
        render::print(styled(render::QUIET, format!("\nand {more}; --limit shows more")))?;
    }
    Ok(())
}

/// When AWS Config captured what a document says.
fn captured(document: &Document) -> Option<Timestamp> {
    document.value().get(CAPTURED)?.as_str()?.parse().ok()
}

/// What each version is to the one before it, newest first. `now` is when the newest was captured.
fn steps(
    versions: Vec<KeptVersion>,
    first_scan: i64,
    limit: usize,
    extent: Extent,
    now: Option<Timestamp>,
) -> Vec<Step> {
    // The first need not be kept any more.
    let is_whole = versions.last().is_some_and(|oldest| oldest.scan <= first_scan);
    let mut steps: Vec<Step> = Vec::with_capacity(versions.len());
    let mut before: Option<KeptVersion> = None;
    for version in versions.into_iter().rev() {
        let what = match &before {
            _ if version.hash.is_none() => What::Gone,
            None if is_whole => What::FirstSeen,
            None => What::Unknown,
            Some(before) if before.hash.is_none() => What::Returned,
            Some(before) => What::Changed(difference::between(before, &version, extent)),
        };
        let captured = version.document.as_ref().and_then(captured);
        before = Some(version.clone());
        steps.push(Step { version, what, captured, gone_before: None, after: None });
    }
    if let Some(newest) = steps.last_mut() {
        newest.captured = newest.captured.or(now);
    }
    let mut later = None;
    for step in steps.iter_mut().rev() {
        step.gone_before = later.filter(|_| step.version.hash.is_none());
        later = step.captured;
    }
    let mut after = None;
    for step in &mut steps {
        step.after = after;
        after = Some(step.at());
    }
    steps.reverse();
    steps.truncate(limit);
    steps
}

/// The calls that may have brought a version: those between the scan before it and its own.
fn made_by<'c>(step: &Step, calls: &'c [Activity]) -> Vec<&'c Activity> {
    let since = step.after.unwrap_or(Timestamp::MIN);
    calls.iter().filter(|call| call.at > since && call.at <= step.at()).collect()
}

fn head(stored: &StoredResource) -> Result<()> {
    let resource = &stored.resource;
    let name = resource.name.as_deref().unwrap_or(&resource.id);
    let state = match stored.deleted_at {
        Some(at) => styled(render::ATTENTION, format!("gone since {}", day(at))),
        None => styled(render::QUIET, format!("first seen {}", day(stored.first_seen))),
    };
    render::print(format!(
        "{}  {}  {state}",
        styled(render::STRONG, clean(name)),
        kind(resource.kind.as_str())
    ))?;
    render::print(styled(render::QUIET, clean(resource.uid.as_str())))
}

fn title(step: &Step) -> String {
    let word = match &step.what {
        What::FirstSeen => styled(render::GOOD, "first seen"),
        What::Returned => styled(render::GOOD, "there again"),
        What::Gone => styled(render::BAD, "gone"),
        What::Changed(_) => styled(render::ATTENTION, "changed"),
        What::Unknown => styled(render::QUIET, "an earlier version"),
    };
    let at = step.at().strftime("%Y-%m-%d %H:%M:%SZ");
    let when = match (step.captured, step.gone_before) {
        (Some(_), _) => format!("{at}  captured by AWS Config, scan"),
        (None, Some(_)) => format!("before {at}  scan"),
        (None, None) => format!("{at}  scan"),
    };
    format!("\n{when} {}  {word}", step.version.scan)
}

/// A call in words.
fn said(call: &Activity) -> String {
    let session = call.actor.session.as_deref().map(|name| format!(" as {}", clean(name)));
    format!(
        "{} {} by {}{}",
        call.at.strftime("%Y-%m-%d %H:%M:%SZ"),
        clean(&call.operation),
        clean(&call.actor.principal),
        session.unwrap_or_default()
    )
}

fn as_json(step: &Step, calls: &[Activity], full: bool) -> Value {
    let version = &step.version;
    let mut out = json!({
        "scan": version.scan,
        "seen_at": version.seen_at,
        "captured_at": step.captured,
        "what": step.what.word(),
        "hash": version.hash,
        "calls": made_by(step, calls),
    });
    let members = [
        match &step.what {
            What::Changed(found) => Some(("changes", json!(found.lines))),
            _ => None,
        },
        match &step.what {
            What::Changed(found) => Some(("more", json!(found.more))),
            _ => None,
        },
        version.document.as_ref().filter(|_| full).map(|document| ("document", document.value())),
    ];
    if let Value::Object(object) = &mut out {
        object.extend(members.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)));
    }
    out
}
