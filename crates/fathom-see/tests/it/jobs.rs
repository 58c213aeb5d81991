//! Reports that a service makes when it is asked to, and that are read when they are done.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use fathom_model::{Coverage, Outcome, Reason, Uid};
use fathom_see::ScanOptions;
use fathom_store::{CoverageQuery, UnknownQuery};
use fathom_testkit::front::{ACCOUNT, Fault, Rule};
use serde_json::{Value, json};

use crate::desk::{Desk, alone, answer, denied, now, on};

const ROLE: &str = "AWS::IAM::Role";
const START: &str = "GenerateServiceLastAccessedDetails";
const READ: &str = "GetServiceLastAccessedDetails";

fn arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// Roles of an account: used ones, one that nobody used, and one whose policies nobody can change.
fn roles() -> Rule {
    let role = |name: &str, path: &str, used: Value| {
        json!({
            "RoleName": name, "RoleId": format!("AROA{name}"), "Path": path, "Arn": format!("arn:aws:iam::{ACCOUNT}:role{path}{name}"),
            "AssumeRolePolicyDocument": "{}", "RoleLastUsed": used,
        })
    };
    let used = || json!({"LastUsedDate": "2026-01-01T00:00:00Z", "Region": "us-east-1"});
    let roles = json!([
        role("app", "/", used()),
        role("web", "/", used()),
        role("idle", "/", json!({})),
        role("AWSServiceRoleForSupport", "/aws-service-role/support.amazonaws.com/", used()),
    ]);
    answer("iam", "GetAccountAuthorizationDetails", json!({"RoleDetailList": roles, "IsTruncated": false}))
}

/// Starts a report under a number of its own for each role.
fn started() -> Rule {
    let start = |params: &Value| json!({"JobId": format!("job-of-{}", params["Arn"].as_str().unwrap())});
    on("iam", START, Fault::AnswerWith(Arc::new(move |params, _| start(params))))
}

/// A report as the API reference of `GetServiceLastAccessedDetails` describes it.
fn report(status: &str, services: &Value) -> Value {
    json!({
        "JobStatus": status, "JobCreationDate": "2026-01-02T00:00:00Z", "JobCompletionDate": "2026-01-02T00:00:05Z",
        "ServicesLastAccessed": services, "IsTruncated": false,
    })
}

async fn row(desk: &Desk, operation: &str) -> Coverage {
    let rows = desk.scanner.store.coverage(&CoverageQuery::default()).await.unwrap();
    rows.into_iter().find(|row| row.operation == operation).unwrap()
}

async fn last_accessed(desk: &Desk, role: &str) -> Option<Value> {
    let stored = desk.scanner.store.resource(&Uid::from(arn(role))).await.unwrap().unwrap();
    stored.resource.document.whole().value().get("LastAccessed").cloned()
}

/// The reasons for which a role's report is a gap.
async fn gaps(desk: &Desk) -> Vec<(String, Reason)> {
    let query = UnknownQuery { limit: 100, ..UnknownQuery::default() };
    let rows = desk.scanner.store.unknowns(&query, now()).await.unwrap().rows;
    let of = |row: &fathom_model::Unknown| {
        let name = row.uid.as_str().rsplit('/').next().unwrap().to_owned();
        let gap = row.gaps.iter().find(|gap| gap.part == "LastAccessed")?;
        Some((name, gap.reason?))
    };
    let mut found: Vec<_> = rows.iter().filter_map(of).collect();
    found.sort();
    found
}

#[test]
fn a_report_is_waited_for_and_asked_of_those_that_were_used() {
    alone("jobs::a_report_is_waited_for_and_asked_of_those_that_were_used", async || {
        let desk = Desk::new(&["us-east-1"]).await;
        let looks = Arc::new(AtomicU32::new(0));
        let looked = Arc::clone(&looks);
        let read = move |params: &Value| {
            let job = params["JobId"].as_str().unwrap();
            // The report about `app` is done at the second look, in two pages.
            if job.ends_with("/app") && looked.fetch_add(1, Ordering::SeqCst) == 0 {
                return report("IN_PROGRESS", &json!([]));
            }
            let first = params["Marker"].is_null() && job.ends_with("/app");
            let service = if first { "ec2" } else { "s3" };
            let mut report =
                report("COMPLETED", &json!([{"ServiceName": service, "ServiceNamespace": service}]));
            if first {
                report["IsTruncated"] = json!(true);
                report["Marker"] = json!("more");
            }
            report
        };
        desk.answers(vec![
            roles(),
            started(),
            on("iam", READ, Fault::AnswerWith(Arc::new(move |params, _| read(params)))),
        ]);
        desk.scan(&[ROLE], &ScanOptions::default()).await;
        let app = last_accessed(&desk, "app").await.unwrap();
        let names = |report: &Value| -> Vec<String> {
            let services = report["ServicesLastAccessed"].as_array().unwrap().iter();
            services.map(|one| one["ServiceNamespace"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            (names(&app), app["JobStatus"].as_str()),
            (vec!["ec2".to_owned(), "s3".to_owned()], Some("COMPLETED"))
        );
        assert_eq!(names(&last_accessed(&desk, "web").await.unwrap()), ["s3"]);
        assert_eq!(last_accessed(&desk, "idle").await, None);
        assert_eq!(gaps(&desk).await, []);
        let (start, read) = (row(&desk, START).await, row(&desk, READ).await);
        assert_eq!((start.outcome, start.items, start.calls), (Outcome::Read, 2, 2));
        // One look that came too early, two pages, and one.
        assert_eq!((read.outcome, read.items, read.calls), (Outcome::Read, 2, 4));
        // When it was used is no news of the role.
        desk.scan(&[ROLE], &ScanOptions::default()).await;
        assert_eq!(desk.scanner.store.versions(&Uid::from(arn("app"))).await.unwrap().len(), 1);
    });
}

#[test]
fn a_report_that_fails_or_is_refused_is_a_gap() {
    alone("jobs::a_report_that_fails_or_is_refused_is_a_gap", async || {
        let desk = Desk::new(&["us-east-1"]).await;
        let mut failed = report("FAILED", &json!([]));
        failed["Error"] = json!({"Message": "try later", "Code": "SERVICE_FAILURE"});
        desk.answers(vec![roles(), started(), answer("iam", READ, failed)]);
        desk.scan(&[ROLE], &ScanOptions::default()).await;
        let both = |reason| ["app", "web"].map(|role| (role.to_owned(), reason));
        assert_eq!(gaps(&desk).await, both(Reason::Failed));
        let read = row(&desk, READ).await;
        assert_eq!((read.outcome, read.failures), (Outcome::Unknown, 2));
        assert!(read.detail.unwrap().contains("try later"));
        desk.answers(vec![roles(), denied("iam", START)]);
        desk.scan(&[ROLE], &ScanOptions::default()).await;
        assert_eq!(gaps(&desk).await, both(Reason::Denied));
        let start = row(&desk, START).await;
        assert_eq!(start.permission.as_deref(), Some("iam:GenerateServiceLastAccessedDetails"));
        desk.answers(vec![
            roles(),
            answer("iam", START, json!({})),
            answer("iam", READ, report("COMPLETED", &json!([]))),
        ]);
        desk.scan(&[ROLE], &ScanOptions::default()).await;
        assert_eq!(gaps(&desk).await, both(Reason::Malformed), "a report without a number cannot be read");
    });
}
