//! A secret value that is planted in many places of the sample company shows nowhere in what Fathom writes.

use std::{fs, io::Read as _, path::Path};

use serde_json::Value;

use crate::{
    cloud::{CANARY, tools, whole},
    harness::{Place, copy_dir, files},
    moto::{RECORDING, declarations, scanned_aloud},
    serve::Running,
};

/// The planted text, also as base64 at each of its three places in a group of bytes, and in small letters.
fn forms() -> Vec<String> {
    let mut forms = vec![CANARY.to_owned(), CANARY.to_lowercase()];
    for shift in 0..3 {
        let text = base64(&[&[b' '; 2][..shift], CANARY.as_bytes()].concat());
        // What the neighbours decide is cut off.
        forms.push(text.get(4..text.len() - 4).expect("the middle").to_owned());
    }
    forms
}

/// RFC 4648, without padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let number =
            group.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for i in 0..=group.len() {
            out.push(char::from(LETTERS[(number >> (18 - 6 * i) & 63) as usize]));
        }
    }
    out
}

/// Where one of the forms begins.
fn found(text: &str) -> Option<usize> {
    forms().iter().find_map(|form| text.find(form))
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    assert!(!bytes.is_empty(), "{what} is empty, so it proves nothing");
    let text = String::from_utf8_lossy(bytes);
    if let Some(at) = found(&text) {
        let around: String = text[at..].chars().take(40).collect();
        let before: String =
            text[..at].chars().rev().take(120).collect::<Vec<_>>().into_iter().rev().collect();
        panic!("the planted secret is in {what}: …{before}{around}…");
    }
}

/// Every document that the store keeps, as it is when unpacked, and each file as it lies there.
#[track_caller]
fn data_is_clean(place: &Place) {
    let all = files(&place.data());
    assert!(all.len() > 5, "{all:?}");
    for file in all {
        let bytes = fs::read(&file).expect("a file");
        if !bytes.is_empty() {
            clean(&file.display().to_string(), &bytes);
        }
    }
    for query in
        ["select uid, tags, document from resources", "select * from explanations", "select * from coverage"]
    {
        clean(query, place.run(&["sql", "--format", "ndjson", query]).ok().out.as_bytes());
    }
}

#[track_caller]
fn commands_are_clean(place: &Place) {
    for args in [
        &["unknown", "--limit", "1000"][..],
        &["unknown", "--limit", "1000", "--json"],
        &["coverage", "--all"],
        &["coverage", "--json"],
        &["scans", "--json"],
        &["ledger", "list", "--json"],
        &["explain", "--raw", "storefront/database"],
        &["explain", "--raw", "tmp-token"],
        &["explain", "--raw", "--json", "storefront-order-mailer"],
    ] {
        let ran = place.run(args).ok();
        clean(&args.join(" "), ran.seen().as_bytes());
    }
    let instances = place.texts("select uid from aws_ec2_instance where name like 'payments-%'");
    assert!(!instances.is_empty());
    for uid in instances {
        clean(&uid, place.run(&["explain", "--raw", &uid]).ok().out.as_bytes());
    }
}

/// Findings whose fix is asked for.
const FIXES: usize = 25;

/// The values to ask a route with: each parameter that a route needs, by its name. What the document gains has to be
/// added here, or this test fails.
fn asked_with(
    path: &str,
    name: &str,
    (uids, findings): (&[String], &[String]),
    last_entry: u64,
) -> Vec<String> {
    if path == "/api/v1/findings/{id}" {
        return findings.to_vec();
    }
    if path == "/api/v1/findings/{id}/fix" {
        // Each is worked out anew; some of all over the list.
        return findings.iter().step_by(findings.len().div_ceil(FIXES).max(1)).cloned().collect();
    }
    // Not everything has a place in the network.
    if path.starts_with("/api/v1/network/") {
        return uids.iter().filter(|uid| uid.contains(":instance/i-")).take(3).cloned().collect();
    }
    // Nor is everything somebody or something that an intruder can have.
    if path == "/api/v1/blast-radius" || path == "/api/v1/isolation" {
        return uids.iter().filter(|uid| uid.contains(":role/")).take(20).cloned().collect();
    }
    if path == "/api/v1/outage" {
        return uids.iter().filter(|uid| uid.contains(":key/")).take(20).cloned().collect();
    }
    if path == "/api/v1/paths/story" {
        return uids.iter().filter(|uid| uid.contains(":table/ledger")).cloned().collect();
    }
    if path == "/api/v1/frameworks/{id}" {
        return vec!["soc2".to_owned(), "cis-aws-7.0.0".to_owned()];
    }
    match name {
        "uid" | "around" => uids.to_vec(),
        "index" => (0..=last_entry).map(|index| index.to_string()).collect(),
        "of" | "from" => uids.iter().take(20).cloned().collect(),
        "to" => uids.iter().rev().take(5).cloned().collect(),
        "kind" => vec!["encrypted_by".to_owned()],
        "type" => vec!["AWS::KMS::Key".to_owned()],
        // A number, and moments where history begins and ends.
        "id" | "since" | "moment" | "at" => vec!["1".to_owned()],
        "name" | "state" => vec!["none".to_owned()],
        "principal" | "resource" => {
            uids.iter().filter(|uid| uid.contains(":role/")).take(1).cloned().collect()
        }
        "action" => vec!["iam:GetRole".to_owned()],
        other => panic!("a route needs `{other}`, and this test does not know a value for it"),
    }
}

/// Routes that refuse the owner of the data directory, who has no account, and those that are asked for what is not there.
const REFUSED: [&str; 7] = [
    "/api/v1/baselines/none",
    "/api/v1/baselines/none/differences",
    "/api/v1/me",
    "/api/v1/me/passkeys",
    "/api/v1/people/1",
    "/api/v1/signin/oidc/1/start",
    "/api/v1/signin/oidc/callback",
];

/// The answer of each GET route of the document, for every resource, scan and entry; and some in SQL.
async fn api_is_clean(place: &Place) {
    let document = place.run(&["openapi"]).ok().json();
    let uids = place.texts("select uid from resources");
    place.run(&["check"]).ok();
    let found = place.run(&["findings", "--json"]).ok().json();
    let findings = found["findings"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str());
    let findings: Vec<String> = findings.map(str::to_owned).collect();
    assert!(findings.len() > 20, "{}", findings.len());
    let last_entry = place.run(&["ledger", "status", "--json"]).ok().json()["size"].as_u64().unwrap() - 1;
    assert!(uids.len() > 100, "{}", uids.len());
    let server = Running::start(place);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (mut routes, mut answers) = (0, 0);
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(get) = methods.get("get") else { continue };
        routes += 1;
        if get["responses"]["200"]["content"].get("text/event-stream").is_some() {
            // It does not end by itself; what it says first is all that it has to say here.
            let url = format!("{}{path}", server.url).replace("{id}", "1");
            let request = client.get(url).bearer_auth(&server.token).header("Last-Event-ID", "0");
            let mut response = request.send().await.expect("an answer");
            while let Ok(Ok(Some(chunk))) =
                tokio::time::timeout(std::time::Duration::from_secs(2), response.chunk()).await
            {
                clean(path, &chunk);
            }
            answers += 1;
            continue;
        }
        let none = Vec::new();
        let parameters = get["parameters"].as_array().unwrap_or(&none);
        let mut asked: Vec<(String, Vec<(String, String)>)> = vec![(path.clone(), Vec::new())];
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            let values = match (name, parameter["required"].as_bool()) {
                // A rule needs one pattern at least.
                ("check", _) if path.ends_with("/exceptions/preview") => vec!["s3_*".to_owned()],
                ("limit", _) => vec![parameter["schema"]["maximum"].as_u64().unwrap_or(100).to_string()],
                // What listens over TCP does so on a port.
                ("port", _) => vec!["443".to_owned()],
                // A resource or a zone is gone.
                ("of", _) if path == "/api/v1/outage" => {
                    asked_with(path, name, (&uids, &findings), last_entry)
                }
                ("include_accepted" | "include_deleted", _) => vec!["true".to_owned()],
                (_, Some(true)) => asked_with(path, name, (&uids, &findings), last_entry),
                _ => continue,
            };
            let of_path = format!("{{{name}}}");
            asked = asked
                .iter()
                .flat_map(|(path, query)| values.iter().map(move |value| (path, query, value)))
                .map(|(path, query, value)| {
                    let mut query = query.clone();
                    if path.contains(&of_path) {
                        return (path.replace(&of_path, value), query);
                    }
                    query.push((name.to_owned(), value.clone()));
                    (path.clone(), query)
                })
                .collect();
        }
        for (path, query) in asked {
            let mut pages = 0;
            let mut cursor: Option<String> = None;
            loop {
                let request = client.get(format!("{}{path}", server.url)).bearer_auth(&server.token);
                let cursor_too = cursor.iter().map(|cursor| ("cursor".to_owned(), cursor.clone()));
                let all: Vec<_> = query.iter().cloned().chain(cursor_too).collect();
                let response = request.query(&all).send().await.expect("an answer");
                let (status, text) = (response.status().as_u16(), response.text().await.expect("text"));
                assert_eq!(
                    status == 200,
                    !REFUSED.contains(&path.as_str()),
                    "{path} {all:?}: {status} {text}"
                );
                clean(&path, text.as_bytes());
                answers += 1;
                let next = serde_json::from_str::<Value>(&text).ok().map(|answer| answer["next"].clone());
                cursor = match next {
                    Some(Value::String(next)) => Some(next),
                    Some(Value::Number(next)) => Some(next.to_string()),
                    _ => None,
                };
                pages += 1;
                if cursor.is_none() || pages > 100 {
                    break;
                }
            }
        }
    }
    assert!(routes > 10 && answers > uids.len(), "{routes} routes, {answers} answers");
    for query in ["select * from resources", "select * from explanations", "select * from coverage"] {
        let post = client.post(format!("{}/api/v1/sql", server.url)).bearer_auth(&server.token);
        let response = post.json(&serde_json::json!({ "query": query })).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{query}");
        clean(query, response.text().await.expect("text").as_bytes());
    }
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    zstd::stream::read::Decoder::new(bytes).expect("zstd").read_to_end(&mut out).expect("zstd");
    out
}

#[test]
fn the_tools_really_plant_it_and_we_would_see_it() {
    let planted = fs::read_to_string(tools().join("company.py")).expect("the company");
    assert!(planted.contains(&format!("CANARY = \"{CANARY}\"")), "the planted text is another one now");
    for prefix in ["", "a", "ab", "export TOKEN="] {
        assert!(found(&format!("x{prefix}{CANARY}y")).is_some(), "{prefix}");
        let encoded = base64(format!("{prefix}{CANARY}\n").as_bytes());
        assert!(found(&encoded).is_some(), "{prefix}");
    }
    assert_eq!(found("CANARY"), None);
}

#[test]
fn the_sample_shows_it_nowhere() {
    let place = Place::new().env("FATHOM_LOG", "trace");
    let ran = place.run(&["scan", "--sample", "--json"]).ok();
    clean("scan --sample", ran.seen().as_bytes());
    data_is_clean(&place);
    commands_are_clean(&place);
}

#[tokio::test]
async fn no_answer_of_the_api_shows_it() {
    let place = Place::with_sample();
    // Changes need two scans.
    place.run(&["scan", "--sample", "--quiet"]).ok();
    api_is_clean(&place).await;
}

#[test]
fn the_recording_that_is_shipped_does_not_hold_it() {
    let recording =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/sample/northwind.recording.zst");
    clean("the sample's recording", &unpacked(&fs::read(recording).expect("a recording")));
}

#[test]
fn a_live_scan_with_all_logs_shows_it_nowhere() {
    let Some((place, ran)) = scanned_aloud() else { return };
    clean("scan", ran.seen().as_bytes());
    assert!(ran.err.lines().count() > 20, "FATHOM_LOG=trace logs: {}", ran.err);
    // What signs requests is no less secret.
    for secret in ["aws_secret", "Signature=", "testing\""] {
        assert!(!ran.err.contains(secret), "{secret}: {}", ran.err);
    }
    data_is_clean(place);
    clean("a recording of the live scan", &unpacked(&place.read(RECORDING)));
    // What follows writes, so it has a copy.
    let copy = Place::new().env("FATHOM_LOG", "trace");
    copy_dir(&place.data(), &copy.data());
    copy.write(RECORDING, place.read(RECORDING));
    commands_are_clean(&copy);
    copy.run(&whole(&["--quiet", "--replay", RECORDING, "--declarations", &declarations()])).ok();
    tokio::runtime::Runtime::new().expect("a runtime").block_on(api_is_clean(&copy));
}
