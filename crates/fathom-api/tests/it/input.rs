//! Bad input: each parameter of each route has an error of its own that names it.

use reqwest::header;
use serde_json::json;

use crate::harness::{Api, bucket_uid};

#[tokio::test]
async fn each_parameter_has_its_error() {
    let api = Api::start().await;
    for (path, parameter) in [
        ("/resources?limit=0", "limit"),
        ("/resources?limit=1001", "limit"),
        ("/resources?limit=ten", "limit"),
        ("/resources?limit=1&limit=2", "limit"),
        ("/resources?understood=maybe", "understood"),
        ("/resources?include_deleted=1", "include_deleted"),
        ("/resources?order=age", "order"),
        ("/resources?descending=down", "descending"),
        ("/resources?cursor=nonsense", "cursor"),
        ("/resources?tag==x", "tag"),
        ("/resources/facets?understood=2", "understood"),
        ("/resource", "uid"),
        ("/resource?uid=", "uid"),
        ("/unknowns?limit=-1", "limit"),
        ("/unknowns?cursor=x", "cursor"),
        ("/unknowns?include_accepted=x", "include_accepted"),
        ("/coverage?limit=99999", "limit"),
        ("/coverage?outcome=bad", "outcome"),
        ("/coverage?reason=bad", "reason"),
        ("/coverage?cursor=bad", "cursor"),
        ("/scans?limit=0", "limit"),
        ("/scans/one", "id"),
        ("/scans/one/events", "id"),
        ("/ledger/entries?from=-1", "from"),
        ("/ledger/entries?limit=0", "limit"),
        ("/ledger/entries/x/proof", "index"),
        ("/ledger/entries/-1/proof", "index"),
    ] {
        let problem = api.problem(api.get(path), 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], parameter, "{path}: {problem}");
    }
    let long = format!("/resources?search={}", "x".repeat(501));
    assert_eq!(api.problem(api.get(&long), 400, "invalid_parameter").await["parameter"], "search");
}

#[tokio::test]
async fn unknown_parameters_are_errors_on_every_route() {
    let api = Api::start().await;
    for path in [
        "/health",
        "/openapi.json",
        "/scans",
        "/scans/1",
        "/scans/1/events",
        "/resources",
        "/resources/facets",
        "/resource",
        "/unknowns",
        "/acceptances",
        "/coverage",
        "/summary",
        "/sql/tables",
        "/ledger",
        "/ledger/entries",
        "/ledger/entries/0/proof",
    ] {
        let problem = api.problem(api.get(&format!("{path}?colour=red")), 400, "unknown_parameter").await;
        assert_eq!(problem["parameter"], "colour", "{path}");
        assert!(
            problem["hint"].as_str().is_some_and(|hint| hint.contains("parameters")),
            "{path}: {problem}"
        );
    }
    for path in ["/scans", "/acceptances", "/sql"] {
        api.problem(api.post(&format!("{path}?colour=red"), &json!({})), 400, "unknown_parameter").await;
    }
}

#[tokio::test]
async fn bodies_are_checked() {
    let api = Api::start().await;
    let raw = |path: &str, body: &str| {
        let request = api.client.post(api.url(path)).bearer_auth(&api.token);
        request.header(header::CONTENT_TYPE, "application/json").body(body.to_owned())
    };
    let broken = api.problem(raw("/sql", "{\n  \"query\": }"), 400, "invalid_body").await;
    assert_eq!((&broken["line"], &broken["column"]), (&json!(2), &json!(12)), "{broken}");
    for (path, body, words) in [
        ("/sql", json!({}), "query"),
        ("/sql", json!({"query": "SELECT 1", "rows": 3}), "rows"),
        ("/sql", json!({"query": 1}), "string"),
        ("/sql", json!({"query": "x".repeat(70_000)}), "at most"),
        ("/scans", json!({"regions": ["../x"]}), "regions"),
        ("/scans", json!({"types": ["bucket"]}), "types"),
        ("/scans", json!({"profile": "x"}), "profile"),
        (
            "/acceptances",
            json!({"uid": bucket_uid(1), "part": "purpose", "reason": "x", "until": "soon"}),
            "until",
        ),
        (
            "/acceptances",
            json!({"uid": bucket_uid(1), "part": "purpose", "reason": "x", "until": "2020-01-01"}),
            "ends",
        ),
        (
            "/acceptances",
            json!({"uid": bucket_uid(1), "part": "purpos", "reason": "x", "until": "2027-01-01"}),
            "purpos",
        ),
        (
            "/acceptances",
            json!({"uid": bucket_uid(1), "part": "purpose", "reason": " ", "until": "2027-01-01"}),
            "reason",
        ),
        (
            "/acceptances",
            json!({"uid": bucket_uid(2), "part": "*", "reason": "x", "until": "2027-01-01"}),
            "understood",
        ),
    ] {
        let problem = api.problem(api.post(path, &body), 400, "invalid_body").await;
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.contains(words)),
            "{words}: {problem}"
        );
    }
    let nothing = json!({"uid": "arn:none", "part": "*", "reason": "x", "until": "2027-01-01"});
    api.problem(api.post("/acceptances", &nothing), 404, "not_found").await;
    let plain = api.client.post(api.url("/sql")).bearer_auth(&api.token).body("SELECT 1");
    api.problem(plain, 415, "unsupported_media_type").await;
    api.problem(raw("/sql", &" ".repeat(300 * 1024)), 413, "body_too_large").await;
}

#[tokio::test]
async fn other_paths_and_methods_are_problems_too() {
    let api = Api::start().await;
    api.problem(api.get("/nowhere"), 404, "no_such_route").await;
    api.problem(api.client.get(format!("http://{}/", api.address)), 404, "no_such_route").await;
    let delete = api.client.delete(api.url("/resources")).bearer_auth(&api.token);
    api.problem(delete, 405, "method_not_allowed").await;
}
