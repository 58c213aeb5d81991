//! The estate as a scan left it, in streams like those of the estate as it is.

use std::{collections::HashMap, fmt};

use fathom_model::{
    Acceptance, AccountId, DayEdge, Document, Edge, Gap, Moment, Region, Resource, ResourceType, Scan,
    Statement, Timestamp, Uid, Unknown,
};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use sqlx::QueryBuilder;

use super::{FACTS_COLUMNS, Facts, VersionRow, chunks, document, facts_columns};
use crate::{
    Store, StoreError, Which, WhichEdges, documents, edges, explanations,
    rows::{column, micros, time},
};

/// A resource as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct PastResource {
    /// What the provider said. The document is `null` where it was not asked for, or is not kept any more.
    pub resource: Resource,
    /// When a scan first saw it.
    pub first_seen: Timestamp,
    /// Whether all that was demanded of its type was known; none where nobody said.
    pub understood: Option<bool>,
}

/// The estate as it was at a moment: as the newest scan left it that had finished then.
#[derive(Clone)]
pub struct Past {
    store: Store,
    scan: Scan,
    moment: Timestamp,
    let_go: Option<Scan>,
    /// Since when edges, statements and the list are kept, where that was after the scan.
    kept_since: Option<Timestamp>,
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past")
            .field("scan", &self.scan.id)
            .field("moment", &self.moment)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The estate at a moment, a day at its end.
    ///
    /// # Errors
    /// As [`Store::scan_of`].
    pub async fn past(&self, moment: &Moment, now: Timestamp) -> Result<Past, StoreError> {
        let scan = self.scan_of(moment, DayEdge::End, now).await?;
        let at = moment.time(now, DayEdge::End).or(scan.finished_at).unwrap_or(now);
        let let_go = match moment {
            Moment::Scan(_) => None,
            _ => self.let_go_at(at).await?,
        };
        let kept_since = self.knowledge_since(&scan).await?;
        Ok(Past { store: self.for_questions(), scan, moment: at, let_go, kept_since })
    }

    /// Since when what is known about resources leaves a history, where the scan ended before that and another one
    /// followed it. None of a directory that was made after.
    async fn knowledge_since(&self, scan: &Scan) -> Result<Option<Timestamp>, StoreError> {
        const FIRST: i64 = 2;
        let since: Option<i64> = sqlx::query_scalar(
            "SELECT m.applied_at FROM migration m WHERE m.number = $1 \
             AND m.applied_at > (SELECT MIN(applied_at) FROM migration) AND m.applied_at >= $2 \
             AND EXISTS (SELECT 1 FROM scan s WHERE s.state = 'finished' AND s.id > $3)",
        )
        .bind(FIRST)
        .bind(scan.finished_at.map(micros))
        .bind(scan.id)
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read since when history is kept", source))?;
        since.map(|at| time("migration", at)).transpose()
    }
}

impl Past {
    /// The scan that left the estate like this.
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The moment that was asked for.
    pub fn moment(&self) -> Timestamp {
        self.moment
    }

    /// The newest scan that had finished at the moment, where a compaction let go of its state and this is that of an
    /// earlier one.
    pub fn let_go(&self) -> Option<&Scan> {
        self.let_go.as_ref()
    }

    /// Why there is none of something, where it was not kept yet.
    pub(crate) fn not_kept(&self, what: &'static str) -> Option<StoreError> {
        self.kept_since.map(|since| StoreError::NotKept { what, scan: self.scan.id, since })
    }

    /// The store behind it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The resources that existed, in the order of first sight.
    pub fn stream_resources(
        &self,
        which: &Which,
        with_documents: bool,
    ) -> impl Stream<Item = Result<Vec<PastResource>, StoreError>> + Send + use<> {
        let scan = self.scan.id;
        let mut sql = QueryBuilder::new(concat!(
            "SELECT r.uid, r.kind, r.account, r.region, r.native_id, r.first_seen, ",
            facts_columns!("v"),
            ", "
        ));
        if self.kept_since.is_some() {
            sql.push("NULL");
        } else {
            sql.push("COALESCE((SELECT x.understood FROM explanation x WHERE x.resource = r.id AND x.from_scan <= ");
            sql.push_bind(scan);
            sql.push(
                "), (SELECT h.understood FROM explanation_history h WHERE h.resource = r.id AND h.from_scan <= ",
            );
            sql.push_bind(scan).push(" AND h.to_scan > ").push_bind(scan).push("))");
        }
        if with_documents {
            sql.push(", d.codec, d.size, d.body");
        }
        sql.push(
            " FROM resource r JOIN version v ON v.resource = r.id AND v.scan = \
             (SELECT MAX(w.scan) FROM version w WHERE w.resource = r.id AND w.scan <= ",
        );
        sql.push_bind(scan).push(")");
        if with_documents {
            sql.push(" LEFT JOIN document d ON d.hash = v.hash");
        }
        sql.push(" WHERE v.hash IS NOT NULL");
        which.push(&mut sql);
        sql.push(" ORDER BY r.id");
        chunks(&self.store, sql, documents::Decoder::default(), move |rows, mut decoder| {
            const TABLE: &str = "resource";
            let mut decoded = Vec::with_capacity(rows.len());
            for row in rows {
                let facts = Facts::decode(row, 6)?;
                let kept =
                    if with_documents { document(row, 7 + FACTS_COLUMNS, &mut decoder)? } else { None };
                decoded.push(PastResource {
                    resource: Resource {
                        uid: Uid::new(column::<&str>(row, TABLE, 0)?),
                        kind: ResourceType::new(column::<&str>(row, TABLE, 1)?),
                        account: AccountId::new(column::<&str>(row, TABLE, 2)?),
                        region: Region::new(column::<&str>(row, TABLE, 3)?),
                        id: column(row, TABLE, 4)?,
                        name: facts.name,
                        tags: facts.tags,
                        created_at: facts.created_at,
                        provider_made: facts.provider_made,
                        exposed: facts.exposed,
                        document: kept.unwrap_or_else(|| Document::from_canonical("null")),
                    },
                    first_seen: time(TABLE, column(row, TABLE, 5)?)?,
                    understood: column(row, TABLE, 6 + FACTS_COLUMNS)?,
                });
            }
            Ok((decoded, decoder))
        })
    }

    /// The edges that held.
    pub fn stream_edges(
        &self,
        which: &WhichEdges,
    ) -> impl Stream<Item = Result<Vec<Edge>, StoreError>> + Send + use<> {
        let mut sql = QueryBuilder::new(
            "SELECT f.uid, e.kind, COALESCE(e.target, t.uid), COALESCE(e.expected, CASE WHEN t.id IS NOT NULL AND \
             (SELECT v.hash FROM version v WHERE v.resource = t.id AND v.scan <= ",
        );
        sql.push_bind(self.scan.id);
        sql.push(
            " ORDER BY v.scan DESC LIMIT 1) IS NULL THEN t.kind END), e.outside, e.path FROM edge_ever e \
             JOIN resource f ON f.id = e.from_id LEFT JOIN resource t ON t.id = e.to_id WHERE ",
        );
        self.push_holds(&mut sql, "e");
        which.push(&mut sql);
        let rows = chunks(&self.store, sql, (), |rows, ()| {
            let decoded = rows.iter().map(|row| edges::decode(row, 0));
            Ok((decoded.collect::<Result<_, StoreError>>()?, ()))
        });
        unless(self.not_kept("what references led to"), rows)
    }

    /// What was said about resources; the statements on one come together, sorted by part and trust.
    pub fn stream_statements(
        &self,
        which: &Which,
    ) -> impl Stream<Item = Result<Vec<(Uid, Vec<Statement>)>, StoreError>> + Send + use<> {
        let mut sql = QueryBuilder::new(
            "SELECT r.uid, e.statements FROM explanation_ever e JOIN resource r ON r.id = e.resource WHERE ",
        );
        self.push_holds(&mut sql, "e");
        which.push(&mut sql);
        let read_at = self.scan.finished_at.unwrap_or(self.moment);
        let rows = chunks(&self.store, sql, (), move |rows, ()| {
            const TABLE: &str = "explanation";
            let decoded = rows.iter().map(|row| {
                let uid = Uid::new(column::<&str>(row, TABLE, 0)?);
                Ok((uid, explanations::decode(column(row, TABLE, 1)?, read_at)?))
            });
            Ok((decoded.collect::<Result<_, StoreError>>()?, ()))
        });
        unless(self.not_kept("what was said about resources"), rows)
    }

    /// What was not understood, worst first, with the acceptances that held at the moment.
    pub fn stream_unknowns(&self) -> impl Stream<Item = Result<Vec<Unknown>, StoreError>> + Send + use<> {
        let past = self.clone();
        let rows = stream::once(async move {
            match past.acceptances().await {
                Ok(holding) => past.unknowns(holding).left_stream(),
                Err(error) => stream::iter([Err(error)]).right_stream(),
            }
        });
        unless(self.not_kept("what was not understood"), rows.flatten())
    }

    fn unknowns(
        &self,
        holding: HashMap<Uid, Vec<Acceptance>>,
    ) -> impl Stream<Item = Result<Vec<Unknown>, StoreError>> + Send + use<> {
        let mut sql = QueryBuilder::new(concat!(
            "SELECT r.uid, r.kind, r.account, r.region, e.body, ",
            facts_columns!("v"),
            " FROM unknown_ever e JOIN resource r ON r.id = e.resource LEFT JOIN version v ON v.resource = r.id AND \
             v.scan = (SELECT MAX(w.scan) FROM version w WHERE w.resource = r.id AND w.scan <= "
        ));
        sql.push_bind(self.scan.id).push(") WHERE ");
        self.push_holds(&mut sql, "e");
        sql.push(" ORDER BY e.severity, r.uid");
        let moment = self.moment;
        chunks(&self.store, sql, (0_u64, holding), move |rows, (mut rank, holding)| {
            const TABLE: &str = "unknown";
            let mut decoded = Vec::with_capacity(rows.len());
            for row in rows {
                let body: Body = serde_json::from_str(column(row, TABLE, 4)?).map_err(|_| {
                    StoreError::BadRow { table: TABLE, what: "the body is not a JSON object".to_owned() }
                })?;
                let uid = Uid::new(column::<&str>(row, TABLE, 0)?);
                let own = holding.get(&uid).map(Vec::as_slice).unwrap_or_default();
                let mut gaps = body.gaps;
                for gap in &mut gaps {
                    gap.accepted =
                        own.iter().find(|acceptance| acceptance.covers(&gap.part, moment)).cloned();
                }
                rank += 1;
                decoded.push(Unknown {
                    uid,
                    kind: ResourceType::new(column::<&str>(row, TABLE, 1)?),
                    account: AccountId::new(column::<&str>(row, TABLE, 2)?),
                    region: Region::new(column::<&str>(row, TABLE, 3)?),
                    name: Facts::decode(row, 5)?.name,
                    rank,
                    because: body.because,
                    gaps,
                });
            }
            Ok((decoded, (rank, holding)))
        })
    }

    /// Every version that was known, as [`Store::stream_versions`] gives them.
    pub fn stream_versions(
        &self,
        which: &Which,
        with_documents: bool,
    ) -> impl Stream<Item = Result<Vec<VersionRow>, StoreError>> + Send + use<> {
        self.store.stream_versions(which, Some(self.scan.id), with_documents)
    }

    /// The acceptances that held at the moment, by resource.
    pub(crate) async fn acceptances(&self) -> Result<HashMap<Uid, Vec<Acceptance>>, StoreError> {
        const TABLE: &str = "acceptance";
        let rows = sqlx::query(
            "SELECT uid, part, reason, accepted_by, accepted_at, until FROM acceptance \
             WHERE accepted_at <= $1 AND until > $1 AND (ended_at IS NULL OR ended_at > $1) ORDER BY id",
        )
        .bind(micros(self.moment))
        .fetch_all(self.store.readers())
        .await
        .map_err(|source| self.store.failed("read the acceptances", source))?;
        let mut holding: HashMap<Uid, Vec<Acceptance>> = HashMap::new();
        for row in &rows {
            let acceptance = Acceptance {
                uid: Uid::new(column::<&str>(row, TABLE, 0)?),
                part: column(row, TABLE, 1)?,
                reason: column(row, TABLE, 2)?,
                by: column(row, TABLE, 3)?,
                at: time(TABLE, column(row, TABLE, 4)?)?,
                until: time(TABLE, column(row, TABLE, 5)?)?,
            };
            holding.entry(acceptance.uid.clone()).or_default().push(acceptance);
        }
        Ok(holding)
    }

    /// The condition that a row of one of the `…_ever` views held.
    fn push_holds(&self, sql: &mut QueryBuilder<sqlx::Sqlite>, table: &'static str) {
        sql.push(table).push(".from_scan <= ").push_bind(self.scan.id);
        sql.push(" AND (").push(table).push(".to_scan IS NULL OR ").push(table).push(".to_scan > ");
        sql.push_bind(self.scan.id).push(")");
    }
}

/// The rows, or the error where there is one.
fn unless<T: Send>(
    error: Option<StoreError>,
    rows: impl Stream<Item = Result<T, StoreError>> + Send,
) -> impl Stream<Item = Result<T, StoreError>> + Send {
    match error {
        None => rows.left_stream(),
        Some(error) => stream::iter([Err(error)]).right_stream(),
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    because: Vec<String>,
    #[serde(default)]
    gaps: Vec<Gap>,
}
