//! What was: the versions of a resource, and what changed in the estate.

use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fathom_model::{DayEdge, Moment, ResourceType, Scan, Uid};
use fathom_store::{ChangeQuery, EstateChange, Fate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::resource::checked_uid;
use crate::{
    access::Visible,
    extract::{Query, within},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::{DifferenceView, HistoryVersion, ScanView, address},
};

/// Versions of an answer where the client does not say, and the most.
const VERSIONS: (u32, u32) = (50, 500);
/// Changes of a page where the client does not say, and the most: each may carry a long difference.
const CHANGES: (usize, usize) = (100, 500);
/// Documents that one answer is made of, in bytes: what is beyond is not compared, or comes on the next page.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest cursor.
const CURSOR_BYTES_MAX: usize = 8192;

/// Which resource.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// The resource's uid.
    uid: String,
    /// The most versions.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// The versions of a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// The resource.
    uid: String,
    /// The versions, newest first, each with what changed since the one before.
    versions: Vec<HistoryVersion>,
    /// How many there are.
    total: u64,
}

/// Between which moments, and of which resources.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// Where to begin: a time, a day (at its beginning), `7d`, `3 days ago`, or `scan:12`; the scan before the last one
    /// otherwise. Where there is none before, nothing changed: both ends are the same scan.
    since: Option<String>,
    /// Where to end: the same, a day at its end; the last scan otherwise.
    until: Option<String>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// The most rows.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A resource that differs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedResource {
    /// The resource.
    uid: String,
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// Its account.
    account: String,
    /// Its region.
    region: String,
    /// The id that the provider uses.
    id: String,
    /// The name that it has, or had last.
    name: Option<String>,
    /// What became of it: `added`, `returned`, `changed`, `gone`, or `same` where only whether it is understood differs.
    what: &'static str,
    /// Whether it was understood before; null where it was not there.
    understood_before: Option<bool>,
    /// Whether it is understood after; null where it is not there.
    understood_after: Option<bool>,
    /// What changed in it; null where it came or went.
    difference: Option<DifferenceView>,
    /// The address of its history.
    href: String,
}

/// A page of what changed.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Changes {
    /// The scan that left the estate as it was before.
    since: ScanView,
    /// The scan that left it as it was after.
    until: ScanView,
    /// What differs, by type and uid.
    changes: Vec<ChangedResource>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
}

/// Where a page ended. The scans are part of it, so that pages go on with the same ones when another scan ends.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    since: i64,
    until: i64,
    kind: String,
    uid: String,
}

/// The versions of a resource, newest first
#[utoipa::path(get, path = "/resource/history", tag = "history", operation_id = "resource_history", params(HistoryQuery),
    responses(
        (status = 200, description = "The answer", body = History),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn history(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let uid = checked_uid(&query.uid)?;
    let limit = within("limit", query.limit, VERSIONS.0, &(1..=VERSIONS.1))?;
    visible.check(&state, &uid).await?;
    // One more tells what changed in the oldest of the answer.
    let kept = state.store.history_within(&uid, limit + 1, BYTES_MAX).await?;
    if kept.total == 0 {
        return Err(super::resource::not_known(&query.uid));
    }
    let total = kept.total;
    let versions = blocking(move || HistoryVersion::all(&kept, limit as usize, visible.documents())).await?;
    Ok(Json(History { uid: query.uid, versions, total }))
}

/// What changed in the estate between two scans
#[utoipa::path(get, path = "/changes", tag = "history", operation_id = "changes", params(ChangesQuery),
    responses(
        (status = 200, description = "The answer", body = Changes),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn changes(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<Changes>, Problem> {
    let limit = within("limit", query.limit, CHANGES.0, &(1..=CHANGES.1))?;
    let (since, until, after) = ends(&state, &query).await?;
    let accounts = visible.accounts(&query.account);
    let asked = ChangeQuery {
        since: since.id,
        until: until.id,
        kinds: query.kind.into_iter().map(Into::into).collect(),
        accounts: accounts.clone().unwrap_or_default(),
        regions: query.region.into_iter().map(Into::into).collect(),
        after,
        scope: visible.scope().clone(),
        ..ChangeQuery::default()
    };
    let mut changes: Vec<ChangedResource> = Vec::new();
    let (mut bytes, mut has_more) = (0, false);
    let documents = visible.documents();
    let mut rest = state.store.changes(asked).await?;
    // Where nothing of what is asked for may be seen, there is nothing to look for.
    while accounts.is_some()
        && !has_more
        && let Some(mut found) = rest.next().await?
    {
        let fits = found.iter().take(limit - changes.len()).take_while(|change| {
            let begins = bytes;
            bytes += bytes_of(change);
            begins < BYTES_MAX
        });
        let fits = fits.count();
        has_more = fits < found.len();
        found.truncate(fits);
        changes.extend(
            blocking(move || found.into_iter().map(|one| row(one, documents)).collect::<Vec<_>>()).await?,
        );
    }
    let next = changes.last().filter(|_| has_more).map(|last| {
        let position =
            Position { since: since.id, until: until.id, kind: last.kind.clone(), uid: last.uid.clone() };
        URL_SAFE_NO_PAD.encode(serde_json::json!(position).to_string())
    });
    let (since, until) = (ScanView::seen(since, visible.scope()), ScanView::seen(until, visible.scope()));
    Ok(Json(Changes { since, until, changes, next }))
}

/// Compares: many documents would hold up the other requests of a thread.
async fn blocking<T: Send + 'static>(compare: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(compare)
        .await
        .map_err(|_| Problem::new(Code::Internal, "the comparison did not end"))
}

/// How much there is to compare in a change.
pub(super) fn bytes_of(change: &EstateChange) -> u64 {
    let versions = [&change.before, &change.after].into_iter().flatten();
    versions
        .filter_map(|version| version.document.as_ref())
        .map(|document| document.as_str().len() as u64)
        .sum()
}

type Ends = (Scan, Scan, Option<(ResourceType, Uid)>);

/// The scans at both ends, and where the page before ended.
async fn ends(state: &ApiState, query: &ChangesQuery) -> Result<Ends, Problem> {
    let store = &state.store;
    if let Some(cursor) = &query.cursor {
        let wrong = || Problem::parameter("cursor", "the cursor does not belong to this query");
        let bytes = Some(cursor).filter(|text| text.len() <= CURSOR_BYTES_MAX);
        let bytes = bytes.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or_else(wrong)?;
        let position: Position = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let since = store.scan(position.since).await?.ok_or_else(wrong)?;
        let until = store.scan(position.until).await?.ok_or_else(wrong)?;
        return Ok((since, until, Some((position.kind.into(), position.uid.into()))));
    }
    let until = match &query.until {
        Some(text) => at(state, "until", text, DayEdge::End).await?,
        None => store.newest_scan().await?.ok_or_else(|| {
            Problem::new(Code::NotFound, "no scan has ended yet").hint("start one with POST /scans")
        })?,
    };
    let since = if let Some(text) = &query.since {
        at(state, "since", text, DayEdge::Begin).await?
    } else {
        // Of scans that overlapped the one that ended last need not be the newest; what it found is told, too.
        let last = store.latest_scan().await?.filter(|_| query.until.is_none());
        let first = last.map_or(until.id, |last| last.id.min(until.id));
        match store.scan_before(first).await? {
            Some(before) => before,
            // With one scan there is nothing to compare, and nothing changed.
            None if store.turns_let_go().await? == 0 => until.clone(),
            None => {
                let told = format!("no scan ended before scan {first} of which the state is kept");
                return Err(Problem::new(Code::NotFound, told).hint(
                    "a compaction let go of those before it; scan again, or name a moment with `since`",
                ));
            }
        }
    };
    if since.id > until.id {
        let told = format!("`since` is scan {}, later than scan {} of `until`", since.id, until.id);
        return Err(Problem::parameter("since", told));
    }
    Ok((since, until, None))
}

/// The scan that a parameter's moment falls on.
async fn at(state: &ApiState, name: &str, text: &str, edge: DayEdge) -> Result<Scan, Problem> {
    let moment: Moment = text.parse().map_err(|error| Problem::parameter(name, format!("{error}")))?;
    Ok(state.store.scan_of(&moment, edge, state.now()).await?)
}

/// A change as answers show it, without values where documents may not be read.
pub(super) fn row(change: EstateChange, documents: bool) -> ChangedResource {
    let difference = match (change.fate, &change.before, &change.after) {
        (Fate::Changed, Some(before), Some(after)) => Some(DifferenceView::between(before, after, documents)),
        _ => None,
    };
    ChangedResource {
        name: change.name().map(str::to_owned),
        href: address("/resource/history", &[("uid", change.uid.as_str())]),
        uid: change.uid.to_string(),
        kind: change.kind.to_string(),
        account: change.account.to_string(),
        region: change.region.to_string(),
        id: change.id,
        what: change.fate.as_str(),
        understood_before: change.understood.0,
        understood_after: change.understood.1,
        difference,
    }
}
