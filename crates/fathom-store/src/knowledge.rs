//! What is known about resources: statements, edges and gaps, compared with what the estate holds before it is staged,
//! so that only what differs is written.

use std::collections::{HashMap, HashSet};

use fathom_model::{AccountId, Edge, Gap, ResourceType, Statement, Target, Timestamp, Uid, Unknown};
use serde_json::json;
use sqlx::{Row, SqliteConnection};

use crate::{
    bulk::{self, Insert},
    explanations,
    facts::{Print, Printer},
};

/// All that a scan knows about one resource. What it does not say any more ends with the scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// The resource.
    pub uid: Uid,
    /// Whether all that is demanded of its type is known.
    pub understood: bool,
    /// What is said about it.
    pub statements: Vec<Statement>,
    /// The edges that its document states.
    pub edges: Vec<Edge>,
    /// Its row on the list; none where it has no gap.
    pub listed: Option<Listed>,
}

/// A row of the list, without its rank: that is counted when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its place: smaller is worse, and of equal ones the first uid.
    pub severity: i64,
    /// The type of the resource.
    pub kind: ResourceType,
    /// Its account.
    pub account: AccountId,
    /// Why it stands where it stands, in words.
    pub because: Vec<String>,
    /// What is missing. Acceptances are added when somebody asks.
    pub gaps: Vec<Gap>,
}

impl From<Unknown> for Listed {
    fn from(unknown: Unknown) -> Self {
        Self {
            severity: i64::try_from(unknown.rank).unwrap_or(i64::MAX),
            kind: unknown.kind,
            account: unknown.account,
            because: unknown.because,
            gaps: unknown.gaps,
        }
    }
}

impl Knowledge {
    /// A resource about which nothing is known.
    pub fn nothing(uid: Uid) -> Self {
        Self { uid, understood: false, statements: Vec::new(), edges: Vec::new(), listed: None }
    }
}

/// An edge as columns: kind, target, expected type, whether it leads outside, path.
pub(crate) type EdgeRow = (String, String, Option<String>, bool, String);

/// A row of the list as columns.
pub(crate) struct ListedRow {
    severity: i64,
    kind: String,
    account: String,
    body: String,
}

/// Knowledge in the form of its rows.
pub(crate) struct Encoded {
    uid: Uid,
    /// None where nothing is known.
    hash: Option<Print>,
    understood: bool,
    statements: String,
    edges: Vec<EdgeRow>,
    listed: Option<ListedRow>,
}

/// Encodes knowledge; statements as of `read_at` carry no time of their own.
pub(crate) fn encode(knowledge: Vec<Knowledge>, read_at: Timestamp) -> Vec<Encoded> {
    knowledge.into_iter().map(|one| encode_one(one, read_at)).collect()
}

fn encode_one(knowledge: Knowledge, read_at: Timestamp) -> Encoded {
    let Knowledge { uid, understood, mut statements, edges, listed } = knowledge;
    let mut edges: Vec<EdgeRow> = edges
        .into_iter()
        .map(|edge| {
            let (target, expected, outside) = match edge.to {
                Target::Known { uid } => (uid.to_string(), None, false),
                Target::Unresolved { kind, reference, outside } => {
                    (reference, Some(kind.to_string()), outside)
                }
            };
            (edge.kind.to_string(), target, expected, outside, edge.path.to_string())
        })
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let listed = listed.map(|one| {
        let gaps: Vec<Gap> = one.gaps.into_iter().map(|gap| Gap { accepted: None, ..gap }).collect();
        ListedRow {
            severity: one.severity,
            kind: one.kind.to_string(),
            account: one.account.to_string(),
            body: json!({ "because": one.because, "gaps": gaps }).to_string(),
        }
    });
    let known = understood || !statements.is_empty() || !edges.is_empty() || listed.is_some();
    let statements = explanations::encode(&mut statements, read_at);
    let hash = known.then(|| {
        let mut printer = Printer::new();
        printer.add(&[u8::from(understood)]).add(statements.as_bytes());
        for (kind, target, expected, outside, path) in &edges {
            printer
                .add(kind.as_bytes())
                .add(target.as_bytes())
                .add(path.as_bytes())
                .add(&[u8::from(*outside)]);
            printer.add_optional(expected.as_deref().map(str::as_bytes));
        }
        if let Some(row) = &listed {
            printer.add(&row.severity.to_le_bytes()).add(row.body.as_bytes());
            printer.add(row.kind.as_bytes()).add(row.account.as_bytes());
        }
        printer.finish()
    });
    Encoded { uid, hash, understood, statements, edges, listed }
}

/// What of the knowledge differs from what the estate holds.
#[derive(Default)]
pub(crate) struct Differences {
    rows: Vec<StagedKnowledge>,
    edges: Vec<(Uid, EdgeRow)>,
    edge_ends: Vec<i64>,
}

struct StagedKnowledge {
    uid: Uid,
    hash: Option<Print>,
    understood: bool,
    /// None where neither statements nor understanding changed.
    statements: Option<String>,
    /// On the list, not any more, or (none) as before.
    listed: Option<Result<ListedRow, NotListed>>,
}

struct NotListed;

/// Compares knowledge with what the estate holds. What a scan that began later has said stays.
pub(crate) async fn compare(
    conn: &mut SqliteConnection,
    scan: i64,
    encoded: Vec<Encoded>,
) -> Result<Differences, sqlx::Error> {
    let held = bulk::select_in(
        conn,
        "SELECT uid, id, knowledge, changed_scan FROM resource WHERE +deleted_at IS NULL AND uid",
        &encoded,
        |query, one| query.bind(one.uid.as_str().to_owned()),
    )
    .await?;
    let mut by_uid: HashMap<&str, (i64, Option<&[u8]>, i64)> = HashMap::with_capacity(held.len());
    for row in &held {
        by_uid.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    }
    let mut differing: Vec<(Option<i64>, Encoded)> = Vec::new();
    for one in encoded {
        let known = by_uid.get(one.uid.as_str());
        let before = known.and_then(|(_, hash, _)| *hash);
        let later = known.is_some_and(|(.., changed)| *changed > scan);
        if !later && before != one.hash.as_ref().map(Print::as_slice) {
            differing.push((known.map(|(id, ..)| *id), one));
        }
    }
    let ids: Vec<i64> = differing.iter().filter_map(|(id, _)| *id).collect();
    let mut current = Current::read(conn, &ids).await?;
    let mut differences = Differences::default();
    for (id, one) in differing {
        let before = id.map(|id| current.take(id)).unwrap_or_default();
        if before.since <= scan {
            differences.add(one, before);
        }
    }
    Ok(differences)
}

/// What the estate holds about one resource.
#[derive(Default)]
struct Before {
    /// The newest scan that said any of it.
    since: i64,
    explanation: Option<(String, bool)>,
    edges: HashMap<EdgeRow, i64>,
    listed: Option<(i64, String)>,
}

#[derive(Default)]
struct Current(HashMap<i64, Before>);

impl Current {
    async fn read(conn: &mut SqliteConnection, ids: &[i64]) -> Result<Self, sqlx::Error> {
        let mut all: HashMap<i64, Before> = HashMap::with_capacity(ids.len());
        if ids.is_empty() {
            return Ok(Self::default());
        }
        for one in explanations::current(conn, ids).await? {
            let before = all.entry(one.resource).or_default();
            before.since = before.since.max(one.from_scan);
            before.explanation = Some((one.statements, one.understood));
        }
        let edges = bulk::select_in(
            conn,
            "SELECT e.id, e.from_id, e.kind, COALESCE(e.target, t.uid), e.expected, e.outside, e.path, \
             e.from_scan FROM edge e \
             LEFT JOIN resource t ON t.id = e.to_id WHERE e.from_id",
            ids,
            |query, id| query.bind(*id),
        )
        .await?;
        for row in edges {
            let edge = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?, row.try_get(5)?, row.try_get(6)?);
            let before = all.entry(row.try_get(1)?).or_default();
            before.since = before.since.max(row.try_get(7)?);
            before.edges.insert(edge, row.try_get(0)?);
        }
        let listed = bulk::select_in(
            conn,
            "SELECT resource, severity, body, from_scan FROM unknown WHERE resource",
            ids,
            |query, id| query.bind(*id),
        )
        .await?;
        for row in listed {
            let before = all.entry(row.try_get(0)?).or_default();
            before.since = before.since.max(row.try_get(3)?);
            before.listed = Some((row.try_get(1)?, row.try_get(2)?));
        }
        Ok(Self(all))
    }

    fn take(&mut self, id: i64) -> Before {
        self.0.remove(&id).unwrap_or_default()
    }
}

impl Differences {
    fn add(&mut self, one: Encoded, mut before: Before) {
        let Encoded { uid, hash, understood, statements, edges, listed } = one;
        for edge in edges {
            if before.edges.remove(&edge).is_none() {
                self.edges.push((uid.clone(), edge));
            }
        }
        // The numbers go into a table in their own order, so the order of the map does not show.
        self.edge_ends.extend(before.edges.into_values());
        let said = before.explanation.as_ref().map(|(text, understood)| (text.as_str(), *understood));
        let statements = match (said, hash) {
            (None, None) => None,
            (said, _) => (said != Some((&statements, understood))).then_some(statements),
        };
        let listed = match (before.listed, listed) {
            (None, None) => None,
            (Some(_), None) => Some(Err(NotListed)),
            (Some((severity, body)), Some(row)) if severity == row.severity && body == row.body => None,
            (_, Some(row)) => Some(Ok(row)),
        };
        self.rows.push(StagedKnowledge { uid, hash, understood, statements, listed });
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

const KNOWLEDGE: Insert = Insert {
    head: "INSERT INTO staged_knowledge (scan, uid, hash, understood, statements, listed, severity, kind, account, \
           body) VALUES",
    columns: 10,
    tail: "ON CONFLICT (scan, uid) DO NOTHING",
};
const EDGES: Insert = Insert {
    head: "INSERT INTO staged_edge (scan, from_uid, kind, target, expected, outside, path) VALUES",
    columns: 7,
    tail: "",
};
const EDGE_ENDS: Insert = Insert {
    head: "INSERT INTO staged_edge_end (scan, edge) VALUES",
    columns: 2,
    tail: "ON CONFLICT (scan, edge) DO NOTHING",
};

/// Keeps differences aside until the scan ends.
pub(crate) async fn stage(
    conn: &mut SqliteConnection,
    scan: i64,
    differences: &Differences,
) -> Result<(), sqlx::Error> {
    KNOWLEDGE
        .run(conn, &differences.rows, |query, row| {
            let listed = row.listed.as_ref().map(Result::is_ok);
            let place = row.listed.as_ref().and_then(|listed| listed.as_ref().ok());
            query
                .bind(scan)
                .bind(row.uid.as_str().to_owned())
                .bind(row.hash.map(|hash| hash.to_vec()))
                .bind(row.understood)
                .bind(row.statements.clone())
                .bind(listed)
                .bind(place.map(|row| row.severity))
                .bind(place.map(|row| row.kind.clone()))
                .bind(place.map(|row| row.account.clone()))
                .bind(place.map(|row| row.body.clone()))
        })
        .await?;
    EDGES
        .run(conn, &differences.edges, |query, (uid, (kind, target, expected, outside, path))| {
            query
                .bind(scan)
                .bind(uid.as_str().to_owned())
                .bind(kind.clone())
                .bind(target.clone())
                .bind(expected.clone())
                .bind(*outside)
                .bind(path.clone())
        })
        .await?;
    EDGE_ENDS.run(conn, &differences.edge_ends, |query, edge| query.bind(scan).bind(*edge)).await
}

/// Forgets what was kept aside for a scan.
pub(crate) async fn clear(conn: &mut SqliteConnection, scan: i64) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM staged_knowledge WHERE scan = $1",
        "DELETE FROM staged_edge WHERE scan = $1",
        "DELETE FROM staged_edge_end WHERE scan = $1",
    ] {
        sqlx::query(sql).bind(scan).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Groups the lists of [`crate::ScanResults`] by resource.
#[derive(Default)]
pub(crate) struct Grouped {
    edges: HashMap<Uid, Vec<Edge>>,
    statements: HashMap<Uid, Vec<Statement>>,
    listed: HashMap<Uid, Listed>,
    understood: HashSet<Uid>,
}

impl Grouped {
    pub(crate) fn new(
        edges: Vec<Edge>,
        statements: Vec<(Uid, Statement)>,
        unknowns: Vec<Unknown>,
        understood: HashSet<Uid>,
    ) -> Self {
        let mut grouped = Self { understood, ..Self::default() };
        for edge in edges {
            grouped.edges.entry(edge.from.clone()).or_default().push(edge);
        }
        for (uid, statement) in statements {
            grouped.statements.entry(uid).or_default().push(statement);
        }
        for unknown in unknowns {
            grouped.listed.insert(unknown.uid.clone(), unknown.into());
        }
        grouped
    }

    /// What is known about a resource, once.
    pub(crate) fn take(&mut self, uid: &Uid) -> Knowledge {
        Knowledge {
            uid: uid.clone(),
            understood: self.understood.remove(uid),
            statements: self.statements.remove(uid).unwrap_or_default(),
            edges: self.edges.remove(uid).unwrap_or_default(),
            listed: self.listed.remove(uid),
        }
    }

    /// The resources that were not taken, sorted.
    pub(crate) fn rest(&self) -> Vec<Uid> {
        let mut uids: Vec<Uid> = self
            .edges
            .keys()
            .chain(self.statements.keys())
            .chain(self.listed.keys())
            .chain(&self.understood)
            .cloned()
            .collect();
        uids.sort_unstable();
        uids.dedup();
        uids
    }
}
