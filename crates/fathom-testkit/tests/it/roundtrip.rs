//! What the front writes, the client's codecs read back: every operation of every service.

use fathom_cloud::{
    codec::{self, Secrets},
    model::Models,
    wire,
};
use fathom_testkit::front::{encode::encode, model::Model};
use serde_json::{Value, json};

use crate::generate::{Generator, Side};

/// Operations whose output has two members with one name on the wire.
const AMBIGUOUS: &[(&str, &str)] = &[("s3", "GetBucketNotification")];

/// Rounds for each operation; each has values of its own.
const ROUNDS: u64 = 3;

#[test]
fn every_output_survives_the_wire() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for name in Models::embedded().services() {
        let service = Models::embedded().service(&name).expect("a model");
        let model = Model::of(&name).expect("the same model");
        assert_eq!(service.operations().count(), model.operations.len(), "{name}");
        for operation in service.operations() {
            if AMBIGUOUS.contains(&(name.as_str(), operation.name())) {
                continue;
            }
            for round in 0..ROUNDS {
                let mut value = match model.output(operation.name()) {
                    Some((_, shape)) => {
                        let seed = (round + 1) * 7919 + operation.name().len() as u64;
                        Generator::new(&model, Side::Output, seed).structure(shape, 0)
                    }
                    None => json!({}),
                };
                // S3 says by an empty element that there is no location.
                if (name.as_str(), operation.name()) == ("s3", "GetBucketLocation") {
                    value = json!({"LocationConstraint": "eu-west-1"});
                }
                let reply = encode(&model, operation.name(), &value);
                let answer =
                    wire::Response { status: reply.status, headers: reply.headers, body: reply.body };
                let read = codec::parse(&service, operation, &answer, Secrets::Keep);
                count += 1;
                if read.as_ref().ok() != Some(&value) {
                    let body = String::from_utf8_lossy(&answer.body).into_owned();
                    wrong.push((format!("{name} {}", operation.name()), value, read, body));
                }
            }
        }
    }
    assert!(count > 3 * 3000, "{count} answers");
    for (operation, value, read, body) in wrong.iter().take(8) {
        let read = read.as_ref().map_or_else(|error| Value::from(error.to_string()), Clone::clone);
        eprintln!("{operation}\n value {value}\n read  {read}\n body  {body}\n");
    }
    let mut names: Vec<&str> = wrong.iter().map(|(operation, ..)| operation.as_str()).collect();
    names.dedup();
    assert!(wrong.is_empty(), "{} of {count} differ: {names:?}", wrong.len());
}

#[test]
fn an_empty_output_reads_as_nothing_much() {
    for (name, operation) in [
        ("ec2", "DescribeInstances"),
        ("iam", "ListRoles"),
        ("s3", "ListBuckets"),
        ("lambda", "ListFunctions"),
    ] {
        let service = Models::embedded().service(name).expect("a model");
        let model = Model::of(name).expect("the same model");
        let reply = encode(&model, operation, &Value::Null);
        let answer = wire::Response { status: reply.status, headers: reply.headers, body: reply.body };
        let operation = service.operation(operation).expect("an operation");
        let read = codec::parse(&service, operation, &answer, Secrets::Keep).expect("an answer that reads");
        assert_eq!(read, json!({}), "{name}");
    }
}
