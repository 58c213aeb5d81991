//! Staging: what a scan sees, kept aside until the scan ends.
//!
//! A resource that the estate holds with the same facts already costs one look-up and a short row: neither its document
//! nor its tags are written again.

use std::collections::{HashMap, HashSet};

use fathom_model::{Document, Resource, Uid};
use sqlx::{Row as _, SqliteConnection};

use crate::{
    Store, StoreError,
    bulk::{self, Insert},
    documents,
    facts::{self, Print},
    overlap::oldest_running,
    rows::{column, micros, stored_count},
    scans::{blocking, running},
};

/// Resources staged in one transaction.
const STAGE_ROWS_MAX: usize = 4096;

/// What became of staged resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StageReport {
    /// Resources taken.
    pub staged: u64,
    /// Uids that the scan had staged already, in the order given; the first resource was kept.
    pub duplicates: Vec<Uid>,
}

const STAGE: Insert = Insert {
    head: "INSERT INTO staged (scan, uid, hash, facts, kind, account, region, native_id, name, tags, created_at, \
           provider_made, exposed, observed) VALUES",
    columns: 14,
    tail: "ON CONFLICT (scan, uid) DO NOTHING RETURNING uid",
};
const STAGE_KNOWN: Insert = Insert {
    head: "INSERT INTO staged (scan, uid, hash, facts, observed) VALUES",
    columns: 5,
    tail: "ON CONFLICT (scan, uid) DO NOTHING RETURNING uid",
};

/// A resource with what is computed of it.
struct Hashed<'r> {
    resource: &'r Resource,
    hash: [u8; 32],
    facts: Print,
    tags: String,
}

impl Store {
    /// Adds resources to a scan that is under way. They become part of the estate when it finishes.
    ///
    /// Of several resources with the same uid the first is kept; the others are reported.
    pub async fn stage(&self, scan: i64, resources: &[Resource]) -> Result<StageReport, StoreError> {
        let mut report = StageReport::default();
        for batch in resources.chunks(STAGE_ROWS_MAX) {
            self.stage_batch(scan, batch, &mut report).await?;
        }
        Ok(report)
    }

    async fn stage_batch(
        &self,
        scan: i64,
        batch: &[Resource],
        report: &mut StageReport,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "stage resources";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let documents: Vec<Document> = batch.iter().map(|resource| resource.document.clone()).collect();
        let hashes =
            blocking(move || documents.iter().map(Document::hash).collect::<Vec<[u8; 32]>>()).await?;
        let hashed: Vec<Hashed<'_>> = batch
            .iter()
            .zip(hashes)
            .map(|(resource, hash)| {
                let tags = facts::tags_text(resource);
                Hashed { resource, hash, facts: facts::facts(resource, &hash, &tags), tags }
            })
            .collect();
        let mut reader = self.readers().acquire().await.map_err(failed)?;
        let same = unchanged(&mut reader, scan, &hashed).await.map_err(failed)?;
        let mut first = HashSet::with_capacity(hashed.len());
        // A resource that comes twice goes in once, whichever way.
        let (fresh, known): (Vec<&Hashed<'_>>, Vec<&Hashed<'_>>) = hashed
            .iter()
            .filter(|one| first.insert(one.resource.uid.as_str()))
            .partition(|one| !same.contains_key(one.resource.uid.as_str()));
        let fresh_hashes: Vec<[u8; 32]> = fresh.iter().map(|one| one.hash).collect();
        // Documents are never removed while a scan runs, so what is known now is still known in the transaction.
        let mut kept = documents::known(&mut reader, &fresh_hashes).await.map_err(failed)?;
        drop(reader);
        let unkept: Vec<(Document, [u8; 32])> = fresh
            .iter()
            .filter(|one| kept.insert(one.hash))
            .map(|one| (one.resource.document.clone(), one.hash))
            .collect();
        let packed = blocking(move || documents::pack(unkept.iter())).await?;

        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        running(&mut tx, shared, scan).await?;
        documents::insert(&mut tx, &packed).await.map_err(failed)?;
        let mut taken = STAGE_KNOWN
            .returning(&mut tx, &known, |query, one| {
                query
                    .bind(scan)
                    .bind(one.resource.uid.as_str())
                    .bind(one.hash.to_vec())
                    .bind(one.facts.to_vec())
                    .bind(same.get(one.resource.uid.as_str()).cloned().flatten())
            })
            .await
            .map_err(failed)?;
        let taken_fresh = STAGE
            .returning(&mut tx, &fresh, |query, one| {
                let resource = one.resource;
                query
                    .bind(scan)
                    .bind(resource.uid.as_str())
                    .bind(one.hash.to_vec())
                    .bind(one.facts.to_vec())
                    .bind(resource.kind.as_str())
                    .bind(resource.account.as_str())
                    .bind(resource.region.as_str())
                    .bind(resource.id.as_str())
                    .bind(resource.name.clone())
                    .bind(one.tags.clone())
                    .bind(resource.created_at.map(micros))
                    .bind(resource.provider_made)
                    .bind(resource.exposed)
                    .bind(resource.document.observed().map(str::to_owned))
            })
            .await
            .map_err(failed)?;
        taken.extend(taken_fresh);
        let duplicates = batch.len() - taken.len();
        if duplicates > 0 {
            let mut taken: HashSet<&str> =
                taken.iter().map(|row| column(row, "staged", 0)).collect::<Result<_, _>>()?;
            let again = batch.iter().filter(|resource| !taken.remove(resource.uid.as_str()));
            report.duplicates.extend(again.map(|resource| resource.uid.clone()));
            sqlx::query("UPDATE scan SET duplicates = duplicates + $1 WHERE id = $2")
                .bind(stored_count(duplicates as u64))
                .bind(scan)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
        }
        tx.commit().await.map_err(failed)?;
        report.staged += (batch.len() - duplicates) as u64;
        Ok(())
    }
}

/// The resources whose facts the estate holds as they are, with what was observed where that differs; empty where there is
/// nothing any more. None while a scan is under way that began before this one: it may change what is held before this
/// one ends, and a short row says nothing then.
async fn unchanged<'r>(
    conn: &mut SqliteConnection,
    scan: i64,
    hashed: &[Hashed<'r>],
) -> Result<HashMap<&'r str, Option<String>>, sqlx::Error> {
    // Asked first: a scan that ends in between has changed what is read below.
    if oldest_running(conn).await?.is_some_and(|oldest| oldest < scan) {
        return Ok(HashMap::new());
    }
    // The plus sign keeps SQLite from going through all that exists instead of looking up the uids.
    let rows = bulk::select_in(
        conn,
        "SELECT uid, facts, observed FROM resource WHERE +deleted_at IS NULL AND facts IS NOT NULL AND uid",
        hashed,
        |query, one| query.bind(one.resource.uid.as_str().to_owned()),
    )
    .await?;
    let mut held: HashMap<&str, (&[u8], Option<&str>)> = HashMap::with_capacity(rows.len());
    for row in &rows {
        held.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    let same = hashed.iter().filter_map(|one| {
        let (facts, before) = held.get(one.resource.uid.as_str())?;
        let now = one.resource.document.observed();
        let differs = (*before != now).then(|| now.unwrap_or_default().to_owned());
        (**facts == one.facts).then_some((one.resource.uid.as_str(), differs))
    });
    Ok(same.collect())
}
