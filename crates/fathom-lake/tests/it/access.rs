//! Who may do what, as tables.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use fathom_access::Permissions;
use fathom_content::Vendors;
use fathom_iam::organisation::Builder;
use fathom_lake::{Chunks, Lake, Limits, Row, Source, SourceError, SqlError, VersionRow, Which, WhichEdges};
use fathom_model::{Coverage, Document, Edge, Explanation, Resource, ResourceType, Scan, Uid, Unknown};
use fathom_store::{ScanResults, Store};
use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};

use crate::estate::{at, error, lake, lake_of, row, rows};

const ACCOUNT: &str = "111122223333";
const STRANGER: &str = "999988887777";
const READER: &str = "arn:aws:iam::111122223333:role/team/reader";
const INVOICES: &str = "arn:aws:s3:::invoices";
const OPEN: &str = "arn:aws:s3:::open";

pub(crate) fn resource(kind: &str, arn: &str, document: &Value) -> Resource {
    let Row { resource, .. } = row(kind, "x", &[], document);
    Resource { uid: Uid::new(arn), account: ACCOUNT.into(), document: Document::new(document), ..resource }
}

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn user(name: &str) -> Resource {
    let all = policy(&json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]));
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    let inline = json!([{"PolicyName": "all", "PolicyDocument": all}]);
    resource("AWS::IAM::User", &arn, &json!({"Arn": arn, "UserName": name, "UserPolicyList": inline}))
}

/// Two users, a role, a bucket for another account and one for everyone.
fn estate() -> Vec<Resource> {
    let reads = policy(
        &json!([{"Effect": "Allow", "Action": "s3:Get*", "Resource": [INVOICES, format!("{INVOICES}/*")]}]),
    );
    let trust = policy(
        &json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]),
    );
    let role = json!({"Arn": READER, "RoleName": "reader", "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [{"PolicyName": "reads", "PolicyDocument": reads}]});
    let to = |principal: Value, arn: &str| {
        policy(
            &json!([{"Effect": "Allow", "Action": "s3:GetObject", "Principal": principal, "Resource": format!("{arn}/*")}]),
        )
    };
    let bucket = |arn: &str, principal: Value| {
        resource("AWS::S3::Bucket", arn, &json!({"Name": "b", "Policy": to(principal, arn)}))
    };
    vec![
        user("ada"),
        user("eve"),
        resource("AWS::IAM::Role", READER, &role),
        bucket(INVOICES, json!({"AWS": STRANGER})),
        bucket(OPEN, json!("*")),
        resource("AWS::SQS::Queue", "arn:aws:sqs:eu-central-1:111122223333:jobs", &json!({})),
        resource("AWS::Nothing::Known", "arn:aws:nothing:eu-central-1:111122223333:thing/1", &json!({})),
    ]
}

pub(crate) async fn scanned(dir: &Path, resources: &[Resource]) -> Store {
    let store = Store::open(dir, "fathom.test/log", at("2026-02-01T00:00:00Z")).await.expect("a store");
    scan(&store, resources, true, "2026-02-01").await;
    store
}

async fn scan(store: &Store, resources: &[Resource], with_people: bool, day: &str) {
    let (start, end) = (at(&format!("{day}T00:00:00Z")), at(&format!("{day}T00:01:00Z")));
    let scan = store
        .begin_scan("a test", &[ACCOUNT.to_owned()], &["eu-central-1".to_owned()], start)
        .await
        .expect("a scan");
    store.stage(scan, resources).await.expect("staged");
    let mut kinds: BTreeSet<ResourceType> = resources.iter().map(|one| one.kind.clone()).collect();
    // Every list that has a say was asked for; there is no organisation.
    kinds.extend(Builder::kinds().filter(|_| with_people).map(ResourceType::from));
    let mut coverage: Vec<Coverage> = Vec::new();
    for kind in kinds {
        coverage.push(Coverage {
            account: ACCOUNT.into(),
            resource_type: Some(kind),
            outcome: fathom_model::Outcome::Read,
            ..crate::estate::memory().coverage.remove(0)
        });
    }
    let results = ScanResults { coverage, ..ScanResults::default() };
    store.finish_scan(scan, results, end).await.expect("finished");
}

async fn told(lake: &Lake, sql: &str) -> (String, Option<String>) {
    let error = error(lake, sql, Limits::default()).await;
    assert!(matches!(error, SqlError::Meaning { .. }), "{sql}: {error:?}");
    (error.to_string(), error.hint())
}

#[tokio::test]
async fn who_may_do_what_is_a_table() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &estate()).await);
    let sql = "SELECT principal, principal_name, principal_kind, principal_account, resource, resource_type,
            resource_account, access, action, decision, gap
        FROM access WHERE action = 's3:GetObject' AND principal_kind <> 'root' ORDER BY resource, principal";
    let of = |principal: &str, name: Value, kind: &str, account: Value, resource: &str| {
        json!({"principal": principal, "principal_name": name, "principal_kind": kind, "principal_account": account,
            "resource": resource, "resource_type": "AWS::S3::Bucket", "resource_account": ACCOUNT, "access": "data",
            "action": "s3:GetObject", "decision": "allowed", "gap": null})
    };
    let found = rows(&lake, sql).await;
    for wanted in [
        of(STRANGER, Value::Null, "outside", json!(STRANGER), INVOICES),
        of(READER, json!("reader"), "role", json!(ACCOUNT), INVOICES),
        of("*", Value::Null, "anyone", Value::Null, OPEN),
    ] {
        assert!(found.as_array().is_some_and(|rows| rows.contains(&wanted)), "{wanted} in {found:#}");
    }
    let who =
        "SELECT origin, resource, principal, access, action, decision FROM access_who ORDER BY resource";
    let found = rows(&lake, &format!("SELECT * FROM ({who}) WHERE principal IS NOT NULL")).await;
    let row = |origin: &str, resource: &str, principal: &str, access: &str, action: &str| {
        json!({"origin": origin, "resource": resource, "principal": principal, "access": access, "action": action,
            "decision": "allowed"})
    };
    assert_eq!(
        found,
        json!([
            row("service", READER, "lambda.amazonaws.com", "write", "sts:AssumeRole"),
            row("external", INVOICES, STRANGER, "data", "s3:GetObject"),
            row("public", OPEN, "*", "data", "s3:GetObject"),
        ])
    );
}

#[tokio::test]
async fn accounts_outside_have_the_names_that_are_given() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &estate()).await);
    let sql = "SELECT principal, vendor FROM access_who WHERE origin <> 'service' ORDER BY origin";
    let with = |vendor: Value| json!([{"principal": STRANGER, "vendor": vendor}, {"principal": "*", "vendor": null}]);
    assert_eq!(rows(&lake, sql).await, with(Value::Null), "nobody has said");
    let text = format!("accounts: {{\"{STRANGER}\": {{name: Pictures Ltd}}}}");
    let named = lake.clone().with_vendors(move || Vendors::parse("v.yaml", &text).map_err(|e| e.to_string()));
    assert_eq!(rows(&named, sql).await, with(json!("Pictures Ltd")));
    let asked = "SELECT DISTINCT resource FROM access_who WHERE vendor = 'Pictures Ltd'";
    assert_eq!(rows(&named, asked).await, json!([{"resource": INVOICES}]));
    let broken = lake.with_vendors(|| Err("fathom.yaml:3: no".to_owned()));
    let (text, hint) = told(&broken, sql).await;
    assert!(text.contains("fathom.yaml:3: no") && hint.is_some_and(|hint| hint.contains("vendor")), "{text}");
    assert_eq!(rows(&broken, "SELECT count(*) AS n FROM access_who").await, json!([{"n": 3}]));
}

#[tokio::test]
async fn what_is_not_known_has_rows_of_its_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &estate()).await);
    let sql = "SELECT resource, decision, gap FROM access WHERE principal IS NULL AND resource IS NOT NULL";
    let found = rows(&lake, sql).await;
    assert_eq!(
        found,
        json!([{
            "resource": "arn:aws:nothing:eu-central-1:111122223333:thing/1", "decision": "unknown",
            "gap": "no action of the catalogue fits"
        }])
    );
    let sql = "SELECT gap FROM access WHERE resource IS NULL";
    assert_eq!(rows(&lake, sql).await, json!([]));
    let dir = tempfile::tempdir().expect("a directory");
    let store =
        Store::open(dir.path(), "fathom.test/log", at("2026-02-01T00:00:00Z")).await.expect("a store");
    scan(&store, &estate()[3..], false, "2026-02-01").await;
    let sql = "SELECT decision, gap LIKE '%no scan asked for AWS::IAM::%' AS people FROM access
        WHERE resource IS NULL AND gap LIKE 'users and roles%'";
    assert_eq!(rows(&lake_of(store), sql).await, json!([{"decision": "unknown", "people": true}]));
}

/// Conditions, with a column for `{}`: plain, or made unreadable to the table.
const CONDITIONS: &[(&str, &str, &str)] = &[
    ("access", "principal", "{} = 'arn:aws:iam::111122223333:role/team/reader'"),
    ("access", "principal", "{} IN ('999988887777', 'arn:aws:iam::111122223333:user/ada', '*')"),
    ("access", "principal", "{} = '111122223333'"),
    ("access", "principal", "{} = '123456789012'"),
    ("access", "principal_name", "{} IN ('reader', 'eve')"),
    ("access", "principal_account", "{} = '999988887777'"),
    ("access", "resource", "{} = 'arn:aws:s3:::invoices'"),
    ("access", "resource", "{} IN ('arn:aws:s3:::open', '*')"),
    ("access", "resource_type", "{} = 'AWS::S3::Bucket'"),
    ("access", "resource_account", "{} = '111122223333'"),
    ("access", "access", "{} IN ('data', 'admin')"),
    ("access", "action", "{} = 's3:GetObject'"),
    ("access", "decision", "{} = 'unknown'"),
    ("access", "principal_kind", "{} = 'anyone'"),
    ("access_who", "origin", "{} = 'public'"),
    ("access_who", "resource", "{} = 'arn:aws:s3:::invoices'"),
    ("access_who", "account", "{} = '1'"),
    ("access_who", "access", "{} = 'data'"),
];

#[tokio::test]
async fn conditions_change_the_time_it_takes_and_not_the_answer() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &estate()).await);
    let mut found = 0;
    for (table, column, condition) in CONDITIONS {
        let ask = |column: &str| {
            let condition = condition.replace("{}", column);
            format!(
                "SELECT resource, principal, action, decision FROM {table} WHERE {condition} ORDER BY 1, 2, 3, 4"
            )
        };
        let plain = ask(column);
        let answer = rows(&lake, &plain).await;
        assert_eq!(answer, rows(&lake, &ask(&format!("nullif(concat({column}, ''), '')"))).await, "{plain}");
        found += answer.as_array().map_or(0, Vec::len);
    }
    assert!(found > 300, "only {found} rows");
}

#[tokio::test]
async fn names_that_can_only_be_mistakes_are_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake_of(scanned(dir.path(), &estate()).await);
    for (condition, says, hint) in [
        ("access = 'dta'", "`access` is never `dta`", "list, read, data"),
        ("decision = 'denied'", "`decision` is never `denied`", "allowed, only_if, unknown"),
        ("principal_kind IN ('role', 'group')", "never `group`", "any_account"),
        ("action = 's3:getobject'", "the action is written `s3:GetObject`", ""),
        ("action = 's3:GetObjct'", "has no `s3:GetObjct`: s3:GetObject", ""),
        ("principal = 'reader'", "users and roles have it as `principal_name`", ""),
        ("principal_name = 'raeder'", "no scan saw a user or role called `raeder`", ""),
        ("principal = 'arn:aws:iam::111122223333:role/gone'", "no scan saw a user or role", ""),
        ("resource = 'arn:aws:s3:::invoices/a.pdf'", "no scan saw a resource", ""),
    ] {
        let sql = format!("SELECT principal FROM access WHERE {condition}");
        let (text, hinted) = told(&lake, &sql).await;
        assert!(text.contains(says), "{sql}: {text}");
        assert!(hinted.unwrap_or_default().contains(hint), "{sql}");
    }
    let (text, _) = told(&lake, "SELECT * FROM access_who WHERE origin = 'outside'").await;
    assert!(text.contains("`origin` is never `outside`"), "{text}");
    let column = error(&lake, "SELECT principle FROM access", Limits::default()).await;
    assert_eq!(column.hint().as_deref(), Some("did you mean `principal`?"), "{column:?}");
}

#[tokio::test]
async fn too_much_is_refused_with_what_to_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut resources: Vec<Resource> = (0..1420).map(|number| user(&format!("user-{number}"))).collect();
    resources.push(resource("AWS::SQS::Queue", "arn:aws:sqs:eu-central-1:111122223333:jobs", &json!({})));
    let store = scanned(dir.path(), &resources).await;
    let lake = lake_of(store);
    let (text, hint) = told(&lake, "SELECT count(*) FROM access").await;
    assert!(text.contains("pairs of principal and resource, the limit is 2000000"), "{text}");
    assert!(hint.is_some_and(|hint| hint.contains("`principal`") && hint.contains("`resource`")));
    let sql = "SELECT count(*) AS n FROM access WHERE resource = 'arn:aws:sqs:eu-central-1:111122223333:jobs' \
               AND action = 'sqs:SendMessage' AND principal_kind = 'user'";
    assert_eq!(rows(&lake, sql).await, json!([{"n": 1420}]));
    let sql = "SELECT count(DISTINCT resource) AS n FROM access WHERE principal_name = 'user-7' \
               AND resource_type = 'AWS::SQS::Queue'";
    assert_eq!(rows(&lake, sql).await, json!([{"n": 1}]));
    let small = Limits { bytes_max: 64 << 10, ..Limits::default() };
    let refused = error(&lake, "SELECT origin FROM access_who", small).await;
    assert!(matches!(refused, SqlError::Memory { .. }), "{refused:?}");
}

#[tokio::test]
async fn the_past_is_refused_where_it_is_not_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = scanned(dir.path(), &estate()).await;
    scan(&store, &estate()[..3], true, "2026-02-02").await;
    let now = lake_of(store.clone());
    let past = |scan: &str| {
        let (store, scan) = (store.clone(), scan.parse().expect("a moment"));
        async move { store.past(&scan, at("2026-03-01T00:00:00Z")).await.expect("a past") }
    };
    let before = now.over(past("scan:1").await);
    for table in ["access", "access_who"] {
        let (text, hint) = told(&before, &format!("SELECT count(*) FROM {table}")).await;
        assert!(text.contains("as of scan 1 is not kept"), "{text}");
        assert!(hint.is_some());
    }
    let sql = "SELECT count(*) AS n FROM access WHERE principal_name = 'ada'";
    let newest = now.over(past("scan:2").await);
    assert_eq!(rows(&newest, sql).await, rows(&now, sql).await);
    let (text, _) = told(&lake(), "SELECT count(*) FROM access").await;
    assert!(text.contains("not known of this estate"), "{text}");
}

/// A store that counts how often permissions are read.
struct Counting(Store, Arc<AtomicUsize>);

impl Source for Counting {
    fn version(&self) -> BoxFuture<'static, Result<u64, SourceError>> {
        Source::version(&self.0)
    }
    fn resources(&self, which: &Which, with_documents: bool) -> Chunks<Row> {
        Source::resources(&self.0, which, with_documents)
    }
    fn versions(&self, which: &Which, with_documents: bool) -> Chunks<VersionRow> {
        Source::versions(&self.0, which, with_documents)
    }
    fn edges(&self, which: &WhichEdges) -> Chunks<Edge> {
        Source::edges(&self.0, which)
    }
    fn explanations(&self, which: &Which) -> Chunks<(Uid, Explanation)> {
        Source::explanations(&self.0, which)
    }
    fn unknowns(&self) -> Chunks<Unknown> {
        Source::unknowns(&self.0)
    }
    fn coverage(&self) -> Chunks<Coverage> {
        Source::coverage(&self.0)
    }
    fn scans(&self) -> Chunks<Scan> {
        Source::scans(&self.0)
    }
    fn permissions(&self) -> BoxFuture<'static, Result<Arc<Permissions>, SourceError>> {
        let (count, found) = (Arc::clone(&self.1), Source::permissions(&self.0));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            found.await
        }
        .boxed()
    }
}

#[tokio::test]
async fn permissions_are_read_once_for_a_query_and_only_where_it_asks() {
    let dir = tempfile::tempdir().expect("a directory");
    let count = Arc::new(AtomicUsize::new(0));
    let lake = lake_of(Counting(scanned(dir.path(), &estate()).await, Arc::clone(&count)));
    rows(&lake, "SELECT count(*) FROM resources").await;
    rows(&lake, "EXPLAIN SELECT * FROM access").await;
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let sql = "SELECT DISTINCT a.principal FROM access a JOIN access_who w ON w.resource = a.resource
        JOIN resources r ON r.uid = a.resource
        WHERE a.resource = 'arn:aws:s3:::invoices' AND a.access = 'data' AND w.origin = 'external'
            AND a.principal_kind = 'role'";
    assert_eq!(rows(&lake, sql).await, json!([{"principal": READER}]));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
