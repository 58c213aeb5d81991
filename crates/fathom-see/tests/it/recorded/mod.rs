//! The collector over recorded answers of real accounts, which are their own oracle.
//!
//! A front plays one recording; a scan asks it; `oracle.rs` works out from the calls that came and the answers that
//! were played what the estate and the coverage ledger must hold, and `compare.rs` says where they differ. The
//! recordings are in the shared data; where it is absent the tests are skipped.

mod cli;
mod compare;
mod modelled;
mod oracle;
mod placebo;
mod published;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use fathom_cloud::client::{Client, ClientOptions};
use fathom_content::Content;
use fathom_model::{Outcome, Reason, Region, ResourceType, Timestamp};
use fathom_see::{Progress, ScanOptions, Scanner, sources::Declared};
use fathom_store::{Store, StoredResource, Which};
use fathom_testkit::front::{Call, Front, FrontOptions, Rule, Written};
use futures::StreamExt;
use serde_json::Value;
use tempfile::TempDir;

use self::oracle::Oracle;

/// The region that is scanned; the recordings do not tell theirs.
const REGION: &str = "us-east-1";

/// The key that a test's second process signs with.
const KEY: &str = "AKIARECORDED";

/// Recordings that are not what the service would answer: session, type, what the difference is about, and why.
const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[
    ("test_account_check_macie_disabled", "AWS::Macie::Session", "GetMacieSession is Unknown", NOT_ENABLED),
    ("test_ses_configuration_set_delete", SES_SET, "GetConfigurationSet was never asked", NOT_DESCRIBED),
    ("test_ses_configuration_set_delete", SES_SET, "an item without an id", NOT_DESCRIBED),
    (
        "test_ses_configuration_set_delivery_options",
        SES_SET,
        "GetConfigurationSet was never asked",
        NOT_DESCRIBED,
    ),
    ("test_ses_configuration_set_delivery_options", SES_SET, "an item without an id", NOT_DESCRIBED),
    ("test_ses_configuration_set_query", SES_SET, "GetConfigurationSet was never asked", NOT_DESCRIBED),
    ("test_ses_configuration_set_query", SES_SET, "an item without an id", NOT_DESCRIBED),
    ("test_rdssubnetgroup_unused", "AWS::RDS::DBCluster", "was created at {}", NO_MOMENT),
    ("test_rdssubnetgroup_unused", "AWS::RDS::DBInstance", "was created at {}", NO_MOMENT),
];
const SES_SET: &str = "AWS::SES::ConfigurationSet";
const NOT_ENABLED: &str = "the code says denied; only its words say that the service is not in use";
const NOT_DESCRIBED: &str =
    "the old interface was asked for the sets, so the call that describes them is not recorded";
const NO_MOMENT: &str = "a moment was edited away";

/// The most sessions that are compared for the sake of one type; `FATHOM_RECORDED=all` compares all.
const SESSIONS_OF_A_TYPE_MAX: usize = 4;

/// From a call and its number to its answer.
type Answer = dyn Fn(&Call, usize) -> Written + Send + Sync;

/// One recording.
struct Session {
    name: String,
    /// The operations it answers.
    operations: BTreeSet<(String, String)>,
    /// The types it is about, where those are not all that its answers list.
    only: Option<BTreeSet<ResourceType>>,
    /// Whether what was stored is kept for a comparison of its own.
    keep: bool,
    rules: Box<dyn Fn() -> Vec<Rule> + Send + Sync>,
    /// What the n-th call of its operation, counted from 0, was answered.
    answer: Box<Answer>,
}

impl Session {
    /// The types that its answers list, with the types that lead to them.
    fn kinds(&self, content: &Content) -> BTreeSet<ResourceType> {
        if let Some(only) = &self.only {
            return only.clone();
        }
        let mut kinds = BTreeSet::new();
        for definition in content.resources.values() {
            let lists = (definition.service.clone(), definition.list.operation.clone());
            let mut next = self.operations.contains(&lists).then_some(&definition.kind);
            while let Some(kind) = next {
                kinds.insert(kind.clone());
                next = content.resources.get(kind).and_then(|definition| definition.list.for_each.as_ref());
            }
        }
        kinds
    }
}

/// A stored resource, with what its edges mean and where they lead.
#[derive(Debug)]
struct Found {
    kind: ResourceType,
    id: String,
    name: Option<String>,
    edges: Vec<(String, String)>,
}

/// What was compared.
#[derive(Debug, Default)]
struct Totals {
    sessions: usize,
    operations: usize,
    calls: usize,
    resources: usize,
    tags: usize,
    masked: usize,
    errors: usize,
    excepted: BTreeSet<usize>,
    /// Operations that were asked for a first page, and for one after it, by session.
    asked: BTreeSet<(String, String, String)>,
    went_on: BTreeSet<(String, String, String)>,
    /// Uids of resources, by session and type.
    uids: BTreeMap<(String, ResourceType), BTreeSet<String>>,
    /// What was stored, by session and uid, of sessions that keep it.
    found: BTreeMap<(String, String), Found>,
    wrong: Vec<String>,
}

impl Totals {
    fn add(&mut self, other: Totals) {
        self.sessions += other.sessions;
        self.operations += other.operations;
        self.calls += other.calls;
        self.resources += other.resources;
        self.tags += other.tags;
        self.masked += other.masked;
        self.errors += other.errors;
        self.excepted.extend(other.excepted);
        self.asked.extend(other.asked);
        self.went_on.extend(other.went_on);
        self.uids.extend(other.uids);
        self.found.extend(other.found);
        self.wrong.extend(other.wrong);
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {} sessions, {} operations, {} calls, {} resources with {} tags compared; {} masked values, {} \
             operations ended as unknown as recorded; {} differ",
            self.sessions,
            self.operations,
            self.calls,
            self.resources,
            self.tags,
            self.masked,
            self.errors,
            self.wrong.len()
        );
    }
}

/// A front, and a client that asks only it, one call after the other, so that calls and answers stay in order.
struct Lane {
    front: Front,
    client: Client,
    content: Arc<Content>,
}

impl Lane {
    fn new(content: &Arc<Content>) -> Self {
        let front = Front::start(FrontOptions::default());
        let options = ClientOptions { concurrency: 1, attempts_max: 1, ..ClientOptions::default() };
        let client = Client::new(options.with_endpoint(&front.url).unwrap()).unwrap();
        Self { front, client, content: Arc::clone(content) }
    }

    async fn compare(&self, session: &Session) -> Totals {
        let mut totals = Totals::default();
        let kinds = session.kinds(&self.content);
        self.front.set_rules((session.rules)());
        self.front.forget_calls();
        let dir = TempDir::new().unwrap();
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let store = Store::open(dir.path(), "test.local/recorded", now).await.unwrap();
        let scanner =
            Scanner { client: self.client.clone(), content: Arc::clone(&self.content), store: store.clone() };
        let options = ScanOptions {
            regions: vec![Region::from(REGION)],
            kinds: kinds.iter().cloned().collect(),
            ..ScanOptions::default()
        };
        let report = scanner.run(&options, &Declared::default(), &Progress::default(), || now).await.unwrap();
        let stored: Vec<StoredResource> = store
            .stream_resources(&Which::all(), true)
            .map(|chunk| futures::stream::iter(chunk.unwrap()))
            .flatten()
            .collect()
            .await;
        if session.keep {
            totals.found = kept(session, &store, &stored).await;
        }
        store.close().await.unwrap();

        let calls = self.front.calls();
        let mut oracle = Oracle::new(&self.content, &kinds, session, &calls);
        oracle.look();
        totals.sessions = 1;
        totals.calls = calls.len();
        for call in &calls {
            let params = call.params.clone().unwrap_or_default();
            let key = (session.name.clone(), call.service.clone(), call.operation.clone());
            match modelled::goes_on(&call.service, &call.operation, &params) {
                Some(true) => _ = totals.went_on.insert(key),
                Some(false) => _ = totals.asked.insert(key),
                None => {}
            }
        }
        for row in &stored {
            let key = (session.name.clone(), row.resource.kind.clone());
            totals.uids.entry(key).or_default().insert(row.resource.uid.to_string());
        }
        let mut wrong = |kind: &ResourceType, text: String| {
            let excepted = EXCEPTIONS.iter().position(|(name, of, about, _)| {
                *name == session.name && *of == kind.as_str() && text.contains(about)
            });
            match excepted {
                Some(index) => {
                    totals.excepted.insert(index);
                }
                None => totals.wrong.push(format!("{} {kind}: {text}", session.name)),
            }
        };
        for (kind, text) in std::mem::take(&mut oracle.odd) {
            wrong(&kind, text);
        }
        for row in &stored {
            let resource = &row.resource;
            let Some(expected) = oracle.resources.remove(resource.uid.as_str()) else {
                wrong(&resource.kind, format!("{} is not in the recording", resource.uid));
                continue;
            };
            totals.resources += 1;
            totals.tags += resource.tags.len();
            match compare::resource(&expected, resource) {
                Ok(masked) => totals.masked += masked,
                Err(differs) => wrong(&resource.kind, format!("{} {differs}", resource.uid)),
            }
        }
        for (uid, expected) in &oracle.resources {
            wrong(&expected.kind, format!("{uid} was not collected"));
        }
        let mut entered = BTreeSet::new();
        for row in &report.coverage {
            let Some(kind) = &row.resource_type else { continue };
            let key = (kind.clone(), row.service.clone(), row.operation.clone());
            // A type may be asked for in several regions: its own tells a bucket's.
            let Some(reasons) = oracle.asked.get(&key) else {
                wrong(kind, format!("the row of {} {} was never asked", row.service, row.operation));
                continue;
            };
            entered.insert(key);
            totals.operations += 1;
            totals.errors += usize::from(!reasons.is_empty());
            let fits = match row.outcome {
                Outcome::Unknown => row.reason.is_some_and(|reason| reasons.contains(&reason)),
                _ => reasons.is_empty(),
            };
            if !fits {
                let told = format!("{:?} {:?} {:?}", row.outcome, row.reason, row.detail);
                wrong(kind, format!("{} {} is {told}, recorded are {reasons:?}", row.service, row.operation));
            }
        }
        for (kind, service, operation) in oracle.asked.keys().filter(|key| !entered.contains(*key)) {
            wrong(kind, format!("{service} {operation} is not in the coverage ledger"));
        }
        totals
    }
}

/// What a session stored, with its edges.
async fn kept(
    session: &Session,
    store: &Store,
    stored: &[StoredResource],
) -> BTreeMap<(String, String), Found> {
    let uids: Vec<_> = stored.iter().map(|row| row.resource.uid.clone()).collect();
    let mut edges: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for edge in store.edges_from(&uids).await.unwrap() {
        let of = edges.entry(edge.from.to_string()).or_default();
        of.push((edge.kind.as_str().to_owned(), edge.to.as_str().to_owned()));
    }
    let found = |row: &StoredResource| {
        let resource = &row.resource;
        let uid = resource.uid.to_string();
        let edges = edges.get(&uid).cloned().unwrap_or_default();
        let found = Found {
            kind: resource.kind.clone(),
            id: resource.id.clone(),
            name: resource.name.clone(),
            edges,
        };
        ((session.name.clone(), uid), found)
    };
    stored.iter().map(found).collect()
}

/// Runs a test in a process of its own that has credentials in its environment and nothing else of AWS.
pub(crate) fn with_credentials(test: &str, body: impl FnOnce()) {
    if env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == KEY) {
        return body();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    let status = command
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", "recorded")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "absent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "absent")
        .env("NO_PROXY", "127.0.0.1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its own process");
}

/// Unpacks an archive of the shared data, if it is there.
pub(crate) fn unpacked(archive: &str) -> Option<TempDir> {
    let shared = match env::var_os("FATHOM_SHARED_DATA") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let archive = shared.join(archive);
    if !archive.is_file() {
        println!("skipped: {} is not there", archive.display());
        return None;
    }
    let dir = TempDir::new().unwrap();
    let status =
        Command::new("tar").args(["-I", "zstd", "-xf"]).arg(&archive).arg("-C").arg(dir.path()).status();
    assert!(status.unwrap().success(), "tar could not unpack {}", archive.display());
    Some(dir)
}

/// The directories below one for which `wanted` holds, sorted.
pub(crate) fn directories(root: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap());
        open.extend(entries.filter(|entry| entry.file_type().unwrap().is_dir()).map(|entry| entry.path()));
        if wanted(&dir) {
            found.push(dir);
        }
    }
    found.sort();
    found
}

/// The sessions without those all of whose types were in enough before; exceptions stay, so that each is met.
fn some_of_each_type(content: &Content, mut sessions: Vec<Session>) -> Vec<Session> {
    let mut counts: BTreeMap<ResourceType, usize> = BTreeMap::new();
    sessions.retain(|session| {
        let mut is_new = EXCEPTIONS.iter().any(|(name, ..)| *name == session.name);
        for kind in session.kinds(content) {
            let count = counts.entry(kind).or_default();
            *count += 1;
            is_new |= *count <= SESSIONS_OF_A_TYPE_MAX;
        }
        is_new
    });
    sessions
}

/// Compares all sessions, on two lanes.
fn compare_all(sessions: Vec<Session>) -> Totals {
    let content = Arc::new(Content::embedded().unwrap());
    let sessions = Arc::new(sessions);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let lanes: Vec<_> = (0..2)
            .map(|number| {
                let (lane, sessions) = (Lane::new(&content), Arc::clone(&sessions));
                tokio::spawn(async move {
                    let mut totals = Totals::default();
                    for session in sessions.iter().skip(number).step_by(2) {
                        totals.add(lane.compare(session).await);
                    }
                    totals
                })
            })
            .collect();
        let mut totals = Totals::default();
        for lane in lanes {
            totals.add(lane.await.unwrap());
        }
        totals
    })
}

#[test]
fn recorded_sessions_are_collected_as_recorded() {
    with_credentials("recorded::recorded_sessions_are_collected_as_recorded", || {
        let Some(dir) = unpacked("cloud/aws-recorded-responses.tar.zst") else { return };
        let mut sessions: Vec<Session> =
            directories(dir.path(), &placebo::is_session).iter().map(|dir| placebo::session(dir)).collect();
        let recorded = sessions.len();
        let content = Content::embedded().unwrap();
        sessions.retain(|session| !session.kinds(&content).is_empty());
        let fitting = sessions.len();
        if env::var_os("FATHOM_RECORDED").is_none_or(|which| which != "all") {
            sessions = some_of_each_type(&content, sessions);
        }
        println!(
            "of {recorded} sessions {fitting} answer what a definition lists with; {} are used",
            sessions.len()
        );
        let totals = compare_all(sessions);
        totals.print("recorded sessions");
        totals.wrong.iter().for_each(|line| println!("{line}"));
        assert!(totals.wrong.is_empty(), "{} differ", totals.wrong.len());
        let none: Vec<_> =
            EXCEPTIONS.iter().enumerate().filter(|(at, _)| !totals.excepted.contains(at)).collect();
        assert!(none.is_empty(), "exceptions that are none: {none:?}");
        assert!(totals.sessions >= 200 && totals.resources >= 500, "the recordings are not all there");
    });
}

/// No definition is without a run: where neither moto nor a recording has its calls, the models' own members answer.
#[test]
fn every_definition_collects_what_its_models_can_answer() {
    with_credentials("recorded::every_definition_collects_what_its_models_can_answer", || {
        let content = Content::embedded().unwrap();
        let sessions = modelled::sessions(&content);
        let count = sessions.len();
        let totals = compare_all(sessions);
        totals.print("modelled sessions");
        totals.wrong.iter().for_each(|line| println!("{line}"));
        assert!(totals.wrong.is_empty(), "{} differ", totals.wrong.len());
        assert!(totals.resources >= count, "{} resources of {count} definitions", totals.resources);
        let one_page: Vec<_> = totals.asked.difference(&totals.went_on).collect();
        assert!(one_page.is_empty(), "nobody asked for the second page of {one_page:#?}");
        assert!(totals.went_on.len() >= 300, "{} operations with pages", totals.went_on.len());
        let mut alike = BTreeSet::new();
        for definition in content.resources.values() {
            let session = format!("modelled {}", definition.kind);
            let list = &definition.list.operation;
            let lists_pages =
                modelled::goes_on(modelled::on_the_wire(&definition.service), list, &Value::Null).is_some();
            let uids = totals.uids.get(&(session, definition.kind.clone())).map_or(0, BTreeSet::len);
            if lists_pages && uids < 2 {
                alike.insert(definition.kind.as_str());
            }
        }
        let told_alike: BTreeSet<&str> = modelled::ALIKE.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(alike, told_alike, "types of which both pages must have a resource");
    });
}

#[test]
fn a_recorded_account_is_collected_as_recorded() {
    with_credentials("recorded::a_recorded_account_is_collected_as_recorded", || {
        let Some(dir) = unpacked("cloud/small-aws-account.tar.zst") else { return };
        let accounts = directories(dir.path(), &cli::is_region);
        let totals = compare_all(accounts.iter().map(|dir| cli::session(dir)).collect());
        totals.print("recorded account");
        totals.wrong.iter().for_each(|line| println!("{line}"));
        assert!(totals.wrong.is_empty(), "{} differ", totals.wrong.len());
        assert!(totals.resources >= 20, "the account is not all there");
    });
}

/// The reason that a recorded error must end with: what its code says.
fn reason(status: u16, code: &str) -> Reason {
    const WORDS: [(&str, Reason); 12] = [
        ("AccessDenied", Reason::Denied),
        ("Unauthorized", Reason::Denied),
        ("Forbidden", Reason::Denied),
        ("Throttl", Reason::Throttled),
        ("LimitExceeded", Reason::Throttled),
        ("ExpiredToken", Reason::Unauthenticated),
        ("ClientToken", Reason::Unauthenticated),
        ("UnrecognizedClient", Reason::Unauthenticated),
        ("OptInRequired", Reason::NotEnabled),
        ("SubscriptionRequired", Reason::NotEnabled),
        ("NotInUse", Reason::NotEnabled),
        ("UnknownOperation", Reason::NotAnswered),
    ];
    let told = WORDS.iter().find(|(word, _)| code.contains(word)).map(|(_, reason)| *reason);
    told.unwrap_or(if matches!(status, 429 | 503) { Reason::Throttled } else { Reason::Failed })
}

/// An output without members, as a front gives it for what it has no answer for.
fn nothing() -> Written {
    Written::Output(Value::Object(serde_json::Map::new()))
}
