//! Starting the log, and refusing one that went back.
//!
//! The last published checkpoint stands in two files beside the database. A database that was restored from a backup
//! has fewer entries than they say, or others; appending to it would give two different entries the same index.

use fathom_ledger::{
    Checkpoint, Hash,
    tile::consistency_tiles,
    tree::{prove_consistency, verify_consistency},
};
use fathom_model::Timestamp;
use serde_json::json;
use sqlx::SqliteConnection;

use crate::{
    ANCHOR_FILE, EntryDraft, LEDGER_DIR, SYSTEM_ACTOR, StoreError, error::file_error, files, open::Shared,
};

use super::{
    tiles::{CHECKPOINT_FILE, load_tiles},
    writer::{State, append_in, state},
};

/// Checks the log against what was published before, and makes its first entry where there is none.
pub(crate) async fn prepare(shared: &Shared, now: Timestamp) -> Result<(), StoreError> {
    const OPERATION: &str = "prepare the ledger";
    let mut guard = shared.write(OPERATION).await?;
    let mut tx = guard.begin(OPERATION).await?;
    let state = state(&mut tx, shared).await?;
    if let Some(state) = &state {
        check_own(shared, state)?;
    }
    let anchor = ANCHOR_FILE.to_owned();
    let published = format!("{LEDGER_DIR}/{CHECKPOINT_FILE}");
    let mut anchored = false;
    for (place, is_anchor) in [(anchor, true), (published, false)] {
        let path = shared.dir.join(&place);
        let bytes = files::read_optional(&path)
            .map_err(|source| file_error("read the last checkpoint", &path, source))?;
        let Some(bytes) = bytes else { continue };
        anchored |= is_anchor;
        let known = Checkpoint::open(&bytes, &shared.verifier)
            .map_err(|source| StoreError::Checkpoint { place: place.clone(), source })?;
        check_known(&mut tx, shared, state.as_ref(), &known, &place).await?;
    }
    let draft = |kind: &str, body| EntryDraft {
        kind: kind.to_owned(),
        actor: SYSTEM_ACTOR.to_owned(),
        subject: format!("ledger:{}", shared.verifier.name()),
        body,
    };
    if state.is_none() {
        let key = shared.verifier.to_string();
        append_in(&mut tx, shared, &[draft("ledger.created", json!({ "public_key": key }))], now).await?;
    } else if !anchored {
        tracing::warn!(
            "the file `{ANCHOR_FILE}` was missing; a ledger that went back would not have been noticed"
        );
        append_in(&mut tx, shared, &[draft("ledger.anchor_missing", json!({}))], now).await?;
    }
    tx.commit().await.map_err(|source| shared.failed(OPERATION, source))
}

/// The database's own checkpoint must be signed, and over the edge that stands beside it.
fn check_own(shared: &Shared, state: &State) -> Result<(), StoreError> {
    let place = "the table ledger_state";
    let own = Checkpoint::open(state.checkpoint.as_bytes(), &shared.verifier)
        .map_err(|source| StoreError::Checkpoint { place: place.to_owned(), source })?;
    if own.size != state.frontier.size() || own.root != state.frontier.root() {
        return Err(StoreError::Ledger {
            why: format!("{place} holds a checkpoint of another tree; it was changed from outside"),
        });
    }
    Ok(())
}

async fn check_known(
    conn: &mut SqliteConnection,
    shared: &Shared,
    state: Option<&State>,
    known: &Checkpoint,
    place: &str,
) -> Result<(), StoreError> {
    let (size, root) =
        state.map_or((0, Hash::EMPTY_ROOT), |state| (state.frontier.size(), state.frontier.root()));
    if size < known.size {
        return Err(StoreError::Anchor {
            why: format!(
                "the database has {size} entries, but `{place}` shows that there were {}",
                known.size
            ),
        });
    }
    let differs = || StoreError::Anchor {
        why: format!(
            "the first {} entries of the database are not those that `{place}` was signed over",
            known.size
        ),
    };
    if size == known.size {
        return if root == known.root { Ok(()) } else { Err(differs()) };
    }
    let outside = |_| differs();
    let tiles = consistency_tiles(known.size, size).map_err(outside)?;
    let tiles = load_tiles(conn, shared, size, &tiles).await?;
    let proof = prove_consistency(&tiles, known.size, size).map_err(|_| differs())?;
    verify_consistency(known.size, &known.root, size, &root, &proof).map_err(|_| differs())
}
