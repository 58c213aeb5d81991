//! Questions in SQL: answers in the order of their columns, errors with their place.

use serde_json::json;

use crate::harness::{Api, BUCKETS};

#[tokio::test]
async fn a_question_is_answered_with_columns_and_rows() {
    let api = Api::start().await;
    let query = "SELECT type, count(*) AS n FROM resources GROUP BY type ORDER BY n DESC";
    let response = api.post("/sql", &json!({"query": query})).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let answer: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!(
        answer["columns"],
        json!([{"name": "type", "kind": "text"}, {"name": "n", "kind": "integer"}])
    );
    assert_eq!(answer["rows"], json!([["AWS::S3::Bucket", BUCKETS], ["AWS::KMS::Key", 1]]));
    assert_eq!(answer["truncated"], false);
}

#[tokio::test]
async fn rows_beyond_the_limit_are_cut_and_said_so() {
    let api = Api::start().await;
    let body = json!({"query": "SELECT uid, document FROM resources ORDER BY uid", "rows_max": 3});
    let answer: serde_json::Value =
        api.post("/sql", &body).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["rows"].as_array().expect("rows").len(), 3);
    assert_eq!(answer["truncated"], true);
    // Documents are JSON values with all their digits.
    assert_eq!(answer["rows"][1][1]["Big"].as_u64(), Some(9_007_199_254_740_993));
    let none = json!({"query": "SELECT uid FROM resources WHERE uid = ''"});
    let answer: serde_json::Value =
        api.post("/sql", &none).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&answer["rows"], &answer["truncated"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn errors_carry_their_place_and_a_hint() {
    let api = Api::start().await;
    for (query, line, column, words) in [
        ("SELECT *\nFROM resorces", 2, 6, "resorces"),
        ("SELECT\n  owne FROM explanations", 2, 3, "owne"),
        ("SELECT FROM WHERE", 1, 0, ""),
        ("DROP TABLE resources", 1, 1, "DROP"),
    ] {
        let problem = api.problem(api.post("/sql", &json!({"query": query})), 400, "invalid_query").await;
        assert_eq!(problem["line"], line, "{problem}");
        if column > 0 {
            assert_eq!(problem["column"], column, "{problem}");
        }
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{problem}");
        if column > 0 {
            assert!(problem["hint"].is_string(), "{problem}");
        }
    }
    let failing = json!({"query": "SELECT 1 / (count(*) - count(*)) FROM resources"});
    api.problem(api.post("/sql", &failing), 400, "query_failed").await;
    for (member, value) in [("rows_max", 0), ("rows_max", 10_001), ("seconds_max", 0), ("seconds_max", 61)] {
        let body = json!({"query": "SELECT 1", member: value});
        let problem = api.problem(api.post("/sql", &body), 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], member, "{problem}");
    }
}

#[tokio::test]
async fn the_tables_are_listed_with_their_columns() {
    let api = Api::start().await;
    let tables = api.read("/sql/tables").await;
    let tables = tables["tables"].as_array().expect("a list");
    let resources = tables.iter().find(|table| table["name"] == "resources").expect("resources");
    assert!(resources["description"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(resources["columns"].as_array().expect("columns").iter().any(|column| column["name"] == "uid"));
}
