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
        let written = serde_json::json!(proof).to_string();
        self.proof.as_deref() == Some(written.as_str())
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
mod tests {
    use fathom_model::{FindingChange, FindingLife, FindingState, Severity, Timestamp};
    use futures::TryStreamExt as _;

    use super::*;
    use crate::{FindingRun, FindingUpdate, findings::BULK_MIN};

    fn update(number: usize, title: &str) -> FindingUpdate {
        let at = Timestamp::UNIX_EPOCH;
        let life = FindingLife {
            state: FindingState::Open,
            confirmed: true,
            first_seen: at,
            last_seen: at,
            since: at,
            fixed_by: None,
            reopened: 0,
        };
        let finding = KeptFinding {
            // In another order than they are kept in.
            id: format!("{:08x}", number.wrapping_mul(2_654_435_761) as u32),
            check: "check".to_owned(),
            title: title.to_owned(),
            severity: Severity::High,
            resource: Uid::from(format!("arn:{}", number % 100)),
            resource_type: "AWS::EC2::Volume".into(),
            name: None,
            account: "111111111111".into(),
            region: "eu-west-1".into(),
            owner: None,
            class: None,
            keeps_data: false,
            tags: std::collections::BTreeMap::new(),
            life,
        };
        let proof = FindingProof { proof: vec![format!("line {number}")], ..FindingProof::default() };
        FindingUpdate { finding, proof: Some(proof), change: Some(FindingChange::Opened) }
    }

    #[tokio::test]
    async fn many_findings_are_kept_with_their_index_and_read_in_chunks() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "test.example/log", Timestamp::UNIX_EPOCH).await.unwrap();
        let indices = async || -> Vec<String> {
            let sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
            sqlx::query_scalar(sql).fetch_all(store.readers()).await.unwrap()
        };
        let before = indices().await;
        let at = Timestamp::UNIX_EPOCH;
        let run = FindingRun { at, scan: 1, by: "test".to_owned(), checks: 1, resources: 1, whole: true };
        for title in ["as it was", "as it is"] {
            let updates: Vec<FindingUpdate> = (0..BULK_MIN + 7).map(|number| update(number, title)).collect();
            store.keep_findings(&run, &updates, &[]).await.unwrap();
            assert_eq!(indices().await, before);
            let known: Vec<KnownFinding> = store.stream_known_findings().try_concat().await.unwrap();
            let mut wanted = updates;
            wanted.sort_by(|one, other| one.finding.id.cmp(&other.finding.id));
            assert!(known.iter().map(|one| &one.finding).eq(wanted.iter().map(|one| &one.finding)));
            let proven = |(known, wanted): (&KnownFinding, &FindingUpdate)| {
                let proof = wanted.proof.as_ref().unwrap();
                known.is_proven_by(proof) && known.proof().unwrap() == *proof
            };
            assert!(known.iter().zip(&wanted).all(proven));
            assert!(!known[0].is_proven_by(wanted[1].proof.as_ref().unwrap()));
        }
        let about = store.known_findings_about(&["arn:7".into(), "arn:none".into()]).await.unwrap();
        assert_eq!(about.len(), (0..BULK_MIN + 7).filter(|number| number % 100 == 7).count());
        store.close().await.unwrap();
    }
}
