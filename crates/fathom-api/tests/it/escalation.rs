//! Who can become more, asked over HTTP of the sample organisation, whose policies `tools/estate` wrote.

use serde_json::json;

use crate::{harness::problem, runner::Played};

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_says_who_can_become_more_and_what_prevents_it() {
    let api = Played::start().await;
    api.scan(&json!({})).await;
    let found = api.read("/permissions/escalations").await;
    let rows = found["rows"].as_array().expect("rows");
    assert_eq!(found["total"], rows.len());
    assert!(found["administrators"].as_u64() > Some(0) && found["asked"].as_u64() > found["total"].as_u64());
    let support = rows.iter().find(|row| {
        row["principal"]["principal"].as_str().is_some_and(|name| name.ends_with("role/SupportAccess"))
    });
    let nearest = &support.expect("the intruder's role")["nearest"];
    assert_eq!(nearest["name"], "arn:aws:iam::123456789012:role/security-audit");

    // One of them, with the proof of each step.
    let one = api.read("/permissions/escalation?principal=SupportAccess").await;
    assert_eq!((&one["administers"], &one["total"]), (&json!("sure"), &json!(1)), "{one}");
    assert_eq!(one["reached"][0]["steps"][0], nearest["steps"][0]);
    let asked = &one["reached"][0]["steps"][0]["asked"][0];
    assert_eq!((&asked["action"], &asked["decision"]), (&json!("sts:AssumeRole"), &json!("allowed")));
    assert!(asked["because"].as_array().is_some_and(|all| !all.is_empty()), "{asked}");
    // An edit is looked for where one is asked for.
    assert_eq!(one["edit"], json!(null));
    let name = nearest["name"].as_str().expect("a name");
    let edit = &api.read(&format!("/permissions/escalation?principal=SupportAccess&to={name}")).await["edit"];
    assert_eq!((&edit["prevents"], &edit["other_steps"]), (&nearest["name"], &json!(null)), "{edit}");

    // A page is a part of the same rows.
    let first = api.read("/permissions/escalations?limit=1").await;
    assert_eq!((&first["rows"][0], &first["next"]), (&rows[0], &json!(1)));

    // Another scan of the same estate leaves another state, whose permissions are made of those before, and no other answers.
    api.scan(&json!({})).await;
    let again = api.read("/permissions/escalations").await;
    assert_ne!(again["as_of"]["scan"], found["as_of"]["scan"]);
    assert_eq!((&again["rows"], &again["gaps"]), (&found["rows"], &found["gaps"]));

    for (path, status) in [
        ("/permissions/escalation", 400),
        ("/permissions/escalation?principal=nobody-at-all", 404),
        ("/permissions/escalation?principal=SupportAccess&to=nowhere", 400),
        ("/permissions/escalations?limit=0", 400),
    ] {
        let answer = api.get(path).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
    }
    let told = api.get("/permissions/escalation?principal=nobody-at-all").send().await.expect("an answer");
    problem(told, 404, "not_found").await;
}
