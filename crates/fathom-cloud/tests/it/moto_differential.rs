//! Our values against boto3's: every read that needs no input, from the same seeded moto.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use fathom_cloud::{
    client::{Client, ClientOptions},
    codec::Secrets,
    model::{Models, Operation, Service},
};
use fathom_model::Reason;
use fathom_testkit::moto::{Moto, python};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{client::signed_in, compare::numbers};

/// What may differ, and why: service, operation, the members (at any depth) that are left out of the comparison, or
/// `*` for the whole answer.
const EXCEPTIONS: &[(&str, &str, &[&str], &str)] = &[
    ("athena", "ListWorkGroups", &["CreationTime"], "moto says now"),
    ("docdb", "DescribeDBInstances", &["LatestRestorableTime"], "moto says now"),
    (
        "efs",
        "DescribeFileSystems",
        &["CreationTime", "Timestamp"],
        "boto3 rounds to microseconds; moto says now",
    ),
    ("iam", "GetUser", &["CreateDate", "UserId"], "moto makes up the root user now"),
    ("iot", "DescribeEndpoint", &["endpointAddress"], "moto makes up a name each time"),
    ("neptune", "DescribeDBInstances", &["LatestRestorableTime"], "moto says now"),
    ("rds", "DescribeDBInstances", &["LatestRestorableTime"], "moto says now"),
    ("ses", "GetSendStatistics", &["Timestamp"], "moto says now"),
];

/// Members that moto makes up anew for each answer.
const MADE_UP: &[&str] = &["RequestId", "requestId"];

/// Runs the peers' Python and returns what it printed. None where it is missing.
pub(crate) fn run_python(args: &[&str], input: &str) -> Option<String> {
    let mut child = Command::new(python()?)
        .args(args)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    // On a thread of its own: the program may print while it reads.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    writer.join().expect("the writer ends").expect("the input is read");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// Whether an operation can be called without parameters and only reads.
fn needs_nothing(service: &Service, operation: &Operation) -> bool {
    let required = operation
        .input()
        .and_then(|input| service.shape(input.shape()).structure())
        .is_some_and(|structure| structure.required().next().is_some());
    let acts = operation.name().starts_with("Assume") || operation.name().starts_with("Generate");
    !required && !acts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_without_input_equals_boto3s() {
    let Some(moto) = Moto::start() else { return };
    let mut operations = Vec::new();
    for name in Models::embedded().services() {
        let service = Models::embedded().service(&name).expect("a model");
        for operation in service.operations().filter(|operation| needs_nothing(&service, operation)) {
            operations.push((name.clone(), operation.name().to_owned()));
        }
    }
    let lines: Vec<String> =
        operations.iter().map(|(service, operation)| format!("{service} {operation}\n")).collect();
    let input = lines.concat();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer/moto_reads.py");
    let Some(output) = run_python(&[script, &moto.url], &input) else { return };
    let theirs: BTreeMap<(String, String), Value> = output
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let text = |name: &str| line[name].as_str().expect("text").to_owned();
            ((text("service"), text("operation")), line)
        })
        .collect();
    assert_eq!(theirs.len(), operations.len());

    let mut options = ClientOptions::default().with_endpoint(&moto.url).expect("an address");
    options.secrets = Secrets::Keep;
    options.attempts_max = 1;
    let client = Client::new(options).expect("a client");
    let account = signed_in(&client).await;
    let theirs = Arc::new(theirs);
    let results: Vec<Result<bool, String>> = stream::iter(operations)
        .map(|key| {
            let (client, account, theirs) = (client.clone(), account.clone(), Arc::clone(&theirs));
            async move {
                let (service, operation) = &key;
                let ours = client.call(&account, &"us-east-1".into(), service, operation, &json!({})).await;
                compare(service, operation, ours.map(|answer| answer.value), &theirs[&key])
            }
        })
        .buffered(4)
        .collect()
        .await;
    let answered = results.iter().filter(|result| matches!(result, Ok(true))).count();
    let differences: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    println!("{answered} of {} operations answered alike, {} differ", theirs.len(), differences.len());
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(answered > 350, "only {answered} operations were answered");
}

/// Whether both gave a value (true) or both none (false).
fn compare(
    service: &str,
    operation: &str,
    ours: Result<Value, fathom_cloud::client::CallError>,
    theirs: &Value,
) -> Result<bool, String> {
    let excepted = EXCEPTIONS.iter().find(|(of, name, ..)| *of == service && *name == operation);
    let left_out = excepted.map_or(&[][..], |(_, _, members, _)| *members);
    if left_out == ["*"] {
        return Ok(false);
    }
    match (ours, theirs.get("value"), theirs.get("error")) {
        (Ok(ours), Some(theirs), _) => {
            let (ours, theirs) = (comparable(&ours, left_out), comparable(theirs, left_out));
            if ours == theirs {
                return Ok(true);
            }
            Err(format!("{service} {operation}: {}", difference("", &ours, &theirs)))
        }
        (Err(error), None, Some(code)) => {
            let code = code.as_str().unwrap_or_default();
            // boto3 gives a web page its status as code; so do we, and tell it apart.
            let same = error.code.as_deref() == Some(code) || error.reason == Reason::NotAnswered;
            if same { Ok(false) } else { Err(format!("{service} {operation}: {error}, boto3: {code}")) }
        }
        (Err(_), None, None) => Ok(false),
        (ours, ..) => Err(format!("{service} {operation}: ours {ours:?}, boto3: {theirs}")),
    }
}

fn comparable(value: &Value, left_out: &[&str]) -> Value {
    fn strip(value: &Value, left_out: &[&str]) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .filter(|(name, _)| !MADE_UP.contains(&name.as_str()) && !left_out.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), strip(value, left_out)))
                .collect(),
            Value::Array(items) => items.iter().map(|item| strip(item, left_out)).collect(),
            other => other.clone(),
        }
    }
    numbers(&strip(value, left_out))
}

/// The first place where two values differ.
fn difference(path: &str, ours: &Value, theirs: &Value) -> String {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys()) {
                let (x, y) = (a.get(name), b.get(name));
                if x != y {
                    let path = format!("{path}.{name}");
                    return match (x, y) {
                        (Some(x), Some(y)) => difference(&path, x, y),
                        (x, y) => format!("{path}: ours {x:?}, boto3 {y:?}"),
                    };
                }
            }
            String::new()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find(|(_, (x, y))| x != y)
            .map_or_else(String::new, |(at, (x, y))| difference(&format!("{path}[{at}]"), x, y)),
        _ => format!("{path}: ours {ours}, boto3 {theirs}"),
    }
}
