//! What nobody used, and what is not known.

use fathom_model::{Resource, Unknown};
use fathom_privilege::{Admin, State, Unused, UnusedKind, unused};
use serde_json::{Value, json};

use crate::support::{
    KEY, ago, allows, call, key, kinds_without, logged, now, permissions, report, role, scanned, unread,
    user, whole, with_report,
};

const DAYS: u32 = 90;

fn at(days: i64) -> Value {
    json!(ago(days).to_string())
}

async fn asked(resources: &[Resource], unknowns: Vec<Unknown>, kinds: Option<Vec<&'static str>>) -> Unused {
    let dir = tempfile::tempdir().unwrap();
    let store = match kinds {
        Some(kinds) => scanned(dir.path(), resources, unknowns, &kinds).await,
        None if unknowns.is_empty() => whole(dir.path(), resources).await,
        None => scanned(dir.path(), resources, unknowns, &kinds_without("")).await,
    };
    let found = unused(&store, &permissions(&store).await, DAYS, now()).await.unwrap();
    store.close().await.unwrap();
    found
}

fn rows(found: &Unused) -> Vec<(State, UnusedKind, &str)> {
    found.rows.iter().map(|row| (row.state, row.kind, row.uid.as_str().rsplit('/').next().unwrap())).collect()
}

#[tokio::test]
async fn administrators_come_first_and_then_what_is_oldest() {
    let read = allows(&["s3:GetObject"], &["*"]);
    let found = asked(
        &[
            role("used", 500, &json!({"LastUsedDate": at(3), "Region": "eu-west-1"}), &read),
            role("old", 500, &json!({"LastUsedDate": at(200)}), &read),
            role("older", 500, &json!({"LastUsedDate": at(300)}), &read),
            role("root-like", 100, &json!({}), &allows(&["*"], &["*"])),
            role("new", 10, &json!({}), &read),
        ],
        Vec::new(),
        None,
    )
    .await;
    let expected = ["root-like", "older", "old"].map(|name| (State::Unused, UnusedKind::Role, name));
    assert_eq!(rows(&found), expected);
    assert_eq!((found.rows[0].admin, found.rows[1].admin), (Admin::Yes, Admin::No));
    assert_eq!(
        (found.rows[1].days, found.rows[0].days),
        (Some(300), Some(100)),
        "since its making where never used"
    );
    assert_eq!(found.young, 1);
    assert_eq!(found.asked[&UnusedKind::Role], 5);
}

#[tokio::test]
async fn a_user_is_used_by_its_password_or_any_key() {
    let none = allows(&["s3:GetObject"], &["*"]);
    let password = |days: i64| json!({"LoginProfile": {"UserName": "x"}, "PasswordLastUsed": at(days)});
    let key_used = |days: i64| json!({"LastUsedDate": at(days), "ServiceName": "s3", "Region": "eu-west-1"});
    let found = asked(
        &[
            user("by-key", 900, &password(400), &none),
            key("by-key", "AKIA1", 900, "Active", &key_used(1)),
            key("by-key", "AKIA2", 900, "Inactive", &json!({"ServiceName": "N/A", "Region": "N/A"})),
            user("gone", 900, &password(400), &none),
            user("nothing", 900, &json!({}), &none),
            user("never", 900, &json!({"LoginProfile": {"UserName": "never"}}), &none),
        ],
        Vec::new(),
        None,
    )
    .await;
    assert_eq!(
        rows(&found),
        [
            // Keys that do not work and equals come after what works.
            (State::Unused, UnusedKind::Password, "never"),
            (State::Unused, UnusedKind::Password, "by-key"),
            (State::Unused, UnusedKind::Password, "gone"),
            (State::Unused, UnusedKind::User, "never"),
            (State::Unused, UnusedKind::User, "nothing"),
            (State::Unused, UnusedKind::User, "gone"),
            (State::Unused, UnusedKind::AccessKey, "AKIA2"),
        ]
    );
}

#[tokio::test]
async fn what_was_not_read_is_not_known_and_never_unused() {
    let none = allows(&["s3:GetObject"], &["*"]);
    let keyed = user("keyed", 900, &json!({}), &none);
    let signing = user("signing", 900, &json!({}), &none);
    let gaps = vec![unread(&signing, "LoginProfile")];
    let resources = [
        role("not-told", 900, &Value::Null, &none),
        keyed,
        signing,
        key("keyed", "AKIA3", 900, "Active", &Value::Null),
    ];
    let found = asked(&resources, gaps, None).await;
    assert!(found.rows.iter().all(|row| row.state == State::Unknown), "{:?}", rows(&found));
    let kinds: Vec<UnusedKind> = found.rows.iter().map(|row| row.kind).collect();
    // The key, the password of `signing`, both users, the role.
    let expected =
        [UnusedKind::AccessKey, UnusedKind::Password, UnusedKind::User, UnusedKind::User, UnusedKind::Role];
    assert_eq!(kinds, expected);
    // Keys that no scan asked for may exist.
    let found = asked(&[user("lonely", 900, &json!({}), &none)], Vec::new(), Some(kinds_without(KEY))).await;
    assert_eq!(rows(&found), [(State::Unknown, UnusedKind::User, "lonely")]);
    assert!(found.gaps.iter().any(|gap| gap.contains("access keys of account")), "{:?}", found.gaps);
}

#[tokio::test]
async fn the_log_tells_of_later_use() {
    let none = allows(&["s3:GetObject"], &["*"]);
    let (told, older, silent) = (
        role("told", 900, &json!({}), &none),
        role("older", 900, &json!({"LastUsedDate": at(200)}), &none),
        role("silent", 900, &Value::Null, &none),
    );
    let dir = tempfile::tempdir().unwrap();
    let store = whole(dir.path(), &[told.clone(), older.clone(), silent.clone()]).await;
    let uses = vec![
        call(&told, "s3.amazonaws.com", "ListBuckets", 5, &[]),
        call(&older, "s3.amazonaws.com", "ListBuckets", 150, &[]),
        call(&silent, "s3.amazonaws.com", "ListBuckets", 5, &[]),
    ];
    logged(&store, uses, 200, true).await;
    let found = unused(&store, &permissions(&store).await, DAYS, now()).await.unwrap();
    assert_eq!(rows(&found), [(State::Unused, UnusedKind::Role, "older")]);
    assert_eq!(found.rows[0].days, Some(150));
    store.close().await.unwrap();
}

#[tokio::test]
async fn iam_s_report_tells_of_use_and_disagreement_with_the_log_is_told() {
    let none = allows(&["s3:GetObject"], &["*"]);
    let at_work = with_report(
        user("at-work", 900, &json!({"LoginProfile": {}}), &none),
        report(1, &[("s3", Some(3), &[]), ("sqs", None, &[])]),
    );
    let idle = with_report(user("idle", 900, &json!({}), &none), report(1, &[("s3", None, &[])]));
    let logged_only = role("logged-only", 900, &json!({}), &none);
    let dir = tempfile::tempdir().unwrap();
    let store = whole(dir.path(), &[at_work, idle, logged_only.clone()]).await;
    logged(&store, vec![call(&logged_only, "s3.amazonaws.com", "ListBuckets", 9, &[])], 60, true).await;
    let found = unused(&store, &permissions(&store).await, DAYS, now()).await.unwrap();
    assert_eq!(
        rows(&found),
        [(State::Unused, UnusedKind::Password, "at-work"), (State::Unused, UnusedKind::User, "idle")]
    );
    let disagree: Vec<&str> = found.disagreements.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(disagree, [logged_only.uid.as_str()], "IAM should know of a call nine days ago");
    store.close().await.unwrap();
}
