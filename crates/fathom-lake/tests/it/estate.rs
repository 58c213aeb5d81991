//! A small estate in memory, and how tests ask it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use fathom_content::Content;
use fathom_lake::{
    Answer, Chunks, Lake, Limits, Row, Source, SourceError, SqlError, VersionRow, Which, WhichEdges, output,
};
use fathom_model::{
    Acceptance, Coverage, Document, Edge, Explanation, Gap, Outcome, Part, Reason, Resource, Scan, ScanState,
    SourceKind, Statement, Target, Timestamp, Uid, Unknown,
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use serde_json::{Value, json};

pub(crate) const BUCKET: &str = "AWS::S3::Bucket";
pub(crate) const INSTANCE: &str = "AWS::EC2::Instance";

/// Facts in memory; counts how often documents were asked for.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) rows: Vec<Row>,
    pub(crate) versions: Vec<VersionRow>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) explanations: Vec<(Uid, Explanation)>,
    pub(crate) unknowns: Vec<Unknown>,
    pub(crate) coverage: Vec<Coverage>,
    pub(crate) scans: Vec<Scan>,
    pub(crate) document_reads: Arc<AtomicUsize>,
    pub(crate) type_reads: Arc<AtomicUsize>,
    /// Which resources and edges were asked for.
    pub(crate) asked: Arc<Mutex<(Vec<Which>, Vec<WhichEdges>)>>,
    pub(crate) version: Arc<AtomicUsize>,
    pub(crate) broken: bool,
}

fn chunks<T: Clone + Send + 'static>(facts: &[T]) -> Chunks<T> {
    let chunks: Vec<_> = facts.chunks(3).map(|chunk| Ok(chunk.to_vec())).collect();
    stream::iter(chunks).boxed()
}

/// Whether a value is in a list, which narrows nothing where it is empty.
fn any<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

impl Source for Memory {
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>> {
        let version = self.version.load(Ordering::SeqCst) as u64;
        async move { Ok(version) }.boxed()
    }

    fn resources(&self, which: &Which, with_documents: bool) -> Chunks<Row> {
        self.asked.lock().expect("a lock").0.push(which.clone());
        if self.broken {
            let cause = std::io::Error::other("the disk is gone");
            return stream::iter([Err(SourceError::from(cause))]).boxed();
        }
        self.document_reads.fetch_add(usize::from(with_documents), Ordering::SeqCst);
        self.type_reads.fetch_add(usize::from(!which.kinds.is_empty()), Ordering::SeqCst);
        let mut rows: Vec<Row> = self
            .rows
            .iter()
            .filter(|row| any(&which.kinds, &row.resource.kind) && any(&which.uids, &row.resource.uid))
            .cloned()
            .collect();
        if !with_documents {
            for row in &mut rows {
                row.resource.document = Document::from_canonical("");
            }
        }
        chunks(&rows)
    }

    fn versions(&self, which: &Which, with_documents: bool) -> Chunks<VersionRow> {
        self.document_reads.fetch_add(usize::from(with_documents), Ordering::SeqCst);
        self.type_reads.fetch_add(usize::from(!which.kinds.is_empty()), Ordering::SeqCst);
        let wanted = self.versions.iter().filter(|row| any(&which.kinds, &row.kind));
        let rows: Vec<VersionRow> = wanted
            .map(|row| VersionRow {
                document: row.document.clone().filter(|_| with_documents),
                ..row.clone()
            })
            .collect();
        chunks(&rows)
    }

    fn edges(&self, which: &WhichEdges) -> Chunks<Edge> {
        self.asked.lock().expect("a lock").1.push(which.clone());
        chunks(&self.edges)
    }

    fn explanations(&self, _: &Which) -> Chunks<(Uid, Explanation)> {
        chunks(&self.explanations)
    }

    fn unknowns(&self) -> Chunks<Unknown> {
        chunks(&self.unknowns)
    }

    fn coverage(&self) -> Chunks<Coverage> {
        chunks(&self.coverage)
    }

    fn scans(&self) -> Chunks<Scan> {
        chunks(&self.scans)
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

pub(crate) fn uid(name: &str) -> Uid {
    Uid::new(format!("arn:{name}"))
}

pub(crate) fn row(kind: &str, name: &str, tags: &[(&str, &str)], document: &Value) -> Row {
    Row {
        resource: Resource {
            uid: uid(name),
            kind: kind.into(),
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            id: name.to_owned(),
            name: Some(name.to_owned()),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            created_at: Some(at("2025-03-01T12:00:00Z")),
            provider_made: false,
            exposed: name == "web-1",
            document: Document::new(document),
        },
        first_seen: at("2026-01-01T00:00:00Z"),
        last_seen: Some(at("2026-02-01T00:00:00.5Z")),
        understood: Some(name != "logs"),
        stale: Some(false),
    }
}

fn statement(part: Part, value: &str, source: SourceKind) -> Statement {
    Statement {
        part,
        value: value.to_owned(),
        source,
        origin: "here".to_owned(),
        as_of: at("2026-02-01T00:00:00Z"),
    }
}

/// Two buckets, two instances, and what is known about them.
pub(crate) fn memory() -> Memory {
    let bucket = |name: &str, size: i64, mixed: Value| {
        json!({
            "Name": name, "Size": size, "Public": size > 100, "Mixed": mixed,
            "Rules": [{"Days": 1}, {"Days": 30}], "Policy": {"Statement": [{"Effect": "Allow"}]},
        })
    };
    let holder = Acceptance {
        uid: uid("logs"),
        part: "purpose".to_owned(),
        reason: "being sorted out".to_owned(),
        by: "ada".to_owned(),
        at: at("2026-01-20T00:00:00Z"),
        until: at("2026-06-30T00:00:00Z"),
    };
    let gap = |part: &str, reason, accepted| Gap {
        part: part.to_owned(),
        reason,
        detail: format!("state {part}"),
        accepted,
    };
    Memory {
        rows: vec![
            row(BUCKET, "logs", &[("team", "core"), ("note", "a, \"b\"")], &bucket("logs", 7, json!(1))),
            row(BUCKET, "media", &[], &bucket("media", 700, json!("x"))),
            row(INSTANCE, "web-1", &[("team", "web")], &json!({"State": {"Name": "running"}, "Cores": 4})),
            row(INSTANCE, "web-2", &[("team", "web")], &json!({"State": {"Name": "stopped"}})),
        ],
        edges: vec![
            Edge {
                from: uid("web-1"),
                kind: "writes_to".into(),
                to: Target::Known { uid: uid("logs") },
                path: "Logs".into(),
            },
            Edge {
                from: uid("web-1"),
                kind: "writes_to".into(),
                to: Target::Known { uid: uid("media") },
                path: "Media".into(),
            },
            Edge {
                from: uid("web-2"),
                kind: "in_vpc".into(),
                to: Target::Unresolved {
                    kind: "AWS::EC2::VPC".into(),
                    reference: "vpc-1".to_owned(),
                    outside: false,
                },
                path: "VpcId".into(),
            },
        ],
        explanations: vec![
            (
                uid("logs"),
                Explanation {
                    statements: vec![
                        statement(Part::Owner, "core", SourceKind::Tag),
                        statement(Part::Owner, "ops", SourceKind::Terraform),
                        statement(Part::Environment, "prod", SourceKind::Declaration),
                    ],
                },
            ),
            (uid("web-1"), Explanation { statements: vec![statement(Part::Owner, "web", SourceKind::Tag)] }),
        ],
        unknowns: vec![Unknown {
            uid: uid("logs"),
            kind: BUCKET.into(),
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            name: Some("logs".to_owned()),
            rank: 1,
            because: vec!["stores data".to_owned()],
            gaps: vec![gap("purpose", None, Some(holder)), gap("Policy", Some(Reason::Denied), None)],
        }],
        coverage: vec![Coverage {
            account: "111122223333".into(),
            region: "eu-central-1".into(),
            service: "s3".to_owned(),
            operation: "ListBuckets".to_owned(),
            resource_type: Some(BUCKET.into()),
            outcome: Outcome::Unknown,
            reason: Some(Reason::Denied),
            permission: Some("s3:ListAllMyBuckets".to_owned()),
            detail: None,
            calls: 3,
            items: 2,
            throttles: 1,
            failures: 1,
            millis: 250,
        }],
        scans: vec![Scan {
            id: 1,
            started_at: at("2026-02-01T00:00:00Z"),
            finished_at: Some(at("2026-02-01T00:01:00Z")),
            state: ScanState::Finished,
            scope: "one account".to_owned(),
            accounts: vec!["111122223333".to_owned()],
            regions: vec!["eu-central-1".to_owned()],
            resources: 5,
            understood: 4,
            calls: 12,
            coverage_unknown: 1,
            error: None,
        }],
        ..Memory::default()
    }
}

/// A bucket whose columns have one of each kind of value, and an instance.
pub(crate) fn content() -> Content {
    let list = "service: x\nlist: { operation: List, items: Items }\nidentity: { id: \"{Name}\", arn: \"{Name}\" }\n";
    let files = BTreeMap::from([
        ("demands.yaml".to_owned(), "always: [owner]\n".to_owned()),
        (
            "resources/aws/s3.bucket.yaml".to_owned(),
            format!(
                "type: {BUCKET}\ndescription: A bucket of objects.\n{list}columns:\n  size: Size\n  public: Public\n  \
                 mixed: Mixed\n  days: \"Rules[].Days\"\n  policy: Policy\n  absent: Nowhere\n  name: Name\n"
            ),
        ),
        (
            "resources/aws/ec2.instance.yaml".to_owned(),
            format!(
                "type: {INSTANCE}\ndescription: A server.\n{list}columns:\n  state: State.Name\n  cores: Cores\n"
            ),
        ),
    ]);
    Content::from_files(&files).expect("content that loads")
}

pub(crate) fn lake() -> Lake {
    lake_of(memory())
}

pub(crate) fn lake_of(source: impl Source) -> Lake {
    Lake::new(source, &content()).expect("a lake")
}

pub(crate) async fn ask(lake: &Lake, sql: &str) -> Answer {
    lake.query(sql, Limits::default()).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows as JSON.
pub(crate) async fn rows(lake: &Lake, sql: &str) -> Value {
    let text = written(lake, sql, output::Format::Json).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) async fn written(lake: &Lake, sql: &str, format: output::Format) -> String {
    let mut out = Vec::new();
    output::write(&mut ask(lake, sql).await, &output::Options::new(format), &mut out)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    String::from_utf8(out).expect("text")
}

/// The error of a query, when it is planned or while it runs.
pub(crate) async fn error(lake: &Lake, sql: &str, limits: Limits) -> SqlError {
    match lake.query(sql, limits).await {
        Err(error) => error,
        Ok(mut answer) => match answer.collect().await {
            Err(error) => error,
            Ok(batches) => panic!("{sql} has an answer of {} batches", batches.len()),
        },
    }
}
