//! Small accounts in a store.

use std::path::Path;

use fathom_access::Permissions;
use fathom_iam::organisation::Builder;
use fathom_model::{
    Coverage, Document, Gap, Outcome, Reason, Resource, Timestamp, Uid, Unknown, Use, UseSpan,
};
use fathom_store::{ScanResults, Store, TrailBatch};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const USER: &str = "AWS::IAM::User";
pub(crate) const ROLE: &str = "AWS::IAM::Role";
pub(crate) const KEY: &str = "AWS::IAM::AccessKey";

/// The kinds that a whole scan reads: no organisation is found.
fn kinds() -> impl Iterator<Item = &'static str> {
    Builder::kinds().chain([KEY])
}

pub(crate) fn now() -> Timestamp {
    "2026-06-30T12:00:00Z".parse().unwrap()
}

/// So many days ago.
pub(crate) fn ago(days: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - days * 86_400).unwrap()
}

pub(crate) fn resource(kind: &str, uid: &str, created: i64, document: &Value) -> Resource {
    let name = uid.rsplit('/').next().unwrap();
    Resource {
        uid: Uid::from(uid),
        kind: kind.into(),
        account: ACCOUNT.into(),
        region: "global".into(),
        id: name.to_owned(),
        name: None,
        tags: [].into(),
        created_at: Some(ago(created)),
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

pub(crate) fn role(name: &str, created: i64, last_used: &Value, policy: &Value) -> Resource {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let mut document = json!({
        "Arn": arn, "RoleName": name,
        "RolePolicyList": [{"PolicyName": "work", "PolicyDocument": policy}],
    });
    if !last_used.is_null() {
        document["RoleLastUsed"] = last_used.clone();
    }
    resource(ROLE, &arn, created, &document)
}

pub(crate) fn user(name: &str, created: i64, more: &Value, policy: &Value) -> Resource {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    let mut document = json!({
        "Arn": arn, "UserName": name,
        "UserPolicyList": [{"PolicyName": "work", "PolicyDocument": policy}],
    });
    for (member, value) in more.as_object().unwrap() {
        document[member] = value.clone();
    }
    resource(USER, &arn, created, &document)
}

pub(crate) fn key(owner: &str, id: &str, created: i64, status: &str, last_used: &Value) -> Resource {
    let uid = format!("arn:aws:iam::{ACCOUNT}:user/{owner}/access-key/{id}");
    let mut document = json!({ "AccessKeyId": id, "UserName": owner, "Status": status });
    if !last_used.is_null() {
        document["LastUsed"] = last_used.clone();
    }
    resource(KEY, &uid, created, &document)
}

/// A service, how many days ago it was tried, and its actions with theirs.
pub(crate) type Tried<'a> = (&'a str, Option<i64>, &'a [(&'a str, i64)]);

/// A report of last use, made so many days ago: services with when they were tried last, and actions that IAM tracks.
/// Source of its form: `GetServiceLastAccessedDetails` in the API reference of IAM.
pub(crate) fn report(made: i64, services: &[Tried<'_>]) -> Value {
    let service = |(name, last, actions): &Tried<'_>| {
        let mut one = json!({"ServiceName": name, "ServiceNamespace": name, "TotalAuthenticatedEntities": 0});
        if let Some(last) = last {
            one["LastAuthenticated"] = json!(ago(*last).to_string());
            one["LastAuthenticatedRegion"] = json!("us-west-2");
            one["TotalAuthenticatedEntities"] = json!(1);
        }
        let action = |(name, last): &(&str, i64)| json!({"ActionName": name, "LastAccessedTime": ago(*last).to_string(), "LastAccessedRegion": "eu-west-1"});
        if !actions.is_empty() {
            one["TrackedActionsLastAccessed"] = actions.iter().map(action).collect();
        }
        one
    };
    json!({
        "JobStatus": "COMPLETED", "JobCreationDate": ago(made).to_string(), "JobCompletionDate": ago(made).to_string(),
        "ServicesLastAccessed": services.iter().map(service).collect::<Vec<Value>>(), "IsTruncated": false,
    })
}

/// The same user or role with a report of its last use.
pub(crate) fn with_report(resource: Resource, report: Value) -> Resource {
    let mut document = resource.document.value();
    document["LastAccessed"] = report;
    Resource { document: Document::new(&document), ..resource }
}

/// A policy that allows some actions on some resources.
pub(crate) fn allows(actions: &[&str], resources: &[&str]) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]})
}

/// What could not be read of a resource.
pub(crate) fn unread(resource: &Resource, part: &str) -> Unknown {
    Unknown {
        uid: resource.uid.clone(),
        kind: resource.kind.clone(),
        account: resource.account.clone(),
        region: resource.region.clone(),
        name: None,
        rank: 1,
        because: vec!["cannot be read".to_owned()],
        gaps: vec![Gap {
            part: part.to_owned(),
            reason: Some(Reason::Denied),
            detail: "a permission is missing".to_owned(),
            accepted: None,
        }],
    }
}

/// A store with a finished scan of these.
pub(crate) async fn scanned(
    dir: &Path,
    resources: &[Resource],
    unknowns: Vec<Unknown>,
    kinds: &[&str],
) -> Store {
    let store = Store::open(dir, "test.example/log", ago(1)).await.unwrap();
    let (accounts, regions) = (["111122223333".to_owned()], ["eu-west-1".to_owned()]);
    let scan = store.begin_scan("test", &accounts, &regions, ago(1)).await.unwrap();
    store.stage(scan, resources).await.unwrap();
    let row = |kind: &&str| Coverage {
        account: ACCOUNT.into(),
        region: "eu-west-1".into(),
        service: "iam".to_owned(),
        operation: "GetAccountAuthorizationDetails".to_owned(),
        resource_type: Some((*kind).into()),
        outcome: Outcome::Read,
        reason: None,
        permission: None,
        detail: None,
        calls: 1,
        items: 1,
        throttles: 0,
        failures: 0,
        millis: 1,
    };
    let coverage = kinds.iter().map(row).collect();
    let results = ScanResults { coverage, unknowns, ..ScanResults::default() };
    store.finish_scan(scan, results, ago(1)).await.unwrap();
    store
}

pub(crate) async fn whole(dir: &Path, resources: &[Resource]) -> Store {
    scanned(dir, resources, Vec::new(), &kinds_without("")).await
}

/// The kinds that a whole scan reads, but for one.
pub(crate) fn kinds_without(kind: &str) -> Vec<&'static str> {
    kinds().filter(|one| *one != kind).collect()
}

pub(crate) async fn permissions(store: &Store) -> Permissions {
    Permissions::load(store, now()).await.unwrap()
}

pub(crate) fn call(principal: &Resource, source: &str, name: &str, days: i64, resources: &[&str]) -> Use {
    Use {
        principal: principal.uid.as_str().to_owned(),
        account: ACCOUNT.into(),
        region: "eu-west-1".into(),
        source: source.to_owned(),
        name: name.to_owned(),
        resources: resources.iter().map(|arn| (*arn).to_owned()).collect(),
        first: ago(days),
        last: ago(days),
        event: format!("event of {name}"),
    }
}

/// Adds a log that was read from so many days ago until today.
pub(crate) async fn logged(store: &Store, uses: Vec<Use>, days: i64, with_reads: bool) {
    let span = UseSpan {
        account: ACCOUNT.into(),
        region: "eu-west-1".into(),
        first: ago(days),
        last: ago(0),
        reads: with_reads.then(|| (ago(days), ago(0))),
    };
    let batch = TrailBatch { uses, use_spans: vec![span], ..TrailBatch::default() };
    store.add_trail(&batch, now()).await.unwrap();
}
