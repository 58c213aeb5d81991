//! An estate of resources whose documents are the examples of the checks, and what scans see of it while it changes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fathom_checks::{Asked, Checks};
use fathom_content::{Content, checks::CheckFiles};
use fathom_model::{
    Coverage, Document, DocumentPath, Edge, Gap, Outcome, Part, Reason, Resource, ResourceType, SourceKind,
    Statement, Target, Timestamp, Uid, Unknown,
};
use fathom_posture::Shapes;
use fathom_store::{ScanResults, Store};
use serde_json::{Value, json};

pub(crate) const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Numbers that look random, from one that is.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn of(&mut self, most: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut one = self.0;
        one = (one ^ (one >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        one = (one ^ (one >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((one ^ (one >> 31)) % most.max(1) as u64) as usize
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.of(all.len())]
    }
}

/// The checks, and what to make an estate of.
pub(crate) struct Pool {
    pub(crate) content: Content,
    pub(crate) checks: Checks,
    /// Documents by type: those of the checks' examples.
    documents: BTreeMap<String, Vec<Value>>,
    /// The types that there are: those whose checks ask for more than the document, and those that are asked for.
    kinds: Vec<String>,
    edges: Vec<String>,
}

impl Pool {
    pub(crate) fn load() -> Self {
        let content = Content::embedded().unwrap();
        let (checks, problems) = Checks::compile(CheckFiles::load(None), &Shapes::of(&content));
        assert!(problems.is_empty(), "{problems:?}");
        let (mut documents, mut kinds, mut edges): (
            BTreeMap<String, Vec<Value>>,
            BTreeSet<String>,
            BTreeSet<String>,
        ) = Default::default();
        // Those that bind accounts, networks and keys.
        for kind in [
            "AWS::Organizations::Policy",
            "AWS::IAM::Role",
            "AWS::IAM::User",
            "AWS::KMS::Key",
            "AWS::S3::Bucket",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::NetworkInterface",
            "AWS::EC2::Volume",
            "AWS::S3::AccountPublicAccessBlock",
        ] {
            kinds.insert(kind.to_owned());
        }
        // No scan sees what manifests declare.
        for check in checks.all.iter().filter(|one| one.definition.kind.as_str().starts_with("AWS::")) {
            let kind = check.definition.kind.as_str();
            let tests = &check.definition.tests;
            for example in
                [&tests.pass, &tests.fail, &tests.not_applicable, &tests.unknown].into_iter().flatten()
            {
                documents.entry(kind.to_owned()).or_default().push(example.value.doc.clone());
            }
            for asked in check.asked().filter(|asked| **asked != Asked::Resource) {
                kinds.insert(kind.to_owned());
                kinds.extend(asked.kind().map(str::to_owned));
                if let Asked::Related(edge) | Asked::Referring(_, edge) = asked {
                    edges.insert(edge.clone());
                }
            }
        }
        let (kinds, edges) = (kinds.into_iter().collect(), edges.into_iter().collect());
        Self { content, checks, documents, kinds, edges }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thing {
    pub(crate) kind: String,
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) document: Value,
    pub(crate) edges: Vec<(String, String)>,
    pub(crate) unread: Option<String>,
    pub(crate) class: Option<&'static str>,
    pub(crate) owner: Option<&'static str>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct World {
    pub(crate) things: BTreeMap<String, Thing>,
    /// Lists that are refused: account and type.
    pub(crate) refused: BTreeSet<(String, String)>,
    made: usize,
}

impl World {
    pub(crate) fn of(pool: &Pool, dice: &mut Dice, many: usize) -> Self {
        let mut world = Self::default();
        for _ in 0..many {
            world.add(pool, dice);
        }
        world
    }

    pub(crate) fn add(&mut self, pool: &Pool, dice: &mut Dice) -> String {
        let kind = dice.one(&pool.kinds).clone();
        self.add_of(pool, dice, &kind)
    }

    pub(crate) fn add_of(&mut self, pool: &Pool, dice: &mut Dice, kind: &str) -> String {
        self.made += 1;
        let (account, region) = (*dice.one(&ACCOUNTS), *dice.one(&REGIONS));
        let service = kind.split("::").nth(1).unwrap().to_lowercase();
        let arn = match service.as_str() {
            "s3" => format!("arn:aws:s3:::thing-{}", self.made),
            _ => format!("arn:aws:{service}:{region}:{account}:thing/{}", self.made),
        };
        let mut thing = Thing {
            kind: kind.to_owned(),
            account,
            region,
            document: json!({}),
            edges: Vec::new(),
            unread: None,
            class: None,
            owner: None,
        };
        Self::rewrite(pool, dice, &mut thing);
        self.things.insert(arn.clone(), thing);
        for _ in 0..dice.of(3) {
            self.link(pool, dice, &arn);
        }
        arn
    }

    /// Gives a thing the document of another example.
    pub(crate) fn rewrite(pool: &Pool, dice: &mut Dice, thing: &mut Thing) {
        let one =
            pool.documents.get(&thing.kind).map_or(json!({"Same": dice.of(3)}), |all| dice.one(all).clone());
        thing.document = one;
    }

    fn any(&self, dice: &mut Dice) -> String {
        self.things.keys().nth(dice.of(self.things.len())).unwrap().clone()
    }

    fn link(&mut self, pool: &Pool, dice: &mut Dice, arn: &str) {
        // Sometimes to what nobody saw.
        let to = if dice.of(6) == 0 { format!("unseen-{}", dice.of(4)) } else { self.any(dice) };
        let edge = (dice.one(&pool.edges).clone(), to);
        let thing = self.things.get_mut(arn).unwrap();
        if !thing.edges.contains(&edge) {
            thing.edges.push(edge);
        }
    }

    /// One change of what scans see.
    pub(crate) fn change(&mut self, pool: &Pool, dice: &mut Dice) {
        let arn = self.any(dice);
        match dice.of(12) {
            0 => drop(self.add(pool, dice)),
            1 if self.things.len() > 5 => drop(self.things.remove(&arn)),
            2 => self.link(pool, dice, &arn),
            3 => drop(self.things.get_mut(&arn).unwrap().edges.pop()),
            4 => {
                self.things.get_mut(&arn).unwrap().class =
                    *dice.one(&[None, Some("public"), Some("restricted")]);
            }
            5 => {
                self.things.get_mut(&arn).unwrap().owner =
                    *dice.one(&[None, Some("payments"), Some("search")]);
            }
            6 => {
                let thing = self.things.get_mut(&arn).unwrap();
                let members: Vec<String> =
                    thing.document.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
                thing.unread = (!members.is_empty() && dice.of(2) == 0).then(|| dice.one(&members).clone());
            }
            _ => Self::rewrite(pool, dice, self.things.get_mut(&arn).unwrap()),
        }
    }

    fn resource(&self, arn: &str) -> Resource {
        let thing = &self.things[arn];
        Resource {
            uid: Uid::from(arn),
            kind: thing.kind.as_str().into(),
            account: thing.account.into(),
            region: thing.region.into(),
            id: arn.rsplit('/').next().unwrap().to_owned(),
            name: None,
            tags: [].into(),
            created_at: None,
            provider_made: false,
            exposed: false,
            document: Document::new(&thing.document),
        }
    }

    fn coverage(&self, pool: &Pool) -> Vec<Coverage> {
        let mut rows = Vec::new();
        for account in ACCOUNTS {
            for (kind, definition) in &pool.content.resources {
                let is_refused = self.refused.contains(&(account.to_owned(), kind.as_str().to_owned()));
                rows.push(Coverage {
                    account: account.into(),
                    region: "eu-west-1".into(),
                    service: definition.list.operation.clone(),
                    operation: definition.list.operation.clone(),
                    resource_type: Some(ResourceType::from(kind.as_str())),
                    outcome: if is_refused { Outcome::Unknown } else { Outcome::Read },
                    reason: is_refused.then_some(Reason::Denied),
                    permission: is_refused.then(|| "a:B".to_owned()),
                    detail: None,
                    calls: 1,
                    items: 1,
                    throttles: 0,
                    failures: 0,
                    millis: 1,
                });
            }
        }
        rows
    }

    /// Lets a store see it.
    pub(crate) async fn scan(&self, pool: &Pool, store: &Store, now: Timestamp) -> i64 {
        let scan = store
            .begin_scan("test", &ACCOUNTS.map(str::to_owned), &REGIONS.map(str::to_owned), now)
            .await
            .unwrap();
        let resources: Vec<Resource> = self.things.keys().map(|arn| self.resource(arn)).collect();
        store.stage(scan, &resources).await.unwrap();
        let mut results = ScanResults {
            coverage: self.coverage(pool),
            listings: Some(listings(pool)),
            ..ScanResults::default()
        };
        let mut understood = HashSet::new();
        for (arn, thing) in &self.things {
            results.edges.extend(thing.edges.iter().map(|(kind, to)| self.edge(arn, kind, to)));
            let said = |part, value: &str| {
                let (source, origin) = (SourceKind::Tag, "tag".to_owned());
                (
                    Uid::from(arn.as_str()),
                    Statement { part, value: value.to_owned(), source, origin, as_of: now },
                )
            };
            results.statements.extend(thing.class.map(|class| said(Part::DataClass, class)));
            results.statements.extend(thing.owner.map(|owner| said(Part::Owner, owner)));
            match &thing.unread {
                Some(part) => results.unknowns.push(self.unknown(arn, part)),
                None => drop(understood.insert(Uid::from(arn.as_str()))),
            }
        }
        results.understood = understood;
        store.finish_scan(scan, results, now).await.unwrap();
        scan
    }

    fn edge(&self, from: &str, kind: &str, to: &str) -> Edge {
        let to = if self.things.contains_key(to) {
            Target::Known { uid: Uid::from(to) }
        } else {
            Target::Unresolved { kind: "AWS::Any::Thing".into(), reference: to.to_owned(), outside: false }
        };
        Edge { from: Uid::from(from), kind: kind.into(), to, path: DocumentPath::from("Some.Member") }
    }

    fn unknown(&self, arn: &str, part: &str) -> Unknown {
        let thing = &self.things[arn];
        let gap = Gap {
            part: part.to_owned(),
            reason: Some(Reason::Denied),
            detail: "grant a:B".to_owned(),
            accepted: None,
        };
        Unknown {
            uid: Uid::from(arn),
            kind: thing.kind.as_str().into(),
            account: thing.account.into(),
            region: thing.region.into(),
            name: None,
            rank: 1,
            because: vec!["a test".to_owned()],
            gaps: vec![gap],
        }
    }
}

/// Every list was read, so that what is not there is gone.
fn listings(pool: &Pool) -> Vec<fathom_store::Listing> {
    let mut all = Vec::new();
    for account in ACCOUNTS {
        for kind in &pool.kinds {
            for region in REGIONS {
                all.push(fathom_store::Listing {
                    account: account.into(),
                    kind: kind.as_str().into(),
                    region: region.into(),
                    read: true,
                });
            }
        }
    }
    all
}
