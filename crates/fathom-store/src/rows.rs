//! Rows of the database as values of the model, and back.

use std::{collections::HashMap, hash::Hash};

use fathom_model::{AccountId, Document, Region, Resource, ResourceType, Timestamp, Uid};
use sqlx::{Row, sqlite::SqliteRow};

use crate::{NamedResource, StoreError, StoredResource, documents};

/// When a resource `r` was last seen: with its place, or alone.
macro_rules! last_seen {
    () => {
        "COALESCE((SELECT p.last_seen FROM place p WHERE p.id = r.place), r.last_seen)"
    };
}
pub(crate) use last_seen;

/// Columns of a resource in the order that [`Decoder`] reads them; `r` is the resource.
macro_rules! resource_columns {
    () => {
        concat!(
            "r.id, r.uid, r.kind, r.account, r.region, r.native_id, r.name, r.tags, r.created_at, r.provider_made, \
             r.exposed, r.hash, r.first_seen, ",
            crate::rows::last_seen!(),
            ", r.stale, r.understood, r.deleted_at, r.observed"
        )
    };
}
pub(crate) use resource_columns;

/// Number of columns in `resource_columns`; a document follows them.
const RESOURCE_COLUMNS: usize = 18;

/// Microseconds since 1970; finer parts of a time are not kept.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The time as the store keeps it.
pub(crate) fn stored_time(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(micros(time)).unwrap_or(time)
}

/// The time of a column.
pub(crate) fn time(table: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| StoreError::BadRow { table, what: format!("time {micros} is out of range") })
}

/// A column that this program wrote.
pub(crate) fn column<'r, T>(row: &'r SqliteRow, table: &'static str, at: usize) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(at).map_err(|_| StoreError::BadRow { table, what: format!("column {at} has another type") })
}

/// A count of a column.
pub(crate) fn count(row: &SqliteRow, table: &'static str, at: usize) -> Result<u64, StoreError> {
    let number: i64 = column(row, table, at)?;
    u64::try_from(number)
        .map_err(|_| StoreError::BadRow { table, what: format!("count {number} is negative") })
}

/// A count as a column holds it.
pub(crate) fn stored_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads resources and shares their types, accounts and regions, of which there are few.
#[derive(Default)]
pub(crate) struct Decoder {
    kinds: HashMap<String, ResourceType>,
    accounts: HashMap<String, AccountId>,
    regions: HashMap<String, Region>,
    documents: documents::Decoder,
}

impl Decoder {
    /// What a resource is called: uid, type, account, id, name and whether the provider made it.
    pub(crate) fn named(&mut self, row: &SqliteRow) -> Result<NamedResource, StoreError> {
        const TABLE: &str = "resource";
        let text = |at| column::<&str>(row, TABLE, at);
        Ok(NamedResource {
            uid: Uid::new(text(0)?),
            kind: shared(&mut self.kinds, text(1)?),
            account: shared(&mut self.accounts, text(2)?),
            id: column(row, TABLE, 3)?,
            name: column(row, TABLE, 4)?,
            provider_made: column(row, TABLE, 5)?,
        })
    }

    /// One resource; where `with_document`, the columns codec, size and body follow its own.
    pub(crate) fn resource(
        &mut self,
        row: &SqliteRow,
        with_document: bool,
    ) -> Result<(i64, StoredResource), StoreError> {
        const TABLE: &str = "resource";
        let text = |at| column::<&str>(row, TABLE, at);
        let tags = serde_json::from_str(text(7)?).map_err(|_| StoreError::BadRow {
            table: TABLE,
            what: "tags are not a JSON object of text".to_owned(),
        })?;
        let hash: &[u8] = column(row, TABLE, 11)?;
        let document = if with_document {
            let codec: Option<i64> = column(row, TABLE, RESOURCE_COLUMNS)?;
            let codec = codec.ok_or_else(|| StoreError::BadRow {
                table: "document",
                what: format!("document {} is missing", hex::encode(hash)),
            })?;
            let size: i64 = column(row, TABLE, RESOURCE_COLUMNS + 1)?;
            let body: &[u8] = column(row, TABLE, RESOURCE_COLUMNS + 2)?;
            self.documents.decode(codec, size, body)?.with_observed(column(row, TABLE, 17)?)
        } else {
            Document::from_canonical("null")
        };
        let optional_time =
            |at| column::<Option<i64>>(row, TABLE, at)?.map(|micros| time(TABLE, micros)).transpose();
        let resource = Resource {
            uid: Uid::new(text(1)?),
            kind: shared(&mut self.kinds, text(2)?),
            account: shared(&mut self.accounts, text(3)?),
            region: shared(&mut self.regions, text(4)?),
            id: column(row, TABLE, 5)?,
            name: column(row, TABLE, 6)?,
            tags,
            created_at: optional_time(8)?,
            provider_made: column(row, TABLE, 9)?,
            exposed: column(row, TABLE, 10)?,
            document,
        };
        let stored = StoredResource {
            resource,
            first_seen: time(TABLE, column(row, TABLE, 12)?)?,
            last_seen: time(TABLE, column(row, TABLE, 13)?)?,
            version_hash: hex::encode(hash),
            stale: column(row, TABLE, 14)?,
            understood: column(row, TABLE, 15)?,
            deleted_at: optional_time(16)?,
        };
        Ok((column(row, TABLE, 0)?, stored))
    }

    /// Many resources.
    pub(crate) fn resources(
        &mut self,
        rows: &[SqliteRow],
        with_document: bool,
    ) -> Result<Vec<StoredResource>, StoreError> {
        rows.iter().map(|row| self.resource(row, with_document).map(|(_, stored)| stored)).collect()
    }
}

fn shared<T: Clone + for<'a> From<&'a str>>(known: &mut HashMap<String, T>, text: &str) -> T
where
    String: Hash,
{
    if let Some(value) = known.get(text) {
        return value.clone();
    }
    let value = T::from(text);
    known.insert(text.to_owned(), value.clone());
    value
}
