//! Appending: inside a transaction that changes state, or by itself through the group commit.
//!
//! The writer task takes whatever callers have queued while the commit before was under way, appends it in one
//! transaction with one signature and one fsync, and only then answers them.

use std::sync::Arc;

use fathom_ledger::{Checkpoint, Entry, Frontier, Hash};
use fathom_model::Timestamp;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use crate::{
    EntryDraft, MAX_APPEND, Receipt, Store, StoreError,
    bulk::Insert,
    open::Shared,
    rows::{column, stored_count},
};

/// Entries of one commit; a call is never split.
const COMMIT_ENTRIES_MAX: usize = 4096;
/// Binary levels between the nodes that tiles hold.
const TILE_LEVELS: u8 = fathom_ledger::tile::TILE_HEIGHT;

const ENTRIES: Insert =
    Insert { head: "INSERT INTO ledger_entry (idx, hash, body) VALUES", columns: 3, tail: "" };
const NODES: Insert =
    Insert { head: "INSERT INTO ledger_node (level, idx, hash) VALUES", columns: 3, tail: "" };

/// One caller's entries, checked and encoded, on their way to the writer task.
pub(crate) struct Append {
    entries: Vec<Vec<u8>>,
    reply: oneshot::Sender<Result<Vec<Receipt>, StoreError>>,
}

/// Where entries came to stand.
pub(crate) struct Appended {
    pub(crate) first: u64,
    pub(crate) checkpoint: Arc<str>,
}

/// The log's end as the database has it.
pub(crate) struct State {
    pub(crate) frontier: Frontier,
    pub(crate) checkpoint: String,
}

impl Store {
    /// Appends entries, in their order and next to each other, and answers when they are on disk.
    ///
    /// Callers at the same time share a commit. At most [`MAX_APPEND`] entries; all are appended, or none.
    pub async fn append(&self, entries: Vec<EntryDraft>, now: Timestamp) -> Result<Vec<Receipt>, StoreError> {
        let queue = self.appends()?;
        if entries.len() > MAX_APPEND {
            return Err(StoreError::Invalid {
                what: format!("at most {MAX_APPEND} entries are appended at once, not {}", entries.len()),
            });
        }
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let entries = encode(&entries, now)?;
        let (reply, answer) = oneshot::channel();
        queue.send(Append { entries, reply }).await.map_err(|_| StoreError::Closed)?;
        drop(queue);
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

/// Appends entries within a transaction that changes state. The caller rings `grown` after its commit.
pub(crate) async fn append_in(
    tx: &mut SqliteConnection,
    shared: &Shared,
    drafts: &[EntryDraft],
    now: Timestamp,
) -> Result<Appended, StoreError> {
    append_bytes(tx, shared, &encode(drafts, now)?).await
}

/// The writer task: ends when every sender is gone.
pub(crate) async fn run_writer(shared: Arc<Shared>, mut queue: mpsc::Receiver<Append>) {
    while let Some(first) = queue.recv().await {
        let mut batch = vec![first];
        let committed = commit(&shared, &mut queue, &mut batch).await;
        answer(batch, committed);
        if let Some(writer) = &shared.writer {
            writer.grown.notify_one();
        }
    }
    if let Some(writer) = &shared.writer {
        writer.begin_closing();
    }
}

async fn commit(
    shared: &Shared,
    queue: &mut mpsc::Receiver<Append>,
    batch: &mut Vec<Append>,
) -> Result<Appended, StoreError> {
    const OPERATION: &str = "append to the ledger";
    let mut guard = shared.write(OPERATION).await?;
    let mut entries: usize = batch.iter().map(|append| append.entries.len()).sum();
    while entries < COMMIT_ENTRIES_MAX
        && let Ok(next) = queue.try_recv()
    {
        entries += next.entries.len();
        batch.push(next);
    }
    let mut tx = guard.begin(OPERATION).await?;
    let bytes: Vec<&[u8]> = batch.iter().flat_map(|append| &append.entries).map(Vec::as_slice).collect();
    let appended = append_bytes(&mut tx, shared, &bytes).await?;
    tx.commit().await.map_err(|source| shared.failed(OPERATION, source))?;
    Ok(appended)
}

fn answer(batch: Vec<Append>, committed: Result<Appended, StoreError>) {
    // A caller that went away does not wait for its answer; what was committed is in the log all the same.
    match committed {
        Ok(Appended { first, checkpoint }) => {
            let mut next = first;
            for append in batch {
                let indexes = next..next + append.entries.len() as u64;
                next = indexes.end;
                let receipt = |index| Receipt { index, checkpoint: Arc::clone(&checkpoint) };
                let _gone = append.reply.send(Ok(indexes.map(receipt).collect()));
            }
        }
        Err(error) => {
            let mut batch = batch.into_iter();
            let first = batch.next();
            for append in batch {
                let _gone = append.reply.send(Err(error.again()));
            }
            let _gone = first.map(|append| append.reply.send(Err(error)));
        }
    }
}

fn encode(drafts: &[EntryDraft], now: Timestamp) -> Result<Vec<Vec<u8>>, StoreError> {
    let at = now.to_string();
    drafts
        .iter()
        .map(|draft| {
            Entry::builder(draft.kind.as_str())
                .at(at.as_str())
                .actor(draft.actor.as_str())
                .subject(draft.subject.as_str())
                .body(draft.body.clone())
                .build()
                .map(|entry| entry.to_bytes())
                .map_err(|source| StoreError::Entry { kind: draft.kind.clone(), source })
        })
        .collect()
}

/// Appends encoded entries: rows, completed nodes, the new edge and its signed checkpoint.
async fn append_bytes<B: AsRef<[u8]> + Sync>(
    tx: &mut SqliteConnection,
    shared: &Shared,
    entries: &[B],
) -> Result<Appended, StoreError> {
    const OPERATION: &str = "append to the ledger";
    let failed = |source| shared.failed(OPERATION, source);
    let signer = &shared.writer(OPERATION)?.keys.signer;
    let mut frontier = state(tx, shared).await?.map(|state| state.frontier).unwrap_or_default();
    let first = frontier.size();
    let mut rows: Vec<(u64, Hash, &[u8])> = Vec::with_capacity(entries.len());
    let mut nodes: Vec<(u8, u64, Hash)> = Vec::new();
    for (index, entry) in (first..).zip(entries) {
        let leaf = Hash::leaf(entry.as_ref());
        rows.push((index, leaf, entry.as_ref()));
        frontier
            .append_with(leaf, |level, at, hash| {
                if level > 0 && level % TILE_LEVELS == 0 {
                    nodes.push((level, at, hash));
                }
            })
            .map_err(|error| StoreError::Ledger { why: error.to_string() })?;
    }
    let checkpoint =
        Checkpoint { origin: signer.name().to_owned(), size: frontier.size(), root: frontier.root() };
    let note = checkpoint
        .sign(signer, &[])
        .map_err(|source| StoreError::Checkpoint { place: "a new commit".to_owned(), source })?;
    ENTRIES
        .run(tx, &rows, |query, (index, hash, body)| {
            query.bind(stored_count(*index)).bind(hash.as_bytes().to_vec()).bind(body.to_vec())
        })
        .await
        .map_err(failed)?;
    NODES
        .run(tx, &nodes, |query, (level, at, hash)| {
            query.bind(i64::from(*level)).bind(stored_count(*at)).bind(hash.as_bytes().to_vec())
        })
        .await
        .map_err(failed)?;
    sqlx::query(
        "INSERT INTO ledger_state (id, size, frontier, checkpoint) VALUES (1, $1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET size = excluded.size, frontier = excluded.frontier, \
         checkpoint = excluded.checkpoint",
    )
    .bind(stored_count(frontier.size()))
    .bind(frontier.to_bytes())
    .bind(note.as_str())
    .execute(tx)
    .await
    .map_err(failed)?;
    Ok(Appended { first, checkpoint: Arc::from(note) })
}

/// The end of the log; none where it has no entry yet.
pub(crate) async fn state(conn: &mut SqliteConnection, shared: &Shared) -> Result<Option<State>, StoreError> {
    let row = sqlx::query("SELECT size, frontier, checkpoint FROM ledger_state WHERE id = 1")
        .fetch_optional(conn)
        .await
        .map_err(|source| shared.failed("read the end of the ledger", source))?;
    let Some(row) = row else { return Ok(None) };
    let bad = |what: &str| StoreError::BadRow { table: "ledger_state", what: what.to_owned() };
    let frontier = Frontier::from_bytes(column(&row, "ledger_state", 1)?).map_err(|_| bad("frontier"))?;
    if stored_count(frontier.size()) != column::<i64>(&row, "ledger_state", 0)? {
        return Err(bad("size and frontier differ"));
    }
    Ok(Some(State { frontier, checkpoint: column(&row, "ledger_state", 2)? }))
}
