//! What nobody uses, asked over HTTP of the sample organisation.

use serde_json::{Value, json};

use crate::{door::Door, harness::problem, runner::Played};

async fn refused(api: &Played, path: &str, status: u16, code: &str) -> Value {
    problem(api.get(path).send().await.expect("an answer"), status, code).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_says_what_is_unused_and_that_no_log_was_read() {
    let api = Played::start().await;
    refused(&api, "/permissions/unused", 404, "not_found").await;
    api.scan(&json!({})).await;

    // The company was made in minutes, so nothing is old; how much was looked at is as the script makes it.
    let unused = api.read("/permissions/unused").await;
    let asked = |kind: &str| {
        let asked = unused["asked"].as_array().expect("kinds");
        asked.iter().find(|one| one["kind"] == kind).map(|one| one["count"].clone())
    };
    assert_eq!(asked("access_key"), Some(json!(2)));
    assert_eq!(asked("user"), Some(json!(8)));
    assert_eq!((&unused["days"], &unused["gaps"]), (&json!(90), &json!([])));
    let (sure, open) = (unused["unused"].as_u64(), unused["unknown"].as_u64());
    assert_eq!(unused["total"].as_u64(), sure.zip(open).map(|(sure, open)| sure + open), "{unused}");
    // Whatever is asked for, what was looked at stays.
    let roles = api.read("/permissions/unused?kind=role&account=908249470583").await;
    let is_meant = |row: &Value| row["kind"] == "role" && row["account"] == "908249470583";
    assert!(roles["rows"].as_array().expect("rows").iter().all(is_meant), "{roles}");
    assert_eq!(roles["asked"], unused["asked"]);
    refused(&api, "/permissions/unused?kind=nonsense", 400, "invalid_parameter").await;
    refused(&api, "/permissions/unused?days=0", 400, "invalid_parameter").await;
    refused(&api, "/permissions/unused?days=99999", 400, "invalid_parameter").await;

    let found = api.read("/permissions/least-privilege?principal=storefront-task&days=30").await;
    assert_eq!(found["principal"], "arn:aws:iam::908249470583:role/storefront-task");
    assert_eq!((&found["never_used_count"], &found["policy"]), (&json!(0), &Value::Null));
    assert_eq!(found["unseen"][0]["reason"], "no_log");
    assert!(found["notes"][0].as_str().is_some_and(|note| note.contains("no log")), "{found}");
    refused(&api, "/permissions/least-privilege", 400, "invalid_parameter").await;
    refused(&api, "/permissions/least-privilege?principal=nobody-such", 404, "not_found").await;
    // A root user has no policy of its own.
    refused(&api, "/permissions/least-privilege?principal=908249470583", 400, "invalid_parameter").await;
}

#[tokio::test]
async fn whoever_sees_a_part_gets_no_answer_about_use() {
    let door = Door::open().await;
    let accounts = door.enrol("ada", "responder", json!({"accounts": ["111111111111"]})).await;
    for path in ["/permissions/unused", "/permissions/least-privilege?principal=app"] {
        door.refused(door.of(&accounts.browser, "get", path), 403, "scope_limited").await;
    }
}
