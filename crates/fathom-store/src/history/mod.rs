//! Reading what was: the versions of a resource, what changed between two scans, and the estate as a scan left it.
//!
//! A version holds from the scan that brought it until the next one of the same resource; a version without a document
//! says that the resource was gone. Scans count in the order in which they began.

mod as_of;
mod changes;
mod moment;
mod touched;
mod versions;

use std::collections::BTreeMap;

use fathom_model::{Document, Timestamp};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};
use tokio::sync::mpsc;

pub use as_of::{Past, PastResource};
pub use changes::{ChangeQuery, Changes, EstateChange, Fate};
pub use touched::{Link, Touched};
pub use versions::{KeptVersion, ResourceVersions, VersionRow};

use crate::{
    Store, StoreError, documents,
    rows::{column, time},
    scans::blocking,
};

/// Rows that are decoded at a time.
const CHUNK_ROWS: usize = 2048;
/// Chunks that wait to be taken.
const AHEAD_MAX: usize = 1;

/// What a scan says of a resource beside its document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Facts {
    /// What people call it.
    pub name: Option<String>,
    /// Its tags, sorted by key.
    pub tags: BTreeMap<String, String>,
    /// When the provider says that it was created.
    pub created_at: Option<Timestamp>,
    /// Whether the provider itself made it.
    pub provider_made: bool,
    /// Whether its own settings say that it may be reached from outside.
    pub exposed: bool,
}

/// Columns that [`Facts::decode`] reads, of the resource `r` and a version of it.
macro_rules! facts_columns {
    ($version:literal) => {
        concat!("r.name, r.tags, r.created_at, r.provider_made, r.exposed, ", $version, ".facts")
    };
}
pub(crate) use facts_columns;

/// Number of columns in `facts_columns`.
const FACTS_COLUMNS: usize = 6;

impl Facts {
    /// The facts of a version: its own where it has any, else those that the resource holds now.
    pub(crate) fn decode(row: &SqliteRow, first: usize) -> Result<Self, StoreError> {
        const TABLE: &str = "resource";
        let micros = |at: Option<i64>| at.map(|micros| time(TABLE, micros)).transpose();
        match column::<Option<&str>>(row, TABLE, first + 5)? {
            Some(own) => Self::own(own),
            None => Ok(Self {
                name: column(row, TABLE, first)?,
                tags: tags(column(row, TABLE, first + 1)?)?,
                created_at: micros(column(row, TABLE, first + 2)?)?,
                provider_made: column(row, TABLE, first + 3)?,
                exposed: column(row, TABLE, first + 4)?,
            }),
        }
    }

    fn own(text: &str) -> Result<Self, StoreError> {
        let bad = |what: &str| StoreError::BadRow { table: "version", what: what.to_owned() };
        let facts: Value = serde_json::from_str(text).map_err(|_| bad("facts are not JSON"))?;
        let is_set = |name: &str| match facts.get(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            _ => false,
        };
        let tags = match facts.get("tags") {
            Some(Value::String(text)) => tags(text)?,
            Some(tags) => tags.to_string().parse::<TagsText>().map_err(|()| bad("tags are not text"))?.0,
            None => BTreeMap::new(),
        };
        Ok(Self {
            name: facts.get("name").and_then(Value::as_str).map(str::to_owned),
            tags,
            created_at: facts
                .get("created_at")
                .and_then(Value::as_i64)
                .map(|micros| time("version", micros))
                .transpose()?,
            provider_made: is_set("provider_made"),
            exposed: is_set("exposed"),
        })
    }
}

struct TagsText(BTreeMap<String, String>);

impl std::str::FromStr for TagsText {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        serde_json::from_str(text).map(Self).map_err(|_| ())
    }
}

fn tags(text: &str) -> Result<BTreeMap<String, String>, StoreError> {
    let bad =
        || StoreError::BadRow { table: "resource", what: "tags are not a JSON object of text".to_owned() };
    text.parse::<TagsText>().map(|tags| tags.0).map_err(|()| bad())
}

/// The document of the columns `codec, size, body`; none where it is not kept any more.
pub(crate) fn document(
    row: &SqliteRow,
    first: usize,
    decoder: &mut documents::Decoder,
) -> Result<Option<Document>, StoreError> {
    const TABLE: &str = "document";
    let Some(codec) = column::<Option<i64>>(row, TABLE, first)? else { return Ok(None) };
    let body: &[u8] = column(row, TABLE, first + 2)?;
    decoder.decode(codec, column(row, TABLE, first + 1)?, body).map(Some)
}

/// The rows of one statement, decoded a chunk at a time away from the tasks that wait. One statement reads one
/// snapshot. Nothing is read before the first poll, and dropping the stream ends the reading.
fn chunks<T, D, F>(
    store: &Store,
    sql: QueryBuilder<Sqlite>,
    state: D,
    decode: F,
) -> impl Stream<Item = Result<Vec<T>, StoreError>> + Send + use<T, D, F>
where
    T: Send + 'static,
    D: Send + 'static,
    F: Fn(&[SqliteRow], D) -> Result<(Vec<T>, D), StoreError> + Clone + Send + 'static,
{
    let store = store.clone();
    stream::once(async move {
        let (sender, receiver) = mpsc::channel(AHEAD_MAX);
        tokio::spawn(async move {
            if let Err(error) = pump(&store, sql, state, decode, &sender).await {
                // Nobody is there to hear of it where the stream was dropped.
                let _gone = sender.send(Err(error)).await;
            }
        });
        stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|next| (next, receiver)) })
    })
    .flatten()
}

async fn pump<T, D, F>(
    store: &Store,
    mut sql: QueryBuilder<Sqlite>,
    mut state: D,
    decode: F,
    sender: &mpsc::Sender<Result<Vec<T>, StoreError>>,
) -> Result<(), StoreError>
where
    T: Send + 'static,
    D: Send + 'static,
    F: Fn(&[SqliteRow], D) -> Result<(Vec<T>, D), StoreError> + Clone + Send + 'static,
{
    let mut rows = sql.build().fetch(store.walkers());
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while chunk.len() < CHUNK_ROWS {
            match rows.try_next().await.map_err(|source| store.failed("read the history", source))? {
                Some(row) => chunk.push(row),
                None => break,
            }
        }
        if chunk.is_empty() {
            return Ok(());
        }
        let decode = decode.clone();
        let (decoded, back) = blocking(move || decode(&chunk, state)).await??;
        state = back;
        if sender.send(Ok(decoded)).await.is_err() {
            return Ok(());
        }
    }
}
