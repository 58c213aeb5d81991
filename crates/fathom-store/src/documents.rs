//! Documents: kept once for each distinct content, compressed where that pays.

use std::collections::HashSet;

use fathom_model::Document;
use sqlx::{Row, SqliteConnection};

use crate::{
    Store, StoreError,
    bulk::{self, Insert},
    rows,
};

const PLAIN: i64 = 0;
const ZSTD: i64 = 1;
/// Below this, compression saves less than it costs.
const COMPRESS_BYTES_MIN: usize = 256;
const ZSTD_LEVEL: i32 = 1;
/// The largest document that we read back; a larger size in a row is damage.
const DOCUMENT_BYTES_MAX: usize = 256 << 20;

const INSERT: Insert = Insert {
    head: "INSERT INTO document (hash, codec, size, body) VALUES",
    columns: 4,
    tail: "ON CONFLICT (hash) DO NOTHING",
};

/// A document ready to be kept.
pub(crate) struct Packed {
    hash: [u8; 32],
    codec: i64,
    size: i64,
    body: Vec<u8>,
}

/// The hashes of documents, in their order, and a packer for those that are new.
pub(crate) fn pack<'d>(documents: impl Iterator<Item = &'d (Document, [u8; 32])>) -> Vec<Packed> {
    let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok();
    documents
        .map(|(document, hash)| {
            let plain = document.as_str().as_bytes();
            let compressed = compressor
                .as_mut()
                .filter(|_| plain.len() >= COMPRESS_BYTES_MIN)
                .and_then(|compressor| compressor.compress(plain).ok())
                .filter(|compressed| compressed.len() < plain.len());
            let (codec, body) = match compressed {
                Some(compressed) => (ZSTD, compressed),
                None => (PLAIN, plain.to_vec()),
            };
            Packed { hash: *hash, codec, size: rows::stored_count(plain.len() as u64), body }
        })
        .collect()
}

/// Keeps documents; those that are already there stay.
pub(crate) async fn insert(conn: &mut SqliteConnection, packed: &[Packed]) -> Result<(), sqlx::Error> {
    INSERT
        .run(conn, packed, |query, row| {
            query.bind(row.hash.to_vec()).bind(row.codec).bind(row.size).bind(row.body.clone())
        })
        .await
}

/// Which of these hashes are kept already.
pub(crate) async fn known(
    conn: &mut SqliteConnection,
    hashes: &[[u8; 32]],
) -> Result<HashSet<[u8; 32]>, sqlx::Error> {
    let rows = bulk::select_in(conn, "SELECT hash FROM document WHERE hash", hashes, |query, hash| {
        query.bind(hash.to_vec())
    })
    .await?;
    rows.iter()
        .map(|row| row.try_get::<&[u8], _>(0).map(|hash| hash.try_into().unwrap_or_default()))
        .collect()
}

/// Removes documents that no version and no staged resource refers to.
pub(crate) async fn collect_garbage(conn: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "DELETE FROM document WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.hash = document.hash) \
         AND hash NOT IN (SELECT hash FROM staged)",
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Unpacks documents; the context is used again for each.
#[derive(Default)]
pub(crate) struct Decoder {
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Decoder {
    /// The document of a row.
    pub(crate) fn decode(&mut self, codec: i64, size: i64, body: &[u8]) -> Result<Document, StoreError> {
        let bad = |what: &str| StoreError::BadRow { table: "document", what: what.to_owned() };
        let size = usize::try_from(size).ok().filter(|size| *size <= DOCUMENT_BYTES_MAX);
        let size = size.ok_or_else(|| bad("size is out of range"))?;
        let unpacked;
        let plain = match codec {
            PLAIN => body,
            ZSTD => {
                let zstd = match &mut self.zstd {
                    Some(zstd) => zstd,
                    none => none
                        .insert(zstd::bulk::Decompressor::new().map_err(|_| bad("zstd is not available"))?),
                };
                unpacked = zstd.decompress(body, size).map_err(|_| bad("body is not zstd of its size"))?;
                unpacked.as_slice()
            }
            _ => return Err(bad("codec is not known")),
        };
        std::str::from_utf8(plain).map(Document::from_canonical).map_err(|_| bad("body is not text"))
    }
}

impl Store {
    /// The document of a version, by the hash that [`crate::Version`] and [`crate::StoredResource`] state.
    pub async fn document(&self, hash: &str) -> Result<Option<Document>, StoreError> {
        let Ok(hash) = hex::decode(hash) else {
            return Ok(None);
        };
        let row = sqlx::query("SELECT codec, size, body FROM document WHERE hash = $1")
            .bind(hash)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a document", source))?;
        row.map(|row| {
            Decoder::default().decode(
                rows::column(&row, "document", 0)?,
                rows::column(&row, "document", 1)?,
                rows::column(&row, "document", 2)?,
            )
        })
        .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_as_they_were() {
        let long = serde_json::json!({"list": vec!["the same text"; 500]});
        let short = serde_json::json!({"a": 1});
        let documents: Vec<_> =
            [&long, &short].map(Document::new).map(|doc| (doc.clone(), doc.hash())).into();
        let packed = pack(documents.iter());
        assert_eq!(packed.iter().map(|p| p.codec).collect::<Vec<_>>(), [ZSTD, PLAIN]);
        let mut decoder = Decoder::default();
        for (packed, (document, _)) in packed.iter().zip(&documents) {
            let back = decoder.decode(packed.codec, packed.size, &packed.body).expect("it was packed");
            assert_eq!(&back, document);
        }
        assert!(decoder.decode(ZSTD, 10, b"no zstd").is_err());
        assert!(decoder.decode(9, 10, b"").is_err());
    }
}
