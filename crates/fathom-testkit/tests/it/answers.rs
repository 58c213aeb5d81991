//! Written answers: the ones in this crate, from a directory, and recordings.

use std::{env, fs, path::Path};

use fathom_cloud::{
    codec::{self, Secrets},
    wire,
};
use fathom_testkit::front::{Front, FrontOptions, Written, encode::encode, model::Model};
use serde_json::{Value, json};

use crate::support::{error, front, service};

#[tokio::test]
async fn written_answers_reach_the_client_as_written() {
    let written = Front::answers_moto_lacks();
    let from_dir =
        Front::answers_from(Path::new(env!("CARGO_MANIFEST_DIR")).join("answers")).expect("answers");
    assert_eq!(written.operations().collect::<Vec<_>>(), from_dir.operations().collect::<Vec<_>>());
    assert!(written.operations().count() >= 20);
    for (name, operation) in written.operations() {
        let [Written::Output(value)] = written.of(name, operation) else { panic!("{name} {operation}") };
        let model = Model::of(name).expect("a model");
        let reply = encode(&model, operation, value);
        let answer = wire::Response { status: reply.status, headers: reply.headers, body: reply.body };
        let service = service(name);
        let found = service.operation(operation).expect("an operation");
        let read = codec::parse(&service, found, &answer, Secrets::Keep).expect("an answer that reads");
        assert_eq!(&read, value, "{name} {operation}");
    }
    let (_front, plain) = front(FrontOptions { answers: from_dir, ..FrontOptions::default() });
    let state = plain.value("ec2", "GetSnapshotBlockPublicAccessState", &json!({})).await;
    assert_eq!(state["State"], "block-all-sharing");
}

#[test]
fn a_file_must_be_named_after_an_operation() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("ec2.DescribeUnicorns.json"), "{}").expect("a file");
    let error = Front::answers_from(dir.path()).expect_err("no such operation");
    assert!(error.to_string().contains("DescribeUnicorns"), "{error}");
}

#[tokio::test]
async fn recordings_play_in_order_and_begin_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, value: &Value| {
        fs::write(dir.path().join(name), value.to_string()).expect("a file");
    };
    let moment = json!({
        "__class__": "datetime", "year": 2023, "month": 4, "day": 19,
        "hour": 8, "minute": 49, "second": 30, "microsecond": 250_000,
    });
    let balancer = json!({"LoadBalancerArn": "arn:x", "CreatedTime": moment});
    file(
        "elasticloadbalancing.DescribeLoadBalancers_1.json",
        &json!({"status_code": 200, "data": {"LoadBalancers": [balancer], "ResponseMetadata": {}}}),
    );
    let refused = json!({"Error": {"Code": "Throttling", "Message": "slow down"}});
    file("elasticloadbalancing.DescribeLoadBalancers_2.json", &json!({"status_code": 400, "data": refused}));
    file("chime.ListUsers_1.json", &json!({"status_code": 200, "data": {}}));
    let answers = Front::answers_from_placebo(dir.path()).expect("recordings");
    assert_eq!(answers.operations().collect::<Vec<_>>(), [("elbv2", "DescribeLoadBalancers")]);
    let (_front, plain) = front(FrontOptions { answers, ..FrontOptions::default() });
    for _ in 0..2 {
        let value = plain.value("elbv2", "DescribeLoadBalancers", &json!({})).await;
        assert_eq!(value["LoadBalancers"][0]["CreatedTime"], "2023-04-19T08:49:30.25Z");
        let answer = plain.answer("elbv2", "DescribeLoadBalancers", &json!({})).await.expect("an answer");
        let refused = error("elbv2", &answer);
        assert_eq!((answer.status, refused.code.as_str()), (400, "Throttling"));
    }
}

/// With `FATHOM_PLACEBO_DIR`, a directory of directories of recordings: every recorded output survives the wire.
#[test]
fn recorded_outputs_survive_the_wire() {
    let Some(root) = env::var_os("FATHOM_PLACEBO_DIR") else {
        eprintln!("skipped: FATHOM_PLACEBO_DIR names no recordings");
        return;
    };
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(root).expect("a directory of recordings") {
        let dir = entry.expect("an entry").path();
        if !dir.is_dir() {
            continue;
        }
        let answers = Front::answers_from_placebo(&dir).expect("recordings");
        for (name, operation) in answers.operations() {
            let model = Model::of(name).expect("a model");
            let service = service(name);
            let found = service.operation(operation).expect("an operation");
            for answer in answers.of(name, operation) {
                let Written::Output(value) = answer else { continue };
                let reply = encode(&model, operation, value);
                let answer =
                    wire::Response { status: reply.status, headers: reply.headers, body: reply.body };
                let read = codec::parse(&service, found, &answer, Secrets::Keep);
                count += 1;
                let expected =
                    model.output(operation).map_or(json!({}), |(target, _)| known(&model, target, value));
                if read.as_ref().ok().map(plain) != Some(plain(&expected)) {
                    let read = read.map_or_else(|error| error.to_string(), |read| read.to_string());
                    wrong.push(format!(
                        "{} {name} {operation}\n wrote {expected}\n read  {read}",
                        dir.display()
                    ));
                }
            }
        }
    }
    wrong.iter().take(20).for_each(|line| eprintln!("{line}"));
    eprintln!("{} of {count} recorded outputs differ", wrong.len());
    assert!(count > 0 && wrong.len() * 50 < count, "{} of {count}", wrong.len());
}

/// A recorded value without what the model does not know and without nulls.
fn known(model: &Model, target: &fathom_testkit::front::model::Ref, value: &Value) -> Value {
    let shape = model.shape(target);
    match value {
        Value::Object(object) if shape.r#type == "structure" && !shape.document => object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .filter_map(|(name, value)| Some((name.clone(), known(model, shape.members.get(name)?, value))))
            .collect(),
        Value::Object(object) if shape.r#type == "map" => match &shape.value {
            Some(of) => object.iter().map(|(key, value)| (key.clone(), known(model, of, value))).collect(),
            None => value.clone(),
        },
        Value::Array(items) if shape.r#type == "list" => match &shape.member {
            Some(item) => items.iter().map(|value| known(model, item, value)).collect(),
            None => value.clone(),
        },
        other => other.clone(),
    }
}

/// Moments, numbers and documents alike, empty lists and objects left out: recordings were edited by hand here and there.
fn plain(value: &Value) -> Value {
    let hollow = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .filter(|(_, value)| !hollow(value))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::String(text) if text.starts_with("%7B") => {
            let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
            serde_json::from_str(&text).map_or_else(|_| value.clone(), |document| plain(&document))
        }
        Value::String(text) => match text.parse::<jiff::Timestamp>() {
            Ok(moment) => Value::String(moment.to_string()),
            Err(_) => value.clone(),
        },
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}
