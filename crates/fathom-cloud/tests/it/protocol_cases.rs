//! The AWS protocol conformance cases as botocore keeps them: requests and answers for each protocol.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathom_cloud::codec::{self, Secrets};
use fathom_cloud::model::{Kind, Service, ShapeRef};
use fathom_cloud::wire;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compare::{self, same};

const PROTOCOLS: &[&str] =
    &["ec2", "json", "json_1_0", "json_1_0-query-compatible", "query", "rest-json", "rest-xml"];

/// How many cases the files hold for these protocols: requests, answers.
const COUNTS: (usize, usize) = (350, 328);

const PATH: &str = "an endpoint's own path is put before the request's by the transport";
const GZIP: &str = "bodies are not compressed: no operation in the models sends a large one";
const TOKEN: &str = "idempotency tokens are the caller's to supply, so that a retry carries the same one";
const CHECKSUM: &str = "no operation in the models that needs a checksum of its body";
const JSON_TEXT: &str =
    "the value form of text that holds JSON is the JSON, the case gives and wants its text";
const ROOT: &str =
    "the model names the member, and real models (S3) need that name; the case wants its shape's";

/// Cases that are not met: file, case, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("input/ec2", "Ec2QueryHostWithPath", PATH),
    ("input/json", "AwsJson11HostWithPath", PATH),
    ("input/json_1_0", "AwsJson10HostWithPath", PATH),
    ("input/query", "QueryHostWithPath", PATH),
    ("input/rest-json", "RestJsonHostWithPath", PATH),
    ("input/ec2", "SDKAppliedContentEncoding_ec2Query", GZIP),
    ("input/ec2", "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", GZIP),
    ("input/json", "SDKAppliedContentEncoding_awsJson1_1", GZIP),
    ("input/json", "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", GZIP),
    ("input/json_1_0", "SDKAppliedContentEncoding_awsJson1_0", GZIP),
    ("input/json_1_0", "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", GZIP),
    ("input/query", "SDKAppliedContentEncoding_awsQuery", GZIP),
    ("input/query", "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", GZIP),
    ("input/rest-json", "SDKAppliedContentEncoding_restJson1", GZIP),
    ("input/rest-json", "SDKAppendedGzipAfterProvidedEncoding_restJson1", GZIP),
    ("input/rest-xml", "SDKAppliedContentEncoding_restXml", GZIP),
    ("input/rest-xml", "SDKAppendedGzipAfterProvidedEncoding_restXml", GZIP),
    ("input/ec2", "Ec2ProtocolIdempotencyTokenAutoFill", TOKEN),
    ("input/query", "QueryProtocolIdempotencyTokenAutoFill", TOKEN),
    ("input/rest-json", "RestJsonQueryIdempotencyTokenAutoFill", TOKEN),
    ("input/rest-xml", "QueryIdempotencyTokenAutoFill", TOKEN),
    ("input/rest-json", "RestJsonHttpChecksumRequired", CHECKSUM),
    ("input/rest-json", "MediaTypeHeaderInputBase64", JSON_TEXT),
    ("output/rest-json", "MediaTypeHeaderOutputBase64", JSON_TEXT),
    ("input/rest-xml", "BodyWithXmlName", ROOT),
    ("input/rest-xml", "RestXmlHttpPayloadWithUnion", ROOT),
    ("input/rest-xml", "HttpPayloadWithXmlName", ROOT),
    ("input/rest-xml", "HttpPayloadWithXmlNamespace", ROOT),
    ("input/rest-xml", "HttpPayloadWithXmlNamespaceAndPrefix", ROOT),
    ("input/rest-xml", "XmlAttributesOnPayload", ROOT),
];

#[test]
fn requests_and_answers_meet_the_cases() {
    let Some(dir) = cases() else { return };
    let (mut requests, mut answers, mut excepted) = (0, 0, 0);
    let mut failures = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for protocol in PROTOCOLS {
        for direction in ["input", "output"] {
            let path = dir.path().join(format!("tests/unit/protocols/{direction}/{protocol}.json"));
            let text = std::fs::read(&path).unwrap();
            let suites: Vec<Value> = serde_json::from_slice(&text).unwrap();
            for suite in &suites {
                for case in suite["cases"].as_array().unwrap() {
                    let id = case["id"].as_str().unwrap();
                    let outcome = if direction == "input" {
                        requests += 1;
                        request(suite, case)
                    } else {
                        answers += 1;
                        answer(suite, case)
                    };
                    let exception = EXCEPTIONS.iter().position(|(file, name, _)| {
                        *file == format!("{direction}/{protocol}") && *name == id
                    });
                    match (outcome, exception) {
                        (Ok(()), None) => {}
                        (Ok(()), Some(_)) => {
                            failures.push(format!("{direction}/{protocol} {id}: met, although excepted"));
                        }
                        (Err(_), Some(index)) => {
                            used[index] = true;
                            excepted += 1;
                        }
                        (Err(reason), None) => {
                            failures.push(format!("{direction}/{protocol} {id}: {reason}"));
                        }
                    }
                }
            }
        }
    }
    println!("{requests} requests and {answers} answers, {excepted} excepted, {} failed", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!((requests, answers), COUNTS);
    assert!(used.iter().all(|used| *used), "an exception names no case");
}

fn cases() -> Option<tempfile::TempDir> {
    let shared = match std::env::var_os("FATHOM_SHARED_DATA") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let archive = shared.join("cloud/aws-protocol-cases.tar.zst");
    if !archive.is_file() {
        println!("skipped: {} is not there", archive.display());
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let status =
        Command::new("tar").args(["-I", "zstd", "-xf"]).arg(&archive).arg("-C").arg(dir.path()).status();
    assert!(status.unwrap().success(), "tar could not unpack {}", archive.display());
    // The archive may or may not have a directory of its own at the top.
    let nested = dir.path().join("aws-protocol-cases/tests");
    if nested.is_dir() {
        std::fs::rename(nested, dir.path().join("tests")).unwrap();
    }
    Some(dir)
}

fn service(suite: &Value, case: &Value) -> Service {
    let given = &case["given"];
    let name = given["name"].as_str().unwrap();
    let mut shapes = suite["shapes"].clone();
    if !shapes.is_object() {
        shapes = json!({});
    }
    let mut operation = given.clone();
    // Real models name the element that query puts around a result; the cases leave it to the protocol.
    if suite["metadata"]["protocol"] == "query" && operation["output"].is_object() {
        operation["output"]["resultWrapper"] = format!("{name}Result").into();
    }
    let model = json!({
        "metadata": suite["metadata"],
        "operations": { name: operation },
        "shapes": shapes,
    });
    Service::from_json("cases", &serde_json::to_vec(&model).unwrap(), None).unwrap()
}

/// Brings values as the cases write them (blobs as plain text) into the value form.
fn to_value_form(service: &Service, target: &ShapeRef, value: &Value) -> Value {
    match (service.shape(target.shape()).kind(), value) {
        (Kind::Structure(structure), Value::Object(object)) if !structure.is_document() => object
            .iter()
            .map(|(key, value)| {
                let value = match structure.member(key) {
                    Some(member) => to_value_form(service, member.target(), value),
                    None => value.clone(),
                };
                (key.clone(), value)
            })
            .collect::<Map<_, _>>()
            .into(),
        (Kind::List(member), Value::Array(items)) => {
            items.iter().map(|item| to_value_form(service, member, item)).collect()
        }
        (Kind::Map(_, values), Value::Object(object)) => object
            .iter()
            .map(|(key, item)| (key.clone(), to_value_form(service, values, item)))
            .collect::<Map<_, _>>()
            .into(),
        (Kind::Blob, Value::String(text)) => Value::String(STANDARD.encode(text)),
        (Kind::Timestamp, Value::Number(number)) => Value::String(compare::rfc3339(number)),
        (_, value) => value.clone(),
    }
}

fn request(suite: &Value, case: &Value) -> Result<(), String> {
    let service = service(suite, case);
    let operation = service.operations().next().unwrap();
    let params = match operation.input() {
        Some(input) => to_value_form(&service, input, &case["params"]),
        None => json!({}),
    };
    let request = codec::serialize(&service, operation, &params).map_err(|error| error.to_string())?;
    let expected = &case["serialized"];
    same("method", request.method.as_str(), expected["method"].as_str().unwrap_or("POST"))?;

    let uri = expected["uri"].as_str().unwrap();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    same("path", request.path.as_str(), path)?;
    let mut actual = request.query.clone();
    let mut wanted = compare::pairs(query);
    actual.sort();
    wanted.sort();
    same("query", &actual, &wanted)?;

    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let actual = request.headers.get(name).map(|value| value.to_str().unwrap());
        same(name, &actual, &value.as_str())?;
    }
    let names = |key: &str| expected[key].as_array().cloned().unwrap_or_default();
    for name in names("forbidHeaders") {
        let name = name.as_str().unwrap();
        if request.headers.contains_key(name) {
            return Err(format!("header {name} is there"));
        }
    }
    for name in names("requireHeaders") {
        let name = name.as_str().unwrap();
        // The transport adds the length.
        if name != "Content-Length" && !request.headers.contains_key(name) {
            return Err(format!("header {name} is missing"));
        }
    }
    if let (Some(host), Some(endpoint)) = (expected["host"].as_str(), suite["clientEndpoint"].as_str()) {
        let base = endpoint.trim_start_matches("https://");
        same("host", &format!("{}{base}", request.host_prefix.unwrap_or_default()), &host.to_owned())?;
    }
    if let Some(body) = expected["body"].as_str() {
        compare::body(service.protocol(), &request.body, body.as_bytes())?;
    }
    Ok(())
}

fn answer(suite: &Value, case: &Value) -> Result<(), String> {
    let service = service(suite, case);
    let operation = service.operations().next().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in case["response"]["headers"].as_object().into_iter().flatten() {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value.as_str().unwrap()).unwrap(),
        );
    }
    let response = wire::Response {
        status: case["response"]["status_code"].as_u64().unwrap() as u16,
        headers,
        body: case["response"]["body"].as_str().unwrap_or_default().to_owned().into(),
    };
    if case.get("errorCode").is_some() {
        let answer = codec::parse_error(&service, Some(operation), &response);
        same("code", answer.code.as_str(), case["errorCode"].as_str().unwrap())?;
        if let Some(message) = case["errorMessage"].as_str() {
            same("message", answer.message.as_str(), message)?;
        }
        let shape = operation.errors().first().map(|id| service.shape(*id));
        let mut expected = case["error"].clone();
        if let (Some(object), Some(structure)) =
            (expected.as_object_mut(), shape.and_then(|shape| shape.structure()))
        {
            for (key, value) in object {
                *value = to_value_form(&service, structure.member(key).unwrap().target(), value);
            }
        }
        return same("fields", &answer.fields, &expected);
    }
    let parsed =
        codec::parse(&service, operation, &response, Secrets::Keep).map_err(|error| error.to_string())?;
    let expected = match operation.output() {
        Some(output) => to_value_form(&service, output, &case["result"]),
        None => case["result"].clone(),
    };
    same("result", &compare::numbers(&parsed), &compare::numbers(&expected))
}
