//! Small estates to store.

use std::{fs, path::Path};

use fathom_model::{
    Coverage, Document, Edge, Gap, Outcome, Part, Reason, Resource, SourceKind, Statement, Target, Timestamp,
    Uid, Unknown,
};
use fathom_store::{EntryDraft, ScanResults, Store};
use serde_json::json;

pub(crate) const ORIGIN: &str = "test.example/log";
pub(crate) const INSTANCE: &str = "AWS::EC2::Instance";
pub(crate) const BUCKET: &str = "AWS::S3::Bucket";

/// The numbers of a small generator that always gives the same ones.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(crate) async fn open(dir: &Path) -> Store {
    Store::open(dir, ORIGIN, at(0)).await.unwrap()
}

pub(crate) fn instance(id: &str, state: &str) -> Resource {
    resource(INSTANCE, "111122223333", "eu-west-1", id, state)
}

pub(crate) fn resource(kind: &str, account: &str, region: &str, id: &str, state: &str) -> Resource {
    Resource {
        uid: Uid::from(format!("arn:aws:{kind}:{region}:{account}:{id}")),
        kind: kind.into(),
        account: account.into(),
        region: region.into(),
        id: id.to_owned(),
        name: Some(format!("name-{id}")),
        tags: [("team".to_owned(), "core".to_owned())].into(),
        created_at: Some(at(-1000)),
        provider_made: false,
        exposed: false,
        document: Document::new(&json!({"Id": id, "State": state, "Text": "long enough to pay ".repeat(30)})),
    }
}

pub(crate) fn covered(kind: &str, account: &str, region: &str, outcome: Outcome) -> Coverage {
    let service = if kind == BUCKET { "s3" } else { "ec2" };
    Coverage {
        account: account.into(),
        region: region.into(),
        service: service.to_owned(),
        operation: format!("List{}", kind.rsplit("::").next().unwrap()),
        resource_type: Some(kind.into()),
        outcome,
        reason: (outcome == Outcome::Unknown).then_some(Reason::Denied),
        permission: (outcome == Outcome::Unknown).then(|| "ec2:DescribeInstances".to_owned()),
        detail: None,
        calls: 3,
        items: 2,
        throttles: 1,
        failures: 0,
        millis: 20,
    }
}

pub(crate) fn instances_read() -> Vec<Coverage> {
    vec![covered(INSTANCE, "111122223333", "eu-west-1", Outcome::Read)]
}

pub(crate) fn unknown(resource: &Resource, rank: u64, parts: &[&str]) -> Unknown {
    Unknown {
        uid: resource.uid.clone(),
        kind: resource.kind.clone(),
        account: resource.account.clone(),
        region: resource.region.clone(),
        name: resource.name.clone(),
        rank,
        because: vec!["stores data".to_owned()],
        gaps: parts
            .iter()
            .map(|part| Gap {
                part: (*part).to_owned(),
                reason: None,
                detail: "add a tag".to_owned(),
                accepted: None,
            })
            .collect(),
    }
}

pub(crate) fn edge(from: &Resource, kind: &str, to: &Resource) -> Edge {
    Edge {
        from: from.uid.clone(),
        kind: kind.into(),
        to: Target::Known { uid: to.uid.clone() },
        path: "To".into(),
    }
}

pub(crate) fn owner(resource: &Resource, value: &str, source: SourceKind) -> (Uid, Statement) {
    let statement = Statement {
        part: Part::Owner,
        value: value.to_owned(),
        source,
        origin: "tag `team`".to_owned(),
        as_of: at(1),
    };
    (resource.uid.clone(), statement)
}

/// A whole scan of one account and region.
pub(crate) async fn scan(store: &Store, second: i64, resources: &[Resource], results: ScanResults) -> i64 {
    let (accounts, regions) = (["111122223333".to_owned()], ["eu-west-1".to_owned()]);
    let scan = store.begin_scan("test", &accounts, &regions, at(second)).await.unwrap();
    store.stage(scan, resources).await.unwrap();
    store.finish_scan(scan, results, at(second + 1)).await.unwrap();
    scan
}

pub(crate) fn draft(number: usize) -> EntryDraft {
    EntryDraft {
        kind: "test.entry".to_owned(),
        actor: "user:ana".to_owned(),
        subject: format!("thing:{number}"),
        body: json!({ "number": number }),
    }
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
