//! Versions: of one resource newest first, and of all in a stream.

use fathom_model::{AccountId, Document, Region, ResourceType, Timestamp, Uid};
use futures::Stream;
use sqlx::QueryBuilder;

use super::{FACTS_COLUMNS, Facts, chunks, document, facts_columns};
use crate::{
    Store, StoreError, Which, documents,
    rows::{column, count, stored_count, time},
    scans::blocking,
};

/// A version of a resource, as a scan brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptVersion {
    /// The scan.
    pub scan: i64,
    /// When that scan ended.
    pub seen_at: Timestamp,
    /// SHA-256 of its document, in lower-case hexadecimal digits; none where the resource was gone.
    pub hash: Option<String>,
    /// What was said beside the document.
    pub facts: Facts,
    /// The document; none where the resource was gone, where the document is not kept any more, or where it was left out.
    pub document: Option<Document>,
}

/// The versions of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceVersions {
    /// The newest first, up to the limit.
    pub versions: Vec<KeptVersion>,
    /// How many there are.
    pub total: u64,
    /// The scan that saw it first. Where no version of it is there, a compaction let go of it.
    pub first_scan: i64,
}

/// A version with the resource that it belongs to.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    pub kind: ResourceType,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The version; its document only where it was asked for.
    pub version: KeptVersion,
    /// Whether it is the first that was ever seen of the resource, not only the first that is kept.
    pub is_first: bool,
}

impl Store {
    /// The versions of a resource with their documents, newest first; none where it is not known.
    pub async fn history(&self, uid: &Uid, limit: u32) -> Result<ResourceVersions, StoreError> {
        self.history_within(uid, limit, u64::MAX).await
    }

    /// The same; the documents, newest first, have no more bytes in all than this, and older ones are left out.
    pub async fn history_within(
        &self,
        uid: &Uid,
        limit: u32,
        bytes_max: u64,
    ) -> Result<ResourceVersions, StoreError> {
        let failed = |source| self.failed("read the history of a resource", source);
        let mut snapshot = self.readers().begin().await.map_err(failed)?;
        let row = sqlx::query(
            "SELECT COUNT(*), COALESCE(MIN(r.first_scan), 0) FROM version v JOIN resource r ON r.id = v.resource \
             WHERE r.uid = $1",
        )
        .bind(uid.as_str())
        .fetch_one(&mut *snapshot)
        .await
        .map_err(failed)?;
        let (total, first_scan) = (count(&row, "version", 0)?, column(&row, "resource", 1)?);
        let rows = sqlx::query(concat!(
            "SELECT v.scan, v.seen_at, v.hash, ",
            facts_columns!("v"),
            ", CASE WHEN v.bytes <= $3 THEN d.codec END, d.size, CASE WHEN v.bytes <= $3 THEN d.body END \
             FROM resource r JOIN (SELECT w.*, SUM(COALESCE(o.size, 0)) OVER (ORDER BY w.scan DESC) AS bytes \
             FROM version w LEFT JOIN document o ON o.hash = w.hash \
             WHERE w.resource = (SELECT id FROM resource WHERE uid = $1)) v ON v.resource = r.id \
             LEFT JOIN document d ON d.hash = v.hash WHERE r.uid = $1 ORDER BY v.scan DESC LIMIT $2"
        ))
        .bind(uid.as_str())
        .bind(limit)
        .bind(stored_count(bytes_max))
        .fetch_all(&mut *snapshot)
        .await
        .map_err(failed)?;
        let versions = blocking(move || {
            let mut decoder = documents::Decoder::default();
            rows.iter().map(|row| decode(row, 0, true, &mut decoder)).collect::<Result<Vec<_>, _>>()
        })
        .await??;
        Ok(ResourceVersions { versions, total, first_scan })
    }

    /// Every version of the resources that scans up to `until` brought; those of one resource follow each other, oldest
    /// first.
    pub fn stream_versions(
        &self,
        which: &Which,
        until: Option<i64>,
        with_documents: bool,
    ) -> impl Stream<Item = Result<Vec<VersionRow>, StoreError>> + Send + use<> {
        let mut sql = QueryBuilder::new(concat!(
            "SELECT r.uid, r.kind, r.account, r.region, v.scan <= r.first_scan, v.scan, v.seen_at, v.hash, ",
            facts_columns!("v")
        ));
        if with_documents {
            sql.push(", d.codec, d.size, d.body");
        }
        // Cross joins are read in the order in which they are written: that of the versions' key, where many are asked for.
        sql.push(if which.is_few() {
            " FROM resource r CROSS JOIN version v ON v.resource = r.id"
        } else {
            " FROM version v CROSS JOIN resource r ON r.id = v.resource"
        });
        if with_documents {
            sql.push(" LEFT JOIN document d ON d.hash = v.hash");
        }
        sql.push(" WHERE v.scan <= ").push_bind(until.unwrap_or(i64::MAX));
        which.push(&mut sql);
        sql.push(" ORDER BY v.resource, v.scan");
        chunks(self, sql, documents::Decoder::default(), move |rows, mut decoder| {
            const TABLE: &str = "resource";
            let decoded = rows.iter().map(|row| {
                Ok(VersionRow {
                    uid: Uid::new(column::<&str>(row, TABLE, 0)?),
                    kind: ResourceType::new(column::<&str>(row, TABLE, 1)?),
                    account: AccountId::new(column::<&str>(row, TABLE, 2)?),
                    region: Region::new(column::<&str>(row, TABLE, 3)?),
                    is_first: column(row, TABLE, 4)?,
                    version: decode(row, 5, with_documents, &mut decoder)?,
                })
            });
            let decoded = decoded.collect::<Result<_, StoreError>>()?;
            Ok((decoded, decoder))
        })
    }
}

/// A version of the columns `scan, seen_at, hash`, its facts and its document, which begin at `first`.
pub(super) fn decode(
    row: &sqlx::sqlite::SqliteRow,
    first: usize,
    with_document: bool,
    decoder: &mut documents::Decoder,
) -> Result<KeptVersion, StoreError> {
    const TABLE: &str = "version";
    Ok(KeptVersion {
        scan: column(row, TABLE, first)?,
        seen_at: time(TABLE, column(row, TABLE, first + 1)?)?,
        hash: column::<Option<&[u8]>>(row, TABLE, first + 2)?.map(hex::encode),
        facts: Facts::decode(row, first + 3)?,
        document: if with_document { document(row, first + 3 + FACTS_COLUMNS, decoder)? } else { None },
    })
}
