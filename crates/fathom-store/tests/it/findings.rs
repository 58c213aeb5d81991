//! Findings as runs of checks leave them, and what people accept.

use fathom_model::{
    DataClass, FindingChange, FindingEvent, FindingLife, FindingProof, FindingReason, FindingRule,
    FindingState, FixedBy, KeptFinding, Severity,
};
use fathom_store::{
    FindingChanges, FindingRun, FindingUpdate, NewFindingException, ScanResults, Store, StoreError,
};
use serde_json::Value;

use crate::support::{at, instance, instances_read, open, scan};

fn run(second: i64) -> FindingRun {
    FindingRun { at: at(second), scan: 1, by: "user:ana".to_owned(), checks: 3, resources: 2, whole: true }
}

fn finding(id: &str, second: i64) -> KeptFinding {
    let resource = instance("a", "x");
    KeptFinding {
        id: id.to_owned(),
        check: "ec2_instance_token".to_owned(),
        title: "It asks for a token".to_owned(),
        severity: Severity::High,
        resource: resource.uid,
        resource_type: resource.kind,
        name: resource.name,
        account: resource.account,
        region: resource.region,
        owner: Some("core".to_owned()),
        class: Some(DataClass::Restricted),
        keeps_data: true,
        tags: resource.tags,
        life: FindingLife {
            state: FindingState::Open,
            confirmed: true,
            first_seen: at(second),
            last_seen: at(second),
            since: at(second),
            fixed_by: None,
            reopened: 0,
        },
    }
}

fn proof() -> FindingProof {
    let why = vec![
        FindingReason { path: "State".to_owned(), value: Some("\"x\"".to_owned()) },
        FindingReason { path: "Token".to_owned(), value: None },
    ];
    FindingProof { why, proof: vec!["a hop".to_owned()], missing: Vec::new() }
}

fn opened(finding: &KeptFinding) -> FindingUpdate {
    FindingUpdate { finding: finding.clone(), proof: Some(proof()), change: Some(FindingChange::Opened) }
}

/// A store with one instance, which has a tag.
async fn store(dir: &std::path::Path) -> Store {
    let store = open(dir).await;
    let results = ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 1, &[instance("a", "x")], results).await;
    store
}

async fn entries(store: &Store, kind: &str) -> Vec<Value> {
    let all = store.entries(0, 100).await.unwrap().into_iter();
    let read = all.map(|entry| serde_json::from_str::<Value>(&entry.body).unwrap());
    read.filter(|entry| entry["kind"] == kind).collect()
}

#[tokio::test]
async fn a_run_is_kept_with_its_history_and_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    assert_eq!(store.last_finding_run(false).await.unwrap(), None);
    let (one, other) = (finding("f1", 10), finding("f2", 10));
    let changes = store.keep_findings(&run(10), &[opened(&one), opened(&other)], &[]).await.unwrap();
    assert_eq!(changes, FindingChanges { opened: 2, ..FindingChanges::default() });
    assert_eq!(store.findings().await.unwrap(), [one.clone(), other.clone()]);
    assert_eq!(
        store.finding_proofs(&["f1".to_owned(), "none".to_owned()]).await.unwrap(),
        [("f1".to_owned(), proof())].into()
    );

    // One is fixed, the other is seen again; what was first is first for good.
    let fixed =
        FindingLife { state: FindingState::Fixed, since: at(20), fixed_by: Some(FixedBy::Gone), ..one.life };
    let one = KeptFinding { life: fixed, owner: None, ..one };
    let update = FindingUpdate { finding: one.clone(), proof: None, change: Some(FindingChange::Fixed) };
    store.keep_findings(&run(20), &[update], &["f2".to_owned()]).await.unwrap();
    let seen = KeptFinding { life: FindingLife { last_seen: at(20), ..other.life }, ..other };
    assert_eq!(store.findings().await.unwrap(), [one, seen]);
    let event = |second, what, by| FindingEvent { at: at(second), what, by, scan: 1 };
    let told = store.finding_events("f1").await.unwrap();
    let wanted =
        [event(10, FindingChange::Opened, None), event(20, FindingChange::Fixed, Some(FixedBy::Gone))];
    assert_eq!(told, wanted);
    assert_eq!(store.finding_proofs(&["f1".to_owned()]).await.unwrap().len(), 1, "its proof stays");

    let partly = FindingRun { whole: false, ..run(30) };
    store.keep_findings(&partly, &[], &[]).await.unwrap();
    assert_eq!(store.last_finding_run(false).await.unwrap(), Some(partly));
    assert_eq!(store.last_finding_run(true).await.unwrap(), Some(run(20)));

    let sealed = entries(&store, "findings.checked").await;
    assert_eq!(sealed.len(), 3);
    assert_eq!(
        (&sealed[0]["actor"], &sealed[0]["subject"]),
        (&Value::from("user:ana"), &Value::from("scan:1"))
    );
    assert_eq!(sealed[0]["body"]["changes"]["opened"], 2);
    // The digest is one that anybody can make: here of what sha256sum says of the two lines.
    let lines = "opened  f1\nopened  f2\n";
    assert_eq!(sealed[0]["body"]["sha256"], sha256(lines));
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_came_and_went_is_counted_run_by_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let one = KeptFinding { owner: None, ..finding("f1", 10) };
    let (two, three) = (finding("f2", 10), finding("f3", 10));
    store.keep_findings(&run(10), &[opened(&one), opened(&two), opened(&three)], &[]).await.unwrap();
    let turned = |one: &KeptFinding, second, state, change| {
        let life = FindingLife { state, since: at(second), ..one.life };
        FindingUpdate { finding: KeptFinding { life, ..one.clone() }, proof: None, change: Some(change) }
    };
    let fixed = |one, second| turned(one, second, FindingState::Fixed, FindingChange::Fixed);
    store.keep_findings(&run(40), &[fixed(&one, 40), fixed(&two, 40)], &[]).await.unwrap();
    let back = turned(&two, 100, FindingState::Reopened, FindingChange::Reopened);
    let lost = turned(&three, 100, FindingState::Open, FindingChange::Unconfirmed);
    store.keep_findings(&run(100), &[back, lost], &[]).await.unwrap();
    store.keep_findings(&run(105), &[fixed(&two, 105)], &[]).await.unwrap();

    let turns = store.finding_turns().await.unwrap();
    let told: Vec<_> = turns.iter().map(|one| (one.at, one.what, one.owner.as_deref(), one.count)).collect();
    let wanted = [
        (at(10), FindingChange::Opened, None, 1),
        (at(10), FindingChange::Opened, Some("core"), 2),
        (at(40), FindingChange::Fixed, None, 1),
        (at(40), FindingChange::Fixed, Some("core"), 1),
        (at(100), FindingChange::Reopened, Some("core"), 1),
        (at(105), FindingChange::Fixed, Some("core"), 1),
    ];
    assert_eq!(told, wanted, "what could not be said changed nothing");
    // Of what came back only the last time counts: 30 seconds and 5 of the one, 30 of the other.
    let fixes = |all: Vec<fathom_store::FindingFixes>| {
        all.into_iter().map(|one| (one.owner, one.count, one.open_seconds)).collect::<Vec<_>>()
    };
    let core = Some("core".to_owned());
    assert_eq!(fixes(store.finding_fixes(at(0)).await.unwrap()), [(None, 1, 30), (core.clone(), 2, 35)]);
    assert_eq!(fixes(store.finding_fixes(at(105)).await.unwrap()), [(core, 1, 5)]);
    let runs = store.finding_runs(3).await.unwrap();
    assert_eq!(runs, [run(40), run(100), run(105)]);
    store.close().await.unwrap();
}

/// The digest by the tool that everybody has.
fn sha256(text: &str) -> String {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap().stdout;
    String::from_utf8(out).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn findings_are_found_by_the_beginning_of_their_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let ids = ["abc1", "abc2", "abd1", "%"];
    let all: Vec<FindingUpdate> = ids.iter().map(|id| opened(&finding(id, 10))).collect();
    store.keep_findings(&run(10), &all, &[]).await.unwrap();
    let found = async |text: &str| {
        let found = store.find_findings(text, 10).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(found("abc").await, ["abc1", "abc2"]);
    assert_eq!(found("abd1").await, ["abd1"]);
    assert_eq!(found("%").await, ["%"], "no pattern");
    assert!(found("b").await.is_empty());
    store.close().await.unwrap();
}

fn exception(rule: FindingRule, until: i64) -> NewFindingException {
    NewFindingException {
        rule,
        reason: "moves next week".to_owned(),
        approver: "head of core".to_owned(),
        by: "user:ana".to_owned(),
        until: at(until),
    }
}

#[tokio::test]
async fn exceptions_are_kept_replaced_and_withdrawn_and_each_is_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    store.keep_findings(&run(10), &[opened(&finding("f1", 10))], &[]).await.unwrap();
    let version = store.findings_version().await.unwrap();
    let own = FindingRule { finding: Some("f1".to_owned()), ..FindingRule::default() };
    let ruled = FindingRule {
        check: Some("ec2_*".to_owned()),
        owner: Some("core".to_owned()),
        ..FindingRule::default()
    };
    let first = store.except_findings(exception(own.clone(), 100), at(20)).await.unwrap();
    let rule = store.except_findings(exception(ruled.clone(), 100), at(20)).await.unwrap();
    assert!(first.holds(at(99)) && !first.holds(at(100)));
    let again = store.except_findings(exception(own.clone(), 200), at(30)).await.unwrap();
    let all = store.finding_exceptions().await.unwrap();
    let told: Vec<_> = all.iter().map(|one| (one.id, one.ended_why.as_deref())).collect();
    assert_eq!(told, [(again.id, None), (rule.id, None), (first.id, Some("replaced"))]);
    assert_ne!(store.findings_version().await.unwrap(), version);

    let ended = store.end_finding_exception(rule.id, "user:bo", "not agreed", at(40)).await.unwrap();
    assert_eq!((ended.rule.clone(), ended.ended_by.as_deref()), (ruled, Some("user:bo")));
    assert!(ended.holds(at(39)) && !ended.holds(at(40)));
    let twice = store.end_finding_exception(rule.id, "user:bo", "not agreed", at(41)).await;
    assert!(matches!(twice, Err(StoreError::Missing { .. })));
    let past = store.end_finding_exception(again.id, "user:bo", "not agreed", at(200)).await;
    assert!(matches!(past, Err(StoreError::Missing { .. })), "it ended by itself");

    let accepted = entries(&store, "finding.accepted").await;
    assert_eq!(accepted.len(), 3);
    assert_eq!(
        (&accepted[0]["subject"], &accepted[2]["body"]["replaced"]),
        (&Value::from("f1"), &Value::from(true))
    );
    assert_eq!(accepted[1]["subject"], "check ec2_*, owner core");
    assert_eq!(accepted[1]["body"]["approver"], "head of core");
    assert_eq!(entries(&store, "finding.acceptance_revoked").await.len(), 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_not_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    store.keep_findings(&run(10), &[opened(&finding("f1", 10))], &[]).await.unwrap();
    let size = store.ledger_status().await.unwrap().size;
    let own = |id: &str| FindingRule { finding: Some(id.to_owned()), ..FindingRule::default() };
    let year = 366 * 86_400;
    for (words, new) in [
        ("no finding `f9`", exception(own("f9"), 100)),
        ("names a finding or a pattern", exception(FindingRule::default(), 100)),
        ("ends before it begins", exception(own("f1"), 20)),
        ("366 days at most", exception(own("f1"), 21 + year)),
        (
            "the reason of an exception",
            NewFindingException { reason: " ".to_owned(), ..exception(own("f1"), 100) },
        ),
        ("who approves", NewFindingException { approver: String::new(), ..exception(own("f1"), 100) }),
    ] {
        let told = store.except_findings(new, at(20)).await.unwrap_err();
        assert!(matches!(&told, StoreError::Invalid { what } if what.contains(words)), "{told}");
    }
    store.except_findings(exception(own("f1"), 20 + year), at(20)).await.unwrap();
    assert_eq!(store.ledger_status().await.unwrap().size, size + 1);
    store.close().await.unwrap();
}
