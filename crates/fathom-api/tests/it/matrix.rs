//! The grid of who may do what to what, asked over HTTP of the sample organisation.

use serde_json::{Value, json};

use crate::{door::Door, harness::problem, runner::Played};

fn list<'a>(answer: &'a Value, member: &str) -> &'a Vec<Value> {
    answer[member].as_array().expect(member)
}

/// The marks of the first row in the column of a key.
fn cell<'a>(grid: &'a Value, key: &str) -> &'a Vec<Value> {
    let place = list(grid, "columns").iter().position(|column| column["key"] == key);
    grid["rows"][0]["cells"][place.unwrap_or_else(|| panic!("no column {key}: {grid}"))]
        .as_array()
        .expect("marks")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grid_says_what_single_questions_say_and_is_told_in_parts() {
    let api = Played::start().await;
    problem(api.get("/permissions/matrix").send().await.expect("an answer"), 404, "not_found").await;
    api.scan(&json!({})).await;

    // Its policy gives all of S3 and reading secrets (`tools/estate/intruder.py`).
    let one = "/permissions/matrix?who=telemetry-sync&principal_kind=role&kind=data&columns=50";
    let types = api.read(one).await;
    assert_eq!((&types["rows_total"], list(&types, "rows").len()), (&json!(1), 1), "{types}");
    assert_eq!(types["rows"][0]["kind"], "role");
    for (kind, has) in
        [("AWS::S3::Bucket", true), ("AWS::SecretsManager::Secret", true), ("AWS::DynamoDB::Table", false)]
    {
        let narrow = format!("{one}&resource_type={kind}");
        let grid = api.read(&narrow).await;
        assert_eq!(
            (&grid["columns_total"], &grid["columns"][0]["not_asked"]),
            (&json!(1), &json!(0)),
            "{grid}"
        );
        let marks = cell(&grid, kind);
        assert!(marks.iter().all(|mark| mark["access"] == "data"), "{grid}");
        assert_eq!(marks.iter().any(|mark| mark["decision"] != "unknown"), has, "{kind}: {grid}");
        // On as many resources as the question about one principal has in its rows.
        let can = api
            .read(&format!(
                "/permissions/what-can?principal=telemetry-sync&kind=data&resource_type={kind}&limit=1000"
            ))
            .await;
        assert_eq!(can["resources"], grid["resources_total"], "{can}");
        for decision in ["allowed", "only_if", "unknown"] {
            let is = |row: &&Value| list(row, "permitted").iter().any(|one| one["decision"] == decision);
            let resources: u64 =
                list(&can, "rows").iter().filter(is).filter_map(|row| row["count"].as_u64()).sum();
            let mark = marks.iter().find(|mark| mark["decision"] == decision);
            assert_eq!(
                mark.map_or(0, |mark| mark["resources"].as_u64().expect("a count")),
                resources,
                "{kind} {decision}"
            );
        }
    }
    // Actions without a resource are in no cell, and not in the answer about a part.
    let part = api.read("/permissions/what-can?principal=telemetry-sync&resource_type=AWS::S3::Bucket").await;
    assert_eq!(
        (&part["actions"], list(&part, "rows").iter().any(|row| row["resource_type"].is_null())),
        (&json!(0), false)
    );

    let accounts = api.read("/permissions/matrix?by=account&rows=1&kind=admin").await;
    let keys: Vec<&Value> = list(&accounts, "columns").iter().map(|column| &column["key"]).collect();
    assert!(keys.contains(&&json!("908249470583")), "{accounts}");
    let sum: u64 = list(&accounts, "columns").iter().filter_map(|column| column["resources"].as_u64()).sum();
    assert_eq!(
        (accounts["resources_total"].as_u64(), accounts["columns_total"].as_u64()),
        (Some(sum), Some(keys.len() as u64))
    );

    // Parts hang together, in both directions.
    let buckets = "/permissions/matrix?by=resource&resource_type=AWS::S3::Bucket&kind=admin";
    let whole = api.read(&format!("{buckets}&rows=200&columns=50")).await;
    assert!(list(&whole, "rows").len() > 20 && list(&whole, "columns").len() > 3, "{whole}");
    let part = api.read(&format!("{buckets}&row=7&rows=3&column=2&columns=1")).await;
    assert_eq!(
        (&part["rows_total"], &part["columns_total"]),
        (&whole["rows_total"], &whole["columns_total"])
    );
    assert_eq!(part["columns"][0], whole["columns"][2]);
    for row in 0..3 {
        assert_eq!(part["rows"][row]["principal"], whole["rows"][row + 7]["principal"]);
        assert_eq!(part["rows"][row]["cells"][0], whole["rows"][row + 7]["cells"][2]);
    }
    let beyond = api.read(&format!("{buckets}&row=999999&column=999999")).await;
    assert_eq!((list(&beyond, "rows").len(), list(&beyond, "columns").len()), (0, 0));

    for wrong in [
        "rows=0",
        "rows=201",
        "columns=51",
        "by=nonsense",
        "principal_kind=outside",
        "kind=nonsense",
        "nonsense=1",
        "context=nonsense",
    ] {
        let answer = api.get(&format!("/permissions/matrix?{wrong}")).send().await.expect("an answer");
        let told = problem(
            answer,
            400,
            if wrong == "nonsense=1" { "unknown_parameter" } else { "invalid_parameter" },
        )
        .await;
        assert_ne!(told["detail"], "", "{wrong}");
    }
    api.stop().await;
}

#[tokio::test]
async fn whoever_sees_a_part_gets_no_grid() {
    let door = Door::open().await;
    let accounts = door.enrol("ada", "responder", json!({"accounts": ["111111111111"]})).await;
    for path in [
        "/permissions/matrix",
        "/permissions/what-can?principal=app&resource_account=111111111111",
        "/permissions/keys",
        "/permissions/secrets",
    ] {
        door.refused(door.of(&accounts.browser, "get", path), 403, "scope_limited").await;
    }
}
