//! The OpenAPI document: equal to the checked-in one, complete, and true.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::harness::Api;

#[test]
fn the_checked_in_document_is_the_one_that_is_built() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let built = fathom_api::openapi_text().expect("the document is written");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, &built).expect("docs/openapi.json is written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == built,
        "docs/openapi.json is not up to date; run `UPDATE_OPENAPI=1 cargo test -p fathom-api document` and commit it"
    );
}

fn document() -> Value {
    serde_json::to_value(fathom_api::openapi()).expect("JSON")
}

/// All operations: path, method, operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("an item");
            item.iter().map(|(method, operation)| (path.clone(), method.clone(), operation.clone()))
        })
        .collect()
}

#[tokio::test]
async fn each_documented_route_is_served_and_guarded_as_documented() {
    let operations = operations(&document());
    assert!(operations.len() > 40);
    // Fewer at one server than its limit on failures, so that each refusal is of the first kind.
    for some in operations.chunks(18) {
        let api = Api::start().await;
        for (path, method, operation) in some {
            let address =
                format!("http://{}{path}", api.address).replace("{id}", "1").replace("{index}", "0");
            let method: reqwest::Method = method.to_uppercase().parse().expect("a method");
            let status =
                api.client.request(method.clone(), address).send().await.expect("an answer").status();
            let open = operation["security"] == serde_json::json!([{}]);
            // A sign-in without a body is not one; it is not asked who sends it either.
            let expected = match (open, method.as_str()) {
                (false, _) => 401,
                (true, "POST") => 415,
                // There is no issuer.
                (true, _) if path.contains("/oidc/") => 404,
                (true, _) => 200,
            };
            assert_eq!(status, expected, "{path}");
        }
    }
}

#[test]
fn every_route_of_the_router_is_in_the_document() {
    // Routes enter only through `routes!`, which takes path and method from the documentation.
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut left = vec![sources];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            // Here routes are registered together with what they need.
            if path.ends_with("access/guard.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            for other in [".route(", ".route_service(", ".nest_service(", "MethodRouter"] {
                assert!(!text.contains(other), "{} registers a route with `{other}`", path.display());
            }
        }
    }
}

#[test]
fn no_two_schemas_share_a_name() {
    let mut names: std::collections::BTreeMap<String, PathBuf> = std::collections::BTreeMap::new();
    let mut left = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).expect("readable").map(|entry| entry.expect("readable").path()));
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        let derives = text.split("#[derive(").skip(1);
        for derived in
            derives.filter(|after| after.split(")]").next().is_some_and(|d| d.contains("ToSchema")))
        {
            let mut words = derived.split_whitespace().skip_while(|word| !["struct", "enum"].contains(word));
            let name = words.nth(1).expect("a name").split(['<', '(', ';']).next().expect("a name");
            let other = names.insert(name.to_owned(), path.clone());
            assert!(other.is_none(), "`{name}` of {} has the name of one in {other:?}", path.display());
        }
    }
    assert!(names.len() > 100);
}

#[test]
fn references_resolve_and_everything_is_described() {
    let document = document();
    let mut left = vec![&document];
    let mut references = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("a local reference");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    references += 1;
                }
                left.extend(map.values());
            }
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    assert!(references > 20);
    let mut ids = std::collections::BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{place} has no summary");
        assert!(ids.insert(operation["operationId"].to_string()), "{place} has the id of another");
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert!(problem["schema"].is_object(), "{place} does not document its problems");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            assert!(response["description"].is_string(), "{place}: {status} is not described");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {parameter} is not described");
        }
    }
}

#[tokio::test]
async fn the_served_document_is_the_same() {
    let api = Api::start().await;
    assert_eq!(api.read("/openapi.json").await, document());
}
