//! Findings as a run of checks compares them with what it found: each with its proof, and without what is kept elsewhere.

use fathom_model::{FindingProof, KeptFinding, Uid};
use futures::Stream;
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};

use super::{decode_own, own_columns};
use crate::{
    Store, StoreError, bulk::select_in, rows::column, scans::blocking, stream::CHUNK_ROWS, stream::ahead,
};

const OPERATION: &str = "read the findings";

/// The columns of a finding and its proof.
macro_rules! known_columns {
    () => {
        concat!(own_columns!(), ", p.body FROM finding f LEFT JOIN finding_proof p ON p.finding = f.id ")
    };
}

/// A finding, without the tags of its resource.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownFinding {
    /// What is kept of it.
    pub finding: KeptFinding,
    /// What its check said, as it is written.
    proof: Option<String>,
}

impl KnownFinding {
    /// What its check said.
    ///
    /// # Errors
    /// Where it is not what this program writes.
    pub fn proof(&self) -> Result<FindingProof, StoreError> {
        let Some(body) = &self.proof else { return Ok(FindingProof::default()) };
        serde_json::from_str(body)
            .map_err(|_| StoreError::BadRow { table: "finding_proof", what: "`body` is no proof".to_owned() })
    }

    /// Whether its check said this.
    pub fn is_proven_by(&self, proof: &FindingProof) -> bool {
        // What is written alike is alike; reading a million of them takes longer than writing them.
        self.proof.as_deref().is_some_and(|known| known == serde_json::json!(proof).to_string())
    }
}

impl Store {
    /// All findings, by id.
    pub fn stream_known_findings(
        &self,
    ) -> impl Stream<Item = Result<Vec<KnownFinding>, StoreError>> + Send + use<> {
        let store = self.clone();
        let begin = {
            let store = self.clone();
            async move {
                let snapshot =
                    store.walkers().begin().await.map_err(|source| store.failed(OPERATION, source))?;
                Ok((snapshot, String::new()))
            }
        };
        let read = move |(mut snapshot, after): (Transaction<'static, Sqlite>, String)| {
            let store = store.clone();
            async move {
                let rows = sqlx::query(concat!(known_columns!(), "WHERE f.id > $1 ORDER BY f.id LIMIT $2"))
                    .bind(after)
                    .bind(CHUNK_ROWS as i64)
                    .fetch_all(&mut *snapshot)
                    .await
                    .map_err(|source| store.failed(OPERATION, source))?;
                let Some(last) = rows.last() else { return Ok(None) };
                let after: String = column(last, "finding", 0)?;
                let known: Vec<KnownFinding> =
                    blocking(move || rows.iter().map(decode).collect::<Result<_, _>>()).await??;
                Ok(Some((known, (snapshot, after))))
            }
        };
        ahead(begin, read)
    }

    /// The findings about some resources, by id.
    pub async fn known_findings_about(&self, uids: &[Uid]) -> Result<Vec<KnownFinding>, StoreError> {
        let failed = |source| self.failed(OPERATION, source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let head = concat!(known_columns!(), "WHERE f.uid");
        let rows = select_in(&mut conn, head, uids, |query, uid| query.bind(uid.as_str().to_owned()))
            .await
            .map_err(failed)?;
        let mut known: Vec<KnownFinding> = rows.iter().map(decode).collect::<Result<_, _>>()?;
        known.sort_by(|one, other| one.finding.id.cmp(&other.finding.id));
        Ok(known)
    }
}

fn decode(row: &SqliteRow) -> Result<KnownFinding, StoreError> {
    Ok(KnownFinding { finding: decode_own(row)?, proof: column(row, "finding_proof", 19)? })
}
