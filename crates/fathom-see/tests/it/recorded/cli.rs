//! Recordings as the AWS command line prints them: a file an operation (`ec2-describe-vpcs.json`), or for operations
//! about one thing a directory of files named after its percent-encoded name.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use fathom_testkit::front::{Call, Fault, Rule, Written, model::Model};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Session, nothing};

/// The answers of one operation.
#[derive(Debug, Default)]
struct Answers {
    /// Whatever is asked.
    any: Option<Value>,
    /// By what is asked about.
    about: BTreeMap<String, Value>,
}

impl Answers {
    fn to(&self, params: &Value) -> Value {
        let about = self.about.iter().find(|(name, _)| mentions(params, name)).map(|(_, answer)| answer);
        match about.or(self.any.as_ref()) {
            Some(answer) => answer.clone(),
            None => Value::Object(serde_json::Map::new()),
        }
    }
}

/// Whether a directory has what one region answered.
pub(super) fn is_region(dir: &Path) -> bool {
    dir.join("sts-get-caller-identity.json").is_file()
}

/// Reads an account's region; the list of regions lies beside it.
pub(super) fn session(dir: &Path) -> Session {
    let mut answers: BTreeMap<(String, String), Answers> = BTreeMap::new();
    for path in entries(dir) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(key) = operation(&name) else { continue };
        let of = answers.entry(key).or_default();
        if path.is_file() {
            of.any = Some(read(&path));
        } else {
            of.about = about(&path);
        }
    }
    let regions = dir.parent().unwrap().join("describe-regions.json");
    let of = answers.entry(("ec2".to_owned(), "DescribeRegions".to_owned())).or_default();
    of.any = Some(read(&regions));
    let operations = answers.keys().cloned().collect();
    let answers = Arc::new(answers);
    let played = Arc::clone(&answers);
    Session {
        name: dir.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned(),
        operations,
        only: None,
        keep: false,
        rules: Box::new(move || {
            let rule = |(service, operation): &(String, String)| {
                let answers = Arc::clone(&answers);
                let key = (service.clone(), operation.clone());
                let answer = Arc::new(move |params: &Value, _: &Call| answers[&key].to(params));
                Rule::new(Fault::AnswerWith(answer)).service(service).operation(operation)
            };
            answers.keys().map(rule).collect()
        }),
        answer: Box::new(move |call, _| {
            let answers = played.get(&(call.service.clone(), call.operation.clone()));
            let params = call.params.as_ref().unwrap_or(&Value::Null);
            answers.map_or_else(nothing, |answers| Written::Output(answers.to(params)))
        }),
    }
}

/// Answers by what they are about; where they lie deeper, by the last name.
fn about(dir: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for path in entries(dir) {
        if path.is_dir() {
            found.extend(about(&path));
        } else {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.insert(percent_decode_str(&name).decode_utf8().unwrap().into_owned(), read(&path));
        }
    }
    found
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Empty files stand for empty answers.
fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap_or_else(|_| Value::Object(serde_json::Map::new()))
}

/// `ec2-describe-vpcs` as service and operation of the models.
fn operation(name: &str) -> Option<(String, String)> {
    let (service, operation) = name.split_once('-')?;
    let operation = operation.replace('-', "");
    let model = Model::of(service)?;
    let found = model.operations.keys().find(|name| name.eq_ignore_ascii_case(&operation))?;
    Some((service.to_owned(), found.clone()))
}

/// Whether a text is one of a value's.
pub(super) fn mentions(params: &Value, name: &str) -> bool {
    match params {
        Value::String(text) => text == name,
        Value::Array(items) => items.iter().any(|item| mentions(item, name)),
        Value::Object(members) => members.values().any(|member| mentions(member, name)),
        _ => false,
    }
}
