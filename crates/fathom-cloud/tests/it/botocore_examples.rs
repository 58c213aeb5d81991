//! Differential test against botocore: requests and parsed answers for every example that botocore ships.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathom_cloud::codec::{self, Secrets};
use fathom_cloud::model::{Kind, Operation, Protocol, Service, ShapeRef};
use fathom_cloud::wire;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compare::{self, same};

/// Fewer examples than this mean that the script did not find them.
const EXAMPLES_MIN: usize = 1500;

const EMPTY_LABEL: &str = "an empty part of the path would address another operation, so it is refused";

/// Examples that do not fit their own model, or for which botocore's parser has no value; the run prints each.
const SKIPPED: usize = 10;

/// Where the two differ on purpose: example, reason.
const EXCEPTIONS: &[(&str, &str)] =
    &[("polly/2016-06-10 GetLexicon[0]", EMPTY_LABEL), ("s3/2006-03-01 PutBucketCors[0]", EMPTY_LABEL)];

#[test]
fn examples_give_the_same_requests_and_values() {
    let Some(lines) = oracle() else { return };
    let mut service: Option<Service> = None;
    let (mut requests, mut answers, mut skipped) = (0, 0, 0);
    let mut failures = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(path) = line["model"].as_str() {
            let name = line["service"].as_str().unwrap();
            let loaded = Service::from_json(name, &gunzip(Path::new(path)), None).unwrap();
            assert_eq!(loaded.protocol().as_str(), line["protocol"].as_str().unwrap(), "protocol of {name}");
            service = Some(loaded);
            continue;
        }
        let service = service.as_ref().unwrap();
        let example = line["example"].as_str().unwrap();
        if let Some(reason) = line["skip"].as_str() {
            println!("skipped by botocore itself: {example}: {reason}");
            skipped += 1;
            continue;
        }
        let operation = service.operation(line["operation"].as_str().unwrap()).unwrap();
        let mut outcomes = vec![request(service, operation, &line)];
        requests += 1;
        if line.get("parsed").is_some() {
            outcomes.push(answer(service, operation, &line));
            answers += 1;
        }
        let exception = EXCEPTIONS.iter().position(|(name, _)| *name == example);
        for reason in outcomes.into_iter().filter_map(Result::err) {
            match exception {
                Some(index) => used[index] = true,
                None => failures.push(format!("{example}: {reason}")),
            }
        }
    }
    println!(
        "{requests} requests and {answers} answers, {} excepted, {skipped} skipped, {} failed",
        EXCEPTIONS.len(),
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(requests >= EXAMPLES_MIN, "only {requests} examples");
    assert_eq!(skipped, SKIPPED, "examples that could not be compared");
    assert!(used.iter().all(|used| *used), "an exception names no differing example");
}

/// The script's output; none where there is no Python with botocore, unless peers are required.
fn oracle() -> Option<String> {
    let cache = match std::env::var_os("FATHOM_CACHE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache/fathom"),
    };
    let python = cache.join("python/bin/python");
    if !python.is_file() {
        let required = std::env::var_os("FATHOM_REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!required, "{} is not there, but peers are required", python.display());
        println!("skipped: {} is not there", python.display());
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/botocore_oracle.py");
    let output = Command::new(python).args(["-B", "-W", "ignore"]).arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn gunzip(path: &Path) -> Vec<u8> {
    let output = Command::new("gzip").arg("-dc").arg(path).output().unwrap();
    assert!(output.status.success(), "{}", path.display());
    output.stdout
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn request(service: &Service, operation: &Operation, line: &Value) -> Result<(), String> {
    let actual = codec::serialize(service, operation, &line["params"]).map_err(|error| error.to_string())?;
    let expected = &line["request"];
    same("method", actual.method.as_str(), expected["method"].as_str().unwrap())?;
    let path = expected["path"].as_str().unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    same("path", actual.path.as_str(), path)?;
    let mut wanted = compare::pairs(query);
    for pair in expected["query"].as_array().unwrap() {
        let text = |index: usize| pair[index].as_str().unwrap().to_owned();
        wanted.push((text(0), text(1)));
    }
    let mut pairs = actual.query.clone();
    pairs.sort();
    wanted.sort();
    same("query", &pairs, &wanted)?;
    for (name, value) in expected["headers"].as_object().unwrap() {
        let found = actual.headers.get(name).map(|value| value.to_str().unwrap());
        // The protocol's own cases want it without the character set.
        let value = value.as_str().unwrap().trim_end_matches("; charset=utf-8");
        same(name, &found, &Some(value))?;
    }
    same("host prefix", &actual.host_prefix.as_deref(), &expected["host_prefix"].as_str())?;
    let body = decode(&expected["body"]);
    if matches!(operation.input().map(|input| payload_is_raw(service, input)), Some(true)) {
        return same("body", &actual.body[..], &body[..]);
    }
    compare::body(service.protocol(), &actual.body, &body)
}

fn payload_is_raw(service: &Service, input: &ShapeRef) -> bool {
    let payload = service.shape(input.shape()).structure().and_then(|structure| structure.payload());
    payload.is_some_and(|member| {
        matches!(service.shape(member.target().shape()).kind(), Kind::Blob | Kind::String)
    })
}

fn answer(service: &Service, operation: &Operation, line: &Value) -> Result<(), String> {
    let mut headers = HeaderMap::new();
    for (name, value) in line["response"]["headers"].as_object().unwrap() {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value.as_str().unwrap()).unwrap());
    }
    let response = wire::Response {
        status: line["response"]["status"].as_u64().unwrap() as u16,
        headers,
        body: decode(&line["response"]["body"]).into(),
    };
    let actual =
        codec::parse(service, operation, &response, Secrets::Keep).map_err(|error| error.to_string())?;
    let mut expected = line["parsed"].clone();
    raw_payload(service, operation, &mut expected);
    same("value", &compare::numbers(&actual), &compare::numbers(&expected))
}

/// botocore gives a payload of bytes as text, and an empty one as empty text instead of leaving it out.
fn raw_payload(service: &Service, operation: &Operation, value: &mut Value) {
    if !matches!(service.protocol(), Protocol::RestJson | Protocol::RestXml) {
        return;
    }
    let structure = operation.output().and_then(|output| service.shape(output.shape()).structure());
    let Some(payload) = structure.and_then(|structure| structure.payload()) else { return };
    let kind = service.shape(payload.target().shape()).kind();
    let Some(object) = value.as_object_mut() else { return };
    let text = object.get(payload.name()).and_then(Value::as_str).map(str::to_owned);
    match (kind, text) {
        (Kind::Blob | Kind::String, Some(text)) if text.is_empty() => {
            object.remove(payload.name());
        }
        (Kind::Blob, Some(text)) => {
            object.insert(payload.name().to_owned(), Value::String(STANDARD.encode(text)));
        }
        _ => {}
    }
}
