//! Recordings in the form of placebo: a directory a session, a file an answer, numbered by operation.

use std::{collections::BTreeMap, path::Path};

use fathom_testkit::front::{Fault, Front, Rule, Written};

use super::{Session, nothing};

/// What a scan asks before it begins; the front answers it better than a recording of something else.
const NOT_PLAYED: [(&str, &str); 2] = [("sts", "GetCallerIdentity"), ("ec2", "DescribeRegions")];

/// Whether a directory has recordings.
pub(super) fn is_session(dir: &Path) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().ends_with("_1.json")
    })
}

/// Reads a session. Each answer is given once, in order; after the last come empty outputs.
pub(super) fn session(dir: &Path) -> Session {
    let read = Front::answers_from_placebo(dir).unwrap();
    let answers: BTreeMap<(String, String), Vec<Written>> = read
        .operations()
        .filter(|key| !NOT_PLAYED.contains(key))
        .map(|(service, operation)| {
            ((service.to_owned(), operation.to_owned()), read.of(service, operation).to_vec())
        })
        .collect();
    let played = answers.clone();
    Session {
        name: dir.file_name().unwrap().to_string_lossy().into_owned(),
        operations: answers.keys().cloned().collect(),
        only: None,
        keep: false,
        rules: Box::new(move || rules(&answers)),
        answer: Box::new(move |call, number| {
            let answers = played.get(&(call.service.clone(), call.operation.clone()));
            answers.and_then(|answers| answers.get(number)).cloned().unwrap_or_else(nothing)
        }),
    }
}

fn rules(answers: &BTreeMap<(String, String), Vec<Written>>) -> Vec<Rule> {
    let one = |service: &str, operation: &str, answer: &Written| {
        let fault = match answer.clone() {
            Written::Output(value) => Fault::Answer(value),
            Written::Error { status, code, message } => Fault::Error { status, code, message },
        };
        // A call that an earlier rule takes is not counted by a later one, so each rule takes its first.
        Rule::new(fault).service(service).operation(operation).first(1)
    };
    answers
        .iter()
        .flat_map(|((service, operation), answers)| {
            answers.iter().map(move |answer| one(service, operation, answer))
        })
        .collect()
}
