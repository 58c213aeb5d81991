//! Who may ask for what: each route of the document, with each role, against a table that was written by hand.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    door::{Browser, Door},
    harness::bucket_uid,
};

const ROLES: [&str; 5] = ["viewer", "analyst", "responder", "auditor", "administrator"];

/// Method, path, and for each of the roles above whether it may: `+` or `-`. Routes that anybody may ask, without being
/// known, have `o`.
const TABLE: &[(&str, &str, &str)] = &[
    ("get", "/health", "ooooo"),
    ("get", "/openapi.json", "ooooo"),
    ("get", "/signin", "ooooo"),
    ("post", "/signin/token", "ooooo"),
    ("post", "/signin/password", "ooooo"),
    ("post", "/signin/recovery", "ooooo"),
    ("post", "/signin/invitation", "ooooo"),
    ("post", "/signin/passkey/start", "ooooo"),
    ("post", "/signin/passkey/finish", "ooooo"),
    ("get", "/signin/oidc/{id}/start", "ooooo"),
    ("get", "/signin/oidc/callback", "ooooo"),
    // One's own.
    ("post", "/signin/invitation/finish", "+++++"),
    ("get", "/session", "+++++"),
    ("delete", "/session", "+++++"),
    ("post", "/session/alive", "+++++"),
    ("get", "/sessions", "+++++"),
    ("delete", "/sessions/{id}", "+++++"),
    ("get", "/me", "+++++"),
    ("put", "/me/password", "+++++"),
    ("post", "/me/totp", "+++++"),
    ("post", "/me/totp/confirm", "+++++"),
    ("post", "/me/recovery-codes", "+++++"),
    ("get", "/me/passkeys", "+++++"),
    ("post", "/me/passkeys/start", "+++++"),
    ("post", "/me/passkeys/finish", "+++++"),
    ("delete", "/me/passkeys/{id}", "+++++"),
    ("get", "/views", "+++++"),
    ("put", "/views", "+++++"),
    ("delete", "/views/{id}", "+++++"),
    ("get", "/tokens", "+++++"),
    ("post", "/tokens", "-++-+"),
    ("delete", "/tokens/{id}", "+++++"),
    // People.
    ("get", "/signin/providers", "---++"),
    ("get", "/people", "---++"),
    ("post", "/people", "----+"),
    ("get", "/people/{id}", "---++"),
    ("patch", "/people/{id}", "----+"),
    ("post", "/people/{id}/invitation", "----+"),
    // The estate.
    ("get", "/resources", "+++++"),
    ("get", "/resources/facets", "+++++"),
    ("get", "/resource", "+++++"),
    ("get", "/resource/history", "+++++"),
    ("get", "/changes", "+++++"),
    ("get", "/changes/stream", "+++++"),
    ("get", "/map", "+++++"),
    ("get", "/graph", "+++++"),
    ("get", "/graph/group", "+++++"),
    ("get", "/graph/path", "+++++"),
    ("get", "/graph/estate", "+++++"),
    ("get", "/activity", "+++++"),
    ("get", "/drift", "+++++"),
    ("get", "/baselines", "+++++"),
    ("post", "/baselines", "--+-+"),
    ("get", "/baselines/{name}", "+++++"),
    ("get", "/baselines/{name}/differences", "+++++"),
    ("post", "/baselines/{name}/accept", "--+-+"),
    ("get", "/unknowns", "+++++"),
    ("get", "/unknowns/facets", "+++++"),
    ("get", "/assignments", "+++++"),
    ("post", "/assignments", "-++-+"),
    ("delete", "/assignments/{id}", "-++-+"),
    ("post", "/declarations/suggest", "-++-+"),
    ("get", "/acceptances", "+++++"),
    ("post", "/acceptances", "-++-+"),
    ("delete", "/acceptances", "-++-+"),
    ("get", "/coverage", "+++++"),
    ("get", "/coverage/facets", "+++++"),
    ("get", "/summary", "+++++"),
    ("get", "/trend", "+++++"),
    ("get", "/scans", "+++++"),
    ("post", "/scans", "-++-+"),
    ("get", "/scans/{id}", "+++++"),
    ("get", "/scans/{id}/events", "+++++"),
    ("get", "/permissions/who-can", "+++++"),
    ("get", "/permissions/what-can", "+++++"),
    ("get", "/permissions/what-on", "+++++"),
    ("get", "/permissions/matrix", "+++++"),
    ("get", "/permissions/openings", "+++++"),
    ("get", "/permissions/explain", "+++++"),
    ("get", "/permissions/escalation", "+++++"),
    ("get", "/permissions/escalations", "+++++"),
    ("get", "/permissions/keys", "+++++"),
    ("get", "/permissions/secrets", "+++++"),
    ("get", "/permissions/unused", "+++++"),
    ("get", "/permissions/least-privilege", "+++++"),
    ("get", "/permissions/actions", "+++++"),
    ("post", "/permissions/what-if", "+++++"),
    ("post", "/permissions/what-if/explain", "+++++"),
    ("get", "/network/reach", "+++++"),
    ("get", "/network/exposed", "+++++"),
    ("get", "/network/who-reaches", "+++++"),
    ("get", "/network/what-reaches", "+++++"),
    ("get", "/unauthenticated", "+++++"),
    ("get", "/web-firewall", "+++++"),
    ("get", "/vulnerabilities", "+++++"),
    ("get", "/paths", "+++++"),
    ("get", "/paths/story", "+++++"),
    ("get", "/paths/fix-first", "+++++"),
    ("get", "/paths/first", "+++++"),
    ("get", "/blast-radius", "+++++"),
    ("get", "/isolation", "+++++"),
    ("get", "/outage", "+++++"),
    ("get", "/outage/zones", "+++++"),
    ("get", "/findings", "+++++"),
    ("get", "/findings/{id}", "+++++"),
    ("get", "/findings/{id}/fix", "+++++"),
    ("get", "/findings/teams", "+++++"),
    ("get", "/findings/trend", "+++++"),
    ("get", "/findings/exceptions/preview", "+++++"),
    ("get", "/findings/exceptions", "+++++"),
    ("post", "/findings/exceptions", "-++-+"),
    ("delete", "/findings/exceptions/{number}", "-++-+"),
    ("get", "/frameworks", "+++++"),
    ("get", "/frameworks/{id}", "+++++"),
    ("get", "/protection", "+++++"),
    ("post", "/sql", "-++++"),
    ("get", "/sql/tables", "-++++"),
    ("get", "/ledger", "---++"),
    ("get", "/ledger/entries", "---++"),
    ("get", "/ledger/entries/{index}/proof", "---++"),
];

/// Parameters and a body with which a request is about something; an answer may still be that there is nothing.
fn example(method: &str, path: &str) -> (String, Value) {
    let uid = bucket_uid(0);
    let query = match path {
        "/resource" | "/resource/history" | "/activity" => format!("?uid={uid}"),
        "/graph" => format!("?around={uid}"),
        "/graph/group" => format!("?of={uid}&kind=encrypted_by&direction=in&type=AWS::S3::Bucket"),
        "/graph/path" => format!("?from={uid}&to={}", bucket_uid(1)),
        "/changes" => "?since=scan:1".to_owned(),
        "/permissions/who-can" => format!("?action=s3:GetObject&resource={uid}"),
        "/permissions/what-can" => "?principal=111111111111".to_owned(),
        "/permissions/least-privilege" => "?principal=nobody-of-this-name".to_owned(),
        "/permissions/what-on" => format!("?resource={uid}"),
        "/network/reach" => "?from=internet&to=203.0.113.9&port=443".to_owned(),
        "/network/who-reaches" => "?to=203.0.113.9&port=443".to_owned(),
        "/network/what-reaches" => "?from=203.0.113.9&port=443".to_owned(),
        "/paths/story" => "?to=111111111111".to_owned(),
        "/blast-radius" => "?of=internet".to_owned(),
        "/isolation" => "?of=i-nobody".to_owned(),
        "/outage" => format!("?of={uid}"),
        "/permissions/explain" => format!("?principal=111111111111&action=s3:GetObject&resource={uid}"),
        _ => String::new(),
    };
    let body = match (method, path) {
        ("post", "/acceptances") => {
            json!({"uid": bucket_uid(1), "part": "purpose", "reason": "r", "until": "2027-01-31"})
        }
        ("put", "/me/password") => json!({"password": "a good long password"}),
        ("post", "/me/totp/confirm") => json!({"code": "000000"}),
        ("post", "/tokens") => json!({"name": "t", "role": "viewer", "days": 1}),
        ("post", "/people") => json!({"name": "", "role": "viewer"}),
        ("post", "/permissions/what-if") => {
            json!({"change": {"of": "resource", "id": uid, "document": null}})
        }
        ("post", "/sql") => json!({"query": "select 1"}),
        _ => json!({}),
    };
    (query, body)
}

/// All routes of the document: method and path below the base.
fn documented() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(fathom_api::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let mut routes = BTreeSet::new();
    for (path, item) in paths {
        let path = path.strip_prefix("/api/v1").expect("below the base");
        for method in item.as_object().expect("an item").keys() {
            routes.insert((method.clone(), path.to_owned()));
        }
    }
    routes
}

#[test]
fn the_table_has_every_route_and_no_other() {
    let written: BTreeSet<(String, String)> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(written.len(), TABLE.len(), "a route stands twice in the table");
    let documented = documented();
    let missing: Vec<_> = documented.difference(&written).collect();
    assert!(missing.is_empty(), "say who may ask for these: {missing:?}");
    let stale: Vec<_> = written.difference(&documented).collect();
    assert!(stale.is_empty(), "the document does not have these: {stale:?}");
}

#[tokio::test]
async fn each_role_may_what_the_table_says() {
    let door = Door::open().await;
    let sink = door.enrol("sink", "viewer", json!({})).await;
    let mut wrong = Vec::new();
    for (at, role) in ROLES.iter().enumerate() {
        let one = door.enrol(role, role, json!({})).await;
        // What ends the session comes last.
        let mut rows: Vec<_> = TABLE.iter().collect();
        rows.sort_by_key(|(method, path, _)| (*method, *path) == ("delete", "/session"));
        for (method, path, may) in rows {
            let may = may.as_bytes()[at];
            let (query, body) = example(method, path);
            let id = if path.starts_with("/people/") { sink.id.to_string() } else { "999999".to_owned() };
            let address = format!("{path}{query}")
                .replace("{id}", &id)
                .replace("{index}", "0")
                .replace("{name}", "default");
            let (status, code) = asked(&door, &one.browser, method, &address, &body).await;
            let refused = status == StatusCode::FORBIDDEN && code == "forbidden";
            let unknown = status == StatusCode::UNAUTHORIZED && code == "unauthorized";
            let holds = match may {
                b'-' => refused,
                b'+' => !refused && !unknown && !status.is_server_error(),
                // Without being known, it is not asked who one is.
                _ => !refused && !unknown,
            };
            if !holds {
                wrong.push(format!("{role}: {method} {path} answered {status} {code}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What was refused is in the ledger, with who asked.
    let told = door.entries("access.refused", 5).await;
    assert!(told.iter().any(|entry| entry["actor"] == "viewer"), "{told:?}");
    door.api.stop().await;
}

#[tokio::test]
async fn nobody_gets_in_by_guessing_addresses() {
    let door = Door::open().await;
    for (method, path, may) in TABLE.iter().filter(|(.., may)| *may != "ooooo") {
        let (query, body) = example(method, path);
        let address = format!("{path}{query}")
            .replace("{id}", "1")
            .replace("{index}", "0")
            .replace("{name}", "default");
        let request = door.ask(method, &address).json(&body);
        let problem = door.refused(request, 401, "unauthorized").await;
        assert!(problem["hint"].is_string(), "{method} {path} {may}");
        // Neither do other spellings of the address.
        for other in [format!("{address}/"), format!("/{address}"), address.to_uppercase()] {
            let status = door.ask(method, &other).json(&body).send().await.expect("an answer").status();
            assert!(status == 404 || status == 401 || status == 405, "{method} {other}: {status}");
        }
    }
    door.api.stop().await;
}

async fn asked(
    door: &Door,
    browser: &Browser,
    method: &str,
    address: &str,
    body: &Value,
) -> (StatusCode, String) {
    let mut request = door.of(browser, method, address);
    if method != "get" {
        request = request.json(body);
    }
    let response = request.send().await.expect(address);
    let status = response.status();
    // A stream has no end.
    if status.is_success() {
        return (status, String::new());
    }
    let problem: Value = response.json().await.unwrap_or_default();
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}
