//! The sealed log: where it ends, its entries, and the proof of each.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use fathom_ledger::Entry;
use fathom_store::{EntryQuery, LedgerEntry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX};
use crate::{
    extract::{Nothing, Query, number, within},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// The longest kind, name or subject that is asked for.
const TEXT_BYTES_MAX: usize = 4096;

/// Where the log ends.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerState {
    /// Name of the log.
    origin: String,
    /// Number of entries.
    size: u64,
    /// Root of the tree over them, in base64.
    root: String,
    /// The signed checkpoint.
    checkpoint: String,
    /// The key that verifies it.
    public_key: String,
    /// Number of entries that the `ledger` directory has.
    published: u64,
}

/// Where the log ends
#[utoipa::path(get, path = "/ledger", tag = "ledger", operation_id = "ledger",
    responses(
        (status = 200, description = "The answer", body = LedgerState),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn status(
    State(state): State<ApiState>,
    _: Query<Nothing>,
) -> Result<Json<LedgerState>, Problem> {
    let status = state.store.ledger_status().await?;
    Ok(Json(LedgerState {
        origin: status.origin,
        size: status.size,
        root: status.root.to_string(),
        checkpoint: status.checkpoint,
        public_key: status.public_key,
        published: status.published,
    }))
}

/// The order of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryOrder {
    /// The oldest first.
    #[default]
    Asc,
    /// The newest first.
    Desc,
}

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntriesQuery {
    /// The oldest or the newest first.
    #[param(inline)]
    order: Option<EntryOrder>,
    /// Only entries of this kind; with a star at the end those that begin so: `signin.*`.
    kind: Option<String>,
    /// Only what somebody did.
    actor: Option<String>,
    /// Only what was done to something.
    subject: Option<String>,
    /// The first index; `next` of the page before. The end of the log otherwise that comes first in the order.
    from: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// Its place in the log, from 0.
    index: u64,
    /// Its leaf hash.
    hash: String,
    /// When it happened.
    #[schema(format = DateTime)]
    at: String,
    /// What happened.
    kind: String,
    /// Who did it.
    actor: String,
    /// What it was done to.
    subject: String,
    /// Whatever belongs to it, in its canonical form.
    #[schema(value_type = serde_json::Value)]
    body: Box<RawValue>,
}

/// Entries of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entries {
    /// The entries.
    entries: Vec<EntryView>,
    /// The first index of the next page; null at the end.
    next: Option<u64>,
}

/// Entries of the log
#[utoipa::path(get, path = "/ledger/entries", tag = "ledger", operation_id = "ledger_entries", params(EntriesQuery),
    responses(
        (status = 200, description = "The answer", body = Entries),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn entries(
    State(state): State<ApiState>,
    Query(query): Query<EntriesQuery>,
) -> Result<Json<Entries>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    for (name, text) in [("kind", &query.kind), ("actor", &query.actor), ("subject", &query.subject)] {
        if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(Problem::parameter(name, format!("`{name}` has at most {TEXT_BYTES_MAX} bytes")));
        }
    }
    let descending = query.order.unwrap_or_default() == EntryOrder::Desc;
    let asked = EntryQuery {
        kind: query.kind,
        actor: query.actor,
        subject: query.subject,
        from: query.from,
        descending,
        limit,
    };
    let (found, more) = state.store.entries_like(&asked).await?;
    let next = found
        .last()
        .filter(|_| more)
        .and_then(|last| if descending { last.index.checked_sub(1) } else { last.index.checked_add(1) });
    let entries = found.iter().map(view).collect::<Result<_, _>>()?;
    Ok(Json(Entries { entries, next }))
}

fn view(stored: &LedgerEntry) -> Result<EntryView, Problem> {
    let broken = |why: String| {
        Problem::new(Code::Internal, format!("entry {} of the ledger cannot be read: {why}", stored.index))
            .hint("`fathom ledger verify` names the first entry that does not hold")
    };
    let entry = Entry::parse(stored.body.as_bytes()).map_err(|error| broken(error.to_string()))?;
    let body =
        RawValue::from_string(entry.body_text().to_owned()).map_err(|error| broken(error.to_string()))?;
    Ok(EntryView {
        index: stored.index,
        hash: stored.hash.to_string(),
        at: entry.at().to_owned(),
        kind: entry.kind().to_owned(),
        actor: entry.actor().to_owned(),
        subject: entry.subject().to_owned(),
        body,
    })
}

/// The proof that an entry is in the log
///
/// C2SP tlog-proof text, which can be checked without the log.
#[utoipa::path(get, path = "/ledger/entries/{index}/proof", tag = "ledger", operation_id = "ledger_proof",
    params(("index" = u64, Path, description = "The entry's index")),
    responses(
        (status = 200, description = "The answer", body = String, content_type = "text/plain"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn proof(
    State(state): State<ApiState>,
    Path(index): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let proof = state.store.prove(number("index", &index)?).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof).into_response())
}
